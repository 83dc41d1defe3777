"""Roman numerals where they are numbers.  PURE."""

import re

from content.text.context import ends_in, follows
from content.text.layers import Lexicon
from content.text.numerals import cardinal
from content.text.rules import Rule, Said, Start, rx

_SHAPE = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_ROMAN = r"[IVXLCDM]{1,9}"
_BEFORE = (
    r"thế kỷ|thế kỉ|khóa|khoá|quý|quí|cấp|khu vực|chương|phần|mục|đại hội|lần thứ|thứ|kỳ|vùng|"
    r"loại|hạng|bậc|đợt|tập|phụ lục|độ|báo động|"
    r"báo động cấp|học kỳ|học kì|hội nghị|nhiệm kỳ|giai đoạn|nhóm|mức|chi bộ|bão số|BĐ|HK|quân "
    r"khu|chuyên khoa|CK|khối|đoạn|điều|cụm|"
    r"trung ương|cấp độ|vụ|thời kỳ|cao cấp|số|tiểu dự án|dự án|bảng|đội|kỷ|năm|đến|và|trụ cột|xí "
    r"nghiệp|vua|đời|tổ|đô thị loại|tuyến"
)


def roman_value(written: str) -> int | None:
    """Return the value of a well-formed Roman numeral, or None."""
    if not written or not _SHAPE.fullmatch(written):
        return None
    values = [_VALUES[c] for c in written]
    return sum(-v if any(v < w for w in values[i + 1 : i + 2]) else v for i, v in enumerate(values))


def _roman(m: re.Match[str], lex: Lexicon) -> str | None:
    """Read one Roman numeral or two with a joint."""
    first, second = roman_value(m["a"]), roman_value(m["b"] or "I")
    if first is None or second is None:
        return None
    words = cardinal(first, lex.style)
    return (
        f"{words} {'đến' if m['to'].strip() == '-' else m['to'].strip()} {cardinal(second, lex.style)}"
        if m["b"]
        else words
    )


def _ordinal(m: re.Match[str], lex: Lexicon) -> str | None:
    """Read lần thứ I, IV."""
    value = roman_value(m["a"])
    if value is None:
        return None
    return {1: "nhất", 4: "tư"}.get(value, cardinal(value, lex.style))


def _alone(m: re.Match[str], lex: Lexicon) -> Said | None:
    """Read a numeral that cannot be a word: II, III, VII."""
    value = roman_value(m["a"])
    return None if value is None else Said(words=cardinal(value, lex.style))


RULES = (
    Rule(
        id="roman.ordinal",
        start=Start.WORD,
        heads="IVXLCDM",
        pattern=rx(rf"(?P<a>{_ROMAN})(?!\w)"),
        before=follows("thứ"),
        read=_ordinal,
        examples=(("lần thứ I", "lần thứ nhất"), ("lần thứ XIV", "lần thứ mười bốn")),
    ),
    Rule(
        id="roman.after_word",
        start=Start.WORD,
        heads="IVXLCDM",
        pattern=rx(rf"(?P<a>{_ROMAN})(?:(?P<to>\s?-\s?|\svà\s|\sđến\s)(?P<b>{_ROMAN}))?(?!\w|[-&]\w)"),
        before=follows(_BEFORE),
        read=lambda m, lex: (
            None if m["a"] in {"C", "D", "M", "L"} or m["b"] in {"C", "D", "M", "L"} else _roman(m, lex)
        ),
        examples=(
            ("thế kỷ XXI", "thế kỷ hai mươi mốt"),
            ("khóa XV", "khóa mười lăm"),
            ("quý III/2025", "quý ba năm hai nghìn không trăm hai mươi lăm"),
            ("cấp V", "cấp năm"),
            ("khu vực II", "khu vực hai"),
            ("báo động II-III", "báo động hai đến ba"),
            ("quý I", "quý một"),
        ),
    ),
    Rule(
        id="roman.heading",
        start=Start.WORD,
        heads="IVX",
        tails=".)/",
        pattern=rx(r"(?P<a>[IVX]{1,5})(?=[.)/]\s)"),
        before=ends_in(r"(?:^|\n)[\s(*]{0,6}$"),
        read=_alone,
        examples=(("I. NỘI DUNG", "một nội dung"), ("VI. VI PHẠM", "sáu vi phạm")),
    ),
    Rule(
        id="roman.alone",
        start=Start.WORD,
        heads="IVX",
        pattern=rx(r"(?P<a>II|III|IV|VII|VIII|IX|XII|XIII|XIV|XV|XVI|XVII|XVIII|XIX|XX|XXI)(?!\w|[-&]\w)"),
        read=_alone,
        examples=(("trường Kim Đồng II", "trường kim đồng hai"),),
    ),
)
