"""Numbers with units, percentages, money, ranges, rates, sizes, coordinates: rules and readings.  PURE."""

import re
from itertools import pairwise

from content.text.context import ends_in, follows
from content.text.dates import SCORE_BEFORE
from content.text.layers import NATION, Lexicon
from content.text.numerals import NUMBER, cardinal, fraction_digits, looks_ambiguous, say_number, spell_digits
from content.text.rules import CAPITAL, DASH, NO_WORD, Rule, Said, Start, rx

_SYMBOLS = sorted(NATION.units, key=lambda s: (-len(s), s))
# The look ahead at the first character makes the common case, no unit, cheap.
_FIRST = "".join(sorted({re.escape(s[0]) for s in _SYMBOLS}))
UNIT = f"(?=[{_FIRST}])(?:" + "|".join(re.escape(s) for s in _SYMBOLS) + r")(?!\w|°)"
_MINUS = r"(?:[-−]\s?)?"
_SCALE = r"(?P<scale>\s(?:nghìn|ngàn|triệu|tỷ|tỉ))?"
_QUANTITY = rf"(?P<sign>[-+]|[−±]\s?)?(?P<n>{NUMBER})(?P<space>\s?)(?P<unit>{UNIT})"
_AFTER_NUMBER = ends_in(r"[0-9][\w²³%°]{0,3}\s?$")  # there a dash is a joint or a pause, not a sign
_NEGATIVE_BEFORE = ends_in(r"(?:^|[\s(,;:\"'])$")


def _signed(sign: str | None, words: str) -> str:
    """Return the words with their sign."""
    if sign and "±" in sign:
        return f"cộng trừ {words}"
    if sign and "+" in sign:
        return f"cộng {words}"
    return f"âm {words}" if sign else words


def _unit_fits(m: re.Match[str], lex: Lexicon) -> bool:
    """Say whether the unit may stand at that distance from its number."""
    return not (m["space"] and lex.units[m["unit"]].tight)


def _number_said(written: str, words: str, lex: Lexicon) -> Said:
    """Return a number's reading, doubted where a comma may have meant thousands."""
    if not looks_ambiguous(written):
        return Said(words=words)
    whole = say_number(written, lex.style)
    return Said(
        words=words, others=(words.replace(whole, cardinal(int(written.replace(",", "")), lex.style)),), doubt=True
    )


def _quantity(m: re.Match[str], lex: Lexicon) -> Said | None:
    """Read one number and its unit."""
    if not _unit_fits(m, lex):
        return None
    words = f"{say_number(m['n'], lex.style)} {lex.units[m['unit']].spoken}"
    return _number_said(m["n"], _signed(m["sign"], words), lex)


def _range(m: re.Match[str], lex: Lexicon) -> str | None:
    """Read two numbers with one unit: the unit once, at the end."""
    if not _unit_fits(m, lex) or (m["unit1"] and lex.units[m["unit1"]].spoken != lex.units[m["unit"]].spoken):
        return None
    first = _signed(m["sign"], say_number(m["n1"], lex.style))
    second = _signed(m["sign2"], say_number(m["n2"], lex.style))
    return f"{first} đến {second} {lex.units[m['unit']].spoken}"


def _plain_range(m: re.Match[str], lex: Lexicon) -> Said:
    """Read two numbers with a dash."""
    words = f"{say_number(m['n1'], lex.style)} đến {say_number(m['n2'], lex.style)}"
    falls = float("0" + m["n1"].replace(".", "").replace(",", ".", 1).replace(",", "")) >= float(
        "0" + m["n2"].replace(".", "").replace(",", ".", 1).replace(",", "")
    )
    either = f"{say_number(m['n1'], lex.style)} {say_number(m['n2'], lex.style)}"
    return Said(words=words, others=(either,) if falls else (), doubt=falls)


def _score(m: re.Match[str], lex: Lexicon) -> str:
    """Read numbers that only stand side by side: a score, a fertiliser's formula."""
    return ", ".join(say_number(n, lex.style) for n in re.findall(r"[0-9]+(?:[.,][0-9]+)?", m[0]))


def _mixed(m: re.Match[str], lex: Lexicon) -> str:
    """Read 1m15: the unit stands where the comma would be."""
    whole = f"{say_number(m['n'], lex.style)} {lex.units[m['unit']].spoken}"
    return f"{whole} {fraction_digits(m['part'], lex.style)}"


