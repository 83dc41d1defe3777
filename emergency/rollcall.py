"""Roll call: who has accepted, who has sounded, who is silent, and what to do about it.  PURE.

One call per loudspeaker.  Acks come twice, late and in any order: each only adds a fact, and of two like facts the
earlier stays, so the same acks give the same call in whatever order they come.  Fail open: a duplicate is better than a
miss, and the expiry ends everything by itself.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from devices.protocol.errors import Reason
from devices.protocol.ids import AlertId, DeviceId
from devices.protocol.messages import Ack, AckStage, AreaSequence, Subject, Why

RESEND_AFTER = timedelta(seconds=5)  # one modem re-attach; doubles with each attempt
ATTEMPTS_MAX = 5  # 5 + 10 + 20 + 40 + 80 s: what has not answered after two and a half minutes needs a person
SOUND_WITHIN = timedelta(seconds=30)  # after the acceptance: a pinned sound needs one, a higher override a whole clip
GIVE_UP_AFTER = timedelta(minutes=15)  # after a person was told; then the page stops asking
DAMAGED = frozenset(  # the bytes suffered on their way, or a key is still on its way: the same bytes again may be good
    {Reason.BAD_ENVELOPE, Reason.BAD_SIGNATURE, Reason.BAD_UTF8, Reason.BAD_JSON, Reason.UNKNOWN_KEY}
)
GREEN_PERCENT, RED_PERCENT = 80, 60  # the field's own habit for success rates


class Because(StrEnum):
    """Why a step is taken."""

    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    DAMAGED = "damaged"  # it refused bytes that had suffered on their way
    REFUSED = "refused"
    ACCEPTED_BUT_SILENT = "accepted_but_silent"
    NOT_SOUNDED = "not_sounded"
    OVER = "over"  # its time has passed


@dataclass(frozen=True, slots=True, kw_only=True)
class RollCall:
    """What is asked of all: one incident's override, and until when it makes sense to ask."""

    alert: AlertId
    opened_at: datetime
    expires_at: datetime
    documents: tuple[AreaSequence, ...] = ()  # the newest document of each area that carried it
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A device's no, and when the hub heard it."""

    at: datetime
    reason: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One loudspeaker on the roll."""

    alert: AlertId
    device: DeviceId
    expires_at: datetime
    first_sent_at: datetime
    last_sent_at: datetime
    attempts: int = 1
    reachable: bool = True  # by presence
    received_at: datetime | None = None
    accepted_at: datetime | None = None
    refused: Refusal | None = None
    sounded_at: datetime | None = None  # when it was heard under the horn
    ended_at: datetime | None = None  # when it said that it had ended without a sound
    why: Why | None = None
    escalated_at: datetime | None = None
    told: Because | None = None  # what a person was told; a new trouble is told again
    gave_up_at: datetime | None = None


class Standing(StrEnum):
    """Where a loudspeaker stands; the best thing known of it."""

    SOUNDED = "sounded"
    NOT_SOUNDED = "not_sounded"  # it ended without a sound
    ACCEPTED = "accepted"
    REFUSED = "refused"
    RECEIVED = "received"
    SILENT = "silent"  # no answer
    UNREACHABLE = "unreachable"  # no answer, and not there


STANDING_WORDS: Mapping[Standing, str] = {
    Standing.SOUNDED: "Đã phát",
    Standing.NOT_SOUNDED: "Không phát được",
    Standing.ACCEPTED: "Đã nhận lệnh",
    Standing.REFUSED: "Từ chối",
    Standing.RECEIVED: "Đã nhận tin",
    Standing.SILENT: "Chưa trả lời",
    Standing.UNREACHABLE: "Mất kết nối",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resend:
    """Publish the documents of its areas once more."""

    device: DeviceId
    because: Because


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalate:
    """Tell a person: call the village, send somebody, use another way."""

    device: DeviceId
    because: Because
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUp:
    """Ask no more."""

    device: DeviceId
    because: Because


NextStep = Resend | Escalate | GiveUp


# --- the roll -------------------------------------------------------------------------------------------------------


def open_roll(
    alert: AlertId,
    devices: Iterable[DeviceId],
    *,
    now: datetime,
    expires_at: datetime,
    documents: tuple[AreaSequence, ...] = (),
    unreachable: Iterable[DeviceId] = (),
) -> tuple[RollCall, tuple[Call, ...]]:
    """Return the roll of an override that has just been sent, one call per device, in order of id."""
    gone = frozenset(unreachable)
    roll = RollCall(alert=alert, opened_at=now, expires_at=expires_at, documents=documents)
    calls = (
        Call(
            alert=alert,
            device=device,
            expires_at=expires_at,
            first_sent_at=now,
            last_sent_at=now,
            reachable=device not in gone,
        )
        for device in sorted(set(devices))
    )
    return roll, tuple(calls)


def republished(roll: RollCall, document: AreaSequence) -> RollCall:
    """Return `roll` after its override went out in a newer document of an area."""
    others = tuple(held for held in roll.documents if held.area != document.area)
    return replace(roll, documents=(*others, document))


def concerns(roll: RollCall, ack: Ack) -> bool:
    """Say whether `ack` speaks of this override: by its id, or by refusing a whole document that carries it."""
    if ack.of is not Subject.OVERRIDE:
        return False
    if ack.ref == roll.alert:
        return True
    whole = ack.stage is AckStage.REFUSED
    return whole and any((ack.ref, ack.sequence) == (held.area, held.sequence) for held in roll.documents)


def on_ack(call: Call, ack: Ack, *, now: datetime) -> Call:
    """Return `call` with what `ack` says; let only acks in that `concerns` its roll.

    Commutes and is idempotent: the same acks in any order, any number of times, give the same call.
    """
    if ack.device != call.device or ack.of is not Subject.OVERRIDE:
        return call
    match ack.stage:
        case AckStage.RECEIVED:
            return replace(call, received_at=_earlier(call.received_at, now))
        case AckStage.ACCEPTED:
            return replace(call, accepted_at=_earlier(call.accepted_at, now))
        case AckStage.REFUSED:
            return replace(call, refused=_first_refusal(call.refused, Refusal(at=now, reason=ack.reason)))
        case AckStage.DONE if ack.sounded_at_ms:
            return replace(call, sounded_at=_earlier(call.sounded_at, _heard_at(call, ack, now)))
        case AckStage.DONE:
            return _ended(call, ack, now)


def on_presence(call: Call, *, reachable: bool) -> Call:
    """Return `call` after its device went or came back."""
    return replace(call, reachable=reachable)


def on_step(call: Call, step: NextStep, *, now: datetime) -> Call:
    """Return `call` after `step` was taken."""
    match step:
        case Resend():
            return replace(call, last_sent_at=now, attempts=call.attempts + 1)
        case Escalate():
            return replace(call, escalated_at=now, told=step.because)
        case GiveUp():
            return replace(call, gave_up_at=now)


def standing(call: Call) -> Standing:
    """Return the best thing known of a loudspeaker."""
    known = (
        (call.sounded_at, Standing.SOUNDED),
        (call.ended_at, Standing.NOT_SOUNDED),
        (call.accepted_at, Standing.ACCEPTED),
        (call.refused, Standing.REFUSED),
        (call.received_at, Standing.RECEIVED),
    )
    silent = Standing.SILENT if call.reachable else Standing.UNREACHABLE
    return next((found for fact, found in known if fact is not None), silent)


# --- what to do -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A step and the moment from which it must be taken."""

    at: datetime
    step: NextStep


