"""Many lean subscribers in one process and one epoll loop: `python -m hub.bench.subscribers HOST PORT TOPIC COUNT`.

Lean, and still honest clients: each has its own connection and subscription at QoS 1, reads every byte of every
payload, looks for the run's marker in it, and acknowledges.  A retained message of an earlier run holds another marker
and does not count.  Times are of the machine's monotonic clock, which all its processes share.

It says `{"ready": N}` when all are subscribed.  A line `{"marker": …, "timeout_s": …}` on standard input is answered by
`{"armed": …}` at once, and by one line of figures when all have it or the time is over.  End of input ends it.
"""

import argparse
import json
import os
import resource
import select
import socket
import sys
import time
from collections.abc import Sequence
from typing import Any

from hub.bench import wire

READ_BYTES = 16 * 1024  # a sealed override in one piece; a larger buffer costs more to make than to fill
CONNECT_WINDOW = 50  # half of the backlog that brokers listen with; a lost SYN would cost a second
SUBSCRIBED_TIMEOUT_S = 60.0
IDLE = b""


class Subscriber:
    """One connection, and the bytes of a packet that is not whole yet."""

    __slots__ = ("done", "rest", "sock", "subscribed")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.rest = b""
        self.subscribed = False
        self.done = False


class Crowd:
    """All subscribers of one process."""

    def __init__(self, *, host: str, port: int, topic: str) -> None:
        self._host, self._port, self._topic = host, port, topic
        self._poll = select.epoll()
        self._by_fd: dict[int, Subscriber] = {}
        self._subscribed = 0
        self._marker = IDLE
        self._arrivals_ns: list[int] = []
        self._payload_bytes = 0
        self._duplicates = 0

    def connect(self, count: int) -> None:
        """Connect and subscribe `count` of them; raise TimeoutError when the broker does not let all in."""
        for n in range(count):
            sock = socket.create_connection((self._host, self._port), timeout=SUBSCRIBED_TIMEOUT_S)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.sendall(wire.connect(f"bench-{os.getpid()}-{n}") + wire.subscribe(self._topic))
            sock.setblocking(False)  # noqa: FBT003  the standard library's signature
            self._by_fd[sock.fileno()] = Subscriber(sock)
            self._poll.register(sock.fileno(), select.EPOLLIN)
            if (n + 1) % CONNECT_WINDOW == 0 or n + 1 == count:
                self._wait_until_subscribed(n + 1)

    def measure(self, marker: bytes, timeout_s: float) -> dict[str, Any]:
        """Wait until every subscriber has read a payload that holds `marker`, and return the figures."""
        self._marker, self._arrivals_ns, self._duplicates = marker, [], 0
        for subscriber in self._by_fd.values():
            subscriber.done = False
        print(json.dumps({"armed": marker.decode()}), flush=True)
        deadline = time.monotonic() + timeout_s
        while len(self._arrivals_ns) < len(self._by_fd) and (left := deadline - time.monotonic()) > 0:
            self._pump(left)
        self._marker = IDLE
        arrivals = self._arrivals_ns
        return {
            "subscribers": len(self._by_fd),
            "got": len(arrivals),
            "first_ns": arrivals[0] if arrivals else None,
            "median_ns": arrivals[len(arrivals) // 2] if arrivals else None,
            "last_ns": arrivals[-1] if arrivals else None,
            "payload_bytes": self._payload_bytes,
            "duplicates": self._duplicates,
        }

    def watch(self, control: int) -> None:
        """Serve the lines on the file descriptor `control` until its end, and the broker in between."""
        self._poll.register(control, select.EPOLLIN)
        text = b""
        while True:
            if control not in self._pump(None):
                continue
            got = os.read(control, 4096)
            if not got:
                return
            text += got
            while b"\n" in text:
                line, _, text = text.partition(b"\n")
                order = json.loads(line)
                print(json.dumps(self.measure(order["marker"].encode(), order["timeout_s"])), flush=True)

    def _wait_until_subscribed(self, count: int) -> None:
        deadline = time.monotonic() + SUBSCRIBED_TIMEOUT_S
        while self._subscribed < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self._subscribed} of {count} subscribed")
            self._pump(1.0)

    def _pump(self, timeout_s: float | None) -> Sequence[int]:
        """Read from every socket that has something; return the descriptors that had."""
        ready = [fd for fd, _ in self._poll.poll(timeout_s, 4096)]
        for fd in ready:
            subscriber = self._by_fd.get(fd)
            if subscriber is not None:
                self._read(subscriber)
        return ready

    def _read(self, subscriber: Subscriber) -> None:
        data = subscriber.sock.recv(READ_BYTES)
        if not data:
            raise ConnectionError("the broker closed a subscriber's connection")
        if subscriber.rest:
            data = subscriber.rest + data
        position, end = 0, len(data)
        while position < end:
            found = wire.frame(data, position)
            if found is None or found[1] > end:
                break
            self._take(subscriber, data[position], data[found[0] : found[1]])
            position = found[1]
        subscriber.rest = data[position:]

    def _take(self, subscriber: Subscriber, first: int, body: bytes) -> None:
        kind = first & 0xF0
        if kind == wire.PUBLISH:
            packet_id_at = 2 + int.from_bytes(body[:2])
            payload_at = packet_id_at + (2 if first & wire.QOS_1 else 0)
            if self._marker and body.find(self._marker, payload_at) >= 0:
                self._count(subscriber, len(body) - payload_at)
            if first & wire.QOS_1:
                subscriber.sock.send(wire.puback(body[packet_id_at:payload_at]))
        elif kind == wire.SUBACK and not subscriber.subscribed:
            if body[-1] == wire.FAILURE:
                raise ConnectionError("the broker refused a subscription")
            subscriber.subscribed = True
            self._subscribed += 1
        elif kind == wire.CONNACK and body[1] != 0:
            raise ConnectionError(f"the broker refused a connection with {body[1]}")

    def _count(self, subscriber: Subscriber, payload_bytes: int) -> None:
        if subscriber.done:
            self._duplicates += 1
            return
        subscriber.done = True
        self._arrivals_ns.append(time.monotonic_ns())
        self._payload_bytes = payload_bytes


def allow_open_files(count: int) -> None:
    """Raise this process's limit of open files, which its children inherit, to `count` where the machine lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def main() -> None:
    """Connect, say so, and serve the orders on standard input."""
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("topic")
    parser.add_argument("count", type=int)
    args = parser.parse_args()
    crowd = Crowd(host=args.host, port=args.port, topic=args.topic)
    crowd.connect(args.count)
    print(json.dumps({"ready": args.count}), flush=True)
    crowd.watch(sys.stdin.fileno())


if __name__ == "__main__":
    main()
