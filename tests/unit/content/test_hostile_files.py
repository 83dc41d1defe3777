"""Files made to hurt: each is refused or heard as the sound in it, within limits, and nothing else is touched."""

import asyncio
import base64
import io
import struct
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from content.audio import encode as edge
from content.audio.encode import DURATION_S_MAX, ENCODED_BYTES_MAX, FILES_MAX, MEMORY_BYTES_MAX, decode
from content.audio.pcm import Pcm
from content.errors import NotAudio, OverLimit
from content.ingest import ingest
from content.verdict import Fault
from tests.fakes.sounds import as_file, babble, ffmpeg

SECRET = "bi-mat.wav"


def speech(seconds: float = 3.0) -> Pcm:
    return babble(np.random.default_rng(3), seconds)


def wav(seconds: float = 3.0) -> bytes:
    """Return a WAV file whose header says how long it is, which what is written to a pipe does not."""
    data = as_file(speech(seconds), "-c:a", "pcm_s16le", "-fflags", "+bitexact", "-f", "wav")
    assert data[36:40] == b"data"
    sizes = struct.pack("<I", len(data) - 8), struct.pack("<I", len(data) - 44)
    return data[:4] + sizes[0] + data[8:40] + sizes[1] + data[44:]


def playlist(line: str) -> bytes:
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\n{line}\n#EXT-X-ENDLIST\n".encode()


def zip_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ghi-am.wav", bytes(50_000_000))
    return out.getvalue()


# Made to be read as something that opens other files or addresses; `{secret}` is a good sound on this disk.
NOT_SOUND = {
    "a playlist of a file": lambda secret: playlist(f"file://{secret}"),
    "a playlist of an address": lambda _secret: playlist("http://127.0.0.1:9/x.wav"),
    "a list of files": lambda secret: f"ffconcat version 1.0\nfile '{secret}'\n".encode(),
    "a data address": lambda _secret: b"data:audio/wav;base64," + base64.b64encode(wav(1.0)),
    "a playlist of a data address": lambda _secret: playlist(
        f"data:audio/wav;base64,{base64.b64encode(wav(1.0)).decode()}"
    ),
    "a dash manifest": lambda secret: (
        b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet><Representation>'
        + f"<BaseURL>file://{secret}</BaseURL></Representation></AdaptationSet></Period></MPD>".encode()
    ),
    "a session description": lambda _secret: (
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n"
    ),
    "a script of pictures": lambda secret: f'<svg xmlns="x"><image href="file://{secret}"/></svg>'.encode(),
    "an archive that swells": lambda _secret: zip_bomb(),
    "a program": lambda _secret: b"\x7fELF\x02\x01\x01" + bytes(5000),
    "a page of text": lambda _secret: "Kính mời bà con. ".encode() * 3000,
}


@pytest.mark.parametrize("name", NOT_SOUND)
async def test_what_points_elsewhere_opens_nothing(name: str, tmp_path: Path) -> None:
    secret = tmp_path / SECRET
    await asyncio.to_thread(lambda: secret.write_bytes(wav()))
    data = await asyncio.to_thread(NOT_SOUND[name], str(secret))
    for disguise in (b"", b"\0\0\0\x18ftypM4A ", b"RIFF\xff\xff\xff\xffWAVE", b"OggS\0\2", b"caff"):
        assert not (await ingest(disguise + data)).accepted


async def test_a_film_whose_sound_is_said_to_be_in_another_file_stays_without_it(tmp_path: Path) -> None:
    """The data reference of a QuickTime file may be a path: it is not followed."""
    secret = tmp_path / SECRET
    await asyncio.to_thread(lambda: secret.write_bytes(wav()))
    path = tmp_path / "phim.mov"
    await asyncio.to_thread(as_file, speech(), "-c:a", "pcm_s16le", "-f", "mov", "-y", str(path), "-f", "null")
    data = bytearray(await asyncio.to_thread(path.read_bytes))
    at = data.index(b"url ", data.index(b"dref"))
    where = data.index(b"mdat")
    data[at : at + 4] = b"alis"
    data[at + 7] = 0  # not in this file
    data[where + 4 : -1] = bytes(data[where + 4 : -1])
    try:
        heard = await decode(bytes(data))
    except NotAudio:
        return
    assert heard.duration_ms <= 3_100


POLYGLOTS = {
    "a page behind a sound": lambda: wav() + b"<html><script>alert(1)</script></html>",
    "an archive behind a sound": lambda: wav() + zip_bomb(),
    "a playlist behind a sound": lambda: wav() + playlist("file:///etc/passwd"),
    "a program in the name of the song": lambda: as_file(
        speech(), "-metadata", "title=<script>alert(1)</script>", "-f", "mp3"
    ),
}


