"""Programmes, days and manifests: the ports of the scheduler over one transaction."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from devices.protocol.ids import AreaCode, ContentId, DeviceId
from devices.protocol.manifest import Manifest, QuietHours, QuietWindow
from hub.db.documents import Documents
from hub.db.tables.schedule import days, manifests, programme_areas, programme_bulletins, programmes, quiet_hours
from hub.db.upsert import add_new, put, put_many
from scheduler.errors import StaleManifest, StaleProgramme, UnknownProgramme
from scheduler.model import DayProgramme, Programme

_PROGRAMMES = Documents(Programme)
_DAYS = Documents(DayProgramme)
_MANIFESTS = Documents(Manifest)
_QUIET = Documents(QuietHours)


class SqlProgrammes:
    """A ProgrammeStore."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection

    async def save(self, programme: Programme) -> None:
        """Keep a new programme, or the next version of one."""
        c = programmes.c
        values = {
            "id": programme.id,
            "unit": programme.unit,
            "version": programme.version,
            "enabled": int(programme.enabled),
            "document": _PROGRAMMES.pack(programme),
        }
        if programme.version == 1:
            kept = await add_new(self._db, programmes, values)
        else:
            before = (c.id == programme.id) & (c.version == programme.version - 1)
            kept = (await self._db.execute(update(programmes).where(before).values(values))).rowcount == 1
        if not kept:
            raise StaleProgramme(programme.id, programme.version)
        await self._index(programme)

    async def get(self, id: ContentId) -> Programme:  # noqa: A002 - the port's name
        """Return the programme."""
        row = (await self._db.execute(select(programmes.c.document).where(programmes.c.id == id))).first()
        if row is None:
            raise UnknownProgramme(id)
        return _PROGRAMMES.unpack(row.document)

    async def remove(self, id: ContentId, version: int) -> None:  # noqa: A002 - the port's name
        """Forget a programme."""
        if (await self.get(id)).version != version:
            raise StaleProgramme(id, version + 1)
        for table in (programme_areas, programme_bulletins):
            await self._db.execute(table.delete().where(table.c.programme == id))
        await self._db.execute(programmes.delete().where(programmes.c.id == id))

    async def of_unit(self, unit: AreaCode) -> tuple[Programme, ...]:
        """Return the programmes of a unit."""
        return await self._find(select(programmes.c.document).where(programmes.c.unit == unit))

    async def reaching(self, areas: Collection[AreaCode]) -> tuple[Programme, ...]:
        """Return the enabled programmes for `areas`."""
        inside = select(programme_areas.c.programme).where(programme_areas.c.area.in_(list(areas)))
        c = programmes.c
        return await self._find(select(c.document).where(c.enabled == 1, c.id.in_(inside)))

    async def enabled(self) -> tuple[Programme, ...]:
        """Return all enabled programmes."""
        return await self._find(select(programmes.c.document).where(programmes.c.enabled == 1))

    async def with_bulletin(self, bulletin: str) -> tuple[Programme, ...]:
        """Return the programmes in which a bulletin has a place."""
        c = programme_bulletins.c
        inside = select(c.programme).where(c.bulletin == bulletin)
        return await self._find(select(programmes.c.document).where(programmes.c.id.in_(inside)))

    async def _find(self, query: Select[tuple[str]]) -> tuple[Programme, ...]:
        rows = await self._db.execute(query.order_by(programmes.c.id))
        return tuple(_PROGRAMMES.unpack(row.document) for row in rows)

    async def _index(self, programme: Programme) -> None:
        bulletins = dict.fromkeys(clip.bulletin for clip in programme.clips if clip.bulletin)
        for table, column, values in (
            (programme_areas, "area", programme.audience),
            (programme_bulletins, "bulletin", tuple(bulletins)),
        ):
            await self._db.execute(table.delete().where(table.c.programme == programme.id))
            rows = [{"programme": programme.id, column: value} for value in dict.fromkeys(values)]
            if rows:
                await self._db.execute(table.insert(), rows)


class SqlDays:
    """A DayStore."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection

    async def keep(self, device: DeviceId, day: DayProgramme) -> None:
        """Keep a day."""
        await put(self._db, days, {"device": device, "day": day.on.isoformat(), "document": _DAYS.pack(day)})

    async def keep_all(self, device: DeviceId, compiled: Iterable[DayProgramme]) -> None:
        """Keep days."""
        rows = [{"device": device, "day": day.on.isoformat(), "document": _DAYS.pack(day)} for day in compiled]
        await put_many(self._db, days, rows)

    async def get(self, device: DeviceId, on: date) -> DayProgramme | None:
        """Return a day."""
        found = await self.between(device, on, on)
        return found[0] if found else None

    async def between(self, device: DeviceId, first: date, last: date) -> tuple[DayProgramme, ...]:
        """Return days in order."""
        c = days.c
        wanted = (c.device == device) & (c.day >= first.isoformat()) & (c.day <= last.isoformat())
        rows = await self._db.execute(select(c.document).where(wanted).order_by(c.day))
        return tuple(_DAYS.unpack(row.document) for row in rows)


class SqlManifests:
    """A ManifestStore."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection

    async def keep(self, manifest: Manifest) -> None:
        """Keep a manifest."""
        if manifest.sequence <= await self.last_sequence(manifest.device):
            raise StaleManifest(manifest.device, manifest.sequence)
        values = {
            "device": manifest.device,
            "sequence": manifest.sequence,
            "document": _MANIFESTS.pack(manifest),
        }
        await put(self._db, manifests, values)

    async def last_sequence(self, device: DeviceId) -> int:
        """Return the number of the last manifest; 0: none was kept."""
        return (await self._db.execute(select(manifests.c.sequence).where(manifests.c.device == device))).scalar() or 0

    async def last(self, device: DeviceId) -> Manifest | None:
        """Return the last manifest."""
        row = (await self._db.execute(select(manifests.c.document).where(manifests.c.device == device))).first()
        return _MANIFESTS.unpack(row.document) if row else None


class SqlQuietHours:
    """Quiet hours of areas."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection

    async def put(self, area: AreaCode, windows: Iterable[QuietWindow]) -> None:
        """Keep an area's own quiet windows; none at all forgets them."""
        document = _QUIET.pack(QuietHours(windows=tuple(windows)))
        await put(self._db, quiet_hours, {"area": area, "document": document})

    async def every(self) -> Mapping[AreaCode, tuple[QuietWindow, ...]]:
        """Return every area's own windows."""
        rows = await self._db.execute(select(quiet_hours))
        return {AreaCode(row.area): _QUIET.unpack(row.document).windows for row in rows}
