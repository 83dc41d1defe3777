"""Child processes as people start them, and everything that such a process has started in its turn."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[2]
MARK = "LOA_TEST_FAMILY"  # inherited by all descendants, also by those that have left the process group
POLL_S = 0.05


class Child:
    """`python -m …` with what it says gathered line by line; killed with its descendants at the end of the block."""

    def __init__(self, *words: str, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> None:
        self.words = words
        self.family = uuid.uuid4().hex
        self.lines: list[str] = []
        self._out = tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__
        self._env = {k: v for k, v in os.environ.items() if not k.startswith("LOA_")} | {
            MARK: self.family,
            **(env or {}),
        }
        self._env |= {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        self._cwd = cwd or ROOT

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [sys.executable, "-m", *self.words],
            cwd=self._cwd,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=subprocess.PIPE,
            start_new_session=True,  # a terminal of its own
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *exc: object) -> None:
        for pid in [self.process.pid, *self.relatives()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join(10)
        if self.process.stderr is not None:
            self.process.stderr.close()
        self._out.close()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def said(self) -> str:
        """What it has said to people until now."""
        return "\n".join(self.lines)

    @property
    def answer(self) -> str:
        """What it has written to standard output."""
        self._out.seek(0)
        return self._out.read().decode()

    def relatives(self) -> list[int]:
        """Return who was started by it, or by those, and is alive."""
        return [pid for pid in family_of(self.family) if pid != self.process.pid]

    def until_it_says(self, words: str, timeout_s: float) -> None:
        wait_until(
            lambda: words in self.said or self.process.poll() is not None, timeout_s, f"“{words}” in: {self.said}"
        )
        assert words in self.said, f"it ended with {self.process.returncode} before it said “{words}”:\n{self.said}"

    def interrupt(self) -> None:
        """Press Ctrl-C: the whole group in the foreground gets it."""
        os.killpg(self.process.pid, signal.SIGINT)

    def ended(self, timeout_s: float) -> int:
        """Return its exit code.  Fails when it does not end in time."""
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.words} still runs after {timeout_s} s:\n{self.said}") from None

    def nobody_is_left(self, timeout_s: float) -> None:
        """Fail when a relative is alive after this time."""
        wait_until(lambda: not self.relatives(), timeout_s, "nobody is left", self._who)

    def _who(self) -> str:
        return "; ".join(f"{pid}: {command_of(pid)}" for pid in self.relatives())

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.decode("utf-8", "replace").rstrip("\n"))


def family_of(mark: str) -> list[int]:
    """Return the living processes that carry `mark` in their environment."""
    return sorted(_marked(f"{MARK}={mark}".encode()))


def _marked(entry: bytes) -> Iterator[int]:
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdigit() and entry in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name)


def command_of(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return "gone"


def rss_mb(pid: int) -> float:
    """Return how much memory a process holds now."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    return int(fields["VmRSS"].split()[0]) / 1024


def wait_until(holds: Callable[[], bool], timeout_s: float, what: str, why_not: Callable[[], str] = lambda: "") -> None:
    """Return when `holds`; fail, with `why_not()`, when it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what} {why_not()}"
        time.sleep(POLL_S)
