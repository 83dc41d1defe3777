"""The jobs of the console from form to form, without a script: what a person with an old phone can do."""

import re
from hashlib import sha256

WORDS = {
    "unit": "20669",
    "title": "Lịch tiêm chủng tháng 8",
    "text": "Trạm Y tế xã mời trẻ từ 02 tháng tuổi đến lúc 7h30 ngày 05/8/2026.",
    "subject": "health",
    "service_class": "normal",
    "region": "north",
    "rate": "100",
    "valid_until": "",
}


async def written(officer, **changes):
    where = await officer.post("/ban-tin/moi", **{**WORDS, **changes, "act": "save"})
    return where.partition("#")[0]


async def approved(officer, leader):
    path = await written(officer)
    page = await officer.get(path)
    revision = re.search(r'name="revision" value="(\d+)"', page)[1]
    await officer.post(path, **WORDS, revision=revision, act="submit")
    version = re.search(r'name="version" value="(\d+)"', await leader.get(path))[1]
    await leader.post(f"{path}/buoc", act="approve", version=version)
    return path


async def test_a_draft_shows_how_it_will_be_spoken(officer):
    page = await officer.get(await written(officer))
    assert "bảy giờ ba mươi" in page
    assert 'title="Viết: 7h30"' in page


async def test_what_is_listened_to_are_the_bytes_under_their_own_hash(officer, world):
    path = await written(officer)
    where = await officer.get(f"{path}/nghe", status=303)
    assert where == ""
    async with officer.client.get(f"{path}/nghe", headers={"Accept": "application/json"}) as answer:
        said = await answer.json()
    async with officer.client.get(said["src"]) as answer:
        data = await answer.read()
    assert sha256(data).hexdigest() == said["digest"]
    assert answer.headers["Content-Type"] == "audio/ogg"


async def test_a_part_of_a_sound_is_given_to_a_player_that_seeks(officer):
    path = await written(officer)
    async with officer.client.get(f"{path}/nghe") as answer:
        whole = await answer.read()
        src = answer.url.path
    async with officer.client.get(src, headers={"Range": "bytes=4-9"}) as answer:
        assert (answer.status, await answer.read()) == (206, whole[4:10])
    async with officer.client.get(src, headers={"Range": f"bytes={len(whole)}-"}) as answer:
        assert answer.status == 416


async def test_a_second_person_approves_and_the_first_is_told_why_not(officer, leader, speakers):
    path = await approved(officer, leader)
    assert "Đã duyệt" in await officer.get(path)


async def test_who_wrote_it_is_offered_no_approval(leader):
    path = await written(leader)
    revision = re.search(r'name="revision" value="(\d+)"', await leader.get(path))[1]
    await leader.post(path, **WORDS, revision=revision, act="submit")
    page = await leader.get(path)
    assert "người soạn không tự duyệt" in page
    assert 'value="approve"' not in page
    assert "không được tự duyệt" in await leader.post(f"{path}/buoc", status=403, act="approve", version="1")


async def test_a_bulletin_sent_back_comes_with_its_reason(officer, leader):
    path = await written(officer)
    revision = re.search(r'name="revision" value="(\d+)"', await officer.get(path))[1]
    await officer.post(path, **WORDS, revision=revision, act="submit")
    assert "Hãy ghi lý do" in await leader.post(f"{path}/buoc", status=422, act="return", reason=" ")
    await leader.post(f"{path}/buoc", act="return", reason="Thiếu số điện thoại liên hệ.")
    assert "Thiếu số điện thoại liên hệ." in await officer.get(path)
    assert "Thiếu số điện thoại liên hệ." in await officer.get("/ban-tin?muc=returned")


