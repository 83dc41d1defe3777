"""What happens to a loudspeaker, and what it wants done about it: the whole surface of the core."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from devices.protocol.codec import encode
from devices.protocol.ids import AssetDigest
from devices.protocol.messages import FromDevice
from firmware_sim.durable import Memory, Part

Seal = Callable[[bytes], bytes]  # body -> envelope

# --- events -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The audio that lies on flash: complete assets with their size, and the chunks of incomplete ones."""

    complete: Mapping[AssetDigest, int] = field(default_factory=dict)
    parts: Mapping[AssetDigest, Mapping[int, bytes]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoweredOn:
    """The first event of a power-up: what survived."""

    memory: Memory = field(default_factory=Memory)
    shelf: Shelf = field(default_factory=Shelf)


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker has accepted the session."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The broker is out of reach; nothing published from now on arrives."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message came; `retained` is the broker's flag on this very delivery."""

    topic: str
    payload: bytes
    retained: bool = False


@dataclass(frozen=True, slots=True)
class Woke:
    """The moment that `wakes_at` named has come, or somebody wondered."""


@dataclass(frozen=True, slots=True)
class NtpSynced:
    """A time server said that it is `utc_ms` now."""

    utc_ms: int


@dataclass(frozen=True, slots=True)
class LevelHeard:
    """The microphone's level over `digest` so far, in hundredths of dBFS RMS."""

    digest: AssetDigest
    level_cdb: int


@dataclass(frozen=True, slots=True)
class PlaybackFailed:
    """The decoder could make no sound of a held asset."""

    digest: AssetDigest


@dataclass(frozen=True, slots=True)
class StoreFailed:
    """Flash did not take an asset or a chunk of it: the disk is full."""

    digest: AssetDigest


Event = PoweredOn | Connected | Disconnected | Received | Woke | NtpSynced | LevelHeard | PlaybackFailed | StoreFailed

# --- effects ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Publish:
    """Say `message` on `topic`, sealed when it leaves: most states of a virtual day are never read by anybody."""

    topic: str
    message: FromDevice
    seal: Seal
    qos: int = 1
    retain: bool = False

    def payload(self) -> bytes:
        """Return the sealed message; the same bytes every time, Ed25519 has no dice."""
        return self.seal(encode(self.message))


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Listen to a filter; asking again brings what is retained there again."""

    filter: str


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Stop listening to a filter."""

    filter: str


@dataclass(frozen=True, slots=True)
class Play:
    """Sound `digest` from `position_ms` on, now, instead of whatever sounds."""

    digest: AssetDigest
    position_ms: int
    volume_percent: int


@dataclass(frozen=True, slots=True)
class Silence:
    """Sound nothing."""


@dataclass(frozen=True, slots=True)
class Persist:
    """Store one part of the memory, safe against power loss, before any later effect."""

    part: Part


@dataclass(frozen=True, slots=True)
class StoreChunk:
    """Keep one checked chunk of an asset that is not complete yet."""

    digest: AssetDigest
    n: int
    data: bytes


@dataclass(frozen=True, slots=True)
class StoreAsset:
    """Keep a complete, checked asset; its chunks are no longer needed."""

    digest: AssetDigest
    data: bytes


@dataclass(frozen=True, slots=True)
class DropAsset:
    """Forget an asset and its chunks."""

    digest: AssetDigest


@dataclass(frozen=True, slots=True)
class Restart:
    """Power down and up again."""


Effect = Publish | Subscribe | Unsubscribe | Play | Silence | Persist | StoreChunk | StoreAsset | DropAsset | Restart
