"""Bulletins, assets and renderings: the ports of content over one transaction."""

import asyncio
import os
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from content.desk.search import searched
from content.errors import StaleBulletin, UnknownAsset, UnknownBulletin
from content.model import Bulletin, Stage, Subject
from content.ports import FOUND_MAX
from content.recipe import RecipeDigest, Rendered
from devices.protocol.chunks import asset_of
from devices.protocol.ids import AreaCode, AssetDigest, ContentId
from devices.protocol.manifest import Asset, Codec
from hub.db.documents import Documents
from hub.db.rows import to_ms
from hub.db.tables.content import assets, bulletin_versions, bulletins, pinned, renders
from hub.db.upsert import add_new, put

GUARDED = ("id", "unit", "stage", "revision", "author", "editor", "approver")  # these have columns and constraints

_BULLETINS = Documents(Bulletin)
_RENDERED = Documents(Rendered)


class SqlBulletins:
    """A BulletinStore."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection

    async def add(self, bulletin: Bulletin) -> None:
        """Keep a new bulletin."""
        if not await add_new(self._db, bulletins, _bulletin_values(bulletin)):
            raise StaleBulletin(bulletin.id, bulletin.revision)
        await self._keep_version(bulletin)

    async def get(self, id: ContentId) -> Bulletin:  # noqa: A002 - the port's name
        """Return the bulletin."""
        row = (await self._db.execute(select(bulletins).where(bulletins.c.id == id))).first()
        if row is None:
            raise UnknownBulletin(id)
        return _bulletin(row)

    async def save(self, bulletin: Bulletin) -> None:
        """Replace the revision before this one."""
        c = bulletins.c
        before = (c.id == bulletin.id) & (c.revision == bulletin.revision - 1)
        done = await self._db.execute(update(bulletins).where(before).values(_bulletin_values(bulletin)))
        if done.rowcount != 1:
            await self.get(bulletin.id)  # says that there is none
            raise StaleBulletin(bulletin.id, bulletin.revision - 1)
        await self._keep_version(bulletin)

    async def _keep_version(self, bulletin: Bulletin) -> None:
        """Keep the words of this version, with what has become of them; an older version is never touched again."""
        values = {"bulletin": bulletin.id, "version": bulletin.version, "document": _BULLETINS.pack(bulletin)}
        await put(self._db, bulletin_versions, values)

    async def versions(self, id: ContentId) -> tuple[Bulletin, ...]:  # noqa: A002 - the port's name
        """Return every version of the words as it was last kept, the oldest first."""
        c = bulletin_versions.c
        rows = await self._db.execute(select(c.document).where(c.bulletin == id).order_by(c.version))
        return tuple(_BULLETINS.unpack(row.document) for row in rows)

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
        """Return bulletins, last changed first."""
        c = bulletins.c
        query = select(bulletins).order_by(c.updated_ms.desc(), c.id).limit(limit)
        for column, wanted in ((c.unit, units), (c.stage, stages), (c.subject, subjects)):
            if wanted is not None:
                query = query.where(column.in_([str(one) for one in wanted]))
        if since is not None:
            query = query.where(c.updated_ms >= to_ms(since))
        if until is not None:
            query = query.where(c.updated_ms < to_ms(until))
        for term in terms:
            query = query.where(c.searched.contains(term, autoescape=True))
        return tuple(_bulletin(row) for row in await self._db.execute(query))


class SqlAssets:
    """An AssetStore: entries in the database, bytes in a folder, each file named by its digest."""

    def __init__(self, connection: AsyncConnection, folder: Path) -> None:
        self._db = connection
        self._folder = folder

    async def put(self, asset: Asset, data: bytes) -> None:
        """Keep `data`: the file first, so that an entry never names what is not there."""
        await asyncio.to_thread(write_asset, self._folder, asset, data)
        await self.note(asset)

    async def note(self, asset: Asset) -> None:
        """Keep the entry of an asset whose file has been written."""
        values = {
            "digest": asset.digest,
            "codec": str(asset.codec),
            "size_bytes": asset.size_bytes,
            "duration_ms": asset.duration_ms,
            "chunks": " ".join(asset.chunks),
        }
        await add_new(self._db, assets, values)

    async def get(self, digest: AssetDigest) -> Asset | None:
        """Return the entry."""
        row = (await self._db.execute(select(assets).where(assets.c.digest == digest))).first()
        return _asset(row) if row else None

    async def entries(self, digests: Collection[AssetDigest]) -> dict[AssetDigest, Asset]:
        """Return the entries that are kept among `digests`."""
        rows = await self._db.execute(select(assets).where(assets.c.digest.in_(list(digests))))
        return {AssetDigest(row.digest): _asset(row) for row in rows}

    async def read(self, digest: AssetDigest) -> bytes:
        """Return the bytes."""
        return await asyncio.to_thread(read_asset, self._folder, digest)


class SqlRenders:
    """A RenderStore."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection

    async def find(self, recipe: RecipeDigest) -> Rendered | None:
        """Return the rendering."""
        row = (await self._db.execute(select(renders.c.document).where(renders.c.recipe == recipe))).first()
        return _RENDERED.unpack(row.document) if row else None

    async def of_assets(self, digests: Collection[AssetDigest]) -> Mapping[AssetDigest, Rendered]:
        """Return how each of `digests` was rendered."""
        query = select(renders.c.document).where(renders.c.asset.in_(list(digests)))
        found = [_RENDERED.unpack(row.document) for row in await self._db.execute(query)]
        return {one.asset.digest: one for one in found}

    async def add(self, rendered: Rendered) -> Rendered:
        """Keep `rendered` unless there is one of this recipe; return what is kept."""
        values = {"recipe": rendered.recipe, "asset": rendered.asset.digest, "document": _RENDERED.pack(rendered)}
        if await add_new(self._db, renders, values):
            return rendered
        kept = await self.find(rendered.recipe)
        if kept is None:  # pragma: no cover - renderings are never removed
            raise IntegrityError("renders", values, KeyError(rendered.recipe))
        return kept


