"""The desk over a real store: what is checked, who stands in, what is told, found again, and read."""

from datetime import date, datetime, timedelta

import pytest

from content.desk.checklists import items_for
from content.desk.differences import Kind
from content.desk.findings import Gravity
from content.model import Act, Bulletin, Requester, Stage, Subject
from content.passages import Passage
from devices.protocol.messages import AsRun, AsRunReport, Outcome, Source, Why
from hub.auth.model import Role
from hub.flows import bulletin, desk, people
from hub.flows.actor import Actor
from hub.flows.errors import Conflicted, NotAllowed, NotFound, Refused
from tests.fakes.hub import COMMUNE, OTHER, PROVINCE, TEXT, Hub

WRONG_DAY = "Cắt điện thứ Sáu, 20/8/2026 từ 9h đến 17h tại thôn 1."  # a Thursday


@pytest.fixture
async def officer(hub: Hub) -> Actor:
    return await hub.person("officer", (Role.COMMUNE_OFFICER, COMMUNE))


@pytest.fixture
async def leader(hub: Hub) -> Actor:
    return await hub.person("leader", (Role.COMMUNE_LEADER, COMMUNE))


@pytest.fixture
async def deputy(hub: Hub) -> Actor:
    return await hub.person("deputy", (Role.COMMUNE_OFFICER, COMMUNE))


@pytest.fixture
async def stranger(hub: Hub) -> Actor:
    return await hub.person("stranger", (Role.COMMUNE_LEADER, OTHER))


async def write(hub: Hub, who: Actor, text: str = TEXT, title: str = "Tin của xã", **words: object) -> Bulletin:
    return await bulletin.write(hub.ctx, who, unit=COMMUNE, title=title, text=text, **words)  # type: ignore[arg-type]


# --- checks


async def test_an_error_is_submitted_only_by_who_has_seen_it(hub: Hub, officer: Actor) -> None:
    item = await write(hub, officer, WRONG_DAY)
    found = await desk.findings(hub.ctx, officer, item.id)
    assert [one.code for one in found if one.gravity is Gravity.ERROR] == ["date.weekday"]
    with pytest.raises(Conflicted, match="là thứ Năm, không phải thứ Sáu"):
        await bulletin.submit(hub.ctx, officer, item.id)
    assert (await bulletin.submit(hub.ctx, officer, item.id, seen=True)).stage is Stage.SUBMITTED


async def test_a_text_is_looked_over_before_it_is_saved(hub: Hub, officer: Actor, stranger: Actor) -> None:
    spoken, found = await desk.check_text(hub.ctx, officer, unit=COMMUNE, title="", text=WRONG_DAY)
    assert "thứ sáu" in spoken.spoken
    assert found[0].code == "date.weekday"
    assert await bulletin.listing(hub.ctx, officer) == ()
    with pytest.raises(NotAllowed):
        await desk.check_text(hub.ctx, stranger, unit=COMMUNE, title="", text="x")


async def test_a_slot_has_its_length(hub: Hub, officer: Actor) -> None:
    item = await write(hub, officer)
    assert "length.long" in {one.code for one in await desk.findings(hub.ctx, officer, item.id, slot_s=2)}
    assert "length.long" not in {one.code for one in await desk.findings(hub.ctx, officer, item.id)}


