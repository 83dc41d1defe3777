"""EDGE: eSpeak NG, the voice that is always there: offline, in worker processes.

The library is not thread-safe, C code can take its process with it, and what it said before changes how it sounds.  So
every sheet of a bulletin (`content.speech.sheets`) is said by a fresh process (never a fork of the hub), started while
the one before was still in use: the same words always give the same samples.  A worker that is slow, dies, or whose
caller went away is killed; the words are asked for once more from a new one.
"""

import asyncio
import json
import struct
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from content.audio.pcm import Pcm, from_int16
from content.audio.segments import strung
from content.child import Child, ChildFailed, ChildRefused
from content.errors import EngineCrashed, EngineRefused, EngineTimeout, SpeechError
from content.speech.engine import heard, said
from content.speech.sheets import sheets
from content.speech.voice import Phrase, Region, Voice

VOICES: Mapping[Region, str] = {
    Region.NORTH: "vi",
    Region.CENTRAL: "vi-vn-x-central",
    Region.SOUTH: "vi-vn-x-south",
}
WPM_AT_100 = 140  # gives about 3.7 Vietnamese syllables a second
SAMPLES_MAX = 30 * 60 * 22_050  # half an hour in one phrase is a mistake
START_TIMEOUT_S = 10.0  # a cold disk on a small machine
TIMEOUT_S = 15.0  # the longest text takes about two seconds
WAITING_MAX = 64  # callers in line for a worker; more means something else is wrong
FRAME_BYTES_MAX = 2 * SAMPLES_MAX + 1
WORKER = (sys.executable, "-I", str(Path(__file__).with_name("espeak_worker.py")))


class EspeakEngine:
    """A few workers behind one `speak`; use as `async with EspeakEngine() as engine`."""

    name = "espeak"

    def __init__(self, *, workers: int = 1, timeout_s: float = TIMEOUT_S, command: Sequence[str] = WORKER) -> None:
        self._count = workers
        self._timeout_s = timeout_s
        self._command = tuple(command)
        self._slots: asyncio.LifoQueue[Child | None] = asyncio.LifoQueue(workers)  # last started is readiest
        self._waiting = 0

    async def __aenter__(self) -> Self:
        for _ in range(self._count - 1):
            self._slots.put_nowait(None)
        worker = await self._spawned()
        await self._begun(worker)  # what cannot start at all is known now, not at the first bulletin
        self._slots.put_nowait(worker)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while not self._slots.empty():
            if (worker := self._slots.get_nowait()) is not None:
                await worker.kill()

    def offers(self, voice: Voice) -> bool:
        """Say whether there is such a voice: all three accents."""
        return voice.region in VOICES

    async def speak(self, phrases: Sequence[Phrase], voice: Voice) -> Pcm:
        """Return `phrases` in `voice`, or raise SpeechError."""
        spoken = said(self.name, phrases)
        try:
            async with asyncio.TaskGroup() as group:
                asked = [
                    group.create_task(self._sheet(sheet, voice), name=f"espeak sheet {number}")
                    for number, sheet in enumerate(sheets(spoken))
                ]
        except BaseExceptionGroup as group:  # what `except*` raises comes in a group of its own on some 3.11
            failed, others = group.split(SpeechError)
            if failed is None or others is not None:
                raise
            raise failed.exceptions[0] from None  # a text is said whole or not at all
        sounds = [sound for task in asked for sound in task.result()]
        pauses = [phrase.pause_ms for phrase in spoken]
        if len(sounds) != len(pauses) or not any(sound.frames for sound in sounds):
            raise EngineRefused(self.name, f"{len(sounds)} answers to {len(pauses)} phrases")
        return heard(self.name, await asyncio.to_thread(strung, list(zip(sounds, pauses, strict=True))))

    async def _sheet(self, phrases: Sequence[Phrase], voice: Voice) -> list[Pcm]:
        """Return each phrase of one sheet, from one fresh worker."""
        request = _request(phrases, voice)
        try:
            parts, rate = await self._ask(request)
        except (EngineTimeout, EngineCrashed):
            parts, rate = await self._ask(request)  # once more, from a new worker
        return [from_int16(part, rate) for part in parts]

    async def _spawned(self) -> Child:
        try:
            return await Child.spawned(self._command, frame_bytes_max=FRAME_BYTES_MAX)
        except OSError as exc:
            raise EngineRefused(self.name, f"does not start: {exc}") from exc

    async def _begun(self, worker: Child) -> None:
        """Wait until `worker` is ready, and kill it when it never will be."""
        begun = False
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await worker.ready()
            begun = True
        except TimeoutError as exc:
            raise EngineTimeout(self.name, START_TIMEOUT_S) from exc
        except ChildFailed as exc:
            raise EngineRefused(self.name, f"does not start: {exc}") from exc
        finally:
            if not begun:
                await worker.kill()

    async def _slot(self) -> Child | None:
        """Wait in line for a worker; None is the right to start one."""
        if self._waiting >= WAITING_MAX:
            raise EngineRefused(self.name, f"{WAITING_MAX} callers are waiting")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._slots.get()
        except TimeoutError as exc:
            raise EngineTimeout(self.name, self._timeout_s) from exc
        finally:
            self._waiting -= 1

    async def _ask(self, request: bytes) -> tuple[list[bytes], int]:
        """Ask one worker and put a fresh one, or the right to start one, in its place; whatever goes wrong."""
        worker = await self._slot()
        fresh: Child | None = None
        try:
            worker = worker or await self._spawned()
            await self._begun(worker)
            answer = await self._answer(worker, request)
            fresh = await self._spawned()
        finally:
            self._slots.put_nowait(fresh)
            if worker is not None:
                await worker.kill()
        return answer

    async def _answer(self, worker: Child, request: bytes) -> tuple[list[bytes], int]:
        try:
            async with asyncio.timeout(self._timeout_s):
                parts, rate = await worker.ask(request)
                return parts, struct.unpack(">I", rate)[0]
        except ChildRefused as exc:
            raise EngineRefused(self.name, str(exc)) from exc
        except TimeoutError as exc:
            raise EngineTimeout(self.name, self._timeout_s) from exc
        except ChildFailed as exc:
            raise EngineCrashed(self.name, await worker.exit_code()) from exc


def _request(phrases: Sequence[Phrase], voice: Voice) -> bytes:
    asked = {
        "voice": VOICES[voice.region],
        "wpm": round(WPM_AT_100 * voice.rate_percent / 100),
        "phrases": [phrase.words for phrase in phrases],
        "samples_max": SAMPLES_MAX,
    }
    return json.dumps(asked, ensure_ascii=False).encode()
