"""Roads, kilometre posts, house numbers, places with a numbered name.  PURE."""

import re

from content.text.context import Before, Left, follows
from content.text.layers import Lexicon
from content.text.numerals import say_number, say_road
from content.text.rules import CAPITAL, Rule, Start, rx

_ROADS = {
    "QL": "quốc lộ",
    "ĐT": "đường tỉnh",
    "TL": "tỉnh lộ",
    "ĐH": "đường huyện",
    "HL": "hương lộ",
    "CT": "cao tốc",
    "ĐX": "đường xã",
}
_PLACES = {
    "P": "phường",
    "Q": "quận",
    "H": "huyện",
    "X": "xã",
    "TT": "thị trấn",
    "Đ": "đường",
    "TX": "thị xã",
    "TP": "thành phố",
    "KP": "khu phố",
}


def _letters(written: str, lex: Lexicon) -> str:
    """Return the letters and digits after a road's number, with a space before, or nothing."""
    return "".join(f" {lex.spell(c)}" if c.isalpha() else f" {say_road(c)}" for c in written)


def _road(m: re.Match[str], lex: Lexicon) -> str:
    """Read QL14B, ĐT.601."""
    kind = _ROADS[m["kind"]]
    if kind.startswith("đường ") and "đường" in Left(m.string, m.start()).ends:
        kind = kind.removeprefix("đường ")  # the officer wrote "đường ĐT.601"
    return f"{kind} {say_road(m['n'], lex.style)}{_letters(m['letters'], lex)}"


def _road_number(m: re.Match[str], lex: Lexicon) -> str:
    """Read the number after *quốc lộ* and its like."""
    return f"{say_road(m['n'], lex.style)}{_letters(m['letters'], lex)}"


def _post(m: re.Match[str], lex: Lexicon) -> str:
    """Read Km12+500."""
    words = f"ki lô mét {say_number(m['n'], lex.style)}"
    return words + (f" cộng {say_number(m['plus'], lex.style)}" if m["plus"] else "")


def _posts(m: re.Match[str], lex: Lexicon) -> str:
    """Read 12+500 after *km*."""
    return f"{say_number(m['n'], lex.style)} cộng {say_number(m['plus'], lex.style)}"


def _house(m: re.Match[str], lex: Lexicon) -> str:
    """Read 7/3, 12A/3/5: *trên*."""
    parts = []
    for part in m[0].split("/"):
        digits = re.match(r"[0-9]+", part)
        number = digits[0] if digits else ""
        parts.append(f"{say_number(number, lex.style)}{_letters(part[len(number) :], lex)}".strip())
    return " trên ".join(parts)


def _alley(m: re.Match[str], lex: Lexicon) -> str:
    """Read K12/34: kiệt."""
    first, second = m[0][1:].split("/", 1)
    return (
        f"kiệt {say_number(first, lex.style)} trên {' trên '.join(say_number(p, lex.style) for p in second.split('/'))}"
    )


def _numbered_place(m: re.Match[str], lex: Lexicon) -> str:
    """Read P.12, Q.1."""
    return f"{_PLACES[m['kind']]} {say_number(m['n'], lex.style)}"


def _place(m: re.Match[str], lex: Lexicon) -> str:
    """Read the P. of P. Hòa Cường."""
    del lex
    return _PLACES[m["kind"]]


_NAME = Before(pattern=re.compile(rf"[{CAPITAL}][a-zà-ỹđ]{{1,6}}\s$"))

