"""When plans are made: after an edit, after an enrolment, and when a pinned sound has become ready."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from content.errors import SpeechError
from devices.protocol import topics
from devices.protocol.codec import decode_as
from devices.protocol.ids import DeviceId
from devices.protocol.manifest import Manifest
from emergency.override import kit
from hub import plans as plans_module
from hub.auth.model import Role
from hub.flows import distribute
from hub.flows import kit as kit_flow
from hub.plans import Plans
from scheduler.calendars import wall_of
from scheduler.jobs import Timing
from tests.fakes.hub import COMMUNE, Hub, body

QUICK = Timing(settle=timedelta(milliseconds=20), settle_max=timedelta(milliseconds=100))
WAIT_S = 20.0


def manifests(hub: Hub, device: str = "loa-0001") -> list[Manifest]:
    topic = topics.of_device(DeviceId(device), topics.Leaf.MANIFEST)
    return [decode_as(Manifest, body(message.payload)) for message in hub.on_topic(topic)]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not holds():  # noqa: ASYNC110 - what is waited for is in the outbox
            await asyncio.sleep(0.01)


@asynccontextmanager
async def living(hub: Hub, *services: str) -> AsyncIterator[Plans]:
    async with Plans(hub.ctx, QUICK) as plans:
        tasks = [asyncio.create_task(getattr(plans, name)()) for name in services]
        try:
            yield plans
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans_module, "SETTLE_S", 0.01)
    monkeypatch.setattr(plans_module, "KIT_AGAIN_S", 0.05)


async def test_everybody_gets_a_plan_at_the_start(hub: Hub) -> None:
    await hub.loudspeaker(1)
    async with living(hub):
        await until(lambda: len(manifests(hub)) == 1)


async def test_an_enrolled_loudspeaker_gets_its_plan(hub: Hub) -> None:
    async with living(hub, "follow"):
        await asyncio.sleep(0.05)
        await hub.loudspeaker(1)
        await until(lambda: len(manifests(hub)) == 1)


async def test_a_fleet_that_enrols_at_once_is_planned_for_in_few_rounds(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = 0
    publish_all = distribute.publish_all

    async def counted(*args: object) -> distribute.Published:
        nonlocal rounds
        rounds += 1
        return await publish_all(*args)  # type: ignore[arg-type]

    async with living(hub, "follow"):
        await until(lambda: bool(hub.ctx.events._listeners))
        monkeypatch.setattr(distribute, "publish_all", counted)
        monkeypatch.setattr(plans_module, "SETTLE_S", 0.2)
        hub.ctx.events.tell(*["enrolled"] * 90)
        await asyncio.sleep(0.6)
    assert 1 <= rounds <= 2


async def test_a_programme_is_in_the_plan_soon_after_it_was_put_on_the_air(hub: Hub) -> None:
    await hub.loudspeaker(1)
    officer = await hub.person("officer", (Role.COMMUNE_OFFICER, COMMUNE))
    leader = await hub.person("leader", (Role.COMMUNE_LEADER, COMMUNE))
    item = await hub.approved(officer, leader)
    async with living(hub, "follow"):
        await until(lambda: len(manifests(hub)) == 1)
        programme = await hub.on_air(officer, item, wall_of(hub.now() + timedelta(hours=1)))
        await until(lambda: len(manifests(hub)) == 2)
    assert manifests(hub)[-1].items[0].id.startswith(programme.id)


async def test_the_kit_is_pinned_sirens_first_and_goes_into_the_plans(hub: Hub) -> None:
    await hub.loudspeaker(1)
    async with living(hub, "prepare_kit"):
        await until(lambda: bool(manifests(hub)) and len(manifests(hub)[-1].pinned) == len(kit()))
    counts = [len(manifest.pinned) for manifest in manifests(hub)]
    assert counts == sorted(counts)
    assert 0 < counts[-2] < len(kit())  # the sirens did not wait for the words


async def test_a_pinned_sound_that_failed_is_tried_again(hub: Hub) -> None:
    await hub.loudspeaker(1)
    hub.voice.fails = SpeechError("fake", "no voice")
    async with living(hub, "prepare_kit"):
        await until(lambda: bool(hub.voice.asked) and max(hub.voice.asked.values()) >= 3)
        assert "siren_wail" not in await kit_flow.missing(hub.ctx)
        hub.voice.fails = None
        await until(lambda: bool(manifests(hub)) and len(manifests(hub)[-1].pinned) == len(kit()))
    assert await kit_flow.missing(hub.ctx) == ()
