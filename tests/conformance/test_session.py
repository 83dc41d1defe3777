"""How a device opens its session: the very packets, read by a listener that is no broker (MQTT 3.1.1, 3.1 and 3.8)."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from devices.protocol import topics
from devices.protocol.judge import judge_report
from devices.protocol.manifest import QuietHours
from devices.protocol.messages import State, Status
from devices.protocol.signing import KeyRing
from devices.protocol.spec.vectors import material as m
from firmware_sim.identity import Identity
from firmware_sim.mqtt import Broker, Loudspeaker
from tests.conformance.asserting import asserts

CONNECT, SUBSCRIBE = 1, 8
CONNECTED = b"\x20\x02\x00\x00"
TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A CONNECT packet taken apart."""

    protocol: str
    level: int
    clean: bool
    keep_alive_s: int
    client_id: str
    will_topic: str
    will_payload: bytes
    will_qos: int
    will_retained: bool


def take(data: bytes) -> tuple[bytes, bytes]:
    """Return a field with a length of two bytes before it, and the rest."""
    end = 2 + int.from_bytes(data[:2], "big")
    return data[2:end], data[end:]


def session_of(packet: bytes) -> Session:
    protocol, rest = take(packet)
    level, flags, keep_alive_s, rest = rest[0], rest[1], int.from_bytes(rest[2:4], "big"), rest[4:]
    client_id, rest = take(rest)
    will_topic, rest = take(rest)
    will_payload, _ = take(rest)
    return Session(
        protocol=protocol.decode(),
        level=level,
        clean=bool(flags & 0x02),
        keep_alive_s=keep_alive_s,
        client_id=client_id.decode(),
        will_topic=will_topic.decode(),
        will_payload=will_payload,
        will_qos=flags >> 3 & 3,
        will_retained=bool(flags & 0x20),
    )


async def read_packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Return the type and the body of a packet."""
    kind, size, shift = (await reader.readexactly(1))[0] >> 4, 0, 0
    while True:
        byte = (await reader.readexactly(1))[0]
        size |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return kind, await reader.readexactly(size)


async def opening(directory: Path) -> tuple[Session, bytes]:
    """Return the CONNECT and the body of the first SUBSCRIBE of a fresh device."""
    packets: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue(100)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            packets.put_nowait(await read_packet(reader))
            writer.write(CONNECTED)
            while True:
                packets.put_nowait(await read_packet(reader))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async with asyncio.timeout(TIMEOUT_S), await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        identity = Identity(
            device=m.DEVICE,
            seed=m.HORN.key.private_bytes_raw(),
            areas=m.AREAS,
            root_public_key=m.ROOT.public_key,
            quiet=QuietHours(),
        )
        broker = Broker("127.0.0.1", server.sockets[0].getsockname()[1])
        speaker = Loudspeaker(identity, broker, directory, sync=False)
        async with speaker:
            kind, connect = await packets.get()
            assert kind == CONNECT
            while (packet := await packets.get())[0] != SUBSCRIBE:
                pass
            speaker.cut()
    return session_of(connect), packet[1]


@asserts("CN-SESS-01", "CN-MQTT-01", "CN-WILL-01", "CN-SUB-01")
async def test_it_opens_a_session_that_the_broker_remembers(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--device", default=None):
        pytest.skip("another device's session is watched at a real broker: spec/device-under-test.md")
    session, subscribe = await opening(tmp_path)
    assert (session.protocol, session.level) == ("MQTT", 4)
    assert (session.client_id, session.clean, session.keep_alive_s) == (m.DEVICE, False, 30)
    assert (session.will_topic, session.will_qos, session.will_retained) == (f"loa/1/dev/{m.DEVICE}/state", 1, True)
    will = judge_report(session.will_topic, session.will_payload, KeyRing.of(m.HORN.public_key))
    assert isinstance(will, State)
    assert will.status is Status.LOST
    name, rest = take(subscribe[2:])
    assert (name.decode(), rest) == (topics.KEYS, b"\x01")
