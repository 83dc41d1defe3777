"""What a device does about its line, its state and its clock."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from devices.protocol import topics
from devices.protocol.messages import Ack, AckStage, CommandName, Source, State, Status, Step, Subject, TimeBeacon, Why
from devices.protocol.signing import Signer
from devices.protocol.spec.vectors import material as m
from tests.conformance.asserting import asserts
from tests.conformance.driver import AREAS, DAY, HOUR, MINUTE, SECOND, SIREN, SPEECH, VOICE, Bench

NewBench = Callable[..., Bench]
STATE = topics.of_device(m.DEVICE, topics.Leaf.STATE)
ALWAYS = {"loa/1/keys", "loa/1/hub/time", f"loa/1/dev/{m.DEVICE}/manifest", f"loa/1/dev/{m.DEVICE}/cmd"}


@asserts("CN-SUB-01")
def test_it_listens_for_keys_first_and_to_the_rest_when_it_has_them(new_bench: NewBench) -> None:
    bench = new_bench()
    bench.power_on()
    bench.connect()
    assert "loa/1/keys" in bench.filters
    bench.keys()
    assert bench.filters >= ALWAYS | {f"loa/1/area/{area}/#" for area in AREAS}
    subscribed = [deed["subscribe"] for deed in bench.did if "subscribe" in deed]
    assert subscribed[0]["filter"] == "loa/1/keys"


@asserts("CN-SUB-01")
def test_it_listens_again_at_every_connect(bench: Bench) -> None:
    before = set(bench.filters)
    bench.disconnect()
    bench.wait(MINUTE)
    bench.connect()
    assert bench.filters == before


@asserts("CN-SUB-02", "TP-NAME-02")
def test_it_listens_to_the_areas_of_its_manifest(bench: Bench) -> None:
    bench.manifest(areas=("vn", "79", "26737", "g-ven-song"))
    areas = {name for name in bench.filters if name.startswith("loa/1/area/")}
    assert areas == {"loa/1/area/vn/#", "loa/1/area/79/#", "loa/1/area/26737/#", "loa/1/area/g-ven-song/#"}


@asserts("CN-SUB-03")
def test_it_listens_to_audio_that_it_wants_until_it_holds_it(bench: Bench) -> None:
    bench.manifest(bench.item("sang", HOUR, 10 * MINUTE), clips=(SPEECH,))
    assert topics.asset_filter(SPEECH.entry.digest) in bench.filters
    bench.audio(SPEECH)
    assert topics.asset_filter(SPEECH.entry.digest) not in bench.filters


@asserts("CN-WILL-01", "TP-QOS-01")
def test_its_last_will_says_that_it_is_lost(bench: Bench) -> None:
    will = bench.will()
    assert isinstance(will.message, State)
    assert (will.topic, will.message.status, will.qos, will.retain) == (STATE, Status.LOST, 1, True)


@asserts("TP-QOS-01")
def test_it_publishes_with_qos_1_and_has_only_its_state_kept(bench: Bench) -> None:
    bench.manifest(bench.item("sang", 0, 10 * MINUTE), clips=(SPEECH,))
    bench.audio(SPEECH)
    bench.wait(6 * MINUTE)
    assert {type(one.message).__name__ for one in bench.said} == {"State", "Ack", "Need", "AsRunReport"}
    assert {one.qos for one in bench.said} == {1}
    assert {(one.topic == STATE) == one.retain for one in bench.said} == {True}


@asserts("ST-WHEN-01")
def test_it_says_its_state_when_it_connects(bench: Bench) -> None:
    bench.disconnect()
    bench.forget()
    bench.connect()
    assert bench.state.status is Status.ONLINE


@asserts("ST-WHEN-01")
def test_it_says_its_state_at_least_every_minute(bench: Bench) -> None:
    bench.forget()
    bench.wait(10 * MINUTE)
    moments = [one.at_ms for one in bench.said if isinstance(one.message, State)]
    assert len(moments) >= 10
    assert all(later - earlier <= 60 * SECOND for earlier, later in pairwise(moments))


@asserts("ST-WHEN-01", "ST-WHAT-01")
def test_it_says_at_once_what_sounds_and_why(bench: Bench) -> None:
    manifest = bench.manifest(pinned=(SIREN.digest,), clips=(SIREN,))
    bench.audio(SIREN)
    document = bench.overrides(bench.override("lu"))
    state = bench.state
    assert (state.why, state.source, state.sounding) == (Why.OVERRIDE, Source.OVERRIDE, "lu")
    assert (state.digest, state.volume_percent, state.clock_trusted) == (SIREN.digest, 100, True)
    assert (state.manifest, state.assets_held, state.assets_missing) == (manifest, 1, 0)
    assert [(one.area, one.sequence) for one in state.overrides] == [("26734", document)]
    bench.wait(11 * SECOND)
    assert (bench.state.why, bench.state.source) == (Why.NOTHING_SCHEDULED, None)


@asserts("ST-WHAT-01")
def test_its_state_counts_refusals_missing_audio_and_waiting_records(bench: Bench) -> None:
    bench.deliver(f"loa/1/dev/{m.DEVICE}/cmd", b"nonsense")
    bench.manifest(bench.item("sang", 0, MINUTE), clips=(SPEECH,))
    bench.wait(2 * MINUTE)
    assert bench.state.refused == 1
    assert (bench.state.assets_held, bench.state.keys) == (0, 1_001)
    assert bench.state.asrun_waiting == 1


@asserts("ST-BOOT-01")
def test_it_counts_its_power_ups(bench: Bench) -> None:
    boots = [bench.state.boot]
    for _ in range(3):
        bench.reboot()
        boots.append(bench.state.boot)
    assert boots == sorted(set(boots))


# --- the clock ------------------------------------------------------------------------------------------------------


@asserts("CK-TRUST-01", "CK-DARK-01")
def test_it_trusts_its_clock_after_a_live_beacon_and_plays_then(new_bench: NewBench) -> None:
    bench = new_bench(skew_ms=-40 * DAY)
    bench.keys()
    bench.power_on()
    bench.connect()
    bench.manifest(bench.item("sang", 0, 10 * MINUTE), clips=(SPEECH,))
    bench.audio(SPEECH)
    bench.wait(MINUTE)
    assert (bench.state.clock_trusted, bench.state.why, bench.sounding) == (False, Why.CLOCK_NOT_TRUSTED, None)
    bench.beacon()
    assert bench.state.clock_trusted
    assert bench.sounds(SPEECH, MINUTE)


@asserts("CK-TRUST-01")
def test_it_trusts_its_clock_after_a_time_server(new_bench: NewBench) -> None:
    bench = new_bench(skew_ms=40 * DAY)
    bench.keys()
    bench.power_on()
    bench.connect()
    bench.manifest(bench.item("sang", 0, 10 * MINUTE), clips=(SPEECH,))
    bench.audio(SPEECH)
    bench.ntp()
    assert bench.sounds(SPEECH, 0)


@asserts("CK-TRUST-02")
def test_a_kept_beacon_does_not_make_it_trust_its_clock(new_bench: NewBench) -> None:
    bench = new_bench(skew_ms=-40 * DAY)
    bench.keys()
    bench.beacon()
    bench.power_on()
    bench.connect()
    assert not bench.state.clock_trusted
    assert bench.state.at_ms >= m.NOW, "it raises the floor"


@asserts("CK-NOW-01", "CK-FLOOR-01")
def test_its_time_is_never_below_the_floor(new_bench: NewBench) -> None:
    bench = new_bench(skew_ms=-40 * DAY)
    bench.keys()
    bench.power_on()
    bench.connect()
    bench.overrides()
    assert bench.state.at_ms >= m.NOW


@asserts("CK-FLOOR-02", "PW-HOLD-01")
def test_the_floor_survives_power_loss(new_bench: NewBench) -> None:
    bench = new_bench(skew_ms=-40 * DAY)
    bench.keys()
    bench.power_on()
    bench.connect()
    bench.overrides()
    bench.retained.clear()
    bench.reboot()
    assert bench.state.at_ms >= m.NOW


@asserts("CK-TRUST-01", "CK-DARK-01")
def test_it_does_not_trust_its_clock_after_power_loss(bench: Bench) -> None:
    bench.manifest(bench.item("sang", 0, 10 * MINUTE), clips=(SPEECH,))
    bench.audio(SPEECH)
    assert bench.sounds(SPEECH)
    bench.power_off()
    bench.power_on()
    assert bench.sounding is None
    bench.retained.clear()
    bench.connect()
    assert bench.state.why is Why.CLOCK_NOT_TRUSTED


@asserts("CK-FLOOR-03", "PL-END-02")
def test_an_override_ends_also_where_nobody_says_what_time_it_is(bench: Bench) -> None:
    bench.manifest(pinned=(SIREN.digest,), clips=(SIREN,))
    bench.audio(SIREN)
    bench.overrides(bench.override("lu", repeats=0, expires_ms=HOUR))
    assert bench.sounds(SIREN)
    bench.power_off()
    bench.power_on()
    assert bench.sounds(SIREN), "the line is gone, the alert is not"
    bench.wait(2 * HOUR)
    assert bench.sounding is None


@asserts("OV-DARK-01", "CK-DARK-01", "CK-EXP-02")
def test_in_the_dark_it_obeys_an_emergency_and_no_drill(new_bench: NewBench) -> None:
    bench = new_bench(skew_ms=-40 * DAY)
    bench.keys()
    bench.power_on()
    bench.connect()
    bench.overrides(bench.override("lu", assets=(SIREN.entry,)))
    bench.audio(SIREN, area="26734")
    assert bench.sounds(SIREN, 0)


@asserts("AK-TIME-01")
def test_a_beacon_is_not_answered(bench: Bench) -> None:
    bench.forget()
    bench.wait(SECOND)
    bench.beacon()
    assert bench.acks() == []


@asserts("SQ-TIME-01")
def test_a_replayed_beacon_is_refused(bench: Bench) -> None:
    bench.send(TimeBeacon(sequence=1_002, issued_at_ms=bench.utc_ms))
    assert bench.acks(of=Subject.TIME, stage=AckStage.REFUSED)[0].reason == "stale"


# --- keys -----------------------------------------------------------------------------------------------------------


@asserts("KY-SET-01", "EN-KEY-01")
def test_a_new_key_set_replaces_the_old_one(bench: Bench) -> None:
    bench.keys(m.NEXT)
    bench.overrides()
    assert bench.acks(of=Subject.OVERRIDE)[-1].reason == "unknown_key"
    bench.send(TimeBeacon(sequence=bench.next(), issued_at_ms=bench.utc_ms), signer=m.NEXT)
    command = {"type": "cmd", "device": m.DEVICE, "id": "x", "name": "volume", "value": 5, **bench.life(MINUTE)}
    bench.publish(f"loa/1/dev/{m.DEVICE}/cmd", m.NEXT.seal(m.text(command)), retain=False)
    assert bench.stages(of=Subject.CMD, ref="x") == ["received", "accepted", "done"]


@asserts("KY-STORE-01", "PW-HOLD-01")
def test_keys_survive_power_loss(bench: Bench) -> None:
    bench.retained.clear()
    bench.reboot()
    bench.overrides()
    assert bench.stages(of=Subject.OVERRIDE, ref="26734") == ["received", "accepted"]


@asserts("EN-ROOT-01")
@pytest.mark.parametrize("signer", [m.HUB, m.STRANGER, m.HORN], ids=["hub", "stranger", "device"])
def test_only_the_root_key_changes_keys(bench: Bench, signer: Signer) -> None:
    body = {"type": "keys", **bench.life(DAY), "keys": [m.key_entry(m.STRANGER, 0, bench.utc_ms + DAY)]}
    bench.publish("loa/1/keys", signer.seal(m.text(body)))
    assert bench.acks(of=Subject.KEYS)[-1].reason == "unknown_key"
    bench.overrides()
    assert bench.acks(of=Subject.OVERRIDE)[-1].stage == "accepted"


# --- refusals -------------------------------------------------------------------------------------------------------


@asserts("RF-NOTHING-01", "AK-STAGE-02")
def test_a_refused_message_changes_nothing(bench: Bench) -> None:
    sequence = bench.next()
    for body in (b"{}", b"", b"\xff", m.text({"type": "overrides", "area": "26734", "sequence": sequence + 50})):
        bench.deliver("loa/1/area/26734/override", m.HUB.seal(body))
    assert {str(ack.reason) for ack in bench.acks(stage=AckStage.REFUSED)} == {"bad_field", "bad_json", "bad_utf8"}
    bench.overrides(bench.override("lu", Step(asset=VOICE.digest)))
    assert bench.stages(of=Subject.OVERRIDE, ref="lu") == ["received", "accepted"]


@asserts("AK-RATE-01", "RF-NONE-01")
def test_a_flood_of_forgeries_is_counted_and_not_answered(bench: Bench) -> None:
    bench.forget()
    for _ in range(300):
        bench.deliver(f"loa/1/dev/{m.DEVICE}/cmd", m.STRANGER.seal(b"{}"))
        bench.wait(100)
    moments = [one.at_ms for one in bench.said if isinstance(one.message, Ack)]
    assert len(moments) == 10
    bench.wait(MINUTE)
    assert bench.state.refused == 300
    bench.deliver(f"loa/1/dev/{m.DEVICE}/cmd", m.STRANGER.seal(b"{}"))
    assert len(bench.acks()) == 11


@asserts("SQ-SAME-01", "AK-STAGE-01")
def test_what_comes_twice_is_answered_twice(bench: Bench) -> None:
    bench.manifest()
    topic = f"loa/1/dev/{m.DEVICE}/manifest"
    bench.deliver(topic, bench.retained[topic])
    assert bench.stages(of=Subject.MANIFEST) == ["received", "accepted", "done"] * 2


@asserts("SQ-STORE-01", "SQ-LOW-01", "SQ-SAME-02", "PW-HOLD-01")
def test_the_highest_sequences_survive_power_loss(bench: Bench) -> None:
    sequence = bench.manifest()
    bench.retained = {"loa/1/keys": bench.retained["loa/1/keys"]}
    bench.reboot()
    bench.beacon()
    bench.forget()
    bench.manifest(sequence=sequence - 1)
    bench.manifest(sequence=sequence, volume_percent=1)
    assert [str(ack.reason) for ack in bench.acks(of=Subject.MANIFEST)] == ["stale", "conflict"]


@asserts("CN-MQTT-01")
def test_topic_bytes_and_the_retain_flag_are_all_that_a_device_needs(bench: Bench) -> None:
    """The bench gives a device nothing that MQTT 3.1.1 does not carry, and a whole alert passes over it."""
    bench.overrides(bench.override("lu", assets=(SIREN.entry,)))
    bench.audio(SIREN, area="26734")
    bench.wait(2 * SECOND)
    assert bench.stages(of=Subject.OVERRIDE, ref="lu") == ["received", "accepted", "done"]
    bench.command(CommandName.CONFIRM, 1)
    bench.overrides()
    assert bench.sounding is None
