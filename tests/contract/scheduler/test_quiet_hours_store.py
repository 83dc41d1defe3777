from devices.protocol.ids import AreaCode
from devices.protocol.manifest import QuietWindow
from tests.contract.scheduler.factories import Stores

COMMUNE = AreaCode("20669")
NIGHT, NOON = QuietWindow(from_min=1260, until_min=300), QuietWindow(from_min=690, until_min=1440)


async def test_the_windows_of_an_area_come_back_in_their_order(stores: Stores) -> None:
    await stores.quiet_hours.put(COMMUNE, (NOON, NIGHT))
    await stores.quiet_hours.put(AreaCode("48"), (NIGHT,))
    assert await stores.quiet_hours.every() == {COMMUNE: (NOON, NIGHT), AreaCode("48"): (NIGHT,)}


async def test_new_windows_take_the_place_of_the_old(stores: Stores) -> None:
    await stores.quiet_hours.put(COMMUNE, (NIGHT,))
    await stores.quiet_hours.put(COMMUNE, (NOON,))
    assert (await stores.quiet_hours.every())[COMMUNE] == (NOON,)


async def test_an_area_without_windows_adds_nothing(stores: Stores) -> None:
    await stores.quiet_hours.put(COMMUNE, (NIGHT,))
    await stores.quiet_hours.put(COMMUNE, ())
    assert (await stores.quiet_hours.every()).get(COMMUNE, ()) == ()
