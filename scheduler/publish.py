"""Days to the manifest of one device.  Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from devices.model import Device
from devices.protocol.codec import encode
from devices.protocol.ids import AreaCode, AssetDigest
from devices.protocol.limits import (
    MANIFEST_ASSETS_MAX,
    MANIFEST_DAYS_MAX,
    MANIFEST_ITEMS_MAX,
    TITLE_CHARS_MAX,
)
from devices.protocol.manifest import Asset, Manifest, PlayItem, QuietHours, QuietWindow
from scheduler.calendars import effective_quiet, to_ms
from scheduler.errors import DayTooLarge, MissingAsset
from scheduler.model import DayProgramme, Listener, Slot


def listener_of(device: Device, quiet: Mapping[AreaCode, Sequence[QuietWindow]]) -> Listener:
    """Return how the scheduler sees a device; devices with equal listeners have equal days."""
    return Listener(areas=device.areas, quiet=effective_quiet(device.areas, quiet, device.quiet))


def build_manifest(
    device: Device,
    days: Sequence[DayProgramme],
    assets: Mapping[AssetDigest, Asset],
    *,
    sequence: int,
    issued_at: datetime,
    pinned: Sequence[AssetDigest] = (),
    filler: AssetDigest | None = None,
) -> Manifest:
    """Return the manifest for as many whole `days`, from the first one on, as fit: never a part of a day.

    `days` follow each other and were compiled for this device.  `assets` has every entry that may be needed.
    Raises DayTooLarge when not even the first one fits, MissingAsset when an entry is not there.
    """
    for count in range(min(len(days), MANIFEST_DAYS_MAX), 0, -1):
        manifest = _manifest(device, days[:count], assets, sequence, issued_at, pinned, filler)
        if fits(manifest):
            return manifest
    smallest = _manifest(device, days[:1], assets, sequence, issued_at, pinned, filler)
    raise DayTooLarge(device.id, items=len(smallest.items), assets=len(smallest.assets))


def _manifest(  # noqa: PLR0917 - called above, with the names in sight
    device: Device,
    days: Sequence[DayProgramme],
    assets: Mapping[AssetDigest, Asset],
    sequence: int,
    issued_at: datetime,
    pinned: Sequence[AssetDigest],
    filler: AssetDigest | None,
) -> Manifest:
    slots = slots_of(days)
    wanted = dict.fromkeys([*pinned, *([filler] if filler else []), *(slot.asset for slot in slots)])
    return Manifest(
        device=device.id,
        sequence=sequence,
        issued_at_ms=to_ms(issued_at),
        expires_at_ms=to_ms(max([days[-1].end, *(slot.end for slot in slots)])),
        areas=device.areas,
        quiet=days[0].listener.quiet if days else QuietHours(),
        volume_percent=device.volume_percent,
        emergency_volume_percent=device.emergency_volume_percent,
        filler=filler,
        pinned=tuple(pinned),
        assets=tuple(_entry(assets, digest) for digest in wanted),
        items=tuple(_item(slot) for slot in slots),
    )


def slots_of(days: Iterable[DayProgramme]) -> tuple[Slot, ...]:
    """Return what sounds in `days`, once each, in order; what runs over midnight stands in two days."""
    found = {slot.id: slot for day in days for slot in day.slots}
    return tuple(sorted(found.values(), key=lambda slot: slot.start))


def _entry(assets: Mapping[AssetDigest, Asset], digest: AssetDigest) -> Asset:
    if digest not in assets:
        raise MissingAsset(digest)
    return assets[digest]


def _item(slot: Slot) -> PlayItem:
    return PlayItem(
        id=slot.id,
        service_class=slot.service_class,
        start_ms=to_ms(slot.start),
        end_ms=to_ms(slot.end),
        asset=slot.asset,
        after_cut=slot.after_cut,
        title=slot.title[:TITLE_CHARS_MAX],
    )


def fits(manifest: Manifest) -> bool:
    """Say whether a device takes a manifest of this size."""
    if len(manifest.items) > MANIFEST_ITEMS_MAX or len(manifest.assets) > MANIFEST_ASSETS_MAX:
        return False
    try:
        encode(manifest)
    except ValueError:  # over its limit of bytes
        return False
    return True


def differs(old: Manifest | None, new: Manifest) -> bool:
    """Say whether `new` would change anything on the device: more than its number and the moment it was issued."""
    return old is None or replace(old, sequence=0, issued_at_ms=0) != replace(new, sequence=0, issued_at_ms=0)
