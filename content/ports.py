"""What content asks of the world.  Implementations pass tests/contract/content."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from content.model import Bulletin, Stage, Subject
from content.recipe import RecipeDigest, Rendered
from content.speech.engine import Speaker, SpeechEngine
from content.speech.spelling import Spelling
from content.station import Station
from content.uploads import Stage as UploadStage
from content.uploads import Upload
from devices.protocol.ids import AreaCode, AssetDigest, ContentId
from devices.protocol.manifest import Asset

__all__ = ["AssetStore", "BulletinStore", "RenderStore", "Speaker", "SpeechEngine", "UploadStore"]

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
        subjects: Collection[Subject] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        terms: Collection[str] = (),
        limit: int = FOUND_MAX,
    ) -> tuple[Bulletin, ...]:
        """Return at most `limit` bulletins for which all of this holds (None: any), last changed first, then by id.

        Last changed in [since, until); every one of the folded `terms` (content.desk.search) stands in it.
        """

    async def versions(self, id: ContentId) -> tuple[Bulletin, ...]:  # noqa: A002 - the field's own name
        """Return every version of the words as it was last kept, the oldest first; none when there is no such id."""


class AssetStore(Protocol):
    """Encoded sound by the digest of its bytes; kept whole or not at all."""

    async def put(self, asset: Asset, data: bytes) -> None:
        """Keep `data`; again is harmless.  ValueError when `asset` does not describe it."""

    async def get(self, digest: AssetDigest) -> Asset | None:
        """Return the entry, or None."""

    async def read(self, digest: AssetDigest) -> bytes:
        """Return the bytes, or raise UnknownAsset."""


class StationStore(Protocol):
    """What areas say about how their stations sound."""

    async def put(self, area: AreaCode, station: Station) -> None:
        """Keep what `area` says about itself; nothing at all forgets it."""

    async def every(self) -> Mapping[AreaCode, Station]:
        """Return what every area says about itself."""


class SpellingStore(Protocol):
    """What engines are given instead of words that they get wrong; one spelling for an engine and a word."""

    async def put(self, spelling: Spelling) -> None:
        """Keep a spelling in place of the one for the same word."""

    async def remove(self, engine: str, word: str) -> None:
        """Forget a spelling; what is not there is no error."""

    async def every(self) -> tuple[Spelling, ...]:
        """Return all spellings by engine and word."""


class RenderStore(Protocol):
    """What recipes have become."""

    async def find(self, recipe: RecipeDigest) -> Rendered | None:
        """Return the rendering, or None."""

    async def of_assets(self, digests: Collection[AssetDigest]) -> Mapping[AssetDigest, Rendered]:
        """Return for each of `digests` that was rendered here how it was; of several renderings any one."""

    async def add(self, rendered: Rendered) -> Rendered:
        """Keep `rendered` and return it; when there is one of this recipe already, return that one."""


class UploadStore(Protocol):
    """Uploads by id."""

    async def add(self, upload: Upload) -> None:
        """Keep a new upload; StaleUpload when its id is taken."""

    async def get(self, id: str) -> Upload:  # noqa: A002 - the field's own name
        """Return the upload, or raise UnknownUpload."""

    async def save(self, upload: Upload) -> None:
        """Replace revision - 1 by this one; StaleUpload when another is kept, UnknownUpload when none is."""

    async def find(
        self,
        *,
        units: Collection[AreaCode] | None = None,
        owner: str | None = None,
        stages: Collection[UploadStage] | None = None,
        limit: int = FOUND_MAX,
    ) -> tuple[Upload, ...]:
        """Return at most `limit` uploads (None: all), last changed first, then by id."""

    async def oldest(self, stages: Collection[UploadStage], limit: int = 1) -> tuple[Upload, ...]:
        """Return at most `limit` uploads in `stages`, first changed first, then by id."""

    async def accepted(
        self, *, unit: AreaCode | None = None, source: AssetDigest | None = None, master: AssetDigest | None = None
    ) -> tuple[Upload, ...]:
        """Return the accepted uploads that have what is given, first changed first."""

    async def bytes_of(self, unit: AreaCode) -> int:
        """Return the sizes of all uploads of a unit that are not gone."""

    async def uses_source(self, source: AssetDigest) -> bool:
        """Say whether an upload that is not gone has these bytes."""
