"""Days to a manifest."""

from datetime import UTC, datetime, timedelta

import pytest

from devices.protocol.ids import AreaCode
from devices.protocol.limits import MANIFEST_ASSETS_MAX, MANIFEST_DAYS_MAX
from devices.protocol.manifest import AfterCut, PlayItem, QuietHours, ServiceClass
from scheduler.calendars import PRESETS, QuietPreset, to_ms, window
from scheduler.day import compile_days
from scheduler.errors import DayTooLarge, MissingAsset
from scheduler.model import Programme
from scheduler.publish import build_manifest, differs, listener_of
from tests.unit.scheduler.builders import (
    DAY,
    SLEEPLESS,
    VILLAGERS,
    assets_of,
    at,
    clip,
    device,
    digest,
    programme,
)

ISSUED = datetime(2026, 11, 24, 18, tzinfo=UTC)


def built(programmes: list[Programme], days: int = 7, **more: object):  # type: ignore[no-untyped-def]
    compiled = compile_days(programmes, DAY, days, VILLAGERS)
    facts = {"sequence": 1, "issued_at": ISSUED} | more
    return build_manifest(device(), compiled, assets_of(programmes, "filler", "siren"), **facts)  # type: ignore[arg-type]


def test_a_manifest_has_the_days_the_audio_and_the_devices_own_facts() -> None:
    daily = programme(
        "a", "05:00", 60, rule="FREQ=DAILY", after_cut=AfterCut.RESTART, service_class=ServiceClass.PRIORITY
    )
    manifest = built([daily], days=3, pinned=(digest("siren"),), filler=digest("filler"), sequence=42)
    assert manifest.sequence == 42
    assert manifest.items[0] == PlayItem(
        id=manifest.items[0].id,
        service_class=ServiceClass.PRIORITY,
        start_ms=to_ms(at("05:00")),
        end_ms=to_ms(at("05:01")),
        asset=digest("a-0"),
        after_cut=AfterCut.RESTART,
        title="a-0",
    )
    assert len(manifest.items) == 3
    assert {asset.digest for asset in manifest.assets} == {digest("a-0"), digest("siren"), digest("filler")}
    assert (manifest.volume_percent, manifest.emergency_volume_percent) == (80, 100)
    assert manifest.quiet == VILLAGERS.quiet
    assert manifest.expires_at_ms == to_ms(at("00:00", DAY + timedelta(days=3)))


def test_what_runs_over_midnight_is_one_item_and_the_manifest_lives_until_it_ends() -> None:
    late = programme("a", "2026-11-20T23:59", 120, rule="FREQ=DAILY")
    days = compile_days([late], DAY, 2, SLEEPLESS)
    manifest = build_manifest(device(), days, assets_of([late]), sequence=1, issued_at=ISSUED)
    assert [item.id for item in manifest.items] == [
        "a-20261124t235900-00",  # it still sounds when the first day begins
        "a-20261125t235900-00",
        "a-20261126t235900-00",
    ]
    assert manifest.expires_at_ms == manifest.items[-1].end_ms > to_ms(days[-1].end)


def test_a_manifest_differs_only_by_what_a_device_would_do() -> None:
    daily = programme("a", "05:00", rule="FREQ=DAILY")
    first = built([daily])
    again = built([daily], sequence=9, issued_at=ISSUED + timedelta(hours=5))
    moved = built([programme("a", "05:01", rule="FREQ=DAILY")], sequence=9)
    assert differs(None, first)
    assert not differs(first, again)
    assert differs(first, moved)


def test_a_new_title_of_a_programme_elsewhere_is_no_difference() -> None:
    ours, theirs = programme("a", "05:00"), programme("b", "06:00", audience=(AreaCode("20670"),))
    edited = programme("b", "06:30", audience=(AreaCode("20670"),))
    assert not differs(built([ours, theirs]), built([ours, edited], sequence=2))


def test_too_many_assets_give_fewer_days_and_never_a_part_of_one() -> None:
    each_day = MANIFEST_ASSETS_MAX // 3
    clips = [tuple(clip(f"{n}-{m}", 5) for m in range(each_day)) for n in range(5)]
    days = [programme(f"p{n}", f"{DAY + timedelta(days=n)}T05:00", clips=clips[n]) for n in range(5)]
    manifest = built(days, days=5)
    assert len(manifest.items) == 3 * each_day
    assert manifest.expires_at_ms == to_ms(at("00:00", DAY + timedelta(days=3)))


def test_too_many_bytes_give_fewer_days_as_well() -> None:
    long_title = (clip("đ" * 200, 5),)
    clocks = [f"{5 + n // 3:02d}:{n % 3 * 20:02d}" for n in range(36)]
    wordy = [programme(f"p{n}", clock, rule="FREQ=DAILY", clips=long_title) for n, clock in enumerate(clocks)]
    manifest = built(wordy, days=14)
    days = len(manifest.items) / 36
    assert days == int(days)
    assert 1 <= days < 14
    assert manifest.expires_at_ms == to_ms(at("00:00", DAY + timedelta(days=int(days))))


def test_a_day_that_does_not_fit_at_all_is_an_error_with_figures() -> None:
    clips = tuple(clip(f"c{n}", 5) for n in range(MANIFEST_ASSETS_MAX + 1))
    with pytest.raises(DayTooLarge) as refused:
        built([programme("a", "05:00", clips=clips)], days=1)
    assert refused.value.assets == MANIFEST_ASSETS_MAX + 1


def test_no_more_days_than_a_device_holds() -> None:
    manifest = built([programme("a", "05:00", rule="FREQ=DAILY")], days=20)
    assert len(manifest.items) == MANIFEST_DAYS_MAX


def test_audio_without_an_entry_is_an_error_of_the_caller() -> None:
    days = compile_days([programme("a", "05:00")], DAY, 1, VILLAGERS)
    with pytest.raises(MissingAsset):
        build_manifest(device(), days, {}, sequence=1, issued_at=ISSUED)


def test_an_empty_schedule_is_a_manifest_too() -> None:
    manifest = built([], days=7)
    assert manifest.items == ()
    assert manifest.expires_at_ms == to_ms(at("00:00", DAY + timedelta(days=7)))


def test_a_listener_has_the_quiet_hours_of_its_device_and_of_every_area_above() -> None:
    own = {AreaCode("48"): PRESETS[QuietPreset.RURAL]}
    its = device(quiet=QuietHours(windows=(window("12:00", "13:00"),)))
    assert listener_of(its, own).quiet.windows == (window("12:00", "13:00"), window("21:00", "05:00"))
    assert listener_of(device("loa-2"), own) == listener_of(device("loa-3"), own)
