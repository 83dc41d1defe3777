"""What the flow of an alert asks of stores and of a voice.  `emergency.memory` is the plainest answer."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from devices.protocol.ids import AlertId, AreaCode, DeviceId
from devices.protocol.manifest import Asset
from emergency.incident import Incident
from emergency.override import Pinned
from emergency.rollcall import Call, RollCall


class IncidentStore(Protocol):
    """All incidents, for ever."""

    async def add(self, incident: Incident) -> None:
        """Keep a new incident.  Raises IncidentExists."""

    async def get(self, incident: AlertId) -> Incident:
        """Return an incident.  Raises UnknownIncident."""

    async def change(self, before: Incident, after: Incident) -> None:
        """Replace `before`.  Raises UnknownIncident, StaleIncident when it is not what is kept."""

    async def active(self) -> tuple[Incident, ...]:
        """Return what is on the air by its stage, by id; whether its time is over is for the reader to see."""

    async def unfinished(self) -> tuple[Incident, ...]:
        """Return drafts, approved and active incidents, by id: what may still expire."""

    async def of_event(self, event: AlertId) -> tuple[Incident, ...]:
        """Return the alert, its updates and its all-clear, oldest first."""

    async def recent(self, *, limit: int = 50) -> tuple[Incident, ...]:
        """Return the newest incidents, newest first."""


class RollCallStore(Protocol):
    """Who was called, and what they answered."""

    async def open(self, roll: RollCall, calls: Iterable[Call]) -> None:
        """Keep a roll and its calls.  Raises IncidentExists when the alert has one already."""

    async def join(self, calls: Iterable[Call]) -> None:
        """Put devices on their roll that are not on it yet; who has answered already keeps the answers."""

    async def roll(self, alert: AlertId) -> RollCall:
        """Return a roll.  Raises UnknownIncident."""

    async def put_roll(self, roll: RollCall) -> None:
        """Keep a roll in place of the last.  Raises UnknownIncident."""

    async def call(self, alert: AlertId, device: DeviceId) -> Call:
        """Return one call.  Raises UnknownCall."""

    async def put(self, call: Call) -> None:
        """Keep a call in place of the last; one that was not on the roll joins it.  Raises UnknownIncident."""

    async def calls(self, alert: AlertId) -> tuple[Call, ...]:
        """Return the calls of an alert, by device; empty for an alert without a roll."""

    async def open_rolls(self) -> tuple[RollCall, ...]:
        """Return the rolls that are not closed, oldest first."""


class OverrideSequenceStore(Protocol):
    """The sequence of each area's document."""

    async def next(self, area: AreaCode, now: datetime) -> int:
        """Return a number above all given out for `area` before, and not below `now` in UTC ms; none comes twice."""


class PinnedSounds(Protocol):
    """The sounds that are on the loudspeakers beforehand."""

    async def pinned(self) -> Pinned:
        """Return which sounds of `override.kit()` are ready, and their audio."""


class VoiceRenderer(Protocol):
    """A voice; the hub passes the one of `content`."""

    async def speak(self, text: str) -> Asset:
        """Return written Vietnamese as audio that can be published.  Raises whatever says that nobody could speak."""
