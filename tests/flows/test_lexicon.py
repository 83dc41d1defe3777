"""Words that a unit has read its own way: who may, what changes, and what stays as it was approved."""

import pytest

from content.desk.lexicon import Status
from content.model import Bulletin, Stage
from hub.auth.model import Role
from hub.flows import bulletin, lexicon, schedule
from hub.flows.actor import Actor
from hub.flows.errors import Conflicted, NotAllowed, NotFound, Refused
from hub.flows.schedule import When
from tests.fakes.hub import COMMUNE, OTHER, PROVINCE, Hub

TEXT = "Bà con thôn Xuân An đến NVHX họp lúc 19 giờ ngày 20/8/2026."


@pytest.fixture
async def officer(hub: Hub) -> Actor:
    return await hub.person("officer", (Role.COMMUNE_OFFICER, COMMUNE))


@pytest.fixture
async def leader(hub: Hub) -> Actor:
    return await hub.person("leader", (Role.COMMUNE_LEADER, COMMUNE))


@pytest.fixture
async def staff(hub: Hub) -> Actor:
    return await hub.person("staff", (Role.PROVINCE_STAFF, PROVINCE))


async def write(hub: Hub, who: Actor, text: str = TEXT, unit: str = COMMUNE) -> Bulletin:
    return await bulletin.write(hub.ctx, who, unit=unit, title="Họp", text=text)  # type: ignore[arg-type]


async def spoken(hub: Hub, who: Actor, item: Bulletin) -> str:
    return (await bulletin.one(hub.ctx, who, item.id)).reading.spoken


async def put(hub: Hub, who: Actor, unit: str = COMMUNE, said: str = "nhà văn hóa xã", written: str = "NVHX") -> None:
    await lexicon.put_word(hub.ctx, who, unit=unit, written=written, spoken=said, why="bà con gọi thế")


async def test_a_communes_word_is_heard_in_the_commune_and_nowhere_else(hub: Hub, officer: Actor) -> None:
    there = await hub.person("there", (Role.COMMUNE_OFFICER, OTHER))
    here, elsewhere = await write(hub, officer), await write(hub, there, unit=OTHER)
    await put(hub, officer)
    assert "đến nhà văn hóa xã họp" in await spoken(hub, officer, here)
    assert "nhà văn hóa xã" not in await spoken(hub, there, elsewhere)
    said = await bulletin.reading_in(hub.ctx, officer, unit=COMMUNE, text="NVHX")
    assert said.spoken == "nhà văn hóa xã"


async def test_the_communes_layer_lies_over_the_provinces(hub: Hub, officer: Actor, staff: Actor) -> None:
    item = await write(hub, officer)
    await put(hub, staff, PROVINCE, "nhà văn hóa xóm")
    assert "nhà văn hóa xóm" in await spoken(hub, officer, item)
    await put(hub, officer)
    assert "nhà văn hóa xã" in await spoken(hub, officer, item)
    await lexicon.take_word(hub.ctx, officer, unit=COMMUNE, written="NVHX", why="tỉnh đã có")
    assert "nhà văn hóa xóm" in await spoken(hub, officer, item)
    layer = await lexicon.layer(hub.ctx, officer, COMMUNE)
    assert [(one.word.spoken, one.why, one.account) for one in layer.history] == [
        ("", "tỉnh đã có", "a-officer"),
        ("nhà văn hóa xã", "bà con gọi thế", "a-officer"),
    ]
    assert layer.standing == ()
    assert (layer.may_change, layer.may_propose) == (True, True)
    assert [one.word.spoken for one in (await lexicon.layer(hub.ctx, officer, PROVINCE)).standing] == [
        "nhà văn hóa xóm"
    ]
    assert not (await lexicon.layer(hub.ctx, officer, PROVINCE)).may_change


async def test_what_was_submitted_is_heard_as_it_was_read_then(hub: Hub, officer: Actor, leader: Actor) -> None:
    await hub.loudspeaker(1)
    await put(hub, officer)
    item = await write(hub, officer)
    await bulletin.submit(hub.ctx, officer, item.id)
    await put(hub, officer, said="nhà xóm")
    assert "nhà văn hóa xã" in await spoken(hub, leader, item)
    approved = await bulletin.approve(hub.ctx, leader, item.id, version=1)
    made = hub.voice.made
    planned = await schedule.plan(hub.ctx, officer, item.id, audience=(COMMUNE,), when=When(start=None))
    await put(hub, officer, said="nhà làng")
    await schedule.put_on_air(hub.ctx, officer, planned, accept_conflicts=True)
    assert hub.voice.made == made
    now = (await bulletin.one(hub.ctx, officer, item.id)).bulletin
    again = await bulletin.edit(hub.ctx, officer, item.id, revision=now.revision, note="đọc chậm")
    assert (approved.lexicon, again.stage) == (1, Stage.DRAFT)
    assert "nhà làng" in await spoken(hub, officer, item)


