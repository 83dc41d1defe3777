"""Two versions of a text, word by word.  PURE."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

_TOKENS = re.compile(r"\s+|[\w/.,:-]*\w|[^\w\s]", re.UNICODE)
_TOKENS_MAX = 6000  # a bulletin has at most half as many; the comparison is quadratic at worst


class Kind(StrEnum):
    """What became of a piece."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of both texts; one of them is empty when it was added or removed."""

    kind: Kind
    old: str
    new: str


_KINDS = {"equal": Kind.SAME, "insert": Kind.ADDED, "delete": Kind.REMOVED, "replace": Kind.REPLACED}


def _tokens(text: str) -> list[str]:
    found = _TOKENS.findall(text)
    return found if len(found) <= _TOKENS_MAX else text.splitlines(keepends=True)


def differences(old: str, new: str) -> tuple[Piece, ...]:
    """Return the pieces of both texts in order: joined, their `old` is `old` and their `new` is `new`."""
    left, right = _tokens(old), _tokens(new)
    steps = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    pieces = [Piece(kind=_KINDS[tag], old="".join(left[a:b]), new="".join(right[c:d])) for tag, a, b, c, d in steps]
    return _without_islands(pieces)


def _without_islands(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Return the pieces with a lone blank between two changes taken into them: "sáu giờ" is one change, not three."""
    joined: list[Piece] = []
    for i, piece in enumerate(pieces):
        island = piece.kind is Kind.SAME and not piece.old.strip() and 0 < i < len(pieces) - 1
        if joined and (island or joined[-1].kind is not Kind.SAME) and (island or piece.kind is not Kind.SAME):
            last = joined.pop()
            joined.append(_joined(last, piece))
        else:
            joined.append(piece)
    return tuple(joined)


def _joined(first: Piece, second: Piece) -> Piece:
    old, new = first.old + second.old, first.new + second.new
    kind = Kind.REPLACED if old and new else Kind.ADDED if new else Kind.REMOVED
    return Piece(kind=kind, old=old, new=new)


def changed_share(pieces: Sequence[Piece]) -> float:
    """Return how much of the longer text is not the same, from 0 to 1."""
    whole = max(sum(len(p.old) for p in pieces), sum(len(p.new) for p in pieces))
    same = sum(len(p.old) for p in pieces if p.kind is Kind.SAME)
    return 1 - same / whole if whole else 0.0
