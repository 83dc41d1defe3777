"""What the scheduler needs from outside.  Every implementation passes `tests/contract/scheduler`."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Protocol

from devices.protocol.ids import AreaCode, ContentId, DeviceId
from devices.protocol.manifest import Manifest, QuietWindow
from scheduler.model import DayProgramme, Programme


class ProgrammeStore(Protocol):
    """Programmes, the newest version of each."""

    async def save(self, programme: Programme) -> None:
        """Keep a new programme (version 1), or version n + 1 of one kept at n.  Raises StaleProgramme."""

    async def get(self, id: ContentId) -> Programme:  # noqa: A002 - the field's own name
        """Return the programme, or raise UnknownProgramme."""

    async def remove(self, id: ContentId, version: int) -> None:  # noqa: A002 - the field's own name
        """Forget a programme kept at `version`.  Raises UnknownProgramme, StaleProgramme."""

    async def of_unit(self, unit: AreaCode) -> tuple[Programme, ...]:
        """Return the programmes of a unit, by id."""

    async def reaching(self, areas: Collection[AreaCode]) -> tuple[Programme, ...]:
        """Return the enabled programmes whose audience has one of `areas`, by id."""

    async def enabled(self) -> tuple[Programme, ...]:
        """Return all enabled programmes, by id."""

    async def with_bulletin(self, bulletin: str) -> tuple[Programme, ...]:
        """Return the programmes in which a bulletin has a place, by id."""


class DayStore(Protocol):
    """The days that devices were told to play: what as-run records are held against."""

    async def keep(self, device: DeviceId, day: DayProgramme) -> None:
        """Keep a day of a device, in place of what was kept for that date."""

    async def get(self, device: DeviceId, on: date) -> DayProgramme | None:
        """Return the day kept for that date, or None."""

    async def between(self, device: DeviceId, first: date, last: date) -> tuple[DayProgramme, ...]:
        """Return the days kept from `first` to `last`, in order."""


class ManifestStore(Protocol):
    """The last manifest of each device: what a new one is compared with, and where its number comes from."""

    async def keep(self, manifest: Manifest) -> None:
        """Keep a manifest in place of the device's last.  Raises StaleManifest when its sequence is not higher."""

    async def last(self, device: DeviceId) -> Manifest | None:
        """Return the device's last manifest, or None."""


class QuietHoursStore(Protocol):
    """The quiet hours that areas and groups have set for themselves."""

    async def put(self, area: AreaCode, windows: Iterable[QuietWindow]) -> None:
        """Keep the windows of an area in place of those kept; none: it adds nothing to those above it."""

    async def every(self) -> Mapping[AreaCode, tuple[QuietWindow, ...]]:
        """Return the windows of every area that has set any."""
