"""Signs of legal documents and the articles inside them.  PURE."""

import re

from content.text.context import each, follows
from content.text.layers import Lexicon
from content.text.numerals import cardinal, say_identifier
from content.text.rules import Rule, Said, Start, rx

_PART = r"[A-ZĐĂÂÊÔƠƯ][A-Za-zĐđƯưƠơ]{0,11}(?:&[A-ZĐ][A-ZĐ]{1,6})?[0-9]{0,2}"
_SIGN = rf"{_PART}(?:[-/]{_PART}){{0,4}}"
_KINDS = (
    r"nghị định|quyết định|thông tư|thông tư liên tịch|nghị quyết|luật|luật số|chỉ thị|công văn|"
    r"thông báo|kế hoạch|công điện|pháp lệnh|"
    r"tờ trình|báo cáo|hướng dẫn|lệnh|giấy mời|công văn số|NĐ|QĐ|TT|TTLT|NQ|CT|CV|TB|KH|CĐ|TTr|BC"
)
_NUMBERED_KINDS = each(_KINDS, "số")


def part_words(part: str, lex: Lexicon) -> tuple[str, bool]:
    """Return one part of a sign in full, and whether it was known; QH15 is the fifteenth National Assembly."""
    name = part.rstrip("0123456789")
    term = f" khóa {cardinal(int(part[len(name) :]))}" if name != part else ""
    words = lex.documents.get(name) or lex.plain(name)
    if words is None and "&" in name:
        halves = [part_words(half, lex) for half in name.split("&")]
        return " và ".join(w for w, _ in halves), all(known for _, known in halves)
    return (words or lex.spell(name)) + term, words is not None


def sign_words(sign: str, lex: Lexicon) -> tuple[str, bool]:
    """Return the abbreviations of a document's sign in full."""
    parts = [part_words(p, lex) for p in re.split(r"[-/]", sign)]
    return " ".join(w for w, _ in parts), all(known for _, known in parts)


def _owner(sign: str, lex: Lexicon) -> str:
    """Return the shorter way to say who issued it: của chính phủ."""
    return "của " + sign_words(re.split(r"[-/]", sign)[-1], lex)[0]


def _document(m: re.Match[str], lex: Lexicon) -> Said:
    """Read 07/2024/QĐ-UBND: number, năm year, the abbreviations in full."""
    head = say_identifier(m["n"], lex.style)
    head += m["letter"].lower() and f" {lex.spell(m['letter'])}"
    head += f" năm {cardinal(int(m['y']), lex.style)}" if m["y"] else ""
    words, known = sign_words(m["sign"], lex)
    return Said(words=f"{head} {words}", others=(f"{head} {_owner(m['sign'], lex)}",), doubt=not known)


def _number_and_year(m: re.Match[str], lex: Lexicon) -> str:
    """Read 49/2024 after the name of a kind of document."""
    return f"{say_identifier(m['n'], lex.style)} năm {cardinal(int(m['y']), lex.style)}"


def _number(m: re.Match[str], lex: Lexicon) -> str:
    """Read 07 after *quyết định số*: its zero is part of the number."""
    return say_identifier(m["n"], lex.style)


def _sign_alone(m: re.Match[str], lex: Lexicon) -> str | None:
    """Read NĐ-CP without a number."""
    words, known = sign_words(m[0], lex)
    return words if known else None


def _standard(m: re.Match[str], lex: Lexicon) -> str:
    """Read 01-1:2018/BYT after QCVN."""
    head = " ".join(say_identifier(n, lex.style) for n in m["n"].split("-"))
    words = f"{head} năm {cardinal(int(m['y']), lex.style)}"
    return f"{words} {sign_words(m['sign'], lex)[0]}" if m["sign"] else words


def _assembly(m: re.Match[str], lex: Lexicon) -> str:
    """Read QH15."""
    return part_words(m[0], lex)[0]


