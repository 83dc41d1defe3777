"""EDGE: the horn and the microphone under it.  Decodes what sounds and writes the air-check, a WAV of what was heard.

Everything is placed by the device's own clock: sample n of the WAV is the moment `start_ms` + n / rate, with silence
where there was silence.  The sizes in the header are put right with every write, so a killed process leaves a WAV that
opens.  The start is in the file (`LIST` `INFO` `ICRD`), so a device that comes back goes on in the same file.
"""

import asyncio
import math
import struct
from asyncio.subprocess import DEVNULL, PIPE
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import numpy.typing as npt

from devices.protocol.ids import AssetDigest
from firmware_sim.errors import AudioUnreadable
from firmware_sim.events import LevelHeard, PlaybackFailed
from firmware_sim.records import NOTHING_HEARD_CDB

Samples = npt.NDArray[np.int16]

RATE_HZ = 16_000  # a horn loudspeaker carries speech up to 7 kHz
FULL_SCALE = 32768.0
DECODE_TIMEOUT_S = 60.0  # two hours of Opus take a few seconds, on a loaded machine some more
DECODED_BYTES_MAX = 256 * 1024 * 1024  # two hours and a bit; what was used longest ago goes first
TICK_S = 0.2  # how far the file and the level are behind
GAP_MS_MAX = 600_000  # a longer absence begins a new file
BORN = 16  # the field of HEADER that holds the start
HEADER = struct.Struct("<4sI4s 4sIHHIIHH 4sI4s4sI16s 4sI")  # RIFF, fmt, LIST/INFO/ICRD, data


class Decoder:
    """Decodes each asset once, for however many loudspeakers."""

    def __init__(self) -> None:
        self._decoded: OrderedDict[AssetDigest, Samples] = OrderedDict()
        self._locks: dict[AssetDigest, asyncio.Lock] = {}

    async def samples(self, digest: AssetDigest, read: Callable[[AssetDigest], bytes]) -> Samples:
        """Return the mono samples of an asset at RATE_HZ.  Raises AudioUnreadable."""
        async with self._locks.setdefault(digest, asyncio.Lock()):
            if digest not in self._decoded:
                try:
                    data = await asyncio.to_thread(read, digest)
                except OSError as exc:
                    raise AudioUnreadable(f"{digest}: {exc.strerror}") from exc
                self._decoded[digest] = await decode(data)
                self._make_room()
            self._decoded.move_to_end(digest)
            return self._decoded[digest]

    def holds(self, digest: AssetDigest | None) -> bool:
        """Say whether nothing must be waited for; silence needs no decoding."""
        return digest is None or digest in self._decoded

    def _make_room(self) -> None:
        while len(self._decoded) > 1 and sum(s.nbytes for s in self._decoded.values()) > DECODED_BYTES_MAX:
            digest, _ = self._decoded.popitem(last=False)
            self._locks.pop(digest, None)