async def test_the_effect_of_a_change_is_seen_before_it_is_made(hub: Hub, officer: Actor) -> None:
    there = await hub.person("there", (Role.COMMUNE_OFFICER, OTHER))
    item = await write(hub, officer)
    await write(hub, officer, "Trời nắng, bà con phơi lúa ngoài sân.")
    await write(hub, there, unit=OTHER)
    seen = await lexicon.preview(hub.ctx, officer, unit=COMMUNE, written="NVHX", spoken="nhà văn hóa xã")
    assert [(one.bulletin.id, one.effect.spots[0].after) for one in seen.affected] == [(item.id, "nhà văn hóa xã")]
    assert seen.affected[0].effect.before.spoken != seen.affected[0].effect.after.spoken
    assert seen.looked_at == 1
    assert "nhà văn hóa xã" not in await spoken(hub, officer, item)
    assert (await lexicon.layer(hub.ctx, officer, COMMUNE)).history == ()


async def test_a_province_sees_what_a_change_does_in_all_its_communes(hub: Hub, officer: Actor, staff: Actor) -> None:
    there = await hub.person("there", (Role.COMMUNE_OFFICER, OTHER))
    items = {(await write(hub, officer)).id, (await write(hub, there, unit=OTHER)).id}
    seen = await lexicon.preview(hub.ctx, staff, unit=PROVINCE, written="NVHX", spoken="nhà văn hóa xã")
    assert {one.bulletin.id for one in seen.affected} == items
    await put(hub, there, OTHER, "nhà làng")
    seen = await lexicon.preview(hub.ctx, staff, unit=PROVINCE, written="NVHX", spoken="nhà văn hóa xã")
    assert len(seen.affected) == 1  # a commune that has its own word keeps it