def _scaled(m: re.Match[str], lex: Lexicon) -> str:
    """Read 2tr5: two million five."""
    part = spell_digits(m["part"]) if m["part"][0] == "0" else cardinal(int(m["part"]), lex.style)
    return f"{say_number(m['n'], lex.style)} triệu {part}"


def _slash_quantity(m: re.Match[str], lex: Lexicon) -> str | None:
    """Read 22/0,4kV and 120/80 mmHg."""
    unit = lex.units[m["unit"]]
    if unit.tight and m["space"]:
        return None
    parts = [say_number(n, lex.style) for n in m["ns"].split("/")]
    return f"{' trên '.join(parts)} {unit.spoken}"


def _fraction(m: re.Match[str], lex: Lexicon) -> str | None:
    """Read 1/2 kg."""
    a, b, unit = int(m["a"]), int(m["b"]), lex.units[m["unit"]]
    if a >= b or unit.tight:
        return None
    return f"{cardinal(a, lex.style)} phần {'tư' if b == 4 else cardinal(b, lex.style)} {unit.spoken}"


def _size(m: re.Match[str], lex: Lexicon) -> str:
    """Read 3x4: *nhân* between the sides, a unit where one is written."""
    words = []
    for side in re.split(r"\s?[xX*]\s?", m[0]):
        hit = re.fullmatch(rf"({NUMBER})\s?({UNIT})?", side)
        number, unit = (hit[1], hit[2]) if hit else (side, None)
        words.append(say_number(number, lex.style) + (f" {lex.units[unit].spoken}" if unit else ""))
    return " nhân ".join(words)


_SIDES = {
    "N": "vĩ bắc",
    "B": "vĩ bắc",
    "S": "vĩ nam",
    "E": "kinh đông",
    "Đ": "kinh đông",
    "W": "kinh tây",
    "T": "kinh tây",
}


def _coordinate(m: re.Match[str], lex: Lexicon) -> str:
    """Read 16,2°N."""
    return f"{say_number(m['n'], lex.style)} độ {_SIDES[m['side']]}"


def _angle(m: re.Match[str], lex: Lexicon) -> str:
    """Read degrees, minutes, seconds and a side."""
    words = f"{cardinal(int(m['d']), lex.style)} độ {cardinal(int(m['m']), lex.style)} phút"
    words += f" {say_number(m['s'], lex.style)} giây" if m["s"] else ""
    return words + (f" {_SIDES[m['side']]}" if m["side"] else "")


def _spaced_thousands(m: re.Match[str], lex: Lexicon) -> str:
    """Read 1 250 000."""
    return cardinal(int(m[0].replace(" ", "")), lex.style)


def _dollars(m: re.Match[str], lex: Lexicon) -> str:
    """Read $100."""
    return f"{say_number(m['n'], lex.style)} {'ơ rô' if m[0][0] == '€' else 'đô la'}"


def _plain(m: re.Match[str], lex: Lexicon) -> Said:
    """Read a number without a unit."""
    return _number_said(m["n"], say_number(m["n"], lex.style), lex)


def _negative(m: re.Match[str], lex: Lexicon) -> str:
    """Read a number below zero."""
    return _signed(m["sign"], say_number(m["n"], lex.style))


def _listed(m: re.Match[str], lex: Lexicon) -> str | None:
    """Read 1,2,3 as a list; numbers that do not grow are no list."""
    numbers = [int(n) for n in m[0].split(",")]
    if any(a >= b for a, b in pairwise(numbers)):
        return None
    return ", ".join(cardinal(n, lex.style) for n in numbers)


def _sections(m: re.Match[str], lex: Lexicon) -> str:
    """Read a section's number: 1.2.3."""
    return " chấm ".join(cardinal(int(n), lex.style) for n in m[0].strip(".").split("."))


# What is numbered, not measured: after these a comma joins two of them.
_NUMBERED = (
    r"thôn|tổ|xóm|ấp|bản|buôn|làng|đội|lớp|khu|khu phố|điều|đợt|mũi|cụm|kênh|phường|quận|TDP|KP|KDC|tiểu khu|"
    r"nhóm|bàn|phòng|lô|chương|tổ dân phố|khu dân cư|liên thôn|các thôn|các tổ"
)

