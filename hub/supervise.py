"""Services under one TaskGroup, each with a restart budget; past it the hub falls, and whoever started it sees that."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

RESTARTS_MAX = 10  # a service that falls more often than this …
WITHIN_S = 120.0  # … in this time will not get well by itself
PAUSE_S = 0.5  # long enough for a port or a file to become free; doubles while a service keeps falling …
PAUSE_MAX_S = 5.0  # … so that the budget lasts through the restart of a database, some 40 s
ERROR_CHARS_MAX = 300

Service = Callable[[], Awaitable[None]]


class ServiceFell(Exception):
    """A service has used up its restart budget."""


@dataclass(slots=True)
class Supervised:
    """What is known of one service."""

    name: str
    run: Service
    falls: deque[float] = field(default_factory=deque)  # of the last WITHIN_S
    running: bool = False
    last_error: str = ""

    async def forever(self, clock: Callable[[], float], pause_s: float = PAUSE_S) -> None:
        """Run the service; start it again when it falls; raise ServiceFell past the budget."""
        while True:
            self.running = True
            try:
                await self.run()
                self.last_error = "it returned"
            except asyncio.CancelledError:
                if _is_cancelled():
                    raise
                self.last_error = "something it waited for was cancelled"  # nobody has asked the service to end
            except Exception as exc:  # the one broad except: log, count, restart
                self.last_error = _said(exc)
                log.exception("service fell", extra={"action": "service_fell", "service": self.name})
            finally:
                self.running = False
            self._count(clock())
            await asyncio.sleep(min(pause_s * (1 << (len(self.falls) - 1)), PAUSE_MAX_S))

    def _count(self, now_s: float) -> None:
        self.falls.append(now_s)
        while self.falls[0] < now_s - WITHIN_S:
            self.falls.popleft()
        if len(self.falls) > RESTARTS_MAX:
            raise ServiceFell(f"{self.name} fell {len(self.falls)} times in {WITHIN_S:.0f} s: {self.last_error}")


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _said(error: Exception) -> str:
    """Return what was wrong, in one line; of several errors at once the first."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"[:ERROR_CHARS_MAX]


class Supervisor:
    """The hub's services; `async with` starts them, leaving stops them.

    What the block raises leaves it as it is; a service that fell for good comes as an ExceptionGroup of ServiceFell.
    """

    def __init__(self, services: dict[str, Service]) -> None:
        self.services = [Supervised(name, run) for name, run in services.items()]
        self._group = asyncio.TaskGroup()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Supervisor":
        await self._group.__aenter__()
        clock = asyncio.get_running_loop().time
        self._tasks = [
            self._group.create_task(service.forever(clock), name=f"service[{service.name}]")
            for service in self.services
        ]
        return self

    async def __aexit__(self, *exc: object) -> None:
        for task in self._tasks:
            task.cancel()
        # A group wraps what its block raised; only a cancellation is its business, since it may be its own.
        mine = exc if isinstance(exc[1], asyncio.CancelledError) else (None, None, None)
        await self._group.__aexit__(*mine)  # type: ignore[arg-type]
