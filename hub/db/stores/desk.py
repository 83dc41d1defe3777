"""Comments, lexicon, watched words, notices and delegations over one transaction."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from content.desk.delegation import Delegation
from content.desk.folding import composed
from content.desk.lexicon import Change, Proposal, Status, Word
from content.desk.ports import Comment, Notice
from content.desk.watchwords import WatchWord
from devices.protocol.ids import AreaCode, ContentId
from hub.db.documents import Documents
from hub.db.rows import from_ms, to_ms
from hub.db.tables.desk import comments, delegations, lexicon_changes, lexicon_proposals, notices, watch_words
from hub.db.tables.devices import as_runs
from hub.db.upsert import put

_PROPOSALS = Documents(Proposal)
_WATCH_WORDS = Documents(WatchWord)
_DELEGATIONS = Documents(Delegation)


class SqlComments:
    """A CommentStore."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection

    async def add(self, comment: Comment) -> Comment:
        """Keep a comment; return it with its number."""
        values = {
            "bulletin": comment.bulletin,
            "version": comment.version,
            "account": comment.account,
            "at_ms": to_ms(comment.at),
            "text": comment.text,
        }
        row = (await self._db.execute(comments.insert().values(values).returning(*comments.c))).one()
        return _comment(row)

    async def of(self, bulletin: ContentId) -> tuple[Comment, ...]:
        """Return the comments on a bulletin, the oldest first."""
        query = select(comments).where(comments.c.bulletin == bulletin).order_by(comments.c.n)
        return tuple(_comment(row) for row in await self._db.execute(query))


class SqlLexicon:
    """A LexiconStore."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection

    async def add(self, change: Change) -> Change:
        """Keep a change; return it with its number."""
        word = change.word
        values = {
            "unit": change.unit,
            "written": word.written,
            "spoken": word.spoken,
            "after": word.after,
            "before": word.before,
            "account": change.account,
            "at_ms": to_ms(change.at),
            "why": change.why,
        }
        row = (await self._db.execute(lexicon_changes.insert().values(values).returning(*lexicon_changes.c))).one()
        return _change(row)

    async def of(self, units: Collection[AreaCode]) -> tuple[Change, ...]:
        """Return every change of these layers, in order."""
        c = lexicon_changes.c
        query = select(lexicon_changes).where(c.unit.in_(list(units))).order_by(c.n)
        return tuple(_change(row) for row in await self._db.execute(query))

    async def last(self) -> int:
        """Return the number of the last change of any layer; 0 before the first."""
        return int((await self._db.execute(select(func.coalesce(func.max(lexicon_changes.c.n), 0)))).scalar_one())

    async def put_proposal(self, proposal: Proposal) -> None:
        """Keep a proposal as it is now."""
        values = {
            "id": proposal.id,
            "unit": proposal.unit,
            "addressee": proposal.to,
            "status": str(proposal.status),
            "account": proposal.account,
            "answered_by": proposal.answered_by,
            "at_ms": to_ms(proposal.at),
            "document": _PROPOSALS.pack(proposal),
        }
        await put(self._db, lexicon_proposals, values)

    async def proposal(self, id: str) -> Proposal | None:  # noqa: A002 - the port's name
        """Return a proposal."""
        c = lexicon_proposals.c
        row = (await self._db.execute(select(c.document).where(c.id == id))).first()
        return _PROPOSALS.unpack(row.document) if row else None

    async def proposals(self, *, status: Status | None = None) -> tuple[Proposal, ...]:
        """Return the proposals in `status` (None: all), the newest first."""
        c = lexicon_proposals.c
        query = select(c.document).order_by(c.at_ms.desc(), c.id)
        if status is not None:
            query = query.where(c.status == str(status))
        return tuple(_PROPOSALS.unpack(row.document) for row in await self._db.execute(query))


class SqlWatchWords:
    """A WatchWordStore."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection

    async def put(self, word: WatchWord) -> None:
        """Watch for a word, or otherwise than before."""
        values = {
            "unit": word.unit,
            "word": watch_key(word.word),
            "level": int(word.level),
            "document": _WATCH_WORDS.pack(word),
        }
        await put(self._db, watch_words, values)

    async def take(self, unit: AreaCode, word: str) -> bool:
        """Watch for a word no longer; say whether it was watched."""
        c = watch_words.c
        done = await self._db.execute(watch_words.delete().where(c.unit == unit, c.word == watch_key(word)))
        return done.rowcount == 1

    async def of(self, units: Collection[AreaCode]) -> tuple[WatchWord, ...]:
        """Return the words of these tables, by unit and word."""
        c = watch_words.c
        query = select(c.document).where(c.unit.in_(list(units))).order_by(c.unit, c.word)
        return tuple(_WATCH_WORDS.unpack(row.document) for row in await self._db.execute(query))


