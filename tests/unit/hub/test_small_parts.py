"""The asset pump, health, log lines and the board of events."""

import asyncio
import json
import logging
import sys

import pytest

from content.errors import UnknownAsset
from devices.protocol import topics
from devices.protocol.ids import AssetDigest
from devices.protocol.limits import CHUNK_BYTES
from hub import assets as assets_module
from hub import health
from hub.assets import AssetPump
from hub.db.outbox import Lane, Outgoing
from hub.flows.events import MISSED, WAITING_MAX, Events
from hub.inbox import Inbox
from hub.logs import Lines
from hub.supervise import Supervised
from tests.fakes.bus import FakeGateway
from tests.fakes.hub import Hub

A, B = AssetDigest("aa" * 32), AssetDigest("bb" * 32)
SOUND = bytes(CHUNK_BYTES * 20 + 1)

# --- the asset pump ---------------------------------------------------------------------------------------------


async def read(digest: AssetDigest) -> bytes:
    if digest != A:
        raise UnknownAsset(digest)
    return SOUND


@pytest.fixture
def pump(monkeypatch: pytest.MonkeyPatch) -> AssetPump:
    monkeypatch.setattr(assets_module, "GATHER_S", 0.01)
    return AssetPump(FakeGateway(), read)  # type: ignore[arg-type]


async def pumped(pump: AssetPump, count: int) -> list[str]:
    gateway: FakeGateway = pump._gateway  # type: ignore[assignment]
    running = asyncio.create_task(pump.run())
    await gateway.until(count)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return [one.topic for one in gateway.published]


async def test_a_chunk_is_published_once_for_all_who_need_it(pump: AssetPump) -> None:
    for _ in range(50):
        pump.ask(A, ((0, 3), (2, 5)))
    assert await pumped(pump, 6) == [topics.chunk(A, n) for n in range(6)]


async def test_what_is_not_here_or_does_not_exist_is_left_out(pump: AssetPump) -> None:
    pump.ask(B, ((0, 0),))
    pump.ask(A, ((20, 1023),))
    assert await pumped(pump, 1) == [topics.chunk(A, 20)]


async def test_no_more_sounds_are_gathered_than_a_plan_may_name(pump: AssetPump) -> None:
    for n in range(1_000):
        pump.ask(AssetDigest(f"{n:064x}"), ((0, 0),))
    assert len(pump._wanted) == assets_module.SOUNDS_MAX


