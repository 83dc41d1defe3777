"""What a rule is: an id, a bounded pattern, a reading, and examples that are its tests."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from content.text.context import Before
from content.text.layers import Lexicon

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
    """One way to read one written thing.  `read` may return None: not this rule after all.

    heads: the characters it may begin with; tails: what may stand right after the first run of letters or digits
    (a: a letter, 0: a digit, _: a blank, $: the end); both empty for any.  They only save time; a test holds them true.
    """

    id: str
    start: Start
    pattern: re.Pattern[str]
    read: Reader
    before: Before | None = None
    unless: Before | None = None
    heads: str = ""
    tails: str = ""
    examples: tuple[tuple[str, str], ...]


def rx(pattern: str) -> re.Pattern[str]:
    """Return a compiled pattern; a rule never reaches over the end of a line, so a white space is a blank."""
    return re.compile(pattern.replace(r"\s", r"\ "))


def number_list(written: str) -> list[str]:
    """Return the runs of digits in a written list."""
    return re.findall(r"[0-9]+", written)
