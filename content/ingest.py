"""An uploaded sound → master, or reasons that its owner understands: the checks, then the same mastering as speech.

The master is what bulletins are made of: immutable, named by its digest, packed wider than what goes to loudspeakers,
because it is decoded and packed once more with its cues and the other languages around it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from content.audio.encode import DURATION_S_MAX, ENCODED_BYTES_MAX, Mix, decode_take
from content.audio.encoder import Encoder
from content.audio.figures import Figures, figures_of
from content.audio.finish import Finished, finish
from content.audio.loudness import Loudness
from content.audio.master import Profile
from content.audio.pcm import Pcm
from content.audio.scatter import scattered
from content.errors import AudioError, NotAudio, NothingHeard, OutOfTolerance, OverLimit
from content.verdict import Fault, Finding, found, in_vietnamese, judged
from devices.protocol.chunks import asset_of
from devices.protocol.manifest import Asset

MASTER = Encoder(bitrate_bps=96_000)  # a second packing at 32 kbit/s must not be heard
MOST = f"{DURATION_S_MAX / 60:.0f} phút, {ENCODED_BYTES_MAX // 2**20} MB"


class Step(StrEnum):
    """How far the checks are."""

    DECODING = "decoding"
    LISTENING = "listening"
    MASTERING = "mastering"


Progress = Callable[[Step], Awaitable[None]]


async def untold(step: Step) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What became of an upload; unless a finding refuses it there are an asset and its bytes."""

    findings: tuple[Finding, ...] = ()
    figures: Figures | None = None  # as it came
    asset: Asset | None = None
    data: bytes = b""
    after: Loudness | None = None
    trimmed_ms: int = 0

    @property
    def accepted(self) -> bool:
        """Say whether it may be used."""
        return not self.faults

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Return what refuses it."""
        return tuple(finding.code for finding in self.findings if finding.refuses)


def _said(exc: AudioError, figures: Figures | None) -> Finding:
    """Return what went wrong as a finding."""
    match exc:
        case NotAudio():
            return found(Fault.NOT_AUDIO)
        case OverLimit():
            return found(Fault.TOO_LONG, most=MOST)
        case NothingHeard():
            return found(Fault.SILENT, duration=in_vietnamese(figures.duration_ms / 1000) if figures else "0")
        case OutOfTolerance():
            return found(Fault.OUT_OF_TOLERANCE, figures=exc.in_vietnamese())
        case _:
            return found(Fault.TOOL_FAILED)


async def ingest(
    data: bytes,
    *,
    sirens_allowed: bool = False,
    mix: Mix = Mix.BOTH,
    profile: Profile | None = None,
    encoder: Encoder = MASTER,
    progress: Progress = untold,
) -> Ingested:
    """Return the master of an uploaded file, or every fault that was found; never raises for a bad file."""
    figures: Figures | None = None
    findings: tuple[Finding, ...] = (found(Fault.ONE_CHANNEL),) if mix is Mix.LEFT else ()
    try:
        await progress(Step.DECODING)
        take = await decode_take(data, mix=mix)
        await progress(Step.LISTENING)
        figures = await asyncio.to_thread(figures_of, take)
        findings = (*judged(figures, sirens_allowed=sirens_allowed), *findings)
        if any(finding.refuses for finding in findings):
            return Ingested(findings=findings, figures=figures)
        await progress(Step.MASTERING)
        done = await _mastered(take.pcm, profile, encoder)
    except AudioError as exc:
        return Ingested(findings=(_said(exc, figures), *findings), figures=figures)
    return _accepted(findings, figures, done)


async def _mastered(sound: Pcm, profile: Profile | None, encoder: Encoder) -> Finished:
    """Return the finished master; a voice too peaked for its loudness is tried once more with its phases spread."""
    try:
        return await finish(sound, profile=profile, encoder=encoder)
    except OutOfTolerance:
        softer = await asyncio.to_thread(scattered, sound)
        return await finish(softer, profile=profile, encoder=encoder)


def _accepted(findings: tuple[Finding, ...], figures: Figures, done: Finished) -> Ingested:
    return Ingested(
        findings=findings,
        figures=figures,
        asset=asset_of(done.data, done.probe.duration_ms),
        data=done.data,
        after=done.probe.loudness,
        trimmed_ms=done.trimmed_ms,
    )
