import numpy as np
import pytest
from numpy.typing import NDArray

from content.audio.chime import Cue
from content.audio.loudness import Loudness, integrated_lufs, measure, peaks, true_peak_dbtp
from content.audio.master import GAP_MS, Profile, assembled, checked, faded, levelled, limiter_gain, master, trimmed
from content.audio.pcm import RATE_HZ, Pcm, joined, pcm, scaled, silence
from content.errors import NothingHeard, OutOfTolerance
from tests.fakes.sounds import babble, sine


@pytest.fixture
def noise(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def hissing(rng: np.random.Generator, sound: Pcm, dbfs: float = -62.0) -> Pcm:
    return pcm(sound.samples[:, 0] + 10 ** (dbfs / 20) * rng.normal(size=sound.frames), sound.rate)


def test_speech_comes_out_at_sixteen_and_under_the_ceiling(noise: np.random.Generator) -> None:
    done = master(babble(noise, 8), opening=Cue.OPENING, closing=Cue.CLOSING)
    assert done.loudness == measure(done.pcm)
    assert done.loudness.lufs == pytest.approx(-16.0, abs=0.1)
    assert done.loudness.peak_dbtp <= -1.5
    assert (done.pcm.rate, done.pcm.channels) == (RATE_HZ, 1)


@pytest.mark.parametrize("gain_db", [-40.0, -12.0, 0.0, 25.0])
@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100, 48_000])
def test_neither_rate_nor_level_of_the_source_is_heard_at_the_end(
    noise: np.random.Generator, rate: int, gain_db: float
) -> None:
    done = master(scaled(babble(noise, 4, rate), gain_db))
    assert done.loudness.lufs == pytest.approx(-16.0, abs=0.1)
    assert done.loudness.peak_dbtp <= -1.5


def crackling(rng: np.random.Generator, clicks_per_s: float) -> Pcm:
    struck = rng.random(6 * RATE_HZ) < clicks_per_s / RATE_HZ
    return pcm(0.9 * struck + 0.05 * babble(rng, 6).samples[:, 0])


def test_a_limiter_that_must_work_hard_still_meets_the_target(noise: np.random.Generator) -> None:
    source = crackling(noise, clicks_per_s=5)
    assert measure(source).lufs - true_peak_dbtp(source) < -25  # raising it by a plain gain would clip by 10 dB
    done = master(source)
    assert done.loudness.lufs == pytest.approx(-16.0, abs=0.1)
    assert done.loudness.peak_dbtp <= -1.5


def test_what_cannot_be_made_loud_is_refused_with_its_figures(noise: np.random.Generator) -> None:
    with pytest.raises(OutOfTolerance) as refused:
        master(crackling(noise, clicks_per_s=200))
    assert refused.value.lufs < -16.5
    assert refused.value.peak_dbtp <= -1.5


def test_silence_around_speech_is_cut_and_reported(noise: np.random.Generator) -> None:
    speech = babble(noise, 3)
    source = hissing(noise, joined([silence(1200), speech, silence(800)]))
    done = master(source)
    assert done.trimmed_ms == pytest.approx(2000, abs=250)
    assert done.pcm.duration_ms == pytest.approx(speech.duration_ms, abs=250)


def test_a_pause_inside_speech_stays(noise: np.random.Generator) -> None:
    source = joined([babble(noise, 2), silence(1500), babble(noise, 2)])
    assert trimmed(source).duration_ms > 5000


@pytest.mark.parametrize("source", [silence(3000), pcm(sine(400, -66.0))], ids=["nothing", "far too quiet"])
def test_silence_is_no_programme(source: Pcm) -> None:
    with pytest.raises(NothingHeard):
        master(source)


def test_neither_words_nor_cue_is_no_programme() -> None:
    with pytest.raises(NothingHeard):
        master(None)


def test_one_word_is_a_programme(noise: np.random.Generator) -> None:
    done = master(babble(noise, 0.25))
    assert done.loudness.lufs == pytest.approx(-16.0, abs=0.1)
    assert done.pcm.duration_ms == 600


