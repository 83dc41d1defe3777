"""The child process of `content.speech.neural`: one voice, loaded once, length-prefixed frames on its two pipes.

Run by path, imports nothing of ours.  eSpeak NG turns words into sounds of the alphabet that the voice was taught; the
voice makes them heard.  Arguments: the model, its symbols, and whose sounds they are ("vi").  In: a JSON object
(phrases, speed, speaker, samples_max).  Out, per phrase, the 16-bit samples ('P'); then 'E' with the rate, or 'X' with
what was wrong.  A closed input ends it.
"""

import ctypes
import json
import os
import re
import resource
import struct
import sys
import unicodedata
from typing import Any, BinaryIO

import espeakng_loader
import numpy as np
import sherpa_onnx  # type: ignore[import-untyped, import-not-found, unused-ignore]  # optional

POLITE = 10  # who plans and alerts goes first on the processor
MEMORY_BYTES_MAX = 3 * 2**30  # a large voice takes a quarter of this
REQUEST_BYTES_MAX = 2**20
SYNCHRONOUS, NO_EXIT, UTF8, IPA = 2, 0x8000, 1, 2  # of espeak-ng's own header
SWITCH_OF_LANGUAGE = re.compile(r"\([a-z-]+\)")  # what it writes around a foreign word: no sound
END = "."  # every phrase ends: the voice lets its pitch fall


class Phonemes:
    """eSpeak NG as a reader of words; it says nothing."""

    def __init__(self, language: str) -> None:
        self._lib = ctypes.CDLL(espeakng_loader.get_library_path())
        if self._lib.espeak_Initialize(SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), NO_EXIT) <= 0:
            raise RuntimeError("espeak-ng does not start")
        if self._lib.espeak_SetVoiceByName(language.encode()):
            raise RuntimeError(f"espeak-ng does not know {language}")
        self._lib.espeak_TextToPhonemes.restype = ctypes.c_char_p

    def of(self, words: str) -> list[int]:
        """Return the sounds of one phrase, each letter and each mark by itself."""
        held = ctypes.create_string_buffer(words.encode())  # stays while the library reads it
        text = ctypes.c_void_p(ctypes.addressof(held))
        clauses: list[str] = []
        while text.value:
            clauses.append((self._lib.espeak_TextToPhonemes(ctypes.byref(text), UTF8, IPA) or b"").decode())
        sounds = SWITCH_OF_LANGUAGE.sub("", " ".join(clauses).strip())
        return [ord(letter) for letter in unicodedata.normalize("NFD", sounds + END)]


def _loaded(model: str, tokens: str) -> Any:
    """Return the voice, without chance: with no noise the same words are always the same samples."""
    vits = sherpa_onnx.OfflineTtsVitsModelConfig(
        model=model, lexicon="", tokens=tokens, noise_scale=0.0, noise_scale_w=0.0
    )
    config = sherpa_onnx.OfflineTtsConfig(
        model=sherpa_onnx.OfflineTtsModelConfig(vits=vits, num_threads=1), max_num_sentences=1
    )
    if not config.validate():
        raise ValueError("the voice cannot be used")
    return sherpa_onnx.OfflineTts(config)


def _frame(out: BinaryIO, kind: bytes, payload: bytes) -> None:
    out.write(struct.pack(">cI", kind, len(payload)) + payload)
    out.flush()


def _said(voice: Any, sounds: list[int], asked: dict[str, Any]) -> bytes:
    how = sherpa_onnx.GenerationConfig()
    how.sid = asked["speaker"]
    how.speed = asked["speed"]
    how.phoneme_codepoints = [sounds]
    sound = voice.generate("", how)
    samples = np.asarray(sound.samples, dtype=np.float32)
    if len(samples) > asked["samples_max"]:
        raise ValueError("longer than allowed")
    ints = np.clip(np.rint(samples * 32_768.0), -32_768, 32_767)
    return bytes(ints.astype("<i2").tobytes())


def _answer(voice: Any, phonemes: Phonemes, request: bytes, out: BinaryIO) -> None:
    try:
        asked = json.loads(request)
        for words in asked["phrases"]:
            _frame(out, b"P", _said(voice, phonemes.of(words), asked))
        _frame(out, b"E", struct.pack(">I", voice.sample_rate))
    except (ValueError, KeyError, RuntimeError) as exc:
        _frame(out, b"X", str(exc).encode())


def main() -> None:
    """Answer until the input is closed."""
    os.nice(POLITE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what the library prints must not end up between the frames
    voice = _loaded(*sys.argv[1:3])
    phonemes = Phonemes(sys.argv[3])
    _frame(out, b"R", b"")
    while header := sys.stdin.buffer.read(4):
        size = struct.unpack(">I", header)[0]
        if size > REQUEST_BYTES_MAX:
            break
        _answer(voice, phonemes, sys.stdin.buffer.read(size), out)


if __name__ == "__main__":
    main()
