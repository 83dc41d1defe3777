"""The schema: complete, reached from any version in one step, and never half-way."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic import op
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from content.model import Subject
from hub.db import migrate
from hub.db.engine import Database, open_engine
from hub.db.outbox import Lane, Outgoing
from hub.db.transaction import Store

pytestmark = pytest.mark.blocking_allowed  # migrations are files; they run before anything else lives

V1_ROWS = (
    (
        "INSERT INTO outbox (n, lane, topic, payload, qos, retain, created_ms, not_after_ms) "
        "VALUES (7, 0, 'loa/1/area/48/override', 'bytes', 1, 1, 1, 2000000000000)"
    ),
    "INSERT INTO audit VALUES (1, 0, 'a', '48', 'x', '', '{}', 'first', 'h')",
    "INSERT INTO accounts VALUES ('a-hoa', 'hoa', 'Hòa', '', 0, 1, NULL)",
    "INSERT INTO grants VALUES ('a-hoa', 'operator', '48', NULL, 1)",
)


@pytest.fixture(params=["sqlite", "postgres"])
async def empty(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'loa.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    engine = await asyncio.to_thread(open_engine, url)
    yield engine
    await engine.dispose()


async def rows(engine: AsyncEngine, table: str) -> int:
    async with engine.connect() as connection:
        return (await connection.execute(select(func.count()).select_from(text(table)))).scalar_one()


async def test_an_empty_database_gets_every_table_as_the_code_has_it(empty: AsyncEngine) -> None:
    assert await migrate.current(empty) is None
    await migrate.upgrade(empty)
    assert await migrate.current(empty) == migrate.head()
    assert await migrate.differences(empty) == []
    await migrate.upgrade(empty)
    assert await migrate.differences(empty) == []


async def test_a_database_of_the_version_before_is_upgraded_with_all_it_holds(
    empty: AsyncEngine, tmp_path: Path
) -> None:
    await migrate.upgrade(empty, "0001")
    async with Database(empty).write() as connection:
        for statement in V1_ROWS:
            if empty.dialect.name == "postgresql":
                statement = statement.replace("'bytes'", "'\\x6279746573'")  # noqa: PLW2901
            else:
                statement = statement.replace("'bytes'", "x'6279746573'")  # noqa: PLW2901
            await connection.exec_driver_sql(statement)
    await migrate.upgrade(empty)
    assert await migrate.differences(empty) == []
    store = Store(Database(empty), tmp_path)
    async with store.write() as tx:
        (kept,) = await tx.outbox.waiting(Lane.EMERGENCY)
        assert (kept.n, kept.payload) == (7, b"bytes")
        await tx.outbox.add(
            Outgoing(lane=Lane.SOUND, topic="48", digest="ab", created_ms=1, not_after_ms=2)  # type: ignore[arg-type]
        )
        assert (await tx.outbox.waiting(Lane.SOUND))[0].digest == "ab"
        assert len(await tx.people.grants()) == 1
    assert await rows(empty, "audit") == 1


async def test_an_upgrade_that_fails_leaves_the_version_before_whole(
    empty: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate.upgrade(empty, "0001")
    before = str(await migrate.differences(empty))

    def power_cut(*_args: object, **_more: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(op, "create_index", power_cut)  # in the middle of the second version
        with pytest.raises(RuntimeError, match="power cut"):
            await migrate.upgrade(empty)
    assert await migrate.current(empty) == "0001"
    assert str(await migrate.differences(empty)) == before
    await migrate.upgrade(empty)
    assert await migrate.differences(empty) == []


async def test_two_hubs_that_start_at_once_upgrade_once(empty: AsyncEngine) -> None:
    async with asyncio.timeout(60):
        await asyncio.gather(*(migrate.upgrade(empty) for _ in range(3)))
    assert await migrate.differences(empty) == []


async def test_references_hold_again_after_an_upgrade(empty: AsyncEngine) -> None:
    await migrate.upgrade(empty)
    if empty.dialect.name == "sqlite":
        async with empty.connect() as connection:
            assert (await connection.exec_driver_sql("PRAGMA foreign_keys")).scalar_one() == 1
            assert (await connection.exec_driver_sql("PRAGMA journal_mode")).scalar_one() == "wal"
            assert (await connection.exec_driver_sql("PRAGMA synchronous")).scalar_one() == 2
    else:
        async with empty.connect() as connection:
            assert (await connection.exec_driver_sql("SHOW lock_timeout")).scalar_one() == "30s"


async def test_bulletins_written_before_there_was_a_search_are_found(empty: AsyncEngine, tmp_path: Path) -> None:
    await migrate.upgrade(empty, "0002")
    document = (
        '{"id":"b-1","unit":"20669","title":"Cắt điện","text":"Thứ Năm","service_class":"normal","subject":"utilities",'
        '"author":"an","editor":"an","created_at":"2026-08-13T01:00:00Z","updated_at":"2026-08-13T01:00:00Z"}'
    )
    async with Database(empty).write() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO bulletins (id, unit, stage, revision, author, editor, updated_ms, document) "  # noqa: S608 - ours
            f"VALUES ('b-1', '20669', 'draft', 1, 'an', 'an', 1786582800000, '{document}')"
        )
    await migrate.upgrade(empty)
    assert await migrate.differences(empty) == []
    async with Store(Database(empty), tmp_path).read() as tx:
        (found,) = await tx.bulletins.find(terms=("cat dien",), subjects=(Subject.UTILITIES,))
        assert await tx.bulletins.versions(found.id) == (found,)


async def test_the_lexicon_is_not_written_over(empty: AsyncEngine) -> None:
    await migrate.upgrade(empty)
    async with Database(empty).write() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO lexicon_changes VALUES (1, '48', 'BCH', 'x', '', '', 'an', 1, '')"
        )
    for statement in ("UPDATE lexicon_changes SET spoken = 'y'", "DELETE FROM lexicon_changes"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with Database(empty).write() as connection:
                await connection.exec_driver_sql(statement)
    assert await rows(empty, "lexicon_changes") == 1
