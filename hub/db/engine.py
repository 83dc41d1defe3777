"""The engine: SQLite in WAL mode, or PostgreSQL, behind one way to open a transaction.

WriterBusy      the turn to write did not come in time; trying again helps
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from hub.db.turns import Turns

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",  # readers do not wait for the writer
    "PRAGMA synchronous=FULL",  # a committed message survives a power cut
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=10000",  # another process (a backup, a command line) may write for a moment
)
POSTGRES_SETTINGS = {
    "application_name": "loa",
    "lock_timeout": "30000",  # another hub on this database that hangs must not make us hang
    "idle_in_transaction_session_timeout": "60000",  # and the one that hangs lets go
}
WRITER_KEY = 0x6C6F6101  # any number that all hubs on one database share: "loa", 1
WRITE_WITHIN_S = 30.0  # every transaction is over in a fraction of a second; longer is an error that must be seen


class WriterBusy(Exception):
    """The turn to write did not come in time."""


def open_engine(url: str) -> AsyncEngine:
    """Return the engine of `url`; the folder of a SQLite file is made."""
    if not url.startswith("sqlite"):
        settings: dict[str, Any] = {"server_settings": POSTGRES_SETTINGS}
        return create_async_engine(url, pool_size=10, max_overflow=10, pool_pre_ping=True, connect_args=settings)
    Path(url.partition(":///")[2]).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(url, pool_size=8)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # The driver's own idea of a transaction begins at the first INSERT: reads before it and all DDL would be outside.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in SQLITE_PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class Database:
    """Opens transactions.  Writers take turns, on every database and across processes: no deadlock, no lost update.

    What a flow reads in its transaction therefore still holds when it writes.  `urgent` goes before all who wait.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._writing = engine.execution_options(writes=True)
        self._turns = Turns()

    @asynccontextmanager
    async def write(self, *, urgent: bool = False) -> AsyncIterator[AsyncConnection]:
        """One transaction: all of it or nothing.  Raises WriterBusy."""
        async with self._turn(urgent=urgent), self._writing.begin() as connection:
            await lock_writers(connection)
            yield connection

    @asynccontextmanager
    async def _turn(self, *, urgent: bool) -> AsyncIterator[None]:
        turn = self._turns.turn(urgent=urgent, timeout_s=WRITE_WITHIN_S)
        try:
            await turn.__aenter__()
        except TimeoutError as exc:
            raise WriterBusy(f"no turn to write within {WRITE_WITHIN_S} s, {self._turns.waiting} wait") from exc
        try:
            yield
        finally:
            await turn.__aexit__(None, None, None)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that only reads."""
        async with self.engine.connect() as connection:
            yield connection

    async def close(self) -> None:
        """Give all connections back."""
        await self.engine.dispose()


async def lock_writers(connection: AsyncConnection) -> None:
    """Let nobody else write until this transaction ends; on SQLite BEGIN IMMEDIATE has done that."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITER_KEY})
