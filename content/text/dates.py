"""Dates, months, years, weekdays, hours: rules and readings.  PURE."""

import re
from collections.abc import Callable

from content.text.context import Left, each, follows
from content.text.layers import Lexicon
from content.text.numerals import NumeralStyle, cardinal
from content.text.rules import DASH, NO_DIGIT, NO_WORD, Rule, Said, Start, rx

_D = r"(?:0?[1-9]|[12][0-9]|3[01])"
_M = r"(?:0?[1-9]|1[0-2])"
_Y = r"(?:1[0-9]{3}|2[0-9]{3})"
_LUNAR = r"(?P<lunar>\s?[,(]?\s?(?:ÂL|AL|âm lịch|Âm lịch|ÂM LỊCH)(?!\w))?"
_END = r"(?![0-9]|[./-][0-9])"
# What joins days that share one month: 05 và 06/8; 06 đến 10/3; 5-7/8; 5, 6 và 7/8.
_JOIN = (
    r"(?:\s?,\s?|\s?;\s?|\s?[+&]\s?|\s?-\s?|,?\s(?:đến hết ngày|đến hết|đến ngày|và ngày|tới ngày|và|"
    r"đến|tới|hoặc|cùng|hay)\s)"
)
# A list with commas only is one list where it visibly ends; in "ngày 5, 6 hộ" the 6 belongs to the houses.
_LIST_ENDS = r"(?=\s?(?:[.;:)\n]|$)|\s(?:năm|hằng|hàng|âm|này|tới|và|đến)\b)"
_JOIN_WORD = r"(?:\s?-\s?|,?\s(?:đến hết ngày|đến hết|đến ngày|và ngày|và|đến|tới|hoặc|hay)\s)"
_TO = {"-": "đến", "+": "và", "&": "và", ",": ",", ";": ","}


def _list_of(item: str) -> str:
    """Return a pattern for one item, or a list that visibly ends."""
    return rf"{item}(?:(?:\s?,\s?{item}){{1,6}}(?:{_JOIN_WORD}{item}|{_LIST_ENDS})|{_JOIN_WORD}{item})?"


DATED = (
    "ngày|mùng|mồng|sáng|trưa|chiều|tối|đêm|hôm|hôm nay|rạng sáng|chủ nhật|cn|lễ|dịp|dịp lễ|"
    + each("thứ", "hai|ba|tư|năm|sáu|bảy|2|3|4|5|6|7")
    + "|t2|t3|t4|t5|t6|t7"
)
_DAY_CHAIN = (
    r"(?:^|\D)(?:0?[1-9]|[12][0-9]|3[01])[-/](?:0?[1-9]|1[0-2])(?:/[0-9]{4})?(?:,?\svà|,|\s?-|\sđến|\shoặc)\s?$"
)
_HOUR = r"[0-9](?:h|g)(?:[0-9]{2})?,?\s$"
DAY_STRONG = follows(
    DATED + "|tết|kỷ niệm|mừng|nghỉ|tức|nhằm|nay|hạn|trước|sau|lúc|hồi|vào|hết|quốc khánh|giải phóng|lao "
    "động|phụ nữ|đường|phố|quảng trường|hội trường|"
    "giờ|phút|kỳ|âm lịch",
    pattern=f"{_DAY_CHAIN}|{_HOUR}",
    comma=True,
)
# A match was played: what stands between two numbers is no day.  "Chiến thắng 30-4" is a day.
SCORE_BEFORE = (
    r"(?<!\w)(?<!chiến )(?:tỷ số|tỉ số|thắng|thua|dẫn trước|hòa|kết quả)(?!\w)[^.;()"
    r"0-9A-ZĐ]{0,6}(?:đội [^.;()0-9]{0,16})?$"
)
_LUNAR_MONTHS = {1: "giêng", 12: "chạp"}
# Days so well known that 2-9 is the day although 2 < 9 looks like a range.
_NATIONAL_DAYS = frozenset(
    {(1, 1), (3, 2), (8, 3), (26, 3), (30, 4), (1, 5), (7, 5), (19, 5), (1, 6), (27, 7), (19, 8)}
) | {(2, 9), (13, 10), (20, 10), (18, 11), (20, 11), (23, 11), (22, 12)}


