"""What a broken or hostile neighbour sends: bytes, half messages, and nonsense under a good signature."""

import asyncio
import json
import re
from collections.abc import Sequence

import aiomqtt
from hypothesis import strategies as st

from devices.protocol.signing import Signer

TYPES = ("state", "ack", "need", "asrun", "time", "keys", "manifest", "cmd", "overrides", "override", "asset")
WORDS = """
type device sequence issued_at_ms expires_at_ms at_ms boot status n ref of stage records ranges digest overrides
items assets pinned areas area keys name value quiet volume_percent steps id kind level
"""  # what messages are made of
FIELDS = re.findall(r"\w+", WORDS)


def values() -> st.SearchStrategy[object]:
    """Anything that JSON can say, and some that it should not."""
    numbers = st.integers(-(2**70), 2**70) | st.floats() | st.sampled_from([0, -1, 2**53, 2**63, 10**40])
    plain = st.none() | st.booleans() | numbers | st.text(max_size=20) | st.sampled_from(["a" * 64, "loa-20669-001"])
    return st.recursive(plain, lambda inner: st.lists(inner, max_size=4) | objects(inner), max_leaves=12)


def objects(inner: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    return st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), inner, max_size=6)


def bodies() -> st.SearchStrategy[bytes]:
    """Bodies that are nearly messages."""
    typed = st.builds(lambda kind, rest: {**rest, "type": kind}, st.sampled_from(TYPES), objects(values()))
    spoken = typed.map(lambda body: json.dumps(body).encode())
    return spoken | values().map(lambda body: json.dumps(body).encode()) | st.binary(max_size=300)


def payloads(*signers: Signer) -> st.SearchStrategy[bytes]:
    """Bytes; bodies under a good signature; and envelopes that are cut, longer, or changed in one place."""
    sealed = st.builds(lambda signer, body: signer.seal(body), st.sampled_from(signers), bodies())
    cut = st.builds(lambda whole, at: whole[: at % (len(whole) + 1)], sealed, st.integers(0, 10_000))
    changed = st.builds(_changed, sealed, st.integers(0, 10_000), st.integers(1, 255))
    longer = st.builds(lambda whole, more: whole + more, sealed, st.binary(min_size=1, max_size=50))
    return st.binary(max_size=400) | sealed | cut | changed | longer


def _changed(whole: bytes, at: int, by: int) -> bytes:
    at %= len(whole)
    return whole[:at] + bytes([whole[at] ^ by]) + whole[at + 1 :]


def publish(host: str, port: int, messages: Sequence[tuple[str, bytes]]) -> None:
    """Publish at QoS 1, in order."""

    async def run() -> None:
        async with aiomqtt.Client(host, port, identifier="neighbour") as client:
            for topic, payload in messages:
                await client.publish(topic, payload, qos=1)

    asyncio.run(run())


async def drip(host: str, port: int, head: bytes, *, every_s: float, for_s: float) -> int:
    """Send a request whose body comes byte by byte; return the status with which it was cut."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(head)
    answer = asyncio.ensure_future(reader.readline())
    try:
        async with asyncio.timeout(for_s):
            while not answer.done():
                writer.write(b"x")
                await writer.drain()
                await asyncio.wait([answer], timeout=every_s)
            return int(answer.result().split()[1])
    finally:
        answer.cancel()
        writer.close()
