"""Growing delays after wrong passwords, for the account and for the address they came from.  Pure.

Nobody is locked out for good: a stranger's guesses must not keep the duty officer from sending an alert.  So an account
waits at most five minutes, which leaves a guesser some 300 tries a day against passwords of ten characters.  An address
waits longer, but later: a whole commune office may sign in from one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How delays grow: none up to `free` failures, then `first`, doubling, at most `longest`."""

    free: int
    first: timedelta
    longest: timedelta
    forget_after: timedelta  # so long without a failure, and counting begins anew


ACCOUNT_RULE = Rule(free=5, first=timedelta(seconds=5), longest=timedelta(minutes=5), forget_after=timedelta(hours=24))
ADDRESS_RULE = Rule(
    free=20, first=timedelta(seconds=5), longest=timedelta(minutes=15), forget_after=timedelta(hours=24)
)


class Counter(StrEnum):
    """Whose failures are counted."""

    ACCOUNT = "account"  # by the sign-in name typed, whether or not there is such an account
    ADDRESS = "address"


RULES = {Counter.ACCOUNT: ACCOUNT_RULE, Counter.ADDRESS: ADDRESS_RULE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """How often in a row, and when last.  A success starts again from NO_FAILURES, for the account only."""

    count: int = 0
    last_at: datetime | None = None


NO_FAILURES = Failures()


def after_failure(failures: Failures, now: datetime, rule: Rule) -> Failures:
    """Return the failures with one more at `now`."""
    known = failures if _counts(failures, now, rule) else NO_FAILURES
    return Failures(count=known.count + 1, last_at=max(now, known.last_at or now))


def delay(count: int, rule: Rule) -> timedelta:
    """Return how long to wait after that many failures in a row."""
    over = count - rule.free
    if over < 0 or count <= 0:
        return timedelta(0)
    # 2**20 is far beyond any `longest`; the bound keeps a huge count from overflowing timedelta.
    return min(rule.longest, rule.first * (1 << min(over, 20)))


def locked_until(failures: Failures, now: datetime, rule: Rule) -> datetime | None:
    """Return until when the next try is refused unlooked at, or None if it may be made at `now`."""
    if failures.last_at is None or not _counts(failures, now, rule):
        return None
    until = failures.last_at + delay(failures.count, rule)
    return until if now < until else None


def latest(*locks: datetime | None) -> datetime | None:
    """Return the lock that holds longest; the account and its address must both be free."""
    return max(_present(locks), default=None)


def _present(locks: Iterable[datetime | None]) -> Iterable[datetime]:
    return (lock for lock in locks if lock is not None)


def _counts(failures: Failures, now: datetime, rule: Rule) -> bool:
    return failures.last_at is not None and now - failures.last_at < rule.forget_after
