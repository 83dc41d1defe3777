"""The whole way in virtual time: the real flows over a real database, and twenty loudspeakers with a mind each."""

from datetime import timedelta

import pytest

from content.model import Stage
from devices.protocol.ids import AssetDigest
from devices.protocol.messages import Outcome, OverrideKind, Source
from emergency.rollcall import Standing, standing
from firmware_sim.world import Speaker, World
from hub.auth.model import Role
from hub.flows import alert, bulletin, fleet, schedule
from hub.flows.actor import Actor
from hub.flows.alert import Asked
from scheduler.calendars import wall_of
from scheduler.reconcile import Fate
from tests.fakes.hub import COMMUNE, TEXT, Hub, with_kit
from tests.fakes.hub_world import HubInWorld

DEVICES = 20
SECOND, MINUTE = 1_000, 60_000
LONG = " ".join([TEXT] * 12)  # a minute of speech, so that something can interrupt it


@pytest.fixture
async def world(hub: Hub, seed: int) -> HubInWorld:
    await with_kit(hub)
    world = World(seed=seed, start_ms=hub.at_ms)
    for number in range(DEVICES):
        world.add(await hub.loudspeaker(number), power_on_after_ms=number * 50)
    running = HubInWorld(hub, world)
    await running.run_for(20 * SECOND)
    return running


@pytest.fixture
async def officer(hub: Hub) -> Actor:
    return await hub.person("officer", (Role.COMMUNE_OFFICER, COMMUNE))


@pytest.fixture
async def leader(hub: Hub) -> Actor:
    return await hub.person("leader", (Role.COMMUNE_LEADER, COMMUNE))


def heard(speaker: Speaker, digest: AssetDigest) -> list[int]:
    """Return when a sound began under one horn."""
    return [sound.start_ms for sound in speaker.heard if sound.digest == digest]


async def on_air(hub: Hub, officer: Actor, leader: Actor, *, in_s: int) -> tuple[str, AssetDigest, int]:
    """Put a minute of speech on the air; return the bulletin, its sound, and when it begins."""
    item = await hub.approved(officer, leader, text=LONG)
    start = hub.now() + timedelta(seconds=in_s)
    await hub.on_air(officer, item, wall_of(start).replace(microsecond=0))
    sound = await bulletin.listen(hub.ctx, officer, item.id)
    return item.id, sound.asset.digest, int(start.timestamp()) * 1000


async def test_every_loudspeaker_comes_up_holding_its_sirens(world: HubInWorld, leader: Actor) -> None:
    found = await fleet.loudspeakers(world.hub.ctx, leader)
    assert len(found) == DEVICES
    assert {(one.presence, one.seen.state and one.seen.state.assets_missing) for one in found} == {("online", 0)}
    assert world.refused == 0


async def test_a_bulletin_is_heard_on_all_and_proved_by_each(
    world: HubInWorld, hub: Hub, officer: Actor, leader: Actor
) -> None:
    item, digest, start_ms = await on_air(hub, officer, leader, in_s=30)
    await world.run_for(30 * SECOND)
    assert [heard(speaker, digest) for speaker in world.world.speakers] == [[]] * DEVICES  # not a moment too early
    await world.run_for(3 * MINUTE)
    for speaker in world.world.speakers:
        (began_ms,) = heard(speaker, digest)
        assert 0 <= began_ms - start_ms <= 100  # as far as its clock is from ours: the way of a beacon
    async with hub.store.read() as tx:
        records = await tx.as_runs.between(start_ms - MINUTE, start_ms + 10 * MINUTE)
    assert {(one.record.outcome, one.record.source) for one in records} == {(Outcome.COMPLETED, Source.ITEM)}
    assert len({one.device for one in records}) == len(records) == DEVICES  # once each
    assert (await bulletin.one(hub.ctx, officer, item)).bulletin.stage is Stage.AIRED
    for speaker in world.world.speakers:
        assert speaker.core is not None
        detail = await fleet.loudspeaker(hub.ctx, officer, speaker.device)
        assert detail.loudspeaker.seen.state is not None
        assert detail.loudspeaker.seen.state.asrun_waiting == 0  # confirmed
        day = await schedule.day_of(hub.ctx, officer, speaker.device)
        assert [(one.fate, one.slot.asset) for one in day.result.results] == [(Fate.HEARD, digest)]


