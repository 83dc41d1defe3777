"""RFC 5545 recurrence rules, expanded in local wall time.  Pure, and bounded: no rule can hang the caller.

A date-time library would have been shorter.  The one at hand gives 61 of the 70 answers of libical's table (it differs
in week numbers at the ends of a year and times in rules of whole days), and for a rule that never occurs it searches to
the year 9999 inside one call, for seconds to minutes.  It serves as the second opinion in the tests instead.

How it works: a rule is a row of periods (years, months, weeks, days, … of its FREQ, every INTERVALth).  A period has
candidate days, which every BY part filters, times the candidate times of day; BYSETPOS picks from the sorted product.
"""

import calendar
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum
from functools import lru_cache
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from scheduler.calendars import utc_of, zone_of
from scheduler.errors import BadRule
from scheduler.model import OCCURRENCES_A_DAY_MAX, Recurrence

SCAN_YEARS_MAX = 60  # 29 February on a given weekday comes every 28 years, and every 40 over a century that has none
PERIODS_MAX = 200_000  # a fraction of a second; 60 years have 21,915 days
SET_TIMES_MAX = 288  # times of a day among which BYSETPOS may pick, over up to 366 days: every five minutes
EXPAND_MAX = 10_000  # lines of one `loa schedule expand`
RULE_CHARS_MAX = 1000  # the longest rule that makes sense lists 366 days of a year, and nobody writes it by hand

ONE_DAY = timedelta(days=1)
MIDNIGHT = time()


class Freq(IntEnum):
    """How long a period is; the order is that of RFC 5545."""

    YEARLY = 0
    MONTHLY = 1
    WEEKLY = 2
    DAILY = 3
    HOURLY = 4
    MINUTELY = 5
    SECONDLY = 6


