from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocol import codec, limits
from devices.protocol.ids import AlertId, AreaCode, AssetDigest
from devices.protocol.messages import Override, OverrideKind, Overrides, Step
from devices.protocol.playout import Decision, Situation, decide
from emergency.errors import NothingToSound
from emergency.hazards import HAZARDS, Siren
from emergency.incident import Incident, all_clear, cancel, expire, supersede, update
from emergency.override import (
    AFTER_SIREN_MS,
    ALL_CLEAR,
    BETWEEN_VOICES_MS,
    DRILL_ALL_CLEAR,
    DRILL_CLOSING,
    DRILL_OPENING,
    active_in,
    areas_to_publish,
    build,
    kit,
    merge,
    next_sequence,
    pack,
    standing_id,
    unpack,
    with_speech,
)
from tests.unit.emergency.examples import (
    DA_NANG,
    HOUR,
    NOW,
    NOW_MS,
    PINNED,
    QUE_PHUOC,
    SPEECH,
    active,
    approved,
    digest,
    drill,
    request,
)

PULSE, STANDING = PINNED["siren_pulse"], PINNED["standing-lu-quet"]
GAP_MS = 5 * 60_000


def clips(override: Override) -> list[AssetDigest]:
    return [step.asset for step in override.steps]


# --- one incident ---------------------------------------------------------------------------------------------------


def test_an_alert_is_a_siren_the_text_three_times_with_the_standing_message_behind_it_and_the_siren() -> None:
    override = build(approved(), PINNED, SPEECH, now=NOW)
    voice = Step(asset=SPEECH.digest, fallback=STANDING, gap_ms=BETWEEN_VOICES_MS)
    assert override.steps == (
        Step(asset=PULSE, gap_ms=AFTER_SIREN_MS),
        voice,
        voice,
        replace(voice, gap_ms=AFTER_SIREN_MS),
        Step(asset=PULSE, gap_ms=GAP_MS),
    )
    assert (override.assets, override.repeats, override.volume_percent) == ((SPEECH,), 3, 100)
    assert (override.issued_at_ms, override.expires_at_ms) == (NOW_MS, NOW_MS + 3 * 3_600_000)


def test_before_the_voice_is_ready_the_standing_message_is_said() -> None:
    override = build(approved(), PINNED, None, now=NOW)
    assert clips(override) == [PULSE, STANDING, STANDING, STANDING, PULSE]
    assert override.assets == ()


def test_the_spoken_text_joins_under_the_same_id_at_the_same_places() -> None:
    incident = approved()
    before = build(incident, PINNED, None, now=NOW)
    after = with_speech(before, incident, PINNED, SPEECH)
    assert after == replace(build(incident, PINNED, SPEECH, now=NOW), issued_at_ms=before.issued_at_ms)
    assert [step.gap_ms for step in after.steps] == [step.gap_ms for step in before.steps]


@pytest.mark.parametrize("speech", [SPEECH, None], ids=["with speech", "without"])
@pytest.mark.parametrize("hazard", sorted(HAZARDS))
def test_nothing_that_could_be_taken_for_real_is_ever_heard_in_a_drill(hazard: str, speech: object) -> None:
    override = build(approved(hazard=hazard, kind=OverrideKind.DRILL), PINNED, speech, now=NOW)  # type: ignore[arg-type]
    sounds = {step.asset for step in override.steps} | {step.fallback for step in override.steps if step.fallback}
    allowed = {PINNED[DRILL_OPENING], PINNED[DRILL_CLOSING], SPEECH.digest}
    assert sounds <= allowed
    assert (override.steps[0].asset, override.steps[-1].asset) == (PINNED[DRILL_OPENING], PINNED[DRILL_CLOSING])
    assert override.kind is OverrideKind.DRILL
    assert override.text.startswith("DIỄN TẬP: ")


def test_an_all_clear_has_its_own_signal_and_its_own_standing_message() -> None:
    over = all_clear(active(), id=AlertId("bao-yen"), by="chu-tich", now=NOW)
    override = build(over, PINNED, SPEECH, now=NOW)
    assert clips(override) == [PINNED[Siren.ALL_CLEAR], SPEECH.digest, SPEECH.digest, PINNED[Siren.ALL_CLEAR]]
    assert override.steps[1].fallback == PINNED[ALL_CLEAR]
    assert override.repeats == 1


def test_the_end_of_a_drill_is_announced_as_a_drill() -> None:
    override = build(all_clear(drill(), id=AlertId("het"), by="x", now=NOW), PINNED, None, now=NOW)
    assert clips(override)[:2] == [PINNED[DRILL_OPENING], PINNED[DRILL_ALL_CLEAR]]