RULES = (
    Rule(
        id="road.code",
        start=Start.WORD,
        heads="QĐTHC",
        tails=".0_",
        pattern=rx(
            r"(?P<kind>QL|ĐT|TL|ĐH|HL|CT|ĐX)\.?\s?(?P<n>[0-9]{1,3})(?P<letters>[A-ZĐ]{0,2}[0-9]?)"
            r"(?![\w/]|[.,][0-9]|-[0-9]| [0-9]{3})"
        ),
        read=lambda m, lex: None if m["kind"] in {"CT", "ĐH"} and " " in m[0] else _road(m, lex),
        examples=(
            ("QL14B", "quốc lộ mười bốn bê"),
            ("QL1A", "quốc lộ một a"),
            ("ĐT.601", "đường tỉnh sáu không một"),
            ("ĐT 605", "đường tỉnh sáu không năm"),
            ("TL 8", "tỉnh lộ tám"),
        ),
    ),
    Rule(
        id="road.number",
        start=Start.DIGIT,
        pattern=rx(r"(?P<n>[0-9]{1,3})(?P<letters>[A-ZĐ]{0,2}[0-9]?)(?![\w/]|[.,][0-9])"),
        before=follows(r"quốc lộ|tỉnh lộ|đường tỉnh|hương lộ|đường huyện|huyện lộ|QL|ĐT.|liên tỉnh lộ|đường tỉnh lộ"),
        read=_road_number,
        examples=(
            ("quốc lộ 1A", "quốc lộ một a"),
            ("tỉnh lộ 295B", "tỉnh lộ hai chín năm bê"),
            ("quốc lộ 217", "quốc lộ hai một bảy"),
        ),
    ),
    Rule(
        id="road.post",
        start=Start.WORD,
        heads="Kk",
        tails="0_",
        pattern=rx(r"(?:Km|KM|km)\s?(?P<n>[0-9]{1,4})(?:\s?\+\s?(?P<plus>[0-9]{1,3}))?(?![\w/]|[.,][0-9])"),
        read=_post,
        examples=(("Km12+500", "ki lô mét mười hai cộng năm trăm"), ("km 15", "ki lô mét mười lăm")),
    ),
    Rule(
        id="house.number",
        start=Start.DIGIT,
        tails="/a",
        pattern=rx(r"[0-9]{1,4}[A-ZĐ]?[0-9]?(?:/[0-9]{1,4}[A-ZĐ]?){1,4}(?![\w/-]|[.,][0-9])"),
        before=follows(
            r"số|số nhà|nhà|nhà số|kiệt|hẻm|ngõ|ngách|địa chỉ|thửa|thửa đất số|lớp|lô|phòng|căn hộ|SN|bậc|mã đề"
        ),
        unless=follows(r"công văn số|quyết định số|tổng số|con số"),
        read=_house,
        examples=(
            ("số 7/3", "số bảy trên ba"),
            ("kiệt 12/5", "kiệt mười hai trên năm"),
            ("số nhà 12A/3", "số nhà mười hai a trên ba"),
        ),
    ),
    Rule(
        id="house.before_street",
        start=Start.DIGIT,
        tails="/a",
        pattern=rx(r"[0-9]{1,4}[A-ZĐ]?(?:/[0-9]{1,4}[A-ZĐ]?){1,4}(?=,?\s(?:đường|Đường|phố|Phố)\s)"),
        unless=follows("ngày|khoảng"),
        read=_house,
        examples=(("tại 7/3 đường Lê Lợi", "tại bảy trên ba đường lê lợi"),),
    ),
    Rule(
        id="house.alley",
        start=Start.WORD,
        heads="K",
        tails="0",
        pattern=rx(r"K[0-9]{1,4}/[0-9]{1,4}(?:/[0-9]{1,3})?(?![\w/])"),
        read=_alley,
        examples=(("K12/34 Hải Phòng", "kiệt mười hai trên ba mươi tư hải phòng"),),
    ),
    Rule(
        id="place.numbered",
        start=Start.WORD,
        heads="PQK",
        tails=".0_",
        pattern=rx(r"(?P<kind>P|Q|KP)\.?\s?(?P<n>[0-9]{1,2})(?![\w/]|[.,][0-9])"),
        read=_numbered_place,
        examples=(("Q.1", "quận một"), ("P. 12", "phường mười hai"), ("KP3", "khu phố ba")),
    ),
    Rule(
        id="place.room",
        start=Start.WORD,
        heads="P",
        tails=".0_",
        pattern=rx(r"P\.?\s?(?P<n>[0-9]{3})(?![\w/]|[.,][0-9])"),
        read=lambda m, lex: f"phòng {say_number(m['n'], lex.style)}",
        examples=(("P.201", "phòng hai trăm linh một"),),
    ),
    Rule(
        id="place.acting",
        start=Start.WORD,
        heads="Q",
        tails=".",
        pattern=rx(
            rf"Q\.\s?(?=(?i:chủ tịch|phó|giám đốc|trưởng|bí thư|hiệu trưởng|chánh|tổng|viện trưởng|"
            rf"cục trưởng)(?![a-zà-ỹđ{CAPITAL}]))"
        ),
        read=lambda _m, _lex: "quyền",
        examples=(("Q. Chủ tịch UBND", "quyền chủ tịch ủy ban nhân dân"),),
    ),
    Rule(
        id="place.named",
        start=Start.WORD,
        heads="HPQTXĐ",
        tails=".",
        pattern=rx(rf"(?P<kind>P|Q|H|X|Đ|TT)\.\s?(?=[{CAPITAL}][{CAPITAL}a-zà-ỹđ])"),
        unless=_NAME,
        read=_place,
        examples=(
            ("P. Hòa Cường, Q. Hải Châu", "phường hòa cường quận hải châu"),
            ("TT. Ái Nghĩa", "thị trấn ái nghĩa"),
            ("H. Hòa Vang", "huyện hòa vang"),
        ),
    ),
)
