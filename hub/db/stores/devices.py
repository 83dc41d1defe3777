"""The register of loudspeakers and its ledgers: the ports of devices over one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from devices.areas import AreaCode, Group
from devices.delivery import DeliveryKey, Sent
from devices.errors import DeviceExists, StaleDevice, UnknownDelivery, UnknownDevice
from devices.memory import OPEN
from devices.model import Device
from devices.ports import Heard, Kept
from devices.presence import Sighting
from devices.protocol.ids import AssetDigest, DeviceId, KeyId
from devices.protocol.messages import AsRun, Outcome, Source, Subject, Why
from hub.db.documents import Documents
from hub.db.rows import to_ms
from hub.db.tables.devices import as_run_marks, as_runs, deliveries, device_areas, devices, groups, sightings
from hub.db.upsert import add_new, put

_DEVICES = Documents(Device)
_SENT = Documents(Sent)
_SIGHTINGS = Documents(Sighting)


class SqlDevices:
    """A DeviceStore."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection

    async def add(self, device: Device) -> None:
        """Keep a new device."""
        await self._refuse_taken_code(device)
        if not await add_new(self._db, devices, _device_values(device)):
            raise DeviceExists(device.id)
        await self._put_areas(device)

    async def get(self, device: DeviceId) -> Device:
        """Return the device."""
        row = (await self._db.execute(select(devices).where(devices.c.id == device))).first()
        if row is None:
            raise UnknownDevice(device)
        return _device(row)

    async def find_by_claim(self, claim_hash: str) -> Device | None:
        """Return the device whose claim code has this hash."""
        row = (await self._db.execute(select(devices).where(devices.c.claim_hash == claim_hash))).first()
        return _device(row) if row else None

    async def change(self, before: Device, after: Device) -> None:
        """Replace `before` with `after`."""
        if await self.get(before.id) != before:
            raise StaleDevice(before.id)
        await self._refuse_taken_code(after)
        await self._db.execute(update(devices).where(devices.c.id == before.id).values(_device_values(after)))
        await self._put_areas(after)

    async def every(self) -> tuple[Device, ...]:
        """Return all devices, by id."""
        return await _devices((await self._db.execute(select(devices).order_by(devices.c.id))).all())

    async def listening(self, areas: Iterable[AreaCode]) -> tuple[Device, ...]:
        """Return the devices that listen to at least one of `areas`, by id."""
        inside = select(device_areas.c.device).where(device_areas.c.area.in_(list(areas)))
        query = select(devices).where(devices.c.id.in_(inside)).order_by(devices.c.id)
        return await _devices((await self._db.execute(query)).all())

    async def _refuse_taken_code(self, device: Device) -> None:
        holder = await self.find_by_claim(device.claim_hash) if device.claim_hash else None
        if holder is not None and holder.id != device.id:
            raise DeviceExists(device.id)

    async def _put_areas(self, device: Device) -> None:
        await self._db.execute(device_areas.delete().where(device_areas.c.device == device.id))
        rows = [{"device": device.id, "area": area} for area in device.areas]
        if rows:
            await self._db.execute(device_areas.insert(), rows)


class SqlGroups:
    """Groups across units."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection

    async def put(self, group: Group) -> None:
        """Keep `group` as it is now."""
        values = {"code": group.code, "name": group.name, "members": " ".join(sorted(group.members))}
        await put(self._db, groups, values)

    async def every(self) -> tuple[Group, ...]:
        """Return all groups, by name."""
        rows = await self._db.execute(select(groups).order_by(groups.c.name, groups.c.code))
        return tuple(_group(row) for row in rows)


class SqlDeliveries:
    """A DeliveryStore."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection

    async def put(self, sent: Sent) -> None:
        """Keep a delivery in place of what was kept under its key."""
        values = {
            "device": sent.key.device,
            "subject": str(sent.key.subject),
            "ref": sent.key.ref,
            "sequence": sent.key.sequence,
            "state": str(sent.state),
            "queued_ms": to_ms(sent.queued_at),
            "document": _SENT.pack(sent),
        }
        await put(self._db, deliveries, values)

    async def get(self, key: DeliveryKey) -> Sent:
        """Return a delivery."""
        c = deliveries.c
        found = await self._find(
            c.device == key.device, c.subject == str(key.subject), c.ref == key.ref, c.sequence == key.sequence
        )
        if not found:
            raise UnknownDelivery(f"nothing was sent as {key}")
        return found[0]

    async def open(self) -> tuple[Sent, ...]:
        """Return what may still move by itself, oldest first."""
        return await self._find(deliveries.c.state.in_([str(state) for state in OPEN]))

    async def of(self, subject: Subject, ref: str) -> tuple[Sent, ...]:
        """Return the deliveries of one override or command, by device."""
        found = await self._find(deliveries.c.subject == str(subject), deliveries.c.ref == ref)
        return tuple(sorted(found, key=lambda sent: sent.key.device))

    async def to(self, device: DeviceId, *, limit: int = 50) -> tuple[Sent, ...]:
        """Return what was sent to a device, newest first."""
        c = deliveries.c
        query = (
            select(c.document)
            .where(c.device == device)
            .order_by(c.queued_ms.desc(), c.subject.desc(), c.ref.desc(), c.sequence.desc())
            .limit(limit)
        )
        return tuple(_SENT.unpack(row.document) for row in await self._db.execute(query))

    async def _find(self, *conditions: ColumnElement[bool]) -> tuple[Sent, ...]:
        c = deliveries.c
        query = select(c.document).where(*conditions).order_by(c.queued_ms, c.device, c.subject, c.ref, c.sequence)
        return tuple(_SENT.unpack(row.document) for row in await self._db.execute(query))


