"""Telephones, hotlines, accounts, plates: what is said digit by digit.  PURE."""

import re

from content.text.context import ends_in, follows
from content.text.layers import Lexicon
from content.text.numerals import DIGITS, cardinal, spell_digits
from content.text.rules import Rule, Start, rx

_SEP = r"[ .\-]?"
_CALL = (
    r"gọi|gọi ngay|báo|báo ngay|số|hotline|tổng đài|đường dây nóng|điện thoại|SĐT|ĐT|Tel|số máy|"
    r"liên hệ|qua số|qua|nhánh|cấp cứu|cứu hỏa|"
    r"cứu hộ|cảnh sát|công an|nhắn|bấm|cổng|theo số|ĐTDĐ|zalo|Hotline|chữa cháy|cứu nạn|đầu số|"
    r"gọi đến|gọi tới|gọi số|dịch vụ|hoặc số"
)
_HOTLINES = r"(?:11[1-5]|1022|1080|156|5656|197|1414|18001?)"


def grouped(written: str) -> str:
    """Return digits one by one with a pause between the groups as written; unbroken ten digits are cut 4-3-3."""
    groups = re.findall(r"[0-9]+", written)
    if len(groups) == 1 and len(groups[0]) == 10:
        groups = [groups[0][:4], groups[0][4:7], groups[0][7:]]
    elif len(groups) == 1 and len(groups[0]) == 11:
        groups = [groups[0][:4], groups[0][4:8], groups[0][8:]]
    return ", ".join(spell_digits(g) for g in groups)


def _phone(m: re.Match[str], lex: Lexicon) -> str:
    """Read a telephone number."""
    del lex
    return grouped(m[0])


def _international(m: re.Match[str], lex: Lexicon) -> str:
    """Read +84 912 345 678, or the lone prefix +84."""
    if m["rest"]:
        return f"cộng {grouped(m[0])}"
    return f"cộng {cardinal(int(m['code']), lex.style)}"


def _masked(m: re.Match[str], lex: Lexicon) -> str:
    """Read 0236.3.xxx: the hidden digits by the letter's name."""
    words = [DIGITS[int(c)] if c.isdigit() else lex.letters["x"] for c in m[0] if c.isdigit() or c in "xX"]
    return " ".join(words)


def _plate(m: re.Match[str], lex: Lexicon) -> str:
    """Read a number plate; the last pair after a dot is said short: .45 → bốn lăm."""
    series = " ".join(spell_digits(c) if c.isdigit() else lex.spell(c) for c in m["series"])
    tail = spell_digits(m["tail"])
    if m["pair"]:
        ten, one = m["pair"][0], m["pair"][1]
        tail += f" {DIGITS[int(ten)]} {'lăm' if one == '5' and ten > '1' else DIGITS[int(one)]}"
    return f"{series}, {tail}"


def _digits(m: re.Match[str], lex: Lexicon) -> str:
    """Read every digit."""
    del lex
    return grouped(m[0]) if len(m[0]) > 12 or " " in m[0] or "." in m[0] else spell_digits(m[0])


def _hotline_list(m: re.Match[str], lex: Lexicon) -> str:
    """Read 113, 114 hoặc 115."""
    del lex
    return re.sub(r"\s?[,;/]\s?", ", ", re.sub(r"\s?-\s?", ", ", re.sub(r"[0-9]+", lambda d: spell_digits(d[0]), m[0])))


