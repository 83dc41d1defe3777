"""A gateway that writes down what it publishes; it can be away, say no, or keep everybody waiting."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from devices.gateway import NotSent


@dataclass(frozen=True)
class Published:
    topic: str
    payload: bytes
    qos: int
    retain: bool


@dataclass
class FakeGateway:
    """`refuses(topic)` true: NotSent.  `hold()`: publishes wait until `release()`."""

    published: list[Published] = field(default_factory=list)
    refuses: Callable[[str], bool] = lambda _topic: False
    connects: int = 1

    def __post_init__(self) -> None:
        self._up = asyncio.Event()
        self._up.set()
        self._open = asyncio.Event()
        self._open.set()
        self._news = asyncio.Event()

    @property
    def connected(self) -> bool:
        return self._up.is_set()

    def go(self) -> None:
        self._up.clear()

    def come_back(self) -> None:
        self.connects += 1
        self._up.set()

    def hold(self) -> None:
        self._open.clear()

    def release(self) -> None:
        self._open.set()

    async def wait_connected(self) -> None:
        await self._up.wait()

    async def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> None:
        await self._open.wait()
        if not self.connected or self.refuses(topic):
            raise NotSent(topic)
        self.published.append(Published(topic, payload, qos, retain))
        self._news.set()

    @property
    def said(self) -> list[tuple[str, bytes]]:
        return [(one.topic, one.payload) for one in self.published]

    async def until(self, count: int) -> list[tuple[str, bytes]]:
        """Return what was published once there are so many; fails after ten seconds."""
        async with asyncio.timeout(10):
            while len(self.published) < count:
                self._news.clear()
                await self._news.wait()
        return self.said
