"""Many loudspeakers in virtual time: one heap, a pretend broker, lines that fail by plan, horns that are written down.

Nothing here waits: `run_until` takes the next event from the heap.  Whoever plays the hub is an `Endpoint`, an ordinary
client of the pretend broker with callbacks; so the real hub's flows can stand there as well as a few lines of a test.
"""

import gc
import heapq
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from devices.protocol.ids import AssetDigest
from firmware_sim.broker import Letter, Payload, PretendBroker, Session
from firmware_sim.events import Publish
from firmware_sim.faults import NOISY_LINE, QUIET_LINE, Fault, Kind, Line, Plan
from firmware_sim.identity import Identity
from firmware_sim.settings import Settings
from firmware_sim.speaker import Flash, Speaker
from firmware_sim.verdicts import SharedJudge, VerdictCache

WILL_AFTER_MS = 45_000  # one and a half keep-alives of 30 s
QUIET_GC = (200_000, 50, 100)  # a world has millions of objects and few cycles


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
            speaker.lost()
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


def _set_line(speaker: Speaker, line: Line) -> None:
    speaker.line = line


def _make_room(flash: Flash) -> None:
    flash.full = False


def _revive(endpoint: Endpoint) -> None:
    if not endpoint.up:
        endpoint.come_up()


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
