"""Delays grow with failures, and end."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.auth.lockout import (
    ACCOUNT_RULE,
    ADDRESS_RULE,
    NO_FAILURES,
    Failures,
    Rule,
    after_failure,
    delay,
    latest,
    locked_until,
)

NOW = datetime(2026, 5, 4, 2, 0, tzinfo=UTC)
rules = st.sampled_from([ACCOUNT_RULE, ADDRESS_RULE])
gaps = st.lists(st.timedeltas(min_value=timedelta(0), max_value=timedelta(hours=30)), max_size=40)


def failed(times: int, rule: Rule = ACCOUNT_RULE) -> Failures:
    failures = NO_FAILURES
    for _ in range(times):
        failures = after_failure(failures, NOW, rule)
    return failures


@pytest.mark.parametrize(
    ("times", "seconds"),
    [(0, 0), (1, 0), (4, 0), (5, 5), (6, 10), (7, 20), (10, 160), (11, 300), (50, 300), (10**9, 300)],
)
def test_an_account_waits_longer_after_each_failure_from_the_fifth_on(times: int, seconds: int) -> None:
    assert delay(times, ACCOUNT_RULE) == timedelta(seconds=seconds)


def test_an_address_is_given_more_tries_and_then_waits_longer() -> None:
    assert delay(19, ADDRESS_RULE) == timedelta(0)
    assert delay(20, ADDRESS_RULE) == timedelta(seconds=5)
    assert delay(100, ADDRESS_RULE) == timedelta(minutes=15)


def test_a_new_account_is_free() -> None:
    assert locked_until(NO_FAILURES, NOW, ACCOUNT_RULE) is None


def test_a_lock_ends_at_its_time_and_not_before() -> None:
    until = NOW + timedelta(seconds=5)
    assert locked_until(failed(5), NOW, ACCOUNT_RULE) == until
    assert locked_until(failed(5), until - timedelta(milliseconds=1), ACCOUNT_RULE) == until
    assert locked_until(failed(5), until, ACCOUNT_RULE) is None


def test_after_a_quiet_day_counting_begins_anew() -> None:
    later = NOW + ACCOUNT_RULE.forget_after
    assert locked_until(failed(50), later, ACCOUNT_RULE) is None
    assert after_failure(failed(50), later, ACCOUNT_RULE).count == 1


@given(rules, st.integers(0, 10_000))
def test_delay_never_shrinks_with_failures_and_has_an_end(rule: Rule, count: int) -> None:
    assert delay(count, rule) <= delay(count + 1, rule) <= rule.longest


@given(rules, st.integers(0, 60), st.timedeltas(min_value=timedelta(0), max_value=timedelta(minutes=20)))
def test_one_more_failure_never_opens_earlier(rule: Rule, count: int, wait: timedelta) -> None:
    before, now = failed(count, rule), NOW + wait
    after = after_failure(before, now, rule)
    assert (locked_until(after, now, rule) or now) >= (locked_until(before, now, rule) or now)


@given(rules, gaps)
def test_nobody_ever_waits_longer_than_the_longest_delay(rule: Rule, waits: list[timedelta]) -> None:
    failures, now = NO_FAILURES, NOW
    for wait in waits:
        now += wait
        failures = after_failure(failures, now, rule)
        assert (locked_until(failures, now, rule) or now) <= now + rule.longest


def test_a_clock_that_went_back_does_not_open_a_lock() -> None:
    back = after_failure(failed(10), NOW - timedelta(minutes=1), ACCOUNT_RULE)
    assert back.last_at == NOW
    assert back.count == 11


def test_account_and_address_must_both_be_free() -> None:
    sooner, later = NOW + timedelta(seconds=5), NOW + timedelta(seconds=9)
    assert latest(sooner, None, later) == later
    assert latest(None, sooner) == sooner
    assert latest(None, None) is None
