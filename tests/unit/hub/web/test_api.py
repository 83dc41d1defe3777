"""The interface: claims of loudspeakers, alerts of programs, errors in one form."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from devices.model import Site
from hub.api.patience import FREE, REFILL_MS, Patience
from hub.api.schemas import BODY_BYTES_MAX, Alert, Claim, Recall, SignIn
from hub.flows import fleet

KEY = base64.b64encode(bytes([9] * 32)).decode()
ALERT = {"hazard": "lu-quet", "level": 3, "areas": ["20669"], "text": "Nước lên nhanh.", "valid_minutes": 30}
PASSWORD = "mot cau de nho 1975"


@pytest.fixture
async def stranger(open_browser):
    return (await open_browser()).client


@pytest.fixture
async def bearer(stranger):
    async with stranger.post("/api/sessions", json={"login": "lanh.dao", "password": PASSWORD}) as answer:
        assert answer.status == 201
        return {"Authorization": f"Bearer {(await answer.json())['token']}"}


async def registered(world):
    manager = await world.actor("dieu.hanh")
    return await fleet.register(world.ctx, manager, device_id="loa-9", unit="20669", site=Site(name="Đình làng"))


async def test_a_loudspeaker_claims_its_identity_once_and_with_one_key(stranger, world):
    _, code = await registered(world)
    for _ in range(2):  # its answer may have been lost
        async with stranger.post("/api/enrol", json={"claim_code": code, "public_key": KEY}) as answer:
            said = await answer.json()
            assert answer.status == 201
            assert said["device"] == "loa-9"
            assert said["areas"] == ["vn", "48", "20669"]
            assert said["broker"] == {"host": "127.0.0.1", "port": 1883}
            assert said["quiet"]["utc_offset_min"] == 420
    other = base64.b64encode(bytes([8] * 32)).decode()
    async with stranger.post("/api/enrol", json={"claim_code": code, "public_key": other}) as answer:
        assert answer.status == 422
        assert (await answer.json())["error"]["words"]


async def test_who_guesses_codes_has_to_wait_and_who_is_right_does_not(stranger, world):
    wrong = {"claim_code": "2222-2222-2222-2222", "public_key": KEY}
    statuses = []
    for _ in range(FREE + 1):
        async with stranger.post("/api/enrol", json=wrong) as answer:
            statuses.append(answer.status)
            retry = answer.headers.get("Retry-After")
    assert statuses == [422] * FREE + [429]
    assert int(retry) >= 1


async def test_an_alert_is_sent_asked_about_and_ended_by_a_program(stranger, bearer, speakers):
    async with stranger.post("/api/alerts", json=ALERT, headers=bearer) as answer:
        sent = await answer.json()
        assert answer.status == 201, sent
    assert sent["stage"] == "active"
    assert sent["tally"]["total"] == 3
    async with stranger.get(f"/api/alerts/{sent['id']}", headers=bearer) as answer:
        assert {one["device"] for one in (await answer.json())["calls"]} == set(speakers)
    async with stranger.post(f"/api/alerts/{sent['id']}/cancel", json={"all_clear": False}, headers=bearer) as answer:
        assert (await answer.json())["stage"] == "cancelled"
    async with stranger.post(f"/api/alerts/{sent['id']}/cancel", json={}, headers=bearer) as answer:
        assert answer.status == 409


async def test_a_token_that_was_given_back_is_worth_nothing(stranger, bearer):
    async with stranger.delete("/api/sessions", headers=bearer) as answer:
        assert answer.status == 204
    async with stranger.post("/api/alerts", json=ALERT, headers=bearer) as answer:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_browsers_cookie_sends_no_alert(leader, speakers):
    async with leader.client.post("/api/alerts", json=ALERT) as answer:
        assert answer.status == 401


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"level": 6}, 422, "level"),
        ({"level": "3"}, 422, "level"),
        ({"areas": []}, 422, "areas"),
        ({"area": ["20669"]}, 422, "area"),
        ({"hazard": "ma"}, 422, "hazard"),
        ({"areas": ["99999"]}, 403, ""),
        ({"text": "a" * 3001}, 422, "text"),
        ({"kind": "test"}, 422, "kind"),
    ],
)
async def test_a_wrong_alert_is_refused_with_its_field(stranger, bearer, speakers, change, status, field):
    async with stranger.post("/api/alerts", json={**ALERT, **change}, headers=bearer) as answer:
        said = (await answer.json())["error"]
        assert (answer.status, said["field"]) == (status, field)
        assert said["words"]
        assert answer.headers["Content-Type"].startswith("application/json")


async def test_what_is_too_large_or_no_json_is_refused_as_json(stranger, bearer):
    for body, status in ((b"a" * (BODY_BYTES_MAX + 1), 413), (b"\xff{", 422), (b"[" * 5000, 422), (b"", 422)):
        async with stranger.post("/api/alerts", data=body, headers=bearer) as answer:
            assert answer.status == status
            assert (await answer.json())["error"]["words"]


async def test_what_is_not_there_is_said_as_json(stranger, bearer):
    async with stranger.get("/api/alerts/i-1", headers=bearer) as answer:
        assert answer.status == 404
    async with stranger.get("/api/nothing") as answer:
        assert (await answer.json())["error"]["code"] == "not_found"


@given(st.sampled_from([Alert, Claim, Recall, SignIn]), st.binary(max_size=200))
def test_no_bytes_make_a_schema_raise_anything_but_its_own_error(kind, body):
    try:
        made = kind.model_validate_json(body)
    except ValidationError:
        return
    assert isinstance(made, kind)


def test_patience_comes_back_with_time_and_never_grows_without_end():
    patience = Patience()
    for _ in range(FREE):
        assert patience.wait_ms("a", 0) == 0
        patience.wrong("a", 0)
    assert patience.wait_ms("a", 0) == REFILL_MS
    assert patience.wait_ms("a", REFILL_MS) == 0
    assert patience.wait_ms("b", 0) == 0
    for n in range(10_000):
        patience.wrong(f"address {n}", 0)
    assert len(patience._spent) <= 4096
