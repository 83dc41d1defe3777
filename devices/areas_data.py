"""EDGE: the packaged lists of units, read once, when first asked for.  Their source: devices/data/README.md."""

import gzip
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

from devices.areas import KIND_WORDS, NATION, OLD_PREFIX, Kind, Level, Reform, Unit, UnitTree
from devices.protocol.ids import AreaCode, parse_area_code

REFORM_DAY = date(2025, 7, 1)  # 63 provinces became 34, districts ended
DATA = Path(__file__).parent / "data"
TODAY_FILE = DATA / "units_today.tsv.gz"
BEFORE_2025_FILE = DATA / "units_before_2025.tsv.gz"

# Official codes have a length for each level, in both eras.
_LEVELS = {2: Level.PROVINCE, 3: Level.DISTRICT, 5: Level.COMMUNE}
_NATION = Unit(code=NATION, level=Level.NATION, kind=Kind.NATION, name="Việt Nam", parent=None, lat=16.0, lon=107.8)


@cache
def units_today() -> UnitTree:
    """Return the units in force since 1 July 2025: the nation, 34 provinces, 3,321 communes."""
    return UnitTree((_NATION, *map(_today, _rows(TODAY_FILE))))


@cache
def units_before_2025() -> UnitTree:
    """Return the units that ended on 1 July 2025, as last in force: 63 provinces, 696 districts, 10,035 communes."""
    return UnitTree((_NATION, *map(_before_2025, _rows(BEFORE_2025_FILE))))


@cache
def reform_2025() -> Reform:
    """Return what became of the units of before 1 July 2025."""
    heirs = {
        parse_area_code(OLD_PREFIX + code): tuple(map(parse_area_code, new.split(",")))
        for code, _, _, _, new in _rows(BEFORE_2025_FILE)
        if new
    }
    return Reform.of(REFORM_DAY, heirs)


def units_on(day: date) -> UnitTree:
    """Return the units of the era that `day` is in."""
    return units_today() if day >= REFORM_DAY else units_before_2025()


def official_unit(code: str, on: date) -> Unit:
    """Return the unit that a paper of that day calls `code` (bare digits), or raise UnknownArea."""
    return units_on(on).unit(code if on >= REFORM_DAY else OLD_PREFIX + code)


def _rows(path: Path) -> Iterator[list[str]]:
    text = gzip.decompress(path.read_bytes()).decode("utf-8")
    return (line.split("\t") for line in text.splitlines() if not line.startswith("#"))


def _full_name(kind: Kind, name: str) -> str:
    return f"{KIND_WORDS[kind]} {name}"


def _today(row: list[str]) -> Unit:
    code, kind, name, parent, lat, lon = row
    return Unit(
        code=parse_area_code(code),
        level=_LEVELS[len(code)],
        kind=Kind(kind),
        name=_full_name(Kind(kind), name),
        parent=parse_area_code(parent),
        valid_from=REFORM_DAY,
        lat=float(lat),
        lon=float(lon),
    )


def _before_2025(row: list[str]) -> Unit:
    code, kind, name, parent, _ = row
    return Unit(
        code=parse_area_code(OLD_PREFIX + code),
        level=_LEVELS[len(code)],
        kind=Kind(kind),
        name=_full_name(Kind(kind), name),
        parent=NATION if parent == NATION else AreaCode(OLD_PREFIX + parent),
        valid_until=REFORM_DAY,
    )
