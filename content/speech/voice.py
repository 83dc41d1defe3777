"""Who reads, and what: voices and phrases.  PURE."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from content.text.spoken import Phrase

__all__ = ["Phrase", "Region", "Voice", "phrases_of"]


class Region(StrEnum):
    """The three great accents of Vietnamese."""

    NORTH = "north"
    CENTRAL = "central"
    SOUTH = "south"


RATE_PERCENT_MIN = 60  # slower is no longer speech
RATE_PERCENT_MAX = 180  # faster is not understood outdoors


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """An accent and a pace; 100 % is the pace of a radio announcer, about 3.7 syllables a second."""

    region: Region = Region.NORTH
    rate_percent: int = 100

    def __post_init__(self) -> None:
        if not RATE_PERCENT_MIN <= self.rate_percent <= RATE_PERCENT_MAX:
            raise ValueError(f"rate {self.rate_percent} % is outside {RATE_PERCENT_MIN} to {RATE_PERCENT_MAX} %")


PAUSE_MS = 300  # between two lines of a bulletin when nothing else is known


def phrases_of(lines: Iterable[str], pause_ms: int = PAUSE_MS) -> tuple[Phrase, ...]:
    """Return every line that has words as a phrase, with one pause after each."""
    return tuple(Phrase(words=line.strip(), pause_ms=pause_ms) for line in lines if line.strip())
