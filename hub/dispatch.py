"""From the outbox to the broker, at least once; emergencies have a connection of their own."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from devices.gateway import Gateway, NotSent
from devices.protocol import chunks, topics
from devices.protocol.ids import AreaCode, AssetDigest
from hub.db.engine import Database
from hub.db.outbox import Lane, Outbox, Outgoing

log = logging.getLogger(__name__)

POLL_S = 1.0  # another process may have put something in: a command line, a second hub that died
BATCH_MAX = 200
REMEMBERED_MAX = 5_000  # rows that may be offered and polled at once

ReadAsset = Callable[[AssetDigest], Awaitable[bytes]]


class Dispatcher:
    """Sends what the outbox holds.  `offer` after each commit saves the wait; the poll finds what was not offered."""

    def __init__(
        self, db: Database, gateways: Mapping[Lane, Gateway], read_asset: ReadAsset, now_ms: Callable[[], int]
    ) -> None:
        self._db = db
        self._gateways = gateways
        self._read_asset = read_asset
        self._now_ms = now_ms
        self._offered: dict[Lane, deque[Outgoing]] = {lane: deque() for lane in Lane}
        self._wake = {lane: asyncio.Event() for lane in Lane}
        self._done: dict[Lane, deque[int]] = {lane: deque(maxlen=REMEMBERED_MAX) for lane in Lane}

    def offer(self, messages: Iterable[Outgoing]) -> None:
        """Take messages whose transaction has just been committed."""
        for message in messages:
            self._offered[message.lane].append(message)
            self._wake[message.lane].set()

    async def run(self, lane: Lane) -> None:
        """Send what comes in `lane`, for ever."""
        while True:
            await self._gateways[lane].wait_connected()
            messages = await self._next(lane)
            if not messages:
                await self._rest(lane)
                continue
            try:
                await self._send(lane, messages)
            except NotSent as exc:
                log.warning("not sent", extra={"action": "not_sent", "lane": lane.name, "why": str(exc)})

    async def _rest(self, lane: Lane) -> None:
        try:
            async with asyncio.timeout(POLL_S):
                await self._wake[lane].wait()
        except TimeoutError:
            return

    async def _next(self, lane: Lane) -> list[Outgoing]:
        self._wake[lane].clear()
        offered, done = self._offered[lane], self._done[lane]
        messages = [offered.popleft() for _ in range(min(len(offered), BATCH_MAX))]
        if not messages:
            async with self._db.read() as connection:
                messages = await Outbox(connection).waiting(lane, limit=BATCH_MAX)
        return [message for message in messages if message.n not in done]

    async def _send(self, lane: Lane, messages: Sequence[Outgoing]) -> None:
        now_ms = self._now_ms()
        wanted = newest(message for message in messages if message.not_after_ms > now_ms)
        sent = {message.n for message in messages} - {message.n for message in wanted}
        try:
            await self._send_all(lane, wanted, sent)
        finally:
            await self._note(lane, sent)

    async def _send_all(self, lane: Lane, messages: Sequence[Outgoing], sent: set[int]) -> None:
        """Send messages side by side, then sounds one after the other; add to `sent` what the broker has."""
        plain = [message for message in messages if message.digest is None]
        results = await asyncio.gather(*(self._publish(lane, message) for message in plain), return_exceptions=True)
        sent |= {message.n for message, failed in zip(plain, results, strict=True) if failed is None}
        _raise_first(results)
        for message in messages:
            if message.digest is not None:
                await self.push(lane, message.digest, AreaCode(message.topic))
                sent.add(message.n)

    async def _publish(self, lane: Lane, message: Outgoing) -> None:
        gateway = self._gateways[lane]
        await gateway.publish(message.topic, message.payload, qos=message.qos, retain=message.retain)

    async def push(self, lane: Lane, digest: AssetDigest, area: AreaCode) -> None:
        """Send all chunks of a sound to an area, unasked.  Raises NotSent."""
        parts = chunks.split(await self._read_asset(digest))
        gateway = self._gateways[lane]
        sending = (gateway.publish(topics.area_chunk(area, digest, n), data) for n, data in enumerate(parts))
        _raise_first(await asyncio.gather(*sending, return_exceptions=True))

    async def _note(self, lane: Lane, sent: set[int]) -> None:
        if not sent:
            return
        self._done[lane].extend(sent)
        async with self._db.write() as connection:
            await Outbox(connection).sent(sent, self._now_ms())


def newest(messages: Iterable[Outgoing]) -> list[Outgoing]:
    """Return `messages` without those that a later one on the same retained topic makes pointless."""
    last: dict[str, int] = {}
    kept = list(messages)
    for message in kept:
        if message.retain:
            last[message.topic] = message.n
    return [message for message in kept if not message.retain or last[message.topic] == message.n]


def _raise_first(results: Iterable[BaseException | None]) -> None:
    for failed in results:
        if failed is not None:
            raise failed
