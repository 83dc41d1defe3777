"""The ports of content outside a transaction: each call is one of its own.

For work that takes seconds between two calls, such as speaking: a transaction that waited so long would stop everybody.
"""

import asyncio
from collections.abc import Collection, Mapping

from content.recipe import RecipeDigest, Rendered
from devices.protocol.ids import AssetDigest
from devices.protocol.manifest import Asset
from hub.db.stores.content import read_asset, write_asset
from hub.db.transaction import Store


class DetachedAssets:
    """An AssetStore."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def put(self, asset: Asset, data: bytes) -> None:
        """Keep `data`: the file before anybody's turn to write is taken, since a disk may need its time."""
        await asyncio.to_thread(write_asset, self._store.asset_folder, asset, data)
        async with self._store.write() as tx:
            await tx.assets.note(asset)

    async def get(self, digest: AssetDigest) -> Asset | None:
        """Return the entry."""
        async with self._store.read() as tx:
            return await tx.assets.get(digest)

    async def read(self, digest: AssetDigest) -> bytes:
        """Return the bytes; the database is not asked."""
        return await asyncio.to_thread(read_asset, self._store.asset_folder, digest)


class DetachedRenders:
    """A RenderStore."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(self, recipe: RecipeDigest) -> Rendered | None:
        """Return the rendering."""
        async with self._store.read() as tx:
            return await tx.renders.find(recipe)

    async def of_assets(self, digests: Collection[AssetDigest]) -> Mapping[AssetDigest, Rendered]:
        """Return how each of `digests` was rendered."""
        async with self._store.read() as tx:
            return await tx.renders.of_assets(digests)

    async def add(self, rendered: Rendered) -> Rendered:
        """Keep `rendered` unless there is one of its recipe."""
        async with self._store.write() as tx:
            return await tx.renders.add(rendered)
