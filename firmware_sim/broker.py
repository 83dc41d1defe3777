"""A pretend MQTT broker in virtual time: retained messages, persistent sessions, QoS 1, last wills.

It knows nothing of lines and of time: it hands a message to a session's `deliver` while the session is connected, and
keeps what was not acknowledged.  What MQTT promises and no more: at least once, and in order.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

Payload = bytes | Callable[[], bytes]  # bytes, or what makes them when somebody reads them
QUEUE_MAX = 1_000  # Mosquitto's max_queued_messages


@dataclass(slots=True)
class Letter:
    """A message on its way to one session."""

    topic: str
    payload: Payload
    qos: int
    retained: bool = False

    def bytes(self) -> bytes:
        """Return the payload as it is read."""
        return self.payload if isinstance(self.payload, bytes) else self.payload()


@dataclass(slots=True)
class Session:
    """What the broker remembers of one client."""

    client: str
    deliver: Callable[["Session", int, Letter], None]
    filters: dict[str, int] = field(default_factory=dict)
    connected: bool = False
    epoch: int = 0  # counts connections: what was sent over an old one never arrives
    will: tuple[str, Payload, bool] | None = None
    unacknowledged: dict[int, Letter] = field(default_factory=dict)
    queue: deque[Letter] = field(default_factory=deque)
    _last: int = 0

    def send(self, letter: Letter) -> None:
        """Send now, or keep for later what must arrive."""
        if not self.connected:
            if letter.qos and len(self.queue) < QUEUE_MAX:
                self.queue.append(letter)
            return
        self._last += 1
        if letter.qos:
            self.unacknowledged[self._last] = letter
        self.deliver(self, self._last, letter)

    def acknowledge(self, number: int) -> None:
        """The client has it."""
        self.unacknowledged.pop(number, None)

    def resume(self) -> None:
        """Send what a former connection did not bring over, then what has queued up."""
        again = [*self.unacknowledged.values(), *self.queue]
        self.unacknowledged.clear()
        self.queue.clear()
        for letter in again:
            self.send(letter)


class PretendBroker:
    """One broker; whether it runs is the world's business."""

    def __init__(self) -> None:
        self.retained: dict[str, tuple[Payload, int]] = {}
        self.sessions: dict[str, Session] = {}
        self._plain: dict[str, dict[str, Session]] = {}  # filter -> client -> session
        self._odd: dict[str, dict[str, Session]] = {}  # filters with several wildcards: matched one by one

    def forget(self) -> None:
        """Lose everything, as a broker without a disk does when it restarts."""
        self.retained.clear()
        self.sessions.clear()
        self._plain.clear()
        self._odd.clear()

    def session(self, client: str, deliver: Callable[[Session, int, Letter], None]) -> Session:
        """Return the session of a client, a new one when there is none."""
        if client not in self.sessions:
            self.sessions[client] = Session(client, deliver)
        return self.sessions[client]

    def subscribe(self, session: Session, name: str, qos: int = 1) -> None:
        """Subscribe, and send what is retained there, also when it was subscribed before."""
        session.filters[name] = qos
        self._shelf(name).setdefault(name, {})[session.client] = session
        for topic in list(self._retained_in(name)):
            payload, published_qos = self.retained[topic]
            session.send(Letter(topic, payload, min(qos, published_qos), retained=True))

    def unsubscribe(self, session: Session, name: str) -> None:
        """Stop sending."""
        session.filters.pop(name, None)
        self._shelf(name).get(name, {}).pop(session.client, None)

    def publish(self, topic: str, payload: Payload, *, qos: int = 1, retain: bool = False) -> None:
        """Send to everybody who listens, once each; an empty retained payload clears what is retained."""
        if retain and payload:
            self.retained[topic] = (payload, qos)
        elif retain:
            self.retained.pop(topic, None)
        found: dict[str, tuple[Session, int]] = {}
        for name, listeners in self._matching(topic):
            for client, session in listeners.items():
                granted = min(qos, session.filters.get(name, 0))
                if client not in found or found[client][1] < granted:
                    found[client] = (session, granted)
        for session, granted in found.values():
            session.send(Letter(topic, payload, granted))

    def _shelf(self, name: str) -> dict[str, dict[str, Session]]:
        return self._plain if name.count("+") + name.count("#") <= 1 else self._odd

    def _matching(self, topic: str) -> Iterator[tuple[str, dict[str, Session]]]:
        """Yield the filters that match `topic`: the few with one wildcard are made, not searched."""
        plain = self._plain
        yield from ((name, plain[name]) for name in filters_of(topic) if name in plain)
        if self._odd:
            yield from ((name, listeners) for name, listeners in self._odd.items() if matches(name, topic))

    def _retained_in(self, name: str) -> Iterator[str]:
        if "+" not in name and "#" not in name:
            if name in self.retained:
                yield name
            return
        yield from (topic for topic in self.retained if matches(name, topic))


@lru_cache(maxsize=8192)
def filters_of(topic: str) -> tuple[str, ...]:
    """Return every filter with at most one wildcard that matches `topic`."""
    parts = topic.split("/")
    below = ("/".join(parts[:n]) + "/#" for n in range(1, len(parts) + 1))
    beside = ("/".join((*parts[:n], "+", *parts[n + 1 :])) for n in range(len(parts)))
    return (topic, "#", *below, *beside)


def matches(name: str, topic: str) -> bool:
    """Say whether the filter `name` matches `topic` (MQTT 3.1.1, 4.7)."""
    wanted, parts = name.split("/"), topic.split("/")
    for n, part in enumerate(wanted):
        if part == "#":
            return True
        if n >= len(parts) or part not in ("+", parts[n]):
            return False
    return len(wanted) == len(parts)
