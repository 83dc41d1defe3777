"""Bytes on a topic → obeyed or refused: one pure function that every loudspeaker computes before anything else.

The order of the checks is part of the contract (spec/protocol.md, Refusals): two implementations name one reason.
What is accepted comes back with what must be stored (`mark`, `floor_ms`) before it is obeyed.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from devices.protocol import topics
from devices.protocol.chunks import is_chunk
from devices.protocol.codec import Message, bytes_max, decode_as
from devices.protocol.errors import MessageRefused, Reason
from devices.protocol.ids import AreaCode, AssetDigest, DeviceId
from devices.protocol.limits import CHUNK_BYTES
from devices.protocol.manifest import Asset, Manifest
from devices.protocol.messages import (
    Ack,
    AsRunReport,
    Command,
    FromDevice,
    KeySet,
    Need,
    Overrides,
    State,
    Subject,
    TimeBeacon,
)
from devices.protocol.signing import KeyRing
from devices.protocol.topics import Leaf, TopicName

ToDevice = TimeBeacon | KeySet | Manifest | Overrides | Command

_KINDS: Mapping[Leaf, type[ToDevice]] = {
    Leaf.TIME: TimeBeacon,
    Leaf.KEYS: KeySet,
    Leaf.MANIFEST: Manifest,
    Leaf.OVERRIDE: Overrides,
    Leaf.CMD: Command,
}
_REPORTS: Mapping[Leaf, type[FromDevice]] = {
    Leaf.STATE: State,
    Leaf.ACK: Ack,
    Leaf.NEED: Need,
    Leaf.ASRUN: AsRunReport,
}
SUBJECTS: Mapping[Leaf, Subject] = {
    Leaf.TIME: Subject.TIME,
    Leaf.KEYS: Subject.KEYS,
    Leaf.MANIFEST: Subject.MANIFEST,
    Leaf.OVERRIDE: Subject.OVERRIDE,
    Leaf.CMD: Subject.CMD,
    Leaf.ASSET: Subject.ASSET,
    Leaf.AREA_ASSET: Subject.ASSET,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The highest sequence accepted on a topic, and which bytes bore it.  Survives power loss."""

    sequence: int
    body_sha256: str  # 64 lower-case hex digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a device knows when bytes arrive."""

    device: DeviceId
    root: KeyRing  # the root key's public half, since enrolment
    keys: KeyRing  # the working keys of the key set held
    areas: tuple[AreaCode, ...] = ()  # since enrolment, and of the manifest held
    marks: Mapping[str, Mark] = field(default_factory=dict)  # topic -> mark
    wanted: Mapping[AssetDigest, Asset] = field(default_factory=dict)  # entries whose audio is not held
    now_ms: int = 0
    clock_trusted: bool = False
    floor_ms: int = 0

    @property
    def at_ms(self) -> int:
        """The moment that expiry is measured against: now, or the floor while the clock is not trusted."""
        return max(self.now_ms, self.floor_ms) if self.clock_trusted else self.floor_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A right chunk of an asset that is wanted."""

    digest: AssetDigest
    n: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A message that must be obeyed, and what to store first."""

    message: ToDevice | Chunk
    mark: Mark | None  # of this topic from now on; None: a chunk
    floor_ms: int  # the floor from now on
    repeated: bool = False  # the very message that is held: acknowledged again, obeyed only once
    sets_clock: bool = False  # a live beacon: from now on the clock is trusted and shows issued_at_ms


def judge(topic: str, payload: bytes, held: Held, *, retained: bool = False) -> Accepted:
    """Return what a device must make of `payload` on `topic`.  Raises MessageRefused and nothing else.

    `retained`: the broker's flag on this very delivery.
    """
    name = topics.match(topic)
    if name is None or name.leaf not in SUBJECTS:
        raise MessageRefused(Reason.UNKNOWN_TYPE, f"topic {topic[:80]!r}")
    if name.digest is not None:
        return _judge_chunk(name, payload, held)
    return _judge_envelope(topic, name, payload, held, retained=retained)


