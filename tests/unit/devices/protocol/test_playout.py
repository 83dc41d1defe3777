"""What holds of every answer, asked as a device asks: again and again, with the progress that the last one left."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocol.manifest import AfterCut, Asset, Codec, Manifest, PlayItem, QuietHours, QuietWindow, ServiceClass
from devices.protocol.messages import Override, OverrideKind, Source, Step, Why
from devices.protocol.playout import NEVER_MS, Cursor, Decision, Situation, Sound, decide, live, quiet, rank
from tests.conformance.asserting import asserts

DAY_MS = 86_400_000
BASE_MS = 20_000 * DAY_MS  # a midnight of UTC
LENGTHS_MS = {f"{n:064x}": length for n, length in enumerate((7_000, 40_000, 61_000, 300_000))}
NAMES = tuple(LENGTHS_MS)

moments = st.integers(0, 1_200).map(lambda n: BASE_MS + n * 1_000)  # twenty minutes, by seconds
digests = st.sampled_from(NAMES)
holdings = st.sets(digests).map(lambda names: {name: LENGTHS_MS[name] for name in names})
windows = st.builds(QuietWindow, from_min=st.integers(0, 25), until_min=st.integers(0, 25))
quiet_hours = st.builds(QuietHours, utc_offset_min=st.just(0), windows=st.lists(windows, max_size=2).map(tuple))


def asset(digest: str) -> Asset:
    return Asset(digest=digest, codec=Codec.OPUS, size_bytes=1, duration_ms=LENGTHS_MS[digest], chunks=("0" * 16,))


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    edges = sorted(draw(st.sets(moments, max_size=6)))
    items = tuple(
        PlayItem(
            id=f"i-{n}",
            service_class=draw(st.sampled_from(ServiceClass)),
            start_ms=start_ms,
            end_ms=end_ms,
            asset=draw(digests),
            after_cut=draw(st.sampled_from(AfterCut)),
        )
        for n, (start_ms, end_ms) in enumerate(list(pairwise(edges))[:: draw(st.sampled_from([1, 2]))])
    )
    return Manifest(
        device="loa-1",
        sequence=1,
        issued_at_ms=0,
        expires_at_ms=draw(moments | st.just(BASE_MS + DAY_MS)),
        areas=(),
        quiet=draw(quiet_hours),
        filler=draw(st.none() | digests),
        assets=tuple(map(asset, NAMES)),
        items=items,
    )


steps = st.builds(
    Step, asset=digests, fallback=st.none() | digests, gap_ms=st.sampled_from([0, 1, 2_000, 60_000, 60_001, 400_000])
)


@st.composite
def override_sets(draw: st.DrawFn) -> tuple[Override, ...]:
    return tuple(
        Override(
            id=f"o-{n}",
            kind=draw(st.sampled_from(OverrideKind)),
            level=draw(st.integers(1, 5)),
            hazard="lu",
            issued_at_ms=draw(moments),
            expires_at_ms=draw(moments),
            repeats=draw(st.integers(0, 3)),
            volume_percent=100,
            steps=tuple(draw(st.lists(steps, min_size=1, max_size=3))),
        )
        for n in range(draw(st.integers(0, 3)))
    )


situations = st.builds(
    Situation,
    now_ms=moments,
    clock_trusted=st.booleans(),
    floor_ms=moments,
    manifest=st.none() | manifests(),
    overrides=override_sets(),
    held=holdings,
    quiet=quiet_hours,
    hold_until_ms=st.just(0) | moments,
)
changes = st.fixed_dictionaries(
    {},
    optional={
        "held": holdings,
        "overrides": override_sets(),
        "manifest": st.none() | manifests(),
        "hold_until_ms": moments,
        "clock_trusted": st.booleans(),
    },
)


@st.composite
def walks(draw: st.DrawFn) -> list[tuple[Situation, Decision]]:
    """What a device is told and answers, over time: mostly forward, sometimes the clock is set back, facts change."""
    s = draw(situations)
    walk = [(s, decide(s))]
    for _ in range(draw(st.integers(0, 8))):
        last = walk[-1][1]
        after_ms = draw(st.just(last.until_ms) | moments | st.integers(0, 90_000).map(lambda ms: s.now_ms + ms))  # noqa: B023
        s = replace(s, **draw(changes), progress=last.progress, now_ms=min(after_ms, BASE_MS + DAY_MS))
        walk.append((s, decide(s)))
    return walk


def sounding(walk: list[tuple[Situation, Decision]]) -> list[tuple[Situation, Sound]]:
    return [(s, decision.sound) for s, decision in walk if decision.sound is not None]


def item_of(s: Situation, sound: Sound) -> PlayItem:
    assert s.manifest is not None
    return next(item for item in s.manifest.items if item.id == sound.id)


def override_of(s: Situation, sound: Sound) -> Override:
    return next(override for override in s.overrides if override.id == sound.id)


OF_DAY = (Source.ITEM, Source.FILLER)


@asserts("PL-ONE-01")
@given(walks())
def test_the_same_situation_has_the_same_answer(walk: list[tuple[Situation, Decision]]) -> None:
    for s, decision in walk:
        assert decide(s) == decision


@asserts("PL-ONE-01")
@given(walks(), st.floats(0, 1, exclude_max=True))
def test_asked_again_before_its_end_it_is_the_same_answer_further_on(
    walk: list[tuple[Situation, Decision]], part: float
) -> None:
    s, decision = walk[-1]
    later_ms = s.now_ms + int((min(decision.until_ms, s.now_ms + DAY_MS) - s.now_ms) * part)
    again = decide(replace(s, now_ms=later_ms, progress=decision.progress))
    assert (again.why, again.about) == (decision.why, decision.about)
    if decision.sound is None:
        assert again.sound is None
    else:
        assert again.sound == replace(decision.sound, position_ms=decision.sound.position_ms + later_ms - s.now_ms)
        assert again.until_ms >= decision.until_ms or again.until_ms > later_ms


@given(walks())
def test_an_answer_holds_for_a_while(walk: list[tuple[Situation, Decision]]) -> None:
    for s, decision in walk:
        assert s.now_ms < decision.until_ms <= NEVER_MS


@asserts("PL-END-01")
@given(walks())
def test_no_item_sounds_outside_its_window_or_after_its_manifest(walk: list[tuple[Situation, Decision]]) -> None:
    for s, sound in sounding(walk):
        if sound.source in OF_DAY:
            assert s.manifest is not None
            assert item_of(s, sound).start_ms <= s.now_ms < item_of(s, sound).end_ms
            assert s.now_ms < s.manifest.expires_at_ms


@asserts("PL-END-01", "PL-END-02")
@given(walks())
def test_no_answer_lasts_beyond_an_end(walk: list[tuple[Situation, Decision]]) -> None:
    for s, decision in walk:
        if decision.sound is not None and decision.sound.source in OF_DAY:
            assert decision.until_ms <= item_of(s, decision.sound).end_ms
        elif decision.sound is not None and s.clock_trusted:
            assert decision.until_ms <= override_of(s, decision.sound).expires_at_ms


@asserts("PL-END-02", "CK-EXP-02")
@given(walks())
def test_no_expired_override_sounds(walk: list[tuple[Situation, Decision]]) -> None:
    for s, sound in sounding(walk):
        if sound.source not in OF_DAY:
            assert (s.now_ms if s.clock_trusted else s.floor_ms) < override_of(s, sound).expires_at_ms


@asserts("PL-QUIET-01", "PL-QUIET-02", "PL-QUIET-03")
@given(walks())
def test_only_emergencies_sound_in_quiet_hours(walk: list[tuple[Situation, Decision]]) -> None:
    for s, sound in sounding(walk):
        if quiet(s, s.now_ms) and sound.source is not Source.OVERRIDE:
            assert sound.source in OF_DAY
            assert item_of(s, sound).service_class is ServiceClass.EMERGENCY


@asserts("PL-STOP-01", "CK-DARK-01")
@given(walks())
def test_only_emergency_overrides_sound_while_stopped_or_in_the_dark(walk: list[tuple[Situation, Decision]]) -> None:
    for s, sound in sounding(walk):
        if s.now_ms < s.hold_until_ms or not s.clock_trusted:
            assert sound.source is Source.OVERRIDE


@asserts("PL-CLOCK-01", "AS-WHOLE-01")
@given(walks())
def test_what_sounds_is_held_and_within_its_audio(walk: list[tuple[Situation, Decision]]) -> None:
    for s, sound in sounding(walk):
        assert 0 <= sound.position_ms < s.held[sound.digest]


@asserts("PL-RANK-01", "PL-RANK-02")
@given(situations)
def test_nothing_sounds_below_an_override_that_can(s: Situation) -> None:
    """Fresh, with all audio: the highest that may sound is the one that does."""
    s = replace(s, held=LENGTHS_MS)
    allowed = [o for o in live(s) if o.kind is OverrideKind.EMERGENCY or _drills_may(s)]
    sound = decide(s).sound
    if allowed:
        assert sound is not None
        assert sound.id == max(allowed, key=rank).id


def _drills_may(s: Situation) -> bool:
    return s.clock_trusted and s.now_ms >= s.hold_until_ms and not quiet(s, s.now_ms)


@given(walks())
def test_silence_has_a_reason_that_is_no_sound(walk: list[tuple[Situation, Decision]]) -> None:
    loud = {Why.SCHEDULED, Why.OVERRIDE, Why.DRILL, Why.FILLER}
    for _, decision in walk:
        assert (decision.why in loud) == (decision.sound is not None)


@given(walks())
def test_only_what_sounds_has_an_anchor(walk: list[tuple[Situation, Decision]]) -> None:
    for _, decision in walk:
        anchored = [key for key, cursor in decision.progress.items() if cursor.anchor_ms is not None]
        of_day = decision.sound is not None and decision.sound.source is Source.ITEM
        expected = [f"item:{decision.about}"] if of_day else []
        if decision.sound is not None and decision.sound.source in {Source.OVERRIDE, Source.DRILL}:
            expected = [f"override:{decision.about}"]
        assert anchored == expected


@given(walks())
def test_progress_names_nothing_that_is_gone(walk: list[tuple[Situation, Decision]]) -> None:
    for s, decision in walk:
        items = {f"item:{item.id}" for item in s.manifest.items} if s.manifest else set()
        assert set(decision.progress) <= items | {f"override:{override.id}" for override in s.overrides}


@asserts("PL-OVR-01", "PL-OVR-02")
@given(st.integers(1, 4), st.lists(steps, min_size=1, max_size=4))
def test_rounds_times_steps_is_how_many_clips_sound(repeats: int, found: list[Step]) -> None:
    override = Override(
        id="o",
        kind=OverrideKind.EMERGENCY,
        level=1,
        hazard="lu",
        issued_at_ms=BASE_MS,
        expires_at_ms=BASE_MS + DAY_MS,
        repeats=repeats,
        volume_percent=100,
        steps=tuple(found),
    )
    s = Situation(now_ms=BASE_MS, clock_trusted=True, overrides=(override,), held=LENGTHS_MS)
    clips = []
    for _ in range(200):
        decision = decide(s)
        if decision.sound is not None:
            clips.append(decision.sound.digest)
        if decision.until_ms >= BASE_MS + DAY_MS:
            break
        s = replace(s, now_ms=decision.until_ms, progress=decision.progress)
    assert clips == [step.asset for step in found] * repeats


@asserts("PL-CUT-02")
@given(st.lists(st.integers(1, 50), min_size=1, max_size=6))
def test_an_item_that_resumes_is_heard_once_from_end_to_end(cuts: list[int]) -> None:
    item = PlayItem(
        id="i",
        service_class=ServiceClass.NORMAL,
        start_ms=BASE_MS,
        end_ms=BASE_MS + DAY_MS,
        asset=NAMES[3],
        after_cut=AfterCut.RESUME,
    )
    day = Manifest(
        device="loa-1",
        sequence=1,
        issued_at_ms=0,
        expires_at_ms=BASE_MS + DAY_MS,
        areas=(),
        assets=(asset(NAMES[3]),),
        items=(item,),
    )
    s = Situation(now_ms=BASE_MS, clock_trusted=True, manifest=day, held=LENGTHS_MS)
    heard_ms = 0
    for wait_s in cuts:  # each round: it sounds for `wait_s`, then a stop of 3 s cuts it
        decision = decide(s)
        assert decision.sound is not None
        assert decision.sound.position_ms == heard_ms
        heard_ms += wait_s * 1_000
        s = replace(s, now_ms=s.now_ms + wait_s * 1_000, progress=decision.progress)
        if heard_ms >= LENGTHS_MS[NAMES[3]]:
            break
        s = replace(s, hold_until_ms=s.now_ms + 3_000)
        s = replace(s, progress=decide(s).progress, now_ms=s.hold_until_ms)
    last = decide(s)
    assert heard_ms + (last.until_ms - s.now_ms if last.sound else 0) >= LENGTHS_MS[NAMES[3]]


@asserts("PL-QUIET-02")
@pytest.mark.parametrize(
    ("from_min", "until_min", "minute", "is_quiet"),
    [
        (1260, 300, 1259, False),
        (1260, 300, 1260, True),
        (1260, 300, 1439, True),
        (1260, 300, 0, True),
        (1260, 300, 299, True),
        (1260, 300, 300, False),
        (0, 1440, 720, True),
        (600, 600, 600, False),
        (600, 1440, 1439, True),
        (600, 1440, 0, False),
    ],
)
def test_a_quiet_window_holds_its_first_minute_and_not_its_last(
    from_min: int, until_min: int, minute: int, is_quiet: bool
) -> None:
    hours = QuietHours(utc_offset_min=420, windows=(QuietWindow(from_min=from_min, until_min=until_min),))
    assert hours.quiet(BASE_MS + (minute - 420) * 60_000) is is_quiet


@given(quiet_hours, moments)
def test_nothing_changes_before_the_next_change(hours: QuietHours, at_ms: int) -> None:
    change_ms = hours.next_change_ms(at_ms)
    if change_ms is None:
        assert hours.windows == ()
        return
    assert at_ms < change_ms <= at_ms + DAY_MS
    assert hours.quiet(change_ms - 1) == hours.quiet(at_ms)


def test_a_cursor_begins_where_nothing_has_sounded() -> None:
    assert Cursor() == Cursor(anchor_ms=None, cut=False, heard_ms=0, ended=False, step=0, not_before_ms=0, digest=None)
