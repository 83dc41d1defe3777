import numpy as np
import pytest

from content.audio.chime import SIRENS, TUNES, Cue, sound
from content.audio.filters import band_passed, resampled
from content.audio.pcm import Pcm, joined, pcm, scaled, silence
from content.audio.recognise import recognise
from tests.fakes.sounds import babble, sine


@pytest.mark.parametrize("cue", Cue)
def test_every_cue_is_recognised_as_itself_and_nothing_else(cue: Cue) -> None:
    heard = recognise(sound(cue))
    assert [found.cue for found in heard] == [cue]
    assert heard[0].start_ms <= 50
    assert heard[0].end_ms == pytest.approx(sound(cue).duration_ms, abs=100)


@pytest.mark.parametrize("cue", Cue)
def test_a_cue_is_found_where_it_begins_in_a_recording(cue: Cue, seed: int) -> None:
    rng = np.random.default_rng(seed)
    before = babble(rng, 4)
    heard = recognise(joined([before, silence(500), scaled(sound(cue), -10), babble(rng, 3)]))
    assert [found.cue for found in heard] == [cue]
    assert heard[0].start_ms == pytest.approx(4500, abs=350)


@pytest.mark.parametrize("cue", Cue)
def test_a_cue_survives_a_horn_noise_and_another_rate(cue: Cue, seed: int) -> None:
    rng = np.random.default_rng(seed)
    horn = band_passed(sound(cue), 300, 5_000)
    level = np.sqrt(np.mean(np.square(horn.samples)))
    noisy = pcm(horn.samples[:, 0] + level / 6 * rng.normal(size=horn.frames))
    assert [found.cue for found in recognise(resampled(noisy, 16_000))] == [cue]


def test_two_sirens_in_turn_are_two() -> None:
    heard = recognise(joined([sound(Cue.SIREN_WAIL, 2), silence(400), sound(Cue.SIREN_HI_LO, 8)]))
    assert [found.cue for found in heard] == [Cue.SIREN_WAIL, Cue.SIREN_HI_LO]


@pytest.mark.parametrize(
    "other",
    [
        lambda rng: babble(rng, 20),
        lambda rng: pcm(0.2 * rng.normal(size=480_000)),
        lambda _: pcm(sine(440, -10, 5)),
        lambda _: silence(5000),
        lambda _: silence(30),
    ],
    ids=["speech", "noise", "another tone", "silence", "shorter than any cue"],
)
def test_nothing_else_is_taken_for_a_cue(other: object, seed: int) -> None:
    made: Pcm = other(np.random.default_rng(seed))  # type: ignore[operator]
    assert recognise(made) == ()


def test_no_siren_is_a_bell() -> None:
    assert {cue for cue, tune in TUNES.items() if not tune.bell} == SIRENS


@pytest.mark.parametrize("cue", Cue)
def test_cues_begin_and_end_without_a_click(cue: Cue) -> None:
    made = sound(cue).samples[:, 0]
    assert np.abs(made[:8]).max() < 0.05
    assert np.abs(made[-8:]).max() < 0.05
    assert np.abs(made).max() == pytest.approx(0.5, abs=1e-3)
