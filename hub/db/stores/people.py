"""Accounts, grants, sessions and wrong passwords."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from devices.areas import AreaCode
from hub.auth.lockout import NO_FAILURES, Counter, Failures
from hub.auth.model import Account, AccountId, Grant, Role
from hub.auth.sessions import Session, SessionDigest
from hub.db.rows import from_ms, to_ms
from hub.db.tables.people import accounts, failures, grants, sessions
from hub.db.upsert import put

AnyRow = Row[Any]


class SqlPeople:
    """People inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection

    async def put_account(self, account: Account) -> None:
        """Keep `account` as it is now."""
        await put(
            self._db,
            accounts,
            {
                "id": account.id,
                "login": account.login,
                "name": account.name,
                "password_hash": account.password_hash,
                "must_change_password": int(account.must_change_password),
                "created_ms": to_ms(account.created_at),
                "closed_ms": to_ms(account.closed_at),
            },
        )

    async def account(self, account_id: str) -> Account | None:
        """Return the account with this id."""
        row = (await self._db.execute(select(accounts).where(accounts.c.id == account_id))).first()
        return _account(row) if row else None

    async def account_by_login(self, login: str) -> Account | None:
        """Return the account that signs in with this name."""
        row = (await self._db.execute(select(accounts).where(accounts.c.login == login))).first()
        return _account(row) if row else None

    async def accounts(self) -> list[Account]:
        """Return all accounts by name."""
        return [_account(row) for row in await self._db.execute(select(accounts).order_by(accounts.c.name))]

    async def put_grant(self, grant: Grant) -> None:
        """Give a role in a unit."""
        await put(
            self._db,
            grants,
            {
                "account": grant.account,
                "role": grant.role,
                "unit": grant.unit,
                "granted_by": grant.granted_by,
                "granted_ms": to_ms(grant.granted_at),
            },
        )

    async def take_grant(self, account: str, role: Role, unit: str) -> None:
        """Take a role back."""
        c = grants.c
        await self._db.execute(grants.delete().where(c.account == account, c.role == str(role), c.unit == unit))

    async def grants_of(self, account: str) -> tuple[Grant, ...]:
        """Return what an account may be."""
        query = select(grants).where(grants.c.account == account).order_by(grants.c.unit, grants.c.role)
        return tuple(_grant(row) for row in await self._db.execute(query))

    async def grants(self) -> tuple[Grant, ...]:
        """Return all grants."""
        return tuple(_grant(row) for row in await self._db.execute(select(grants)))

    async def put_session(self, session: Session) -> None:
        """Keep `session` as it is now."""
        await put(
            self._db,
            sessions,
            {
                "digest": session.digest,
                "account": session.account,
                "started_ms": to_ms(session.started_at),
                "seen_ms": to_ms(session.seen_at),
                "confirmed_ms": to_ms(session.confirmed_at),
                "address": session.address,
                "ended_ms": to_ms(session.ended_at),
            },
        )

    async def touch_session(self, digest: str, seen_at: datetime) -> None:
        """Note that a session was seen; one that has been ended meanwhile stays ended."""
        c = sessions.c
        alive = (c.digest == digest) & c.ended_ms.is_(None)
        await self._db.execute(update(sessions).where(alive).values(seen_ms=to_ms(seen_at)))

    async def session(self, digest: str) -> Session | None:
        """Return the session stored under this digest."""
        row = (await self._db.execute(select(sessions).where(sessions.c.digest == digest))).first()
        return _session(row) if row else None

    async def end_sessions_of(self, account: str, now_ms: int) -> None:
        """End every open session of an account, at once."""
        c = sessions.c
        await self._db.execute(
            update(sessions).where(c.account == account, c.ended_ms.is_(None)).values(ended_ms=now_ms)
        )

    async def failures(self, counter: Counter, key: str) -> Failures:
        """Return how often in a row a sign-in failed."""
        c = failures.c
        row = (await self._db.execute(select(failures).where(c.counter == str(counter), c.key == key))).first()
        return Failures(count=row.times, last_at=from_ms(row.last_ms)) if row else NO_FAILURES

    async def forget(self, before: datetime) -> None:
        """Remove sessions and wrong passwords of which nothing was heard since a moment."""
        await self._db.execute(sessions.delete().where(sessions.c.seen_ms < to_ms(before)))
        await self._db.execute(failures.delete().where(failures.c.last_ms < to_ms(before)))

    async def put_failures(self, counter: Counter, key: str, found: Failures) -> None:
        """Keep the count; NO_FAILURES forgets it."""
        if found.last_at is None:
            c = failures.c
            await self._db.execute(failures.delete().where(c.counter == str(counter), c.key == key))
            return
        values = {"counter": str(counter), "key": key, "times": found.count, "last_ms": to_ms(found.last_at)}
        await put(self._db, failures, values)


def _account(row: AnyRow) -> Account:
    return Account(
        id=AccountId(row.id),
        login=row.login,
        name=row.name,
        password_hash=row.password_hash,
        must_change_password=bool(row.must_change_password),
        created_at=from_ms(row.created_ms),
        closed_at=from_ms(row.closed_ms),
    )


def _grant(row: AnyRow) -> Grant:
    return Grant(
        account=AccountId(row.account),
        role=Role(row.role),
        unit=AreaCode(row.unit),
        granted_by=AccountId(row.granted_by) if row.granted_by else None,
        granted_at=from_ms(row.granted_ms),
    )


def _session(row: AnyRow) -> Session:
    return Session(
        digest=SessionDigest(row.digest),
        account=AccountId(row.account),
        started_at=from_ms(row.started_ms),
        seen_at=from_ms(row.seen_ms),
        confirmed_at=from_ms(row.confirmed_ms),
        address=row.address,
        ended_at=from_ms(row.ended_ms),
    )
