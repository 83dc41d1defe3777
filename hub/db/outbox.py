"""The outbox: what must be published is committed with the change that caused it, and sent after."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from sqlalchemy import Row, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from devices.protocol.ids import AssetDigest
from hub.db.tables.wire import desired, outbox, sequences
from hub.db.upsert import insert_for, put

Reseal = Callable[[str, bytes], bytes]  # topic, payload -> payload
KEEP_SENT_MS = 86_400_000  # a day: long enough to see what happened last night

Place = tuple[int, str]  # a lane and a topic


class Lane(IntEnum):
    """Who goes first.  Each lane has its own connection, so nothing of another can stand before it."""

    EMERGENCY = 0
    COMMAND = 1
    PLAN = 2
    SOUND = 3  # the audio of emergencies, right behind them: a megabyte must not stand before the next alert


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
        if message.retain:
            await self._supersede(message.topic, n, message.created_ms)
            await put(self._db, desired, {name: values[name] for name in ("topic", "payload", "lane", "not_after_ms")})
        self.added.append(replace(message, n=n))

    async def _supersede(self, topic: str, n: int, now_ms: int) -> None:
        """Take from the queue what an earlier message would have left standing at the broker.

        Sent late, after a failure or a restart, it would stand in place of the newer one: an alert that is over.
        """
        c = outbox.c
        older = (c.topic == topic) & (c.retain == 1) & c.sent_ms.is_(None) & (c.n < n)
        await self._db.execute(update(outbox).where(older).values(sent_ms=now_ms))
        self.added = [message for message in self.added if not (message.retain and message.topic == topic)]

    async def say_again(
        self, now_ms: int, *, after: Place | None = None, limit: int = 200, reseal: Reseal | None = None
    ) -> Place | None:
        """Put what should stand at a broker that has forgotten it in once more, emergencies first, `limit` at a time.

        `reseal` changes each payload by its topic: under another key when the old one ends.  Return where to go on
        (`after`), None at the end: thousands at once would keep everybody else from writing.
        """
        c = desired.c
        query = select(desired).where(c.not_after_ms > now_ms).order_by(c.lane, c.topic).limit(limit)
        if after is not None:
            query = query.where(tuple_(c.lane, c.topic) > after)
        rows = (await self._db.execute(query)).all()
        for row in rows:
            message = _standing(row, now_ms)
            payload = reseal(message.topic, message.payload) if reseal else message.payload
            await self.add(replace(message, payload=payload))
        return (rows[-1].lane, rows[-1].topic) if len(rows) == limit else None

    async def repeat(self, topic: str, now_ms: int) -> bool:
        """Put in once more what should stand on a retained topic; return whether there is anything that may."""
        row = (await self._db.execute(select(desired).where(desired.c.topic == topic))).first()
        if row is None or row.not_after_ms <= now_ms:
            return False
        await self.add(_standing(row, now_ms))
        return True

    async def said(self, topic: str, *, until_ms: int = 0) -> bytes | None:
        """Return what should stand at the broker on a retained topic, if it is valid for longer than `until_ms`."""
        query = select(desired.c.payload).where(desired.c.topic == topic, desired.c.not_after_ms > until_ms)
        row = (await self._db.execute(query)).first()
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
        """Note that the broker has these, or that nobody needs them any more."""
        for some in _slices(sorted(numbers), 500):
            await self._db.execute(update(outbox).where(outbox.c.n.in_(some)).values(sent_ms=now_ms))

    async def forget(self, now_ms: int) -> int:
        """Remove what was sent long ago or can no longer be obeyed; return how many."""
        await self._db.execute(desired.delete().where(desired.c.not_after_ms <= now_ms))
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


def _standing(row: Row[Any], now_ms: int) -> Outgoing:
    return Outgoing(
        lane=Lane(row.lane),
        topic=row.topic,
        payload=bytes(row.payload),
        retain=True,
        created_ms=now_ms,
        not_after_ms=row.not_after_ms,
    )


def _outgoing(row: Row[Any]) -> Outgoing:
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
