"""Whatever comes in by HTTP: answered in words, and nothing half-done remains."""

import re
from urllib.parse import quote_from_bytes, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.flows.errors import Refused
from hub.web.app import ROUTES
from hub.web.forms import BODY_BYTES_MAX, parse
from hub.web.pages.session import _inside
from hub.web.words import a_date, from_input, wall_time

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
POSTS = [re.sub(r"\{[^}]*\}+", "x", path) for method, path, _ in ROUTES if method == "POST"]
GETS = [re.sub(r"\{[^{}]*(?:\{[^}]*\}[^{}]*)*\}", "x", path) for method, path, _ in ROUTES if method == "GET"]
READ = ("/", "/ban-tin", "/loa", "/khan-cap", "/lich", "/da-phat", "/nguoi-dung", "/nhat-ky", "/them", "/tai-khoan")


@pytest.mark.parametrize("path", READ)
async def test_who_is_not_signed_in_is_asked_to_and_comes_back(open_browser, path):
    stranger = await open_browser()
    async with stranger.client.get(path, allow_redirects=False) as answer:
        assert answer.status == 303
        assert answer.headers["Location"].startswith("/dang-nhap?tiep=")


@pytest.mark.parametrize("path", POSTS)
async def test_a_form_without_its_token_is_refused_and_says_what_to_do(officer, path):
    if path == "/dang-nhap":
        path = "/tai-khoan"
    page = await officer.post(path, status=403, csrf=False, title="x")
    assert "Hãy tải lại trang" in page


async def test_a_form_from_another_site_is_refused_even_with_the_token(officer):
    for headers in ({"Origin": "https://example.test"}, {"Sec-Fetch-Site": "cross-site"}):
        async with officer.client.post("/dang-xuat", data={"csrf": officer.csrf}, headers=headers) as answer:
            assert answer.status == 403
    await officer.get("/")


async def test_what_is_too_large_is_refused_before_it_is_read(officer):
    async with officer.client.post("/cach-doc", data=b"text=" + b"a" * BODY_BYTES_MAX, headers=FORM) as answer:
        assert answer.status == 413
        assert "quá lớn" in await answer.text()


async def test_what_is_too_large_is_refused_also_when_it_does_not_say_so(officer):
    async def pieces():
        for _ in range(20):
            yield b"a" * 32_768

    async with officer.client.post("/cach-doc", data=pieces(), headers=FORM) as answer:
        assert answer.status == 413


@pytest.mark.parametrize(
    ("login", "path", "needs"),
    [
        ("can.bo", "/nguoi-dung", "quản lý người dùng"),
        ("can.bo", "/nhat-ky", "xem nhật ký"),
        ("can.bo", "/loa/moi", "quản lý cụm loa"),
        ("quan.tri", "/ban-tin/moi", "soạn bản tin"),
    ],
)
async def test_a_page_for_others_says_which_right_is_missing(open_browser, login, path, needs):
    browser = await open_browser(login)
    assert needs in await browser.get(path, status=403)


@pytest.mark.parametrize(
    "path", ["/ban-tin/b-1", "/loa/khong-co", "/khan-cap/i-1", "/khong-co", "/am-thanh/" + "0" * 64]
)
async def test_what_is_not_there_is_said_in_words(officer, path):
    assert "Không" in await officer.get(path, status=404)


async def test_a_wrong_password_keeps_the_name_and_tells_nothing_else(open_browser):
    stranger = await open_browser()
    page = await stranger.post("/dang-nhap", status=401, login="can.bo", password="sai", next="/")
    assert 'value="can.bo"' in page
    assert "không đúng" in page
    assert "sai" not in re.findall(r'value="([^"]*)"', page)


async def test_after_many_wrong_passwords_one_has_to_wait(open_browser):
    stranger = await open_browser()
    for _ in range(6):
        await stranger.client.post("/dang-nhap", data={"login": "can.bo", "password": "sai", "next": "/"})
    async with stranger.client.post("/dang-nhap", data={"login": "can.bo", "password": "sai", "next": "/"}) as answer:
        assert answer.status == 429
        assert int(answer.headers["Retry-After"]) >= 1


async def test_a_bulletin_with_a_wrong_field_keeps_everything_that_was_typed(officer):
    fields = {"unit": "20669", "subject": "health", "service_class": "normal", "region": "north", "rate": "100"}
    page = await officer.post("/ban-tin/moi", status=422, title=" ", text="Nội dung đã gõ.", valid_until="", **fields)
    assert "Nội dung đã gõ." in page
    assert 'href="#f-title"' in page
    assert "autofocus" in page
    page = await officer.post("/ban-tin/moi", status=422, title="Họp", text="Bảy giờ.", valid_until="mai", **fields)
    assert "không phải là ngày giờ" in page
    assert 'value="Họp"' in page


async def test_two_who_edit_the_same_words_do_not_overwrite_each_other(officer, leader):
    fields = {"unit": "20669", "subject": "health", "service_class": "normal", "region": "north", "rate": "100"}
    path = (await officer.post("/ban-tin/moi", title="Họp", text="Bảy giờ.", valid_until="", **fields)).partition("#")[
        0
    ]
    revision = re.search(r'name="revision" value="(\d+)"', await officer.get(path))[1]
    await leader.post(path, title="Họp thôn", text="Bảy giờ.", valid_until="", revision=revision, **fields)
    said = await officer.post(
        path, status=409, title="Họp xã", text="Bảy giờ.", valid_until="", revision=revision, **fields
    )
    assert "người khác thay đổi" in said
    assert "Họp thôn" in await officer.get(path)


