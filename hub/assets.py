"""The asset pump: gathers for a moment who needs which chunks, then publishes each chunk once for all of them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from content.errors import UnknownAsset
from devices.gateway import Gateway, NotSent
from devices.protocol import chunks, topics
from devices.protocol.ids import AssetDigest

log = logging.getLogger(__name__)

GATHER_S = 0.2  # loudspeakers that got the same manifest ask within this time of each other
SOUNDS_MAX = 256  # as many as a manifest may name
AT_ONCE = 8  # chunks under way; more would only wait in the broker's queue for each device

ReadAsset = Callable[[AssetDigest], Awaitable[bytes]]


class AssetPump:
    """Answers `need` messages.  Forgets everything at a restart: loudspeakers ask again."""

    def __init__(self, gateway: Gateway, read_asset: ReadAsset) -> None:
        self._gateway = gateway
        self._read_asset = read_asset
        self._wanted: dict[AssetDigest, set[int]] = {}
        self._wake = asyncio.Event()

    def ask(self, digest: AssetDigest, ranges: tuple[tuple[int, int], ...]) -> None:
        """Note that somebody needs these chunks; when too many sounds are asked for at once, who is late asks again."""
        if digest not in self._wanted and len(self._wanted) >= SOUNDS_MAX:
            return
        wanted = self._wanted.setdefault(digest, set())
        for first, last in ranges:
            wanted.update(range(first, last + 1))
        self._wake.set()

    async def run(self) -> None:
        """Publish what is asked for, for ever."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(GATHER_S)
            self._wake.clear()
            wanted, self._wanted = self._wanted, {}
            for digest, numbers in wanted.items():
                await self._publish(digest, sorted(numbers))

    async def _publish(self, digest: AssetDigest, numbers: list[int]) -> None:
        try:
            parts = chunks.split(await self._read_asset(digest))
        except (UnknownAsset, OSError):
            log.warning("asset asked for is not here", extra={"action": "asset_unknown", "digest": digest})
            return
        known = [n for n in numbers if n < len(parts)]
        for at in range(0, len(known), AT_ONCE):
            sending = (self._gateway.publish(topics.chunk(digest, n), parts[n]) for n in known[at : at + AT_ONCE])
            results = await asyncio.gather(*sending, return_exceptions=True)
            for failed in results:
                if isinstance(failed, NotSent):
                    return  # whoever still needs it asks again
                if failed is not None:
                    raise failed
