"""Many loudspeakers in virtual time: one heap, a pretend broker, lines that fail by plan, horns that are written down.

Nothing here waits: `run_until` takes the next event from the heap.  Whoever plays the hub is an `Endpoint`, an ordinary
client of the pretend broker with callbacks; so the real hub's flows can stand there as well as a few lines of a test.
"""

import gc
import heapq
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from devices.protocol import topics
from devices.protocol.ids import AssetDigest, DeviceId, KeyId
from devices.protocol.judge import Accepted, Held, judge
from devices.protocol.signing import split_header, verify_ed25519
from firmware_sim.broker import Letter, Payload, PretendBroker, Session
from firmware_sim.core import DeviceCore, Settings
from firmware_sim.durable import Memory, part_bytes, read_part
from firmware_sim.events import (
    Connected,
    Disconnected,
    DropAsset,
    Effect,
    Event,
    LevelHeard,
    NtpSynced,
    Persist,
    Play,
    PoweredOn,
    Publish,
    Received,
    Restart,
    Shelf,
    Silence,
    StoreAsset,
    StoreChunk,
    StoreFailed,
    Subscribe,
    Unsubscribe,
    Woke,
)
from firmware_sim.faults import NOISY_LINE, QUIET_LINE, Fault, Kind, Line, Plan
from firmware_sim.identity import Identity

RETRY_MS = 1_000  # first wait for the broker; doubles
RETRY_MAX_MS = 60_000
WILL_AFTER_MS = 45_000  # one and a half keep-alives of 30 s
BOOT_MS = 2_000  # from power to the first event
VERIFIED_MAX = 200_000  # verdicts kept: a day of 500 devices has about half of that
BEACONS_KEPT = 1_000
QUIET_GC = (200_000, 50, 100)  # a world has millions of objects and few cycles
DEFAULT_LEVEL_CDB = -2_300  # speech mastered to -23 LUFS


@dataclass(slots=True, kw_only=True)
class Heard:
    """What a microphone under one horn heard, in true time; `end_ms` None while it sounds."""

    digest: AssetDigest
    start_ms: int
    position_ms: int
    volume_percent: int
    trusted: bool  # whether the device believed its clock when it began
    end_ms: int | None = None


@dataclass(slots=True)
class Flash:
    """What survives power loss."""

    memory: Memory = field(default_factory=Memory)
    assets: dict[AssetDigest, bytes] = field(default_factory=dict)
    parts: dict[AssetDigest, dict[int, bytes]] = field(default_factory=dict)
    full: bool = False

    def shelf(self) -> Shelf:
        """Return what lies there."""
        complete = {digest: len(data) for digest, data in self.assets.items()}
        return Shelf(complete=complete, parts={digest: dict(parts) for digest, parts in self.parts.items()})