async def test_who_may_change_which_layer(hub: Hub, officer: Actor, leader: Actor, staff: Actor) -> None:
    for who, unit in ((officer, OTHER), (officer, PROVINCE), (leader, PROVINCE), (staff, "vn")):
        with pytest.raises(NotAllowed):
            await put(hub, who, unit)
    for who, unit in ((officer, COMMUNE), (leader, COMMUNE), (staff, PROVINCE), (staff, OTHER)):
        await put(hub, who, unit)
    with pytest.raises(NotFound):
        await lexicon.layer(hub.ctx, officer, OTHER)
    with pytest.raises(NotFound):
        await lexicon.put_word(hub.ctx, officer, unit="99999", written="a", spoken="a")
    assert "lexicon.change" in await hub.acts()


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"written": "", "spoken": "a"}, "written"),
        ({"written": "A\tB", "spoken": "a"}, "written"),
        ({"written": "AB", "spoken": ""}, "spoken"),
        ({"written": "AB", "spoken": "a" * 400}, "spoken"),
    ],
)
async def test_a_word_that_cannot_be_used_is_refused(
    hub: Hub, officer: Actor, words: dict[str, str], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        await lexicon.put_word(hub.ctx, officer, unit=COMMUNE, **words)
    assert refused.value.field == field


async def test_what_is_not_in_a_layer_is_not_taken_from_it(hub: Hub, officer: Actor) -> None:
    with pytest.raises(NotFound):
        await lexicon.take_word(hub.ctx, officer, unit=COMMUNE, written="NVHX")


async def test_a_proposal_becomes_the_provinces_word(hub: Hub, officer: Actor, staff: Actor) -> None:
    there = await hub.person("there", (Role.COMMUNE_OFFICER, OTHER))
    item = await write(hub, there, unit=OTHER)
    words = {"unit": COMMUNE, "written": "NVHX", "spoken": "nhà văn hóa xã", "why": "cả tỉnh viết thế"}
    asked = await lexicon.propose(hub.ctx, officer, **words)
    with pytest.raises(Conflicted, match="đang chờ"):
        await lexicon.propose(hub.ctx, officer, **words)
    assert await lexicon.proposals(hub.ctx, staff) == (asked,)
    assert await lexicon.proposals(hub.ctx, there) == ()
    with pytest.raises(NotAllowed):
        await lexicon.answer(hub.ctx, officer, asked.id, accept=True)
    with pytest.raises(NotFound):
        await lexicon.answer(hub.ctx, there, asked.id, accept=True)
    done = await lexicon.answer(hub.ctx, staff, asked.id, accept=True)
    assert (done.status, done.answered_by) == (Status.ACCEPTED, "a-staff")
    assert "nhà văn hóa xã" in await spoken(hub, there, item)
    assert "person:a-officer" in hub.told
    with pytest.raises(Conflicted):
        await lexicon.answer(hub.ctx, staff, asked.id, accept=False, words="thôi")
    assert [act for act in await hub.acts() if act.startswith("lexicon")] == [
        "lexicon.proposal_open",
        "lexicon.change",
        "lexicon.proposal_accepted",
    ]


async def test_a_refused_proposal_says_why_and_changes_nothing(hub: Hub, officer: Actor, staff: Actor) -> None:
    words = {"unit": COMMUNE, "written": "NVHX", "spoken": "nhà văn hóa xã", "why": "x"}
    asked = await lexicon.propose(hub.ctx, officer, **words)
    with pytest.raises(Refused, match="lý do"):
        await lexicon.answer(hub.ctx, staff, asked.id, accept=False)
    done = await lexicon.answer(hub.ctx, staff, asked.id, accept=False, words="nơi khác hiểu khác")
    assert (done.status, done.answer) == (Status.REFUSED, "nơi khác hiểu khác")
    assert (await lexicon.layer(hub.ctx, officer, PROVINCE)).history == ()
    again = await lexicon.propose(hub.ctx, officer, **words)
    with pytest.raises(NotFound):
        await lexicon.withdraw(hub.ctx, staff, again.id)
    assert (await lexicon.withdraw(hub.ctx, officer, again.id)).status is Status.WITHDRAWN
    own = await lexicon.propose(hub.ctx, staff, **words)
    with pytest.raises(Refused, match="không tự"):
        await lexicon.answer(hub.ctx, staff, own.id, accept=True)
    with pytest.raises(Refused, match="lý do"):
        await lexicon.propose(hub.ctx, officer, **{**words, "why": " "})
    with pytest.raises(Refused, match="cấp tỉnh"):
        await lexicon.propose(hub.ctx, staff, **{**words, "unit": PROVINCE})


async def test_a_piece_is_read_by_hand_in_this_text_alone(hub: Hub, officer: Actor, leader: Actor) -> None:
    item, other = await write(hub, officer), await write(hub, officer)
    start = TEXT.index("NVHX")
    fixed = await lexicon.read_so(
        hub.ctx, officer, item.id, revision=1, start=start, end=start + 4, spoken="Nhà văn hóa Xuân"
    )
    assert (fixed.version, fixed.stage) == (2, Stage.DRAFT)
    assert "đến nhà văn hóa xuân họp" in await spoken(hub, officer, item)
    assert "nhà văn hóa xuân" not in await spoken(hub, officer, other)
    moved = await bulletin.edit(hub.ctx, officer, item.id, revision=2, text=f"Kính mời! {TEXT}")
    assert "đến nhà văn hóa xuân họp" in await spoken(hub, officer, item)
    heard = await bulletin.listen(hub.ctx, officer, item.id)
    plain = await bulletin.edit(
        hub.ctx, officer, item.id, revision=moved.revision, text=f"Kính mời! {TEXT}", by_hand=()
    )
    assert (await bulletin.listen(hub.ctx, officer, item.id)).asset != heard.asset
    again = await lexicon.read_so(hub.ctx, officer, item.id, revision=plain.revision, start=0, end=9, spoken="")
    assert (await spoken(hub, officer, item)).startswith("bà con")
    back = await lexicon.read_by_rules(hub.ctx, officer, item.id, revision=again.revision, start=3, end=4)
    assert back.by_hand == ()
    with pytest.raises(NotFound):
        await lexicon.read_by_rules(hub.ctx, officer, item.id, revision=back.revision, start=3, end=4)


@pytest.mark.parametrize(("start", "end"), [(-1, 4), (4, 4), (0, 1000)])
async def test_a_reading_outside_the_text_is_refused(hub: Hub, officer: Actor, start: int, end: int) -> None:
    item = await write(hub, officer)
    with pytest.raises(Refused, match="không nằm trong"):
        await lexicon.read_so(hub.ctx, officer, item.id, revision=1, start=start, end=end, spoken="a")


async def test_another_reading_of_approved_words_needs_another_approval(
    hub: Hub, officer: Actor, leader: Actor
) -> None:
    item = await hub.approved(officer, leader)
    fixed = await lexicon.read_so(hub.ctx, officer, item.id, revision=item.revision, start=0, end=3, spoken="mời")
    assert (fixed.stage, fixed.approver) == (Stage.DRAFT, None)
    with pytest.raises(Conflicted):
        await lexicon.read_so(hub.ctx, officer, item.id, revision=item.revision, start=0, end=3, spoken="xin")
