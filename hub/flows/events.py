"""What has changed, told to whoever looks: names only.  Nothing waits for a slow listener."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

WAITING_MAX = 100  # names a listener may be behind; after that it is told that it missed some
MISSED = "missed"


class Events:
    """A board on which flows write the names of what has changed: "loudspeakers", "bulletin:b-1", "incident:i-1"."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[str]] = set()

    def tell(self, *names: str) -> None:
        """Tell every listener."""
        for queue in self._listeners:
            for name in names:
                _put(queue, name)

    @contextmanager
    def listening(self) -> Iterator[asyncio.Queue[str]]:
        """A queue that gets every name told while the block lasts."""
        queue: asyncio.Queue[str] = asyncio.Queue(WAITING_MAX)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

    async def names(self) -> AsyncIterator[str]:
        """Yield every name told from now on."""
        with self.listening() as queue:
            while True:
                yield await queue.get()


def _put(queue: asyncio.Queue[str], name: str) -> None:
    if queue.full():
        while not queue.empty():
            queue.get_nowait()
        name = MISSED
    queue.put_nowait(name)
