"""What Loa asks of any broker, over the embedded one and over Mosquitto, with MQTT 3.1.1 as every device speaks it."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol

import aiomqtt
import pytest

from hub.bench.mosquitto import Mosquitto
from hub.broker import EmbeddedBroker

WAIT_S = 10.0
STATE = "loa/1/dev/loa-0001/state"
OVERRIDE = "loa/1/area/26734/override"


class Broker(Protocol):
    host: str
    port: int


@pytest.fixture(params=["embedded_broker", "mosquitto"])
def broker(request: pytest.FixtureRequest) -> Broker:
    running: Broker = request.getfixturevalue(request.param)
    return running


def client(
    broker: Broker, name: str, *, will: aiomqtt.Will | None = None, clean_session: bool = True
) -> aiomqtt.Client:
    return aiomqtt.Client(
        broker.host,
        broker.port,
        identifier=name,
        protocol=aiomqtt.ProtocolVersion.V311,
        will=will,
        clean_session=clean_session,
        timeout=WAIT_S,
    )


@asynccontextmanager
async def subscriber(broker: Broker, topic: str, name: str = "listener") -> AsyncIterator[aiomqtt.Client]:
    async with client(broker, name) as listener:
        await listener.subscribe(topic, qos=1)
        yield listener


async def received(listener: aiomqtt.Client, count: int = 1) -> list[aiomqtt.Message]:
    """Return the next `count` messages; a time-out fails the test."""
    messages: list[aiomqtt.Message] = []
    async with asyncio.timeout(WAIT_S):
        async for message in listener.messages:
            messages.append(message)
            if len(messages) == count:
                return messages
    raise AssertionError("the stream of messages ended")


async def break_connection(broken: aiomqtt.Client) -> None:
    """Cut the connection as a power cut does; the library has no way to be that rude."""
    broken._client.socket().shutdown(socket.SHUT_RDWR)
    await connection_ends(broken)


async def connection_ends(ending: aiomqtt.Client) -> None:
    with pytest.raises(aiomqtt.MqttError):
        async with asyncio.timeout(WAIT_S):
            async for _ in ending.messages:
                pass


@asynccontextmanager
async def doomed(client: aiomqtt.Client) -> AsyncIterator[aiomqtt.Client]:
    """Open a connection that will not be there any more when it is closed."""
    await client.__aenter__()
    try:
        yield client
    finally:
        with suppress(aiomqtt.MqttError):
            await client.__aexit__(None, None, None)


async def test_a_retained_message_is_given_to_who_comes_later(broker: Broker) -> None:
    async with client(broker, "hub") as hub:
        await hub.publish(OVERRIDE, b"first", qos=1, retain=True)
        await hub.publish(OVERRIDE, b"second", qos=1, retain=True)
    async with subscriber(broker, "loa/1/area/+/override") as late:
        [message] = await received(late)
    assert (message.payload, message.retain) == (b"second", True)


async def test_who_comes_late_gets_the_retained_state_of_every_device(broker: Broker) -> None:
    states = {f"loa/1/dev/loa-{n:04}/state" for n in range(300)}
    async with client(broker, "hub") as hub, client(broker, "late") as late:
        for topic in states:
            await hub.publish(topic, b"online", qos=1, retain=True)
        await late.subscribe("loa/1/dev/+/state", qos=0)  # at QoS 1 the embedded broker stops after 100
        messages = await received(late, len(states))
    assert {str(message.topic) for message in messages} == states


async def test_a_message_to_a_present_subscriber_is_not_marked_as_retained(broker: Broker) -> None:
    async with subscriber(broker, OVERRIDE) as present, client(broker, "hub") as hub:
        await hub.publish(OVERRIDE, b"now", qos=1, retain=True)
        [message] = await received(present)
    assert (message.payload, message.retain, message.qos) == (b"now", False, 1)


async def test_an_empty_retained_message_clears_the_topic(broker: Broker) -> None:
    async with client(broker, "hub") as hub:
        await hub.publish(OVERRIDE, b"active", qos=1, retain=True)
        await hub.publish(OVERRIDE, b"", qos=1, retain=True)
        async with subscriber(broker, "loa/1/#") as late:
            await hub.publish("loa/1/hub/time", b"beacon", qos=1)
            [message] = await received(late)
    assert message.payload == b"beacon", "the cleared message was given out"


async def test_a_broken_connection_publishes_the_last_will_and_retains_it(broker: Broker) -> None:
    will = aiomqtt.Will(STATE, b"lost", qos=1, retain=True)
    async with subscriber(broker, STATE) as hub, doomed(client(broker, "loa-0001", will=will)) as device:
        await device.publish(STATE, b"online", qos=1, retain=True)
        assert [m.payload for m in await received(hub)] == [b"online"]
        await break_connection(device)
        assert [m.payload for m in await received(hub)] == [b"lost"]
    async with subscriber(broker, STATE) as late:
        [message] = await received(late)
    assert (message.payload, message.retain) == (b"lost", True)


async def test_a_good_bye_publishes_no_last_will(broker: Broker) -> None:
    will = aiomqtt.Will(STATE, b"lost", qos=1)
    async with subscriber(broker, "loa/1/#") as hub:
        async with client(broker, "loa-0001", will=will):
            pass
        async with client(broker, "other") as other:
            await other.publish("loa/1/hub/time", b"beacon", qos=1)
        [message] = await received(hub)
    assert message.payload == b"beacon"


async def test_three_hundred_kilobytes_arrive_whole_also_retained(broker: Broker, rng: random.Random) -> None:
    payload = rng.randbytes(300_000)
    async with subscriber(broker, OVERRIDE) as present, client(broker, "hub") as hub:
        await hub.publish(OVERRIDE, payload, qos=1, retain=True)
        [now] = await received(present)
    async with subscriber(broker, OVERRIDE) as late:
        [retained] = await received(late)
    assert now.payload == payload
    assert retained.payload == payload


async def test_what_a_persistent_session_missed_is_delivered_in_order_when_it_returns(broker: Broker) -> None:
    commands = [f"command {n}".encode() for n in range(150)]  # more than one window of unacknowledged messages
    async with client(broker, "loa-0001", clean_session=False) as device:
        await device.subscribe("loa/1/dev/loa-0001/cmd", qos=1)
    async with client(broker, "hub") as hub:
        for command in commands:
            await hub.publish("loa/1/dev/loa-0001/cmd", command, qos=1)
    async with client(broker, "loa-0001", clean_session=False) as device:
        messages = await received(device, len(commands))
    assert [message.payload for message in messages] == commands


async def test_a_second_connection_with_the_same_name_takes_over(broker: Broker) -> None:
    async with doomed(client(broker, "loa-0001")) as first, client(broker, "loa-0001") as second:
        await connection_ends(first)
        await second.subscribe(OVERRIDE, qos=1)
        await second.publish(OVERRIDE, b"still here", qos=1)
        assert [m.payload for m in await received(second)] == [b"still here"]


async def test_many_chunks_in_a_row_all_arrive(broker: Broker) -> None:
    count = 200
    async with (
        subscriber(broker, "loa/1/asset/#") as device,
        client(broker, "hub") as hub,
        asyncio.TaskGroup() as group,
    ):
        arriving = group.create_task(received(device, count), name="arriving")
        for n in range(count):
            await hub.publish(f"loa/1/asset/abc/{n}", bytes(32 * 1024), qos=1)
    topics = [str(message.topic) for message in arriving.result()]
    assert topics == [f"loa/1/asset/abc/{n}" for n in range(count)]


# Where the two differ, and the hub must not mind.


async def test_the_embedded_broker_forgets_what_was_retained_when_it_restarts(embedded_broker: EmbeddedBroker) -> None:
    async with client(embedded_broker, "hub") as hub:
        await hub.publish(OVERRIDE, b"before", qos=1, retain=True)
    await embedded_broker.restart()
    async with subscriber(embedded_broker, "loa/1/#") as late, client(embedded_broker, "hub") as hub:
        await hub.publish("loa/1/hub/time", b"beacon", qos=1)
        [message] = await received(late)
    assert message.payload == b"beacon"


async def test_mosquitto_keeps_what_was_retained_when_it_is_stopped_properly(mosquitto: Mosquitto) -> None:
    async with client(mosquitto, "hub") as hub:
        await hub.publish(OVERRIDE, b"before", qos=1, retain=True)
    mosquitto.stop()
    mosquitto.start()
    async with subscriber(mosquitto, OVERRIDE) as late:
        [message] = await received(late)
    assert (message.payload, message.retain) == (b"before", True)


async def test_the_embedded_broker_does_not_answer_mqtt_5(embedded_broker: EmbeddedBroker) -> None:
    with pytest.raises(aiomqtt.MqttError):
        async with aiomqtt.Client(
            embedded_broker.host, embedded_broker.port, protocol=aiomqtt.ProtocolVersion.V5, timeout=1
        ):
            pass
