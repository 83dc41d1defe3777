"""PURE: administrative units, groups across them, and who stands where.  `devices.areas_data` reads the lists.

A `UnitTree` is one era: the units that are in force together.  Today's units carry their official codes ("48",
"20669"); those that the reform of 1 July 2025 abolished carry theirs behind "o-" ("o-503"), because 3,316 of the old
communes' codes are used again today, many of them for another territory.  So a code means one place, for ever.
A `Reform` says what became of what.

    AreaError
    ├── UnknownArea    no such unit in this tree
    └── BadTree        these units do not make one tree
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from devices.protocol.ids import AreaCode as AreaCode  # noqa: PLC0414 - given on: hub.auth may import this module only
from devices.protocol.ids import parse_area_code

NATION = AreaCode("vn")
OLD_PREFIX = "o-"  # a unit of before 1 July 2025
GROUP_PREFIX = "g-"  # a group across units; no official code begins with a letter and a dash
EARTH_RADIUS_M = 6_371_008.8  # mean radius of the WGS 84 ellipsoid


class AreaError(Exception):
    """Something about administrative units is wrong."""


class UnknownArea(AreaError, LookupError):
    """No unit of this tree has that code."""

    def __init__(self, code: str) -> None:
        super().__init__(f"no unit has the code {code[:40]!r}")
        self.code = code


class BadTree(AreaError, ValueError):
    """The units given do not make one tree."""


class Level(StrEnum):
    """How high a unit stands; districts exist only before 1 July 2025."""

    NATION = "nation"
    PROVINCE = "province"
    DISTRICT = "district"
    COMMUNE = "commune"
    VILLAGE = "village"


RANK: Mapping[Level, int] = {level: rank for rank, level in enumerate(Level)}  # 0 is the top


class Kind(StrEnum):
    """What the law, or the region, calls a unit."""

    NATION = "nuoc"
    PROVINCE = "tinh"
    CITY = "thanh-pho"
    RURAL_DISTRICT = "huyen"
    URBAN_DISTRICT = "quan"
    TOWN = "thi-xa"
    COMMUNE = "xa"
    WARD = "phuong"
    SPECIAL_ZONE = "dac-khu"
    TOWNSHIP = "thi-tran"
    THON = "thon"
    BAN = "ban"
    AP = "ap"
    BUON = "buon"
    KHU_PHO = "khu-pho"
    TO_DAN_PHO = "to-dan-pho"


KIND_WORDS: Mapping[Kind, str] = {
    Kind.NATION: "Nước",
    Kind.PROVINCE: "Tỉnh",
    Kind.CITY: "Thành phố",
    Kind.RURAL_DISTRICT: "Huyện",
    Kind.URBAN_DISTRICT: "Quận",
    Kind.TOWN: "Thị xã",
    Kind.COMMUNE: "Xã",
    Kind.WARD: "Phường",
    Kind.SPECIAL_ZONE: "Đặc khu",
    Kind.TOWNSHIP: "Thị trấn",
    Kind.THON: "Thôn",
    Kind.BAN: "Bản",
    Kind.AP: "Ấp",
    Kind.BUON: "Buôn",
    Kind.KHU_PHO: "Khu phố",
    Kind.TO_DAN_PHO: "Tổ dân phố",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One administrative unit.  `valid_until` is its first day not in force; None: not recorded, or no end."""

    code: AreaCode
    level: Level
    kind: Kind
    name: str  # as it is written officially: "Xã Quế Phước"
    parent: AreaCode | None  # None only for the nation
    valid_from: date | None = None
    valid_until: date | None = None
    lat: float | None = None  # degrees, WGS 84; the middle of the territory, good for a dot on a map
    lon: float | None = None

    @property
    def short_name(self) -> str:
        """Return the name without its kind: "Quế Phước"; "Phường 1" stays whole, a bare number names nothing."""
        short = self.name.removeprefix(f"{KIND_WORDS[self.kind]} ")
        return self.name if short.isdigit() else short

    def in_force(self, on: date) -> bool:
        """Return whether the unit exists on that day."""
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_until is None or on < self.valid_until
        )


