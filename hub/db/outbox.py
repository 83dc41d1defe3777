"""The outbox: what must be published is committed with the change that caused it, and sent after."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from devices.protocol.ids import AssetDigest
from hub.db.tables.wire import desired, outbox, sequences
from hub.db.upsert import insert_for, put

KEEP_SENT_MS = 86_400_000  # a day: long enough to see what happened last night


class Lane(IntEnum):
    """Who goes first.  Each lane has its own connection, so nothing of another can stand before it."""

    EMERGENCY = 0
    COMMAND = 1
    PLAN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One thing to send: a message, or (`digest`) a sound pushed to the area in `topic`."""

    lane: Lane
    topic: str
    payload: bytes = b""
    digest: AssetDigest | None = None
    qos: int = 1
    retain: bool = False
    created_ms: int
    not_after_ms: int
    n: int = 0  # given by the outbox


class Outbox:
    """The outbox inside one transaction.  `added` is what this transaction has put in."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection
        self.added: list[Outgoing] = []

    async def add(self, message: Outgoing) -> None:
        """Put `message` in; it leaves after the commit."""
        values = {
            "lane": int(message.lane),
            "topic": message.topic,
            "payload": message.payload,
            "digest": message.digest or "",
            "qos": message.qos,
            "retain": int(message.retain),
            "created_ms": message.created_ms,
            "not_after_ms": message.not_after_ms,
        }
        n = (await self._db.execute(outbox.insert().values(values).returning(outbox.c.n))).scalar_one()
        self.added.append(replace(message, n=n))
        if message.retain:
            await put(self._db, desired, {name: values[name] for name in ("topic", "payload", "lane", "not_after_ms")})

    async def say_again(self, now_ms: int) -> int:
        """Put everything retained in once more, for a broker that has forgotten it; return how many messages."""
        rows = (await self._db.execute(select(desired).where(desired.c.not_after_ms > now_ms))).all()
        for row in rows:
            message = Outgoing(
                lane=Lane(row.lane),
                topic=row.topic,
                payload=bytes(row.payload),
                retain=True,
                created_ms=now_ms,
                not_after_ms=row.not_after_ms,
            )
            await self.add(message)
        return len(rows)

    async def said(self, topic: str) -> bytes | None:
        """Return what should stand at the broker on a retained topic."""
        row = (await self._db.execute(select(desired.c.payload).where(desired.c.topic == topic))).first()
        return bytes(row.payload) if row else None

    async def waiting(self, lane: Lane, *, after: int = 0, limit: int = 200) -> list[Outgoing]:
        """Return what has not been sent in `lane`, oldest first, numbered above `after`."""
        query = (
            select(outbox)
            .where(outbox.c.lane == int(lane), outbox.c.sent_ms.is_(None), outbox.c.n > after)
            .order_by(outbox.c.n)
            .limit(limit)
        )
        return [_outgoing(row) for row in await self._db.execute(query)]

    async def backlog(self, now_ms: int) -> tuple[int, int | None]:
        """Return how much waits to be sent and may still be obeyed, and since when the oldest of it does."""
        c = outbox.c
        waiting = c.sent_ms.is_(None) & (c.not_after_ms > now_ms)
        row = (await self._db.execute(select(func.count(), func.min(c.created_ms)).where(waiting))).one()
        return int(row[0]), row[1]

    async def sent(self, numbers: Iterable[int], now_ms: int) -> None:
        """Note that the broker has these."""
        for some in _slices(sorted(numbers), 500):
            await self._db.execute(update(outbox).where(outbox.c.n.in_(some)).values(sent_ms=now_ms))

    async def forget(self, now_ms: int) -> int:
        """Remove what was sent long ago or can no longer be obeyed; return how many."""
        old = (outbox.c.sent_ms < now_ms - KEEP_SENT_MS) | (
            outbox.c.sent_ms.is_(None) & (outbox.c.not_after_ms <= now_ms)
        )
        return (await self._db.execute(outbox.delete().where(old))).rowcount

    async def next_sequence(self, name: str, now_ms: int) -> int:
        """Return the next number of `name`: above all before it, and not below `now_ms`.

        The clock is a floor so that a hub restored from an old backup does not speak in numbers already used.
        """
        greatest = func.max if self._db.dialect.name == "sqlite" else func.greatest
        statement = insert_for(self._db, sequences).values(name=name, value=now_ms)
        statement = statement.on_conflict_do_update(
            index_elements=[sequences.c.name], set_={"value": greatest(sequences.c.value + 1, now_ms)}
        )
        return int((await self._db.execute(statement.returning(sequences.c.value))).scalar_one())


def _outgoing(row: Row[tuple[object, ...]]) -> Outgoing:
    return Outgoing(
        n=row.n,
        lane=Lane(row.lane),
        topic=row.topic,
        payload=bytes(row.payload),
        digest=AssetDigest(row.digest) if row.digest else None,
        qos=row.qos,
        retain=bool(row.retain),
        created_ms=row.created_ms,
        not_after_ms=row.not_after_ms,
    )


def _slices(numbers: Sequence[int], size: int) -> Iterable[Sequence[int]]:
    return (numbers[at : at + size] for at in range(0, len(numbers), size))