async def test_an_emergency_bulletin_is_not_written_as_an_ordinary_one(officer):
    page = await officer.post(
        "/ban-tin/moi", status=422, unit="20669", title="Lũ", text="Lũ.", subject="health", service_class="emergency",
        region="north", rate="100", valid_until="",
    )  # fmt: skip
    assert "mục Khẩn cấp" in page


async def test_every_answer_has_its_headers_and_no_page_has_a_script_or_a_style_of_its_own(officer, speakers):
    for path in READ[:6]:
        async with officer.client.get(path) as answer:
            text = await answer.text()
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cache-Control"] == "no-store"
        assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", text)
        assert not re.search(r'(?:src|href|action)="https?:', text)


async def test_a_first_page_is_at_most_100_kb_and_a_next_one_25(officer, speakers):
    sizes = {}
    for path in ("/", "/ban-tin", "/ban-tin/moi", "/loa", "/khan-cap", "/da-phat"):
        async with officer.client.get(path) as answer:
            await answer.read()
            sizes[path] = int(answer.headers["Content-Length"])
    assert all(size <= 25_000 for size in sizes.values()), sizes
    page = await officer.get("/")
    files = set(re.findall(r'"(/static/[^"]+)"', page))
    edition = re.search(r"/static/([0-9a-f]{12})/", page)[1]
    fonts = {
        f"/static/{edition}/fonts/{kind}-{weight}.woff2"
        for kind in ("latin", "vietnamese", "figures")
        for weight in (400, 600)
    }
    first = sizes["/"]
    for path in files | fonts:
        async with officer.client.get(path) as answer:
            assert "immutable" in answer.headers["Cache-Control"]
            first += int(answer.headers["Content-Length"])
    assert first <= 100_000, first


@pytest.mark.parametrize(
    ("path", "goes_to"),
    [
        ("/ban-tin?muc=draft", "/ban-tin?muc=draft"),
        ("//example.test", "/"),
        ("/\\example.test", "/"),
        ("https://example.test", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("/dang-nhap", "/"),
        ("", "/"),
    ],
)
def test_signing_in_leads_to_pages_of_our_own_only(path, goes_to):
    assert _inside(path) == goes_to


@given(st.text(max_size=40))
def test_no_text_in_a_field_for_times_raises(text):
    assert from_input(text) is None or wall_time(text) is not None
    a_date(text)


@given(st.binary(max_size=200))
def test_no_body_of_a_form_raises_anything_but_a_refusal(body):
    try:
        form = parse(body.decode("latin-1"))
    except Refused:
        return
    for name in form:
        assert "\0" not in form.text(name)


NAMES = (
    *("act", "title", "text", "unit", "revision", "rate", "audience", "repeat", "start", "days", "until", "hazard"),
    *("level", "areas", "life", "repeats", "mode", "held", "typed", "hold_min", "percent", "name", "device_id", "kind"),
    *("login", "password", "role", "version", "reason", "valid_until", "region", "subject", "service_class"),
)
VALUES = st.one_of(st.sampled_from(["20669", "vn", "save", "1", "0", "2026-11-26T05:30"]), st.text(max_size=20))


async def test_random_forms_bytes_and_questions_never_bring_the_hub_down(officer, speakers, rng):
    """Sent to every address, by somebody with rights: the answer is a page or a refusal, never 500."""
    asked = []
    for path in (one.replace("/ban-tin/x", "/ban-tin/b-1").replace("/loa/x", "/loa/loa-1") for one in POSTS):
        for body in (rng.randbytes(60), *(_random_form(rng) for _ in range(5))):
            headers = {**FORM, "X-CSRF-Token": officer.csrf}
            async with officer.client.post(path, data=body, headers=headers, allow_redirects=False) as answer:
                asked.append((path, body, answer.status))
            if path == "/dang-xuat":
                await officer.sign_in("can.bo")
    for path in (one for one in GETS if one != "/su-kien"):
        for name in ("muc", "ngay", "trang", "truoc", "tiep", "loa"):
            question = f"{path}?{name}={quote_from_bytes(rng.choice(SAMPLES))}"
            async with officer.client.get(question, allow_redirects=False) as answer:
                asked.append((question, b"", answer.status))
    assert not [one for one in asked if one[2] >= 500]


def _random_form(rng):
    return "&".join(f"{rng.choice(NAMES)}={quote_from_bytes(rng.choice(SAMPLES))}" for _ in range(12)).encode()


SAMPLES = (
    b"", b"20669", b"vn", b"save", b"submit", b"put", b"1", b"0", b"-1", b"9" * 40, b"weekly", b"MO", b"once", b"daily",
    b"2026-11-26T05:30", b"9999-12-31T23:59", b"lu-quet", b"60", b"2s", b"normal", b"north", b"health", b"ip_cluster",
    b"\xff\xfe", b"\x00", "ẵỗữ".encode(), b"<script>", b"' or 1=1 --", b"../../x", b"a" * 9000,
    "٣".encode(), "²".encode(),
)  # fmt: skip


async def test_a_question_with_bytes_that_are_no_text_is_answered(officer):
    async with officer.client.get("/ban-tin?muc=%ff%00") as answer:
        assert answer.status in {200, 422}


def test_every_route_has_one_handler():
    assert len({(method, path) for method, path, _ in ROUTES}) == len(ROUTES)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6))
def test_a_form_is_what_was_sent(fields):
    sent = urlencode(fields, errors="replace")
    assert set(parse(sent)) == set(fields)
