"""EDGE: Pcm ↔ bytes through ffmpeg, in a child process that never outlives its call.

What comes in is from strangers: only the pipe may be opened, only sound containers and codecs are tried, nothing of our
surroundings is handed on, and the child has limits of its own for memory, processor time, files and length.
"""

import asyncio
import contextlib
import resource
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache

import imageio_ffmpeg
import numpy as np

from content.audio.downmix import Downmix, Take
from content.audio.encoder import Encoder
from content.audio.pcm import RATE_HZ, Pcm
from content.errors import AudioError, NotAudio, OverLimit, ToolFailed

ENCODED_BYTES_MAX = 200 * 2**20  # an hour of 24-bit stereo WAV at 48 kHz does not fit, half an hour does
DURATION_S_MAX = 1_800.0  # half an hour: no single bulletin of the field is longer
TIMEOUT_S = 60.0  # half an hour of sound is coded in a quarter of this on two old cores
MEMORY_BYTES_MAX = 2 * 2**30  # address space; the static binary alone maps a few hundred MB
FILES_MAX = 32  # open at once: three pipes, one temporary file, and what the tool needs to start
PIECE_BYTES = 2**18
ERROR_CHARS_MAX = 300  # of what the tool says; it quotes its input

CONTAINERS = "ogg,wav,w64,mp3,flac,aac,aiff,mov,matroska,amr,caf"
CODECS = (
    "opus,libopus,vorbis,mp3,mp3float,flac,aac,aac_latm,alac,amrnb,amrwb,libopencore_amrnb,libopencore_amrwb,"
    "pcm_u8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_f32le,pcm_f64le,pcm_alaw,pcm_mulaw"
)
RAW = ("-f", "f32le", "-ar", str(RATE_HZ), "-ac", "1")


@lru_cache(maxsize=1)
def _tool() -> str:
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def _limit(process: Process, timeout_s: float) -> None:
    """Give the child limits that hold even when its parent is busy; Linux only, elsewhere the time-out must do."""
    with contextlib.suppress(AttributeError, ProcessLookupError):
        resource.prlimit(process.pid, resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
        seconds = int(timeout_s) * 2 + 1
        resource.prlimit(process.pid, resource.RLIMIT_CPU, (seconds, seconds))
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (ENCODED_BYTES_MAX, ENCODED_BYTES_MAX))
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (FILES_MAX, FILES_MAX))
        resource.prlimit(process.pid, resource.RLIMIT_CORE, (0, 0))


async def _feed(process: Process, data: memoryview) -> None:
    """Write `data` piece by piece: copying half an hour of sound at once would hold up the whole loop."""
    assert process.stdin is not None  # noqa: S101 - made with pipes
    with contextlib.suppress(ConnectionError):  # it ended early; its exit code says why
        for at in range(0, len(data), PIECE_BYTES):
            process.stdin.write(data[at : at + PIECE_BYTES])
            await process.stdin.drain()
    process.stdin.close()


async def _collect(stream: asyncio.StreamReader, take: Callable[[bytes], None]) -> None:
    while piece := await stream.read(PIECE_BYTES):
        take(piece)


async def _last_words(stream: asyncio.StreamReader) -> bytes:
    """Return the end of what it says: a broken file makes it say the same a million times."""
    said = b""
    while piece := await stream.read(PIECE_BYTES):
        said = (said + piece)[-ERROR_CHARS_MAX:]
    return said


async def _conversation(process: Process, data: memoryview, take: Callable[[bytes], None]) -> bytes:
    assert process.stdout is not None  # noqa: S101 - made with pipes
    assert process.stderr is not None  # noqa: S101
    async with asyncio.TaskGroup() as group:
        group.create_task(_feed(process, data), name="coder stdin")
        group.create_task(_collect(process.stdout, take), name="coder stdout")
        said = group.create_task(_last_words(process.stderr), name="coder stderr")
    await process.wait()
    return said.result()


async def _ended(process: Process) -> None:
    """Wait for a killed child; what it had already said is read away, or its pipes would stay open."""
    for stream in (process.stdout, process.stderr):
        while stream is not None and await stream.read(PIECE_BYTES):
            pass
    await process.wait()


