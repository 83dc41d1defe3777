"""PURE: the places somebody may choose from, with what hangs there."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from devices.areas import RANK, AreaCode, Group, Level, UnitTree
from devices.presence import Presence
from devices.protocol.lifecycle import Registration
from hub.flows.fleet import Loudspeaker

GONE = {Presence.LOST, Presence.NEVER_SEEN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A unit with the number of loudspeakers in its branch."""

    code: AreaCode
    name: str
    depth: int  # under the highest place of the list
    devices: int
    gone: int

    @property
    def words(self) -> str:
        """Return "14 cụm loa, 2 mất liên lạc"."""
        if not self.devices:
            return "chưa có cụm loa"
        return f"{self.devices} cụm loa" + (f", {self.gone} mất liên lạc" if self.gone else "")


def area_choices(
    tree: UnitTree, reach: Collection[AreaCode], speakers: Collection[Loudspeaker], groups: Collection[Group] = ()
) -> tuple[Place, ...]:
    """Return the units of `reach` and those below that have loudspeakers, parents first; then the groups inside it."""
    total: Counter[str] = Counter()
    gone: Counter[str] = Counter()
    for one in speakers:
        if one.device.registration is not Registration.ACTIVE or one.device.unit not in tree:
            continue
        for code in (one.device.unit, *(unit.code for unit in tree.ancestors(one.device.unit))):
            total[code] += 1
            gone[code] += one.presence in GONE
    places: list[Place] = []
    for top in reach:
        places += [_place(tree, code, top, total[code], gone[code]) for code in _below(tree, top, total)]
    inside = (group for group in groups if all(any(tree.is_within(one, top) for top in reach) for one in group.members))
    return (*places, *(_group(group, total, gone) for group in inside))


def _group(group: Group, total: Counter[str], gone: Counter[str]) -> Place:
    """Return a group as a place; members that lie in each other are not counted twice by whoever made it."""
    devices, lost = (sum(counter[one] for one in group.members) for counter in (total, gone))
    return Place(code=group.code, name=f"Nhóm {group.name}", depth=0, devices=devices, gone=lost)


def _below(tree: UnitTree, top: AreaCode, total: Counter[str]) -> list[AreaCode]:
    return [unit.code for unit in tree.branch(top) if unit.code == top or total[unit.code]]


def _place(tree: UnitTree, code: AreaCode, top: AreaCode, devices: int, gone: int) -> Place:
    unit = tree.unit(code)
    depth = sum(RANK[tree.unit(top).level] <= RANK[above.level] for above in tree.ancestors(code)) if code != top else 0
    name = "Cả nước" if unit.level is Level.NATION else unit.name
    return Place(code=code, name=name, depth=min(depth, 3), devices=devices, gone=gone)
