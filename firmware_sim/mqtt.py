"""EDGE: one core on a real broker.

    async with Loudspeaker(identity, Broker("127.0.0.1", 1883), Path("flash/loa-0001")) as speaker: ...

Three tasks live as long as the speaker has power: `core` takes events one by one and does what follows, `line` keeps a
connection to the broker for ever, `horn` sounds.  Power can be taken away at any moment, also with kill -9.
"""

import asyncio
import logging
import random
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import aiomqtt

from devices.protocol.ids import AssetDigest, DeviceId
from firmware_sim.core import DeviceCore
from firmware_sim.disk import STORED, Disk
from firmware_sim.events import (
    Connected,
    Disconnected,
    Effect,
    Event,
    LevelHeard,
    NtpSynced,
    Play,
    PlaybackFailed,
    PoweredOn,
    Publish,
    Received,
    Restart,
    Silence,
    StoreFailed,
    Subscribe,
    Unsubscribe,
    Woke,
)
from firmware_sim.horn import AirCheck, Decoder, Horn
from firmware_sim.identity import Identity
from firmware_sim.settings import Settings

log = logging.getLogger(__name__)

KEEPALIVE_S = 30  # the contract's
RETRY_S = 1.0  # doubles
RETRY_MAX_S = 60.0
CALL_TIMEOUT_S = 20.0  # one packet and its answer; a 2G line with a queue in front of it
EVENTS_MAX = 256  # what waits behind them waits in INCOMING_MAX
INCOMING_MAX = 4_096  # an asset of 32 MiB in chunks, and room
OUTGOING_MAX = 4_096
LAST_WORDS_S = 2.0
SOUNDED_MAX = 1_000
MS = 1_000_000  # nanoseconds

Said = Publish | Subscribe | Unsubscribe


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker listens."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None


@dataclass(frozen=True, slots=True)
class Sounded:
    """What the horn was told, and when by the machine's clock (UTC ms)."""

    at_ms: int
    digest: AssetDigest | None
    position_ms: int = 0