RULES = (
    Rule(
        id="number.numbered_list",
        start=Start.DIGIT,
        tails=",",
        pattern=rx(
            rf"[0-9]{{1,2}}(?:,[0-9]{{1,2}}){{1,15}}(?![\w/]|[.,][0-9]|\s?{UNIT}|\s(?:triệu|tỷ|tỉ|"
            rf"nghìn|độ|mét|tấn|tạ|đồng)\b)"
        ),
        before=follows(_NUMBERED),
        read=_listed,
        examples=(("thôn 1,2,3", "thôn một hai ba"), ("tổ 5,6 và 7", "tổ năm sáu và bảy")),
    ),
    Rule(
        id="number.long_list",
        start=Start.DIGIT,
        tails=",",
        pattern=rx(r"[0-9]{1,2}(?:,[0-9]{1,2}){2,15}(?![\w/]|[.,][0-9])"),
        read=_listed,
        examples=(("gồm 1,2,3", "gồm một hai ba"),),
    ),
    Rule(
        id="size.sides",
        start=Start.DIGIT,
        tails="*,._a%°'²³",
        pattern=rx(
            rf"{NUMBER}\s?(?:{UNIT})?\s?[xX*]\s?{NUMBER}(?:\s?{UNIT})?(?:\s?[xX*]\s?{NUMBER}(?:\s?{UNIT})?)?{NO_WORD}"
        ),
        read=_size,
        examples=(
            ("ảnh 3x4", "ảnh ba nhân bốn"),
            ("2,5 × 3 m", "hai phẩy năm nhân ba mét"),
            ("4x6cm", "bốn nhân sáu xăng ti mét"),
        ),
    ),
    Rule(
        id="number.formula",
        start=Start.DIGIT,
        tails="-",
        pattern=rx(r"[0-9]{1,2}-[0-9]{1,2}-[0-9]{1,2}(?:-[0-9]{1,2})?(?![\w/-]|[.,][0-9])"),
        read=_score,
        examples=(("NPK 13-5-10", "en pê ca mười ba năm mười"),),
    ),
    Rule(
        id="number.score",
        start=Start.DIGIT,
        tails="-_",
        pattern=rx(
            rf"1?[0-9]\s?-\s?1?[0-9](?![\w/-]|[.,][0-9]|\s?{UNIT}|\s(?:hộ|người|ngày|giờ|điểm|năm|tháng|triệu)\b)"
        ),
        before=ends_in(SCORE_BEFORE),
        read=_score,
        examples=(("thắng 2-1", "thắng hai một"), ("tỷ số 3 - 0", "tỷ số ba không")),
    ),
    Rule(
        id="coordinate.angle",
        start=Start.DIGIT,
        tails="_°",
        pattern=rx(
            r"(?P<d>[0-9]{1,3})\s?°\s?(?P<m>[0-9]{1,2})"
            r"\s?'(?:\s?(?P<s>[0-9]{1,2}(?:[.,][0-9]{1,3})?)(?:\"|''))?(?:\s?(?P<side>[NBSEĐWT])"
            r"(?!\w))?"
        ),
        read=_angle,
        examples=(("16°12'30\"N", "mười sáu độ mười hai phút ba mươi giây vĩ bắc"),),
    ),
    Rule(
        id="coordinate.decimal",
        start=Start.DIGIT,
        tails=",._a°",
        pattern=rx(rf"(?P<n>{NUMBER})\s?(?:°|o|độ)?\s?(?P<side>[NBSEĐW])(?!\w)"),
        read=lambda m, lex: _coordinate(m, lex) if re.search(r"[°o]|độ|[.,]", m[0]) else None,
        examples=(
            ("16,2N; 108,5E", "mười sáu phẩy hai độ vĩ bắc một trăm linh tám phẩy năm độ kinh đông"),
            ("19,2°B", "mười chín phẩy hai độ vĩ bắc"),
        ),
    ),
    Rule(
        id="unit.mixed",
        start=Start.DIGIT,
        tails="_a",
        pattern=rx(rf"(?P<n>[0-9]{{1,3}})\s?(?P<unit>m|km|kg|tấn)(?P<part>[0-9]{{1,2}}){NO_WORD}(?![.,/][0-9])"),
        read=lambda m, lex: None if m["unit"] == "m" and m["part"] in {"2", "3"} else _mixed(m, lex),
        examples=(("1m15", "một mét mười lăm"), ("3km5", "ba ki lô mét năm"), ("1m05", "một mét không năm")),
    ),
    Rule(
        id="money.million_and",
        start=Start.DIGIT,
        tails="_a",
        pattern=rx(rf"(?P<n>[0-9]{{1,3}})\s?tr(?P<part>[0-9]{{1,3}}){NO_WORD}"),
        read=_scaled,
        examples=(("2tr5", "hai triệu năm"),),
    ),
    Rule(
        id="unit.slash",
        start=Start.DIGIT,
        tails=",./",
        pattern=rx(rf"(?P<ns>{NUMBER}/{NUMBER}(?:/{NUMBER})?)(?P<space>\s?)(?P<unit>kV|KV|kVA|V|mmHg|Hz|W|kW)(?!\w)"),
        read=_slash_quantity,
        examples=(
            ("22/0,4kV", "hai mươi hai trên không phẩy bốn ki lô vôn"),
            ("120/80 mmHg", "một trăm hai mươi trên tám mươi mi li mét thủy ngân"),
        ),
    ),
    Rule(
        id="unit.fraction",
        start=Start.DIGIT,
        tails="/",
        pattern=rx(rf"(?P<a>[1-9])/(?P<b>[2-9]|10)(?P<space>\s?)(?P<unit>{UNIT})"),
        read=_fraction,
        examples=(("1/2 kg", "một phần hai ki lô gam"),),
    ),
    Rule(
        id="unit.over",
        start=Start.DIGIT,
        tails=",./",
        pattern=rx(rf"(?P<ns>{NUMBER}/{NUMBER})(?P<space>\s?)(?P<unit>{UNIT})"),
        read=lambda m, lex: _slash_quantity(m, lex) if "," in m["ns"] or "." in m["ns"] else None,
        examples=(("15,25/15,80 m", "mười lăm phẩy hai mươi lăm trên mười lăm phẩy tám mươi mét"),),
    ),
    Rule(
        id="size.times",
        start=Start.WORD,
        heads="xX",
        tails="_",
        pattern=rx(r"[xX]\s(?=[0-9]|(?:rộng|dài|cao|sâu|ngang)\s)"),
        before=ends_in(r"[0-9]\s?[^\W\d_]{1,6}\s$"),
        read=lambda _m, _lex: "nhân",
        examples=(("2 viên x 3 lần", "hai viên nhân ba lần"),),
    ),
    Rule(
        id="unit.range",
        start=Start.DIGIT,
        pattern=rx(
            rf"(?P<sign>(?!))?(?P<n1>{NUMBER})(?:\s?(?P<unit1>{UNIT}))?\s?(?:-|→)"
            rf"\s?(?P<sign2>−)?(?P<n2>{NUMBER})(?P<space>\s?)(?P<unit>{UNIT})"
        ),
        read=_range,
        examples=(
            ("3-5 m", "ba đến năm mét"),
            ("134–149 km/h", "một trăm ba mươi tư đến một trăm bốn mươi chín ki lô mét trên giờ"),
            ("10%-15%", "mười đến mười lăm phần trăm"),
            ("1.600 – 3.000 m³/s", "một nghìn sáu trăm đến ba nghìn mét khối trên giây"),
            ("20kg-25kg", "hai mươi đến hai mươi lăm ki lô gam"),
            ("18-22°C", "mười tám đến hai mươi hai độ xê"),
            ("20.000 – 30.000đ", "hai mươi nghìn đến ba mươi nghìn đồng"),
        ),
    ),
    Rule(
        id="unit.signed_range",
        start=Start.SIGN,
        heads="-−",
        tails="0_",
        pattern=rx(
            rf"(?P<sign>[-−])\s?(?P<n1>{NUMBER})(?:\s?(?P<unit1>{UNIT}))?\s?(?:-)"
            rf"\s?(?P<sign2>[-−])?\s?(?P<n2>{NUMBER})(?P<space>\s?)(?P<unit>°C|°|độ C|oC)(?!\w)"
        ),
        before=_NEGATIVE_BEFORE,
        unless=_AFTER_NUMBER,
        read=_range,
        examples=(("−3 - −1°C", "âm ba đến âm một độ xê"), ("-2-3°C", "âm hai đến ba độ xê")),
    ),
    Rule(
        id="unit.quantity",
        start=Start.DIGIT,
        pattern=rx(_QUANTITY),
        unless=follows("lớp|khối lớp|tầng|căn|lô|điểm"),
        read=_quantity,
        examples=(
            ("40 km/h", "bốn mươi ki lô mét trên giờ"),
            ("500.000đ", "năm trăm nghìn đồng"),
            ("100 USD", "một trăm đô la mỹ"),
            ("4,5%", "bốn phẩy năm phần trăm"),
            ("37,5°C", "ba mươi bảy phẩy năm độ xê"),
            ("2.145,5 kg", "hai nghìn một trăm bốn mươi lăm phẩy năm ki lô gam"),
            ("125,6 ha", "một trăm hai mươi lăm phẩy sáu héc ta"),
            ("400kVA", "bốn trăm ki lô vôn am pe"),
            ("30'", "ba mươi phút"),
            ("0,03%/ngày", "không phẩy không ba phần trăm một ngày"),
            ("20.000đ/lượt", "hai mươi nghìn đồng một lượt"),
            ("48h", "bốn mươi tám giờ"),
        ),
    ),
    Rule(
        id="unit.signed",
        start=Start.SIGN,
        heads="-−±+",
        tails="0_",
        pattern=rx(_QUANTITY),
        before=_NEGATIVE_BEFORE,
        unless=_AFTER_NUMBER,
        read=_quantity,
        examples=(
            ("−3°C", "âm ba độ xê"),
            ("nhiệt độ -1,5 °C", "nhiệt độ âm một phẩy năm độ xê"),
            ("±5%", "cộng trừ năm phần trăm"),
            ("+25 m", "cộng hai mươi lăm mét"),
        ),
    ),
    Rule(
        id="money.dollars",
        start=Start.SIGN,
        heads="$€",
        tails="0_",
        pattern=rx(rf"[$€]\s?(?P<n>{NUMBER})"),
        read=_dollars,
        examples=(("$100", "một trăm đô la"),),
    ),
    Rule(
        id="number.negative",
        start=Start.SIGN,
        heads="-±−",
        tails="0_",
        pattern=rx(rf"(?P<sign>−\s?|±\s?|-)(?P<n>{NUMBER}){NO_WORD}"),
        before=ends_in(r"(?:^|[\s(,;:])$"),
        unless=ends_in(r"(?:^|\n|[.:;])\s{0,4}$|[0-9]\s?$"),
        read=_negative,
        examples=(("xuống −5", "xuống âm năm"),),
    ),
    Rule(
        id="number.degrees_below",
        start=Start.SIGN,
        heads="-",
        tails="0",
        pattern=rx(rf"(?P<sign>-)(?P<n>{NUMBER})(?=\sđộ(?!\w))"),
        before=_NEGATIVE_BEFORE,
        unless=_AFTER_NUMBER,
        read=_negative,
        examples=(("-5 độ", "âm năm độ"),),
    ),
    Rule(
        id="number.minus_sign",
        start=Start.SIGN,
        heads="−",
        tails="0_",
        pattern=rx(rf"(?P<sign>−)\s?(?P<n>{NUMBER}){NO_WORD}"),
        before=ends_in(r"(?:^|[\s(,;:])$"),
        unless=ends_in(r"[0-9]\s?$"),
        read=_negative,
        examples=(("−7", "âm bảy"),),
    ),
)