def day_words(day: int, style: NumeralStyle) -> str:
    """Return a day of the month: 1 to 10 with *mùng*."""
    return f"mùng {cardinal(day, style)}" if day <= 10 else cardinal(day, style)


def month_words(month: int, *, lunar: bool = False) -> str:
    """Return *tháng* and the month; the first and last lunar months have names of their own."""
    if lunar and month in _LUNAR_MONTHS:
        return f"tháng {_LUNAR_MONTHS[month]}"
    return f"tháng {'tư' if month == 4 else cardinal(month)}"


def year_words(year: str, style: NumeralStyle) -> str:
    """Return *năm* and the year as a number."""
    return f"năm {cardinal(int(year), style)}"


def date_words(day: int, month: int, year: str, *, lunar: bool, style: NumeralStyle) -> str:
    """Return a day, a month and perhaps a year in words."""
    words = f"{day_words(day, style)} {month_words(month, lunar=lunar)}"
    words += f" {year_words(year, style)}" if year else ""
    return words + (" âm lịch" if lunar else "")


def _others(day: int, month: int, *, lunar: bool) -> tuple[str, ...]:
    """Return what else a lunar date may be called."""
    if lunar and day == 15:
        return (f"ngày rằm {month_words(month, lunar=True)} âm lịch",)
    return ("tháng một âm lịch",) if lunar and month == 11 else ()


def _one_date(m: re.Match[str], lex: Lexicon) -> Said | str | None:
    """Read D/M or D/M/Y."""
    day, month, year = int(m["d"]), int(m["m"]), m["y"] or ""
    if day > 31 or month > 12:
        return None
    if len(year) == 2:
        return Said(
            words=date_words(day, month, "20" + year, lunar=bool(m["lunar"]), style=lex.style),
            others=(date_words(day, month, "19" + year, lunar=bool(m["lunar"]), style=lex.style),),
            doubt=True,
        )
    lunar = bool(m["lunar"])
    words = date_words(day, month, year, lunar=lunar, style=lex.style)
    return Said(words=words, others=_others(day, month, lunar=lunar))


def _after_mung(m: re.Match[str], lex: Lexicon) -> Said | str | None:
    """Read D/M after a written *mùng*, which is not said twice."""
    said = _one_date(m, lex)
    return said and Said(words=(said if isinstance(said, str) else said.words).removeprefix("mùng "))


def _national_day(m: re.Match[str], lex: Lexicon) -> Said | str | None:
    """Read D-M where it is surely a day: 30-4, or a day that everybody knows."""
    day, month = int(m["d"]), int(m["m"])
    if (day, month) not in _NATIONAL_DAYS and day <= month:
        return None
    known = (day, month) in _NATIONAL_DAYS and day > month
    said = date_words(day, month, "", lunar=bool(m["lunar"]), style=lex.style)
    return said if known else Said(words=said, others=(f"{cardinal(day)} đến {cardinal(month)}",), doubt=True)


def _days_of_month(m: re.Match[str], lex: Lexicon) -> str:
    """Read several days that share a month: 05 và 06/8/2026."""
    lunar = bool(m["lunar"])
    days = _joined(m["days"], lambda n: day_words(n, lex.style))
    words = f"{days} {month_words(int(m['m']), lunar=lunar)}"
    words += f" {year_words(m['y'], lex.style)}" if m["y"] else ""
    return words + (" âm lịch" if lunar else "")


def _date_range(m: re.Match[str], lex: Lexicon) -> str:
    """Read D/M(/Y) - D/M(/Y)."""
    first = date_words(int(m["d"]), int(m["m"]), m["y"] or "", lunar=False, style=lex.style)
    second = date_words(int(m["d2"]), int(m["m2"]), m["y2"] or "", lunar=bool(m["lunar"]), style=lex.style)
    return f"{first} đến {second}"


