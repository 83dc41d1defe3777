"""The packaged lists hold what the law says, and nothing that would send a bulletin to the wrong end of the country."""

import gzip
import unicodedata
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from devices.areas import Kind, Level, UnknownArea, distance_m, normalise_name, predecessors, successors
from devices.areas_data import (
    BEFORE_2025_FILE,
    REFORM_DAY,
    TODAY_FILE,
    official_unit,
    reform_2025,
    units_before_2025,
    units_on,
    units_today,
)

TODAY = units_today()
BEFORE = units_before_2025()
REFORM = reform_2025()
# The extreme points of the territory with its islands, in degrees.
SOUTH, NORTH, WEST, EAST = 7.9, 23.4, 102.1, 115.0


def counts(tree: object) -> Counter[Level]:
    return Counter(unit.level for unit in tree)  # type: ignore[attr-defined]


def test_today_has_34_provinces_and_3321_communes() -> None:
    assert counts(TODAY) == {Level.NATION: 1, Level.PROVINCE: 34, Level.COMMUNE: 3321}


def test_today_has_2621_xa_687_phuong_and_13_dac_khu() -> None:
    kinds = Counter(unit.kind for unit in TODAY.at_level(Level.COMMUNE))
    assert kinds == {Kind.COMMUNE: 2621, Kind.WARD: 687, Kind.SPECIAL_ZONE: 13}


def test_before_the_reform_there_were_63_provinces_696_districts_and_10035_communes() -> None:
    assert counts(BEFORE) == {Level.NATION: 1, Level.PROVINCE: 63, Level.DISTRICT: 696, Level.COMMUNE: 10035}


def test_every_commune_of_today_has_a_province_and_a_middle_inside_the_country() -> None:
    for unit in TODAY.at_level(Level.COMMUNE):
        assert [above.level for above in TODAY.ancestors(unit.code)] == [Level.PROVINCE, Level.NATION], unit
        assert unit.lat is not None, unit
        assert unit.lon is not None, unit
        assert SOUTH < unit.lat < NORTH, unit
        assert WEST < unit.lon < EAST, unit


def test_no_two_communes_have_the_same_middle() -> None:
    middles = Counter((unit.lat, unit.lon) for unit in TODAY.at_level(Level.COMMUNE))
    assert [middle for middle, n in middles.items() if n > 1] == []


def test_every_old_commune_has_a_district_and_a_province() -> None:
    for unit in BEFORE.at_level(Level.COMMUNE):
        levels = [above.level for above in BEFORE.ancestors(unit.code)]
        assert levels == [Level.DISTRICT, Level.PROVINCE, Level.NATION], unit


def test_every_old_unit_became_at_least_one_unit_of_today() -> None:
    for unit in BEFORE:
        if unit.level is not Level.NATION:
            new = successors(REFORM, BEFORE, unit.code)
            assert new, unit
            assert all(code in TODAY for code in new), unit


def test_old_communes_became_communes_in_the_province_that_their_province_became() -> None:
    for unit in BEFORE.at_level(Level.COMMUNE):
        (province,) = successors(REFORM, BEFORE, BEFORE.ancestors(unit.code)[1].code)
        for code in successors(REFORM, BEFORE, unit.code):
            assert TODAY.unit(code).level is Level.COMMUNE, unit
            assert TODAY.is_within(code, province), unit


def test_every_unit_of_today_was_made_of_something() -> None:
    assert [unit.code for unit in TODAY if unit.level is not Level.NATION and not predecessors(REFORM, unit.code)] == []


def test_parts_of_a_split_commune_lie_together() -> None:
    for code, parts in REFORM.successors.items():
        places = [TODAY.unit(part) for part in parts]
        for place in places[1:]:
            assert None not in (place.lat, place.lon, places[0].lat, places[0].lon)
            far = distance_m(place.lat or 0, place.lon or 0, places[0].lat or 0, places[0].lon or 0)
            assert far < 45_000, f"{code} → {[p.name for p in places]}: {far:.0f} m"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("20669", "Xã Quế Phước, Thành phố Đà Nẵng"),
        ("00004", "Phường Ba Đình, Thành phố Hà Nội"),
        ("20333", "Đặc khu Hoàng Sa, Thành phố Đà Nẵng"),
        ("22736", "Đặc khu Trường Sa, Tỉnh Khánh Hòa"),
        ("08296", "Xã Sơn Lương, Tỉnh Phú Thọ"),
        ("46", "Thành phố Huế"),
    ],
)
def test_a_code_of_today_has_its_official_name(code: str, name: str) -> None:
    assert TODAY.path_name(code) == name


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("o-49", ["48"]),  # Quảng Nam joined Đà Nẵng
        ("o-00004", ["00004"]),  # Trúc Bạch, wholly
        ("o-00007", ["00008", "00025"]),  # Cống Vị, split
        ("o-498", ["20333"]),  # an island district without communes
        ("o-27691", ["27694"]),  # Phường 4 of Tân An, not its namesake in Tây Ninh
    ],
)
def test_known_units_became_what_the_law_says(old: str, new: list[str]) -> None:
    assert list(successors(REFORM, BEFORE, old)) == new


def test_que_phuoc_was_made_of_three_communes() -> None:
    made_of = {BEFORE.unit(code).name for code in predecessors(REFORM, "20669")}
    assert made_of == {"Xã Quế Lâm", "Xã Phước Ninh", "Xã Ninh Phước"}


def test_a_district_became_all_that_its_communes_became() -> None:
    hoi_an = {TODAY.unit(code).name for code in successors(REFORM, BEFORE, "o-503")}
    assert hoi_an == {"Phường Hội An", "Phường Hội An Đông", "Phường Hội An Tây", "Xã Tân Hiệp"}


def test_the_same_official_code_means_another_place_on_another_day() -> None:
    assert official_unit("00004", REFORM_DAY - timedelta(days=1)).name == "Phường Trúc Bạch"
    assert official_unit("00004", REFORM_DAY).name == "Phường Ba Đình"


def test_a_district_is_unknown_after_the_reform() -> None:
    assert official_unit("503", date(2025, 6, 30)).name == "Thành phố Hội An"
    with pytest.raises(UnknownArea):
        official_unit("503", date(2025, 7, 1))


def test_the_eras_share_no_code_but_the_nation() -> None:
    assert {unit.code for unit in TODAY} & {unit.code for unit in BEFORE} == {"vn"}
    assert units_on(REFORM_DAY) is TODAY
    assert units_on(REFORM_DAY - timedelta(days=1)) is BEFORE


def test_units_are_in_force_in_their_era_only() -> None:
    assert TODAY.unit("48").in_force(REFORM_DAY)
    assert not TODAY.unit("48").in_force(REFORM_DAY - timedelta(days=1))
    assert BEFORE.unit("o-49").in_force(date(2025, 6, 30))
    assert not BEFORE.unit("o-49").in_force(REFORM_DAY)


def test_names_are_normalised() -> None:
    for unit in (*TODAY, *BEFORE):
        assert unit.name == normalise_name(unit.name) == unicodedata.normalize("NFC", unit.name), unit


@pytest.mark.parametrize("path", [TODAY_FILE, BEFORE_2025_FILE], ids=lambda path: path.name)
def test_the_files_are_sorted_and_carry_no_time(path: Path) -> None:
    data = path.read_bytes()
    lines = gzip.decompress(data).decode().splitlines()[2:]
    assert lines == sorted(lines)
    assert data[4:8] == bytes(4)  # the field of gzip for the time of the file
    assert len(data) < 120_000
