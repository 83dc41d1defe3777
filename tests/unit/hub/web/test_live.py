"""Server-sent events: names only, only those asked for, and an end when the hub ends."""

import asyncio


async def told(stream, count):
    """Return the next `count` events as (kind, data)."""
    found = []
    async with asyncio.timeout(5):
        while len(found) < count:
            block = (await stream.content.readuntil(b"\n\n")).decode().splitlines()
            found.append(tuple(line.partition(": ")[2] for line in block if line))
    return found


async def test_a_page_is_told_what_it_watches_and_nothing_else(officer, world):
    async with officer.client.get("/su-kien?xem=bulletins,standing") as stream:
        assert stream.content_type == "text/event-stream"
        assert (await told(stream, 1))[0][0] == "beat"
        world.ctx.events.tell("loudspeakers", "bulletin:b-1", "bulletins", "incident:i-1")
        assert await told(stream, 2) == [("change", "bulletins"), ("change", "incident:i-1")]


async def test_a_listener_that_fell_behind_is_told_that_it_missed_something(officer, world):
    async with officer.client.get("/su-kien?xem=bulletins") as stream:
        await told(stream, 1)
        world.ctx.events.tell(*(f"loudspeaker:{n}" for n in range(300)))
        assert ("change", "missed") in await told(stream, 1)


async def test_a_stranger_is_told_nothing(open_browser):
    stranger = await open_browser()
    async with stranger.client.get("/su-kien?xem=bulletins", allow_redirects=False) as answer:
        assert answer.status == 303


async def test_the_end_of_the_hub_ends_open_streams(open_browser, world):
    officer = await open_browser("can.bo")
    stream = await officer.client.get("/su-kien?xem=bulletins")
    await told(stream, 1)
    async with asyncio.timeout(5):
        await officer.client.server.close()
    assert not world.ctx.events._listeners
    stream.close()