UNIT: Mapping[Freq, timedelta] = {
    Freq.HOURLY: timedelta(hours=1),
    Freq.MINUTELY: timedelta(minutes=1),
    Freq.SECONDLY: timedelta(seconds=1),
}
WEEKDAYS: Mapping[str, int] = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A parsed RRULE.  An empty tuple: the part is absent."""

    freq: Freq
    interval: int = 1
    count: int | None = None
    until: datetime | None = None  # aware (UTC) when it was written with Z, otherwise wall time
    by_month: tuple[int, ...] = ()
    by_week_no: tuple[int, ...] = ()
    by_year_day: tuple[int, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_day: tuple[tuple[int, int], ...] = ()  # (which one, weekday); 0: every one
    by_hour: tuple[int, ...] = ()
    by_minute: tuple[int, ...] = ()
    by_second: tuple[int, ...] = ()
    by_set_pos: tuple[int, ...] = ()
    week_start: int = 0


# --- text to rule -----------------------------------------------------------------------------------------------

_DATE_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?\Z")
_BY_DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)\Z")


def parse_moment(text: str, part: str = "DTSTART") -> datetime:
    """Return a DATE or DATE-TIME of RFC 5545: aware when it ends in Z, wall time otherwise; a DATE is its midnight."""
    found = _DATE_TIME.match(text)
    if not found:
        raise BadRule(part, f"not a date: {text[:20]!r}")
    numbers = [int(number) for number in found.groups()[:6] if number is not None]
    try:
        wall = datetime(*numbers)  # type: ignore[arg-type] # noqa: DTZ001 - three or six integers; wall time
    except ValueError as exc:
        raise BadRule(part, str(exc)) from exc
    return wall.replace(tzinfo=UTC) if found[7] else wall


def _integers(low: int, high: int, *, signed: bool = False) -> Callable[[str, str], tuple[int, ...]]:
    def read(part: str, text: str) -> tuple[int, ...]:
        numbers = tuple(sorted({_integer(part, item) for item in text.split(",")}))
        if any(not low <= (abs(number) if signed else number) <= high for number in numbers):
            raise BadRule(part, f"outside {low} to {high}")
        return numbers

    return read


def _integer(part: str, text: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,5}", text, re.ASCII):
        raise BadRule(part, f"not a number: {text[:20]!r}")
    return int(text)


def _one(part: str, text: str) -> int:
    number = _integer(part, text)
    if number < 1:
        raise BadRule(part, "below 1")
    return number


def _freq(part: str, text: str) -> Freq:
    if text not in Freq.__members__:
        raise BadRule(part, f"unknown: {text[:20]!r}")
    return Freq[text]


def _week_start(part: str, text: str) -> int:
    if text not in WEEKDAYS:
        raise BadRule(part, f"not a weekday: {text[:20]!r}")
    return WEEKDAYS[text]


def _days(part: str, text: str) -> tuple[tuple[int, int], ...]:
    found = [_BY_DAY.match(item) for item in text.split(",")]
    days = tuple(dict.fromkeys((int(match[1] or 0), WEEKDAYS[match[2]]) for match in found if match))
    if not all(found) or any(match and match[1] and not 1 <= abs(int(match[1])) <= 53 for match in found):
        raise BadRule(part, f"not weekdays: {text[:20]!r}")
    return days


def _until(part: str, text: str) -> datetime:
    """Return the end; a DATE as the end means the whole of that day."""
    moment = parse_moment(text, part)
    return moment if "T" in text else datetime.combine(moment, time.max)


# part -> (field of Rule, how its text is read)
_PARTS: Mapping[str, tuple[str, Callable[[str, str], object]]] = {
    "FREQ": ("freq", _freq),
    "INTERVAL": ("interval", _one),
    "COUNT": ("count", _one),
    "UNTIL": ("until", _until),
    "BYMONTH": ("by_month", _integers(1, 12)),
    "BYWEEKNO": ("by_week_no", _integers(1, 53, signed=True)),
    "BYYEARDAY": ("by_year_day", _integers(1, 366, signed=True)),
    "BYMONTHDAY": ("by_month_day", _integers(1, 31, signed=True)),
    "BYDAY": ("by_day", _days),
    "BYHOUR": ("by_hour", _integers(0, 23)),
    "BYMINUTE": ("by_minute", _integers(0, 59)),
    "BYSECOND": ("by_second", _integers(0, 60)),  # a leap second is allowed to be named; it never comes
    "BYSETPOS": ("by_set_pos", _integers(1, 366, signed=True)),
    "WKST": ("week_start", _week_start),
}
_WHOLE_BY = ("by_month", "by_week_no", "by_year_day", "by_month_day", "by_day", "by_hour", "by_minute", "by_second")


@lru_cache(maxsize=1024)  # a province's programmes share a few hundred rules, and every device asks for them
def parse_rule(text: str) -> Rule:
    """Return the rule in `text`, with or without "RRULE:" before it.  Raises BadRule."""
    if len(text) > RULE_CHARS_MAX:
        raise BadRule("RRULE", f"longer than {RULE_CHARS_MAX} characters")
    values: dict[str, object] = {}
    for pair in text.strip().upper().removeprefix("RRULE:").rstrip(";").split(";"):
        part, _, value = pair.partition("=")
        if part not in _PARTS:
            raise BadRule(part, "unknown part")
        name, read = _PARTS[part]
        if name in values:
            raise BadRule(part, "stands twice")
        values[name] = read(part, value)
    if "freq" not in values:
        raise BadRule("FREQ", "is missing")
    rule = Rule(**values)  # type: ignore[arg-type]  # each reader returns what its field wants
    _check(rule)
    return rule


def _check(rule: Rule) -> None:
    """Raise BadRule for combinations that RFC 5545, section 3.3.10, forbids."""
    numbered = any(which for which, _ in rule.by_day)
    wrong = (
        ("COUNT", "together with UNTIL", rule.count is not None and rule.until is not None),
        ("BYWEEKNO", "only with FREQ=YEARLY", bool(rule.by_week_no) and rule.freq is not Freq.YEARLY),
        ("BYYEARDAY", "not with this FREQ", bool(rule.by_year_day) and Freq.MONTHLY <= rule.freq <= Freq.DAILY),
        ("BYMONTHDAY", "not with FREQ=WEEKLY", bool(rule.by_month_day) and rule.freq is Freq.WEEKLY),
        ("BYDAY", "a numbered weekday needs MONTHLY or YEARLY", numbered and rule.freq > Freq.MONTHLY),
        ("BYDAY", "no numbered weekday beside BYWEEKNO", numbered and bool(rule.by_week_no)),
        ("BYSETPOS", "needs another BY part", bool(rule.by_set_pos) and not any(getattr(rule, n) for n in _WHOLE_BY)),
        ("BYSETPOS", "among too many times", bool(rule.by_set_pos) and _times_a_period(rule) > SET_TIMES_MAX),
    )
    for part, detail, is_wrong in wrong:
        if is_wrong:
            raise BadRule(part, detail)


def times_a_day(rule: Rule) -> int:
    """Return at how many times of a day that it falls on the rule occurs at most; INTERVAL is not looked at."""
    hours = len(rule.by_hour) or (24 if rule.freq >= Freq.HOURLY else 1)
    minutes = len(rule.by_minute) or (60 if rule.freq >= Freq.MINUTELY else 1)
    return hours * minutes * (len(rule.by_second) or (60 if rule.freq >= Freq.SECONDLY else 1))


def _times_a_period(rule: Rule) -> int:
    return max(1, len(rule.by_hour)) * max(1, len(rule.by_minute)) * max(1, len(rule.by_second))


# --- rule to occurrences ----------------------------------------------------------------------------------------


def occurrences(
    rule: Rule, start: datetime, *, zone: ZoneInfo | None = None, not_before: datetime | None = None
) -> Iterator[datetime]:
    """Yield the occurrences in wall time, ascending.  `start` is DTSTART, naive; it need not fit the rule.

    `zone` is where the wall hangs: it turns an UNTIL in UTC into wall time; without it, UTC is taken as wall time.
    `not_before` leaves out what is earlier, but COUNT counts from `start`.  Ends, at the latest, SCAN_YEARS_MAX years
    after the later of both, or after PERIODS_MAX periods.
    """
    filled = _filled(rule, start)
    until = _wall(rule.until, zone)
    left = rule.count
    last: datetime | None = None
    for moment in _candidates(filled, start, not_before):
        if until is not None and moment > until:
            return
        if moment < start or (last is not None and moment <= last):
            continue
        last = moment
        if not_before is None or moment >= not_before:
            yield moment
        left = None if left is None else left - 1
        if left == 0:
            return


def _wall(moment: datetime | None, zone: ZoneInfo | None) -> datetime | None:
    if moment is None or moment.tzinfo is None:
        return moment
    return moment.astimezone(zone or UTC).replace(tzinfo=None)


def _filled(rule: Rule, start: datetime) -> Rule:
    """Return `rule` with what RFC 5545 takes from DTSTART when no part says it."""
    days: dict[str, object] = {}
    if not (rule.by_year_day or rule.by_month_day or rule.by_day):
        if rule.by_week_no or rule.freq is Freq.WEEKLY:
            days = {"by_day": ((0, start.weekday()),)}
        elif rule.freq is Freq.MONTHLY:
            days = {"by_month_day": (start.day,)}
        elif rule.freq is Freq.YEARLY:
            days = {"by_month_day": (start.day,), "by_month": rule.by_month or (start.month,)}
    clock = {
        "by_hour": rule.by_hour or ((start.hour,) if rule.freq < Freq.HOURLY else ()),
        "by_minute": rule.by_minute or ((start.minute,) if rule.freq < Freq.MINUTELY else ()),
        "by_second": rule.by_second or ((start.second,) if rule.freq < Freq.SECONDLY else ()),
    }
    return replace(rule, **days, **clock)  # type: ignore[arg-type]  # names and kinds are those of the fields


def _candidates(rule: Rule, start: datetime, not_before: datetime | None) -> Iterator[datetime]:
    """Yield what the periods hold, period after period, until a limit ends the search."""
    horizon = max(start, not_before or start).year + SCAN_YEARS_MAX
    skip_to = not_before if rule.count is None and not_before is not None else start
    try:
        for period in islice(_periods(rule, start, max(start, skip_to)), PERIODS_MAX):
            if period.year > horizon:
                return
            yield from _picked(rule, period) if rule.by_set_pos else _in_period(rule, period, skip_to.date())
    except (OverflowError, ValueError):  # past the year 9999
        return


def _in_period(rule: Rule, period: datetime, first: date) -> Iterator[datetime]:
    """Yield what a period holds from day `first` on, ascending; lazily, because a year may hold every second of it."""
    for day in _days_of(rule, period):
        if day >= first:
            for at in _times(rule, period):
                yield datetime.combine(day, at)


def _picked(rule: Rule, period: datetime) -> list[datetime]:
    """Return the positions of a period that BYSETPOS names."""
    found = list(_in_period(rule, period, date.min))
    picked = {pos - 1 if pos > 0 else len(found) + pos for pos in rule.by_set_pos}
    return [moment for index, moment in enumerate(found) if index in picked]


def _periods(rule: Rule, start: datetime, skip_to: datetime) -> Iterator[datetime]:
    """Yield a moment in each period, from the last one that begins before `skip_to`."""
    if rule.freq in UNIT:
        return _clock_periods(rule, start, skip_to)
    return _calendar_periods(rule, start, skip_to)


def _calendar_periods(rule: Rule, start: datetime, skip_to: datetime) -> Iterator[datetime]:
    first = datetime.combine(_period_start(rule, start.date()), MIDNIGHT)
    step = rule.interval
    passed = {
        Freq.YEARLY: skip_to.year - first.year,
        Freq.MONTHLY: (skip_to.year - first.year) * 12 + skip_to.month - first.month,
        Freq.WEEKLY: (skip_to - first).days // 7,
        Freq.DAILY: (skip_to - first).days,
    }[rule.freq]
    number = max(0, passed // step - 1) * step  # one early: the first week of a year begins in the one before
    while True:
        yield _moved(rule.freq, first, number)
        number += step


def _period_start(rule: Rule, day: date) -> date:
    match rule.freq:
        case Freq.YEARLY:
            return day.replace(month=1, day=1)
        case Freq.MONTHLY:
            return day.replace(day=1)
        case Freq.WEEKLY:
            return day - timedelta(days=(day.weekday() - rule.week_start) % 7)
    return day


def _moved(freq: Freq, first: datetime, number: int) -> datetime:
    """Return the beginning of the period `number` periods after `first`."""
    if freq is Freq.YEARLY:
        return first.replace(year=first.year + number)
    if freq is Freq.MONTHLY:
        months = first.year * 12 + first.month - 1 + number
        return first.replace(year=months // 12, month=months % 12 + 1)
    return first + timedelta(days=number * (7 if freq is Freq.WEEKLY else 1))


def _clock_periods(rule: Rule, start: datetime, skip_to: datetime) -> Iterator[datetime]:
    """Yield hours, minutes or seconds; a day that no BY part wants is passed over in one step."""
    unit = UNIT[rule.freq] * rule.interval
    moment = start + max(0, (skip_to - start) // unit) * unit
    while True:
        if _fits(rule, moment.date()):
            yield moment
            moment += unit
        else:
            yield moment  # it holds nothing, but it counts against PERIODS_MAX
            midnight = datetime.combine(moment.date() + ONE_DAY, MIDNIGHT)
            moment += max(1, -((moment - midnight) // unit)) * unit


def _days_of(rule: Rule, period: datetime) -> Iterable[date]:
    first = period.date()
    if rule.freq is Freq.YEARLY:
        days = _year_days(rule, first.year)
    elif rule.freq is Freq.MONTHLY:
        days = [first + timedelta(days=n) for n in range(calendar.monthrange(first.year, first.month)[1])]
    elif rule.freq is Freq.WEEKLY:
        days = [first + timedelta(days=n) for n in range(7)]
    else:
        days = [first]
    return [day for day in days if _fits(rule, day)]


def _year_days(rule: Rule, year: int) -> list[date]:
    """Return the days of a year; with BYWEEKNO, whole weeks, so also days of the years beside it."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    if rule.by_week_no:
        first -= timedelta(days=(first.weekday() - rule.week_start) % 7)
        last += timedelta(days=6 - (last.weekday() - rule.week_start) % 7)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _fits(rule: Rule, day: date) -> bool:
    """Say whether every BY part about days lets `day` through."""
    return (
        (not rule.by_month or day.month in rule.by_month)
        and (not rule.by_month_day or _counted(day.day, _month_days(day), rule.by_month_day))
        and (not rule.by_day or _weekday_fits(rule, day))
        and (not rule.by_year_day or _counted(day.timetuple().tm_yday, _length(day.year), rule.by_year_day))
        and (not rule.by_week_no or _week_fits(rule, day))
    )


