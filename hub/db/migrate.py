"""The schema: where it is, where it should be, and how it gets there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.db.engine import lock_writers
from hub.db.tables import everything

FOLDER = Path(__file__).parent / "migrations"


class BrokenReferences(Exception):
    """The upgrade would have left rows that refer to nothing; nothing was changed."""


def config(connection: Connection | None = None) -> Config:
    """Return Alembic's settings; no file of ours is needed."""
    settings = Config()
    settings.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    settings.attributes["connection"] = connection
    return settings


def head() -> str:
    """Return the revision this program needs."""
    return str(ScriptDirectory.from_config(config()).get_current_head())


async def current(engine: AsyncEngine) -> str | None:
    """Return the revision of the database; None while it is empty."""
    async with engine.connect() as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


async def upgrade(engine: AsyncEngine, to: str = "head") -> None:
    """Bring the database to `to`, in one transaction: all the way or not at all.  Nothing is done when it is there."""
    async with _open(engine) as connection, connection.begin():
        await lock_writers(connection)  # two hubs that start together upgrade one after the other
        await connection.run_sync(lambda sync: command.upgrade(config(sync), to))
        if connection.dialect.name == "sqlite":
            torn = (await connection.exec_driver_sql("PRAGMA foreign_key_check")).all()
            if torn:
                raise BrokenReferences(f"{len(torn)} rows refer to what is not there, the first in {torn[0][0]}")


@asynccontextmanager
async def _open(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection to migrate over.  SQLite changes a table by making it anew, which references must not notice."""
    async with engine.execution_options(writes=True).connect() as connection:
        if connection.dialect.name != "sqlite":
            yield connection
            return
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None  # noqa: S101 - for the type checker: an open connection has a driver's
        await driver.execute("PRAGMA foreign_keys=OFF")  # inside a transaction it would do nothing
        try:
            yield connection
        finally:
            await driver.execute("PRAGMA foreign_keys=ON")


async def differences(engine: AsyncEngine) -> list[object]:
    """Return how the database differs from the tables in the code; empty when the migrations are complete."""
    async with engine.connect() as connection:
        return await connection.run_sync(
            lambda sync: list(compare_metadata(MigrationContext.configure(sync), everything()))
        )
