"""What is said about a text before anybody hears it: where, how grave, and what to do.  PURE."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Gravity(StrEnum):
    """How much a finding weighs."""

    NOTE = "note"  # good to know
    WARNING = "warning"  # look at it
    ERROR = "error"  # submitted only by somebody who says that it has been seen
    STOP = "stop"  # not submitted


GRAVITY_WORDS: Mapping[Gravity, str] = {
    Gravity.NOTE: "Lưu ý",
    Gravity.WARNING: "Cảnh báo",
    Gravity.ERROR: "Lỗi",
    Gravity.STOP: "Không được gửi",
}
_RANK = {gravity: rank for rank, gravity in enumerate(Gravity)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing about a text.  start, end: its place in the text; both 0 when it is about the whole."""

    code: str  # "date.weekday": stable, for tests and for whoever counts them
    gravity: Gravity
    words: str  # what is wrong, in Vietnamese
    remedy: str  # what to do, in Vietnamese
    start: int = 0
    end: int = 0
    source: str = ""  # the piece itself


def in_order(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings as they are shown: the gravest first, then as the text goes."""
    return tuple(sorted(found, key=lambda one: (-_RANK[one.gravity], one.start, one.end, one.code)))


def at_least(gravity: Gravity, found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that weigh as much as `gravity` or more."""
    return tuple(one for one in found if _RANK[one.gravity] >= _RANK[gravity])
