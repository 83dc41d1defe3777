"""The ports in memory: for tests, and the plainest statement of what a store must do."""

from collections.abc import Callable, Iterable

from devices.delivery import DeliveryKey, Sent
from devices.errors import DeviceExists, StaleDevice, UnknownDelivery, UnknownDevice
from devices.gateway import Incoming, NotSent
from devices.model import Device
from devices.ports import Heard, Kept
from devices.presence import Sighting
from devices.protocol.ids import AreaCode, DeviceId, KeyId
from devices.protocol.lifecycle import Delivery
from devices.protocol.messages import AsRun, Subject

OPEN = frozenset({Delivery.QUEUED, Delivery.SENT, Delivery.RECEIVED, Delivery.ACCEPTED})


class MemoryDevices:
    """A DeviceStore."""

    def __init__(self) -> None:
        self._devices: dict[DeviceId, Device] = {}

    async def add(self, device: Device) -> None:
        """Keep a new device."""
        if device.id in self._devices:
            raise DeviceExists(device.id)
        self._refuse_taken_code(device)
        self._devices[device.id] = device

    async def get(self, device: DeviceId) -> Device:
        """Return the device."""
        if device not in self._devices:
            raise UnknownDevice(device)
        return self._devices[device]

    async def find_by_claim(self, claim_hash: str) -> Device | None:
        """Return the device whose claim code has this hash."""
        return next((device for device in self._devices.values() if device.claim_hash == claim_hash), None)

    async def change(self, before: Device, after: Device) -> None:
        """Replace `before` with `after`."""
        if await self.get(before.id) != before:
            raise StaleDevice(before.id)
        self._refuse_taken_code(after)
        self._devices[before.id] = after

    async def every(self) -> tuple[Device, ...]:
        """Return all devices, by id."""
        return tuple(self._devices[name] for name in sorted(self._devices))

    async def listening(self, areas: Iterable[AreaCode]) -> tuple[Device, ...]:
        """Return the devices that listen to at least one of `areas`, by id."""
        wanted = frozenset(areas)
        return tuple(device for device in await self.every() if not wanted.isdisjoint(device.areas))

    def _refuse_taken_code(self, device: Device) -> None:
        others = (other for other in self._devices.values() if other.id != device.id)
        if device.claim_hash is not None and any(other.claim_hash == device.claim_hash for other in others):
            raise DeviceExists(device.id)


class MemoryDeliveries:
    """A DeliveryStore."""

    def __init__(self) -> None:
        self._ledger: dict[DeliveryKey, Sent] = {}

    async def put(self, sent: Sent) -> None:
        """Keep a delivery in place of what was kept under its key."""
        self._ledger[sent.key] = sent

    async def get(self, key: DeliveryKey) -> Sent:
        """Return a delivery."""
        if key not in self._ledger:
            raise UnknownDelivery(f"nothing was sent as {key}")
        return self._ledger[key]

    async def open(self) -> tuple[Sent, ...]:
        """Return what may still move by itself, oldest first."""
        return tuple(sorted((sent for sent in self._ledger.values() if sent.state in OPEN), key=_by_age))

    async def of(self, subject: Subject, ref: str) -> tuple[Sent, ...]:
        """Return the deliveries of one override or command, by device."""
        found = (sent for key, sent in self._ledger.items() if (key.subject, key.ref) == (subject, ref))
        return tuple(sorted(found, key=lambda sent: sent.key.device))

    async def to(self, device: DeviceId, *, limit: int = 50) -> tuple[Sent, ...]:
        """Return what was sent to a device, newest first."""
        found = (sent for sent in self._ledger.values() if sent.key.device == device)
        return tuple(sorted(found, key=_by_age, reverse=True)[:limit])


