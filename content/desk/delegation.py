"""A leader who is away lets somebody of the unit approve.  PURE.

Only bulletins, only for a while, and never words of the leader's own or of who stands in: four eyes stay four eyes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from content.model import Bulletin
from devices.protocol.ids import AreaCode

SPAN_MAX = timedelta(days=31)  # who is away for longer gives somebody the role


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """`deputy` approves bulletins of `unit` for `leader` in [since, until)."""

    id: str
    unit: AreaCode
    leader: str
    deputy: str
    since: datetime
    until: datetime
    why: str
    made_at: datetime
    revoked_at: datetime | None = None

    def __post_init__(self) -> None:
        if not self.since < self.until <= self.since + SPAN_MAX:
            raise ValueError("a delegation ends after it begins, within a month")
        if self.leader == self.deputy:
            raise ValueError("nobody stands in for themselves")

    def holds(self, now: datetime) -> bool:
        """Say whether it is in force."""
        return self.since <= now < self.until and (self.revoked_at is None or now < self.revoked_at)

    def covers(self, bulletin: Bulletin) -> bool:
        """Say whether the deputy may approve this one for the leader: neither of them may have written it."""
        return not {self.leader, self.deputy} & {bulletin.author, bulletin.editor}


def standing_in(held: Iterable[Delegation], deputy: str, bulletin: Bulletin, now: datetime) -> tuple[Delegation, ...]:
    """Return the delegations by which `deputy` may approve `bulletin` now, the one that began first at the head."""
    fit = (one for one in held if one.deputy == deputy and one.holds(now) and one.covers(bulletin))
    return tuple(sorted(fit, key=lambda one: (one.since, one.id)))
