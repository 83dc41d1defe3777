"""Whole days of many loudspeakers in virtual time."""

import time

import pytest

from devices.protocol.messages import AckStage, CommandName, Outcome, Source, Subject, Why
from firmware_sim.faults import Fault, Kind, Plan
from firmware_sim.settings import Settings
from firmware_sim.speaker import Speaker
from firmware_sim.world import World
from tests.fakes.hub_stand_in import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    START,
    Audio,
    HubStandIn,
    audio,
    identity_of,
    item,
    override,
)

SIREN = audio("siren", 5 * SECOND)
FILLER = audio("filler", 30 * SECOND)
NEWS = [audio(f"news {n}", 2 * MINUTE, 60_000) for n in range(12)]
FIRST = START + 5 * HOUR


def starts() -> list[int]:
    return [FIRST + n * HOUR for n in range(len(NEWS))]


def a_province(
    devices: int, *, seed: int, beacon_ms: int = 10 * SECOND, watch: bool = True, settings: Settings | None = None
) -> tuple[World, HubStandIn]:
    """Twelve items, on the hour; everybody holds the audio after a minute."""
    world = World(seed=seed, start_ms=START)
    hub = HubStandIn(world, verify=world.verify, beacon_ms=beacon_ms, resend_ms=HOUR, watches_states=watch)
    identities = [identity_of(n) for n in range(devices)]
    hub.know(*identities)
    hub.stock(SIREN, FILLER, *NEWS)
    for n, identity in enumerate(identities):
        world.add(identity, settings, power_on_after_ms=20 * n)
    world.run_for(15 * SECOND)
    for identity in identities:
        day = (item(f"item-{n}", start, NEWS[n]) for n, start in enumerate(starts()))
        hub.plan(identity, *day, sounds=NEWS, pinned=[SIREN], filler=FILLER)
    world.run_until(START + 5 * MINUTE)
    return world, hub


def began(speaker: Speaker, sound: Audio) -> list[int]:
    return [heard.start_ms for heard in speaker.heard if heard.digest == sound.digest]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_five_hundred_devices_play_and_prove_a_day(seed: int) -> None:
    print(f"world seed {seed}")
    wall_s, cpu_s = time.monotonic(), time.process_time()
    # States and beacons at the pace of the contract are nine events of ten in a day, and prove nothing here.
    seldom = Settings(heartbeat_ms=10 * MINUTE)
    world, hub = a_province(500, seed=seed, beacon_ms=10 * MINUTE, watch=False, settings=seldom)
    flood = FIRST + 3 * HOUR + MINUTE
    world.at(flood, lambda: hub.alert("25", override("flood", SIREN, now_ms=world.now_ms, repeats=3, gap_ms=SECOND)))
    world.run_until(START + DAY)
    wall_s, cpu_s = time.monotonic() - wall_s, time.process_time() - cpu_s
    print(f"a day of 500 devices: {world.events} events in {wall_s:.1f} s, {cpu_s:.1f} s of them on the processor")
    for speaker in world.speakers:
        records = hub.records[speaker.device]
        assert sorted(records) == list(range(1, 12 + 4 + 1)), f"{speaker.device} must prove 12 items, one cut, 3 clips"
        assert [start for sound in NEWS for start in began(speaker, sound)][:3] == pytest.approx(starts()[:3], abs=100)
    heard = [ack for ack in hub.acks if (ack.of, ack.ref, ack.stage) == (Subject.OVERRIDE, "flood", AckStage.DONE)]
    assert {ack.device for ack in heard} == set(hub.identities)
    assert max(ack.sounded_at_ms for ack in heard) - flood < SECOND


def test_a_day_is_played_to_the_second_with_hub_and_broker_dead_and_proved_afterwards(seed: int) -> None:
    world, hub = a_province(10, seed=seed)
    hub.endpoint.go_down()
    world.stop_broker(forget=True)
    world.run_until(START + DAY)
    for speaker in world.speakers:
        for n, start in enumerate(starts()):
            assert began(speaker, NEWS[n]) == pytest.approx([start], abs=100), f"{speaker.device} must play item {n}"
        assert hub.numbers(speaker.device) == []
    world.start_broker()
    hub.endpoint.come_up()
    world.run_for(5 * MINUTE)
    for speaker in world.speakers:
        assert hub.numbers(speaker.device) == list(range(1, 13))
        assert {record.outcome for record in hub.records[speaker.device].values()} == {Outcome.COMPLETED}