async def test_an_emergency_sounds_on_all_is_called_on_the_roll_and_the_programme_resumes(
    world: HubInWorld, hub: Hub, officer: Actor, leader: Actor
) -> None:
    _, digest, start_ms = await on_air(hub, officer, leader, in_s=30)
    await world.run_for(45 * SECOND)
    assert {speaker.sounds and speaker.sounds.digest for speaker in world.world.speakers} == {digest}

    flood = Asked(hazard="lu", level=3, areas=(COMMUNE,), text="Nước sông Vu Gia đang lên nhanh.")
    clicked_ms = hub.at_ms
    sent = await alert.send(hub.ctx, leader, flood)
    await world.run_for(2 * SECOND)
    assert sent.override is not None
    siren = sent.override.steps[0].asset
    for speaker in world.world.speakers:
        (began_ms, *_) = [at for at in heard(speaker, siren) if at >= clicked_ms]
        assert began_ms - clicked_ms <= SECOND
    view = await alert.roll_call(hub.ctx, leader, sent.id)
    assert {standing(call) for call in view.calls} <= {Standing.ACCEPTED, Standing.SOUNDED}

    assert await alert.speak_one(hub.ctx, sent)
    await world.run_for(30 * SECOND)
    view = await alert.roll_call(hub.ctx, leader, sent.id)
    assert (view.tally.total, view.tally.sounded, view.tally.sounded_percent) == (DEVICES, DEVICES, 100)
    spoken = (await alert.active(hub.ctx))[0].override
    assert spoken is not None
    (words,) = spoken.assets
    assert all(heard(speaker, words.digest) for speaker in world.world.speakers)

    await alert.cancel(hub.ctx, leader, sent.id, all_clear=False)
    await world.run_for(2 * SECOND)
    assert {speaker.sounds and speaker.sounds.digest for speaker in world.world.speakers} == {digest}  # resumed
    await world.run_for(3 * MINUTE)
    assert [speaker.sounds for speaker in world.world.speakers] == [None] * DEVICES
    async with hub.store.read() as tx:
        records = await tx.as_runs.between(start_ms - MINUTE, start_ms + 10 * MINUTE)
        assert await tx.rolls.open_rolls() == ()
    cut = [one for one in records if one.record.outcome is Outcome.CUT and one.record.by == sent.id]
    assert len({one.device for one in cut}) == DEVICES
    assert {one.record.source for one in records} == {Source.ITEM, Source.OVERRIDE}
    assert world.refused == 0


async def test_a_loudspeaker_that_was_cut_off_hears_it_when_it_comes_back_and_the_roll_knows(
    world: HubInWorld, hub: Hub, leader: Actor
) -> None:
    world.speaker(3).cut()
    world.speaker(7).cut()
    await world.run_for(MINUTE)  # the broker speaks their last wills
    sent = await alert.send(hub.ctx, leader, Asked(hazard="lu", level=3, areas=(COMMUNE,)))
    await world.run_for(20 * SECOND)
    view = await alert.roll_call(hub.ctx, leader, sent.id)
    by_device = {call.device: standing(call) for call in view.calls}
    gone = {world.speaker(3).device, world.speaker(7).device}
    assert {device for device, at in by_device.items() if at is Standing.UNREACHABLE} == gone
    world.speaker(3).heal()
    await world.run_for(2 * MINUTE)
    view = await alert.roll_call(hub.ctx, leader, sent.id)
    by_device = {call.device: standing(call) for call in view.calls}
    assert by_device[world.speaker(3).device] is Standing.SOUNDED
    assert by_device[world.speaker(7).device] is Standing.UNREACHABLE
    await alert.cancel(hub.ctx, leader, sent.id, all_clear=False)
    await world.run_for(SECOND)
    world.speaker(7).heal()
    await world.run_for(2 * MINUTE)
    assert world.speaker(7).heard == []  # what is over is never loud


async def test_a_bulletin_edited_while_it_waits_is_not_heard(
    world: HubInWorld, hub: Hub, officer: Actor, leader: Actor
) -> None:
    item, digest, _ = await on_air(hub, officer, leader, in_s=60)
    await world.run_for(20 * SECOND)
    now = (await bulletin.one(hub.ctx, officer, item)).bulletin
    await bulletin.edit(hub.ctx, officer, item, revision=now.revision, text="Hoãn họp.")
    await world.run_for(2 * MINUTE)
    assert [heard(speaker, digest) for speaker in world.world.speakers] == [[]] * DEVICES


async def test_a_commune_is_silenced_by_one_click(world: HubInWorld, hub: Hub, officer: Actor, leader: Actor) -> None:
    _, digest, _ = await on_air(hub, officer, leader, in_s=30)
    await world.run_for(40 * SECOND)
    assert {speaker.sounds and speaker.sounds.digest for speaker in world.world.speakers} == {digest}
    assert await fleet.stop_unit(hub.ctx, officer, COMMUNE, hold_min=10) == DEVICES
    await world.run_for(2 * SECOND)
    assert [speaker.sounds for speaker in world.world.speakers] == [None] * DEVICES
    detail = await fleet.loudspeaker(hub.ctx, officer, world.speaker(0).device)
    assert {str(sent.state) for sent in detail.sent if sent.key.ref} == {"done"}
    await alert.send(hub.ctx, leader, Asked(hazard="lu", level=3, areas=(COMMUNE,)))
    await world.run_for(2 * SECOND)
    assert all(speaker.sounds for speaker in world.world.speakers)  # a hold holds no emergency


async def test_a_drill_is_heard_as_a_drill(world: HubInWorld, hub: Hub, officer: Actor) -> None:
    drill = Asked(hazard="lu", level=3, areas=(COMMUNE,), kind=OverrideKind.DRILL)
    sent = await alert.send(hub.ctx, officer, drill)
    await world.run_for(2 * SECOND)
    async with hub.store.read() as tx:
        pinned = await tx.pinned.every()
    assert sent.override is not None
    assert {speaker.sounds and speaker.sounds.digest for speaker in world.world.speakers} == {pinned["drill-opening"]}
