"""One device in the world: its flash, its RTC, its line, its horn, and the core of the present power-up."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from devices.protocol.ids import AssetDigest, DeviceId
from firmware_sim.broker import Letter, Payload, Session
from firmware_sim.core import DeviceCore
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
from firmware_sim.faults import QUIET_LINE
from firmware_sim.identity import Identity
from firmware_sim.settings import Settings

if TYPE_CHECKING:  # the world and its speakers are one machine
    from firmware_sim.world import World

RETRY_MS = 1_000  # first wait for the broker; doubles
RETRY_MAX_MS = 60_000
BOOT_MS = 2_000  # from power to the first event
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
        self.lost()

    def heal(self) -> None:
        """Mend its line."""
        self.line_up = True

    def lost(self) -> None:
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


def _read(payload: Payload) -> bytes:
    return payload if isinstance(payload, bytes) else payload()


def altered(payload: bytes, dice: random.Random) -> bytes:
    """Return `payload` with one byte that is another one."""
    if not payload:
        return payload
    at = dice.randrange(len(payload))
    return payload[:at] + bytes([payload[at] ^ dice.randrange(1, 256)]) + payload[at + 1 :]


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
