"""What every IncidentStore, RollCallStore and OverrideSequenceStore must do."""

from dataclasses import replace
from datetime import timedelta

import pytest

from devices.protocol.errors import Reason
from devices.protocol.ids import AlertId, AreaCode, DeviceId
from devices.protocol.messages import Ack, AckStage, AreaSequence, Subject, Why
from emergency.errors import IncidentExists, StaleIncident, UnknownCall, UnknownIncident
from emergency.incident import Incident, Stage, all_clear, cancel, close, expire, update
from emergency.rollcall import Because, Escalate, GiveUp, Resend, on_ack, on_presence, on_step, open_roll, republished
from emergency.targeting import Circle, Polygon, Target
from tests.contract.emergency.factories import Stores
from tests.unit.emergency.examples import (
    DA_NANG,
    HOUR,
    NOW,
    NOW_MS,
    QUE_PHUOC,
    a_draft,
    active,
    approved,
    drill,
    request,
)

SECOND = timedelta(seconds=1)
LOA_1, LOA_2 = DeviceId("loa-1"), DeviceId("loa-2")


# --- incidents ------------------------------------------------------------------------------------------------------

SHAPES = Target(
    areas=(QUE_PHUOC, DA_NANG),
    shapes=(Circle(lat=15.6, lon=107.9, radius_m=2_500.0), Polygon(ring=((15.5, 107.8), (15.5, 108.2), (15.8, 108.2)))),
)
WHOLE = {
    "a draft": a_draft(gap=timedelta(minutes=7), decision="12/QĐ-UBND", civil_defence_level=1),
    "a draft of shapes": a_draft(target=SHAPES),
    "an approved one": approved(),
    "an active one": active(areas=(QUE_PHUOC, DA_NANG)),
    "a drill": drill(text=""),
    "an update": update(active("bao-4", hazard="bao"), request(hazard="bao"), id=AlertId("bao-4-2"), now=NOW),
    "an all-clear": all_clear(active(), id=AlertId("bao-yen"), by="chu-tich", now=NOW),
    "a closed one": close(cancel(active(), by="a", now=NOW + SECOND, note="nhầm"), by="b", now=NOW + HOUR),
    "a moment with microseconds": replace(a_draft(), created_at=NOW + timedelta(microseconds=123_456)),
}


@pytest.mark.parametrize("case", WHOLE)
async def test_an_incident_is_read_back_unchanged(stores: Stores, case: str) -> None:
    await stores.incidents.add(WHOLE[case])
    assert await stores.incidents.get(WHOLE[case].id) == WHOLE[case]


async def test_an_unknown_incident_is_an_error(stores: Stores) -> None:
    with pytest.raises(UnknownIncident):
        await stores.incidents.get(AlertId("khong-co"))
    with pytest.raises(UnknownIncident):
        await stores.incidents.change(a_draft(), a_draft())


async def test_an_id_is_given_once(stores: Stores) -> None:
    await stores.incidents.add(a_draft())
    with pytest.raises(IncidentExists):
        await stores.incidents.add(active())


async def test_of_two_changes_of_the_same_reading_the_second_is_refused(stores: Stores) -> None:
    before = active()
    await stores.incidents.add(before)
    await stores.incidents.change(before, cancel(before, by="a", now=NOW))
    with pytest.raises(StaleIncident):
        await stores.incidents.change(before, expire(before, now=NOW))
    assert (await stores.incidents.get(before.id)).stage is Stage.CANCELLED


async def test_what_is_on_the_air_and_what_may_still_expire_are_found_by_id(stores: Stores) -> None:
    made: list[Incident] = [
        active("c"),
        active("a"),
        a_draft("d"),
        approved("b"),
        cancel(active("e"), by="x", now=NOW),
        expire(active("f"), now=NOW),
    ]
    for incident in made:
        await stores.incidents.add(incident)
    assert [incident.id for incident in await stores.incidents.active()] == ["a", "c"]
    assert [incident.id for incident in await stores.incidents.unfinished()] == ["a", "b", "c", "d"]


async def test_an_event_is_its_alert_its_updates_and_its_all_clear_oldest_first(stores: Stores) -> None:
    first = active("bao-4", hazard="bao")
    second = update(first, request(hazard="bao"), id=AlertId("a-cap-nhat"), now=NOW + SECOND)
    over = all_clear(second, id=AlertId("0-bao-yen"), by="x", now=NOW + HOUR)
    for incident in (over, active("khac"), second, first):
        await stores.incidents.add(incident)
    assert await stores.incidents.of_event(AlertId("bao-4")) == (first, second, over)


async def test_the_newest_incidents_come_first_and_not_without_end(stores: Stores) -> None:
    for n in range(4):
        await stores.incidents.add(replace(a_draft(f"tin-{n}"), created_at=NOW + n * SECOND))
    assert [incident.id for incident in await stores.incidents.recent(limit=2)] == ["tin-3", "tin-2"]


# --- roll calls -----------------------------------------------------------------------------------------------------

