"""One connection to a real Mosquitto that dies, comes back, forgets and hangs; the loop goes on all the while."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from devices import gateway as gateway_module
from devices.gateway import Broker, Gateway, Incoming, NotSent
from hub.bench.mosquitto import Mosquitto, free_port

pytestmark = [pytest.mark.alone, pytest.mark.mosquitto]
WAIT_S = 20.0
LAG_MAX_S = 0.5  # two busy cores; a blocking call to a dead broker takes seconds


@pytest.fixture(autouse=True)
def quick_to_return(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_module, "RETRY_FIRST_S", 0.05)
    monkeypatch.setattr(gateway_module, "RETRY_MAX_S", 0.2)


def at(broker: Mosquitto) -> Broker:
    return Broker(host=broker.host, port=broker.port)


class Listener:
    """What one gateway has received."""

    def __init__(self, broker: Broker, *filters: str, name: str = "listener", persistent: bool = False) -> None:
        self.messages: list[Incoming] = []
        self._news = asyncio.Event()
        self.gateway = Gateway(broker, name, filters=filters, receive=self._take, persistent=persistent)

    def _take(self, message: Incoming) -> None:
        self.messages.append(message)
        self._news.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not holds():
                self._news.clear()
                await self._news.wait()

    @property
    def payloads(self) -> list[bytes]:
        return [message.payload for message in self.messages]


async def connected(*gateways: Gateway) -> None:
    async with asyncio.timeout(WAIT_S):
        for gateway in gateways:
            await gateway.wait_connected()


async def disconnected(gateway: Gateway) -> None:
    async with asyncio.timeout(WAIT_S):
        while gateway.connected:  # noqa: ASYNC110 - nothing tells of an end
            await asyncio.sleep(0.01)


@asynccontextmanager
async def a_loop_that_never_hangs() -> AsyncIterator[None]:
    """Fail when any turn of the loop kept the processor too long while the block lasted.

    Processor time, not the wall clock: a machine that does other work as well says nothing about us.  Calls that wait
    are found by the watch that every test has.
    """
    worst = 0.0

    async def watch() -> None:
        nonlocal worst
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.01)
            worst = max(worst, time.thread_time() - before)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    assert worst < LAG_MAX_S, f"a turn of the loop took {worst:.2f} s of processor time"


async def again(send: Callable[[], Awaitable[None]]) -> None:
    """Send as the dispatcher does: until the broker has it."""
    async with asyncio.timeout(WAIT_S):
        while True:
            try:
                return await send()
            except NotSent:
                await asyncio.sleep(0.02)


async def test_bytes_arrive_as_they_were_sent_with_the_brokers_own_word_on_retained(mosquitto: Mosquitto) -> None:
    sender = Gateway(at(mosquitto), "sender")
    early, late = Listener(at(mosquitto), "t/#", name="early"), Listener(at(mosquitto), "t/#", name="late")
    payload = bytes(range(256)) * 1_000
    async with sender.running(), early.gateway.running():
        await connected(sender, early.gateway)
        await sender.publish("t/a", payload, retain=True)
        await early.until(lambda: bool(early.messages))
        async with late.gateway.running():
            await late.until(lambda: bool(late.messages))
    assert [(one.topic, one.payload, one.retained) for one in early.messages] == [("t/a", payload, False)]
    assert [(one.topic, one.payload, one.retained) for one in late.messages] == [("t/a", payload, True)]


async def test_a_broker_that_is_not_there_yet_is_waited_for(mosquitto: Mosquitto) -> None:
    await asyncio.to_thread(mosquitto.stop)
    gateway = Gateway(at(mosquitto), "g")
    async with a_loop_that_never_hangs(), gateway.running():
        await asyncio.sleep(0.5)
        assert not gateway.connected
        await asyncio.to_thread(mosquitto.start)
        await connected(gateway)
        await gateway.publish("t", b"x")


async def test_it_comes_back_again_and_again_and_subscribes_each_time(mosquitto: Mosquitto) -> None:
    sender, listener = Gateway(at(mosquitto), "sender"), Listener(at(mosquitto), "a/+", "b/#")
    async with a_loop_that_never_hangs(), sender.running(), listener.gateway.running():
        for n in range(4):
            await connected(sender, listener.gateway)
            await again(lambda n=n: sender.publish(f"a/{n}", b"%d" % n))
            await again(lambda n=n: sender.publish(f"b/c/{n}", b"%d" % n))
            await listener.until(lambda n=n: {f"a/{n}", f"b/c/{n}"} <= {one.topic for one in listener.messages})
            await asyncio.to_thread(mosquitto.kill)
            await disconnected(sender)
            await disconnected(listener.gateway)
            await asyncio.to_thread(mosquitto.start)
        await connected(sender, listener.gateway)
    assert sender.connects == 5
    assert listener.gateway.connects == 5


async def test_a_broker_killed_in_the_middle_of_publishing_loses_nothing_that_was_not_called_sent(
    mosquitto: Mosquitto,
) -> None:
    sender, listener = Gateway(at(mosquitto), "sender"), Listener(at(mosquitto), "t/#")
    count = 400
    retried: set[bytes] = set()

    async def send(n: int) -> None:
        async def once() -> None:
            try:
                await sender.publish(f"t/{n}", b"%d" % n, retain=True)
            except NotSent:
                retried.add(b"%d" % n)
                raise

        await again(once)

    async with a_loop_that_never_hangs(), sender.running(), listener.gateway.running():
        await connected(sender, listener.gateway)
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            for n in range(count // 2):
                group.create_task(send(n))
            await listener.until(lambda: len(listener.messages) > 20)
            os.kill(mosquitto.pid, signal.SIGSTOP)  # bytes go out, and no answer comes any more
            for n in range(count // 2, count):
                group.create_task(send(n))
            await asyncio.sleep(0.1)
            await asyncio.to_thread(mosquitto.kill)
            await asyncio.to_thread(mosquitto.start)
        # What the dead broker had taken is its own loss; what it had not taken was sent again, and nobody was lied to.
        assert len(retried) >= gateway_module.INFLIGHT_MAX  # the others had not left
        await listener.until(lambda: retried <= set(listener.payloads))


async def test_everybody_who_waits_is_told_at_once_when_the_connection_is_lost(mosquitto: Mosquitto) -> None:
    gateway = Gateway(at(mosquitto), "g")
    async with a_loop_that_never_hangs(), gateway.running():
        await connected(gateway)
        os.kill(mosquitto.pid, signal.SIGSTOP)  # it takes the bytes and answers nothing
        sending = [asyncio.create_task(gateway.publish(f"t/{n}", b"x")) for n in range(20)]
        await asyncio.sleep(0.2)
        assert not any(task.done() for task in sending)
        begun = time.monotonic()
        await asyncio.to_thread(mosquitto.kill)
        answers = await asyncio.gather(*sending, return_exceptions=True)
        assert time.monotonic() - begun < gateway_module.PUBLISH_TIMEOUT_S / 2
    assert all(isinstance(answer, NotSent) for answer in answers)


async def test_a_broker_that_hangs_is_an_answer_after_the_time_out(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_module, "PUBLISH_TIMEOUT_S", 0.3)
    gateway = Gateway(at(mosquitto), "g")
    async with a_loop_that_never_hangs(), gateway.running():
        await connected(gateway)
        os.kill(mosquitto.pid, signal.SIGSTOP)
        try:
            with pytest.raises(NotSent):
                await gateway.publish("t", b"x")
        finally:
            os.kill(mosquitto.pid, signal.SIGCONT)
        await again(lambda: gateway.publish("t", b"x"))


async def test_publishing_without_a_connection_waits_for_it_and_not_for_ever(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread(mosquitto.stop)
    monkeypatch.setattr(gateway_module, "PUBLISH_TIMEOUT_S", 0.3)
    gateway = Gateway(at(mosquitto), "g")
    async with gateway.running():
        with pytest.raises(NotSent, match=r"not taken within 0\.3 s"):
            await gateway.publish("t", b"x")
        monkeypatch.setattr(gateway_module, "PUBLISH_TIMEOUT_S", 10.0)
        waiting = asyncio.create_task(gateway.publish("t", b"x"))
        await asyncio.to_thread(mosquitto.start)
        async with asyncio.timeout(WAIT_S):
            await waiting


async def test_many_more_publishes_than_may_be_under_way_all_arrive(mosquitto: Mosquitto) -> None:
    sender, listener = Gateway(at(mosquitto), "sender"), Listener(at(mosquitto), "t/#")
    async with a_loop_that_never_hangs(), sender.running(), listener.gateway.running():
        await connected(sender, listener.gateway)
        async with asyncio.timeout(WAIT_S):
            await asyncio.gather(*(sender.publish(f"t/{n}", b"%d" % n) for n in range(2_000)))
        await listener.until(lambda: len(listener.messages) == 2_000)
    assert listener.payloads == [b"%d" % n for n in range(2_000)]  # and in order


async def test_a_persistent_session_gets_what_was_said_while_it_was_away(mosquitto: Mosquitto) -> None:
    sender, listener = Gateway(at(mosquitto), "sender"), Listener(at(mosquitto), "t/#", persistent=True)
    async with sender.running():
        async with listener.gateway.running():
            await connected(sender, listener.gateway)
        await sender.publish("t/1", b"x")
        async with listener.gateway.running():
            await listener.until(lambda: listener.payloads == [b"x"])


async def test_leaving_ends_the_connection_and_what_the_block_raises_comes_out_as_it_is(mosquitto: Mosquitto) -> None:
    gateway = Gateway(at(mosquitto), "g")
    with pytest.raises(LookupError, match="mine"):
        async with gateway.running():
            await connected(gateway)
            raise LookupError("mine")
    assert not gateway.connected


async def test_an_address_where_nobody_listens_blocks_nobody() -> None:
    nowhere = Gateway(Broker(host="127.0.0.1", port=free_port()), "g")
    async with a_loop_that_never_hangs(), nowhere.running():
        await asyncio.sleep(0.5)
        assert (nowhere.connected, nowhere.connects) == (False, 0)
