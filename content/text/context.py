"""What stands to the left of a place in a text, and conditions on it.  PURE; every look back is bounded."""

import re
from dataclasses import dataclass

LEFT_CHARS = 48  # how far a condition may look back
_WORDS_MAX = 4  # the longest phrase of a condition: "kể từ ngày", "số tài khoản"
_LOOSE = " \n:(\"'"


class Left:
    """The text to the left of a place; `ends` holds its last one to four words."""

    __slots__ = ("ends", "window")

    def __init__(self, text: str, pos: int) -> None:
        self.window = text[max(0, pos - LEFT_CHARS) : pos]
        words = self.window.rstrip(_LOOSE).lower().replace("\n", " ").rsplit(" ", _WORDS_MAX)
        if len(words) > _WORDS_MAX or pos > LEFT_CHARS:
            words = words[1:] or words
        words = [w.lstrip("(\"'-/.") for w in words]
        self.ends = tuple(" ".join(words[i:]) for i in range(len(words)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """A condition on the left: it ends in one of the words, or matches the pattern."""

    words: frozenset[str] = frozenset()
    pattern: re.Pattern[str] | None = None

    def holds(self, left: Left) -> bool:
        """Say whether the condition holds."""
        if not self.words.isdisjoint(left.ends):
            return True
        return self.pattern is not None and self.pattern.search(left.window) is not None


def follows(words: str, *, pattern: str | None = None, comma: bool = False) -> Before:
    """Return the condition "after one of a|b c", or after the pattern; `comma` lets one stand between."""
    names = frozenset(w.strip().lower() for w in words.split("|") if w.strip())
    if comma:
        names |= {f"{w}," for w in names}
    return Before(words=names, pattern=re.compile(pattern, re.IGNORECASE) if pattern else None)


def ends_in(pattern: str) -> Before:
    """Return the condition that the left side matches the pattern, which must end in $."""
    return Before(pattern=re.compile(pattern, re.IGNORECASE))


def each(first: str, second: str) -> str:
    """Return every word of a|b followed by every word of c|d, as one list."""
    return "|".join(f"{a} {b}" for a in first.split("|") for b in second.split("|"))
