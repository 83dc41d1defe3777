"""An emergency: what leaves at once, what follows, who may, how it ends, and who has answered."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from content.errors import SpeechError
from devices.protocol import topics
from devices.protocol.codec import decode_as
from devices.protocol.errors import Reason
from devices.protocol.ids import DeviceId
from devices.protocol.messages import Ack, AckStage, OverrideKind, Overrides, State, Status, Subject, Why
from emergency.incident import Incident, Message, Stage
from emergency.rollcall import ATTEMPTS_MAX, Standing, standing
from hub.auth.model import Role
from hub.db.outbox import Lane
from hub.flows import alert, areas
from hub.flows.actor import Actor
from hub.flows.alert import Asked
from hub.flows.errors import Conflicted, NotAllowed, NotFound, Refused
from tests.fakes.hub import COMMUNE, OTHER, PROVINCE, Hub, body, with_kit

FLOOD = Asked(hazard="lu", level=3, areas=(COMMUNE,), text="Nước sông Vu Gia đang lên nhanh.")
DRILL = replace(FLOOD, kind=OverrideKind.DRILL)


@pytest.fixture
async def leader(hub: Hub) -> Actor:
    await with_kit(hub)
    return await hub.person("leader", (Role.COMMUNE_LEADER, COMMUNE))


@pytest.fixture
async def operator(hub: Hub) -> Actor:
    await with_kit(hub)
    return await hub.person("operator", (Role.OPERATOR, PROVINCE))


def ack(hub: Hub, incident: Incident, number: int, stage: AckStage, **more: object) -> Ack:
    return Ack(
        device=DeviceId(f"loa-{number:04}"),
        at_ms=hub.at_ms,
        of=Subject.OVERRIDE,
        ref=more.pop("ref", incident.id),  # type: ignore[arg-type]
        stage=stage,
        **more,  # type: ignore[arg-type]
    )


async def standings(hub: Hub, who: Actor, incident: Incident) -> dict[str, Standing]:
    view = await alert.roll_call(hub.ctx, who, incident.id)
    return {call.device: standing(call) for call in view.calls}


async def test_an_alert_is_one_message_an_area_in_the_lane_of_its_own(hub: Hub, operator: Actor) -> None:
    sent = await alert.send(hub.ctx, operator, replace(FLOOD, areas=(COMMUNE, OTHER)))
    assert [(message.lane, message.topic, message.retain) for message in hub.sent] == [
        (Lane.EMERGENCY, topics.override(OTHER), True),
        (Lane.EMERGENCY, topics.override(COMMUNE), True),
    ]
    assert (sent.stage, set(sent.published_in)) == (Stage.ACTIVE, {OTHER, COMMUNE})
    for area in (COMMUNE, OTHER):
        assert [override.id for override in hub.document(area).overrides] == [sent.id]


async def test_a_province_is_one_message_however_many_communes_are_ticked_with_it(hub: Hub, operator: Actor) -> None:
    await alert.send(hub.ctx, operator, replace(FLOOD, areas=(PROVINCE, COMMUNE, OTHER)))
    assert [message.topic for message in hub.sent] == [topics.override(PROVINCE)]


async def test_pinned_sounds_go_at_once_and_the_words_follow_under_the_same_id(hub: Hub, leader: Actor) -> None:
    made = hub.voice.made
    sent = await alert.send(hub.ctx, leader, FLOOD)
    async with hub.store.read() as tx:
        pinned = set((await tx.pinned.every()).values())
    (first,) = hub.document(COMMUNE).overrides
    assert first.assets == ()
    assert {step.asset for step in first.steps} <= pinned
    assert hub.voice.made == made  # nobody spoke before it left
    assert await alert.speak_one(hub.ctx, sent)
    (second,) = hub.document(COMMUNE).overrides
    (speech,) = second.assets
    assert (second.id, second.expires_at_ms) == (first.id, first.expires_at_ms)
    assert speech.digest in {step.asset for step in second.steps}
    assert all(step.fallback in pinned for step in second.steps if step.asset == speech.digest)
    assert [(m.lane, m.topic, m.digest) for m in hub.sent if m.digest] == [(Lane.SOUND, COMMUNE, speech.digest)]


async def test_a_voice_that_fails_takes_nothing_from_the_alert(hub: Hub, leader: Actor) -> None:
    sent = await alert.send(hub.ctx, leader, FLOOD)
    hub.voice.fails = SpeechError("fake", "no voice")
    before = len(hub.sent)
    assert not await alert.speak_one(hub.ctx, sent)
    assert len(hub.sent) == before
    assert await alert.active(hub.ctx)


async def test_without_any_pinned_sound_an_alert_is_refused_in_words(hub: Hub) -> None:
    leader = await hub.person("leader", (Role.COMMUNE_LEADER, COMMUNE))
    with pytest.raises(Conflicted):
        await alert.send(hub.ctx, leader, FLOOD)
    assert hub.sent == []
    assert await hub.acts() == []


async def test_only_who_may_sends(hub: Hub, leader: Actor) -> None:
    officer = await hub.person("officer", (Role.COMMUNE_OFFICER, COMMUNE))
    admin = await hub.person("admin", (Role.ADMINISTRATOR, PROVINCE))
    for who in (officer, admin):
        for flow in (alert.send, alert.preview):
            with pytest.raises(NotAllowed, match="không gồm quyền phát tin khẩn cấp"):
                await flow(hub.ctx, who, FLOOD)
    for places in ((OTHER,), (COMMUNE, OTHER), (PROVINCE,)):
        with pytest.raises(NotAllowed, match="Quyền phát tin khẩn cấp của bạn không gồm"):
            await alert.send(hub.ctx, leader, replace(FLOOD, areas=places))
    with pytest.raises(NotAllowed, match="Chưa chọn nơi"):
        await alert.send(hub.ctx, leader, replace(FLOOD, areas=()))
    assert hub.sent == []


async def test_a_drill_needs_the_drill_right_and_nothing_more(hub: Hub, leader: Actor) -> None:
    officer = await hub.person("officer", (Role.COMMUNE_OFFICER, COMMUNE))
    sent = await alert.send(hub.ctx, officer, DRILL)
    (override,) = hub.document(COMMUNE).overrides
    assert override.kind is OverrideKind.DRILL
    assert override.text.startswith("DIỄN TẬP")
    admin = await hub.person("admin", (Role.ADMINISTRATOR, PROVINCE))
    with pytest.raises(NotAllowed, match="phát tin diễn tập"):
        await alert.send(hub.ctx, admin, DRILL)
    with pytest.raises(Refused, match="Không trộn diễn tập"):
        await alert.send(hub.ctx, leader, FLOOD, update_of=sent.id)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"hazard": "nothing"}, "hazard"),
        ({"level": 9}, "level"),
        ({"text": "x" * 3001}, "text"),
        ({"repeats": 1000}, "repeats"),
    ],
)
async def test_what_is_wrong_with_an_alert_is_said_and_nothing_is_sent(
    hub: Hub, leader: Actor, change: dict[str, object], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        await alert.send(hub.ctx, leader, replace(FLOOD, **change))
    assert refused.value.field == field
    assert hub.sent == []


async def test_an_end_that_has_passed_is_refused(hub: Hub, leader: Actor) -> None:
    with pytest.raises(Refused):
        await alert.send(hub.ctx, leader, replace(FLOOD, valid_until=hub.now() - timedelta(minutes=1)))


async def test_a_preview_sends_nothing_and_says_who_would_hear_which_words(hub: Hub, leader: Actor) -> None:
    await hub.loudspeaker(1)
    await hub.loudspeaker(2, unit=OTHER)
    hub.sent.clear()
    seen = await alert.preview(hub.ctx, leader, FLOOD)
    assert any("nước sông vu gia" in phrase.words.lower() for phrase in seen.words.phrases)
    assert hub.sent == []
    assert await alert.active(hub.ctx) == ()


async def test_an_update_takes_the_place_of_the_old_one_in_one_document(hub: Hub, leader: Actor) -> None:
    first = await alert.send(hub.ctx, leader, FLOOD)
    hub.later(minutes=10)
    second = await alert.send(hub.ctx, leader, replace(FLOOD, level=4), update_of=first.id)
    assert [override.id for override in hub.document(COMMUNE).overrides] == [second.id]
    assert (second.event, second.message, second.supersedes) == (first.event, Message.UPDATE, first.id)
    numbers = [document.sequence for document in _documents(hub)]
    assert numbers == sorted(set(numbers))
    with pytest.raises(Conflicted):
        await alert.send(hub.ctx, leader, FLOOD, update_of=first.id)
    assert [one.id for one in await alert.active(hub.ctx)] == [second.id]


async def test_an_update_for_other_places_silences_those_left_out(hub: Hub, operator: Actor) -> None:
    first = await alert.send(hub.ctx, operator, replace(FLOOD, areas=(COMMUNE, OTHER)))
    second = await alert.send(hub.ctx, operator, FLOOD, update_of=first.id)
    assert [override.id for override in hub.document(COMMUNE).overrides] == [second.id]
    assert hub.document(OTHER).overrides == ()


async def test_nobody_ends_what_is_not_theirs_by_updating_it(hub: Hub, leader: Actor, operator: Actor) -> None:
    sent = await alert.send(hub.ctx, operator, replace(FLOOD, areas=(PROVINCE,)))
    with pytest.raises(NotAllowed):
        await alert.send(hub.ctx, leader, FLOOD, update_of=sent.id)
    with pytest.raises(NotAllowed):
        await alert.cancel(hub.ctx, leader, sent.id)
    assert [one.id for one in await alert.active(hub.ctx)] == [sent.id]


async def test_cancelling_says_that_it_is_over(hub: Hub, leader: Actor) -> None:
    sent = await alert.send(hub.ctx, leader, FLOOD)
    hub.later(minutes=5)
    ended = await alert.cancel(hub.ctx, leader, sent.id, note="Nước đã rút.")
    assert (ended.stage, ended.end_note) == (Stage.CANCELLED, "Nước đã rút.")
    (clear,) = hub.document(COMMUNE).overrides
    assert clear.id != sent.id
    (on_air,) = await alert.active(hub.ctx)
    assert (on_air.message, on_air.event) == (Message.ALL_CLEAR, sent.event)
    with pytest.raises(Conflicted):
        await alert.cancel(hub.ctx, leader, sent.id)


async def test_ending_an_all_clear_makes_no_other(hub: Hub, leader: Actor) -> None:
    sent = await alert.send(hub.ctx, leader, FLOOD)
    await alert.cancel(hub.ctx, leader, sent.id)
    (clear,) = await alert.active(hub.ctx)
    await alert.cancel(hub.ctx, leader, clear.id)
    assert await alert.active(hub.ctx) == ()
    assert hub.document(COMMUNE).overrides == ()


async def test_a_quiet_end_leaves_an_empty_document(hub: Hub, leader: Actor) -> None:
    sent = await alert.send(hub.ctx, leader, FLOOD)
    await alert.cancel(hub.ctx, leader, sent.id, all_clear=False)
    assert hub.document(COMMUNE).overrides == ()


async def test_who_sent_it_may_recall_it_whatever_has_become_of_the_rights(hub: Hub, leader: Actor) -> None:
    sent = await alert.send(hub.ctx, leader, FLOOD)
    demoted = await hub.person("leader", (Role.COMMUNE_OFFICER, COMMUNE))
    assert (await alert.cancel(hub.ctx, demoted, sent.id)).stage is Stage.CANCELLED


async def test_an_alert_to_a_group_is_ended_by_whoever_may_send_there(hub: Hub, operator: Actor) -> None:
    second = await hub.person("second", (Role.OPERATOR, PROVINCE))
    group = await areas.put_group(hub.ctx, operator, name="Ven sông", members=[COMMUNE, OTHER])
    sent = await alert.send(hub.ctx, operator, replace(FLOOD, areas=(group.code,)))
    assert (await alert.cancel(hub.ctx, second, sent.id, all_clear=False)).stage is Stage.CANCELLED


async def test_what_does_not_concern_a_unit_is_not_shown_there(hub: Hub, operator: Actor) -> None:
    sent = await alert.send(hub.ctx, operator, FLOOD)
    stranger = await hub.person("stranger", (Role.COMMUNE_LEADER, OTHER))
    with pytest.raises(NotFound):
        await alert.roll_call(hub.ctx, stranger, sent.id)
    with pytest.raises(NotFound):
        await alert.cancel(hub.ctx, stranger, sent.id)
    assert await alert.recent(hub.ctx, stranger) == ()
    everywhere = await alert.send(hub.ctx, operator, replace(FLOOD, areas=(PROVINCE,)))
    assert [one.id for one in await alert.recent(hub.ctx, stranger)] == [everywhere.id]


async def test_an_alert_ends_by_itself(hub: Hub, leader: Actor) -> None:
    sent = await alert.send(hub.ctx, leader, replace(FLOOD, valid_until=hub.now() + timedelta(minutes=2)))
    hub.later(seconds=119)
    await alert.look(hub.ctx)
    assert [one.id for one in await alert.active(hub.ctx)] == [sent.id]
    hub.later(seconds=1)
    assert await alert.active(hub.ctx) == ()
    await alert.look(hub.ctx)
    assert hub.document(COMMUNE).overrides == ()
    assert (await hub.acts())[-1] == "alert.expire"
    await alert.look(hub.ctx)
    assert (await hub.acts()).count("alert.expire") == 1


async def test_the_end_of_one_alert_leaves_the_other_on_the_air(hub: Hub, leader: Actor) -> None:
    short = await alert.send(hub.ctx, leader, replace(FLOOD, valid_until=hub.now() + timedelta(minutes=2)))
    long = await alert.send(hub.ctx, leader, replace(FLOOD, hazard="bao"))
    assert {override.id for override in hub.document(COMMUNE).overrides} == {short.id, long.id}
    hub.later(minutes=3)
    await alert.look(hub.ctx)
    assert [override.id for override in hub.document(COMMUNE).overrides] == [long.id]


# --- the roll call ----------------------------------------------------------------------------------------------


async def test_the_roll_moves_with_what_loudspeakers_answer(hub: Hub, leader: Actor) -> None:
    for number in (1, 2, 3, 4):
        await hub.loudspeaker(number)
    await hub.loudspeaker(5, unit=OTHER)
    sent = await alert.send(hub.ctx, leader, FLOOD)
    hub.later(seconds=2)
    await hub.hears(ack(hub, sent, 1, AckStage.RECEIVED))
    await hub.hears(ack(hub, sent, 2, AckStage.ACCEPTED))
    await hub.hears(ack(hub, sent, 3, AckStage.DONE, sounded_at_ms=hub.at_ms - 500))
    assert await standings(hub, leader, sent) == {
        "loa-0001": Standing.RECEIVED,
        "loa-0002": Standing.ACCEPTED,
        "loa-0003": Standing.SOUNDED,
        "loa-0004": Standing.SILENT,
    }
    view = await alert.roll_call(hub.ctx, leader, sent.id)
    assert (view.tally.total, view.tally.accepted, view.tally.sounded) == (4, 2, 1)
    assert view.names[DeviceId("loa-0003")] == "Thôn 3"
    assert f"incident:{sent.id}" in hub.told


async def test_a_refusal_of_the_whole_document_is_one_of_the_alert(hub: Hub, leader: Actor) -> None:
    await hub.loudspeaker(1)
    sent = await alert.send(hub.ctx, leader, FLOOD)
    refusal = ack(hub, sent, 1, AckStage.REFUSED, ref=COMMUNE, reason=Reason.BAD_SIGNATURE)
    await hub.hears(replace(refusal, sequence=hub.document(COMMUNE).sequence - 1))
    assert await standings(hub, leader, sent) == {"loa-0001": Standing.SILENT}
    await hub.hears(replace(refusal, sequence=hub.document(COMMUNE).sequence))
    assert await standings(hub, leader, sent) == {"loa-0001": Standing.REFUSED}


async def test_who_does_not_answer_is_asked_again_then_a_person_is_told_then_it_is_given_up(
    hub: Hub, leader: Actor
) -> None:
    await hub.loudspeaker(1)
    sent = await alert.send(hub.ctx, leader, FLOOD)
    said = hub.on_topic(topics.override(COMMUNE))
    for step_s in [1] * 160 + [60] * 20:
        hub.later(seconds=step_s)
        await alert.look(hub.ctx)
    again = hub.on_topic(topics.override(COMMUNE))
    assert len(again) == ATTEMPTS_MAX  # the first, and four more
    assert {message.payload for message in again} == {said[0].payload}  # the very bytes: harmless where they are known
    (call,) = (await alert.roll_call(hub.ctx, leader, sent.id)).calls
    assert call.attempts == ATTEMPTS_MAX
    assert call.escalated_at is not None
    assert call.gave_up_at is not None
    assert call.gave_up_at > call.escalated_at


async def test_a_look_at_what_stands_still_takes_no_turn_to_write(hub: Hub, leader: Actor) -> None:
    await hub.loudspeaker(1)
    await alert.send(hub.ctx, leader, FLOOD)
    async with asyncio.timeout(5), hub.store.write():  # whoever wanted to write now would wait for ever
        hub.later(seconds=1)
        await alert.look(hub.ctx)


async def test_many_who_are_silent_are_one_line_in_the_log(
    hub: Hub, leader: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(5):
        await hub.loudspeaker(number)
    await alert.send(hub.ctx, leader, FLOOD)
    hub.later(seconds=6)
    await alert.look(hub.ctx)
    (record,) = [one for one in caplog.records if one.message == "loudspeakers have not answered"]
    assert (vars(record)["action"], vars(record)["n"]) == ("resend", 5)


async def test_who_has_answered_is_not_asked_again(hub: Hub, leader: Actor) -> None:
    await hub.loudspeaker(1)
    sent = await alert.send(hub.ctx, leader, FLOOD)
    await hub.hears(ack(hub, sent, 1, AckStage.DONE, sounded_at_ms=hub.at_ms))
    for _ in range(60):
        hub.later(seconds=1)
        await alert.look(hub.ctx)
    assert len(hub.on_topic(topics.override(COMMUNE))) == 1


async def test_asking_again_does_not_shorten_what_stands_at_the_broker(hub: Hub, leader: Actor) -> None:
    await hub.loudspeaker(1)
    await alert.send(hub.ctx, leader, replace(FLOOD, valid_until=hub.now() + timedelta(minutes=2)))
    long = await alert.send(hub.ctx, leader, replace(FLOOD, hazard="bao"))
    hub.later(seconds=6)
    await alert.look(hub.ctx)
    assert len(hub.on_topic(topics.override(COMMUNE))) > 2
    assert hub.document(COMMUNE).overrides[0].expires_at_ms
    async with hub.store.read() as tx:
        until_ms = int(long.valid_until.timestamp() * 1000) - 1
        assert await tx.outbox.said(topics.override(COMMUNE), until_ms=until_ms) is not None


async def test_an_ended_alert_is_asked_about_no_more(hub: Hub, leader: Actor) -> None:
    await hub.loudspeaker(1)
    sent = await alert.send(hub.ctx, leader, FLOOD)
    await alert.cancel(hub.ctx, leader, sent.id, all_clear=False)
    await alert.look(hub.ctx)
    async with hub.store.read() as tx:
        assert await tx.rolls.open_rolls() == ()
    before = len(hub.sent)
    hub.later(minutes=5)
    await alert.look(hub.ctx)
    assert len(hub.sent) == before


async def test_a_loudspeaker_that_was_lost_is_named_at_once(hub: Hub, leader: Actor) -> None:
    identity = await hub.loudspeaker(1)
    await hub.hears(State(device=identity.device, boot=1, at_ms=hub.at_ms, status=Status.LOST, why=Why.NO_AUDIO))
    sent = await alert.send(hub.ctx, leader, FLOOD)
    assert await standings(hub, leader, sent) == {"loa-0001": Standing.UNREACHABLE}


async def test_the_roll_is_called_also_when_the_hub_died_right_after_the_alert(hub: Hub, leader: Actor) -> None:
    sent = await alert.send(hub.ctx, leader, FLOOD)
    await hub.loudspeaker(1)  # as if it had not been called yet
    assert await standings(hub, leader, sent) == {}
    await alert.call_all_rolls(hub.ctx)
    assert await standings(hub, leader, sent) == {"loa-0001": Standing.SILENT}
    await hub.hears(ack(hub, sent, 1, AckStage.ACCEPTED))
    await alert.call_all_rolls(hub.ctx)
    assert await standings(hub, leader, sent) == {"loa-0001": Standing.ACCEPTED}


async def test_a_loudspeaker_that_nobody_expected_joins_the_roll_it_answers(hub: Hub, leader: Actor) -> None:
    sent = await alert.send(hub.ctx, leader, FLOOD)
    await hub.loudspeaker(1)
    await hub.hears(ack(hub, sent, 1, AckStage.ACCEPTED))
    assert await standings(hub, leader, sent) == {"loa-0001": Standing.ACCEPTED}


async def test_every_act_of_an_emergency_stands_in_the_audit(hub: Hub, leader: Actor) -> None:
    first = await alert.send(hub.ctx, leader, replace(FLOOD, decision="12/QĐ-UBND"))
    second = await alert.send(hub.ctx, leader, FLOOD, update_of=first.id)
    await alert.cancel(hub.ctx, leader, second.id)
    async with hub.store.read() as tx:
        entries = [entry async for entry in tx.audit.all()]
    assert [entry.act for entry in entries] == ["alert.send", "alert.update", "alert.cancel"]
    assert {(entry.actor, entry.unit) for entry in entries} == {("a-leader", COMMUNE)}
    assert "12/QĐ-UBND" in entries[0].detail


def _documents(hub: Hub) -> list[Overrides]:
    return [decode_as(Overrides, body(message.payload)) for message in hub.on_topic(topics.override(COMMUNE))]
