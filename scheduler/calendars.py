"""Local time and quiet hours.  This is the only module of the hub's core in which a wall clock exists.

Quiet hours are minutes of the local day in which only emergencies sound.  Every area may set its own; what stands above
it holds as well.  A commune can therefore make the province's night longer and never shorter.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from devices.protocol.ids import AreaCode
from devices.protocol.limits import QUIET_WINDOWS_MAX
from devices.protocol.manifest import DAY_MINUTES, QuietHours, QuietWindow
from scheduler.errors import BadRule

ZONE = "Asia/Ho_Chi_Minh"  # the whole country; no daylight saving since 1975
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ONE_MS = timedelta(milliseconds=1)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # later than anything


class QuietPreset(StrEnum):
    """Usual quiet hours, by the kind of place."""

    RURAL = "rural"  # nông thôn
    URBAN = "urban"  # đô thị
    RURAL_MIDDAY = "rural_midday"  # nông thôn, nghỉ trưa
    URBAN_MIDDAY = "urban_midday"  # đô thị, nghỉ trưa


def _minutes(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def window(begins: str, ends: str) -> QuietWindow:
    """Return a quiet window from two times of day like "21:00"; it runs over midnight when it ends before it begins."""
    return QuietWindow(from_min=_minutes(begins), until_min=_minutes(ends))


# Villages rise and broadcast at five, towns complain before half past six: what the field agrees on.
PRESETS: Mapping[QuietPreset, tuple[QuietWindow, ...]] = {
    QuietPreset.RURAL: (window("21:00", "05:00"),),
    QuietPreset.URBAN: (window("20:00", "06:30"),),
    QuietPreset.RURAL_MIDDAY: (window("21:00", "05:00"), window("11:30", "13:30")),
    QuietPreset.URBAN_MIDDAY: (window("20:00", "06:30"), window("11:30", "13:30")),
}
PRESET_WORDS: Mapping[QuietPreset, str] = {
    QuietPreset.RURAL: "Nông thôn: 21:00–05:00",
    QuietPreset.URBAN: "Đô thị: 20:00–06:30",
    QuietPreset.RURAL_MIDDAY: "Nông thôn, nghỉ trưa: 21:00–05:00 và 11:30–13:30",
    QuietPreset.URBAN_MIDDAY: "Đô thị, nghỉ trưa: 20:00–06:30 và 11:30–13:30",
}


def to_ms(moment: datetime) -> int:
    """Return a moment as the wire has it: whole milliseconds since 1970 in UTC."""
    return (moment - EPOCH) // ONE_MS


def from_ms(at_ms: int) -> datetime:
    """Return a moment of the wire."""
    return EPOCH + at_ms * ONE_MS


# --- local time -------------------------------------------------------------------------------------------------


def zone_of(name: str) -> ZoneInfo:
    """Return the time zone with that IANA name.  Raises BadRule."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as exc:
        raise BadRule("TZID", f"unknown time zone {name[:40]!r}") from exc


def utc_of(wall: datetime, zone: str = ZONE) -> datetime | None:
    """Return the moment (UTC) at which a clock in `zone` shows `wall`: None when it never does, the first of two."""
    moment = wall.replace(tzinfo=zone_of(zone), fold=0).astimezone(UTC)
    return moment if wall_of(moment, zone) == wall else None


def wall_of(moment: datetime, zone: str = ZONE) -> datetime:
    """Return what a clock in `zone` shows at `moment`, without a zone."""
    return moment.astimezone(zone_of(zone)).replace(tzinfo=None, fold=0)


def local_date(moment: datetime, zone: str = ZONE) -> date:
    """Return the date in `zone` at `moment`; between 00:00 and 07:00 in Viet Nam it is yesterday in UTC."""
    return wall_of(moment, zone).date()


def day_bounds(on: date, zone: str = ZONE) -> tuple[datetime, datetime]:
    """Return the beginning of a local day and of the next one, in UTC."""
    return _midnight(on, zone), _midnight(on + timedelta(days=1), zone)