def _counted(number: int, total: int, wanted: tuple[int, ...]) -> bool:
    """Say whether the `number`th of `total` is wanted, counted from either end."""
    return number in wanted or number - total - 1 in wanted


def _month_days(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _length(year: int) -> int:
    return 366 if calendar.isleap(year) else 365


def _weekday_fits(rule: Rule, day: date) -> bool:
    weekday = day.weekday()
    if (0, weekday) in rule.by_day:
        return True
    if rule.freq > Freq.MONTHLY:
        return False
    in_year = rule.freq is Freq.YEARLY and not rule.by_month
    number, total = (day.timetuple().tm_yday, _length(day.year)) if in_year else (day.day, _month_days(day))
    return ((number - 1) // 7 + 1, weekday) in rule.by_day or (-((total - number) // 7 + 1), weekday) in rule.by_day


def _week_fits(rule: Rule, day: date) -> bool:
    """Say whether the week of `day` is wanted; week 1 is the first with four days in its year."""
    middle = day + timedelta(days=3 - (day.weekday() - rule.week_start) % 7)  # its year is the week's year
    number = (middle.timetuple().tm_yday - 1) // 7 + 1
    weeks = number + (date(middle.year, 12, 31) - middle).days // 7
    return _counted(number, weeks, rule.by_week_no)


def _times(rule: Rule, period: datetime) -> Iterator[time]:
    hours = _clock(rule.freq >= Freq.HOURLY, period.hour, rule.by_hour)
    minutes = _clock(rule.freq >= Freq.MINUTELY, period.minute, rule.by_minute)
    seconds = _clock(rule.freq >= Freq.SECONDLY, period.second, rule.by_second)
    return (time(h, m, s) for h in hours for m in minutes for s in seconds if s < 60)


def _clock(is_fixed: bool, value: int, wanted: tuple[int, ...]) -> tuple[int, ...]:  # noqa: FBT001 - internal, positional
    """Return the values of one hand of the clock: its own when the period fixes it, otherwise those listed."""
    if not is_fixed:
        return wanted
    return (value,) if not wanted or value in wanted else ()


# --- programmes -------------------------------------------------------------------------------------------------


def programme_rule(text: str) -> Rule:
    """Return the rule of a programme, which may not be more frequent than a loudspeaker can be.  Raises BadRule."""
    rule = parse_rule(text)
    if rule.freq > Freq.HOURLY:
        raise BadRule("FREQ", f"{rule.freq.name} is too frequent for a programme")
    if times_a_day(rule) > OCCURRENCES_A_DAY_MAX:
        raise BadRule("FREQ", f"more than {OCCURRENCES_A_DAY_MAX} times a day")
    return rule


def starts_between(recurrence: Recurrence, first: date, last: date) -> tuple[datetime, ...]:
    """Return the wall times at which a programme begins on the days `first` to `last`.  Raises BadRule."""
    end = datetime.combine(last, MIDNIGHT) + ONE_DAY
    return tuple(takewhile(lambda wall: wall < end, _starts(recurrence, datetime.combine(first, MIDNIGHT))))


def next_starts(recurrence: Recurrence, not_before: datetime, limit: int) -> tuple[datetime, ...]:
    """Return the next `limit` wall times from `not_before` (wall time) on.  Raises BadRule."""
    return tuple(islice(_starts(recurrence, not_before), limit))


def _starts(recurrence: Recurrence, begin: datetime) -> Iterator[datetime]:
    """Yield wall times; one that the clock of its zone never shows is no occurrence (RFC 5545, section 3.3.10)."""
    left_out = frozenset(recurrence.exdates)
    found: Iterable[datetime] = [recurrence.start] if recurrence.start >= begin else []
    if recurrence.rule:
        rule = programme_rule(recurrence.rule)
        found = occurrences(rule, recurrence.start, zone=zone_of(recurrence.zone), not_before=begin)
    return (wall for wall in found if wall not in left_out and utc_of(wall, recurrence.zone) is not None)


# --- text in, text out ------------------------------------------------------------------------------------------


def expand(rule: str, dtstart: str, start_at: str | None = None, limit: int = EXPAND_MAX) -> tuple[str, ...]:
    """Return at most `limit` occurrences, from `start_at` on, in the form of `dtstart`: DATE or DATE-TIME, Z or not."""
    parsed, start = parse_rule(rule), parse_moment(dtstart).replace(tzinfo=None)
    is_date = len(dtstart) == len("YYYYMMDD")
    if is_date:  # RFC 5545: BYHOUR, BYMINUTE and BYSECOND must be ignored for a DATE
        parsed = replace(parsed, by_hour=(), by_minute=(), by_second=())
    after = parse_moment(start_at, "start-at").replace(tzinfo=None) if start_at else None
    form = "%Y%m%d" if is_date else "%Y%m%dT%H%M%S"
    suffix = "Z" if dtstart.endswith("Z") else ""
    found = islice(occurrences(parsed, start, not_before=after), max(0, min(limit, EXPAND_MAX)))
    return tuple(moment.strftime(form).zfill(len(dtstart.rstrip("Z"))) + suffix for moment in found)
