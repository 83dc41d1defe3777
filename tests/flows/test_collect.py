"""What loudspeakers say, and what anybody else might: kept once, confirmed, refused, and never a reason to fall."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from content.model import Stage
from devices.gateway import Incoming
from devices.presence import Presence
from devices.protocol import limits, topics
from devices.protocol.codec import decode_as, encode
from devices.protocol.ids import DeviceId
from devices.protocol.messages import (
    Ack,
    AckStage,
    AsRun,
    AsRunReport,
    Command,
    CommandName,
    Need,
    Outcome,
    Source,
    State,
    Status,
    Subject,
    Why,
)
from devices.protocol.signing import Signer
from hub.auth.model import Role
from hub.flows import bulletin, distribute, fleet
from tests.fakes.hub import COMMUNE, Hub, body, open_flows, topic_of
from tests.fakes.sql import Templates
from tests.flows.test_bulletins import AT
from tests.unit.devices.protocol import strategies

LOA_1 = DeviceId("loa-0001")
STRANGER = Signer.from_seed(b"s" * 32)


def record(n: int, **more: object) -> AsRun:
    known: dict[str, object] = {
        "n": n,
        "boot": 1,
        "source": Source.ITEM,
        "id": "p-1-20260813t083000-00",
        "digest": None,
        "start_ms": 1_786_584_600_000,
        "end_ms": 1_786_584_630_000,
        "outcome": Outcome.COMPLETED,
        "why": Why.SCHEDULED,
    }
    return AsRun(**(known | more))  # type: ignore[arg-type]


def report(*numbers: int, device: DeviceId = LOA_1) -> AsRunReport:
    return AsRunReport(device=device, at_ms=1, records=tuple(map(record, numbers)))


def confirmed(hub: Hub) -> list[int]:
    topic = topics.of_device(LOA_1, topics.Leaf.CMD)
    commands = [decode_as(Command, body(message.payload)) for message in hub.on_topic(topic)]
    return [command.value for command in commands if command.name is CommandName.CONFIRM]


async def kept(hub: Hub) -> list[int]:
    async with hub.store.read() as tx:
        return [heard.record.n for heard in await tx.as_runs.between(0, limits.TIME_MS_MAX)]


async def test_records_are_kept_once_and_confirmed(hub: Hub) -> None:
    await hub.loudspeaker(1)
    await hub.hears(report(1, 2))
    assert confirmed(hub) == [2]
    await hub.hears(report(1, 2, 3))
    await hub.hears(report(1, 2, 3))
    assert await kept(hub) == [1, 2, 3]
    assert confirmed(hub) == [2, 3, 3]


async def test_a_gap_is_not_confirmed_over(hub: Hub) -> None:
    await hub.loudspeaker(1)
    await hub.hears(report(1, 2, 4))
    await hub.hears(report(3))
    assert confirmed(hub) == [2, 4]


async def test_many_reports_at_once_are_confirmed_once(hub: Hub) -> None:
    identity = await hub.loudspeaker(1)
    said = [report(n) for n in (1, 2, 3)]
    done = await hub.takes(*(Incoming(topic_of(one), identity.signer().seal(encode(one)), False) for one in said))
    assert (done.taken, done.refused) == (3, 0)
    assert confirmed(hub) == [3]


async def test_a_record_that_changes_afterwards_stays_as_it_was(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    await hub.loudspeaker(1)
    await hub.hears(report(1))
    await hub.hears(AsRunReport(device=LOA_1, at_ms=1, records=(record(1, outcome=Outcome.CUT, by="i-1"),)))
    async with hub.store.read() as tx:
        (heard,) = await tx.as_runs.between(0, limits.TIME_MS_MAX)
    assert heard.record == record(1)
    assert "as-run changed" in caplog.messages


async def test_a_report_is_believed_only_with_the_key_of_its_device(hub: Hub) -> None:
    await hub.loudspeaker(1)
    await hub.loudspeaker(2)
    other = hub.identities[DeviceId("loa-0002")].signer()
    for signer in (STRANGER, other, hub.signer):
        done = await hub.hears(report(1), signer=signer)
        assert (done.taken, done.refused) == (0, 1)
    done = await hub.takes(  # rightly sealed, on the topic of another
        Incoming(topics.of_device(LOA_1, topics.Leaf.ASRUN), other.seal(encode(report(1, device=other_id(hub)))), False)
    )
    assert done.refused == 1
    assert await kept(hub) == []
    assert confirmed(hub) == []


def other_id(hub: Hub) -> DeviceId:
    return hub.identities[DeviceId("loa-0002")].device


async def test_a_loudspeaker_that_nobody_registered_or_that_was_retired_is_not_heard(hub: Hub) -> None:
    operator = await hub.person("operator", (Role.OPERATOR, "48"))
    await hub.loudspeaker(1)
    await fleet.retire_device(hub.ctx, operator, LOA_1)
    assert (await hub.hears(report(1))).refused == 1
    done = await hub.takes(Incoming("loa/1/dev/loa-9999/asrun", STRANGER.seal(encode(report(1))), False))
    assert done.refused == 1


async def test_an_item_that_was_heard_makes_its_bulletin_aired(hub: Hub) -> None:
    officer = await hub.person("officer", (Role.COMMUNE_OFFICER, COMMUNE))
    leader = await hub.person("leader", (Role.COMMUNE_LEADER, COMMUNE))
    await hub.loudspeaker(1)
    item = await hub.approved(officer, leader)
    programme = await hub.on_air(officer, item, AT)
    heard = f"{programme.id}-20260813t083000-00"

    async def stage_after(n: int, **more: object) -> Stage:
        await hub.hears(AsRunReport(device=LOA_1, at_ms=1, records=(record(n, **more),)))
        return (await bulletin.one(hub.ctx, officer, item.id)).bulletin.stage

    assert await stage_after(1, id=heard, outcome=Outcome.MISSED, why=Why.NO_AUDIO) is Stage.SCHEDULED
    for n, odd in enumerate((f"{programme.id}-x-²", f"{programme.id}-x-99", programme.id, "-", "--", "p-none-x-00"), 2):
        assert await stage_after(n, id=odd) is Stage.SCHEDULED
    assert await stage_after(20, id=heard) is Stage.AIRED


async def test_an_ack_moves_the_delivery_of_a_plan(hub: Hub) -> None:
    officer = await hub.person("officer", (Role.COMMUNE_OFFICER, COMMUNE))
    await hub.loudspeaker(1)
    await distribute.publish_all(hub.ctx)
    (sent,) = (await fleet.loudspeaker(hub.ctx, officer, LOA_1)).sent
    answer = Ack(device=LOA_1, at_ms=1, of=Subject.MANIFEST, sequence=sent.key.sequence, stage=AckStage.ACCEPTED)
    await hub.hears(replace(answer, sequence=sent.key.sequence + 1))  # of a plan that was never sent
    await hub.hears(answer)
    (sent,) = (await fleet.loudspeaker(hub.ctx, officer, LOA_1)).sent
    assert str(sent.state) == "accepted"


async def test_needs_are_asked_for_after_the_commit(hub: Hub) -> None:
    await hub.loudspeaker(1)
    await hub.hears(Need(device=LOA_1, at_ms=1, digest="ab" * 32, ranges=((0, 3), (7, 7))))  # type: ignore[arg-type]
    assert hub.needs == [("ab" * 32, ((0, 3), (7, 7)))]


async def test_who_says_anything_is_there(hub: Hub) -> None:
    officer = await hub.person("officer", (Role.COMMUNE_OFFICER, COMMUNE))
    await hub.loudspeaker(1)

    async def seen() -> Presence:
        return (await fleet.loudspeaker(hub.ctx, officer, LOA_1)).loudspeaker.presence

    assert await seen() is Presence.NEVER_SEEN
    await hub.hears(State(device=LOA_1, boot=1, at_ms=hub.at_ms, status=Status.ONLINE, clock_trusted=True))
    assert await seen() is Presence.ONLINE
    hub.later(minutes=2)
    assert await seen() is Presence.LATE
    await hub.hears(report(1))
    assert await seen() is Presence.ONLINE
    await hub.hears(State(device=LOA_1, boot=1, at_ms=0, status=Status.LOST))
    assert await seen() is Presence.LOST


TOPICS = st.one_of(
    st.sampled_from([topics.of_device(LOA_1, leaf) for leaf in topics.Leaf])
    | st.sampled_from(
        ["loa/1/dev/loa-9999/state", "loa/1/keys", "loa/2/dev/loa-0001/state", "", "/", "loa/1/dev//ack"]
    ),
    st.text(max_size=60),
)


@pytest.fixture(params=["sqlite", "postgres"])
async def one(request: pytest.FixtureRequest, templates: Templates, tmp_path: Path) -> AsyncIterator[Hub]:
    """A hub with one loudspeaker, over each database."""
    async with open_flows(templates, request.param, tmp_path) as hub:
        await hub.loudspeaker(1)
        yield hub


# The hub is the same for all examples: what one has left behind must not fell it at the next.
examples = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@examples
@given(topic=TOPICS, payload=st.binary(max_size=400), sealed=st.booleans(), retained=st.booleans())
async def test_random_bytes_on_any_topic_never_raise(
    one: Hub, topic: str, payload: bytes, sealed: bool, retained: bool
) -> None:
    data = one.identities[LOA_1].signer().seal(payload) if sealed else payload
    done = await one.takes(Incoming(topic, data, retained))
    assert done.taken + done.refused == 1


said = st.one_of(strategies.states, strategies.acks, strategies.needs, strategies.reports)


@examples
@given(message=said, retained=st.booleans())
async def test_whatever_a_loudspeaker_rightly_says_is_taken_by_every_database(
    one: Hub, message: State | Ack | Need | AsRunReport, retained: bool
) -> None:
    done = await one.hears(replace(message, device=LOA_1), retained=retained)
    assert (done.taken, done.refused) == (1, 0)
