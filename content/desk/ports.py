"""What the desk asks of the world.  Implementations pass tests/contract/content."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from content.desk.delegation import Delegation
from content.desk.lexicon import Change, Proposal, Status
from content.desk.watchwords import WatchWord
from devices.protocol.ids import AreaCode, ContentId

COMMENT_CHARS_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """What somebody says about a version of a bulletin; never changed.  n is given by the store."""

    n: int = 0
    bulletin: ContentId
    version: int
    account: str
    at: datetime
    text: str

    def __post_init__(self) -> None:
        if not 0 < len(self.text) <= COMMENT_CHARS_MAX:
            raise ValueError(f"a comment has 1 to {COMMENT_CHARS_MAX} characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What an account is told about a bulletin.  n is given by the store."""

    n: int = 0
    account: str
    bulletin: ContentId
    version: int
    words: str
    at: datetime
    seen_at: datetime | None = None


class CommentStore(Protocol):
    """Comments on bulletins."""

    async def add(self, comment: Comment) -> Comment:
        """Keep a comment; return it with its number."""

    async def of(self, bulletin: ContentId) -> tuple[Comment, ...]:
        """Return the comments on a bulletin, the oldest first."""


class LexiconStore(Protocol):
    """Changes of the lexicon, never altered, and what communes propose."""

    async def add(self, change: Change) -> Change:
        """Keep a change; return it with its number, which is higher than every one before."""

    async def of(self, units: Collection[AreaCode]) -> tuple[Change, ...]:
        """Return every change of these layers, in order."""

    async def last(self) -> int:
        """Return the number of the last change of any layer; 0 before the first."""

    async def put_proposal(self, proposal: Proposal) -> None:
        """Keep a proposal as it is now."""

    async def proposal(self, id: str) -> Proposal | None:  # noqa: A002 - the field's own name
        """Return a proposal, or None."""

    async def proposals(self, *, status: Status | None = None) -> tuple[Proposal, ...]:
        """Return the proposals in `status` (None: all), the newest first."""


class WatchWordStore(Protocol):
    """The tables of watched words."""

    async def put(self, word: WatchWord) -> None:
        """Watch for a word, or otherwise than before."""

    async def take(self, unit: AreaCode, word: str) -> bool:
        """Watch for a word no longer; say whether it was watched."""

    async def of(self, units: Collection[AreaCode]) -> tuple[WatchWord, ...]:
        """Return the words of these tables, by unit and word."""


class NoticeStore(Protocol):
    """What people are told."""

    async def add(self, notice: Notice) -> Notice:
        """Keep a notice; return it with its number."""

    async def of(self, account: str, *, unseen: bool, limit: int) -> tuple[Notice, ...]:
        """Return what an account was told, the newest first; `unseen`: only what it has not seen yet."""

    async def see(self, account: str, until: int, at: datetime) -> int:
        """Note that an account has seen everything up to number `until`; return how many that were."""


class DelegationStore(Protocol):
    """Who stands in for whom."""

    async def put(self, delegation: Delegation) -> None:
        """Keep a delegation as it is now."""

    async def get(self, id: str) -> Delegation | None:  # noqa: A002 - the field's own name
        """Return a delegation, or None."""

    async def to(self, deputy: str, at: datetime) -> tuple[Delegation, ...]:
        """Return what somebody stands in for at a moment, the one that began first at the head."""

    async def of(self, units: Collection[AreaCode]) -> tuple[Delegation, ...]:
        """Return all delegations of these units, the one that begins last at the head."""
