"""What holds for every set of programmes: order, determinism, and agreement with what a device does."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from devices.protocol.codec import decode, encode
from devices.protocol.ids import AreaCode
from devices.protocol.manifest import AfterCut, Manifest, QuietHours, QuietWindow, ServiceClass
from devices.protocol.playout import Situation, decide
from scheduler.calendars import first_quiet, from_ms, local_date, to_ms, utc_of
from scheduler.day import compile_day, compile_days, why_at
from scheduler.model import CLASS_RANK, DayProgramme, Listener, Programme, Slot
from scheduler.publish import build_manifest, slots_of
from scheduler.recurrence import starts_between
from tests.unit.scheduler.builders import DAY, assets_of, at, device, programme

ONE_DAY = timedelta(days=1)
AREAS = (AreaCode("48"), AreaCode("20669"), AreaCode("20670"))

QUIET = st.lists(st.builds(QuietWindow, from_min=st.integers(0, 1439), until_min=st.integers(0, 1440)), max_size=2).map(
    lambda windows: QuietHours(windows=tuple(windows))
)
AUDIENCES = st.lists(st.sampled_from(AREAS), min_size=1, max_size=3, unique=True).map(tuple)
LISTENERS = st.builds(Listener, areas=AUDIENCES, quiet=QUIET)
# Around midnight and around one busy hour, so that they meet.
MOMENTS = st.builds(
    lambda day, hour, second: (
        datetime.combine(DAY + day * ONE_DAY, datetime.min.time()) + timedelta(hours=hour, seconds=second)
    ),
    st.integers(-1, 1),
    st.sampled_from([0, 5, 5, 23]),
    st.integers(0, 3599),
)


@st.composite
def programmes(draw: st.DrawFn) -> tuple[Programme, ...]:
    """Draw up to six; short enough that what touches each other stays within a day."""
    return tuple(
        programme(
            f"p{number}",
            draw(MOMENTS).isoformat(),
            draw(st.lists(st.integers(5, 900), min_size=1, max_size=3)),
            rule=draw(st.sampled_from(["", "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=WE,TH", "FREQ=DAILY;BYHOUR=0,5,23"])),
            audience=draw(AUDIENCES),
            service_class=draw(st.sampled_from(ServiceClass)),
            place=draw(st.integers(0, 1)),
            after_cut=draw(st.sampled_from(AfterCut)),
            slack_ms=draw(st.sampled_from([0, 0, 60_000, 1_800_000])),
            valid_until=draw(st.sampled_from([None, None, at("05:30"), at("23:59:30")])),
        )
        for number in range(draw(st.integers(0, 6)))
    )


SETS = programmes()


@given(SETS, LISTENERS, st.randoms(use_true_random=False))
def test_the_order_in_which_programmes_are_given_changes_nothing(some, listener, rng) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(some)
    rng.shuffle(shuffled)
    assert compile_day(shuffled, DAY, listener) == compile_day(some, DAY, listener)


@given(SETS, LISTENERS)
def test_a_day_has_no_gap_and_no_overlap(some: Sequence[Programme], listener: Listener) -> None:
    day = compile_day(some, DAY, listener)
    assert day.entries[0].start <= day.start
    assert day.entries[-1].end >= day.end
    assert all(one.end == after.start for one, after in pairwise(day.entries))
    assert all(one.start < one.end for one in day.entries)
    assert all(timedelta() < slot.sounds <= slot.end - slot.start for slot in day.slots)


@given(SETS, LISTENERS)
def test_a_day_is_the_same_alone_and_among_others(some: Sequence[Programme], listener: Listener) -> None:
    days = compile_days(some, DAY - ONE_DAY, 3, listener)
    assert days == tuple(compile_day(some, DAY + n * ONE_DAY, listener) for n in (-1, 0, 1))
    slots = slots_of(days)
    assert all(one.end <= after.start for one, after in pairwise(slots))
    assert len({slot.id for slot in slots}) == len(slots)


@given(SETS, SETS, st.integers(0, 5), LISTENERS)
def test_an_edit_changes_no_device_outside_the_audience(
    some: Sequence[Programme], others: Sequence[Programme], number: int, listener: Listener
) -> None:
    edited = next((one for one in others if one.id == f"p{number}"), None)
    before = [one for one in some if one.id == f"p{number}"]
    after = [one for one in some if one not in before] + ([edited] if edited else [])
    if any(set(one.audience) & set(listener.areas) for one in [*before, *([edited] if edited else [])]):
        listener = Listener(areas=(AreaCode("elsewhere"),), quiet=listener.quiet)
    assert compile_day(after, DAY, listener) == compile_day(some, DAY, listener)


@given(SETS, LISTENERS)
def test_nothing_but_an_emergency_has_a_window_in_quiet_hours(some: Sequence[Programme], listener: Listener) -> None:
    for slot in compile_day(some, DAY, listener).slots:
        if slot.service_class is not ServiceClass.EMERGENCY:
            assert first_quiet(listener.quiet, slot.start, slot.end) is None, slot.id


@given(SETS, LISTENERS)
def test_nothing_has_a_window_after_its_validity(some: Sequence[Programme], listener: Listener) -> None:
    valid_until = {one.id: one.valid_until for one in some}
    for slot in compile_day(some, DAY, listener).slots:
        until = valid_until[slot.programme]
        assert until is None or slot.end <= until, slot.id


@given(SETS, LISTENERS)
def test_every_occurrence_of_the_day_is_explained_and_nobody_gives_way_to_a_lower_class(
    some: Sequence[Programme], listener: Listener
) -> None:
    day = compile_day(some, DAY, listener)
    heard = [one for one in some if set(one.audience) & set(listener.areas)]
    asked = {(one.id, utc_of(wall)) for one in heard for wall in starts_between(one.recurrence, DAY, DAY)}
    explained = {(one.programme, one.start) for one in day.explanations if local_date(one.start) == DAY}
    assert explained == asked
    rank = {one.id: CLASS_RANK[one.service_class] for one in some}
    assert all(rank[one.by] >= rank[one.programme] for one in day.explanations if one.by)


# --- the device -------------------------------------------------------------------------------------------------


def manifest_of(some: Sequence[Programme], listener: Listener) -> tuple[Manifest, tuple[DayProgramme, ...]]:
    days = compile_days(some, DAY, 2, listener)
    its = device(areas=listener.areas)
    return build_manifest(its, days, assets_of(some), sequence=1, issued_at=datetime(2026, 1, 1, tzinfo=UTC)), days


@given(SETS, LISTENERS)
def test_every_manifest_is_one_that_a_device_accepts(some: Sequence[Programme], listener: Listener) -> None:
    manifest, _ = manifest_of(some, listener)
    assert decode(encode(manifest)) == manifest


@given(SETS, LISTENERS, st.data())
def test_a_device_plays_what_the_day_says_at_every_moment(
    some: Sequence[Programme], listener: Listener, data: st.DataObject
) -> None:
    manifest, days = manifest_of(some, listener)
    edges = [to_ms(moment) for day in days for entry in day.entries for moment in (entry.start, entry.end)]
    near = st.builds(lambda edge, off: edge + off, st.sampled_from(edges), st.sampled_from([-1, 0, 1, 30_000]))
    anywhere = st.integers(to_ms(days[0].start), to_ms(days[-1].end) - 1)
    now_ms = min(max(data.draw(near | anywhere), to_ms(days[0].start)), to_ms(days[-1].end) - 1)
    held = {asset.digest: asset.duration_ms for asset in manifest.assets}
    sound = decide(Situation(now_ms=now_ms, clock_trusted=True, manifest=manifest, held=held)).sound
    assert (sound.id if sound else None) == planned_at(days, now_ms)


def planned_at(days: Sequence[DayProgramme], now_ms: int) -> str | None:
    moment = from_ms(now_ms)
    day = next(day for day in days if day.start <= moment < day.end)
    entry = why_at(day, moment).entry
    sounds = isinstance(entry, Slot) and moment < entry.start + entry.sounds
    return entry.id if isinstance(entry, Slot) and sounds else None
