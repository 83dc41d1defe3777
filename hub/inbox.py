"""From the broker to the database: a queue with an end, and one transaction for many messages."""

import asyncio
import logging

from devices.gateway import Incoming
from devices.protocol import topics
from devices.protocol.limits import ASRUN_BYTES_MAX, HEADER_BYTES
from hub.assets import AssetPump
from hub.flows import collect
from hub.flows.context import Context

log = logging.getLogger(__name__)

WAITING_MAX = 50_000  # what 10,000 loudspeakers say after the broker was away …
WAITING_BYTES_MAX = 64 << 20  # … at 400 bytes each it is 20 MB; the rest is room for as-run reports
PAYLOAD_BYTES_MAX = HEADER_BYTES + ASRUN_BYTES_MAX  # the longest that a loudspeaker may say
BATCH_MAX = 200
TRIES_MAX = 2  # of a batch, and then of a message: a database comes back, a message that fells us gets no better


class Inbox:
    """Takes what comes from the broker without waiting, and keeps it in the background."""

    def __init__(self, ctx: Context, pump: AssetPump) -> None:
        self._ctx = ctx
        self.pump = pump
        self._queue: asyncio.Queue[Incoming] = asyncio.Queue(WAITING_MAX)
        self._bytes = 0
        self._batch: list[Incoming] = []  # in hand; taken again when this service fell over it
        self._tries = 0
        self._singly = 0  # how many of those to come are taken one by one, to find the one that fells us
        self.dropped = 0
        self.refused = 0
        self.taken = 0
        self.key_sets = 0  # how often the broker has given us our own key set

    def receive(self, message: Incoming) -> None:
        """Take a message.  When the queue is full it is dropped: devices say again what is not confirmed."""
        if message.topic == topics.KEYS:
            self.key_sets += 1
            return
        size = len(message.payload)
        if size > PAYLOAD_BYTES_MAX:
            self.refused += 1
        elif self._queue.full() or self._bytes + size > WAITING_BYTES_MAX:
            self.dropped += 1
        else:
            self._bytes += size
            self._queue.put_nowait(message)

    async def run(self) -> None:
        """Keep what comes, for ever."""
        while True:
            if not self._batch:
                self._batch = await self._next()
            if self._tries >= TRIES_MAX:
                self._give_way()
                continue
            self._tries += 1
            done = await collect.take(self._ctx, self._batch, self.pump.ask)
            self._batch, self._tries = [], 0
            self.taken += done.taken
            self.refused += done.refused

    async def _next(self) -> list[Incoming]:
        batch = [await self._queue.get()]
        limit = 1 if self._singly else BATCH_MAX
        self._singly = max(0, self._singly - 1)
        while len(batch) < limit and not self._queue.empty():
            batch.append(self._queue.get_nowait())
        self._bytes -= sum(len(message.payload) for message in batch)
        return batch

    def _give_way(self) -> None:
        """Take what fells us one by one; a single message that still does is dropped."""
        batch, self._batch, self._tries = self._batch, [], 0
        if len(batch) > 1:
            self._singly = self._queue.qsize() + len(batch)
            for message in batch:
                self.receive(message)
        else:
            log.error("message dropped", extra={"action": "message_dropped", "topic": batch[0].topic})
            self.dropped += 1
