"""What every DeliveryStore, AsRunStore and StateStore must do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from devices.delivery import DeliveryKey, on_ack, on_expired, on_sent, queued
from devices.errors import UnknownDelivery
from devices.ports import Heard, Kept
from devices.presence import Sighting, on_state
from devices.protocol.errors import Reason
from devices.protocol.ids import AreaCode, AssetDigest, DeviceId, KeyId
from devices.protocol.messages import (
    Ack,
    AckStage,
    AreaSequence,
    AsRun,
    Outcome,
    Source,
    State,
    Status,
    Subject,
    Why,
)
from tests.contract.devices.factories import Stores

NOW = datetime(2026, 9, 5, 10, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
LATER = NOW + timedelta(hours=1)
LOA_1, LOA_2 = DeviceId("loa-1"), DeviceId("loa-2")
KEY, NEW_KEY = KeyId("0" * 16), KeyId("1" * 16)
DOCUMENT = AreaSequence(area=AreaCode("48"), sequence=7)


def key(device: DeviceId, subject: Subject = Subject.OVERRIDE, ref: str = "bao-4", sequence: int = 0) -> DeliveryKey:
    return DeliveryKey(device=device, subject=subject, ref=ref, sequence=sequence)


# --- deliveries -----------------------------------------------------------------------------------------------------


async def test_a_delivery_is_read_back_unchanged_with_all_that_an_ack_said(stores: Stores) -> None:
    sent = on_sent(queued(key(LOA_1), now=NOW, expires_at=LATER), now=NOW, document=DOCUMENT)
    done = Ack(
        device=LOA_1,
        at_ms=NOW_MS,
        of=Subject.OVERRIDE,
        ref="bao-4",
        stage=AckStage.DONE,
        why=Why.OVERRIDE,
        sounded_at_ms=NOW_MS + 250,
    )
    sounded = on_ack(sent, done, now=NOW).sent
    await stores.deliveries.put(sounded)
    assert await stores.deliveries.get(sounded.key) == sounded


async def test_a_refused_delivery_keeps_its_reason(stores: Stores) -> None:
    sent = on_sent(queued(key(LOA_1), now=NOW, expires_at=LATER), now=NOW)
    no = Ack(
        device=LOA_1, at_ms=NOW_MS, of=Subject.OVERRIDE, ref="bao-4", stage=AckStage.REFUSED, reason=Reason.EXPIRED
    )
    await stores.deliveries.put(on_ack(sent, no, now=NOW).sent)
    assert (await stores.deliveries.get(sent.key)).reason is Reason.EXPIRED


async def test_an_unknown_delivery_is_an_error(stores: Stores) -> None:
    with pytest.raises(UnknownDelivery):
        await stores.deliveries.get(key(LOA_1))


async def test_a_later_delivery_under_the_same_key_takes_the_place_of_the_first(stores: Stores) -> None:
    first = queued(key(LOA_1), now=NOW, expires_at=LATER)
    await stores.deliveries.put(first)
    await stores.deliveries.put(on_sent(first, now=NOW))
    assert await stores.deliveries.of(Subject.OVERRIDE, "bao-4") == (on_sent(first, now=NOW),)


async def test_only_what_may_still_move_by_itself_is_open_oldest_first(stores: Stores) -> None:
    new = queued(key(LOA_1, ref="b"), now=NOW + timedelta(seconds=1), expires_at=LATER)
    old = on_sent(queued(key(LOA_2, ref="a"), now=NOW, expires_at=LATER), now=NOW)
    dead = on_expired(queued(key(LOA_2, ref="c"), now=NOW, expires_at=NOW))
    for sent in (new, dead, old):
        await stores.deliveries.put(sent)
    assert await stores.deliveries.open() == (old, new)


async def test_the_deliveries_of_one_override_come_by_device(stores: Stores) -> None:
    other = queued(key(LOA_1, ref="other"), now=NOW, expires_at=LATER)
    command = queued(key(LOA_1, Subject.CMD), now=NOW, expires_at=LATER)
    two, one = (queued(key(device), now=NOW, expires_at=LATER) for device in (LOA_2, LOA_1))
    for sent in (other, command, two, one):
        await stores.deliveries.put(sent)
    assert await stores.deliveries.of(Subject.OVERRIDE, "bao-4") == (one, two)


async def test_what_was_sent_to_one_device_comes_newest_first_and_not_without_end(stores: Stores) -> None:
    made = [
        queued(key(LOA_1, Subject.MANIFEST, "", n), now=NOW + timedelta(minutes=n), expires_at=LATER)
        for n in range(1, 5)
    ]
    for sent in (*made, queued(key(LOA_2), now=NOW, expires_at=LATER)):
        await stores.deliveries.put(sent)
    assert await stores.deliveries.to(LOA_1, limit=3) == (made[3], made[2], made[1])


# --- as-run records -------------------------------------------------------------------------------------------------


def record(n: int, start_ms: int = NOW_MS, length_ms: int = 1000, item: str = "ban-tin") -> AsRun:
    return AsRun(
        n=n,
        boot=3,
        source=Source.ITEM,
        id=item,
        digest=AssetDigest("a" * 64),
        start_ms=start_ms,
        end_ms=start_ms + length_ms,
        outcome=Outcome.CUT,
        why=Why.OVERRIDE,
        by="bao-4",
        level_cdb=-1800,
        clock_trusted=False,
    )


async def test_a_record_sent_again_is_known_and_not_kept_twice(stores: Stores) -> None:
    first = await stores.as_runs.add(LOA_1, KEY, [record(1), record(2)])
    assert first == Kept(new=(record(1), record(2)))
    assert await stores.as_runs.add(LOA_1, KEY, [record(2), record(3)]) == Kept(new=(record(3),), known=1)
    kept = await stores.as_runs.between(0, NOW_MS * 2)
    assert kept == tuple(Heard(device=LOA_1, record=record(n)) for n in (1, 2, 3))


async def test_a_record_with_a_number_that_is_taken_does_not_replace_the_first(stores: Stores) -> None:
    await stores.as_runs.add(LOA_1, KEY, [record(1)])
    forged = record(1, item="khac")
    assert await stores.as_runs.add(LOA_1, KEY, [forged]) == Kept(conflicting=(forged,))
    assert [heard.record.id for heard in await stores.as_runs.between(0, NOW_MS * 2)] == ["ban-tin"]


async def test_a_gap_is_not_confirmed_until_it_is_filled(stores: Stores) -> None:
    assert await stores.as_runs.held_up_to(LOA_1, KEY) == 0
    await stores.as_runs.add(LOA_1, KEY, [record(1), record(2), record(4)])
    assert await stores.as_runs.held_up_to(LOA_1, KEY) == 2
    await stores.as_runs.add(LOA_1, KEY, [record(3)])
    assert await stores.as_runs.held_up_to(LOA_1, KEY) == 4


async def test_a_device_that_comes_from_another_hub_is_confirmed_from_the_first_record_it_still_has(
    stores: Stores,
) -> None:
    await stores.as_runs.add(LOA_1, KEY, [record(n) for n in (501, 502)])
    assert await stores.as_runs.held_up_to(LOA_1, KEY) == 502


async def test_new_hardware_under_the_same_id_counts_from_one_again(stores: Stores) -> None:
    await stores.as_runs.add(LOA_1, KEY, [record(1), record(2)])
    again = record(1, item="moi")
    assert await stores.as_runs.add(LOA_1, NEW_KEY, [again]) == Kept(new=(again,))
    assert await stores.as_runs.held_up_to(LOA_1, NEW_KEY) == 1
    assert await stores.as_runs.held_up_to(LOA_1, KEY) == 2


async def test_records_are_found_by_the_time_in_which_they_lie(stores: Stores) -> None:
    over, inside, after = record(1, 1_000, 5_000), record(2, 6_000, 500), record(3, 9_000, 500)
    missed = record(4, 7_000, 0)
    await stores.as_runs.add(LOA_1, KEY, [over, inside, after, missed])
    await stores.as_runs.add(LOA_2, KEY, [inside])
    found = await stores.as_runs.between(5_000, 9_000)
    assert [(heard.device, heard.record.n) for heard in found] == [
        (LOA_1, 1),
        (LOA_1, 2),
        (LOA_2, 2),
        (LOA_1, 4),
    ]
    assert [heard.record.n for heard in await stores.as_runs.between(5_000, 9_000, device=LOA_2)] == [2]


# --- states ---------------------------------------------------------------------------------------------------------


def state(device: DeviceId = LOA_1) -> State:
    return State(
        device=device,
        boot=3,
        at_ms=NOW_MS,
        status=Status.ONLINE,
        why=Why.OVERRIDE,
        source=Source.OVERRIDE,
        sounding="bao-4",
        digest=AssetDigest("a" * 64),
        clock_trusted=True,
        clock_offset_ms=-40,
        overrides=(DOCUMENT,),
        firmware="1-2-3",
    )


async def test_a_sighting_is_read_back_unchanged(stores: Stores) -> None:
    seen = replace(on_state(Sighting(device=LOA_1), state(), now=NOW), lost_at=LATER)
    await stores.states.put(seen)
    assert await stores.states.get(LOA_1) == seen


async def test_a_device_never_seen_has_an_empty_sighting(stores: Stores) -> None:
    assert await stores.states.get(LOA_2) == Sighting(device=LOA_2)
    assert await stores.states.every() == ()


async def test_a_newer_sighting_takes_the_place_of_the_last_and_all_come_by_device(stores: Stores) -> None:
    two = on_state(Sighting(device=LOA_2), state(LOA_2), now=NOW)
    one = Sighting(device=LOA_1, heard_at=NOW)
    await stores.states.put(two)
    await stores.states.put(Sighting(device=LOA_1))
    await stores.states.put(one)
    assert await stores.states.every() == (one, two)


async def test_what_is_forgotten_is_as_never_seen(stores: Stores) -> None:
    await stores.states.put(Sighting(device=LOA_1, heard_at=NOW))
    await stores.states.forget(LOA_1)
    await stores.states.forget(LOA_2)
    assert await stores.states.get(LOA_1) == Sighting(device=LOA_1)