def _lone_day(m: re.Match[str], lex: Lexicon) -> str:
    """Read the day after *ngày*; several days keep their joints."""
    return _joined(m["days"], lambda n: day_words(n, lex.style))


def _joined(written: str, say: Callable[[int], str]) -> str:
    """Return a written list of numbers with its joints in words."""
    words = []
    for part in re.split(rf"({_JOIN})", written):
        text = part.strip()
        words.append(say(int(text)) if text.isdigit() else _TO.get(text, text.lstrip(", ")))
    return " ".join(words).replace(" ,", ",")


def _bare_month(month: int) -> str:
    """Return a month without the word *tháng*."""
    return month_words(month).removeprefix("tháng ")


def _month_year(m: re.Match[str], lex: Lexicon) -> str:
    """Read the M/Y after *tháng*; several months keep their joints."""
    return f"{_joined(m['months'], _bare_month)} {year_words(m['y'], lex.style)}"


def _lone_month_year(m: re.Match[str], lex: Lexicon) -> str:
    """Read M/Y where no word says what it is."""
    return f"{month_words(int(m['m']))} {year_words(m['y'], lex.style)}"


def _months(m: re.Match[str], lex: Lexicon) -> str:
    """Read the months after *tháng*."""
    del lex
    lunar = bool(m["lunar"])
    words = _joined(m["months"], lambda n: month_words(n, lunar=lunar).removeprefix("tháng "))
    return words + (" âm lịch" if lunar else "")


def _day_month(m: re.Match[str], lex: Lexicon) -> str:
    """Read 2 tháng 9 (năm 2026)."""
    return f"{day_words(int(m['d']), lex.style)} {month_words(int(m['m']), lunar=bool(m['lunar']))}" + (
        " âm lịch" if m["lunar"] else ""
    )


_SURE_BEFORE = follows("từ|đến|tới|và|qua|quá|ngày")


def _likely_date(m: re.Match[str], lex: Lexicon) -> Said | str | None:
    """Read D/M that nothing contradicts; where it could be a fraction the editor is told."""
    day, month = int(m["d"]), int(m["m"])
    said = date_words(day, month, "", lunar=False, style=lex.style)
    sure = "0" in (m["d"][0], m["m"][0]) or day >= month or _SURE_BEFORE.holds(Left(m.string, m.start()))
    if sure:
        return said
    fraction = f"{cardinal(day)} phần {'tư' if month == 4 else cardinal(month)}"
    return Said(words=said, others=(fraction,), doubt=True)


_WEEKDAYS = {"1": "nhất", "2": "hai", "3": "ba", "4": "tư", "5": "năm", "6": "sáu", "7": "bảy"}


def _weekdays(m: re.Match[str], lex: Lexicon) -> Said | str | None:
    """Read T2-T6, T7, T2, 4, 6."""
    del lex
    words = re.sub(r"\s?-\s?", " đến ", m[0])
    words = re.sub(r"CN", "chủ nhật", words)
    words = re.sub(r"T?([2-7])", lambda d: f"thứ {_WEEKDAYS[d[1]]}", words)
    return re.sub(r"\s?[,;]\s?", ", ", re.sub(r"\s?[+&]\s?", " và ", words))


def _short_month(m: re.Match[str], lex: Lexicon) -> Said | str | None:
    """Read T8, T10/2026, T7/2026 as months."""
    year = f" {year_words(m['y'], lex.style)}" if m["y"] else ""
    return Said(words=month_words(int(m["m"])) + year, doubt=not m["y"])


def _ordinal(n: str, style: NumeralStyle) -> str:
    """Return what stands after *thứ*."""
    return {"1": "nhất", "4": "tư"}.get(n.lstrip("0"), cardinal(int(n), style))


