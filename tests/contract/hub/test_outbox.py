"""The outbox: in order, once superseded never sent, said again when the broker has forgotten, forgotten when old."""

import pytest

from devices.protocol.ids import AssetDigest
from hub.db.outbox import KEEP_SENT_MS, Lane, Outgoing
from hub.db.transaction import Store

NOW_MS = 1_790_000_000_000
MINUTE = 60_000
DIGEST = AssetDigest("ab" * 32)


def message(topic: str, payload: bytes = b"x", **more: object) -> Outgoing:
    known: dict[str, object] = {"lane": Lane.PLAN, "created_ms": NOW_MS, "not_after_ms": NOW_MS + MINUTE}
    return Outgoing(topic=topic, payload=payload, **(known | more))  # type: ignore[arg-type]


async def add(store: Store, *messages: Outgoing) -> list[Outgoing]:
    async with store.write() as tx:
        for one in messages:
            await tx.outbox.add(one)
        return list(tx.outbox.added)


async def waiting(store: Store, lane: Lane = Lane.PLAN) -> list[tuple[str, bytes]]:
    async with store.read() as tx:
        return [(one.topic, one.payload) for one in await tx.outbox.waiting(lane)]


async def test_messages_come_back_as_they_were_in_order_each_in_its_lane(store: Store) -> None:
    wanted = [
        message("a", b"\x00\xff", retain=True),
        message("b", qos=0),
        message("48", b"", digest=DIGEST),
    ]
    added = await add(store, *wanted)
    async with store.read() as tx:
        found = await tx.outbox.waiting(Lane.PLAN)
        assert await tx.outbox.waiting(Lane.EMERGENCY) == []
    assert found == added
    assert [one.n for one in found] == sorted({one.n for one in found})
    assert [(one.topic, one.payload, one.digest, one.qos, one.retain) for one in found] == [
        ("a", b"\x00\xff", None, 1, True),
        ("b", b"x", None, 0, False),
        ("48", b"", DIGEST, 1, False),
    ]


@pytest.mark.parametrize("lane", Lane)
async def test_every_lane_has_its_place(store: Store, lane: Lane) -> None:
    await add(store, message("a", lane=lane))
    assert await waiting(store, lane) == [("a", b"x")]


async def test_what_was_sent_waits_no_more(store: Store) -> None:
    first, _ = await add(store, message("a"), message("b"))
    async with store.write() as tx:
        await tx.outbox.sent([first.n], NOW_MS)
    assert await waiting(store) == [("b", b"x")]


async def test_a_retained_message_takes_the_place_of_one_that_still_waits(store: Store) -> None:
    await add(store, message("a", b"old", retain=True))
    await add(store, message("b", b"other", retain=True), message("a", b"new", retain=True))
    assert await waiting(store) == [("b", b"other"), ("a", b"new")]
    async with store.read() as tx:
        assert await tx.outbox.said("a") == b"new"


async def test_also_within_one_transaction(store: Store) -> None:
    added = await add(store, message("a", b"old", retain=True), message("a", b"new", retain=True))
    assert [one.payload for one in added] == [b"new"]
    assert await waiting(store) == [("a", b"new")]


async def test_commands_do_not_take_each_others_place(store: Store) -> None:
    await add(store, message("cmd", b"1"), message("cmd", b"2"))
    assert await waiting(store) == [("cmd", b"1"), ("cmd", b"2")]


async def test_what_should_stand_at_the_broker_is_said_again_emergencies_first_some_at_a_time(store: Store) -> None:
    await add(
        store,
        message("plan/1", retain=True),
        message("plan/2", retain=True),
        message("cmd", lane=Lane.COMMAND),
        message("over", retain=True, not_after_ms=NOW_MS),
        message("alert", retain=True, lane=Lane.EMERGENCY),
    )
    async with store.write() as tx:
        await tx.outbox.sent(range(100), NOW_MS)
        place = await tx.outbox.say_again(NOW_MS, limit=2)
        assert [one.topic for one in tx.outbox.added] == ["alert", "plan/1"]
        assert place is not None
        assert await tx.outbox.say_again(NOW_MS, after=place, limit=2) is None
        assert [one.topic for one in tx.outbox.added] == ["alert", "plan/1", "plan/2"]


async def test_what_stands_is_repeated_as_it_stands(store: Store) -> None:
    await add(store, message("alert", b"bytes", retain=True, lane=Lane.EMERGENCY))
    async with store.write() as tx:
        assert await tx.outbox.repeat("alert", NOW_MS)
        assert not await tx.outbox.repeat("nothing", NOW_MS)
        assert not await tx.outbox.repeat("alert", NOW_MS + MINUTE)  # what is over is not said again
    async with store.read() as tx:
        assert await tx.outbox.said("alert", until_ms=NOW_MS + MINUTE - 1) == b"bytes"
        assert await tx.outbox.said("alert", until_ms=NOW_MS + MINUTE) is None


async def test_the_backlog_is_what_waits_and_may_still_be_obeyed(store: Store) -> None:
    async with store.read() as tx:
        assert await tx.outbox.backlog(NOW_MS) == (0, None)
    await add(store, message("a", created_ms=NOW_MS - 5), message("b"), message("c", not_after_ms=NOW_MS))
    async with store.read() as tx:
        assert await tx.outbox.backlog(NOW_MS) == (2, NOW_MS - 5)


async def test_old_and_useless_rows_are_removed(store: Store) -> None:
    sent, _, _ = await add(store, message("a"), message("b", not_after_ms=NOW_MS), message("c"))
    await add(store, message("d", retain=True, not_after_ms=NOW_MS))
    async with store.write() as tx:
        await tx.outbox.sent([sent.n], NOW_MS - KEEP_SENT_MS - 1)
        assert await tx.outbox.forget(NOW_MS) == 3
        assert await tx.outbox.forget(NOW_MS) == 0
        assert await tx.outbox.said("d") is None
    assert await waiting(store) == [("c", b"x")]


async def test_numbers_grow_and_follow_the_clock(store: Store) -> None:
    async with store.write() as tx:
        assert await tx.outbox.next_sequence("a", 100) == 100
        assert await tx.outbox.next_sequence("a", 50) == 101
        assert await tx.outbox.next_sequence("b", 7) == 7
        assert await tx.outbox.next_sequence("a", 500) == 500
