"""Linear-phase filters and change of rate, in numpy alone.  PURE."""

from collections.abc import Iterator
from functools import lru_cache
from math import gcd

import numpy as np
from numpy.typing import NDArray

from content.audio.pcm import RATE_HZ, Pcm, Samples

Taps = NDArray[np.float64]

BLOCK_FRAMES = 1 << 17  # outputs at once: products too small for BLAS to start threads that only wait for each other
FFT_FRAMES = 1 << 16  # 1.4 s at 48 kHz: blocks stay in the cache of a small machine
TAPS_PER_PHASE = 48  # pass band flat to 0.9 of Nyquist, images below -80 dB
KAISER_BETA = 8.0  # stop band about -80 dB, below the noise of 16-bit engines
BAND_TAPS = 2401  # 50 ms: gentle slopes, no ringing that speech would not mask


def filtered_blocks(samples: Samples, taps: Taps) -> Iterator[NDArray[np.floating]]:
    """Yield the causal convolution of (frames, channels) with `taps`, block by block, as long as the input.

    In single precision where numpy can (since 2.0): its rounding is 60 dB below that of a 16-bit engine.
    """
    hop = FFT_FRAMES - len(taps) + 1
    spectrum = np.fft.rfft(taps.astype(np.float32), FFT_FRAMES)
    carry: NDArray[np.floating] = np.zeros((samples.shape[1], len(taps) - 1), dtype=np.float32)
    for start in range(0, len(samples), hop):
        block = np.ascontiguousarray(samples[start : start + hop].T)
        full = np.fft.irfft(np.fft.rfft(block, FFT_FRAMES) * spectrum, FFT_FRAMES)
        full[:, : carry.shape[1]] += carry
        carry = full[:, hop:].copy()
        yield full[:, : block.shape[1]].T


def _sinc(cutoff: float, taps: int) -> Taps:
    """Return a low-pass of unit gain; `cutoff` in cycles per sample."""
    at = np.arange(taps) - (taps - 1) / 2
    low: Taps = 2 * cutoff * np.sinc(2 * cutoff * at) * np.kaiser(taps, KAISER_BETA)
    low /= low.sum()
    return low


@lru_cache(maxsize=8)
def band_taps(low_hz: float, high_hz: float, rate: int = RATE_HZ) -> Taps:
    """Return a linear-phase band-pass between two corners (-6 dB there)."""
    return _sinc(high_hz / rate, BAND_TAPS) - _sinc(low_hz / rate, BAND_TAPS)


def band_passed(sound: Pcm, low_hz: float, high_hz: float) -> Pcm:
    """Return `sound` between two corners, without delay and without what is constant."""
    taps = band_taps(low_hz, high_hz, sound.rate)
    half = len(taps) // 2
    constant = sound.samples.mean(axis=0, dtype=np.float64).astype(np.float32)
    centred = sound.samples - constant  # else its ends are steps, and click
    padded = np.pad(centred, ((0, half), (0, 0)))
    out = np.concatenate([block.astype(np.float32, copy=False) for block in filtered_blocks(padded, taps)])
    return Pcm(samples=out[half:], rate=sound.rate)


@lru_cache(maxsize=8)
def _phases(up: int, down: int) -> NDArray[np.float32]:
    """Return the low-pass as (up, taps): row p gives the outputs that lie p/up after an input, newest input last."""
    wide = max(1.0, down / up)  # going down in rate needs a longer filter for the same slope
    taps = 2 * round(TAPS_PER_PHASE * wide / 2)
    cutoff = 0.5 * 0.95 / (up * wide)  # 5 % below Nyquist: room for the slope
    low = _sinc(cutoff, taps * up + 1)[:-1] * up  # the middle is on a step; what is dropped is nothing
    return np.ascontiguousarray(low.reshape(taps, up).T[:, ::-1], dtype=np.float32)


def _block(windows: Samples, phases: Samples, down: int, count: int) -> Samples:
    """Return `count` outputs, the first of them at the first input; `windows` are the neighbours of each input."""
    up, taps = phases.shape
    delay = taps * up // 2  # of the filter, in steps of 1/up of an input
    out = np.empty(count, dtype=np.float32)
    for first in range(min(up, count)):
        row, phase = divmod(first * down + delay, up)
        wanted = len(range(first, count, up))
        out[first::up] = windows[row + 1 :: down][:wanted] @ phases[phase]
    return out


def _resampled(samples: Samples, up: int, down: int) -> Samples:
    """Return one channel at up/down times the rate, aligned with the input."""
    phases = _phases(up, down)
    count = -(-len(samples) * up // down)
    padded = np.pad(samples, (phases.shape[1], phases.shape[1] + 1))
    windows = np.lib.stride_tricks.sliding_window_view(padded, phases.shape[1])
    size = up * max(1, BLOCK_FRAMES // up)  # a block starts on an input
    return np.concatenate(
        [
            _block(windows[start // up * down :], phases, down, min(size, count - start))
            for start in range(0, count, size)
        ]
        or [samples]
    )


def resampled(sound: Pcm, rate: int = RATE_HZ) -> Pcm:
    """Return `sound` at `rate` Hz."""
    if sound.rate == rate:
        return sound
    shared = gcd(sound.rate, rate)
    channels = [_resampled(channel, rate // shared, sound.rate // shared) for channel in sound.samples.T]
    return Pcm(samples=np.stack(channels, axis=1), rate=rate)
