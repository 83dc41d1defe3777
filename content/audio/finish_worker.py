"""The child process of `content.audio.workshop`: masters, encodes, decodes and measures one programme after another.

Run by path.  In: the length of a JSON head, the head (what is wanted, and the shape of each stretch of speech), the
samples as 32-bit floats.  Out: the encoded bytes ('P') and their figures ('E'), or the error ('X').  A closed input
ends it.
"""

import asyncio
import json
import os
import resource
import struct
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

sys.path.insert(0, str(Path(__file__).parents[2]))  # run by path: nobody else says where the house is

import numpy as np

from content.audio.chime import Cue
from content.audio.compress import Compression
from content.audio.encoder import Encoder
from content.audio.finish import Finished, finish
from content.audio.master import Profile, Stretch
from content.audio.pcm import Pcm
from content.errors import AudioError

REQUEST_BYTES_MAX = 2**30  # half an hour of stereo at 48 kHz, and room
MEMORY_BYTES_MAX = 4 * 2**30  # half an hour in all its stages
POLITENESS_MAX = 19


def _frame(out: BinaryIO, kind: bytes, payload: bytes) -> None:
    out.write(struct.pack(">cI", kind, len(payload)) + payload)
    out.flush()


def _stretches(shapes: list[dict[str, int]], samples: memoryview) -> list[Stretch]:
    """Return the stretches of speech behind the head."""
    stretches: list[Stretch] = []
    at = 0
    for shape in shapes:
        size = shape["frames"] * shape["channels"] * 4
        floats = np.frombuffer(samples[at : at + size], dtype="<f4").reshape(shape["frames"], shape["channels"])
        sound = Pcm(samples=floats.astype(np.float32, copy=False), rate=shape["rate"])
        stretches.append(Stretch(sound=sound, pause_ms=shape["pause_ms"]))
        at += size
    return stretches


def _cue(name: str | None) -> Cue | None:
    return Cue(name) if name else None


def _profile(fields: dict[str, Any]) -> Profile:
    press = fields.pop("compression")
    return Profile(**fields, compression=Compression(**press) if press else None)


def _finished(request: bytes) -> Finished:
    """Do what one request asks for."""
    (size,) = struct.unpack(">I", request[:4])
    asked = json.loads(request[4 : 4 + size])
    return asyncio.run(
        finish(
            _stretches(asked["stretches"], memoryview(request)[4 + size :]),
            opening=_cue(asked["opening"]),
            closing=_cue(asked["closing"]),
            profile=_profile(asked["profile"]),
            encoder=Encoder(**asked["encoder"]),
        )
    )


def _answer(request: bytes, out: BinaryIO) -> None:
    try:
        done = _finished(request)
    except AudioError as exc:
        facts = {"error": type(exc).__name__, "said": str(exc), **vars(exc)}
        _frame(out, b"X", json.dumps(facts, ensure_ascii=False).encode())
        return
    _frame(out, b"P", done.data)
    figures = {"probe": asdict(done.probe), "trimmed_ms": done.trimmed_ms, "tries": done.tries}
    _frame(out, b"E", json.dumps(figures).encode())


def main() -> None:
    """Answer until the input is closed; the first argument says how polite to be on the processor."""
    os.nice(min(POLITENESS_MAX, max(0, int(sys.argv[1]))))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not end up between the frames
    _frame(out, b"R", b"")
    while header := sys.stdin.buffer.read(4):
        size = struct.unpack(">I", header)[0]
        if size > REQUEST_BYTES_MAX:
            break
        _answer(sys.stdin.buffer.read(size), out)


if __name__ == "__main__":
    main()
