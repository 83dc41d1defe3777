"""From the broker to the database: a queue with an end, and one transaction for many messages."""

import asyncio
import logging

from devices.gateway import Incoming
from devices.protocol import topics
from hub.assets import AssetPump
from hub.flows import collect
from hub.flows.context import Context

log = logging.getLogger(__name__)

WAITING_MAX = (
    50_000  # what 10,000 loudspeakers say after the broker was away; each is at most 64 KiB, most are 400 bytes
)
BATCH_MAX = 200


class Inbox:
    """Takes what comes from the broker without waiting, and keeps it in the background."""

    def __init__(self, ctx: Context, pump: AssetPump) -> None:
        self._ctx = ctx
        self.pump = pump
        self._queue: asyncio.Queue[Incoming] = asyncio.Queue(WAITING_MAX)
        self.dropped = 0
        self.refused = 0
        self.taken = 0
        self.key_sets = 0  # how often the broker has given us our own key set

    def receive(self, message: Incoming) -> None:
        """Take a message.  When the queue is full it is dropped: devices say again what is not confirmed."""
        if message.topic == topics.KEYS:
            self.key_sets += 1
            return
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            self.dropped += 1

    async def run(self) -> None:
        """Keep what comes, for ever."""
        while True:
            batch = [await self._queue.get()]
            while len(batch) < BATCH_MAX and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            done = await collect.take(self._ctx, batch, self.pump.ask)
            self.taken += done.taken
            self.refused += done.refused
