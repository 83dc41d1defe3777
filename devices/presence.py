"""Who is there: states and every other sign of life, folded into one answer per loudspeaker.  PURE.

Time is the hub's: when a message came, not what the device's clock says.  A device says its state at least every
60 s; one that has missed it is late, one that has missed three is lost, and so is one whose last will has come.
Late and lost are different things to a person: late mends itself, lost needs somebody to look.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from devices.protocol.ids import DeviceId
from devices.protocol.messages import State, Status

STATE_EVERY = timedelta(seconds=60)  # the wire contract: a state at least this often
LATE_AFTER = timedelta(seconds=90)  # one state missed, and half a period for the line
LOST_AFTER = timedelta(seconds=200)  # three missed: longer than any modem takes to attach again
CLOCK_STEP_MS = 60_000  # a trusted clock may be corrected backwards by so much; anything older is a late copy


class Presence(StrEnum):
    """Whether a loudspeaker is there."""

    NEVER_SEEN = "never_seen"
    ONLINE = "online"
    LATE = "late"  # it should have spoken by now
    LOST = "lost"  # its last will has come, or it has been silent for long


WORDS: Mapping[Presence, str] = {
    Presence.NEVER_SEEN: "Chưa kết nối lần nào",
    Presence.ONLINE: "Hoạt động",
    Presence.LATE: "Chậm phản hồi",
    Presence.LOST: "Mất kết nối",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What the hub knows about one loudspeaker's being there."""

    device: DeviceId
    heard_at: datetime | None = None  # when it last gave a sign of life
    lost_at: datetime | None = None  # when its last will came; None once it has been heard again
    state: State | None = None  # the newest it has said of itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Headcount:
    """How many loudspeakers are in which presence."""

    total: int
    never_seen: int
    online: int
    late: int
    lost: int


def on_state(seen: Sighting, state: State, *, now: datetime, retained: bool = False) -> Sighting:
    """Return `seen` after a state.  `retained`: the broker kept it, so it says nothing about this moment."""
    if state.device != seen.device:
        return seen
    if state.status is Status.LOST:
        return _on_last_will(seen, state, now)
    if retained:  # the last word on this topic: had the will been published since, it would stand here
        heard_at = _later(seen.heard_at, _said_at(state, now))
        newest = state if _is_newer(state, seen.state) else seen.state
        return replace(seen, state=newest, heard_at=heard_at, lost_at=None)
    if not _is_newer(state, seen.state):  # a late copy, or a replayed one: no sign of life
        return seen
    return replace(seen, state=state, heard_at=_later(seen.heard_at, now), lost_at=None)


def on_message(seen: Sighting, *, now: datetime) -> Sighting:
    """Return `seen` after any other signed message of the device: an ack, a need, a report."""
    return replace(seen, heard_at=_later(seen.heard_at, now), lost_at=None)


def presence(seen: Sighting, now: datetime) -> Presence:
    """Return whether the loudspeaker is there."""
    if seen.lost_at is not None:
        return Presence.LOST
    if seen.heard_at is None:
        return Presence.NEVER_SEEN
    silent = now - seen.heard_at
    if silent < LATE_AFTER:
        return Presence.ONLINE
    return Presence.LATE if silent < LOST_AFTER else Presence.LOST


def age(seen: Sighting, now: datetime) -> timedelta | None:
    """Return how long the loudspeaker has been silent; None if it was never heard."""
    return None if seen.heard_at is None else max(now - seen.heard_at, timedelta())


def next_change(seen: Sighting, now: datetime) -> datetime | None:
    """Return when the presence changes if nothing comes; None: it stays."""
    edges = {Presence.ONLINE: LATE_AFTER, Presence.LATE: LOST_AFTER}
    edge = edges.get(presence(seen, now))
    return None if edge is None or seen.heard_at is None else seen.heard_at + edge


def headcount(sightings: Iterable[Sighting], now: datetime) -> Headcount:
    """Return how many loudspeakers are in which presence."""
    counted = Counter(presence(seen, now) for seen in sightings)
    return Headcount(total=counted.total(), **{kind.value: counted[kind] for kind in Presence})


def _on_last_will(seen: Sighting, will: State, now: datetime) -> Sighting:
    """Sealed when its connection began, a will has no time that counts; one of an earlier power-up is a late copy."""
    if seen.state is not None and will.boot < seen.state.boot:
        return seen
    return replace(seen, lost_at=seen.lost_at or now, state=seen.state or will)


def _is_newer(state: State, than: State | None) -> bool:
    """A clock that has just come to be trusted may have jumped to any side, so trust counts before time."""
    if than is None or than.status is Status.LOST:
        return True
    if (state.boot, state.clock_trusted) != (than.boot, than.clock_trusted):
        return (state.boot, state.clock_trusted) > (than.boot, than.clock_trusted)
    return state.at_ms != than.at_ms and state.at_ms > than.at_ms - CLOCK_STEP_MS


def _said_at(state: State, now: datetime) -> datetime | None:
    return min(datetime.fromtimestamp(state.at_ms / 1000, UTC), now) if state.clock_trusted else None


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(filter(None, (one, other)), default=None)
