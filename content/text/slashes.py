"""What a slash between two numbers means when it is no date: a fraction, a share, a scale.  PURE."""

import re

from content.text.context import Before, follows
from content.text.dates import DATED, date_words
from content.text.layers import Lexicon
from content.text.numerals import NUMBER, cardinal, say_number
from content.text.rules import NO_DIGIT, Rule, Said, Start, rx

# A fraction is of something that can be cut; a share counts members.
_CUT = (
    r"diện tích|tổng|số|dân số|thời gian|quãng đường|chiều|khối lượng|lượng|mức|giá|giá trị|vốn|"
    r"quân số|sản lượng|chặng|đoạn|nửa|công việc|"
    r"công trình|kinh phí|thể tích|dung tích|trọng lượng|ruộng|đất|rừng|người dân|cử tri|dân|nhân "
    r"khẩu|hộ dân|hộ|người|thành viên|thế giới|"
    r"quả|củ|lít|lạng|cân|thìa|muỗng|cốc|viên|gói|ống|liều|bát|chén|bề|học sinh|nhân dân|phiếu|"
    r"tiền|thu nhập|lương|ngân sách|nhu cầu|sào|ngày|"
    r"giờ|đời|trái đất|thế kỷ|tiến độ|khẩu phần|khu|cây|mặt|thân|phía|chu kỳ|lá|nước|hồ|bể|bình|đường|"
    r"tuyến|hội viên|đảng viên|cán bộ"
)
_MEMBERS = (
    r"tiêu chí|chỉ tiêu|thôn|xã|phường|đại biểu|đồng chí|tổ|đảng viên có mặt|khu dân cư|điểm|câu|chi "
    r"bộ|trường|huyện|tỉnh|đơn vị|ý kiến|hồ sơ|ca"
)


def _parts(m: re.Match[str]) -> tuple[int, int]:
    """Return the two whole numbers of a slash."""
    return int(m["a"]), int(m["b"])


def fraction_words(a: int, b: int, lex: Lexicon) -> str:
    """Return a fraction: 3/4 → ba phần tư."""
    return f"{cardinal(a, lex.style)} phần {'tư' if b == 4 else cardinal(b, lex.style)}"


def _over(m: re.Match[str], lex: Lexicon) -> Said | None:
    """Read a share: 19/19 tiêu chí; the editor is told where it could be a date."""
    a, b = _parts(m)
    if a > b or _is_year(a, b):
        return None
    dated = a <= 31 and b <= 12 and a != b
    date = date_words(a, b, "", lunar=False, style=lex.style) if dated else ""
    words = f"{cardinal(a, lex.style)} trên {cardinal(b, lex.style)}"
    return Said(words=words, others=(date,) if dated else (), doubt=dated)


def _is_year(a: int, b: int) -> bool:
    """Say whether a slash is more likely a month and a year."""
    return a <= 12 and 1900 <= b <= 2100


def _share(m: re.Match[str], lex: Lexicon) -> Said | str | None:
    """Read a fraction of a thing that can be cut, a share of a group that is counted out."""
    a, b = _parts(m)
    return fraction_words(a, b, lex) if a < b and (b <= 10 or a == 1) else _over(m, lex)


def _scale(m: re.Match[str], lex: Lexicon) -> str:
    """Read 1:500 or 1/500 after *tỷ lệ*."""
    numbers = re.split(r"\s?[:/]\s?", m[0])
    return " trên ".join(say_number(n, lex.style) for n in numbers)


def _otherwise(m: re.Match[str], lex: Lexicon) -> Said:
    """Read any other slash; the editor is told where both readings are possible."""
    a, b = _parts(m)
    if 0 < a < b <= 100:
        over = f"{cardinal(a, lex.style)} trên {cardinal(b, lex.style)}"
        return Said(words=fraction_words(a, b, lex), others=(over,), doubt=True)
    return Said(words=f"{cardinal(a, lex.style)} trên {cardinal(b, lex.style)}")