def next_steps(calls: Iterable[Call], now: datetime) -> tuple[NextStep, ...]:
    """Return what to do at `now`, at most one step a device.  Note each with `on_step`, or it is asked for again."""
    due = ((call, next_due(call)) for call in calls)
    return tuple(
        found.step if now < call.expires_at else GiveUp(device=call.device, because=Because.OVER)
        for call, found in due
        if found is not None and found.at <= now
    )


def next_wake(calls: Iterable[Call]) -> datetime | None:
    """Return when `next_steps` will next have something to say if nothing comes; None: never."""
    return min((found.at for call in calls if (found := next_due(call)) is not None), default=None)


def next_due(call: Call) -> Due | None:
    """Return the next step about one device, and from when; None when there is nothing more to do."""
    at = standing(call)
    if call.gave_up_at is not None or at is Standing.SOUNDED:
        return None
    over = Due(at=call.expires_at, step=GiveUp(device=call.device, because=Because.OVER))
    found = _TROUBLES[at](call)
    if isinstance(found.step, Escalate) and call.escalated_at is not None and call.told is found.step.because:
        found = Due(at=call.escalated_at + GIVE_UP_AFTER, step=GiveUp(device=call.device, because=call.told))
    return found if found.at < over.at else over


def _no_answer(call: Call) -> Due:
    """Ask again, each time more patiently, then tell a person."""
    return _again(call, call.last_sent_at + _patience(call.attempts), Because.NO_ANSWER)


def _unreachable(call: Call) -> Due:
    """What is retained reaches it when it comes back; meanwhile a person should know."""
    return Due(at=call.first_sent_at, step=Escalate(device=call.device, because=Because.UNREACHABLE))


def _refused(call: Call) -> Due:
    reason = call.refused.reason if call.refused else None
    at = call.refused.at if call.refused else call.last_sent_at
    if reason in DAMAGED:
        return _again(call, call.last_sent_at + _patience(call.attempts), Because.DAMAGED, reason)
    return Due(at=at, step=Escalate(device=call.device, because=Because.REFUSED, reason=reason))


