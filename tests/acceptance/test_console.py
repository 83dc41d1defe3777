"""The whole job once, by two people in a real browser, over a real hub, broker, voice and loudspeakers."""

import asyncio
import re
from hashlib import sha256
from pathlib import Path
from urllib.parse import urljoin

import pytest
from playwright.async_api import Page, expect

from hub.app import Hub, open_hub
from hub.bench.mosquitto import free_port
from hub.config import Settings
from hub.demo import place
from tests.servers.chromium import OpenPage

DEVICES = 3
TITLE = "Lịch tiêm chủng tháng 8"
TEXT = "Trạm Y tế xã mời bà con đưa trẻ đi tiêm lúc 7h30 ngày 05/8. " * 12  # long enough that the emergency cuts it
PATIENCE_MS = 60_000  # two cores are shared with a voice, a broker, a browser and the loudspeakers


def settings(folder: Path) -> Settings:
    return Settings(
        data_dir=folder / "hub",
        http_port=free_port(),
        broker_port=free_port(),
        unit=place.PROVINCE,
        settle_s=0.2,
        beacon_s=1.0,
        quiet_preset="none",
    )


@pytest.mark.chromium
@pytest.mark.slow
@pytest.mark.timeout(280)
@pytest.mark.blocking_allowed  # a hub makes its folders, and a claims file is written, before anybody is served
async def test_a_bulletin_and_an_emergency_from_the_first_word_to_what_was_played(
    tmp_path: Path, open_page: OpenPage
) -> None:
    async with open_hub(settings(tmp_path)) as hub:
        people = await place.settle(hub.ctx)
        _, codes = await place.hang_up(hub.ctx, people["administrator"].actor, DEVICES)
        async with place.simulated_fleet(hub, codes, tmp_path):
            officer = await signed_in(hub, await open_page(width=360, height=740), people["officer"])
            leader = await signed_in(hub, await open_page(width=1366, height=768), people["leader"])
            await write_listen_and_submit(officer)
            await listen_and_approve(leader)
            await place.all_online(hub.ctx, people["officer"].actor, DEVICES)
            await put_on_the_air(officer)
            await see_it_playing(hub, officer)
            await send_by_holding(leader)
            await everybody_is_told(officer)
            await recall(leader)
            await see_what_was_played(hub, officer)


async def signed_in(hub: Hub, page: Page, person: place.Person) -> Page:
    page.set_default_timeout(PATIENCE_MS)
    page.set_default_navigation_timeout(PATIENCE_MS)
    await page.goto(f"{hub.url}/ban-tin")
    await expect(page).to_have_url(f"{hub.url}/dang-nhap?tiep=%2Fban-tin")
    await page.get_by_label("Tên đăng nhập").fill(person.actor.account.login)
    await page.get_by_label("Mật khẩu").fill(person.password)
    await page.get_by_role("button", name="Đăng nhập").click()
    await page.wait_for_url(f"{hub.url}/ban-tin")
    return page


async def write_listen_and_submit(page: Page) -> None:
    await page.get_by_role("link", name="Soạn bản tin").click()
    await page.get_by_label("Tiêu đề").fill(TITLE)
    await page.get_by_label("Nội dung").fill(TEXT)
    await expect(page.locator("#saved")).to_contain_text("Đã lưu lúc", timeout=PATIENCE_MS)
    await expect(page.locator("#spoken")).to_contain_text("bảy giờ ba mươi", timeout=PATIENCE_MS)
    await page.locator("#spoken .said").first.click()
    assert await page.evaluate("document.activeElement.id") == "f-text", (
        "a word that is read otherwise leads to its place"
    )
    await listen(page, "Nghe thử")
    await page.get_by_role("button", name="Gửi duyệt").click()
    await expect(page.locator(".sentence")).to_have_text("Đang chờ lãnh đạo duyệt.", timeout=PATIENCE_MS)


async def listen(page: Page, label: str) -> None:
    """Hear it: the sound runs, and its bytes have the hash that is shown."""
    await page.get_by_role("button", name=label).click()
    root = page.locator(".listen[data-ready]")
    await root.wait_for(timeout=PATIENCE_MS)
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while await page.locator("audio").evaluate("audio => audio.currentTime") < 0.2:  # noqa: ASYNC110 - the page's
            await asyncio.sleep(0.05)
    src = await page.locator("audio").get_attribute("src")
    digest = await root.get_attribute("data-digest")
    answer = await page.request.get(urljoin(page.url, src or ""))
    assert sha256(await answer.body()).hexdigest() == digest
    await expect(page.locator(".listen-fact")).to_contain_text((digest or "")[:12])
    await page.get_by_role("button", name="Dừng nghe").click()


async def listen_and_approve(page: Page) -> None:
    await page.get_by_role("link", name="Hôm nay").click()
    await page.get_by_role("link", name=f"Duyệt “{TITLE}”").click()
    await listen(page, "Nghe bản tin")
    await page.get_by_role("button", name="Duyệt", exact=True).click()
    await expect(page.locator(".sentence")).to_contain_text("Đã duyệt", timeout=PATIENCE_MS)