async def test_a_firm_is_not_heard_before_its_list_is_confirmed(hub: Hub, officer: Actor) -> None:
    text = "Công ty May A, địa chỉ thôn 1, tuyển 50 công nhân may, tuổi từ 18 đến 45."
    item = await write(hub, officer, text, requester=Requester.FIRM)
    for seen in (False, True):
        with pytest.raises(Refused, match="chưa ghi đơn vị đề nghị"):
            await bulletin.submit(hub.ctx, officer, item.id, seen=seen)
    ticked = tuple(one.id for one in items_for(Requester.FIRM, Subject.OTHER))
    assert desk.checklist(Requester.FIRM, Subject.OTHER) == items_for(Requester.FIRM, Subject.OTHER)
    await bulletin.edit(hub.ctx, officer, item.id, revision=1, source="Công ty May A", ticked=ticked)
    assert (await bulletin.submit(hub.ctx, officer, item.id)).stage is Stage.SUBMITTED


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"document": "x" * 201}, "document"),
        ({"issuer": "x" * 201}, "issuer"),
        ({"source": "x" * 201}, "source"),
        ({"concerns": "x" * 201}, "concerns"),
        ({"note": "x" * 201}, "note"),
        ({"ticked": ("anything",)}, "ticked"),
    ],
)
async def test_fields_that_do_not_fit_are_refused_by_name(
    hub: Hub, officer: Actor, words: dict[str, object], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        await write(hub, officer, **words)
    assert refused.value.field == field
    with pytest.raises(ValueError, match="not words"):
        await write(hub, officer, stage=Stage.APPROVED)


# --- watched words


async def test_level_four_stops_and_tells_and_level_three_asks(hub: Hub, officer: Actor, leader: Actor) -> None:
    await desk.put_watch_word(hub.ctx, leader, unit=COMMUNE, word="đa cấp", level=3, told=[leader.account.id])
    await desk.put_watch_word(hub.ctx, leader, unit=COMMUNE, word="Đánh bạc", level=4, told=[leader.account.id])
    item = await write(hub, officer, f"{TEXT} Cấm bán hàng đa cấp, cấm đánh bạc.")
    for seen in (False, True, True):
        with pytest.raises(Refused, match="mức 4"):
            await bulletin.submit(hub.ctx, officer, item.id, seen=seen)
    (told,) = await desk.notices(hub.ctx, leader)
    assert told.bulletin == item.id
    assert "“Đánh bạc” (mức 4), “đa cấp” (mức 3)" in told.words
    assert hub.told.count("person:a-leader") == 1
    assert (await hub.acts()).count("bulletin.watched") == 1
    softer = await bulletin.edit(hub.ctx, officer, item.id, revision=1, text=f"{TEXT} Cấm bán hàng đa cấp.")
    with pytest.raises(Conflicted, match="mức 3"):
        await bulletin.submit(hub.ctx, officer, item.id)
    assert (await bulletin.submit(hub.ctx, officer, item.id, seen=True)).version == softer.version
    assert await desk.see_notices(hub.ctx, leader, until=9) == 2
    assert await desk.notices(hub.ctx, leader) == ()
    assert len(await desk.notices(hub.ctx, leader, unseen=False)) == 2


async def test_words_of_the_province_hold_in_its_communes(
    hub: Hub, officer: Actor, leader: Actor, stranger: Actor
) -> None:
    staff = await hub.person("staff", (Role.PROVINCE_STAFF, PROVINCE))
    await desk.put_watch_word(hub.ctx, staff, unit=PROVINCE, word="phơi lúa", level=2, why="Ngoài đường thì không.")
    item = await write(hub, officer, f"{TEXT} Không phơi lúa trên đường.")
    found = [one for one in await desk.findings(hub.ctx, leader, item.id) if one.code.startswith("watch")]
    assert [(one.gravity, one.source) for one in found] == [(Gravity.WARNING, "phơi lúa")]
    await bulletin.submit(hub.ctx, officer, item.id)
    assert [one.word for one in await desk.watch_words(hub.ctx, officer, COMMUNE)] == ["phơi lúa"]
    with pytest.raises(NotFound):
        await desk.watch_words(hub.ctx, stranger, COMMUNE)
    await desk.take_watch_word(hub.ctx, staff, unit=PROVINCE, word="PHƠI LÚA")
    with pytest.raises(NotFound):
        await desk.take_watch_word(hub.ctx, staff, unit=PROVINCE, word="phơi lúa")


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"level": 5}, "level"),
        ({"level": 0}, "level"),
        ({"word": " "}, "word"),
        ({"word": "x" * 90}, "word"),
        ({"told": ["a-stranger"]}, "told"),
        ({"told": ["a-none"]}, "told"),
    ],
)
async def test_a_watched_word_that_makes_no_sense_is_refused(
    hub: Hub, leader: Actor, stranger: Actor, words: dict[str, object], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        await desk.put_watch_word(hub.ctx, leader, **{"unit": COMMUNE, "word": "abc", "level": 1, **words})  # type: ignore[arg-type]
    assert refused.value.field == field


async def test_an_officer_does_not_choose_what_is_watched(hub: Hub, officer: Actor, stranger: Actor) -> None:
    for who in (officer, stranger):
        with pytest.raises(NotAllowed):
            await desk.put_watch_word(hub.ctx, who, unit=COMMUNE, word="abc", level=1)


# --- comments and versions


async def test_people_talk_about_a_version(hub: Hub, officer: Actor, leader: Actor, stranger: Actor) -> None:
    item = await write(hub, officer)
    await desk.comment(hub.ctx, leader, item.id, text=" Thêm giờ bắt đầu. ")
    await bulletin.edit(hub.ctx, officer, item.id, revision=1, text=f"{TEXT} Xin cảm ơn.")
    await desk.comment(hub.ctx, officer, item.id, text="Đã thêm.")
    said = await desk.comments(hub.ctx, officer, item.id)
    assert [(one.name, one.comment.version, one.comment.text) for one in said] == [
        ("Leader", 1, "Thêm giờ bắt đầu."),
        ("Officer", 2, "Đã thêm."),
    ]
    for text in ("", "  ", "x" * 1001):
        with pytest.raises(Refused):
            await desk.comment(hub.ctx, officer, item.id, text=text)
    with pytest.raises(NotFound):
        await desk.comment(hub.ctx, stranger, item.id, text="x")
    watcher = await hub.person("admin", (Role.ADMINISTRATOR, COMMUNE))
    with pytest.raises(NotAllowed):
        await desk.comment(hub.ctx, watcher, item.id, text="x")


async def test_every_version_is_kept_and_compared(hub: Hub, officer: Actor, leader: Actor) -> None:
    item = await hub.approved(officer, leader)
    await bulletin.edit(
        hub.ctx, leader, item.id, revision=item.revision, text=TEXT.replace("19 giờ", "20 giờ"), document="12/TB-UBND"
    )
    kept = await desk.versions(hub.ctx, officer, item.id)
    assert [(one.bulletin.version, one.editor_name, one.approver_name) for one in kept] == [
        (2, "Leader", ""),
        (1, "Officer", "Leader"),
    ]
    found = await desk.compare(hub.ctx, officer, item.id, old=1, new=2)
    assert [(one.kind, one.old, one.new) for one in found.text if one.kind is not Kind.SAME] == [
        (Kind.REPLACED, "19", "20")
    ]
    assert any(one.old == "mười chín" for one in found.spoken)
    assert found.fields == {"document": ("", "12/TB-UBND")}
    with pytest.raises(NotFound):
        await desk.compare(hub.ctx, officer, item.id, old=1, new=3)


async def test_who_approves_again_sees_the_spoken_words_and_what_has_changed(
    hub: Hub, officer: Actor, leader: Actor
) -> None:
    item = await hub.approved(officer, leader)
    first = await desk.for_approval(hub.ctx, leader, item.id)
    assert first.since_approved is None
    changed = await bulletin.edit(
        hub.ctx, officer, item.id, revision=item.revision, text=TEXT.replace("19 giờ", "20h30")
    )
    assert (changed.stage, changed.approver) == (Stage.DRAFT, None)
    await bulletin.submit(hub.ctx, officer, item.id)
    shown = await desk.for_approval(hub.ctx, leader, item.id)
    assert "hai mươi giờ ba mươi phút" in shown.reading.spoken
    assert shown.since_approved is not None
    assert (shown.since_approved.old, shown.since_approved.new) == (1, 2)
    assert any("hai mươi" in one.new for one in shown.since_approved.spoken if one.kind is not Kind.SAME)
    with pytest.raises(Conflicted):
        await bulletin.approve(hub.ctx, leader, item.id, version=1)  # what was read before
    assert (await bulletin.approve(hub.ctx, leader, item.id, version=2)).stage is Stage.APPROVED


# --- delegation


async def give(hub: Hub, leader: Actor, to: Actor, /, **more: object) -> str:
    words = {"unit": COMMUNE, "deputy": to.account.id, "since": hub.now(), "why": "đi họp tỉnh"}
    words |= {"until": hub.now() + timedelta(days=3)} | more
    return (await desk.delegate(hub.ctx, leader, **words)).id  # type: ignore[arg-type]


async def submitted(hub: Hub, who: Actor) -> Bulletin:
    return await bulletin.submit(hub.ctx, who, (await write(hub, who)).id)


async def test_a_deputy_approves_for_a_leader_who_is_away(
    hub: Hub, officer: Actor, leader: Actor, deputy: Actor
) -> None:
    item = await submitted(hub, officer)
    with pytest.raises(NotAllowed):
        await bulletin.approve(hub.ctx, deputy, item.id, version=1)
    await give(hub, leader, deputy)
    assert Act.APPROVE in (await bulletin.one(hub.ctx, deputy, item.id)).open_acts
    assert (await desk.for_approval(hub.ctx, deputy, item.id)).instead_of == "Leader"
    done = await bulletin.approve(hub.ctx, deputy, item.id, version=1)
    assert (done.approver, done.approved_for) == ("a-deputy", "a-leader")
    async with hub.store.read() as tx:
        (entry,) = [one async for one in tx.audit.all() if one.act == "bulletin.approve"]
    assert '"instead_of":"a-leader"' in entry.detail.replace(" ", "")
    (held,) = await desk.delegations(hub.ctx, officer, COMMUNE)
    assert (held.leader_name, held.deputy_name, held.holds) == ("Leader", "Deputy", True)
    assert "delegation.give" in await hub.acts()


async def test_a_deputy_never_approves_words_of_the_two(hub: Hub, officer: Actor, leader: Actor, deputy: Actor) -> None:
    await give(hub, leader, deputy)
    for author in (deputy, leader):
        item = await submitted(hub, author)
        with pytest.raises(NotAllowed):
            await bulletin.approve(hub.ctx, deputy, item.id, version=1)
    item = await write(hub, officer)
    await bulletin.edit(hub.ctx, leader, item.id, revision=1, text=f"{TEXT} Xin cảm ơn.")
    await bulletin.submit(hub.ctx, officer, item.id)
    with pytest.raises(NotAllowed):
        await bulletin.approve(hub.ctx, deputy, item.id, version=2)


async def test_a_delegation_is_over_when_its_time_is(hub: Hub, officer: Actor, leader: Actor, deputy: Actor) -> None:
    item = await submitted(hub, officer)
    await give(hub, leader, deputy, since=hub.now() + timedelta(hours=1))
    with pytest.raises(NotAllowed):
        await bulletin.approve(hub.ctx, deputy, item.id, version=1)
    hub.later(days=3)
    with pytest.raises(NotAllowed):
        await bulletin.approve(hub.ctx, deputy, item.id, version=1)
    with pytest.raises(Conflicted):
        await desk.revoke(hub.ctx, leader, (await desk.delegations(hub.ctx, leader, COMMUNE))[0].delegation.id)


async def test_a_delegation_ends_when_it_is_taken_back_or_the_leader_leads_no_more(
    hub: Hub, officer: Actor, leader: Actor, deputy: Actor, stranger: Actor
) -> None:
    item = await submitted(hub, officer)
    made = await give(hub, leader, deputy)
    with pytest.raises(NotAllowed):
        await desk.revoke(hub.ctx, deputy, made)
    with pytest.raises(NotFound):
        await desk.revoke(hub.ctx, stranger, made)
    await desk.revoke(hub.ctx, leader, made)
    with pytest.raises(NotAllowed):
        await bulletin.approve(hub.ctx, deputy, item.id, version=1)
    await give(hub, leader, deputy)
    admin = await hub.person("admin", (Role.ADMINISTRATOR, COMMUNE))
    await people.take_role(hub.ctx, admin, account=leader.account.id, role=Role.COMMUNE_LEADER, unit=COMMUNE)
    with pytest.raises(NotAllowed):
        await bulletin.approve(hub.ctx, deputy, item.id, version=1)


async def test_a_delegation_that_makes_no_sense_is_refused(
    hub: Hub, officer: Actor, leader: Actor, deputy: Actor, stranger: Actor
) -> None:
    for more in (
        {"deputy": leader.account.id},
        {"deputy": stranger.account.id},
        {"deputy": "a-none"},
        {"until": hub.now()},
        {"until": hub.now() + timedelta(days=40)},
        {"why": " "},
    ):
        with pytest.raises(Refused):
            await give(hub, leader, deputy, **more)
    with pytest.raises(NotAllowed):
        await give(hub, officer, deputy)
    await give(hub, leader, deputy)
    with pytest.raises(Conflicted, match="thu hồi"):
        await give(hub, leader, officer)
    with pytest.raises(NotAllowed):
        await give(hub, deputy, officer)  # who stands in lets nobody stand in


# --- templates


VALUES = {"day": "2026-08-20", "begins": "07:30", "ends": "11:00", "where": "thôn 1", "phone": "1900 6769"}


async def test_a_filled_template_becomes_a_draft_that_can_be_submitted(hub: Hub, officer: Actor) -> None:
    seen = await desk.fill_template(hub.ctx, officer, "power_cut", unit=COMMUNE, values=VALUES)
    assert [one for one in seen.findings if one.gravity is not Gravity.NOTE] == []
    assert "từ bảy giờ ba mươi phút đến mười một giờ" in seen.reading.spoken
    made = await desk.write_from_template(hub.ctx, officer, "power_cut", unit=COMMUNE, values=VALUES)
    assert (made.title, made.subject) == ("Tạm ngừng cấp điện thôn 1", Subject.UTILITIES)
    assert made.valid_until is not None
    assert made.valid_until.isoformat() == "2026-08-20T17:00:00+00:00"  # midnight here
    assert (await bulletin.submit(hub.ctx, officer, made.id)).stage is Stage.SUBMITTED


async def test_a_template_that_is_not_filled_says_what_is_missing(hub: Hub, officer: Actor, stranger: Actor) -> None:
    with pytest.raises(Refused, match="giờ đúng") as refused:
        await desk.fill_template(hub.ctx, officer, "power_cut", unit=COMMUNE, values={**VALUES, "begins": "7 giờ"})
    assert refused.value.field == "begins"
    with pytest.raises(NotFound):
        await desk.fill_template(hub.ctx, officer, "none", unit=COMMUNE, values=VALUES)
    with pytest.raises(NotAllowed):
        await desk.fill_template(hub.ctx, stranger, "power_cut", unit=COMMUNE, values=VALUES)
    with pytest.raises(NotFound):
        await desk.fill_template(hub.ctx, officer, "power_cut", unit="99999", values=VALUES)


# --- the library


async def test_the_library_finds_without_tone_marks(hub: Hub, officer: Actor, stranger: Actor) -> None:
    one = await write(hub, officer, "Lịch tiêm chủng mở rộng tại trạm.", "Tiêm chủng", subject=Subject.HEALTH)
    two = await write(hub, officer, "Họp bàn lịch tiêm.", "Họp thôn")
    hits = await desk.library(hub.ctx, officer, query="tiem chung")
    assert [hit.bulletin.id for hit in hits] == [one.id]
    assert one.text[hits[0].in_text[0].start :].startswith("tiêm chủng")
    assert [(m.start, m.end) for m in hits[0].in_title] == [(0, 4), (5, 10)]
    assert {hit.bulletin.id for hit in await desk.library(hub.ctx, officer, query="TIEM")} == {one.id, two.id}
    first, _ = await desk.library(hub.ctx, officer, query="tiem")
    assert first.bulletin.id == one.id  # in its title
    assert await desk.library(hub.ctx, stranger, query="tiem") == ()


async def test_the_library_finds_by_unit_subject_stage_and_date(hub: Hub, officer: Actor) -> None:
    staff = await hub.person("staff", (Role.PROVINCE_STAFF, PROVINCE))
    one = await write(hub, officer, subject=Subject.HEALTH)
    hub.later(days=2)
    two = await bulletin.write(hub.ctx, staff, unit=OTHER, title="Họp", text=TEXT)

    async def found(**wanted: object) -> set[str]:
        return {hit.bulletin.id for hit in await desk.library(hub.ctx, staff, **wanted)}  # type: ignore[arg-type]

    assert await found() == {one.id, two.id}
    assert await found(unit=COMMUNE) == {one.id}
    assert await found(unit=PROVINCE) == {one.id, two.id}
    assert await found(unit="99999") == set()
    assert await found(subjects=[Subject.HEALTH]) == {one.id}
    assert await found(stages=[Stage.APPROVED]) == set()
    assert await found(since=date(2026, 8, 14)) == {two.id}
    assert await found(until=date(2026, 8, 14)) == {one.id}
    assert await found(since=date(2026, 8, 13), until=date(2026, 8, 13)) == {one.id}


async def test_a_bulletin_is_used_again_as_a_draft_of_its_own(
    hub: Hub, officer: Actor, leader: Actor, stranger: Actor
) -> None:
    item = await hub.approved(officer, leader)
    again = await desk.copy(hub.ctx, officer, item.id)
    assert (again.stage, again.approver, again.version, again.copied_from) == (Stage.DRAFT, None, 1, item.id)
    assert (again.title, again.text) == (item.title, item.text)
    assert again.id != item.id
    with pytest.raises(NotFound):
        await desk.copy(hub.ctx, stranger, item.id)
    with pytest.raises(NotAllowed):
        await desk.copy(hub.ctx, officer, item.id, unit=OTHER)


# --- the twin


async def test_the_text_twin_is_of_approved_words_and_says_when_they_were_heard(
    hub: Hub, officer: Actor, leader: Actor, stranger: Actor
) -> None:
    identity = await hub.loudspeaker(1)
    draft = await write(hub, officer)
    with pytest.raises(NotAllowed, match="chưa được duyệt"):
        await desk.twin(hub.ctx, officer, draft.id)
    item = await hub.approved(officer, leader)
    programme = await hub.on_air(officer, item, datetime(2026, 8, 13, 8, 30))  # noqa: DTZ001 - the wall clock
    start = hub.at_ms + 1_800_000
    record = AsRun(
        n=1,
        boot=1,
        source=Source.ITEM,
        why=Why.SCHEDULED,
        id=f"{programme.id}-20260813t083000-00",
        digest=programme.clips[0].asset,
        start_ms=start,
        end_ms=start + 5_000,
        outcome=Outcome.COMPLETED,
    )
    hub.later(hours=1)
    done = await hub.hears(AsRunReport(device=identity.device, at_ms=hub.at_ms, records=(record,)))
    assert done.refused == 0
    twin = await desk.twin(hub.ctx, officer, item.id)
    made = twin.as_json()
    assert made["unit"] == {"code": COMMUNE, "name": "Xã Quế Phước"}
    assert made["text"] == TEXT
    assert "mười chín giờ" in str(made["spoken"])
    assert made["aired"] == ["2026-08-13T01:30:00Z"]
    assert TEXT in twin.plain()
    with pytest.raises(NotFound):
        await desk.twin(hub.ctx, stranger, item.id)


async def test_other_languages_are_watched_found_copied_and_read(hub: Hub, officer: Actor, leader: Actor) -> None:
    await desk.put_watch_word(hub.ctx, leader, unit=COMMUNE, word="tzeb", level=2)
    item = await write(hub, officer)
    await bulletin.set_passages(
        hub.ctx,
        officer,
        item.id,
        revision=1,
        passages=[*item.passages, Passage(language="hmn", text="Tzeb lus Hmoob.")],
    )
    assert "watch.2" in {one.code for one in await desk.findings(hub.ctx, officer, item.id)}
    assert len(await desk.library(hub.ctx, officer, query="hmoob")) == 1
    again = await desk.copy(hub.ctx, officer, item.id)
    assert [one.text for one in again.passages] == [TEXT, "Tzeb lus Hmoob."]
    found = await desk.compare(hub.ctx, officer, item.id, old=1, new=2)
    assert found.fields["others"][1].endswith("Tzeb lus Hmoob.")
