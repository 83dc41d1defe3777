"""Sounds of known level, made by arithmetic."""

import subprocess

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from content.audio.pcm import RATE_HZ, Pcm, pcm

SYLLABLES_PER_S = 3.7


def sine(hz: float, dbfs: float, seconds: float = 5.0, rate: int = RATE_HZ) -> NDArray[np.float64]:
    """Return a tone whose peak is at `dbfs`."""
    return 10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def babble(rng: np.random.Generator, seconds: float = 5.0, rate: int = RATE_HZ) -> Pcm:
    """Return something with the rhythm, spectrum and peaks of speech."""
    t = np.arange(round(seconds * rate)) / rate
    pitch = 110 * 2 ** (0.3 * np.sin(2 * np.pi * 0.7 * t))
    glottal = sum(np.sin(2 * np.pi * np.cumsum(pitch) / rate * n) / n for n in range(1, 25))
    syllables = np.clip(np.sin(np.pi * SYLLABLES_PER_S * t), 0, None) ** 2
    breath = 0.02 * rng.normal(size=len(t))
    return pcm(0.15 * (glottal + breath) * syllables, rate)


def ffmpeg(arguments: list[str], data: bytes) -> subprocess.CompletedProcess[bytes]:
    """Run the coder directly: the independent witness."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostats", *arguments]
    return subprocess.run(command, input=data, capture_output=True, check=True, timeout=60)


def raw(sound: Pcm) -> list[str]:
    """Return the words with which ffmpeg reads `sound`'s samples from its input."""
    return ["-f", "f32le", "-ar", str(sound.rate), "-ac", str(sound.channels), "-i", "pipe:0"]


def as_file(sound: Pcm, *arguments: str) -> bytes:
    """Return `sound` as a file, coded by ffmpeg with these words ("-f", "mp3")."""
    return ffmpeg([*raw(sound), *arguments, "pipe:1"], sound.samples.tobytes()).stdout
