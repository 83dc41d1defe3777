"""An upload from its first byte to its master.  No I/O: every step takes an upload and `now`, returns the next one.

receiving → waiting → checking → accepted | refused; whatever is not wanted any more is gone, with its bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from content.audio.encode import ENCODED_BYTES_MAX
from content.errors import IllegalTransition, OutOfPlace
from content.ingest import Ingested, Step
from content.verdict import Fault, Finding
from devices.protocol.ids import AreaCode, AssetDigest
from devices.protocol.manifest import ServiceClass

NAME_CHARS_MAX = 200
WHOLE_BYTES_MAX = ENCODED_BYTES_MAX
PART_BYTES_MAX = 256 * 1024  # twenty seconds of a bad 3G line; more would be lost at once when it breaks
PART_BYTES_MIN = 64 * 1024  # but for the last one: a million tiny parts are an attack
UNFINISHED_MAX = 5  # of one person at a time
UNIT_BYTES_MAX = 5 * 2**30  # of one unit: a hundred hours of what telephones record
UNFINISHED_FOR = timedelta(hours=24)  # without another part; then its bytes are gone
REFUSED_FOR = timedelta(days=7)  # long enough to listen to what was wrong with it
CHECKS_MAX = 3  # of one upload: a file that brings the hub down twice is not tried for ever


class Stage(StrEnum):
    """Where an upload stands."""

    RECEIVING = "receiving"
    WAITING = "waiting"
    CHECKING = "checking"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    GONE = "gone"


STAGE_WORDS: Mapping[Stage, str] = {
    Stage.RECEIVING: "Đang nhận",
    Stage.WAITING: "Chờ kiểm tra",
    Stage.CHECKING: "Đang kiểm tra",
    Stage.ACCEPTED: "Dùng được",
    Stage.REFUSED: "Không dùng được",
    Stage.GONE: "Đã xóa",
}

STEP_WORDS: Mapping[Step, str] = {
    Step.DECODING: "Đang giải mã",
    Step.LISTENING: "Đang nghe kiểm tra",
    Step.MASTERING: "Đang chuẩn hóa độ to",
}

NEXT: Mapping[Stage, frozenset[Stage]] = {
    Stage.RECEIVING: frozenset({Stage.RECEIVING, Stage.WAITING, Stage.GONE}),
    Stage.WAITING: frozenset({Stage.CHECKING, Stage.GONE}),
    Stage.CHECKING: frozenset({Stage.CHECKING, Stage.ACCEPTED, Stage.REFUSED}),
    Stage.ACCEPTED: frozenset(),  # bulletins refer to it
    Stage.REFUSED: frozenset({Stage.WAITING, Stage.GONE}),
    Stage.GONE: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A part that is kept, by the digest of its bytes: the same part again changes nothing."""

    size_bytes: int
    digest: AssetDigest


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One file that somebody sends, and what was found in it."""

    id: str
    unit: AreaCode
    owner: str  # account
    name: str  # as the sender's device calls it
    size_bytes: int
    service_class: ServiceClass  # what it is for: an emergency may have a siren
    created_at: datetime
    updated_at: datetime
    stage: Stage = Stage.RECEIVING
    revision: int = 1
    parts: tuple[Received, ...] = ()
    source: AssetDigest | None = None  # of the whole file, which is kept as it came
    master: AssetDigest | None = None  # what bulletins use
    step: Step | None = None  # of the check that runs
    checks: int = 0  # begun
    one_channel: bool = False
    findings: tuple[Finding, ...] = ()
    lufs_in: float | None = None
    lufs_out: float | None = None
    peak_dbtp: float | None = None
    duration_ms: int = 0
    trimmed_ms: int = 0
    siren: bool = False  # there is one in it: only for emergencies
    same_as: str | None = None  # the upload that had the same bytes

    @property
    def received_bytes(self) -> int:
        """How much is here; the next part begins there."""
        return sum(part.size_bytes for part in self.parts)

    @property
    def complete(self) -> bool:
        """Say whether every byte is here."""
        return self.received_bytes == self.size_bytes


def _to(upload: Upload, stage: Stage, now: datetime, **changes: Any) -> Upload:
    if stage not in NEXT[upload.stage]:
        raise IllegalTransition(upload.stage, stage)
    return replace(upload, stage=stage, revision=upload.revision + 1, updated_at=now, **changes)


def with_part(upload: Upload, offset: int, part: Received, *, now: datetime) -> Upload:
    """Return `upload` with one more part; the last one again changes nothing.  Raises OutOfPlace."""
    if upload.parts and upload.parts[-1] == part and offset == upload.received_bytes - part.size_bytes:
        return upload
    left = upload.size_bytes - offset
    least = min(PART_BYTES_MIN, left)
    if offset != upload.received_bytes or not least <= part.size_bytes <= min(PART_BYTES_MAX, left):
        raise OutOfPlace(upload.id, upload.received_bytes)
    return _to(upload, Stage.RECEIVING, now, parts=(*upload.parts, part))


def finished(upload: Upload, source: AssetDigest, *, now: datetime) -> Upload:
    """Return `upload` waiting to be checked.  Raises OutOfPlace when bytes are missing."""
    if not upload.complete:
        raise OutOfPlace(upload.id, upload.received_bytes)
    return _to(upload, Stage.WAITING, now, source=source)


def checking(upload: Upload, step: Step, *, now: datetime) -> Upload:
    """Return `upload` in a step of its check."""
    began = upload.stage is Stage.WAITING or step is Step.DECODING
    return _to(upload, Stage.CHECKING, now, step=step, checks=upload.checks + began)


def refused(upload: Upload, findings: tuple[Finding, ...], *, now: datetime, same_as: str | None = None) -> Upload:
    """Return `upload` with the reasons why it may not be used."""
    return _to(upload, Stage.REFUSED, now, findings=findings, step=None, same_as=same_as)


def decided(upload: Upload, done: Ingested, *, now: datetime) -> Upload:
    """Return `upload` with what became of it."""
    figures: dict[str, Any] = {}
    if done.figures:
        lufs = done.figures.loudness.lufs
        figures = {
            "lufs_in": lufs if lufs > float("-inf") else None,
            "duration_ms": done.figures.duration_ms,
            "siren": bool(done.figures.siren_ms),
        }
    if done.asset and done.after:
        figures |= {
            "master": done.asset.digest,
            "duration_ms": done.asset.duration_ms,
            "lufs_out": done.after.lufs,
            "peak_dbtp": done.after.peak_dbtp,
            "trimmed_ms": done.trimmed_ms,
        }
    stage = Stage.ACCEPTED if done.asset else Stage.REFUSED
    return _to(upload, stage, now, findings=done.findings, step=None, **figures)


def with_one_channel(upload: Upload, *, now: datetime) -> Upload:
    """Return `upload` waiting again, to be heard by its left channel.  Only where its channels cancel each other."""
    if not any(finding.code is Fault.CANCELS for finding in upload.findings):
        raise IllegalTransition(upload.stage, Stage.WAITING)
    return _to(upload, Stage.WAITING, now, findings=(), one_channel=True, checks=0)


def gone(upload: Upload, *, now: datetime) -> Upload:
    """Return `upload` without its bytes."""
    return _to(upload, Stage.GONE, now, parts=())


def outlived(upload: Upload, now: datetime) -> bool:
    """Say whether nobody will come back to it."""
    spans = {Stage.RECEIVING: UNFINISHED_FOR, Stage.REFUSED: REFUSED_FOR}
    return upload.stage in spans and now - upload.updated_at >= spans[upload.stage]
