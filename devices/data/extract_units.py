"""Make the packaged lists of units from an installed copy of `vietnamadminunits` 1.0.4.  No part of the hub.

    python -m venv /tmp/units && /tmp/units/bin/pip install vietnamadminunits==1.0.4
    python -m devices.data.extract_units /tmp/units/lib/python3*/site-packages/vietnamadminunits

The source's tables are read as files; its code is not run.  The same source gives the same text.  What is repaired
on the way, by rule and with a printed line for each case, is told in README.md beside this file.
"""

import argparse
import gzip
import json
import sqlite3
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from devices.areas import KIND_WORDS, NATION, Kind, distance_m, normalise_name
from devices.areas_data import BEFORE_2025_FILE, TODAY_FILE

SOURCE = "vietnamadminunits 1.0.4, (c) 2025 Tran Ngoc Minh Hieu, MIT licence"
# No commune's middle is this far from what it was made of; beyond it the source has taken one unit for another.
MIDDLE_ERROR_MIN_M = 50_000
# No commune that was split reached this far into a part of it; the source then means a namesake.
PART_DISTANCE_MAX_M = 25_000

KINDS: Mapping[str, Kind] = {words: kind for kind, words in KIND_WORDS.items()}
Place = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a list.  `key` is the source's own name for the unit, by which its mapping refers to it."""

    code: str
    kind: Kind
    name: str
    parent: str
    key: str
    place: Place | None
    heirs: tuple[str, ...] = ()


def row(full_name: str, *, code: str, parent: str, key: str, lat: float | None, lon: float | None) -> Row:
    """Return a Row from the source's words; the kind is the beginning of the name."""
    name = normalise_name(full_name)
    words = max(
        (words for words in KINDS if name.casefold().startswith(f"{words.casefold()} ")), key=len
    )  # "Thị Xã", too
    place = None if lat is None or lon is None else (lat, lon)
    return Row(code=code, kind=KINDS[words], name=name[len(words) + 1 :], parent=parent, key=key, place=place)


def read_today(db: sqlite3.Connection) -> Iterator[Row]:
    """Yield today's provinces and communes, in any order, provinces once for each commune."""
    for r in db.execute("SELECT * FROM admin_units"):
        yield row(r["province"], code=r["provinceCode"], parent=NATION, key=r["provinceKey"],
                  lat=r["provinceLat"], lon=r["provinceLon"])  # fmt: skip
        yield row(r["ward"], code=r["wardCode"], parent=r["provinceCode"], key=f"{r['provinceKey']}/{r['wardKey']}",
                  lat=r["wardLat"], lon=r["wardLon"])  # fmt: skip


def read_before_2025(db: sqlite3.Connection) -> Iterator[Row]:
    """Yield the provinces, districts and communes of before; five island districts have no communes."""
    for r in db.execute("SELECT * FROM admin_units_legacy"):
        province, district = r["provinceKey"], f"{r['provinceKey']}_{r['districtKey']}"
        yield row(r["province"], code=r["provinceCode"], parent=NATION, key=province, lat=None, lon=None)
        yield row(r["district"], code=r["districtCode"], parent=r["provinceCode"], key=f"{district}_",
                  lat=r["districtLat"], lon=r["districtLon"])  # fmt: skip
        if r["wardCode"] is not None:
            yield row(r["ward"], code=r["wardCode"], parent=r["districtCode"], key=f"{district}_{r['wardKey']}",
                      lat=r["wardLat"], lon=r["wardLon"])  # fmt: skip


