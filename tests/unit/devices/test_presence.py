from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.presence import (
    LATE_AFTER,
    LOST_AFTER,
    STATE_EVERY,
    WORDS,
    Headcount,
    Presence,
    Sighting,
    age,
    headcount,
    next_change,
    on_message,
    on_state,
    presence,
)
from devices.protocol.ids import DeviceId
from devices.protocol.messages import State, Status

NOW = datetime(2026, 9, 5, 10, 0, tzinfo=UTC)
LOA = DeviceId("loa-1")
UNSEEN = Sighting(device=LOA)
SECOND = timedelta(seconds=1)


def state(at: datetime = NOW, *, boot: int = 3, status: Status = Status.ONLINE, trusted: bool = True) -> State:
    at_ms = int(at.timestamp() * 1000)
    return State(device=LOA, boot=boot, at_ms=at_ms, status=status, clock_trusted=trusted)


ONLINE = on_state(UNSEEN, state(), now=NOW)
WILL = state(NOW - timedelta(hours=1), status=Status.LOST)


@pytest.mark.parametrize(
    ("seen", "after", "expected"),
    [
        (UNSEEN, timedelta(days=9), Presence.NEVER_SEEN),
        (ONLINE, STATE_EVERY, Presence.ONLINE),
        (ONLINE, LATE_AFTER - SECOND, Presence.ONLINE),
        (ONLINE, LATE_AFTER, Presence.LATE),
        (ONLINE, LOST_AFTER - SECOND, Presence.LATE),
        (ONLINE, LOST_AFTER, Presence.LOST),
        (on_state(ONLINE, WILL, now=NOW), SECOND, Presence.LOST),
        (on_state(UNSEEN, WILL, now=NOW), SECOND, Presence.LOST),
    ],
)
def test_presence_follows_from_what_was_heard_and_when(seen: Sighting, after: timedelta, expected: Presence) -> None:
    assert presence(seen, NOW + after) is expected


def test_any_signed_message_is_a_sign_of_life() -> None:
    lost = on_state(ONLINE, WILL, now=NOW)
    heard = on_message(lost, now=NOW + SECOND)
    assert presence(heard, NOW + SECOND) is Presence.ONLINE
    assert heard.state == ONLINE.state


def test_a_last_will_keeps_the_last_state_that_meant_something() -> None:
    assert on_state(ONLINE, WILL, now=NOW).state == state()


def test_a_last_will_of_an_earlier_power_up_is_a_late_copy() -> None:
    assert on_state(ONLINE, replace(WILL, boot=2), now=NOW) == ONLINE


def test_a_second_last_will_does_not_move_the_moment_of_the_loss() -> None:
    lost = on_state(ONLINE, WILL, now=NOW)
    assert on_state(lost, WILL, now=NOW + timedelta(hours=1)).lost_at == NOW


def test_a_state_of_another_device_changes_nothing() -> None:
    assert on_state(UNSEEN, replace(state(), device=DeviceId("loa-2")), now=NOW) == UNSEEN


def test_a_late_copy_is_neither_the_newest_state_nor_a_sign_of_life() -> None:
    for old in (state(), state(NOW - timedelta(minutes=5)), state(boot=2)):
        assert on_state(ONLINE, old, now=NOW + timedelta(hours=1)) == ONLINE


def test_a_clock_that_comes_to_be_trusted_may_jump_back_by_years() -> None:
    dreaming = on_state(UNSEEN, state(NOW + timedelta(days=2000), trusted=False), now=NOW)
    awake = on_state(dreaming, state(NOW + SECOND), now=NOW + SECOND)
    assert awake.state == state(NOW + SECOND)


def test_a_restart_is_newer_whatever_its_clock_says() -> None:
    restarted = state(NOW - timedelta(days=400), boot=4, trusted=False)
    assert on_state(ONLINE, restarted, now=NOW).state == restarted


def test_a_retained_state_is_as_old_as_it_says_and_not_of_this_moment() -> None:
    said = NOW - timedelta(seconds=100)
    seen = on_state(UNSEEN, state(said), now=NOW, retained=True)
    assert presence(seen, NOW) is Presence.LATE
    assert seen.state == state(said)


def test_a_retained_state_with_a_clock_nobody_trusts_proves_no_moment() -> None:
    seen = on_state(UNSEEN, state(trusted=False), now=NOW, retained=True)
    assert presence(seen, NOW) is Presence.NEVER_SEEN


def test_a_retained_state_after_a_restart_of_the_hub_says_that_the_loss_is_over() -> None:
    lost = on_state(ONLINE, WILL, now=NOW)
    back = on_state(lost, state(NOW + SECOND), now=NOW + 2 * SECOND, retained=True)
    assert presence(back, NOW + 2 * SECOND) is Presence.ONLINE


def test_age_is_how_long_it_has_been_silent() -> None:
    assert age(UNSEEN, NOW) is None
    assert age(ONLINE, NOW + SECOND) == SECOND
    assert age(ONLINE, NOW - SECOND) == timedelta()


@given(st.integers(0, 400), st.booleans())
def test_presence_stays_until_the_next_change_and_then_changes(seconds: int, lost: bool) -> None:
    seen = on_state(ONLINE, WILL, now=NOW) if lost else ONLINE
    now = NOW + timedelta(seconds=seconds)
    edge = next_change(seen, now)
    if edge is None:
        assert presence(seen, now + timedelta(days=1)) is presence(seen, now)
    else:
        assert edge > now
        assert presence(seen, edge - timedelta(microseconds=1)) is presence(seen, now)
        assert presence(seen, edge) is not presence(seen, now)


def test_heads_are_counted_by_presence() -> None:
    late = replace(ONLINE, heard_at=NOW - LATE_AFTER)
    counted = headcount([ONLINE, late, ONLINE, UNSEEN, on_state(ONLINE, WILL, now=NOW)], NOW)
    assert counted == Headcount(total=5, never_seen=1, online=2, late=1, lost=1)


def test_every_presence_has_a_word_for_the_screen() -> None:
    assert set(WORDS) == set(Presence)
