"""From raw speech to a programme at one loudness: trim, filter, chimes, level, limit, fades.  PURE numpy."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from content.audio.chime import Cue
from content.audio.chime import sound as cue_sound
from content.audio.compress import Compression, compressed
from content.audio.filters import band_passed, resampled
from content.audio.loudness import Loudness, integrated_lufs, measure, peaks, true_peak_dbtp
from content.audio.pcm import RATE_HZ, Pcm, Samples, joined, mono, scaled, silence
from content.errors import NothingHeard, OutOfTolerance

BLOCK_MS = 10  # resolution of the search for silence
SILENT_BELOW_DB = -45.0  # under the loudest block: below breath, above the noise of a cheap microphone
NOTHING_BELOW_DBFS = -60.0  # a recording whose loudest block is below this holds no speech
KEEP_MS = 40  # around speech: a soft consonant at the edge is quieter than any threshold
FADE_MS = 10
METER_MS_MIN = 600  # BS.1770 needs 400 ms; 600 ms leave three blocks
GAP_MS = 350  # between a chime and the first word
CUE_BELOW_SPEECH_LU = 2.0  # a chime must not be louder than the words it announces
STEP_FRAMES = 8  # a sixth of a millisecond: the gain of a limiter moves far more slowly
BLOCK_STEPS = 1 << 12  # two thirds of a second: a block of gains stays in the cache, and quiet ones are passed over
LOOK_AHEAD_MS = 12  # half the limiter's window: two periods of the deepest voice, no pumping to be heard
SHORT_LOOK_AHEAD_MS = 2  # for a voice of clicks, as some telephones make it: the gain comes back between two of them
LIMITER_ROUNDS_MAX = 12  # speech needs two to four; a sound that needs more cannot be met
PEAK_GUARD_DB = 0.05  # a gain that moves between frames can lift a true peak by a hair: then aim this much lower
FIRST_SLOPE = 0.75  # of a gain becomes loudness when a limiter works on speech; found by trial, saves a round
GAIN_DB_MAX = 15.0  # above what a plain gain would need: more is the sound of the limiter, not of a voice
SLOPE_MIN = 0.05  # flatter than this, more gain is only more distortion
LEVEL_EXACT_LU = 0.05  # far inside the tolerance; codecs need the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How a programme must sound when it is decoded.  Horns carry 120 Hz to 10 kHz at best."""

    target_lufs: float = -16.0
    tolerance_lu: float = 0.5
    peak_max_dbtp: float = -1.5
    low_hz: float = 90.0
    high_hz: float = 11_000.0
    compression: Compression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mastered:
    """A finished programme, what a meter shows of it, and how much silence was cut off."""

    pcm: Pcm
    loudness: Loudness
    trimmed_ms: int


def _block_levels(samples: Samples, rate: int) -> NDArray[np.float64]:
    """Return the power of each whole block, over all channels."""
    size = rate * BLOCK_MS // 1000
    whole = len(samples) // size * size
    blocks = samples[:whole].astype(np.float64).reshape(-1, size * samples.shape[1])
    powers: NDArray[np.float64] = np.square(blocks).mean(axis=1)
    return powers


def trimmed(sound: Pcm) -> Pcm:
    """Return `sound` from its first to its last audible block; NothingHeard when there is none."""
    levels = _block_levels(sound.samples, sound.rate)
    loudest = float(levels.max(initial=0.0))
    if loudest < 10 ** (NOTHING_BELOW_DBFS / 10):
        raise NothingHeard(f"nothing above {NOTHING_BELOW_DBFS:g} dBFS in {sound.duration_ms} ms")
    heard = np.flatnonzero(levels > loudest * 10 ** (SILENT_BELOW_DB / 10))
    return sound.cut(max(0, int(heard[0]) * BLOCK_MS - KEEP_MS), (int(heard[-1]) + 1) * BLOCK_MS + KEEP_MS)


