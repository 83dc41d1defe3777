"""Units, branches, groups, names and distances."""

import math
import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.areas import (
    NATION,
    AreaError,
    BadTree,
    Group,
    Kind,
    Level,
    Reform,
    Unit,
    UnitTree,
    UnknownArea,
    audience_codes,
    covers,
    distance_m,
    fold_name,
    groups_of,
    normalise_name,
    predecessors,
    successors,
    village_code,
)
from devices.areas_data import units_today
from devices.protocol.ids import AreaCode, parse_area_code

TODAY = units_today()
CODES = sorted(unit.code for unit in TODAY)
codes = st.sampled_from(CODES)


def names(text: str, **limits: object) -> list[str]:
    return [TODAY.path_name(unit.code) for unit in TODAY.search(text, **limits)]  # type: ignore[arg-type]


def unit(code: str, level: Level, parent: str | None, kind: Kind = Kind.COMMUNE) -> Unit:
    return Unit(code=AreaCode(code), level=level, kind=kind, name=code, parent=parent and AreaCode(parent))  # type: ignore[arg-type]


def village(commune: str, number: int, name: str) -> Unit:
    return Unit(
        code=village_code(commune, number), level=Level.VILLAGE, kind=Kind.THON, name=name, parent=AreaCode(commune)
    )


# --- the tree ---


def test_children_of_the_nation_are_the_provinces() -> None:
    assert len(TODAY.children(NATION)) == 34
    assert {child.level for child in TODAY.children(NATION)} == {Level.PROVINCE}


def test_an_unknown_code_is_named_in_the_error() -> None:
    with pytest.raises(UnknownArea, match="99999") as caught:
        TODAY.unit("99999")
    assert caught.value.code == "99999"
    assert isinstance(caught.value, AreaError)
    assert TODAY.find("99999") is None


@pytest.mark.parametrize(
    ("code", "branch", "within"),
    [
        ("20669", "20669", True),
        ("20669", "48", True),
        ("20669", NATION, True),
        ("20669", "01", False),
        ("48", "20669", False),
        (NATION, "48", False),
        ("99999", NATION, False),
        ("20669", "99999", False),
    ],
)
def test_a_unit_is_within_itself_and_all_above_it(code: str, branch: str, within: bool) -> None:
    assert TODAY.is_within(code, branch) is within


@given(codes)
def test_a_unit_is_within_exactly_its_ancestors_and_itself(code: str) -> None:
    above = {unit.code for unit in TODAY.ancestors(code)} | {code}
    assert {c for c in ("vn", *(p.code for p in TODAY.children("vn")), code) if TODAY.is_within(code, c)} == above


@given(codes)
def test_branches_and_ancestors_agree(code: str) -> None:
    assert all(code in {a.code for a in TODAY.ancestors(child.code)} for child in TODAY.children(code))


def test_a_branch_lists_parents_before_children() -> None:
    branch = [unit.code for unit in TODAY.branch("48")]
    assert branch[0] == "48"
    assert len(branch) == 1 + len(TODAY.at_level(Level.COMMUNE, within="48"))


def test_children_can_be_limited_to_a_day() -> None:
    assert TODAY.children("48", on=date(2025, 6, 30)) == ()
    assert len(TODAY.children("48", on=date(2025, 7, 1))) == len(TODAY.children("48"))


def test_villages_are_added_by_the_hub_and_leave_the_old_tree_alone() -> None:
    thon = village("20669", 3, "Thôn Đông An")
    tree = TODAY.with_units([thon])
    assert thon.code == "20669-003"
    assert tree.path_name("20669-003") == "Thôn Đông An, Xã Quế Phước, Thành phố Đà Nẵng"
    assert tree.is_within("20669-003", "48")
    assert "20669-003" not in TODAY


@pytest.mark.parametrize(
    ("units", "why"),
    [
        ([unit("a", Level.PROVINCE, "vn"), unit("a", Level.PROVINCE, "vn")], "twice"),
        ([unit("a", Level.PROVINCE, None)], "no parent"),
        ([unit("a", Level.PROVINCE, "b")], "cannot stand under"),
        ([unit("a", Level.COMMUNE, "vn"), unit("b", Level.PROVINCE, "a")], "cannot stand under"),
        ([unit("a", Level.COMMUNE, "b"), unit("b", Level.COMMUNE, "a")], "cannot stand under"),
    ],
)
def test_units_that_make_no_tree_are_refused(units: list[Unit], why: str) -> None:
    with pytest.raises(BadTree, match=why):
        UnitTree([unit("vn", Level.NATION, None, Kind.NATION), *units])


