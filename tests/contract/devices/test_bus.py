"""What every Bus must do, as far as one that is always connected can show it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from devices.gateway import Broker, Gateway, Incoming, NotSent
from devices.memory import MemoryBroker
from devices.ports import Bus
from hub.broker import EmbeddedBroker

Receive = Callable[[Incoming], None]
Connect = Callable[[str, tuple[str, ...], Receive | None], AbstractAsyncContextManager[Bus]]
WAIT_S = 10  # far more than any broker on this machine takes


@asynccontextmanager
async def memory(request: pytest.FixtureRequest) -> AsyncIterator[Connect]:
    broker = MemoryBroker()

    @asynccontextmanager
    async def connect(name: str, filters: tuple[str, ...], receive: Receive | None) -> AsyncIterator[Bus]:
        yield broker.connect(filters, receive)

    yield connect


@asynccontextmanager
async def embedded(request: pytest.FixtureRequest) -> AsyncIterator[Connect]:
    async with EmbeddedBroker(data_dir=request.getfixturevalue("tmp_path")) as running:

        @asynccontextmanager
        async def connect(name: str, filters: tuple[str, ...], receive: Receive | None) -> AsyncIterator[Bus]:
            where = Broker(host=running.host, port=running.port)
            async with Gateway(where, name, filters=filters, receive=receive).running() as gateway:
                async with asyncio.timeout(WAIT_S):
                    await gateway.wait_connected()
                yield gateway

        yield connect


FACTORIES: Mapping[str, Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Connect]]] = {
    "embedded": embedded,
    "memory": memory,
}


@pytest.fixture(params=sorted(FACTORIES))
async def connect(request: pytest.FixtureRequest) -> AsyncIterator[Connect]:
    async with FACTORIES[request.param](request) as made:
        yield made


class Inbox:
    """Keeps what comes and lets a test wait for its end."""

    def __init__(self) -> None:
        self.messages: list[Incoming] = []
        self._came = asyncio.Event()

    def __call__(self, message: Incoming) -> None:
        self.messages.append(message)
        self._came.set()

    async def until(self, payload: bytes) -> list[tuple[str, bytes]]:
        async with asyncio.timeout(WAIT_S):
            while payload not in [message.payload for message in self.messages]:
                await self._came.wait()
                self._came.clear()
        return [(message.topic, message.payload) for message in self.messages]


async def test_a_listener_gets_what_matches_its_filters_in_order(connect: Connect) -> None:
    inbox = Inbox()
    async with connect("listener", ("loa/1/dev/+/ack", "loa/1/area/48/#"), inbox), connect("hub", (), None) as hub:
        await hub.publish("loa/1/dev/a/ack", b"1")
        await hub.publish("loa/1/dev/a/state", b"not asked for")
        await hub.publish("loa/1/dev/a/ack/deeper", b"not asked for")
        await hub.publish("loa/1/area/48/override", b"2")
        await hub.publish("loa/1/area/48/asset/0/1", b"3")
        await hub.publish("loa/1/dev/b/ack", b"end")
        assert await inbox.until(b"end") == [
            ("loa/1/dev/a/ack", b"1"),
            ("loa/1/area/48/override", b"2"),
            ("loa/1/area/48/asset/0/1", b"3"),
            ("loa/1/dev/b/ack", b"end"),
        ]


async def test_who_comes_later_finds_what_is_retained_and_nothing_else(connect: Connect) -> None:
    inbox = Inbox()
    async with connect("hub", (), None) as hub:
        await hub.publish("loa/1/area/48/override", b"old", retain=True)
        await hub.publish("loa/1/area/48/override", b"new", retain=True)
        await hub.publish("loa/1/area/01/override", b"over", retain=True)
        await hub.publish("loa/1/area/01/override", b"", retain=True)
        await hub.publish("loa/1/area/48/command", b"gone")
        async with connect("late", ("loa/1/area/#",), inbox):
            await inbox.until(b"new")
            await hub.publish("loa/1/area/48/override", b"live", retain=True)
            await inbox.until(b"live")
    assert [(message.payload, message.retained) for message in inbox.messages] == [(b"new", True), (b"live", False)]


async def test_a_bus_says_that_it_is_connected(connect: Connect) -> None:
    async with connect("hub", (), None) as hub:
        assert hub.connected


async def test_what_cannot_be_sent_is_an_error_and_not_lost_in_silence() -> None:
    bus = MemoryBroker().connect()
    bus.connected = False
    with pytest.raises(NotSent):
        await bus.publish("loa/1/hub/time", b"")