LATE_RULES = (
    Rule(
        id="number.section",
        start=Start.DIGIT,
        tails=".",
        pattern=rx(r"[0-9]{1,2}(?:\.[0-9]{1,2}){1,4}(?![\w/]|[.,][0-9])"),
        before=follows("mục|phần|bảng|hình|phiên bản|chương|tiểu mục"),
        read=_sections,
        examples=(("mục 1.2", "mục một chấm hai"),),
    ),
    Rule(
        id="number.outline",
        start=Start.DIGIT,
        tails=".",
        pattern=rx(rf"[0-9]{{1,2}}(?:\.[0-9]{{1,2}}){{1,4}}(?=[.)]?\s[{CAPITAL}])"),
        before=ends_in(r"(?:^|\n)\s{0,8}$"),
        read=_sections,
        examples=(("2.1. Đối tượng", "hai chấm một đối tượng"),),
    ),
    Rule(
        id="number.range",
        start=Start.DIGIT,
        tails=",-._",
        pattern=rx(rf"(?P<n1>{NUMBER}){DASH}(?P<n2>{NUMBER}){NO_WORD}"),
        unless=follows("BKS|biển số|số tài khoản|STK|CCCD"),
        read=_plain_range,
        examples=(
            ("5–7 ngày", "năm đến bảy ngày"),
            ("từ 18–45 tuổi", "từ mười tám đến bốn mươi lăm tuổi"),
            ("2-3 triệu đồng", "hai đến ba triệu đồng"),
            ("cấp 8-9", "cấp tám đến chín"),
        ),
    ),
    Rule(
        id="number.spaced_thousands",
        start=Start.DIGIT,
        heads="123456789",
        tails="_",
        pattern=rx(
            r"[1-9][0-9]{0,2}(?: [0-9]{3}){2,4}(?![0-9]| [0-9]|\w)|[1-9][0-9]{0,2} "
            r"[0-9]{3}(?=\s?(?:đ|đồng|VNĐ|VND)(?!\w))"
        ),
        read=_spaced_thousands,
        examples=(("1 250 000 đồng", "một triệu hai trăm năm mươi nghìn đồng"),),
    ),
    Rule(
        id="number.plain",
        start=Start.DIGIT,
        pattern=rx(rf"(?P<n>{NUMBER})(?![^\W_])"),
        read=_plain,
        examples=(
            ("1.250.000", "một triệu hai trăm năm mươi nghìn"),
            ("3,5", "ba phẩy năm"),
            ("05 hộ", "năm hộ"),
            ("2.104", "hai nghìn một trăm linh bốn"),
            ("7,05", "bảy phẩy không năm"),
        ),
    ),
)


