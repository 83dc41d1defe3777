"""The ports in memory: for tests, and the plainest statement of what a store must do."""

from collections.abc import Iterable
from datetime import datetime

from devices.protocol.ids import AlertId, AreaCode, DeviceId
from emergency.errors import IncidentExists, StaleIncident, UnknownCall, UnknownIncident
from emergency.incident import Incident, Stage
from emergency.override import Pinned, next_sequence
from emergency.rollcall import Call, RollCall

UNFINISHED = frozenset({Stage.DRAFT, Stage.APPROVED, Stage.ACTIVE})


class MemoryIncidents:
    """An IncidentStore."""

    def __init__(self) -> None:
        self._incidents: dict[AlertId, Incident] = {}

    async def add(self, incident: Incident) -> None:
        """Keep a new incident."""
        if incident.id in self._incidents:
            raise IncidentExists(incident.id)
        self._incidents[incident.id] = incident

    async def get(self, incident: AlertId) -> Incident:
        """Return an incident."""
        if incident not in self._incidents:
            raise UnknownIncident(incident)
        return self._incidents[incident]

    async def change(self, before: Incident, after: Incident) -> None:
        """Replace `before`."""
        if await self.get(before.id) != before:
            raise StaleIncident(before.id)
        self._incidents[before.id] = after

    async def active(self) -> tuple[Incident, ...]:
        """Return what is on the air, by id."""
        return self._sorted_by_id(frozenset({Stage.ACTIVE}))

    async def unfinished(self) -> tuple[Incident, ...]:
        """Return what may still expire, by id."""
        return self._sorted_by_id(UNFINISHED)

    async def of_event(self, event: AlertId) -> tuple[Incident, ...]:
        """Return what belongs to an event, oldest first."""
        found = (incident for incident in self._incidents.values() if incident.event == event)
        return tuple(sorted(found, key=_by_age))

    async def recent(self, *, limit: int = 50) -> tuple[Incident, ...]:
        """Return the newest incidents, newest first."""
        return tuple(sorted(self._incidents.values(), key=_by_age, reverse=True)[:limit])

    def _sorted_by_id(self, stages: frozenset[Stage]) -> tuple[Incident, ...]:
        found = (incident for incident in self._incidents.values() if incident.stage in stages)
        return tuple(sorted(found, key=lambda incident: incident.id))


class MemoryRollCalls:
    """A RollCallStore."""

    def __init__(self) -> None:
        self._rolls: dict[AlertId, RollCall] = {}
        self._calls: dict[AlertId, dict[DeviceId, Call]] = {}

    async def open(self, roll: RollCall, calls: Iterable[Call]) -> None:
        """Keep a roll and its calls."""
        if roll.alert in self._rolls:
            raise IncidentExists(roll.alert)
        self._rolls[roll.alert] = roll
        self._calls[roll.alert] = {call.device: call for call in calls}

    async def join(self, calls: Iterable[Call]) -> None:
        """Put devices on their roll that are not on it yet."""
        for call in calls:
            self._calls[call.alert].setdefault(call.device, call)

    async def roll(self, alert: AlertId) -> RollCall:
        """Return a roll."""
        if alert not in self._rolls:
            raise UnknownIncident(alert)
        return self._rolls[alert]

    async def put_roll(self, roll: RollCall) -> None:
        """Keep a roll in place of the last."""
        await self.roll(roll.alert)
        self._rolls[roll.alert] = roll

    async def call(self, alert: AlertId, device: DeviceId) -> Call:
        """Return one call."""
        found = self._calls.get(alert, {}).get(device)
        if found is None:
            raise UnknownCall(alert, device)
        return found

    async def put(self, call: Call) -> None:
        """Keep a call in place of the last."""
        await self.roll(call.alert)
        self._calls[call.alert][call.device] = call

    async def calls(self, alert: AlertId) -> tuple[Call, ...]:
        """Return the calls of an alert, by device."""
        found = self._calls.get(alert, {})
        return tuple(found[device] for device in sorted(found))

    async def open_rolls(self) -> tuple[RollCall, ...]:
        """Return the rolls that are not closed, oldest first."""
        found = (roll for roll in self._rolls.values() if roll.closed_at is None)
        return tuple(sorted(found, key=lambda roll: (roll.opened_at, roll.alert)))


class MemorySequences:
    """An OverrideSequenceStore."""

    def __init__(self) -> None:
        self._last: dict[AreaCode, int] = {}

    async def next(self, area: AreaCode, now: datetime) -> int:
        """Return a number above all given out for `area` before."""
        self._last[area] = next_sequence(self._last.get(area, 0), now)
        return self._last[area]


class MemoryPinned:
    """A PinnedSounds that holds what it was given."""

    def __init__(self, sounds: Pinned) -> None:
        self._pinned = dict(sounds)

    async def pinned(self) -> Pinned:
        """Return which sounds are ready."""
        return self._pinned


def _by_age(incident: Incident) -> tuple[datetime, str]:
    return (incident.created_at, incident.id)
