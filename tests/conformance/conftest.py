"""Puts a device on the bench: the simulated firmware, or any other with --device."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.conformance import driver
from tests.conformance.driver import Bench


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--device", default=None, help="a program that speaks the lines of spec/device-under-test.md")


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
