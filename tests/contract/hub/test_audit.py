"""The audit: appended, chained, and guarded by the database itself against everything else."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import DBAPIError

from hub.auth.audit import Head, verify
from hub.db.transaction import Store

NOW = datetime(2026, 8, 13, 1, 0, 0, 123_456, tzinfo=UTC)
FORGED = (
    "(n, at_ms, actor, unit, act, subject, detail, prev_hash, hash) "
    "VALUES ({n}, 0, 'x', 'x', 'x', 'x', '{{}}', '{prev}', 'x')"
)


@pytest.fixture
async def written(store: Store) -> Store:
    for number in range(3):
        async with store.write() as tx:
            await tx.audit.add(
                at=NOW, actor="a-hoa", unit="20669", act="bulletin.approve", subject=f"b-{number}", detail={"á": number}
            )
    return store


async def entries(store: Store) -> list:
    async with store.read() as tx:
        return [entry async for entry in tx.audit.all()]


async def test_entries_are_chained_and_read_back_byte_for_byte(written: Store) -> None:
    found = await entries(written)
    assert [entry.n for entry in found] == [1, 2, 3]
    assert found[0].detail == '{"á":0}'
    assert verify(found) is None
    assert verify(found, head=Head(n=3, hash=found[-1].hash)) is None
    async with written.read() as tx:
        assert await tx.audit.last() == found[-1]
        assert [entry.n for entry in await tx.audit.newest(2)] == [3, 2]
        assert [entry.n for entry in await tx.audit.newest(5, before=3)] == [2, 1]


EVERYWHERE = (
    "UPDATE audit SET actor = 'a-lan' WHERE n = 2",
    "UPDATE audit SET actor = actor",
    "DELETE FROM audit WHERE n = 3",
    "DELETE FROM audit",
    f"INSERT INTO audit {FORGED.format(n=2, prev='x')}",
    f"INSERT INTO audit {FORGED.format(n=9, prev='x')}",
    f"INSERT INTO audit {FORGED.format(n=4, prev='0' * 64)}",
    f"INSERT INTO audit {FORGED.format(n=2, prev='y')} ON CONFLICT (n) DO UPDATE SET actor = 'x'",
    f"INSERT INTO audit {FORGED.format(n=1, prev='0' * 64)} ON CONFLICT (n) DO UPDATE SET actor = 'x'",
)
ONLY_THERE = {
    "sqlite": (
        # REPLACE deletes without asking the trigger of DELETE
        f"INSERT OR REPLACE INTO audit {FORGED.format(n=2, prev='y')}",
        f"REPLACE INTO audit {FORGED.format(n=4, prev='0' * 64)}",
    ),
    "postgresql": ("TRUNCATE audit", "TRUNCATE audit CASCADE", "UPDATE audit SET actor = 'x' WHERE n = 99"),
}


async def test_the_database_refuses_every_change(written: Store) -> None:
    before = await entries(written)
    for statement in (*EVERYWHERE, *ONLY_THERE[written.db.engine.dialect.name]):
        with pytest.raises(DBAPIError, match=r"append-only|uq_audit"):
            async with written.db.write() as connection:
                await connection.exec_driver_sql(statement)
        assert await entries(written) == before, statement


async def test_what_was_not_committed_leaves_no_gap(written: Store) -> None:
    with pytest.raises(RuntimeError):
        async with written.write() as tx:
            await tx.audit.add(at=NOW, actor="a", unit="48", act="x", subject="")
            raise RuntimeError
    async with written.write() as tx:
        assert (await tx.audit.add(at=NOW, actor="a", unit="48", act="x", subject="")).n == 4
    assert verify(await entries(written)) is None
