"""Which cues sound in a recording, and when: the ear of tests, air checks and uploads.  PURE numpy."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from content.audio.chime import TUNES, Cue, pitch
from content.audio.filters import resampled
from content.audio.pcm import Pcm, mono

RATE = 12_000  # all tunes lie far below 6 kHz
WINDOW = 1024  # 85 ms: tones 12 Hz apart can be told apart
STEP = 600  # 50 ms
STEPS_PER_S = RATE // STEP
HALF_BAND = 0.06  # of a semitone's order: codecs and horns smear, glides move within one window
FLOOR = 1e-6  # -60 dBFS: quieter is nothing
PATTERN_S_MIN = 1.5  # a shorter pattern would be found in music
SCORE_MIN = 0.55  # pure tones reach 0.8 and more, speech and music stay below 0.3
WHOLE = 0.9  # of the best fit: here the pattern lies on the cue from end to end
SLICE = 2048  # frames transformed at once: bounds memory for hour-long air checks

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One cue in a recording; `score` is the share of the energy that follows its tune."""

    cue: Cue
    start_ms: int
    end_ms: int
    score: float


def spectra(sound: Pcm) -> Matrix:
    """Return the energy (steps, bins); step n is centred on n * 50 ms."""
    samples = np.pad(resampled(mono(sound), RATE).samples[:, 0], WINDOW // 2)
    windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::STEP]
    window = np.hanning(WINDOW) / (WINDOW / 4)
    slices = [np.abs(np.fft.rfft(windows[n : n + SLICE] * window)) ** 2 for n in range(0, len(windows), SLICE)]
    return np.concatenate(slices)


def _share(energy: Matrix, total: NDArray[np.float64], hz: float) -> NDArray[np.float64]:
    """Return for every step how much of the sound lies at `hz`; for a rest, how quiet it is beside its neighbours."""
    if hz <= 0:
        near = np.lib.stride_tricks.sliding_window_view(np.pad(total, STEPS_PER_S // 4), STEPS_PER_S // 4 * 2 + 1)
        loudest = near.max(axis=1)
        return np.where(loudest > FLOOR, 1 - total / np.maximum(loudest, FLOOR), 0.0)
    low, high = (round(hz * factor * WINDOW / RATE) for factor in (1 - HALF_BAND, 1 + HALF_BAND))
    return np.where(total > FLOOR, energy[:, low : high + 1].sum(axis=1) / np.maximum(total, FLOOR), 0.0)


def _scores(cue: Cue, energy: Matrix, total: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how well the tune fits, for every step at which it could begin."""
    tune = TUNES[cue]
    rounds = max(1, -(-PATTERN_S_MIN // tune.round_s)) if not tune.bell else 1
    steps = np.round(pitch(tune, STEPS_PER_S, int(rounds)), 0)
    count = len(energy) - len(steps) + 1
    if count <= 0:
        return np.zeros(0)
    shares = {hz: _share(energy, total, hz) for hz in set(steps)}
    fit: NDArray[np.float64] = np.mean([shares[hz][n : n + count] for n, hz in enumerate(steps)], axis=0)
    return fit


def _runs(found: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield (first, after last) of each run of true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], found, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _heard(cue: Cue, energy: Matrix, total: NDArray[np.float64]) -> Iterator[Heard]:
    scores = _scores(cue, energy, total)
    if not len(scores):
        return
    length = len(energy) - len(scores) + 1
    for first, last in _runs(np.convolve(scores >= SCORE_MIN, np.ones(length)) > 0.5):
        within = scores[first : last - length + 1]
        whole = first + np.flatnonzero(within >= WHOLE * within.max())  # half a pattern beside something else fits half
        start, end = int(whole[0]), int(whole[-1]) + length
        score = float(within.max())
        yield Heard(cue=cue, start_ms=start * 1000 // STEPS_PER_S, end_ms=end * 1000 // STEPS_PER_S, score=score)


def recognise(sound: Pcm) -> tuple[Heard, ...]:
    """Return the cues heard in `sound`, in order of time; a gap shorter than one tune joins two of a kind."""
    energy = spectra(sound)
    total = energy[:, WINDOW * 150 // RATE :].sum(axis=1)
    found = [heard for cue in TUNES for heard in _heard(cue, energy, total)]
    return tuple(sorted(found, key=lambda heard: (heard.start_ms, heard.cue)))
