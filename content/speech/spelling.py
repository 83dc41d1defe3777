"""What an engine gets wrong is written for it in another way.  PURE."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from content.text.spoken import Phrase

WORD_CHARS_MAX = 60
SPELLING_CHARS_MAX = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """`engine` is given `spelling` where the spoken words have `word` (one word, or several in order)."""

    engine: str
    word: str
    spelling: str

    def __post_init__(self) -> None:
        for text, most in ((self.word, WORD_CHARS_MAX), (self.spelling, SPELLING_CHARS_MAX)):
            if not text or text != " ".join(text.lower().split()) or len(text) > most:
                raise ValueError(f"{text!r}: lower-case words with single spaces, at most {most} characters")


def occurring(spellings: Iterable[Spelling], phrases: Sequence[Phrase]) -> tuple[Spelling, ...]:
    """Return the spellings whose word is in `phrases`, in a fixed order: only these decide how it sounds."""
    texts = [f" {phrase.words} " for phrase in phrases]
    found = {one for one in spellings if any(f" {one.word} " in text for text in texts)}
    return tuple(sorted(found, key=lambda one: (one.engine, one.word, one.spelling)))


def respelled(phrases: Sequence[Phrase], spellings: Iterable[Spelling], engine: str) -> tuple[Phrase, ...]:
    """Return `phrases` as `engine` must be given them; of two words that fit at one place the longer one counts."""
    own = {tuple(one.word.split()): one.spelling for one in spellings if one.engine == engine}
    if not own:
        return tuple(phrases)
    return tuple(replace(phrase, words=_written(phrase.words.split(), own)) for phrase in phrases)


def _written(words: list[str], own: dict[tuple[str, ...], str]) -> str:
    longest = max(map(len, own))
    out: list[str] = []
    at = 0
    while at < len(words):
        for size in range(min(longest, len(words) - at), 0, -1):
            if (spelling := own.get(tuple(words[at : at + size]))) is not None:
                out.append(spelling)
                at += size
                break
        else:
            out.append(words[at])
            at += 1
    return " ".join(out)
