"""Puts a device on the bench: the simulated firmware, or any other with --device."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import driver
from tests.conformance.driver import Bench

HERE = Path(__file__).parent
SIMULATED_XFAILS = HERE / "simulated.xfails"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--device", default=None, help="a program that speaks the lines of spec/device-under-test.md")
    parser.addoption("--xfails", default=None, help="a file of known gaps: one test a line, then why")


@pytest.fixture
def new_bench(request: pytest.FixtureRequest) -> Iterator[Callable[..., Bench]]:
    """Return a maker of benches, each with a fresh, enrolled device without power."""
    with ExitStack() as stack:

        def make(**settings: Any) -> Bench:
            command = request.config.getoption("--device", default=None)
            bench = Bench(stack.enter_context(driver.device(command)), **settings)
            bench.enrol()
            return bench

        yield make


@pytest.fixture
def bench(new_bench: Callable[..., Bench]) -> Bench:
    """Return a bench whose device is up, connected, has keys, and knows what time it is."""
    bench = new_bench()
    bench.keys()
    bench.power_on()
    bench.connect()
    bench.beacon()
    return bench


def known_gaps(path: Path) -> dict[str, str]:
    """Return test name -> reason of an .xfails file."""
    lines = (line.strip() for line in path.read_text("utf-8").splitlines())
    pairs = (line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))
    return dict(pairs)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    given, other = config.getoption("--xfails", default=None), config.getoption("--device", default=None)
    path = given or (None if other else SIMULATED_XFAILS)
    gaps = known_gaps(Path(path)) if path else {}
    for item in items:
        reason = gaps.get(getattr(item, "originalname", item.name)) or gaps.get(item.name)
        if reason and item.path.parent == HERE:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=False))
