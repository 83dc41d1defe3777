"""EDGE: Pcm ↔ bytes through ffmpeg, in a child process that never outlives its call.

What comes in is from strangers: only the pipe may be opened, only sound containers and codecs are tried, and the child
has limits of its own for memory, processor time and length.
"""

import asyncio
import contextlib
import resource
from asyncio.subprocess import PIPE, Process
from functools import lru_cache

import imageio_ffmpeg
import numpy as np

from content.audio.encoder import Encoder
from content.audio.pcm import RATE_HZ, Pcm
from content.errors import NotAudio, OverLimit, ToolFailed

ENCODED_BYTES_MAX = 200 * 2**20  # an hour of 24-bit stereo WAV at 48 kHz does not fit, half an hour does
DURATION_S_MAX = 1_800.0  # half an hour: no single bulletin of the field is longer
TIMEOUT_S = 60.0  # half an hour of sound is coded in a quarter of this on two old cores
MEMORY_BYTES_MAX = 2 * 2**30  # address space; the static binary alone maps a few hundred MB
PIECE_BYTES = 2**18
SAMPLE_BYTES = 4
ERROR_CHARS_MAX = 300  # of what the tool says; it quotes its input

CONTAINERS = "ogg,wav,w64,mp3,flac,aac,aiff,mov,matroska"
CODECS = (
    "opus,libopus,vorbis,mp3,mp3float,flac,aac,aac_latm,alac,"
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
        resource.prlimit(process.pid, resource.RLIMIT_CORE, (0, 0))


async def _feed(process: Process, data: memoryview) -> None:
    """Write `data` piece by piece: copying half an hour of sound at once would hold up the whole loop."""
    assert process.stdin is not None  # noqa: S101 - made with pipes
    with contextlib.suppress(ConnectionError):  # it ended early; its exit code says why
        for at in range(0, len(data), PIECE_BYTES):
            process.stdin.write(data[at : at + PIECE_BYTES])
            await process.stdin.drain()
    process.stdin.close()


async def _collect(stream: asyncio.StreamReader, keep_bytes: int | None = None) -> list[bytes]:
    """Return what comes out, in pieces; of what it says only the last `keep_bytes`."""
    pieces: list[bytes] = []
    while piece := await stream.read(PIECE_BYTES):
        pieces.append(piece)
        if keep_bytes is not None:
            pieces = [b"".join(pieces)[-keep_bytes:]]
    return pieces


async def _conversation(process: Process, data: memoryview) -> tuple[list[bytes], list[bytes]]:
    assert process.stdout is not None  # noqa: S101 - made with pipes
    assert process.stderr is not None  # noqa: S101
    async with asyncio.TaskGroup() as group:
        group.create_task(_feed(process, data), name="coder stdin")
        out = group.create_task(_collect(process.stdout), name="coder stdout")
        said = group.create_task(_collect(process.stderr, ERROR_CHARS_MAX), name="coder stderr")
    await process.wait()
    return out.result(), said.result()


async def _run(arguments: tuple[str, ...], data: memoryview, timeout_s: float) -> tuple[int, list[bytes], str]:
    """Feed `data` to the tool and return exit code, output in pieces, and its last words."""
    fixed = ("-hide_banner", "-loglevel", "error", "-threads", "1")
    process = await asyncio.create_subprocess_exec(
        await asyncio.to_thread(_tool), *fixed, *arguments, "pipe:1", stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    _limit(process, timeout_s)
    try:
        async with asyncio.timeout(timeout_s):
            out, said = await _conversation(process, data)
    except TimeoutError as exc:
        raise ToolFailed(f"not done within {timeout_s:g} s") from exc
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, out, _printable(b"".join(said))


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
    code, out, said = await _run((*RAW, "-i", "pipe:0", *encoder.arguments()), raw, timeout_s)
    if code or not out:
        raise ToolFailed(f"exit code {code}: {said}")
    return b"".join(out)


def _pcm(pieces: list[bytes]) -> Pcm:
    """Return raw mono samples as a Pcm; filled piece by piece, so that other threads run in between."""
    raw = np.empty(sum(map(len, pieces)), dtype=np.uint8)
    at = 0
    for piece in pieces:
        raw[at : at + len(piece)] = np.frombuffer(piece, dtype=np.uint8)
        at += len(piece)
    samples = raw[: at - at % SAMPLE_BYTES].view("<f4").astype(np.float32, copy=False)
    return Pcm(samples=samples[:, np.newaxis], rate=RATE_HZ)


def _source(data: bytes) -> tuple[str, ...]:
    """Return the tool's words for reading `data`: from the pipe and nothing else.

    Telephones write MP4 with its table of contents last; only for those, the pipe may be read twice (through an
    unlinked temporary file of the tool's own).
    """
    twice = data[4:8] == b"ftyp"
    guard = ("-format_whitelist", CONTAINERS, "-codec_whitelist", CODECS)
    if twice:
        return ("-protocol_whitelist", "cache,pipe", *guard, "-i", "cache:pipe:0")
    return ("-protocol_whitelist", "pipe", *guard, "-i", "pipe:0")


async def decode(data: bytes, *, duration_s_max: float = DURATION_S_MAX, timeout_s: float = TIMEOUT_S) -> Pcm:
    """Return the sound in `data` (Ogg, WAV, MP3, FLAC, AAC, MP4, WebM) as mono at 48 kHz.

    NotAudio when there is none, OverLimit when there is too much.
    """
    if len(data) > ENCODED_BYTES_MAX:
        raise OverLimit(ENCODED_BYTES_MAX // 2**20, "MB")
    if not data:
        raise NotAudio("no bytes")
    read = (*_source(data), "-map", "0:a:0", "-vn", "-sn", "-dn", "-t", f"{duration_s_max + 1:.3f}")
    code, out, said = await _run((*read, *RAW), memoryview(data), timeout_s)
    if code or not out:
        raise NotAudio(said or "no sound in it")
    if sum(map(len, out)) > duration_s_max * RATE_HZ * SAMPLE_BYTES:
        raise OverLimit(duration_s_max, "s")
    return await asyncio.to_thread(_pcm, out)
