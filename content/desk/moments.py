"""Dates and times as people write them in a bulletin, with their places.  PURE.

Not the reading aloud (that is `content.text.dates`): here a date is found to be judged, so only what surely is one is
taken: with a year, or beside a word that only stands beside dates.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

_WEEKDAY = r"(?:thứ\s+(?:hai|ba|tư|năm|sáu|bảy|bẩy|[2-7])|chủ\s+nhật|(?<!\w)CN)(?!\w)"
_DAY = r"(?P<day>\d{1,2})\s?(?P<sign>[/.-])\s?(?P<month>\d{1,2})(?:\s?(?P=sign)\s?(?P<year>\d{4}))?"
_WORDY = r"(?P<wday>\d{1,2})\s+tháng\s+(?P<wmonth>\d{1,2})(?:\s*(?:,\s*)?năm\s+(?P<wyear>\d{4}))?"
_DATE = re.compile(rf"(?<![\w/.,-])(?:{_DAY}|{_WORDY})(?![\w/]|[.,-]\d)", re.IGNORECASE)
# A date without a year is surely one only after these words, or after another date and a dash.
_SURE_BEFORE = re.compile(
    r"(?:ngày|mùng|mồng|hôm|sáng|trưa|chiều|tối|đêm|(?:đến|tới|trước|sau|từ|hết|và|đêm)\s*(?:hết\s+)?|thứ\s+\w+,?|chủ\s+nhật,?|hạn)"
    r"\s*[(,]?\s*(?:ngày\s+)?$",
    re.IGNORECASE,
)
_RANGE = re.compile(r"^\s*(?:-|–|—|đến|tới)\s*(?:hết\s+)?(?:ngày\s+)?$", re.IGNORECASE)
# After these words a date is history or part of a name, not a day on which something will be.
_HISTORY = re.compile(
    r"(?:số\s\S+(?:\s+|,\s*)ngày|sinh(?:\s+từ)?(?:\s+ngày)?|ban\s+hành(?:\s+ngày)?|từ\s+trần|mất|tính\s+đến.{0,16}|hồi|cấp\s+ngày|ký\s+ngày|"
    r"có\s+hiệu\s+lực\s+(?:từ|kể\s+từ)(?:\s+ngày)?|kể\s+từ(?:\s+ngày)?|phát\s+lúc.{0,12}|kỷ\s+niệm|truyền\s+thống|"
    r"thành\s+lập(?:\s+ngày)?|trong\s+ngày|vào\s+ngày\s+xảy\s+ra|thông\s+báo.{0,40}\sngày|nghị\s+định.{0,40}\sngày|"
    r"quyết\s+định.{0,40}\sngày|công\s+văn.{0,40}\sngày|chỉ\s+thị.{0,40}\sngày|kế\s+hoạch.{0,40}\sngày|luật.{0,40}\sngày)"
    r"\s*$",
    re.IGNORECASE | re.DOTALL,
)
_SINCE = re.compile(r"(?<!\w)(?:kể\s+)?từ(?:\s+ngày)?\s*$", re.IGNORECASE)
_LUNAR_AFTER = re.compile(r"^\s?[,(]?\s?(?:ÂL|AL|âm lịch|âm)(?!\w)", re.IGNORECASE)
_LUNAR_YEAR = re.compile(
    r"^\s?(?:năm\s+)?(?:Giáp|Ất|Bính|Đinh|Mậu|Kỷ|Canh|Tân|Nhâm|Quý)\s+(?:Tý|Sửu|Dần|Mão|Thìn|Tỵ|Tị|Ngọ|Mùi|Thân|Dậu|Tuất|Hợi)"
)
_WEEKDAY_NUMBERS = {"hai": 0, "ba": 1, "tư": 2, "năm": 3, "sáu": 4, "bảy": 5, "bẩy": 5}
WEEKDAY_WORDS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")
_LOOK = 60  # characters that are looked at on each side
_TIME = re.compile(
    r"(?<![\w/.,:])(?P<hour>\d{1,2})\s?(?:h|g|giờ|:)\s?(?P<minute>\d{1,2})?(?:\s?(?:'|phút|p))?(?!\w|[.,:/]\d)",
    re.IGNORECASE,
)
_PART = re.compile(
    r"(?:(?:buổi|vào|từ|lúc)\s+)*(?P<part>sáng|trưa|chiều|tối|đêm)(?:\s+(?:từ|lúc|vào))*\s*$", re.IGNORECASE
)
_PART_AFTER = re.compile(r"^\s*(?P<part>sáng|trưa|chiều|tối|đêm)(?!\w)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A date in a text.  on: None when the calendar has no such day; of_year: the year was written."""

    start: int
    end: int
    source: str
    on: date | None
    of_year: bool
    history: bool  # the day of a decree, of a birth, since which something holds: nothing will be then
    until: bool  # the second of a range
    weekday: int | None = None  # the weekday that is written beside it, 0 is Monday


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A time of day in a text; part: sáng, trưa, chiều, tối, đêm as it is written beside it, or ""."""

    start: int
    end: int
    source: str
    hour: int
    minute: int
    part: str = ""

    @property
    def possible(self) -> bool:
        """Say whether a clock can show it; 24h00 is the end of a day."""
        return (self.hour < 24 and self.minute < 60) or (self.hour == 24 and self.minute == 0)

    @property
    def of_day(self) -> int:
        """The minute of the day."""
        return self.hour * 60 + self.minute


def nearest(day: int, month: int, today: date) -> date | None:
    """Return the day of that name that is nearest to the weeks to come, or None when there is none."""
    found = [made for year in (today.year - 1, today.year, today.year + 1) if (made := day_of(year, month, day))]
    ahead = today + timedelta(days=60)  # notices speak of what comes, and of what has just been
    return min(found, key=lambda one: abs((one - ahead).days), default=None)


def day_of(year: int, month: int, day: int) -> date | None:
    """Return the day, or None when the calendar has none."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def weekday_of(written: str) -> int:
    """Return the number of a weekday as it is written, 0 is Monday."""
    word = written.lower().split()[-1]
    return int(word) - 2 if word.isdigit() else _WEEKDAY_NUMBERS.get(word, 6)


