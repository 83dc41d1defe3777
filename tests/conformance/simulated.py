"""The simulated firmware as a device under test.  As a program it speaks the lines of spec/device-under-test.md:

python -m pytest tests/conformance --device "python -m tests.conformance.simulated"
"""

import base64
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from devices.protocol.manifest import QuietHours, QuietWindow
from firmware_sim.core import DeviceCore
from firmware_sim.durable import NAMES, part_bytes, read_memory
from firmware_sim.events import (
    Connected,
    Disconnected,
    DropAsset,
    Effect,
    Event,
    NtpSynced,
    Persist,
    Play,
    PoweredOn,
    Publish,
    Received,
    Restart,
    Shelf,
    Silence,
    StoreAsset,
    StoreChunk,
    Subscribe,
    Unsubscribe,
    Woke,
)
from firmware_sim.identity import Identity

Json = Mapping[str, Any]


class SimulatedDevice:
    """One loudspeaker with its flash; `ask` takes a request and returns what the device did."""

    def __init__(self) -> None:
        self.flash: dict[str, bytes] = {}
        self.complete: dict[str, bytes] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.identity: Identity | None = None
        self.core: DeviceCore | None = None

    def ask(self, request: Json) -> Json:
        """Do what `request` says."""
        if request["do"] == "enrol":
            self.identity = _identity(request)
            return {"did": [], "wakes_at_ms": None}
        if request["do"] == "power_off":
            self.core = None
            return {"did": [], "wakes_at_ms": None}
        if request["do"] == "power_on":
            assert self.identity is not None
            self.core = DeviceCore(self.identity)
        assert self.core is not None
        if request["do"] == "will":
            return {"did": [_publish(self.core.will())], "wakes_at_ms": self.core.wakes_at()}
        effects = self.core.handle(_EVENTS[request["do"]](self, request), request["own_ms"])
        for effect in effects:
            self._store(effect)
        did = [_DID[type(effect)](effect) for effect in effects if type(effect) in _DID]
        return {"did": did, "wakes_at_ms": self.core.wakes_at()}

    def powered_on(self, _request: Json) -> Event:
        """Return what lies on flash, read as after a power cut."""
        shelf = Shelf(complete={digest: len(data) for digest, data in self.complete.items()}, parts=self.parts)
        return PoweredOn(memory=read_memory(self.flash.get), shelf=shelf)

    def _store(self, effect: Effect) -> None:
        match effect:
            case Persist(part):
                self.flash[NAMES[type(part)]] = part_bytes(part)
            case StoreChunk(digest, n, data):
                self.parts.setdefault(digest, {})[n] = data
            case StoreAsset(digest, data):
                self.complete[digest] = data
                self.parts.pop(digest, None)
            case DropAsset(digest):
                self.complete.pop(digest, None)
                self.parts.pop(digest, None)
            case _:
                pass


def _identity(request: Json) -> Identity:
    windows = tuple(QuietWindow(**window) for window in request["quiet"]["windows"])
    return Identity(
        device=request["device"],
        seed=bytes.fromhex(request["seed_hex"]),
        areas=tuple(request["areas"]),
        root_public_key=bytes.fromhex(request["root_public_hex"]),
        quiet=QuietHours(utc_offset_min=request["quiet"]["utc_offset_min"], windows=windows),
    )


def _publish(effect: Publish) -> Json:
    payload = base64.b64encode(effect.payload()).decode()
    return {"publish": {"topic": effect.topic, "payload_base64": payload, "qos": effect.qos, "retain": effect.retain}}


def _received(_: SimulatedDevice, request: Json) -> Event:
    return Received(request["topic"], base64.b64decode(request["payload_base64"]), request["retained"])


_EVENTS: Mapping[str, Callable[[SimulatedDevice, Json], Event]] = {
    "power_on": SimulatedDevice.powered_on,
    "connected": lambda _, __: Connected(),
    "disconnected": lambda _, __: Disconnected(),
    "deliver": _received,
    "wake": lambda _, __: Woke(),
    "ntp": lambda _, request: NtpSynced(request["utc_ms"]),
}
_DID: Mapping[type[Effect], Callable[[Any], Json]] = {
    Publish: _publish,
    Subscribe: lambda effect: {"subscribe": {"filter": effect.filter}},
    Unsubscribe: lambda effect: {"unsubscribe": {"filter": effect.filter}},
    Play: lambda e: {"play": {"digest": e.digest, "position_ms": e.position_ms, "volume_percent": e.volume_percent}},
    Silence: lambda _: {"silence": {}},
    Restart: lambda _: {"restart": {}},
}


def main() -> None:
    """Answer each line of the standard input with a line."""
    device = SimulatedDevice()
    for line in sys.stdin:
        print(json.dumps(device.ask(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