def _ordinals(m: re.Match[str], lex: Lexicon) -> str:
    """Read the numbers after *thứ*; each further one gets its own *thứ*."""
    words = re.sub(r"\s?-\s?", " đến ", m[0])
    words = re.sub(r"\b(?:thứ\s)?([0-9]+)", lambda d: "thứ " + _ordinal(d[1], lex.style), words)
    return re.sub(r"\s?[,;]\s?", ", ", words).removeprefix("thứ ")


def _years(m: re.Match[str], lex: Lexicon) -> str:
    """Read 2026-2031."""
    first, second = re.findall(r"[0-9]+", m[0])
    return f"{cardinal(int(first), lex.style)} đến {cardinal(int(second), lex.style)}"


_H = r"(?:[01]?[0-9]|2[0-4])"
_MIN = r"[0-5][0-9]"
_MARK = r"(?:\s?(?:'|p|ph|phút|P))?"
_CLOCK = rf"(?:{_H}\s?[hHg]\s?{_MIN}{_MARK}|{_H}:{_MIN}(?::{_MIN})?|{_H}\s?(?:[hHg]|giờ))"
_FULL_CLOCK = rf"(?:{_H}\s?[hHg]\s?{_MIN}{_MARK}|{_H}[hg][1-9]|{_H}:{_MIN}(?::{_MIN})?)"


def clock_words(written: str, style: NumeralStyle) -> str:
    """Return hours, minutes, seconds in words; whole hours without minutes."""
    numbers = [int(n) for n in re.findall(r"[0-9]+", written)]
    words = f"{cardinal(numbers[0], style)} giờ"
    seconds = numbers[2] if len(numbers) > 2 else 0
    if len(numbers) > 1 and (numbers[1] or seconds):
        words += f" {cardinal(numbers[1], style)} phút"
    return words + (f" {cardinal(seconds, style)} giây" if seconds else "")


def _clock(m: re.Match[str], lex: Lexicon) -> str:
    """Read one time of day."""
    return clock_words(m[0], lex.style)


def _clock_range(m: re.Match[str], lex: Lexicon) -> str:
    """Read two times; bare hours before a full time belong to the same day: 7-11h30."""
    return f"{clock_words(m['a'], lex.style)} đến {clock_words(m['b'], lex.style)}"


def _hours_of_day(m: re.Match[str], lex: Lexicon) -> str:
    """Read 24/24h: round the clock."""
    a, b = re.findall(r"[0-9]+", m[0])
    return f"{cardinal(int(a), lex.style)} trên {cardinal(int(b), lex.style)}" + (" giờ" if m["h"] else "")


_COUNTED = (
    r"(?:lần|bữa|viên|buổi|giờ|ca|chuyến|lượt|gói|liều|lít|con|suất|tiếng|người|hộ|trường hợp|đêm|"
    r"kg|g|ml|l|m|km|tấn|tạ|"
    r"triệu|nghìn|ngàn|đồng|đ|%|cây|bệnh nhân|cháu|em|xe|tàu|vụ|cuộc|điểm|thôn|xã|ống|giọt|muỗng|thìa|cốc)"
)