class Loudspeaker:
    """A device with its flash in a directory.  `async with` is its mains switch."""

    def __init__(
        self,
        identity: Identity,
        broker: Broker,
        directory: Path,
        aircheck: Path | None = None,
        *,
        settings: Settings | None = None,
        decoder: Decoder | None = None,
        sync: bool = True,
        skew_ms: int = 0,
        ntp: bool = False,
    ) -> None:
        """`skew_ms`: what its RTC is wrong by.  `ntp`: a time server answers.  `sync`: see Disk."""
        self.identity = identity
        self.broker = broker
        self.disk = Disk(directory, sync=sync)
        self.skew_ms = skew_ms
        self.line_up = True
        self.core = DeviceCore(identity, settings)
        self.sounded: deque[Sounded] = deque(maxlen=SOUNDED_MAX)
        self.power_ups = 0
        self._settings = settings
        self._ntp = ntp
        self._aircheck = aircheck
        self._decoder = decoder or Decoder()
        self._events: asyncio.Queue[Event] = asyncio.Queue(EVENTS_MAX)
        self._outgoing: deque[Said] = deque()
        self._something_to_say = asyncio.Event()
        self._changed = asyncio.Condition()
        self._off = asyncio.Event()  # this power-up must end
        self._off_s = 0.0
        self._ending = False
        self._talked = False  # the present attempt came through
        self._last_words = False  # a restart by command waits until everything is said
        self._client: aiomqtt.Client | None = None
        self._horn: Horn | None = None
        self._stack = AsyncExitStack()
        self._clock_base_ms = 0

    # --- for whoever watches ------------------------------------------------------------------------------------

    @property
    def device(self) -> DeviceId:
        """Return its id."""
        return self.identity.device

    @property
    def sounding(self) -> AssetDigest | None:
        """Return the digest that sounds now."""
        told = self.core.stage.sounding
        return told.digest if told else None

    @property
    def aircheck(self) -> AirCheck | None:
        """Return the recording of what it sounded, when one was asked for."""
        return self._horn.aircheck if self._horn else None

    def own_ms(self) -> int:
        """Return what its own clock shows: the RTC at power-up and a count that only goes up."""
        return self._clock_base_ms + time.monotonic_ns() // MS

    async def until(self, holds: Callable[[DeviceCore], bool], timeout_s: float = 30.0) -> None:
        """Return as soon as `holds(core)`; TimeoutError when it does not in time."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(lambda: holds(self.core))

    # --- power --------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        try:
            group = await self._stack.enter_async_context(asyncio.TaskGroup())
            mains = group.create_task(self._mains(), name=f"mains {self.device}")
            self._stack.callback(mains.cancel)
            async with self._changed:
                await self._changed.wait_for(lambda: self.power_ups > 0)
        except BaseException:
            await self._stack.__aexit__(*sys.exc_info())
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: object) -> None:
        if isinstance(exc, asyncio.CancelledError):  # perhaps by a task of ours that failed: the group knows
            await self._stack.__aexit__(kind, exc, exc.__traceback__)
        else:
            await self._stack.aclose()

    async def restart(self, off_s: float = 0.0, *, skew_ms: int | None = None) -> None:
        """Take power away without a word, give it back after a while, and return then."""
        self.skew_ms = self.skew_ms if skew_ms is None else skew_ms
        before = self.power_ups
        _break(self._client)  # the broker says that it is gone, as when power is lost
        self._off_s = off_s
        self._off.set()
        async with self._changed:
            await self._changed.wait_for(lambda: self.power_ups > before)

    def cut(self) -> None:
        """Cut the line, until `heal`."""
        self.line_up = False
        _break(self._client)

    def heal(self) -> None:
        """Mend the line."""
        self.line_up = True

    async def _mains(self) -> None:
        """Be powered up, again and again."""
        while True:
            await self._power_up()
            await asyncio.sleep(self._off_s)

    async def _power_up(self) -> None:
        """One power-up; returns when it is over."""
        self._clock_base_ms = time.time_ns() // MS + self.skew_ms - time.monotonic_ns() // MS
        self._events, self._outgoing = asyncio.Queue(EVENTS_MAX), deque()
        self._off.clear()
        self._ending = False
        self._off_s = 0.0
        memory, shelf = await asyncio.to_thread(self.disk.power_up)
        self.core = DeviceCore(self.identity, self._settings)
        self._horn = Horn(
            decoder=self._decoder,
            read=self.disk.read_asset,
            own_ms=self.own_ms,
            tell=self._tell,
            aircheck=self._aircheck,
        )
        self.power_ups += 1
        await self._handle(PoweredOn(memory=memory, shelf=shelf))
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._live(), name=f"core {self.device}"),
                group.create_task(self._line(), name=f"line {self.device}"),
                group.create_task(self._horn.run(), name=f"horn {self.device}"),
            ]
            try:
                await self._off.wait()
            finally:
                self._ending = True
            for task in tasks:
                task.cancel()

    # --- the core -----------------------------------------------------------------------------------------------

    async def _tell(self, event: LevelHeard | PlaybackFailed) -> None:
        await self._events.put(event)

    async def _live(self) -> None:
        """Give events to the core, one by one, and wake it when it asked for that."""
        if self._ntp:
            await self._handle(NtpSynced(time.time_ns() // MS))
        while True:
            await self._handle(await self._next_event())

    async def _next_event(self) -> Event:
        wakes_ms = self.core.wakes_at()
        wait_s = None if wakes_ms is None else max(0.0, (wakes_ms - self.own_ms()) / 1000)
        try:
            async with asyncio.timeout(wait_s):
                return await self._events.get()
        except TimeoutError:
            return Woke()

    async def _handle(self, event: Event) -> None:
        effects, failed = self.core.handle(event, self.own_ms()), list[StoreFailed]()
        for stored, effect in _grouped(effects):
            failed += await asyncio.to_thread(self.disk.store, stored) if stored else []
            if effect is not None:
                self._do(effect)
        for failure in failed:
            await self._handle(failure)
        async with self._changed:
            self._changed.notify_all()

    def _do(self, effect: Effect) -> None:
        match effect:
            case Publish() | Subscribe() | Unsubscribe():
                self._say(effect)
            case Play(digest=digest, position_ms=position_ms, volume_percent=volume_percent):
                self.sounded.append(Sounded(time.time_ns() // MS, digest, position_ms))
                if self._horn:
                    self._horn.play(digest, position_ms, volume_percent)
            case Silence():
                self.sounded.append(Sounded(time.time_ns() // MS, None))
                if self._horn:
                    self._horn.silence()
            case Restart():
                self._last_words = True
                self._something_to_say.set()

    def _say(self, effect: Said) -> None:
        if len(self._outgoing) >= OUTGOING_MAX:  # a line this slow is no line: connect anew, the core says it all again
            _break(self._client)
            return
        self._outgoing.append(effect)
        self._something_to_say.set()

    # --- the line -----------------------------------------------------------------------------------------------

    async def _line(self) -> None:
        """Connect, again and again, for ever."""
        attempt = 0
        while True:
            self._talked = False
            try:
                if self.line_up:
                    async with self._connect() as client:
                        await self._talk(client)
            except* aiomqtt.MqttError as errors:
                facts = {"action": "line_lost", "device": self.device, "why": str(errors.exceptions[0])[:200]}
                log.debug("connection to the broker lost", extra=facts)
            if self._ending:  # a good-bye that failed must not eat the cancellation
                raise asyncio.CancelledError
            attempt = 0 if self._talked else min(attempt + 1, 8)
            if self._talked:
                await self._events.put(Disconnected())
            wait_s = min(RETRY_S * 2**attempt, RETRY_MAX_S)
            await asyncio.sleep(wait_s * (1 - random.random() / 4))  # noqa: S311 - a province must not come in step

    def _connect(self) -> aiomqtt.Client:
        will = self.core.will()
        return aiomqtt.Client(
            self.broker.host,
            self.broker.port,
            username=self.broker.username,
            password=self.broker.password,
            identifier=self.device,
            clean_session=False,
            keepalive=KEEPALIVE_S,
            timeout=CALL_TIMEOUT_S,
            will=aiomqtt.Will(will.topic, will.payload(), will.qos, will.retain),
            max_queued_incoming_messages=INCOMING_MAX,
        )

    async def _talk(self, client: aiomqtt.Client) -> None:
        """Be connected until the line breaks."""
        if self._ending:  # connecting has eaten the cancellation, see _cancelled
            raise asyncio.CancelledError
        self._client, self._talked = client, True
        self._outgoing = deque(effect for effect in self._outgoing if isinstance(effect, Publish))
        await self._events.put(Connected())
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen(client), name=f"listen {self.device}")
                group.create_task(self._speak(client), name=f"speak {self.device}")
        except asyncio.CancelledError:
            await self._part(client)
            raise
        finally:
            self._client = None
            _read_fate(client)

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            await self._events.put(Received(str(message.topic), message.payload, message.retain))

    async def _speak(self, client: aiomqtt.Client) -> None:
        """Send in order; what was not taken by the broker stays and is sent over the next connection."""
        while True:
            while self._outgoing:
                await _send(client, self._outgoing[0])
                self._outgoing.popleft()
                if _cancelled():
                    raise asyncio.CancelledError
            if self._last_words:
                self._last_words = False
                self._off.set()
            self._something_to_say.clear()
            await self._something_to_say.wait()

    async def _part(self, client: aiomqtt.Client) -> None:
        """Say the last will ourselves: a clean good-bye makes the broker forget it."""
        if self._off.is_set():
            return  # power is lost: nobody says anything
        with suppress(aiomqtt.MqttError, TimeoutError):
            async with asyncio.timeout(LAST_WORDS_S):
                await _send(client, self.core.will())


def _cancelled() -> bool:
    """Say whether this task was cancelled while it waited for an answer that came at the same moment.

    Before Python 3.12 `asyncio.wait_for`, on which aiomqtt waits, returns the answer then and eats the cancellation.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _send(client: aiomqtt.Client, effect: Said) -> None:
    match effect:
        case Publish(topic=topic, qos=qos, retain=retain):
            await client.publish(topic, effect.payload(), qos, retain)
        case Subscribe(filter=name):
            await client.subscribe(name, 1)
        case Unsubscribe(filter=name):
            await client.unsubscribe(name)


def _read_fate(client: aiomqtt.Client) -> None:
    """Read why a connection ended: aiomqtt does not on its way out, and asyncio then complains of an error unread."""
    fate = client._disconnected
    if fate.done() and not fate.cancelled():
        fate.exception()


def _break(client: aiomqtt.Client | None) -> None:
    """Break a connection without MQTT's good-bye, as a cut line does."""
    line = client._client.socket() if client else None
    if isinstance(line, socket.socket):
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)


def _grouped(effects: tuple[Effect, ...]) -> Iterator[tuple[list[Effect], Effect | None]]:
    """Yield each effect that is not storing, with the storing ones before it: one thread call for several writes."""
    stored: list[Effect] = []
    for effect in effects:
        if isinstance(effect, STORED):
            stored.append(effect)
        else:
            yield stored, effect
            stored = []
    if stored:
        yield stored, None
