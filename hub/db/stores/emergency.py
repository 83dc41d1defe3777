"""Incidents, roll calls and the numbers of overrides: the ports of emergency over one transaction."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from devices.protocol.ids import AlertId, AreaCode, DeviceId
from emergency.errors import IncidentExists, StaleIncident, UnknownCall, UnknownIncident
from emergency.incident import Incident, Stage
from emergency.memory import UNFINISHED
from emergency.rollcall import Call, RollCall
from hub.db.documents import Documents
from hub.db.outbox import Outbox
from hub.db.rows import to_ms
from hub.db.tables.emergency import calls, incidents, rolls
from hub.db.upsert import ROWS_AT_ONCE, add_new, insert_for, put, put_many

_INCIDENTS = Documents(Incident)
_ROLLS = Documents(RollCall)
_CALLS = Documents(Call)


class SqlIncidents:
    """An IncidentStore."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection

    async def add(self, incident: Incident) -> None:
        """Keep a new incident."""
        if not await add_new(self._db, incidents, _incident_values(incident)):
            raise IncidentExists(incident.id)

    async def get(self, incident: AlertId) -> Incident:
        """Return an incident."""
        row = (await self._db.execute(select(incidents.c.document).where(incidents.c.id == incident))).first()
        if row is None:
            raise UnknownIncident(incident)
        return _INCIDENTS.unpack(row.document)

    async def change(self, before: Incident, after: Incident) -> None:
        """Replace `before`."""
        if await self.get(before.id) != before:
            raise StaleIncident(before.id)
        c = incidents.c
        same = (c.id == before.id) & (c.document == _INCIDENTS.pack(before))
        if (await self._db.execute(update(incidents).where(same).values(_incident_values(after)))).rowcount != 1:
            raise StaleIncident(before.id)

    async def active(self) -> tuple[Incident, ...]:
        """Return what is on the air, by id."""
        return await self._find(select(incidents.c.document).where(incidents.c.stage == str(Stage.ACTIVE)))

    async def unfinished(self) -> tuple[Incident, ...]:
        """Return what may still expire, by id."""
        stages = [str(stage) for stage in UNFINISHED]
        return await self._find(select(incidents.c.document).where(incidents.c.stage.in_(stages)))

    async def of_event(self, event: AlertId) -> tuple[Incident, ...]:
        """Return what belongs to an event, oldest first."""
        query = select(incidents.c.document).where(incidents.c.event == event)
        rows = await self._db.execute(query.order_by(incidents.c.created_ms, incidents.c.id))
        return tuple(_INCIDENTS.unpack(row.document) for row in rows)

    async def recent(self, *, limit: int = 50) -> tuple[Incident, ...]:
        """Return the newest incidents, newest first."""
        c = incidents.c
        rows = await self._db.execute(select(c.document).order_by(c.created_ms.desc(), c.id.desc()).limit(limit))
        return tuple(_INCIDENTS.unpack(row.document) for row in rows)

    async def _find(self, query: Select[tuple[str]]) -> tuple[Incident, ...]:
        rows = await self._db.execute(query.order_by(incidents.c.id))
        return tuple(_INCIDENTS.unpack(row.document) for row in rows)


class SqlRollCalls:
    """A RollCallStore."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection

    async def open(self, roll: RollCall, calls: Iterable[Call]) -> None:
        """Keep a roll and its calls."""
        if not await add_new(self._db, rolls, _roll_values(roll)):
            raise IncidentExists(roll.alert)
        await self.join(calls)

    async def join(self, wanted: Iterable[Call]) -> None:
        """Put devices on the roll that are not on it yet; those that have answered already keep their answers."""
        values = [_call_values(call) for call in wanted]
        for at in range(0, len(values), ROWS_AT_ONCE):  # a province has ten thousand loudspeakers
            statement = insert_for(self._db, calls).on_conflict_do_nothing(index_elements=["alert", "device"])
            await self._db.execute(statement, values[at : at + ROWS_AT_ONCE])

    async def put_all(self, changed: Iterable[Call]) -> None:
        """Keep calls in place of the last."""
        await put_many(self._db, calls, [_call_values(call) for call in changed])

    async def roll(self, alert: AlertId) -> RollCall:
        """Return a roll."""
        row = (await self._db.execute(select(rolls.c.document).where(rolls.c.alert == alert))).first()
        if row is None:
            raise UnknownIncident(alert)
        return _ROLLS.unpack(row.document)

    async def put_roll(self, roll: RollCall) -> None:
        """Keep a roll in place of the last."""
        done = await self._db.execute(update(rolls).where(rolls.c.alert == roll.alert).values(_roll_values(roll)))
        if done.rowcount != 1:
            raise UnknownIncident(roll.alert)

    async def call(self, alert: AlertId, device: DeviceId) -> Call:
        """Return one call."""
        c = calls.c
        row = (await self._db.execute(select(c.document).where(c.alert == alert, c.device == device))).first()
        if row is None:
            raise UnknownCall(alert, device)
        return _CALLS.unpack(row.document)

    async def put(self, call: Call) -> None:
        """Keep a call in place of the last."""
        await self.roll(call.alert)
        await put(self._db, calls, _call_values(call))

    async def calls(self, alert: AlertId) -> tuple[Call, ...]:
        """Return the calls of an alert, by device."""
        c = calls.c
        rows = await self._db.execute(select(c.document).where(c.alert == alert).order_by(c.device))
        return await _CALLS.unpack_all(rows.scalars().all())

    async def open_rolls(self) -> tuple[RollCall, ...]:
        """Return the rolls that are not closed, oldest first."""
        c = rolls.c
        rows = await self._db.execute(select(c.document).where(c.closed_ms.is_(None)).order_by(c.opened_ms, c.alert))
        return tuple(_ROLLS.unpack(row.document) for row in rows)


class SqlOverrideSequences:
    """An OverrideSequenceStore."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._outbox = Outbox(connection)

    async def next(self, area: AreaCode, now: datetime) -> int:
        """Return a number above all given out for `area` before, and not below `now` in UTC ms."""
        return await self._outbox.next_sequence(f"override:{area}", to_ms(now))


def _incident_values(incident: Incident) -> dict[str, object]:
    return {
        "id": incident.id,
        "event": incident.event,
        "stage": str(incident.stage),
        "created_ms": to_ms(incident.created_at),
        "document": _INCIDENTS.pack(incident),
    }


def _roll_values(roll: RollCall) -> dict[str, object]:
    return {
        "alert": roll.alert,
        "opened_ms": to_ms(roll.opened_at),
        "closed_ms": to_ms(roll.closed_at),
        "document": _ROLLS.pack(roll),
    }


def _call_values(call: Call) -> dict[str, object]:
    return {"alert": call.alert, "device": call.device, "document": _CALLS.pack(call)}
