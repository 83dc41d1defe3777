"""RFC 5545 recurrence rules, expanded in local wall time.  Pure, and bounded: no rule can hang the caller.

A date-time library would have been shorter.  The one at hand gives 61 of the 70 answers of libical's table (it differs
in week numbers at the ends of a year and times in rules of whole days), and for a rule that never occurs it searches to
the year 9999 inside one call, for seconds to minutes.  It serves as the second opinion in the tests instead.

How it works: a rule is a row of periods (years, months, weeks, days, … of its FREQ, every INTERVALth).  A period has
candidate days, which every BY part filters, times the candidate times of day; BYSETPOS picks from the sorted product.
"""

import calendar
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from scheduler.calendars import utc_of, zone_of
from scheduler.model import Recurrence
from scheduler.rule import Freq, Rule, parse_moment, parse_rule, programme_rule

SCAN_YEARS_MAX = 60  # 29 February on a given weekday comes every 28 years, and every 40 over a century that has none
PERIODS_MAX = 200_000  # a fraction of a second; 60 years have 21,915 days
EXPAND_MAX = 10_000  # lines of one `loa schedule expand`

ONE_DAY = timedelta(days=1)
MIDNIGHT = time()
UNIT: Mapping[Freq, timedelta] = {
    Freq.HOURLY: timedelta(hours=1),
    Freq.MINUTELY: timedelta(minutes=1),
    Freq.SECONDLY: timedelta(seconds=1),
}


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