WANTING = {
    "another siren when the right one is missing": (
        {Siren.WAIL: digest(1), standing_id("lu-quet"): digest(2)}, None, [digest(1), *[digest(2)] * 3, digest(1)],
    ),
    "the general message when that of the hazard is missing": (
        {Siren.PULSE: digest(1), standing_id("chung"): digest(2)}, None, [digest(1), *[digest(2)] * 3, digest(1)],
    ),
    "a siren alone": ({Siren.PULSE: digest(1)}, None, [digest(1), digest(1)]),
    "the text alone": ({}, SPEECH, [SPEECH.digest] * 3),
}  # fmt: skip


@pytest.mark.parametrize("case", WANTING)
def test_what_can_sound_is_better_than_nothing(case: str) -> None:
    pinned, speech, expected = WANTING[case]
    override = build(approved(), {str(name): made for name, made in pinned.items()}, speech, now=NOW)
    assert clips(override) == expected
    assert override.steps[-1].gap_ms == GAP_MS


def test_an_all_clear_never_borrows_a_warning_siren() -> None:
    over = all_clear(active(), id=AlertId("bao-yen"), by="chu-tich", now=NOW)
    without = {name: made for name, made in PINNED.items() if name != Siren.ALL_CLEAR}
    assert clips(build(over, without, None, now=NOW)) == [PINNED[ALL_CLEAR]] * 2


def test_silence_is_an_error() -> None:
    with pytest.raises(NothingToSound):
        build(approved(), {}, None, now=NOW)


def test_the_kit_holds_all_sirens_a_standing_message_for_each_hazard_and_both_announcements_of_a_drill() -> None:
    names = {sound.id for sound in kit()}
    assert names >= {*Siren, DRILL_OPENING, DRILL_CLOSING, ALL_CLEAR, DRILL_ALL_CLEAR}
    assert names >= {standing_id(hazard) for hazard in HAZARDS}
    assert len(names) == len(kit()) < limits.MANIFEST_ASSETS_MAX
    assert all((sound.cue is None) is bool(sound.text) for sound in kit())


# --- as a loudspeaker hears it --------------------------------------------------------------------------------------

HELD = dict.fromkeys(PINNED.values(), 10000)


def heard(override: Override, now_ms: int, before: Decision | None, *, speech: bool = False) -> Decision:
    return decide(
        Situation(
            now_ms=now_ms,
            clock_trusted=True,
            overrides=(override,),
            held=HELD | ({SPEECH.digest: SPEECH.duration_ms} if speech else {}),
            progress=before.progress if before else {},
        )
    )


def test_the_siren_sounds_at_once_and_the_speech_joins_at_the_next_clip_when_it_is_held() -> None:
    incident = approved()
    first = heard(build(incident, PINNED, None, now=NOW), NOW_MS, None)
    told_more = with_speech(build(incident, PINNED, None, now=NOW), incident, PINNED, SPEECH)
    standing = heard(told_more, NOW_MS + 10_500, heard(told_more, NOW_MS + 10_000, first))
    pause = heard(told_more, NOW_MS + 20_500, standing, speech=True)
    spoken = heard(told_more, NOW_MS + 22_000, pause, speech=True)
    sounds = [decision.sound.digest if decision.sound else None for decision in (first, standing, pause, spoken)]
    assert sounds == [PULSE, STANDING, None, SPEECH.digest]


# --- all that is active in an area ----------------------------------------------------------------------------------


def test_a_document_holds_what_is_active_in_the_area_the_highest_rank_first() -> None:
    storm = active("bao-4", hazard="bao", level=4, areas=(DA_NANG, QUE_PHUOC))
    flood = active("lu-1", hazard="lu", level=3)
    practice = drill("dien-tap", level=5)
    elsewhere = active("xa-khac", areas=(QUE_PHUOC,))
    over = expire(active("het-han"), now=NOW)
    found = active_in(DA_NANG, (practice, flood, over, elsewhere, storm), NOW)
    assert [override.id for override in found] == ["bao-4", "lu-1", "dien-tap"]


def test_what_has_expired_is_not_in_a_document_even_if_nobody_has_noted_it() -> None:
    assert active_in(DA_NANG, [active(valid_until=NOW + HOUR)], NOW + HOUR) == ()


def test_an_update_takes_the_place_of_what_it_updates_in_one_document() -> None:
    old = active("bao-4", hazard="bao")
    new = update(old, request(hazard="bao", level=4), id=AlertId("bao-4-2"), now=NOW)
    told = replace(active("bao-4-2", hazard="bao", level=4), event=new.event, supersedes=new.supersedes)
    found = active_in(DA_NANG, (supersede(old, told, now=NOW), told), NOW)
    assert [override.id for override in found] == ["bao-4-2"]


