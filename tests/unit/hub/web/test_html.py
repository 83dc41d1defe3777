"""What the pages are made of: valid nesting, names for every control, ids once, words for every picture."""

import re
from html.parser import HTMLParser

import pytest

VOID = {"meta", "link", "input", "br", "hr", "img", "source", "path", "circle", "rect", "line", "polyline"}
CONTROLS = {"input", "select", "textarea"}
BLOCKS = {"div", "p", "ul", "ol", "dl", "h1", "h2", "h3", "section", "form", "table", "details", "fieldset", "nav"}


class Page(HTMLParser):
    """Follows the nesting and notes what is wrong."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.controls: list[dict[str, str | None]] = []
        self.described: list[str] = []
        self.buttons: list[str] = []
        self.headings: list[str] = []
        self._button: list[str] | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):  # noqa: C901 - a list of small rules
        given = dict(attrs)
        if len(given) != len(attrs):
            self.wrong.append(f"an attribute twice in <{tag}>: {attrs}")
        if tag in BLOCKS and "p" in self.open:
            self.wrong.append(f"<{tag}> in a <p> (line {self.getpos()[0]})")
        if tag == "form" and "form" in self.open:
            self.wrong.append("a form in a form")
        if tag in {"a", "button"} and {"a", "button"} & set(self.open):
            self.wrong.append(f"<{tag}> inside a link or button (line {self.getpos()[0]})")
        if "id" in given:
            self.ids.append(given["id"] or "")
        if tag == "label" and "for" in given:
            self.labelled.add(given["for"] or "")
        if tag in CONTROLS and given.get("type") != "hidden":
            self.controls.append({**given, "in_label": "yes" if "label" in self.open else None})
        self.described += (given.get("aria-describedby") or "").split() + (given.get("aria-labelledby") or "").split()
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(tag)
        if tag == "button":
            self._button = [given.get("aria-label") or ""]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):  # noqa: ARG002 - the parser's
        if tag not in VOID:
            self.wrong.append(f"<{tag}/> is no end")

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.wrong.append(f"</{tag}> closes {self.open[-3:]} (line {self.getpos()[0]})")
            return
        self.open.pop()
        if tag == "button" and self._button is not None:
            self.buttons.append("".join(self._button).strip())
            self._button = None

    def handle_data(self, data):
        if self._button is not None:
            self._button.append(data)


def problems(text: str) -> list[str]:
    page = Page(text)
    found = [*page.wrong, *(f"left open: {tag}" for tag in page.open)]
    found += [f"id twice: {one}" for one in sorted({one for one in page.ids if page.ids.count(one) > 1})]
    for control in page.controls:
        named = control["in_label"] or control.get("aria-label") or control.get("id") in page.labelled
        found += [] if named else [f"no name: {control}"]
    found += [f"described by nothing: {one}" for one in page.described if one not in page.ids]
    found += ["a button without words" for words in page.buttons if not words]
    found += [] if page.headings[:1] == ["h1"] and page.headings.count("h1") == 1 else [f"headings {page.headings[:3]}"]
    found += [] if text.startswith("<!doctype html>") and '<html lang="vi">' in text else ["no doctype or language"]
    return found


PAGES = (
    ("can.bo", "/"), ("can.bo", "/ban-tin"), ("can.bo", "/ban-tin/moi"), ("can.bo", "/lich"), ("can.bo", "/loa"),
    ("dieu.hanh", "/loa/loa-1"), ("dieu.hanh", "/loa/loa-3"), ("dieu.hanh", "/loa/moi"), ("lanh.dao", "/khan-cap"),
    ("can.bo", "/khan-cap?che-do=dien-tap"), ("can.bo", "/da-phat"), ("lanh.dao", "/nhat-ky?kiem-tra=1"),
    ("quan.tri", "/nguoi-dung"), ("can.bo", "/tai-khoan"), ("can.bo", "/them"), ("", "/dang-nhap"),
)  # fmt: skip


@pytest.mark.parametrize(("login", "path"), PAGES)
async def test_every_page_is_valid_and_every_control_has_a_name(open_browser, speakers, login, path):
    browser = await open_browser(login)
    assert problems(await browser.get(path)) == []


async def test_a_page_of_errors_is_valid_and_leads_to_the_wrong_field(officer, leader, speakers):
    fields = {"unit": "20669", "subject": "health", "service_class": "normal", "region": "north", "rate": "100"}
    page = await officer.post("/ban-tin/moi", status=422, title="", text="Họp.", valid_until="x", **fields)
    assert problems(page) == []
    path = (await officer.post("/ban-tin/moi", title="Họp", text="7h30.", valid_until="", **fields)).partition("#")[0]
    revision = re.search(r'name="revision" value="(\d+)"', await officer.get(path))[1]
    assert problems(await officer.get(path)) == []
    await officer.post(path, title="Họp", text="7h30.", valid_until="", revision=revision, act="submit", **fields)
    assert problems(await leader.get(path)) == []
    await leader.post(f"{path}/buoc", act="approve", version="1")
    assert problems(await officer.get(f"{path}/phat")) == []
    when = {"audience": "20669", "repeat": "daily", "start": "2026-11-25T17:00", "until": "", "after_cut": "resume"}
    assert problems(await officer.post(f"{path}/phat", status=200, act="look", **when)) == []
    alert = {"hazard": "lu", "level": "3", "areas": "20669", "text": "", "life": "60", "repeats": "3", "mode": "that"}
    assert problems(await leader.post("/khan-cap/soan", status=200, **alert)) == []
    assert problems(await leader.post("/khan-cap/soan", status=422, **{**alert, "hazard": ""})) == []
    where = await leader.post("/khan-cap/gui", held="2s", **alert)
    assert problems(await leader.get(where)) == []


async def test_what_people_write_is_never_taken_for_html(officer, leader):
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    fields = {"unit": "20669", "subject": "health", "service_class": "normal", "region": "north", "rate": "100"}
    path = (await officer.post("/ban-tin/moi", title=evil, text=evil, valid_until="", **fields)).partition("#")[0]
    for page in (await officer.get(path), await officer.get("/ban-tin"), await officer.get("/ban-tin?muc=draft")):
        assert "<img" not in page
        assert "<script>alert" not in page
    async with officer.client.post(
        "/cach-doc", data={"text": evil, "csrf": officer.csrf}, headers={"Accept": "application/json"}
    ) as answer:
        assert "<img" not in (await answer.json())["html"]