async def decode(data: bytes, rate_hz: int = RATE_HZ) -> Samples:
    """Return the mono samples of encoded audio.  Raises AudioUnreadable."""
    ffmpeg = await asyncio.to_thread(imageio_ffmpeg.get_ffmpeg_exe)
    args = ("-v", "error", "-nostdin", "-i", "pipe:0", "-f", "s16le", "-ac", "1", "-ar", str(rate_hz), "pipe:1")
    process = await asyncio.create_subprocess_exec(ffmpeg, *args, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
    try:
        async with asyncio.timeout(DECODE_TIMEOUT_S):
            out, _ = await process.communicate(data)
    except TimeoutError as exc:
        raise AudioUnreadable(f"not decoded in {DECODE_TIMEOUT_S} s") from exc
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode or len(out) < 2:
        raise AudioUnreadable(f"the decoder ended with {process.returncode} and {len(out)} bytes")
    return np.frombuffer(out[: len(out) // 2 * 2], dtype="<i2")


def level_cdb(square_sum: float, count: int) -> int:
    """Return the RMS level in hundredths of dBFS; NOTHING_HEARD_CDB for silence."""
    if count == 0 or square_sum <= 0:
        return NOTHING_HEARD_CDB
    rms = math.sqrt(square_sum / count) / FULL_SCALE
    return max(NOTHING_HEARD_CDB, min(0, round(2000 * math.log10(rms))))


class AirCheck:
    """A growing WAV, 16 bit mono, always valid.  All methods block: call them in a thread."""

    def __init__(self, path: Path, start_ms: int, rate_hz: int = RATE_HZ) -> None:
        self.path = path
        self.rate_hz = rate_hz
        self.start_ms = start_ms
        self.frames = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        if not self._resume(start_ms):
            path.write_bytes(self._header())

    def append(self, samples: Samples) -> None:
        """Write samples behind the others, then put the sizes right."""
        with self.path.open("r+b") as file:
            file.seek(HEADER.size + self.frames * 2)
            file.write(samples.astype("<i2").tobytes())
            self.frames += len(samples)
            file.seek(0)
            file.write(self._header())

    def _resume(self, now_ms: int) -> bool:
        """Go on in a file that is there; say whether that was possible."""
        if not self.path.exists():
            return False
        with self.path.open("rb") as file:
            head = file.read(HEADER.size)
        start = HEADER.unpack(head)[BORN].rstrip(b"\0") if len(head) == HEADER.size else b""
        frames = max(0, (self.path.stat().st_size - HEADER.size) // 2)
        if start.isdigit() and 0 <= now_ms - int(start) - frames * 1000 // self.rate_hz <= GAP_MS_MAX:
            self.start_ms, self.frames = int(start), frames
            return True
        self.path.rename(self.path.with_name(f"{self.path.stem}.before-{now_ms}{self.path.suffix}"))
        return False

    def _header(self) -> bytes:
        data_bytes, rate = self.frames * 2, self.rate_hz
        riff = (b"RIFF", HEADER.size - 8 + data_bytes, b"WAVE")
        form = (b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16)
        born = (b"LIST", 28, b"INFO", b"ICRD", 16, str(self.start_ms).encode())
        return HEADER.pack(*riff, *form, *born, b"data", data_bytes)


@dataclass(slots=True)
class Stretch:
    """What the horn was told at a moment of the device's own clock; no digest: silence."""

    from_ms: int
    digest: AssetDigest | None = None
    position_ms: int = 0
    volume_percent: int = 0
    square_sum: float = 0.0
    count: int = 0


async def _nobody(_: LevelHeard | PlaybackFailed) -> None:
    """Tell nobody."""


class Horn:
    """Turns what the core says into sound, as a microphone would hear it."""

    def __init__(
        self,
        *,
        decoder: Decoder,
        read: Callable[[AssetDigest], bytes],
        own_ms: Callable[[], int],
        tell: Callable[[LevelHeard | PlaybackFailed], Awaitable[None]],
        aircheck: Path | None = None,
    ) -> None:
        self._decoder = decoder
        self._read = read
        self._own_ms = own_ms
        self._tell = tell
        self._path = aircheck
        self._stretches: list[Stretch] = []
        self._written_ms = 0
        self.aircheck: AirCheck | None = None

    def play(self, digest: AssetDigest, position_ms: int, volume_percent: int) -> None:
        """Sound this from now on."""
        self._stretches.append(Stretch(self._own_ms(), digest, position_ms, volume_percent))

    def silence(self) -> None:
        """Sound nothing from now on."""
        self._stretches.append(Stretch(self._own_ms()))

    async def run(self) -> None:
        """Write down what sounds, until cancelled."""
        self._stretches = self._stretches or [Stretch(self._own_ms())]
        self._written_ms = self._stretches[0].from_ms
        if self._path is not None:
            self.aircheck = await asyncio.to_thread(AirCheck, self._path, self._written_ms)
        try:
            while True:
                await self._catch_up()
                await asyncio.sleep(TICK_S)
        finally:
            if self.aircheck is not None and all(self._decoder.holds(s.digest) for s in self._stretches):
                await self._write_last()

    async def _write_last(self) -> None:
        """Write what sounded up to the end, without a word to a core that is no longer there."""
        self._tell = _nobody
        await self._catch_up()

    async def _catch_up(self) -> None:
        """Bring file and level up to now, stretch by stretch."""
        now_ms = self._own_ms()
        while len(self._stretches) > 1:
            await self._write(self._stretches[0], self._stretches[1].from_ms)
            self._stretches.pop(0)
        if self._stretches:
            await self._write(self._stretches[0], max(now_ms, self._written_ms))

    async def _write(self, stretch: Stretch, until_ms: int) -> None:
        samples = await self._samples(stretch, until_ms)
        self._written_ms = max(until_ms, self._written_ms)
        if self.aircheck is not None and len(samples):
            await asyncio.to_thread(self.aircheck.append, samples)
        if stretch.digest is not None and stretch.count:
            await self._tell(LevelHeard(stretch.digest, level_cdb(stretch.square_sum, stretch.count)))

    async def _samples(self, stretch: Stretch, until_ms: int) -> Samples:
        """Return what is heard from what is written up to `until_ms`, and count it into the level."""
        first, last = self._frame(self._written_ms), self._frame(until_ms)
        if self.aircheck is not None:  # by the file, so that no rounding adds up
            first = self.aircheck.frames
        heard = np.zeros(max(0, last - first), dtype=np.int16)
        if stretch.digest is None or not len(heard):
            return heard
        clip = await self._clip(stretch)
        if clip is None:
            return heard
        lead = max(0, self._frame(stretch.from_ms) - first)  # a stretch that begins within this piece
        source = first + lead - self._frame(stretch.from_ms) + stretch.position_ms * RATE_HZ // 1000
        part = clip[source : source + max(0, len(heard) - lead)]
        scaled = (part.astype(np.float32) * (stretch.volume_percent / 100)).astype(np.int16)
        heard[lead : lead + len(scaled)] = scaled
        stretch.square_sum += float(np.sum(np.square(scaled.astype(np.float64))))
        stretch.count += len(scaled)
        return heard

    async def _clip(self, stretch: Stretch) -> Samples | None:
        digest = stretch.digest
        if digest is None:
            return None
        try:
            return await self._decoder.samples(digest, self._read)
        except AudioUnreadable:
            stretch.digest = None
            await self._tell(PlaybackFailed(digest))
            return None

    def _frame(self, own_ms: int) -> int:
        start_ms = self.aircheck.start_ms if self.aircheck is not None else 0
        return (own_ms - start_ms) * RATE_HZ // 1000