RULES = (
    Rule(
        id="phone.mobile",
        start=Start.DIGIT,
        heads="0",
        pattern=rx(rf"0[35789][0-9](?:{_SEP}[0-9]){{7}}(?![0-9]|[.,/][0-9])"),
        read=_phone,
        examples=(
            ("0905 111 222", "không chín không năm một một một hai hai hai"),
            ("0912.345.678", "không chín một hai ba bốn năm sáu bảy tám"),
            ("0987654321", "không chín tám bảy sáu năm bốn ba hai một"),
        ),
    ),
    Rule(
        id="phone.landline",
        start=Start.DIGIT,
        heads="0",
        pattern=rx(rf"02[0-9](?:[0-9]?\)\s?)?(?:{_SEP}[0-9]){{7,8}}(?![0-9]|[.,/][0-9])"),
        read=_phone,
        examples=(
            ("0236.3.889.911", "không hai ba sáu ba tám tám chín chín một một"),
            ("024 3825 1234", "không hai bốn ba tám hai năm một hai ba bốn"),
            ("(0236) 3.123.456", "không hai ba sáu ba một hai ba bốn năm sáu"),
        ),
    ),
    Rule(
        id="phone.masked",
        start=Start.DIGIT,
        heads="01",
        tails="-._a",
        pattern=rx(r"[01][0-9]{1,3}(?:[ .\-]?[0-9xX]{1,6}){0,4}[ .\-]?[xX]{2,7}(?!\w)"),
        read=_masked,
        examples=(("0236.3.xxx", "không hai ba sáu ba ích xì ích xì ích xì"),),
    ),
    Rule(
        id="phone.service",
        start=Start.DIGIT,
        heads="1",
        pattern=rx(r"1[89]00(?:[ .]?[0-9]){4,6}(?![0-9]|[.,/][0-9])"),
        unless=follows("năm|từ|khoảng|gồm"),
        read=_phone,
        examples=(
            ("1900 6769", "một chín không không sáu bảy sáu chín"),
            ("18001091", "một tám không không một không chín một"),
        ),
    ),
    Rule(
        id="phone.international",
        start=Start.SIGN,
        heads="+",
        tails="0",
        pattern=rx(
            r"\+(?P<code>[1-9][0-9]{0,2})(?P<rest>(?:[ .\-]?\(?[0-9]\)?){8,10})?(?![0-9]|\s?(?:m|"
            r"cm|mm|km|kg|đ|độ|°|%)(?!\w))"
        ),
        unless=ends_in(r"[0-9]\s?$"),
        read=_international,
        examples=(
            ("đầu số +84 lạ", "đầu số cộng tám mươi tư lạ"),
            ("+84912345678", "cộng tám bốn chín một hai ba bốn năm sáu bảy tám"),
        ),
    ),
    Rule(
        id="plate",
        start=Start.DIGIT,
        heads="123456789",
        tails="-a",
        pattern=rx(r"(?P<series>[1-9][0-9]-?[A-ZĐ]{1,2}[0-9]?)\s?[-.]?\s?(?P<tail>[0-9]{3})\.(?P<pair>[0-9]{2})(?!\w)"),
        read=_plate,
        examples=(
            ("36B5-123.45", "ba sáu bê năm một hai ba bốn lăm"),
            ("43A-678.90", "bốn ba a sáu bảy tám chín không"),
        ),
    ),
    Rule(
        id="plate.plain",
        start=Start.DIGIT,
        heads="123456789",
        tails="-a",
        pattern=rx(
            r"(?P<series>[1-9][0-9]-?[A-ZĐ]{1,2}[0-9]?)\s?[-.]\s?(?P<tail>[0-9]{4,5})(?P<pair>(?!))?(?!\w|\.[0-9])"
        ),
        read=_plate,
        examples=(("43C1-1234", "bốn ba xê một một hai ba bốn"),),
    ),
    Rule(
        id="phone.leading_zero",
        start=Start.DIGIT,
        heads="0",
        tails=" ._-",
        pattern=rx(r"0[0-9]{2,4}(?:[ .\-][0-9]{3,5}){1,3}(?![0-9]|[.,/][0-9]|\w)"),
        read=_phone,
        examples=(("0236.1022", "không hai ba sáu một không hai hai"),),
    ),
    Rule(
        id="phone.hotlines",
        start=Start.DIGIT,
        heads="15",
        pattern=rx(
            rf"{_HOTLINES}(?:(?:\s?,\s?|\s?-\s?|\s?/\s?|\s(?:hoặc|và|hay)"
            rf"\s){_HOTLINES}){{0,4}}(?![\w]|[.,/%][0-9]|\s?%|\s(?:hộ|người|ha|đồng|triệu|con|đại "
            rf"biểu)\b)"
        ),
        before=follows(_CALL),
        read=_hotline_list,
        examples=(
            ("Gọi 112 khi cần", "gọi một một hai khi cần"),
            ("tổng đài 1022", "tổng đài một không hai hai"),
            ("gọi 113, 114 hoặc 115", "gọi một một ba một một bốn hoặc một một năm"),
        ),
    ),
    Rule(
        id="phone.hotlines_together",
        start=Start.DIGIT,
        heads="1",
        pattern=rx(r"(?:11[1-5]|1022)(?:(?:\s?,\s?|\s(?:hoặc|hay)\s)(?:11[1-5]|1022)){1,4}(?!\w|[.,/%-]\s?[0-9]|\s?%)"),
        unless=follows("khoảng|từ|đạt|hơn|gần|thôn|điều|trang", pattern=r"[0-9]\s?,\s?$"),
        read=_hotline_list,
        examples=(("1022 hoặc 112", "một không hai hai hoặc một một hai"),),
    ),
    Rule(
        id="plate.boat",
        start=Start.WORD,
        heads="ĐQTKBPHGNS",
        tails="-_",
        pattern=rx(r"(?P<series>[A-ZĐ][A-Za-zĐđ]{1,2})[ -](?P<tail>[0-9]{4,5})[ -]TS(?P<pair>(?!))?(?!\w)"),
        read=lambda m, lex: f"{lex.spell(m['series'])}, {spell_digits(m['tail'])}, {lex.spell('ts')}",
        examples=(("tàu QNg-95678-TS", "tàu quy en nờ giê chín năm sáu bảy tám tê ét sì"),),
    ),
    Rule(
        id="phone.called",
        start=Start.DIGIT,
        pattern=rx(r"[0-9]{1,4}(?:[ .\-]?[0-9]{1,4}){1,4}(?![0-9]|[.,/][0-9]|\w|\s?(?:đ|đồng|triệu|hộ|người)\b)"),
        before=follows(
            r"hotline|tổng đài|đường dây nóng|điện thoại|SĐT|ĐT|ĐTDĐ|Tel|số máy|máy nhánh|số điện "
            r"thoại|Hotline|fax|đầu số"
        ),
        read=_digits,
        examples=(("điện thoại: 3.889.911", "điện thoại ba tám tám chín chín một một"),),
    ),
    Rule(
        id="number.account",
        start=Start.DIGIT,
        pattern=rx(r"[0-9]{3,6}(?: ?[0-9]{2,6}){0,6}(?![0-9]|[.,/-][0-9]|\w)"),
        before=follows(
            r"STK|số tài khoản|tài khoản|TK|CCCD|CMND|mã số thuế|MST|mã số|mã|số CCCD|căn cước|"
            r"căn cước công dân|số thẻ|mã hồ sơ|mã xác thực"
        ),
        read=_digits,
        examples=(
            ("STK 0401000123", "số tài khoản không bốn không một không không không một hai ba"),
            ("mã số thuế 0401234567", "mã số thuế không bốn không một hai ba bốn năm sáu bảy"),
        ),
    ),
    Rule(
        id="number.long_digits",
        start=Start.DIGIT,
        pattern=rx(r"(?:0[0-9]{4,40}|[0-9]{10,40})(?![0-9]|[.,][0-9]|\s?(?:đ|đồng|VNĐ|VND)(?!\w))(?!\w)"),
        read=_digits,
        examples=(("048200001234", "không bốn tám hai không không không không một hai ba bốn"),),
    ),
)
