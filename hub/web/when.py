"""PURE: when something is on the air, from a form to a rule and from a rule to words."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from hub.web.words import WEEKDAYS, capital, day
from scheduler.model import Recurrence

CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
SHORT = ("T2", "T3", "T4", "T5", "T6", "T7", "CN")
DAY_WORDS: Mapping[str, str] = dict(zip(CODES, WEEKDAYS, strict=True))


def rule_of(repeat: str, days: Collection[str], until: str) -> str:
    """Return the RRULE value of a form: repeat is once, daily or weekly; `until` is a day ("2026-12-31") or empty."""
    chosen = [code for code in CODES if code in days]
    base = {"daily": "FREQ=DAILY", "weekly": f"FREQ=WEEKLY;BYDAY={','.join(chosen)}"}.get(repeat, "")
    return f"{base};UNTIL={until.replace('-', '')}" if base and until else base


def first_day(start: datetime, repeat: str, days: Collection[str]) -> datetime:
    """Return the first occurrence on or after the day of `start`: a weekly rule begins on one of its days."""
    if repeat != "weekly" or not days:
        return start
    wait = min((CODES.index(code) - start.weekday()) % 7 for code in days if code in CODES)
    return start + timedelta(days=wait)


def recurrence_words(recurrence: Recurrence) -> str:
    """Return "Hằng ngày lúc 17:00", "Thứ Hai, thứ Tư lúc 05:30", "17:00 thứ Tư, 25/11/2026"."""
    at = f"{recurrence.start:%H:%M}"
    if not recurrence.rule:
        return f"{at} {day(recurrence.start.date())}"
    parts = dict(part.partition("=")[::2] for part in recurrence.rule.split(";"))
    return f"{_often(parts)} lúc {at}{_until(parts.get('UNTIL', ''))}"


def _often(parts: Mapping[str, str]) -> str:
    every = int(parts.get("INTERVAL", "1") or 1)
    days = [DAY_WORDS[code] for code in parts.get("BYDAY", "").split(",") if code in DAY_WORDS]
    match parts.get("FREQ"), every:
        case "DAILY", 1:
            return "Hằng ngày"
        case "WEEKLY", 1 if days:
            return "Hằng ngày" if len(days) == len(CODES) else capital(", ".join(days)) + " hằng tuần"
        case "MONTHLY", 1:
            return "Hằng tháng"
        case _:
            return "Theo lịch lặp"


def _until(text: str) -> str:
    return f", đến hết {text[6:8]}/{text[4:6]}/{text[:4]}" if len(text) >= 8 else ""
