"""Bodies ↔ messages.  A body is one JSON object whose `type` says what it is; `spec/schemas/` says the same."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import TypeVar

from devices.protocol import limits
from devices.protocol.errors import MessageRefused, Reason
from devices.protocol.fields import Fields, parse_object
from devices.protocol.ids import (
    parse_alert_id,
    parse_area_code,
    parse_content_id,
    parse_device_id,
    parse_digest,
    parse_key_id,
)
from devices.protocol.manifest import (
    DAY_MINUTES,
    AfterCut,
    Asset,
    Codec,
    Manifest,
    PlayItem,
    QuietHours,
    QuietWindow,
    ServiceClass,
)
from devices.protocol.messages import (
    Ack,
    AckStage,
    AreaSequence,
    AsRun,
    AsRunReport,
    Command,
    CommandName,
    KeyEntry,
    KeySet,
    Need,
    Outcome,
    Override,
    OverrideKind,
    Overrides,
    Source,
    State,
    Status,
    Step,
    Subject,
    TimeBeacon,
    Why,
)

Message = TimeBeacon | KeySet | Manifest | Overrides | Command | State | Ack | Need | AsRunReport
M = TypeVar("M", bound=Message)

_CHUNK_HASH = re.compile(r"[0-9a-f]{16}\Z")
_PUBLIC_KEY = re.compile(r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\Z")  # the last letter: its unused bits are zero


def _chunk_hash(text: str) -> str:
    if not _CHUNK_HASH.match(text):
        raise MessageRefused(Reason.BAD_FIELD, f"chunk hash {text[:40]!r}")
    return text


def _public_key(text: str) -> str:
    if not _PUBLIC_KEY.match(text):
        raise MessageRefused(Reason.BAD_FIELD, "public key is not base64 of 32 bytes")
    return text


def _time(f: Fields) -> TimeBeacon:
    return TimeBeacon(sequence=f.sequence(), issued_at_ms=f.time_ms("issued_at_ms"))


def _key(f: Fields) -> KeyEntry:
    return KeyEntry(
        key_id=f.parsed("key_id", parse_key_id),
        public_key=f.parsed("public_key", _public_key),
        not_before_ms=f.time_ms("not_before_ms"),
        not_after_ms=f.time_ms("not_after_ms"),
    )


def _lifetime(f: Fields) -> dict[str, int]:
    """Return when a message was issued and when it expires, which is later."""
    issued_at_ms, expires_at_ms = f.time_ms("issued_at_ms"), f.time_ms("expires_at_ms")
    if expires_at_ms <= issued_at_ms:
        f.wrong("expires_at_ms", "not after issued_at_ms")
    return {"issued_at_ms": issued_at_ms, "expires_at_ms": expires_at_ms}


def _keys(f: Fields) -> KeySet:
    return KeySet(
        sequence=f.sequence(),
        **_lifetime(f),
        keys=f.objects("keys", limits.KEYS_MAX, _key),
    )


def _asset(f: Fields) -> Asset:
    asset = Asset(
        digest=f.parsed("digest", parse_digest),
        codec=f.choice("codec", Codec),
        size_bytes=f.integer("size_bytes", 1, limits.CHUNK_BYTES * limits.ASSET_CHUNKS_MAX),
        duration_ms=f.integer("duration_ms", 1, limits.ASSET_DURATION_MS_MAX),
        chunks=f.strings("chunks", limits.ASSET_CHUNKS_MAX, _chunk_hash),
    )
    if len(asset.chunks) != -(-asset.size_bytes // limits.CHUNK_BYTES):
        f.wrong("chunks", "their number does not fit size_bytes")
    return asset


def _item(f: Fields) -> PlayItem:
    item = PlayItem(
        id=f.parsed("id", parse_content_id),
        service_class=f.choice("class", ServiceClass),
        start_ms=f.time_ms("start_ms"),
        end_ms=f.time_ms("end_ms"),
        asset=f.parsed("asset", parse_digest),
        after_cut=f.choice("after_cut", AfterCut, AfterCut.JOIN),
        title=f.text("title", limits.TITLE_CHARS_MAX, ""),
    )
    if item.end_ms <= item.start_ms:
        f.wrong("end_ms", "not after start_ms")
    return item


def _window(f: Fields) -> QuietWindow:
    return QuietWindow(
        from_min=f.integer("from_min", 0, DAY_MINUTES - 1), until_min=f.integer("until_min", 0, DAY_MINUTES)
    )


def _quiet(f: Fields) -> QuietHours:
    return QuietHours(
        utc_offset_min=f.integer("utc_offset_min", -DAY_MINUTES, DAY_MINUTES, 420),
        windows=f.objects("windows", limits.QUIET_WINDOWS_MAX, _window),
    )


def _manifest(f: Fields) -> Manifest:
    manifest = Manifest(
        device=f.parsed("device", parse_device_id),
        sequence=f.sequence(),
        **_lifetime(f),
        areas=f.strings("areas", limits.MANIFEST_AREAS_MAX, parse_area_code),
        quiet=_quiet(f.child("quiet")),
        volume_percent=f.integer("volume_percent", 0, 100),
        emergency_volume_percent=f.integer("emergency_volume_percent", 0, 100),
        filler=f.optional("filler", parse_digest),
        pinned=f.strings("pinned", limits.MANIFEST_ASSETS_MAX, parse_digest),
        assets=f.objects("assets", limits.MANIFEST_ASSETS_MAX, _asset),
        items=f.objects("items", limits.MANIFEST_ITEMS_MAX, _item),
    )
    _check_manifest(f, manifest)
    return manifest


def _check_manifest(f: Fields, manifest: Manifest) -> None:
    named = {asset.digest for asset in manifest.assets}
    wanted = {item.asset for item in manifest.items} | set(manifest.pinned) | ({manifest.filler} - {None})
    if not wanted <= named:
        f.wrong("assets", "an item, the filler or a pinned name has no entry")
    pairs = zip(manifest.items, manifest.items[1:], strict=False)
    if any(later.start_ms < earlier.end_ms for earlier, later in pairs):
        f.wrong("items", "windows overlap or are not in order")
    if len({item.id for item in manifest.items}) != len(manifest.items):
        f.wrong("items", "an id stands twice")


def _step(f: Fields) -> Step:
    return Step(
        asset=f.parsed("asset", parse_digest),
        fallback=f.optional("fallback", parse_digest),
        gap_ms=f.integer("gap_ms", 0, limits.STEP_GAP_MS_MAX, 0),
    )


def _override(f: Fields) -> Override:
    override = Override(
        id=f.parsed("id", parse_alert_id),
        kind=f.choice("kind", OverrideKind),
        level=f.integer("level", 1, 5),
        hazard=f.parsed("hazard", parse_content_id),
        **_lifetime(f),
        repeats=f.integer("repeats", 0, limits.OVERRIDE_REPEATS_MAX),
        volume_percent=f.integer("volume_percent", 0, 100),
        steps=f.objects("steps", limits.OVERRIDE_STEPS_MAX, _step),
        assets=f.objects("assets", limits.OVERRIDE_STEPS_MAX, _asset),
        text=f.text("text", limits.TEXT_CHARS_MAX, ""),
    )
    if override.expires_at_ms - override.issued_at_ms > limits.OVERRIDE_MS_MAX:
        f.wrong("expires_at_ms", f"more than {limits.OVERRIDE_MS_MAX} ms after issued_at_ms")
    if not override.steps:
        f.wrong("steps", "none")
    return override


def _overrides(f: Fields) -> Overrides:
    found = Overrides(
        area=f.parsed("area", parse_area_code),
        sequence=f.sequence(),
        **_lifetime(f),
        overrides=f.objects("overrides", limits.OVERRIDES_MAX, _override),
    )
    if len({override.id for override in found.overrides}) != len(found.overrides):
        f.wrong("overrides", "an id stands twice")
    return found


def _command(f: Fields) -> Command:
    command = Command(
        device=f.parsed("device", parse_device_id),
        id=f.parsed("id", parse_content_id),
        sequence=f.sequence(),
        **_lifetime(f),
        name=_command_name(f),
        value=f.integer("value", 0, limits.SEQUENCE_MAX, 0),
    )
    if command.name is CommandName.VOLUME and command.value > 100:
        f.wrong("value", "outside 0 to 100")
    return command


def _command_name(f: Fields) -> CommandName:
    name = f.text("name", limits.ID_CHARS_MAX)
    if name not in {str(member) for member in CommandName}:
        raise MessageRefused(Reason.UNSUPPORTED, f"command {name!r}")
    return CommandName(name)


def _area_sequence(f: Fields) -> AreaSequence:
    return AreaSequence(area=f.parsed("area", parse_area_code), sequence=f.sequence())


def _state(f: Fields) -> State:
    return State(
        device=f.parsed("device", parse_device_id),
        boot=f.integer("boot", 0, limits.SEQUENCE_MAX),
        at_ms=f.time_ms("at_ms"),
        status=f.choice("status", Status),
        why=f.choice("why", Why, Why.NOTHING_SCHEDULED),
        source=f.optional_choice("source", Source),
        sounding=f.text("sounding", limits.ID_CHARS_MAX, ""),
        digest=f.optional("digest", parse_digest),
        since_ms=f.time_ms("since_ms", 0),
        volume_percent=f.integer("volume_percent", 0, 100, 0),
        clock_trusted=f.boolean("clock_trusted"),
        clock_offset_ms=f.integer("clock_offset_ms", -limits.TIME_MS_MAX, limits.TIME_MS_MAX, 0),
        **{name: f.integer(name, 0, limits.SEQUENCE_MAX, 0) for name in _STATE_COUNTS},
        overrides=f.objects("overrides", limits.MANIFEST_AREAS_MAX, _area_sequence),
        firmware=f.text("firmware", limits.ID_CHARS_MAX, ""),
    )


_STATE_COUNTS = ("keys", "manifest", "assets_held", "assets_missing", "asrun_waiting", "refused")


def _ack(f: Fields) -> Ack:
    return Ack(
        device=f.parsed("device", parse_device_id),
        at_ms=f.time_ms("at_ms"),
        of=f.choice("of", Subject),
        ref=f.text("ref", limits.ID_CHARS_MAX, ""),
        sequence=f.integer("sequence", 0, limits.SEQUENCE_MAX, 0),
        stage=f.choice("stage", AckStage),
        reason=f.optional_choice("reason", Reason),
        why=f.optional_choice("why", Why),
        sounded_at_ms=f.time_ms("sounded_at_ms", 0),
    )


def _need(f: Fields) -> Need:
    return Need(
        device=f.parsed("device", parse_device_id),
        at_ms=f.time_ms("at_ms"),
        digest=f.parsed("digest", parse_digest),
        ranges=f.pairs("ranges", limits.NEED_RANGES_MAX, limits.ASSET_CHUNKS_MAX - 1),
    )


def _record(f: Fields) -> AsRun:
    return AsRun(
        n=f.sequence("n"),
        boot=f.integer("boot", 0, limits.SEQUENCE_MAX),
        source=f.choice("source", Source),
        id=f.parsed("id", parse_content_id),
        digest=f.optional("digest", parse_digest),
        start_ms=f.time_ms("start_ms"),
        end_ms=f.time_ms("end_ms"),
        outcome=f.choice("outcome", Outcome),
        why=f.choice("why", Why),
        by=f.text("by", limits.ID_CHARS_MAX, ""),
        level_cdb=f.integer("level_cdb", -9600, 0, -9600),
        clock_trusted=f.boolean("clock_trusted"),
    )


def _asrun(f: Fields) -> AsRunReport:
    report = AsRunReport(
        device=f.parsed("device", parse_device_id),
        at_ms=f.time_ms("at_ms"),
        records=f.objects("records", limits.ASRUN_RECORDS_MAX, _record),
    )
    if any(later.n <= earlier.n for earlier, later in zip(report.records, report.records[1:], strict=False)):
        f.wrong("records", "numbers do not rise")
    return report


# type in the body -> (class, reader, most bytes of the whole payload)
_TYPES: Mapping[str, tuple[type[Message], Callable[[Fields], Message], int]] = {
    "time": (TimeBeacon, _time, limits.TIME_BYTES_MAX),
    "keys": (KeySet, _keys, limits.KEYS_BYTES_MAX),
    "manifest": (Manifest, _manifest, limits.MANIFEST_BYTES_MAX),
    "overrides": (Overrides, _overrides, limits.OVERRIDES_BYTES_MAX),
    "cmd": (Command, _command, limits.CMD_BYTES_MAX),
    "state": (State, _state, limits.STATE_BYTES_MAX),
    "ack": (Ack, _ack, limits.ACK_BYTES_MAX),
    "need": (Need, _need, limits.NEED_BYTES_MAX),
    "asrun": (AsRunReport, _asrun, limits.ASRUN_BYTES_MAX),
}
_NAMES: Mapping[type, str] = {kind: name for name, (kind, _, _) in _TYPES.items()}
_WIRE_NAMES = {"service_class": "class"}  # `class` is no name in Python


def bytes_max(kind: type[Message]) -> int:
    """Return the most bytes a payload of this kind may have, header included."""
    return _TYPES[_NAMES[kind]][2]


def encode(message: Message) -> bytes:
    """Return the body of `message`: compact JSON, fields in the order of the class.  ValueError when over its limit."""
    body = {"type": _NAMES[type(message)], **_object(message)}
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    if len(data) + limits.HEADER_BYTES > bytes_max(type(message)):
        raise ValueError(f"{type(message).__name__} of {len(data)} bytes is over its limit")
    return data


def _object(value: object) -> dict[str, object]:
    assert is_dataclass(value)  # noqa: S101 - for the type checker: only messages come here
    pairs = ((entry.name, getattr(value, entry.name)) for entry in fields(value))
    return {_WIRE_NAMES.get(name, name): _plain(item) for name, item in pairs}


def _plain(value: object) -> object:
    if is_dataclass(value):
        return _object(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, StrEnum) else value


def decode(body: bytes) -> Message:
    """Return the message in `body`.  Raises MessageRefused and nothing else."""
    parsed = parse_object(body)
    name = parsed.text("type", limits.ID_CHARS_MAX)
    if name not in _TYPES:
        raise MessageRefused(Reason.UNKNOWN_TYPE, name)
    return _TYPES[name][1](parsed)


def decode_as(kind: type[M], body: bytes) -> M:
    """Return the message in `body`, which must be a `kind`: another type is one that this topic does not have."""
    message = decode(body)
    if not isinstance(message, kind):
        raise MessageRefused(Reason.UNKNOWN_TYPE, _NAMES[type(message)])
    return message
