"""Nonsense on every topic, every address and every command: it is refused where it comes in, and work goes on."""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp.test_utils import TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.protocol import topics
from devices.protocol.ids import AssetDigest
from devices.protocol.signing import Signer
from devices.protocol.topics import FROM_DEVICE, Leaf
from hub.api.routes import api_routes
from hub.app import Hub
from hub.bench.mosquitto import Mosquitto
from hub.db.engine import Database, open_engine
from hub.db.migrate import upgrade
from hub.db.transaction import Store
from hub.demo.place import COMMUNE
from hub.flows.context import Context
from hub.keys import open_keys
from hub.plans import FIRST
from hub.web import middleware
from hub.web.app import ROUTES, web_app
from tests.acceptance import nonsense
from tests.acceptance.installation import Installation
from tests.acceptance.processes import ROOT, Child, wait_until
from tests.fakes.hub import hub_over

pytestmark = [pytest.mark.slow, pytest.mark.mosquitto, pytest.mark.timeout(300)]

ANSWERS_S = 20.0
bounded = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass
class Site:
    """A hub and one loudspeaker that run, and two people who are signed in."""

    installed: Installation
    hub: Child
    loudspeaker: Child
    token: str = ""
    cookies: dict[str, str] = field(default_factory=dict)  # by role
    csrf: dict[str, str] = field(default_factory=dict)

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes, dict[str, str]]:
        """Send one request and return status, body and headers; an answer later than ANSWERS_S fails the test."""
        connection = http.client.HTTPConnection("127.0.0.1", self.installed.http_port, timeout=ANSWERS_S)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            if answer.getheader("Content-Type", "").startswith("text/event-stream"):
                return answer.status, b"", dict(answer.getheaders())
            return answer.status, answer.read(), dict(answer.getheaders())
        finally:
            connection.close()

    def call(self, method: str, path: str, **body: object) -> tuple[int, dict[str, Any]]:
        """Use the interface as the commune's leader."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        status, said, _ = self.ask(method, path, json.dumps(body).encode(), headers)
        return status, json.loads(said)

    def sign_in(self) -> None:
        for role in ("leader", "administrator"):
            person = self.installed.people[role]
            given_words = {"login": person.actor.account.login, "password": person.password}
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            _, _, headers = self.ask("POST", "/dang-nhap", urllib.parse.urlencode(given_words).encode(), form)
            self.cookies[role] = headers["Set-Cookie"].partition(";")[0]
            _, page, _ = self.ask("GET", "/tai-khoan", headers={"Cookie": self.cookies[role]})
            found = re.search(rb'data-csrf="([0-9a-f]{64})"', page)
            assert found is not None, page[:2000]
            self.csrf[role] = found[1].decode()
        person = self.installed.people["leader"]
        status, said = self.call("POST", "/api/sessions", login=person.actor.account.login, password=person.password)
        assert status == 201
        self.token = said["token"]

    def is_well(self) -> None:
        """Nothing has fallen, nobody was lost, and the hub says so itself."""
        wait_until(
            lambda: self.ask("GET", "/healthz")[0] == 200, 15, "health", lambda: str(self.ask("GET", "/healthz"))
        )
        for child in (self.hub, self.loudspeaker):
            assert child.process.poll() is None, child.said
            assert "Traceback" not in child.said, child.said[-4000:]
        for words in ("service fell", "service_fell", "request failed"):
            assert words not in self.hub.said, self.hub.said[-4000:]

    def has_a_siren(self) -> bool:
        """Say whether the loudspeaker holds the sounds that are made first."""
        held = self.installed.folder / self.installed.identities[0].device / "assets"
        return held.exists() and len(list(held.iterdir())) >= len(FIRST)

    def obeys(self) -> None:
        """A good message after all the bad ones: the loudspeaker sounds, and the hub hears that."""
        status, said = self.call(
            "POST", "/api/alerts", hazard="lu-quet", level=3, areas=[COMMUNE], text="Thử.", valid_minutes=5
        )
        assert status == 201, said

        def sounded() -> bool:
            return bool(self.call("GET", f"/api/alerts/{said['id']}")[1]["tally"]["sounded"] == 1)

        wait_until(sounded, 15, "an alert after bad input", lambda: str(self.call("GET", f"/api/alerts/{said['id']}")))
        assert self.call("POST", f"/api/alerts/{said['id']}/cancel", all_clear=False)[0] == 200


async def _nothing_more(_: Hub) -> None:
    """Nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    import asyncio  # noqa: PLC0415 - only the installation needs a loop of its own

    folder = tmp_path_factory.mktemp("site")
    with Mosquitto(folder / "mosquitto") as broker:
        installed = Installation(folder, broker)
        asyncio.run(installed.install(1, _nothing_more))
        with installed.hub() as hub, installed.loudspeaker(0) as loudspeaker:
            hub.until_it_says("đang chạy", 60)
            running = Site(installed, hub, loudspeaker)
            running.sign_in()
            wait_until(lambda: running.ask("GET", "/healthz")[0] == 200, 30, "health")
            wait_until(running.has_a_siren, 60, "a siren")
            running.obeys()
            yield running


