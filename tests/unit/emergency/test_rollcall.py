from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocol.errors import Reason
from devices.protocol.ids import AlertId, AreaCode, DeviceId
from devices.protocol.messages import Ack, AckStage, AreaSequence, Subject, Why
from emergency.rollcall import (
    ATTEMPTS_MAX,
    DAMAGED,
    GIVE_UP_AFTER,
    SOUND_WITHIN,
    STANDING_WORDS,
    Because,
    Call,
    Escalate,
    GiveUp,
    Latency,
    Resend,
    Standing,
    Verdict,
    concerns,
    latency,
    next_due,
    next_steps,
    next_wake,
    on_ack,
    on_presence,
    on_step,
    open_roll,
    republished,
    standing,
    tally,
    verdict,
)
from tests.unit.emergency.examples import HOUR, NOW, NOW_MS

ALERT, LOA = AlertId("lu-quet-1"), DeviceId("loa-1")
EXPIRES = NOW + HOUR
SECOND = timedelta(seconds=1)
DOCUMENT = AreaSequence(area=AreaCode("48"), sequence=7)
ROLL, (CALL,) = open_roll(ALERT, [LOA], now=NOW, expires_at=EXPIRES, documents=(DOCUMENT,))


def ack(stage: AckStage, **said: object) -> Ack:
    fields = {"device": LOA, "at_ms": NOW_MS, "of": Subject.OVERRIDE, "ref": ALERT, "sequence": 7, "stage": stage}
    return Ack(**fields | said)  # type: ignore[arg-type]


RECEIVED, ACCEPTED = ack(AckStage.RECEIVED), ack(AckStage.ACCEPTED)
REFUSED = ack(AckStage.REFUSED, reason=Reason.UNSUPPORTED)
DAMAGED_ACK = ack(AckStage.REFUSED, reason=Reason.BAD_SIGNATURE)
SOUNDED = ack(AckStage.DONE, sounded_at_ms=NOW_MS + 400)
SILENT_END = ack(AckStage.DONE, why=Why.WAITING_FOR_AUDIO)


def after(*acks: Ack, call: Call = CALL) -> Call:
    for said in acks:
        call = on_ack(call, said, now=NOW + SECOND)
    return call


GONE = on_presence(CALL, reachable=False)


# --- what is known --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (CALL, Standing.SILENT),
        (GONE, Standing.UNREACHABLE),
        (after(RECEIVED), Standing.RECEIVED),
        (after(RECEIVED, ACCEPTED), Standing.ACCEPTED),
        (after(REFUSED), Standing.REFUSED),
        (after(REFUSED, ACCEPTED), Standing.ACCEPTED),
        (after(SILENT_END), Standing.NOT_SOUNDED),
        (after(SOUNDED), Standing.SOUNDED),
        (after(SOUNDED, SILENT_END), Standing.SOUNDED),
        (after(SOUNDED, call=GONE), Standing.SOUNDED),
    ],
)
def test_a_loudspeaker_stands_where_the_best_that_is_known_puts_it(call: Call, expected: Standing) -> None:
    assert standing(call) is expected


def test_every_standing_has_a_word_for_the_screen() -> None:
    assert set(STANDING_WORDS) == set(Standing)


def test_a_roll_has_each_device_once_and_knows_who_was_gone_from_the_start() -> None:
    _, calls = open_roll(
        ALERT, [DeviceId("b"), DeviceId("a"), DeviceId("b")], now=NOW, expires_at=EXPIRES, unreachable=[DeviceId("b")]
    )
    assert [(call.device, call.reachable) for call in calls] == [("a", True), ("b", False)]


facts = st.sampled_from([RECEIVED, ACCEPTED, REFUSED, DAMAGED_ACK, SOUNDED, SILENT_END, ack(AckStage.DONE)])
arrivals = st.lists(st.tuples(facts, st.integers(0, 30)), max_size=8)


@given(arrivals, st.randoms(use_true_random=False))
def test_acks_in_any_order_and_any_number_give_the_same_call(said: list[tuple[Ack, int]], dice: object) -> None:
    def end(order: list[tuple[Ack, int]]) -> Call:
        call = CALL
        for one, seconds in order:
            call = on_ack(call, one, now=NOW + seconds * SECOND)
        return call

    shuffled = said * 2
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert end(shuffled) == end(said)


@given(arrivals, facts, st.integers(0, 30))
def test_one_more_ack_never_takes_back_a_sound_or_an_acceptance(
    said: list[tuple[Ack, int]], more: Ack, seconds: int
) -> None:
    call = CALL
    for one, at in said:
        call = on_ack(call, one, now=NOW + at * SECOND)
    later = on_ack(call, more, now=NOW + seconds * SECOND)
    order = list(Standing)
    assert order.index(standing(later)) <= order.index(standing(call))