class SqlNotices:
    """A NoticeStore."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection

    async def add(self, notice: Notice) -> Notice:
        """Keep a notice; return it with its number."""
        values = {
            "account": notice.account,
            "bulletin": notice.bulletin,
            "version": notice.version,
            "words": notice.words,
            "at_ms": to_ms(notice.at),
            "seen_ms": to_ms(notice.seen_at),
        }
        row = (await self._db.execute(notices.insert().values(values).returning(*notices.c))).one()
        return _notice(row)

    async def of(self, account: str, *, unseen: bool, limit: int) -> tuple[Notice, ...]:
        """Return what an account was told, the newest first."""
        c = notices.c
        query = select(notices).where(c.account == account).order_by(c.n.desc()).limit(limit)
        if unseen:
            query = query.where(c.seen_ms.is_(None))
        return tuple(_notice(row) for row in await self._db.execute(query))

    async def see(self, account: str, until: int, at: datetime) -> int:
        """Note that an account has seen everything up to number `until`; return how many that were."""
        c = notices.c
        mine = (c.account == account) & (c.n <= until) & c.seen_ms.is_(None)
        return (await self._db.execute(update(notices).where(mine).values(seen_ms=to_ms(at)))).rowcount


class SqlDelegations:
    """A DelegationStore."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection

    async def put(self, delegation: Delegation) -> None:
        """Keep a delegation as it is now."""
        values = {
            "id": delegation.id,
            "unit": delegation.unit,
            "leader": delegation.leader,
            "deputy": delegation.deputy,
            "since_ms": to_ms(delegation.since),
            "until_ms": to_ms(delegation.until),
            "revoked_ms": to_ms(delegation.revoked_at),
            "document": _DELEGATIONS.pack(delegation),
        }
        await put(self._db, delegations, values)

    async def get(self, id: str) -> Delegation | None:  # noqa: A002 - the port's name
        """Return a delegation."""
        c = delegations.c
        row = (await self._db.execute(select(c.document).where(c.id == id))).first()
        return _DELEGATIONS.unpack(row.document) if row else None

    async def to(self, deputy: str, at: datetime) -> tuple[Delegation, ...]:
        """Return what somebody stands in for at a moment, the one that began first at the head."""
        c, ms = delegations.c, to_ms(at)
        now = (c.deputy == deputy) & (c.since_ms <= ms) & (c.until_ms > ms)
        query = select(c.document).where(now, (c.revoked_ms.is_(None)) | (c.revoked_ms > ms))
        rows = await self._db.execute(query.order_by(c.since_ms, c.id))
        return tuple(_DELEGATIONS.unpack(row.document) for row in rows)

    async def of(self, units: Collection[AreaCode]) -> tuple[Delegation, ...]:
        """Return all delegations of these units, the one that begins last at the head."""
        c = delegations.c
        query = select(c.document).where(c.unit.in_(list(units))).order_by(c.since_ms.desc(), c.id)
        return tuple(_DELEGATIONS.unpack(row.document) for row in await self._db.execute(query))


class SqlHeard:
    """When items of programmes began to sound."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection

    async def starts(self, programme: ContentId) -> tuple[tuple[str, datetime], ...]:
        """Return the items of a programme that were heard somewhere, each with the moment of the first."""
        c = as_runs.c
        heard = c.item.startswith(f"{programme}-", autoescape=True) & (c.outcome != "missed")
        query = select(c.item, func.min(c.start_ms).label("first")).where(heard).group_by(c.item)
        return tuple((row.item, from_ms(row.first)) for row in await self._db.execute(query.order_by("first")))


def watch_key(word: str) -> str:
    """Return a watched word as it is kept apart from others."""
    return " ".join(composed(word).lower().split())


def _comment(row: Row[Any]) -> Comment:
    return Comment(
        n=row.n,
        bulletin=ContentId(row.bulletin),
        version=row.version,
        account=row.account,
        at=from_ms(row.at_ms),
        text=row.text,
    )


def _change(row: Row[Any]) -> Change:
    return Change(
        n=row.n,
        unit=AreaCode(row.unit),
        word=Word(written=row.written, spoken=row.spoken, after=row.after, before=row.before),
        account=row.account,
        at=from_ms(row.at_ms),
        why=row.why,
    )


def _notice(row: Row[Any]) -> Notice:
    return Notice(
        n=row.n,
        account=row.account,
        bulletin=ContentId(row.bulletin),
        version=row.version,
        words=row.words,
        at=from_ms(row.at_ms),
        seen_at=from_ms(row.seen_ms),
    )
