"""What the hub wants of this device, as far as it has arrived: keys, day plan, overrides, and their sequences.

Pure and frozen: a message and its mark enter together, so power loss never separates them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from devices.protocol import topics
from devices.protocol.ids import AreaCode, AssetDigest
from devices.protocol.judge import Mark
from devices.protocol.manifest import Asset, Manifest
from devices.protocol.messages import KeySet, Override, Overrides

MARKS_MAX = 128  # marks of areas left are kept against replays; a device does not move this often


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """Everything held that the hub has signed, except the time."""

    keys: KeySet | None = None
    manifest: Manifest | None = None
    since_ms: int = 0  # when the manifest was accepted: what had ended by then was never ours to play
    documents: Mapping[AreaCode, Overrides] = field(default_factory=dict)
    marks: Mapping[str, Mark] = field(default_factory=dict)  # topic -> the highest sequence accepted
    volume_percent: int | None = None  # by command, until the next manifest
    hold_until_ms: int = 0  # by command: only emergencies until then

    def areas(self, enrolled: tuple[AreaCode, ...]) -> tuple[AreaCode, ...]:
        """Return the areas it stands in: by its manifest, before the first one by its enrolment."""
        return self.manifest.areas if self.manifest else enrolled

    def marked(self, topic: str, mark: Mark) -> "Desired":
        """Return it with the new highest sequence of a topic."""
        marks = {**self.marks, topic: mark}
        while len(marks) > MARKS_MAX:
            marks.pop(next(iter(marks)))
        return replace(self, marks=marks)

    def with_manifest(self, manifest: Manifest, since_ms: int, enrolled: tuple[AreaCode, ...]) -> "Desired":
        """Return it with a new day plan; the overrides of areas left are dropped."""
        fresh = replace(self, manifest=manifest, since_ms=since_ms, volume_percent=None)
        stays = set(fresh.areas(enrolled))
        return replace(fresh, documents={area: doc for area, doc in self.documents.items() if area in stays})

    def with_overrides(self, document: Overrides) -> "Desired":
        """Return it with the overrides now active in one area, instead of those before."""
        documents = {area: held for area, held in self.documents.items() if area != document.area}
        return replace(self, documents={**documents, document.area: document})

    def without_expired(self, certain_ms: int) -> "Desired":
        """Return it without the overrides that are surely over; itself when there is none."""
        if all(o.expires_at_ms > certain_ms for doc in self.documents.values() for o in doc.overrides):
            return self
        documents = {
            area: replace(doc, overrides=tuple(o for o in doc.overrides if o.expires_at_ms > certain_ms))
            for area, doc in self.documents.items()
        }
        return replace(self, documents=documents)

    def overrides(self) -> tuple[Override, ...]:
        """Return what is active: one id is one override, by the document that was issued last."""
        found: dict[str, tuple[int, Override]] = {}
        for document in self.documents.values():
            for override in document.overrides:
                known = found.get(override.id)
                if known is None or known[0] < document.issued_at_ms:
                    found[override.id] = (document.issued_at_ms, override)
        return tuple(override for _, override in found.values())

    def sequence_of(self, override_id: str) -> int:
        """Return the sequence of the document that holds an override; 0 when none does."""
        return max(
            (doc.sequence for doc in self.documents.values() if any(o.id == override_id for o in doc.overrides)),
            default=0,
        )

    def durations(self) -> dict[AssetDigest, int]:
        """Return how long each described asset is."""
        return {asset.digest: asset.duration_ms for asset in self._entries()}

    def next_expiry_ms(self) -> int | None:
        """Return when the first override held expires."""
        return min((o.expires_at_ms for doc in self.documents.values() for o in doc.overrides), default=None)

    def area_sequences(self) -> tuple[tuple[AreaCode, int], ...]:
        """Return which document of each area is held, for the reported state."""
        return tuple((area, self.documents[area].sequence) for area in sorted(self.documents))

    def _entries(self) -> tuple[Asset, ...]:
        brought = tuple(asset for override in self.overrides() for asset in override.assets)
        return brought + (self.manifest.assets if self.manifest else ())


def area_filters(areas: tuple[AreaCode, ...]) -> tuple[str, ...]:
    """Return the filters of areas."""
    return tuple(f"{topics.ROOT}/area/{area}/#" for area in areas)
