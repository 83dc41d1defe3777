"""Everything that is said, apart from the manifest: plain values, one class a payload."""

from dataclasses import dataclass, field
from enum import StrEnum

from devices.protocol.errors import Reason
from devices.protocol.ids import AlertId, AreaCode, AssetDigest, DeviceId, KeyId
from devices.protocol.manifest import Asset

# --- from the hub -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeBeacon:
    """The hub is alive and says what time it is."""

    sequence: int
    issued_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEntry:
    """A working key and when it may sign."""

    key_id: KeyId
    public_key: str  # base64 of the 32 raw bytes
    not_before_ms: int
    not_after_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySet:
    """The keys now valid and next, signed by the root key."""

    sequence: int
    issued_at_ms: int
    expires_at_ms: int
    keys: tuple[KeyEntry, ...]


class OverrideKind(StrEnum):
    """Whether it is meant."""

    EMERGENCY = "emergency"
    DRILL = "drill"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One clip of an override: `asset` when it is held, else `fallback`, else nothing; then silence of `gap_ms`."""

    asset: AssetDigest
    fallback: AssetDigest | None = None
    gap_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """An alert as a loudspeaker needs it.  All steps in order are one round; `repeats` rounds, 0 until it expires."""

    id: AlertId
    kind: OverrideKind
    level: int  # disaster risk level 1–5 of Decision 18/2021/QĐ-TTg
    hazard: str  # an id of the list of hazards
    issued_at_ms: int
    expires_at_ms: int
    repeats: int
    volume_percent: int
    steps: tuple[Step, ...]
    assets: tuple[Asset, ...] = ()  # what is not pinned, pushed right behind on the area's topics
    text: str = ""  # for displays and for the record


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """Desired state of one area: all overrides now active in it; an empty list when it is over."""

    area: AreaCode
    sequence: int
    issued_at_ms: int
    expires_at_ms: int
    overrides: tuple[Override, ...] = ()


class CommandName(StrEnum):
    """What a command asks for."""

    STOP = "stop"  # value: UTC ms until which only emergencies sound; 0: only what sounds now ends
    VOLUME = "volume"  # value: percent
    CONFIRM = "confirm"  # value: the hub holds all as-run records up to this number
    RESTART = "restart"  # value: unused


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """An order to one device; not retained, and dead after `expires_at_ms`."""

    device: DeviceId
    id: str
    sequence: int
    issued_at_ms: int
    expires_at_ms: int
    name: CommandName
    value: int = 0


# --- from a device ----------------------------------------------------------------------------------------------


class Why(StrEnum):
    """Why something sounds, or why nothing does."""

    SCHEDULED = "scheduled"
    OVERRIDE = "override"
    DRILL = "drill"
    FILLER = "filler"  # the item's own audio is missing
    NOTHING_SCHEDULED = "nothing_scheduled"
    NO_MANIFEST = "no_manifest"
    MANIFEST_EXPIRED = "manifest_expired"
    CLOCK_NOT_TRUSTED = "clock_not_trusted"
    QUIET_HOURS = "quiet_hours"
    STOPPED = "stopped"
    NO_AUDIO = "no_audio"
    ITEM_OVER = "item_over"  # its audio has ended, its window has not
    SKIPPED = "skipped"  # cut, and its policy is to stay so
    GAP = "gap"  # between two clips of an override
    WAITING_FOR_AUDIO = "waiting_for_audio"  # an override none of whose clips is held
    POWER_LOST = "power_lost"


class Status(StrEnum):
    """Whether the device is there; `lost` is its last will."""

    ONLINE = "online"
    LOST = "lost"


class Source(StrEnum):
    """What a sound belongs to."""

    ITEM = "item"
    OVERRIDE = "override"
    DRILL = "drill"
    FILLER = "filler"


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaSequence:
    """Which overrides document of an area is held."""

    area: AreaCode
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Reported state; retained."""

    device: DeviceId
    boot: int  # counts power-ups
    at_ms: int
    status: Status
    why: Why = Why.NOTHING_SCHEDULED
    source: Source | None = None
    sounding: str = ""  # id of the item or override that sounds
    digest: AssetDigest | None = None
    since_ms: int = 0
    volume_percent: int = 0
    clock_trusted: bool = False
    clock_offset_ms: int = 0  # hub's time minus the device's own clock
    keys: int = 0
    manifest: int = 0  # sequence held; 0: none
    overrides: tuple[AreaSequence, ...] = ()
    assets_held: int = 0
    assets_missing: int = 0
    asrun_waiting: int = 0  # records not yet confirmed
    refused: int = 0  # messages refused since power-up
    firmware: str = ""


class Subject(StrEnum):
    """What an ack is about."""

    MANIFEST = "manifest"
    OVERRIDE = "override"
    CMD = "cmd"
    KEYS = "keys"
    TIME = "time"
    ASSET = "asset"
    UNKNOWN = "unknown"


class AckStage(StrEnum):
    """How far a message has come."""

    RECEIVED = "received"  # the bytes are good
    ACCEPTED = "accepted"  # it will be obeyed
    REFUSED = "refused"  # it will not, because of `reason`
    DONE = "done"  # it has been: it sounded (`sounded_at_ms`), or not (`why`)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """An answer."""

    device: DeviceId
    at_ms: int
    of: Subject
    ref: str = ""  # override id, command id, area or digest
    sequence: int = 0
    stage: AckStage
    reason: Reason | None = None
    why: Why | None = None
    sounded_at_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Chunks that are missing, as ranges [first, last]."""

    device: DeviceId
    at_ms: int
    digest: AssetDigest
    ranges: tuple[tuple[int, int], ...]


class Outcome(StrEnum):
    """How a slot or clip ended."""

    COMPLETED = "completed"
    CUT = "cut"  # it sounded, and something ended it: `why` and `by`
    MISSED = "missed"  # it never sounded: `why`


@dataclass(frozen=True, slots=True, kw_only=True)
class AsRun:
    """One thing that sounded, or should have.  Numbered without gaps for the whole life of the device."""

    n: int
    boot: int
    source: Source
    id: str
    digest: AssetDigest | None
    start_ms: int
    end_ms: int
    outcome: Outcome
    why: Why
    by: str = ""  # what cut it
    level_cdb: int = -9600  # heard, hundredths of dBFS RMS; -9600: nothing
    clock_trusted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AsRunReport:
    """Records not yet confirmed, oldest first."""

    device: DeviceId
    at_ms: int
    records: tuple[AsRun, ...] = field(default_factory=tuple)


FromHub = TimeBeacon | KeySet | Overrides | Command  # and Manifest
FromDevice = State | Ack | Need | AsRunReport