def test_a_level_may_be_skipped_so_two_tiers_and_three_tiers_both_fit() -> None:
    tree = UnitTree(
        [
            unit("vn", Level.NATION, None, Kind.NATION),
            unit("p", Level.PROVINCE, "vn"),
            unit("d", Level.DISTRICT, "p"),
            unit("under-district", Level.COMMUNE, "d"),
            unit("under-province", Level.COMMUNE, "p"),
        ]
    )
    assert [u.code for u in tree.at_level(Level.COMMUNE, within="p")] == ["under-district", "under-province"]


# --- search ---


@pytest.mark.parametrize(
    "text",
    [
        "que phuoc",
        "Quế Phước",
        unicodedata.normalize("NFD", "Quế Phước"),
        "xa que phuoc",
        "x. que phuoc",
        "  QUE   PHUOC ",
        "que phuoc, da nang",
        "que phuoc da nang",
    ],
)
def test_a_name_is_found_however_it_is_typed(text: str) -> None:
    assert names(text)[0] == "Xã Quế Phước, Thành phố Đà Nẵng"


@pytest.mark.parametrize("text", ["tp da nang", "Đà Nẵng", "da nang", "ĐÀ NẴNG"])
def test_a_province_comes_before_communes_of_its_name(text: str) -> None:
    assert names(text)[0] == "Thành phố Đà Nẵng"


def test_an_ambiguous_name_gives_every_unit_that_bears_it() -> None:
    found = TODAY.search("tan thanh")
    assert len({unit.code for unit in found if fold_name(unit.short_name) == "tan thanh"}) > 3


def test_two_communes_of_one_province_that_differ_in_marks_only_are_both_found() -> None:
    twins = [(a, b) for province in TODAY.children(NATION) for a, b in _pairs_with_the_same_folded_name(province.code)]
    assert len(twins) >= 7, "domain.md counts eight such names"
    for a, b in twins:
        found = [unit.code for unit in TODAY.search(fold_name(a.name), within=a.parent or NATION)]
        assert {a.code, b.code} <= set(found)


def _pairs_with_the_same_folded_name(province: str) -> list[tuple[Unit, Unit]]:
    seen: dict[str, Unit] = {}
    pairs = []
    for child in TODAY.children(province):
        folded = fold_name(child.name)
        if folded in seen:
            pairs.append((seen[folded], child))
        seen[folded] = child
    return pairs


def test_a_name_that_agrees_in_its_marks_comes_first() -> None:
    for province in TODAY.children(NATION):
        for twins in _pairs_with_the_same_folded_name(province.code):
            assert [TODAY.search(twin.name, within=province.code)[0] for twin in twins] == list(twins)


@pytest.mark.parametrize("text", ["", "  ", ",", "?!", "không có nơi nào tên thế này"])
def test_what_names_nothing_finds_nothing(text: str) -> None:
    assert names(text) == []


def test_search_keeps_to_its_level_branch_and_limit() -> None:
    assert {u.level for u in TODAY.search("hòa", level=Level.PROVINCE)} <= {Level.PROVINCE}
    assert all(TODAY.is_within(u.code, "48") for u in TODAY.search("hoa", within="48"))
    assert len(TODAY.search("hoa", limit=5)) == 5


@given(codes)
def test_every_unit_is_found_by_its_full_name_in_its_branch(code: str) -> None:
    wanted = TODAY.unit(code)
    found = TODAY.search(fold_name(wanted.name), within=wanted.parent or NATION)
    assert code in {unit.code for unit in found}


@given(st.text(max_size=300))
def test_no_text_breaks_the_search(text: str) -> None:
    assert len(TODAY.search(text, limit=3)) <= 3


# --- names ---


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Hoà Bình", "Hòa Bình"),
        ("Thuỷ Nguyên", "Thủy Nguyên"),
        ("HOÀ BÌNH", "HÒA BÌNH"),
        ("Khoẻ", "Khỏe"),
        ("Quý Lộc", "Quý Lộc"),
        ("Hoàng Hoa Thám", "Hoàng Hoa Thám"),
        ("Xã  Cư  M’gar", "Xã Cư M'gar"),
        ("Hòa Bình", "Hòa Bình"),
        ("Hoàn Kiếm", "Hoàn Kiếm"),
        ("Huỳnh Thúc Kháng", "Huỳnh Thúc Kháng"),
        ("Uý", "Úy"),
    ],
)
def test_names_are_written_in_one_way(written: str, normal: str) -> None:
    assert normalise_name(written) == normal


