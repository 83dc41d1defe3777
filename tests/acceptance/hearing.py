"""An ear: what sounds in a recording, and when, from its samples alone.  Seconds everywhere; full scale is 1."""

import struct
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float64]

RATE = 16_000
FRAME_S = 0.02
LOUD = 10 ** (-50 / 20)  # what a person near a horn calls sound
PAUSE_S = 0.35  # a shorter silence is a pause within one thing: between words, or between the bursts of a siren
EQUAL = 1e-6  # two places that fit equally well
BREATH = 10 ** (-80 / 20)  # the codec's own noise lies below


@dataclass(frozen=True, slots=True)
class Recording:
    """Mono samples, and the moment of the first one (UTC ms)."""

    samples: Samples
    start_ms: int = 0

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE

    def piece(self, start_s: float, end_s: float) -> Samples:
        return self.samples[max(0, round(start_s * RATE)) : round(end_s * RATE)]

    def at(self, utc_ms: int) -> float:
        """Return where in the recording a moment is."""
        return (utc_ms - self.start_ms) / 1000


@dataclass(frozen=True, slots=True)
class Match:
    """Where a piece lies in a longer sound; `score` 1: the same samples, whatever their volume."""

    at_s: float
    score: float


def load_wav(path: Path) -> Recording:
    """Read a WAV file by its chunks; the moment of its start is in LIST/INFO/ICRD."""
    chunks = dict(_riff_chunks(path.read_bytes()))
    kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", chunks[b"fmt "][:16])
    assert (kind, channels, rate, bits) == (1, 1, RATE, 16), "not 16 bit mono at the ear's rate"
    born = chunks[b"LIST"].partition(b"ICRD")[2][4:].rstrip(b"\0")
    return Recording(np.frombuffer(chunks[b"data"], "<i2") / 32768, int(born))