class SqlAsRuns:
    """An AsRunStore."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection

    async def add(self, device: DeviceId, key: KeyId, records: Iterable[AsRun]) -> Kept:
        """Keep records; what is kept already stays as it is."""
        new: list[AsRun] = []
        conflicting: list[AsRun] = []
        known = 0
        for record in records:
            if await add_new(self._db, as_runs, {"device": device, "key_id": key, **_as_run_values(record)}):
                new.append(record)
            elif await self._kept(device, key, record.n) == record:
                known += 1
            else:
                conflicting.append(record)
        if new:
            await self._move_mark(device, key)
        return Kept(new=tuple(new), known=known, conflicting=tuple(conflicting))

    async def held_up_to(self, device: DeviceId, key: KeyId) -> int:
        """Return the number that may be confirmed."""
        row = await self._mark(device, key)
        return row.up_to if row else 0

    async def between(self, since_ms: int, until_ms: int, *, device: DeviceId | None = None) -> tuple[Heard, ...]:
        """Return the records that lie at least partly in [since_ms, until_ms)."""
        c = as_runs.c
        inside = (c.start_ms < until_ms) & ((c.end_ms > since_ms) | (c.start_ms >= since_ms))
        query = select(as_runs).where(inside).order_by(c.start_ms, c.device, c.n)
        if device is not None:
            query = query.where(c.device == device)
        return tuple(Heard(device=DeviceId(row.device), record=_as_run(row)) for row in await self._db.execute(query))

    async def _kept(self, device: DeviceId, key: KeyId, n: int) -> AsRun | None:
        c = as_runs.c
        row = (await self._db.execute(select(as_runs).where(c.device == device, c.key_id == key, c.n == n))).first()
        return _as_run(row) if row else None

    async def _mark(self, device: DeviceId, key: KeyId) -> Row[Any] | None:
        c = as_run_marks.c
        return (await self._db.execute(select(as_run_marks).where(c.device == device, c.key_id == key))).first()

    async def _move_mark(self, device: DeviceId, key: KeyId) -> None:
        c = as_runs.c
        mine = (c.device == device) & (c.key_id == key)
        first = (await self._db.execute(select(c.n).where(mine).order_by(c.n).limit(1))).scalar_one()
        mark = await self._mark(device, key)
        up_to = mark.up_to if mark and mark.first == first else first
        later = await self._db.execute(select(c.n).where(mine, c.n > up_to).order_by(c.n))
        for n in later.scalars():
            if n != up_to + 1:
                break
            up_to = n
        await put(self._db, as_run_marks, {"device": device, "key_id": key, "first": first, "up_to": up_to})


class SqlStates:
    """A StateStore."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection

    async def put(self, seen: Sighting) -> None:
        """Keep a sighting in place of the last."""
        await put(self._db, sightings, {"device": seen.device, "document": _SIGHTINGS.pack(seen)})

    async def get(self, device: DeviceId) -> Sighting:
        """Return what is known."""
        row = (await self._db.execute(select(sightings.c.document).where(sightings.c.device == device))).first()
        return _SIGHTINGS.unpack(row.document) if row else Sighting(device=device)

    async def every(self) -> tuple[Sighting, ...]:
        """Return all sightings, by device."""
        rows = await self._db.execute(select(sightings.c.document).order_by(sightings.c.device))
        return await _SIGHTINGS.unpack_all(rows.scalars().all())

    async def forget(self, device: DeviceId) -> None:
        """Drop what is known."""
        await self._db.execute(sightings.delete().where(sightings.c.device == device))


def _device_values(device: Device) -> dict[str, object]:
    return {
        "id": device.id,
        "unit": device.unit,
        "registration": str(device.registration),
        "public_key": device.public_key,
        "claim_hash": device.claim_hash,
        "document": _DEVICES.pack(replace(device, public_key=None)),  # bytes are no JSON; they have their column
    }


def _device(row: Row[Any]) -> Device:
    return _with_key(_DEVICES.unpack(row.document), row)


async def _devices(rows: Sequence[Row[Any]]) -> tuple[Device, ...]:
    found = await _DEVICES.unpack_all([row.document for row in rows])
    return tuple(_with_key(device, row) for device, row in zip(found, rows, strict=True))


def _with_key(device: Device, row: Row[Any]) -> Device:
    return device if row.public_key is None else replace(device, public_key=bytes(row.public_key))


def _group(row: Row[Any]) -> Group:
    return Group(code=row.code, name=row.name, members=tuple(row.members.split()))


def _as_run_values(record: AsRun) -> dict[str, object]:
    return {
        "n": record.n,
        "boot": record.boot,
        "source": str(record.source),
        "item": record.id,
        "digest": record.digest,
        "start_ms": record.start_ms,
        "end_ms": record.end_ms,
        "outcome": str(record.outcome),
        "why": str(record.why),
        "cut_by": record.by,
        "level_cdb": record.level_cdb,
        "clock_trusted": int(record.clock_trusted),
    }


def _as_run(row: Row[Any]) -> AsRun:
    return AsRun(
        n=row.n,
        boot=row.boot,
        source=Source(row.source),
        id=row.item,
        digest=AssetDigest(row.digest) if row.digest else None,
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        outcome=Outcome(row.outcome),
        why=Why(row.why),
        by=row.cut_by,
        level_cdb=row.level_cdb,
        clock_trusted=bool(row.clock_trusted),
    )