@pytest.mark.parametrize("name", POLYGLOTS)
async def test_of_a_file_that_is_two_things_only_the_sound_is_left(name: str) -> None:
    out = await ingest(await asyncio.to_thread(POLYGLOTS[name]))
    assert out.accepted
    for trace in (b"<script", b"EXTM3U", b"PK\x03\x04", b"/etc/passwd"):
        assert trace not in out.data
    assert (await decode(out.data)).duration_ms == pytest.approx(3000, abs=700)


async def test_twelve_hours_of_silence_in_a_small_file_are_refused_soon() -> None:
    nothing = ("-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono:n=65535", "-t", "43200")
    packed = ("-c:a", "flac", "-compression_level", "0", "-frame_size", "65535", "-f", "flac", "pipe:1")
    data = (await asyncio.to_thread(ffmpeg, [*nothing, *packed], b"")).stdout
    assert len(data) < 2_000_000
    begun = time.monotonic()
    assert (await ingest(data)).faults == (Fault.TOO_LONG,)
    assert time.monotonic() - begun < 20


LIES: dict[str, tuple[int, int]] = {  # where in the header of a WAV file, and what it says
    "no samples": (40, 0),
    "four gigabytes": (40, 0xFFFFFFFF),
    "two seconds more": (40, 48_000 * 2 * 5),
    "a rate of four billion": (24, 0xFFFFFFF0),
    "no rate": (24, 0),
}


@pytest.mark.parametrize("name", LIES)
async def test_a_header_that_lies_about_its_length_is_not_believed(name: str) -> None:
    at, value = LIES[name]
    data = bytearray(await asyncio.to_thread(wav))
    data[at : at + 4] = struct.pack("<I", value)
    begun = time.monotonic()
    out = await ingest(bytes(data))
    assert time.monotonic() - begun < 20
    assert out.figures is None or out.figures.duration_ms <= 3_100


async def test_a_header_that_claims_half_a_day_is_heard_for_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "gio.mp3"
    await asyncio.to_thread(as_file, speech(), "-f", "mp3", "-write_xing", "1", "-y", str(path), "-f", "null")
    data = bytearray(await asyncio.to_thread(path.read_bytes))
    at = max(data.find(b"Xing"), data.find(b"Info"))
    assert at > 0
    data[at + 8 : at + 12] = struct.pack(">I", 43_200 * 40)  # frames
    out = await ingest(bytes(data))
    assert out.figures is not None
    assert out.figures.duration_ms == pytest.approx(3000, abs=100)


async def test_many_channels_are_two(tmp_path: Path) -> None:
    body = np.zeros((48_000, 64), dtype="<i2").tobytes()
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(body), b"WAVE", b"fmt ", 16, 1, 64, 48_000,
                       48_000 * 128, 128, 16, b"data", len(body))  # fmt: skip
    assert not (await ingest(head + body)).accepted


async def test_the_child_has_limits_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool = tmp_path / "coder"
    tool.write_text(f"#!/bin/sh\ncat > /dev/null\ncat /proc/$$/limits > {tmp_path}/limits\nenv > {tmp_path}/env\n")
    tool.chmod(0o755)
    monkeypatch.setattr(edge, "_tool", lambda: str(tool))
    monkeypatch.setenv("LOA_BROKER_PASSWORD", "ngủ ngon nhé")
    with pytest.raises(NotAudio):
        await decode(b"x")
    limits = dict(_limits(await asyncio.to_thread((tmp_path / "limits").read_text)))
    assert limits["Max address space"] == str(MEMORY_BYTES_MAX)
    assert limits["Max file size"] == str(ENCODED_BYTES_MAX)
    assert limits["Max open files"] == str(FILES_MAX)
    assert limits["Max core file size"] == "0"
    assert int(limits["Max cpu time"]) < 200
    assert "LOA_" not in await asyncio.to_thread((tmp_path / "env").read_text)


def _limits(text: str) -> list[tuple[str, str]]:
    return [(line[:26].strip(), line[26:].split()[0]) for line in text.splitlines()[1:]]


async def test_a_coder_that_gives_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    head = struct.pack(">4sIIIII", b".snd", 24, 0xFFFFFFFF, 6, 48_000, 2)
    start = tmp_path / "dau"
    start.write_bytes(head)
    tool = tmp_path / "coder"
    tool.write_text(f"#!/bin/sh\ncat {start}\nexec cat /dev/zero\n")
    tool.chmod(0o755)
    monkeypatch.setattr(edge, "_tool", lambda: str(tool))
    with pytest.raises(OverLimit):
        await decode(b"x", duration_s_max=20.0)
    assert DURATION_S_MAX == 1_800