# --- topics ---------------------------------------------------------------------------------------------------------


def to_the_hub(site: Site) -> list[str]:
    device = site.installed.identities[0].device
    known = [topics.of_device(device, leaf) for leaf in FROM_DEVICE]
    return [
        *known,
        topics.of_device(cast("Any", "ai-do"), Leaf.STATE),
        "loa/1/dev/%00/state",
        "loa/1/dev//ack",
        topics.KEYS,
    ]


def to_the_loudspeaker(site: Site) -> list[str]:
    identity = site.installed.identities[0]
    digest = AssetDigest("a" * 64)
    areas = [name for area in identity.areas for name in (topics.override(area), topics.area_chunk(area, digest, 0))]
    odd = [
        f"loa/1/area/{COMMUNE}/{tail}" for tail in ("", "x/y/z", f"asset/{digest}/99999999999999999999", "asset/%/-1")
    ]
    own = [topics.of_device(identity.device, leaf) for leaf in (Leaf.MANIFEST, Leaf.CMD)]
    return [topics.TIME, topics.KEYS, *own, *areas, *odd]


def signers(site: Site) -> tuple[Signer, Signer]:
    """The keys that are believed: a loudspeaker that was taken over, and a hub whose program has gone mad."""
    now_ms = time.time_ns() // 1_000_000
    return site.installed.identities[0].signer(), open_keys(site.installed.settings.data_dir / "keys", now_ms).signer(
        now_ms
    )


def say(site: Site, messages: Sequence[tuple[str, bytes]]) -> None:
    """Publish, and return when the broker has taken all of it."""
    nonsense.publish(site.installed.broker.host, site.installed.broker.port, messages)


@bounded
@given(data=st.data())
def test_random_bytes_on_every_topic_that_the_hub_hears(site: Site, data: st.DataObject) -> None:
    device, hub = signers(site)
    payloads = nonsense.payloads(device, hub)
    say(site, [(topic, data.draw(payloads, label=topic)) for topic in to_the_hub(site)])
    assert site.hub.process.poll() is None


def test_the_hub_is_well_afterwards(site: Site) -> None:
    site.is_well()
    site.obeys()


@bounded
@given(data=st.data())
def test_random_bytes_on_every_topic_that_a_loudspeaker_hears(site: Site, data: st.DataObject) -> None:
    device, hub = signers(site)
    payloads = nonsense.payloads(hub, device)
    say(site, [(topic, data.draw(payloads, label=topic)) for topic in to_the_loudspeaker(site)])
    assert site.loudspeaker.process.poll() is None


def test_the_loudspeaker_is_well_afterwards_and_never_left(site: Site) -> None:
    site.is_well()
    site.obeys()


@pytest.mark.parametrize("size", [65_537, 1_100_000])
def test_what_is_too_large_on_any_topic_is_refused(site: Site, size: int) -> None:
    device, hub = signers(site)
    large = b'{"type":"state","x":"' + b"x" * size + b'"}'
    for signer, names in ((device, to_the_hub(site)), (hub, to_the_loudspeaker(site))):
        say(site, [(topic, payload) for topic in names for payload in (large, signer.seal(large[:60_000]) + large)])
    site.is_well()
    site.obeys()


def test_json_as_deep_as_a_well_is_refused(site: Site) -> None:
    device, hub = signers(site)
    for signer, names in ((device, to_the_hub(site)), (hub, to_the_loudspeaker(site))):
        deep = (b"[" * 30_000, b'{"a":' * 8_000, b'{"type":"ack","device":' + b"[" * 20_000)
        say(site, [(topic, signer.seal(body)) for topic in names for body in deep])
    site.is_well()
    site.obeys()