def test_a_cancelled_alert_leaves_an_empty_document_or_the_all_clear() -> None:
    ended = cancel(active(), by="chu-tich", now=NOW)
    assert active_in(DA_NANG, [ended], NOW) == ()
    assert merge(DA_NANG, (), sequence=9, now=NOW).document.overrides == ()


def test_the_areas_to_publish_are_those_of_the_old_and_of_the_new() -> None:
    assert areas_to_publish(active(areas=(QUE_PHUOC, DA_NANG)), active(areas=(DA_NANG, AreaCode("01")))) == (
        "01", "20669", "48",
    )  # fmt: skip


@given(st.timedeltas(timedelta(seconds=1), timedelta(days=3)), st.timedeltas(timedelta(0), timedelta(days=3)))
def test_the_end_of_an_override_is_valid_for_as_long_as_the_override(valid: timedelta, later: timedelta) -> None:
    override = replace(
        build(approved(), PINNED, None, now=NOW), expires_at_ms=NOW_MS + int(valid.total_seconds() * 1000)
    )
    said = merge(DA_NANG, [override], sequence=1, now=NOW).document
    ended = merge(DA_NANG, (), sequence=2, now=NOW + later).document
    assert said.expires_at_ms >= override.expires_at_ms
    assert ended.expires_at_ms >= override.expires_at_ms


def many(count: int, text: str) -> list[Override]:
    base = build(approved(), PINNED, SPEECH, now=NOW)
    return [replace(base, id=AlertId(f"tin-{n}"), issued_at_ms=NOW_MS + n, text=text) for n in range(count)]


def test_one_more_than_the_most_leaves_out_the_lowest_rank_and_says_so() -> None:
    merged = merge(DA_NANG, many(limits.OVERRIDES_MAX + 1, ""), sequence=1, now=NOW)
    assert len(merged.document.overrides) == limits.OVERRIDES_MAX
    assert merged.left_out == ("tin-0",)


def test_texts_that_do_not_fit_are_dropped_from_the_lowest_rank_up_and_the_sound_stays() -> None:
    merged = merge(DA_NANG, many(12, "đ" * limits.TEXT_CHARS_MAX), sequence=1, now=NOW)
    assert len(merged.document.overrides) == 12
    assert merged.left_out == ()
    assert set(merged.without_text) == {f"tin-{n}" for n in range(len(merged.without_text))}
    assert 0 < len(merged.without_text) < 12
    assert len(codec.encode(merged.document)) <= limits.OVERRIDES_BYTES_MAX


@given(st.integers(0, 20), st.integers(0, limits.TEXT_CHARS_MAX))
def test_every_document_can_be_sent_and_nothing_is_lost_in_silence(count: int, length: int) -> None:
    given_overrides = many(count, "ữ" * length)
    merged = merge(DA_NANG, given_overrides, sequence=1, now=NOW)
    assert codec.decode_as(Overrides, codec.encode(merged.document)) == merged.document
    named = {override.id for override in merged.document.overrides} | set(merged.left_out)
    assert named == {override.id for override in given_overrides}


# --- sequences and stores -------------------------------------------------------------------------------------------


@given(st.lists(st.timedeltas(timedelta(days=-2), timedelta(days=2)), min_size=2, max_size=20))
def test_sequences_rise_whatever_the_clock_does(jumps: list[timedelta]) -> None:
    last, given_out = 0, []
    for jump in jumps:
        last = next_sequence(last, NOW + jump)
        given_out.append(last)
    assert given_out == sorted(set(given_out))
    assert given_out[-1] <= limits.SEQUENCE_MAX


def test_a_lost_database_does_not_give_out_an_old_sequence() -> None:
    last = next_sequence(0, NOW)
    assert next_sequence(0, NOW + timedelta(seconds=1)) > last


@pytest.mark.parametrize("incident", [active(), drill(), active(text="")], ids=["alert", "drill", "no text"])
def test_an_override_comes_back_from_a_store_as_it_was(incident: Incident) -> None:
    assert incident.override is not None
    assert unpack(pack(incident.override)) == incident.override


def test_the_law_of_the_wire_takes_every_override_that_is_built() -> None:
    for hazard in HAZARDS:
        override = build(approved(hazard=hazard), PINNED, SPEECH, now=datetime.fromtimestamp(NOW_MS / 1000, NOW.tzinfo))
        assert unpack(pack(override)) == override
