"""From the outbox to the broker: nothing lost, nothing old after something new, nothing before an emergency."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from content.errors import UnknownAsset
from devices.protocol.ids import AssetDigest
from devices.protocol.limits import CHUNK_BYTES
from hub import dispatch
from hub.db.outbox import Lane, Outgoing
from hub.dispatch import Dispatcher, newest
from tests.fakes.bus import FakeGateway
from tests.fakes.hub import Hub

SOUND = bytes(range(256)) * 3 * (CHUNK_BYTES // 256)
DIGEST = AssetDigest("ab" * 32)
LIFE_MS = 60_000


class Sending:
    """A dispatcher over a hub's store, with a gateway that writes down for every lane."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.gateways = {lane: FakeGateway() for lane in Lane}
        self.dispatcher = Dispatcher(hub.store.db, self.gateways, self._read, lambda: hub.at_ms)  # type: ignore[arg-type]
        hub.store.offer = self.dispatcher.offer
        self.lost_sounds = False

    async def _read(self, digest: AssetDigest) -> bytes:
        if self.lost_sounds:
            raise UnknownAsset(digest)
        return SOUND

    def message(self, topic: str, payload: bytes = b"x", **more: object) -> Outgoing:
        at_ms = self.hub.at_ms
        known: dict[str, object] = {"lane": Lane.EMERGENCY, "created_ms": at_ms, "not_after_ms": at_ms + LIFE_MS}
        return Outgoing(topic=topic, payload=payload, **(known | more))  # type: ignore[arg-type]

    async def add(self, *messages: Outgoing) -> None:
        async with self.hub.store.write() as tx:
            for message in messages:
                await tx.outbox.add(message)

    @asynccontextmanager
    async def running(self, *lanes: Lane) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self.dispatcher.run(lane)) for lane in lanes or Lane]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def waiting(self) -> list[str]:
        async with self.hub.store.read() as tx:
            return [message.topic for lane in Lane for message in await tx.outbox.waiting(lane)]


@pytest.fixture
def sending(hub: Hub) -> Sending:
    return Sending(hub)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await holds():  # noqa: ASYNC110 - what is waited for stands in the database
            await asyncio.sleep(0.01)


async def noted(sending: Sending) -> None:
    async def all_sent() -> bool:
        return not await sending.waiting()

    await until(all_sent)


async def test_a_message_leaves_when_it_is_committed_and_is_noted(sending: Sending) -> None:
    async with sending.running():
        await sending.add(sending.message("a", b"1", retain=True), sending.message("b", qos=0))
        gateway = sending.gateways[Lane.EMERGENCY]
        await gateway.until(2)
        assert [(one.topic, one.qos, one.retain) for one in gateway.published] == [("a", 1, True), ("b", 0, False)]
        await noted(sending)
    assert len(gateway.published) == 2


async def test_what_was_committed_before_the_hub_died_leaves_when_it_lives_again(sending: Sending) -> None:
    sending.hub.store.offer = lambda _: None
    await sending.add(*(sending.message(f"t{n:03}", lane=Lane.PLAN) for n in range(450)))
    async with sending.running():
        said = await sending.gateways[Lane.PLAN].until(450)
        await noted(sending)
    assert [topic for topic, _ in said] == [f"t{n:03}" for n in range(450)]


async def test_each_lane_uses_its_own_connection(sending: Sending) -> None:
    async with sending.running():
        await sending.add(
            *(sending.message(str(lane.name), lane=lane) for lane in (Lane.EMERGENCY, Lane.COMMAND, Lane.PLAN))
        )
        for lane in (Lane.EMERGENCY, Lane.COMMAND, Lane.PLAN):
            assert await sending.gateways[lane].until(1) == [(lane.name, b"x")]


async def test_nothing_of_another_lane_stands_before_an_emergency(sending: Sending) -> None:
    for lane in (Lane.COMMAND, Lane.PLAN, Lane.SOUND):
        sending.gateways[lane].hold()
    async with sending.running():
        await sending.add(*(sending.message(f"p{n}", lane=Lane.PLAN) for n in range(50)))
        await sending.add(sending.message("48", b"", lane=Lane.SOUND, digest=DIGEST))
        await sending.add(sending.message("alert"))
        assert await sending.gateways[Lane.EMERGENCY].until(1) == [("alert", b"x")]


async def test_an_emergency_does_not_wait_until_the_last_one_is_noted(sending: Sending) -> None:
    gateway = sending.gateways[Lane.EMERGENCY]
    async with sending.running(), sending.hub.store.write():  # somebody writes for long, so nothing can be noted
        sending.dispatcher.offer([sending.message("first", n=1)])
        await gateway.until(1)
        sending.dispatcher.offer([sending.message("second", n=2)])
        assert await gateway.until(2) == [("first", b"x"), ("second", b"x")]


