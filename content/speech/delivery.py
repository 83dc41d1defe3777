"""How a warning is spoken outdoors: slowly, in short phrases, each of them over before the next one begins.  PURE.

Sound needs a second and a half from a cluster 500 m away.  Who hears both clusters hears every phrase twice; the gap
after it lets the second one end in silence instead of in the next words.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from content.text.spoken import Phrase

SOUND_M_PER_S = 340.0
ECHO_FROM_M = 500.0  # the next cluster that is still heard
WORDS_BEFORE_CUT = 3  # a breath after one or two words sounds like an error
WORDS_AFTER_CUT = 2

# Words that begin a new thought: a breath before them changes no meaning.  Compounds that only look like them are not.
BEGINNINGS = frozenset(
    {"và", "hoặc", "nhưng", "để", "khi", "nếu", "tại", "từ", "trong", "với", "hãy", "vì", "do", "ngay"}
)
BEGINNING_PAIRS = frozenset({("đề", "nghị"), ("yêu", "cầu"), ("không", "được"), ("không", "nên"), ("cần", "phải")})
NOT_BEGINNINGS = frozenset({("tự", "do"), ("lý", "do"), ("từ", "chối"), ("trong", "sạch"), ("bên", "trong")})


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Pace, length of phrases, gaps, and how often the whole is said."""

    rate_percent: int = 85
    words_max: int = 8  # two seconds of speech
    gap_ms: int = 1_500
    times: int = 1
    between_ms: int = 2_500
    again: str = "xin nhắc lại"


OUTDOOR = Delivery(gap_ms=round(ECHO_FROM_M / SOUND_M_PER_S * 1000 / 100 + 0.5) * 100)


def delivered(phrases: Sequence[Phrase], delivery: Delivery) -> tuple[Phrase, ...]:
    """Return `phrases` as they are said in `delivery`."""
    once = [
        Phrase(words=words, pause_ms=max(delivery.gap_ms, phrase.pause_ms))
        for phrase in phrases
        for words in breaths(phrase.words, delivery.words_max)
    ]
    if not once or delivery.times == 1:
        return tuple(once)
    held = [*once[:-1], replace(once[-1], pause_ms=max(delivery.between_ms, once[-1].pause_ms))]
    again = [Phrase(words=delivery.again, pause_ms=delivery.gap_ms)] if delivery.again else []
    return (*held, *(again + held) * (delivery.times - 2), *again, *once)


def breaths(words: str, words_max: int) -> tuple[str, ...]:
    """Return `words` in pieces of at most `words_max`, cut where a new thought begins; longer where none does."""
    said = words.split()
    cuts = [at for at in range(WORDS_BEFORE_CUT, len(said) - WORDS_AFTER_CUT + 1) if _begins(said, at)]
    pieces: list[str] = []
    start = 0
    while len(said) - start > words_max:
        later = [at for at in cuts if at >= start + WORDS_BEFORE_CUT]
        if not later:
            break
        within = [at for at in later if at <= start + words_max]
        end = within[-1] if within else later[0]
        pieces.append(" ".join(said[start:end]))
        start = end
    return (*pieces, *([" ".join(said[start:])] if said[start:] else []))


def _begins(said: Sequence[str], at: int) -> bool:
    """Say whether a new thought begins with the word `at`."""
    before, here, after = said[at - 1], said[at], said[at + 1] if at + 1 < len(said) else ""
    if (before, here) in NOT_BEGINNINGS or (here, after) in NOT_BEGINNINGS:
        return False
    return here in BEGINNINGS or (here, after) in BEGINNING_PAIRS
