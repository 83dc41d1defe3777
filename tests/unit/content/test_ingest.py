"""Uploads as people send them: good ones become masters, bad ones are told why and what to do."""

import asyncio
import re
from pathlib import Path

import numpy as np
import pytest

from content import ingest as module
from content.audio import encode as edge
from content.audio.chime import Cue, sound
from content.audio.downmix import Take
from content.audio.encode import Mix, decode
from content.audio.filters import band_passed
from content.audio.loudness import measure
from content.audio.master import Profile
from content.audio.pcm import RATE_HZ, Pcm, joined, pcm, scaled, silence
from content.errors import ToolFailed
from content.ingest import Step, ingest
from content.verdict import NOTES, WORDS, Fault
from devices.protocol.chunks import asset_of
from tests.fakes.sounds import as_file, babble, ffmpeg, raw, sine


def speech(seconds: float = 3.0, seed: int = 3) -> Pcm:
    return babble(np.random.default_rng(seed), seconds)


def wav(sound: Pcm) -> bytes:
    return as_file(sound, "-f", "wav")


# What telephones, recorders and browsers make; the name is the ending that people see.
FORMATS = {
    "mp3": ("-f", "mp3", "-b:a", "64k"),
    "wav": ("-f", "wav"),
    "m4a": ("-f", "ipod", "-c:a", "aac"),
    "aac": ("-f", "adts", "-c:a", "aac"),
    "ogg": ("-f", "ogg", "-c:a", "libvorbis"),
    "opus": ("-f", "opus", "-c:a", "libopus", "-b:a", "24k"),
    "flac": ("-f", "flac"),
    "amr": ("-ar", "8000", "-f", "amr", "-c:a", "libopencore_amrnb", "-b:a", "12.2k"),
    "3gp": ("-ar", "8000", "-f", "3gp", "-c:a", "libopencore_amrnb", "-b:a", "12.2k"),
    "webm": ("-f", "webm", "-c:a", "libopus"),
    "caf": ("-f", "caf", "-c:a", "pcm_s16le"),
    "3gp with AAC": ("-f", "3gp", "-c:a", "aac"),
    "24-bit wav at 96 kHz": ("-ar", "96000", "-c:a", "pcm_s24le", "-f", "wav"),
    "telephone wav": ("-ar", "8000", "-c:a", "pcm_mulaw", "-f", "wav"),
    "stereo mp3": ("-ac", "2", "-f", "mp3"),
    "surround flac": ("-ac", "6", "-f", "flac"),
}


def as_any_file(sound: Pcm, folder: Path, arguments: tuple[str, ...]) -> bytes:
    """Return `sound` as a file of a form that cannot be written to a pipe."""
    path = folder / "tep"
    ffmpeg([*raw(sound), *arguments, "-y", str(path)], sound.samples.tobytes())
    return path.read_bytes()


@pytest.mark.parametrize("form", FORMATS)
async def test_a_good_file_of_any_form_becomes_a_master_at_the_house_loudness(form: str, tmp_path: Path) -> None:
    source = joined([silence(700), speech(), silence(500)])
    out = await ingest(await asyncio.to_thread(as_any_file, source, tmp_path, FORMATS[form]))
    assert out.findings == ()
    assert out.figures is not None
    assert out.figures.duration_ms == pytest.approx(4200, abs=150)
    assert out.after is not None
    assert out.after.lufs == pytest.approx(-16.0, abs=0.5)
    assert out.after.peak_dbtp <= -1.5
    assert out.trimmed_ms == pytest.approx(1200, abs=300)
    assert out.asset == asset_of(out.data, (await decode(out.data)).duration_ms)


