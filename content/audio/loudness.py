"""How loud a sound is: ITU-R BS.1770-4 integrated loudness and true peak.  PURE numpy."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from content.audio.filters import Taps, filtered_blocks, resampled
from content.audio.pcm import RATE_HZ, Pcm, Samples

STEP_FRAMES = RATE_HZ // 10  # 400 ms blocks overlapping by 75 % start every 100 ms
STEPS_PER_BLOCK = 4
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
OFFSET_LUFS = -0.691  # makes a 1 kHz tone at 0 dBFS in one front channel read -3.01

# BS.1770-4 Annex 1, tables 1 and 2: (b0, b1, b2), (a1, a2) at 48 kHz.
HEAD = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (-1.69065929318241, 0.73248077421585))
LOW_CUT = ((1.0, -2.0, 1.0), (-1.99004745483398, 0.99007225036621))
RESPONSE_FRAMES = 8192  # the slower filter's poles are at 0.995: 1e-17 of it is left here

PEAK_TAPS = 12  # on each side of a frame: twice the standard's own filter, within 0.1 dB of it up to 16 kHz
BLOCK_FRAMES = 1 << 18  # five seconds: bounds the memory that half an hour of sound takes
RUN_FRAMES = 64  # more than the filters reach: quiet runs need no look between their frames
RUNS_AT_ONCE = 64  # their windows stay in the cache, and BLAS starts no threads for them
OVERSAMPLING = 4  # BS.1770-4 Annex 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Loudness:
    """What a meter shows."""

    lufs: float
    peak_dbtp: float


def _biquad(signal: list[float], b: tuple[float, float, float], a: tuple[float, float]) -> list[float]:
    """Run one second-order section over `signal`."""
    out: list[float] = []
    x1 = x2 = y1 = y2 = 0.0
    for x in signal:
        y = b[0] * x + b[1] * x1 + b[2] * x2 - a[0] * y1 - a[1] * y2
        x1, x2, y1, y2 = x, x1, y, y1
        out.append(y)
    return out


@lru_cache(maxsize=1)
def _k_weighting() -> Taps:
    """Return the impulse response of the two sections; as a filter it runs in blocks, which a recursion cannot."""
    impulse = [1.0] + [0.0] * (RESPONSE_FRAMES - 1)
    return np.array(_biquad(_biquad(impulse, *HEAD), *LOW_CUT))


def _step_energies(samples: Samples) -> NDArray[np.float64]:
    """Return the K-weighted energy of each whole 100 ms, summed over the channels (all of weight 1.0)."""
    energies: list[NDArray[np.float64]] = []
    rest = np.empty(0)
    for block in filtered_blocks(samples, _k_weighting()):
        energy = np.concatenate([rest, np.square(block, dtype=np.float64).sum(axis=1)])
        whole = len(energy) // STEP_FRAMES * STEP_FRAMES
        energies.append(energy[:whole].reshape(-1, STEP_FRAMES).sum(axis=1))
        rest = energy[whole:]
    return np.concatenate(energies) if energies else rest


def _lufs(power: float) -> float:
    return OFFSET_LUFS + 10 * float(np.log10(power)) if power > 0 else -np.inf


def _gated(blocks: NDArray[np.float64], gate_lufs: float) -> NDArray[np.float64]:
    return blocks[blocks > 10 ** ((gate_lufs - OFFSET_LUFS) / 10)]


def integrated_lufs(sound: Pcm) -> float:
    """Return integrated loudness in LUFS; -inf for silence and for less than 400 ms.  One or two channels.

    ITU-R BS.1770-4, Annex 1: 400 ms blocks, 75 % overlap, gates at -70 LUFS and -10 LU.
    """
    steps = _step_energies(resampled(sound).samples)
    if len(steps) < STEPS_PER_BLOCK:
        return -np.inf
    blocks = np.convolve(steps, np.ones(STEPS_PER_BLOCK), "valid") / (STEPS_PER_BLOCK * STEP_FRAMES)
    loud = _gated(blocks, ABSOLUTE_GATE_LUFS)
    if not len(loud):
        return -np.inf
    return _lufs(float(_gated(loud, _lufs(float(loud.mean())) + RELATIVE_GATE_LU).mean()))


@lru_cache(maxsize=1)
def _between() -> tuple[NDArray[np.float32], ...]:
    """Return the filters for a quarter, a half and three quarters of a sample later."""
    at = np.arange(-PEAK_TAPS + 1, PEAK_TAPS + 1)
    fractions = [n / OVERSAMPLING for n in range(1, OVERSAMPLING)]
    window = [np.i0(8.0 * np.sqrt(np.clip(1 - ((at - f) / PEAK_TAPS) ** 2, 0, 1))) / np.i0(8.0) for f in fractions]
    return tuple((np.sinc(at - f) * w)[::-1].astype(np.float32) for f, w in zip(fractions, window, strict=True))


@lru_cache(maxsize=1)
def _overshoot() -> float:
    """Return by how much a level between two frames can at most exceed the highest frame that the filters reach."""
    return max(float(np.abs(taps).sum()) for taps in _between())


@lru_cache(maxsize=1)
def _all_between() -> NDArray[np.float32]:
    """Return the filters as rows."""
    return np.ascontiguousarray(np.stack([taps[::-1] for taps in _between()]))


def _candidates(levels: Samples, only_above: float) -> NDArray[np.intp]:
    """Return the runs near which a frame is high enough for a level above `only_above` between two frames."""
    loudest = levels.reshape(-1, RUN_FRAMES).max(axis=1)
    around = np.maximum(np.maximum(loudest, np.append(loudest[1:], 0)), np.insert(loudest[:-1], 0, 0))
    return np.flatnonzero(around * _overshoot() > only_above)


def _channel_peaks(wide: Samples, highest: Samples, only_above: float) -> None:
    """Raise `highest` to one channel's peaks; `wide` has the neighbours that the filters reach on both sides."""
    runs = -(-len(highest) // RUN_FRAMES)
    filled = np.pad(wide, (0, runs * RUN_FRAMES - len(highest)))
    levels = np.abs(filled[PEAK_TAPS - 1 : PEAK_TAPS - 1 + runs * RUN_FRAMES])
    windows = np.lib.stride_tricks.sliding_window_view(filled, 2 * PEAK_TAPS)
    by_run = windows[: runs * RUN_FRAMES].reshape(runs, RUN_FRAMES, 2 * PEAK_TAPS)
    level_by_run = levels.reshape(runs, RUN_FRAMES)
    found = _candidates(levels, only_above)
    for first in range(0, len(found), RUNS_AT_ONCE):
        chosen = found[first : first + RUNS_AT_ONCE]
        between = np.abs(_all_between() @ by_run[chosen].reshape(-1, 2 * PEAK_TAPS).T)
        level_by_run[chosen] = np.maximum(level_by_run[chosen], between.max(axis=0).reshape(-1, RUN_FRAMES))
    np.maximum(highest, levels[: len(highest)], out=highest)


def peaks(samples: Samples, only_above: float = 0.0) -> Samples:
    """Return for every frame the highest true level from it to the next one, over all channels; linear.

    Where no level can exceed `only_above`, the levels of the frames themselves are enough and are what is returned.
    """
    highest = np.zeros(len(samples), dtype=np.float32)
    wide = np.pad(samples, ((PEAK_TAPS - 1, PEAK_TAPS), (0, 0)))
    for start in range(0, len(samples), BLOCK_FRAMES):
        stop = min(start + BLOCK_FRAMES, len(samples))
        for channel in np.ascontiguousarray(wide[start : stop + 2 * PEAK_TAPS - 1].T):
            _channel_peaks(channel, highest[start:stop], only_above)
    return highest


def dbtp(level: float) -> float:
    """Return a linear level in decibels below full scale; -inf for nothing."""
    return 20 * float(np.log10(level)) if level > 0 else -np.inf


def true_peak_dbtp(sound: Pcm) -> float:
    """Return the true peak in dBTP; -inf for silence.  ITU-R BS.1770-4, Annex 2: four times oversampled."""
    sampled = float(np.abs(sound.samples).max(initial=0.0))  # the true peak is not below it
    return dbtp(float(peaks(sound.samples, only_above=sampled).max(initial=0.0)))


def measure(sound: Pcm) -> Loudness:
    """Return integrated loudness and true peak."""
    return Loudness(lufs=integrated_lufs(sound), peak_dbtp=true_peak_dbtp(sound))