_BESIDE_LEFT = re.compile(rf"(?P<weekday>{_WEEKDAY})\s*[,(]?\s*(?:\(?\s*ngày\s+)?$", re.IGNORECASE)
_BESIDE_RIGHT = re.compile(rf"^\s*[,(]\s*(?P<weekday>{_WEEKDAY})", re.IGNORECASE)


def _weekday_beside(text: str, start: int, end: int) -> int | None:
    left = _BESIDE_LEFT.search(text[max(0, start - _LOOK) : start])
    right = _BESIDE_RIGHT.match(text[end : end + _LOOK])
    hit = left or right
    return weekday_of(hit["weekday"]) if hit else None


def dates_in(text: str, today: date) -> tuple[Written, ...]:
    """Return the dates of a text; one without a year is taken for the nearest.  Lunar dates are left out."""
    found = list(_dates(text, today))
    for i, (first, second) in enumerate(pairwise(found)):
        if second.until and second.of_year and not first.of_year and first.on and second.on:
            same = day_of(second.on.year, first.on.month, first.on.day)
            later = same is None or same > second.on
            found[i] = replace(first, on=day_of(second.on.year - later, first.on.month, first.on.day), of_year=True)
    for i, one in enumerate(found):
        begins = i + 1 < len(found) and found[i + 1].until
        if not begins and not one.until and _SINCE.search(text[max(0, one.start - _LOOK) : one.start]):
            found[i] = replace(one, history=True)
    return tuple(found)


def _dates(text: str, today: date) -> Iterator[Written]:
    last_end, last_history = -1, False
    for hit in _DATE.finditer(text):
        start, end = hit.span()
        left, right = text[max(0, start - _LOOK) : start], text[end : end + _LOOK]
        day, month = int(hit["day"] or hit["wday"]), int(hit["month"] or hit["wmonth"])
        year = hit["year"] or hit["wyear"]
        weekday = _weekday_beside(text, start, end)
        second = last_end >= 0 and _RANGE.match(text[last_end:start]) is not None
        sure = (
            year is not None
            or hit["wday"] is not None
            or second
            or weekday is not None
            or _SURE_BEFORE.search(left) is not None
        )
        if not sure or _LUNAR_AFTER.match(right) or _LUNAR_YEAR.match(right):
            continue
        if hit["sign"] in {".", "-"} and year is None and not _SURE_BEFORE.search(left):
            continue  # 5.6 and 13-5 are numbers oftener than days
        history = _HISTORY.search(left) is not None or (second and last_history)
        yield Written(
            start=start,
            end=end,
            source=hit[0],
            on=day_of(int(year), month, day) if year else nearest(day, month, today),
            of_year=year is not None,
            history=history,
            until=second,
            weekday=weekday,
        )
        last_end, last_history = end, history


def clocks_in(text: str) -> Iterator[Clock]:
    """Yield the times of day of a text."""
    for hit in _TIME.finditer(text):
        start, end = hit.span()
        before = _PART.search(text[max(0, start - _LOOK) : start])
        part = _PART_AFTER.match(text[end : end + _LOOK]) or before
        if ":" in hit[0] and hit["minute"] is None:
            continue
        yield Clock(
            start=start,
            end=end,
            source=hit[0].strip(),
            hour=int(hit["hour"]),
            minute=int(hit["minute"] or 0),
            part=part["part"].lower() if part else "",
        )
