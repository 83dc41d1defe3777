import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.audio.filters import band_passed, resampled
from content.audio.pcm import RATE_HZ, Pcm, from_int16, joined, mono, pcm, scaled, silence, to_int16
from content.errors import NotAudio
from tests.fakes.sounds import sine


@given(st.lists(st.integers(-32_768, 32_767), max_size=200), st.sampled_from([1, 2]))
def test_sixteen_bits_survive_the_way_there_and_back(ints: list[int], channels: int) -> None:
    data = np.array(ints[: len(ints) // channels * channels], dtype="<i2").tobytes()
    assert to_int16(from_int16(data, 22_050, channels)) == data


@given(st.binary(max_size=99))
def test_no_bytes_break_the_reading_of_samples(data: bytes) -> None:
    assert from_int16(data, 8_000, 2).frames == len(data) // 4


def test_what_is_over_full_scale_is_held_at_it() -> None:
    assert np.frombuffer(to_int16(pcm([2.0, -2.0])), dtype="<i2").tolist() == [32_767, -32_768]


@pytest.mark.parametrize(
    "samples", [np.zeros((2, 2, 2), np.float32), np.zeros((4, 1)), np.zeros(4, np.float32)], ids=["3-d", "f64", "1-d"]
)
def test_other_arrays_are_no_sound(samples: np.ndarray) -> None:
    with pytest.raises(NotAudio):
        Pcm(samples=samples, rate=RATE_HZ)


def test_samples_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValueError, match="read-only"):
        pcm([0.1, 0.2]).samples[0] = 1.0


def test_parts_are_joined_in_order() -> None:
    out = joined([pcm([0.5]), silence(1), pcm([0.25])])
    assert (out.frames, out.samples[0, 0], out.samples[-1, 0]) == (50, 0.5, 0.25)


@pytest.mark.parametrize("parts", [(), (silence(1), silence(1, 8_000)), (silence(1), pcm(np.zeros((9, 2))))])
def test_parts_that_do_not_fit_are_not_joined(parts: tuple[Pcm, ...]) -> None:
    with pytest.raises(NotAudio):
        joined(parts)


def test_mono_is_the_mean_of_the_channels() -> None:
    assert mono(pcm([[0.5, 0.1], [0.0, -0.2]])).samples[:, 0] == pytest.approx([0.3, -0.1])


def test_six_decibels_double() -> None:
    assert scaled(pcm([0.25]), 6.0206).samples[0, 0] == pytest.approx(0.5, abs=1e-4)


def test_a_cut_is_where_it_says() -> None:
    assert (pcm(np.zeros(RATE_HZ)).cut(100, 350).duration_ms, silence(40).cut(-5, 20).duration_ms) == (250, 0)


@pytest.mark.parametrize(
    ("rate", "hz"), [(22_050, 100), (22_050, 8_000), (16_000, 6_500), (44_100, 12_000), (96_000, 1_000), (24_000, 440)]
)
def test_a_tone_keeps_its_phase_and_level_at_another_rate(rate: int, hz: int) -> None:
    out = resampled(pcm(sine(hz, -6, 1.0, rate), rate)).samples[:, 0]
    wanted = sine(hz, -6, len(out) / RATE_HZ)
    assert len(out) == pytest.approx(RATE_HZ, abs=1)
    assert np.abs(out - wanted)[1000:-1000].max() < 2e-3


def test_what_the_lower_rate_cannot_hold_is_gone() -> None:
    assert np.abs(resampled(pcm(sine(9_500, -6)), 16_000).samples[500:-500]).max() < 1e-3


@pytest.mark.parametrize(("hz", "kept_db"), [(20, -30.0), (300, 0.0), (3_000, 0.0), (20_000, -60.0)])
def test_the_band_of_speech_passes_and_the_rest_does_not(hz: int, kept_db: float) -> None:
    out = band_passed(pcm(sine(hz, 0.0, 1.0) + 0.4), 90.0, 11_000.0).samples[10_000:-10_000, 0]
    level_db = 20 * np.log10(np.abs(out).max())
    assert level_db == pytest.approx(0.0, abs=0.2) if kept_db == 0.0 else level_db < kept_db
    assert abs(out.mean()) < 1e-3
