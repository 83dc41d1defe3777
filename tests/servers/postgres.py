"""A PostgreSQL cluster of our own: made in a temporary folder, on a free loopback port, without fsync."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from hub.bench.mosquitto import free_port

START_TIMEOUT_S = 30.0
# Nothing here has to survive a power cut, and a test waits for every commit.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=60")
APT_COMMAND = "sudo apt-get update && sudo apt-get install -y postgresql"


class Postgres:
    """A running cluster between `with` and its end."""

    host = "127.0.0.1"
    user = "loa"

    def __init__(self) -> None:
        self.port = free_port()
        self._bin = _bin_dir()
        # Not in pytest's folder, which is closed to the user as whom the server has to run.
        self._home = Path(tempfile.mkdtemp(prefix="loa-postgres-"))
        self._data = self._home / "data"
        self._as_user: tuple[str, ...] = ()
        if os.geteuid() == 0:  # as whom PostgreSQL refuses to run
            self._as_user = ("--reuid=postgres", "--regid=postgres", "--clear-groups")
            shutil.chown(self._home, "postgres", "postgres")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._run(
                "initdb", "-D", self._data, "-U", self.user, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"
            )
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self.kill()
        shutil.rmtree(self._home, ignore_errors=True)

    def start(self) -> None:
        """Start the server and return when it answers."""
        settings = (*FAST, f"port={self.port}", f"listen_addresses={self.host}", "unix_socket_directories=")
        command = [self._bin / "postgres", "-D", self._data, *(word for one in settings for word in ("-c", one))]
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                # It ends with us, however we end; at SIGQUIT it ends its own children at once.
                ["setpriv", "--pdeathsig", "QUIT", *self._as_user, *command],
                cwd=self._home,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while subprocess.run([self._bin / "pg_isready", "-q", *self._where()], check=False).returncode != 0:
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError(f"postgres did not start: {(self._home / 'log').read_text()}")
            time.sleep(0.05)

    def kill(self) -> None:
        """End it at once; what was committed stays, since only the process dies and not the machine."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGQUIT)
            process.wait(START_TIMEOUT_S)

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """Make a copy of `template` and yield its URL; it is gone afterwards, whoever is still connected."""
        name = f"loa_{uuid.uuid4().hex[:12]}"
        self._run("createdb", *self._where(), "-U", self.user, "-T", template, name)
        try:
            yield f"postgresql+asyncpg://{self.user}@{self.host}:{self.port}/{name}"
        finally:
            self._run("dropdb", *self._where(), "-U", self.user, "--force", name)

    def _where(self) -> tuple[str, ...]:
        return ("-h", self.host, "-p", str(self.port))

    def _run(self, program: str, *args: str | Path) -> None:
        command = ["setpriv", *self._as_user, self._bin / program, *args]
        done = subprocess.run(command, cwd=self._home, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, f"{program}: {done.stderr}"


def _bin_dir() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise RuntimeError(f"PostgreSQL is not installed:  {APT_COMMAND}")
    return found[-1].parent