def faded(sound: Pcm) -> Pcm:
    """Return `sound` with its first and last ten milliseconds faded."""
    frames = min(sound.rate * FADE_MS // 1000, sound.frames // 2)
    slope = np.sin(np.linspace(0, np.pi / 2, frames, dtype=np.float32))[:, np.newaxis] ** 2
    samples = sound.samples.copy()
    samples[:frames] *= slope
    samples[sound.frames - frames :] *= slope[::-1]
    return Pcm(samples=samples, rate=sound.rate)


def _smallest_around(values: Samples, half: int) -> Samples:
    """Return the smallest of each value and its `half` neighbours on both sides (doubling windows)."""
    wide = np.pad(values, half, constant_values=1.0)
    width, reach = 2 * half + 1, 1
    while reach * 2 <= width:
        wide = np.minimum(wide[:-reach], wide[reach:])
        reach *= 2
    rest = width - reach
    return np.minimum(wide[: len(values)], wide[rest : rest + len(values)])


def _averaged(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Return the mean of every `width` neighbours."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    means: NDArray[np.float64] = (sums[width:] - sums[:-width]) / width
    return means


def _block_gain(levels: Samples, ceiling: float, half: int) -> Samples:
    """Return the gain of all but the first and last 2 * `half` steps."""
    if levels.max(initial=0.0) <= ceiling:
        return np.ones(len(levels) - 4 * half, dtype=np.float32)
    needed = np.minimum(1.0, ceiling / np.maximum(levels, np.float32(1e-9))).astype(np.float32)
    smallest = _smallest_around(needed, half)[half : len(needed) - half].astype(np.float64)
    # One step less than the window of the smallest: between two steps the gain is low enough for both.
    return _averaged(_averaged(smallest, half), half)[1:-1].astype(np.float32)


def limiter_gain(levels: Samples, ceiling: float, look_ahead_ms: int = LOOK_AHEAD_MS) -> Samples:
    """Return a smooth gain that keeps `levels` (true peaks, linear) at or under `ceiling`.

    The smallest gain needed within the window is averaged over the same window, with weights like a triangle: every
    value in that average is low enough for the frame in its middle.  All this in steps of a few frames, each with the
    highest of their levels; from one step to the next the gain moves in a straight line.
    """
    half = RATE_HZ * look_ahead_ms // 1000 // STEP_FRAMES
    reach = 2 * half  # of the smallest and the average together
    by_step = np.pad(levels, (0, -len(levels) % STEP_FRAMES)).reshape(-1, STEP_FRAMES)
    steps = np.ascontiguousarray(by_step.T).max(axis=0)  # numpy is slow along short rows
    wide = np.pad(steps, reach)
    blocks = [
        _block_gain(wide[start : start + BLOCK_STEPS + 2 * reach], ceiling, half)
        for start in range(0, len(steps), BLOCK_STEPS)
    ]
    return _between_steps(np.concatenate(blocks), len(levels)) if blocks else levels


def _between_steps(gains: Samples, frames: int) -> Samples:
    """Return the gain of every frame; that of a step stands at its middle."""
    ahead = ((np.arange(STEP_FRAMES) + 0.5) / STEP_FRAMES).astype(np.float32)
    edged = np.pad(gains, 1, mode="edge")
    middle = edged[:-1, np.newaxis] + (edged[1:] - edged[:-1])[:, np.newaxis] * ahead  # from each middle to the next
    return middle.reshape(-1)[STEP_FRAMES // 2 :][:frames]


def _limited(sound: Pcm, levels: Samples, gain_db: float, ceiling_dbtp: float, look_ahead_ms: int) -> Pcm:
    """Return `sound` louder by `gain_db`, limited."""
    gain = np.float32(10 ** (gain_db / 20))
    curve = gain * limiter_gain(levels * gain, 10 ** (ceiling_dbtp / 20), look_ahead_ms)
    return Pcm(samples=sound.samples * curve[:, np.newaxis], rate=sound.rate)


def _missing_lu(sound: Pcm, target_lufs: float) -> float:
    missing = target_lufs - integrated_lufs(sound)
    if not np.isfinite(missing):
        raise NothingHeard("no loudness: shorter than 400 ms, or silent")
    return missing


def _slope(rounds: Sequence[tuple[float, float]]) -> float:
    """Return how much of the last gain became loudness; a limiter takes back the rest."""
    if len(rounds) < 2:
        return FIRST_SLOPE
    (gain_0, missing_0), (gain_1, missing_1) = rounds[-2:]
    return min(1.0, max(SLOPE_MIN, (missing_0 - missing_1) / (gain_1 - gain_0))) if gain_1 != gain_0 else FIRST_SLOPE


class _Levels:
    """The true levels of a sound, looked for between its frames only as far down as a gain makes it matter."""

    def __init__(self, sound: Pcm) -> None:
        self._sound = sound
        self._floor = np.inf
        self._held = sound.samples[:, 0]

    def above(self, floor: float) -> Samples:
        """Return the levels; exact where they exceed `floor`."""
        if floor < self._floor:
            self._floor = floor / 2  # 6 dB of more gain before they must be looked for again
            self._held = peaks(self._sound.samples, only_above=self._floor)
        return self._held


def levelled(
    sound: Pcm, target_lufs: float, ceiling_dbtp: float, missing_lu: float | None = None
) -> tuple[Pcm, Loudness]:
    """Return mono `sound` at `target_lufs`, its true peaks under `ceiling_dbtp`, as well as a limiter can; measured.

    `missing_lu` is how far below the target it is, where that is nearly known.
    """
    levels = _Levels(sound)
    missing = _missing_lu(sound, target_lufs) if missing_lu is None else missing_lu
    for look_ahead_ms in (LOOK_AHEAD_MS, SHORT_LOOK_AHEAD_MS):
        done = _levelled(sound, levels, target_lufs, ceiling_dbtp, missing, look_ahead_ms)
        if done is not None:
            return done
    out = _limited(sound, levels.above(0.0), missing, ceiling_dbtp - PEAK_GUARD_DB, LOOK_AHEAD_MS)  # not met: seen so
    return out, measure(out)


def _levelled(
    sound: Pcm, levels: _Levels, target_lufs: float, ceiling_dbtp: float, missing: float, look_ahead_ms: int
) -> tuple[Pcm, Loudness] | None:
    """Return the same with one limiter; None when it would have to work too hard."""
    gain_max = missing + GAIN_DB_MAX
    gain_db, ceiling = missing, ceiling_dbtp - PEAK_GUARD_DB
    rounds: list[tuple[float, float]] = []
    for _ in range(LIMITER_ROUNDS_MAX):
        out = _limited(sound, levels.above(10 ** ((ceiling - gain_db) / 20)), gain_db, ceiling, look_ahead_ms)
        missing = _missing_lu(out, target_lufs)
        if abs(missing) <= LEVEL_EXACT_LU:
            peak = true_peak_dbtp(out)
            if peak <= ceiling_dbtp:
                return out, Loudness(lufs=target_lufs - missing, peak_dbtp=peak)
            ceiling -= peak - ceiling_dbtp + PEAK_GUARD_DB
        elif gain_db >= gain_max and missing > 0:
            return None
        rounds.append((gain_db, missing))
        gain_db = min(gain_db + missing / _slope(rounds), gain_max)
    return None


def _at(sound: Pcm, target_lufs: float) -> Pcm:
    """Return `sound` with one gain, at `target_lufs`."""
    return scaled(sound, _missing_lu(sound, target_lufs))


@lru_cache(maxsize=16)
def _cue_at(cue: Cue, target_lufs: float) -> Pcm:
    return _at(cue_sound(cue), target_lufs)


def _widened(sound: Pcm) -> Pcm:
    """Return `sound` in silence of its own when it is too short for a loudness meter: one word, one beep."""
    lacking_ms = max(0, METER_MS_MIN - sound.duration_ms)
    return joined((silence(lacking_ms // 2), sound, silence(lacking_ms - lacking_ms // 2))) if lacking_ms else sound


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stretch:
    """Speech that follows other speech after `pause_ms`: another language, another voice."""

    sound: Pcm
    pause_ms: int


Speech = Pcm | Sequence[Stretch] | None


def _words(speech: Pcm, profile: Profile) -> tuple[Pcm, int]:
    """Return one stretch of speech in its band, at its loudness, and how much silence around it was cut off."""
    clean = band_passed(resampled(mono(speech)), profile.low_hz, profile.high_hz)
    words = faded(trimmed(clean))
    cut_ms = clean.duration_ms - words.duration_ms
    level = _at(_widened(words), profile.target_lufs)
    if profile.compression is not None:
        level = _at(compressed(level, profile.compression, profile.target_lufs), profile.target_lufs)
    return level, cut_ms


def _strung(speech: Sequence[Stretch], profile: Profile) -> tuple[list[Pcm], int]:
    """Return the stretches with their pauses: each is brought to the loudness by itself, however it was recorded.

    Several are also limited each by itself: else a peaked voice would lose to the limiter what a smooth one keeps.
    """
    parts: list[Pcm] = []
    cut_ms = 0
    for stretch in speech:
        words, cut = _words(stretch.sound, profile)
        if len(speech) > 1:
            words, _ = levelled(words, profile.target_lufs, profile.peak_max_dbtp, 0.0)
        parts += [*([silence(stretch.pause_ms)] * bool(parts)), words]
        cut_ms += cut
    return parts, cut_ms


def stretches_of(speech: Speech) -> tuple[Stretch, ...]:
    """Return speech of whatever form as stretches."""
    if speech is None:
        return ()
    return (Stretch(sound=speech, pause_ms=0),) if isinstance(speech, Pcm) else tuple(speech)


def assembled(speech: Speech, opening: Cue | None, closing: Cue | None, profile: Profile) -> tuple[Pcm, int]:
    """Return cues and speech in order, each at its loudness, and how many milliseconds of silence were cut off."""
    words, cut_ms = _strung(stretches_of(speech), profile)
    cue_lufs = profile.target_lufs - (CUE_BELOW_SPEECH_LU if words else 0.0)
    parts: list[Pcm] = []
    if opening is not None:
        parts += [_cue_at(opening, cue_lufs)]
    if words:
        parts += [silence(GAP_MS)] * bool(parts) + words
    if closing is not None:
        parts += [silence(GAP_MS)] * bool(parts) + [_cue_at(closing, cue_lufs)]
    if not parts:
        raise NothingHeard("neither speech nor a cue")
    return joined(parts), cut_ms


def master(
    speech: Speech, *, opening: Cue | None = None, closing: Cue | None = None, profile: Profile | None = None
) -> Mastered:
    """Return the programme in mono at 48 kHz within `profile`, or raise OutOfTolerance with the figures."""
    wanted = profile or Profile()
    programme, cut_ms = assembled(speech, opening, closing, wanted)
    out, figures = levelled(programme, wanted.target_lufs, wanted.peak_max_dbtp, 0.0)  # its parts are at the target
    return Mastered(pcm=out, loudness=checked(figures, wanted), trimmed_ms=cut_ms)


def checked(loudness: Loudness, profile: Profile) -> Loudness:
    """Return `loudness` when it is within `profile`, else raise OutOfTolerance with the figures."""
    near = abs(loudness.lufs - profile.target_lufs) <= profile.tolerance_lu
    if near and loudness.peak_dbtp <= profile.peak_max_dbtp:
        return loudness
    raise OutOfTolerance(
        lufs=loudness.lufs,
        peak_dbtp=loudness.peak_dbtp,
        lufs_wanted=profile.target_lufs,
        tolerance_lu=profile.tolerance_lu,
        peak_max_dbtp=profile.peak_max_dbtp,
    )
