"""The ports of content in memory: for tests, and for a demo that leaves nothing behind."""

import asyncio
from collections.abc import Collection
from datetime import datetime

from content.desk.search import searched
from content.errors import StaleBulletin, UnknownAsset, UnknownBulletin
from content.model import Bulletin, Stage, Subject
from content.ports import FOUND_MAX
from content.recipe import RecipeDigest, Rendered
from devices.protocol.chunks import asset_of
from devices.protocol.ids import AreaCode, AssetDigest, ContentId
from devices.protocol.manifest import Asset


class MemoryBulletinStore:
    """Bulletins in a dictionary."""

    def __init__(self) -> None:
        self._held: dict[ContentId, Bulletin] = {}
        self._versions: dict[ContentId, dict[int, Bulletin]] = {}

    async def add(self, bulletin: Bulletin) -> None:
        """Keep a new bulletin; StaleBulletin when its id is taken."""
        if bulletin.id in self._held:
            raise StaleBulletin(bulletin.id, bulletin.revision)
        self._keep(bulletin)

    async def get(self, id: ContentId) -> Bulletin:  # noqa: A002 - the field's own name
        """Return the bulletin, or raise UnknownBulletin."""
        try:
            return self._held[id]
        except KeyError:
            raise UnknownBulletin(id) from None

    async def save(self, bulletin: Bulletin) -> None:
        """Replace revision - 1 by this one; StaleBulletin when another is kept, UnknownBulletin when none is."""
        if (await self.get(bulletin.id)).revision != bulletin.revision - 1:
            raise StaleBulletin(bulletin.id, bulletin.revision - 1)
        self._keep(bulletin)

    def _keep(self, bulletin: Bulletin) -> None:
        self._held[bulletin.id] = bulletin
        self._versions.setdefault(bulletin.id, {})[bulletin.version] = bulletin

    async def find(
        self,
        *,
        units: Collection[AreaCode] | None = None,
        stages: Collection[Stage] | None = None,
        subjects: Collection[Subject] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        terms: Collection[str] = (),
        limit: int = FOUND_MAX,
    ) -> tuple[Bulletin, ...]:
        """Return at most `limit` bulletins for which all of this holds, last changed first, then by id."""
        fits = (
            held
            for held in self._held.values()
            if (units is None or held.unit in units)
            and (stages is None or held.stage in stages)
            and (subjects is None or held.subject in subjects)
            and (since is None or since <= held.updated_at)
            and (until is None or held.updated_at < until)
            and all(term in searched(held) for term in terms)
        )
        return tuple(sorted(fits, key=lambda held: (-held.updated_at.timestamp(), held.id))[:limit])

    async def versions(self, id: ContentId) -> tuple[Bulletin, ...]:  # noqa: A002 - the field's own name
        """Return every version of the words as it was last kept, the oldest first."""
        held = self._versions.get(id, {})
        return tuple(held[number] for number in sorted(held))


class MemoryAssetStore:
    """Assets in a dictionary."""

    def __init__(self) -> None:
        self._held: dict[AssetDigest, tuple[Asset, bytes]] = {}

    async def put(self, asset: Asset, data: bytes) -> None:
        """Keep `data`; again is harmless.  ValueError when `asset` does not describe it."""
        if await asyncio.to_thread(asset_of, data, asset.duration_ms, asset.codec) != asset:
            raise ValueError(f"these bytes are not asset {asset.digest}")
        self._held.setdefault(asset.digest, (asset, data))

    async def get(self, digest: AssetDigest) -> Asset | None:
        """Return the entry, or None."""
        held = self._held.get(digest)
        return held[0] if held else None

    async def read(self, digest: AssetDigest) -> bytes:
        """Return the bytes, or raise UnknownAsset."""
        try:
            return self._held[digest][1]
        except KeyError:
            raise UnknownAsset(digest) from None


class MemoryRenderStore:
    """Renderings in a dictionary."""

    def __init__(self) -> None:
        self._held: dict[RecipeDigest, Rendered] = {}

    async def find(self, recipe: RecipeDigest) -> Rendered | None:
        """Return the rendering, or None."""
        return self._held.get(recipe)

    async def add(self, rendered: Rendered) -> Rendered:
        """Keep `rendered` and return it; when there is one of this recipe already, return that one."""
        return self._held.setdefault(rendered.recipe, rendered)