def test_who_loses_power_in_mid_item_joins_at_the_place_the_clock_says(seed: int) -> None:
    world, hub = a_province(4, seed=seed)
    world.run_until(FIRST + 30 * SECOND)
    world.speakers[0].reboot(20 * SECOND)
    world.run_until(FIRST + 5 * MINUTE)
    joined, others = world.speakers[0].heard[-1], world.speakers[1].heard
    assert joined.digest == NEWS[0].digest
    assert joined.position_ms == pytest.approx(joined.start_ms - FIRST, abs=100)
    assert joined.start_ms - FIRST > 50 * SECOND
    assert len(others) == 1, "the others were not disturbed"
    outcomes = [(r.outcome, r.why) for r in hub.records[world.speakers[0].device].values()]
    assert outcomes == [(Outcome.CUT, Why.POWER_LOST), (Outcome.COMPLETED, Why.SCHEDULED)]


def test_who_has_no_trusted_clock_is_silent_all_day_but_for_an_emergency(seed: int) -> None:
    world, hub = a_province(2, seed=seed, beacon_ms=0)
    world.run_until(FIRST + 4 * HOUR)
    world.at(world.now_ms, lambda: hub.alert("25", override("flood", SIREN, now_ms=world.now_ms)))
    world.run_until(START + DAY)
    for speaker in world.speakers:
        assert [heard.digest for heard in speaker.heard] == [SIREN.digest]
        assert hub.states[speaker.device].why is Why.CLOCK_NOT_TRUSTED
        sounded = [record for record in hub.records[speaker.device].values() if record.outcome is not Outcome.MISSED]
        assert [(record.source, record.clock_trusted) for record in sounded] == [(Source.OVERRIDE, False)]


@pytest.mark.parametrize("skew_ms", [-40 * 365 * DAY, -3 * HOUR, 90 * MINUTE, 30 * DAY])
def test_a_wrong_rtc_changes_nothing_once_a_beacon_has_come(skew_ms: int, seed: int) -> None:
    world, hub = a_province(2, seed=seed)
    world.speakers[0].reboot(10 * SECOND, skew_ms=skew_ms)
    world.run_until(START + DAY)
    for n, start in enumerate(starts()):
        assert began(world.speakers[0], NEWS[n]) == pytest.approx([start], abs=100)
    assert hub.conflicts == []


def test_who_comes_back_after_the_alert_finds_its_end_and_not_the_alert(seed: int) -> None:
    world, hub = a_province(2, seed=seed)
    away = world.speakers[0]
    away.cut()
    hub.alert("25", override("flood", SIREN, now_ms=world.now_ms, repeats=0, life_ms=HOUR))
    world.run_for(10 * MINUTE)
    hub.alert("25")
    world.run_for(MINUTE)
    away.heal()
    world.run_for(10 * MINUTE)
    assert began(world.speakers[1], SIREN)
    assert began(away, SIREN) == []


def test_a_small_disk_gets_the_day_piece_by_piece(seed: int) -> None:
    world = World(seed=seed, start_ms=START)
    hub = HubStandIn(world, verify=world.verify)
    identity = identity_of(1)
    hub.know(identity)
    hub.stock(SIREN, *NEWS)
    room = len(SIREN.data) + 3 * len(NEWS[0].data)
    speaker = world.add(identity, Settings(quota_bytes=room))
    world.run_for(15 * SECOND)
    day = (item(f"item-{n}", start, NEWS[n]) for n, start in enumerate(starts()))
    hub.plan(identity, *day, sounds=NEWS, pinned=[SIREN])
    for start in starts():
        world.run_until(start + 30 * MINUTE)
        assert sum(map(len, speaker.flash.assets.values())) <= room
        assert SIREN.digest in speaker.flash.assets, "what is pinned is never evicted"
    assert all(began(speaker, sound) for sound in NEWS)


def test_a_full_disk_is_survived_and_made_good(seed: int) -> None:
    world = World(seed=seed, start_ms=START)
    hub = HubStandIn(world, verify=world.verify)
    identity = identity_of(1)
    hub.know(identity)
    hub.stock(NEWS[0])
    speaker = world.add(identity)
    world.suffer(Plan(seed=seed, faults=(Fault(at_ms=START, kind=Kind.DISK_FULL, for_ms=5 * MINUTE),)))
    world.run_for(15 * SECOND)
    hub.plan(identity, item("item", FIRST, NEWS[0]), sounds=[NEWS[0]])
    world.run_for(4 * MINUTE)
    assert hub.states[identity.device].assets_missing == 1
    world.run_for(4 * MINUTE)
    assert hub.states[identity.device].assets_missing == 0
    assert NEWS[0].digest in speaker.flash.assets


def test_a_device_restarted_by_command_says_done_first_and_comes_back(seed: int) -> None:
    world, hub = a_province(1, seed=seed)
    device = world.speakers[0].device
    order = hub.command(device, CommandName.RESTART)
    world.run_for(MINUTE)
    assert hub.stages(device, Subject.CMD, order.id)[-1] == AckStage.DONE
    assert hub.states[device].boot == 2
