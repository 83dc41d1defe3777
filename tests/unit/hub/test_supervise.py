"""Services are started again, within a budget; nothing ends unnoticed, nothing is wrapped that need not be."""

import asyncio

import pytest

from hub.supervise import PAUSE_MAX_S, RESTARTS_MAX, WITHIN_S, ServiceFell, Supervised, Supervisor


class Falling:
    """A service that falls so many times, then runs."""

    def __init__(self, falls: int, error: BaseException | None = None) -> None:
        self.left = falls
        self.error = error or OSError("no such port")
        self.runs = 0
        self.settled = asyncio.Event()

    async def __call__(self) -> None:
        self.runs += 1
        if self.left:
            self.left -= 1
            raise self.error
        self.settled.set()
        await asyncio.Event().wait()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses pass at once, and are written down."""
    waits: list[float] = []
    sleep = asyncio.sleep

    async def passed(seconds: float) -> None:
        waits.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", passed)
    return waits


async def test_a_service_that_falls_is_started_again(no_pauses: list[float]) -> None:
    service = Falling(3)
    async with asyncio.timeout(5), Supervisor({"x": service}) as supervisor:
        await service.settled.wait()
        (known,) = supervisor.services
        assert (known.running, len(known.falls), known.last_error) == (True, 3, "OSError: no such port")
    assert service.runs == 4
    assert no_pauses == [0.5, 1.0, 2.0]


async def test_past_its_budget_the_hub_falls_and_says_which_and_why(no_pauses: list[float]) -> None:
    other = Falling(0)
    with pytest.raises(ExceptionGroup) as fallen:
        async with asyncio.timeout(5), Supervisor({"bad": Falling(1_000), "good": other}):
            await asyncio.Event().wait()
    (error,) = fallen.value.exceptions
    assert isinstance(error, ServiceFell)
    assert str(error) == f"bad fell {RESTARTS_MAX + 1} times in {WITHIN_S:.0f} s: OSError: no such port"
    assert other.runs == 1
    assert max(no_pauses) == PAUSE_MAX_S
    assert sum(no_pauses) > 35  # a database is back by then


async def test_old_falls_do_not_count() -> None:
    service = Supervised("x", Falling(0))
    for second in range(500):
        service._count(second * (WITHIN_S / (RESTARTS_MAX - 1)))
    assert len(service.falls) <= RESTARTS_MAX


async def test_a_service_that_returns_is_started_again() -> None:
    runs = 0
    again = asyncio.Event()

    async def returns() -> None:
        nonlocal runs
        runs += 1
        if runs == 2:
            again.set()
            await asyncio.Event().wait()

    async with asyncio.timeout(5), Supervisor({"x": returns}) as supervisor:
        await again.wait()
        assert supervisor.services[0].last_error == "it returned"


async def test_a_service_whose_wait_was_cancelled_by_somebody_else_is_started_again() -> None:
    service = Falling(1, asyncio.CancelledError())
    async with asyncio.timeout(5), Supervisor({"x": service}):
        await service.settled.wait()
    assert service.runs == 2


async def test_of_many_errors_at_once_the_first_is_named() -> None:
    service = Falling(1, ExceptionGroup("many", [ValueError("first"), OSError("second")]))
    async with asyncio.timeout(5), Supervisor({"x": service}) as supervisor:
        await service.settled.wait()
        assert supervisor.services[0].last_error == "ValueError: first"


async def test_leaving_stops_every_service() -> None:
    stopped = []

    async def service() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.append(True)

    async with asyncio.timeout(5), Supervisor({"a": service, "b": service}):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert stopped == [True, True]


async def test_what_the_block_raises_comes_out_as_it_is() -> None:
    with pytest.raises(OSError, match="port in use"):
        async with Supervisor({"x": Falling(0)}):
            raise OSError("port in use")


async def test_a_stop_from_outside_is_let_through() -> None:
    inside = asyncio.Event()

    async def life() -> None:
        async with Supervisor({"x": Falling(0)}):
            inside.set()
            await asyncio.Event().wait()

    running = asyncio.create_task(life())
    await inside.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