_PHYSICAL = re.compile(
    r"(?:[0-9]\s?(?:k?m|[cdm]m|km[²2]|m[²³23]|kg|g|mg|μg|l|L|ml|mL|ha|W|k[Ww]h?|MW|mmol|IU|N|kN|bar|Mb|GB|MB|MHz|V|lít)"
    r"|(?:^|[^\w])(?:km|mm|cm|m|kg|mg|m³|m²|m3|m2|ml|lít|mét|mét khối|gam|tấn|tạ|yến|ki lô mét|ki "
    r"lô gam|mi li mét|héc ta))\s?$"
)
_MONEY = re.compile(
    r"(?:[0-9]\s?(?:đ|Đ|k|tr|VNĐ|VND|USD|\$)|(?:^|[^\w])(?:đồng|triệu|nghìn|ngàn|tỷ|tỉ|USD|VNĐ|VND|đ))\s?$"
)
_THINGS = (
    r"ngày đêm|ngày|đêm|tháng|năm|tuần|quý|giờ|phút|giây|người|hộ gia đình|hộ|con|cái|chiếc|bộ|"
    r"lượt|lần|vụ|sào|mẫu|công|suất|khẩu|gia đình|"
    r"cháu|em|học sinh|sinh viên|trường hợp|xe|ca|buổi|lít|bao|chai|thùng|số|phòng|căn|hồ sơ|vé|"
    r"đợt|lứa|tiết|khóa|kỳ|môn|đội|"
    r"thôn|xã|cây|bụi|khóm|tấn|tạ|yến|cân|kilôgam|mét|khối|gói|viên|liều|bữa|chuyến|trẻ|đơn vị|cơ "
    r"sở|nhân khẩu|tổ|bình|bó|quả|"
    r"đầu người|lao động|hội viên|đoàn viên|cuộc|trận|điểm|máy|ô|lô|hũ|túi|hộp|giải|đội thi|công "
    r"dân|đối tượng|thửa|tàu|ghe|phương tiện|"
    r"thành viên|giáo viên|cán bộ|bệnh nhân|người dân|mũi|vòng|lớp|trường|HS|GV|NLĐ|SV|HSSV"
)
_BASE = {"h": "giờ", "s": "giây"}
# Words that are units too: a rate of physical units says *trên* before them.
_UNIT_WORDS = frozenset({"giờ", "phút", "giây", "sào", "mẫu", "công", "lít", "tấn", "tạ", "yến", "mét", "khối"})