# --- addresses ------------------------------------------------------------------------------------------------------

FORM = "application/x-www-form-urlencoded"
BODIES: tuple[tuple[str, bytes], ...] = (
    (FORM, b""),
    (FORM, b"%ff%fe=%00&text=%C3%28&a&&=;"),
    (FORM, b"title=x&text=" + b"%E1%BA%BF" * 9_000 + b"&unit=20669"),
    (FORM, b"&".join(b"areas=%d" % n for n in range(5_000))),
    (FORM, b"x" * 300_000),
    ("application/json", b"[" * 40_000),
    ("application/json", b'{"login": 1e999999, "password": {"a": [null]}}'),
    ("application/json", b'{"hazard": "\\ud800", "level": NaN, "areas": ["' + b"9" * 200 + b'"]}'),
    ("application/json", b"\xff\xfe\x00{"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"; filename="../../b"\r\n\r\n'),
    ("multipart/form-data", b"--\r\n\r\n"),
    ("text/plain; charset=does-not-exist", "chữ".encode()),
    ("a/b/c;;;=", b"\x00" * 100),
)
IDS = ("x", "b-0000000000000000", "20669", "loa-20669-001", "lu-quet")
LEAVE_OUT = {("POST", "/dang-xuat"), ("DELETE", "/api/sessions")}  # they would sign us out, as they should


def routes() -> list[tuple[str, str]]:
    """Every route that there is, so that a new one is tried as well."""
    console = [(method, path) for method, path, _ in ROUTES]
    interface = [(route.method, route.path) for route in api_routes(cast("Context", None))]
    return [one for one in (*console, *interface, ("GET", "/healthz"), ("GET", "/khong/co")) if one not in LEAVE_OUT]


def address(path: str, name: str) -> str:
    """Fill in what is open in a route's path; what would not match is tried as well."""
    parts = [name if part.startswith("{") else part for part in path.split("/")]
    return "/".join(parts).replace(f"/{name}/{name}", f"/{'0' * 12}/{name}") if "static" in path else "/".join(parts)


def as_whom(site: Site, who: str, kind: str) -> dict[str, str]:
    headers = {"Content-Type": kind}
    if who == "token":
        return headers | {"Authorization": f"Bearer {site.token}"}
    if who in site.cookies:
        return headers | {"Cookie": site.cookies[who], "X-CSRF-Token": site.csrf[who]}
    return headers


@pytest.mark.parametrize("who", ["nobody", "leader", "administrator", "token"])
def test_no_route_falls_over_a_bad_body(site: Site, who: str) -> None:
    for method, path in routes():
        for kind, body in BODIES if method != "GET" else BODIES[:1]:
            for name in IDS[:2] if "{" in path else IDS[:1]:
                status, said, _ = site.ask(method, address(path, name), body, as_whom(site, who, kind))
                assert status < 500, (method, path, kind, body[:60], status, said[:500])
    site.is_well()


WORDS = """
title text subject unit areas area group voice rate start date time rule until audience hazard level kind repeats
hours minutes percent name lat lon device_id login password old new role reason revision version act csrf next q
trang ngay loa accept conflicts decision note confirm hold
"""  # what forms ask for
fields = st.dictionaries(
    st.sampled_from(re.findall(r"\w+", WORDS)) | st.text(max_size=10),
    st.sampled_from((*IDS, "", "0", "-1", "99999999999999999999", "2026-13-40", "24:61", "FREQ=SECONDLY;COUNT=1e9"))
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    max_size=8,
)


@settings(bounded, max_examples=250)
@given(
    route=st.sampled_from(routes()),
    given_fields=fields,
    who=st.sampled_from(["nobody", "leader", "administrator", "token"]),
    name=st.sampled_from(IDS) | st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True),
    as_json=st.booleans(),
)
def test_no_route_falls_over_random_fields(
    site: Site, route: tuple[str, str], given_fields: dict[str, str], who: str, name: str, as_json: bool
) -> None:
    method, path = route
    encoded = urllib.parse.urlencode(given_fields)
    body = json.dumps(given_fields).encode() if as_json else encoded.encode()
    where = address(path, name) + (f"?{encoded}" if method == "GET" else "")
    kind = "application/json" if as_json else FORM
    status, said, _ = site.ask(method, where, b"" if method == "GET" else body, as_whom(site, who, kind))
    assert status < 500, (method, where, body, status, said[:500])


