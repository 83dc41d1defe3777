"""From the broker to the database: bounded, and not brought down by what comes."""

import asyncio
from collections.abc import Sequence

import pytest

from devices.gateway import Incoming
from devices.protocol import topics
from devices.protocol.codec import encode
from devices.protocol.ids import AssetDigest, DeviceId
from devices.protocol.messages import Need, State, Status
from hub import inbox as inbox_module
from hub.assets import AssetPump
from hub.flows import collect
from hub.inbox import PAYLOAD_BYTES_MAX, TRIES_MAX, Inbox
from hub.supervise import Supervised
from tests.fakes.bus import FakeGateway
from tests.fakes.hub import Hub, topic_of

STATE = "loa/1/dev/loa-0001/state"
DIGEST = AssetDigest("ab" * 32)


@pytest.fixture
def inbox(hub: Hub) -> Inbox:
    async def read(_digest: AssetDigest) -> bytes:
        return b"x"

    return Inbox(hub.ctx, AssetPump(FakeGateway(), read))  # type: ignore[arg-type]


def sealed(hub: Hub, message: State | Need) -> Incoming:
    return Incoming(topic_of(message), hub.identities[message.device].signer().seal(encode(message)), False)


async def run_until(inbox: Inbox, taken: int) -> None:
    """Let the inbox run as the supervisor does until it has dealt with so many messages."""
    service = Supervised("inbox", inbox.run)
    running = asyncio.create_task(service.forever(asyncio.get_running_loop().time, pause_s=0))
    try:
        async with asyncio.timeout(10):
            while inbox.taken + inbox.refused + inbox.dropped < taken:  # noqa: ASYNC110 - nothing tells of a count
                await asyncio.sleep(0)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_what_comes_is_kept_and_what_is_needed_is_asked_for(hub: Hub, inbox: Inbox) -> None:
    device = (await hub.loudspeaker(1)).device
    inbox.receive(sealed(hub, State(device=device, boot=1, at_ms=1, status=Status.ONLINE)))
    inbox.receive(sealed(hub, Need(device=device, at_ms=1, digest=DIGEST, ranges=((0, 2),))))
    inbox.receive(Incoming(STATE, b"forged", False))
    await run_until(inbox, 3)
    assert (inbox.taken, inbox.refused, inbox.dropped) == (2, 1, 0)
    assert inbox.pump._wanted == {DIGEST: {0, 1, 2}}
    async with hub.store.read() as tx:
        assert (await tx.states.get(device)).state is not None


async def test_our_own_keys_are_counted_and_not_kept(inbox: Inbox) -> None:
    inbox.receive(Incoming(topics.KEYS, b"x", True))
    assert (inbox.key_sets, inbox._queue.qsize()) == (1, 0)


async def test_the_queue_has_an_end_in_messages_and_in_bytes(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_module, "WAITING_BYTES_MAX", 1_000)
    for _ in range(12):
        inbox.receive(Incoming(STATE, b"x" * 100, False))
    assert (inbox._queue.qsize(), inbox.dropped) == (10, 2)
    await run_until(inbox, 12)
    inbox.receive(Incoming(STATE, b"x" * 100, False))
    assert inbox._queue.qsize() == 1


async def test_what_no_loudspeaker_may_say_is_not_even_queued(inbox: Inbox) -> None:
    inbox.receive(Incoming(STATE, b"x" * (PAYLOAD_BYTES_MAX + 1), False))
    assert (inbox.refused, inbox._queue.qsize()) == (1, 0)


async def test_a_batch_is_taken_again_after_the_database_was_away(
    hub: Hub, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = (await hub.loudspeaker(1)).device
    inbox.receive(sealed(hub, State(device=device, boot=1, at_ms=1, status=Status.ONLINE)))
    take, away = collect.take, [OSError("the database is away")]

    async def sometimes(*args: object) -> collect.Collected:
        if away:
            raise away.pop()
        return await take(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(collect, "take", sometimes)
    await run_until(inbox, 1)
    assert (inbox.taken, inbox.dropped) == (1, 0)


async def test_one_message_that_makes_us_fall_is_found_and_dropped(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    falls = 0

    async def take(_ctx: object, messages: Sequence[Incoming], _ask: object) -> collect.Collected:
        nonlocal falls
        if any(message.payload == b"7" for message in messages):
            falls += 1
            raise RuntimeError("a bug of ours")
        return collect.Collected(taken=len(messages))

    monkeypatch.setattr(collect, "take", take)
    for n in range(20):
        inbox.receive(Incoming(f"loa/1/dev/loa-{n:04}/state", str(n).encode(), False))
    await run_until(inbox, 20)
    assert (inbox.taken, inbox.dropped) == (19, 1)
    assert falls == 2 * TRIES_MAX  # far within the budget of a service
    assert "message dropped" in caplog.messages


async def test_a_flood_of_one_loudspeaker_is_kept_in_few_transactions(
    hub: Hub, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = (await hub.loudspeaker(1)).device
    take, batches = collect.take, []

    async def counted(ctx: object, messages: Sequence[Incoming], ask: object) -> collect.Collected:
        batches.append(len(messages))
        return await take(ctx, messages, ask)  # type: ignore[arg-type]

    monkeypatch.setattr(collect, "take", counted)
    for at_ms in range(500):
        inbox.receive(sealed(hub, State(device=DeviceId(device), boot=1, at_ms=at_ms, status=Status.ONLINE)))
    await run_until(inbox, 500)
    assert batches == [200, 200, 100]
