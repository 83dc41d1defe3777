"""What a person has written by hand for pieces of one text, and what becomes of it when the text is changed.  PURE."""

from collections.abc import Iterable
from difflib import SequenceMatcher

from content.text.layers import NATION, Lexicon
from content.text.normalise import normalise
from content.text.spoken import ByHand


def spoken_form(typed: str, lexicon: Lexicon = NATION) -> str:
    """Return what somebody typed as it is said: words, a comma for a rest; "" says nothing at all."""
    return ", ".join(phrase.words for phrase in normalise(typed, lexicon).phrases)


def laid_over(held: Iterable[ByHand], new: ByHand) -> tuple[ByHand, ...]:
    """Return the readings with `new` among them; those it overlaps give way."""
    apart = (one for one in held if one.end <= new.start or new.end <= one.start)
    return tuple(sorted((*apart, new), key=lambda one: one.start))


def lifted(held: Iterable[ByHand], start: int, end: int) -> tuple[ByHand, ...]:
    """Return the readings without those that touch this piece: it is read by the rules again."""
    return tuple(one for one in held if one.end <= start or end <= one.start)


def moved(held: tuple[ByHand, ...], old: str, new: str) -> tuple[ByHand, ...]:
    """Return the readings for a changed text: each goes with its piece, and is gone when its piece was touched."""
    if not held or old == new:
        return held
    kept = [b for b in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks() if b.size]
    shifted = []
    for one in held:
        for block in kept:
            if block.a <= one.start and one.end <= block.a + block.size:
                by = block.b - block.a
                shifted.append(ByHand(start=one.start + by, end=one.end + by, spoken=one.spoken))
    return tuple(shifted)
