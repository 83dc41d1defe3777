"""Cues made by arithmetic: chimes around a programme, sirens for emergencies.  PURE.

Every cue is a tune of its own.  A siren can be told from a chime by ear (it neither decays nor rests on a chord) and
by `content.audio.recognise`, which looks for the same tune in a recording.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from content.audio.pcm import RATE_HZ, Pcm, pcm

EDGE_MS = 8  # a tone that starts or ends at once clicks
HORN_PARTIALS = (1.0, 0.0, 0.25, 0.0, 0.08)  # odd harmonics: carries far, and no horn cuts all of them
BELL_PARTIALS = (1.0, 0.4, 0.15, 0.05)  # soft; each higher one dies sooner
BELL_DECAY_S = 0.55  # a note is gone when the announcer begins
PEAK = 0.5  # -6 dBFS; mastering sets the level that is heard


class Cue(StrEnum):
    """A sound that means something."""

    OPENING = "opening"  # nhạc hiệu mở đầu
    CLOSING = "closing"  # nhạc hiệu kết thúc
    SIREN_WAIL = "siren_wail"  # danger: rises and falls every four seconds
    SIREN_PULSE = "siren_pulse"  # leave now: short bursts
    SIREN_HI_LO = "siren_hi_lo"  # fire, chemical accident: two tones in turn
    ALL_CLEAR = "all_clear"  # one steady tone


@dataclass(frozen=True, slots=True, kw_only=True)
class Tune:
    """Glides (Hz at the start, Hz at the end, seconds) one after another; 0 Hz is a rest.  A bell decays."""

    glides: tuple[tuple[float, float, float], ...]
    rounds: int  # how often in a cue of the usual length
    bell: bool = False

    @property
    def round_s(self) -> float:
        """Length of one round."""
        return sum(seconds for _, _, seconds in self.glides)


TUNES: Mapping[Cue, Tune] = {
    Cue.OPENING: Tune(
        glides=((523.25, 523.25, 0.4), (659.25, 659.25, 0.4), (783.99, 783.99, 1.2)), rounds=1, bell=True
    ),
    Cue.CLOSING: Tune(
        glides=((783.99, 783.99, 0.4), (659.25, 659.25, 0.4), (523.25, 523.25, 1.2)), rounds=1, bell=True
    ),
    Cue.SIREN_WAIL: Tune(glides=((450.0, 1100.0, 2.0), (1100.0, 450.0, 2.0)), rounds=3),
    Cue.SIREN_PULSE: Tune(glides=((950.0, 950.0, 0.25), (0.0, 0.0, 0.25)), rounds=20),
    Cue.SIREN_HI_LO: Tune(glides=((850.0, 850.0, 0.5), (600.0, 600.0, 0.5)), rounds=10),
    Cue.ALL_CLEAR: Tune(glides=((700.0, 700.0, 1.0),), rounds=10),
}
SIRENS = frozenset({Cue.SIREN_WAIL, Cue.SIREN_PULSE, Cue.SIREN_HI_LO, Cue.ALL_CLEAR})  # never in ordinary programmes


def pitch(tune: Tune, per_s: int, rounds: int = 1) -> NDArray[np.float64]:
    """Return the frequency in Hz, `per_s` times a second."""
    parts = [np.linspace(start, end, round(seconds * per_s), endpoint=False) for start, end, seconds in tune.glides]
    return np.tile(np.concatenate(parts), rounds)


def _tone(hz: NDArray[np.float64], partials: tuple[float, ...]) -> NDArray[np.float64]:
    """Return a tone that follows `hz`; its phase never jumps, its harmonics stay locked."""
    phase = 2 * np.pi * np.cumsum(hz) / RATE_HZ
    sounding = np.convolve(hz > 0, np.hanning(RATE_HZ * EDGE_MS // 1000), "same") / (RATE_HZ * EDGE_MS // 2000)
    tone: NDArray[np.float64] = sum(
        (level * np.sin(number * phase) for number, level in enumerate(partials, 1) if level), np.zeros(len(hz))
    )
    return tone * np.minimum(sounding, 1.0)


def _bells(tune: Tune) -> NDArray[np.float64]:
    """Return notes that ring on under the next one."""
    out = np.zeros(round(tune.round_s * RATE_HZ))
    at = 0
    for hz, _, seconds in tune.glides:
        t = np.arange(len(out) - at) / RATE_HZ
        for number, level in enumerate(BELL_PARTIALS, 1):
            out[at:] += level * np.sin(2 * np.pi * hz * number * t) * np.exp(-t * number / BELL_DECAY_S)
        at += round(seconds * RATE_HZ)
    return out


def sound(cue: Cue, rounds: int | None = None) -> Pcm:
    """Return `cue` in mono at 48 kHz; a siren of the usual length lasts ten to twelve seconds."""
    tune = TUNES[cue]
    wave = _bells(tune) if tune.bell else _tone(pitch(tune, RATE_HZ, rounds or tune.rounds), HORN_PARTIALS)
    edge = RATE_HZ * EDGE_MS // 1000
    wave[:edge] *= np.linspace(0, 1, edge)
    wave[-edge:] *= np.linspace(1, 0, edge)
    return pcm(wave * (PEAK / np.abs(wave).max()))