async def put_on_the_air(page: Page) -> None:
    # The page that has been open all the time says by itself that somebody has approved.
    await expect(page.locator(".sentence")).to_contain_text("Đã duyệt", timeout=PATIENCE_MS)
    await page.reload()
    await page.get_by_role("link", name="Đưa lên sóng").click()
    await page.get_by_label("Phát ngay").check()
    await page.get_by_role("button", name="Kiểm tra giờ phát").click()
    await expect(page.locator("#seen")).to_contain_text(f"{DEVICES} cụm loa sẽ phát", timeout=PATIENCE_MS)
    await expect(page.locator("#seen")).to_contain_text("Không trùng giờ")
    await page.get_by_role("button", name="Lên lịch").click()
    await expect(page.locator(".sentence")).to_have_text("Đã lên lịch.", timeout=PATIENCE_MS)


async def see_it_playing(hub: Hub, page: Page) -> None:
    await page.goto(hub.url)
    await expect(page.locator(".sentence")).to_contain_text(f"Đang phát: {TITLE}", timeout=PATIENCE_MS)
    await page.get_by_role("link", name="Loa", exact=True).click()
    await expect(page.locator("#tally")).to_contain_text(re.compile(rf"{DEVICES}\s*Đang phát"), timeout=PATIENCE_MS)


async def send_by_holding(page: Page) -> None:
    await page.get_by_role("link", name="Khẩn cấp").click()
    await page.get_by_label("Lũ quét").check()
    await page.get_by_label("Xã Quế Phước").check()
    await page.get_by_label("Lời riêng").fill("Nước suối dâng nhanh. Bà con lên ngay nhà văn hóa.")
    await page.get_by_role("button", name="Kiểm tra phạm vi và nghe").click()
    await expect(page.locator("main")).to_contain_text(f"Xã Quế Phước: {DEVICES} cụm loa")
    await listen(page, "Nghe lời sẽ phát")
    button = page.locator("[data-hold]")
    await button.click()  # a tap is not enough
    await expect(button).to_contain_text("Giữ 2 giây để gửi tin thật")
    await hold(page)
    await expect(page.locator(".sentence")).to_have_text(f"Cả {DEVICES} cụm loa đã phát.", timeout=PATIENCE_MS)
    await expect(page.locator("#calls")).to_contain_text("Đã phát")


async def hold(page: Page) -> None:
    box = await page.locator("[data-hold]").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    async with page.expect_navigation(timeout=PATIENCE_MS):
        await page.mouse.down()
    await page.mouse.up()


async def everybody_is_told(page: Page) -> None:
    """A page that was open all the time turns red by itself."""
    await expect(page.locator(".strip.real")).to_contain_text("THẬT", timeout=PATIENCE_MS)
    await expect(page.locator(".strip.real")).to_contain_text("Cảnh báo lũ quét")


async def recall(page: Page) -> None:
    await hold(page)
    await expect(page.locator(".sentence")).to_contain_text("Đã thu hồi.", timeout=PATIENCE_MS)
    await expect(page.locator(".strip")).to_contain_text("Báo yên", timeout=PATIENCE_MS)


async def see_what_was_played(hub: Hub, page: Page) -> None:
    await page.goto(f"{hub.url}/da-phat")
    rows = page.locator("#runs tbody tr")
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while (
            await rows.filter(has_text=TITLE).count() < DEVICES
            or await rows.filter(has_text="lên ngay").count() < DEVICES
        ):
            await page.reload()
            await asyncio.sleep(0.5)  # loudspeakers report in batches
    await expect(rows.filter(has_text=TITLE).first).to_contain_text("Phát không trọn")
    await expect(rows.filter(has_text=TITLE).first).to_contain_text("bản tin khẩn cấp chen ngang")


@pytest.mark.chromium
@pytest.mark.slow
@pytest.mark.blocking_allowed  # as above
async def test_a_page_says_when_the_hub_is_away_and_saves_what_was_typed_when_it_is_back(
    tmp_path: Path, open_page: OpenPage
) -> None:
    same = settings(tmp_path)
    page = await open_page(width=360, height=740)
    async with open_hub(same) as hub:
        people = await place.settle(hub.ctx)
        await signed_in(hub, page, people["officer"])
        await page.get_by_role("link", name="Soạn bản tin").click()
        await page.get_by_label("Tiêu đề").fill(TITLE)
        await expect(page.locator("#saved")).to_contain_text("Đã lưu lúc")
    await page.get_by_label("Nội dung").fill("Chữ gõ khi mất mạng.")
    await expect(page.locator("#saved")).to_contain_text("Nội dung vẫn được giữ", timeout=PATIENCE_MS)
    await expect(page.locator("#line")).to_contain_text("Mất kết nối với máy chủ. Số liệu lúc", timeout=PATIENCE_MS)
    await expect(page.get_by_label("Nội dung")).to_have_value("Chữ gõ khi mất mạng.")
    async with open_hub(same):
        await expect(page.locator("#saved")).to_contain_text("Đã lưu lúc", timeout=PATIENCE_MS)
        await expect(page.locator("#line")).to_be_hidden(timeout=PATIENCE_MS)
        await page.reload()
        await expect(page.get_by_label("Nội dung")).to_have_value("Chữ gõ khi mất mạng.")