class UnitTree:
    """The units of one era by code, with their branches.  Immutable: `with_units` makes another tree."""

    __slots__ = ("_children", "_names", "_units")

    def __init__(self, units: Iterable[Unit]) -> None:
        listed = tuple(units)
        self._units: Mapping[str, Unit] = {unit.code: unit for unit in listed}
        if len(self._units) != len(listed):
            raise BadTree("a code occurs twice")
        self._children = self._branches(listed)
        self._names: tuple[_Named, ...] | None = None  # made by the first search

    def _branches(self, units: Iterable[Unit]) -> Mapping[str, tuple[AreaCode, ...]]:
        children: dict[str, list[AreaCode]] = {}
        for unit in units:
            if unit.parent is None:
                if unit.level is not Level.NATION:
                    raise BadTree(f"{unit.code} has no parent")
                continue
            parent = self._units.get(unit.parent)
            if parent is None or RANK[parent.level] >= RANK[unit.level]:  # strictly higher, so there is no cycle
                raise BadTree(f"{unit.code} cannot stand under {unit.parent}")
            children.setdefault(unit.parent, []).append(unit.code)
        return {code: tuple(sorted(codes)) for code, codes in children.items()}

    def __len__(self) -> int:
        return len(self._units)

    def __iter__(self) -> Iterator[Unit]:
        return iter(self._units.values())

    def __contains__(self, code: object) -> bool:
        return code in self._units

    def find(self, code: str) -> Unit | None:
        """Return the unit with that code, or None."""
        return self._units.get(code)

    def unit(self, code: str) -> Unit:
        """Return the unit with that code, or raise UnknownArea."""
        found = self._units.get(code)
        if found is None:
            raise UnknownArea(code)
        return found

    def children(self, code: str, *, on: date | None = None) -> tuple[Unit, ...]:
        """Return the units directly under `code`, by code; with `on`, only those in force that day."""
        self.unit(code)
        units = (self._units[child] for child in self._children.get(code, ()))
        return tuple(unit for unit in units if on is None or unit.in_force(on))

    def ancestors(self, code: str) -> tuple[Unit, ...]:
        """Return the units above `code`, the nearest first."""
        above: list[Unit] = []
        unit = self.unit(code)
        while unit.parent is not None:
            unit = self._units[unit.parent]
            above.append(unit)
        return tuple(above)

    def branch(self, code: str) -> Iterator[Unit]:
        """Yield `code` and everything below it, each parent before its children."""
        yield self.unit(code)
        for child in self._children.get(code, ()):
            yield from self.branch(child)

    def at_level(self, level: Level, *, within: str = NATION) -> tuple[Unit, ...]:
        """Return the units of that level in a branch."""
        return tuple(unit for unit in self.branch(within) if unit.level is level)

    def is_within(self, code: str, branch: str) -> bool:
        """Return whether `code` is `branch` or below it; False for a code that this tree does not have."""
        unit = self._units.get(code)
        while unit is not None:
            if unit.code == branch:
                return True
            unit = None if unit.parent is None else self._units[unit.parent]
        return False

    def path_name(self, code: str) -> str:
        """Return the name as an address has it: "Xã Quế Phước, Thành phố Đà Nẵng"."""
        above = (unit.name for unit in self.ancestors(code) if unit.level is not Level.NATION)
        return ", ".join((self.unit(code).name, *above))

    def with_units(self, units: Iterable[Unit]) -> "UnitTree":
        """Return a tree that also has `units`; the hub adds villages, which no national list holds."""
        return UnitTree((*self._units.values(), *units))

    def search(
        self, text: str, *, level: Level | None = None, within: str = NATION, limit: int = 20
    ) -> tuple[Unit, ...]:
        """Return the units that people may mean by `text`, the likeliest first; names repeat, so expect several.

        Tone marks, case and "đ" do not matter, but a name that agrees in its marks comes first.  What stands above
        may follow: "que phuoc, da nang", "que phuoc da nang".
        """
        wanted = _Wanted.parse(text)
        if not wanted.folded:
            return ()
        ranked = (
            (rank, RANK[named.unit.level], named.folded, named.unit.code, named.unit)
            for named in self._named()
            if (level is None or named.unit.level is level)
            and (rank := wanted.rank(named, self)) is not None
            and self.is_within(named.unit.code, within)
        )
        return tuple(unit for *_, unit in sorted(ranked)[:limit])

    def _named(self) -> "tuple[_Named, ...]":
        if self._names is None:
            self._names = tuple(_Named(unit=u, folded=fold_name(u.name), short=fold_name(u.short_name)) for u in self)
        return self._names

    def nearest(self, lat: float, lon: float, *, level: Level = Level.COMMUNE, limit: int = 3) -> tuple[Unit, ...]:
        """Return the units whose middles are nearest to a place.  A hint for a person: the middle is not the border."""
        far = sorted(
            (distance_m(lat, lon, unit.lat, unit.lon), unit.code)
            for unit in self
            if unit.level is level and unit.lat is not None and unit.lon is not None
        )
        return tuple(self._units[code] for _, code in far[:limit])


