"""The tests' own instruments: the real servers answer, and what is watched in every test is seen."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import asyncpg

from tests.servers.chromium import OpenPage
from tests.servers.postgres import Postgres

ROOT = Path(__file__).parents[1]

# Each of these must fail, and for its own reason.
OFFENDERS = """
import asyncio, logging
from pathlib import Path

import pytest

from hub.broker import EmbeddedBroker

left = []


def test_bad_log():
    logging.getLogger("hub.somewhere").debug("%d devices", "many")


async def test_blocks(tmp_path):
    EmbeddedBroker(data_dir=tmp_path)._write_config()


async def test_leaves_a_task():
    left.append(asyncio.create_task(asyncio.Event().wait(), name="left behind"))


@pytest.mark.blocking_allowed
async def test_blocks_with_leave(tmp_path):
    EmbeddedBroker(data_dir=tmp_path)._write_config()
"""


async def test_a_database_is_empty_and_real(postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    try:
        tables = await connection.fetch("select * from pg_tables where schemaname = 'public'")
        lowered = await connection.fetchval("select lower('ĐƯỜNG Ố')")
    finally:
        await connection.close()
    assert tables == []
    assert lowered == "đường ố"


async def test_two_databases_of_one_test_run_do_not_see_each_other(postgres: Postgres, postgres_url: str) -> None:
    await _run(postgres_url, "create table mine (id int)")
    other = postgres.database()
    url = await asyncio.to_thread(other.__enter__)
    try:
        assert await _run(url, "select count(*) from pg_tables where tablename = 'mine'") == 0
        assert await _run(postgres_url, "select count(*) from pg_tables where tablename = 'mine'") == 1
    finally:
        await asyncio.to_thread(other.__exit__, None, None, None)


async def _run(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_a_page_of_the_asked_width_shows_vietnamese(open_page: OpenPage) -> None:
    page = await open_page(width=360, height=640)
    await page.set_content("<p>Truyền thanh cơ sở</p>")
    assert await page.inner_text("p") == "Truyền thanh cơ sở"
    assert await page.evaluate("innerWidth") == 360


def test_bad_log_calls_blocking_calls_and_tasks_left_behind_fail_their_test(tmp_path: Path) -> None:
    offenders = tmp_path / "test_offenders.py"
    offenders.write_text(OFFENDERS, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-c", ROOT / "pyproject.toml", offenders],
        cwd=ROOT,
        env=os.environ | {"LOA_SEED": "7"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    blamed = set(re.findall(r"^(?:FAILED|ERROR) \S*::(\w+) - (\w+)", done.stdout, re.MULTILINE))
    assert blamed == {
        ("test_bad_log", "TypeError"),
        ("test_bad_log", "AssertionError"),
        ("test_blocks", "blockbuster"),
        ("test_leaves_a_task", "AssertionError"),
    }, done.stdout
    assert "LOA_SEED=7" in done.stdout