async def test_a_broker_that_says_no_is_asked_again_by_who_needs_it(pump: AssetPump) -> None:
    gateway: FakeGateway = pump._gateway  # type: ignore[assignment]
    gateway.refuses = lambda topic: topic.endswith("/0") and not gateway.published
    pump.ask(A, ((0, 0),))
    running = asyncio.create_task(pump.run())
    async with asyncio.timeout(10):
        while pump._wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        gateway.refuses = lambda _topic: False
        pump.ask(A, ((0, 0),))
        await gateway.until(1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


# --- health -----------------------------------------------------------------------------------------------------


def services(**running: bool) -> list[Supervised]:
    async def nothing() -> None:
        """Do nothing."""

    return [Supervised(name, nothing, running=is_running) for name, is_running in running.items()]


async def examined(hub: Hub, known: list[Supervised], *, away: Lane | None = None) -> health.Health:
    gateways = {lane.name.lower(): FakeGateway() for lane in Lane}
    if away is not None:
        gateways[away.name.lower()].go()
    inbox = Inbox(hub.ctx, AssetPump(FakeGateway(), read))  # type: ignore[arg-type]
    return await health.examine(hub.ctx, gateways, inbox, lambda: known)  # type: ignore[arg-type]


async def test_a_hub_that_lives_is_well(hub: Hub) -> None:
    found = await examined(hub, services(inbox=True))
    assert found.ok
    assert (found.database, found.outbox_waiting, found.services, found.restarts) == (True, 0, {}, {})
    assert found.broker == {"emergency": True, "command": True, "plan": True, "sound": True}


async def test_a_broker_that_is_away_is_named(hub: Hub) -> None:
    found = await examined(hub, services(), away=Lane.COMMAND)
    assert (found.ok, found.broker["command"]) == (False, False)


async def test_a_service_that_does_not_run_is_named_with_its_error(hub: Hub) -> None:
    (known,) = services(inbox=False)
    known.last_error = "OSError: no"
    assert (await examined(hub, [known])).services == {"inbox": "OSError: no"}


async def test_a_service_that_falls_all_the_time_is_seen(hub: Hub) -> None:
    (known,) = services(inbox=True)
    known.falls.extend([1.0, 2.0, 3.0])
    assert (await examined(hub, [known])).restarts == {"inbox": 3}


async def test_what_waits_too_long_is_late(hub: Hub) -> None:
    async with hub.store.write() as tx:
        await tx.outbox.add(
            Outgoing(lane=Lane.PLAN, topic="x", created_ms=hub.at_ms, not_after_ms=hub.at_ms + 1_000_000)
        )
    assert (await examined(hub, services())).ok
    hub.later(seconds=11)
    found = await examined(hub, services())
    assert (found.ok, found.outbox_waiting, found.outbox_late) == (False, 1, True)


async def test_a_database_that_is_away_or_hangs_is_an_answer_and_no_error(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hub.store.db.close()
    monkeypatch.setattr(health, "ANSWER_S", 0.05)

    class Hangs:
        async def __aenter__(self) -> None:
            await asyncio.Event().wait()

        async def __aexit__(self, *_exc: object) -> None:
            """Nothing to end."""

    monkeypatch.setattr(type(hub.store), "read", lambda _self: Hangs())
    found = await examined(hub, services())
    assert (found.ok, found.database) == (False, False)


# --- log lines --------------------------------------------------------------------------------------------------


def line(level: int = logging.WARNING, exc_info: object = None, **facts: object) -> str:
    record = logging.makeLogRecord({"name": "hub.x", "msg": "sent", "levelno": level, "created": 0.0, **facts})
    record.levelname = logging.getLevelName(level)
    record.exc_info = exc_info  # type: ignore[assignment]
    return Lines().format(record)


def test_a_line_is_the_sentence_and_then_the_facts() -> None:
    assert line(action="x", n=3) == '1970-01-01T00:00:00.000+00:00 warning hub.x: sent {"action": "x", "n": 3}'
    assert line() == "1970-01-01T00:00:00.000+00:00 warning hub.x: sent"


def test_what_comes_from_outside_is_cut_and_made_printable() -> None:
    said = line(topic="\x1b[2J\nforged line" + "x" * 10_000)
    assert "\n" not in said
    assert "\x1b" not in said
    assert len(json.loads(said[said.index("{") :])["topic"]) == 500


def test_a_stack_follows_its_line() -> None:
    try:
        raise OSError("no")  # noqa: TRY301
    except OSError:
        said = line(exc_info=sys.exc_info())
    assert said.splitlines()[1] == "Traceback (most recent call last):"
    assert said.splitlines()[-1] == "OSError: no"


# --- events -----------------------------------------------------------------------------------------------------


def test_everybody_who_listens_hears_and_nobody_after() -> None:
    events = Events()
    events.tell("before")
    with events.listening() as one, events.listening() as other:
        events.tell("a", "b")
        assert [one.get_nowait(), one.get_nowait(), other.get_nowait()] == ["a", "b", "a"]
    events.tell("after")
    assert one.empty()


def test_who_is_slow_is_told_that_something_was_missed_and_holds_nobody_up() -> None:
    events = Events()
    with events.listening() as slow:
        for n in range(WAITING_MAX + 5):
            events.tell(str(n))
        assert [slow.get_nowait() for _ in range(slow.qsize())] == [MISSED, "101", "102", "103", "104"]
