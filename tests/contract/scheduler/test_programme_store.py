from dataclasses import replace
from datetime import UTC, datetime

import pytest

from devices.protocol.ids import AreaCode, AssetDigest, ContentId
from devices.protocol.manifest import AfterCut, ServiceClass
from scheduler.errors import StaleProgramme, UnknownProgramme
from scheduler.model import Clip, Programme, Recurrence
from tests.contract.scheduler.factories import Stores

COMMUNE, PROVINCE, OTHER = AreaCode("20669"), AreaCode("48"), AreaCode("20670")
START = datetime.fromisoformat("2026-11-25T05:00")
FULL = Programme(
    id=ContentId("thoi-su"),
    unit=COMMUNE,
    title="Thời sự “sáng” <xã>",
    audience=(COMMUNE, AreaCode("g-lien-xa")),
    recurrence=Recurrence(start=START, rule="FREQ=DAILY;COUNT=9", exdates=(START.replace(day=26),)),
    clips=(
        Clip(
            bulletin="bt-1",
            asset=AssetDigest("a" * 64),
            duration_ms=61_001,
            title="Tiêm chủng",
            valid_until=datetime(2026, 12, 1, 0, 0, 0, 1000, tzinfo=UTC),
        ),
        Clip(bulletin="", asset=AssetDigest("b" * 64), duration_ms=4000),
    ),
    service_class=ServiceClass.PRIORITY,
    place=-3,
    after_cut=AfterCut.RESTART,
    slack_ms=600_000,
    valid_until=datetime(2027, 1, 1, tzinfo=UTC),
    created_by="van-a",
)


def other(id: str, **more: object) -> Programme:  # noqa: A002
    return replace(FULL, id=ContentId(id), **more)  # type: ignore[arg-type]


async def test_a_programme_comes_back_as_it_was_kept(stores: Stores) -> None:
    await stores.programmes.save(FULL)
    assert await stores.programmes.get(FULL.id) == FULL


async def test_a_programme_that_nobody_kept_is_unknown(stores: Stores) -> None:
    with pytest.raises(UnknownProgramme):
        await stores.programmes.get(ContentId("nobody"))


async def test_the_next_version_takes_the_place_of_the_one_before(stores: Stores) -> None:
    await stores.programmes.save(FULL)
    edited = replace(FULL, title="Tin mới", audience=(OTHER,), version=2)
    await stores.programmes.save(edited)
    assert await stores.programmes.get(FULL.id) == edited
    assert await stores.programmes.reaching([COMMUNE]) == ()
    assert await stores.programmes.reaching([OTHER]) == (edited,)


@pytest.mark.parametrize("version", [1, 3, 7])
async def test_an_edit_of_another_version_than_the_one_kept_is_refused(stores: Stores, version: int) -> None:
    await stores.programmes.save(FULL)
    await stores.programmes.save(replace(FULL, version=2))
    wanted = replace(FULL, title="Ghi đè", version=version)
    if version == 3:
        await stores.programmes.save(wanted)
        assert await stores.programmes.get(FULL.id) == wanted
        return
    with pytest.raises(StaleProgramme):
        await stores.programmes.save(wanted)
    assert (await stores.programmes.get(FULL.id)).version == 2


async def test_the_first_version_is_one(stores: Stores) -> None:
    with pytest.raises(StaleProgramme):
        await stores.programmes.save(replace(FULL, version=2))


async def test_a_removed_programme_is_gone(stores: Stores) -> None:
    await stores.programmes.save(FULL)
    with pytest.raises(StaleProgramme):
        await stores.programmes.remove(FULL.id, 2)
    await stores.programmes.remove(FULL.id, 1)
    with pytest.raises(UnknownProgramme):
        await stores.programmes.get(FULL.id)
    with pytest.raises(UnknownProgramme):
        await stores.programmes.remove(FULL.id, 1)
    assert await stores.programmes.reaching([COMMUNE]) == await stores.programmes.with_bulletin("bt-1") == ()


async def test_programmes_are_found_by_unit_in_the_order_of_their_ids(stores: Stores) -> None:
    kept = [other("c"), other("a", enabled=False), other("b", unit=OTHER)]
    for one in kept:
        await stores.programmes.save(one)
    assert [one.id for one in await stores.programmes.of_unit(COMMUNE)] == ["a", "c"]


async def test_programmes_are_found_by_whom_they_reach_once_each_and_only_when_switched_on(stores: Stores) -> None:
    kept = [
        other("c", audience=(PROVINCE,)),
        other("b", audience=(PROVINCE, COMMUNE)),
        other("a", audience=(OTHER,)),
        other("d", enabled=False),
    ]
    for one in kept:
        await stores.programmes.save(one)
    assert [one.id for one in await stores.programmes.reaching([PROVINCE, COMMUNE])] == ["b", "c"]
    assert await stores.programmes.reaching([]) == ()
    assert [one.id for one in await stores.programmes.enabled()] == ["a", "b", "c"]


async def test_programmes_are_found_by_the_bulletins_in_them(stores: Stores) -> None:
    await stores.programmes.save(other("b"))
    await stores.programmes.save(other("a", clips=()))
    await stores.programmes.save(other("c", enabled=False))
    assert [one.id for one in await stores.programmes.with_bulletin("bt-1")] == ["b", "c"]
    assert await stores.programmes.with_bulletin("bt-2") == ()
