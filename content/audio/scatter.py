"""A phase rotator, as radio stations use it: voices whose overtones all peak at once become as loud as others.  PURE.

Every frequency keeps its level and is moved by at most a few milliseconds, which no ear notices out of a horn; the
needles of a glottal pulse, which leave a limiter no room, become soft hills.
"""

from functools import lru_cache

import numpy as np

from content.audio.filters import Taps, filtered_blocks
from content.audio.pcm import RATE_HZ, Pcm

TAPS = 4096
SPREAD_S = 0.020  # between the lowest and the highest; ten between those of a telephone: a period of the deepest voice
LOW_HZ, HIGH_HZ = 80.0, 8_000.0


@lru_cache(maxsize=1)
def _rotator() -> Taps:
    """Return an all-pass whose delay grows with the logarithm of the frequency."""
    hz = np.fft.rfftfreq(TAPS, 1 / RATE_HZ)
    octaves = np.log(np.clip(hz, LOW_HZ, HIGH_HZ) / LOW_HZ) / np.log(HIGH_HZ / LOW_HZ)
    phase = -2 * np.pi * np.cumsum(SPREAD_S * octaves) * (hz[1] - hz[0])
    phase[-1] = round(phase[-1] / np.pi) * np.pi  # real at half the rate
    taps: Taps = np.roll(np.fft.irfft(np.exp(1j * phase), TAPS), TAPS // 8)  # what comes before its time comes too
    return taps


def scattered(sound: Pcm) -> Pcm:
    """Return mono `sound` at 48 kHz with its phases spread; a tenth of a second longer."""
    padded = np.pad(sound.samples, ((0, TAPS), (0, 0)))
    out = np.concatenate([block.astype(np.float32) for block in filtered_blocks(padded, _rotator())])
    return Pcm(samples=out, rate=sound.rate)
