"""EDGE: one connection to a broker that is made again for ever; bytes in, bytes out, nothing understood.

GatewayError
└── NotSent     the broker did not take a message in time; the same bytes may be sent again
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiomqtt

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 10.0  # a broker on the far side of a 4G link answers in two; after ten it will not
PUBLISH_TIMEOUT_S = 10.0  # longer than one modem re-attach
KEEP_ALIVE_S = 30  # a half-open socket is noticed within 45 s (peers: stale messages after longer ones)
RETRY_FIRST_S, RETRY_MAX_S = 0.2, 10.0  # quick enough for an emergency, slow enough for a broker that starts
INCOMING_MAX = 20_000  # two states of each of 10,000 loudspeakers after a broker restart
INFLIGHT_MAX = 100  # publishes that wait for their PUBACK; the broker's own default window is 20


class GatewayError(Exception):
    """Base of all errors of the gateway."""


class NotSent(GatewayError):
    """The broker did not take the message; trying again helps."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as it came."""

    topic: str
    payload: bytes
    retained: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where the broker is."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None


class Gateway:
    """A broker connection that reconnects and subscribes again by itself, while `running()` is entered."""

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        *,
        filters: tuple[str, ...] = (),
        at_most_once: tuple[str, ...] = (),
        receive: Callable[[Incoming], None] | None = None,
        persistent: bool = False,
    ) -> None:
        self.broker = broker
        self.client_id = client_id
        self.filters = {name: 0 if name in at_most_once else 1 for name in (*filters, *at_most_once)}
        self.receive = receive
        self.persistent = persistent
        self.connects = 0
        self.dropped = 0
        self._client: aiomqtt.Client | None = None
        self._lost = asyncio.Event()
        self._up = asyncio.Event()
        self._window = asyncio.Semaphore(INFLIGHT_MAX)

    @property
    def connected(self) -> bool:
        """Whether the broker is there now."""
        return self._up.is_set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Gateway"]:
        """Keep the connection up until the block ends; what the block raises leaves it as it is."""
        group = asyncio.TaskGroup()
        await group.__aenter__()
        task = group.create_task(self.run(), name=f"gateway[{self.client_id}]")
        try:
            yield self
        finally:
            task.cancel()
            await group.__aexit__(None, None, None)

    async def run(self) -> None:
        """Connect, subscribe, receive; for ever."""
        wait_s = RETRY_FIRST_S
        while True:
            _let_through()
            try:
                await self._session()
                wait_s = RETRY_FIRST_S
            except (aiomqtt.MqttError, OSError, TimeoutError) as exc:
                if self.connected:
                    wait_s = RETRY_FIRST_S
                log.warning("broker not reached", extra={"action": "broker_lost", "why": str(exc)[:200]})
            finally:
                self._down()
            await asyncio.sleep(wait_s * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, not a secret
            wait_s = min(wait_s * 2, RETRY_MAX_S)

    async def wait_connected(self) -> None:
        """Return when the broker is there."""
        await self._up.wait()

    async def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> None:
        """Return when the broker has taken the message.  Raises NotSent."""
        try:
            async with asyncio.timeout(PUBLISH_TIMEOUT_S), self._window:
                await self._up.wait()
                await self._publish(topic, payload, qos, retain)
        except TimeoutError as exc:
            raise NotSent(f"{topic}: not taken within {PUBLISH_TIMEOUT_S} s") from exc

    async def _publish(self, topic: str, payload: bytes, qos: int, retain: bool) -> None:  # noqa: FBT001 - MQTT's own
        client, lost = self._client, self._lost
        if client is None:
            raise NotSent(f"{topic}: no connection")
        sending = asyncio.ensure_future(
            client.publish(topic, payload, qos=qos, retain=retain, timeout=PUBLISH_TIMEOUT_S)
        )
        losing = asyncio.ensure_future(lost.wait())
        try:
            await asyncio.wait({sending, losing}, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                raise NotSent(f"{topic}: the connection was lost")
            sending.result()
        except aiomqtt.MqttError as exc:
            raise NotSent(f"{topic}: {exc}") from exc
        finally:
            sending.cancel()
            losing.cancel()

    async def _session(self) -> None:
        client = aiomqtt.Client(
            self.broker.host,
            self.broker.port,
            username=self.broker.username,
            password=self.broker.password,
            identifier=self.client_id,
            clean_session=not self.persistent,
            protocol=aiomqtt.ProtocolVersion.V311,
            keepalive=KEEP_ALIVE_S,
            timeout=CONNECT_TIMEOUT_S,
            max_inflight_messages=INFLIGHT_MAX,
            max_queued_incoming_messages=INCOMING_MAX,
        )
        client.pending_calls_threshold = 2 * INFLIGHT_MAX
        async with client:
            self._client = client
            for name, qos in self.filters.items():
                await client.subscribe(name, qos=qos)
            self.connects += 1
            self._lost = asyncio.Event()
            self._up.set()
            log.info("broker reached", extra={"action": "broker_reached", "client": self.client_id})
            _let_through()
            async for message in client.messages:
                self._take(message)

    def _take(self, message: aiomqtt.Message) -> None:
        if self.receive is not None:
            self.receive(Incoming(str(message.topic), message.payload, bool(message.retain)))

    def _down(self) -> None:
        self._up.clear()
        self._lost.set()
        self._client = None


def _let_through() -> None:
    """Raise CancelledError when this task has been cancelled: `wait_for`, inside the client, may have swallowed it."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
