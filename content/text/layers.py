"""The lexicon in layers: the nation's, then a province's or a commune's on top.  PURE once the tables are read.

A table is TSV, one entry a line: written, spoken, then optionally
  after   the words that must stand before it   (a|b)
  before  the words that must follow it         (a|b)
  others  other readings, shown to the editor   (a|b; a lone ? marks a reading to be looked at)
Of the entries with the same written form the first whose context holds is taken, so contexts come before the default.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from types import MappingProxyType

from content.text.context import Before, follows
from content.text.errors import LexiconError
from content.text.numerals import NORTHERN, NumeralStyle

_HEAD = re.compile(r"[0-9]+|[^\W\d_]+")
_LAYER_BYTES_MAX = 1_000_000  # a commune's layer has hundreds of lines; anything larger is a mistake
_ENTRY_CHARS_MAX = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One written form and its reading, with the context in which it holds."""

    written: str
    spoken: str
    after: Before | None = None
    before: re.Pattern[str] | None = None
    others: tuple[str, ...] = ()
    doubt: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit's symbol and name.  tight: it must touch its number; physical: its rates are said with *trên*."""

    symbol: str
    spoken: str
    tight: bool
    money: bool


def _words(cell: str) -> str:
    """Return an alternation of literal words, any of which may be a phrase."""
    return "|".join(re.escape(w.strip()).replace(r"\ ", " ") for w in cell.split("|") if w.strip())


def after_words(cell: str) -> Before | None:
    """Return the condition on what stands before, or None."""
    return follows(cell, comma=True) if cell.strip() else None


def before_words(cell: str) -> re.Pattern[str] | None:
    """Return a pattern for the beginning of what follows."""
    if not cell.strip():
        return None
    return re.compile(rf"[\s\"']{{0,3}}(?:{_words(cell)})(?!\w)", re.IGNORECASE)


def _rows(layer: str, text: str) -> Iterable[tuple[int, list[str]]]:
    """Yield (line number, five cells) of a table's lines that are not blank or comments."""
    if len(text) > _LAYER_BYTES_MAX:
        raise LexiconError(layer=layer, line=0, reason="layer is too large")
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = [c.strip() for c in line.split("\t")]
        if len(line) > _ENTRY_CHARS_MAX * 10 or len(cells) < 2 or len(cells) > 5 or not cells[0]:
            raise LexiconError(layer=layer, line=number, reason="expected: written, spoken, [after, before, others]")
        yield number, [*cells, "", "", ""][:5]


def parse_entries(layer: str, text: str) -> tuple[Entry, ...]:
    """Return the entries of a table; raise LexiconError at the first line that cannot be used."""
    entries = []
    for number, (written, spoken, after, before, others) in _rows(layer, text):
        if len(written) > _ENTRY_CHARS_MAX or not re.fullmatch(r"[^\W\d_A-Z]+(?:,? [^\W\d_A-Z]+)*", spoken):
            raise LexiconError(layer=layer, line=number, reason=f"not spoken words: {spoken[:40]!r}")
        readings = tuple(o.strip() for o in others.split("|") if o.strip() not in {"", "?"})
        entries.append(
            Entry(
                written=written,
                spoken=spoken,
                after=after_words(after),
                before=before_words(before),
                others=readings,
                doubt="?" in others.split("|"),
            )
        )
    return tuple(entries)


def parse_units(layer: str, text: str) -> tuple[Unit, ...]:
    """Return the units of a table: symbol, spoken, marks (tight, money)."""
    return tuple(
        Unit(symbol=symbol, spoken=spoken, tight="tight" in marks, money="money" in marks)
        for _, (symbol, spoken, marks, _, _) in _rows(layer, text)
    )


def _by_head(entries: Iterable[Entry]) -> Mapping[str, tuple[Entry, ...]]:
    """Return the entries under their first run of letters or digits, longest written form first, order kept."""
    heads: dict[str, list[Entry]] = {}
    for entry in entries:
        if hit := _HEAD.match(entry.written):
            heads.setdefault(hit[0], []).append(entry)
    return {head: tuple(sorted(group, key=lambda e: -len(e.written))) for head, group in heads.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """What the rules look up.  Layers are added with `with_entries` and `with_style`; a lexicon never changes."""

    entries: tuple[Entry, ...]
    units: Mapping[str, Unit]
    letters: Mapping[str, str]
    documents: Mapping[str, str]
    style: NumeralStyle = NORTHERN
    heads: Mapping[str, tuple[Entry, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "heads", MappingProxyType(_by_head(self.entries)))

    def with_entries(self, entries: tuple[Entry, ...]) -> "Lexicon":
        """Return this lexicon under another layer of abbreviations, whose entries are looked at first."""
        return replace(self, entries=entries + self.entries)

    def with_style(self, style: NumeralStyle) -> "Lexicon":
        """Return this lexicon with another region's number words."""
        return replace(self, style=style)

    def spell(self, letters: str) -> str:
        """Return the Vietnamese names of the letters, other characters skipped."""
        return " ".join(self.letters[c] for c in letters.lower() if c in self.letters)

    def plain(self, written: str) -> str | None:
        """Return the reading of an abbreviation without regard to context, or None."""
        hit = _HEAD.match(written)
        group = self.heads.get(hit[0], ()) if hit else ()
        found = [e for e in group if e.written == written]
        return found[-1].spoken if found else None


def _table(name: str) -> str:
    """Return the text of one of the nation's tables, shipped with this package."""
    return resources.files("content.text").joinpath(f"lexicon/{name}.tsv").read_text(encoding="utf-8")


def _pairs(name: str) -> Mapping[str, str]:
    """Return a two-column table as a mapping."""
    return MappingProxyType({cells[0]: cells[1] for _, cells in _rows(name, _table(name))})


def _nation() -> Lexicon:
    """Return the lexicon of the whole country."""
    units = {u.symbol: u for u in parse_units("units", _table("units"))}
    names = ("abbreviations", "foreign")
    return Lexicon(
        entries=tuple(e for name in names for e in parse_entries(name, _table(name))),
        units=MappingProxyType(units),
        letters=_pairs("letters"),
        documents=_pairs("documents"),
    )


NATION = _nation()
