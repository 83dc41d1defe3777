"""Whose turn it is to write: one at a time, first come first served; who is urgent stands behind nobody who waits."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """A lock with two queues."""

    def __init__(self) -> None:
        self._taken = False
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._urgent) + len(self._others)

    @asynccontextmanager
    async def turn(self, *, urgent: bool = False, timeout_s: float) -> AsyncIterator[None]:
        """Hold the turn while the block lasts.  Raises TimeoutError when it does not come in time."""
        async with asyncio.timeout(timeout_s):
            await self._take(self._urgent if urgent else self._others)
        try:
            yield
        finally:
            self._pass_on()

    async def _take(self, queue: deque[asyncio.Future[None]]) -> None:
        if not self._taken:
            self._taken = True
            return
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.cancelled():
                queue.remove(mine)
            else:  # the turn had just come
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        for queue in (self._urgent, self._others):
            while queue:
                next_one = queue.popleft()
                if not next_one.done():
                    next_one.set_result(None)
                    return
        self._taken = False