async def _run(
    arguments: tuple[str, ...], data: memoryview, timeout_s: float, take: Callable[[bytes], None]
) -> tuple[int, str]:
    """Feed `data` to the tool, give its output to `take` in pieces, return its exit code and its last words.

    What `take` raises ends the tool.
    """
    fixed = ("-hide_banner", "-loglevel", "error", "-threads", "1")
    process = await asyncio.create_subprocess_exec(
        await asyncio.to_thread(_tool), *fixed, *arguments, "pipe:1", stdin=PIPE, stdout=PIPE, stderr=PIPE, env={}
    )
    _limit(process, timeout_s)
    try:
        async with asyncio.timeout(timeout_s):
            said = await _conversation(process, data, take)
    except TimeoutError as exc:
        raise ToolFailed(f"not done within {timeout_s:g} s") from exc
    except ExceptionGroup as exc:
        refused, _ = exc.split(AudioError)
        raise (refused or exc).exceptions[0] from exc
    finally:
        if process.returncode is None:
            process.kill()
            await _ended(process)
    return process.returncode or 0, _printable(said)


def _printable(said: bytes) -> str:
    words = said.decode("utf-8", "replace").strip()[-ERROR_CHARS_MAX:]
    return "".join(char if char.isprintable() else " " for char in words)


async def encode(sound: Pcm, encoder: Encoder, timeout_s: float = TIMEOUT_S) -> bytes:
    """Return mono 48 kHz `sound` as Opus in Ogg; the same input gives the same bytes."""
    if (sound.rate, sound.channels) != (RATE_HZ, 1):
        raise NotAudio(f"want 48 kHz mono, got {sound.rate} Hz, {sound.channels} channels")
    if sound.frames > DURATION_S_MAX * RATE_HZ:
        raise OverLimit(DURATION_S_MAX, "s")
    raw = np.ascontiguousarray(sound.samples[:, 0], dtype="<f4").data.cast("B")
    out: list[bytes] = []
    code, said = await _run((*RAW, "-i", "pipe:0", *encoder.arguments()), raw, timeout_s, out.append)
    if code or not out:
        raise ToolFailed(f"exit code {code}: {said}")
    return b"".join(out)


class Mix(StrEnum):
    """What becomes of two channels."""

    BOTH = "both"
    LEFT = "left"  # for a recording whose channels cancel each other


def _source(data: bytes) -> tuple[str, ...]:
    """Return the tool's words for reading `data`: from the pipe and nothing else.

    Telephones write MP4 and CAF with the table of contents last; only for those, the pipe may be read twice (through
    an unlinked temporary file of the tool's own).
    """
    twice = data[4:8] == b"ftyp" or data[:4] == b"caff"
    guard = ("-format_whitelist", CONTAINERS, "-codec_whitelist", CODECS)
    if twice:
        return ("-protocol_whitelist", "cache,pipe", *guard, "-i", "cache:pipe:0")
    return ("-protocol_whitelist", "pipe", *guard, "-i", "pipe:0")


async def decode(
    data: bytes, *, duration_s_max: float = DURATION_S_MAX, timeout_s: float = TIMEOUT_S, mix: Mix = Mix.BOTH
) -> Pcm:
    """Return the sound in `data` (Ogg, WAV, MP3, FLAC, AAC, MP4, 3GP, AMR, WebM, CAF) as mono at 48 kHz.

    NotAudio when there is none, OverLimit when there is too much.
    """
    return (await decode_take(data, duration_s_max=duration_s_max, timeout_s=timeout_s, mix=mix)).pcm


async def decode_take(
    data: bytes, *, duration_s_max: float = DURATION_S_MAX, timeout_s: float = TIMEOUT_S, mix: Mix = Mix.BOTH
) -> Take:
    """Return the sound in `data` as `decode` does, with what became of its channels."""
    if len(data) > ENCODED_BYTES_MAX:
        raise OverLimit(ENCODED_BYTES_MAX // 2**20, "MB")
    if not data:
        raise NotAudio("no bytes")
    into = Downmix()

    def take(piece: bytes) -> None:
        into.feed(piece)
        if into.frames > duration_s_max * RATE_HZ:  # whatever the header said
            raise OverLimit(duration_s_max, "s")

    read = (*_source(data), "-map", "0:a:0", "-vn", "-sn", "-dn", "-t", f"{duration_s_max + 1:.3f}")
    code, said = await _run((*read, *_form(mix)), memoryview(data), timeout_s, take)
    if code or not into.frames:
        raise NotAudio(said or "no sound in it")
    return await asyncio.to_thread(into.take)


def _form(mix: Mix) -> tuple[str, ...]:
    chain = ("pan=mono|c0=c0",) if mix is Mix.LEFT else ()
    filters = ",".join((*chain, "aformat=channel_layouts=mono|stereo"))
    return ("-af", filters, "-c:a", "pcm_f32be", "-ar", str(RATE_HZ), "-f", "au")
