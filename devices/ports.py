"""What the hub's flows ask of stores and of the broker.  `devices.memory` is the plainest answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from devices.delivery import DeliveryKey, Sent
from devices.model import Device
from devices.presence import Sighting
from devices.protocol.ids import AreaCode, DeviceId, KeyId
from devices.protocol.messages import AsRun, Subject


class DeviceStore(Protocol):
    """The register of loudspeakers."""

    async def add(self, device: Device) -> None:
        """Keep a new device.  Raises DeviceExists when its id or its claim code is taken."""

    async def get(self, device: DeviceId) -> Device:
        """Return the device.  Raises UnknownDevice."""

    async def find_by_claim(self, claim_hash: str) -> Device | None:
        """Return the device whose claim code has this hash."""

    async def change(self, before: Device, after: Device) -> None:
        """Replace `before`.  Raises UnknownDevice, StaleDevice (it is not what is kept), DeviceExists (code taken)."""

    async def every(self) -> tuple[Device, ...]:
        """Return all devices, retired ones too, by id."""

    async def listening(self, areas: Iterable[AreaCode]) -> tuple[Device, ...]:
        """Return the devices that listen to at least one of `areas`, by id."""


class DeliveryStore(Protocol):
    """The ledger of what was sent to whom."""

    async def put(self, sent: Sent) -> None:
        """Keep a delivery in place of what was kept under its key."""

    async def get(self, key: DeliveryKey) -> Sent:
        """Return a delivery.  Raises UnknownDelivery."""

    async def open(self) -> tuple[Sent, ...]:
        """Return what may still move by itself (queued, sent, received, accepted), oldest first."""

    async def of(self, subject: Subject, ref: str) -> tuple[Sent, ...]:
        """Return the deliveries of one override or command, by device."""

    async def to(self, device: DeviceId, *, limit: int = 50) -> tuple[Sent, ...]:
        """Return what was sent to a device, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What became of a batch of as-run records."""

    new: tuple[AsRun, ...] = ()
    known: int = 0  # kept before, with the same content
    conflicting: tuple[AsRun, ...] = ()  # kept before with other content; the first stays


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An as-run record and whose it is."""

    device: DeviceId
    record: AsRun


class AsRunStore(Protocol):
    """What has sounded.  Append only.

    Records are numbered without gaps for the life of one piece of hardware, so they are kept by its key: new hardware
    under the same id begins at one again.
    """

    async def add(self, device: DeviceId, key: KeyId, records: Iterable[AsRun]) -> Kept:
        """Keep records; what is kept already stays as it is."""

    async def held_up_to(self, device: DeviceId, key: KeyId) -> int:
        """Return the number that may be confirmed: no record is missing between the first kept and it; 0: none kept."""

    async def between(self, since_ms: int, until_ms: int, *, device: DeviceId | None = None) -> tuple[Heard, ...]:
        """Return the records that lie at least partly in [since_ms, until_ms), by start, device and number."""


class StateStore(Protocol):
    """The newest that is known of each device's being there."""

    async def put(self, seen: Sighting) -> None:
        """Keep a sighting in place of the last."""

    async def get(self, device: DeviceId) -> Sighting:
        """Return what is known; an empty sighting for a device never seen."""

    async def every(self) -> tuple[Sighting, ...]:
        """Return all sightings, by device."""

    async def forget(self, device: DeviceId) -> None:
        """Drop what is known: new hardware counts its power-ups from one."""


class Bus(Protocol):
    """A way to the broker, as `devices.gateway.Gateway` is one; what comes in goes to the callback it was made with."""

    @property
    def connected(self) -> bool:
        """Whether the broker is there now."""

    async def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> None:
        """Return when the broker has taken the message.  Raises NotSent; then the same bytes may be sent again."""
