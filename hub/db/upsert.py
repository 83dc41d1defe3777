"""One way to say "insert, or replace what has this key" on both databases."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

ROWS_AT_ONCE = 500  # few enough that the loop gets its turn, many enough that a province is a dozen statements


def insert_for(connection: AsyncConnection, table: Table) -> SqliteInsert | PostgresqlInsert:
    """Return the INSERT of this database, which knows ON CONFLICT."""
    return insert_sqlite(table) if connection.dialect.name == "sqlite" else insert_postgresql(table)


async def put(connection: AsyncConnection, table: Table, values: Mapping[str, object]) -> None:
    """Insert `values`, or replace the row with the same primary key."""
    keys = [column.name for column in table.primary_key.columns]
    rest = {name: value for name, value in values.items() if name not in keys}
    statement = insert_for(connection, table).values(dict(values))
    if rest:
        await connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=rest))
    else:
        await connection.execute(statement.on_conflict_do_nothing(index_elements=keys))


async def put_many(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """The same for many rows of equal columns, a few hundred a statement."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key.columns]
    statement = insert_for(connection, table)
    rest = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    statement = statement.on_conflict_do_update(index_elements=keys, set_=rest)
    for at in range(0, len(rows), ROWS_AT_ONCE):
        await connection.execute(statement, [dict(row) for row in rows[at : at + ROWS_AT_ONCE]])


async def add_new(connection: AsyncConnection, table: Table, values: Mapping[str, object]) -> bool:
    """Insert `values` unless a row with the same primary key is there; return whether it was new."""
    keys = [column.name for column in table.primary_key.columns]
    statement = insert_for(connection, table).values(dict(values)).on_conflict_do_nothing(index_elements=keys)
    return (await connection.execute(statement)).rowcount == 1