RULES = (
    Rule(
        id="document.sign",
        start=Start.DIGIT,
        tails="/_a",
        pattern=rx(
            rf"(?P<n>[0-9]{{1,6}})(?P<letter>[A-Za-z]?)\s?/(?:(?P<y>[12][0-9]{{3}})\s?/)?\s?(?P<sign>{_SIGN})(?![\w/])"
        ),
        read=lambda m, lex: _document(m, lex) if m["y"] or "-" in m["sign"] or m["sign"] in lex.documents else None,
        examples=(
            (
                "Quyết định số 07/2024/QĐ-UBND",
                "quyết định số không bảy năm hai nghìn không trăm hai mươi tư quyết định ủy ban nhân dân",
            ),
            ("Số 15/2025/NĐ-CP", "số mười lăm năm hai nghìn không trăm hai mươi lăm nghị định chính phủ"),
            (
                "QĐ 18/2021/QĐ-TTg",
                "quyết định mười tám năm hai nghìn không trăm hai mươi mốt quyết định thủ tướng chính phủ",
            ),
            ("thông báo số 145/TB-UBND", "thông báo số một trăm bốn mươi lăm thông báo ủy ban nhân dân"),
            ("202/2025/QH15", "hai trăm linh hai năm hai nghìn không trăm hai mươi lăm quốc hội khóa mười lăm"),
        ),
    ),
    Rule(
        id="document.standard",
        start=Start.DIGIT,
        tails="-:",
        pattern=rx(
            rf"(?P<n>[0-9]{{1,5}}(?:-[0-9]{{1,3}}){{0,2}}):(?P<y>[12][0-9]{{3}})(?:/(?P<sign>{_SIGN}))?(?![\w/])"
        ),
        before=follows("QCVN|TCVN|ISO|QCĐP|IEC|TCCS"),
        read=_standard,
        examples=(
            (
                "QCVN 01-1:2018/BYT",
                "quy chuẩn việt nam không một một năm hai nghìn không trăm mười tám bộ y tế",
            ),
        ),
    ),
    Rule(
        id="document.party",
        start=Start.DIGIT,
        tails="-a",
        pattern=rx(
            rf"(?P<n>[0-9]{{1,4}})(?P<letter>[A-Z]?)(?P<y>(?!))?-(?P<sign>{_PART}/{_PART}(?:[-/]{_PART})?)(?![\w/])"
        ),
        read=_document,
        examples=(
            ("Chỉ thị số 05-CT/TW", "chỉ thị số không năm chỉ thị trung ương"),
            ("18-NQ/TW", "mười tám nghị quyết trung ương"),
        ),
    ),
    Rule(
        id="document.year",
        start=Start.DIGIT,
        tails="/",
        pattern=rx(r"(?P<n>[0-9]{1,5})/(?P<y>(?:19|20)[0-9]{2})(?![\w/]|[.,][0-9])"),
        before=follows(f"{_KINDS}|{_NUMBERED_KINDS}|số"),
        read=_number_and_year,
        examples=(("Nghị định 49/2024", "nghị định bốn mươi chín năm hai nghìn không trăm hai mươi tư"),),
    ),
    Rule(
        id="document.number",
        start=Start.DIGIT,
        heads="0",
        pattern=rx(r"(?P<n>0[0-9]{1,4})(?![\w/]|[.,][0-9])"),
        before=follows(f"{_NUMBERED_KINDS}|mẫu số|tờ khai số|phụ lục số|mẫu"),
        read=_number,
        examples=(("Quyết định số 07 ngày", "quyết định số không bảy ngày"),),
    ),
    Rule(
        id="document.assembly",
        start=Start.WORD,
        heads="Q",
        tails="0",
        pattern=rx(r"QH[0-9]{1,2}(?!\w)"),
        read=_assembly,
        examples=(("QH15", "quốc hội khóa mười lăm"),),
    ),
    Rule(
        id="document.sign_alone",
        start=Start.WORD,
        heads="BCKNQTG",
        tails="-",
        pattern=rx(
            r"(?:NĐ-CP|NQ-CP|QĐ-TTg|CT-TTg|CĐ-TTg|(?:QĐ|NQ|KH|TB|CT|BC|TTr|CV|GM)-(?:UBND|HĐND|"
            r"BCH|BCĐ|MTTQ|TU|ĐU|HU)|TT-[A-ZĐ]{3,8})(?![\w-])"
        ),
        read=_sign_alone,
        examples=(("theo NQ-HĐND", "theo nghị quyết hội đồng nhân dân"), ("TT-BYT", "thông tư bộ y tế")),
    ),
)
