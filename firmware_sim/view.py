"""What follows from what is desired and held, computed once for many events."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from devices.protocol.ids import AreaCode, AssetDigest
from devices.protocol.manifest import Asset, Manifest
from devices.protocol.messages import AreaSequence, Override
from firmware_sim.desired import Desired


@dataclass(slots=True, kw_only=True)
class View:
    """What follows from what is desired and held; computed anew when either changes, read at every event."""

    areas: tuple[AreaCode, ...] = ()
    manifest: Manifest | None = None  # at the volume that a command has set
    overrides: tuple[Override, ...] = ()
    sequences: Mapping[str, int] = field(default_factory=dict)  # override id -> of the document that holds it
    documents: tuple[AreaSequence, ...] = ()
    held: Mapping[AssetDigest, int] = field(default_factory=dict)  # what may sound, and how long it is
    wanted: Mapping[AssetDigest, Asset] = field(default_factory=dict)  # what is on its way
    no_room: tuple[AssetDigest, ...] = ()
    wants: int = 0
    missing: int = 0

    @classmethod
    def of(cls, desired: Desired, enrolled: tuple[AreaCode, ...]) -> "View":
        """Return the view of what is desired, before audio is looked at."""
        manifest, overrides = desired.manifest, desired.overrides()
        if manifest is not None and desired.volume_percent is not None:
            manifest = replace(manifest, volume_percent=desired.volume_percent)
        return cls(
            areas=desired.areas(enrolled),
            manifest=manifest,
            overrides=overrides,
            sequences={override.id: desired.sequence_of(override.id) for override in overrides},
            documents=tuple(AreaSequence(area=area, sequence=n) for area, n in desired.area_sequences()),
        )
