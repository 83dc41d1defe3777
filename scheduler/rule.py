"""The text of a recurrence rule (RFC 5545, section 3.3.10) to its parts.  Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from enum import IntEnum
from functools import lru_cache

from scheduler.errors import BadRule
from scheduler.model import OCCURRENCES_A_DAY_MAX

SET_TIMES_MAX = 288  # times of a day among which BYSETPOS may pick, over up to 366 days: every five minutes
RULE_CHARS_MAX = 1000  # the longest rule that makes sense lists 366 days of a year, and nobody writes it by hand


class Freq(IntEnum):
    """How long a period is; the order is that of RFC 5545."""

    YEARLY = 0
    MONTHLY = 1
    WEEKLY = 2
    DAILY = 3
    HOURLY = 4
    MINUTELY = 5
    SECONDLY = 6


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


def programme_rule(text: str) -> Rule:
    """Return the rule of a programme, which may not be more frequent than a loudspeaker can be.  Raises BadRule."""
    rule = parse_rule(text)
    if rule.freq > Freq.HOURLY:
        raise BadRule("FREQ", f"{rule.freq.name} is too frequent for a programme")
    if times_a_day(rule) > OCCURRENCES_A_DAY_MAX:
        raise BadRule("FREQ", f"more than {OCCURRENCES_A_DAY_MAX} times a day")
    return rule
