"""What a rule is: an id, a bounded pattern, a reading, and examples that are its tests."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from content.text.layers import Lexicon

CONTEXT_CHARS = 48  # how far a rule may look back; a bound, so that work stays linear

# Edges of a written thing.
NO_WORD = r"(?!\w)"
NO_DIGIT = r"(?![0-9]|[.,][0-9])"
DASH = r"(?:\s?-\s?)"
CAPITAL = "A-ZÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝĂĐĨŨƠƯẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸ"


class Start(StrEnum):
    """What stands where a rule is tried."""

    DIGIT = "digit"
    WORD = "word"
    SIGN = "sign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A reading with what else it could be.  doubt: an editor should look at it."""

    words: str
    others: tuple[str, ...] = ()
    doubt: bool = False


Reader = Callable[[re.Match[str], Lexicon], Said | str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One way to read one written thing.  `read` may return None: not this rule after all."""

    id: str
    start: Start
    pattern: re.Pattern[str]
    read: Reader
    before: re.Pattern[str] | None = None
    unless: re.Pattern[str] | None = None
    examples: tuple[tuple[str, str], ...]


def follows(words: str) -> re.Pattern[str]:
    """Return a pattern for text that ends in one of the words (a|b), perhaps with a space or an opening sign after."""
    return re.compile(rf"(?:^|[^\w])(?:{words})[\s:(\"']{{0,3}}$", re.IGNORECASE)


def rx(pattern: str) -> re.Pattern[str]:
    """Return a compiled pattern; letters keep their case unless the pattern says otherwise."""
    return re.compile(pattern)


def number_list(written: str) -> list[str]:
    """Return the runs of digits in a written list."""
    return re.findall(r"[0-9]+", written)
