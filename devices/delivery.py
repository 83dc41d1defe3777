"""The ledger: what was sent to whom, and how far it has come.  PURE; moved by `protocol.lifecycle.DELIVERY` alone.

Acks come late, twice, in any order and from strangers.  None of them raises: an ack that cannot move its delivery is
ignored with a reason, and what it says of the sound is kept all the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from devices.protocol.errors import IllegalTransition, Reason
from devices.protocol.ids import DeviceId
from devices.protocol.lifecycle import DELIVERY, Delivery, Step, move
from devices.protocol.messages import Ack, AckStage, AreaSequence, Subject, Why


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryKey:
    """What one delivery is: a manifest by its sequence, an override or a command by its id."""

    device: DeviceId
    subject: Subject  # MANIFEST, OVERRIDE or CMD
    ref: str = ""  # override id or command id; empty for a manifest
    sequence: int = 0  # of a manifest; 0 for the others


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One delivery as the hub knows it."""

    key: DeliveryKey
    state: Delivery = Delivery.QUEUED
    queued_at: datetime
    expires_at: datetime
    documents: tuple[AreaSequence, ...] = ()  # overrides: the newest document of each area that carried it
    attempts: int = 0
    sent_at: datetime | None = None  # the last time
    answered_at: datetime | None = None  # the last answer that counted, by the hub's clock
    reason: Reason | None = None  # why it was refused
    why: Why | None = None  # why it ended without sounding
    sounded_at: datetime | None = None  # when it first sounded, by the device's clock


class Ignored(StrEnum):
    """Why an ack moved nothing."""

    OTHER = "other"  # about something else
    REPEATED = "repeated"  # said before
    LATE = "late"  # overtaken by a later stage
    AFTER_EXPIRY = "after_expiry"
    OLD_COPY = "old_copy"  # a copy was refused after the message itself had been accepted


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A delivery after an ack; `ignored` None: it has moved."""

    sent: Sent
    ignored: Ignored | None = None


class Standing(StrEnum):
    """What a delivery asks of the hub now."""

    WAITING = "waiting"  # nothing
    DUE = "due"  # send it again
    OVERDUE = "overdue"  # tell a person: sending again has not helped
    EXPIRED = "expired"  # note that nobody may obey it any more
    SETTLED = "settled"  # nothing, ever again


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How patient the hub is with one kind of message."""

    resend_after: timedelta  # doubles with each attempt
    attempts_max: int
    finish_within: timedelta | None = None  # after the acceptance; None: as long as it is valid


# A command is lost when the device is away for a moment.  Manifests and overrides are retained: the broker gives them
# to whoever comes back, so sending again only mends a lost copy; and overrides have the roll call, which is quicker.
RULES: Mapping[Subject, Rule] = {
    Subject.CMD: Rule(resend_after=timedelta(seconds=5), attempts_max=4, finish_within=timedelta(minutes=1)),
    Subject.MANIFEST: Rule(resend_after=timedelta(minutes=2), attempts_max=3, finish_within=timedelta(hours=6)),
    Subject.OVERRIDE: Rule(resend_after=timedelta(minutes=1), attempts_max=1),
}
QUEUE_WITHIN = timedelta(seconds=10)  # one broker reconnect; longer in the outbox and a person should know

_STEPS: Mapping[AckStage, Step] = {
    AckStage.RECEIVED: Step.RECEIVE,
    AckStage.ACCEPTED: Step.ACCEPT,
    AckStage.REFUSED: Step.REFUSE,
    AckStage.DONE: Step.FINISH,
}
# An answer proves what must have come before it, also when nobody has told the ledger yet.
_PROVEN: Mapping[tuple[Delivery, Step], Step] = {
    (Delivery.QUEUED, Step.RECEIVE): Step.SEND,
    (Delivery.QUEUED, Step.ACCEPT): Step.SEND,
    (Delivery.QUEUED, Step.REFUSE): Step.SEND,
    (Delivery.QUEUED, Step.FINISH): Step.SEND,
    (Delivery.REFUSED, Step.FINISH): Step.ACCEPT,
}
_REACHED: Mapping[Step, Delivery] = {
    Step.RECEIVE: Delivery.RECEIVED,
    Step.ACCEPT: Delivery.ACCEPTED,
    Step.REFUSE: Delivery.REFUSED,
    Step.FINISH: Delivery.DONE,
}
_SETTLED = frozenset({Delivery.REFUSED, Delivery.DONE, Delivery.EXPIRED})


def queued(key: DeliveryKey, *, now: datetime, expires_at: datetime, documents: tuple[AreaSequence, ...] = ()) -> Sent:
    """Return a delivery whose message has been committed and is not yet at the broker."""
    return Sent(key=key, queued_at=now, expires_at=expires_at, documents=documents)


