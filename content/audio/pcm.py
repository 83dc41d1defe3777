"""Sound as numbers: the one value that engines, mastering and encoding pass to each other.  PURE."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from content.errors import NotAudio

Samples = NDArray[np.float32]

RATE_HZ = 48_000  # Opus works at 48 kHz inside; everything after the engines is at this rate
INT16_SCALE = 32_768.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pcm:
    """Samples as float32 (frames, channels), full scale ±1.0, at `rate` Hz.  The array is read-only."""

    samples: Samples
    rate: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.dtype != np.float32 or self.rate <= 0:
            raise NotAudio(f"want float32 (frames, channels), got {self.samples.dtype} {self.samples.shape}")
        self.samples.flags.writeable = False

    @property
    def frames(self) -> int:
        """Number of frames."""
        return int(self.samples.shape[0])

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[1])

    @property
    def duration_ms(self) -> int:
        """Length in whole milliseconds, rounded."""
        return round(self.frames * 1000 / self.rate)

    def cut(self, start_ms: int, end_ms: int) -> "Pcm":
        """Return the part from `start_ms` to `end_ms`."""
        first, last = (ms * self.rate // 1000 for ms in (start_ms, end_ms))
        return Pcm(samples=self.samples[first:last].copy(), rate=self.rate)


def pcm(samples: ArrayLike, rate: int = RATE_HZ) -> Pcm:
    """Return `samples`, (frames,) or (frames, channels), as a Pcm of its own array."""
    array = np.array(samples, dtype=np.float32)
    return Pcm(samples=array[:, np.newaxis] if array.ndim == 1 else array, rate=rate)


def from_int16(data: bytes, rate: int, channels: int = 1) -> Pcm:
    """Return interleaved little-endian 16-bit samples as a Pcm."""
    whole = len(data) - len(data) % (2 * channels)
    ints = np.frombuffer(data[:whole], dtype="<i2").reshape(-1, channels)
    return Pcm(samples=ints.astype(np.float32) / np.float32(INT16_SCALE), rate=rate)


def to_int16(sound: Pcm) -> bytes:
    """Return interleaved little-endian 16-bit samples; what is over full scale is held at it."""
    ints = np.clip(np.rint(sound.samples * INT16_SCALE), -32_768, 32_767)
    return bytes(ints.astype("<i2").tobytes())


def silence(duration_ms: int, rate: int = RATE_HZ) -> Pcm:
    """Return `duration_ms` of mono nothing."""
    return Pcm(samples=np.zeros((duration_ms * rate // 1000, 1), dtype=np.float32), rate=rate)


def mono(sound: Pcm) -> Pcm:
    """Return the mean of all channels."""
    if sound.channels == 1:
        return sound
    return Pcm(samples=sound.samples.mean(axis=1, keepdims=True, dtype=np.float32), rate=sound.rate)


def joined(parts: Iterable[Pcm]) -> Pcm:
    """Return `parts` one after another; all must have one rate and one number of channels."""
    held = tuple(parts)
    if len({(part.rate, part.channels) for part in held}) != 1:
        raise NotAudio("parts differ in rate or channels")
    return Pcm(samples=np.concatenate([part.samples for part in held]), rate=held[0].rate)


def scaled(sound: Pcm, gain_db: float) -> Pcm:
    """Return `sound` louder by `gain_db`."""
    return Pcm(samples=sound.samples * np.float32(10 ** (gain_db / 20)), rate=sound.rate)