def judge_report(topic: str, payload: bytes, ring: KeyRing) -> FromDevice:
    """Return what a device says on `topic`; `ring` holds that device's own key.  Raises MessageRefused."""
    name = topics.match(topic)
    if name is None or name.leaf not in _REPORTS:
        raise MessageRefused(Reason.UNKNOWN_TYPE, f"topic {topic[:80]!r}")
    kind = _REPORTS[name.leaf]
    message = decode_as(kind, ring.open(payload, now_ms=None, bytes_max=bytes_max(kind)))
    if message.device != name.device:
        raise MessageRefused(Reason.WRONG_AUDIENCE, f"{message.device} on the topic of {name.device}")
    return message


def _judge_chunk(name: TopicName, payload: bytes, held: Held) -> Accepted:
    digest, n = name.digest, name.chunk
    if len(payload) > CHUNK_BYTES:
        raise MessageRefused(Reason.TOO_LARGE, f"{len(payload)} bytes, at most {CHUNK_BYTES}")
    if name.area is not None and name.area not in held.areas:
        raise MessageRefused(Reason.WRONG_AUDIENCE, name.area)
    if digest is None or n is None or digest not in held.wanted:
        raise MessageRefused(Reason.NOT_WANTED, digest or "")
    if not is_chunk(held.wanted[digest], n, payload):
        raise MessageRefused(Reason.WRONG_CHUNK, f"{digest} {n}")
    return Accepted(message=Chunk(digest=digest, n=n, data=payload), mark=None, floor_ms=held.floor_ms)


def _judge_envelope(topic: str, name: TopicName, payload: bytes, held: Held, *, retained: bool) -> Accepted:
    kind = _KINDS[name.leaf]
    ring = held.root if name.leaf is Leaf.KEYS else held.keys
    body = ring.open(payload, now_ms=held.at_ms if held.clock_trusted else None, bytes_max=bytes_max(kind))
    message = decode_as(kind, body)
    mark = Mark(sequence=message.sequence, body_sha256=hashlib.sha256(body).hexdigest())
    try:
        _check_audience(name, message, held)
        repeated = _check_sequence(mark, held.marks.get(topic), message)
        _check_expiry(message, held.at_ms)
    except MessageRefused as exc:
        raise MessageRefused(exc.reason, exc.detail, ref=_ref(message), sequence=message.sequence) from None
    return Accepted(
        message=message,
        mark=mark,
        floor_ms=max(held.floor_ms, message.issued_at_ms),
        repeated=repeated,
        sets_clock=isinstance(message, TimeBeacon) and not retained,
    )


def _check_audience(name: TopicName, message: Message, held: Held) -> None:
    if isinstance(message, Manifest | Command) and not message.device == name.device == held.device:
        raise MessageRefused(Reason.WRONG_AUDIENCE, f"{message.device} on the topic of {name.device}")
    if isinstance(message, Overrides) and (message.area != name.area or message.area not in held.areas):
        raise MessageRefused(Reason.WRONG_AUDIENCE, f"{message.area} on the topic of {name.area}")


def _check_sequence(mark: Mark, known: Mark | None, message: ToDevice) -> bool:
    """Return whether this very message is held already."""
    if known is None or mark.sequence > known.sequence:
        return False
    if mark.sequence < known.sequence or isinstance(message, TimeBeacon):
        raise MessageRefused(Reason.STALE, f"{mark.sequence}, {known.sequence} is held")
    if mark.body_sha256 != known.body_sha256:
        raise MessageRefused(Reason.CONFLICT, f"{mark.sequence} is held with other bytes")
    return True


def _check_expiry(message: ToDevice, at_ms: int) -> None:
    if not isinstance(message, TimeBeacon) and at_ms >= message.expires_at_ms:
        raise MessageRefused(Reason.EXPIRED, f"at {message.expires_at_ms}, it is {at_ms}")


def _ref(message: ToDevice) -> str:
    if isinstance(message, Overrides):
        return message.area
    return message.id if isinstance(message, Command) else ""
