"""What a second reader would say about a text: a table of checks, each with places and remedies.  PURE.

A check that says too much is not read.  So each looks only for what is surely odd, and what is usual in the field (a
date that is past in the head of a decree, a reduplicated word) is left alone.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from content.desk.findings import Finding, Gravity, in_order
from content.desk.folding import folded
from content.desk.moments import WEEKDAY_WORDS, Clock, Written, clocks_in, dates_in, weekday_of
from content.model import Requester, Subject
from content.text.spoken import SpokenText
from devices.protocol.manifest import ServiceClass

SYLLABLES_A_SECOND = 3.7  # a radio announcer, content.speech.voice
PART_S_MAX = 900  # a ward's whole session is a quarter of an hour
SENTENCE_WORDS_MAX = 45  # longer is not understood two hundred metres away
UNREAD_SHOWN_MAX = 20
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjected:
    """A text with everything that checks look at.  now: the local wall clock; slot_s: how long it may be."""

    title: str
    text: str
    spoken: SpokenText
    now: datetime
    service_class: ServiceClass = ServiceClass.NORMAL
    subject: Subject = Subject.OTHER
    requester: Requester = Requester.OWN
    document: str = ""
    valid_until: datetime | None = None  # the local wall clock
    rate_percent: int = 100
    slot_s: float | None = None
    dates: tuple[Written, ...] = field(init=False)
    clocks: tuple[Clock, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "dates", dates_in(self.text, self.now.date()))
        object.__setattr__(self, "clocks", tuple(clocks_in(self.text)))

    def at(self, code: str, gravity: Gravity, start: int, end: int, words: str, remedy: str) -> Finding:
        """Return a finding about a piece of the text; {} in `words` is the piece."""
        source = self.text[start:end]
        return Finding(
            code=code, gravity=gravity, words=words.replace("{}", source), remedy=remedy, start=start, end=end,
            source=source,
        )  # fmt: skip


Check = Callable[[Subjected], Iterable[Finding]]


def day_words(on: date) -> str:
    """Return a day as it is written with its weekday: "thứ Năm, 13/8/2026"."""
    return f"{WEEKDAY_WORDS[on.weekday()]}, {on.day}/{on.month}/{on.year}"


# --- dates ----------------------------------------------------------------------------------------------------------


def _impossible_dates(it: Subjected) -> Iterator[Finding]:
    for one in it.dates:
        if one.on is None:
            yield it.at(
                "date.impossible", Gravity.ERROR, one.start, one.end,
                "Không có ngày {} trong lịch.", "Sửa lại ngày, tháng.",
            )  # fmt: skip


def _wrong_weekdays(it: Subjected) -> Iterator[Finding]:
    for one in it.dates:
        if one.on is not None and one.weekday is not None and one.on.weekday() != one.weekday:
            yield it.at(
                "date.weekday", Gravity.ERROR, one.start, one.end,
                f"Ngày {{}} là {WEEKDAY_WORDS[one.on.weekday()]}, không phải {WEEKDAY_WORDS[one.weekday]}.",
                f"Sửa thành “{day_words(one.on)}”, hoặc sửa ngày.",
            )  # fmt: skip


_RELATIVE = re.compile(
    r"(?<!\w)(?P<day>hôm nay|ngày mai|sáng mai|chiều mai|tối mai|hôm qua|ngày kia)\s*[,(]?\s*(?:ngày\s+)?"
    r"(?P<weekday>thứ\s+(?:hai|ba|tư|năm|sáu|bảy|[2-7])|chủ\s+nhật)(?!\w)",
    re.IGNORECASE,
)
_DAYS_ON = {"hôm nay": 0, "ngày mai": 1, "sáng mai": 1, "chiều mai": 1, "tối mai": 1, "hôm qua": -1, "ngày kia": 2}


def _wrong_todays(it: Subjected) -> Iterator[Finding]:
    for hit in _RELATIVE.finditer(it.text):
        on = it.now.date() + timedelta(days=_DAYS_ON[" ".join(hit["day"].lower().split())])
        if on.weekday() != weekday_of(hit["weekday"]):
            yield it.at(
                "date.today", Gravity.WARNING, hit.start(), hit.end(),
                f"{hit['day'].capitalize()} (tính từ lúc này) là {WEEKDAY_WORDS[on.weekday()]}.",
                f"Ghi rõ ngày, ví dụ “{day_words(on)}”.",
            )  # fmt: skip


def _ends(dates: tuple[Written, ...]) -> Iterator[Written]:
    """Yield the dates that decide whether something is over: of a range its end."""
    for i, one in enumerate(dates):
        begins = i + 1 < len(dates) and dates[i + 1].until
        if one.on is not None and not one.history and not begins:
            yield one


def _past_dates(it: Subjected) -> Iterator[Finding]:
    for one in _ends(it.dates):
        if one.on is not None and one.on < it.now.date():
            days = (it.now.date() - one.on).days
            yield it.at(
                "date.past", Gravity.WARNING, one.start, one.end,
                f"Ngày {{}} đã qua {days} ngày.", "Kiểm tra lại ngày, tháng, năm; bỏ phần đã qua nếu là tin cũ.",
            )  # fmt: skip


def _backward_ranges(it: Subjected) -> Iterator[Finding]:
    for first, second in zip(it.dates, it.dates[1:], strict=False):
        if second.until and first.on and second.on and second.on < first.on:
            yield it.at(
                "date.backwards", Gravity.ERROR, first.start, second.end,
                "Khoảng “{}” có ngày kết thúc trước ngày bắt đầu.", "Đổi lại thứ tự hoặc sửa ngày.",
            )  # fmt: skip


_RELATIVE_DAY = re.compile(
    r"(?<!\w)(?:hôm nay|ngày mai|sáng mai|chiều mai|tối mai|tối nay|chiều nay|sáng nay|ngày kia"
    r"|tuần (?:tới|sau))(?!\w)",
    re.IGNORECASE,
)


def _relative_days(it: Subjected) -> Iterator[Finding]:
    if it.service_class is ServiceClass.EMERGENCY or any(not one.history for one in it.dates):
        return
    for hit in _RELATIVE_DAY.finditer(it.text):
        yield it.at(
            "date.relative", Gravity.WARNING, hit.start(), hit.end(),
            "“{}” sẽ sai nếu bản tin được phát vào ngày khác.", "Ghi rõ ngày, tháng.",
        )  # fmt: skip


def _expires_too_soon(it: Subjected) -> Iterator[Finding]:
    if it.valid_until is None:
        return
    over = it.valid_until.date()
    for one in _ends(it.dates):
        if one.on is not None and one.on > over and (one.on - over).days < 300:
            yield it.at(
                "validity.early", Gravity.NOTE, one.start, one.end,
                f"Bản tin hết hiệu lực {day_words(over)}, trước ngày {{}}.", "Kéo dài thời hạn hiệu lực nếu cần.",
            )  # fmt: skip


def _expires_too_late(it: Subjected) -> Iterator[Finding]:
    ends = [one for one in _ends(it.dates) if one.on is not None and one.on >= it.now.date()]
    last = max(ends, key=lambda one: one.on or date.min, default=None)
    if last is None or last.on is None or it.service_class is ServiceClass.EMERGENCY:
        return
    after = it.valid_until is None or it.valid_until.date() > last.on + timedelta(days=1)
    if after:
        yield it.at(
            "validity.late", Gravity.NOTE, last.start, last.end,
            "Bản tin vẫn còn hiệu lực sau ngày cuối cùng được nhắc đến ({}).",
            f"Đặt thời hạn hiệu lực đến hết {day_words(last.on)}.",
        )  # fmt: skip


def _expired(it: Subjected) -> Iterator[Finding]:
    if it.valid_until is not None and it.valid_until <= it.now:
        yield Finding(
            code="validity.past", gravity=Gravity.ERROR, words="Thời hạn hiệu lực đã qua.",
            remedy="Đặt lại thời hạn hiệu lực.",
        )  # fmt: skip


# --- times ----------------------------------------------------------------------------------------------------------


def _impossible_times(it: Subjected) -> Iterator[Finding]:
    for one in it.clocks:
        if not one.possible and not _is_duration(it.text, one):
            yield it.at("time.impossible", Gravity.ERROR, one.start, one.end, "Không có giờ {}.", "Sửa lại giờ, phút.")


_DURATION_BEFORE = re.compile(
    r"(?:trong|sau|vòng|kéo dài|liên tục|suốt|cách nhau|tối đa|tối thiểu|quá|/)\s*$", re.IGNORECASE
)


def _is_duration(text: str, one: Clock) -> bool:
    """Say whether hours are counted here: "trong 48 giờ", "24/24h"."""
    return _DURATION_BEFORE.search(text[max(0, one.start - 20) : one.start]) is not None


_TIME_RANGE = re.compile(r"^\s*(?:-|–|—|đến|tới)\s*(?:hết\s+)?$", re.IGNORECASE)


def _backward_times(it: Subjected) -> Iterator[Finding]:
    for first, second in zip(it.clocks, it.clocks[1:], strict=False):
        between = it.text[first.end : second.start]
        same = not (first.part or second.part) or first.part == second.part
        over_night = first.hour >= 17 and second.hour <= 9
        if _TIME_RANGE.match(between) and same and second.of_day <= first.of_day and not over_night:
            yield it.at(
                "time.backwards", Gravity.ERROR, first.start, second.end,
                "Khoảng giờ “{}” kết thúc trước khi bắt đầu.", "Sửa lại giờ bắt đầu, giờ kết thúc.",
            )  # fmt: skip


# The hours that a part of the day cannot have; 1 to 11 with chiều, tối, đêm are hours of the small clock.
_NOT_IN_PART = {
    "sáng": range(12, 25),
    "trưa": (*range(3, 10), *range(15, 25)),
    "chiều": (*range(8, 12), *range(19, 25)),
    "tối": (*range(1, 5), *range(12, 17)),
    "đêm": range(12, 18),
}


def _wrong_parts(it: Subjected) -> Iterator[Finding]:
    for one in it.clocks:
        if one.part and one.possible and one.hour in _NOT_IN_PART[one.part]:
            yield it.at(
                "time.part", Gravity.WARNING, one.start, one.end,
                f"{{}} không phải buổi {one.part}.", "Sửa lại giờ hoặc buổi.",
            )  # fmt: skip


def _past_times(it: Subjected) -> Iterator[Finding]:
    """Find what begins today and has begun already."""
    today = [one for one in _ends(it.dates) if one.on == it.now.date()]
    if len(today) != 1 or len([one for one in it.dates if not one.history]) != 1 or not it.clocks:
        return
    last = max((one.of_day for one in it.clocks if one.possible and not one.part), default=None)
    if last is not None and last < it.now.hour * 60 + it.now.minute:
        one = today[0]
        yield it.at(
            "time.past", Gravity.WARNING, one.start, one.end, "Giờ nêu trong bản tin của ngày {} đã qua.",
            "Kiểm tra lại giờ, hoặc không phát tin này nữa.",
        )  # fmt: skip


# --- what an invitation lacks ---------------------------------------------------------------------------------------

_INVITATION = re.compile(
    r"(?<!\w)(?:kính mời|trân trọng mời|mời\s+(?:toàn thể|bà con|các|nhân dân|công dân|quý|phụ huynh)|"
    r"tổ chức\s+(?:họp|buổi|lễ|tiêm|hội nghị|khám|cấp phát|tập huấn)|lịch\s+(?:tiêm|khám|họp|cấp))",
    re.IGNORECASE,
)
_DAY_SAID = re.compile(
    r"(?<!\w)(?:hôm nay|ngày mai|sáng mai|chiều mai|tối mai|tối nay|chiều nay|sáng nay|ngày kia|hằng ngày|hàng ngày|"
    r"thứ\s+(?:hai|ba|tư|năm|sáu|bảy|[2-7])|chủ\s+nhật|rằm|mùng\s+\w+|ngày\s+\d{1,2})(?!\w)",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"(?<!\w)(?:tại|ở|trước\s+cửa|địa\s+điểm|đến\s+(?:nhà|trụ\s+sở|trạm|trường|hội\s+trường|ủy\s+ban|ubnd|điểm|sân|đình|chùa|"
    r"bộ\s+phận|trung\s+tâm|công\s+an|đơn\s+vị|kho|chợ))(?!\w)",
    re.IGNORECASE,
)


def _lacks(it: Subjected, hit: re.Match[str], what: str, words: str, remedy: str) -> Finding:
    return it.at(f"missing.{what}", Gravity.WARNING, hit.start(), hit.end(), words, remedy)


def _missing(it: Subjected) -> Iterator[Finding]:
    hit = _INVITATION.search(it.text)
    if hit is None:
        return
    if not it.clocks:
        yield _lacks(it, hit, "time", "Có lời mời nhưng chưa ghi giờ.", "Thêm giờ, ví dụ “lúc 19h30”.")
    if not it.dates and not _DAY_SAID.search(it.text):
        yield _lacks(it, hit, "date", "Có lời mời nhưng chưa ghi ngày.", "Thêm thứ, ngày, tháng.")
    if not _PLACE.search(it.text):
        yield _lacks(it, hit, "place", "Có lời mời nhưng chưa ghi địa điểm.", "Thêm địa điểm: “tại …”.")


# --- numbers --------------------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"(?<![\w/.,+-])\(?(?:\+84|0|1[89]00)\)?(?:[ .-]?\(?\d+\)?){1,12}(?![\w/]|[.,]\d)")
_MOBILE = re.compile(r"0[35789]\d{8}\Z")
_LANDLINE = re.compile(r"02\d{9}\Z")
_HOTLINE = re.compile(r"1[89]00(?:\d{4}|\d{6})\Z")
_PHONE_WORD = re.compile(
    r"(?:điện thoại|liên hệ|liên lạc|đt|sđt|gọi|hotline|đường dây nóng|tổng đài|zalo|số máy|máy|di động|báo)"
    r"[^.\n]{0,30}$",
    re.IGNORECASE,
)
_IDENTITY = re.compile(r"(?<![\w/.,-])0\d{2}[ .]?\d{3}[ .]?\d{3}[ .]?\d{3}(?![\w/])")


def _digits(written: str) -> str:
    plain = "".join(c for c in written if c.isdigit())
    return f"0{plain[2:]}" if written.lstrip("(").startswith("+84") else plain


def _wrong_phones(it: Subjected) -> Iterator[Finding]:
    for hit in _NUMBER.finditer(it.text):
        digits = _digits(hit[0])
        beside = _PHONE_WORD.search(it.text[max(0, hit.start() - 50) : hit.start()])
        looks = len(digits) >= 8 and (beside is not None or 9 <= len(digits) <= 11)
        known = any(kind.match(digits) for kind in (_MOBILE, _LANDLINE, _HOTLINE))
        if not looks or known or len(digits) == 12:
            continue
        yield it.at(
            "phone.length", Gravity.ERROR, hit.start(), hit.end(),
            f"Số điện thoại {{}} có {len(digits)} chữ số, hoặc đầu số không đúng.",
            "Di động có 10 số (03, 05, 07, 08, 09), cố định có 11 số (02…), tổng đài 1800, 1900 có 8 hoặc 10 số.",
        )  # fmt: skip


def _identities(it: Subjected) -> Iterator[Finding]:
    for hit in _IDENTITY.finditer(it.text):
        yield it.at(
            "private.identity", Gravity.ERROR, hit.start(), hit.end(),
            "Số {} có thể là số căn cước của một người.", "Không đọc số căn cước trên loa; bỏ số này.",
        )  # fmt: skip


_ACCOUNT = re.compile(
    r"(?<!\w)(?:số tài khoản|stk|tài khoản(?:\s+số)?)[:\s]{1,3}(?P<n>\d[\d .]{6,20}\d)", re.IGNORECASE
)


def _accounts(it: Subjected) -> Iterator[Finding]:
    for hit in _ACCOUNT.finditer(it.text):
        yield it.at(
            "private.account", Gravity.WARNING, *hit.span("n"),
            "Số tài khoản {} khó ghi lại khi nghe loa và dễ bị giả mạo.",
            "Mời bà con xem ở bảng tin hoặc liên hệ trực tiếp.",
        )  # fmt: skip


# --- the text itself ------------------------------------------------------------------------------------------------

_UNFINISHED = re.compile(
    r"\[[^\]\n]{0,60}\]|\{[^}\n]{0,60}\}|_{2,}|\.{4,}|…{2,}|(?<!\w)x{3,}(?!\w)|(?<=\s)…(?=[\s,;.])", re.IGNORECASE
)


def _unfinished(it: Subjected) -> Iterator[Finding]:
    for hit in _UNFINISHED.finditer(it.text):
        yield it.at(
            "text.unfinished",
            Gravity.ERROR,
            hit.start(),
            hit.end(),
            "Chỗ “{}” chưa điền.",
            "Điền nội dung, hoặc bỏ chỗ này.",
        )


# Words that are never doubled on purpose; "từ từ", "ngày ngày", "luôn luôn" are.
_DOUBLED = re.compile(
    r"(?<!\w)(?P<w>của|và|là|các|những|được|tại|đến|cho|với|trong|bị|thì|mà|này|không|ủy ban|nhân dân|thông báo|bà con)"
    r"\s+(?P=w)(?!\w)",
    re.IGNORECASE,
)


def _doubled(it: Subjected) -> Iterator[Finding]:
    for hit in _DOUBLED.finditer(it.text):
        yield it.at("text.doubled", Gravity.WARNING, hit.start(), hit.end(), "Lặp từ “{}”.", "Bỏ bớt một từ.")


def _without_marks(it: Subjected) -> Iterator[Finding]:
    words = _WORD.findall(it.text)
    marked = sum(folded(word) != word.lower() for word in words)
    if len(words) >= 8 and marked * 10 < len(words):
        yield Finding(
            code="text.no_marks", gravity=Gravity.ERROR, words="Văn bản gõ không dấu, loa sẽ đọc sai.",
            remedy="Gõ lại có dấu tiếng Việt.",
        )  # fmt: skip


def _capitals(it: Subjected) -> Iterator[Finding]:
    words = [word for word in _WORD.findall(it.text) if len(word) > 1]
    if len(words) >= 12 and sum(word.isupper() for word in words) * 2 > len(words):
        yield Finding(
            code="text.capitals", gravity=Gravity.NOTE, words="Văn bản phần lớn là chữ in hoa.",
            remedy="Viết chữ thường để phân biệt được tên riêng và chữ viết tắt.",
        )  # fmt: skip


_PAIRS = (("(", ")"), ("“", "”"), ("[", "]"), ("«", "»"))


def _unpaired(it: Subjected) -> Iterator[Finding]:
    for opening, closing in _PAIRS:
        if it.text.count(opening) != it.text.count(closing):
            at = max(it.text.rfind(opening), it.text.rfind(closing))
            yield it.at(
                "text.unpaired",
                Gravity.NOTE,
                at,
                at + 1,
                f"Dấu {opening} {closing} không đủ cặp.",
                "Thêm hoặc bỏ dấu còn thiếu.",
            )


_SENTENCE = re.compile(r"[^.!?;:\n]+")


def _long_sentences(it: Subjected) -> Iterator[Finding]:
    for hit in _SENTENCE.finditer(re.sub(r"(?<=\d)[.:](?=\d)", "_", it.text)):
        words = len(hit[0].split())
        if words > SENTENCE_WORDS_MAX:
            start = hit.start() + len(hit[0]) - len(hit[0].lstrip())
            yield it.at(
                "text.long_sentence", Gravity.NOTE, start, hit.end(),
                f"Câu dài {words} từ, nghe ngoài trời khó theo.", "Tách thành hai, ba câu ngắn.",
            )  # fmt: skip


_LINK = re.compile(r"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+\.[\w.]+", re.IGNORECASE)


def _links(it: Subjected) -> Iterator[Finding]:
    for hit in _LINK.finditer(it.text):
        yield it.at(
            "text.link", Gravity.NOTE, hit.start(), hit.end(), "Địa chỉ “{}” khó ghi lại khi nghe.",
            "Thay bằng lời, ví dụ “xem trên trang thông tin điện tử của xã”.",
        )  # fmt: skip


def _unread(it: Subjected) -> Iterator[Finding]:
    for one in it.spoken.unread[:UNREAD_SHOWN_MAX]:
        said = f"sẽ đọc là “{one.proposed}”" if one.proposed else "sẽ không được đọc"
        other = f" Hoặc: {', '.join(one.alternatives)}." if one.alternatives else ""
        yield it.at(
            "reading.unsure", Gravity.WARNING, one.start, one.end, f"Chưa chắc cách đọc “{{}}”: {said}.",
            f"Chọn hoặc ghi cách đọc.{other}",
        )  # fmt: skip


# --- length ---------------------------------------------------------------------------------------------------------


def seconds_of(spoken: SpokenText, rate_percent: int = 100) -> float:
    """Return about how long a text takes to say, with its pauses."""
    words = len(spoken.spoken.split()) / SYLLABLES_A_SECOND
    return (words + sum(phrase.pause_ms for phrase in spoken.phrases) / 1000) * 100 / rate_percent


def _minutes(seconds: float) -> str:
    return f"{round(seconds)} giây" if seconds < 100 else f"{seconds / 60:.1f} phút".replace(".", ",")


def _too_long(it: Subjected) -> Iterator[Finding]:
    takes, most = seconds_of(it.spoken, it.rate_percent), it.slot_s or PART_S_MAX
    if takes > most:
        gravity = Gravity.ERROR if it.slot_s else Gravity.WARNING
        yield Finding(
            code="length.long", gravity=gravity,
            words=f"Đọc hết khoảng {_minutes(takes)}, khung phát có {_minutes(most)}.",
            remedy=f"Bớt khoảng {round((takes - most) * SYLLABLES_A_SECOND)} tiếng, hoặc chọn khung dài hơn.",
        )  # fmt: skip


def _too_short(it: Subjected) -> Iterator[Finding]:
    words = len(it.spoken.spoken.split())
    if 0 < words < 5:
        yield Finding(
            code="length.short", gravity=Gravity.WARNING, words=f"Chỉ có {words} tiếng.",
            remedy="Viết đủ: việc gì, ở đâu, khi nào.",
        )  # fmt: skip


# --- fields ---------------------------------------------------------------------------------------------------------


def _fields(it: Subjected) -> Iterator[Finding]:
    if it.subject is Subject.POLICY and not it.document.strip():
        yield Finding(
            code="field.document", gravity=Gravity.NOTE, words="Tin về chính sách, pháp luật chưa ghi số văn bản.",
            remedy="Ghi số, ký hiệu văn bản nếu có.",
        )  # fmt: skip
    if it.title.strip().lower() in {"thông báo", "tin", "bản tin", "tin mới"}:
        yield Finding(
            code="field.title", gravity=Gravity.NOTE, words="Tiêu đề chưa nói là việc gì.",
            remedy="Ghi rõ hơn, ví dụ “Thông báo cắt điện thôn 1 ngày 13/8”.",
        )  # fmt: skip


CHECKS: tuple[Check, ...] = (
    _impossible_dates, _wrong_weekdays, _wrong_todays, _past_dates, _backward_ranges, _relative_days,
    _expires_too_soon, _expires_too_late, _expired,
    _impossible_times, _backward_times, _wrong_parts, _past_times,
    _missing,
    _wrong_phones, _identities, _accounts,
    _unfinished, _doubled, _without_marks, _capitals, _unpaired, _long_sentences, _links, _unread,
    _too_long, _too_short,
    _fields,
)  # fmt: skip


def checked(it: Subjected) -> tuple[Finding, ...]:
    """Return everything that a second reader would say, the gravest first."""
    found = [finding for check in CHECKS for finding in check(it)]
    wrong = [one for one in found if one.gravity is Gravity.ERROR]
    return in_order(one for one in found if one.code != "reading.unsure" or not any(_covers(w, one) for w in wrong))


def _covers(wrong: Finding, unsure: Finding) -> bool:
    """Say whether a piece is unsure only because it is wrong: it stands in what has to be written anew anyway."""
    return wrong.code == "text.no_marks" or (wrong.start <= unsure.start and unsure.end <= wrong.end)
