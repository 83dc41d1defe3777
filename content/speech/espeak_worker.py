"""The child process of `content.speech.espeak`: one eSpeak NG, length-prefixed frames on its two pipes.

Run by path, imports nothing of ours.  In: a JSON object (voice, wpm, phrases, samples_max).  Out, per phrase, the
16-bit samples ('P'); then 'E' with the rate, or 'X' with what was wrong.  A closed input ends it.
"""

import ctypes
import json
import os
import resource
import struct
import sys
from typing import BinaryIO

import espeakng_loader

RETRIEVAL, NO_EXIT, UTF8 = 2, 0x8000, 1  # espeak_AUDIO_OUTPUT, espeakINITIALIZE_DONT_EXIT, espeakCHARS_UTF8
RATE, VOLUME = 1, 2  # espeak_PARAMETER
UNCLIPPED_VOLUME = 50  # at the default of 100 the engine cuts the tops off loud vowels; mastering sets the level
MEMORY_BYTES_MAX = 2**30  # half an hour of samples is 80 MB
REQUEST_BYTES_MAX = 2**20
POLITE = 10  # who plans and alerts goes first on the processor
CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class Espeak:
    """The library, loaded once; not thread-safe, which is why it has a process."""

    def __init__(self) -> None:
        self._lib = ctypes.CDLL(espeakng_loader.get_library_path())
        self.rate = self._lib.espeak_Initialize(RETRIEVAL, 0, espeakng_loader.get_data_path().encode(), NO_EXIT)
        if self.rate <= 0:
            raise RuntimeError("the library does not start")
        self._heard = bytearray()
        self._room = 0
        self._callback = CALLBACK(self._listen)  # held: the library keeps only a pointer
        self._lib.espeak_SetSynthCallback(self._callback)

    def _listen(self, samples: int | None, count: int, _events: int | None) -> int:
        if samples and count > 0:
            self._heard += ctypes.string_at(samples, count * 2)
        return int(len(self._heard) > self._room)  # 1 stops the synthesis

    def set_voice(self, voice: str, wpm: int) -> None:
        """Choose who speaks, and how fast."""
        if self._lib.espeak_SetVoiceByName(voice.encode()):
            raise ValueError(f"no voice {voice}")
        self._lib.espeak_SetParameter(RATE, wpm, 0)
        self._lib.espeak_SetParameter(VOLUME, UNCLIPPED_VOLUME, 0)

    def say(self, words: str, samples_max: int) -> bytes:
        """Return `words` as 16-bit mono samples."""
        self._heard.clear()
        self._room = samples_max * 2
        text = words.encode() + b"\0"
        failed = self._lib.espeak_Synth(text, ctypes.c_size_t(len(text)), 0, 1, 0, UTF8, None, None)
        if failed or len(self._heard) > self._room:
            raise ValueError(f"synthesis failed ({failed})" if failed else "longer than allowed")
        return bytes(self._heard)


def _frame(out: BinaryIO, kind: bytes, payload: bytes) -> None:
    out.write(struct.pack(">cI", kind, len(payload)) + payload)
    out.flush()


def _answer(engine: Espeak, request: bytes, out: BinaryIO) -> None:
    try:
        asked = json.loads(request)
        engine.set_voice(asked["voice"], asked["wpm"])
        for words in asked["phrases"]:
            _frame(out, b"P", engine.say(words, asked["samples_max"]))
        _frame(out, b"E", struct.pack(">I", engine.rate))
    except (ValueError, KeyError) as exc:
        _frame(out, b"X", str(exc).encode())


def main() -> None:
    """Answer until the input is closed."""
    os.nice(POLITE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what the library prints must not end up between the frames
    engine = Espeak()
    _frame(out, b"R", b"")
    while header := sys.stdin.buffer.read(4):
        size = struct.unpack(">I", header)[0]
        if size > REQUEST_BYTES_MAX:
            break
        _answer(engine, sys.stdin.buffer.read(size), out)


if __name__ == "__main__":
    main()