_PAIR = r"(?P<a>[0-9]{1,5})/(?P<b>[1-9][0-9]{0,4})"

RULES = (
    Rule(
        id="slash.scale",
        start=Start.DIGIT,
        tails="/:_",
        pattern=rx(r"[0-9]{1,3}\s?[:/]\s?(?:[0-9]{1,3}(?:\.[0-9]{3}){1,2}|[0-9]{1,6})(?![0-9]|[.,/][0-9])"),
        before=follows(r"tỷ lệ|tỉ lệ|bản đồ|pha"),
        read=_scale,
        examples=(("tỷ lệ 1/500", "tỷ lệ một trên năm trăm"), ("tỷ lệ 1:10", "tỷ lệ một trên mười")),
    ),
    Rule(
        id="slash.share",
        start=Start.DIGIT,
        tails="/",
        pattern=rx(rf"{_PAIR}(?=\s(?:{_MEMBERS})(?!\w))"),
        unless=follows(f"{DATED}|từ|trước|sau|vào|tức|nhằm|kể từ", comma=True),
        read=_over,
        examples=(("đạt 18/20 tiêu chí", "đạt mười tám trên hai mươi tiêu chí"), ("7/9 thôn", "bảy trên chín thôn")),
    ),
    Rule(
        id="slash.fraction",
        start=Start.DIGIT,
        tails="/",
        pattern=rx(rf"{_PAIR}(?=\s(?i:{_CUT})(?!\w))"),
        unless=follows(DATED, comma=True),
        read=_share,
        examples=(
            ("3/4 diện tích", "ba phần tư diện tích"),
            ("2/3 số hộ", "hai phần ba số hộ"),
            ("45/60 hộ", "bốn mươi lăm trên sáu mươi hộ"),
        ),
    ),
    Rule(
        id="slash.approximate",
        start=Start.DIGIT,
        tails="/",
        pattern=rx(r"(?P<a>[1-9])/(?P<b>[2-9]|10)(?![0-9]|[./][0-9])"),
        before=follows(r"khoảng|gần|hơn|chiếm|đạt|bằng|ít nhất|tối thiểu|chưa đến|chưa tới|giảm|tăng|còn"),
        read=lambda m, lex: _share(m, lex) if int(m["a"]) < int(m["b"]) else None,
        examples=(("chiếm 2/3", "chiếm hai phần ba"),),
    ),
    Rule(
        id="slash.year",
        start=Start.SIGN,
        heads="/",
        tails="0_",
        pattern=rx(rf"/\s?(?P<y>(?:19|20)[0-9]{{2}}){NO_DIGIT}(?![\w/])"),
        before=Before(pattern=re.compile(r"[IVX]$")),
        read=lambda m, lex: f"năm {cardinal(int(m['y']), lex.style)}",
        examples=(("quý IV/2026", "quý bốn năm hai nghìn không trăm hai mươi sáu"),),
    ),
)

LATE_RULES = (
    Rule(
        id="slash.otherwise",
        start=Start.DIGIT,
        tails="/",
        pattern=rx(rf"{_PAIR}(?![\w/]|[.,][0-9])"),
        read=_otherwise,
        examples=(("7/20", "bảy phần hai mươi"), ("40/25", "bốn mươi trên hai mươi lăm")),
    ),
    Rule(
        id="slash.decimals",
        start=Start.DIGIT,
        tails=",./_",
        pattern=rx(rf"(?P<a>{NUMBER})\s?/\s?(?P<b>{NUMBER})(?!\w|/)"),
        read=lambda m, lex: f"{say_number(m['a'], lex.style)} trên {say_number(m['b'], lex.style)}",
        examples=(("1.250/1.300 hộ", "một nghìn hai trăm năm mươi trên một nghìn ba trăm hộ"),),
    ),
)