def test_a_constant_is_removed_without_a_click(noise: np.random.Generator) -> None:
    done = master(pcm(babble(noise, 3).samples[:, 0] + 0.3))
    assert abs(float(done.pcm.samples.mean())) < 1e-4
    assert np.abs(done.pcm.samples[:10]).max() < 1e-3


def test_the_opening_is_softer_than_the_words_and_a_gap_follows(noise: np.random.Generator) -> None:
    programme, _ = assembled(babble(noise, 5), Cue.OPENING, None, Profile())
    chime, words = programme.cut(0, 2000), programme.cut(2000 + GAP_MS, 7300)
    assert integrated_lufs(chime) == pytest.approx(-18.0, abs=0.1)
    assert integrated_lufs(words) == pytest.approx(-16.0, abs=0.3)
    assert not programme.cut(2005, 2000 + GAP_MS - 5).samples.any()


@pytest.mark.parametrize("cue", Cue)
def test_a_cue_alone_is_mastered_like_speech(cue: Cue) -> None:
    assert master(None, opening=cue).loudness.lufs == pytest.approx(-16.0, abs=0.1)


def test_fades_begin_and_end_at_nothing() -> None:
    out = faded(pcm(np.ones(RATE_HZ))).samples[:, 0]
    assert (out[0], out[-1], out[RATE_HZ // 2]) == (0.0, 0.0, 1.0)


def levels_with_spikes(rng: np.random.Generator) -> NDArray[np.float32]:
    return np.where(rng.random(700_000) < 1e-4, rng.uniform(1, 9, 700_000), 0.3).astype(np.float32)


def test_the_limiter_never_lets_a_level_through_and_never_jumps(noise: np.random.Generator) -> None:
    levels = levels_with_spikes(noise)
    gain = limiter_gain(levels, 0.7)
    assert gain.shape == levels.shape
    assert (levels * gain).max() <= 0.7 * (1 + 1e-5)
    assert np.abs(np.diff(gain)).max() < 0.005  # spread over the look-ahead
    assert gain.max() == pytest.approx(1.0)


def test_the_limiter_is_one_piece_over_the_seams_of_its_blocks() -> None:
    levels = np.full((1 << 18) + 5000, 0.3, dtype=np.float32)
    levels[(1 << 18) - 3] = 4.0
    gain = limiter_gain(levels, 0.7)
    assert np.abs(np.diff(gain)).max() < 0.005
    assert gain.argmin() == pytest.approx((1 << 18) - 3, abs=16)  # two steps of the limiter


def test_true_peaks_are_one_piece_over_the_seams_of_their_blocks(noise: np.random.Generator) -> None:
    samples = noise.normal(size=((1 << 18) + 900, 1)).astype(np.float32)
    late = peaks(samples[900:])
    assert peaks(samples)[1000:-20] == pytest.approx(late[100:-20], abs=1e-5)


def test_levelled_leaves_alone_what_is_right_already() -> None:
    tone, _ = levelled(pcm(sine(1000, -13.0)), -16.0, -1.5)
    assert float(np.abs(tone.samples).max()) == pytest.approx(10 ** (-13.0 / 20), rel=0.01)


@pytest.mark.parametrize(
    ("lufs", "peak_dbtp", "ok"),
    [(-16.0, -1.5, True), (-15.5, -2.0, True), (-16.5, -9.0, True), (-15.4, -2.0, False), (-16.0, -1.4, False)],
)
def test_out_of_tolerance_is_an_error_with_the_figures(lufs: float, peak_dbtp: float, ok: bool) -> None:
    figures = Loudness(lufs=lufs, peak_dbtp=peak_dbtp)
    if ok:
        assert checked(figures, Profile()) is figures
        return
    with pytest.raises(OutOfTolerance) as refused:
        checked(figures, Profile())
    assert (refused.value.lufs, refused.value.peak_dbtp) == (lufs, peak_dbtp)
    assert f"{lufs:.1f} LUFS" in refused.value.in_vietnamese()
