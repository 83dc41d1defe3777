"""A Mosquitto of our own: on a free loopback port, its files in one folder, gone when its parent is gone.

Errors: MosquittoError (trying again helps only after the message was acted on).
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

APT_COMMAND = "sudo apt-get update && sudo apt-get install -y mosquitto"
START_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 10.0
POLL_S = 0.005

# What a province's broker is set to as well (hub/README.md), but for users and TLS.  message_size_limit 0 means none:
# the spec's own limits are smaller, and checked by the hub and by every device.
CONFIG = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {data_dir}/
autosave_interval 1800
message_size_limit 0
max_inflight_messages 100
max_queued_messages 10000
set_tcp_nodelay true
sys_interval 0
log_dest file {data_dir}/mosquitto.log
log_type error
log_type warning
"""


class MosquittoError(Exception):
    """Mosquitto is not installed, or did not start."""


def find_mosquitto() -> str:
    """Return the program's path; raise MosquittoError with the command that installs it."""
    # Debian puts it where only root's PATH looks.
    found = shutil.which("mosquitto", path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"]))
    if found is None:
        raise MosquittoError(f"mosquitto chưa được cài (is not installed):  {APT_COMMAND}")
    return found


def free_port(host: str = "127.0.0.1") -> int:
    """Return a TCP port on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def dying_with_parent() -> tuple[str, ...]:
    """Return the words before a command that make the kernel end it when the calling thread ends, where that can be."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "KILL") if setpriv else ()


class Mosquitto:
    """A running Mosquitto between `with` and its end; `kill`, `stop` and `start` in between as one likes."""

    host = "127.0.0.1"

    def __init__(self, data_dir: Path) -> None:
        self.port = free_port()
        self._data_dir = data_dir
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Return the process id; raise MosquittoError when it is not running."""
        if self._process is None:
            raise MosquittoError("mosquitto is not running")
        return self._process.pid

    def start(self) -> None:
        """Start on the same port with what was saved; return when it accepts connections."""
        if self._process is not None:
            return
        self._data_dir.mkdir(parents=True, exist_ok=True)
        config = CONFIG.format(port=self.port, data_dir=self._data_dir)
        if os.geteuid() == 0:
            config += "user root\n"  # else it becomes a user who may not enter a private folder
        config_path = self._data_dir / "mosquitto.conf"
        config_path.write_text(config, "utf-8")
        self._process = subprocess.Popen(  # noqa: S603  the program found above, our own file
            (*dying_with_parent(), find_mosquitto(), "-c", str(config_path)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._wait_until_it_accepts(self._process)

    def stop(self) -> None:
        """End it as a service manager does: retained messages, sessions and queues are saved."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut does: what was not saved is lost."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _wait_until_it_accepts(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and process.poll() is None:
            try:
                socket.create_connection((self.host, self.port), timeout=1).close()
            except OSError:
                time.sleep(POLL_S)
            else:
                return
        self.kill()
        raise MosquittoError(f"mosquitto did not start: {self._log()}")

    def _log(self) -> str:
        path = self._data_dir / "mosquitto.log"
        return path.read_text("utf-8", "replace").strip() if path.exists() else "no log"