@pytest.mark.parametrize("form", ["3gp", "webm", "mp4"])
async def test_a_video_from_a_telephone_is_heard_and_not_seen(form: str, tmp_path: Path) -> None:
    picture = {"3gp": ("-c:v", "h263", "-s", "176x144"), "webm": ("-c:v", "libvpx"), "mp4": ("-c:v", "libx264")}[form]
    sounds = ("-c:a", "libopus") if form == "webm" else ("-c:a", "aac")
    screen = ("-f", "lavfi", "-i", "testsrc=d=3:s=176x144:r=10")
    source = speech()
    path = tmp_path / f"quay.{form}"
    command = [*raw(source), *screen, "-map", "0", "-map", "1", *picture, *sounds, "-y", str(path)]
    await asyncio.to_thread(ffmpeg, command, source.samples.tobytes())
    out = await ingest(await asyncio.to_thread(path.read_bytes))
    assert out.accepted, out.findings


def opposed() -> Pcm:
    one = speech().samples
    return Pcm(samples=np.concatenate([one, -one], axis=1), rate=RATE_HZ)


def hissing(lufs: float) -> Pcm:
    rng = np.random.default_rng(5)
    voice = speech(5.0)
    noisy = pcm(voice.samples[:, 0] + 0.03 * rng.normal(size=voice.frames))
    return scaled(noisy, lufs - measure(noisy).lufs)


def foreign_siren() -> Pcm:
    t = np.arange(RATE_HZ * 9) / RATE_HZ
    return pcm(0.3 * np.sin(2 * np.pi * np.cumsum(900 + 300 * np.sin(2 * np.pi * t / 3)) / RATE_HZ))


