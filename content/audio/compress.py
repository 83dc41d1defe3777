"""Gentle compression: loud syllables a little softer, so that the soft ones can be louder.  PURE numpy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from content.audio.pcm import Pcm

STEP_MS = 5  # a gain is found for each of these, and moves in a straight line between two
FLOOR_DB = -100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compression:
    """From `threshold_db` above the loudness of the sound on, `ratio` decibels in become one out."""

    threshold_db: float = -3.0  # the loud half of all syllables
    ratio: float = 2.0  # what is heard as work begins at three
    attack_ms: float = 8.0  # the first edge of a consonant stays
    release_ms: float = 160.0  # shorter than a syllable: nothing pumps

    def __post_init__(self) -> None:
        if not (1.0 <= self.ratio <= 20.0 and self.attack_ms > 0 and self.release_ms > 0):
            raise ValueError("a compressor has a ratio of 1 to 20 and takes time")


def _levels_db(sound: Pcm, size: int) -> NDArray[np.float64]:
    """Return the level of each step over all channels, the last one filled with silence."""
    power = np.square(sound.samples, dtype=np.float32).mean(axis=1)
    padded = np.pad(power, (0, -len(power) % size)).reshape(-1, size).mean(axis=1, dtype=np.float64)
    levels: NDArray[np.float64] = 10 * np.log10(np.maximum(padded, 10 ** (FLOOR_DB / 10)))
    return levels


def _followed(wanted: NDArray[np.float64], compression: Compression) -> NDArray[np.float64]:
    """Return gain reductions that go down as fast as the attack and come back as slowly as the release."""
    attack, release = (float(np.exp(-STEP_MS / ms)) for ms in (compression.attack_ms, compression.release_ms))
    now = 0.0
    out = []
    for target in wanted.tolist():
        keep = attack if target > now else release
        now = keep * now + (1 - keep) * target
        out.append(now)
    return np.array(out)


def compressed(sound: Pcm, compression: Compression, lufs: float) -> Pcm:
    """Return `sound`, which is at `lufs`, with less between its loud and its soft syllables."""
    size = sound.rate * STEP_MS // 1000
    over = np.maximum(0.0, _levels_db(sound, size) - (lufs + compression.threshold_db))
    reduction = _followed(over * (1 - 1 / compression.ratio), compression)
    at = (np.arange(len(reduction)) + 0.5) * size
    gain = 10 ** (-np.interp(np.arange(sound.frames, dtype=np.float32), at, reduction).astype(np.float32) / 20)
    return Pcm(samples=sound.samples * gain.astype(np.float32)[:, np.newaxis], rate=sound.rate)
