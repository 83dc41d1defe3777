from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.delivery import (
    QUEUE_WITHIN,
    RULES,
    DeliveryKey,
    Ignored,
    Sent,
    Standing,
    on_ack,
    on_expired,
    on_sent,
    queued,
    review,
    standing,
)
from devices.protocol.errors import Reason
from devices.protocol.ids import AreaCode, DeviceId
from devices.protocol.lifecycle import Delivery
from devices.protocol.messages import Ack, AckStage, AreaSequence, Subject, Why

NOW = datetime(2026, 9, 5, 10, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
EXPIRES = NOW + timedelta(hours=1)
LOA = DeviceId("loa-1")
SECOND = timedelta(seconds=1)
DOCUMENT = AreaSequence(area=AreaCode("48"), sequence=7)


def delivery(subject: Subject = Subject.OVERRIDE, state: Delivery = Delivery.SENT) -> Sent:
    ref, sequence = ("", 7) if subject is Subject.MANIFEST else ("bao-4", 0)
    key = DeliveryKey(device=LOA, subject=subject, ref=ref, sequence=sequence)
    sent = on_sent(queued(key, now=NOW, expires_at=EXPIRES), now=NOW, document=DOCUMENT)
    return replace(sent, state=state)


def ack(stage: AckStage, subject: Subject = Subject.OVERRIDE, **said: object) -> Ack:
    ref = "" if subject is Subject.MANIFEST else "bao-4"
    fields = {"device": LOA, "at_ms": NOW_MS, "of": subject, "ref": ref, "sequence": 7, "stage": stage, **said}
    return Ack(**fields)  # type: ignore[arg-type]


R, A, X, D = AckStage.RECEIVED, AckStage.ACCEPTED, AckStage.REFUSED, AckStage.DONE
AFTER = {
    # an answer may overtake the note that the message was sent
    (Delivery.QUEUED, R): Delivery.RECEIVED,
    (Delivery.QUEUED, A): Delivery.ACCEPTED,
    (Delivery.QUEUED, X): Delivery.REFUSED,
    (Delivery.QUEUED, D): Delivery.DONE,
    (Delivery.SENT, R): Delivery.RECEIVED,
    (Delivery.SENT, A): Delivery.ACCEPTED,
    (Delivery.SENT, X): Delivery.REFUSED,
    (Delivery.SENT, D): Delivery.DONE,
    (Delivery.RECEIVED, R): Ignored.REPEATED,
    (Delivery.RECEIVED, A): Delivery.ACCEPTED,
    (Delivery.RECEIVED, X): Delivery.REFUSED,
    (Delivery.RECEIVED, D): Delivery.DONE,
    (Delivery.ACCEPTED, R): Ignored.LATE,
    (Delivery.ACCEPTED, A): Ignored.REPEATED,
    (Delivery.ACCEPTED, X): Ignored.OLD_COPY,
    (Delivery.ACCEPTED, D): Delivery.DONE,
    (Delivery.REFUSED, R): Ignored.LATE,
    (Delivery.REFUSED, A): Delivery.ACCEPTED,
    (Delivery.REFUSED, X): Ignored.REPEATED,
    (Delivery.REFUSED, D): Delivery.DONE,  # the acceptance in between was lost
    (Delivery.DONE, R): Ignored.LATE,
    (Delivery.DONE, A): Ignored.LATE,
    (Delivery.DONE, X): Ignored.OLD_COPY,
    (Delivery.DONE, D): Ignored.REPEATED,
    (Delivery.EXPIRED, R): Ignored.AFTER_EXPIRY,
    (Delivery.EXPIRED, A): Ignored.AFTER_EXPIRY,
    (Delivery.EXPIRED, X): Ignored.AFTER_EXPIRY,
    (Delivery.EXPIRED, D): Ignored.AFTER_EXPIRY,
}


@pytest.mark.parametrize(("state", "stage"), tuple(product(Delivery, AckStage)))
def test_every_ack_either_moves_its_delivery_or_is_ignored_with_a_reason(state: Delivery, stage: AckStage) -> None:
    answered = on_ack(delivery(state=state), ack(stage), now=NOW)
    expected = AFTER[state, stage]
    assert (answered.ignored or answered.sent.state) is expected
    if answered.ignored:
        assert answered.sent.state is state


def test_a_refusal_keeps_its_reason_and_a_later_acceptance_drops_it() -> None:
    refused = on_ack(delivery(), ack(X, reason=Reason.BAD_SIGNATURE), now=NOW).sent
    assert (refused.state, refused.reason) == (Delivery.REFUSED, Reason.BAD_SIGNATURE)
    accepted = on_ack(refused, ack(A), now=NOW).sent
    assert (accepted.state, accepted.reason) == (Delivery.ACCEPTED, None)


def test_the_moment_of_the_sound_is_kept_even_when_the_ack_comes_after_the_expiry() -> None:
    answered = on_ack(delivery(state=Delivery.EXPIRED), ack(D, sounded_at_ms=NOW_MS + 500), now=EXPIRES + SECOND)
    assert answered.ignored is Ignored.AFTER_EXPIRY
    assert answered.sent.sounded_at == NOW + timedelta(milliseconds=500)


def test_why_it_ended_without_a_sound_is_kept() -> None:
    assert on_ack(delivery(), ack(D, why=Why.WAITING_FOR_AUDIO), now=NOW).sent.why is Why.WAITING_FOR_AUDIO


STRANGE = {
    "of another device": ack(A, device=DeviceId("loa-2")),
    "about another subject": ack(A, of=Subject.CMD),
    "about another override": ack(A, ref="bao-5"),
    "refusing an older document of the area": ack(X, ref="48", sequence=6),
    "refusing a document of another area": ack(X, ref="01", sequence=7),
    "accepting a document as a whole": ack(A, ref="48", sequence=7),
}


@pytest.mark.parametrize("case", STRANGE)
def test_an_ack_is_not_taken_for_this_delivery_when_it_is(case: str) -> None:
    answered = on_ack(delivery(), STRANGE[case], now=NOW)
    assert (answered.ignored, answered.sent) == (Ignored.OTHER, delivery())


def test_a_refusal_of_the_whole_document_refuses_the_override_in_it() -> None:
    answered = on_ack(delivery(), ack(X, ref="48", sequence=7, reason=Reason.CONFLICT), now=NOW)
    assert answered.sent.reason is Reason.CONFLICT


def test_a_newer_document_of_an_area_takes_the_place_of_the_older_and_leaves_other_areas_alone() -> None:
    other = AreaSequence(area=AreaCode("g-lien-xa"), sequence=3)
    newer = replace(DOCUMENT, sequence=8)
    sent = on_sent(on_sent(delivery(), now=NOW, document=other), now=NOW, document=newer)
    assert set(sent.documents) == {other, newer}
    assert on_ack(sent, ack(X, ref="48", sequence=7), now=NOW).ignored is Ignored.OTHER


def test_a_manifest_is_known_by_its_sequence() -> None:
    manifest = delivery(Subject.MANIFEST)
    assert on_ack(manifest, ack(A, Subject.MANIFEST, sequence=6), now=NOW).ignored is Ignored.OTHER
    assert on_ack(manifest, ack(A, Subject.MANIFEST), now=NOW).sent.state is Delivery.ACCEPTED


stages = st.lists(st.sampled_from(AckStage), min_size=1, max_size=8)


@given(stages, st.randoms(use_true_random=False))
def test_the_order_and_the_number_of_acks_do_not_matter(said: list[AckStage], shuffler: object) -> None:
    def end(order: list[AckStage]) -> Delivery:
        sent = delivery()
        for stage in order:
            sent = on_ack(sent, ack(stage), now=NOW).sent
        return sent.state

    shuffled = said * 2
    shuffler.shuffle(shuffled)  # type: ignore[attr-defined]
    assert end(shuffled) is end(said)


# --- patience -------------------------------------------------------------------------------------------------------


def sent_times(subject: Subject, times: int, at: datetime = NOW) -> Sent:
    sent = queued(delivery(subject).key, now=NOW, expires_at=EXPIRES)
    for _ in range(times):
        sent = on_sent(sent, now=at)
    return sent


@pytest.mark.parametrize(
    ("sent", "after", "expected"),
    [
        (sent_times(Subject.CMD, 0), QUEUE_WITHIN - SECOND, Standing.WAITING),
        (sent_times(Subject.CMD, 0), QUEUE_WITHIN, Standing.OVERDUE),
        (sent_times(Subject.CMD, 1), 4 * SECOND, Standing.WAITING),
        (sent_times(Subject.CMD, 1), 5 * SECOND, Standing.DUE),
        (sent_times(Subject.CMD, 2), 9 * SECOND, Standing.WAITING),
        (sent_times(Subject.CMD, 2), 10 * SECOND, Standing.DUE),
        (sent_times(Subject.CMD, 4), 39 * SECOND, Standing.WAITING),
        (sent_times(Subject.CMD, 4), 40 * SECOND, Standing.OVERDUE),
        (sent_times(Subject.CMD, 4), timedelta(hours=1), Standing.EXPIRED),
        (sent_times(Subject.MANIFEST, 1), timedelta(minutes=2), Standing.DUE),
        (sent_times(Subject.OVERRIDE, 1), timedelta(minutes=1), Standing.OVERDUE),
        (delivery(state=Delivery.ACCEPTED), timedelta(minutes=59), Standing.WAITING),
        (delivery(Subject.CMD, Delivery.ACCEPTED), timedelta(minutes=1), Standing.OVERDUE),
        (delivery(state=Delivery.ACCEPTED), timedelta(hours=1), Standing.EXPIRED),
        (delivery(state=Delivery.REFUSED), timedelta(days=1), Standing.SETTLED),
        (delivery(state=Delivery.DONE), timedelta(days=1), Standing.SETTLED),
        (delivery(state=Delivery.EXPIRED), timedelta(days=1), Standing.SETTLED),
    ],
)
def test_what_a_delivery_asks_of_the_hub(sent: Sent, after: timedelta, expected: Standing) -> None:
    assert standing(sent, NOW + after) is expected


def test_what_has_expired_is_noted_once_and_what_is_settled_stays() -> None:
    assert on_expired(delivery()).state is Delivery.EXPIRED
    assert on_expired(delivery(state=Delivery.DONE)).state is Delivery.DONE


def test_sending_again_after_an_answer_counts_and_moves_nothing() -> None:
    again = on_sent(delivery(state=Delivery.ACCEPTED), now=NOW + SECOND)
    assert (again.state, again.attempts, again.sent_at) == (Delivery.ACCEPTED, 2, NOW + SECOND)


def test_a_review_sorts_the_ledger_by_what_it_asks() -> None:
    due, done = sent_times(Subject.CMD, 1), delivery(state=Delivery.DONE)
    waiting = delivery(Subject.MANIFEST)
    tally = review([due, done, waiting], NOW + 6 * SECOND)
    assert (tally.due, tally.settled, tally.waiting, tally.overdue) == ((due,), (done,), (waiting,), ())


def test_there_is_a_rule_for_everything_that_is_delivered() -> None:
    assert set(RULES) == {Subject.MANIFEST, Subject.OVERRIDE, Subject.CMD}