# what is wrong → the file, the faults, a piece of what is said, which has the figures in it
REFUSED = {
    "text": (lambda: b"xin ch\xc3\xa0o", Fault.NOT_AUDIO, "không phải là âm thanh"),
    "nothing": (lambda: b"", Fault.NOT_AUDIO, "không phải là âm thanh"),
    "silence": (lambda: wav(silence(3000)), Fault.SILENT, "trong 3 giây"),
    "silence off its zero line": (lambda: wav(pcm(np.full(96_000, 0.2))), Fault.SILENT, "trong 2 giây"),
    "0.8 seconds": (
        lambda: wav(joined([silence(900), speech(0.8), silence(900)])),
        Fault.TOO_SHORT,
        r"chỉ có 0,[678]\d? giây tiếng nói \(ít nhất 1 giây\)",
    ),
    "a whisper far away": (lambda: wav(scaled(speech(), -36.0)), Fault.TOO_QUIET, r"−6\d LUFS, đã nâng 4\d dB"),
    "faint, in a hissing room": (
        lambda: wav(hissing(-41.0)),
        Fault.TOO_QUIET,
        r"âm lượng quá nhỏ: −41 LUFS, đã nâng 25 dB, còn nhiễu \(tiếng nói chỉ hơn tiếng nền \d+ dB\)",
    ),
    "far too loud": (lambda: wav(pcm(np.clip(speech().samples[:, 0] * 30, -1, 1))), Fault.CLIPPED, r"vỡ: \d+,?\d* %"),
    "far too loud, as mp3": (
        lambda: as_file(pcm(np.clip(speech().samples[:, 0] * 30, -1, 1)), "-f", "mp3"),
        Fault.CLIPPED,
        r"vỡ: \d+,?\d* %",
    ),
    "two channels against each other": (lambda: wav(opposed()), Fault.CANCELS, "mất 60 dB"),
    "our siren": (lambda: as_file(joined([speech(), sound(Cue.SIREN_WAIL)]), "-f", "mp3"), Fault.SIREN, "ở giây"),
    "the all-clear": (lambda: wav(joined([speech(), sound(Cue.ALL_CLEAR)])), Fault.SIREN, r"ở giây 2,\d đến giây 13"),
    "somebody else's siren": (lambda: wav(joined([speech(), foreign_siren()])), Fault.SIREN, "ở giây"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_bad_upload_is_refused_with_its_reason_its_figures_and_its_remedy(name: str) -> None:
    make, fault, told = REFUSED[name]
    out = await ingest(await asyncio.to_thread(make))
    assert out.faults == (fault,)
    assert (out.accepted, out.asset, out.data) == (False, None, b"")
    assert re.search(told, out.findings[0].words, re.IGNORECASE), out.findings[0].words
    assert out.findings[0].remedy.startswith("Hãy ")


NOTED = {
    "soft, in a quiet room": (lambda: wav(scaled(speech(), -14.0)), Fault.RAISED, r"−[34]\d LUFS, đã nâng \d\d dB"),
    "off its zero line": (lambda: wav(pcm(speech().samples[:, 0] + 0.1)), Fault.DC_OFFSET, "lệch một chiều 10 %"),
    "a long silence": (
        lambda: wav(joined([speech(), silence(12_000), speech()])),
        Fault.LONG_SILENCE,
        r"dài 12(,\d)? giây",
    ),
}


@pytest.mark.parametrize("name", NOTED)
async def test_what_could_be_mended_is_noted_with_its_figures(name: str) -> None:
    make, fault, told = NOTED[name]
    out = await ingest(await asyncio.to_thread(make))
    assert out.accepted
    assert [finding.code for finding in out.findings] == [fault]
    assert re.search(told, out.findings[0].words), out.findings[0].words
    assert out.after is not None
    assert out.after.lufs == pytest.approx(-16.0, abs=0.5)


async def test_what_cannot_be_brought_to_its_loudness_is_refused_with_the_figures() -> None:
    out = await ingest(await asyncio.to_thread(wav, speech()), profile=Profile(peak_max_dbtp=-24.0))
    assert out.faults == (Fault.OUT_OF_TOLERANCE,)
    assert "đỉnh tối đa -24 dBTP" in out.findings[0].words


async def test_a_voice_of_needles_is_softened_instead_of_refused() -> None:
    out = await ingest(await asyncio.to_thread(wav, band_passed(speech(), 300, 3400)))
    assert out.accepted, out.findings


async def test_two_faults_are_told_at_once() -> None:
    both = joined([sound(Cue.SIREN_HI_LO), pcm(np.clip(speech(30.0).samples[:, 0] * 30, -1, 1))])
    assert set((await ingest(await asyncio.to_thread(wav, both))).faults) == {Fault.CLIPPED, Fault.SIREN}


async def test_one_channel_of_two_that_cancel_can_be_used() -> None:
    out = await ingest(await asyncio.to_thread(wav, opposed()), mix=Mix.LEFT)
    assert out.accepted
    assert [finding.code for finding in out.findings] == [Fault.ONE_CHANNEL]


async def test_an_emergency_may_have_a_siren() -> None:
    data = await asyncio.to_thread(wav, joined([sound(Cue.SIREN_WAIL), speech()]))
    assert (await ingest(data, sirens_allowed=True)).accepted


MELODY = (523, 587, 659, 523, 659, 698, 784, 784, 880, 784, 698, 659, 523, 523, 587, 494, 523)


async def test_music_and_a_test_tone_are_no_siren() -> None:
    notes = [sine(hz, -8.0, 0.5) * np.hanning(RATE_HZ // 2) for hz in MELODY]
    for heard in (pcm(np.concatenate(notes * 2)), pcm(sine(440, -12.0))):
        assert (await ingest(await asyncio.to_thread(wav, heard))).findings == ()


async def test_progress_is_told_step_by_step() -> None:
    steps: list[Step] = []

    async def told(step: Step) -> None:
        steps.append(step)

    await ingest(await asyncio.to_thread(wav, speech()), progress=told)
    assert steps == [Step.DECODING, Step.LISTENING, Step.MASTERING]


async def test_the_same_file_gives_the_same_master() -> None:
    data = await asyncio.to_thread(wav, speech())
    assert (await ingest(data)).asset == (await ingest(data)).asset


async def test_an_upload_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "ENCODED_BYTES_MAX", 10)
    assert (await ingest(bytes(11))).faults == (Fault.TOO_LONG,)


async def test_a_broken_coder_is_no_fault_of_the_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(data: bytes, *, mix: Mix) -> Take:
        raise ToolFailed("killed")

    monkeypatch.setattr(module, "decode_take", broken)
    assert (await ingest(b"x")).faults == (Fault.TOOL_FAILED,)


def test_every_finding_has_its_words() -> None:
    assert WORDS.keys() == set(Fault)
    assert set(Fault) > NOTES
    assert all(remedy for fault, (_, remedy) in WORDS.items() if fault not in NOTES)
