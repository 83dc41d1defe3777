"""A loudspeaker without I/O: events and its own clock in, effects out.

`own_ms` everywhere is the device's own clock: the RTC as read at power-up plus a count that only goes up.  It may be
wrong by years, and it never goes back within a power-up.  One DeviceCore is one power-up; what survives it is what
was in a Persist, StoreChunk or StoreAsset effect.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from devices.protocol import topics
from devices.protocol.errors import MessageRefused, Reason
from devices.protocol.ids import AreaCode, AssetDigest
from devices.protocol.judge import SUBJECTS, Accepted, Chunk, Held, Mark
from devices.protocol.manifest import Manifest
from devices.protocol.messages import (
    AckStage,
    Command,
    CommandName,
    KeySet,
    Overrides,
    State,
    Status,
    Subject,
    TimeBeacon,
    Why,
)
from devices.protocol.playout import NEVER_MS, Situation
from devices.protocol.signing import KeyRing
from devices.protocol.topics import Leaf
from firmware_sim import cache
from firmware_sim.answers import Answers
from firmware_sim.clock import Clock
from firmware_sim.desired import Desired, area_filters
from firmware_sim.durable import Answer, Timekeeping
from firmware_sim.events import (
    Connected,
    Disconnected,
    DropAsset,
    Effect,
    Event,
    LevelHeard,
    NtpSynced,
    Persist,
    PlaybackFailed,
    PoweredOn,
    Publish,
    Received,
    Restart,
    StoreAsset,
    StoreChunk,
    StoreFailed,
    Subscribe,
    Unsubscribe,
    Woke,
)
from firmware_sim.identity import Identity
from firmware_sim.records import Ending, on_wire
from firmware_sim.reported import face_of, state_of
from firmware_sim.settings import Settings
from firmware_sim.stage import Stage
from firmware_sim.transfer import Transfers, jitter
from firmware_sim.view import View

HEARTBEAT_JITTER_MS = 8_000  # a province must not report in step
REPORT_AGAIN_MS = 30_000  # the hub confirms within seconds when it is there
REPORT_AGAIN_MAX_MS = 600_000
CATCH_UP_MS = 500  # after a connect: an alert in the session's queue is followed by its end, if it has ended
TIME_STORED_MS = 300_000  # the contract allows an hour; every beacon would wear the flash out
NO_ROOM_AGAIN_MS = 60_000  # somebody may have freed the disk
PLAYBACK_FAILURES_MAX = 3  # fetched that often and never playable: a bad asset, not bad flash


class DeviceCore:
    """One power-up of one loudspeaker.  The first event is PoweredOn."""

    def __init__(self, identity: Identity, settings: Settings | None = None) -> None:
        self.identity = identity
        self.settings = settings or Settings()
        self.clock = Clock()
        self.desired = Desired()
        self.stage = Stage(boot=0, boot_own_ms=0)
        self.shelf: dict[AssetDigest, int] = {}  # complete audio on flash, with its size
        self.transfers = Transfers(identity.device)
        self.answers = Answers(device=identity.device, seal=self.settings.seal or identity.signer().seal)
        self.connected = False
        self._root = KeyRing.of(identity.root_public_key, verify=self.settings.verify)
        self._ring = KeyRing({}, self.settings.verify)
        self._own_ms = 0
        self._effects: list[Effect] = []
        self._marks: dict[str, Mark] = {}
        self._parts: Mapping[AssetDigest, Mapping[int, bytes]] = {}
        self._failures: dict[AssetDigest, int] = {}
        self._view = View()
        self._changed = False  # something that decides what sounds
        self._wake_ms = 0
        self._listening = False  # to everything, not only to keys
        self._unknown_key = False  # something was refused that a newer key set may explain
        self._restart = False
        self._manifest_done = 0
        self._time_due_ms = 0
        self._connected_ms = -CATCH_UP_MS
        self._fresh: dict[str, int] = {}  # overrides that may be over already -> when they may sound, own clock
        self._report_due_ms: int | None = None
        self._reports = 0
        self._state_due_ms = 0
        self._face: tuple[object, ...] = ()

    # --- the surface --------------------------------------------------------------------------------------------

    def handle(self, event: Event, now_ms: int) -> tuple[Effect, ...]:
        """Return what must be done about `event`, in this order, at `now_ms` of the device's own clock."""
        self._own_ms = max(self._own_ms, now_ms)
        self._effects = []
        _HANDLERS[type(event)](self, event)
        if self._changed or self._own_ms >= self._wake_ms or not isinstance(event, Received):
            self._follow_up()
        elif self.connected:
            self._effects += self.answers.take()
        return tuple(self._effects)

    def wakes_at(self) -> int | None:
        """Return when to send Woke, on the own clock; None: only when something else happens."""
        return self._wake_ms if self._wake_ms < NEVER_MS // 2 else None

    def will(self) -> Publish:
        """Return the last will: what the broker must say when the line dies."""
        state = State(
            device=self.identity.device,
            boot=self.stage.boot,
            at_ms=on_wire(self.now_ms),
            status=Status.LOST,
            clock_trusted=self.clock.trusted,
            firmware=self.settings.firmware,
        )
        return self.answers.message(state)

    @property
    def now_ms(self) -> int:
        """The device's best guess of UTC at the last event."""
        return self.clock.now_ms(self._own_ms)

    # --- events -------------------------------------------------------------------------------------------------

    def _powered_on(self, event: PoweredOn) -> None:
        memory = event.memory
        time = memory.timekeeping
        clock = Clock(offset_ms=time.offset_ms, floor_ms=time.floor_ms, floor_own_ms=self._own_ms)
        self.clock = clock.raised(self._own_ms, time.floor_ms)
        self.desired = memory.desired
        self._marks = {**memory.desired.marks, **({topics.TIME: time.beacon} if time.beacon else {})}
        self.stage = Stage(boot=time.boot + 1, boot_own_ms=self._own_ms, playing=memory.playing, ledger=memory.ledger)
        self.shelf = dict(event.shelf.complete)
        self._parts = event.shelf.parts
        if self.desired.keys:
            self._ring = self._ring.taking(self.desired.keys)
        self._persist_time()
        self._effects += self.stage.power_up(self.now_ms, self.desired.overrides())
        self.stage.follow(self.desired.manifest, self.desired.since_ms)
        self._manifest_done = self.desired.manifest.sequence if self.desired.manifest else 0
        self._look()
        if not self._holds_all():
            self._manifest_done = 0
        self._effects += [DropAsset(digest) for digest in self._parts if digest not in self.transfers.going]
        self._parts = {}

    def _connected(self, _: Connected) -> None:
        self.connected, self._listening, self._unknown_key = True, False, False
        self._connected_ms = self._own_ms
        self._face, self._report_due_ms, self._reports = (), None, 0
        self.transfers.ask_now(self._own_ms)
        self._effects.append(Subscribe(topics.KEYS))
        if self._ring.keys:
            self._listen()

    def _disconnected(self, _: Disconnected) -> None:
        self.connected = False

    def _received(self, event: Received) -> None:
        held = Held(
            device=self.identity.device,
            root=self._root,
            keys=self._ring,
            areas=self._view.areas,
            marks=self._marks,
            wanted=self._view.wanted,
            now_ms=self.now_ms,
            clock_trusted=self.clock.trusted,
            floor_ms=self._late_ms,
        )
        try:
            accepted = self.settings.judge(event.topic, event.payload, held, retained=event.retained)
        except MessageRefused as exc:
            self._refused(event, exc)
            return
        _OBEY[type(accepted.message)](self, event.topic, accepted, accepted.message)

    def _ntp_synced(self, event: NtpSynced) -> None:
        self._set_clock(self.clock.set_by_ntp(self._own_ms, event.utc_ms))
        self._persist_time()

    def _level_heard(self, event: LevelHeard) -> None:
        sounds = self.stage.ledger.open
        if sounds is not None and sounds.digest == event.digest:
            self.stage.ledger = self.stage.ledger.heard(event.level_cdb)

    def _playback_failed(self, event: PlaybackFailed) -> None:
        self._failures[event.digest] = self._failures.get(event.digest, 0) + 1
        self._lose(event.digest)

    def _store_failed(self, event: StoreFailed) -> None:
        self._refuse(Subject.ASSET, Reason.NO_ROOM, ref=event.digest)
        self._lose(event.digest)
        self.transfers.put_off(event.digest, self._own_ms + NO_ROOM_AGAIN_MS)

    def _woke(self, _: Woke) -> None:
        """Everything that is due is done after every event."""

    def _lose(self, digest: AssetDigest) -> None:
        if self.shelf.pop(digest, None) is not None:
            self._effects.append(DropAsset(digest))
        self._look()

    # --- messages -----------------------------------------------------------------------------------------------

    def _refused(self, event: Received, refusal: MessageRefused) -> None:
        name = topics.match(event.topic)
        if name is None or name.leaf not in SUBJECTS:
            self._refuse(Subject.UNKNOWN, refusal.reason)
            return
        if name.leaf is Leaf.TIME and event.retained and refusal.reason is Reason.STALE:
            return  # the broker shows the last beacon to everybody who subscribes: that is no replay
        if refusal.reason is Reason.NOT_WANTED:
            self.answers.refused += 1  # others needed it too: no answer
            return
        self._unknown_key |= refusal.reason is Reason.UNKNOWN_KEY
        ref = refusal.ref or name.digest or name.area or ""
        self._refuse(SUBJECTS[name.leaf], refusal.reason, ref=ref, sequence=refusal.sequence)

    def _obey_time(self, topic: str, accepted: Accepted, beacon: TimeBeacon) -> None:
        before = self.clock
        self._mark(topic, accepted)
        if accepted.sets_clock:
            self._set_clock(before.set_by_beacon(self._own_ms, beacon.issued_at_ms))
        else:
            self._set_clock(before.raised(self._own_ms, beacon.issued_at_ms))
        if self._own_ms >= self._time_due_ms or self.clock.trusted != before.trusted:
            self._persist_time()

    def _obey_keys(self, topic: str, accepted: Accepted, keys: KeySet) -> None:
        self._take(topic, accepted, Subject.KEYS, "", lambda desired: replace(desired, keys=keys))
        self._ring = self._ring.taking(keys)
        if self.connected and (self._unknown_key or not self._listening):
            self._unknown_key = False
            self._listen()

    def _obey_manifest(self, topic: str, accepted: Accepted, manifest: Manifest) -> None:
        before = self._view.areas
        if accepted.repeated:
            self._take(topic, accepted, Subject.MANIFEST, "", _unchanged)
            self._finish_manifest(again=True)
            return
        self._set_clock(self.clock.raised(self._own_ms, manifest.issued_at_ms))
        self._settle()  # what has ended by now is written down under the plan that it stood in
        enrolled, since_ms = self.identity.areas, self.clock.certain_ms(self._own_ms)
        self._take(topic, accepted, Subject.MANIFEST, "", lambda held: held.with_manifest(manifest, since_ms, enrolled))
        self.stage.follow(manifest, since_ms)
        self._move(before, self._view.areas)

    def _obey_overrides(self, topic: str, accepted: Accepted, document: Overrides) -> None:
        certain_ms = self.clock.certain_ms(self._own_ms)
        for override in document.overrides:
            self._ack(Subject.OVERRIDE, AckStage.RECEIVED, override.id, document.sequence)
        if not document.overrides:
            self._ack(Subject.OVERRIDE, AckStage.RECEIVED, document.area, document.sequence)
            self._ack(Subject.OVERRIDE, AckStage.ACCEPTED, document.area, document.sequence)
        for override in document.overrides:
            if certain_ms >= override.expires_at_ms:
                self._refuse(Subject.OVERRIDE, Reason.EXPIRED, ref=override.id, sequence=document.sequence)
                continue
            self._ack(Subject.OVERRIDE, AckStage.ACCEPTED, override.id, document.sequence)
            answer = self.stage.playing.answers.get(override.id)
            if accepted.repeated and answer is not None and answer.done:
                self._done(override.id, answer)
        before: set[str] = {override.id for override in self._view.overrides}
        self._store(topic, accepted, lambda held: held.with_overrides(document))
        self._hold_back(before)

    def _hold_back(self, before: set[str]) -> None:
        """Let what has come with a fresh connection wait a moment: the next message may say that it is over."""
        active: set[str] = {override.id for override in self._view.overrides}
        for override_id in self._fresh.keys() - active:
            del self._fresh[override_id]
            decision = self.stage.decision
            self._done(override_id, Answer(why=decision.why if decision else Why.NOTHING_SCHEDULED))
        due_ms = self._connected_ms + CATCH_UP_MS
        if self._own_ms < due_ms:
            self._fresh |= dict.fromkeys(active - before, due_ms)

    def _obey_cmd(self, topic: str, accepted: Accepted, command: Command) -> None:
        self._take(topic, accepted, Subject.CMD, command.id, _unchanged)
        if not accepted.repeated:
            _COMMANDS[command.name](self, command)
        self._ack(Subject.CMD, AckStage.DONE, command.id, command.sequence)

    def _obey_chunk(self, _topic: str, _accepted: Accepted, chunk: Chunk) -> None:
        if not self.transfers.take(chunk.digest, chunk.n, chunk.data, self._own_ms):
            return
        try:
            data = self.transfers.finish(chunk.digest)
        except MessageRefused as refusal:
            self._effects.append(DropAsset(chunk.digest))
            self._refuse(Subject.ASSET, refusal.reason, ref=chunk.digest)
            return
        if data is None:
            self._effects.append(StoreChunk(chunk.digest, chunk.n, chunk.data))
            return
        self.shelf[chunk.digest] = len(data)
        self._effects += [StoreAsset(chunk.digest, data), Unsubscribe(topics.asset_filter(chunk.digest))]
        self._look()

    def _take(
        self, topic: str, accepted: Accepted, of: Subject, ref: str, change: Callable[[Desired], Desired]
    ) -> None:
        """Store a good message once, and answer it every time."""
        sequence = accepted.mark.sequence if accepted.mark else 0
        self._ack(of, AckStage.RECEIVED, ref, sequence)  # they leave after what is stored: answers are taken last
        self._ack(of, AckStage.ACCEPTED, ref, sequence)
        self._store(topic, accepted, change)

    def _store(self, topic: str, accepted: Accepted, change: Callable[[Desired], Desired]) -> None:
        if accepted.repeated or accepted.mark is None or isinstance(accepted.message, Chunk):
            return
        self._set_clock(self.clock.raised(self._own_ms, accepted.message.issued_at_ms))
        self._mark(topic, accepted)
        self._persist_time()
        self._set_desired(change(self.desired).marked(topic, accepted.mark))

    def _mark(self, topic: str, accepted: Accepted) -> None:
        if accepted.mark is not None:
            self._marks[topic] = accepted.mark

    # --- commands -----------------------------------------------------------------------------------------------

    def _stop(self, command: Command) -> None:
        cause = Ending(why=Why.STOPPED, by=command.id)
        if command.value == 0:
            self.stage.end(cause)
        else:
            self._set_desired(replace(self.desired, hold_until_ms=command.value))
            self.stage.blame(cause)
        self._changed = True

    def _volume(self, command: Command) -> None:
        self._set_desired(replace(self.desired, volume_percent=command.value))

    def _confirm(self, command: Command) -> None:
        self.stage.ledger = self.stage.ledger.confirmed(command.value)
        self._effects.append(Persist(self.stage.ledger))
        self._report_due_ms, self._reports, self._changed = None, 0, True

    def _do_restart(self, _: Command) -> None:
        self._restart = self._changed = True

    # --- what follows from every event --------------------------------------------------------------------------

    def _follow_up(self) -> None:
        """Do everything that is due by now."""
        if self._changed or self._own_ms >= self._settle_ms():
            self._settle()
        self._effects += self.stage.checkpoint(self.now_ms, self._own_ms)
        if self.connected:
            self._ask()
            self._effects += self.answers.take()
            self._report()
            self._say_state()
        if self._restart:
            self._restart = False
            self._effects.append(Restart())
        self._wake_ms = max(self._next_ms(), self._own_ms + 1)

    def _settle(self) -> None:
        self._changed = False
        left = self.desired.without_expired(self.clock.certain_ms(self._own_ms))
        if left is not self.desired:
            self._set_desired(left)
            self._changed = False
        situation = self._situation()
        turn = self.stage.settle(situation, self._own_ms, self._view.sequences)
        self._effects += turn.effects
        for override_id, answer in turn.done:
            self._done(override_id, answer)

    @property
    def _late_ms(self) -> int:
        """It is surely at least this late: what expiry is measured against while the clock is not trusted."""
        return max(self.clock.floor_ms, self.clock.certain_ms(self._own_ms))

    def _situation(self) -> Situation:
        view = self._view
        self._fresh = {override_id: due for override_id, due in self._fresh.items() if due > self._own_ms}
        return Situation(
            now_ms=self.now_ms,
            clock_trusted=self.clock.trusted,
            floor_ms=self._late_ms,
            manifest=view.manifest,
            overrides=tuple(override for override in view.overrides if override.id not in self._fresh),
            held=view.held,
            quiet=self.identity.quiet,
            hold_until_ms=self.desired.hold_until_ms,
        )

    def _settle_ms(self) -> int:
        """Return when to decide anew, on the own clock."""
        due_ms = min([self.stage.due_ms(self.clock), *self._fresh.values()])
        expiry_ms = None if self.clock.trusted else self.desired.next_expiry_ms()
        return due_ms if expiry_ms is None else min(due_ms, self.clock.own_when_certain(expiry_ms))

    def _next_ms(self) -> int:
        moments = [self._settle_ms()]
        if self.connected:
            moments.append(self._state_due_ms)
            moments += [due for due in (self.transfers.next_ms(), self._report_due_ms) if due is not None]
        return min(moments)

    def _ask(self) -> None:
        due_ms = self.transfers.next_ms()
        if due_ms is None or due_ms > self._own_ms or not self._listening:
            return
        self._look()  # what was only for an item that is over is not asked for any more
        for transfer in self.transfers.due(self._own_ms):
            assembly = transfer.assembly
            self._effects.append(self.answers.need(assembly.asset.digest, assembly.missing(), self.now_ms))

    def _report(self) -> None:
        records = self.stage.ledger.batch()
        if not records:
            self._report_due_ms = None
            return
        if self._report_due_ms is not None and self._own_ms < self._report_due_ms:
            return
        wait_ms = min(REPORT_AGAIN_MS << min(self._reports, 8), REPORT_AGAIN_MAX_MS)
        dice = jitter(self.identity.device, self._reports)
        self._report_due_ms = self._own_ms + wait_ms - wait_ms * dice // 400
        self._reports += 1
        self._effects.append(self.answers.report(records, self.now_ms))

    def _say_state(self) -> None:
        face = face_of(self.clock, self.desired, self.stage, self._view)
        if face == self._face and self._own_ms < self._state_due_ms:
            return
        dice = jitter(self.identity.device, self._own_ms)
        self._face, self._state_due_ms = (
            face,
            self._own_ms + self.settings.heartbeat_ms - HEARTBEAT_JITTER_MS * dice // 100,
        )
        self._effects.append(self.answers.message(self.state()))

    def state(self) -> State:
        """Return the reported state."""
        return state_of(
            device=self.identity.device,
            firmware=self.settings.firmware,
            now_ms=self.now_ms,
            clock=self.clock,
            desired=self.desired,
            stage=self.stage,
            view=self._view,
            refused=self.answers.refused,
        )

    # --- what changes together ----------------------------------------------------------------------------------

    def _set_clock(self, clock: Clock) -> None:
        before, self.clock = self.clock, clock
        by_ms = clock.offset_ms - before.offset_ms
        if by_ms or clock.trusted != before.trusted:
            self.stage.shift(by_ms, self.now_ms, trusted=clock.trusted)
            self._changed = True

    def _set_desired(self, desired: Desired) -> None:
        self.desired = desired
        self._effects.append(Persist(desired))
        self._look()

    def _persist_time(self) -> None:
        beacon, clock = self._marks.get(topics.TIME), self.clock
        self._time_due_ms = self._own_ms + TIME_STORED_MS
        self._effects.append(
            Persist(
                Timekeeping(boot=self.stage.boot, offset_ms=clock.offset_ms, floor_ms=clock.floor_ms, beacon=beacon)
            )
        )

    def _look(self) -> None:
        """Bring the view, the shelf and the transfers in line with what is desired now."""
        desired, known = self.desired, set(self._view.no_room)
        view = self._view = View.of(desired, self.identity.areas)
        durations, certain_ms = desired.durations(), self.clock.certain_ms(self._own_ms)
        wants = [
            asset
            for asset in cache.wanted(desired.manifest, view.overrides, certain_ms)
            if self._failures.get(asset.digest, 0) < PLAYBACK_FAILURES_MAX
        ]
        plan = cache.plan(wants, self.shelf, self.stage.last_used, self.settings.quota_bytes)
        for digest in plan.evict:
            del self.shelf[digest]
            self._effects.append(DropAsset(digest))
        self._aim(plan, {asset.digest for asset in cache.brought(view.overrides)})
        view.no_room = plan.no_room
        view.held = {digest: durations[digest] for digest in self.shelf if digest in durations}
        view.wanted = self.transfers.wanted()
        view.wants, view.missing = len(wants), sum(asset.digest not in self.shelf for asset in wants)
        self._changed = True
        for digest in plan.no_room:
            if digest not in known:
                self._refuse(Subject.ASSET, Reason.NO_ROOM, ref=digest)
        self._finish_manifest()

    def _aim(self, plan: cache.Plan, pushed: set[AssetDigest]) -> None:
        change = self.transfers.aim(plan.fetch, pushed, self._own_ms)
        for digest in change.new:
            self.transfers.restore(digest, self._parts.get(digest, {}))
            if self._listening:
                self._effects.append(Subscribe(topics.asset_filter(digest)))
        for digest in change.gone:
            self._effects.append(Unsubscribe(topics.asset_filter(digest)))
            if digest not in self.shelf:
                self._effects.append(DropAsset(digest))

    def _finish_manifest(self, *, again: bool = False) -> None:
        """Say once that all audio of the manifest is held; `again`: it has come again, say it again."""
        manifest = self.desired.manifest
        if manifest is None or (self._manifest_done == manifest.sequence and not again):
            return
        if self._holds_all():
            self._manifest_done = manifest.sequence
            self._ack(Subject.MANIFEST, AckStage.DONE, "", manifest.sequence)

    def _holds_all(self) -> bool:
        """Say whether no audio of the manifest is missing."""
        names = {asset.digest for asset in self.desired.manifest.assets} if self.desired.manifest else set()
        return not names & (self.transfers.going.keys() | set(self._view.no_room))

    def _listen(self) -> None:
        """Subscribe to everything; what is retained there comes again."""
        self._listening = True
        filters = topics.device_filters(self.identity.device, self._view.areas)
        self._effects += [Subscribe(name) for name in filters if name != topics.KEYS]
        self._effects += [Subscribe(topics.asset_filter(digest)) for digest in self.transfers.going]

    def _move(self, before: tuple[AreaCode, ...], after: tuple[AreaCode, ...]) -> None:
        """Listen to the areas it stands in now, and no longer to those it has left."""
        if not self._listening or before == after:
            return
        old, new = area_filters(before), area_filters(after)
        self._effects += [Unsubscribe(name) for name in old if name not in new]
        self._effects += [Subscribe(name) for name in new if name not in old]

    # --- answers ------------------------------------------------------------------------------------------------

    def _ack(self, of: Subject, stage: AckStage, ref: str, sequence: int) -> None:
        self.answers.ack(of, stage, at_ms=self.now_ms, ref=ref, sequence=sequence)

    def _done(self, override_id: str, answer: Answer) -> None:
        self.answers.ack(
            Subject.OVERRIDE,
            AckStage.DONE,
            at_ms=self.now_ms,
            ref=override_id,
            sequence=answer.sequence,
            why=None if answer.sounded_at_ms else answer.why,
            sounded_at_ms=answer.sounded_at_ms,
        )

    def _refuse(self, of: Subject, reason: Reason, *, ref: str = "", sequence: int = 0) -> None:
        self.answers.refuse(of, reason, at_ms=self.now_ms, own_ms=self._own_ms, ref=ref, sequence=sequence)


