"""Recordings by HTTP: sent in parts, gone on with, checked, used."""

import asyncio

import numpy as np
import pytest

from content.uploads import PART_BYTES_MAX, PART_BYTES_MIN
from devices.protocol.chunks import digest_of
from hub.flows import bulletin, uploads
from tests.fakes.sounds import as_file, babble

PASSWORD = "mot cau de nho 1975"


@pytest.fixture
async def stranger(open_browser):
    return (await open_browser()).client


async def token_of(client, login):
    async with client.post("/api/sessions", json={"login": login, "password": PASSWORD}) as answer:
        assert answer.status == 201
        return {"Authorization": f"Bearer {(await answer.json())['token']}"}


@pytest.fixture
async def bearer(stranger):
    return await token_of(stranger, "lanh.dao")


async def ask(client, method, path, bearer, status=200, **words):
    headers = {**bearer, **words.pop("headers", {})}
    async with client.request(method, path, headers=headers, **words) as answer:
        body = await (answer.json() if answer.content_type == "application/json" else answer.read())
        assert answer.status == status, body
        return body, answer.headers


def announced(size, name="ghi am.wav"):
    return {"unit": "20669", "name": name, "size_bytes": size}


async def test_a_recording_is_sent_in_parts_over_a_bad_line_and_becomes_a_bulletin(stranger, bearer, world):
    data = await asyncio.to_thread(as_file, babble(np.random.default_rng(3), 4.0), "-f", "wav")
    made, headers = await ask(stranger, "POST", "/api/uploads", bearer, 201, json=announced(len(data)))
    path = headers["Location"]
    assert path == f"/api/uploads/{made['id']}"
    at = 0
    while at < len(data):
        part = data[at : at + PART_BYTES_MIN]
        sent = {"Upload-Offset": str(at), "Upload-Checksum": f"sha256 {digest_of(part)}"}
        await ask(stranger, "PATCH", path, bearer, headers=sent, data=part)
        _, headers = await ask(stranger, "PUT", path, bearer, headers=sent, data=part)  # the answer was lost
        if at == 0:  # the line broke; where were we?
            refused, headers = await ask(
                stranger, "PATCH", path, bearer, 409, headers={"Upload-Offset": "7"}, data=data[7:90_000]
            )
            assert "gửi tiếp từ byte" in refused["error"]["words"]
            assert (await ask(stranger, "GET", path, bearer))[0]["received_bytes"] == int(headers["Upload-Offset"])
        at = int(headers["Upload-Offset"])
    told, _ = await ask(stranger, "POST", f"{path}/finish", bearer, json={"sha256": digest_of(data)})
    assert (told["stage"], told["words"]) == ("waiting", "Chờ kiểm tra")

    await uploads.check_next(world.ctx)
    told, _ = await ask(stranger, "GET", path, bearer)
    assert (told["stage"], told["reasons"]) == ("accepted", [])
    assert told["lufs_out"] == pytest.approx(-16, abs=0.5)
    sent, headers = await ask(stranger, "GET", f"{path}/source", bearer)
    assert sent == data
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith("attachment")
    assert [one["id"] for one in (await ask(stranger, "GET", "/api/uploads", bearer))[0]["uploads"]] == [made["id"]]

    leader = await world.actor("lanh.dao")
    draft = await bulletin.write(world.ctx, leader, unit="20669", title="Họp", text="Họp thôn.")
    wanted = [{"language": "tyz", "recording": told["master"]}, {"language": "vi", "text": "Họp thôn."}]
    body = {"revision": draft.revision, "passages": wanted}
    kept, _ = await ask(stranger, "PUT", f"/api/bulletins/{draft.id}/passages", bearer, json=body)
    assert [one["language"] for one in kept["passages"]] == ["tyz", "vi"]
    await ask(stranger, "PUT", f"/api/bulletins/{draft.id}/passages", bearer, 409, json=body)


async def test_a_bad_file_is_told_its_reason_and_its_remedy(stranger, bearer, world):
    _, headers = await ask(stranger, "POST", "/api/uploads", bearer, 201, json=announced(5))
    path = headers["Location"]
    await ask(stranger, "PATCH", path, bearer, headers={"Upload-Offset": "0"}, data=b"x" * 5)
    await ask(stranger, "POST", f"{path}/finish", bearer, json={})
    await uploads.check_next(world.ctx)
    told, _ = await ask(stranger, "GET", path, bearer)
    assert told["stage"] == "refused"
    (reason,) = told["reasons"]
    assert (reason["level"], reason["code"]) == ("error", "not_audio")
    assert reason["remedy"].startswith("Hãy ")
    await ask(stranger, "POST", f"{path}/one-channel", bearer, 409)
    await ask(stranger, "DELETE", path, bearer, 204)
    await ask(stranger, "GET", f"{path}/source", bearer, 404)


WRONG = {
    "no offset": ({}, b"x", 422),
    "an offset that is none": ({"Upload-Offset": "-1"}, b"x", 422),
    "another kind of checksum": ({"Upload-Offset": "0", "Upload-Checksum": "md5 00"}, b"x", 422),
    "another checksum": ({"Upload-Offset": "0", "Upload-Checksum": "sha256 " + "0" * 64}, b"x", 422),
    "too large a part": ({"Upload-Offset": "0"}, bytes(PART_BYTES_MAX + 1), 413),
    "nothing": ({"Upload-Offset": "0"}, b"", 409),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_part_that_is_wrong_is_refused_and_changes_nothing(stranger, bearer, name):
    headers, data, status = WRONG[name]
    _, made = await ask(stranger, "POST", "/api/uploads", bearer, 201, json=announced(PART_BYTES_MAX * 3))
    await ask(stranger, "PATCH", made["Location"], bearer, status, headers=headers, data=data)
    assert (await ask(stranger, "GET", made["Location"], bearer))[0]["received_bytes"] == 0


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", ""), ("GET", ""), ("GET", "/u-1"), ("PATCH", "/u-1"), ("DELETE", "/u-1"), ("GET", "/u-1/source")],
)
async def test_without_a_token_nothing_is_taken_and_nothing_is_told(stranger, method, path):
    await ask(stranger, method, f"/api/uploads{path}", {}, 401)


async def test_what_is_announced_is_checked(stranger, bearer):
    for change in ({"size_bytes": 0}, {"size_bytes": 2**40}, {"name": ""}, {"service_class": "x"}, {"extra": 1}):
        await ask(stranger, "POST", "/api/uploads", bearer, 422, json={**announced(5), **change})
    await ask(stranger, "POST", "/api/uploads", bearer, 403, json={**announced(5), "unit": "48"})


async def test_the_languages_are_a_table(stranger, bearer):
    table, _ = await ask(stranger, "GET", "/api/languages", bearer)
    assert {"code": "rad", "name": "Ê-đê", "own_name": "Êđê", "spoken": False} in table["languages"]
