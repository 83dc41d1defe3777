"""What can be measured of a recording before anybody listens to it.  PURE numpy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from content.audio.chime import SIRENS
from content.audio.downmix import Take
from content.audio.loudness import Loudness, measure
from content.audio.pcm import Pcm, Samples
from content.audio.recognise import recognise
from content.audio.sirens import sirens

BLOCK_MS = 10
SILENT_BELOW_DB = -45.0  # under the loudest block, as mastering trims
NOTHING_BELOW_DBFS = -60.0
BRIDGE_MS = 300  # a pause between words belongs to the speech
SIREN_SCORE_MIN = 0.72  # a melody that dwells on one of our siren's tones reaches 0.69
TOP = 0.97  # of the highest level: where a flat top lies …
BELOW_TOP = 0.90  # … and where a round one would have nearly as much
HIGHEST_PERCENTILE = 99.95  # of the loud part; a codec puts a few samples above a flat top
FLAT_RATIO = 4.0  # a sine has 1.2, speech and music less; what is cut off has ten and more
FULL = 0.90  # of full scale: a codec makes ripples of a flat top, but it does not move it …
BELOW_FULL = 0.70
FULL_RATIO = 2.0  # … a sine has 1.3 to 1.8 here, speech 0.4, loud music less than 1
BACKGROUND_PERCENTILE = 10  # of the blocks: what is heard when nobody speaks
VOICE_PERCENTILE = 90

Levels = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of one recording; moments and lengths in milliseconds."""

    duration_ms: int
    heard_ms: int  # speech with the short pauses in it; 0: nothing
    longest_silence_ms: int  # between two things that are heard
    loudness: Loudness
    background_db: float  # how far the quietest tenth lies under the loudest
    clipped_percent: float  # of the loud part lies on a flat top
    dc_percent: float  # of full scale
    channels: int = 1
    lost_db: float = 0.0
    siren_ms: tuple[tuple[int, int], ...] = ()  # from, to


def centred(sound: Pcm) -> tuple[Pcm, float]:
    """Return `sound` around zero, and how far it was off."""
    off = float(sound.samples.mean(dtype=np.float64)) if sound.frames else 0.0
    return Pcm(samples=sound.samples - np.float32(off), rate=sound.rate), off


def _block_powers(sound: Pcm) -> Levels:
    size = sound.rate * BLOCK_MS // 1000
    whole = sound.frames // size * size
    blocks = sound.samples[:whole, 0].reshape(-1, size)
    powers: Levels = np.einsum("ij,ij->i", blocks, blocks, dtype=np.float64) / size
    return powers


def _heard(powers: Levels) -> NDArray[np.bool_]:
    """Return for every block whether something is heard in it."""
    loudest = float(powers.max(initial=0.0))
    if loudest < 10 ** (NOTHING_BELOW_DBFS / 10):
        return np.zeros(len(powers), dtype=np.bool_)
    return np.asarray(powers > loudest * 10 ** (SILENT_BELOW_DB / 10))


def _lengths(heard: NDArray[np.bool_]) -> tuple[int, int]:
    """Return how much is heard, pauses for breath included, and the longest silence in between."""
    at = np.flatnonzero(heard)
    if not len(at):
        return 0, 0
    gaps = (np.diff(at) - 1) * BLOCK_MS
    bridged = int(gaps[gaps <= BRIDGE_MS].sum())
    return len(at) * BLOCK_MS + bridged, int(gaps.max(initial=0))


def _clipped_percent(samples: Samples, heard: NDArray[np.bool_], size: int) -> float:
    """Return which share of the loud part lies on flat tops; of few samples nothing can be said."""
    if heard.sum() * BLOCK_MS < BRIDGE_MS:
        return 0.0
    loud = np.abs(samples[: len(heard) * size].reshape(-1, size)[heard].ravel())
    highest = float(np.percentile(loud[:: max(1, len(loud) // 2_000_000)], HIGHEST_PERCENTILE))
    flat = _piled(loud, TOP * highest, BELOW_TOP * highest, FLAT_RATIO)
    return 100 * max(flat, _piled(loud, FULL, BELOW_FULL, FULL_RATIO))


def _piled(loud: Samples, top: float, below: float, ratio: float) -> float:
    """Return the share that lies above `top` when it is `ratio` times what lies between `below` and `top`, else 0."""
    above = float((loud >= top).mean())
    under = float((loud >= below).mean()) - above
    return above if above > ratio * under else 0.0


def _background_db(powers: Levels) -> float:
    """Return how far the quietest tenth lies under the loudest tenth; digital silence counts as very far."""
    quiet, loud = np.percentile(powers, (BACKGROUND_PERCENTILE, VOICE_PERCENTILE)) if len(powers) else (1.0, 1.0)
    return 10 * float(np.log10(max(loud, 1e-12) / max(quiet, 1e-12)))


def _siren_spans(sound: Pcm) -> tuple[tuple[int, int], ...]:
    own = {(cue.start_ms, cue.end_ms) for cue in recognise(sound) if cue.cue in SIRENS and cue.score >= SIREN_SCORE_MIN}
    return tuple(sorted(own | {(found.start_ms, found.end_ms) for found in sirens(sound)}))


def figures_of(take: Take) -> Figures:
    """Return what can be measured of a recording in one channel."""
    sound, off = centred(take.pcm)
    powers = _block_powers(sound)
    heard = _heard(powers)
    heard_ms, longest_ms = _lengths(heard)
    return Figures(
        duration_ms=sound.duration_ms,
        heard_ms=heard_ms,
        longest_silence_ms=longest_ms,
        loudness=measure(sound),
        background_db=_background_db(powers),
        clipped_percent=_clipped_percent(sound.samples[:, 0], heard, sound.rate * BLOCK_MS // 1000),
        dc_percent=100 * abs(off),
        channels=take.channels,
        lost_db=take.lost_db,
        siren_ms=_siren_spans(sound) if heard_ms else (),
    )
