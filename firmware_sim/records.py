"""The as-run ledger: what sounded, what did not and why, numbered without gaps, kept until the hub has it.

Pure and frozen: the whole ledger is one value, so what was persisted is exactly what survives.
"""

from dataclasses import dataclass, replace

from devices.protocol.ids import AssetDigest
from devices.protocol.limits import ASRUN_RECORDS_MAX, TIME_MS_MAX
from devices.protocol.messages import AsRun, Outcome, Source, Why
from devices.protocol.playout import Sound

NOTHING_HEARD_CDB = -9600


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """What sounds now; its end is not known yet."""

    source: Source
    id: str
    digest: AssetDigest
    step: int
    why: Why
    boot: int
    start_ms: int
    natural_end_ms: int  # when its audio ends by itself
    bound_ms: int  # the end of the window or the expiry: it never sounds then or later
    checkpoint_ms: int
    clock_trusted: bool
    level_cdb: int = NOTHING_HEARD_CDB

    def is_of(self, sound: Sound) -> bool:
        """Say whether `sound` is what sounds already."""
        mine = (self.source, self.id, self.digest, self.step)
        return mine == (sound.source, sound.id, sound.digest, sound.step)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Why what sounds stops: what comes instead, and who wanted it."""

    why: Why
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """All records that the hub has not confirmed, and the open one."""

    last_n: int = 0
    waiting: tuple[AsRun, ...] = ()
    open: Open | None = None
    settled: frozenset[str] = frozenset()  # items of the manifest held that sounded, or have their `missed` record

    def opened(self, entry: Open) -> "Ledger":
        """Return the ledger while `entry` sounds; an item that sounded is never missed."""
        settled = self.settled | {entry.id} if entry.source is Source.ITEM else self.settled
        return replace(self, open=entry, settled=settled)

    def heard(self, level_cdb: int) -> "Ledger":
        """Return the ledger with the level of what sounds."""
        if self.open is None:
            return self
        level_cdb = max(NOTHING_HEARD_CDB, min(level_cdb, 0))
        return replace(self, open=replace(self.open, level_cdb=level_cdb))

    def checkpointed(self, now_ms: int) -> "Ledger":
        """Return the ledger that power loss would leave with an end at `now_ms`."""
        if self.open is None:
            return self
        return replace(self, open=replace(self.open, checkpoint_ms=max(now_ms, self.open.start_ms)))

    def shifted(self, by_ms: int, *, trusted: bool) -> "Ledger":
        """Return the ledger after the clock was set: what sounds has begun at the same moment of a new clock."""
        o = self.open
        if o is None:
            return self
        moved = replace(o, start_ms=o.start_ms + by_ms, checkpoint_ms=o.checkpoint_ms + by_ms, clock_trusted=trusted)
        return replace(self, open=moved)

    def closed(self, now_ms: int, ending: Ending) -> "Ledger":
        """Return the ledger after what sounds has stopped.  Less than a millisecond of sound is no record."""
        o = self.open
        if o is None:
            return self
        end_ms = min(now_ms, o.natural_end_ms, o.bound_ms)
        if end_ms <= o.start_ms:
            return replace(self, open=None)
        complete = end_ms >= (o.bound_ms if o.source is Source.FILLER else o.natural_end_ms)
        if complete:
            return self._with(o, end_ms, Outcome.COMPLETED, Ending(why=o.why))
        return self._with(o, end_ms, Outcome.CUT, ending)

    def after_power_loss(self) -> "Ledger":
        """Return the ledger at power-up: what sounded was cut, at the last moment that is certain."""
        o = self.open
        return self._with(o, o.checkpoint_ms, Outcome.CUT, Ending(why=Why.POWER_LOST)) if o else self

    def missed(self, item_id: str, digest: AssetDigest, window: tuple[int, int], boot: int, ending: Ending) -> "Ledger":
        """Return the ledger with the record of an item that never sounded."""
        start_ms, end_ms = window
        record = AsRun(
            n=self.last_n + 1,
            boot=boot,
            source=Source.ITEM,
            id=item_id,
            digest=digest,
            start_ms=start_ms,
            end_ms=end_ms,
            outcome=Outcome.MISSED,
            why=ending.why,
            by=ending.by,
        )
        added = replace(self, last_n=record.n, waiting=(*self.waiting, record))
        return replace(added, settled=self.settled | {item_id})

    def confirmed(self, n: int) -> "Ledger":
        """Return the ledger after the hub said that it holds all records up to `n`."""
        return replace(self, waiting=tuple(record for record in self.waiting if record.n > n))

    def batch(self) -> tuple[AsRun, ...]:
        """Return what the next report carries, oldest first."""
        return self.waiting[:ASRUN_RECORDS_MAX]

    def _with(self, o: Open, end_ms: int, outcome: Outcome, ending: Ending) -> "Ledger":
        record = AsRun(
            n=self.last_n + 1,
            boot=o.boot,
            source=o.source,
            id=o.id,
            digest=o.digest,
            start_ms=on_wire(o.start_ms),
            end_ms=on_wire(end_ms),
            outcome=outcome,
            why=ending.why,
            by=ending.by,
            level_cdb=o.level_cdb,
            clock_trusted=o.clock_trusted,
        )
        return replace(self, last_n=record.n, waiting=(*self.waiting, record), open=None)


def on_wire(at_ms: int) -> int:
    """Return a moment that the codec takes: a clock that was never set may show anything."""
    return max(0, min(at_ms, TIME_MS_MAX))
