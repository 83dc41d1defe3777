"""From the outbox to the broker, at least once and in order; emergencies have a connection of their own.

A message is offered right after its commit and leaves at once.  The table is read when the hub starts, after a failure,
when more was offered than is held here, and once a second for what another process has put in.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from content.errors import UnknownAsset
from devices.gateway import Gateway, NotSent
from devices.protocol import chunks, topics
from devices.protocol.ids import AreaCode, AssetDigest
from hub.db.engine import Database
from hub.db.outbox import Lane, Outbox, Outgoing

log = logging.getLogger(__name__)

POLL_S = 1.0  # another process may have put something in: a command line, a second hub that died
BATCH_MAX = 200
OFFERED_BYTES_MAX = 16 << 20  # while the broker is away a province's plans wait in the table, not here
PAUSE_S = 0.2  # after a failure: the broker is there and says no
CHUNKS_AT_ONCE = 8  # a quarter of a megabyte under way; more would only run into the time-out of a slow line
BEHIND_ALERT_S = 1.0  # how long a sound waits for the message that announces it

ReadAsset = Callable[[AssetDigest], Awaitable[bytes]]


@dataclass(slots=True)
class _Road:
    """One lane: what was offered, and what the broker has that the table does not know of yet."""

    offered: deque[Outgoing] = field(default_factory=deque)
    offered_bytes: int = 0
    behind: bool = True  # the table holds what is not in `offered`
    unnoted: set[int] = field(default_factory=set)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    note: asyncio.Event = field(default_factory=asyncio.Event)
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, message: Outgoing) -> None:
        """Take a message, or leave it to the table."""
        self.offered_bytes += len(message.payload)
        self.behind = self.behind or self.offered_bytes > OFFERED_BYTES_MAX
        if self.behind:
            self.drop()
        else:
            self.offered.append(message)
        self.idle.clear()
        self.wake.set()

    def drop(self) -> None:
        """Forget what was offered; the table has it."""
        self.offered.clear()
        self.offered_bytes = 0

    def pop(self) -> list[Outgoing]:
        """Return what was offered first."""
        messages = [self.offered.popleft() for _ in range(min(len(self.offered), BATCH_MAX))]
        self.offered_bytes -= sum(len(message.payload) for message in messages)
        return messages


class Dispatcher:
    """Sends what the outbox holds.  `offer` after each commit saves the wait; the table has what was not offered."""

    def __init__(
        self, db: Database, gateways: Mapping[Lane, Gateway], read_asset: ReadAsset, now_ms: Callable[[], int]
    ) -> None:
        self._db = db
        self._gateways = gateways
        self._read_asset = read_asset
        self._now_ms = now_ms
        self._roads = {lane: _Road() for lane in Lane}

    def offer(self, messages: Iterable[Outgoing]) -> None:
        """Take messages whose transaction has just been committed."""
        for message in messages:
            self._roads[message.lane].offer(message)

    async def run(self, lane: Lane) -> None:
        """Send what comes in `lane`, for ever; it is noted in the table beside that, so that nothing waits for it."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send_for_ever(lane), name=f"send[{lane.name}]")
            group.create_task(self._note_for_ever(self._roads[lane]), name=f"note[{lane.name}]")

    async def _send_for_ever(self, lane: Lane) -> None:
        road = self._roads[lane]
        road.behind = True  # what was in hand when this fell before
        while True:
            await self._gateways[lane].wait_connected()
            messages = await self._next(lane, road)
            if not messages:
                await self._rest(road)
                continue
            try:
                await self._send(lane, road, messages)
            except NotSent as exc:
                road.behind = True  # first what failed, then what came after it: the order is the table's
                log.warning("not sent", extra={"action": "not_sent", "lane": lane.name, "why": str(exc)})
                await asyncio.sleep(PAUSE_S)

    async def _rest(self, road: _Road) -> None:
        road.idle.set()
        try:
            async with asyncio.timeout(POLL_S):
                await road.wake.wait()
        except TimeoutError:
            return

    async def _next(self, lane: Lane, road: _Road) -> list[Outgoing]:
        road.wake.clear()
        if road.offered and not road.behind:
            return [message for message in road.pop() if message.n not in road.unnoted]
        return await self._from_table(lane, road)

    async def _from_table(self, lane: Lane, road: _Road) -> list[Outgoing]:
        """Return what waits in the table.  What is offered meanwhile is newer, or the same."""
        road.drop()
        road.behind = False
        known = frozenset(road.unnoted)
        async with self._db.read() as connection:
            messages = await Outbox(connection).waiting(lane, limit=BATCH_MAX)
        road.behind = road.behind or len(messages) == BATCH_MAX
        last = max((message.n for message in messages), default=0)
        while road.offered and road.offered[0].n <= last:
            road.offered_bytes -= len(road.offered.popleft().payload)
        return [message for message in messages if message.n not in known]

    async def _send(self, lane: Lane, road: _Road, messages: Sequence[Outgoing]) -> None:
        now_ms = self._now_ms()
        wanted = newest(message for message in messages if message.not_after_ms > now_ms)
        sent = {message.n for message in messages} - {message.n for message in wanted}
        try:
            await self._send_all(lane, wanted, sent)
        finally:
            road.unnoted |= sent
            road.note.set()

    async def _send_all(self, lane: Lane, messages: Sequence[Outgoing], sent: set[int]) -> None:
        """Send messages side by side, then sounds one after the other; add to `sent` what the broker has."""
        plain = [message for message in messages if message.digest is None]
        results = await asyncio.gather(*(self._publish(lane, message) for message in plain), return_exceptions=True)
        sent |= {message.n for message, failed in zip(plain, results, strict=True) if failed is None}
        _raise_first(results)
        for message in messages:
            if message.digest is not None:
                await self._push(lane, message.digest, AreaCode(message.topic))
                sent.add(message.n)

    async def _publish(self, lane: Lane, message: Outgoing) -> None:
        gateway = self._gateways[lane]
        await gateway.publish(message.topic, message.payload, qos=message.qos, retain=message.retain)

    async def _push(self, lane: Lane, digest: AssetDigest, area: AreaCode) -> None:
        """Send all chunks of a sound to an area, unasked, behind the alert that names it.  Raises NotSent."""
        await self._let_alerts_go_first()
        try:
            parts = chunks.split(await self._read_asset(digest))
        except UnknownAsset:  # asking again does not make it; loudspeakers say what stands in for it
            log.error("sound to push is not here", extra={"action": "asset_unknown", "digest": digest})  # noqa: TRY400
            return
        gateway = self._gateways[lane]
        for at in range(0, len(parts), CHUNKS_AT_ONCE):
            some = range(at, min(at + CHUNKS_AT_ONCE, len(parts)))
            sending = (gateway.publish(topics.area_chunk(area, digest, n), parts[n]) for n in some)
            _raise_first(await asyncio.gather(*sending, return_exceptions=True))

    async def _let_alerts_go_first(self) -> None:
        try:
            async with asyncio.timeout(BEHIND_ALERT_S):
                await self._roads[Lane.EMERGENCY].idle.wait()
        except TimeoutError:  # then loudspeakers ask for what came too early
            return

    async def _note_for_ever(self, road: _Road) -> None:
        while True:
            await road.note.wait()
            road.note.clear()
            numbers = frozenset(road.unnoted)
            if numbers:
                async with self._db.write() as connection:
                    await Outbox(connection).sent(numbers, self._now_ms())
                road.unnoted -= numbers
                if road.behind:
                    road.wake.set()


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