@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise_name(normalise_name(text)) == normalise_name(text)


@pytest.mark.parametrize(
    ("code", "short"), [("20669", "Quế Phước"), ("48", "Đà Nẵng"), ("20333", "Hoàng Sa"), ("vn", "Việt Nam")]
)
def test_a_short_name_has_no_kind(code: str, short: str) -> None:
    assert TODAY.unit(code).short_name == short


def test_a_ward_with_a_number_keeps_its_kind() -> None:
    ward = Unit(
        code=AreaCode("o-26737"), level=Level.COMMUNE, kind=Kind.WARD, name="Phường 1", parent=AreaCode("o-760")
    )
    assert ward.short_name == "Phường 1"


@given(codes)
def test_every_code_is_good_on_the_wire(code: str) -> None:
    assert parse_area_code(code) == code


# --- groups and audiences ---

INTER_WARD = Group(code=AreaCode("g-nong-son"), name="Liên xã Nông Sơn", members=(AreaCode("20669"), AreaCode("20656")))
TWO_PROVINCES = Group(code=AreaCode("g-hai-van"), name="Hai bên đèo Hải Vân", members=(AreaCode("48"), AreaCode("46")))


def test_an_audience_is_everything_above_a_place_and_its_groups() -> None:
    assert audience_codes(TODAY, "20669", [INTER_WARD, TWO_PROVINCES]) == (
        "vn",
        "48",
        "20669",
        "g-nong-son",
        "g-hai-van",
    )
    assert audience_codes(TODAY, "00004", [INTER_WARD, TWO_PROVINCES]) == ("vn", "01", "00004")


def test_a_village_is_in_the_groups_of_its_commune() -> None:
    tree = TODAY.with_units([village("20669", 1, "Thôn Một")])
    assert groups_of(tree, "20669-001", [INTER_WARD]) == (INTER_WARD,)


def test_a_province_is_not_in_the_group_of_one_of_its_communes() -> None:
    assert groups_of(TODAY, "48", [INTER_WARD]) == ()


@given(codes, codes)
def test_an_area_covers_a_place_exactly_when_it_is_in_its_audience(area: str, place: str) -> None:
    groups = (INTER_WARD, TWO_PROVINCES)
    assert covers(TODAY, area, place, groups) == (area in audience_codes(TODAY, place, groups))
    assert covers(TODAY, "g-hai-van", place, groups) == ("g-hai-van" in audience_codes(TODAY, place, groups))


def test_a_group_cannot_take_the_code_of_a_unit() -> None:
    with pytest.raises(BadTree):
        Group(code=AreaCode("48"), name="Đà Nẵng giả", members=())


# --- reforms ---


def test_a_reform_reads_both_ways() -> None:
    reform = Reform.of(
        date(2027, 1, 1), {AreaCode("a"): (AreaCode("x"), AreaCode("y")), AreaCode("b"): (AreaCode("x"),)}
    )
    assert predecessors(reform, "x") == ("a", "b")
    assert predecessors(reform, "y") == ("a",)
    assert predecessors(reform, "z") == ()


def test_a_unit_that_the_tree_of_before_lacks_has_no_successors_to_guess() -> None:
    with pytest.raises(UnknownArea):
        successors(Reform.of(date(2027, 1, 1), {}), TODAY, "o-49")


# --- geometry ---


def test_distance_from_hanoi_to_saigon() -> None:
    assert distance_m(21.0285, 105.8542, 10.7769, 106.7009) == pytest.approx(1_143_500, rel=0.005)


def test_a_degree_of_latitude_is_111_km() -> None:
    assert distance_m(15, 108, 16, 108) == pytest.approx(111_195, rel=1e-4)


latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)


@given(latitudes, longitudes, latitudes, longitudes)
def test_distance_is_symmetric_and_at_most_half_way_round(a: float, b: float, c: float, d: float) -> None:
    far = distance_m(a, b, c, d)
    assert 0 <= far <= math.pi * 6_371_009
    assert far == pytest.approx(distance_m(c, d, a, b), abs=1e-3)


def test_the_nearest_commune_to_a_place_comes_first() -> None:
    que_phuoc = TODAY.unit("20669")
    assert que_phuoc.lat is not None
    assert que_phuoc.lon is not None
    assert TODAY.nearest(que_phuoc.lat, que_phuoc.lon)[0] == que_phuoc
    assert len(TODAY.nearest(16.05, 108.2, limit=5)) == 5
