"""PURE: times, durations and counts as people here read them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.calendars import ZONE

LOCAL = ZoneInfo(ZONE)
WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


def local(at: datetime | int) -> datetime:
    """Return a moment on the clock on the wall; `at` is aware, or UTC milliseconds."""
    return (datetime.fromtimestamp(at / 1000, UTC) if isinstance(at, int) else at).astimezone(LOCAL)


def clock(at: datetime | int) -> str:
    """Return "05:40"."""
    return f"{local(at):%H:%M}"


def clock_s(at: datetime | int) -> str:
    """Return "05:40:07"."""
    return f"{local(at):%H:%M:%S}"


def day(at: date | datetime | int) -> str:
    """Return "thứ Tư, 25/11/2026"."""
    on = at if isinstance(at, date) and not isinstance(at, datetime) else local(at)
    return f"{WEEKDAYS[on.weekday()]}, {on:%d/%m/%Y}"


def moment(at: datetime | int, now: datetime) -> str:
    """Return "05:40" for a time of today, else "05:40 24/11", with the year only when it is another."""
    then, here = local(at), local(now)
    if then.date() == here.date():
        return f"{then:%H:%M}"
    return f"{then:%H:%M} {then:%d/%m}" if then.year == here.year else f"{then:%H:%M} {then:%d/%m/%Y}"


def full_moment(at: datetime | int) -> str:
    """Return "05:40:07 25/11/2026"."""
    return f"{local(at):%H:%M:%S %d/%m/%Y}"


def for_input(at: datetime) -> str:
    """Return a moment as an <input type=datetime-local> holds it."""
    return f"{local(at):%Y-%m-%dT%H:%M}"


def from_input(text: str) -> datetime | None:
    """Return what an <input type=datetime-local> held, aware and UTC; None if it is no time."""
    wall = wall_time(text)
    return None if wall is None else wall.replace(tzinfo=LOCAL).astimezone(UTC)


def wall_time(text: str) -> datetime | None:
    """Return what an <input type=datetime-local> held, as wall time without a zone; None if it is no time."""
    try:
        wall = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    # Far years overflow as soon as a zone is put to them.
    return wall if wall.tzinfo is None and 2000 <= wall.year < 2100 else None


def a_date(text: str) -> date | None:
    """Return what an <input type=date> held; None if it is no day."""
    wall = wall_time(text)
    return None if wall is None else wall.date()


def length(duration: timedelta | int) -> str:
    """Return "02:10" or "1:02:10"; an integer is milliseconds."""
    ms = duration if isinstance(duration, int) else round(duration / timedelta(milliseconds=1))
    seconds = max(0, round(ms / 1000))
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60:02d}:{rest % 60:02d}"


def age(span: timedelta) -> str:
    """Return "vừa xong", "3 phút trước", "2 giờ trước", "5 ngày trước"."""
    minutes = int(span.total_seconds() // 60)
    for size, word in ((1440, "ngày"), (60, "giờ"), (1, "phút")):
        if minutes >= size:
            return f"{minutes // size} {word} trước"
    return "vừa xong"


def count(number: int) -> str:
    """Return "3.200", as numbers are grouped here."""
    return f"{number:,}".replace(",", ".")


def capital(text: str) -> str:
    """Return `text` with its first letter large and the others as they are."""
    return text[:1].upper() + text[1:]
