"""E-mail addresses, web addresses, account names.  PURE."""

import re

from content.text.layers import Lexicon
from content.text.numerals import say_road
from content.text.rules import Rule, Start, rx
from content.text.syllables import is_syllable, split_plain

_SIGNS = {
    "@": "a còng",
    ".": "chấm",
    "_": "gạch dưới",
    "-": "gạch ngang",
    "/": "gạch chéo",
    ":": "hai chấm",
    "?": "hỏi chấm",
    "=": "bằng",
    "&": "và",
    "%": "phần trăm",
    "+": "cộng",
    "#": "thăng",
    "~": "ngã",
}
# Labels that people say in a certain way.
_LABELS = {
    "vn": "vê nờ",
    "com": "com",
    "gov": "gờ ô vê",
    "edu": "e đu",
    "org": "o rờ gờ",
    "net": "nét",
    "www": "vê kép vê kép vê kép",
    "gmail": "gờ meo",
    "yahoo": "da hu",
    "http": "hát tê tê pê",
    "https": "hát tê tê pê ét",
    "facebook": "phây búc",
    "zalo": "da lô",
    "me": "mi",
    "info": "in phô",
    "html": "hát tê em mờ e lờ",
    "mail": "meo",
    "email": "i meo",
    "ubnd": "u bê en nờ đê",
    "portal": "po tồ",
    "youtube": "diu túp",
    "app": "áp",
    "io": "i o",
    "baohiem": "bao hiem",
}
_TOKEN = re.compile(r"[0-9]+|[A-Za-zÀ-ỹĐđ]+|.")


def _label(word: str, lex: Lexicon) -> str:
    """Return a label as it is said: a known one, syllables, a short one spelled."""
    low = word.lower()
    if low in _LABELS:
        return _LABELS[low]
    if entry := lex.heads.get(word):
        return entry[0].spoken.replace(",", "")
    split = split_plain(low) or (low if is_syllable(low) else None)
    if split:
        return split
    return lex.spell(low) if len(low) <= 4 or not re.search("[aeiouy]", low) else low


def address_words(written: str, lex: Lexicon) -> str:
    """Return an address in words: signs by their names, labels as they are said."""
    words = []
    for token in _TOKEN.findall(written):
        if token[0].isdigit():
            words.append(say_road(token, lex.style))
        elif token[0].isalpha():
            words.append(_label(token, lex))
        elif token in _SIGNS:
            words.append(_SIGNS[token])
    return " ".join(w for w in words if w)


def _address(m: re.Match[str], lex: Lexicon) -> str:
    """Read an e-mail or web address."""
    return address_words(m[0], lex)


def _web(m: re.Match[str], lex: Lexicon) -> str:
    """Read a web address; nobody says http."""
    return address_words(re.sub(r"^https?://", "", m[0]), lex)


_HOST = r"(?:[A-Za-z0-9-]{1,40}\.){1,5}(?:vn|com|net|org|edu|gov|info|me|io|asia|app|ly|gl)(?![A-Za-z0-9@])"
_EMAIL = r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9-]{1,40}\.){1,5}[A-Za-z]{2,10}(?![A-Za-z0-9])"
_URL = r"(?:https?://)(?:[A-Za-z0-9-]{1,40}\.){0,5}[A-Za-z0-9-]{1,40}(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~?=&%+#-]{0,80}){0,8}(?<![.?])"

_EMAIL_EXAMPLE = (
    "ubnd_hoavang@danang.gov.vn",
    "u bê en nờ đê gạch dưới hoa vang a còng da nang chấm gờ ô vê chấm vê nờ",
)

_KINDS = (
    (
        "mail",
        _EMAIL,
        "%+-.0@_a",
        _address,
        _EMAIL_EXAMPLE,
        ("24h@baodanang.vn", "hai mươi tư hát a còng bao da nang chấm vê nờ"),
    ),
    (
        "url",
        _URL,
        ":",
        _web,
        ("https://hoavang.gov.vn", "hoa vang chấm gờ ô vê chấm vê nờ"),
        None,
    ),
    (
        "host",
        rf"{_HOST}(?:/[A-Za-z0-9._~?=&%+#-]{{0,80}}){{0,8}}(?<![.?])",
        "-.0a",
        _address,
        ("dichvucong.gov.vn", "dich vu cong chấm gờ ô vê chấm vê nờ"),
        ("24h.com.vn", "hai mươi tư hát chấm com chấm vê nờ"),
    ),
)
# An address may begin with a letter or with a digit.
RULES = tuple(
    Rule(id=f"address.{kind}.{start}", start=start, pattern=rx(pattern), tails=tails, read=read, examples=(example,))
    for kind, pattern, tails, read, by_word, by_digit in _KINDS
    for start, example in ((Start.WORD, by_word), (Start.DIGIT, by_digit))
    if example
)
