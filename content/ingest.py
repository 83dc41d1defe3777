"""An uploaded sound → asset, or a reason that its owner understands: the checks, then the same mastering as speech."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from content.audio.chime import SIRENS, Cue
from content.audio.encode import decode
from content.audio.encoder import Encoder
from content.audio.finish import Finished, finish
from content.audio.loudness import Loudness, measure
from content.audio.master import Profile, trimmed
from content.audio.pcm import Pcm
from content.audio.recognise import recognise
from content.errors import AudioError, NotAudio, NothingHeard, OutOfTolerance, OverLimit, ToolFailed
from devices.protocol.chunks import asset_of
from devices.protocol.manifest import Asset

SHORTEST_MS = 600  # less is a click, not content
QUIETEST_LUFS = -50.0  # raising it to the target would raise its noise to speech


class Fault(StrEnum):
    """Why an upload is refused."""

    NOT_AUDIO = "not_audio"
    TOO_LONG = "too_long"
    TOO_SHORT = "too_short"
    SILENT = "silent"
    TOO_QUIET = "too_quiet"
    SIREN = "siren"
    OUT_OF_TOLERANCE = "out_of_tolerance"
    TOOL_FAILED = "tool_failed"


FAULT_WORDS: Mapping[Fault, str] = {
    Fault.NOT_AUDIO: "Tệp không phải là âm thanh đọc được.",
    Fault.TOO_LONG: "Tệp quá dài hoặc quá lớn (tối đa 30 phút, 200 MB).",
    Fault.TOO_SHORT: "Âm thanh quá ngắn.",
    Fault.SILENT: "Không nghe thấy gì trong tệp.",
    Fault.TOO_QUIET: "Âm thanh quá nhỏ, tăng lên sẽ chỉ nghe tiếng ồn. Hãy ghi âm lại gần micro hơn.",
    Fault.SIREN: "Tệp có tiếng còi báo động; còi chỉ dùng cho tin khẩn cấp.",
    Fault.OUT_OF_TOLERANCE: "Không đưa được âm thanh về độ to quy định mà không méo tiếng.",
    Fault.TOOL_FAILED: "Bộ xử lý âm thanh gặp lỗi, hãy thử lại.",
}

_FAULTS: Mapping[type[AudioError], Fault] = {
    NotAudio: Fault.NOT_AUDIO,
    OverLimit: Fault.TOO_LONG,
    NothingHeard: Fault.SILENT,
    OutOfTolerance: Fault.OUT_OF_TOLERANCE,
    ToolFailed: Fault.TOOL_FAILED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What became of an upload; without `faults` there are an asset and its bytes."""

    faults: tuple[Fault, ...]
    before: Loudness | None = None
    duration_before_ms: int = 0
    asset: Asset | None = None
    data: bytes = b""
    after: Loudness | None = None
    trimmed_ms: int = 0

    @property
    def accepted(self) -> bool:
        """Say whether it may be used."""
        return not self.faults


def _looked_at(sound: Pcm) -> tuple[Loudness, tuple[Fault, ...]]:
    """Return the loudness as it came, and what can be seen to be wrong; NothingHeard when there is nothing."""
    loudness = measure(sound)
    heard = trimmed(sound)
    checks = {
        Fault.TOO_SHORT: heard.duration_ms < SHORTEST_MS,
        Fault.TOO_QUIET: loudness.lufs < QUIETEST_LUFS,
        Fault.SIREN: any(cue.cue in SIRENS for cue in recognise(sound)),
    }
    return loudness, tuple(fault for fault, stands in checks.items() if stands)


def _accepted(before: Loudness, duration_ms: int, done: Finished) -> Ingested:
    return Ingested(
        faults=(),
        before=before,
        duration_before_ms=duration_ms,
        asset=asset_of(done.data, done.probe.duration_ms),
        data=done.data,
        after=done.probe.loudness,
        trimmed_ms=done.trimmed_ms,
    )


async def ingest(
    data: bytes,
    *,
    opening: Cue | None = None,
    closing: Cue | None = None,
    profile: Profile | None = None,
    encoder: Encoder | None = None,
) -> Ingested:
    """Return the mastered asset of an uploaded file, or every fault that was found; never raises for a bad file."""
    try:
        sound = await decode(data)
        before, faults = await asyncio.to_thread(_looked_at, sound)
        if faults:
            return Ingested(faults=faults, before=before, duration_before_ms=sound.duration_ms)
        done = await finish(sound, opening=opening, closing=closing, profile=profile, encoder=encoder)
    except AudioError as exc:
        return Ingested(faults=(_FAULTS.get(type(exc), Fault.TOOL_FAILED),))
    return _accepted(before, sound.duration_ms, done)
