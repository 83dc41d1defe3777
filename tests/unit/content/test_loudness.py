"""Loudness against the signals of the standard's own practice and against an independent meter."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from content.audio.loudness import integrated_lufs, measure, peaks, true_peak_dbtp
from content.audio.pcm import RATE_HZ, Pcm, pcm
from tests.fakes.sounds import babble, ffmpeg, raw, sine


def stereo(mono: NDArray[np.float64]) -> Pcm:
    return pcm(np.stack([mono, mono], axis=1))


def parts(*levels: tuple[float, float]) -> Pcm:
    return stereo(np.concatenate([sine(1000, dbfs, seconds) for dbfs, seconds in levels]))


# Signals and readings of EBU Tech 3341 (table 1, cases 1 to 5): a 1 kHz tone in both channels, steps in dBFS.
COMPLIANCE = [
    ("-23 dBFS", parts((-23.0, 20)), -23.0),
    ("-33 dBFS", parts((-33.0, 20)), -33.0),
    ("the quiet ends are gated relatively", parts((-36.0, 10), (-23.0, 60), (-36.0, 10)), -23.0),
    (
        "the silent ends are gated absolutely",
        parts((-72.0, 10), (-36.0, 10), (-23.0, 60), (-36.0, 10), (-72.0, 10)),
        -23.0,
    ),
    ("loud and soft", parts((-26.0, 20), (-20.0, 20.1), (-26.0, 20)), -23.0),
]


@pytest.mark.parametrize(("sound", "lufs"), [case[1:] for case in COMPLIANCE], ids=[case[0] for case in COMPLIANCE])
def test_compliance_signals_read_what_they_must(sound: Pcm, lufs: float) -> None:
    assert integrated_lufs(sound) == pytest.approx(lufs, abs=0.1)


def test_one_channel_reads_three_below_two() -> None:
    assert integrated_lufs(pcm(sine(1000, -20.0))) == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100, 96_000])
def test_a_tone_is_as_loud_at_every_rate(rate: int) -> None:
    assert integrated_lufs(pcm(sine(1000, -20.0, rate=rate), rate)) == pytest.approx(-23.0, abs=0.05)


@pytest.mark.parametrize("sound", [pcm(np.zeros(RATE_HZ)), pcm(sine(1000, -6.0, 0.3)), pcm(sine(1000, -80.0))])
def test_silence_and_what_is_too_short_have_no_loudness(sound: Pcm) -> None:
    assert integrated_lufs(sound) == -np.inf


def test_a_peak_between_two_samples_is_found() -> None:
    between = 0.5 * np.sin(np.pi / 2 * np.arange(RATE_HZ) + np.pi / 4)  # no sample is higher than 0.354
    faded = between * np.hanning(RATE_HZ)
    assert np.abs(faded).max() < 0.36
    assert true_peak_dbtp(pcm(faded)) == pytest.approx(-6.02, abs=0.1)


def test_the_peak_of_nothing_is_minus_infinity() -> None:
    assert true_peak_dbtp(pcm(np.zeros(100))) == -np.inf


def gated(rng: np.random.Generator) -> Pcm:
    t = np.arange(10 * RATE_HZ) / RATE_HZ
    return pcm(np.where(t % 4 < 1, 0.2, 0.001) * rng.normal(size=len(t)))


def clicks(rng: np.random.Generator) -> Pcm:
    struck = (rng.random(8 * RATE_HZ) < 1e-3) * rng.choice([-0.9, 0.9], 8 * RATE_HZ)
    return pcm(struck + 0.01 * rng.normal(size=8 * RATE_HZ))


def two_channels(rng: np.random.Generator) -> Pcm:
    return pcm(np.stack([sine(300, -12), 0.05 * rng.normal(size=5 * RATE_HZ)], axis=1))


INPUTS: dict[str, Callable[[np.random.Generator], Pcm]] = {
    "white noise": lambda rng: pcm(0.1 * rng.normal(size=8 * RATE_HZ)),
    "deep tone": lambda _: pcm(sine(60, -10)),
    "high tone": lambda _: pcm(sine(7000, -14) * np.hanning(5 * RATE_HZ)),
    "long pauses": gated,
    "clicks": clicks,
    "like speech": lambda rng: babble(rng, 12),
    "two channels": two_channels,
    "44.1 kHz": lambda rng: babble(rng, 6, 44_100),
}


@pytest.mark.parametrize("name", INPUTS)
def test_an_independent_meter_reads_the_same(name: str, seed: int) -> None:
    sound = INPUTS[name](np.random.default_rng(seed))
    said = ffmpeg([*raw(sound), "-af", "ebur128=peak=true", "-f", "null", "-"], sound.samples.tobytes()).stderr.decode()
    summary = said[said.rindex("Summary:") :]
    lufs, peak = (float(re.findall(rf"{key}:\s+(\S+)", summary)[-1]) for key in ("I", "Peak"))
    ours = measure(sound)
    assert ours.lufs == pytest.approx(lufs, abs=0.1)
    assert ours.peak_dbtp == pytest.approx(peak, abs=0.2)


def test_levels_that_matter_are_found_although_quiet_runs_are_passed_over(seed: int) -> None:
    samples = babble(np.random.default_rng(seed), 3).samples
    whole, sparse = peaks(samples), peaks(samples, only_above=0.2)
    assert np.array_equal(whole[whole > 0.2], sparse[whole > 0.2])
    assert (sparse[whole <= 0.2] <= 0.2).all()
    assert true_peak_dbtp(Pcm(samples=samples, rate=RATE_HZ)) == pytest.approx(20 * np.log10(whole.max()), abs=1e-6)
