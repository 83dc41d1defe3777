"""The stores of the desk in memory: for tests, and for a demo that leaves nothing behind."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from content.desk.delegation import Delegation
from content.desk.folding import composed
from content.desk.lexicon import Change, Proposal, Status
from content.desk.ports import Comment, Notice
from content.desk.watchwords import WatchWord
from devices.protocol.ids import AreaCode, ContentId


class MemoryComments:
    """A CommentStore."""

    def __init__(self) -> None:
        self._held: list[Comment] = []

    async def add(self, comment: Comment) -> Comment:
        """Keep a comment; return it with its number."""
        self._held.append(replace(comment, n=len(self._held) + 1))
        return self._held[-1]

    async def of(self, bulletin: ContentId) -> tuple[Comment, ...]:
        """Return the comments on a bulletin, the oldest first."""
        return tuple(one for one in self._held if one.bulletin == bulletin)


class MemoryLexicon:
    """A LexiconStore."""

    def __init__(self) -> None:
        self._changes: list[Change] = []
        self._proposals: dict[str, Proposal] = {}

    async def add(self, change: Change) -> Change:
        """Keep a change; return it with its number."""
        self._changes.append(replace(change, n=len(self._changes) + 1))
        return self._changes[-1]

    async def of(self, units: Collection[AreaCode]) -> tuple[Change, ...]:
        """Return every change of these layers, in order."""
        return tuple(one for one in self._changes if one.unit in units)

    async def last(self) -> int:
        """Return the number of the last change of any layer; 0 before the first."""
        return len(self._changes)

    async def put_proposal(self, proposal: Proposal) -> None:
        """Keep a proposal as it is now."""
        self._proposals[proposal.id] = proposal

    async def proposal(self, id: str) -> Proposal | None:  # noqa: A002 - the port's name
        """Return a proposal, or None."""
        return self._proposals.get(id)

    async def proposals(self, *, status: Status | None = None) -> tuple[Proposal, ...]:
        """Return the proposals in `status`, the newest first."""
        fit = (one for one in self._proposals.values() if status is None or one.status is status)
        return tuple(sorted(fit, key=lambda one: (-one.at.timestamp(), one.id)))


class MemoryWatchWords:
    """A WatchWordStore."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], WatchWord] = {}

    async def put(self, word: WatchWord) -> None:
        """Watch for a word, or otherwise than before."""
        self._held[word.unit, _key(word.word)] = word

    async def take(self, unit: AreaCode, word: str) -> bool:
        """Watch for a word no longer; say whether it was watched."""
        return self._held.pop((unit, _key(word)), None) is not None

    async def of(self, units: Collection[AreaCode]) -> tuple[WatchWord, ...]:
        """Return the words of these tables, by unit and word."""
        return tuple(self._held[key] for key in sorted(self._held) if key[0] in units)


class MemoryNotices:
    """A NoticeStore."""

    def __init__(self) -> None:
        self._held: dict[int, Notice] = {}

    async def add(self, notice: Notice) -> Notice:
        """Keep a notice; return it with its number."""
        kept = replace(notice, n=len(self._held) + 1)
        self._held[kept.n] = kept
        return kept

    async def of(self, account: str, *, unseen: bool, limit: int) -> tuple[Notice, ...]:
        """Return what an account was told, the newest first."""
        fit = [one for one in self._held.values() if one.account == account and not (unseen and one.seen_at)]
        return tuple(reversed(fit))[:limit]

    async def see(self, account: str, until: int, at: datetime) -> int:
        """Note that an account has seen everything up to number `until`; return how many that were."""
        fresh = [one for one in await self.of(account, unseen=True, limit=len(self._held)) if one.n <= until]
        self._held |= {one.n: replace(one, seen_at=at) for one in fresh}
        return len(fresh)


class MemoryDelegations:
    """A DelegationStore."""

    def __init__(self) -> None:
        self._held: dict[str, Delegation] = {}

    async def put(self, delegation: Delegation) -> None:
        """Keep a delegation as it is now."""
        self._held[delegation.id] = delegation

    async def get(self, id: str) -> Delegation | None:  # noqa: A002 - the port's name
        """Return a delegation, or None."""
        return self._held.get(id)

    async def to(self, deputy: str, at: datetime) -> tuple[Delegation, ...]:
        """Return what somebody stands in for at a moment, the one that began first at the head."""
        fit = (one for one in self._held.values() if one.deputy == deputy and one.holds(at))
        return tuple(sorted(fit, key=lambda one: (one.since, one.id)))

    async def of(self, units: Collection[AreaCode]) -> tuple[Delegation, ...]:
        """Return all delegations of these units, the one that begins last at the head."""
        fit = (one for one in self._held.values() if one.unit in units)
        return tuple(sorted(fit, key=lambda one: (-one.since.timestamp(), one.id)))


def _key(word: str) -> str:
    return " ".join(composed(word).lower().split())