def _unchanged(desired: Desired) -> Desired:
    return desired


_HANDLERS: Mapping[type[Event], Callable[..., None]] = {
    PoweredOn: DeviceCore._powered_on,
    Connected: DeviceCore._connected,
    Disconnected: DeviceCore._disconnected,
    Received: DeviceCore._received,
    Woke: DeviceCore._woke,
    NtpSynced: DeviceCore._ntp_synced,
    LevelHeard: DeviceCore._level_heard,
    PlaybackFailed: DeviceCore._playback_failed,
    StoreFailed: DeviceCore._store_failed,
}
_OBEY: Mapping[type[object], Callable[..., None]] = {
    TimeBeacon: DeviceCore._obey_time,
    KeySet: DeviceCore._obey_keys,
    Manifest: DeviceCore._obey_manifest,
    Overrides: DeviceCore._obey_overrides,
    Command: DeviceCore._obey_cmd,
    Chunk: DeviceCore._obey_chunk,
}
_COMMANDS: Mapping[CommandName, Callable[[DeviceCore, Command], None]] = {
    CommandName.STOP: DeviceCore._stop,
    CommandName.VOLUME: DeviceCore._volume,
    CommandName.CONFIRM: DeviceCore._confirm,
    CommandName.RESTART: DeviceCore._do_restart,
}