async def test_what_the_broker_did_not_take_is_sent_again(sending: Sending) -> None:
    gateway = sending.gateways[Lane.EMERGENCY]
    left = 2

    def twice(_topic: str) -> bool:
        nonlocal left
        left -= 1
        return left >= 0

    gateway.refuses = twice
    async with sending.running():
        await sending.add(sending.message("alert"))
        assert await gateway.until(1) == [("alert", b"x")]
        await noted(sending)


async def test_a_message_that_failed_does_not_come_after_the_one_that_took_its_place(sending: Sending) -> None:
    gateway = sending.gateways[Lane.EMERGENCY]
    async with sending.running(Lane.EMERGENCY):
        gateway.refuses = lambda topic: topic == "area"
        await sending.add(sending.message("area", b"the alert", retain=True), sending.message("other"))
        await gateway.until(1)
        await sending.add(sending.message("area", b"nothing any more", retain=True))
        gateway.refuses = lambda _topic: False
        await gateway.until(2)
        await noted(sending)
    assert gateway.said == [("other", b"x"), ("area", b"nothing any more")]


async def test_after_a_restart_only_the_newest_of_a_topic_leaves(sending: Sending) -> None:
    for payload in (b"1", b"2", b"3"):
        await sending.add(sending.message("area", payload, retain=True))
    restarted = Sending(sending.hub)
    async with restarted.running():
        await restarted.gateways[Lane.EMERGENCY].until(1)
        await noted(restarted)
    assert restarted.gateways[Lane.EMERGENCY].said == [("area", b"3")]


async def test_while_the_broker_is_away_messages_wait_in_the_table_and_not_in_memory(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "OFFERED_BYTES_MAX", 10_000)
    gateway = sending.gateways[Lane.PLAN]
    gateway.go()
    async with sending.running():
        for n in range(30):
            await sending.add(sending.message(f"m{n:02}", b"x" * 1_000, lane=Lane.PLAN))
        road = sending.dispatcher._roads[Lane.PLAN]
        assert road.offered_bytes <= 10_000
        gateway.come_back()
        said = await gateway.until(30)
        await noted(sending)
    assert [topic for topic, _ in said] == [f"m{n:02}" for n in range(30)]


async def test_what_nobody_would_obey_any_more_is_not_sent(sending: Sending) -> None:
    gateway = sending.gateways[Lane.EMERGENCY]
    gateway.go()
    async with sending.running():
        await sending.add(
            sending.message("late"), sending.message("good", not_after_ms=sending.hub.at_ms + 2 * LIFE_MS)
        )
        sending.hub.later(seconds=60)
        gateway.come_back()
        await gateway.until(1)
        await noted(sending)
    assert gateway.said == [("good", b"x")]


async def test_a_sound_is_pushed_chunk_by_chunk_behind_its_alert(sending: Sending) -> None:
    alert, sound = sending.gateways[Lane.EMERGENCY], sending.gateways[Lane.SOUND]
    order: list[str] = []
    for gateway in (alert, sound):
        gateway.refuses = lambda topic: bool(order.append(topic))
    async with sending.running():
        await sending.add(
            sending.message("alert", retain=True), sending.message("48", b"", lane=Lane.SOUND, digest=DIGEST)
        )
        said = await sound.until(3)
        await noted(sending)
    assert [topic for topic, _ in said] == [f"loa/1/area/48/asset/{DIGEST}/{n}" for n in range(3)]
    assert b"".join(payload for _, payload in said) == SOUND
    assert order[0] == "alert"


async def test_a_sound_that_is_lost_holds_nobody_up(sending: Sending, caplog: pytest.LogCaptureFixture) -> None:
    sending.lost_sounds = True
    async with sending.running():
        await sending.add(sending.message("48", b"", lane=Lane.SOUND, digest=DIGEST))
        await noted(sending)
    assert "sound to push is not here" in caplog.messages


async def test_what_another_process_put_in_is_found(sending: Sending, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "POLL_S", 0.05)
    sending.hub.store.offer = lambda _: None
    async with sending.running():
        await sending.add(sending.message("from outside"))
        assert await sending.gateways[Lane.EMERGENCY].until(1) == [("from outside", b"x")]


async def test_a_stop_in_the_middle_sends_again_and_loses_nothing(sending: Sending) -> None:
    gateway = sending.gateways[Lane.EMERGENCY]
    gateway.hold()
    async with sending.running(Lane.EMERGENCY):
        await sending.add(sending.message("a"), sending.message("b"))
    gateway.release()
    assert await sending.waiting() == ["a", "b"]
    async with sending.running(Lane.EMERGENCY):
        await gateway.until(2)
        await noted(sending)


def test_of_one_retained_topic_the_newest_stays_and_every_other_message() -> None:
    def made(n: int, topic: str, *, retain: bool) -> Outgoing:
        return Outgoing(lane=Lane.PLAN, topic=topic, retain=retain, created_ms=1, not_after_ms=2, n=n)

    messages = [
        made(1, "a", retain=True),
        made(2, "c", retain=False),
        made(3, "a", retain=True),
        made(4, "c", retain=False),
    ]
    assert [message.n for message in newest(messages)] == [2, 3, 4]
