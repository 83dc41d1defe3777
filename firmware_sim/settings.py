"""What differs between makes of devices, and between a device alone and one of many in a world."""

from dataclasses import dataclass
from typing import Protocol

from devices.protocol.judge import Accepted, Held, judge
from devices.protocol.signing import Verify, verify_ed25519
from firmware_sim.events import Seal

FIRMWARE = "firmware-sim-1"
HEARTBEAT_MS = 58_000  # the contract says at least every minute
QUOTA_BYTES = 256 * 1024 * 1024  # a small card, with a week of speech on it


class Judge(Protocol):
    """devices.protocol.judge.judge, or what gives the same answers faster."""

    def __call__(self, topic: str, payload: bytes, held: Held, *, retained: bool = False) -> Accepted:
        """Return what must be made of `payload`.  Raises MessageRefused and nothing else."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What differs between makes of devices."""

    quota_bytes: int = QUOTA_BYTES
    firmware: str = FIRMWARE
    heartbeat_ms: int = HEARTBEAT_MS  # only a world of many makes it longer, when nobody listens to their states
    verify: Verify = verify_ed25519
    judge: Judge = judge
    seal: Seal | None = None  # None: with the identity's own key
