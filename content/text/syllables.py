"""Vietnamese syllables: is this one, and where does its tone mark stand.  PURE."""

import re
import unicodedata
from functools import lru_cache

LETTERS = "abcdefghijklmnopqrstuvwxyzàáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ"
SPOKEN = re.compile(f"[{LETTERS}]+")
_NOT_SPOKEN = re.compile(f"[^{LETTERS}]")
_WORD = re.compile(r"\w+")
_TONES = str.maketrans("", "", "\u0300\u0301\u0303\u0309\u0323")

_ONSETS = frozenset(_WORD.findall("ngh ng nh ch gh gi kh ph qu th tr b c d đ g h k l m n p r s t v x kr pl đr br")) | {
    ""
}
_RHYMES = frozenset(
    _WORD.findall(
        "a ac ach ai am an ang anh ao ap at au ay ak ăc ăm ăn ăng ăp ăt ăk âc âm ân âng âp ât âu ây âk "
        "e ec em en eng eo ep et ek ê êch êm ên ênh êp êt êu êk êng i ia ich im in inh ip it iu ing ik "
        "iêc iêm iên iêng iêp iêt iêu iê yê yêm yên yêng yêt yêu "
        "o oc oi om on ong op ot oong ooc ok oa oac oach oai oam oan oang oanh oao oap oat oay "
        "oăc oăm oăn oăng oăt oăp "
        "oe oen oeo oet oem oeng ô ôc ôi ôm ôn ông ôp ôt ôông ôk ơ ơi ơm ơn ơp ơt ơc ơng "
        "u ua uc ui um un ung up ut uk uơ uê uêch uên uênh uêu uy uya uych uyn uynh uyp uyt uyu "
        "uyên uyêt uây uân uâng uât "
        "uôc uôi uôm uôn uông uôt uôp ư ưa ưc ưi ưng ưt ưu ưm ưn ươc ươi ươm ươn ương ươp ươt ươu "
        "y yt ynh"
    )
)
_PLAIN = {r: unicodedata.normalize("NFD", r).encode("ascii", "ignore").decode() for r in _RHYMES}
_PLAIN_RHYMES = frozenset(_PLAIN.values())
_PLAIN_ONSETS = frozenset(o.replace("đ", "d") for o in _ONSETS)

_NEW_STYLE = re.compile(r"(?<!q)(?:o[àáảãạèéẻẽẹ]|u[ỳýỷỹỵ])$")
_MISPLACED = re.compile(r"(?:[òóỏõọ][ae]|[ùúủũụ]y)(?=[nmptciuo]|ng|nh|ch)")
_QU = re.compile(r"q[ùúủũụ][aeiyêâơ]")
_TONE = re.compile("[\u0300\u0301\u0303\u0309\u0323]")


def strip_tone(word: str) -> str:
    """Return the word without its tone; the letters ă â ê ô ơ ư đ stay."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", word).translate(_TONES))


@lru_cache(maxsize=16384)
def is_syllable(word: str) -> bool:
    """Say whether a lower-case word can be a Vietnamese syllable (highland place names included)."""
    if len(word) > 8:  # nghiêng, the longest, has seven letters
        return False
    plain = strip_tone(word)
    for cut in (3, 2, 1, 0):
        if plain[:cut] in _ONSETS and len(plain[:cut]) == cut and plain[cut:] in _RHYMES:
            return True
    return plain in {"gi", "gin", "gic", "gich", "gim", "giêng", "giêt", "giêm", "giêc", "quôc", "quy", "quych", "quyt"}


def _move_tone(pair: str) -> str:
    """Return two vowels with the tone moved from one to the other."""
    first, second = (unicodedata.normalize("NFD", c) for c in pair)
    tone = (_TONE.search(first) or _TONE.search(second) or [""])[0]
    on_first = not _TONE.search(first)
    first, second = _TONE.sub("", first), _TONE.sub("", second)
    moved = (first + tone + second) if on_first else (first + second + tone)
    return unicodedata.normalize("NFC", moved)


def place_tone(word: str) -> str:
    """Return a lower-case word with its tone mark in the traditional place: hoà → hòa, but quý and hoàn."""
    if hit := _NEW_STYLE.search(word):
        return word[: hit.start()] + _move_tone(hit[0])
    if hit := _QU.search(word):
        return word[: hit.start() + 1] + _move_tone(word[hit.start() + 1 : hit.start() + 3]) + word[hit.end() :]
    if hit := _MISPLACED.search(word):
        moved = word[: hit.start()] + _move_tone(hit[0]) + word[hit.end() :]
        return moved if is_syllable(moved) else word
    return word


@lru_cache(maxsize=16384)
def spoken_word(word: str) -> tuple[str, bool]:
    """Return (the word as it is written when spoken, whether it is a syllable); "" when it cannot be said."""
    lower = word.lower()
    if not SPOKEN.fullmatch(lower):
        plain = unicodedata.normalize("NFKD", lower)
        lower = _NOT_SPOKEN.sub("", unicodedata.normalize("NFC", plain))
    placed = place_tone(lower) if len(lower) <= 8 else lower
    return placed, is_syllable(placed)


def split_plain(word: str) -> str | None:
    """Return an unaccented run of syllables with spaces (hoavang → hoa vang), or None when it is not one."""
    if len(word) > 40:  # longer than any host name part seen; keeps the search small
        return None
    best: list[tuple[int, str] | None] = [(0, "")] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - 7), end):
            before = best[start]
            if before and _is_plain(word[start:end]):
                found = (before[0] + 1, f"{before[1]} {word[start:end]}".strip())
                here = best[end]
                best[end] = found if here is None or found[0] < here[0] else here
    last = best[len(word)]
    return last[1] if last else None


def _is_plain(part: str) -> bool:
    """Say whether an unaccented part can be a syllable of two letters or more."""
    cuts = (3, 2, 1)
    return any(len(part) > c and part[:c] in _PLAIN_ONSETS and part[c:] in _PLAIN_RHYMES for c in cuts) or (
        len(part) > 1 and part in _PLAIN_RHYMES
    )
