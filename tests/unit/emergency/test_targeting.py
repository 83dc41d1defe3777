from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.areas import Group, Kind, Level, Unit, UnitTree
from devices.model import Device, Site
from devices.protocol.ids import AreaCode, DeviceId
from emergency.targeting import Circle, Polygon, Target, aim, fewest_topics, listeners_of, outlook, smallest_set
from tests.unit.emergency.examples import device, expected, retired


def unit(code: str, level: Level, kind: Kind, parent: str | None) -> Unit:
    return Unit(code=AreaCode(code), level=level, kind=kind, name=code, parent=AreaCode(parent) if parent else None)


TREE = UnitTree(
    [
        unit("vn", Level.NATION, Kind.NATION, None),
        unit("48", Level.PROVINCE, Kind.CITY, "vn"),
        unit("20669", Level.COMMUNE, Kind.COMMUNE, "48"),
        unit("20670", Level.COMMUNE, Kind.COMMUNE, "48"),
        unit("01", Level.PROVINCE, Kind.CITY, "vn"),
        unit("00004", Level.COMMUNE, Kind.WARD, "01"),
    ]
)
GROUPS = (Group(code=AreaCode("g-ven-song"), name="Ven sông", members=(AreaCode("20669"), AreaCode("00004"))),)

# Two communes of Đà Nẵng along a river, one ward of Hà Nội.
UP = device("up", "vn", "48", "20669", "g-ven-song", lat=15.60, lon=107.90)
DOWN = device("down", "vn", "48", "20669", "g-ven-song", lat=15.61, lon=107.95)
TOWN = device("town", "vn", "48", "20670", lat=15.70, lon=108.10)
CAPITAL = device("capital", "vn", "01", "00004", "g-ven-song", lat=21.03, lon=105.85)
ALL = (UP, DOWN, TOWN, CAPITAL)


def codes(*names: str) -> tuple[AreaCode, ...]:
    return tuple(map(AreaCode, names))


# --- areas ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("areas", "heard", "topics"),
    [
        (("48",), {"up", "down", "town"}, ("48",)),
        (("20669",), {"up", "down"}, ("20669",)),
        (("g-ven-song",), {"up", "down", "capital"}, ("g-ven-song",)),
        (("vn",), {"up", "down", "town", "capital"}, ("vn",)),
        (("48", "20669"), {"up", "down", "town"}, ("48",)),
        (("20669", "48", "20669"), {"up", "down", "town"}, ("48",)),
        (("g-ven-song", "20669"), {"up", "down", "capital"}, ("g-ven-song",)),
        (("vn", "g-ven-song"), {"up", "down", "town", "capital"}, ("vn",)),
        (("48", "01"), {"up", "down", "town", "capital"}, ("48", "01")),
        (("99",), set(), ("99",)),
    ],
)
def test_an_area_reaches_who_listens_to_it_by_the_fewest_topics(
    areas: tuple[str, ...], heard: set[str], topics: tuple[str, ...]
) -> None:
    reach = aim(Target(areas=codes(*areas)), ALL, tree=TREE, groups=GROUPS)
    assert set(reach.devices) == heard
    assert reach.topics == topics
    assert reach.overheard == reach.unplaced == ()


def test_without_a_tree_every_area_is_published() -> None:
    assert aim(Target(areas=codes("48", "20669")), ALL).topics == ("48", "20669")


def test_a_group_of_one_unit_and_that_unit_are_not_both_dropped() -> None:
    groups = (Group(code=AreaCode("g-mot"), name="Một xã", members=codes("20669")),)
    assert len(smallest_set(codes("g-mot", "20669"), TREE, groups)) == 1


def test_a_device_that_is_not_enrolled_yet_is_named_and_a_retired_one_is_not() -> None:
    reach = aim(Target(areas=codes("48")), (expected(UP), retired(DOWN), TOWN), tree=TREE)
    assert (reach.devices, reach.inactive) == (("town",), ("up",))


# --- shapes ---------------------------------------------------------------------------------------------------------


def test_a_circle_reaches_who_hangs_inside_by_an_area_that_disturbs_nobody_else() -> None:
    reach = aim(Target(shapes=(Circle(lat=15.605, lon=107.925, radius_m=5_000),)), ALL)
    assert (reach.meant, reach.overheard, reach.topics) == (("down", "up"), (), ("20669",))


def test_who_shares_the_smallest_area_overhears_and_is_named() -> None:
    reach = aim(Target(shapes=(Circle(lat=15.60, lon=107.90, radius_m=1_000),)), ALL)
    assert (reach.meant, reach.overheard, reach.topics) == (("up",), ("down",), ("20669",))


