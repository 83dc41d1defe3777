"""EDGE: a neural voice on premises (VITS, Piper's file format) in a worker process of its own.

The library is an optional dependency, and a voice is a file that somebody installed (`content.speech.shelf`).  A worker
loads it once and is asked phrase by phrase, so that two texts take turns and none waits for the whole of another.  A
worker that is slow, dies, or whose caller went away is killed; the words are asked for once more from a new one.
"""

import asyncio
import importlib.util
import json
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from content.audio.pcm import Pcm, from_int16
from content.audio.segments import strung
from content.child import Child, ChildFailed, ChildRefused
from content.errors import EngineCrashed, EngineRefused, EngineTimeout
from content.speech.engine import heard, said
from content.speech.voice import Phrase, Voice
from content.speech.voice_files import MODEL_FILE, TOKENS_FILE, VoiceNote

LIBRARY = "sherpa_onnx"
WORKER = (sys.executable, "-I", str(Path(__file__).with_name("neural_worker.py")))
START_TIMEOUT_S = 30.0  # sixty megabytes from a cold disk
PHRASE_TIMEOUT_S = 10.0  # a phrase of ten seconds on a small machine takes three
SAMPLES_MAX = 120 * 48_000  # two minutes in one phrase is a mistake
PACE_AT_100 = 3.7  # syllables a second of a radio announcer, as `Voice.rate_percent` means it
SPEED_MIN, SPEED_MAX = 0.5, 2.0  # beyond these no voice of the family is understood
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def is_available() -> bool:
    """Say whether the optional library is installed."""
    return importlib.util.find_spec(LIBRARY) is not None


class NeuralEngine:
    """One installed voice; use as `async with NeuralEngine(note, folder) as engine`."""

    def __init__(
        self,
        note: VoiceNote,
        folder: Path,
        *,
        phrase_timeout_s: float = PHRASE_TIMEOUT_S,
        command: Sequence[str] = WORKER,
    ) -> None:
        self.note = note
        self._timeout_s = phrase_timeout_s
        self._command = (*command, str(folder / MODEL_FILE), str(folder / TOKENS_FILE), note.phonemes)
        self._turn = asyncio.Lock()
        self._worker: Child | None = None

    @property
    def name(self) -> str:
        """Name the voice: another file is another sound, and another recipe."""
        return f"neural-{self.note.digest[:12]}" + (f"-{self.note.speaker}" if self.note.speaker else "")

    async def __aenter__(self) -> Self:
        if not is_available():
            raise EngineRefused(self.name, "the library for neural voices is not installed")
        await self._begun()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._ended()

    def offers(self, voice: Voice) -> bool:
        """Say whether there is such a voice: its region, and Vietnamese."""
        return voice.region is self.note.region and self.note.language == "vi"

    async def speak(self, phrases: Sequence[Phrase], voice: Voice) -> Pcm:
        """Return `phrases` in `voice`, or raise SpeechError."""
        if not self.offers(voice):
            raise EngineRefused(self.name, f"has no {voice.region} voice")
        return await self.say(phrases, self._speed(voice))

    async def say(self, phrases: Sequence[Phrase], speed: float) -> Pcm:
        """Return `phrases` at a pace of the voice's own, whatever its language."""
        spoken = said(self.name, phrases)
        sounds = [await self._phrase(phrase, speed) for phrase in spoken]
        if not any(sound.frames for sound in sounds):
            raise EngineRefused(self.name, "answered with no samples")
        pauses = [phrase.pause_ms for phrase in spoken]
        return heard(self.name, await asyncio.to_thread(strung, list(zip(sounds, pauses, strict=True))))

    def _speed(self, voice: Voice) -> float:
        own = PACE_AT_100 / self.note.pace if self.note.pace else 1.0
        return min(SPEED_MAX, max(SPEED_MIN, own * voice.rate_percent / 100))

    async def _phrase(self, phrase: Phrase, speed: float) -> Pcm:
        request = json.dumps(
            {"phrases": [phrase.words], "speed": speed, "speaker": self.note.speaker, "samples_max": SAMPLES_MAX},
            ensure_ascii=False,
        ).encode()
        try:
            return await self._asked(request)
        except (EngineTimeout, EngineCrashed):
            return await self._asked(request)  # once more, from a new worker

    async def _asked(self, request: bytes) -> Pcm:
        async with self._turn:
            worker = await self._begun()
            answered = False
            try:
                async with asyncio.timeout(self._timeout_s):
                    parts, rate = await worker.ask(request)
                answered = True
            except ChildRefused as exc:
                answered = True
                raise EngineRefused(self.name, str(exc)) from exc
            except TimeoutError as exc:
                raise EngineTimeout(self.name, self._timeout_s) from exc
            except ChildFailed as exc:
                raise EngineCrashed(self.name, await worker.exit_code()) from exc
            finally:
                if not answered:
                    await self._ended()
        return from_int16(b"".join(parts), struct.unpack(">I", rate)[0])

    async def _begun(self) -> Child:
        """Return the worker, a new one when there is none."""
        if self._worker is not None and self._worker.process.returncode is None:
            return self._worker
        begun = False
        try:
            self._worker = await Child.spawned(self._command, frame_bytes_max=2 * SAMPLES_MAX + 1, environ=ONE_THREAD)
            async with asyncio.timeout(START_TIMEOUT_S):
                await self._worker.ready()
            begun = True
        except TimeoutError as exc:
            raise EngineTimeout(self.name, START_TIMEOUT_S) from exc
        except (OSError, ChildFailed) as exc:
            raise EngineRefused(self.name, f"does not start: {exc}") from exc
        finally:
            if not begun:
                await self._ended()
        return self._worker

    async def _ended(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.kill()