def on_sent(sent: Sent, *, now: datetime, document: AreaSequence | None = None) -> Sent:
    """Return `sent` after the broker took the message, once more or for the first time."""
    known = replace(sent, attempts=sent.attempts + 1, sent_at=now)
    if document is not None:
        others = tuple(held for held in sent.documents if held.area != document.area)
        known = replace(known, documents=(*others, document))
    return _moved(known, Step.SEND) or known


def on_ack(sent: Sent, ack: Ack, *, now: datetime) -> Answered:
    """Return what `ack` makes of `sent`.  Never raises: what does not fit is ignored, with the reason."""
    if not concerns(sent, ack):
        return Answered(sent=sent, ignored=Ignored.OTHER)
    known = _with_facts(sent, ack)
    step = _STEPS[ack.stage]
    proven = _PROVEN.get((known.state, step))
    ready = known if proven is None else _moved(known, proven) or known
    after = _moved(ready, step)
    if after is None:
        return Answered(sent=known, ignored=_why_ignored(known, step))
    reason = ack.reason if step is Step.REFUSE else None
    return Answered(sent=replace(after, answered_at=now, reason=reason))


def on_expired(sent: Sent) -> Sent:
    """Return `sent` after its time; what is settled stays as it is."""
    return _moved(sent, Step.EXPIRE) or sent


def concerns(sent: Sent, ack: Ack) -> bool:
    """Say whether `ack` speaks of this delivery: by its id, or by refusing a whole document that carried it."""
    key = sent.key
    if (ack.device, ack.of) != (key.device, key.subject):
        return False
    if key.subject is Subject.MANIFEST:
        return ack.sequence == key.sequence
    if ack.ref == key.ref:
        return True
    whole = ack.of is Subject.OVERRIDE and ack.stage is AckStage.REFUSED
    return whole and any((ack.ref, ack.sequence) == (held.area, held.sequence) for held in sent.documents)


def standing(sent: Sent, now: datetime) -> Standing:
    """Return what `sent` asks of the hub at `now`."""
    if sent.state in _SETTLED:
        return Standing.SETTLED
    if now >= sent.expires_at:
        return Standing.EXPIRED
    if sent.state is Delivery.QUEUED or sent.sent_at is None:
        return Standing.OVERDUE if now - sent.queued_at >= QUEUE_WITHIN else Standing.WAITING
    rule = RULES[sent.key.subject]
    if sent.state is Delivery.ACCEPTED:
        waited = now - (sent.answered_at or sent.sent_at)
        late = rule.finish_within is not None and waited >= rule.finish_within
        return Standing.OVERDUE if late else Standing.WAITING
    if now - sent.sent_at < patience(rule, sent.attempts):
        return Standing.WAITING
    return Standing.DUE if sent.attempts < rule.attempts_max else Standing.OVERDUE


def patience(rule: Rule, attempts: int) -> timedelta:
    """Return how long to wait after the `attempts`-th time of sending."""
    return rule.resend_after * (1 << min(max(attempts - 1, 0), 16))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Deliveries by what they ask; each tuple in the order given."""

    due: tuple[Sent, ...] = field(default=())
    overdue: tuple[Sent, ...] = field(default=())
    expired: tuple[Sent, ...] = field(default=())
    waiting: tuple[Sent, ...] = field(default=())
    settled: tuple[Sent, ...] = field(default=())


def review(ledger: Iterable[Sent], now: datetime) -> Tally:
    """Return the ledger sorted by what it asks of the hub at `now`."""
    found: dict[str, list[Sent]] = {kind.value: [] for kind in Standing}
    for sent in ledger:
        found[standing(sent, now).value].append(sent)
    return Tally(**{kind: tuple(sents) for kind, sents in found.items()})


def _moved(sent: Sent, step: Step) -> Sent | None:
    """Return `sent` after `step`, or None when the table has no such step."""
    try:
        return replace(sent, state=move(DELIVERY, sent.state, step))
    except IllegalTransition:
        return None


def _with_facts(sent: Sent, ack: Ack) -> Sent:
    """Keep what a device says of the sound, whatever becomes of its ack."""
    sounded_at = sent.sounded_at
    if ack.sounded_at_ms:
        said = datetime.fromtimestamp(ack.sounded_at_ms / 1000, UTC)
        sounded_at = min(said, sounded_at or said)
    return replace(sent, sounded_at=sounded_at, why=sent.why or ack.why)


def _why_ignored(sent: Sent, step: Step) -> Ignored:
    if sent.state is _REACHED[step]:
        return Ignored.REPEATED
    if sent.state is Delivery.EXPIRED:
        return Ignored.AFTER_EXPIRY
    return Ignored.OLD_COPY if step is Step.REFUSE else Ignored.LATE
