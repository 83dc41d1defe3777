"""EDGE: a child process that is asked over its two pipes: frames out, time-outs and an end that always comes.

Engines and mastering run in such children: C code that crashes, or numpy that computes for a second, then costs the hub
neither its life nor its event loop.  A request is its length and its bytes; an answer is any number of parts ('P') and
a last word ('E'), or why not ('X').  The first frame of all is 'R': ready.
"""

import asyncio
import contextlib
import os
import struct
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from typing import Self

GRACE_S = 1.0  # between a closed pipe and the exit code
PIECE_BYTES = 2**18  # written at once: half an hour of sound in one piece would hold up the whole loop


class ChildFailed(Exception):
    """The conversation broke; the child must be ended."""


class ChildRefused(Exception):
    """The child answered why it will not; it can be asked again."""


class Child:
    """One child process and the frames between it and us."""

    def __init__(self, process: Process, frame_bytes_max: int) -> None:
        self.process = process
        self._frame_bytes_max = frame_bytes_max
        self._ready = False

    @classmethod
    async def spawned(
        cls, command: Sequence[str], *, frame_bytes_max: int, environ: Mapping[str, str] | None = None
    ) -> Self:
        """Return a child that is still starting.  OSError when it cannot."""
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={**os.environ, **(environ or {})}
        )
        return cls(process, frame_bytes_max)

    async def ready(self) -> None:
        """Wait until it has said that it can be asked."""
        if not self._ready:
            kind, said = await self._frame()
            if kind != b"R":
                raise ChildFailed(f"began with {kind!r}: {said[:200].decode('utf-8', 'replace')}")
        self._ready = True

    async def ask(self, *request: bytes | memoryview) -> tuple[list[bytes], bytes]:
        """Send the pieces of one request; return the parts of the answer and its last word.  Raises ChildRefused."""
        await self._send(request)
        parts: list[bytes] = []
        while True:
            kind, payload = await self._frame()
            match kind:
                case b"P":
                    parts.append(payload)
                case b"E":
                    return parts, payload
                case b"X":
                    raise ChildRefused(payload.decode("utf-8", "replace"))
                case _:
                    raise ChildFailed(f"unknown frame {kind!r}")

    async def exit_code(self) -> int | None:
        """Wait a moment for a process that seems to have ended by itself, then end it; return its exit code."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_S):
                return await self.process.wait()
        return await self.kill()

    async def kill(self) -> int:
        """End the process and return its exit code."""
        if self.process.returncode is None:
            self.process.kill()
        return await self.process.wait()

    async def _send(self, request: Sequence[bytes | memoryview]) -> None:
        assert self.process.stdin is not None  # noqa: S101 - made with a pipe
        try:
            self.process.stdin.write(struct.pack(">I", sum(map(len, request))))
            for piece in request:
                for at in range(0, len(piece), PIECE_BYTES):
                    self.process.stdin.write(piece[at : at + PIECE_BYTES])
                    await self.process.stdin.drain()
        except OSError as exc:
            raise ChildFailed("closed its input") from exc

    async def _frame(self) -> tuple[bytes, bytes]:
        assert self.process.stdout is not None  # noqa: S101 - made with a pipe
        try:
            kind, size = struct.unpack(">cI", await self.process.stdout.readexactly(5))
            if size > self._frame_bytes_max:
                raise ChildFailed(f"a frame of {size} bytes")
            return kind, await self.process.stdout.readexactly(size)
        except asyncio.IncompleteReadError as exc:
            raise ChildFailed("closed its output") from exc
