"""The lexicon of a unit: changes that were made one after the other, in layers nation → province → commune.  PURE.

A change is never altered: the next one about the same written form in the same context takes its place, and one without
spoken words takes it away.  So the lexicon of any day can be had again, and what was approved keeps its reading.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from content.desk.folding import folded
from content.errors import Answered, BadEntry
from content.text.errors import LexiconError
from content.text.layers import NATION, Entry, Lexicon, parse_entries
from content.text.normalise import normalise
from content.text.spoken import ByHand, SpokenText
from devices.protocol.ids import AreaCode

WRITTEN_CHARS_MAX = 80
SPOKEN_CHARS_MAX = 300
WHY_CHARS_MAX = 300
_SIGNS = frozenset("\t\n\r#")  # they mean something in a table


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What is written, how it is said, and beside which words.  spoken "": this layer says nothing about it now."""

    written: str
    spoken: str
    after: str = ""  # a|b: only after one of these words
    before: str = ""  # a|b: only before one of these words

    @property
    def key(self) -> tuple[str, str, str]:
        """What the next change about the same thing shares with this one."""
        return self.written, self.after, self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of one layer: what, who, when, why.  n counts the changes of all layers."""

    n: int
    unit: AreaCode
    word: Word
    account: str
    at: datetime
    why: str


class Status(StrEnum):
    """What became of a proposal."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A commune asks the unit above to say a word so everywhere."""

    id: str
    unit: AreaCode  # who asks
    to: AreaCode  # who answers
    word: Word
    account: str
    at: datetime
    why: str
    status: Status = Status.OPEN
    answered_by: str | None = None
    answered_at: datetime | None = None
    answer: str = ""


def checked(word: Word) -> Word:
    """Return `word` as it is kept.  Raises BadEntry."""
    kept = Word(
        written=word.written.strip(),
        spoken=_spoken(word.spoken),
        after=_alternatives(word.after),
        before=_alternatives(word.before),
    )
    if not 0 < len(kept.written) <= WRITTEN_CHARS_MAX or not kept.written[0].isalnum():
        raise BadEntry("chữ viết phải bắt đầu bằng chữ cái hoặc chữ số", "written")
    if _SIGNS.intersection(kept.written + kept.after + kept.before):
        raise BadEntry("chữ viết có ký tự không dùng được", "written")
    if kept.spoken:
        _entries(kept)
    return kept


def _spoken(typed: str) -> str:
    """Return what somebody typed as spoken words; a rest stays a comma."""
    if len(typed) > SPOKEN_CHARS_MAX:
        raise BadEntry(f"cách đọc dài hơn {SPOKEN_CHARS_MAX} ký tự", "spoken")
    return ", ".join(phrase.words for phrase in normalise(typed).phrases)


def _alternatives(typed: str) -> str:
    return "|".join(dict.fromkeys(" ".join(one.split()).lower() for one in typed.split("|") if one.strip()))


@lru_cache(maxsize=8192)
def _entries(word: Word) -> tuple[Entry, ...]:
    try:
        return parse_entries("unit", f"{word.written}\t{word.spoken}\t{word.after}\t{word.before}")
    except LexiconError as exc:
        raise BadEntry("cách đọc chỉ gồm các từ viết thường, không có chữ số", "spoken") from exc


def standing(changes: Iterable[Change], unit: str) -> tuple[Change, ...]:
    """Return what the layer of `unit` says now, by written form."""
    last: dict[tuple[str, str, str], Change] = {}
    for change in sorted(changes, key=lambda one: one.n):
        if change.unit == unit:
            last[change.word.key] = change
    return tuple(sorted((one for one in last.values() if one.word.spoken), key=lambda one: one.word.key))


def lexicon_of(changes: Iterable[Change], chain: Sequence[str], *, until: int | None = None) -> Lexicon:
    """Return the lexicon of a unit.  chain: the unit first, then what stands above; until: as it was at that change."""
    kept = [one for one in changes if until is None or one.n <= until]
    words = [change.word for unit in chain for change in _by_context(standing(kept, unit))]
    return layered(tuple(words))


def _by_context(layer: Iterable[Change]) -> list[Change]:
    """Return a layer with the words that need a context before those that do not."""
    return sorted(layer, key=lambda one: not (one.word.after or one.word.before))


@lru_cache(maxsize=256)  # a province has about a hundred communes, each with a layer of its own or none
def layered(words: tuple[Word, ...]) -> Lexicon:
    """Return the nation's lexicon under these words, the first ones looked at first."""
    return NATION.with_entries(tuple(entry for word in words for entry in _entries(word))) if words else NATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One piece that is read otherwise."""

    source: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a change of the lexicon does to one text."""

    before: SpokenText
    after: SpokenText
    spots: tuple[Spot, ...]


def concerns(word: Word, text: str) -> bool:
    """Say whether a change of `word` could matter to `text`; cheap, and true once too often rather than seldom."""
    return folded(word.written) in folded(text)


def effect(text: str, by_hand: Sequence[ByHand], before: Lexicon, after: Lexicon) -> Effect | None:
    """Return how `text` is read under two lexica, or None when nothing is heard of the difference."""
    old, new = normalise(text, before, by_hand), normalise(text, after, by_hand)
    if old.phrases == new.phrases:
        return None
    was = {(span.start, span.end): span for span in old.spans}
    now = {(span.start, span.end): span for span in new.spans}
    spots = []
    for place in sorted(was.keys() | now.keys()):
        left, right = was.get(place), now.get(place)
        said = [span.spoken if span else normalise(text[place[0] : place[1]], lexicon).spoken
                for span, lexicon in ((left, before), (right, after))]  # fmt: skip
        if said[0] != said[1]:
            spots.append(Spot(source=text[place[0] : place[1]], before=said[0], after=said[1]))
    return Effect(before=old, after=new, spots=tuple(spots))


def answered(proposal: Proposal, status: Status, *, by: str, now: datetime, answer: str = "") -> Proposal:
    """Return an open proposal with its answer.  Raises Answered when it has one."""
    if proposal.status is not Status.OPEN:
        raise Answered(proposal.id)
    return replace(proposal, status=status, answered_by=by, answered_at=now, answer=answer.strip())
