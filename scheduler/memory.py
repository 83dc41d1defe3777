"""The ports in memory, for tests and demonstrations."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from devices.protocol.ids import AreaCode, ContentId, DeviceId
from devices.protocol.manifest import Manifest, QuietWindow
from scheduler.errors import StaleManifest, StaleProgramme, UnknownProgramme
from scheduler.model import DayProgramme, Programme, reaches


class MemoryProgrammeStore:
    """A ProgrammeStore that forgets everything with its process."""

    def __init__(self) -> None:
        self._kept: dict[ContentId, Programme] = {}

    async def save(self, programme: Programme) -> None:
        """Keep a new programme, or the next version of one."""
        kept = self._kept.get(programme.id)
        if programme.version != (kept.version + 1 if kept else 1):
            raise StaleProgramme(programme.id, programme.version)
        self._kept[programme.id] = programme

    async def get(self, id: ContentId) -> Programme:  # noqa: A002 - the field's own name
        """Return the programme."""
        if id not in self._kept:
            raise UnknownProgramme(id)
        return self._kept[id]

    async def remove(self, id: ContentId, version: int) -> None:  # noqa: A002 - the field's own name
        """Forget a programme."""
        if (await self.get(id)).version != version:
            raise StaleProgramme(id, version + 1)
        del self._kept[id]

    async def of_unit(self, unit: AreaCode) -> tuple[Programme, ...]:
        """Return the programmes of a unit."""
        return self._sorted(one for one in self._kept.values() if one.unit == unit)

    async def reaching(self, areas: Collection[AreaCode]) -> tuple[Programme, ...]:
        """Return the enabled programmes for `areas`."""
        return self._sorted(one for one in self._kept.values() if one.enabled and reaches(one, tuple(areas)))

    async def enabled(self) -> tuple[Programme, ...]:
        """Return all enabled programmes."""
        return self._sorted(one for one in self._kept.values() if one.enabled)

    async def with_bulletin(self, bulletin: str) -> tuple[Programme, ...]:
        """Return the programmes in which a bulletin has a place."""
        kept = self._kept.values()
        return self._sorted(one for one in kept if any(clip.bulletin == bulletin for clip in one.clips))

    @staticmethod
    def _sorted(found: Iterable[Programme]) -> tuple[Programme, ...]:
        return tuple(sorted(found, key=lambda one: one.id))


class MemoryDayStore:
    """A DayStore that forgets everything with its process."""

    def __init__(self) -> None:
        self._kept: dict[tuple[DeviceId, date], DayProgramme] = {}

    async def keep(self, device: DeviceId, day: DayProgramme) -> None:
        """Keep a day."""
        self._kept[device, day.on] = day

    async def get(self, device: DeviceId, on: date) -> DayProgramme | None:
        """Return a day."""
        return self._kept.get((device, on))

    async def between(self, device: DeviceId, first: date, last: date) -> tuple[DayProgramme, ...]:
        """Return days in order."""
        found = [day for (owner, on), day in self._kept.items() if owner == device and first <= on <= last]
        return tuple(sorted(found, key=lambda day: day.on))


class MemoryManifestStore:
    """A ManifestStore that forgets everything with its process."""

    def __init__(self) -> None:
        self._kept: dict[DeviceId, Manifest] = {}

    async def keep(self, manifest: Manifest) -> None:
        """Keep a manifest."""
        kept = self._kept.get(manifest.device)
        if kept is not None and manifest.sequence <= kept.sequence:
            raise StaleManifest(manifest.device, manifest.sequence)
        self._kept[manifest.device] = manifest

    async def last(self, device: DeviceId) -> Manifest | None:
        """Return the last manifest."""
        return self._kept.get(device)


class MemoryQuietHoursStore:
    """A QuietHoursStore that forgets everything with its process."""

    def __init__(self) -> None:
        self._kept: dict[AreaCode, tuple[QuietWindow, ...]] = {}

    async def put(self, area: AreaCode, windows: Iterable[QuietWindow]) -> None:
        """Keep the windows of an area."""
        self._kept[area] = tuple(windows)

    async def every(self) -> Mapping[AreaCode, tuple[QuietWindow, ...]]:
        """Return the windows of every area."""
        return dict(self._kept)
