"""The text twin over HTTP."""

import pytest

from hub.flows import bulletin

TEXT = "Kính mời bà con đến nhà văn hóa thôn lúc 19 giờ ngày 26/11/2026 để họp."
PASSWORD = "mot cau de nho 1975"


@pytest.fixture
async def approved(world):
    author, approver = await world.actor("can.bo"), await world.actor("lanh.dao")
    draft = await bulletin.write(world.ctx, author, unit="20669", title="Họp thôn", text=TEXT)
    await bulletin.submit(world.ctx, author, draft.id)
    return await bulletin.approve(world.ctx, approver, draft.id, version=1)


@pytest.fixture
async def client(open_browser):
    return (await open_browser()).client


@pytest.fixture
async def bearer(client):
    async with client.post("/api/sessions", json={"login": "lanh.dao", "password": PASSWORD}) as answer:
        return {"Authorization": f"Bearer {(await answer.json())['token']}"}


@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "text/plain, application/json"])
async def test_a_program_gets_the_object(client, bearer, approved, accept):
    path = f"/api/bulletins/{approved.id}/text"
    async with client.get(path, headers={**bearer, "Accept": accept}) as answer:
        said = await answer.json()
    assert said["text"] == TEXT
    assert "mười chín giờ" in said["spoken"]
    assert said["unit"]["code"] == "20669"


async def test_a_printer_gets_the_text(client, bearer, approved):
    path = f"/api/bulletins/{approved.id}/text"
    async with client.get(path, headers={**bearer, "Accept": "text/plain"}) as answer:
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert TEXT in await answer.text()


async def test_what_is_not_approved_has_no_twin_and_nobody_reads_without_a_token(client, bearer, world):
    draft = await bulletin.write(world.ctx, await world.actor("can.bo"), unit="20669", title="Họp", text=TEXT)
    for headers, status in ((bearer, 403), ({}, 401)):
        async with client.get(f"/api/bulletins/{draft.id}/text", headers=headers) as answer:
            assert answer.status == status
    async with client.get("/api/bulletins/b-none/text", headers=bearer) as answer:
        assert answer.status == 404
