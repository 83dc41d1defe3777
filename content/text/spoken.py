"""What comes out of the normaliser: words, pauses, and an account of every change."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Words said in one breath, then a pause.  words: lower case, single spaces."""

    words: str
    pause_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A piece of the source that was replaced.  start, end: offsets in the text as it was given."""

    start: int
    end: int
    source: str
    spoken: str
    rule: str
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A piece that an editor must look at.  proposed: what will be said if nobody does ("" is silence)."""

    start: int
    end: int
    source: str
    proposed: str
    rule: str
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenText:
    """A written text in spoken words, for people (`spoken`) and for engines (`phrases`)."""

    spoken: str
    phrases: tuple[Phrase, ...]
    spans: tuple[Reading, ...]
    unread: tuple[Unread, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """How a person wants one piece of one text to be said.  start, end: offsets in the text as it was given."""

    start: int
    end: int
    spoken: str  # lower-case words; a comma is a rest
