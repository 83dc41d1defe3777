"""What content asks of the world.  Implementations pass tests/contract/content."""

from collections.abc import Collection
from typing import Protocol

from content.model import Bulletin, Stage
from content.recipe import RecipeDigest, Rendered
from content.speech.engine import Speaker, SpeechEngine
from devices.protocol.ids import AreaCode, AssetDigest, ContentId
from devices.protocol.manifest import Asset

__all__ = ["AssetStore", "BulletinStore", "RenderStore", "Speaker", "SpeechEngine"]

FOUND_MAX = 500  # one page of a console; a longer list is asked for in parts


class BulletinStore(Protocol):
    """Bulletins by id."""

    async def add(self, bulletin: Bulletin) -> None:
        """Keep a new bulletin; StaleBulletin when its id is taken."""

    async def get(self, id: ContentId) -> Bulletin:  # noqa: A002 - the field's own name
        """Return the bulletin, or raise UnknownBulletin."""

    async def save(self, bulletin: Bulletin) -> None:
        """Replace revision - 1 by this one; StaleBulletin when another is kept, UnknownBulletin when none is."""

    async def find(
        self,
        *,
        units: Collection[AreaCode] | None = None,
        stages: Collection[Stage] | None = None,
        limit: int = FOUND_MAX,
    ) -> tuple[Bulletin, ...]:
        """Return at most `limit` bulletins of `units` in `stages` (None: all), last changed first, then by id."""


class AssetStore(Protocol):
    """Encoded sound by the digest of its bytes; kept whole or not at all."""

    async def put(self, asset: Asset, data: bytes) -> None:
        """Keep `data`; again is harmless.  ValueError when `asset` does not describe it."""

    async def get(self, digest: AssetDigest) -> Asset | None:
        """Return the entry, or None."""

    async def read(self, digest: AssetDigest) -> bytes:
        """Return the bytes, or raise UnknownAsset."""


class RenderStore(Protocol):
    """What recipes have become."""

    async def find(self, recipe: RecipeDigest) -> Rendered | None:
        """Return the rendering, or None."""

    async def add(self, rendered: Rendered) -> Rendered:
        """Keep `rendered` and return it; when there is one of this recipe already, return that one."""