@settings(bounded, max_examples=100)
@given(line=st.binary(max_size=200), head=st.binary(max_size=300))
def test_what_is_no_http_is_answered_or_cut(site: Site, line: bytes, head: bytes) -> None:
    with socket.create_connection(("127.0.0.1", site.installed.http_port), timeout=ANSWERS_S) as raw:
        raw.sendall(line + b"\r\n" + head + b"\r\n\r\n")
        raw.shutdown(socket.SHUT_WR)
        answer = raw.recv(65_536)
    assert not answer.startswith(b"HTTP/1.1 5"), answer


def test_the_console_is_well_after_all_of_it(site: Site) -> None:
    site.is_well()
    site.obeys()


def test_two_hundred_requests_that_never_end_keep_nobody_waiting(site: Site) -> None:
    waiting = []
    try:
        for number in range(200):
            raw = socket.create_connection(("127.0.0.1", site.installed.http_port), timeout=ANSWERS_S)
            raw.sendall(
                b"POST /api/enrol HTTP/1.1\r\nHost: a\r\n" + (b"Content-Length: 900\r\n\r\n{" if number % 2 else b"")
            )
            waiting.append(raw)
        begun = time.monotonic()
        site.is_well()
        site.obeys()
        assert time.monotonic() - begun < 15
    finally:
        for raw in waiting:
            raw.close()
    site.is_well()


@pytest.mark.blocking_allowed  # opening a database makes its folder
async def test_a_body_that_drips_is_cut_by_the_time_limit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(middleware, "ANSWER_S_MAX", 0.3)
    (tmp_path / "assets").mkdir()
    db = Database(open_engine(f"sqlite+aiosqlite:///{tmp_path / 'loa.db'}"))
    await upgrade(db.engine)
    ctx = hub_over(Store(db, tmp_path / "assets")).ctx
    app = web_app(ctx)
    app.router.add_routes(api_routes(ctx))
    async with TestServer(app) as server:
        for path in ("/dang-nhap", "/api/sessions"):
            head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: {FORM}\r\nContent-Length: 1000\r\n\r\n"
            status = await nonsense.drip("127.0.0.1", cast("int", server.port), head.encode(), every_s=0.05, for_s=5)
            assert status == 503, path
    await db.close()


# --- commands -------------------------------------------------------------------------------------------------------


def loa(
    *words: str, stdin: bytes = b"", cwd: Path | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a command as a person does; it has no settings but these."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LOA_")}
    return subprocess.run(
        [sys.executable, "-m", "hub", *words],
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
        cwd=cwd,
        env=clean | {"PYTHONPATH": str(ROOT)} | (env or {}),
    )


def told(done: subprocess.CompletedProcess[bytes], code: int, *words: str) -> None:
    """Fail unless it ended with `code`, a sentence with `words`, and no stack for a person to read."""
    said = (done.stderr + done.stdout).decode()
    assert done.returncode == code, said
    assert "Traceback" not in said
    assert all(one in said for one in words), said


@pytest.mark.parametrize(
    ("stdin", "words"),
    [
        (b"tr\xff\xfe", ("dòng 1", "UTF-8")),
        ("được\n".encode() + b"\xc3\x28\n", ("dòng 2", "UTF-8")),
        (b"a" * 1_000_000, ("dòng 1", "dài quá")),
    ],
)
def test_normalise_says_which_line_it_cannot_read(stdin: bytes, words: tuple[str, ...]) -> None:
    told(loa("normalise", stdin=stdin), 2, "Lỗi:", *words)


@given(text=st.text(max_size=400))
@settings(max_examples=5, deadline=None)
def test_normalise_reads_any_text_that_is_one(text: str) -> None:
    lines = [line for line in text.replace("\r", "\n").split("\n") if line]
    done = loa("normalise", stdin="".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))
    told(done, 0)
    assert len(done.stdout.decode().split("\n")) == len(lines) + 1


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("normalise", "/khong/co"), 2, "không đọc được"),
        (("schedule", "expand", "--dtstart", "hôm qua", "--rrule", "FREQ=DAILY"), 2, ""),
        (("schedule", "expand", "--dtstart", "20260101T000000", "--rrule", "FREQ=;;=\x01"), 2, ""),
        (("khong-co-lenh-nay",), 2, ""),
        ((), 2, ""),
        (("demo", "--devices", "nhiều"), 2, ""),
        (("demo", "--devices", "0"), 2, "1 đến 500"),
    ],
)
def test_a_command_that_cannot_be_done_says_so(words: tuple[str, ...], code: int, sentence: str) -> None:
    told(loa(*words), code, sentence)