class VerdictCache:
    """Remembers the verdict on (key, signature, body): the same broadcast is checked once, not by every device."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, bytes, bytes], bool] = {}

    def __call__(self, public_key: bytes, signature: bytes, body: bytes) -> bool:
        """Say whether the signature is good."""
        key = (public_key, signature, body)
        verdict = self._known.get(key)
        if verdict is None:
            if len(self._known) >= VERIFIED_MAX:
                self._known.clear()
            verdict = self._known[key] = verify_ed25519(public_key, signature, body)
        return verdict


class SharedJudge:
    """`judge`, which remembers what a beacon says: it is read once, not by every device.  Same answer, always."""

    def __init__(self) -> None:
        self._beacons: dict[bytes, tuple[KeyId, Accepted]] = {}

    def __call__(self, topic: str, payload: bytes, held: Held, *, retained: bool = False) -> Accepted:
        """Return what `judge` returns, and raise what it raises."""
        if topic != topics.TIME:
            return judge(topic, payload, held, retained=retained)
        known = self._beacons.get(payload)
        if known is not None and self._plainly_good(*known, held):
            accepted = known[1]
            floor_ms = max(held.floor_ms, accepted.floor_ms)
            return replace(accepted, floor_ms=floor_ms, sets_clock=not retained)
        accepted = judge(topic, payload, held, retained=retained)
        if len(self._beacons) >= BEACONS_KEPT:
            self._beacons.clear()
        fresh = replace(accepted, floor_ms=accepted.message.issued_at_ms)  # type: ignore[union-attr]
        self._beacons[payload] = (split_header(payload)[0], fresh)
        return accepted

    @staticmethod
    def _plainly_good(key_id: KeyId, accepted: Accepted, held: Held) -> bool:
        """Say whether nothing about this device could make its answer another one; in doubt the judge is asked."""
        key, mark = held.keys.keys.get(key_id), held.marks.get(topics.TIME)
        if key is None or key.not_after_ms is None or accepted.mark is None:
            return False
        valid = not held.clock_trusted or key.not_before_ms <= held.at_ms <= key.not_after_ms
        return valid and (mark is None or mark.sequence < accepted.mark.sequence)


class Speaker:
    """One device in the world: its flash, its RTC, its line, and the core of the present power-up."""

    def __init__(self, world: "World", number: int, identity: Identity, settings: Settings) -> None:
        self.world = world
        self.number = number
        self.identity = identity
        self.settings = settings
        self.flash = Flash()
        self.core: DeviceCore | None = None  # None: without power
        self.line = QUIET_LINE
        self.line_up = True
        self.online = False
        self.skew_ms = 0  # RTC minus true time
        self.ntp = False
        self.heard: list[Heard] = []
        self.power_ups = 0
        self.dies_after: int | None = None  # effects until power is lost: anywhere, not only between events
        self._attempt = 0
        self._power = 0  # counts power-ups and power losses: what was planned for another one is void
        self._wake_ms: int | None = None
        self._arrives_ms = 0
        self._unsent: list[Publish] = []
        self._inbox_ms = 0
        self._delay_ms = 0

    @property
    def device(self) -> DeviceId:
        """Return its id."""
        return self.identity.device

    @property
    def sounds(self) -> Heard | None:
        """Return what sounds now."""
        return self.heard[-1] if self.heard and self.heard[-1].end_ms is None else None

    def own_ms(self) -> int:
        """Return what its own clock shows."""
        return self.world.now_ms + self.skew_ms

    # --- power --------------------------------------------------------------------------------------------------

    def power_on(self) -> None:
        """Begin a power-up from what is on flash."""
        if self.core is not None:
            return
        self._power += 1
        self.power_ups += 1
        self.core = DeviceCore(self.identity, self.settings)
        self.handle(PoweredOn(memory=self.flash.memory, shelf=self.flash.shelf()))
        if self.ntp:
            self.world.after(5_000, self._if_powered(self._power, self._sync))
        self.world.after(500, self._if_powered(self._power, self._connect))

    def power_off(self) -> None:
        """Lose power, now."""
        self._power += 1
        self.core, self._wake_ms = None, None
        self._unsent.clear()
        self._stop_sounding(self.world.now_ms)
        self._drop_line()

    def reboot(self, off_ms: int = BOOT_MS, *, skew_ms: int | None = None) -> None:
        """Lose power and get it back later; `skew_ms` is what the RTC is wrong by from then on."""
        self.power_off()
        if skew_ms is not None:
            self.skew_ms = skew_ms
        self.world.after(max(off_ms, 1), self.power_on)

    def _if_powered(self, power: int, then: Callable[[], None]) -> Callable[[], None]:
        def check() -> None:
            if self._power == power and self.core is not None:
                then()

        return check

    def _sync(self) -> None:
        self.handle(NtpSynced(self.world.now_ms))

    # --- the line -----------------------------------------------------------------------------------------------

    def cut(self) -> None:
        """Cut its line."""
        self.line_up = False
        self._lost()

    def heal(self) -> None:
        """Mend its line."""
        self.line_up = True

    def _lost(self) -> None:
        """The connection is gone; both sides notice."""
        was_online = self.online
        self._drop_line()
        if was_online and self.core is not None:
            self.handle(Disconnected())
            self._retry()

    def _drop_line(self) -> None:
        if self.online:
            self.online = False
            self.world.broker_lost(self.device)

    def _retry(self) -> None:
        wait_ms = min(RETRY_MS << min(self._attempt, 8), RETRY_MAX_MS)
        self._attempt += 1
        wait_ms -= self.world.dice.randrange(wait_ms // 4)
        self.world.after(wait_ms, self._if_powered(self._power, self._connect))

    def _connect(self) -> None:
        if self.online or self.core is None:
            return
        if not self.line_up or not self.world.broker_up:
            self._retry()
            return
        self._attempt, self.online = 0, True
        self._delay_ms = self.world.dice.randint(*QUIET_LINE.delay_ms)
        self._arrives_ms = self._inbox_ms = self.world.now_ms
        self.world.broker_found(self.device, self.core.will(), self._from_broker)
        unsent, self._unsent = self._unsent, []
        self.handle(Connected())
        for effect in unsent:
            self._to_broker(effect)

    def _from_broker(self, session: Session, number: int, letter: Letter) -> None:
        for at_ms, payload in self._travel(letter.bytes(), letter.qos, down=True):
            self.world.at(at_ms, partial(self._arrived, session, session.epoch, number, letter, payload))

    def _arrived(self, session: Session, epoch: int, number: int, letter: Letter, payload: Payload) -> None:
        if not self.online or session.epoch != epoch or self.core is None:
            return
        session.acknowledge(number)
        self.handle(Received(letter.topic, _read(payload), letter.retained))

    def _to_broker(self, effect: Publish) -> None:
        if not self.online:
            self._unsent.append(effect)
            return
        if effect.qos:
            self._unsent.append(effect)
        epoch = self.world.epoch(self.device)
        for at_ms, payload in self._travel(effect.payload, effect.qos, down=False):
            self.world.at(at_ms, partial(self._published, effect, payload, epoch))

    def _published(self, effect: Publish, payload: Payload, epoch: int) -> None:
        if not self.online or self.world.epoch(self.device) != epoch:
            return
        if effect in self._unsent:
            self._unsent.remove(effect)
        self.world.broker.publish(effect.topic, payload, qos=effect.qos, retain=effect.retain)

    def _travel(self, payload: Payload, qos: int, *, down: bool) -> list[tuple[int, Payload]]:
        """Return when and as what a message arrives, by the state of the line."""
        line, dice, now_ms = self.line, self.world.dice, self.world.now_ms
        if line is QUIET_LINE:
            return [(now_ms + self._delay_ms, payload)]
        at_ms = now_ms + dice.randint(*line.delay_ms)
        last_ms = self._inbox_ms if down else self._arrives_ms
        if not qos and dice.randrange(100) < line.lose_percent:
            return []
        if dice.randrange(100) < line.swap_percent:
            at_ms += 5 * line.delay_ms[1]
        else:
            at_ms = max(at_ms, last_ms)
            self._note_travel(at_ms, down=down)
        if dice.randrange(100) < line.alter_percent:
            payload = altered(_read(payload), dice)
        copies = [(at_ms, payload)]
        if dice.randrange(100) < line.double_percent:
            copies.append((at_ms + dice.randint(*line.delay_ms), payload))
        return copies

    def _note_travel(self, at_ms: int, *, down: bool) -> None:
        if down:
            self._inbox_ms = at_ms
        else:
            self._arrives_ms = at_ms

    # --- the core -----------------------------------------------------------------------------------------------

    def handle(self, event: Event) -> None:
        """Give an event to the core and do what it wants; power may be lost between any two effects."""
        core = self.core
        if core is None:
            return
        for effect in core.handle(event, self.own_ms()):
            if self.dies_after is not None:
                self.dies_after -= 1
                if self.dies_after < 0:
                    self.dies_after = None
                    self.reboot()
                    return
            _EFFECTS[type(effect)](self, effect)
            if self.core is not core:
                return
        self._plan_wake(core)

    def _plan_wake(self, core: DeviceCore) -> None:
        own_ms = core.wakes_at()
        if own_ms is None:
            return
        at_ms = max(own_ms - self.skew_ms, self.world.now_ms + 1)
        if self._wake_ms is None or at_ms < self._wake_ms:
            self._wake_ms = at_ms
            self.world.at(at_ms, partial(self._wake, self._power, at_ms))

    def _wake(self, power: int, at_ms: int) -> None:
        if power != self._power or self._wake_ms != at_ms or self.core is None:
            return
        self._wake_ms = None
        due_ms = self.core.wakes_at()
        if due_ms is not None and due_ms - self.skew_ms > self.world.now_ms:
            self._plan_wake(self.core)
            return
        self.handle(Woke())

    def _publish(self, effect: Publish) -> None:
        self._to_broker(effect)

    def _subscribe(self, effect: Subscribe) -> None:
        if self.online:
            self.world.broker.subscribe(self.world.broker.sessions[self.device], effect.filter)

    def _unsubscribe(self, effect: Unsubscribe) -> None:
        if self.online:
            self.world.broker.unsubscribe(self.world.broker.sessions[self.device], effect.filter)

    def _play(self, effect: Play) -> None:
        now_ms = self.world.now_ms
        self._stop_sounding(now_ms)
        self.heard.append(
            Heard(
                digest=effect.digest,
                start_ms=now_ms,
                position_ms=effect.position_ms,
                volume_percent=effect.volume_percent,
                trusted=self.core is not None and self.core.clock.trusted,
            )
        )
        level = LevelHeard(effect.digest, self.world.levels.get(effect.digest, DEFAULT_LEVEL_CDB))
        self.world.after(1, self._if_powered(self._power, partial(self.handle, level)))

    def _silence(self, _: Silence) -> None:
        self._stop_sounding(self.world.now_ms)

    def _stop_sounding(self, now_ms: int) -> None:
        sounds = self.sounds
        if sounds is not None:
            length_ms = self.world.durations.get(sounds.digest, now_ms) - sounds.position_ms
            sounds.end_ms = min(now_ms, sounds.start_ms + length_ms)

    def _persist(self, effect: Persist) -> None:
        part = effect.part
        if self.world.as_bytes:
            part = read_part(type(part), part_bytes(part))
        self.flash.memory = self.flash.memory.having(part)

    def _store_chunk(self, effect: StoreChunk) -> None:
        if not self.flash.full:
            self.flash.parts.setdefault(effect.digest, {})[effect.n] = effect.data

    def _store_asset(self, effect: StoreAsset) -> None:
        if self.flash.full:
            failed = partial(self.handle, StoreFailed(effect.digest))
            self.world.after(1, self._if_powered(self._power, failed))
            return
        self.flash.assets[effect.digest] = effect.data
        self.flash.parts.pop(effect.digest, None)

    def _drop_asset(self, effect: DropAsset) -> None:
        self.flash.assets.pop(effect.digest, None)
        self.flash.parts.pop(effect.digest, None)

    def _restart(self, _: Restart) -> None:
        self.world.after(200, self._if_powered(self._power, self.reboot))  # its last words leave first


class Endpoint:
    """A client without a core: the hub, or whoever plays it.  While it is down its messages wait at the broker."""

    def __init__(self, world: "World", client: str) -> None:
        self.world = world
        self.client = client
        self.up = True
        self.on_up: list[Callable[[], None]] = []
        self._callbacks: list[Callable[[str, bytes, bool], None]] = []
        self._filters: list[str] = []

    def subscribe(self, *filters: str, then: Callable[[str, bytes, bool], None]) -> None:
        """Call `then(topic, payload, retained)` for every message on `filters`."""
        self._callbacks.append(then)
        self._filters += filters
        self._join()

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> bool:
        """Publish; False when the broker or this endpoint is down: nothing was sent."""
        if not self.up or not self.world.broker_up:
            return False
        self.world.broker.publish(topic, payload, qos=qos, retain=retain)
        return True

    def go_down(self) -> None:
        """Die; the session stays at the broker."""
        self.up = False
        self.world.broker_lost(self.client)

    def come_up(self) -> None:
        """Live again: what waited is delivered, then `on_up` is called."""
        self.up = True
        self._join()
        for call in self.on_up:
            call()

    def _join(self) -> None:
        if not self.up or not self.world.broker_up:
            return
        session = self.world.broker_found(self.client, None, self._deliver)
        for name in self._filters:
            self.world.broker.subscribe(session, name)

    def _deliver(self, session: Session, number: int, letter: Letter) -> None:
        self.world.after(1, partial(self._arrived, session, session.epoch, number, letter))

    def _arrived(self, session: Session, epoch: int, number: int, letter: Letter) -> None:
        if self.up and session.epoch == epoch and session.connected:
            session.acknowledge(number)
            for callback in self._callbacks:
                callback(letter.topic, letter.bytes(), letter.retained)


class World:
    """True time, the broker, and everybody on it.  `as_bytes`: flash keeps bytes, so the codec of memory is in play."""

    def __init__(self, *, seed: int, start_ms: int, as_bytes: bool = False) -> None:
        self.now_ms = start_ms
        self.dice = random.Random(seed)  # noqa: S311 - faults must come again with their seed
        self.broker = PretendBroker()
        self.broker_up = True
        self.as_bytes = as_bytes
        self.verify = VerdictCache()
        self.judge = SharedJudge()
        self.speakers: list[Speaker] = []
        self.endpoints: list[Endpoint] = []
        self.durations: dict[AssetDigest, int] = {}
        self.levels: dict[AssetDigest, int] = {}
        self.events = 0
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._pushed = 0
        self._wills: dict[str, int] = {}

    # --- who is there -------------------------------------------------------------------------------------------

    def add(self, identity: Identity, settings: Settings | None = None, *, power_on_after_ms: int = 0) -> Speaker:
        """Put up a loudspeaker and give it power."""
        settings = replace(settings or Settings(), verify=self.verify, judge=self.judge)
        speaker = Speaker(self, len(self.speakers), identity, settings)
        self.speakers.append(speaker)
        self.after(power_on_after_ms, speaker.power_on)
        return speaker

    def endpoint(self, client: str) -> Endpoint:
        """Return a new client for whoever plays the hub."""
        endpoint = Endpoint(self, client)
        self.endpoints.append(endpoint)
        return endpoint

    # --- time ---------------------------------------------------------------------------------------------------

    def at(self, at_ms: int, call: Callable[[], None]) -> None:
        """Call at a moment; two calls of one moment keep their order."""
        self._pushed += 1
        heapq.heappush(self._heap, (at_ms, self._pushed, call))

    def after(self, wait_ms: int, call: Callable[[], None]) -> None:
        """Call after a while."""
        self.at(self.now_ms + wait_ms, call)

    def every(self, period_ms: int, call: Callable[[], None]) -> None:
        """Call again and again."""

        def again() -> None:
            call()
            self.after(period_ms, again)

        self.after(period_ms, again)

    def run_until(self, end_ms: int) -> None:
        """Let everything happen that happens up to `end_ms`."""
        heap, before = self._heap, gc.get_threshold()
        gc.set_threshold(*QUIET_GC)
        try:
            while heap and heap[0][0] <= end_ms:
                at_ms, _, call = heapq.heappop(heap)
                self.now_ms = max(self.now_ms, at_ms)
                self.events += 1
                call()
        finally:
            gc.set_threshold(*before)
        self.now_ms = max(self.now_ms, end_ms)

    def run_for(self, for_ms: int) -> None:
        """Let everything happen that happens in a while."""
        self.run_until(self.now_ms + for_ms)

    # --- the broker ---------------------------------------------------------------------------------------------

    def broker_found(
        self, client: str, will: Publish | None, deliver: Callable[[Session, int, Letter], None]
    ) -> Session:
        """Connect a client to its session."""
        session = self.broker.session(client, deliver)
        session.connected = True
        session.epoch += 1
        self._wills.pop(client, None)
        session.will = (will.topic, will.payload, will.retain) if will else None
        session.resume()
        return session

    def broker_lost(self, client: str) -> None:
        """Let a client's connection die; its will speaks when it does not come back."""
        session = self.broker.sessions.get(client)
        if session is None or not session.connected:
            return
        session.connected = False
        session.epoch += 1
        if session.will is not None:
            mark = self._wills[client] = self._pushed
            self.after(WILL_AFTER_MS, partial(self._speak_will, client, mark, session.will))

    def epoch(self, client: str) -> int:
        """Return which connection of a client this is."""
        session = self.broker.sessions.get(client)
        return session.epoch if session else -1

    def stop_broker(self, *, forget: bool = False) -> None:
        """Let the broker die, for everybody; `forget`: with everything it held."""
        self.broker_up = False
        for speaker in self.speakers:
            speaker._lost()
        for endpoint in self.endpoints:
            self.broker_lost(endpoint.client)
        self._wills.clear()
        if forget:
            self.broker.forget()

    def start_broker(self) -> None:
        """Bring the broker back; endpoints connect at once, devices when they try next."""
        self.broker_up = True
        for endpoint in self.endpoints:
            if endpoint.up:
                endpoint.come_up()

    def _speak_will(self, client: str, mark: int, will: tuple[str, Payload, bool]) -> None:
        if self._wills.get(client) == mark:
            topic, payload, retain = will
            self.broker.publish(topic, payload, qos=1, retain=retain)

    # --- faults -------------------------------------------------------------------------------------------------

    def suffer(self, plan: Plan) -> None:
        """Let the faults of a plan happen."""
        for fault in plan.faults:
            self.at(fault.at_ms, partial(_FAULTS[fault.kind], self, fault))

    def heal_everything(self) -> None:
        """End all faults: lines, power, disks, broker and hub."""
        if not self.broker_up:
            self.start_broker()
        for endpoint in self.endpoints:
            if not endpoint.up:
                endpoint.come_up()
        for speaker in self.speakers:
            speaker.line, speaker.flash.full, speaker.dies_after = QUIET_LINE, False, None
            speaker.heal()
            speaker.power_on()

    def _speaker(self, fault: Fault) -> Speaker:
        return self.speakers[fault.device % len(self.speakers)]

    def _fault_cut(self, fault: Fault) -> None:
        speaker = self._speaker(fault)
        speaker.cut()
        self.after(fault.for_ms, speaker.heal)

    def _fault_noise(self, fault: Fault) -> None:
        speaker = self._speaker(fault)
        speaker.line = NOISY_LINE
        self.after(fault.for_ms, partial(_set_line, speaker, QUIET_LINE))

    def _fault_reboot(self, fault: Fault) -> None:
        speaker = self._speaker(fault)
        speaker.dies_after = self.dice.randrange(6)  # in the middle of what it does next
        self.after(max(1, fault.for_ms // 2), partial(self._make_sure_it_died, speaker, speaker.power_ups))

    def _make_sure_it_died(self, speaker: Speaker, power_ups: int) -> None:
        if speaker.power_ups == power_ups and speaker.core is not None:
            speaker.dies_after = None
            speaker.reboot()

    def _fault_clock_lost(self, fault: Fault) -> None:
        self._speaker(fault).reboot(fault.for_ms, skew_ms=-(self.now_ms + fault.for_ms))

    def _fault_clock_skew(self, fault: Fault) -> None:
        self._speaker(fault).reboot(fault.for_ms, skew_ms=fault.amount)

    def _fault_disk_full(self, fault: Fault) -> None:
        flash = self._speaker(fault).flash
        flash.full = True
        self.after(fault.for_ms, partial(_make_room, flash))

    def _fault_broker(self, fault: Fault) -> None:
        if self.broker_up:
            self.stop_broker(forget=fault.kind is Kind.BROKER_FORGETS)
            self.after(fault.for_ms, self._broker_back)

    def _broker_back(self) -> None:
        if not self.broker_up:
            self.start_broker()

    def _fault_hub(self, fault: Fault) -> None:
        for endpoint in self.endpoints:
            if endpoint.up:
                endpoint.go_down()
                self.after(fault.for_ms, partial(_revive, endpoint))


def _read(payload: Payload) -> bytes:
    return payload if isinstance(payload, bytes) else payload()


def altered(payload: bytes, dice: random.Random) -> bytes:
    """Return `payload` with one byte that is another one."""
    if not payload:
        return payload
    at = dice.randrange(len(payload))
    return payload[:at] + bytes([payload[at] ^ dice.randrange(1, 256)]) + payload[at + 1 :]


def _set_line(speaker: Speaker, line: Line) -> None:
    speaker.line = line


def _make_room(flash: Flash) -> None:
    flash.full = False


def _revive(endpoint: Endpoint) -> None:
    if not endpoint.up:
        endpoint.come_up()


_EFFECTS: Mapping[type[Effect], Callable[..., None]] = {
    Publish: Speaker._publish,
    Subscribe: Speaker._subscribe,
    Unsubscribe: Speaker._unsubscribe,
    Play: Speaker._play,
    Silence: Speaker._silence,
    Persist: Speaker._persist,
    StoreChunk: Speaker._store_chunk,
    StoreAsset: Speaker._store_asset,
    DropAsset: Speaker._drop_asset,
    Restart: Speaker._restart,
}
_FAULTS: Mapping[Kind, Callable[[World, Fault], None]] = {
    Kind.CUT: World._fault_cut,
    Kind.NOISE: World._fault_noise,
    Kind.REBOOT: World._fault_reboot,
    Kind.CLOCK_LOST: World._fault_clock_lost,
    Kind.CLOCK_SKEW: World._fault_clock_skew,
    Kind.DISK_FULL: World._fault_disk_full,
    Kind.BROKER_DOWN: World._fault_broker,
    Kind.BROKER_FORGETS: World._fault_broker,
    Kind.HUB_DOWN: World._fault_hub,
}
