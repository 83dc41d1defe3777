"""What sounds on a device, what it says about it, and what of it survives."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from devices.protocol import chunks, topics
from devices.protocol.manifest import AfterCut, Asset, Codec
from devices.protocol.messages import AckStage, CommandName, Need, Outcome, OverrideKind, Source, Step, Subject, Why
from tests.conformance.asserting import asserts
from tests.conformance.driver import DAY, HOUR, MINUTE, MUSIC, SECOND, SIREN, SPEECH, VOICE, Bench, Clip, clip

NewBench = Callable[..., Bench]


@pytest.fixture
def held(bench: Bench) -> Bench:
    """Return the bench with a manifest without items, whose siren and voice are held."""
    bench.manifest(pinned=(SIREN.digest, VOICE.digest), clips=(SIREN, VOICE))
    bench.audio(SIREN, VOICE)
    bench.forget()
    return bench


def with_speech(bench: Bench, after_cut: AfterCut = AfterCut.JOIN, **changes: object) -> None:
    """Give the bench an item of five minutes that begins now, in a window of ten."""
    item = bench.item("sang", 0, 10 * MINUTE, after_cut=after_cut, **changes)
    bench.manifest(item, clips=(SPEECH, SIREN, VOICE), pinned=(SIREN.digest, VOICE.digest))
    bench.audio(SPEECH, SIREN, VOICE)


# --- manifests and audio --------------------------------------------------------------------------------------------


@asserts("PL-ITEM-01", "PL-ITEM-02", "AR-ONE-01")
def test_an_item_sounds_and_is_recorded(bench: Bench) -> None:
    with_speech(bench)
    start_ms = bench.utc_ms
    assert bench.sounds(SPEECH, 0)
    bench.wait(6 * MINUTE)
    assert bench.sounding is None
    (record,) = bench.records()
    assert (record.source, record.id, record.outcome) == (Source.ITEM, "sang", Outcome.COMPLETED)
    assert (record.start_ms, record.end_ms, record.digest) == (start_ms, start_ms + 5 * MINUTE, SPEECH.digest)


@asserts("MF-WHOLE-01", "AR-ONE-01")
def test_a_new_manifest_replaces_the_old_one(bench: Bench) -> None:
    with_speech(bench)
    bench.wait(MINUTE)
    bench.manifest()
    assert bench.sounding is None
    bench.wait(SECOND)
    (record,) = bench.records()
    assert (record.outcome, record.end_ms - record.start_ms) == (Outcome.CUT, MINUTE)


@asserts("AK-STAGE-01", "AK-DONE-03")
def test_a_manifest_is_done_when_its_audio_is_held(bench: Bench) -> None:
    sequence = bench.manifest(bench.item("sang", HOUR, 10 * MINUTE), clips=(SPEECH,))
    assert bench.stages(of=Subject.MANIFEST) == ["received", "accepted"]
    bench.audio(SPEECH)
    assert bench.stages(of=Subject.MANIFEST, sequence=sequence) == ["received", "accepted", "done"]


@asserts("AS-NEED-01")
def test_it_asks_for_what_is_missing_and_only_for_that(bench: Bench) -> None:
    bench.manifest(bench.item("sang", HOUR, 10 * MINUTE), clips=(SPEECH,))
    bench.wait(SECOND)
    assert bench.needs(SPEECH)[0].ranges == ((0, 2),)
    bench.deliver(topics.chunk(SPEECH.entry.digest, 1), chunks.split(SPEECH.data)[1])
    bench.wait(30 * SECOND)
    assert bench.needs(SPEECH)[-1].ranges == ((0, 0), (2, 2))


@asserts("AS-NEED-02")
def test_it_asks_again_ever_more_rarely(bench: Bench) -> None:
    bench.manifest(bench.item("sang", DAY, 10 * MINUTE), clips=(SPEECH,))
    bench.forget()
    bench.wait(10 * MINUTE)
    moments = [one.at_ms for one in bench.said if isinstance(one.message, Need)]
    waits = [later - earlier for earlier, later in pairwise(moments)]
    assert len(moments) >= 8
    for n, wait_ms in enumerate(waits):
        longest_ms = min(5 * SECOND << min(n + 1, 8), MINUTE)
        assert 3 * SECOND <= wait_ms <= longest_ms, waits
    assert waits[-1] >= 45 * SECOND


@asserts("AS-KEEP-01", "PW-HOLD-01")
def test_a_transfer_goes_on_after_power_loss(bench: Bench) -> None:
    bench.manifest(bench.item("sang", HOUR, 10 * MINUTE), clips=(SPEECH,))
    bench.deliver(topics.chunk(SPEECH.entry.digest, 1), chunks.split(SPEECH.data)[1])
    bench.reboot()
    bench.forget()
    bench.wait(MINUTE)
    assert bench.needs(SPEECH)[0].ranges == ((0, 0), (2, 2))


@asserts("AS-CHUNK-01", "AS-WHOLE-01")
def test_a_wrong_chunk_is_refused_and_nothing_sounds_before_the_whole_is_there(bench: Bench) -> None:
    bench.manifest(bench.item("sang", 0, 10 * MINUTE), clips=(SPEECH,))
    parts = chunks.split(SPEECH.data)
    bench.deliver(topics.chunk(SPEECH.entry.digest, 0), parts[0])
    bench.deliver(topics.chunk(SPEECH.entry.digest, 1), parts[1][:-1] + b"?")
    bench.deliver(topics.chunk(SPEECH.entry.digest, 2), parts[2])
    (refused,) = bench.acks(of=Subject.ASSET)
    assert (refused.reason, refused.ref) == ("wrong_chunk", SPEECH.digest)
    assert bench.sounding is None
    bench.deliver(topics.chunk(SPEECH.entry.digest, 1), parts[1])
    assert bench.sounds(SPEECH, 0)


@asserts("AS-WHOLE-01")
def test_a_whole_with_the_wrong_digest_never_sounds(bench: Bench) -> None:
    liar = Asset(
        digest=chunks.digest_of(b"?"), codec=Codec.OPUS, size_bytes=4_000, duration_ms=9_000, chunks=SIREN.entry.chunks
    )
    false = Clip(SIREN.data, liar)
    bench.manifest(bench.item("sang", 0, 10 * MINUTE, false), clips=(false,))
    bench.audio(false)
    (refused,) = bench.acks(of=Subject.ASSET)
    assert (refused.reason, refused.ref, bench.sounding) == ("wrong_digest", liar.digest, None)


@asserts("AS-WANT-01")
def test_audio_that_nobody_asked_for_is_not_taken_and_not_answered(held: Bench) -> None:
    held.deliver(topics.chunk(SPEECH.entry.digest, 0), chunks.split(SPEECH.data)[0])
    held.deliver(topics.chunk(SIREN.entry.digest, 0), SIREN.data)
    assert held.acks() == []


@asserts("AS-PIN-01")
def test_pinned_audio_is_held_whatever_else_comes(held: Bench) -> None:
    big = [clip(f"big {n}", MINUTE, 300_000) for n in range(3)]
    held.manifest(
        *(held.item(f"b-{n}", HOUR + n * 10 * MINUTE, 5 * MINUTE, one) for n, one in enumerate(big)),
        clips=(SIREN, VOICE, *big),
        pinned=(SIREN.digest, VOICE.digest),
    )
    held.audio(*big)
    held.disconnect()
    held.wait(3 * HOUR)
    held.connect()
    held.beacon()
    held.overrides(held.override("lu"))
    assert held.sounds(SIREN, 0)


@asserts("PL-FILL-01", "AR-ONE-01")
def test_the_filler_sounds_until_the_audio_arrives(bench: Bench) -> None:
    item = bench.item("sang", MINUTE, 10 * MINUTE)
    bench.manifest(item, clips=(SPEECH, MUSIC), filler=MUSIC.digest)
    bench.audio(MUSIC)
    bench.wait(MINUTE + 40 * SECOND)
    assert bench.sounds(MUSIC, 10 * SECOND)
    bench.audio(SPEECH)
    assert bench.sounds(SPEECH, 40 * SECOND)
    bench.wait(SECOND)
    assert [(one.source, one.id) for one in bench.records()] == [(Source.FILLER, "sang")]


@asserts("AR-MISS-01")
def test_an_item_that_never_sounded_is_recorded_as_missed(bench: Bench) -> None:
    bench.manifest(bench.item("sang", MINUTE, 10 * MINUTE), clips=(SPEECH,))
    bench.wait(12 * MINUTE)
    (record,) = bench.records()
    assert (record.id, record.outcome, record.why) == ("sang", Outcome.MISSED, Why.NO_AUDIO)


@asserts("AR-MISS-01")
def test_an_item_that_passed_while_it_had_no_power_is_recorded_as_missed(bench: Bench) -> None:
    bench.manifest(bench.item("sang", HOUR, 10 * MINUTE), clips=(SPEECH,))
    bench.audio(SPEECH)
    bench.reboot(for_ms=3 * HOUR)
    bench.beacon()
    bench.wait(SECOND)
    (record,) = bench.records()
    assert (record.id, record.outcome, record.why) == ("sang", Outcome.MISSED, Why.POWER_LOST)


# --- overrides ------------------------------------------------------------------------------------------------------


@asserts("AK-OVR-01", "AK-DONE-01", "PL-OVR-01", "PL-OVR-02")
def test_an_override_sounds_at_once_and_is_done_after_a_second(held: Bench) -> None:
    start_ms = held.utc_ms
    sequence = held.overrides(held.override("lu", Step(asset=SIREN.digest), Step(asset=VOICE.digest)))
    assert held.sounds(SIREN, 0)
    assert held.stages(of=Subject.OVERRIDE, ref="lu", sequence=sequence) == ["received", "accepted"]
    held.wait(SECOND)
    (done,) = held.acks(of=Subject.OVERRIDE, ref="lu", stage=AckStage.DONE)
    assert (done.sounded_at_ms, done.sequence, done.why) == (start_ms, sequence, None)
    held.wait(10 * SECOND)
    assert held.sounds(VOICE, SECOND)
    held.wait(20 * SECOND)
    assert held.sounding is None
    assert len(held.acks(stage=AckStage.DONE)) == 1
    held.wait(MINUTE)
    assert [one.digest for one in held.records()] == [SIREN.digest, VOICE.digest]


@asserts("AK-DONE-01")
def test_an_override_of_half_a_second_is_done_when_its_clip_ends(bench: Bench) -> None:
    beep = clip("beep", 500)
    bench.overrides(bench.override("lu", Step(asset=beep.digest), assets=(beep.entry,)))
    bench.audio(beep, area="26734")
    bench.wait(600)
    (done,) = bench.acks(of=Subject.OVERRIDE, ref="lu", stage=AckStage.DONE)
    assert done.sounded_at_ms > 0


@asserts("AK-DONE-02")
def test_an_override_that_ended_unheard_says_why(bench: Bench) -> None:
    bench.overrides(bench.override("lu", Step(asset=VOICE.digest)))
    bench.wait(MINUTE)
    bench.overrides()
    (done,) = bench.acks(ref="lu", stage=AckStage.DONE)
    assert (done.why, done.sounded_at_ms) == (Why.WAITING_FOR_AUDIO, 0)


@asserts("AK-OVR-01", "OV-LIST-01")
def test_an_empty_document_ends_everything_and_is_answered_by_its_area(held: Bench) -> None:
    held.overrides(held.override("lu", repeats=0))
    held.wait(5 * SECOND)
    held.overrides()
    assert held.sounding is None
    assert held.stages(of=Subject.OVERRIDE, ref="26734") == ["received", "accepted"]


@asserts("OV-LIST-01")
def test_what_is_listed_no_more_stops_and_the_rest_goes_on(held: Bench) -> None:
    one, two = held.override("mot", level=4), held.override("hai", Step(asset=VOICE.digest), repeats=0)
    held.overrides(one, two)
    assert held.sounds(SIREN, 0)
    held.wait(2 * SECOND)
    held.overrides(two)
    assert held.sounds(VOICE, 0)


@asserts("OV-ID-01")
def test_the_same_override_in_two_areas_is_one(held: Bench) -> None:
    one = held.override("lu", Step(asset=SIREN.digest))
    held.overrides(one, area="26734")
    held.wait(5 * SECOND)
    held.overrides(one, area="79")
    assert held.sounds(SIREN, 5 * SECOND)
    held.overrides(area="26734")
    assert held.sounds(SIREN, 5 * SECOND), "the other area still lists it"
    held.overrides(area="79")
    assert held.sounding is None


@asserts("OV-LEFT-01")
def test_an_override_of_an_area_it_has_left_stops(held: Bench) -> None:
    held.overrides(held.override("lu", repeats=0))
    assert held.sounds(SIREN)
    held.manifest(areas=("vn", "79"), pinned=(SIREN.digest,), clips=(SIREN,))
    assert held.sounding is None


@asserts("OV-EXP-01", "PL-END-02")
def test_an_override_that_has_expired_is_refused_by_its_id(held: Bench) -> None:
    late = held.override("muon", issued_at_ms=held.utc_ms - HOUR, expires_ms=-1)
    sequence = held.overrides(late, held.override("lu", Step(asset=VOICE.digest)))
    (refused,) = held.acks(stage=AckStage.REFUSED)
    assert (refused.ref, refused.reason, refused.sequence) == ("muon", "expired", sequence)
    assert held.sounds(VOICE, 0)


@asserts("PL-END-02")
def test_an_override_stops_when_it_expires(held: Bench) -> None:
    held.overrides(held.override("lu", repeats=0, expires_ms=25 * SECOND))
    held.wait(25 * SECOND - 1)
    assert held.sounds(SIREN)
    held.wait(1)
    assert held.sounding is None


@asserts("AS-AREA-01", "PL-STEP-03")
def test_audio_pushed_to_the_area_sounds_without_being_asked_for(bench: Bench) -> None:
    bench.overrides(bench.override("lu", Step(asset=VOICE.digest), assets=(VOICE.entry,)), area="79")
    assert bench.sounding is None
    bench.audio(VOICE, area="79")
    assert bench.sounds(VOICE, 0)
    assert bench.needs(VOICE) == []


@asserts("PL-STEP-01", "PL-STEP-02")
def test_the_fallback_sounds_until_the_voice_has_come(held: Bench) -> None:
    voice = clip("new voice", 8_000)
    held.overrides(
        held.override("lu", Step(asset=voice.digest, fallback=SIREN.digest), repeats=2, assets=(voice.entry,))
    )
    assert held.sounds(SIREN, 0)
    held.wait(3 * SECOND)
    held.audio(voice, area="26734")
    assert held.sounds(SIREN, 3 * SECOND)
    held.wait(7 * SECOND)
    assert held.sounds(voice, 0)


@asserts("PL-STEP-04", "PL-OVR-02")
def test_a_voice_that_comes_after_the_last_round_is_heard_once(held: Bench) -> None:
    voice = clip("late voice", 8_000)
    steps = (Step(asset=SIREN.digest), Step(asset=voice.digest), Step(asset=voice.digest))
    held.overrides(held.override("lu", *steps, assets=(voice.entry,)))
    held.wait(MINUTE)
    assert (held.sounding, held.state.why) == (None, Why.WAITING_FOR_AUDIO)
    held.audio(voice)
    assert held.sounds(voice, 0)
    held.wait(MINUTE)
    assert (held.sounding, held.state.why) == (None, Why.NOTHING_SCHEDULED)
    assert [one.digest for one in held.records()] == [SIREN.digest, voice.digest]
    held.reboot()
    held.beacon()
    held.wait(MINUTE)
    assert len(held.records()) == 2, "once is for good, also over power loss"


@asserts("PL-GAP-01", "PL-GAP-02")
def test_a_short_gap_is_silent_and_in_a_long_one_the_day_goes_on(bench: Bench) -> None:
    with_speech(bench)
    bench.overrides(bench.override("lu", Step(asset=SIREN.digest, gap_ms=2_000), repeats=2))
    bench.wait(11 * SECOND)
    assert bench.sounding is None
    bench.overrides(bench.override("bao", Step(asset=SIREN.digest, gap_ms=HOUR), repeats=2))
    bench.wait(11 * SECOND)
    assert bench.sounds(SPEECH, 22 * SECOND)


@asserts("PL-CUT-01", "PL-CUT-02", "PL-CUT-03", "PL-CUT-04", "AR-ONE-01", "PL-RANK-01")
@pytest.mark.parametrize(
    ("after_cut", "position_ms"),
    [(AfterCut.JOIN, 70_000), (AfterCut.RESUME, 60_000), (AfterCut.RESTART, 0), (AfterCut.SKIP, None)],
)
def test_an_item_that_was_cut_comes_back_by_its_policy(
    bench: Bench, after_cut: AfterCut, position_ms: int | None
) -> None:
    with_speech(bench, after_cut)
    bench.wait(MINUTE)
    bench.overrides(bench.override("lu"))
    assert bench.sounds(SIREN, 0)
    bench.wait(10 * SECOND)
    assert bench.sounding is None if position_ms is None else bench.sounds(SPEECH, position_ms)
    first = bench.records()[0]
    assert (first.id, first.outcome, first.why, first.by) == ("sang", Outcome.CUT, Why.OVERRIDE, "lu")


@asserts("PL-QUIET-02", "PL-QUIET-03", "CK-DARK-01")
def test_its_own_quiet_hours_bind_items_and_drills_and_no_emergency(new_bench: NewBench) -> None:
    bench = new_bench(quiet={"utc_offset_min": 420, "windows": [{"from_min": 0, "until_min": 1440}]})
    bench.keys()
    bench.power_on()
    bench.connect()
    bench.beacon()
    with_speech(bench)
    assert (bench.sounding, bench.state.why) == (None, Why.QUIET_HOURS)
    bench.overrides(bench.override("tap", kind=OverrideKind.DRILL))
    assert (bench.sounding, bench.state.why) == (None, Why.QUIET_HOURS)
    bench.overrides(bench.override("lu"))
    assert bench.sounds(SIREN, 0)


@asserts("PL-RANK-01", "PL-RANK-02", "PL-OVR-03")
def test_a_higher_override_silences_a_lower_one_which_begins_its_clip_again(held: Bench) -> None:
    low = held.override("thap", Step(asset=VOICE.digest), level=1)
    held.overrides(low)
    held.wait(5 * SECOND)
    held.overrides(low, held.override("cao", level=5))
    assert held.sounds(SIREN, 0)
    held.wait(10 * SECOND)
    assert held.sounds(VOICE, 0)


@asserts("PW-OVR-01", "PW-HOLD-01")
def test_an_override_that_sounded_to_its_end_does_not_sound_after_power_loss(held: Bench) -> None:
    held.overrides(held.override("lu"))
    held.wait(MINUTE)
    held.reboot()
    held.beacon()
    held.wait(SECOND)
    assert held.sounding is None


@asserts("PW-OVR-01", "PW-HOLD-01")
def test_an_override_cut_by_power_loss_goes_on(held: Bench) -> None:
    held.overrides(held.override("lu", Step(asset=SIREN.digest), Step(asset=VOICE.digest)))
    held.wait(15 * SECOND)
    assert held.sounds(VOICE)
    held.power_off(for_ms=MINUTE)
    held.power_on()
    assert held.sounds(VOICE, 0)


# --- commands -------------------------------------------------------------------------------------------------------


@asserts("CM-STOP-01", "PL-STOP-01", "AK-DONE-03")
def test_a_stop_silences_the_day_until_its_moment(bench: Bench) -> None:
    with_speech(bench)
    id_ = bench.command(CommandName.STOP, bench.utc_ms + MINUTE)
    assert (bench.sounding, bench.state.why) == (None, Why.STOPPED)
    assert bench.stages(of=Subject.CMD, ref=id_) == ["received", "accepted", "done"]
    bench.wait(MINUTE)
    assert bench.sounds(SPEECH, MINUTE)


@asserts("CM-STOP-01")
def test_a_stop_works_without_a_manifest_and_spares_emergencies(bench: Bench) -> None:
    id_ = bench.command(CommandName.STOP, bench.utc_ms + HOUR)
    assert bench.stages(of=Subject.CMD, ref=id_) == ["received", "accepted", "done"]
    bench.overrides(bench.override("lu", assets=(SIREN.entry,)))
    bench.audio(SIREN, area="26734")
    bench.command(CommandName.STOP, 0)
    assert bench.sounds(SIREN, 0)


@asserts("CM-STOP-02")
def test_a_stop_now_ends_what_sounds_for_good_and_nothing_else(bench: Bench) -> None:
    one = bench.item("mot", 0, 10 * MINUTE, after_cut=AfterCut.RESTART)
    two = bench.item("hai", 10 * MINUTE, 10 * MINUTE)
    bench.manifest(one, two, clips=(SPEECH,))
    bench.audio(SPEECH)
    bench.wait(MINUTE)
    id_ = bench.command(CommandName.STOP, 0)
    assert bench.sounding is None
    bench.wait(8 * MINUTE)
    assert bench.sounding is None
    bench.wait(MINUTE)
    assert bench.sounds(SPEECH, 0)
    first = bench.records()[0]
    assert (first.outcome, first.why, first.by) == (Outcome.CUT, Why.STOPPED, id_)


@asserts("CM-STORE-01", "PW-HOLD-01")
def test_a_stop_survives_power_loss(bench: Bench) -> None:
    with_speech(bench)
    bench.command(CommandName.STOP, bench.utc_ms + 5 * MINUTE)
    bench.reboot()
    bench.beacon()
    assert (bench.sounding, bench.state.why) == (None, Why.STOPPED)


@asserts("CM-VOL-01", "PL-VOL-01")
def test_a_volume_is_heard_within_a_second(bench: Bench) -> None:
    with_speech(bench)
    assert bench.playing is not None
    assert bench.playing["volume_percent"] == 70
    bench.wait(MINUTE)
    bench.command(CommandName.VOLUME, 35)
    bench.wait(SECOND)
    assert bench.playing["volume_percent"] == 35
    assert bench.sounds(SPEECH, 61 * SECOND)


@asserts("CM-ONCE-01", "SQ-SAME-01")
def test_a_command_that_comes_twice_is_carried_out_once(bench: Bench) -> None:
    with_speech(bench)
    life = bench.life(MINUTE)
    for _ in range(2):
        bench.command(CommandName.STOP, 0, "lenh", **life)
    assert bench.stages(of=Subject.CMD, ref="lenh") == ["received", "accepted", "done"] * 2
    bench.manifest(bench.item("sau", 0, 10 * MINUTE), clips=(SPEECH,))
    assert bench.sounds(SPEECH)
    bench.command(CommandName.STOP, 0, "lenh", **life)
    assert bench.sounds(SPEECH)


@asserts("CM-NAME-01")
def test_a_restart_is_answered_before_it_is_done(bench: Bench) -> None:
    id_ = bench.command(CommandName.RESTART)
    assert bench.restarts == 1
    assert bench.stages(of=Subject.CMD, ref=id_) == ["received", "accepted", "done"]
    assert list(bench.did[-1]) == ["restart"]


# --- records --------------------------------------------------------------------------------------------------------


@asserts("AR-NUM-01", "AR-KEEP-01", "AR-LIMIT-01")
def test_records_are_numbered_kept_and_reported_until_they_are_confirmed(held: Bench) -> None:
    held.disconnect()
    held.connect()
    held.overrides(held.override("lu", Step(asset=SIREN.digest, gap_ms=1_000), repeats=130))
    held.disconnect()
    held.wait(HOUR - MINUTE)
    held.forget()
    held.connect()
    first = held.records()
    assert [record.n for record in first] == list(range(1, 101))
    held.forget()
    held.command(CommandName.CONFIRM, 60)
    assert held.records()[0].n == 61
    held.command(CommandName.CONFIRM, 130)
    held.wait(MINUTE)
    assert held.state.asrun_waiting == 0
    held.reboot()
    held.beacon()
    held.forget()
    held.overrides(held.override("lu-hai"))
    held.wait(11 * SECOND)
    assert [record.n for record in held.records()] == [131]


@asserts("AR-KEEP-01", "PW-HOLD-01")
def test_records_survive_power_loss_and_are_reported_again(held: Bench) -> None:
    held.overrides(held.override("lu"))
    held.wait(MINUTE)
    before = held.records()
    held.reboot()
    held.forget()
    held.disconnect()
    held.connect()
    held.wait(MINUTE)
    assert held.records() == before != []


@asserts("AR-POWER-01")
def test_what_sounded_when_power_was_lost_is_recorded_as_cut(bench: Bench) -> None:
    with_speech(bench)
    start_ms = bench.utc_ms
    bench.wait(100 * SECOND)
    lost_ms = bench.utc_ms
    bench.reboot(for_ms=HOUR)
    bench.beacon()
    bench.wait(SECOND)
    first = bench.records()[0]
    assert (first.id, first.outcome, first.why, first.start_ms) == ("sang", Outcome.CUT, Why.POWER_LOST, start_ms)
    assert lost_ms - 10 * SECOND <= first.end_ms <= lost_ms