ROLL, CALLS = open_roll(
    AlertId("lu-quet-1"),
    [LOA_2, LOA_1],
    now=NOW,
    expires_at=NOW + HOUR,
    documents=(AreaSequence(area=DA_NANG, sequence=7), AreaSequence(area=QUE_PHUOC, sequence=NOW_MS)),
    unreachable=[LOA_2],
)


async def test_a_roll_and_its_calls_are_read_back_unchanged_by_device(stores: Stores) -> None:
    await stores.roll_calls.open(ROLL, reversed(CALLS))
    assert await stores.roll_calls.roll(ROLL.alert) == ROLL
    assert await stores.roll_calls.calls(ROLL.alert) == CALLS
    assert await stores.roll_calls.call(ROLL.alert, LOA_2) == CALLS[1]


async def test_an_alert_is_called_once(stores: Stores) -> None:
    await stores.roll_calls.open(ROLL, CALLS)
    with pytest.raises(IncidentExists):
        await stores.roll_calls.open(ROLL, CALLS)


async def test_everything_that_can_be_known_of_a_call_is_kept(stores: Stores) -> None:
    await stores.roll_calls.open(ROLL, CALLS)
    call = CALLS[0]
    for stage, said in (
        (AckStage.RECEIVED, {}),
        (AckStage.REFUSED, {"reason": Reason.BAD_SIGNATURE}),
        (AckStage.ACCEPTED, {}),
        (AckStage.DONE, {"why": Why.WAITING_FOR_AUDIO}),
        (AckStage.DONE, {"sounded_at_ms": NOW_MS + 321}),
    ):
        ack = Ack(device=LOA_1, at_ms=NOW_MS, of=Subject.OVERRIDE, ref=ROLL.alert, stage=stage, **said)  # type: ignore[arg-type]
        call = on_ack(call, ack, now=NOW + SECOND)
    for step in (
        Resend(device=LOA_1, because=Because.NO_ANSWER),
        Escalate(device=LOA_1, because=Because.REFUSED, reason=Reason.STALE),
        GiveUp(device=LOA_1, because=Because.OVER),
    ):
        call = on_step(call, step, now=NOW + 2 * SECOND)
    call = on_presence(call, reachable=False)
    await stores.roll_calls.put(call)
    assert await stores.roll_calls.call(ROLL.alert, LOA_1) == call
    assert await stores.roll_calls.calls(ROLL.alert) == (call, CALLS[1])


async def test_a_device_that_joins_later_is_put_on_the_roll(stores: Stores) -> None:
    await stores.roll_calls.open(ROLL, CALLS[:1])
    await stores.roll_calls.put(CALLS[1])
    assert await stores.roll_calls.calls(ROLL.alert) == CALLS


async def test_who_joins_a_roll_again_keeps_the_answers(stores: Stores) -> None:
    await stores.roll_calls.open(ROLL, ())
    answered = replace(CALLS[0], accepted_at=NOW + SECOND)
    await stores.roll_calls.put(answered)
    await stores.roll_calls.join(CALLS)
    assert await stores.roll_calls.calls(ROLL.alert) == (answered, CALLS[1])


async def test_a_roll_takes_a_newer_document_and_is_closed(stores: Stores) -> None:
    other = replace(ROLL, alert=AlertId("bao-4"), opened_at=NOW - HOUR)
    await stores.roll_calls.open(ROLL, CALLS)
    await stores.roll_calls.open(other, ())
    assert await stores.roll_calls.open_rolls() == (other, ROLL)
    newer = republished(ROLL, AreaSequence(area=DA_NANG, sequence=8))
    await stores.roll_calls.put_roll(newer)
    await stores.roll_calls.put_roll(replace(other, closed_at=NOW))
    assert await stores.roll_calls.open_rolls() == (newer,)
    assert (await stores.roll_calls.roll(other.alert)).closed_at == NOW


async def test_what_is_not_on_a_roll_is_an_error(stores: Stores) -> None:
    with pytest.raises(UnknownIncident):
        await stores.roll_calls.roll(ROLL.alert)
    with pytest.raises(UnknownIncident):
        await stores.roll_calls.put_roll(ROLL)
    with pytest.raises(UnknownIncident):
        await stores.roll_calls.put(CALLS[0])
    assert await stores.roll_calls.calls(ROLL.alert) == ()
    await stores.roll_calls.open(ROLL, ())
    with pytest.raises(UnknownCall):
        await stores.roll_calls.call(ROLL.alert, LOA_1)


# --- sequences ------------------------------------------------------------------------------------------------------


async def test_sequences_rise_in_each_area_also_when_the_clock_stands_or_goes_back(stores: Stores) -> None:
    moments = (NOW, NOW, NOW - HOUR, NOW + SECOND)
    found = [await stores.sequences.next(DA_NANG, moment) for moment in moments]
    assert found == [NOW_MS, NOW_MS + 1, NOW_MS + 2, NOW_MS + 1000]


async def test_each_area_has_its_own_sequence(stores: Stores) -> None:
    await stores.sequences.next(DA_NANG, NOW)
    assert await stores.sequences.next(AreaCode("01"), NOW) == NOW_MS