async def test_an_approved_bulletin_is_put_on_the_air_after_its_conflicts_were_shown(officer, leader, speakers):
    path = await approved(officer, leader)
    when = {"audience": "20669", "repeat": "daily", "start": "2026-11-25T17:00", "until": "", "after_cut": "resume"}
    page = await officer.post(f"{path}/phat", status=200, act="look", **when)
    assert "3 cụm loa sẽ phát" in page
    assert "Không trùng giờ" in page
    assert await officer.post(f"{path}/phat", act="put", accept="", **when) == path
    assert "Hằng ngày lúc 17:00" in await officer.get("/lich")
    assert "Lịch tiêm chủng" in await officer.get("/")
    assert "Lịch tiêm chủng" in await officer.get("/loa/loa-1")


async def test_a_second_programme_at_the_same_time_is_saved_only_when_the_conflict_was_seen(officer, leader, speakers):
    when = {"audience": "20669", "repeat": "once", "start": "2026-11-25T17:00", "until": "", "after_cut": "resume"}
    first = await approved(officer, leader)
    await officer.post(f"{first}/phat", act="put", accept="", **when)
    second = await approved(officer, leader)
    page = await officer.post(f"{second}/phat", status=409, act="put", accept="", **when)
    assert "Trùng giờ" in page
    accept = re.search(r'name="accept" value="([^"]+)"', page)[1]
    assert await officer.post(f"{second}/phat", act="put", accept=accept, **when) == second


async def test_a_programme_is_taken_off_the_air(officer, leader, speakers):
    path = await approved(officer, leader)
    when = {"audience": "20669", "repeat": "daily", "start": "2026-11-25T17:00", "until": "", "after_cut": "resume"}
    await officer.post(f"{path}/phat", act="put", accept="", **when)
    where = re.search(r'action="(/lich/[^"]+/huy)"', await officer.get("/lich"))[1]
    await officer.post(where)
    assert "Chưa có chương trình nào" in await officer.get("/lich")


async def test_quiet_hours_are_refused_in_words_and_what_was_chosen_stays(officer, leader, speakers):
    path = await approved(officer, leader)
    when = {"audience": "20669", "repeat": "once", "start": "2026-11-24T17:00", "until": "", "after_cut": "resume"}
    page = await officer.post(f"{path}/phat", status=422, act="look", **when)
    assert "đã qua" in page
    assert 'value="2026-11-24T17:00"' in page


ALERT = {
    "hazard": "lu-quet",
    "level": "3",
    "areas": "20669",
    "text": "Nước suối lên nhanh.",
    "life": "60",
    "repeats": "3",
}


async def test_an_alert_is_checked_held_sent_called_and_recalled(leader, officer, speakers):
    page = await leader.post("/khan-cap/soan", status=200, mode="that", **ALERT)
    assert "3 cụm loa, 1 mất liên lạc" in page
    assert "Nước suối lên nhanh" in page
    where = await leader.post("/khan-cap/gui", mode="that", held="2s", typed="", **ALERT)
    page = await leader.get(where)
    assert "Đã phát ở 0/3 cụm loa" in page
    strip = await officer.get("/ban-tin")
    assert "THẬT" in strip
    assert f'href="{where}"' in strip
    assert await leader.post(f"{where}/thu-hoi", held="2s") == where
    assert "Đã thu hồi" in await leader.get(where)
    assert "Báo yên" in await officer.get("/")


async def test_an_alert_that_was_not_held_is_not_sent(leader, speakers, world):
    page = await leader.post("/khan-cap/gui", status=422, mode="that", held="", typed="Xã Khác", **ALERT)
    assert "Chưa gửi" in page
    assert "Không có tin khẩn cấp nào đang phát" in await leader.get("/khan-cap")
    await leader.post("/khan-cap/gui", mode="that", held="", typed="xa que phuoc", **ALERT)
    assert "1 tin khẩn cấp đang phát" in await leader.get("/khan-cap")


