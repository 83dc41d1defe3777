"""From any str to one small alphabet, remembering where each character came from.  PURE, linear.

Composes NFD, unifies dashes, quotes and spaces, turns every decimal digit of Unicode into 0-9, drops what is not seen.
`unicodedata.normalize` is never given more than one cluster: its sorting of marks is quadratic in a hostile text.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

MARKS_MAX = 3  # a Vietnamese vowel carries at most two; what comes after is an attack or an accident

_DASHES = "‐‑‒–—―⁃﹣－"
_SPACES = "\t\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\x0b\x0c"
_APOSTROPHES = "’‘′ʹ´`‛ʼ"
_QUOTES = "“”„«»″‟〝〞"
_SAME = (
    dict.fromkeys(_DASHES, "-")
    | dict.fromkeys(_SPACES, " ")
    | dict.fromkeys(_APOSTROPHES, "'")
    | dict.fromkeys(_QUOTES, '"')
    | {"º": "°", "˚": "°", "⁰": "°", "ð": "đ", "Ð": "Đ", "Ɖ": "Đ", "µ": "μ", "×": "x", "✕": "x", "⁄": "/", "∕": "/"}
    | {"\r": "\n", "\u2028": "\n", "\u2029": "\n", "\x85": "\n", "∼": "~", "‚": ","}
)
# Kept as they are: rules read them.
_KEPT = frozenset("°²³½¼¾−±≤≥≈‰…•·₫€£→␤")
# A text of these characters alone needs no map of offsets: each becomes exactly one.
_PLAIN = re.compile(
    "[\n\x20-\x7e°²³½¼¾−±≤≥≈‰•·₫€£ÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝàáâãèéêìíòóôõùúýĂăĐđĨĩŨũƠơƯưẠ-ỹ" + re.escape("".join(_SAME)) + "]*"
)
_TABLE = str.maketrans(_SAME)
_CLUSTER = re.compile("[^\u0300-\u036f][\u0300-\u036f]*|[\u0300-\u036f]+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Clean:
    """A cleaned text; `offset(i)` is where its i-th character stood in the source."""

    text: str
    offsets: tuple[int, ...] | None

    def offset(self, i: int) -> int:
        """Return the place in the source of a place in the cleaned text."""
        return i if self.offsets is None else self.offsets[i]


@lru_cache(maxsize=4096)
def _clean_cluster(cluster: str) -> str:
    """Return what one base character and its marks become: usually one character, sometimes none or several."""
    whole = unicodedata.normalize("NFC", cluster)
    if len(whole) > 1:
        whole = whole[0]
    if whole in _SAME:
        return _SAME[whole]
    if whole in _KEPT or " " <= whole <= "~" or whole == "\n":
        return whole
    kind = unicodedata.category(whole)
    if kind == "Nd":
        return str(unicodedata.decimal(whole))
    if kind in {"Cf", "Cc", "Cs", "Mn", "Me", "Cn", "Co"}:
        return " " if kind == "Cc" else ""
    if kind in {"Ll", "Lu", "Lt"} and not _PLAIN.fullmatch(whole):
        base = unicodedata.normalize("NFKD", whole)[0]
        return base if base.isascii() else whole
    folded = unicodedata.normalize("NFKC", whole)
    if folded != whole and len(folded) <= 4:
        return "".join(_SAME.get(c, c) for c in folded)
    return whole


def clean(text: str) -> Clean:
    """Return the text in the alphabet that the rules know."""
    if "  " not in text and _PLAIN.fullmatch(text):
        return Clean(text.translate(_TABLE), None)
    pieces: list[str] = []
    offsets: list[int] = []
    for hit in _CLUSTER.finditer(text):
        piece = _clean_cluster(hit[0][: 1 + MARKS_MAX])
        if piece == " " and pieces and pieces[-1] == " ":
            continue
        pieces.append(piece)
        offsets.extend([hit.start()] * len(piece))
    offsets.append(len(text))
    return Clean("".join(pieces), tuple(offsets))
