"""Where an alert is said: areas, circles and polygons → loudspeakers, and the fewest topics that reach them.  PURE.

What is missed is worse than what is overheard: a loudspeaker inside a shape is reached even when its smallest area also
holds some outside, and those are listed.  A loudspeaker whose place nobody knows is listed too, never ignored.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from devices.areas import Group, UnitTree, covers, distance_m
from devices.model import Device
from devices.protocol.ids import AreaCode, DeviceId
from devices.protocol.lifecycle import Registration


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """Everything within `radius_m` of a place; degrees, WGS 84."""

    lat: float
    lon: float
    radius_m: float

    def holds(self, lat: float, lon: float) -> bool:
        """Say whether a place lies inside; the edge does."""
        return distance_m(self.lat, self.lon, lat, lon) <= self.radius_m


@dataclass(frozen=True, slots=True, kw_only=True)
class Polygon:
    """Everything inside a ring of (lat, lon); it closes itself, and is small enough for the earth to be flat."""

    ring: tuple[tuple[float, float], ...]

    def holds(self, lat: float, lon: float) -> bool:
        """Say whether a place lies inside: a ray to the east crosses the ring an odd number of times."""
        inside = False
        for (lat1, lon1), (lat2, lon2) in zip(self.ring, (*self.ring[1:], *self.ring[:1]), strict=True):
            if (lat1 > lat) != (lat2 > lat) and lon < lon1 + (lat - lat1) * (lon2 - lon1) / (lat2 - lat1):
                inside = not inside
        return inside


Shape = Circle | Polygon


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What somebody pointed at; all of it together."""

    areas: tuple[AreaCode, ...] = ()  # units and groups
    shapes: tuple[Shape, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Who will hear it.  All tuples are in order of id."""

    topics: tuple[AreaCode, ...]  # the areas to publish in, fewest
    meant: tuple[DeviceId, ...]  # inside the target
    overheard: tuple[DeviceId, ...] = ()  # outside, but no smaller area reaches those inside
    unplaced: tuple[DeviceId, ...] = ()  # perhaps inside a shape: nobody knows where they hang; not reached
    inactive: tuple[DeviceId, ...] = ()  # inside, but not enrolled yet: they cannot hear

    @property
    def devices(self) -> tuple[DeviceId, ...]:
        """Return everyone who will sound."""
        return tuple(sorted((*self.meant, *self.overheard)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a person is told before pressing the button."""

    devices: int
    reachable: int
    unreachable: tuple[DeviceId, ...]
    overheard: int
    unplaced: int
    inactive: int
    topics: int


def aim(
    target: Target, devices: Iterable[Device], *, tree: UnitTree | None = None, groups: Sequence[Group] = ()
) -> Reach:
    """Return who is reached by `target`, and where to publish.  `tree` and `groups` let one area stand for another."""
    known = [device for device in devices if device.registration is not Registration.RETIRED]
    active = [device for device in known if device.registration is Registration.ACTIVE]
    inside = [device for device in known if _meant(target, device)]
    meant = frozenset(device.id for device in inside if device.registration is Registration.ACTIVE)
    listeners = listeners_of(active)
    topics = smallest_set(target.areas, tree, groups)
    missed = meant - _heard(topics, listeners)
    topics = (*topics, *fewest_topics(missed, listeners, welcome=meant, tree=tree))
    unplaced = (device for device in active if target.shapes and device.site.lat is None and device.id not in meant)
    heard = _heard(topics, listeners)
    return Reach(
        topics=topics,
        meant=tuple(sorted(meant)),
        overheard=tuple(sorted(heard - meant)),
        unplaced=tuple(sorted(device.id for device in unplaced if device.id not in heard)),
        inactive=tuple(sorted(device.id for device in inside if device.registration is Registration.EXPECTED)),
    )


def outlook(reach: Reach, unreachable: Collection[DeviceId]) -> Outlook:
    """Return the summary of a reach; `unreachable`: the devices that are lost or were never seen."""
    gone = tuple(device for device in reach.devices if device in unreachable)
    return Outlook(
        devices=len(reach.devices),
        reachable=len(reach.devices) - len(gone),
        unreachable=gone,
        overheard=len(reach.overheard),
        unplaced=len(reach.unplaced),
        inactive=len(reach.inactive),
        topics=len(reach.topics),
    )


def smallest_set(
    areas: Iterable[AreaCode], tree: UnitTree | None = None, groups: Sequence[Group] = ()
) -> tuple[AreaCode, ...]:
    """Return `areas` without those that another one of them covers."""
    kept = list(dict.fromkeys(areas))
    if tree is None:
        return tuple(kept)
    for area in tuple(kept):
        others = [other for other in kept if other != area]
        if any(_covered(area, other, tree, groups) for other in others):
            kept = others
    return tuple(kept)


def listeners_of(devices: Iterable[Device]) -> Mapping[AreaCode, frozenset[DeviceId]]:
    """Return who listens to each area."""
    found: dict[AreaCode, set[DeviceId]] = {}
    for device in devices:
        for area in device.areas:
            found.setdefault(area, set()).add(device.id)
    return {area: frozenset(ids) for area, ids in found.items()}


def fewest_topics(
    wanted: Collection[DeviceId],
    listeners: Mapping[AreaCode, frozenset[DeviceId]],
    *,
    welcome: Collection[DeviceId] = frozenset(),
    tree: UnitTree | None = None,
) -> tuple[AreaCode, ...]:
    """Return few areas that reach all `wanted`: fewest strangers first, then most reached at once.

    Who is `welcome` is no stranger.  Areas lie in each other like a tree: the widest that disturbs nobody is best.  Of
    two that reach the same, the lower in `tree` is taken: nobody who joins the upper one tomorrow shall hear it.
    """
    left, allowed = set(wanted), frozenset(wanted) | frozenset(welcome)
    chosen: list[AreaCode] = []
    while left:
        candidates = [area for area, ids in listeners.items() if not left.isdisjoint(ids)]
        if not candidates:  # a device that listens to nothing cannot be reached
            break
        best = min(candidates, key=lambda area: _cost(area, listeners[area], left, allowed, tree))
        chosen.append(best)
        left -= listeners[best]
    return tuple(_without_surplus(chosen, wanted, listeners))


def _cost(
    area: AreaCode, ids: frozenset[DeviceId], left: set[DeviceId], allowed: frozenset[DeviceId], tree: UnitTree | None
) -> tuple[int, int, int, str]:
    """Return how badly `area` serves those `left`, the least being best."""
    depth = len(tree.ancestors(area)) if tree is not None and area in tree else 0
    return (len(ids - allowed), -len(ids & left), -depth, area)


def _without_surplus(
    chosen: Sequence[AreaCode], wanted: Collection[DeviceId], listeners: Mapping[AreaCode, frozenset[DeviceId]]
) -> list[AreaCode]:
    """Drop what later choices have made needless."""
    kept = list(chosen)
    for area in chosen:
        others = [other for other in kept if other != area]
        if frozenset(wanted) & listeners[area] <= _heard(others, listeners):
            kept = others
    return sorted(kept)


def _heard(topics: Iterable[AreaCode], listeners: Mapping[AreaCode, frozenset[DeviceId]]) -> frozenset[DeviceId]:
    return frozenset().union(*(listeners.get(area, frozenset()) for area in topics))


def _meant(target: Target, device: Device) -> bool:
    if not frozenset(target.areas).isdisjoint(device.areas):
        return True
    lat, lon = device.site.lat, device.site.lon
    return lat is not None and lon is not None and any(shape.holds(lat, lon) for shape in target.shapes)


def _covered(area: AreaCode, by: AreaCode, tree: UnitTree, groups: Sequence[Group]) -> bool:
    """Say whether all that `area` names hears what is said to `by`."""
    members = next((group.members for group in groups if group.code == area), (area,))
    return all(covers(tree, by, member, groups) for member in members)
