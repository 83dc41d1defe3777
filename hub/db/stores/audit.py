"""The audit, in which nothing is ever changed: the database itself refuses UPDATE and DELETE."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.auth.audit import AuditEntry, append
from hub.db.rows import from_ms, to_ms
from hub.db.tables.people import audit

PAGE = 500


class SqlAudit:
    """The audit inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection

    async def add(
        self,
        *,
        at: datetime,
        actor: str,
        unit: str,
        act: str,
        subject: str,
        detail: Mapping[str, object] | None = None,
    ) -> AuditEntry:
        """Append an entry to the chain and return it."""
        if self._db.dialect.name == "postgresql":  # one writer at a time; SQLite has no more than one
            await self._db.execute(text("LOCK TABLE audit IN EXCLUSIVE MODE"))
        entry = append(await self.last(), at=at, actor=actor, unit=unit, act=act, subject=subject, detail=detail)
        await self._db.execute(audit.insert().values(_values(entry)))
        return entry

    async def last(self) -> AuditEntry | None:
        """Return the newest entry."""
        row = (await self._db.execute(select(audit).order_by(audit.c.n.desc()).limit(1))).first()
        return _entry(row) if row else None

    async def newest(self, limit: int, *, before: int | None = None) -> list[AuditEntry]:
        """Return entries, newest first, numbered below `before`."""
        query = select(audit).order_by(audit.c.n.desc()).limit(limit)
        if before is not None:
            query = query.where(audit.c.n < before)
        return [_entry(row) for row in await self._db.execute(query)]

    async def all(self) -> AsyncIterator[AuditEntry]:
        """Yield every entry in order, a page at a time."""
        n = 0
        while rows := (
            await self._db.execute(select(audit).where(audit.c.n > n).order_by(audit.c.n).limit(PAGE))
        ).all():
            for row in rows:
                yield _entry(row)
            n = rows[-1].n


def _values(entry: AuditEntry) -> dict[str, object]:
    return {
        "n": entry.n,
        "at_ms": to_ms(entry.at),
        "actor": entry.actor,
        "unit": entry.unit,
        "act": entry.act,
        "subject": entry.subject,
        "detail": entry.detail,
        "prev_hash": entry.prev_hash,
        "hash": entry.hash,
    }


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        n=row.n,
        at=from_ms(row.at_ms),
        actor=row.actor,
        unit=row.unit,
        act=row.act,
        subject=row.subject,
        detail=row.detail,
        prev_hash=row.prev_hash,
        hash=row.hash,
    )
