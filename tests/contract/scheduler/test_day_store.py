from datetime import date, timedelta

from devices.protocol.ids import DeviceId
from devices.protocol.manifest import AfterCut, QuietHours, QuietWindow, ServiceClass
from scheduler.day import compile_day
from scheduler.model import DayProgramme, Listener
from tests.contract.scheduler.factories import Stores
from tests.contract.scheduler.test_programme_store import COMMUNE, FULL, other

LOA, OTHER = DeviceId("loa-1"), DeviceId("loa-2")
FIRST = date(2026, 11, 25)
LISTENER = Listener(areas=(COMMUNE,), quiet=QuietHours(windows=(QuietWindow(from_min=1260, until_min=300),)))
# Every kind of entry and of explanation that a day can have.
PROGRAMMES = (
    FULL,
    other("thong-bao", service_class=ServiceClass.NORMAL),
    other("tiep-song", service_class=ServiceClass.NORMAL, place=9, slack_ms=0, after_cut=AfterCut.JOIN),
)


def day(on: date = FIRST) -> DayProgramme:
    return compile_day(PROGRAMMES, on, LISTENER)


async def test_a_day_comes_back_as_it_was_kept(stores: Stores) -> None:
    kept = day()
    assert len({said.reason for said in kept.explanations}) > 1
    await stores.days.keep(LOA, kept)
    assert await stores.days.get(LOA, FIRST) == kept


async def test_a_day_belongs_to_one_device_and_one_date(stores: Stores) -> None:
    await stores.days.keep(LOA, day())
    assert await stores.days.get(OTHER, FIRST) is None
    assert await stores.days.get(LOA, FIRST + timedelta(days=1)) is None


async def test_a_day_that_is_kept_again_takes_the_place_of_the_one_before(stores: Stores) -> None:
    await stores.days.keep(LOA, day())
    empty = compile_day([], FIRST, LISTENER)
    await stores.days.keep(LOA, empty)
    assert await stores.days.get(LOA, FIRST) == empty


async def test_days_of_a_stretch_come_in_order_with_both_ends(stores: Stores) -> None:
    dates = [FIRST + timedelta(days=n) for n in (3, 0, 2, 1, 40)]
    for on in dates:
        await stores.days.keep(LOA, day(on))
    await stores.days.keep(OTHER, day())
    found = await stores.days.between(LOA, FIRST, FIRST + timedelta(days=2))
    assert [one.on for one in found] == [FIRST + timedelta(days=n) for n in range(3)]
