"""Letters that stay letters, codes of letters and digits, bullets.  PURE."""

import re

from content.text.layers import Lexicon
from content.text.numerals import cardinal, say_road
from content.text.rules import Rule, Said, Start, rx

_CODE = re.compile(r"[0-9]+|[^\W\d_]+")
_CODE_RUN = r"[A-ZĐ]{1,4}[0-9]{1,4}(?:[A-ZĐ]{1,2}[0-9]{0,3})?"


def code_words(code: str, lex: Lexicon) -> str:
    """Return a code of letters and digits: known abbreviations in full, letters by name, numbers as a road's number."""
    words = []
    for run in _CODE.findall(code):
        if run[0].isdigit():
            words.append(say_road(run, lex.style))
        else:
            words.append((lex.plain(run) if len(run) > 1 and run.isupper() else None) or lex.spell(run))
    return " ".join(words)


def _code(m: re.Match[str], lex: Lexicon) -> str:
    """Read a code."""
    return code_words(m[0], lex)


def _letter(m: re.Match[str], lex: Lexicon) -> str:
    """Read one letter by its name."""
    return lex.spell(m[0][0])


def _number_letter(m: re.Match[str], lex: Lexicon) -> Said:
    """Read 12A, 9B1, 5S."""
    words = f"{cardinal(int(m['n']), lex.style)} {code_words(m['rest'], lex)}"
    return Said(words=words)


RULES = (
    Rule(
        id="letter.born",
        start=Start.WORD,
        heads="Ss",
        tails="._:",
        pattern=rx(r"(?:SN|sn)[.:]?\s?(?=(?:19|20)[0-9]{2}(?!\w))"),
        read=lambda _m, _lex: "sinh năm",
        examples=(("(SN 1990)", "sinh năm một nghìn chín trăm chín mươi"),),
    ),
    Rule(
        id="letter.warning_level",
        start=Start.WORD,
        heads="B",
        tails="0_",
        pattern=rx(r"BĐ\s?(?P<n>[1-4]|I{1,3})(?!\w)"),
        read=lambda m, lex: f"báo động {cardinal(int(m['n']) if m['n'].isdigit() else len(m['n']), lex.style)}",
        examples=(("trên BĐ3", "trên báo động ba"), ("BĐ II", "báo động hai")),
    ),
    Rule(
        id="letter.code",
        start=Start.WORD,
        tails="0",
        pattern=rx(rf"{_CODE_RUN}(?!\w)"),
        read=_code,
        examples=(
            ("F1", "ép một"),
            ("H5N1", "hát năm en nờ một"),
            ("tổ A3", "tổ a ba"),
            ("TDP3", "tổ dân phố ba"),
        ),
    ),
    Rule(
        id="letter.number_letter",
        start=Start.DIGIT,
        tails="a",
        pattern=rx(r"(?P<n>[0-9]{1,3})(?P<rest>[A-ZĐ]{1,2}(?:[0-9]{1,2})?|[a-eđx])(?!\w)"),
        read=_number_letter,
        examples=(("lớp 12A1", "lớp mười hai a một"), ("khoản 2a", "khoản hai a"), ("xe 5T", "xe năm tê")),
    ),
    Rule(
        id="letter.lone",
        start=Start.WORD,
        pattern=rx(r"[B-DF-HJ-NP-TV-XZĐb-df-hj-np-tv-xzđ](?!\w)"),
        read=_letter,
        examples=(
            ("lô B", "lô bê"),
            ("điểm b khoản 2", "điểm bê khoản hai"),
            ("điểm đ", "điểm đê"),
            ("cháu Nguyễn Văn B", "cháu nguyễn văn bê"),
        ),
    ),
)