def _midnight(on: date, zone: str) -> datetime:
    """Return the first moment of a day; where the clocks are put forward at midnight, it is not 00:00."""
    return datetime.combine(on, time(), tzinfo=zone_of(zone)).astimezone(UTC)


def utc_offset_min(on: date, zone: str = ZONE) -> int:
    """Return how many minutes `zone` is ahead of UTC at noon of a day."""
    offset = datetime.combine(on, time(12), tzinfo=zone_of(zone)).utcoffset() or timedelta()
    return int(offset.total_seconds()) // 60


def clock_text(moment: datetime, zone: str = ZONE) -> str:
    """Return a moment as people read it: "05:00", "05:00:30"."""
    wall = wall_of(moment, zone)
    return f"{wall:%H:%M:%S}" if wall.second else f"{wall:%H:%M}"


# --- quiet hours ------------------------------------------------------------------------------------------------


def tightened(*sets: Iterable[QuietWindow]) -> tuple[QuietWindow, ...]:
    """Return the union of sets of quiet windows as few windows, in order.

    A device takes QUIET_WINDOWS_MAX of them; should there be more, the shortest gaps become quiet too, never the other
    way.
    """
    quiet = bytearray(DAY_MINUTES)
    for one in (one for windows in sets for one in windows):
        for minute in _minutes_of(one):
            quiet[minute] = 1
    found = _windows_in(quiet)
    while len(found) > QUIET_WINDOWS_MAX:
        found = _joined(found)
    return found


def _minutes_of(one: QuietWindow) -> Iterable[int]:
    length = one.until_min - one.from_min
    if one.from_min > one.until_min:
        length += DAY_MINUTES
    return ((one.from_min + n) % DAY_MINUTES for n in range(length))


def _windows_in(quiet: bytearray) -> tuple[QuietWindow, ...]:
    if all(quiet):
        return (QuietWindow(from_min=0, until_min=DAY_MINUTES),)
    begins = [minute for minute in range(DAY_MINUTES) if quiet[minute] and not quiet[minute - 1]]
    ends = [minute for minute in range(DAY_MINUTES) if quiet[minute - 1] and not quiet[minute]]
    return tuple(QuietWindow(from_min=begin, until_min=_next(ends, begin)) for begin in begins)


def _next(ends: Sequence[int], begin: int) -> int:
    """Return the end after `begin`; the first one of the next day when there is none."""
    return next((end for end in ends if end > begin), ends[0])


def _joined(windows: Sequence[QuietWindow]) -> tuple[QuietWindow, ...]:
    """Return `windows` with the shortest gap between two of them closed."""
    pairs = list(zip(windows, [*windows[1:], windows[0]], strict=True))
    before, after = min(pairs, key=lambda pair: (pair[1].from_min - pair[0].until_min) % DAY_MINUTES)
    bridge = QuietWindow(from_min=before.until_min, until_min=after.from_min)
    return tightened(windows, (bridge,))


def effective_quiet(
    areas: Iterable[AreaCode], own: Mapping[AreaCode, Sequence[QuietWindow]], device: QuietHours | None = None
) -> QuietHours:
    """Return the quiet hours of a device: its own, and those of every area and group that it stands in."""
    windows = tightened(*(own.get(area, ()) for area in areas), device.windows if device else ())
    return QuietHours(utc_offset_min=device.utc_offset_min if device else QuietHours().utc_offset_min, windows=windows)


def first_quiet(quiet: QuietHours, start: datetime, end: datetime) -> datetime | None:
    """Return the first quiet moment from `start` to before `end`; None when all of it may sound."""
    at_ms, end_ms = to_ms(start), to_ms(end)
    while at_ms < end_ms:
        if quiet.quiet(at_ms):
            return max(start, from_ms(at_ms))
        at_ms = quiet.next_change_ms(at_ms) or end_ms
    return None
