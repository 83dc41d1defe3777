"""What sounds: `playout.decide` asked at the right moments, its answers turned into Play and Silence, and written down.

Pure.  The stage owns where everything is (`Playing`) and the ledger; it is told the situation and returns effects.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from devices.protocol.ids import AssetDigest
from devices.protocol.limits import CHECKPOINT_MS_MAX
from devices.protocol.manifest import Manifest, PlayItem
from devices.protocol.messages import Outcome, Override, Source, Why
from devices.protocol.playout import FRESH, NEVER_MS, Cursor, Decision, Situation, Sound, decide, item_key, override_key
from firmware_sim.clock import Clock
from firmware_sim.durable import Answer, Playing
from firmware_sim.events import Effect, Persist, Play, Silence
from firmware_sim.records import Ending, Ledger, Open

HEARD_MS = 1_000  # an override has been heard when it has sounded this long, or its first clip has ended
CHECKPOINT_MS = CHECKPOINT_MS_MAX * 8 // 10  # early, because a busy machine is late
RESEEK_MS = 200  # a clock correction below it is not worth an audible jump
OF_OVERRIDES = (Source.OVERRIDE, Source.DRILL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What follows from asking: effects in order, and overrides whose last word is known."""

    effects: tuple[Effect, ...]
    done: tuple[tuple[str, Answer], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounding:
    """What the horn was told.  `anchor_ms` is where the clip's beginning lies, on the own clock."""

    digest: AssetDigest
    volume_percent: int
    anchor_ms: int


@dataclass(slots=True, kw_only=True)
class Stage:
    """Everything about sound that one power-up knows."""

    boot: int = 0
    boot_own_ms: int = 0
    playing: Playing = field(default_factory=Playing)
    ledger: Ledger = field(default_factory=Ledger)
    decision: Decision | None = None
    sounding: Sounding | None = None
    since_ms: int = 0  # of what the decision says, in UTC
    last_used: dict[AssetDigest, int] = field(default_factory=dict)
    _pending: list[PlayItem] = field(default_factory=list)  # items that have no record yet, in order
    _silent: dict[str, Ending] = field(default_factory=dict)  # item -> why it does not sound
    _cause: Ending | None = None  # a command that ends what sounds
    _checkpoint_own_ms: int = 0
    _open_own_ms: int = 0

    # --- asked by the core --------------------------------------------------------------------------------------

    def power_up(self, now_ms: int, overrides: Sequence[Override]) -> list[Effect]:
        """Settle what power loss has cut: the open record ends, and overrides begin their clip again."""
        before = self.ledger
        self.ledger = before.after_power_loss()
        known = {override_key(override.id): override for override in overrides}
        progress = {
            key: _rewound(known[key], cursor, now_ms) if key in known else cursor
            for key, cursor in self.playing.progress.items()
        }
        self.playing = replace(self.playing, progress=progress)
        return [Persist(self.ledger)] if self.ledger is not before else []

    def follow(self, manifest: Manifest | None, since_ms: int) -> None:
        """Watch over the items of a manifest accepted at `since_ms`: each gets a record once its window is over."""
        items = manifest.items if manifest else ()
        settled = self.ledger.settled & {item.id for item in items}
        if settled != self.ledger.settled:
            self.ledger = replace(self.ledger, settled=settled)
        self._pending = [item for item in items if item.end_ms > since_ms and item.id not in settled]

    def shift(self, by_ms: int, now_ms: int, *, trusted: bool) -> None:
        """The clock was set: what is not bound to the day began at another moment of the new one."""
        self.ledger = self.ledger.shifted(by_ms, trusted=trusted)
        progress = {key: _shifted(key, cursor, by_ms, now_ms) for key, cursor in self.playing.progress.items()}
        self.playing = replace(self.playing, progress=progress)

    def end(self, cause: Ending) -> None:
        """Let the item or drill that sounds now end for good, because of `cause`; never an emergency."""
        sound = self.decision.sound if self.decision else None
        if sound is None or sound.source is Source.OVERRIDE:
            return
        key = override_key(sound.id) if sound.source is Source.DRILL else item_key(sound.id)
        cursor = self.playing.progress.get(key, FRESH)
        ended = replace(cursor, anchor_ms=None, digest=None, ended=True, cut=True)
        self.playing = replace(self.playing, progress={**self.playing.progress, key: ended})
        self._cause = cause

    def blame(self, cause: Ending) -> None:
        """Write `cause` into the record of what the next turn ends."""
        self._cause = cause

    def settle(self, s: Situation, own_ms: int, sequences: Mapping[str, int]) -> Turn:
        """Decide anew and return what follows.  `sequences`: of the documents that hold the active overrides."""
        ledger, playing, before = self.ledger, self.playing, self.decision
        decision = self.decision = decide(replace(s, progress=playing.progress))
        if before is None or (before.why, before.sound is None) != (decision.why, decision.sound is None):
            self.since_ms = s.now_ms
        completed = self._write_down(s, decision, own_ms)
        effects = self._sound(decision.sound, own_ms)
        self._note_silence(s, decision)
        self._sweep(s, before, boot_ms=self.boot_own_ms + s.now_ms - own_ms)
        answers, done = self._answers(s, decision, own_ms, sequences, completed)
        self._cause = None
        self.playing = Playing(progress=decision.progress, answers=answers)
        stored: list[Effect] = [Persist(self.ledger)] if self.ledger is not ledger else []
        if self.playing != playing:
            stored.append(Persist(self.playing))
        return Turn(effects=(*stored, *effects), done=done)

    def checkpoint(self, now_ms: int, own_ms: int) -> list[Effect]:
        """Return what must be stored now so that power loss loses little of the open record."""
        if self.ledger.open is None or own_ms < self._checkpoint_own_ms:
            return []
        self._checkpoint_own_ms = own_ms + CHECKPOINT_MS
        self.ledger = self.ledger.checkpointed(now_ms)
        return [Persist(self.ledger)]

    def due_ms(self, clock: Clock) -> int:
        """Return when to ask again, on the own clock."""
        moments = [self.decision.until_ms - clock.offset_ms] if self.decision else []
        if self._pending:
            moments.append(clock.own_when_certain(self._pending[0].end_ms))
        if self.ledger.open is not None:
            moments.append(self._checkpoint_own_ms)
            if self._unheard():
                moments.append(self._open_own_ms + HEARD_MS)
        return min(moments, default=NEVER_MS)

    # --- within a turn ------------------------------------------------------------------------------------------

    def _write_down(self, s: Situation, decision: Decision, own_ms: int) -> str:
        """Close and open records; return the override whose clip has just been completed, or nothing."""
        o, sound, completed = self.ledger.open, decision.sound, ""
        if o is not None and not (sound and o.is_of(sound)):
            by = decision.about if decision.about != o.id else ""
            self.ledger = self.ledger.closed(s.now_ms, self._cause or Ending(why=decision.why, by=by))
            last = self.ledger.waiting[-1:]
            if o.source in OF_OVERRIDES and last and last[0].id == o.id and last[0].outcome is Outcome.COMPLETED:
                completed = o.id
        if sound is not None:
            self._open(s, decision, sound, own_ms)
        return completed

    def _open(self, s: Situation, decision: Decision, sound: Sound, own_ms: int) -> None:
        natural_end_ms, bound_ms = _ends(s, sound)
        o = self.ledger.open
        if o is not None:
            if (o.natural_end_ms, o.bound_ms) != (natural_end_ms, bound_ms):
                moved = replace(o, natural_end_ms=natural_end_ms, bound_ms=bound_ms)
                self.ledger = replace(self.ledger, open=moved)
            return
        self._open_own_ms, self._checkpoint_own_ms = own_ms, own_ms + CHECKPOINT_MS
        self.last_used[sound.digest] = own_ms
        entry = Open(
            source=sound.source,
            id=sound.id,
            digest=sound.digest,
            step=sound.step,
            why=decision.why,
            boot=self.boot,
            start_ms=s.now_ms,
            natural_end_ms=natural_end_ms,
            bound_ms=bound_ms,
            checkpoint_ms=s.now_ms,
            clock_trusted=s.clock_trusted,
        )
        self.ledger = self.ledger.opened(entry)

    def _sound(self, sound: Sound | None, own_ms: int) -> list[Effect]:
        """Return what the horn must be told: nothing, while it does already what it should."""
        told = self.sounding
        if sound is None:
            self.sounding = None
            return [Silence()] if told else []
        wants = Sounding(digest=sound.digest, volume_percent=sound.volume_percent, anchor_ms=own_ms - sound.position_ms)
        same = told is not None and (told.digest, told.volume_percent) == (wants.digest, wants.volume_percent)
        if same and told is not None and abs(told.anchor_ms - wants.anchor_ms) <= RESEEK_MS:
            return []
        self.sounding = wants
        return [Play(sound.digest, sound.position_ms, sound.volume_percent)]

    def _note_silence(self, s: Situation, decision: Decision) -> None:
        """Remember why the item whose window it is does not sound."""
        while self._pending and self._pending[0].id in self.ledger.settled:
            self._pending.pop(0)
        if self._pending and self._pending[0].start_ms <= s.now_ms < self._pending[0].end_ms:
            item = self._pending[0]
            by = decision.about if decision.about != item.id else ""
            self._silent[item.id] = Ending(why=decision.why, by=by)

    def _sweep(self, s: Situation, before: Decision | None, boot_ms: int) -> None:
        """Write down every item whose window is surely over and that never sounded."""
        certain_ms = s.now_ms if s.clock_trusted else s.floor_ms
        while self._pending and self._pending[0].end_ms <= certain_ms:
            item = self._pending.pop(0)
            if item.id in self.ledger.settled:
                continue
            ending = self._silent.pop(item.id, None) or _unseen(item, before, boot_ms)
            window = (item.start_ms, item.end_ms)
            self.ledger = self.ledger.missed(item.id, item.asset, window, self.boot, ending)

    def _answers(
        self, s: Situation, decision: Decision, own_ms: int, sequences: Mapping[str, int], completed: str
    ) -> tuple[dict[str, Answer], tuple[tuple[str, Answer], ...]]:
        """Return the answers to the active overrides, and those that are final now."""
        answers: dict[str, Answer] = {}
        for override in s.overrides:
            answer = self.playing.answers.get(override.id) or Answer()
            answer = replace(answer, sequence=sequences.get(override.id, 0))
            answer = self._answer(answer, override.id, decision, s.now_ms, own_ms)
            answers[override.id] = replace(answer, done=True) if override.id == completed else answer
        gone = [(key, answer) for key, answer in self.playing.answers.items() if key not in answers]
        final = [(key, answer) for key, answer in answers.items() if answer.done]
        return answers, tuple((key, answer) for key, answer in gone + final if not self._was_done(key))

    def _was_done(self, key: str) -> bool:
        answer = self.playing.answers.get(key)
        return answer is not None and answer.done

    def _answer(self, answer: Answer, key: str, decision: Decision, now_ms: int, own_ms: int) -> Answer:
        sound = decision.sound
        if sound is None or sound.id != key or sound.source not in OF_OVERRIDES:
            return answer if answer.sounded_at_ms else replace(answer, why=decision.why)
        heard = answer.done or own_ms - self._open_own_ms >= HEARD_MS
        return replace(answer, sounded_at_ms=answer.sounded_at_ms or now_ms, done=heard)

    def _unheard(self) -> bool:
        """Say whether an override sounds that has not been answered as heard."""
        o = self.ledger.open
        return o is not None and o.source in OF_OVERRIDES and not self._was_done(o.id)


def _ends(s: Situation, sound: Sound) -> tuple[int, int]:
    """Return when `sound` ends by itself, and when it must have ended."""
    natural_end_ms = s.now_ms - sound.position_ms + s.held[sound.digest]
    if sound.source in OF_OVERRIDES:
        return natural_end_ms, next(o.expires_at_ms for o in s.overrides if o.id == sound.id)
    items = s.manifest.items if s.manifest else ()
    bound_ms = next(item.end_ms for item in items if item.id == sound.id)
    return (NEVER_MS if sound.source is Source.FILLER else natural_end_ms), bound_ms


def _unseen(item: PlayItem, before: Decision | None, boot_ms: int) -> Ending:
    """Return why an item was missed whose whole window passed between two decisions."""
    if before is None or item.end_ms <= boot_ms:
        return Ending(why=Why.POWER_LOST)
    return Ending(why=before.why, by=before.about if before.about != item.id else "")


def _rewound(override: Override, cursor: Cursor, now_ms: int) -> Cursor:
    """Return the cursor of an override after power loss: its clip begins again, a gap is never longer than it was."""
    gap_ms = override.steps[(cursor.step - 1) % len(override.steps)].gap_ms
    not_before_ms = min(cursor.not_before_ms, now_ms + gap_ms)
    return replace(cursor, anchor_ms=None, digest=None, not_before_ms=not_before_ms)


def _shifted(key: str, cursor: Cursor, by_ms: int, now_ms: int) -> Cursor:
    """Return a cursor on the new clock.  An item is bound to its slot, and never begins in the future."""
    if key.startswith("item:"):
        early = cursor.anchor_ms is not None and cursor.anchor_ms > now_ms
        return replace(cursor, anchor_ms=None) if early else cursor
    anchor_ms = None if cursor.anchor_ms is None else cursor.anchor_ms + by_ms
    return replace(cursor, anchor_ms=anchor_ms, not_before_ms=max(0, cursor.not_before_ms + by_ms))
