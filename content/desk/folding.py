"""Text without tone marks, for search and for words that are looked for.  PURE.

Every character becomes exactly one, so that a place in the folded text is the same place in the text.
"""

import re
import unicodedata
from functools import lru_cache

_BLANKS = re.compile(r"\s+")


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    small = character.lower()
    if small == "đ":
        return "d"
    base = unicodedata.normalize("NFD", small)[:1]
    return base if len(base) == 1 and base.isalnum() else small[:1]


def composed(text: str) -> str:
    """Return `text` with every vowel and its marks in one character."""
    return unicodedata.normalize("NFC", text)


def folded(text: str) -> str:
    """Return `text` (composed) in small letters without marks, of the same length."""
    return "".join(map(_plain, text))


def searchable(*texts: str) -> str:
    """Return what is searched of some texts: folded, with single blanks."""
    return _BLANKS.sub(" ", folded(composed("\n".join(text for text in texts if text)))).strip()
