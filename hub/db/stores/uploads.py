"""Uploads over one transaction, and their bytes in files: every part one of its own, the whole named by its digest."""

import hashlib
import os
import shutil
from collections.abc import Collection
from pathlib import Path

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from content.errors import StaleUpload, UnknownUpload
from content.ports import FOUND_MAX
from content.uploads import Received, Stage, Upload
from devices.protocol.ids import AreaCode, AssetDigest
from hub.db.documents import Documents
from hub.db.rows import to_ms
from hub.db.tables.uploads import uploads
from hub.db.upsert import add_new

_UPLOADS = Documents(Upload)


class SqlUploads:
    """An UploadStore."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection

    async def add(self, upload: Upload) -> None:
        """Keep a new upload."""
        if not await add_new(self._db, uploads, _values(upload)):
            raise StaleUpload(upload.id, upload.revision)

    async def get(self, id: str) -> Upload:  # noqa: A002 - the port's name
        """Return the upload."""
        row = (await self._db.execute(select(uploads.c.document).where(uploads.c.id == id))).first()
        if row is None:
            raise UnknownUpload(id)
        return _UPLOADS.unpack(row.document)

    async def save(self, upload: Upload) -> None:
        """Replace the revision before this one."""
        c = uploads.c
        before = (c.id == upload.id) & (c.revision == upload.revision - 1)
        if (await self._db.execute(update(uploads).where(before).values(_values(upload)))).rowcount != 1:
            await self.get(upload.id)  # says that there is none
            raise StaleUpload(upload.id, upload.revision - 1)

    async def find(
        self,
        *,
        units: Collection[AreaCode] | None = None,
        owner: str | None = None,
        stages: Collection[Stage] | None = None,
        limit: int = FOUND_MAX,
    ) -> tuple[Upload, ...]:
        """Return uploads, the last changed first."""
        c = uploads.c
        wanted: list[ColumnElement[bool]] = []
        if units is not None:
            wanted.append(c.unit.in_(list(units)))
        if owner is not None:
            wanted.append(c.owner == owner)
        if stages is not None:
            wanted.append(c.stage.in_([str(stage) for stage in stages]))
        query = select(c.document).where(*wanted).order_by(c.updated_ms.desc(), c.id).limit(limit)
        return tuple(_UPLOADS.unpack(row.document) for row in await self._db.execute(query))

    async def oldest(self, stages: Collection[Stage], limit: int = 1) -> tuple[Upload, ...]:
        """Return uploads in `stages`, the one that has waited longest first."""
        c = uploads.c
        chosen = c.stage.in_([str(stage) for stage in stages])
        query = select(c.document).where(chosen).order_by(c.updated_ms, c.id).limit(limit)
        return tuple(_UPLOADS.unpack(row.document) for row in await self._db.execute(query))

    async def accepted(
        self, *, unit: AreaCode | None = None, source: AssetDigest | None = None, master: AssetDigest | None = None
    ) -> tuple[Upload, ...]:
        """Return the accepted uploads of these bytes, or with this master."""
        c = uploads.c
        wanted = [c.stage == str(Stage.ACCEPTED)]
        given = ((c.unit, unit), (c.source, source), (c.master, master))
        wanted += [column == value for column, value in given if value is not None]
        query = select(c.document).where(*wanted).order_by(c.updated_ms, c.id).limit(FOUND_MAX)
        return tuple(_UPLOADS.unpack(row.document) for row in await self._db.execute(query))

    async def bytes_of(self, unit: AreaCode) -> int:
        """Return how many bytes a unit keeps or has announced."""
        c = uploads.c
        query = select(func.coalesce(func.sum(c.size_bytes), 0)).where(c.unit == unit, c.stage != str(Stage.GONE))
        return int((await self._db.execute(query)).scalar_one())

    async def uses_source(self, source: AssetDigest) -> bool:
        """Say whether an upload that is not gone has these bytes."""
        c = uploads.c
        query = select(c.id).where(c.source == source, c.stage != str(Stage.GONE)).limit(1)
        return (await self._db.execute(query)).first() is not None


def _values(upload: Upload) -> dict[str, object]:
    return {
        "id": upload.id,
        "unit": upload.unit,
        "owner": upload.owner,
        "stage": str(upload.stage),
        "revision": upload.revision,
        "size_bytes": upload.size_bytes,
        "source": upload.source,
        "master": upload.master,
        "updated_ms": to_ms(upload.updated_at),
        "document": _UPLOADS.pack(upload),
    }


class UploadFiles:
    """The bytes of uploads.  Everything here blocks: call it in a thread."""

    def __init__(self, folder: Path) -> None:
        self._parts = folder / "parts"
        self._sources = folder / "sources"

    def write_part(self, upload: str, offset: int, part: Received, data: bytes) -> None:
        """Keep a part under its place and its digest: what is written twice at once is the same or another file."""
        path = self._part(upload, offset, part)
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, data)

    def forget_part(self, upload: str, offset: int, part: Received) -> None:
        """Remove a part that came too late."""
        self._part(upload, offset, part).unlink(missing_ok=True)

    def join(self, upload: Upload) -> AssetDigest:
        """Make one file of the parts, named by its digest.  Raises FileNotFoundError when a part is lost."""
        self._sources.mkdir(parents=True, exist_ok=True)
        whole = self._sources / f"{upload.id}.part"
        hashed = hashlib.sha256()
        with whole.open("wb") as file:
            offset = 0
            for part in upload.parts:
                data = self._part(upload.id, offset, part).read_bytes()
                hashed.update(data)
                file.write(data)
                offset += part.size_bytes
            file.flush()
            os.fsync(file.fileno())
        digest = AssetDigest(hashed.hexdigest())
        path = self.source_path(digest)
        path.parent.mkdir(exist_ok=True)
        whole.replace(path)
        return digest

    def source_path(self, digest: AssetDigest) -> Path:
        """Return where the file is that somebody sent."""
        return self._sources / digest[:2] / digest

    def read_source(self, digest: AssetDigest) -> bytes:
        """Return it.  Raises FileNotFoundError."""
        return self.source_path(digest).read_bytes()

    def forget_parts(self, upload: str) -> None:
        """Remove the parts; the whole is there, or is not wanted any more."""
        shutil.rmtree(self._parts / upload, ignore_errors=True)

    def forget_source(self, digest: AssetDigest) -> None:
        """Remove what somebody sent."""
        self.source_path(digest).unlink(missing_ok=True)

    def _part(self, upload: str, offset: int, part: Received) -> Path:
        return self._parts / upload / f"{offset:012}-{part.digest}"


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    beside = path.with_name(f"{path.name}.{os.urandom(4).hex()}.part")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