def _riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    name, size, form = struct.unpack("<4sI4s", data[:12])
    assert (name, size, form) == (b"RIFF", len(data) - 8, b"WAVE"), "the header does not fit the file"
    at = 12
    while at < len(data):
        name, size = struct.unpack("<4sI", data[at : at + 8])
        yield name, data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def decode(data: bytes) -> Recording:
    """Return encoded sound as the ear hears it."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", "pipe:0"]
    form = ["-f", "s16le", "-ac", "1", "-ar", str(RATE), "pipe:1"]
    done = subprocess.run([*command, *form], input=data, capture_output=True, check=True, timeout=60)
    return Recording(np.frombuffer(done.stdout, "<i2") / 32768)


# --- how loud, and when ---------------------------------------------------------------------------------------------


def rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples)))) if len(samples) else 0.0


def envelope(samples: Samples) -> Samples:
    """Return the RMS of every frame."""
    size = round(FRAME_S * RATE)
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    found: Samples = np.sqrt(np.mean(np.square(frames), axis=1))
    return found


def stretches(samples: Samples, pause_s: float = PAUSE_S) -> list[tuple[float, float]]:
    """Return from when to when something sounds; pauses within one thing do not part it."""
    loud = np.flatnonzero(envelope(samples) > LOUD)
    if not len(loud):
        return []
    cuts = np.flatnonzero(np.diff(loud) > pause_s / FRAME_S)
    firsts = loud[np.concatenate([[0], cuts + 1])]
    lasts = loud[np.concatenate([cuts, [len(loud) - 1]])]
    return [(float(first) * FRAME_S, float(last + 1) * FRAME_S) for first, last in zip(firsts, lasts, strict=True)]


def is_silent(samples: Samples) -> bool:
    return bool(np.max(np.abs(samples), initial=0.0) < BREATH)


# --- at which pitch -------------------------------------------------------------------------------------------------


def energy_at(samples: Samples, hz: float, width_hz: float = 12.0) -> float:
    """Return the energy of one pitch, by the samples' spectrum."""
    size = max(len(samples), RATE // 4)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), size)) ** 2
    pitches = np.fft.rfftfreq(size, 1 / RATE)
    return float(spectrum[np.abs(pitches - hz) <= width_hz].sum())


def share_at(samples: Samples, *pitches_hz: float) -> float:
    """Return which part of the energy lies at these pitches."""
    whole = float((np.abs(np.fft.rfft(samples * np.hanning(len(samples)), max(len(samples), RATE // 4))) ** 2).sum())
    return sum(energy_at(samples, hz) for hz in pitches_hz) / whole if whole else 0.0


def notes(samples: Samples, pitches_hz: tuple[float, ...], starts_s: tuple[float, ...]) -> list[float]:
    """Return which pitch is new at each moment: bells ring on, so the loudest may be an old one."""
    heard, before = list[float](), dict.fromkeys(pitches_hz, 0.0)
    for start in starts_s:
        window = samples[round((start + 0.05) * RATE) : round((start + 0.35) * RATE)]
        now = {hz: energy_at(window, hz) for hz in pitches_hz}
        heard.append(max(pitches_hz, key=lambda hz: now[hz] - before[hz]))
        before = now
    return heard


def bursts(samples: Samples, hz: float) -> list[tuple[float, float]]:
    """Return from when to when one pitch sounds and carries most of the sound."""
    size = round(FRAME_S * 2 * RATE)
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    on = np.array([rms(frame) > LOUD and share_at(frame, hz, 3 * hz, 5 * hz) > 0.5 for frame in frames])
    edges = np.flatnonzero(np.diff(np.concatenate([[False], on, [False]]).astype(np.int8)))
    return [(float(first) * FRAME_S * 2, float(last) * FRAME_S * 2) for first, last in edges.reshape(-1, 2)]


# --- which sound it is ----------------------------------------------------------------------------------------------


def find(piece: Samples, within: Samples) -> Match:
    """Return where `piece` fits best `within` a longer sound: normalised cross-correlation."""
    size = 1 << (len(piece) + len(within)).bit_length()
    dots = np.fft.irfft(np.fft.rfft(within, size) * np.conj(np.fft.rfft(piece, size)), size)
    places = len(within) - len(piece) + 1
    sums = np.concatenate([[0.0], np.cumsum(np.square(within))])
    power = np.maximum(sums[len(piece) :] - sums[: -len(piece)], 0.0)
    strength = np.sqrt(power * float(np.sum(np.square(piece))))
    scores = np.where(strength > LOUD, dots[:places] / np.maximum(strength, LOUD), 0.0)
    best = int(np.flatnonzero(scores >= scores.max() - EQUAL)[0])  # the first of the bursts of a siren
    return Match(best / RATE, float(scores[best]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A known sound in a recording: from when to when, from which place in the sound on, and how loud beside it."""

    name: str
    start_s: float
    end_s: float
    position_s: float
    volume: float

    @property
    def position_at_end_s(self) -> float:
        return self.position_s + self.end_s - self.start_s


WINDOW_S = 0.3  # three syllables: no other place sounds the same
SAME = 0.99  # what was decoded from the same bytes is the same, but for the volume's rounding
STEP_S = 0.01
MISFIT = LOUD / 2  # what may be left when a known sound is taken away


def timeline(recording: Recording, sounds: Mapping[str, Recording]) -> list[Heard]:
    """Return what sounds, in order; a moment that is none of `sounds` is left out (`unexplained` finds it)."""
    heard, at = list[Heard](), 0.0
    while (start := next_sound(recording, at)) is not None:
        found = _best(recording, start, sounds)
        if found is None:
            at = start + STEP_S
        else:
            heard.append(found)
            at = found.end_s
    return heard


def next_sound(recording: Recording, from_s: float) -> float | None:
    """Return when something sounds next."""
    loud = np.flatnonzero(np.abs(recording.piece(from_s, recording.seconds)) > LOUD)
    return from_s + float(loud[0]) / RATE if len(loud) else None


def _best(recording: Recording, at_s: float, sounds: Mapping[str, Recording]) -> Heard | None:
    window = recording.piece(at_s, at_s + WINDOW_S)
    matches = {name: find(window, sound.samples) for name, sound in sounds.items()}
    name = max(matches, key=lambda name: matches[name].score)
    if matches[name].score < SAME:
        return None
    followed = _followed(recording, at_s, name, sounds[name], matches[name].at_s)
    return followed if followed.end_s >= at_s + WINDOW_S - 2 * STEP_S else None


def _followed(recording: Recording, at_s: float, name: str, sound: Recording, position_s: float) -> Heard:
    """Follow a sound to both ends of the stretch in which it is what is heard."""
    window = sound.piece(position_s, position_s + WINDOW_S)
    volume = rms(recording.piece(at_s, at_s + len(window) / RATE)) / rms(window)
    back = _fits(recording, sound, at_s, position_s, volume, -STEP_S)
    on = _fits(recording, sound, at_s, position_s, volume, STEP_S)
    return Heard(name=name, start_s=at_s - back, end_s=at_s + on, position_s=position_s - back, volume=round(volume, 3))


def _fits(
    recording: Recording, sound: Recording, at_s: float, position_s: float, volume: float, step_s: float
) -> float:
    """Return for how long the sound goes on to be what is heard, in one direction."""
    gone = 0.0
    while True:
        first, last = sorted((gone, gone + step_s))
        ours = sound.piece(position_s + first, position_s + last) if position_s + first >= 0 else np.zeros(0)
        theirs = recording.piece(at_s + first, at_s + last)
        if not len(ours) or len(ours) != len(theirs) or rms(theirs - volume * ours) > MISFIT:
            return abs(gone)
        gone += step_s


def unexplained(recording: Recording, heard: list[Heard]) -> list[tuple[float, float]]:
    """Return when something sounds that is none of what was recognised."""
    rest = recording.samples.copy()
    for one in heard:
        rest[round((one.start_s - STEP_S) * RATE) : round((one.end_s + STEP_S) * RATE)] = 0
    return stretches(rest)
