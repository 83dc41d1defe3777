"""Channels → one, piece by piece as a decoder gives them, and what is lost by it.  PURE.

A telephone or a mixing desk that turns one channel round sounds well in headphones and is silent on one loudspeaker.
"""

import struct
from dataclasses import dataclass

import numpy as np

from content.audio.pcm import RATE_HZ, Pcm
from content.errors import NotAudio

HEADER_BYTES = 24  # of a Sun AU file: magic, offset of the samples, their size, encoding, rate, channels
MAGIC = b".snd"
FLOAT_32 = 6  # AU's number for it; big-endian like everything in it
SAMPLE_BYTES = 4
LOST_DB_MAX = 60.0  # more than that is nothing


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Take:
    """A recording in one channel, how many it had, and what mixing them took away."""

    pcm: Pcm
    channels: int = 1
    lost_db: float = 0.0  # 0: nothing; 3: two channels that have nothing to do with each other


class Downmix:
    """Takes an AU stream of float samples in pieces of any size."""

    def __init__(self) -> None:
        self._rest = b""
        self._header_left = HEADER_BYTES
        self._channels = 0
        self._pieces: list[bytes] = []
        self._apart = self._mixed = 0.0
        self.frames = 0

    def feed(self, piece: bytes) -> None:
        """Take the next bytes.  Raises NotAudio when they are not what was asked for."""
        data = self._rest + piece
        if not self._channels:
            if len(data) < HEADER_BYTES or len(data) < (offset := _offset(data)):
                self._rest = data
                return
            self._channels = _channels(data)
            data = data[offset:]
        whole = len(data) - len(data) % (SAMPLE_BYTES * self._channels)
        self._rest = data[whole:]
        self._mix(np.frombuffer(data[:whole], dtype=">f4").reshape(-1, self._channels))

    def _mix(self, samples: "np.ndarray[tuple[int, int], np.dtype[np.float32]]") -> None:
        mixed = np.nan_to_num(samples.mean(axis=1, dtype=np.float32), copy=False, posinf=1.0, neginf=-1.0)
        if self._channels > 1:
            self._apart += float(np.square(np.nan_to_num(samples), dtype=np.float64).mean(axis=1).sum())
            self._mixed += float(np.square(mixed, dtype=np.float64).sum())
        self._pieces.append(mixed.tobytes())
        self.frames += len(mixed)

    def take(self) -> Take:
        """Return everything in one channel.  Filled piece by piece, so that other threads run in between."""
        raw = np.empty(self.frames * SAMPLE_BYTES, dtype=np.uint8)
        at = 0
        for piece in self._pieces:
            raw[at : at + len(piece)] = np.frombuffer(piece, dtype=np.uint8)
            at += len(piece)
        sound = Pcm(samples=raw.view(np.float32)[:, np.newaxis], rate=RATE_HZ)
        return Take(pcm=sound, channels=max(1, self._channels), lost_db=self._lost_db())

    def _lost_db(self) -> float:
        if self._apart <= 0:
            return 0.0
        return min(LOST_DB_MAX, -10 * float(np.log10(max(self._mixed / self._apart, 1e-9))))


def _offset(data: bytes) -> int:
    magic, offset = struct.unpack(">4sI", data[:8])
    if magic != MAGIC or not HEADER_BYTES <= offset <= 4096:
        raise NotAudio("the decoder gave something else")
    return int(offset)


def _channels(data: bytes) -> int:
    encoding, rate, channels = struct.unpack(">III", data[12:HEADER_BYTES])
    if (encoding, rate) != (FLOAT_32, RATE_HZ) or channels not in {1, 2}:
        raise NotAudio("the decoder gave another form")
    return int(channels)
