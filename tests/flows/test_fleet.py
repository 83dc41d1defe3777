"""Loudspeakers registered, claimed, silenced, replaced and retired; and who may."""

from dataclasses import replace

import pytest

from devices.model import Site
from devices.protocol import topics
from devices.protocol.codec import decode_as
from devices.protocol.ids import AreaCode, DeviceId
from devices.protocol.lifecycle import Registration
from devices.protocol.messages import Ack, AckStage, Command, CommandName, Subject
from hub.auth.model import Role
from hub.db.outbox import Lane
from hub.flows import areas, distribute, fleet
from hub.flows.actor import Actor
from hub.flows.errors import Conflicted, NotAllowed, NotFound, Refused
from tests.fakes.hub import COMMUNE, OTHER, PROVINCE, Hub, body

SITE = Site(name="Nhà văn hóa thôn 1")
LOA_1 = DeviceId("loa-0001")
KEY = b"k" * 32


@pytest.fixture
async def operator(hub: Hub) -> Actor:
    return await hub.person("operator", (Role.OPERATOR, PROVINCE))


async def registered(hub: Hub, who: Actor, device_id: str = "loa-0001", unit: str = COMMUNE) -> str:
    _, code = await fleet.register(hub.ctx, who, device_id=device_id, unit=AreaCode(unit), site=SITE)
    return code


def commands(hub: Hub, device: DeviceId = LOA_1) -> list[Command]:
    sent = hub.on_topic(topics.of_device(device, topics.Leaf.CMD))
    assert {message.lane for message in sent} <= {Lane.COMMAND}
    assert not any(message.retain for message in sent)
    return [decode_as(Command, body(message.payload)) for message in sent]


async def test_a_claim_code_is_good_once_and_only_for_one_key(hub: Hub, operator: Actor) -> None:
    code = await registered(hub, operator)
    enrolled = await fleet.enrol(hub.ctx, code=code.lower().replace("-", " "), public_key=KEY)
    assert (enrolled.device.id, enrolled.device.areas) == (LOA_1, ("vn", PROVINCE, COMMUNE))
    again = await fleet.enrol(hub.ctx, code=code, public_key=KEY)  # its answer was lost
    assert again == enrolled
    with pytest.raises(Refused):
        await fleet.enrol(hub.ctx, code=code, public_key=b"x" * 32)
    assert (await hub.acts()).count("device.claim") == 1


@pytest.mark.parametrize("code", ["", "x", "2222-2222-2222-2222", "\ud800" * 16, "A" * 500])
async def test_a_code_that_was_never_given_is_refused(hub: Hub, operator: Actor, code: str) -> None:
    await registered(hub, operator)
    with pytest.raises(Refused) as refused:
        await fleet.enrol(hub.ctx, code=code, public_key=KEY)
    assert refused.value.field == "claim_code"


async def test_a_key_that_is_none_is_refused(hub: Hub, operator: Actor) -> None:
    code = await registered(hub, operator)
    for key in (b"", b"k" * 31, bytes(32)):
        with pytest.raises(Refused):
            await fleet.enrol(hub.ctx, code=code, public_key=key)


async def test_a_name_is_given_once_and_has_a_form(hub: Hub, operator: Actor) -> None:
    await registered(hub, operator)
    for name in ("loa-0001", "Loa 1", "", "x" * 65):
        with pytest.raises(Refused) as refused:
            await registered(hub, operator, name)
        assert refused.value.field == "device_id"
    for site in (Site(name="  "), Site(name="x" * 121)):
        with pytest.raises(Refused, match="vị trí"):
            await fleet.register(hub.ctx, operator, device_id="loa-0002", unit=COMMUNE, site=site)
        with pytest.raises(Refused, match="vị trí"):
            await fleet.move(hub.ctx, operator, LOA_1, site)


async def test_an_officer_sees_loudspeakers_and_does_not_keep_them(hub: Hub, operator: Actor) -> None:
    await hub.loudspeaker(1)
    await hub.loudspeaker(2, unit=OTHER)
    officer = await hub.person("officer", (Role.COMMUNE_OFFICER, COMMUNE))
    assert [one.device.id for one in await fleet.loudspeakers(hub.ctx, officer)] == [LOA_1]
    for call in (
        fleet.set_volume(hub.ctx, officer, LOA_1, 50),
        fleet.retire_device(hub.ctx, officer, LOA_1),
        fleet.replace_device(hub.ctx, officer, LOA_1),
        fleet.move(hub.ctx, officer, LOA_1, SITE),
        registered(hub, officer, "loa-0003"),
    ):
        with pytest.raises(NotAllowed):
            await call
    with pytest.raises(NotFound):
        await fleet.loudspeaker(hub.ctx, officer, "loa-0002")
    with pytest.raises(NotFound):
        await fleet.stop(hub.ctx, officer, ["loa-0002"])