@pytest.mark.parametrize(
    ("said_ms", "heard_ms"), [(400, 400), (-86_400_000, 0), (86_400_000, 1000)], ids=["right", "slow", "fast"]
)
def test_a_wrong_clock_cannot_put_a_sound_before_the_sending_or_after_the_hearing(said_ms: int, heard_ms: int) -> None:
    call = after(ack(AckStage.DONE, sounded_at_ms=NOW_MS + said_ms))
    assert call.sounded_at == NOW + timedelta(milliseconds=heard_ms)


def test_an_ack_of_another_device_changes_nothing() -> None:
    assert after(replace(ACCEPTED, device=DeviceId("loa-2"))) == CALL


CONCERNS = {
    "its own id": (ACCEPTED, True),
    "another override": (replace(ACCEPTED, ref="bao-4"), False),
    "a command of the same name": (replace(ACCEPTED, of=Subject.CMD), False),
    "its document refused as a whole": (replace(REFUSED, ref="48"), True),
    "an older document refused": (replace(REFUSED, ref="48", sequence=6), False),
    "the document of another area refused": (replace(REFUSED, ref="01"), False),
    "its document received as a whole": (replace(RECEIVED, ref="48"), False),
}


@pytest.mark.parametrize("case", CONCERNS)
def test_which_acks_speak_of_the_roll(case: str) -> None:
    said, expected = CONCERNS[case]
    assert concerns(ROLL, said) is expected


def test_after_a_newer_document_only_its_refusal_counts() -> None:
    newer = republished(ROLL, replace(DOCUMENT, sequence=8))
    assert not concerns(newer, replace(REFUSED, ref="48", sequence=7))
    assert concerns(newer, replace(REFUSED, ref="48", sequence=8))


# --- what to do -----------------------------------------------------------------------------------------------------


def sent(times: int, call: Call = CALL) -> Call:
    return replace(call, attempts=times)


def told(because: Because, call: Call = CALL) -> Call:
    return replace(call, escalated_at=NOW, told=because)


def steps(call: Call, seconds: float) -> tuple[object, ...]:
    return next_steps([call], NOW + timedelta(seconds=seconds))


def resend(because: Because = Because.NO_ANSWER) -> tuple[object, ...]:
    return (Resend(device=LOA, because=because),)


def escalate(because: Because, reason: Reason | None = None) -> tuple[object, ...]:
    return (Escalate(device=LOA, because=because, reason=reason),)


def give_up(because: Because) -> tuple[object, ...]:
    return (GiveUp(device=LOA, because=because),)


HOUR_S, LATER_S = HOUR.total_seconds(), GIVE_UP_AFTER.total_seconds()
STEPS = {
    "nothing before five seconds": (CALL, 4.9, ()),
    "again after five seconds": (CALL, 5, resend()),
    "twice as patient the second time": (sent(2), 9.9, ()),
    "again after ten more": (sent(2), 10, resend()),
    "again when only received": (after(RECEIVED), 5, resend()),
    "a person after the last attempt": (sent(ATTEMPTS_MAX), 80, escalate(Because.NO_ANSWER)),
    "not before the last attempt has had its time": (sent(ATTEMPTS_MAX), 79, ()),
    "a person at once for who is not there": (GONE, 0, escalate(Because.UNREACHABLE)),
    "no sending to who is not there": (told(Because.UNREACHABLE, GONE), 300, ()),
    "again to who has come back": (on_presence(told(Because.UNREACHABLE, GONE), reachable=True), 5, resend()),
    "a person for a refusal": (after(REFUSED), 1, escalate(Because.REFUSED, Reason.UNSUPPORTED)),
    "again for damaged bytes": (after(DAMAGED_ACK), 5, resend(Because.DAMAGED)),
    "a person for bytes damaged again and again": (
        sent(ATTEMPTS_MAX, after(DAMAGED_ACK)), 80, escalate(Because.DAMAGED, Reason.BAD_SIGNATURE),
    ),
    "nothing while who has accepted may still sound": (after(ACCEPTED), SOUND_WITHIN.total_seconds(), ()),
    "a person for who accepts and does not sound": (
        after(ACCEPTED), 1 + SOUND_WITHIN.total_seconds(), escalate(Because.ACCEPTED_BUT_SILENT),
    ),
    "a person for who ended without a sound": (after(SILENT_END), 1, escalate(Because.NOT_SOUNDED)),
    "nothing for who has sounded": (after(SOUNDED), HOUR_S, ()),
    "no second telling of the same": (told(Because.REFUSED, after(REFUSED)), 60, ()),
    "a new trouble is told again": (
        told(Because.UNREACHABLE, after(REFUSED)), 60, escalate(Because.REFUSED, Reason.UNSUPPORTED),
    ),
    "giving up a quarter of an hour after the telling": (
        told(Because.NO_ANSWER, sent(ATTEMPTS_MAX)), LATER_S, give_up(Because.NO_ANSWER),
    ),
    "giving up when its time has passed": (CALL, HOUR_S, give_up(Because.OVER)),
    "giving up on who has accepted when its time has passed": (
        told(Because.ACCEPTED_BUT_SILENT, replace(after(ACCEPTED), expires_at=NOW + 60 * SECOND)), 60,
        give_up(Because.OVER),
    ),
    "nothing after giving up": (replace(CALL, gave_up_at=NOW), HOUR_S, ()),
}  # fmt: skip


