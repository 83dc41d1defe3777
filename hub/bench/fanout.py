"""One alert to the last of N loudspeakers: first as a bare publish, then by the hub's own road, in turn, on one broker.

Both are measured with the same subscribers.  A run's time goes from the moment the alert was taken (bare: just before
the bytes are sent) to the last byte at the last subscriber.  The payloads have the same size: the bare one takes the
size of what the hub published just before.  Between two runs there is silence.

Errors: BenchError (a subscriber was lost, or not all got the message in time).
"""

import asyncio
import json
import secrets
import socket
import statistics
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from hub.bench import wire

PACKAGE_ROOT = Path(__file__).parents[2]
CONNECT_TIMEOUT_S = 120.0
RUN_TIMEOUT_S = 30.0
PAUSE_S = 0.25  # subscribers acknowledge, and the broker reads that, after a run's last byte
MARKER_DIGITS = 16  # digits, since a hub may want to speak what it is given
PUBLISHER_TIMEOUT_S = 10.0
PAYLOAD_BYTES = 1024  # of the bare publish where no hub says what it sends


class BenchError(Exception):
    """A run did not reach everybody, so that its time would mean nothing."""


class Road(Protocol):
    """A way for an alert to reach the broker."""

    @property
    def topic(self) -> str:
        """Return the topic, at QoS 1, on which every alert of this road is published."""
        ...

    async def clear(self) -> None:
        """End the last alert, and return when nothing that came of it is on its way any more."""
        ...

    async def alert(self, marker: str) -> int:
        """Publish a payload that holds `marker`; return time.monotonic_ns() of when the alert was taken."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """When the first, the median and the last subscriber had the whole message, after it was taken."""

    first_ms: float
    median_ms: float
    last_ms: float
    payload_bytes: int
    duplicates: int


class BareRoad:
    """A publisher that does nothing else: one socket, one PUBLISH at QoS 1, one PUBACK."""

    def __init__(self, sock: socket.socket, topic: str, payload_bytes: int) -> None:
        self.topic = topic
        self.payload_bytes = payload_bytes
        self._sock = sock

    async def clear(self) -> None:
        """Do nothing: what was sent has been acknowledged."""

    async def alert(self, marker: str) -> int:
        """Publish the marker, filled up to the size."""
        packet = wire.publish(self.topic, marker.encode().ljust(self.payload_bytes, b"."), packet_id=1)
        loop = asyncio.get_running_loop()
        accepted_ns = time.monotonic_ns()
        await loop.sock_sendall(self._sock, packet)
        async with asyncio.timeout(PUBLISHER_TIMEOUT_S):
            await _read_exactly(self._sock, 4)  # the PUBACK
        return accepted_ns


@asynccontextmanager
async def bare_road(host: str, port: int, *, topic: str, payload_bytes: int = PAYLOAD_BYTES) -> AsyncIterator[BareRoad]:
    """Yield a connected bare publisher."""
    loop = asyncio.get_running_loop()
    with socket.socket() as sock:
        sock.setblocking(False)  # noqa: FBT003  the standard library's signature
        async with asyncio.timeout(PUBLISHER_TIMEOUT_S):
            await loop.sock_connect(sock, (host, port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.sock_sendall(sock, wire.connect("bench-publisher"))
            await _read_exactly(sock, 4)  # the CONNACK
        yield BareRoad(sock, topic, payload_bytes)


async def _read_exactly(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = await asyncio.get_running_loop().sock_recv(sock, count - len(data))
        if not more:
            raise BenchError("the broker closed the publisher's connection")
        data += more
    return data


class Subscribers:
    """The process with the subscribers (hub/bench/subscribers.py)."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def measure(self, road: Road) -> Run:
        """Send one alert by `road`; return when all have it.  Raises BenchError when not all had it in time."""
        await road.clear()
        await asyncio.sleep(PAUSE_S)
        marker = f"{secrets.randbelow(10**MARKER_DIGITS):0{MARKER_DIGITS}}"
        await self._say({"marker": marker, "timeout_s": RUN_TIMEOUT_S})
        await self._hear(PUBLISHER_TIMEOUT_S)  # "armed"
        accepted_ns = await road.alert(marker)
        figures = await self._hear(RUN_TIMEOUT_S * 2)
        if figures["got"] != figures["subscribers"]:
            raise BenchError(f"{figures['got']} of {figures['subscribers']} subscribers got the alert")
        return Run(
            first_ms=(figures["first_ns"] - accepted_ns) / 1e6,
            median_ms=(figures["median_ns"] - accepted_ns) / 1e6,
            last_ms=(figures["last_ns"] - accepted_ns) / 1e6,
            payload_bytes=figures["payload_bytes"],
            duplicates=figures["duplicates"],
        )

    async def ready(self) -> None:
        """Return when all have subscribed."""
        await self._hear(CONNECT_TIMEOUT_S)

    async def _say(self, order: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None  # noqa: S101  it was started with a pipe
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        await self._process.stdin.drain()

    async def _hear(self, timeout_s: float) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101  it was started with a pipe
        async with asyncio.timeout(timeout_s):
            line = await self._process.stdout.readline()
        if not line:
            raise BenchError("the subscribers' process ended; its last words are above")
        answer: dict[str, Any] = json.loads(line)
        return answer


@asynccontextmanager
async def subscribers(host: str, port: int, *, topic: str, count: int) -> AsyncIterator[Subscribers]:
    """Yield `count` connected subscribers to `topic`, in a process of their own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hub.bench.subscribers", host, str(port), topic, str(count)),
        stdin=PIPE,  # its end ends the process
        stdout=PIPE,
        cwd=PACKAGE_ROOT,
    )
    try:
        crowd = Subscribers(process)
        await crowd.ready()
        yield crowd
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def compare(
    host: str, port: int, *, devices: int, runs: int, bare: BareRoad, hub: Road | None
) -> Mapping[str, Any]:
    """Return the figures of `runs` runs of each road in turn, after one of each that does not count."""
    results: dict[str, list[Run]] = {"hub": [], "raw": []}
    async with subscribers(host, port, topic=bare.topic, count=devices) as crowd:
        for _ in range(runs + 1):
            if hub is not None:
                results["hub"].append(await crowd.measure(hub))
                bare.payload_bytes = results["hub"][-1].payload_bytes
            results["raw"].append(await crowd.measure(bare))
    return summary(devices=devices, raw=results["raw"][1:], hub=results["hub"][1:])


def summary(*, devices: int, raw: Sequence[Run], hub: Sequence[Run]) -> Mapping[str, Any]:
    """Return the medians over the runs; what the hub's road says is None where it was not measured."""
    raw_last_ms = statistics.median(run.last_ms for run in raw)
    hub_last_ms = statistics.median(run.last_ms for run in hub) if hub else None
    return {
        "devices": devices,
        "runs": len(raw),
        "payload_bytes": raw[-1].payload_bytes,
        "raw_first_ms": round(statistics.median(run.first_ms for run in raw), 3),
        "raw_median_ms": round(statistics.median(run.median_ms for run in raw), 3),
        "raw_last_ms": round(raw_last_ms, 3),
        "hub_first_ms": round(statistics.median(run.first_ms for run in hub), 3) if hub else None,
        "hub_median_ms": round(statistics.median(run.median_ms for run in hub), 3) if hub else None,
        "hub_last_ms": None if hub_last_ms is None else round(hub_last_ms, 3),
        "ratio": None if hub_last_ms is None else round(hub_last_ms / raw_last_ms, 3),
        # Run by run, since a shared machine's noise is in both: the pairs say more than the quotient of two medians.
        "ratio_of_pairs": round(statistics.median(h.last_ms / r.last_ms for h, r in zip(hub, raw, strict=True)), 3)
        if hub
        else None,
        "duplicates": sum(run.duplicates for run in (*raw, *hub)),
    }
