"""What survives power loss, in parts that change at different rates, and their form in bytes.

A part is a frozen value; its bytes are one JSON object.  Messages inside are held in their wire form, so one codec
reads them.  Bytes that are no such part give the part's fresh value: a device with broken flash starts as a new one.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeVar

from devices.protocol.codec import decode_as, encode
from devices.protocol.errors import ProtocolError
from devices.protocol.ids import DeviceId
from devices.protocol.judge import Mark
from devices.protocol.manifest import Manifest
from devices.protocol.messages import AsRunReport, KeySet, Overrides, Source, Why
from devices.protocol.playout import Cursor
from firmware_sim.desired import Desired
from firmware_sim.records import Ledger, Open


@dataclass(frozen=True, slots=True, kw_only=True)
class Timekeeping:
    """How often it was powered up, and what it knew of time."""

    boot: int = 0
    offset_ms: int = 0
    floor_ms: int = 0
    beacon: Mark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How far an override has come, for its `done`."""

    sequence: int = 0
    sounded_at_ms: int = 0
    done: bool = False
    why: Why = Why.WAITING_FOR_AUDIO  # the last reason of its silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Playing:
    """Where items and overrides are, and which of them have been answered."""

    progress: Mapping[str, Cursor] = field(default_factory=dict)
    answers: Mapping[str, Answer] = field(default_factory=dict)  # override id -> answer


Part = Timekeeping | Desired | Playing | Ledger
P = TypeVar("P", bound=Part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """All parts."""

    timekeeping: Timekeeping = field(default_factory=Timekeeping)
    desired: Desired = field(default_factory=Desired)
    playing: Playing = field(default_factory=Playing)
    ledger: Ledger = field(default_factory=Ledger)

    def having(self, part: Part) -> "Memory":
        """Return the memory after `part` was stored."""
        match part:
            case Timekeeping():
                return replace(self, timekeeping=part)
            case Desired():
                return replace(self, desired=part)
            case Playing():
                return replace(self, playing=part)
            case Ledger():
                return replace(self, ledger=part)


NAMES: Mapping[type[Part], str] = {
    Timekeeping: "timekeeping",
    Desired: "desired",
    Playing: "playing",
    Ledger: "ledger",
}


def part_bytes(part: Part) -> bytes:
    """Return the bytes of a part."""
    return json.dumps(_WRITERS[type(part)](part), ensure_ascii=False, separators=(",", ":")).encode()


def read_part(kind: type[P], data: bytes | None) -> P:
    """Return the part in `data`; a fresh one when there is none or it cannot be read."""
    if data is None:
        return kind()
    try:
        part = _READERS[kind](json.loads(data))
    except (ValueError, KeyError, TypeError, ProtocolError):
        return kind()
    return part if isinstance(part, kind) else kind()


def read_memory(read: Callable[[str], bytes | None]) -> Memory:
    """Return the memory of which `read` gives the parts by name."""
    return Memory(
        timekeeping=read_part(Timekeeping, read(NAMES[Timekeeping])),
        desired=read_part(Desired, read(NAMES[Desired])),
        playing=read_part(Playing, read(NAMES[Playing])),
        ledger=read_part(Ledger, read(NAMES[Ledger])),
    )


Raw = dict[str, object]


def _mark(raw: object) -> Mark | None:
    return Mark(**raw) if isinstance(raw, dict) else None


def _some_mark(raw: object) -> Mark:
    mark = _mark(raw)
    if mark is None:
        raise ValueError("no mark")
    return mark


def _write_desired(part: Desired) -> Raw:
    return {
        "keys": encode(part.keys).decode() if part.keys else None,
        "manifest": encode(part.manifest).decode() if part.manifest else None,
        "since_ms": part.since_ms,
        "documents": [encode(document).decode() for document in part.documents.values()],
        "marks": {topic: asdict(mark) for topic, mark in part.marks.items()},
        "volume_percent": part.volume_percent,
        "hold_until_ms": part.hold_until_ms,
    }


def _read_desired(raw: dict[str, object]) -> Desired:
    documents = [decode_as(Overrides, _text(text)) for text in _list(raw["documents"])]
    volume = raw["volume_percent"]
    return Desired(
        keys=decode_as(KeySet, _text(raw["keys"])) if raw["keys"] else None,
        manifest=decode_as(Manifest, _text(raw["manifest"])) if raw["manifest"] else None,
        since_ms=_int(raw["since_ms"]),
        documents={document.area: document for document in documents},
        marks={topic: _some_mark(mark) for topic, mark in _dict(raw["marks"]).items()},
        volume_percent=None if volume is None else _int(volume),
        hold_until_ms=_int(raw["hold_until_ms"]),
    )


def _read_timekeeping(raw: dict[str, object]) -> Timekeeping:
    return Timekeeping(
        boot=_int(raw["boot"]),
        offset_ms=_int(raw["offset_ms"]),
        floor_ms=_int(raw["floor_ms"]),
        beacon=_mark(raw["beacon"]),
    )


def _read_playing(raw: dict[str, object]) -> Playing:
    answers = {key: dict(_dict(value)) for key, value in _dict(raw["answers"]).items()}
    return Playing(
        progress={key: Cursor(**_dict(value)) for key, value in _dict(raw["progress"]).items()},
        answers={key: _answer(value) for key, value in answers.items()},
    )


def _answer(raw: dict[str, object]) -> Answer:
    return Answer(
        sequence=_int(raw["sequence"]),
        sounded_at_ms=_int(raw["sounded_at_ms"]),
        done=raw["done"] is True,
        why=Why(str(raw["why"])),
    )


# The records lie in the form that the hub gets; the device's name is no part of the ledger.
_NOBODY = DeviceId("self")


def _write_ledger(part: Ledger) -> Raw:
    chunks = [part.waiting[at : at + 100] for at in range(0, len(part.waiting), 100)]
    return {
        "last_n": part.last_n,
        "waiting": [encode(AsRunReport(device=_NOBODY, at_ms=0, records=chunk)).decode() for chunk in chunks],
        "open": asdict(part.open) if part.open else None,
        "settled": sorted(part.settled),
    }


def _read_ledger(raw: dict[str, object]) -> Ledger:
    reports = [decode_as(AsRunReport, _text(text)) for text in _list(raw["waiting"])]
    return Ledger(
        last_n=_int(raw["last_n"]),
        waiting=tuple(record for report in reports for record in report.records),
        open=_open(_dict(raw["open"])) if raw["open"] else None,
        settled=frozenset(map(str, _list(raw["settled"]))),
    )


def _open(raw: dict[str, object]) -> Open:
    named = {**raw, "source": Source(str(raw["source"])), "why": Why(str(raw["why"]))}
    return Open(**named)  # type: ignore[arg-type]  # written by asdict; a wrong kind shows at its first use


def _text(raw: object) -> bytes:
    if not isinstance(raw, str):
        raise TypeError("not a text")
    return raw.encode()


def _int(raw: object) -> int:
    if not isinstance(raw, int):
        raise TypeError("not an integer")
    return raw


def _list(raw: object) -> list[object]:
    if not isinstance(raw, list):
        raise TypeError("not a list")
    return raw


def _dict(raw: object) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise TypeError("not an object")
    return raw


_WRITERS: Mapping[type[Part], Callable[..., Raw]] = {
    Timekeeping: asdict,
    Desired: _write_desired,
    Playing: asdict,
    Ledger: _write_ledger,
}
_READERS: Mapping[type, Callable[[dict[str, object]], Part]] = {
    Timekeeping: _read_timekeeping,
    Desired: _read_desired,
    Playing: _read_playing,
    Ledger: _read_ledger,
}