async def test_a_drill_says_so_on_every_page(leader, speakers):
    page = await leader.post("/khan-cap/soan", status=200, mode="dien-tap", **ALERT)
    assert page.count("DIỄN TẬP") >= 2
    assert "đây là bản tin diễn tập" in page
    where = await leader.post("/khan-cap/gui", mode="dien-tap", held="2s", **ALERT)
    page = await leader.get(where)
    assert page.count("DIỄN TẬP") >= 5
    assert "THẬT" not in page


async def test_an_officer_may_drill_but_not_send(officer, speakers):
    page = await officer.get("/khan-cap")
    assert "không gồm quyền phát tin khẩn cấp" in page
    assert "Nhiệm vụ được giao" in await officer.post("/khan-cap/gui", status=403, mode="that", held="2s", **ALERT)
    await officer.post("/khan-cap/gui", mode="dien-tap", held="2s", **ALERT)


async def test_a_loudspeaker_is_registered_with_a_code_that_is_shown_once(open_browser):
    manager = await open_browser("dieu.hanh")
    page = await manager.post(
        "/loa/moi", status=200, device_id="loa-9", unit="20669", name="Đình làng", kind="ip_cluster"
    )
    code = re.search(r'id="claim-code">([A-Z0-9-]{19})<', page)[1]
    assert code not in await manager.get("/loa/loa-9")
    assert "chờ kích hoạt" in await manager.get("/loa/loa-9")
    page = await manager.post(
        "/loa/moi", status=422, device_id="Loa số 9", unit="20669", name="Đình làng", kind="ip_cluster"
    )
    assert "chữ thường không dấu" in page
    assert 'value="Loa số 9"' in page


async def test_a_loudspeaker_is_stopped_moved_and_retired(open_browser, speakers):
    manager = await open_browser("dieu.hanh")
    await manager.post("/loa/loa-1/dung", hold_min="60")
    assert "Lệnh điều khiển" in await manager.get("/loa/loa-1")
    await manager.post("/loa/loa-1/vi-tri", name="Cổng chợ")
    assert "Cổng chợ" in await manager.get("/loa/loa-1")
    await manager.post("/loa/loa-1/am-luong", percent="60")
    assert "từ 0 đến 100" in await manager.post("/loa/loa-1/am-luong", status=422, percent="101")
    await manager.post("/loa/dung", unit="20669", hold_min="0")
    await manager.post("/loa/loa-1/thu-hoi")
    assert "đã thu hồi" in await manager.get("/loa/loa-1")


async def test_an_account_is_made_changes_its_password_and_is_closed(open_browser):
    admin = await open_browser("quan.tri")
    page = await admin.post(
        "/nguoi-dung", status=200, login="tran.mai", name="Trần Thị Mai", role="commune_officer", unit="20669"
    )
    first = re.search(r'id="first-password">([^<]+)<', page)[1]
    new = await open_browser()
    assert await new.post("/dang-nhap", login="tran.mai", password=first, next="/") == "/tai-khoan"
    new.csrf = re.search(r'data-csrf="([0-9a-f]{64})"', await new.get("/tai-khoan"))[1]
    assert await new.get("/ban-tin", status=303) is not None
    wrong = await new.post("/tai-khoan", status=422, old=first, new="ngan", again="ngan")
    assert "ít nhất 10 ký tự" in wrong
    good = "con trau di cay ruong"
    assert await new.post("/tai-khoan", old=first, new=good, again=good) == "/dang-nhap"
    await new.sign_in("tran.mai", good)
    account = re.search(r'Trần Thị Mai.*?/nguoi-dung/([^/"]+)/dong', await admin.get("/nguoi-dung"), re.DOTALL)[1]
    await admin.post(f"/nguoi-dung/{account}/vai-tro", role="commune_leader", unit="20669")
    await admin.post(f"/nguoi-dung/{account}/bo-vai-tro", role="commune_leader", unit="20669")
    await admin.post(f"/nguoi-dung/{account}/dong")
    await new.get("/ban-tin", status=303)
    assert "đã đóng" in await admin.get("/nguoi-dung")
