"""Fifty recordings that have nothing in common but that they are accepted, and a meter that is not ours."""

import asyncio
import re

import numpy as np
import pytest

from content.audio.filters import band_passed
from content.audio.pcm import RATE_HZ, Pcm, joined, pcm, scaled, silence
from content.ingest import ingest
from tests.fakes.sounds import as_file, babble, ffmpeg, sine

FORMS = (
    ("-f", "wav"),
    ("-f", "mp3", "-b:a", "48k"),
    ("-f", "adts", "-c:a", "aac", "-b:a", "48k"),
    ("-f", "ogg", "-c:a", "libopus", "-b:a", "20k"),
    ("-ar", "8000", "-f", "amr", "-c:a", "libopencore_amrnb", "-b:a", "7.95k"),
    ("-f", "webm", "-c:a", "libopus", "-ac", "2"),
    ("-ar", "44100", "-ac", "2", "-f", "flac"),
    ("-ar", "22050", "-f", "mp3"),
)


def music(rng: np.random.Generator, seconds: float) -> Pcm:
    chords = [sum(sine(hz * 2 ** (rng.integers(12) / 12), -14, 0.5) for hz in (220, 277, 330)) for _ in range(30)]
    return pcm(np.concatenate(chords)[: round(seconds * RATE_HZ)])


def telephone(rng: np.random.Generator, seconds: float) -> Pcm:
    return band_passed(babble(rng, seconds), 300, 3400)


def stopping(rng: np.random.Generator, seconds: float) -> Pcm:
    return joined([babble(rng, seconds / 3), silence(1500), babble(rng, seconds / 3), silence(700), music(rng, 1.0)])


def noisy(rng: np.random.Generator, seconds: float) -> Pcm:
    voice = babble(rng, seconds)
    return pcm(voice.samples[:, 0] + 0.004 * rng.normal(size=voice.frames))


KINDS = (babble, music, telephone, stopping, noisy)


def ebur128_lufs(data: bytes) -> float:
    said = ffmpeg(["-i", "pipe:0", "-filter_complex", "ebur128", "-f", "null", "-"], data).stderr.decode()
    return float(re.findall(r"I:\s+(-?[\d.]+) LUFS", said)[-1])


@pytest.mark.slow
@pytest.mark.parametrize("n", range(50))
async def test_every_upload_lands_at_the_house_loudness_on_another_meter(n: int, seed: int) -> None:
    rng = np.random.default_rng([seed, n])
    source = scaled(KINDS[n % len(KINDS)](rng, rng.uniform(2, 9)), rng.uniform(-14, 3))
    padded = joined([silence(int(rng.integers(1500))), source, silence(int(rng.integers(1500)))])
    out = await ingest(await asyncio.to_thread(as_file, padded, *FORMS[n % len(FORMS)]))
    assert out.accepted, out.findings
    assert await asyncio.to_thread(ebur128_lufs, out.data) == pytest.approx(-16.0, abs=0.5)