async def test_everybody_may_stop_the_sound_on_their_own_ground(hub: Hub) -> None:
    await hub.loudspeaker(1)
    officer = await hub.person("officer", (Role.COMMUNE_OFFICER, COMMUNE))
    assert await fleet.stop(hub.ctx, officer, [LOA_1, LOA_1]) == 1
    assert await fleet.stop_unit(hub.ctx, officer, COMMUNE, hold_min=30) == 1
    assert [(one.name, one.value) for one in commands(hub)] == [
        (CommandName.STOP, 0),
        (CommandName.STOP, hub.at_ms + 30 * 60_000),
    ]
    with pytest.raises(NotAllowed):
        await fleet.stop_unit(hub.ctx, officer, OTHER)
    for minutes in (-1, 1_000_000):
        with pytest.raises(Refused):
            await fleet.stop_unit(hub.ctx, officer, COMMUNE, hold_min=minutes)


async def test_a_province_is_silenced_in_turns_and_with_few_entries_in_the_audit(hub: Hub, operator: Actor) -> None:
    for number in range(6):
        await hub.loudspeaker(number)
    await registered(hub, operator, "loa-expected")
    before = len(await hub.acts())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fleet, "TOLD_A_TURN", 4)
        assert await fleet.stop_unit(hub.ctx, operator, PROVINCE) == 6
    assert (await hub.acts())[before:] == ["device.stop", "device.stop"]
    assert all(commands(hub, DeviceId(f"loa-{number:04}")) for number in range(6))


async def test_a_stop_of_one_that_is_not_ours_stops_nothing(hub: Hub) -> None:
    await hub.loudspeaker(1)
    await hub.loudspeaker(2, unit=OTHER)
    officer = await hub.person("officer", (Role.COMMUNE_OFFICER, COMMUNE))
    with pytest.raises(NotFound):
        await fleet.stop(hub.ctx, officer, [LOA_1, "loa-0002"])
    assert commands(hub) == []


async def test_a_command_is_numbered_expires_and_is_followed(hub: Hub, operator: Actor) -> None:
    await hub.loudspeaker(1)
    await fleet.set_volume(hub.ctx, operator, LOA_1, 40)
    await fleet.set_volume(hub.ctx, operator, LOA_1, 60)
    first, second = commands(hub)
    assert first.sequence < second.sequence
    assert first.expires_at_ms == hub.at_ms + 60_000
    await hub.hears(
        Ack(device=LOA_1, at_ms=1, of=Subject.CMD, ref=second.id, sequence=second.sequence, stage=AckStage.DONE)
    )
    states = {sent.key.ref: str(sent.state) for sent in (await fleet.loudspeaker(hub.ctx, operator, LOA_1)).sent}
    assert states == {first.id: "queued", second.id: "done"}
    for percent in (-1, 101):
        with pytest.raises(Refused):
            await fleet.set_volume(hub.ctx, operator, LOA_1, percent)


async def test_what_is_not_in_use_gets_no_order(hub: Hub, operator: Actor) -> None:
    await registered(hub, operator)
    with pytest.raises(Conflicted, match="chưa kích hoạt"):
        await fleet.set_volume(hub.ctx, operator, LOA_1, 40)
    assert commands(hub) == []


async def test_new_hardware_takes_the_place_of_the_old(hub: Hub, operator: Actor) -> None:
    old = await hub.loudspeaker(1)
    code = await fleet.replace_device(hub.ctx, operator, LOA_1)
    async with hub.store.read() as tx:
        waiting = await tx.devices.get(LOA_1)
    assert (waiting.registration, waiting.public_key) == (Registration.EXPECTED, None)
    enrolled = await fleet.enrol(hub.ctx, code=code, public_key=KEY)
    assert enrolled.device.public_key == KEY != old.signer().public_key
    assert (await fleet.loudspeaker(hub.ctx, operator, LOA_1)).loudspeaker.silent_s is None


async def test_a_retired_loudspeaker_is_not_planned_for_and_not_retired_twice(hub: Hub, operator: Actor) -> None:
    await hub.loudspeaker(1)
    await fleet.retire_device(hub.ctx, operator, LOA_1)
    assert await fleet.loudspeakers(hub.ctx, operator) == ()
    assert (await distribute.publish_all(hub.ctx)).devices == 0
    with pytest.raises(Conflicted):
        await fleet.retire_device(hub.ctx, operator, LOA_1)


async def test_a_group_is_listened_to_with_the_next_plan(hub: Hub, operator: Actor) -> None:
    await hub.loudspeaker(1)
    await distribute.publish_all(hub.ctx)
    group = await areas.put_group(hub.ctx, operator, name="Ven sông", members=[COMMUNE, OTHER])
    assert (await distribute.publish_all(hub.ctx)).manifests == 1
    async with hub.store.read() as tx:
        manifest = await tx.manifests.last(LOA_1)
    assert manifest is not None
    assert group.code in manifest.areas
    smaller = await areas.put_group(hub.ctx, operator, name="Ven sông", members=[OTHER], code=group.code)
    assert smaller == replace(group, members=(OTHER,))
    assert (await distribute.publish_all(hub.ctx)).manifests == 1


async def test_the_last_plan_of_a_retired_loudspeaker_is_taken_from_the_broker(hub: Hub, operator: Actor) -> None:
    await registered(hub, operator)
    await fleet.retire_device(hub.ctx, operator, LOA_1)
    async with hub.ctx.store.read() as tx:
        assert await tx.outbox.said(topics.of_device(LOA_1, topics.Leaf.MANIFEST)) == b""
