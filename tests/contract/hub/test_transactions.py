"""One transaction is all or nothing, writers take turns, and the urgent stand behind nobody who waits."""

import asyncio
from datetime import UTC, datetime

import pytest

from hub.auth.model import Account, AccountId
from hub.db import engine
from hub.db.engine import WriterBusy
from hub.db.outbox import Lane, Outgoing
from hub.db.transaction import Store

NOW = datetime(2026, 8, 13, 1, 0, tzinfo=UTC)
LATER_MS = 2_000_000_000_000


def message(topic: str = "loa/1/area/48/override", **more: object) -> Outgoing:
    known: dict[str, object] = {"lane": Lane.EMERGENCY, "payload": b"x", "created_ms": 1, "not_after_ms": LATER_MS}
    return Outgoing(topic=topic, **(known | more))  # type: ignore[arg-type]


def account(login: str) -> Account:
    return Account(
        id=AccountId(f"a-{login}"),
        login=login,
        name=login,
        password_hash="",
        must_change_password=False,
        created_at=NOW,
    )


async def waiting(store: Store, lane: Lane = Lane.EMERGENCY) -> list[Outgoing]:
    async with store.read() as tx:
        return await tx.outbox.waiting(lane)


async def test_what_was_not_committed_was_never_said(store: Store) -> None:
    offered: list[Outgoing] = []
    store.offer = offered.extend

    async def half_done() -> None:
        async with store.write() as tx:
            await tx.outbox.add(message())
            await tx.people.put_account(account("hoa"))
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        await half_done()
    assert offered == []
    assert await waiting(store) == []
    async with store.read() as tx:
        assert await tx.people.accounts() == []
        assert await tx.outbox.said("loa/1/area/48/override") is None


async def test_what_was_committed_is_offered_after_and_stands_in_the_table(store: Store) -> None:
    offered: list[Outgoing] = []

    def offer(messages: object) -> None:
        assert not inside
        offered.extend(messages)  # type: ignore[call-overload]

    store.offer = offer
    inside = True
    async with store.write() as tx:
        await tx.outbox.add(message())
        assert offered == []
        inside = False
    assert offered == await waiting(store)
    assert offered[0].payload == b"x"


async def test_a_writer_that_is_cancelled_leaves_nothing_and_blocks_nobody(store: Store) -> None:
    begun = asyncio.Event()

    async def never_done() -> None:
        async with store.write() as tx:
            await tx.outbox.add(message())
            begun.set()
            await asyncio.Event().wait()

    writing = asyncio.create_task(never_done())
    async with asyncio.timeout(10):
        await begun.wait()
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        async with store.write() as tx:
            await tx.outbox.add(message("loa/1/area/25/override"))
    assert [one.topic for one in await waiting(store)] == ["loa/1/area/25/override"]


async def test_many_writers_lose_no_update(store: Store) -> None:
    async def one_more() -> int:
        async with store.write() as tx:
            return await tx.outbox.next_sequence("x", 0)

    numbers = await asyncio.gather(*(one_more() for _ in range(40)))
    assert sorted(numbers) == list(range(40))


async def test_two_hubs_on_one_database_take_turns_too(store: Store) -> None:
    other = Store(engine.Database(await asyncio.to_thread(engine.open_engine, _url(store))), store.asset_folder)
    try:

        async def act(one: Store, number: int) -> None:
            async with one.write() as tx:
                await tx.audit.add(at=NOW, actor=f"a-{number}", unit="48", act="test", subject="")

        async with asyncio.timeout(60):
            await asyncio.gather(*(act(one, number) for number in range(15) for one in (store, other)))
        async with store.read() as tx:
            assert [entry.n async for entry in tx.audit.all()] == list(range(1, 31))
    finally:
        await other.db.close()


def _url(store: Store) -> str:
    return store.db.engine.url.render_as_string(hide_password=False)


async def test_who_is_urgent_goes_before_all_who_wait(store: Store) -> None:
    order: list[str] = []

    async def write(name: str, *, urgent: bool = False) -> None:
        async with store.write(urgent=urgent):
            order.append(name)

    async with asyncio.timeout(20), asyncio.TaskGroup() as group, store.write():
        for n in range(5):
            group.create_task(write(f"plan {n}"))
        await asyncio.sleep(0)
        group.create_task(write("alert", urgent=True))
        await asyncio.sleep(0)
    assert order == ["alert", "plan 0", "plan 1", "plan 2", "plan 3", "plan 4"]


async def test_a_turn_that_does_not_come_is_an_error_and_not_a_hang(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "WRITE_WITHIN_S", 0.05)
    async with store.write():
        with pytest.raises(WriterBusy, match=r"within 0\.05 s"):
            async with store.write():
                pytest.fail("two writers at once")
    async with store.write() as tx:
        assert await tx.outbox.next_sequence("x", 7) == 7


async def test_readers_do_not_wait_for_a_writer(store: Store) -> None:
    async with store.write() as tx, asyncio.timeout(10):
        await tx.outbox.add(message())
        assert await waiting(store) == []


async def test_all_reads_of_a_write_see_what_it_wrote(store: Store) -> None:
    async with store.write() as tx:
        await tx.people.put_account(account("hoa"))
        assert await tx.people.account_by_login("hoa") == account("hoa")
