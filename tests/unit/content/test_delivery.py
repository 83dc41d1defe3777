"""Warnings outdoors: short phrases, gaps for the echo, each message again; spellings for one engine."""

import numpy as np
import pytest

from content.audio.compress import Compression, compressed
from content.audio.loudness import integrated_lufs
from content.audio.master import Profile, master
from content.audio.pcm import RATE_HZ, Pcm, pcm
from content.audio.profiles import PROFILE_WORDS, PROFILES, ProfileName
from content.speech.delivery import ECHO_FROM_M, OUTDOOR, SOUND_M_PER_S, Delivery, breaths, delivered
from content.speech.spelling import Spelling, occurring, respelled
from content.text.spoken import Phrase
from tests.fakes.sounds import babble, sine

LONG = "đề nghị nhân dân khẩn trương sơ tán đến nơi an toàn tại trường trung học cơ sở và mang theo đồ dùng cần thiết"


@pytest.mark.parametrize(
    ("words", "pieces"),
    [
        ("một hai ba", ("một hai ba",)),
        ("nước sông đang lên nhanh và chảy xiết qua ngầm", ("nước sông đang lên nhanh", "và chảy xiết qua ngầm")),
        ("khu vực có độc lập tự do hạnh phúc lâu dài", ("khu vực có độc lập tự do hạnh phúc lâu dài",)),
        ("bà con tuyệt đối từ chối mọi yêu cầu lạ", ("bà con tuyệt đối từ chối mọi", "yêu cầu lạ")),
        ("", ()),
    ],
)
def test_a_long_phrase_is_cut_where_a_new_thought_begins(words: str, pieces: tuple[str, ...]) -> None:
    assert breaths(words, 8) == pieces


def test_no_word_is_lost_and_every_gap_is_wide_enough_for_the_echo() -> None:
    said = delivered([Phrase(words=LONG, pause_ms=300), Phrase(words="hết", pause_ms=4_000)], OUTDOOR)
    assert " ".join(phrase.words for phrase in said) == f"{LONG} hết"
    assert all(phrase.pause_ms >= ECHO_FROM_M / SOUND_M_PER_S * 1000 for phrase in said)
    assert said[-1].pause_ms == 4_000


def test_a_message_is_said_again_so_many_times() -> None:
    said = delivered([Phrase(words="nước lên", pause_ms=300)], Delivery(times=3))
    assert [phrase.words for phrase in said] == ["nước lên", *["xin nhắc lại", "nước lên"] * 2]
    assert [phrase.pause_ms for phrase in said] == [2_500, 1_500, 2_500, 1_500, 1_500]


FACEBOOK = Spelling(engine="espeak", word="facebook", spelling="phây búc")
TP = Spelling(engine="espeak", word="zalo pay", spelling="da lô pay")
ZALO = Spelling(engine="espeak", word="zalo", spelling="da lô")
OTHER = Spelling(engine="neural", word="zalo", spelling="za lô")


def test_each_engine_is_given_its_own_spelling_and_the_longest_word_counts() -> None:
    phrases = [Phrase(words="zalo pay và zalo trên facebook", pause_ms=1)]
    both = (FACEBOOK, TP, ZALO, OTHER)
    assert respelled(phrases, both, "espeak")[0].words == "da lô pay và da lô trên phây búc"
    assert respelled(phrases, both, "neural")[0].words == "za lô pay và za lô trên facebook"
    assert respelled(phrases, both, "gtts") == tuple(phrases)


def test_only_spellings_that_occur_are_part_of_a_recipe_and_in_one_order() -> None:
    phrases = [Phrase(words="mở zalo", pause_ms=1)]
    assert occurring([ZALO, FACEBOOK, OTHER], phrases) == occurring([OTHER, ZALO, FACEBOOK, ZALO], phrases)
    assert occurring([ZALO, FACEBOOK, OTHER], phrases) == (ZALO, OTHER)


@pytest.mark.parametrize("word", ["", "Zalo", " zalo", "za  lo", "a" * 61])
def test_a_spelling_is_for_spoken_words(word: str) -> None:
    with pytest.raises(ValueError, match="lower-case"):
        Spelling(engine="espeak", word=word, spelling="x")


def test_compression_brings_loud_and_soft_nearer_and_leaves_what_is_soft() -> None:
    loud, soft = sine(1000, -6.0, 1.0), sine(1000, -26.0, 1.0)
    sound = pcm(np.concatenate([loud, soft] * 3))
    out = compressed(sound, Compression(ratio=2.0), integrated_lufs(sound)).samples[:, 0]
    levels = [np.abs(out[round((n + 0.5) * RATE_HZ) : round((n + 0.9) * RATE_HZ)]).max() for n in (0, 1)]
    assert 20 * np.log10(levels[1]) == pytest.approx(-26.0, abs=0.1)
    assert -10.0 < 20 * np.log10(levels[0]) < -6.5


def whispered(rng: np.random.Generator) -> Pcm:
    """Return speech-like noise: cut to a band, it has the peaks of a voice there."""
    syllables = np.clip(np.sin(np.pi * 3.7 * np.arange(4 * RATE_HZ) / RATE_HZ), 0, None) ** 2
    return pcm(0.1 * rng.normal(size=4 * RATE_HZ) * syllables)


def test_a_voice_of_clicks_is_made_loud_by_a_quick_limiter_and_stays_in_its_band(seed: int) -> None:
    pulses = babble(np.random.default_rng(seed), 4)  # all its harmonics in one phase
    done = master(pulses, profile=PROFILES[ProfileName.HORN])
    assert done.loudness.lufs == pytest.approx(-16.0, abs=0.1)
    assert outside(done.pcm, PROFILES[ProfileName.HORN]) < 0.02


def outside(sound: Pcm, profile: Profile) -> float:
    """Return how much of the power is outside the band of `profile`."""
    spectrum = np.abs(np.fft.rfft(sound.samples[:, 0])) ** 2
    hz = np.fft.rfftfreq(sound.frames, 1 / RATE_HZ)
    return float(spectrum[(hz < profile.low_hz * 0.7) | (hz > profile.high_hz * 1.2)].sum() / spectrum.sum())


@pytest.mark.parametrize("name", ProfileName)
def test_every_profile_has_words_and_is_met(name: ProfileName, seed: int) -> None:
    assert PROFILE_WORDS[name]
    profile = PROFILES[name]
    done = master(whispered(np.random.default_rng(seed)), profile=profile)
    assert done.loudness.lufs == pytest.approx(profile.target_lufs, abs=profile.tolerance_lu)
    assert outside(done.pcm, profile) < 0.01
    assert profile.tolerance_lu == Profile().tolerance_lu
