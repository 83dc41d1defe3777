import pytest

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