RULES = (
    Rule(
        id="date.range",
        start=Start.DIGIT,
        heads="0123456789",
        tails="./",
        pattern=rx(
            rf"(?P<d>{_D})[/.](?P<m>{_M})(?:[/.](?P<y>{_Y}))?{DASH}(?P<d2>{_D})[/.](?P<m2>{_M})"
            rf"(?:[/.](?P<y2>{_Y}))?{_END}{_LUNAR}"
        ),
        unless=follows(r"số|nhà|kiệt|hẻm|ngõ|ngách|mục|điểm|khoảng"),
        read=_date_range,
        examples=(
            (
                "từ 15/9 - 20/9/2026",
                "từ mười lăm tháng chín đến hai mươi tháng chín năm hai nghìn không trăm hai mươi sáu",
            ),
            ("nghỉ 30/4-1/5", "nghỉ ba mươi tháng tư đến mùng một tháng năm"),
        ),
    ),
    Rule(
        id="date.after_mung",
        start=Start.DIGIT,
        tails="-/",
        pattern=rx(rf"(?P<d>{_D})[/-](?P<m>{_M})(?:/(?P<y>{_Y}))?{_END}{_LUNAR}"),
        before=follows("mùng|mồng"),
        read=_after_mung,
        examples=(
            ("mùng 10/3 âm lịch", "mùng mười tháng ba âm lịch"),
            ("mồng 5/5 ÂL", "mồng năm tháng năm âm lịch"),
        ),
    ),
    Rule(
        id="date.days_of_month",
        start=Start.DIGIT,
        tails="&+,-;_",
        pattern=rx(rf"(?P<days>{_D}(?:{_JOIN}{_D}){{1,5}})/(?P<m>{_M})(?:/(?P<y>{_Y}))?{_END}{_LUNAR}"),
        unless=follows(r"số|thôn|tổ|xóm|bản|ấp|khu|khoảng|điều|khoản|nhóm|lớp|cấp|thứ|bão số|nhà"),
        read=_days_of_month,
        examples=(
            ("05 và 06/8/2026", "mùng năm và mùng sáu tháng tám năm hai nghìn không trăm hai mươi sáu"),
            ("từ ngày 06 đến 10/3 ÂL", "từ ngày mùng sáu đến mùng mười tháng ba âm lịch"),
            ("các ngày 5, 6 và 7/8", "các ngày mùng năm mùng sáu và mùng bảy tháng tám"),
            ("ngày 15-20/9", "ngày mười lăm đến hai mươi tháng chín"),
        ),
    ),
    Rule(
        id="date.full",
        start=Start.DIGIT,
        tails="-./",
        pattern=rx(rf"(?P<d>{_D})(?P<s>[/.-])(?P<m>{_M})(?P=s)(?P<y>{_Y}){_END}{_LUNAR}"),
        read=_one_date,
        examples=(
            ("15/9/2025", "mười lăm tháng chín năm hai nghìn không trăm hai mươi lăm"),
            ("ngày 01.01.2009", "ngày mùng một tháng một năm hai nghìn không trăm linh chín"),
            ("02-9-1945", "mùng hai tháng chín năm một nghìn chín trăm bốn mươi lăm"),
            ("15/01/2026 ÂL", "mười lăm tháng giêng năm hai nghìn không trăm hai mươi sáu âm lịch"),
        ),
    ),
    Rule(
        id="date.short_year",
        start=Start.DIGIT,
        tails="/",
        pattern=rx(rf"(?P<d>{_D})/(?P<m>{_M})/(?P<y>[0-9]{{2}}){_END}{_LUNAR}"),
        unless=follows(r"số|nhà|kiệt|hẻm|ngõ|ngách|thửa"),
        read=_one_date,
        examples=(("15/9/25", "mười lăm tháng chín năm hai nghìn không trăm hai mươi lăm"),),
    ),
    Rule(
        id="date.lunar",
        start=Start.DIGIT,
        tails="-/",
        pattern=rx(rf"(?P<d>{_D})[/-](?P<m>{_M})(?P<y>){_END}{_LUNAR[:-1]}"),
        read=_one_date,
        examples=(
            ("15/01 ÂL", "mười lăm tháng giêng âm lịch"),
            ("cúng 23/12 âm lịch", "cúng hai mươi ba tháng chạp âm lịch"),
        ),
    ),
    Rule(
        id="date.after_day_word",
        start=Start.DIGIT,
        tails="-/",
        pattern=rx(rf"(?P<d>{_D})[/-](?P<m>{_M})(?P<y>){_END}{_LUNAR}"),
        before=DAY_STRONG,
        read=_one_date,
        examples=(
            ("ngày 3/4", "ngày mùng ba tháng tư"),
            ("sáng 06/9", "sáng mùng sáu tháng chín"),
            ("dịp lễ 2-9", "dịp lễ mùng hai tháng chín"),
            ("nghỉ 30-4 và 1-5", "nghỉ ba mươi tháng tư và mùng một tháng năm"),
        ),
    ),
    Rule(
        id="date.national_day",
        start=Start.DIGIT,
        tails="-",
        pattern=rx(
            rf"(?P<d>{_D})-(?P<m>{_M})(?![0-9]|[./,-][0-9]|\s?(?:m|km|kg|ha|ngày|giờ|tháng|tuổi|"
            rf"năm|người|hộ|độ|%)\b){_LUNAR}"
        ),
        unless=follows("NPK|khoảng|từ|số|cấp|mức", pattern=SCORE_BEFORE),
        read=_national_day,
        examples=(("30-4", "ba mươi tháng tư"), ("phong trào 26-3", "phong trào hai mươi sáu tháng ba")),
    ),
    Rule(
        id="date.part_of_year",
        start=Start.DIGIT,
        tails="/",
        pattern=rx(rf"(?P<m>{_M})/(?P<y>{_Y}){_END}"),
        before=follows("quý|quí|học kỳ|kỳ|đợt|vụ|tuần"),
        read=lambda m, lex: f"{cardinal(int(m['m']), lex.style)} {year_words(m['y'], lex.style)}",
        examples=(("quý 4/2025", "quý bốn năm hai nghìn không trăm hai mươi lăm"),),
    ),
    Rule(
        id="date.month_year",
        start=Start.DIGIT,
        tails="&+,-/;_",
        pattern=rx(rf"(?P<months>{_M}(?:{_JOIN}{_M}){{0,3}})/(?P<y>{_Y}){_END}"),
        before=follows("tháng"),
        read=_month_year,
        examples=(
            ("tháng 8/2026", "tháng tám năm hai nghìn không trăm hai mươi sáu"),
            ("tháng 7-8/2026", "tháng bảy đến tám năm hai nghìn không trăm hai mươi sáu"),
            ("tháng 4/2026", "tháng tư năm hai nghìn không trăm hai mươi sáu"),
        ),
    ),
    Rule(
        id="date.months",
        start=Start.DIGIT,
        pattern=rx(rf"(?P<months>{_list_of(_M)})(?![0-9]|[./,-][0-9]|\s?[%x]|\s{_COUNTED}(?!\w)){_LUNAR}"),
        before=follows("tháng"),
        read=_months,
        examples=(
            ("tháng 4", "tháng tư"),
            ("rằm tháng 1 âm lịch", "rằm tháng giêng âm lịch"),
            ("tháng 3, 4 và 5", "tháng ba tư và năm"),
            ("tháng 6-7", "tháng sáu đến bảy"),
        ),
    ),
    Rule(
        id="date.day_month_words",
        start=Start.DIGIT,
        tails="_",
        pattern=rx(rf"(?P<d>{_D})\s(?i:tháng)\s(?P<m>{_M})(?![0-9]|[./,-][0-9]){_LUNAR}"),
        unless=follows(r"trong|sau|được|khoảng|đủ|mùng|mồng|hơn|gần|số|tuần|quý|kỳ|đợt|thứ|khóa|lớp|tổ|thôn"),
        read=_day_month,
        examples=(
            ("ngày 2 tháng 9", "ngày mùng hai tháng chín"),
            ("30 tháng 4 năm 1975", "ba mươi tháng tư năm một nghìn chín trăm bảy mươi lăm"),
        ),
    ),
    Rule(
        id="date.day",
        start=Start.DIGIT,
        pattern=rx(rf"(?P<days>{_list_of(_D)})(?![0-9]|[./,:-][0-9]|[%h°]|\s?x\s?[0-9]|\s{_COUNTED}(?!\w))(?!\w)"),
        before=follows("ngày"),
        unless=follows(each("mỗi|một|mọi|từng|số|hàng|hằng|hai|ba", "ngày"), pattern=r"[0-9] ngày\s$"),
        read=_lone_day,
        examples=(
            ("ngày 5", "ngày mùng năm"),
            ("ngày 10 tới", "ngày mùng mười tới"),
            ("ngày 5, 6 hằng tháng", "ngày mùng năm mùng sáu hằng tháng"),
            ("trong ngày 18", "trong ngày mười tám"),
        ),
    ),
    Rule(
        id="date.years",
        start=Start.DIGIT,
        heads="12",
        tails="-_",
        pattern=rx(rf"{_Y}{DASH}{_Y}{NO_DIGIT}{NO_WORD}(?!\s?(?:m|km|kg|ha|m²|m2|m³|m3|đồng|người|hộ|tấn)\b)"),
        read=_years,
        examples=(
            ("nhiệm kỳ 2026 – 2031", "nhiệm kỳ hai nghìn không trăm hai mươi sáu đến hai nghìn không trăm ba mươi mốt"),
            ("năm học 2025-2026", "năm học hai nghìn không trăm hai mươi lăm đến hai nghìn không trăm hai mươi sáu"),
        ),
    ),
    Rule(
        id="date.ordinals",
        start=Start.DIGIT,
        pattern=rx(
            r"[0-9]{1,3}(?:(?:\s?,\s?|\s?-\s?|\svà\s|\sđến\s)(?:thứ\s)?[0-9]{1,2}(?![0-9]|"
            r"[./][0-9]|\s(?:giờ|tháng)|h|\s" + _COUNTED + r"(?!\w))){0,6}(?!\w|[./][0-9])"
        ),
        before=follows("thứ"),
        read=_ordinals,
        examples=(
            ("người thứ 2, 3, 4", "người thứ hai thứ ba thứ tư"),
            ("thứ 2 đến thứ 6", "thứ hai đến thứ sáu"),
            ("thứ 2-6", "thứ hai đến thứ sáu"),
            ("lần thứ 1", "lần thứ nhất"),
            ("lần thứ 24", "lần thứ hai mươi tư"),
        ),
    ),
    Rule(
        id="date.weekdays",
        start=Start.WORD,
        heads="T",
        tails="0",
        pattern=rx(
            r"T[2-7](?:(?:\s?-\s?|\s?,\s?|\svà\s|\sđến\s|\s?[+&]\s?)(?:T?[2-7]|CN)(?!\w|[/.][0-9])"
            r"){0,6}(?!\w|[/.][0-9])"
        ),
        read=_weekdays,
        examples=(
            ("T2–T6", "thứ hai đến thứ sáu"),
            ("sáng T7", "sáng thứ bảy"),
            ("T2, T4 và T6", "thứ hai thứ tư và thứ sáu"),
            ("T7-CN", "thứ bảy đến chủ nhật"),
        ),
    ),
    Rule(
        id="date.short_month",
        start=Start.WORD,
        heads="T",
        tails="0",
        pattern=rx(rf"T(?P<m>{_M})(?:/(?P<y>{_Y}))?(?!\w|[/.][0-9])"),
        read=_short_month,
        examples=(("T8/2026", "tháng tám năm hai nghìn không trăm hai mươi sáu"), ("T10", "tháng mười")),
    ),
    Rule(
        id="time.round_the_clock",
        start=Start.DIGIT,
        heads="2",
        tails="/a",
        pattern=rx(r"24h?/24(?P<h>\s?(?:h|giờ))?(?![\w/])"),
        unless=DAY_STRONG,
        read=_hours_of_day,
        examples=(
            ("chốt kiểm dịch 24/24h", "chốt kiểm dịch hai mươi tư trên hai mươi tư giờ"),
            ("trực 24/24", "trực hai mươi tư trên hai mươi tư"),
        ),
    ),
    Rule(
        id="time.all_week",
        start=Start.DIGIT,
        heads="2",
        tails="/a",
        pattern=rx(r"24h?/7(?![\w/]|[.,][0-9])"),
        unless=follows(DATED + "|từ|đến|tới|trước|sau|và|hết|vào|tức|nhằm|hạn", comma=True),
        read=lambda _m, _lex: Said(words="hai mươi tư trên bảy", others=("hai mươi tư tháng bảy",), doubt=True),
        examples=(("trực 24/7", "trực hai mươi tư trên bảy"),),
    ),
    Rule(
        id="time.range",
        start=Start.DIGIT,
        tails=":_a",
        pattern=rx(rf"(?P<a>{_CLOCK}){DASH}(?P<b>{_CLOCK})(?!\w|/[0-9])"),
        read=_clock_range,
        examples=(
            ("từ 7h-11h", "từ bảy giờ đến mười một giờ"),
            ("7h30 – 11h", "bảy giờ ba mươi phút đến mười một giờ"),
            ("07:30-16:00", "bảy giờ ba mươi phút đến mười sáu giờ"),
        ),
    ),
    Rule(
        id="time.clock",
        start=Start.DIGIT,
        tails=":_a",
        pattern=rx(rf"{_FULL_CLOCK}(?!\w|:[0-9]|/[0-9])"),
        unless=follows("tỷ lệ|tỉ lệ|pha"),
        read=_clock,
        examples=(
            ("6h15", "sáu giờ mười lăm phút"),
            ("18:00", "mười tám giờ"),
            ("15h30'", "mười lăm giờ ba mươi phút"),
            ("03h15 phút", "ba giờ mười lăm phút"),
            ("7g30", "bảy giờ ba mươi phút"),
            ("0h00", "không giờ"),
            ("11h00", "mười một giờ"),
            ("6:30:15", "sáu giờ ba mươi phút mười lăm giây"),
        ),
    ),
    Rule(
        id="time.hour_word",
        start=Start.DIGIT,
        tails="_a",
        pattern=rx(
            rf"{_H}\s?(?i:giờ)\s{_MIN}(?:\s?(?:'|phút))?(?![\w/:.,-]?[0-9]|\w|\s(?:người|hộ|em|cháu|con|xe|đại biểu)\b)"
        ),
        read=_clock,
        examples=(("7 giờ 30", "bảy giờ ba mươi phút"), ("17 giờ 05 phút", "mười bảy giờ năm phút")),
    ),
    Rule(
        id="time.southern_hour",
        start=Start.DIGIT,
        tails="_a",
        pattern=rx(rf"{_H}\s?g(?!\w)"),
        before=follows("lúc|hồi|vào lúc|từ|đến|trước|sau|sáng|chiều|tối"),
        read=_clock,
        examples=(("lúc 7g", "lúc bảy giờ"),),
    ),
)

# Tried after documents and house numbers have had their chance.
LATE_RULES = (
    Rule(
        id="date.lone_month_year",
        start=Start.DIGIT,
        tails="/",
        pattern=rx(rf"(?P<m>{_M})/(?P<y>{_Y}){_END}"),
        unless=follows(r"số|nghị định|quyết định|thông tư|luật|nghị quyết|chỉ thị|NĐ|QĐ|TT|NQ|CT|CV|TB|KH|công văn"),
        read=_lone_month_year,
        examples=(("từ 8/2026", "từ tháng tám năm hai nghìn không trăm hai mươi sáu"),),
    ),
    Rule(
        id="date.likely",
        start=Start.DIGIT,
        tails="/",
        pattern=rx(rf"(?P<d>{_D})/(?P<m>{_M})(?P<y>){_END}{_LUNAR}"),
        unless=follows(r"khoảng|gần|hơn|chiếm|đạt|bằng|tỷ lệ|tỉ lệ|tỷ số"),
        read=_likely_date,
        examples=(
            ("02/09", "mùng hai tháng chín"),
            ("đến 15/4", "đến mười lăm tháng tư"),
            ("từ 20/11", "từ hai mươi tháng mười một"),
        ),
    ),
)