def test_a_polygon_reaches_who_hangs_inside_it_even_when_it_is_bent() -> None:
    left, right, notch = (15.70, 107.85), (15.70, 108.25), (15.70, 108.00)
    bent = Polygon(
        ring=(
            *((15.5, 107.8), (15.5, 108.3), (15.8, 108.3), (15.8, 108.2)),
            *((15.65, 108.2), (15.65, 107.9), (15.8, 107.9), (15.8, 107.8)),
        )
    )
    assert [bent.holds(*place) for place in (left, right, notch)] == [True, True, False]
    assert aim(Target(shapes=(bent,)), ALL).meant == ("down", "up")


def test_shapes_and_areas_are_taken_together_and_no_topic_is_needed_twice() -> None:
    target = Target(areas=codes("20669"), shapes=(Circle(lat=15.60, lon=107.90, radius_m=1_000),))
    assert aim(target, ALL, tree=TREE).topics == ("20669",)
    with_town = replace(target, shapes=(*target.shapes, Circle(lat=15.70, lon=108.10, radius_m=1_000)))
    assert aim(with_town, ALL, tree=TREE).topics == ("20669", "20670")


def test_a_device_whose_place_nobody_knows_is_listed_and_not_ignored() -> None:
    lost = replace(TOWN, id=DeviceId("somewhere"), site=Site(name="?"))
    circle = Target(shapes=(Circle(lat=15.60, lon=107.90, radius_m=10_000),))
    assert aim(circle, (*ALL, lost)).unplaced == ("somewhere",)
    assert aim(Target(areas=codes("48")), (*ALL, lost)).unplaced == ()


def test_a_device_without_a_place_that_hears_it_anyway_is_not_said_to_be_missed() -> None:
    neighbour = replace(UP, id=DeviceId("neighbour"), site=Site(name="?"))
    reach = aim(Target(shapes=(Circle(lat=15.605, lon=107.925, radius_m=5_000),)), (*ALL, neighbour))
    assert (reach.overheard, reach.unplaced) == (("neighbour",), ())


def test_a_circle_over_the_whole_province_is_one_publish() -> None:
    assert aim(Target(shapes=(Circle(lat=15.65, lon=108.0, radius_m=50_000),)), ALL).topics == ("48",)


def test_of_two_areas_that_reach_the_same_the_lower_is_taken() -> None:
    only_one_commune_has_loudspeakers = (replace(TOWN, areas=codes("vn", "48", "50000")),)
    tree = TREE.with_units([unit("50000", Level.COMMUNE, Kind.COMMUNE, "48")])
    circle = Target(shapes=(Circle(lat=15.70, lon=108.10, radius_m=1_000),))
    assert aim(circle, only_one_commune_has_loudspeakers, tree=tree).topics == ("50000",)


def test_an_outlook_says_how_many_can_be_reached_before_the_button_is_pressed() -> None:
    circle = Target(shapes=(Circle(lat=15.60, lon=107.90, radius_m=1_000),))
    seen = outlook(aim(circle, ALL), unreachable={DeviceId("down"), DeviceId("town")})
    assert (seen.devices, seen.reachable, seen.unreachable) == (2, 1, ("down",))
    assert (seen.overheard, seen.topics, seen.inactive) == (1, 1, 0)


# --- properties -----------------------------------------------------------------------------------------------------

TREES = {"a": ("vn", "p", "a"), "b": ("vn", "p", "b"), "c": ("vn", "q", "c"), "d": ("vn", "q", "d", "g-x")}
fleets = st.lists(st.sampled_from(sorted(TREES)), max_size=12).map(
    lambda homes: [device(f"{home}-{n}", *TREES[home]) for n, home in enumerate(homes)]
)


@given(fleets, st.randoms(use_true_random=False))
def test_everyone_wanted_is_reached_and_no_topic_can_be_spared(fleet: list[Device], dice: object) -> None:
    listeners = listeners_of(fleet)
    wanted = {made.id for made in fleet if dice.random() < 0.5}  # type: ignore[attr-defined]

    def heard(topics: tuple[AreaCode, ...]) -> set[DeviceId]:
        return {name for topic in topics for name in listeners[topic]}

    topics = fewest_topics(wanted, listeners)
    assert wanted <= heard(topics)
    for topic in topics:
        assert not wanted <= heard(tuple(other for other in topics if other != topic))


@given(fleets, st.sets(st.sampled_from(sorted(TREES))))
def test_whole_communes_are_reached_without_a_stranger(fleet: list[Device], homes: set[str]) -> None:
    wanted = {made.id for made in fleet if made.unit in {TREES[home][-1] for home in homes}}
    listeners = listeners_of(fleet)
    assert {name for topic in fewest_topics(wanted, listeners) for name in listeners[topic]} == wanted
