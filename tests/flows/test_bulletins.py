"""A bulletin from the first word to the air, and everything that must keep it off."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from content.model import Stage
from devices.areas import AreaCode
from devices.protocol import topics
from devices.protocol.codec import decode_as
from devices.protocol.ids import DeviceId
from devices.protocol.manifest import Manifest
from devices.protocol.topics import Leaf
from hub.auth.model import Role
from hub.flows import areas, bulletin, distribute, schedule
from hub.flows.actor import Actor
from hub.flows.errors import Conflicted, NotAllowed, NotFound, Refused
from hub.flows.schedule import When
from scheduler.calendars import PRESETS, QuietPreset
from tests.fakes.hub import COMMUNE, OTHER, TEXT, Hub, body


def local(day: int, hour: int, minute: int) -> datetime:
    return datetime(2026, 8, day, hour, minute)  # noqa: DTZ001 - programmes are written in wall time


AT = local(13, 8, 30)  # the hub's clock begins at 08:00
LOA_1 = DeviceId("loa-0001")


@pytest.fixture
async def officer(hub: Hub) -> Actor:
    return await hub.person("officer", (Role.COMMUNE_OFFICER, COMMUNE))


@pytest.fixture
async def leader(hub: Hub) -> Actor:
    return await hub.person("leader", (Role.COMMUNE_LEADER, COMMUNE))


@pytest.fixture
async def stranger(hub: Hub) -> Actor:
    return await hub.person("stranger", (Role.COMMUNE_LEADER, OTHER))


def manifests(hub: Hub, device: DeviceId = LOA_1) -> list[Manifest]:
    topic = topics.of_device(device, Leaf.MANIFEST)
    return [decode_as(Manifest, body(message.payload)) for message in hub.on_topic(topic)]


async def test_a_bulletin_goes_from_draft_to_scheduled(hub: Hub, officer: Actor, leader: Actor) -> None:
    await hub.loudspeaker(1)
    item = await hub.approved(officer, leader)
    assert (item.stage, item.author, item.approver) == (Stage.APPROVED, "a-officer", "a-leader")
    await hub.on_air(officer, item, AT)
    view = await bulletin.one(hub.ctx, officer, item.id)
    assert view.bulletin.stage is Stage.SCHEDULED
    assert (view.author_name, view.approver_name) == ("Officer", "Leader")
    assert await hub.acts() == [
        "device.register", "device.claim", "bulletin.write", "bulletin.submit", "bulletin.approve", "bulletin.schedule",
    ]  # fmt: skip


async def test_nobody_approves_the_own_words(hub: Hub, leader: Actor) -> None:
    draft = await bulletin.write(hub.ctx, leader, unit=COMMUNE, title="Họp", text=TEXT)
    await bulletin.submit(hub.ctx, leader, draft.id)
    with pytest.raises(NotAllowed, match="không được tự duyệt"):
        await bulletin.approve(hub.ctx, leader, draft.id, version=1)


async def test_who_changed_the_words_does_not_approve_them_either(hub: Hub, officer: Actor, leader: Actor) -> None:
    draft = await bulletin.write(hub.ctx, officer, unit=COMMUNE, title="Họp", text=TEXT)
    await bulletin.edit(hub.ctx, leader, draft.id, revision=1, text=f"{TEXT} Xin cảm ơn.")
    await bulletin.submit(hub.ctx, officer, draft.id)
    with pytest.raises(NotAllowed, match="không được tự duyệt"):
        await bulletin.approve(hub.ctx, leader, draft.id, version=2)


async def test_an_officer_does_not_approve(hub: Hub, officer: Actor) -> None:
    other = await hub.person("other", (Role.COMMUNE_OFFICER, COMMUNE))
    draft = await bulletin.write(hub.ctx, officer, unit=COMMUNE, title="Họp", text=TEXT)
    await bulletin.submit(hub.ctx, officer, draft.id)
    with pytest.raises(NotAllowed, match="Bạn không có quyền"):
        await bulletin.approve(hub.ctx, other, draft.id, version=1)


async def test_what_belongs_to_another_commune_is_as_if_it_were_not_there(
    hub: Hub, officer: Actor, leader: Actor, stranger: Actor
) -> None:
    item = await hub.approved(officer, leader)
    for flow in (
        bulletin.one(hub.ctx, stranger, item.id),
        bulletin.listen(hub.ctx, stranger, item.id),
        bulletin.archive(hub.ctx, stranger, item.id),
        schedule.plan(hub.ctx, stranger, item.id, audience=(OTHER,), when=When(start=AT)),
    ):
        with pytest.raises(NotFound, match="Không tìm thấy bản tin"):
            await flow
    assert await bulletin.listing(hub.ctx, stranger) == ()


async def test_rights_reach_down_the_branch_and_never_up_or_across(hub: Hub, officer: Actor) -> None:
    province = await hub.person("province", (Role.PROVINCE_STAFF, "48"))
    assert (await bulletin.write(hub.ctx, province, unit=COMMUNE, title="Tỉnh", text=TEXT)).unit == COMMUNE
    for unit in ("48", OTHER, "vn"):
        with pytest.raises(NotAllowed, match="Quyền soạn bản tin của bạn không gồm"):
            await bulletin.write(hub.ctx, officer, unit=AreaCode(unit), title="Họp", text=TEXT)


async def test_a_version_that_was_not_read_is_not_approved(hub: Hub, officer: Actor, leader: Actor) -> None:
    draft = await bulletin.write(hub.ctx, officer, unit=COMMUNE, title="Họp", text=TEXT)
    await bulletin.submit(hub.ctx, officer, draft.id)
    await bulletin.withdraw(hub.ctx, officer, draft.id)
    found = (await bulletin.one(hub.ctx, officer, draft.id)).bulletin
    await bulletin.edit(hub.ctx, officer, draft.id, revision=found.revision, text="Lời khác hẳn.")
    await bulletin.submit(hub.ctx, officer, draft.id)
    with pytest.raises(Conflicted):
        await bulletin.approve(hub.ctx, leader, draft.id, version=1)


async def test_two_who_edit_at_once_do_not_write_over_each_other(hub: Hub, officer: Actor) -> None:
    draft = await bulletin.write(hub.ctx, officer, unit=COMMUNE, title="Họp", text=TEXT)
    edits = (bulletin.edit(hub.ctx, officer, draft.id, revision=1, text=f"Lời {n}.") for n in range(5))
    done = await asyncio.gather(*edits, return_exceptions=True)
    assert sum(isinstance(one, Conflicted) for one in done) == 4
    assert (await bulletin.one(hub.ctx, officer, draft.id)).bulletin.version == 2


async def test_only_one_of_many_approvals_counts(hub: Hub, officer: Actor, leader: Actor) -> None:
    second = await hub.person("second", (Role.COMMUNE_LEADER, COMMUNE))
    draft = await bulletin.write(hub.ctx, officer, unit=COMMUNE, title="Họp", text=TEXT)
    await bulletin.submit(hub.ctx, officer, draft.id)
    done = await asyncio.gather(
        *(bulletin.approve(hub.ctx, who, draft.id, version=1) for who in (leader, second)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in done) == ["Bulletin", "Conflicted"]
    assert (await hub.acts()).count("bulletin.approve") == 1


async def test_a_bulletin_sent_back_says_why(hub: Hub, officer: Actor, leader: Actor) -> None:
    draft = await bulletin.write(hub.ctx, officer, unit=COMMUNE, title="Họp", text=TEXT)
    await bulletin.submit(hub.ctx, officer, draft.id)
    with pytest.raises(Refused, match="lý do") as refused:
        await bulletin.send_back(hub.ctx, leader, draft.id, reason="  ")
    assert refused.value.field == "reason"
    back = await bulletin.send_back(hub.ctx, leader, draft.id, reason="Sai ngày họp.")
    assert (back.stage, back.return_reason, back.approver) == (Stage.RETURNED, "Sai ngày họp.", None)


@pytest.mark.parametrize(
    ("words", "field"),
    [({"title": "  "}, "title"), ({"title": "x" * 201}, "title"), ({"text": "x" * 8001}, "text")],
    ids=["no title", "title too long", "text too long"],
)
async def test_words_that_do_not_fit_are_refused(hub: Hub, officer: Actor, words: dict[str, str], field: str) -> None:
    with pytest.raises(Refused) as refused:
        await bulletin.write(hub.ctx, officer, unit=COMMUNE, **{"title": "Họp", "text": TEXT} | words)
    assert refused.value.field == field
    draft = await bulletin.write(hub.ctx, officer, unit=COMMUNE, title="Họp", text=TEXT)
    with pytest.raises(Refused):
        await bulletin.edit(hub.ctx, officer, draft.id, revision=1, **words)


async def test_what_has_no_words_is_not_submitted(hub: Hub, officer: Actor) -> None:
    draft = await bulletin.write(hub.ctx, officer, unit=COMMUNE, title="Họp", text="   ")
    with pytest.raises(Refused, match="chưa có nội dung"):
        await bulletin.submit(hub.ctx, officer, draft.id)


async def test_the_same_text_is_rendered_once(hub: Hub, officer: Actor, leader: Actor) -> None:
    first = await hub.approved(officer, leader)
    second = await hub.approved(officer, leader)
    sounds = [await bulletin.listen(hub.ctx, officer, item.id) for item in (first, second, first)]
    assert len({sound.asset.digest for sound in sounds}) == 1
    assert hub.voice.made == 1
    await hub.approved(officer, leader, text=f"{TEXT} Xin cảm ơn.")
    assert hub.voice.made == 2
    assert len(await bulletin.sound(hub.ctx, sounds[0].asset.digest)) == sounds[0].asset.size_bytes


async def test_editing_after_the_approval_takes_it_off_the_air(hub: Hub, officer: Actor, leader: Actor) -> None:
    await hub.loudspeaker(1)
    item = await hub.approved(officer, leader)
    programme = await hub.on_air(officer, item, AT, "FREQ=DAILY;COUNT=5")
    await distribute.publish_all(hub.ctx)
    assert manifests(hub)[-1].items[0].id.startswith(programme.id)
    now = (await bulletin.one(hub.ctx, officer, item.id)).bulletin
    edited = await bulletin.edit(hub.ctx, officer, item.id, revision=now.revision, text="Hoãn họp.")
    assert (edited.stage, edited.approver) == (Stage.DRAFT, None)
    assert f"programme:{programme.id}" in hub.told
    await distribute.publish_changed(hub.ctx, {programme.id})
    assert manifests(hub)[-1].items == ()
    assert await schedule.programmes(hub.ctx, officer) == ()


async def test_what_was_refused_is_told_to_nobody(hub: Hub, officer: Actor, leader: Actor) -> None:
    await hub.loudspeaker(1)
    item = await hub.approved(officer, leader)
    programme = await hub.on_air(officer, item, AT)
    hub.told.clear()
    now = (await bulletin.one(hub.ctx, officer, item.id)).bulletin
    with pytest.raises(Conflicted):
        await bulletin.edit(hub.ctx, officer, item.id, revision=now.revision - 1, text="Hoãn họp.")
    with pytest.raises(NotFound):
        await schedule.cancel(hub.ctx, await hub.person("x", (Role.COMMUNE_OFFICER, OTHER)), programme.id)
    assert hub.told == []


async def test_a_plan_made_before_an_edit_does_not_air_the_old_words(hub: Hub, officer: Actor, leader: Actor) -> None:
    await hub.loudspeaker(1)
    item = await hub.approved(officer, leader)
    planned = await schedule.plan(hub.ctx, officer, item.id, audience=(COMMUNE,), when=When(start=AT))
    await bulletin.edit(hub.ctx, officer, item.id, revision=item.revision, text="Hoãn họp đến ngày mai.")
    await bulletin.submit(hub.ctx, officer, item.id)
    await bulletin.approve(hub.ctx, leader, item.id, version=2)
    with pytest.raises(Conflicted, match="vừa được thay đổi"):
        await schedule.put_on_air(hub.ctx, officer, planned)
    assert await schedule.programmes(hub.ctx, officer) == ()


async def test_what_is_not_approved_is_not_scheduled(hub: Hub, officer: Actor) -> None:
    draft = await bulletin.write(hub.ctx, officer, unit=COMMUNE, title="Họp", text=TEXT)
    with pytest.raises(Refused, match="chưa được duyệt"):
        await schedule.plan(hub.ctx, officer, draft.id, audience=(COMMUNE,), when=When(start=AT))


async def test_an_audience_outside_the_branch_is_refused_in_words(hub: Hub, officer: Actor, leader: Actor) -> None:
    item = await hub.approved(officer, leader)
    for audience in ((OTHER,), (COMMUNE, OTHER), ("48",)):
        with pytest.raises(NotAllowed, match="Quyền lên lịch phát của bạn không gồm"):
            await schedule.plan(hub.ctx, officer, item.id, audience=audience, when=When(start=AT))
    with pytest.raises(NotAllowed, match="Chưa chọn nơi"):
        await schedule.plan(hub.ctx, officer, item.id, audience=(), when=When(start=AT))
    with pytest.raises(Refused, match="nhóm"):
        await schedule.plan(hub.ctx, officer, item.id, audience=("g-none",), when=When(start=AT))


async def test_a_programme_at_a_quarter_past_three_is_refused(hub: Hub, officer: Actor, leader: Actor) -> None:
    await areas.ensure_quiet_hours(hub.ctx, QuietPreset.RURAL)
    await hub.loudspeaker(1)
    item = await hub.approved(officer, leader)
    night = local(14, 3, 15)
    planned = await schedule.plan(hub.ctx, officer, item.id, audience=(COMMUNE,), when=When(start=night))
    assert planned.conflicts
    for seen in (False, True):
        with pytest.raises(Refused, match="giờ khác") as refused:
            await schedule.put_on_air(hub.ctx, officer, planned, accept_conflicts=seen)
        assert refused.value.field == "when"
    assert await schedule.programmes(hub.ctx, officer) == ()
    await hub.on_air(officer, item, local(14, 5, 15))


async def test_a_commune_may_make_its_nights_longer_and_not_shorter(hub: Hub, officer: Actor, leader: Actor) -> None:
    await areas.ensure_quiet_hours(hub.ctx, QuietPreset.RURAL)
    await areas.set_quiet_hours(hub.ctx, leader, COMMUNE, PRESETS[QuietPreset.URBAN_MIDDAY])
    await hub.loudspeaker(1)
    item = await hub.approved(officer, leader)
    for hour, minute in ((20, 30), (12, 0), (4, 0), (21, 30)):
        with pytest.raises(Refused, match="giờ khác"):
            await hub.on_air(officer, item, local(14, hour, minute))
    await areas.set_quiet_hours(hub.ctx, leader, COMMUNE, ())
    with pytest.raises(Refused, match="giờ khác"):
        await hub.on_air(officer, item, local(14, 21, 30))
    with pytest.raises(NotAllowed):
        await areas.set_quiet_hours(hub.ctx, officer, COMMUNE, ())


async def test_conflicts_are_shown_and_saved_only_when_seen(hub: Hub, officer: Actor, leader: Actor) -> None:
    await hub.loudspeaker(1)
    item = await hub.approved(officer, leader)
    await hub.on_air(officer, item, AT)
    planned = await schedule.plan(hub.ctx, officer, item.id, audience=(COMMUNE,), when=When(start=AT))
    assert planned.conflicts
    with pytest.raises(Conflicted):
        await schedule.put_on_air(hub.ctx, officer, planned)
    await schedule.put_on_air(hub.ctx, officer, planned, accept_conflicts=True)
    assert len(await schedule.programmes(hub.ctx, officer)) == 2


async def test_cancelling_the_last_programme_makes_a_bulletin_approved_again(
    hub: Hub, officer: Actor, leader: Actor
) -> None:
    await hub.loudspeaker(1)
    item = await hub.approved(officer, leader)
    one = await hub.on_air(officer, item, AT)
    two = await hub.on_air(officer, item, AT + timedelta(hours=1))
    await schedule.cancel(hub.ctx, officer, one.id)
    assert (await bulletin.one(hub.ctx, officer, item.id)).bulletin.stage is Stage.SCHEDULED
    await schedule.cancel(hub.ctx, officer, two.id)
    assert (await bulletin.one(hub.ctx, officer, item.id)).bulletin.stage is Stage.APPROVED


async def test_plans_are_published_again_only_when_they_differ(hub: Hub, officer: Actor, leader: Actor) -> None:
    await hub.loudspeaker(1)
    await hub.loudspeaker(2, unit=OTHER)
    item = await hub.approved(officer, leader)
    assert (await distribute.publish_all(hub.ctx)).manifests == 2
    assert (await distribute.publish_all(hub.ctx)).manifests == 0
    programme = await hub.on_air(officer, item, AT)
    changed = await distribute.publish_changed(hub.ctx, {programme.id})
    assert (changed.devices, changed.manifests) == (1, 1)
    hub.later(hours=2)
    assert (await distribute.publish_all(hub.ctx)).manifests == 0
    hub.later(days=1)
    assert (await distribute.publish_all(hub.ctx)).manifests == 2  # one more day to play alone
    numbers = [manifest.sequence for manifest in manifests(hub)]
    assert numbers == sorted(set(numbers))


async def test_a_lost_sound_does_not_keep_the_others_plans_back(hub: Hub, officer: Actor, leader: Actor) -> None:
    await hub.loudspeaker(1)
    await hub.loudspeaker(2, unit=OTHER)
    item = await hub.approved(officer, leader)
    await hub.on_air(officer, item, AT)
    async with hub.store.db.write() as connection:
        await connection.exec_driver_sql("DELETE FROM assets")
    assert (await distribute.publish_all(hub.ctx)).manifests == 1
    assert manifests(hub, DeviceId("loa-0002"))


async def test_a_programme_of_another_unit_is_not_slipped_in(hub: Hub, officer: Actor, leader: Actor) -> None:
    await hub.loudspeaker(1)
    item = await hub.approved(officer, leader)
    planned = await schedule.plan(hub.ctx, officer, item.id, audience=(COMMUNE,), when=When(start=AT))
    forged = replace(planned, programme=replace(planned.programme, unit=OTHER))
    with pytest.raises(Conflicted):
        await schedule.put_on_air(hub.ctx, officer, forged)