@pytest.mark.parametrize(
    "data", [b"", b"RIFF", b"\x00" * 5_000, b"RIFF\xff\xff\xff\xffWAVEfmt " + b"\xff" * 900, b"ID3" * 500]
)
def test_a_file_that_is_no_sound_is_refused_in_words(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(data)
    done = loa("audio", "ingest", str(path), "--json")
    assert done.returncode in {1, 2}, done
    assert b"Traceback" not in done.stderr
    found = json.loads(done.stdout)
    assert found["accepted"] is False
    assert found["reasons"][0]["message"]


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"LOA_HTTP_PORT": "tám mươi"}, ("LOA_HTTP_PORT", "phải là số nguyên")),
        ({"LOA_HTTP_PORT": "99999", "LOA_PLAN_DAYS": "99"}, ("LOA_HTTP_PORT", "LOA_PLAN_DAYS")),
        ({"LOA_LOG_LEVEL": "ồn"}, ("LOA_LOG_LEVEL", "DEBUG")),
        ({"LOA_DATABASE_URL": "mysql://x"}, ("LOA_DATABASE_URL", "sqlite+aiosqlite:///")),
        ({"LOA_CONFIG": "/khong/co.toml"}, ("Không đọc được tệp cấu hình", "/khong/co.toml")),
        ({"LOA_DATA_DIR": "/dev/null/loa"}, ("Không khởi động được", "/dev/null")),
        ({"LOA_DATABASE_URL": "postgresql+asyncpg://x@127.0.0.1:1/x"}, ("Không khởi động được", "loa check")),
        ({"LOA_HTTP_HOST": "khong.co.invalid"}, ("Không khởi động được",)),
    ],
)
def test_serve_with_wrong_settings_says_which(
    tmp_path: Path, free_port: int, env: dict[str, str], words: tuple[str, ...]
) -> None:
    done = loa("serve", cwd=tmp_path, env={"LOA_BROKER_PORT": str(free_port), "LOA_LOG_LEVEL": "ERROR"} | env)
    said = (done.stderr + done.stdout).decode()
    assert done.returncode == 2, said
    assert all(one in said for one in words), said


def test_serve_with_a_port_that_is_taken_says_so(tmp_path: Path, free_port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        told(loa("serve", cwd=tmp_path, env={"LOA_BROKER_PORT": port}), 2, "Không khởi động được", port)


@pytest.mark.parametrize("text", ["= =", 'http_port = "x"', "khong_co = 1", "http_port = [", "\x00"])
def test_serve_and_check_say_what_is_wrong_with_a_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "loa.toml"
    path.write_text(text, "utf-8")
    told(loa("serve", cwd=tmp_path, env={"LOA_CONFIG": str(path)}), 2, "ấu hình")
    told(loa("check", cwd=tmp_path, env={"LOA_CONFIG": str(path)}), 1, "HỎNG", "ấu hình")


def test_check_names_everything_that_is_wrong_at_once(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = loa(
            "check", cwd=tmp_path, env={"LOA_HTTP_PORT": port, "LOA_BROKER_HOST": "127.0.0.1", "LOA_BROKER_PORT": "1"}
        )
    told(done, 1, "HỎNG  cổng trang điều hành", "HỎNG  máy chủ MQTT", "LOA_BROKER_HOST", "tốt   cơ sở dữ liệu")


def test_keys_that_are_broken_or_open_to_others_are_not_used(tmp_path: Path) -> None:
    open_keys(tmp_path / "keys", time.time_ns() // 1_000_000)
    listing = tmp_path / "keys" / "working.json"
    for mode, text in ((0o644, listing.read_text()), (0o600, "[{]")):
        listing.write_text(text)
        listing.chmod(mode)
        told(loa("serve", cwd=tmp_path, env={"LOA_DATA_DIR": str(tmp_path)}), 2, "working.json")
        told(loa("check", cwd=tmp_path, env={"LOA_DATA_DIR": str(tmp_path)}), 1, "HỎNG  khóa ký")
