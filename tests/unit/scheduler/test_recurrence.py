"""RFC 5545 rules: the table of libical, a second opinion, and rules that mean harm."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.errors import BadRule
from scheduler.model import Recurrence
from scheduler.recurrence import (
    EXPAND_MAX,
    expand,
    next_starts,
    occurrences,
    starts_between,
)
from scheduler.rule import parse_rule, programme_rule
from tests.unit.scheduler.builders import wall

ROOT = Path(__file__).parents[3]
LIBICAL = ROOT.parent / "shared" / "data" / "recurrence.tsv"


def libical() -> list[tuple[str, str, str, list[str]]]:
    """Return the rows of the table; without the file there is one row, and its test fails."""
    if not LIBICAL.exists():
        return [("", "", "", [])]
    rows = (line.split("\t") for line in LIBICAL.read_text("utf-8").splitlines()[1:])
    return [(dtstart, rule, start_at, instances.split(",")) for dtstart, rule, start_at, instances in rows]


@pytest.mark.parametrize(("dtstart", "rule", "start_at", "instances"), libical())
def test_every_rule_of_libicals_table_gives_libicals_answer(
    dtstart: str, rule: str, start_at: str, instances: list[str]
) -> None:
    assert LIBICAL.exists(), f"{LIBICAL} is missing: this test needs its 70 rules"
    assert list(expand(rule, dtstart, start_at or None)) == instances


def test_the_command_prints_one_occurrence_a_line() -> None:
    command = [sys.executable, "-m", "hub", "schedule", "expand", "--dtstart", "19970902T090000"]
    rule = ["--rrule", "FREQ=DAILY", "--start-at", "19970904T000000", "--limit", "2"]
    done = subprocess.run([*command, *rule], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "19970904T090000\n19970905T090000\n"


def test_the_command_says_which_part_of_a_rule_is_wrong() -> None:
    command = [sys.executable, "-m", "hub", "schedule", "expand", "--dtstart", "19970902", "--rrule", "FREQ=NEVER"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert "FREQ" in done.stderr


# --- a second opinion -------------------------------------------------------------------------------------------

WEEKDAY = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])


def listed(values: st.SearchStrategy[object]) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=4, unique=True).map(lambda some: ",".join(map(str, some)))


def signed(most: int) -> st.SearchStrategy[int]:
    return st.integers(-most, most).filter(bool)


# All numbered or none: the other implementation wants "MO,1MO" to be both at once, where RFC 5545 wants either.
DAYS = listed(WEEKDAY) | listed(st.tuples(signed(5).map(str), WEEKDAY).map("".join))
PARTS = {
    "YEARLY": {"BYMONTH": listed(st.integers(1, 12)), "BYDAY": DAYS, "BYMONTHDAY": listed(signed(31))},
    "MONTHLY": {"BYMONTH": listed(st.integers(1, 12)), "BYDAY": DAYS, "BYMONTHDAY": listed(signed(31))},
    "WEEKLY": {"BYMONTH": listed(st.integers(1, 12)), "BYDAY": listed(WEEKDAY), "WKST": WEEKDAY},
    "DAILY": {"BYMONTHDAY": listed(signed(31)), "BYDAY": listed(WEEKDAY), "BYHOUR": listed(st.integers(0, 23))},
    "HOURLY": {"BYDAY": listed(WEEKDAY), "BYHOUR": listed(st.integers(0, 23)), "BYMINUTE": listed(st.integers(0, 59))},
}


@st.composite
def rules(draw: st.DrawFn) -> str:
    freq = draw(st.sampled_from(sorted(PARTS)))
    parts = {name: draw(values) for name, values in PARTS[freq].items() if draw(st.booleans())}
    written = ";".join(f"{name}={value}" for name, value in parts.items())
    return f"FREQ={freq};INTERVAL={draw(st.integers(1, 5))}" + (f";{written}" if written else "")


STARTS = st.datetimes(wall("2020-01-01"), wall("2030-01-01")).map(lambda moment: moment.replace(microsecond=0))


@settings(max_examples=60)
@given(rules(), STARTS)
def test_a_second_implementation_agrees(rule: str, start: datetime) -> None:
    end = start + timedelta(days=800)  # an end for both, so that a rule that never occurs costs the other one little
    limited = f"{rule};UNTIL={end:%Y%m%dT%H%M%S}"
    ours = [moment for _, moment in zip(range(50), occurrences(parse_rule(limited), start), strict=False)]
    try:
        other = rrulestr(f"{limited};BYSECOND={start.second}", dtstart=start)
    except ValueError:  # how it says that a rule never occurs
        assert ours == []
        return
    theirs = other.between(start, end, inc=True)[:50]
    assert ours == theirs


@settings(max_examples=60)
@given(rules(), STARTS, st.timedeltas(timedelta(), timedelta(days=400)))
def test_to_begin_in_the_middle_changes_nothing_behind_it(rule: str, start: datetime, later: timedelta) -> None:
    begin = (start + later).replace(microsecond=0)
    until = f"{rule};UNTIL={start + timedelta(days=450):%Y%m%dT%H%M%S}"
    whole = [moment for moment in occurrences(parse_rule(until), start) if moment >= begin]
    assert list(occurrences(parse_rule(until), start, not_before=begin)) == whole


# --- harm -------------------------------------------------------------------------------------------------------

SECONDS = ",".join(map(str, range(60)))
HOSTILE = [
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=SECONDLY;INTERVAL=2;BYSECOND=1",
    "FREQ=MINUTELY;INTERVAL=1440;BYHOUR=3",
    "FREQ=HOURLY;INTERVAL=24;BYHOUR=3",
    "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
    "FREQ=MONTHLY;INTERVAL=12;BYMONTH=3",
    "FREQ=YEARLY;INTERVAL=99999;BYMONTH=2;BYMONTHDAY=30",
]


@pytest.mark.timeout(30)
@pytest.mark.parametrize("rule", HOSTILE)
def test_a_rule_that_never_occurs_ends_the_search(rule: str) -> None:
    assert expand(rule, "20260101T000000") == ()


@pytest.mark.timeout(30)
def test_a_rule_that_occurs_every_second_is_cut_at_the_limit() -> None:
    rule = f"FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=0,1,2;BYMINUTE={SECONDS};BYSECOND={SECONDS}"
    assert len(expand(rule, "20260101T000000", limit=10**9)) == EXPAND_MAX
    assert expand(rule, "20260101T000000", "20990101T000000", limit=1) == ("20990101T000000",)


@pytest.mark.parametrize(
    ("rule", "part"),
    [
        ("", ""),
        ("INTERVAL=2", "FREQ"),
        ("FREQ=FORTNIGHTLY", "FREQ"),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL"),
        ("FREQ=DAILY;COUNT=1;UNTIL=20260101", "COUNT"),
        ("FREQ=DAILY;UNTIL=20260230", "UNTIL"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR"),
        ("FREQ=DAILY;BYHOUR=", "BYHOUR"),
        ("FREQ=DAILY;BYHOUR=٣", "BYHOUR"),
        ("FREQ=DAILY;BYDAY=1MO", "BYDAY"),
        ("FREQ=MONTHLY;BYDAY=XX", "BYDAY"),
        ("FREQ=MONTHLY;BYDAY=54MO", "BYDAY"),
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO", "BYDAY"),
        ("FREQ=MONTHLY;BYWEEKNO=1", "BYWEEKNO"),
        ("FREQ=MONTHLY;BYYEARDAY=1", "BYYEARDAY"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS"),
        (f"FREQ=YEARLY;BYSETPOS=1;BYMINUTE={SECONDS};BYSECOND={SECONDS}", "BYSETPOS"),
        ("FREQ=DAILY;BYEASTER=0", "BYEASTER"),
        ("FREQ=DAILY;" + "X" * 2000, "RRULE"),
    ],
)
def test_a_rule_that_is_wrong_is_refused_by_its_part(rule: str, part: str) -> None:
    with pytest.raises(BadRule) as refused:
        parse_rule(rule)
    assert refused.value.part == part


@given(st.text(max_size=60) | st.text("FREQDAILYBUNTMOHSP=;,0123456789TZ-+:", max_size=60))
def test_no_text_makes_the_parser_fail_otherwise(text: str) -> None:
    try:
        rule = parse_rule(text)
    except BadRule:
        return
    assert rule.interval >= 1


@pytest.mark.parametrize(
    "rule",
    ["FREQ=MINUTELY", "FREQ=SECONDLY;COUNT=1", "FREQ=HOURLY;BYMINUTE=0,15,30,45", f"FREQ=DAILY;BYMINUTE={SECONDS}"],
)
def test_a_programme_may_not_repeat_faster_than_every_half_hour(rule: str) -> None:
    with pytest.raises(BadRule):
        programme_rule(rule)


def test_a_programme_may_repeat_every_half_hour() -> None:
    assert programme_rule("FREQ=HOURLY;BYMINUTE=0,30").by_minute == (0, 30)


# --- local time -------------------------------------------------------------------------------------------------


def test_an_end_in_utc_is_compared_on_the_local_wall() -> None:
    # 22:00 UTC on the 26th is 05:00 on the 27th in Viet Nam: that occurrence is the last one.
    recurrence = Recurrence(start=wall("2026-11-25T05:00"), rule="FREQ=DAILY;UNTIL=20261126T220000Z")
    assert [f"{day:%d}" for day in next_starts(recurrence, recurrence.start, 9)] == ["25", "26", "27"]


def test_an_end_that_is_a_date_holds_the_whole_of_that_day() -> None:
    recurrence = Recurrence(start=wall("2026-11-25T17:00"), rule="FREQ=DAILY;UNTIL=20261126")
    assert [f"{day:%d}" for day in next_starts(recurrence, recurrence.start, 9)] == ["25", "26"]


def test_an_exception_leaves_out_one_occurrence_and_still_counts() -> None:
    recurrence = Recurrence(
        start=wall("2026-11-25T05:00"), rule="FREQ=DAILY;COUNT=3", exdates=(wall("2026-11-26T05:00"),)
    )
    assert [f"{day:%d}" for day in next_starts(recurrence, recurrence.start, 9)] == ["25", "27"]


def test_a_programme_without_a_rule_occurs_once() -> None:
    once = Recurrence(start=wall("2026-11-25T05:00"))
    assert starts_between(once, date(2026, 11, 25), date(2026, 11, 25)) == (once.start,)
    assert starts_between(once, date(2026, 11, 26), date(2027, 11, 25)) == ()


def test_a_time_that_the_local_clock_never_shows_is_no_occurrence() -> None:
    recurrence = Recurrence(start=wall("2026-03-28T02:30"), rule="FREQ=DAILY;COUNT=3", zone="Europe/Berlin")
    assert [f"{day:%d}" for day in next_starts(recurrence, recurrence.start, 9)] == ["28", "30"]


def test_a_leap_day_comes_every_four_years() -> None:
    recurrence = Recurrence(start=wall("2024-02-29T05:00"), rule="FREQ=YEARLY")
    assert [day.year for day in next_starts(recurrence, wall("2025-01-01T00:00"), 3)] == [2028, 2032, 2036]


def test_occurrences_are_wall_times_whatever_the_zone() -> None:
    rule = parse_rule("FREQ=DAILY;UNTIL=20261130T000000Z")
    found = list(occurrences(rule, wall("2026-11-25T05:00"), zone=ZoneInfo("Asia/Ho_Chi_Minh")))
    assert found
    assert all(moment.tzinfo is None for moment in found)
    assert parse_rule("FREQ=DAILY;UNTIL=20261130T000000Z").until == datetime(2026, 11, 30, tzinfo=UTC)
