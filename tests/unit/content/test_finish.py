import numpy as np
import pytest

from content.audio import finish as module
from content.audio.chime import Cue
from content.audio.encode import decode
from content.audio.encoder import Encoder
from content.audio.finish import TRIES_MAX, finish
from content.audio.loudness import measure
from content.audio.master import Mastered, Profile, master
from content.audio.pcm import RATE_HZ, Pcm, pcm
from content.audio.recognise import recognise
from content.errors import OutOfTolerance
from tests.fakes.sounds import babble, sine


@pytest.mark.parametrize("bitrate_bps", [16_000, 32_000, 64_000])
async def test_the_decoded_bytes_meet_the_profile(seed: int, bitrate_bps: int) -> None:
    speech = babble(np.random.default_rng(seed), 4)
    done = await finish(speech, opening=Cue.OPENING, encoder=Encoder(bitrate_bps=bitrate_bps))
    figures = measure(await decode(done.data))
    assert figures == done.probe.loudness
    assert figures.lufs == pytest.approx(-16.0, abs=0.5)
    assert figures.peak_dbtp <= -1.5


async def test_a_peaky_sound_is_encoded_again_until_its_decoded_peaks_fit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hiss = rng.normal(size=4 * RATE_HZ)
    bursts = np.exp(-np.tile(np.arange(RATE_HZ // 8), 32) / 2000)
    done = await finish(pcm(0.2 * bursts * hiss), encoder=Encoder(bitrate_bps=24_000))
    assert done.probe.loudness.peak_dbtp <= -1.5
    assert 1 < done.tries <= TRIES_MAX


async def test_opening_and_closing_are_heard_in_the_bytes(seed: int) -> None:
    speech = babble(np.random.default_rng(seed), 3)
    done = await finish(speech, opening=Cue.OPENING, closing=Cue.CLOSING)
    heard = recognise(await decode(done.data))
    assert [found.cue for found in heard] == [Cue.OPENING, Cue.CLOSING]
    assert heard[1].start_ms == pytest.approx(2000 + 350 + 3000 + 350, abs=250)


async def test_another_profile_is_met_as_well() -> None:
    wanted = Profile(target_lufs=-20.0, tolerance_lu=0.3, peak_max_dbtp=-3.0)
    done = await finish(pcm(sine(800, -30.0, 2.0)), profile=wanted)
    assert done.probe.loudness.lufs == pytest.approx(-20.0, abs=0.3)


async def test_what_no_try_can_meet_is_an_error_with_the_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[object] = []

    def counted(speech: Pcm, *, profile: Profile, **cues: None) -> Mastered:
        tries.append(profile)
        return master(speech, profile=profile, **cues)

    monkeypatch.setattr(module, "master", counted)
    never = Profile(tolerance_lu=0.5, peak_max_dbtp=-1.5)
    monkeypatch.setattr(module, "checked", lambda loudness, _: _refuse(loudness.lufs, loudness.peak_dbtp))
    with pytest.raises(OutOfTolerance) as refused:
        await finish(pcm(sine(800, -30.0, 2.0)), profile=never)
    assert len(tries) == TRIES_MAX
    assert refused.value.lufs == pytest.approx(-16.0, abs=0.5)


def _refuse(lufs: float, peak_dbtp: float) -> None:
    raise OutOfTolerance(lufs=lufs, peak_dbtp=peak_dbtp, lufs_wanted=-16.0, tolerance_lu=0.5, peak_max_dbtp=-1.5)
