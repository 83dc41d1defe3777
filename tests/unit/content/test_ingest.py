import asyncio

import numpy as np
import pytest

from content import ingest as module
from content.audio import encode as edge
from content.audio.chime import Cue, sound
from content.audio.encode import decode
from content.audio.loudness import measure
from content.audio.pcm import Pcm, joined, pcm, scaled, silence
from content.errors import AudioError, ToolFailed
from content.ingest import FAULT_WORDS, Fault, ingest
from devices.protocol.chunks import asset_of
from tests.fakes.sounds import as_file, babble


def speech(seconds: float = 3.0) -> Pcm:
    return babble(np.random.default_rng(3), seconds)


@pytest.mark.parametrize(("form", "gain_db"), [("mp3", 6.0), ("wav", -14.0), ("flac", 0.0)])
async def test_a_good_upload_becomes_an_asset_at_the_house_loudness(form: str, gain_db: float) -> None:
    source = joined([silence(900), scaled(speech(), gain_db), silence(700)])
    out = await ingest(await asyncio.to_thread(as_file, source, "-f", form))
    assert out.accepted
    assert out.before is not None
    assert out.before.lufs == pytest.approx(measure(source).lufs, abs=0.5)
    assert out.after is not None
    assert out.after.lufs == pytest.approx(-16.0, abs=0.5)
    assert out.after.peak_dbtp <= -1.5
    assert out.trimmed_ms == pytest.approx(1600, abs=250)
    assert out.asset == asset_of(out.data, (await decode(out.data)).duration_ms)


REFUSED = {
    "text": (lambda: b"xin ch\xc3\xa0o", Fault.NOT_AUDIO),
    "nothing": (lambda: b"", Fault.NOT_AUDIO),
    "silence": (lambda: as_file(silence(3000), "-f", "wav"), Fault.SILENT),
    "a click": (lambda: as_file(joined([silence(900), speech(0.2), silence(900)]), "-f", "wav"), Fault.TOO_SHORT),
    "a whisper far away": (lambda: as_file(scaled(speech(), -36.0), "-f", "wav"), Fault.TOO_QUIET),
    "a siren": (lambda: as_file(joined([speech(), sound(Cue.SIREN_WAIL)]), "-f", "mp3"), Fault.SIREN),
    "clicks without end": (lambda: as_file(clicks(), "-f", "wav"), Fault.OUT_OF_TOLERANCE),
}


def clicks() -> Pcm:
    rng = np.random.default_rng(3)
    return pcm((rng.random(150_000) < 0.01) * 0.9 + 1e-4 * rng.normal(size=150_000))


@pytest.mark.parametrize("name", REFUSED)
async def test_a_bad_upload_is_refused_with_its_reason(name: str) -> None:
    make, fault = REFUSED[name]
    out = await ingest(await asyncio.to_thread(make))
    assert out.faults == (fault,)
    assert (out.accepted, out.asset, out.data) == (False, None, b"")


async def test_an_upload_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "ENCODED_BYTES_MAX", 10)
    assert (await ingest(bytes(11))).faults == (Fault.TOO_LONG,)


async def test_a_broken_coder_is_no_fault_of_the_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(data: bytes) -> Pcm:
        raise ToolFailed("killed")

    monkeypatch.setattr(module, "decode", broken)
    assert (await ingest(b"x")).faults == (Fault.TOOL_FAILED,)


def test_every_fault_has_its_words() -> None:
    assert FAULT_WORDS.keys() == set(Fault)
    assert all(issubclass(error, AudioError) for error in module._FAULTS)
