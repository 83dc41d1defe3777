"""Is there a siren in it, of whatever make?  PURE numpy.

`recognise` knows this house's own sirens.  Others have in common what speech, songs and chimes do not: one pure tone
for seconds, whose pitch moves widely and comes back again and again.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from content.audio.pcm import Pcm
from content.audio.recognise import FLOOR, RATE, STEPS_PER_S, WINDOW, spectra

HZ_MIN, HZ_MAX = 250.0, 3_000.0
NEAR = 0.06  # of the frequency: glides move that far within one window
SHARE_MIN = 0.7  # of the energy lies on the tone and its next two harmonics; vowels and instruments together stay below
GAP_STEPS = STEPS_PER_S * 3 // 10  # a siren may breathe, a sentence pauses for longer
RUN_STEPS_MIN = STEPS_PER_S * 4
SPAN_STEPS = STEPS_PER_S * 20  # looked at together: three rounds of a slow wail
OCTAVES_MIN = 0.25  # three semitones; a held note moves by less, a chime's tones are not repeated
ALIKE_MIN = 0.85  # between one round and the next
ROUND_STEPS_MIN = STEPS_PER_S * 3 // 10

Steps = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Siren:
    """Where one sounds."""

    start_ms: int
    end_ms: int


def _pitch(sound: Pcm) -> Steps:
    """Return the frequency of the tone in each step of 50 ms; 0 where the sound is not a tone."""
    energy = spectra(sound)
    hz = np.arange(energy.shape[1]) * RATE / WINDOW
    total = energy[:, hz >= 150].sum(axis=1)
    band = (hz >= HZ_MIN) & (hz <= HZ_MAX)
    peak = hz[band][np.argmax(energy[:, band], axis=1)]
    sums = np.pad(np.cumsum(energy, axis=1), ((0, 0), (1, 0)))
    share = sum((_around(sums, peak * n) for n in (1, 2, 3)), np.zeros(len(peak))) / np.maximum(total, FLOOR)
    return np.where((total > FLOOR) & (share >= SHARE_MIN), peak, 0.0)


def _around(sums: Steps, hz: Steps) -> Steps:
    """Return the energy near `hz`, which differs from step to step."""
    last = sums.shape[1] - 1
    low, high = (np.clip(np.round(hz * factor * WINDOW / RATE), 0, last).astype(int) for factor in (1 - NEAR, 1 + NEAR))
    rows = np.arange(len(hz))
    around: Steps = sums[rows, np.minimum(high + 1, last)] - sums[rows, low]
    return around


def _tonal_runs(pitch: Steps) -> Iterator[tuple[int, int]]:
    """Yield (first, after last) of the stretches that are a tone, short breaths included."""
    at = np.flatnonzero(pitch)
    if not len(at):
        return
    cuts = np.flatnonzero(np.diff(at) > GAP_STEPS) + 1
    for run in np.split(at, cuts):
        if run[-1] - run[0] >= RUN_STEPS_MIN:
            yield int(run[0]), int(run[-1]) + 1


def _comes_back(pitch: Steps) -> bool:
    """Say whether a pitch moves widely and repeats itself."""
    sounding = np.flatnonzero(pitch)
    octaves = np.log2(np.interp(np.arange(len(pitch)), sounding, pitch[sounding]))
    if np.percentile(octaves, 95) - np.percentile(octaves, 5) < OCTAVES_MIN:
        return False
    moved = octaves - octaves.mean()
    return any(_alike(moved, lag) >= ALIKE_MIN for lag in range(ROUND_STEPS_MIN, len(moved) * 2 // 5))


def _alike(moved: Steps, lag: int) -> float:
    before, after = moved[:-lag], moved[lag:]
    power = float(np.sqrt((before @ before) * (after @ after)))
    # A slow drift is like itself at every small distance; only what also goes away in between has a round.
    return float(before @ after) / power if power > 0 and float(moved[lag // 2 :] @ moved[: -(lag // 2)]) < 0 else 0.0


def sirens(sound: Pcm) -> tuple[Siren, ...]:
    """Return where something sounds like a siren, in order of time."""
    pitch = _pitch(sound)
    found: list[Siren] = []
    for first, last in _tonal_runs(pitch):
        starts = range(first, max(first + 1, last - SPAN_STEPS + 1), SPAN_STEPS // 2)
        spans = [(start, min(start + SPAN_STEPS, last)) for start in starts]
        hits = [span for span in spans if _comes_back(pitch[span[0] : span[1]])]
        if hits:
            found.append(Siren(start_ms=hits[0][0] * 1000 // STEPS_PER_S, end_ms=hits[-1][1] * 1000 // STEPS_PER_S))
    return tuple(found)
