import io
import wave

import numpy as np
import pytest

from content.audio.pcm import Pcm, joined, pcm, silence
from content.audio.segments import strung, write_wav
from content.errors import NotAudio
from tests.fakes.sounds import sine

RATE = 22_050


def phrase(ms: int, before_ms: int = 0, after_ms: int = 0) -> Pcm:
    tone = pcm(sine(300, -6, ms / 1000, RATE), RATE)
    return joined([silence(before_ms, RATE), tone, silence(after_ms, RATE)])


def quiet_stretches(sound: Pcm) -> list[int]:
    """Return the milliseconds of each silence between two tones."""
    loud = np.abs(sound.samples[: sound.frames // 441 * 441, 0]).reshape(-1, 441).max(axis=1) > 0.01  # 20 ms
    edges = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]]).astype(int)))
    return [int(gap) * 20 for gap in edges[2::2] - edges[1:-1:2]]


def test_pauses_are_what_was_asked_for_whatever_the_engine_left_around_its_phrases() -> None:
    out = strung([(phrase(400, 0, 230), 500), (phrase(300, 120, 0), 200), (phrase(300), 0)])
    assert quiet_stretches(out) == pytest.approx([500, 200], abs=60)
    assert out.rate == RATE


def test_an_empty_phrase_is_left_out() -> None:
    assert strung([(phrase(300), 100), (silence(0, RATE), 900)]).duration_ms == pytest.approx(400, abs=5)


def test_no_phrase_at_all_is_no_sound() -> None:
    with pytest.raises(NotAudio):
        strung([(silence(0, RATE), 100)])


def test_a_wav_file_holds_the_samples() -> None:
    made = pcm(sine(440, -6, 0.5))
    with wave.open(io.BytesIO(write_wav(made))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth(), file.getnframes()) == (
            48_000,
            1,
            2,
            24_000,
        )
        ints = np.frombuffer(file.readframes(24_000), dtype="<i2")
    assert ints / 32_768 == pytest.approx(made.samples[:, 0], abs=1e-4)
