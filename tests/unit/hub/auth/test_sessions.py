"""Sessions: random, kept as digests, and ending by themselves."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.auth.model import AccountId
from hub.auth.sessions import (
    AGE_MAX,
    CONFIRMED_FOR,
    IDLE_MAX,
    SESSION_END_WORDS,
    TOKEN_CHARS,
    TOUCH_EVERY,
    Session,
    SessionEnd,
    begin,
    csrf_matches,
    csrf_token,
    digest_of,
    end_of,
    ended,
    ends_at,
    is_confirmed,
    rotated,
    touched,
)

NOW = datetime(2026, 5, 4, 5, 30, tzinfo=UTC)
HOA = AccountId("hoa")


def new(now: datetime = NOW) -> Session:
    return begin(HOA, now, address="10.0.0.7")[0]


def test_a_token_has_256_random_bits_and_only_its_digest_is_kept() -> None:
    session, token = begin(HOA, NOW, address="10.0.0.7")
    assert len(token) == TOKEN_CHARS
    assert len(base64.urlsafe_b64decode(token + "=")) == 32
    assert session.digest == hashlib.sha256(token.encode()).hexdigest() == digest_of(token)
    assert token not in repr(session)


def test_no_two_sessions_share_a_token() -> None:
    assert len({begin(HOA, NOW, address="")[1] for _ in range(200)}) == 200


@pytest.mark.parametrize(
    ("after", "end"),
    [
        (timedelta(0), None),
        (IDLE_MAX - timedelta(seconds=1), None),
        (IDLE_MAX, SessionEnd.IDLE),
        (AGE_MAX, SessionEnd.TOO_OLD),
    ],
)
def test_a_session_in_which_nothing_is_done_ends(after: timedelta, end: SessionEnd | None) -> None:
    assert end_of(new(), NOW + after) is end


def test_a_session_in_use_lives_on_until_its_greatest_age() -> None:
    session, now = new(), NOW
    while end_of(session, now) is None:
        session, now = touched(session, now), now + IDLE_MAX / 2
    assert now == NOW + AGE_MAX
    assert end_of(session, now) is SessionEnd.TOO_OLD


def test_a_touch_so_soon_after_the_last_is_not_worth_a_write() -> None:
    session = new()
    assert touched(session, NOW + TOUCH_EVERY / 2) is session
    assert touched(session, NOW + TOUCH_EVERY).seen_at == NOW + TOUCH_EVERY


@given(st.timedeltas(min_value=timedelta(0), max_value=AGE_MAX * 2), st.timedeltas(timedelta(0), IDLE_MAX / 2))
def test_a_session_ends_exactly_when_it_says(after: timedelta, used: timedelta) -> None:
    session = touched(new(), NOW + used)
    assert (end_of(session, NOW + after) is None) == (NOW + after < ends_at(session))


def test_a_session_that_was_signed_out_stays_so() -> None:
    session = ended(new(), NOW)
    assert end_of(session, NOW) is SessionEnd.SIGNED_OUT
    assert ended(session, NOW + IDLE_MAX).ended_at == NOW
    assert ends_at(session) == NOW


def test_typing_the_password_again_gives_a_new_token_but_no_new_age() -> None:
    old, old_token = begin(HOA, NOW, address="10.0.0.7")
    later = NOW + timedelta(minutes=40)
    session, token = rotated(old, later)
    assert token != old_token
    assert session.digest == digest_of(token) != old.digest
    assert session.started_at == NOW
    assert session.seen_at == session.confirmed_at == later


def test_a_password_vouches_for_the_person_for_a_while_only() -> None:
    session = new()
    assert is_confirmed(session, NOW + CONFIRMED_FOR - timedelta(seconds=1))
    assert not is_confirmed(touched(session, NOW + CONFIRMED_FOR), NOW + CONFIRMED_FOR)


def test_a_csrf_token_belongs_to_one_session() -> None:
    (_, mine), (_, other) = begin(HOA, NOW, address=""), begin(HOA, NOW, address="")
    assert csrf_matches(mine, csrf_token(mine))
    assert not csrf_matches(mine, csrf_token(other))
    assert not csrf_matches(mine, "")
    assert csrf_token(mine) != digest_of(mine), "what the table holds must not be usable in a form"


@given(st.text(), st.text())
def test_no_text_from_a_browser_breaks_the_checks(token: str, given_: str) -> None:
    assert len(digest_of(token)) == 64
    assert csrf_matches(token, given_) is (given_ == csrf_token(token))


def test_a_browsers_half_character_is_only_wrong() -> None:
    assert not csrf_matches("\ud800", "\udfff")


def test_every_end_has_words() -> None:
    assert set(SESSION_END_WORDS) == set(SessionEnd)
