"""EDGE: when to compile, publish and check.  APScheduler only rings the bell; it plays nothing and remembers nothing.

    async with Jobs(flows) as jobs:
        jobs.edited(programme.id)

Three bells: every night for the days ahead (and once at the start, because jobs live in memory and are rebuilt from our
tables), soon after an edit, and some time before the first air of a day, to see that every device holds its audio.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Any, Self

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from devices.protocol.ids import ContentId
from scheduler.calendars import ZONE, zone_of

log = logging.getLogger(__name__)

# APScheduler's own grace is one second: a job later than that is skipped with only a log line.  It also leaves out a
# bell while too many of its kind still run; of three at most one is past the lock, so one is left to see what is new.
JOB_DEFAULTS = {"misfire_grace_time": None, "coalesce": True, "max_instances": 3}

NIGHTLY = "nightly"
EDITED = "edited"
CHECK = "check_audio"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When the bells ring."""

    nightly_hour: int = 1  # quiet everywhere, and hours before the earliest programme at 04:30
    nightly_minute: int = 30
    settle: timedelta = timedelta(seconds=3)  # people save several times in a row
    settle_max: timedelta = timedelta(seconds=20)  # somebody who never stops must not keep the others waiting
    retry: timedelta = timedelta(seconds=30)
    check_before: timedelta = timedelta(minutes=30)  # time to fetch audio over a bad line, or to drive there
    flow: timedelta = timedelta(minutes=15)  # a province of 6,000 devices with room to spare
    stop: timedelta = timedelta(seconds=10)
    zone: str = ZONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """What is called when a bell rings.  Each may take its time, may fail, and is never called twice at once."""

    publish_all: Callable[[], Awaitable[None]]  # compile and publish today and the days ahead, for everybody
    publish_changed: Callable[[frozenset[ContentId]], Awaitable[None]]  # the same, for whom these programmes reach
    first_air: Callable[[datetime], Awaitable[datetime | None]]  # when the first programme after a moment begins
    check_audio: Callable[[datetime], Awaitable[None]]  # does every device hold what that programme needs?


class Jobs:
    """The scheduler's life: `async with`.  A job that fails is logged, and the others go on."""

    def __init__(self, flows: Flows, timing: Timing | None = None) -> None:
        self._flows = flows
        self._timing = timing or Timing()
        self._scheduler = AsyncIOScheduler(
            jobstores={"default": MemoryJobStore()}, job_defaults=JOB_DEFAULTS, timezone=zone_of(self._timing.zone)
        )
        self._edited: set[ContentId] = set()
        self._first_edit: datetime | None = None
        self._one_at_a_time = asyncio.Lock()  # two compilations at once would number manifests against each other
        self._running: set[asyncio.Task[Any]] = set()
        self._stopping = False
        self.failures: dict[str, int] = {}

    async def __aenter__(self) -> Self:
        at = self._timing
        trigger = CronTrigger(hour=at.nightly_hour, minute=at.nightly_minute, timezone=zone_of(at.zone))
        self._scheduler.add_listener(self._failed, EVENT_JOB_ERROR)
        self._scheduler.add_job(self._publish_all, trigger, id=NIGHTLY, next_run_time=_now())
        self._scheduler.start()
        log.info("schedule jobs started", extra={"action": "jobs_started"})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        running = set(self._running)
        self._stopping = True
        self._scheduler.shutdown(wait=False)  # takes effect in the loop's next turn, and cancels what runs
        await asyncio.sleep(0)
        if running:
            _, late = await asyncio.wait(running, timeout=self._timing.stop.total_seconds())
            if late:
                log.error("schedule jobs did not stop", extra={"action": "jobs_late", "jobs": len(late)})

    def edited(self, programme: ContentId) -> None:
        """Publish soon what a change of `programme` brings about; several changes in a row become one publication."""
        self._edited.add(programme)
        self._first_edit = self._first_edit or _now()
        self._ring(EDITED, self._publish_changed, min(_now() + self._timing.settle, self._latest()))

    def _latest(self) -> datetime:
        return (self._first_edit or _now()) + self._timing.settle_max

    def _ring(self, name: str, job: Callable[[], Awaitable[None]], at: datetime) -> None:
        if not self._stopping:
            self._scheduler.add_job(job, "date", run_date=at, id=name, replace_existing=True)

    async def _publish_all(self) -> None:
        async with self._turn():
            try:
                await self._flows.publish_all()
            finally:
                await self._plan_check(_now())

    async def _publish_changed(self) -> None:
        async with self._turn():
            changed, self._edited, self._first_edit = frozenset(self._edited), set(), None
            if not changed:  # another bell's turn has seen to it
                return
            try:
                await self._flows.publish_changed(changed)
            except BaseException:
                self._edited |= changed
                self._ring(EDITED, self._publish_changed, _now() + self._timing.retry)
                raise
            finally:
                await self._plan_check(_now())

    async def _plan_check(self, after: datetime) -> None:
        """Set the bell for the first air after a moment; a check that is late already takes place at once."""
        if self._stopping:
            return
        first_air = await self._flows.first_air(after)
        if first_air is not None:
            job = partial(self._check_audio, first_air)
            self._ring(CHECK, job, max(_now(), first_air - self._timing.check_before))

    async def _check_audio(self, first_air: datetime) -> None:
        async with self._turn():
            try:
                await self._flows.check_audio(first_air)
            finally:
                await self._plan_check(max(first_air, _now()))

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Let one flow run at a time, and none for ever."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - for the type checker: a coroutine runs in a task
        self._running.add(task)
        try:
            # The lock needs no time-out of its own: everybody who holds it has one.
            async with self._one_at_a_time, asyncio.timeout(self._timing.flow.total_seconds()):
                yield
        finally:
            self._running.discard(task)

    def _failed(self, event: JobExecutionEvent) -> None:
        """Count a failure; APScheduler has logged it with its stack, and goes on."""
        self.failures[event.job_id] = self.failures.get(event.job_id, 0) + 1
        log.warning("schedule job failed", extra={"action": "job_failed", "job": event.job_id})


def _now() -> datetime:
    return datetime.now(UTC)