_COUNTED_THING = re.compile(_THINGS)
_AFTER_UNIT = re.compile(rf"[0-9]\s?(?:{UNIT}|(?:lít|phút|giờ|tấn|tạ))\s?$")


def _rate(m: re.Match[str], lex: Lexicon) -> str | None:
    """Read the slash of a rate: *trên* between physical units, *một* before a thing counted."""
    left = m.string[max(0, m.start() - 24) : m.start()]
    money = _MONEY.search(left) is not None
    if m["symbol"]:
        return f"{'một' if money else 'trên'} {_BASE.get(m['symbol']) or lex.units[m['symbol']].spoken}"
    if not (_COUNTED_THING.fullmatch(m["thing"]) or money or _AFTER_UNIT.search(left)):
        return None
    physical = not money and m["thing"] in _UNIT_WORDS and _PHYSICAL.search(left)
    return "trên" if physical else "một"


RATES = (
    Rule(
        id="rate.quantity",
        start=Start.SIGN,
        heads="/ ",
        tails="/0_",
        pattern=rx(r"\s?/\s?(?=[0-9])"),
        before=ends_in(r"[^\W\d_²³]{1,12}[²³23]?$|%$"),
        read=lambda _m, _lex: "trên",
        examples=(
            ("20 kg/500 m²", "hai mươi ki lô gam trên năm trăm mét vuông"),
            ("40 mm/24h", "bốn mươi mi li mét trên hai mươi tư giờ"),
        ),
    ),
    Rule(
        id="rate.symbol",
        start=Start.SIGN,
        heads="/",
        tails="_a",
        pattern=rx(
            r"/\s?(?P<thing>(?!))?(?P<symbol>km²|km2|km|m²|m2|m³|m3|m|cm²|cm2|cm|ha|Ha|kg|mg|g|ml|"
            r"l|L|dl|dL|h|s|kWh|kW|mm|bar)(?!\w)"
        ),
        before=ends_in(r"[\w²³%$°']\s?$"),
        read=_rate,
        examples=(
            ("m³/s", "mét khối trên giây"),
            ("15.000 đồng/kg", "mười lăm nghìn đồng một ki lô gam"),
            ("tạ/ha", "tạ trên héc ta"),
            ("50 con/m²", "năm mươi con trên mét vuông"),
        ),
    ),
    Rule(
        id="rate.thing",
        start=Start.SIGN,
        heads="/",
        tails="_a",
        pattern=rx(rf"/\s?(?P<symbol>(?!))?(?=(?P<thing>{_THINGS}|[a-zà-ỹđ]{{1,10}})(?!\w))"),
        before=ends_in(
            r"(?:[0-9]\s?(?:[^\W\d_]{1,4}[²³23]?|%|\$|')|(?:^|[^\w])(?:đồng|triệu|nghìn|ngàn|tỷ|"
            r"tỉ|đ|lần|lượt|suất|người|con|hộ|kg|tấn|tạ|yến|lít|"
            r"giờ|tiếng|buổi|viên|gói|liều|cây|ngày|bữa|điểm|chuyến|vé|cháu|ca|m|mét|khối|tháng|"
            r"bao|chai|cuộc|sản phẩm|km|m²|m2|m³|m3|ha|nhịp|"
            r"bước|vòng|phần|số|học sinh|em|ml|mg|mm|kWh|trẻ|cái|bộ|thùng|công|trứng|quả|trận|mũi|"
            r"phiếu|giường|máy|thiết bị|"
            r"phòng|căn|lao động|khẩu|nhân khẩu|đầu|vụ|năm|tuần|xe))\s?$"
        ),
        read=_rate,
        examples=(
            ("1.263.600 đồng/năm", "một triệu hai trăm sáu mươi ba nghìn sáu trăm đồng một năm"),
            ("300.000 đồng/người/tháng", "ba trăm nghìn đồng một người một tháng"),
            ("2 lần/ngày", "hai lần một ngày"),
            ("10 m/giây", "mười mét trên giây"),
            ("60 tạ/sào", "sáu mươi tạ trên sào"),
        ),
    ),
)