class SqlPinned:
    """The sounds that every loudspeaker holds beforehand, by name."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection

    async def put(self, name: str, digest: AssetDigest) -> None:
        """Let `name` be this asset from now on."""
        await put(self._db, pinned, {"name": name, "asset": digest})

    async def every(self) -> dict[str, AssetDigest]:
        """Return all names with their assets."""
        rows = await self._db.execute(select(pinned).order_by(pinned.c.name))
        return {row.name: AssetDigest(row.asset) for row in rows}


def asset_path(folder: Path, digest: AssetDigest) -> Path:
    """Return where the bytes of an asset are."""
    return folder / digest[:2] / digest


def read_asset(folder: Path, digest: AssetDigest) -> bytes:
    """Return the bytes of an asset.  Raises UnknownAsset.  Blocks."""
    try:
        return asset_path(folder, digest).read_bytes()
    except FileNotFoundError:
        raise UnknownAsset(digest) from None


def write_asset(folder: Path, asset: Asset, data: bytes) -> None:
    """Write the bytes of an asset, whole or not at all.  Raises ValueError when they are another's.  Blocks."""
    if asset_of(data, asset.duration_ms, asset.codec) != asset:
        raise ValueError(f"these bytes are not asset {asset.digest}")
    path = asset_path(folder, asset.digest)
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{asset.digest}.{os.getpid()}.{os.urandom(4).hex()}.part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Let a new name in `folder` survive a power cut: the database is about to rely on it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _bulletin_values(bulletin: Bulletin) -> dict[str, object]:
    return {
        "id": bulletin.id,
        "unit": bulletin.unit,
        "stage": str(bulletin.stage),
        "revision": bulletin.revision,
        "author": bulletin.author,
        "editor": bulletin.editor,
        "approver": bulletin.approver,
        "updated_ms": to_ms(bulletin.updated_at),
        "subject": str(bulletin.subject),
        "searched": searched(bulletin),
        "document": _BULLETINS.pack(bulletin),
    }


def _bulletin(row: Row[Any]) -> Bulletin:
    """Return the bulletin of a row.  Raises ValueError when its document says other than what the database guards."""
    bulletin = _BULLETINS.unpack(row.document)
    if any(getattr(row, name) != getattr(bulletin, name) for name in GUARDED):
        raise ValueError(f"bulletin {row.id} was changed by hand: its document is not that of its row")
    return bulletin


def _asset(row: Row[Any]) -> Asset:
    return Asset(
        digest=AssetDigest(row.digest),
        codec=Codec(row.codec),
        size_bytes=row.size_bytes,
        duration_ms=row.duration_ms,
        chunks=tuple(row.chunks.split()),
    )
