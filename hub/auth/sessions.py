"""Sessions kept by the server: the browser holds a random token, we hold its digest.

    signed in → alive → ended (idle | too old | signed out)

A copy of the sessions table lets nobody in: SHA-256 of 256 random bits cannot be turned back, and needs no salt or slow
hash.  Each sign-in, and each rise in rights, gets a new token, so one that was planted before is worth nothing after.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from hub.auth.model import AccountId

SessionToken = NewType("SessionToken", str)  # in the cookie; never stored, never logged
SessionDigest = NewType("SessionDigest", str)  # in the table

TOKEN_BYTES = 32  # 256 bits
TOKEN_CHARS = 43  # of base64url without padding
IDLE_MAX = timedelta(hours=1)  # the office computer is shared, and lunch takes longer
AGE_MAX = timedelta(hours=12)  # one duty
TOUCH_EVERY = timedelta(minutes=1)  # a write for every page would cost more than this precision is worth
CONFIRMED_FOR = timedelta(minutes=10)  # how long a typed password vouches for the person at the keyboard
_CSRF_LABEL = b"loa csrf 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One signed-in browser."""

    digest: SessionDigest
    account: AccountId
    started_at: datetime
    seen_at: datetime
    confirmed_at: datetime  # when the password was last typed
    address: str  # where it was begun, for the person's own list of sessions
    ended_at: datetime | None = None


class SessionEnd(StrEnum):
    """Why a session is no longer good."""

    IDLE = "idle"
    TOO_OLD = "too_old"
    SIGNED_OUT = "signed_out"


SESSION_END_WORDS = {
    SessionEnd.IDLE: "Phiên làm việc đã tạm nghỉ quá lâu. Hãy đăng nhập lại.",
    SessionEnd.TOO_OLD: "Phiên làm việc đã hết hạn. Hãy đăng nhập lại.",
    SessionEnd.SIGNED_OUT: "Bạn đã đăng xuất.",
}


def digest_of(token: str) -> SessionDigest:
    """Return the digest under which a token's session is stored."""
    return SessionDigest(hashlib.sha256(token.encode("utf-8", "replace")).hexdigest())


def begin(account: AccountId, now: datetime, *, address: str) -> tuple[Session, SessionToken]:
    """Return a new session, begun by a password just now, and the token for the browser."""
    token = SessionToken(secrets.token_urlsafe(TOKEN_BYTES))
    session = Session(
        digest=digest_of(token), account=account, started_at=now, seen_at=now, confirmed_at=now, address=address[:64]
    )
    return session, token


def end_of(session: Session, now: datetime) -> SessionEnd | None:
    """Return why the session is not good at `now`, or None if it is."""
    if session.ended_at is not None:
        return SessionEnd.SIGNED_OUT
    if now - session.started_at >= AGE_MAX:
        return SessionEnd.TOO_OLD
    return SessionEnd.IDLE if now - session.seen_at >= IDLE_MAX else None


def ends_at(session: Session) -> datetime:
    """Return when the session ends by itself if nothing more is done in it."""
    return session.ended_at or min(session.started_at + AGE_MAX, session.seen_at + IDLE_MAX)


def touched(session: Session, now: datetime) -> Session:
    """Return the session as seen at `now`; the same object while that would be too soon to be worth a write."""
    return session if now - session.seen_at < TOUCH_EVERY else replace(session, seen_at=now)


def rotated(session: Session, now: datetime) -> tuple[Session, SessionToken]:
    """Return the session under a new token, after the password was typed again.  Its age goes on."""
    token = SessionToken(secrets.token_urlsafe(TOKEN_BYTES))
    return replace(session, digest=digest_of(token), seen_at=now, confirmed_at=now), token


def ended(session: Session, now: datetime) -> Session:
    """Return the session as signed out at `now`; once ended it stays as it was."""
    return session if session.ended_at is not None else replace(session, ended_at=now)


def is_confirmed(session: Session, now: datetime) -> bool:
    """Return whether the password was typed lately enough for what is heard by people."""
    return now - session.confirmed_at < CONFIRMED_FOR


def csrf_token(token: str) -> str:
    """Return the token that forms carry; it is bound to the session and tells nothing of the session's token."""
    return hmac.new(token.encode("utf-8", "replace"), _CSRF_LABEL, hashlib.sha256).hexdigest()


def csrf_matches(token: str, given: str) -> bool:
    """Return whether a form's token belongs to this session; takes the same time whatever is wrong."""
    return hmac.compare_digest(csrf_token(token).encode(), given.encode("utf-8", "replace"))
