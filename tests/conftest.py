"""What every test may ask for, and what is watched in every test."""

import asyncio
import importlib.util
import inspect
import logging
import os
import random
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest
from blockbuster import BlockBuster

from hub.bench import mosquitto as mosquitto_server
from hub.broker import EmbeddedBroker
from tests.fakes.sql import Templates, open_templates
from tests.servers import chromium as chromium_browser
from tests.servers.postgres import Postgres

OURS = ("devices", "content", "scheduler", "emergency", "firmware_sim", "hub")

# One number from which every random choice of a run follows; printed at the top, and again with a test that failed.
# Workers that share a run take it from their parent.
SEED = int(os.environ.setdefault("LOA_SEED", str(random.SystemRandom().randrange(2**32))))

# A shared two-core machine makes no promise about the time of one example.
hypothesis.settings.register_profile("loa", deadline=None, print_blob=True)
hypothesis.settings.load_profile("loa")


def pytest_report_header() -> str:
    return f"seed: LOA_SEED={SEED} (and --hypothesis-seed for Hypothesis)"


@pytest.fixture
def seed() -> int:
    print(f"LOA_SEED={SEED}")
    return SEED


@pytest.fixture
def rng(seed: int) -> random.Random:
    return random.Random(seed)


# Real servers.  Each ends with the test run, also when that is killed.


@pytest.fixture
def free_port() -> int:
    return mosquitto_server.free_port()


@pytest.fixture
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[mosquitto_server.Mosquitto]:
    """A Mosquitto that holds nothing yet: .host .port .kill() .stop() .start()"""
    with mosquitto_server.Mosquitto(tmp_path_factory.mktemp("mosquitto")) as running:
        yield running


@pytest.fixture
async def embedded_broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedBroker]:
    """The embedded broker, empty: .host .port .stop() .start()"""
    async with EmbeddedBroker(data_dir=tmp_path_factory.mktemp("broker")) as running:
        yield running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with Postgres() as running:
        yield running


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """An empty database, postgresql+asyncpg://…"""
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="session")
def templates(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Templates]:
    """Migrated, empty databases to copy; tests.fakes.sql.open_store opens a copy."""
    with open_templates(postgres, tmp_path_factory.mktemp("templates")) as made:
        yield made


@pytest.fixture(scope="session")
def chromium() -> Path:
    return chromium_browser.find_chromium()


@pytest.fixture
async def open_page(chromium: Path) -> AsyncIterator[chromium_browser.OpenPage]:
    """`page = await open_page(width=360)`; several pages share one browser."""
    async with chromium_browser.browser(chromium) as opened:
        yield opened


# Watched in every test.


class _Formatting(logging.Handler):
    """Formats every record of ours, also those that nobody would see."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.bad: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        try:
            record.getMessage()
        except Exception as exc:  # noqa: BLE001  that is what is looked for
            self.bad.append(f"{record.pathname}:{record.lineno}: {record.msg!r} % {record.args!r}: {exc}")


@pytest.fixture(autouse=True)
def every_log_call_is_well_formatted() -> Iterator[None]:
    watch = _Formatting()
    loggers = [logging.getLogger(name) for name in OURS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(watch)
        logger.setLevel(logging.DEBUG)
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(watch)
        logger.setLevel(level)
    assert not watch.bad, "\n".join(watch.bad)


@pytest.fixture(scope="session")
def _block_buster() -> BlockBuster:
    """Raises where our code, or a library that it called, blocks the event loop; what tests do themselves is theirs."""
    watch = BlockBuster(
        scanned_modules=[name for name in OURS if importlib.util.find_spec(name)],
        excluded_modules=["hub.bench.mosquitto"],  # a test stops and starts its own server when it likes
    )
    for function in watch.functions.values():
        # The zone's file is read once in a process, and is a few kilobytes.
        function.can_block_in("zoneinfo/_tzpath.py", "find_tzfile")
        function.can_block_in("zoneinfo/_common.py", "load_tzdata")
        function.can_block_in("<frozen importlib._bootstrap>", "_find_and_load")
        # asyncpg looks for a password file when a connection of the pool is opened.
        function.can_block_in("asyncpg/connect_utils.py", "_parse_connect_dsn_and_args")
    return watch


@pytest.fixture(autouse=True)
def nothing_blocks_the_loop(request: pytest.FixtureRequest, _block_buster: BlockBuster) -> Iterator[None]:
    watched = _is_async(request) and request.node.get_closest_marker("blocking_allowed") is None
    if watched:
        _block_buster.activate()
    yield
    if watched:
        _block_buster.deactivate()


@pytest.fixture
async def _tasks_end() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    left = [task for task in asyncio.all_tasks() - before if not task.done() and task is not asyncio.current_task()]
    assert not left, f"tasks outlive the test: {left}"


@pytest.fixture(autouse=True)
def no_task_outlives_its_test(request: pytest.FixtureRequest) -> None:
    if _is_async(request):
        request.getfixturevalue("_tasks_end")


def _is_async(request: pytest.FixtureRequest) -> bool:
    return inspect.iscoroutinefunction(getattr(request.node, "function", None))


def pytest_configure() -> None:
    # Children of the tests (`python -m hub …`) find our packages from any folder, as with ./loa.
    root = str(Path(__file__).parents[1])
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    assert root in sys.path, "pytest's pythonpath setting is missing"
