"""The coder as it is: what goes in and out, and how it refuses."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from content.audio import encode as edge
from content.audio.chime import Cue, sound
from content.audio.encode import decode, encode
from content.audio.encoder import Encoder
from content.audio.pcm import RATE_HZ, Pcm, pcm, silence
from content.audio.probe import probe
from content.audio.recognise import recognise
from content.errors import NotAudio, OverLimit, ToolFailed
from tests.fakes.sounds import as_file, babble, ffmpeg, sine


@pytest.fixture(scope="module")
def speech() -> Pcm:
    return babble(np.random.default_rng(11), 3)


async def test_the_same_sound_gives_the_same_bytes(speech: Pcm) -> None:
    first, second = await encode(speech, Encoder()), await encode(speech, Encoder())
    assert first == second
    assert first.startswith(b"OggS")


async def test_other_settings_give_other_bytes(speech: Pcm) -> None:
    small, large = await encode(speech, Encoder(bitrate_bps=16_000)), await encode(speech, Encoder(bitrate_bps=48_000))
    assert len(small) < len(large)


async def test_bytes_name_no_tool_version_and_no_date(speech: Pcm) -> None:
    data = await encode(speech, Encoder())
    assert b"Lavf" not in data
    assert b"date" not in data.lower()


async def test_speech_takes_about_thirty_two_kilobits(speech: Pcm) -> None:
    data = await encode(speech, Encoder())
    assert 20_000 < len(data) * 8 / 3 < 48_000


async def test_length_and_tune_survive_coding() -> None:
    siren = sound(Cue.SIREN_HI_LO)
    heard = await decode(await encode(siren, Encoder()))
    assert (heard.duration_ms, heard.rate, heard.channels) == (siren.duration_ms, RATE_HZ, 1)
    assert [found.cue for found in recognise(heard)] == [Cue.SIREN_HI_LO]


@pytest.mark.parametrize("wrong", [pcm(np.zeros((99, 2))), silence(10, 22_050)], ids=["stereo", "22 kHz"])
async def test_only_finished_sound_is_encoded(wrong: Pcm) -> None:
    with pytest.raises(NotAudio):
        await encode(wrong, Encoder())


CONTAINERS = {
    "mp3": ("-f", "mp3"),
    "wav 24 bit": ("-c:a", "pcm_s24le", "-f", "wav"),
    "flac": ("-f", "flac"),
    "vorbis": ("-c:a", "libvorbis", "-f", "ogg"),
    "browser recording": ("-c:a", "libopus", "-f", "webm"),
    "aac": ("-f", "adts"),
    "stereo": ("-ac", "2", "-f", "wav"),
    "telephone 8 kHz": ("-ar", "8000", "-c:a", "pcm_alaw", "-f", "wav"),
}


@pytest.mark.parametrize("name", CONTAINERS)
async def test_what_people_upload_is_read(speech: Pcm, name: str) -> None:
    heard = await decode(await asyncio.to_thread(as_file, speech, *CONTAINERS[name]))
    assert heard.duration_ms == pytest.approx(3000, abs=60)
    assert np.abs(heard.samples).max() > 0.1


async def test_a_telephones_recording_with_its_index_at_the_end_is_read(speech: Pcm, tmp_path: Path) -> None:
    path = tmp_path / "ghi-am.m4a"
    await asyncio.to_thread(as_file, speech, "-c:a", "aac", "-y", str(path), "-f", "null")
    data = await asyncio.to_thread(path.read_bytes)
    assert data.index(b"mdat") < data.index(b"moov")
    assert (await decode(data)).duration_ms == pytest.approx(3000, abs=60)


async def test_a_song_with_a_picture_is_read_without_it(speech: Pcm, tmp_path: Path) -> None:
    picture, path = tmp_path / "bia.png", tmp_path / "bai.mp3"
    ffmpeg(["-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1", str(picture)], b"")
    ffmpeg(["-f", "lavfi", "-i", "sine=d=2", "-i", str(picture), "-map", "0", "-map", "1", str(path)], b"")
    assert (await decode(path.read_bytes())).duration_ms == pytest.approx(2000, abs=60)


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"GIF89a" + bytes(400),
        b"RIFF\xff\xff\xff\xffWAVE" + bytes(200),
        PLAYLIST,
        b"ffconcat version 1.0\nfile x",
    ],
    ids=["nothing", "one byte", "picture", "torn header", "playlist", "list of files"],
)
async def test_what_is_no_sound_is_refused(data: bytes) -> None:
    with pytest.raises(NotAudio):
        await decode(data)


async def test_a_playlist_in_disguise_opens_nothing(tmp_path: Path) -> None:
    wanted = tmp_path / "bi-mat.wav"
    await asyncio.to_thread(lambda: wanted.write_bytes(as_file(pcm(sine(440, -6)), "-f", "wav")))
    disguised = PLAYLIST.replace(b"/etc/passwd", str(wanted).encode())
    for data in (disguised, b"\0\0\0\x18ftypM4A " + disguised):
        with pytest.raises(NotAudio):
            await decode(data)


async def test_noise_in_a_file_never_does_worse_than_being_refused(speech: Pcm, seed: int) -> None:
    rng = np.random.default_rng(seed)
    clean = await encode(speech, Encoder())
    for _ in range(8):
        data = bytearray(clean)
        for at in rng.integers(0, len(data), 12):
            data[at] = int(rng.integers(256))
        try:
            heard = await decode(bytes(data))
        except NotAudio:
            continue
        assert heard.duration_ms <= 31 * 60_000


async def test_half_a_file_is_half_a_sound_or_none(speech: Pcm) -> None:
    data = await asyncio.to_thread(as_file, speech, "-f", "mp3")
    assert (await decode(data[: len(data) // 2])).duration_ms == pytest.approx(1500, abs=200)


async def test_too_long_is_refused_with_the_limit() -> None:
    data = await asyncio.to_thread(as_file, pcm(sine(440, -6, 3.0)), "-f", "flac")
    with pytest.raises(OverLimit) as refused:
        await decode(data, duration_s_max=2.0)
    assert "2 s" in refused.value.in_vietnamese()


async def test_too_many_bytes_are_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "ENCODED_BYTES_MAX", 1000)
    with pytest.raises(OverLimit):
        await decode(bytes(1001))


@pytest.fixture
def stubborn_tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], int]:
    """Replace the coder by one that never ends; calling the fixture gives its process id."""
    tool, note = tmp_path / "coder", tmp_path / "pid"
    tool.write_text(f"#!/bin/sh\necho $$ > {note}\nexec sleep 600\n")
    tool.chmod(0o755)
    monkeypatch.setattr(edge, "_tool", lambda: str(tool))
    return lambda: int(note.read_text())


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_coder_that_never_ends_is_ended(stubborn_tool: Callable[[], int], speech: Pcm) -> None:
    with pytest.raises(ToolFailed, match=r"not done within 0\.5 s"):
        await encode(speech, Encoder(), timeout_s=0.5)
    assert not alive(stubborn_tool())


async def test_a_coder_does_not_outlive_a_caller_that_went_away(
    stubborn_tool: Callable[[], int], speech: Pcm, tmp_path: Path
) -> None:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(decode(bytes(99)), name="decode")
        async with asyncio.timeout(10):
            while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():  # noqa: ASYNC110 - a child's note
                await asyncio.sleep(0.01)
        task.cancel()
    assert not alive(stubborn_tool())


async def test_a_probe_tells_length_loudness_and_dead_air() -> None:
    tone = sine(1000, -13.0, 2.0)
    made = pcm(np.concatenate([tone, np.zeros(int(1.5 * RATE_HZ)), tone, np.zeros(RATE_HZ // 2)]))
    figures = await probe(await asyncio.to_thread(as_file, made, "-f", "flac"))
    assert figures.duration_ms == 6000
    assert figures.loudness.lufs == pytest.approx(-16.4, abs=0.2)  # blocks over the edges of the tones hold less
    assert figures.loudness.peak_dbtp == pytest.approx(-13.0, abs=0.2)
    assert (figures.silence_ms, figures.longest_silence_ms) == (2000, 1500)
