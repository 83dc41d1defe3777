"""A loudspeaker as the hub knows it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from devices.protocol.ids import AreaCode, DeviceId
from devices.protocol.lifecycle import Registration
from devices.protocol.manifest import QuietHours


class Kind(StrEnum):
    """What hangs at the other end."""

    IP_CLUSTER = "ip_cluster"  # cụm thu phát thanh: receiver, amplifier, two to four horns
    FM_BRIDGE = "fm_bridge"  # feeds an old FM station
    WIRED_BRIDGE = "wired_bridge"  # feeds an old wired station


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a loudspeaker hangs; WGS 84 degrees, None while nobody has measured them."""

    name: str  # "Nhà văn hóa thôn Bản Khiển"
    lat: float | None = None
    lon: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One receiver.  `unit` is the commune that owns it; `areas` is everything it listens to, the unit included."""

    id: DeviceId
    unit: AreaCode
    areas: tuple[AreaCode, ...]
    site: Site
    registration: Registration
    kind: Kind = Kind.IP_CLUSTER
    public_key: bytes | None = None  # 32 raw bytes, known once it has claimed its identity
    claim_hash: str | None = None  # SHA-256 of its claim code while it is expected
    quiet: QuietHours = field(default_factory=QuietHours)
    volume_percent: int = 80
    emergency_volume_percent: int = 100
    created_at: datetime
    claimed_at: datetime | None = None