def _accepted(call: Call) -> Due:
    at = (call.accepted_at or call.last_sent_at) + SOUND_WITHIN
    return Due(at=at, step=Escalate(device=call.device, because=Because.ACCEPTED_BUT_SILENT))


def _not_sounded(call: Call) -> Due:
    return Due(at=call.ended_at or call.last_sent_at, step=Escalate(device=call.device, because=Because.NOT_SOUNDED))


def _again(call: Call, at: datetime, because: Because, reason: Reason | None = None) -> Due:
    if call.attempts < ATTEMPTS_MAX:
        return Due(at=at, step=Resend(device=call.device, because=because))
    return Due(at=at, step=Escalate(device=call.device, because=because, reason=reason))


def _patience(attempts: int) -> timedelta:
    return RESEND_AFTER * (1 << (attempts - 1))


_TROUBLES: Mapping[Standing, Callable[[Call], Due]] = {
    Standing.SILENT: _no_answer,
    Standing.RECEIVED: _no_answer,
    Standing.UNREACHABLE: _unreachable,
    Standing.REFUSED: _refused,
    Standing.ACCEPTED: _accepted,
    Standing.NOT_SOUNDED: _not_sounded,
}


# --- the summary ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How long it took from the first sending, in ms; of those who did it."""

    first_ms: int
    median_ms: int
    p95_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """A roll call in numbers."""

    total: int
    accepted: int  # or more
    sounded: int
    refused: int
    silent: int  # no answer beyond "received"
    unreachable: int
    gave_up: int
    accepted_percent: int
    sounded_percent: int
    to_accepted: Latency | None = None  # None: nobody yet
    to_sounded: Latency | None = None


class Verdict(StrEnum):
    """How a percentage is shown."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


def tally(calls: Sequence[Call]) -> Tally:
    """Return `calls` in numbers."""
    at = Counter(standing(call) for call in calls)
    accepted = [call for call in calls if standing(call) in _OBEYED]
    return Tally(
        total=len(calls),
        accepted=len(accepted),
        sounded=at[Standing.SOUNDED],
        refused=at[Standing.REFUSED],
        silent=at[Standing.SILENT] + at[Standing.RECEIVED],
        unreachable=at[Standing.UNREACHABLE],
        gave_up=sum(call.gave_up_at is not None for call in calls),
        accepted_percent=_percent(len(accepted), len(calls)),
        sounded_percent=_percent(at[Standing.SOUNDED], len(calls)),
        to_accepted=latency((call.first_sent_at, call.accepted_at) for call in calls),
        to_sounded=latency((call.first_sent_at, call.sounded_at) for call in calls),
    )


def verdict(percent: int) -> Verdict:
    """Return how a success rate is shown."""
    if percent >= GREEN_PERCENT:
        return Verdict.GREEN
    return Verdict.RED if percent <= RED_PERCENT else Verdict.AMBER


def latency(spans: Iterable[tuple[datetime, datetime | None]]) -> Latency | None:
    """Return how long the spans that have ended took; None if none has."""
    took = sorted(max(0, (end - start) // timedelta(milliseconds=1)) for start, end in spans if end is not None)
    if not took:
        return None
    return Latency(first_ms=took[0], median_ms=_rank(took, 50), p95_ms=_rank(took, 95), last_ms=took[-1])


_OBEYED = frozenset({Standing.SOUNDED, Standing.NOT_SOUNDED, Standing.ACCEPTED})


def _rank(ordered: Sequence[int], percent: int) -> int:
    """Return the nearest-rank percentile of values in order."""
    return ordered[-(-len(ordered) * percent // 100) - 1]


def _percent(part: int, whole: int) -> int:
    """Return whole percents, rounded down: 100 means everybody."""
    return part * 100 // whole if whole else 0


# --- facts ----------------------------------------------------------------------------------------------------------


def _earlier(known: datetime | None, new: datetime) -> datetime:
    return new if known is None else min(known, new)


def _heard_at(call: Call, ack: Ack, now: datetime) -> datetime:
    """Return when it sounded.  Clocks may be wrong, yet nothing sounds before it is sent or after it is said."""
    said = datetime.fromtimestamp(ack.sounded_at_ms / 1000, UTC)
    return min(max(said, call.first_sent_at), now)


def _first_refusal(known: Refusal | None, new: Refusal) -> Refusal:
    return new if known is None else min(known, new, key=lambda refusal: (refusal.at, refusal.reason or ""))


def _ended(call: Call, ack: Ack, now: datetime) -> Call:
    """Keep the earliest end without a sound, and why."""
    new = (now, ack.why or "")
    known = (call.ended_at, call.why or "") if call.ended_at is not None else new
    ended_at, why = min(known, new)
    return replace(call, ended_at=ended_at, why=Why(why) if why else None)
