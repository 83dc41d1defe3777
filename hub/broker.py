"""The embedded broker: rumqttd out of the `iotcore` wheel, in a child process that dies with its parent.

For a demo, a test or one commune.  A province runs Mosquitto (`hub/README.md` says why).  What differs from it, as
tried in tests/contract/test_broker.py and by hand:

- only MQTT 3.1.1 on this port, and no access rules for each device; a keep-alive of zero is refused;
- nothing is on disk: after a restart retained messages, sessions and queues are gone, so whoever published a desired
  state publishes it again when it reconnects;
- who subscribes with a wildcard at QoS 1 gets the first 100 retained messages and no more; at QoS 0 all of them;
- a message that matches two filters of one client comes twice; a new subscription to a filter that the client already
  has brings no retained message again; an UNSUBSCRIBE from an unknown filter is not acknowledged;
- a queue for who is away holds the newest 32 MiB of each filter and drops the oldest without a word.

Errors: BrokerError (trying again on another port, or after looking into the log, can help).
"""

import asyncio
import logging
import os
import socket
import sys
import threading
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from typing import Self

log = logging.getLogger(__name__)

PAYLOAD_MAX_BYTES = 1024 * 1024  # a spoken emergency message of some minutes in one piece, and room to spare
START_TIMEOUT_S = 15.0  # seen: 0.2 s; a loaded two-core machine needs several times that
STOP_TIMEOUT_S = 5.0
POLL_S = 0.02
LOG_TAIL_CHARS = 2000

# rumqttd keeps a log in memory for every topic filter somebody subscribed to; its own default of 10 x 100 MB for each
# would let a long demo eat the machine.  32 MiB a filter holds a day's audio for a device that was away.  A new
# subscription gets no more retained messages than max_outgoing_packet_count: one state for each device there can be.
CONFIG = """\
id = 0

[router]
id = 0
max_connections = 10010
max_outgoing_packet_count = 10010
max_segment_size = 4194304
max_segment_count = 8

[v4.1]
name = "loa"
listen = "{listen}"
next_connection_delay_ms = 1

[v4.1.connections]
connection_timeout_ms = 60000
max_payload_size = {payload_max_bytes}
max_inflight_count = 100
dynamic_filters = true
"""

PACKAGE_ROOT = Path(__file__).parents[1]


class BrokerError(Exception):
    """The embedded broker did not start."""


class EmbeddedBroker:
    """An MQTT broker that accepts connections between `async with` and its end."""

    def __init__(self, *, data_dir: Path, port: int = 0, host: str = "127.0.0.1") -> None:
        """Port 0 takes a free one, and keeps it over restarts."""
        self.host = host
        self.port = port
        self._data_dir = data_dir
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    @property
    def running(self) -> bool:
        """Tell whether the child process is alive."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """Return the child's process id; raise BrokerError when it was not started."""
        if self._process is None:
            raise BrokerError("the embedded broker is not running")
        return self._process.pid

    @property
    def log_path(self) -> Path:
        """Return where the child writes what it has to complain about."""
        return self._data_dir / "broker.log"

    async def start(self) -> None:
        """Start the child and return when it accepts connections; raise BrokerError when it does not."""
        if self.running:
            return
        self.port = _claim_port(self.host, self.port)
        config_path = await asyncio.to_thread(self._write_config)
        with await asyncio.to_thread(self.log_path.open, "wb") as log_file:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "hub.broker", str(config_path)),
                stdin=PIPE,  # never written to: its end tells the child that we are gone
                stdout=DEVNULL,
                stderr=log_file,
                cwd=PACKAGE_ROOT,
                start_new_session=True,  # Ctrl-C is for the hub, which says good-bye on MQTT before the broker goes
            )
        try:
            await self._wait_until_it_accepts(self._process)
        except BaseException:
            await self.stop()
            raise
        log.info("embedded broker started", extra={"action": "broker_started", "host": self.host, "port": self.port})

    async def stop(self) -> None:
        """End the child and free its port; nothing happens when it is not running."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        log.info("embedded broker stopped", extra={"action": "broker_stopped", "port": self.port})

    async def restart(self) -> None:
        """Stop and start on the same port; every session, queue and retained message is lost."""
        await self.stop()
        await self.start()

    async def wait(self) -> int:
        """Return the child's exit code once it has ended, for a supervisor that starts it again."""
        if self._process is None:
            raise BrokerError("the embedded broker was not started")
        return await self._process.wait()

    def _write_config(self) -> Path:
        self._data_dir.mkdir(parents=True, exist_ok=True)
        path = self._data_dir / "broker.toml"
        listen = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        path.write_text(CONFIG.format(listen=listen, payload_max_bytes=PAYLOAD_MAX_BYTES), "utf-8")
        return path.resolve()  # the child works in another folder

    async def _wait_until_it_accepts(self, process: Process) -> None:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104  compared, not bound
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                while not await _accepts(host, self.port):
                    if process.returncode is not None:
                        raise BrokerError(f"the embedded broker ended with {process.returncode}: {await self._tail()}")
                    await asyncio.sleep(POLL_S)
        except TimeoutError as exc:
            raise BrokerError(f"no answer on port {self.port} in {START_TIMEOUT_S} s: {await self._tail()}") from exc

    async def _tail(self) -> str:
        text = await asyncio.to_thread(self.log_path.read_text, "utf-8", "replace")
        return text[-LOG_TAIL_CHARS:].strip()


def _claim_port(host: str, port: int) -> int:
    """Return `port`, or a free one for 0; raise BrokerError when somebody else listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as exc:
            raise BrokerError(f"cannot listen on {host}:{port}: {exc.strerror}") from exc
        return int(probe.getsockname()[1])


async def _accepts(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)  # returns when the parent's end of the pipe is closed, however the parent ended
    os._exit(0)


def main(config_path: str) -> None:
    """Run the broker in this process until the parent is gone."""
    from iotcore import IotCoreBroker  # noqa: PLC0415  only the child needs the native library

    # Every packet passes through an error-level span of rumqttd's: records that say nothing and cost much.
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    threading.Thread(target=_end_with_parent, name="end-with-parent", daemon=True).start()
    broker = IotCoreBroker(config_path=config_path)
    broker.check_ports()
    broker.run_forever()


if __name__ == "__main__":
    main(sys.argv[1])
