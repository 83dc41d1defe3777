"""Every page opens for whom it is; long lists come in parts."""

import pytest

from devices.areas import AreaCode
from devices.model import Site
from hub.flows import areas, bulletin, fleet
from hub.web.pages.loudspeakers import LISTED_MAX

COMMUNE = AreaCode("20669")
PAGES = (
    "/",
    "/them",
    "/tai-khoan",
    "/ban-tin",
    "/ban-tin/moi",
    "/loa",
    "/loa/loa-1",
    "/khan-cap",
    "/khan-cap?che-do=dien-tap",
    "/lich",
)


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_opens_for_an_officer(path, officer, speakers):
    page = await officer.get(path)
    assert "Xã Quế Phước" in page


async def test_a_list_of_many_loudspeakers_is_shown_by_unit_first(open_browser, world):
    manager = await world.actor("dieu.hanh")
    for n in range(LISTED_MAX + 1):
        site = Site(name=f"Cụm số {n}")
        await fleet.register(world.ctx, manager, device_id=f"nhieu-{n}", unit=COMMUNE, site=site)
    officer = await open_browser("can.bo")
    for path in ("/", "/loa"):
        page = await officer.get(path)
        assert "Cụm số 7" not in page
        assert f"0/{LISTED_MAX + 1} hoạt động" in page
    assert "Cụm số 7" in await officer.get(f"/loa?don-vi={COMMUNE}")


async def test_a_long_list_of_bulletins_has_pages(officer, world):
    author = await world.actor("can.bo")
    for n in range(60):
        await bulletin.write(world.ctx, author, unit=COMMUNE, title=f"Tin số {n}", text="")
    first, second = await officer.get("/ban-tin?muc=draft"), await officer.get("/ban-tin?muc=draft&trang=2")
    assert first.count("Tin số") == 50
    assert second.count("Tin số") == 10
    assert "Trang 2/2" in second


async def test_a_group_of_areas_is_an_audience_with_its_name(officer, world, speakers):
    manager = await world.actor("dieu.hanh")
    group = await areas.put_group(world.ctx, manager, name="Ven sông", members=[COMMUNE])
    page = await officer.get("/khan-cap?che-do=dien-tap")
    assert f'value="{group.code}"' in page
    assert "Nhóm Ven sông" in page
