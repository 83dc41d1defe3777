"""Finding a bulletin again: by words without regard to tone marks, and where in a text they stand.  PURE."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from content.desk.folding import composed, folded, searchable
from content.model import Bulletin

QUERY_CHARS_MAX = 200
TERMS_MAX = 12  # more than anybody remembers of a bulletin
_TERM = re.compile(r'"([^"]+)"|(\S+)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A piece of a text in which a term of the search stands."""

    start: int
    end: int


def terms(query: str) -> tuple[str, ...]:
    """Return what all must stand in a text that is found: words, or phrases that were put in quotes."""
    found = (quoted or word for quoted, word in _TERM.findall(composed(query)[:QUERY_CHARS_MAX]))
    return tuple(dict.fromkeys(term for one in found if (term := searchable(one.strip('"')))))[:TERMS_MAX]


def searched(bulletin: Bulletin) -> str:
    """Return what a search of the library looks through."""
    b = bulletin
    others = (passage.text for passage in b.others)
    return searchable(b.title, b.text, *others, b.document, b.issuer, b.source, b.concerns, b.note)


def matches(text: str, wanted: Sequence[str]) -> tuple[Match, ...]:
    """Return where the terms stand in `text`, in order, overlapping ones as one; for a text as it was written."""
    plain = folded(text) if len(composed(text)) == len(text) else ""  # a decomposed text is found and not marked
    places = sorted(
        (hit.start(), hit.end())
        for term in wanted
        for hit in re.finditer(r"\s+".join(map(re.escape, term.split())), plain)
    )
    joined: list[tuple[int, int]] = []
    for start, end in places:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(Match(start=start, end=end) for start, end in joined)


def likeness(bulletin: Bulletin, query: str) -> int:
    """Return how well a found bulletin fits: words in the title, and words with the same tone marks, count more."""
    title, text = composed(bulletin.title).lower(), composed(f"{bulletin.title}\n{bulletin.text}").lower()
    words = [word for word in composed(query).lower().replace('"', " ").split() if word]
    in_title = searchable(title)
    return sum((word in text) + 2 * (searchable(word) in in_title) + 2 * (word in title) for word in words)
