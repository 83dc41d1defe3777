"""Local days and quiet hours."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocol.ids import AreaCode
from devices.protocol.limits import QUIET_WINDOWS_MAX
from devices.protocol.manifest import DAY_MINUTES, QuietHours, QuietWindow
from scheduler.calendars import (
    PRESETS,
    QuietPreset,
    clock_text,
    day_bounds,
    effective_quiet,
    local_date,
    tightened,
    utc_of,
    utc_offset_min,
    wall_of,
    window,
    zone_of,
)
from scheduler.errors import BadRule
from tests.unit.scheduler.builders import local, wall

WINDOWS = st.builds(QuietWindow, from_min=st.integers(0, DAY_MINUTES - 1), until_min=st.integers(0, DAY_MINUTES))
SETS = st.lists(st.lists(WINDOWS, max_size=9).map(tuple), max_size=4)


def quiet_minutes(windows: tuple[QuietWindow, ...]) -> set[int]:
    return {minute for minute in range(DAY_MINUTES) if any(one.holds(minute) for one in windows)}


def test_a_local_day_in_viet_nam_begins_at_seventeen_oclock_utc_of_the_day_before() -> None:
    assert day_bounds(date(2026, 3, 1)) == (
        datetime(2026, 2, 28, 17, tzinfo=UTC),
        datetime(2026, 3, 1, 17, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 24, 16, 59, 59, tzinfo=UTC), date(2026, 11, 24)),
        (datetime(2026, 11, 24, 17, tzinfo=UTC), date(2026, 11, 25)),
        (datetime(2026, 11, 24, 23, 59, tzinfo=UTC), date(2026, 11, 25)),  # 06:59 in Viet Nam, yesterday in UTC
        (datetime(2026, 12, 31, 17, tzinfo=UTC), date(2027, 1, 1)),
        (datetime(2028, 2, 28, 17, tzinfo=UTC), date(2028, 2, 29)),
    ],
)
def test_the_local_date_is_the_one_on_the_wall(moment: datetime, day: date) -> None:
    assert local_date(moment) == day


def test_days_follow_each_other_without_a_gap_also_where_the_clocks_change() -> None:
    for zone, hours in (("Asia/Ho_Chi_Minh", {24}), ("Europe/Berlin", {23, 24, 25})):
        bounds = [day_bounds(date(2026, 1, 1) + timedelta(days=n), zone) for n in range(365)]
        assert all(one[1] == after[0] for one, after in pairwise(bounds))
        assert {(end - start) // timedelta(hours=1) for start, end in bounds} == hours


def test_a_wall_time_in_the_gap_of_a_clock_change_has_no_moment() -> None:
    assert utc_of(wall("2026-03-29T02:30"), "Europe/Berlin") is None
    assert utc_of(wall("2026-10-25T02:30"), "Europe/Berlin") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_viet_nam_is_seven_hours_ahead() -> None:
    assert utc_offset_min(date(2026, 7, 1)) == QuietHours().utc_offset_min == 420
    assert wall_of(datetime(2026, 1, 1, tzinfo=UTC)) == wall("2026-01-01T07:00")
    assert clock_text(datetime(2026, 1, 1, tzinfo=UTC)) == "07:00"


def test_a_zone_that_nobody_knows_is_refused() -> None:
    with pytest.raises(BadRule):
        zone_of("Asia/Atlantis")


# --- quiet hours ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("preset", "clock", "is_quiet"),
    [
        (QuietPreset.RURAL, "03:15", True),
        (QuietPreset.RURAL, "04:59:59", True),
        (QuietPreset.RURAL, "05:00", False),
        (QuietPreset.RURAL, "20:59:59", False),
        (QuietPreset.RURAL, "21:00", True),
        (QuietPreset.URBAN, "06:29", True),
        (QuietPreset.URBAN, "06:30", False),
        (QuietPreset.URBAN, "20:00", True),
        (QuietPreset.URBAN_MIDDAY, "12:00", True),
        (QuietPreset.URBAN, "12:00", False),
    ],
)
def test_a_preset_is_quiet_when_it_says(preset: QuietPreset, clock: str, is_quiet: bool) -> None:
    at_ms = int(local(f"2026-11-25T{clock}").timestamp() * 1000)
    assert QuietHours(windows=PRESETS[preset]).quiet(at_ms) is is_quiet


def test_a_commune_makes_the_night_of_its_province_longer_and_never_shorter() -> None:
    own = {
        AreaCode("48"): PRESETS[QuietPreset.RURAL],
        AreaCode("20669"): (window("20:00", "04:00"),),
    }
    quiet = effective_quiet((AreaCode("vn"), AreaCode("48"), AreaCode("20669")), own)
    assert quiet.windows == (window("20:00", "05:00"),)


def test_the_devices_own_hours_bind_as_well() -> None:
    own = {AreaCode("48"): PRESETS[QuietPreset.RURAL]}
    quiet = effective_quiet((AreaCode("48"),), own, QuietHours(windows=(window("12:00", "13:00"),)))
    assert quiet.windows == (window("12:00", "13:00"), window("21:00", "05:00"))


@given(SETS)
def test_a_union_is_quiet_wherever_one_of_its_parts_is(sets: list[tuple[QuietWindow, ...]]) -> None:
    union = quiet_minutes(tightened(*sets))
    wanted = set[int]().union(*(quiet_minutes(one) for one in sets))
    assert union >= wanted
    assert union == wanted or len([one for windows in sets for one in windows]) > QUIET_WINDOWS_MAX


@given(SETS)
def test_a_union_is_never_more_windows_than_a_device_takes(sets: list[tuple[QuietWindow, ...]]) -> None:
    assert len(tightened(*sets)) <= QUIET_WINDOWS_MAX
    assert tightened(tightened(*sets)) == tightened(*sets)


def test_too_many_windows_are_joined_over_the_shortest_gap() -> None:
    hourly = tuple(window(f"{hour:02d}:00", f"{hour:02d}:10") for hour in range(9))
    close = (*hourly[:8], window("07:15", "07:20"))
    assert tightened(close) == (*hourly[:7], window("07:00", "07:20"))


def test_a_day_that_is_quiet_from_end_to_end_is_one_window() -> None:
    assert tightened((window("00:00", "12:00"),), (window("11:00", "00:00"),)) == (
        QuietWindow(from_min=0, until_min=DAY_MINUTES),
    )