@pytest.mark.parametrize("case", STEPS)
def test_the_next_step_is(case: str) -> None:
    call, seconds, expected = STEPS[case]
    assert steps(call, seconds) == expected


def test_a_device_that_never_answers_is_asked_five_times_then_told_to_a_person_then_given_up() -> None:
    call, taken = CALL, []
    for _ in range(20):
        due = next_due(call)
        if due is None:
            break
        taken.append(((due.at - NOW).total_seconds(), type(due.step)))
        call = on_step(call, due.step, now=due.at)
    again = [(5.0, Resend), (15.0, Resend), (35.0, Resend), (75.0, Resend)]
    assert taken == [*again, (155.0, Escalate), (155.0 + LATER_S, GiveUp)]


histories = st.lists(
    st.one_of(
        st.tuples(st.just("ack"), facts),
        st.tuples(st.just("presence"), st.booleans()),
        st.tuples(st.just("wait"), st.integers(1, 1200)),
    ),
    max_size=20,
)


@given(histories)
def test_whatever_happens_every_step_taken_brings_the_end_nearer(history: list[tuple[str, object]]) -> None:
    call, now, taken = CALL, NOW, 0
    for kind, value in [*history, *[("wait", 1200)] * 20]:
        if kind == "ack":
            call = on_ack(call, value, now=now)  # type: ignore[arg-type]
        elif kind == "presence":
            call = on_presence(call, reachable=bool(value))
        else:
            now += value * SECOND  # type: ignore[operator]
        for step in next_steps([call], now):
            call, taken = on_step(call, step, now=now), taken + 1
    assert next_steps([call], now) == ()
    assert taken <= ATTEMPTS_MAX + 2 * len(history) + 2
    assert standing(call) is Standing.SOUNDED or call.gave_up_at is not None


@given(st.lists(facts, max_size=4), st.booleans(), st.integers(1, ATTEMPTS_MAX))
def test_nothing_is_due_before_the_wake_and_something_at_it(said: list[Ack], there: bool, attempts: int) -> None:
    call = sent(attempts, on_presence(after(*said), reachable=there))
    wake = next_wake([call])
    if wake is None:
        assert next_steps([call], NOW + timedelta(days=9)) == ()
    else:
        assert next_steps([call], wake - timedelta(microseconds=1)) == ()
        assert len(next_steps([call], wake)) == 1


def test_only_damage_on_the_way_is_worth_the_same_bytes_again() -> None:
    assert Reason.BAD_SIGNATURE in DAMAGED
    assert not DAMAGED & {Reason.STALE, Reason.CONFLICT, Reason.EXPIRED, Reason.WRONG_AUDIENCE, Reason.NO_ROOM}


# --- the summary ----------------------------------------------------------------------------------------------------


def test_a_tally_counts_each_loudspeaker_once_and_who_sounded_also_accepted() -> None:
    calls = [
        after(ACCEPTED, SOUNDED),
        after(SOUNDED),
        after(ACCEPTED),
        after(SILENT_END),
        after(REFUSED),
        after(RECEIVED),
        GONE,
        replace(CALL, gave_up_at=NOW),
    ]
    found = tally(calls)
    assert (found.total, found.accepted, found.sounded) == (8, 4, 2)
    assert (found.refused, found.silent, found.unreachable, found.gave_up) == (1, 2, 1, 1)
    assert (found.accepted_percent, found.sounded_percent) == (50, 25)
    assert found.to_sounded == Latency(first_ms=400, median_ms=400, p95_ms=400, last_ms=400)
    assert found.to_accepted == Latency(first_ms=1000, median_ms=1000, p95_ms=1000, last_ms=1000)


def test_an_empty_roll_has_no_percentages_and_no_latency() -> None:
    found = tally([])
    assert (found.total, found.sounded_percent, found.to_sounded) == (0, 0, None)


def test_a_hundred_percent_means_everybody() -> None:
    assert tally([*[after(SOUNDED)] * 199, CALL]).sounded_percent == 99


def test_percentiles_are_by_nearest_rank() -> None:
    spans = [(NOW, NOW + timedelta(milliseconds=n)) for n in range(100, 0, -1)]
    assert latency([*spans, (NOW, None)]) == Latency(first_ms=1, median_ms=50, p95_ms=95, last_ms=100)


@pytest.mark.parametrize(
    ("percent", "expected"),
    [(100, Verdict.GREEN), (80, Verdict.GREEN), (79, Verdict.AMBER), (61, Verdict.AMBER), (60, Verdict.RED)],
)
def test_a_success_rate_is_shown_as_the_field_is_used_to(percent: int, expected: Verdict) -> None:
    assert verdict(percent) is expected
