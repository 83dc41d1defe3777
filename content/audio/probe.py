"""EDGE: what an encoded file really holds, measured after decoding."""

import asyncio
from dataclasses import dataclass

import numpy as np

from content.audio.encode import decode
from content.audio.loudness import Loudness, measure
from content.audio.pcm import Pcm

QUIET_STEP_MS = 100
QUIET_BELOW_DBFS = -50.0  # a tenth of a second under this is a pause to any ear outdoors


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The figures of one file."""

    duration_ms: int
    loudness: Loudness
    silence_ms: int  # in all
    longest_silence_ms: int  # dead air


def _quiet_runs(sound: Pcm) -> list[int]:
    """Return the length of every stretch of silence in steps of 100 ms."""
    size = sound.rate * QUIET_STEP_MS // 1000
    whole = sound.frames // size * size
    power = np.square(sound.samples[:whole, 0]).reshape(-1, size).mean(axis=1)
    quiet = np.concatenate([[False], power < 10 ** (QUIET_BELOW_DBFS / 10), [False]])
    edges = np.flatnonzero(np.diff(quiet.astype(np.int8)))
    return [int(length) for length in edges[1::2] - edges[::2]]


def probed(sound: Pcm) -> Probe:
    """Return the figures of a mono sound."""
    runs = _quiet_runs(sound)
    return Probe(
        duration_ms=sound.duration_ms,
        loudness=measure(sound),
        silence_ms=sum(runs) * QUIET_STEP_MS,
        longest_silence_ms=max(runs, default=0) * QUIET_STEP_MS,
    )


async def probe(data: bytes) -> Probe:
    """Decode `data` and return its figures; NotAudio, OverLimit or ToolFailed when it cannot be decoded."""
    return await asyncio.to_thread(probed, await decode(data))
