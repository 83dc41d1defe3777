"""The day plan of one device: what it may play alone, and the audio that this needs."""

from dataclasses import dataclass, field
from enum import StrEnum

from devices.protocol.ids import AreaCode, AssetDigest, ContentId, DeviceId

DAY_MINUTES = 1440
MINUTE_MS = 60_000


class ServiceClass(StrEnum):
    """The three classes of bulletin of Circular 39/2020/TT-BTTTT, lowest first."""

    NORMAL = "normal"  # bản tin thông thường
    PRIORITY = "priority"  # bản tin ưu tiên
    EMERGENCY = "emergency"  # bản tin khẩn cấp


class Codec(StrEnum):
    """How an asset is encoded."""

    OPUS = "opus"  # Opus in Ogg, 48 kHz mono


class AfterCut(StrEnum):
    """What becomes of an item that something above it has interrupted."""

    JOIN = "join"  # go on where the clock says, as if nothing had been cut
    RESUME = "resume"  # go on where it was cut, as long as its window lasts
    RESTART = "restart"  # from its beginning, as long as its window lasts
    SKIP = "skip"  # never again


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One piece of audio, named by the SHA-256 of its encoded bytes."""

    digest: AssetDigest
    codec: Codec
    size_bytes: int
    duration_ms: int
    chunks: tuple[str, ...]  # for each 32 KiB, the first 16 hex digits of its SHA-256


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayItem:
    """One slot of the day.  It sounds from `start_ms`, and never at or after `end_ms`."""

    id: ContentId
    service_class: ServiceClass
    start_ms: int
    end_ms: int
    asset: AssetDigest
    after_cut: AfterCut = AfterCut.JOIN
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietWindow:
    """Minutes of the local day in which only emergencies sound; `from_min` > `until_min` runs over midnight."""

    from_min: int
    until_min: int

    def holds(self, minute: int) -> bool:
        """Say whether minute `minute` of the local day is quiet."""
        if self.from_min <= self.until_min:
            return self.from_min <= minute < self.until_min
        return minute >= self.from_min or minute < self.until_min


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """Quiet windows in local time, `utc_offset_min` east of UTC."""

    utc_offset_min: int = 420  # Asia/Ho_Chi_Minh, without daylight saving since 1975
    windows: tuple[QuietWindow, ...] = ()

    def quiet(self, at_ms: int) -> bool:
        """Say whether the moment `at_ms` (UTC) is quiet."""
        minute = (at_ms // MINUTE_MS + self.utc_offset_min) % DAY_MINUTES
        return any(window.holds(minute) for window in self.windows)

    def next_change_ms(self, at_ms: int) -> int | None:
        """Return the next moment after `at_ms` at which a window opens or closes; None without windows."""
        minute = at_ms // MINUTE_MS + self.utc_offset_min
        edges = {edge for window in self.windows for edge in (window.from_min, window.until_min)}
        waits = [(edge - minute) % DAY_MINUTES or DAY_MINUTES for edge in edges]
        return (at_ms // MINUTE_MS + min(waits)) * MINUTE_MS if waits else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Desired state of one device: retained, replaced as a whole, never partial."""

    device: DeviceId
    sequence: int
    issued_at_ms: int
    expires_at_ms: int
    areas: tuple[AreaCode, ...]  # the areas and groups it stands in: where its overrides come from
    quiet: QuietHours = field(default_factory=QuietHours)
    volume_percent: int = 80
    emergency_volume_percent: int = 100
    filler: AssetDigest | None = None  # sounds where an item's own audio is missing
    pinned: tuple[AssetDigest, ...] = ()  # sirens and standing messages: held always, evicted never
    assets: tuple[Asset, ...] = ()
    items: tuple[PlayItem, ...] = ()  # ordered, windows do not overlap
