"""What was planned against what devices say was heard."""

from datetime import timedelta

import pytest

from devices.protocol.ids import DeviceId
from devices.protocol.messages import AsRun, Outcome, Source, Why
from scheduler.calendars import to_ms
from scheduler.day import compile_day
from scheduler.model import Slot
from scheduler.reconcile import (
    FATE_WORDS,
    WHY_WORDS,
    Fate,
    Rate,
    Reconciled,
    rates_by_device,
    rates_by_programme,
    reconcile,
)
from tests.unit.scheduler.builders import DAY, VILLAGERS, at, programme

LOA = DeviceId("loa-1")
COMPLETED, CUT, MISSED = Outcome.COMPLETED, Outcome.CUT, Outcome.MISSED
(SLOT,) = compile_day([programme("a", "05:00", 60, slack_ms=120_000)], DAY, VILLAGERS).slots
AFTER = at("06:00")


def record(
    n: int,
    begins_s: float,
    ends_s: float,
    outcome: Outcome = COMPLETED,
    why: Why = Why.SCHEDULED,
    *,
    slot: Slot = SLOT,
    source: Source = Source.ITEM,
    by: str = "",
) -> AsRun:
    start_ms = to_ms(slot.start)
    return AsRun(
        n=n,
        boot=1,
        source=source,
        id=slot.id,
        digest=slot.asset,
        start_ms=start_ms + int(begins_s * 1000),
        end_ms=start_ms + int(ends_s * 1000),
        outcome=outcome,
        why=why,
        by=by,
    )


def of_one(*records: AsRun) -> Reconciled:
    return reconcile(LOA, [SLOT], records, AFTER)


@pytest.mark.parametrize(
    ("records", "fate", "heard_s", "why", "by"),
    [
        ([record(1, 0, 60)], Fate.HEARD, 60, None, ""),
        ([record(1, 0.4, 59.2)], Fate.HEARD, 58.8, None, ""),
        ([record(1, 0, 20, CUT, Why.OVERRIDE, by="bao-1")], Fate.CUT, 20, Why.OVERRIDE, "bao-1"),
        ([record(1, 0, 20, CUT, Why.OVERRIDE, by="bao-1"), record(2, 50, 90)], Fate.HEARD, 60, None, ""),
        ([record(1, 0, 20, CUT, Why.OVERRIDE, by="bao-1"), record(2, 50, 60)], Fate.CUT, 30, Why.OVERRIDE, "bao-1"),
        ([record(1, 30, 60)], Fate.CUT, 30, Why.SCHEDULED, ""),  # it was switched on in the middle
        ([record(1, 0, 31, CUT, Why.POWER_LOST)], Fate.CUT, 31, Why.POWER_LOST, ""),
        ([record(1, 0, 0, MISSED, Why.NO_AUDIO)], Fate.MISSED, 0, Why.NO_AUDIO, ""),
        ([record(1, 0, 60, MISSED, Why.STOPPED)], Fate.MISSED, 0, Why.STOPPED, ""),
        ([record(1, 0, 60, source=Source.FILLER, why=Why.FILLER)], Fate.MISSED, 0, Why.FILLER, ""),
        ([], Fate.UNKNOWN, 0, None, ""),
    ],
)
def test_every_story_that_a_device_tells_has_one_fate(
    records: list[AsRun], fate: Fate, heard_s: float, why: Why | None, by: str
) -> None:
    (result,) = of_one(*reversed(records)).results
    assert (result.fate, result.heard, result.why, result.by) == (fate, timedelta(seconds=heard_s), why, by)


def test_a_slot_is_ahead_until_its_window_closes_and_unknown_after_it() -> None:
    fates = [reconcile(LOA, [SLOT], [], at(clock)).results[0].fate for clock in ("04:00", "05:02:59", "05:03")]
    assert fates == [Fate.AHEAD, Fate.AHEAD, Fate.UNKNOWN]


def test_a_slot_that_was_heard_is_not_ahead_although_its_window_is_open() -> None:
    assert reconcile(LOA, [SLOT], [record(1, 0, 60)], at("05:02")).results[0].fate is Fate.HEARD


def test_an_unknown_one_says_whether_the_device_can_be_asked() -> None:
    (result,) = reconcile(LOA, [SLOT], [], AFTER, reachable=False).results
    assert (result.fate, result.reachable) == (Fate.UNKNOWN, False)


@pytest.mark.parametrize(
    ("told", "is_stray"),
    [
        (record(1, 0, 60), False),
        (record(1, 0, 180), False),
        (record(1, 0, 183), True),
        (record(1, -3, 57), True),
        (record(1, 3600, 3660), True),
        (record(1, 3600, 3660, MISSED, Why.QUIET_HOURS), False),
    ],
)
def test_sound_outside_its_window_is_a_stray(told: AsRun, is_stray: bool) -> None:
    assert of_one(told).strays == ((told,) if is_stray else ())


def test_sound_that_nobody_planned_is_a_stray_and_an_emergency_is_not() -> None:
    (other,) = compile_day([programme("b", "05:30")], DAY, VILLAGERS).slots
    unplanned = record(1, 0, 60, slot=other)
    alert = record(2, 0, 60, slot=other, source=Source.OVERRIDE, why=Why.OVERRIDE)
    assert of_one(unplanned, alert).strays == (unplanned,)


def test_rates_count_what_was_due_and_take_silence_for_failure() -> None:
    slots = compile_day([programme("a", "05:00", 60), programme("b", "06:00", [60, 60])], DAY, VILLAGERS).slots
    first, second, third = slots
    told = [record(1, 0, 60, slot=first), record(2, 0, 30, CUT, Why.OVERRIDE, slot=second)]
    results = reconcile(LOA, slots, told, at("07:00")).results
    assert rates_by_programme(results) == {
        "a": Rate(due=1, heard=1, planned_s=60, heard_s=60),
        "b": Rate(due=2, cut=1, unknown=1, planned_s=120, heard_s=30),
    }
    assert rates_by_device(results)[LOA].percent == pytest.approx(100 / 3)
    assert rates_by_device(results)[LOA].percent_of_time == pytest.approx(50)
    assert third.programme == "b"


def test_nothing_due_is_no_failure() -> None:
    assert Rate().percent == Rate().percent_of_time == 100


def test_every_fate_and_every_reason_has_words() -> None:
    assert set(FATE_WORDS) == set(Fate)
    assert set(WHY_WORDS) == set(Why)