def read_mapping(mapping: Mapping[str, Mapping[str, object]]) -> Mapping[str, tuple[str, ...]]:
    """Return old key → new keys, the main one first."""
    heirs: dict[str, tuple[str, ...]] = {}
    for new, olds in mapping["DICT_PROVINCE"].items():
        heirs |= dict.fromkeys(_strings(olds), (new,))
    for province, communes in mapping["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for commune, olds in _items(communes):
            heirs |= dict.fromkeys(_strings(olds), (f"{province}/{commune}",))
    for province, split in mapping["DICT_PROVINCE_WARD_DIVIDED"].items():
        for old, parts in _items(split):
            in_order = sorted(parts, key=lambda part: (not part["isDefaultNewWard"], part["newWardKey"]))
            heirs[old] = tuple(f"{province}/{part['newWardKey']}" for part in in_order)
    return heirs


def _items(value: object) -> Iterable[tuple[str, list[dict[str, str]]]]:
    assert isinstance(value, dict)  # noqa: S101 - the source's shape, fixed by its version
    return value.items()


def _strings(value: object) -> list[str]:
    assert isinstance(value, list)  # noqa: S101 - the same
    return value


def metres(a: Place, b: Place) -> float:
    """Return the distance between two places."""
    return distance_m(*a, *b)


def middle_of(places: Iterable[Place]) -> Place:
    """Return the median place: one wild point among several does not move it."""
    lats, lons = zip(*places, strict=True)
    return round(statistics.median(lats), 5), round(statistics.median(lons), 5)


def repair_middles(today: Iterable[Row], before: Iterable[Row], heirs: Mapping[str, tuple[str, ...]]) -> Iterator[Row]:
    """Yield `today`; a middle far from all its predecessors is replaced by theirs.

    A place that several old communes share is what a map service says when it knows only the district: no proof.
    """
    shared: dict[Place, int] = defaultdict(int)
    made_of: dict[str, list[Place]] = defaultdict(list)
    communes = [r for r in before if len(r.code) == 5 and r.place is not None]
    for r in communes:
        shared[r.place or (0, 0)] += 1
    for r in communes:
        if r.place is not None and shared[r.place] == 1:
            for heir in heirs[r.key]:
                made_of[heir].append(r.place)
    for r in today:
        proof = made_of.get(r.key) if len(r.code) == 5 else None
        middle = middle_of(proof) if proof else r.place
        if r.place and middle and metres(r.place, middle) > MIDDLE_ERROR_MIN_M:
            say(f"middle of {r.code} {r.name}: {r.place} → {middle}")
            yield replace(r, place=middle)
        else:
            yield r


def repair_heirs(
    before: Iterable[Row], today: Mapping[str, Row], heirs: Mapping[str, tuple[str, ...]]
) -> Iterator[Row]:
    """Yield `before` with its heirs' codes; a part that lies far from the commune and its district is dropped."""
    rows = {r.code: r for r in before}
    siblings: dict[str, list[Place]] = defaultdict(list)
    for r in rows.values():
        if r.place is not None:
            siblings[r.parent].append(r.place)
    for r in rows.values():
        found = heirs.get(r.key, ())
        if r.place is not None and len(found) > 1:
            near = (r.place, middle_of(siblings[r.parent]))
            found = tuple(heir for heir in found if _reaches(near, today[heir].place)) or found[:1]
            for heir in set(heirs[r.key]) - set(found):
                say(f"{r.code} {r.name} ({rows[r.parent].name}) has no part in {today[heir].code} {today[heir].name}")
        yield replace(r, heirs=tuple(today[heir].code for heir in found))


def _reaches(near: Iterable[Place], part: Place | None) -> bool:
    return part is None or any(metres(place, part) <= PART_DISTANCE_MAX_M for place in near)


def write(path: Path, columns: str, lines: Iterable[str]) -> None:
    """Write sorted lines under a header, gzipped without name or time, so that the bytes depend on the text only."""
    text = "\n".join((f"# {SOURCE}", f"# {columns}", *sorted(lines))) + "\n"
    path.write_bytes(gzip.compress(text.encode("utf-8"), compresslevel=9, mtime=0))
    say(f"{path.name}: {path.stat().st_size} bytes")


def line_today(r: Row) -> str:
    """Return a line of the list of today."""
    lat, lon = r.place or ("", "")
    return f"{r.code}\t{r.kind}\t{r.name}\t{r.parent}\t{lat}\t{lon}"


def line_before(r: Row) -> str:
    """Return a line of the list of before; its places were looked up by name and are too often wrong to be shipped."""
    return f"{r.code}\t{r.kind}\t{r.name}\t{r.parent}\t{','.join(r.heirs)}"


def say(sentence: str) -> None:
    """Print to standard error: what was done goes to a person."""
    sys.stderr.write(f"{sentence}\n")


def once(rows: Iterable[Row]) -> list[Row]:
    """Return one row a code."""
    return list({r.code: r for r in rows}.values())


def main() -> None:
    """Read the source named on the command line and write both lists."""
    parser = argparse.ArgumentParser(description="Make devices/data/units_*.tsv.gz from vietnamadminunits 1.0.4.")
    parser.add_argument("source", type=Path, help="the installed package's folder")
    source: Path = parser.parse_args().source
    heirs = read_mapping(json.loads((source / "data/converter_2025.json").read_text("utf-8")))
    db = sqlite3.connect(f"file:{source / 'data/dataset.db'}?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    before = once(read_before_2025(db))
    today = list(repair_middles(once(read_today(db)), before, heirs))
    db.close()
    repaired = repair_heirs(before, {r.key: r for r in today}, heirs)
    write(TODAY_FILE, "code kind name parent lat lon", map(line_today, today))
    write(BEFORE_2025_FILE, "code kind name parent successors", map(line_before, repaired))


if __name__ == "__main__":
    main()