# --- names ----------------------------------------------------------------------------------------------------------

_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ`´′", "'"))
# Traditional placement: the mark stands on the first vowel of an open oa, oe, uy.  In "quý" the u belongs to the q.
_MARKED = {
    "oa": ("òóỏõọ", "àáảãạ"),
    "oe": ("òóỏõọ", "èéẻẽẹ"),
    "uy": ("ùúủũụ", "ỳýỷỹỵ"),
}
_OLD_STYLE: Mapping[str, str] = {
    pair[0] + second: first + pair[1]
    for pair, (firsts, seconds) in _MARKED.items()
    for first, second in zip(firsts, seconds, strict=True)
}
_NEW_STYLE = re.compile(rf"(?<!q)(?:{'|'.join(_OLD_STYLE)})(?!\w)", re.IGNORECASE)


def normalise_name(text: str) -> str:
    """Return `text` in NFC, with single spaces, one apostrophe and traditional tone marks (hòa, thủy)."""
    one_space = " ".join(unicodedata.normalize("NFC", text).translate(_APOSTROPHES).split())
    return _NEW_STYLE.sub(_old_style, one_space)


def _old_style(match: re.Match[str]) -> str:
    found = match.group()
    moved = _OLD_STYLE[found.lower()]
    if found.isupper():
        return moved.upper()
    return moved[0].upper() + moved[1] if found[0].isupper() else moved


def fold_name(text: str) -> str:
    """Return `text` without marks, case and signs: what somebody types who is in a hurry."""
    plain = unicodedata.normalize("NFD", text.casefold().replace("đ", "d").replace("'", ""))
    return " ".join("".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c)).split())


# How people shorten a kind at the head of a name: "tp Đà Nẵng", "x. Quế Phước".
_SHORT_KINDS: Mapping[str, str] = {
    "t": "tinh", "tp": "thanh pho", "h": "huyen", "q": "quan", "tx": "thi xa",
    "x": "xa", "p": "phuong", "dk": "dac khu", "tt": "thi tran",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    unit: Unit
    folded: str
    short: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    exact: str  # with marks
    folded: str
    above: tuple[str, ...]  # folded names that must stand above

    @classmethod
    def parse(cls, text: str) -> "_Wanted":
        # 200 characters hold any name; more would only cost time.
        name, *above = normalise_name(text[:200]).split(",")
        first, _, rest = fold_name(name).partition(" ")
        folded = f"{_SHORT_KINDS.get(first, first)} {rest}" if rest else first
        return cls(exact=name.casefold().strip(), folded=folded, above=tuple(filter(None, map(fold_name, above))))

    def rank(self, named: _Named, tree: UnitTree) -> int | None:
        """Return how badly `named` fits, 0 being best; None if it does not."""
        rank = self._rank_name(named, tree)
        return rank if rank is not None and all(self._stands_above(a, named, tree) for a in self.above) else None

    def _rank_name(self, named: _Named, tree: UnitTree) -> int | None:
        if self.folded in (named.folded, named.short):
            same_marks = self.exact in (named.unit.name.casefold(), named.unit.short_name.casefold())
            return 0 if same_marks else 1
        for own in (named.folded, named.short):
            rest = self.folded.removeprefix(f"{own} ")
            if rest != self.folded and self._stands_above(rest, named, tree):
                return 2
        if named.folded.startswith(self.folded) or named.short.startswith(self.folded):
            return 3
        return 4 if f" {self.folded}" in named.folded else None

    @staticmethod
    def _stands_above(folded: str, named: _Named, tree: UnitTree) -> bool:
        above = tree.ancestors(named.unit.code)
        return any(folded in (fold_name(unit.name), fold_name(unit.short_name)) for unit in above)


# --- groups and audiences -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Units that share a station or a crew ("liên xã, phường"); it may cross any border."""

    code: AreaCode
    name: str
    members: tuple[AreaCode, ...]

    def __post_init__(self) -> None:
        if not self.code.startswith(GROUP_PREFIX):
            raise BadTree(f"a group's code begins with {GROUP_PREFIX!r}: {self.code!r}")


def village_code(commune: str, number: int) -> AreaCode:
    """Return the code of a commune's village; numbers are the hub's own, there is no national list."""
    return parse_area_code(f"{commune}-{number:03d}")


def groups_of(tree: UnitTree, code: str, groups: Iterable[Group]) -> tuple[Group, ...]:
    """Return the groups that hold `code` or a unit above it."""
    return tuple(group for group in groups if any(tree.is_within(code, member) for member in group.members))


def audience_codes(tree: UnitTree, code: str, groups: Iterable[Group] = ()) -> tuple[AreaCode, ...]:
    """Return every area that a loudspeaker in `code` obeys: nation first, down to `code`, then its groups."""
    above = tuple(unit.code for unit in reversed(tree.ancestors(code)))
    return (*above, tree.unit(code).code, *(group.code for group in groups_of(tree, code, groups)))


def covers(tree: UnitTree, area: str, code: str, groups: Iterable[Group] = ()) -> bool:
    """Return whether what is said to `area` (a unit or a group) is heard in `code`."""
    return tree.is_within(code, area) or any(group.code == area for group in groups_of(tree, code, groups))


# --- reforms --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Reform:
    """What became of what on one day.  Of several successors, the one that took the seat or most of it comes first."""

    day: date  # the first day of the new units
    successors: Mapping[AreaCode, tuple[AreaCode, ...]]
    predecessors: Mapping[AreaCode, tuple[AreaCode, ...]]

    @classmethod
    def of(cls, day: date, successors: Mapping[AreaCode, tuple[AreaCode, ...]]) -> "Reform":
        """Return a reform with both directions, from one of them."""
        back: dict[AreaCode, list[AreaCode]] = {}
        for old, new in successors.items():
            for code in new:
                back.setdefault(code, []).append(old)
        return cls(
            day=day, successors=successors, predecessors={code: tuple(sorted(old)) for code, old in back.items()}
        )


def successors(reform: Reform, before: UnitTree, code: str) -> tuple[AreaCode, ...]:
    """Return what `code` became: one unit, several when it was split, for a district all that its wards became."""
    old = before.unit(code).code
    if old in reform.successors:
        return reform.successors[old]
    found = (new for child in before.children(old) for new in successors(reform, before, child.code))
    return tuple(dict.fromkeys(found))


def predecessors(reform: Reform, code: str) -> tuple[AreaCode, ...]:
    """Return the units that `code` was made of, wholly or in part; empty for a code the reform does not know."""
    return reform.predecessors.get(AreaCode(code), ())


# --- geometry -------------------------------------------------------------------------------------------------------


def distance_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Return the great-circle distance in metres between two places in degrees; haversine, good to 0.5 %."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half = math.sin((phi2 - phi1) / 2) ** 2
    half += math.cos(phi1) * math.cos(phi2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(half)))  # rounding may pass 1 at the antipodes
