"""The real stores, as the suites of the ports want them: each call in a transaction of its own."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hub.db.engine import Database, open_engine
from hub.db.migrate import upgrade
from hub.db.transaction import Store
from tests.servers.postgres import Postgres


class EachInItsOwn:
    """A store of a Transaction, by name; every method opens a transaction and commits it."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._name = name

    def __getattr__(self, method: str) -> Callable[..., Any]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            async with self._store.write() as tx:
                return await getattr(getattr(tx, self._name), method)(*args, **kwargs)

        return call


async def _migrate(url: str) -> None:
    engine = open_engine(url)
    await upgrade(engine)
    await engine.dispose()


@dataclass(frozen=True, kw_only=True)
class Templates:
    """Migrated, empty databases to copy."""

    sqlite: Path
    postgres: Postgres
    postgres_name: str


@contextmanager
def open_templates(postgres: Postgres, folder: Path) -> Iterator[Templates]:
    """Make the templates; call it where no loop runs."""
    asyncio.run(_migrate(f"sqlite+aiosqlite:///{folder / 'loa.db'}"))
    with postgres.database() as url:
        asyncio.run(_migrate(url))
        yield Templates(sqlite=folder / "loa.db", postgres=postgres, postgres_name=url.rpartition("/")[2])


@asynccontextmanager
async def open_store(templates: Templates, kind: str, tmp_path: Path) -> AsyncIterator[Store]:
    """A store over an empty, migrated database of `kind`: sqlite or postgres."""
    if kind == "sqlite":
        await asyncio.to_thread(shutil.copyfile, templates.sqlite, tmp_path / "loa.db")
        async with _opened(f"sqlite+aiosqlite:///{tmp_path / 'loa.db'}", tmp_path) as store:
            yield store
        return
    entered = templates.postgres.database(template=templates.postgres_name)
    url = await asyncio.to_thread(entered.__enter__)
    try:
        async with _opened(url, tmp_path) as store:
            yield store
    finally:
        await asyncio.to_thread(entered.__exit__, None, None, None)


@asynccontextmanager
async def _opened(url: str, tmp_path: Path) -> AsyncIterator[Store]:
    db = Database(await asyncio.to_thread(open_engine, url))
    try:
        yield Store(db, tmp_path / "assets")
    finally:
        await db.close()


def factories(made: Callable[[Callable[[str], Any]], Any], memory: Any) -> dict[str, Any]:
    """Return the factories of a suite: in memory, over SQLite, and over a real PostgreSQL.

    `made` builds the suite's Stores from a function that gives each store by its name in a Transaction.
    """

    def over(kind: str) -> Any:
        @asynccontextmanager
        async def factory(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
            async with open_store(
                request.getfixturevalue("templates"), kind, request.getfixturevalue("tmp_path")
            ) as store:
                yield made(lambda name: EachInItsOwn(store, name))

        return factory

    return {"memory": memory, "sqlite": over("sqlite"), "postgres": over("postgres")}
