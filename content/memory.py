"""The ports of content in memory: for tests, and for a demo that leaves nothing behind."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime

from content.desk.search import searched
from content.errors import StaleBulletin, StaleUpload, UnknownAsset, UnknownBulletin, UnknownUpload
from content.model import Bulletin, Stage, Subject
from content.ports import FOUND_MAX
from content.recipe import RecipeDigest, Rendered
from content.speech.spelling import Spelling
from content.station import Station
from content.uploads import Stage as UploadStage
from content.uploads import Upload
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

    async def of_assets(self, digests: Collection[AssetDigest]) -> Mapping[AssetDigest, Rendered]:
        """Return for each of `digests` that was rendered here how it was."""
        return {one.asset.digest: one for one in self._held.values() if one.asset.digest in digests}

    async def add(self, rendered: Rendered) -> Rendered:
        """Keep `rendered` and return it; when there is one of this recipe already, return that one."""
        return self._held.setdefault(rendered.recipe, rendered)


class MemoryUploadStore:
    """Uploads in a dictionary."""

    def __init__(self) -> None:
        self._held: dict[str, Upload] = {}

    async def add(self, upload: Upload) -> None:
        """Keep a new upload; StaleUpload when its id is taken."""
        if upload.id in self._held:
            raise StaleUpload(upload.id, upload.revision)
        self._held[upload.id] = upload

    async def get(self, id: str) -> Upload:  # noqa: A002 - the field's own name
        """Return the upload, or raise UnknownUpload."""
        try:
            return self._held[id]
        except KeyError:
            raise UnknownUpload(id) from None

    async def save(self, upload: Upload) -> None:
        """Replace revision - 1 by this one; StaleUpload when another is kept, UnknownUpload when none is."""
        if (await self.get(upload.id)).revision != upload.revision - 1:
            raise StaleUpload(upload.id, upload.revision - 1)
        self._held[upload.id] = upload

    async def find(
        self,
        *,
        units: Collection[AreaCode] | None = None,
        owner: str | None = None,
        stages: Collection[UploadStage] | None = None,
        limit: int = FOUND_MAX,
    ) -> tuple[Upload, ...]:
        """Return at most `limit` uploads (None: all), last changed first, then by id."""
        fits = [
            held
            for held in self._held.values()
            if (units is None or held.unit in units)
            and (owner is None or held.owner == owner)
            and (stages is None or held.stage in stages)
        ]
        return tuple(sorted(fits, key=lambda held: (-held.updated_at.timestamp(), held.id))[:limit])

    async def oldest(self, stages: Collection[UploadStage], limit: int = 1) -> tuple[Upload, ...]:
        """Return at most `limit` uploads in `stages`, first changed first, then by id."""
        fits = (held for held in self._held.values() if held.stage in stages)
        return tuple(sorted(fits, key=lambda held: (held.updated_at, held.id))[:limit])

    async def accepted(
        self, *, unit: AreaCode | None = None, source: AssetDigest | None = None, master: AssetDigest | None = None
    ) -> tuple[Upload, ...]:
        """Return the accepted uploads that have what is given, first changed first."""
        return tuple(
            held
            for held in await self.oldest((UploadStage.ACCEPTED,), FOUND_MAX)
            if unit in {None, held.unit} and source in {None, held.source} and master in {None, held.master}
        )

    async def bytes_of(self, unit: AreaCode) -> int:
        """Return the sizes of all uploads of a unit that are not gone."""
        kept = (held for held in self._held.values() if held.unit == unit and held.stage is not UploadStage.GONE)
        return sum(held.size_bytes for held in kept)

    async def uses_source(self, source: AssetDigest) -> bool:
        """Say whether an upload that is not gone has these bytes."""
        return any(held.source == source and held.stage is not UploadStage.GONE for held in self._held.values())


class MemoryStations:
    """Stations in a dictionary."""

    def __init__(self) -> None:
        self._held: dict[AreaCode, Station] = {}

    async def put(self, area: AreaCode, station: Station) -> None:
        """Keep what `area` says about itself; nothing at all forgets it."""
        if station.says_nothing:
            self._held.pop(area, None)
        else:
            self._held[area] = station

    async def every(self) -> Mapping[AreaCode, Station]:
        """Return what every area says about itself."""
        return dict(self._held)


class MemorySpellings:
    """Spellings in a dictionary."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], Spelling] = {}

    async def put(self, spelling: Spelling) -> None:
        """Keep a spelling in place of the one for the same word."""
        self._held[spelling.engine, spelling.word] = spelling

    async def remove(self, engine: str, word: str) -> None:
        """Forget a spelling; what is not there is no error."""
        self._held.pop((engine, word), None)

    async def every(self) -> tuple[Spelling, ...]:
        """Return all spellings by engine and word."""
        return tuple(self._held[key] for key in sorted(self._held))
