"""PURE: a text as it is written and as it will be spoken, in pieces for the screen."""

from collections.abc import Iterator
from dataclasses import dataclass

from content.text.spoken import Reading, SpokenText, Unread


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some words in a row.  kind: plain (said as written), read (said otherwise), unread (somebody must look)."""

    kind: str
    words: str
    source: str = ""
    start: int = 0
    end: int = 0


def pieces(text: str, spoken: SpokenText) -> tuple[Piece, ...]:
    """Return `text` with what is said otherwise in its place; offsets are those of `text`."""
    return tuple(piece for piece in _pieces(text, spoken) if piece.words or piece.source)


def _pieces(text: str, spoken: SpokenText) -> Iterator[Piece]:
    at = 0
    glue = ""  # "đồng/năm" is said in three words
    changes: list[Reading | Unread] = [*spoken.spans, *spoken.unread]
    for change in sorted(changes, key=lambda one: (one.start, one.end)):
        if change.start < at:  # one rule inside another's piece: the outer one says it all
            continue
        before = text[at : change.start]
        yield Piece(kind="plain", words=_apart(glue, before))
        piece = _piece(change)
        yield Piece(kind="plain", words=_gap(before or glue, piece.words))
        yield piece
        glue, at = piece.words or glue, change.end
    yield Piece(kind="plain", words=_apart(glue, text[at:]))


def _apart(before: str, after: str) -> str:
    return _gap(before, after) + after


def _gap(before: str, after: str) -> str:
    """Return the space that two words need between them."""
    return " " if before[-1:].isalnum() and after[:1].isalnum() else ""


def _piece(change: Reading | Unread) -> Piece:
    doubtful = isinstance(change, Unread)
    words = change.proposed if isinstance(change, Unread) else change.spoken
    kind = "unread" if doubtful else "read" if words.casefold() != change.source.casefold() else "plain"
    return Piece(kind=kind, words=words, source=change.source, start=change.start, end=change.end)
