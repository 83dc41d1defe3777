"""EDGE: `finish` in worker processes: nothing of mastering or coding runs in the hub, nor before it on the processor.

Ordinary work is done by polite workers.  One more worker waits at full priority for what an alert says: it stands
behind nobody.  A worker that is too slow, dies, or whose caller went away is ended, and the next caller gets a new one.
"""

import asyncio
import json
import struct
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from content.audio.chime import Cue
from content.audio.encoder import Encoder
from content.audio.finish import Finished
from content.audio.loudness import Loudness
from content.audio.master import Profile, Speech, Stretch, stretches_of
from content.audio.probe import Probe
from content.child import Child, ChildFailed, ChildRefused
from content.errors import AudioError, NotAudio, NothingHeard, OutOfTolerance, OverLimit, ToolFailed

WORKER = (sys.executable, "-I", str(Path(__file__).with_name("finish_worker.py")))
POLITE = 10  # who plans, sends and answers goes first
START_TIMEOUT_S = 20.0  # numpy from a cold disk
TIMEOUT_S = 30.0  # for a programme of no length
TIMEOUT_PER_SOUND_S = 0.5  # and for each second of it; a small machine needs a tenth of this
WAIT_S = 600.0  # in line behind others
FRAME_BYTES_MAX = 2**26  # half an hour of Opus is 8 MB
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")  # a core each


class _Desk:
    """Some workers of one priority, and the line before them."""

    def __init__(self, workers: int, niceness: int, command: Sequence[str]) -> None:
        self._command = (*command, str(niceness))
        self._free: asyncio.LifoQueue[Child | None] = asyncio.LifoQueue(workers)  # the last one used is warm
        for _ in range(workers):
            self._free.put_nowait(None)

    async def warm(self) -> None:
        """Have one worker ready."""
        async with self.worker():
            pass

    async def close(self) -> None:
        """End the workers that are free; those at work end with their callers."""
        while not self._free.empty():
            if (child := self._free.get_nowait()) is not None:
                await child.kill()

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[Child]:
        """A worker of one's own; whatever goes wrong inside, it is ended."""
        async with asyncio.timeout(WAIT_S):
            child = await self._free.get()
        kept = None
        try:
            if child is None or child.process.returncode is not None:
                child = await Child.spawned(self._command, frame_bytes_max=FRAME_BYTES_MAX, environ=ONE_THREAD)
            async with asyncio.timeout(START_TIMEOUT_S):
                await child.ready()
            yield child
            kept = child
        except (ChildRefused, AudioError):
            kept = child  # it said no, and can be asked again
            raise
        finally:
            self._free.put_nowait(kept)
            if kept is None and child is not None:
                await child.kill()


class Workshop:
    """Use as `async with Workshop(workers=2) as workshop`."""

    def __init__(self, *, workers: int = 1, command: Sequence[str] = WORKER, timeout_s: float = TIMEOUT_S) -> None:
        self._polite = _Desk(workers, POLITE, command)
        self._urgent = _Desk(1, 0, command)
        self._timeout_s = timeout_s

    async def __aenter__(self) -> Self:
        try:
            await self._urgent.warm()  # what cannot start at all is known now, and an alert waits for no start
        except (ChildFailed, OSError) as exc:
            raise ToolFailed(f"mastering does not start: {exc}") from exc
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._polite.close()
        await self._urgent.close()

    async def finish(
        self,
        speech: Speech,
        *,
        opening: Cue | None = None,
        closing: Cue | None = None,
        profile: Profile | None = None,
        encoder: Encoder | None = None,
    ) -> Finished:
        """Return what `finish` returns, or raise what it raises; ToolFailed when a worker fails."""
        return await self._asked(self._polite, _Job.of(speech, opening, closing, profile, encoder))

    async def finish_urgently(
        self,
        speech: Speech,
        *,
        opening: Cue | None = None,
        closing: Cue | None = None,
        profile: Profile | None = None,
        encoder: Encoder | None = None,
    ) -> Finished:
        """Do the same at full priority, behind nobody but others as urgent."""
        return await self._asked(self._urgent, _Job.of(speech, opening, closing, profile, encoder))

    async def _asked(self, desk: _Desk, job: "_Job") -> Finished:
        timeout_s = self._timeout_s + TIMEOUT_PER_SOUND_S * job.sounding_s
        try:
            async with desk.worker() as child, asyncio.timeout(timeout_s):
                parts, figures = await child.ask(*job.request)
        except ChildRefused as exc:
            raise _error(json.loads(str(exc))) from exc
        except TimeoutError as exc:
            raise ToolFailed(f"mastering took more than {timeout_s:.0f} s") from exc
        except (ChildFailed, OSError) as exc:
            raise ToolFailed(f"mastering ended: {exc}") from exc
        return _finished(b"".join(parts), json.loads(figures))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """One request and the length of its sound."""

    request: tuple[bytes | memoryview, ...]
    sounding_s: float

    @classmethod
    def of(
        cls,
        speech: Speech,
        opening: Cue | None,
        closing: Cue | None,
        profile: Profile | None,
        encoder: Encoder | None,
    ) -> "_Job":
        """Return what a worker is asked."""
        stretches = stretches_of(speech)
        head = {
            "stretches": [_shape(stretch) for stretch in stretches],
            "opening": opening,
            "closing": closing,
            "profile": asdict(profile or Profile()),
            "encoder": asdict(encoder or Encoder()),
        }
        raw: list[bytes | memoryview] = [_raw(stretch) for stretch in stretches]
        sounding_ms = sum(stretch.sound.duration_ms + stretch.pause_ms for stretch in stretches)
        return cls(request=(*_headed(head), *raw), sounding_s=sounding_ms / 1000)


def _shape(stretch: Stretch) -> dict[str, int]:
    sound = stretch.sound
    return {
        "frames": sound.frames,
        "channels": sound.channels,
        "rate": sound.rate,
        "pause_ms": stretch.pause_ms,
    }


def _headed(head: dict[str, Any]) -> tuple[bytes, bytes]:
    coded = json.dumps(head, ensure_ascii=False).encode()
    return struct.pack(">I", len(coded)), coded


def _raw(stretch: Stretch) -> memoryview:
    return np.ascontiguousarray(stretch.sound.samples, dtype="<f4").data.cast("B")


def _finished(data: bytes, figures: dict[str, Any]) -> Finished:
    probe = figures["probe"]
    return Finished(
        data=data,
        probe=Probe(**{**probe, "loudness": Loudness(**probe["loudness"])}),
        trimmed_ms=figures["trimmed_ms"],
        tries=figures["tries"],
    )


_FIGURES = ("lufs", "peak_dbtp", "lufs_wanted", "tolerance_lu", "peak_max_dbtp")


def _error(facts: dict[str, Any]) -> AudioError:
    """Return the error that a worker met, as it would have been raised here."""
    match facts["error"]:
        case "OutOfTolerance":
            return OutOfTolerance(**{name: facts[name] for name in _FIGURES})
        case "OverLimit":
            return OverLimit(float(facts["limit"]), facts["unit"])
        case "NothingHeard":
            return NothingHeard(facts["said"])
        case "NotAudio":
            return NotAudio(facts["said"])
        case _:
            return ToolFailed(facts["said"])