class MemoryAsRuns:
    """An AsRunStore."""

    def __init__(self) -> None:
        self._records: dict[tuple[DeviceId, KeyId], dict[int, AsRun]] = {}

    async def add(self, device: DeviceId, key: KeyId, records: Iterable[AsRun]) -> Kept:
        """Keep records; what is kept already stays as it is."""
        held = self._records.setdefault((device, key), {})
        new: list[AsRun] = []
        conflicting: list[AsRun] = []
        known = 0
        for record in records:
            first = held.setdefault(record.n, record)
            if first is record:
                new.append(record)
            elif first == record:
                known += 1
            else:
                conflicting.append(record)
        return Kept(new=tuple(new), known=known, conflicting=tuple(conflicting))

    async def held_up_to(self, device: DeviceId, key: KeyId) -> int:
        """Return the number that may be confirmed."""
        held = self._records.get((device, key), {})
        n = min(held, default=0)
        while n + 1 in held:
            n += 1
        return n

    async def between(self, since_ms: int, until_ms: int, *, device: DeviceId | None = None) -> tuple[Heard, ...]:
        """Return the records that lie at least partly in [since_ms, until_ms)."""
        found = [
            Heard(device=owner, record=record)
            for (owner, _), held in self._records.items()
            for record in held.values()
            if device in (None, owner)
            and record.start_ms < until_ms
            and max(record.end_ms, record.start_ms + 1) > since_ms
        ]
        return tuple(sorted(found, key=lambda heard: (heard.record.start_ms, heard.device, heard.record.n)))


class MemoryStates:
    """A StateStore."""

    def __init__(self) -> None:
        self._seen: dict[DeviceId, Sighting] = {}

    async def put(self, seen: Sighting) -> None:
        """Keep a sighting in place of the last."""
        self._seen[seen.device] = seen

    async def get(self, device: DeviceId) -> Sighting:
        """Return what is known."""
        return self._seen.get(device, Sighting(device=device))

    async def every(self) -> tuple[Sighting, ...]:
        """Return all sightings, by device."""
        return tuple(self._seen[device] for device in sorted(self._seen))

    async def forget(self, device: DeviceId) -> None:
        """Drop what is known."""
        self._seen.pop(device, None)


class MemoryBroker:
    """A broker without a network: retained messages, filters, the order of what was published."""

    def __init__(self) -> None:
        self.retained: dict[str, bytes] = {}
        self._buses: list[MemoryBus] = []

    def connect(self, filters: tuple[str, ...] = (), receive: Callable[[Incoming], None] | None = None) -> "MemoryBus":
        """Return a connection; retained messages that match come at once."""
        bus = MemoryBus(self, filters, receive)
        self._buses.append(bus)
        for topic, payload in self.retained.items():
            bus.take(Incoming(topic, payload, retained=True))
        return bus

    def take(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Give a message to everyone who asked for it; an empty retained one clears its topic."""
        if retain and payload:
            self.retained[topic] = payload
        elif retain:
            self.retained.pop(topic, None)
        for bus in tuple(self._buses):
            bus.take(Incoming(topic, payload, retained=False))


class MemoryBus:
    """A Bus; made by MemoryBroker.connect."""

    def __init__(
        self, broker: MemoryBroker, filters: tuple[str, ...], receive: Callable[[Incoming], None] | None
    ) -> None:
        self._broker = broker
        self._filters = filters
        self._receive = receive
        self.connected = True

    async def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> None:  # noqa: ARG002 - the port's
        """Give the message to the broker."""
        if not self.connected:
            raise NotSent(f"{topic}: no connection")
        self._broker.take(topic, payload, retain=retain)

    def take(self, message: Incoming) -> None:
        """Receive what matches."""
        if self._receive is not None and self.connected and any(_matches(f, message.topic) for f in self._filters):
            self._receive(message)


def _by_age(sent: Sent) -> tuple[object, ...]:
    key = sent.key
    return (sent.queued_at, key.device, key.subject, key.ref, key.sequence)


def _matches(wanted: str, topic: str) -> bool:
    """Say whether `topic` lies in the MQTT filter `wanted`; ours begin with no `$` and no wildcard."""
    levels = topic.split("/")
    for at, level in enumerate(wanted.split("/")):
        if level == "#":
            return True
        if at >= len(levels) or level not in ("+", levels[at]):
            return False
    return len(levels) == len(wanted.split("/"))
