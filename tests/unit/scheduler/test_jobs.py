"""The bells: who is called when, what a failure does, and what a stop leaves behind."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from devices.protocol.ids import ContentId
from scheduler.jobs import CHECK, EDITED, JOB_DEFAULTS, NIGHTLY, Flows, Jobs, Timing

TIMEOUT_S = 10
AT_ONCE = Timing(settle=timedelta(), retry=timedelta(), check_before=timedelta())
FAR = datetime(2099, 1, 1, tzinfo=UTC)
A, B = ContentId("a"), ContentId("b")


class Recorder:
    """Flows that write down how they were called; `during` runs inside each of them."""

    def __init__(self, *, first_airs: list[datetime | None] | None = None) -> None:
        self.calls: list[object] = []
        self.first_airs = first_airs or []
        self.during: Callable[[object], object] = str
        self._changed = asyncio.Condition()

    async def _called(self, call: object) -> None:
        async with self._changed:
            self.calls.append(call)
            self._changed.notify_all()
        result = self.during(call)
        if asyncio.iscoroutine(result):
            await result

    async def publish_all(self) -> None:
        await self._called("all")

    async def publish_changed(self, changed: frozenset[ContentId]) -> None:
        await self._called(changed)

    async def first_air(self, after: datetime) -> datetime | None:
        return next((moment for moment in self.first_airs if moment is not None and moment > after), None)

    async def check_audio(self, first_air: datetime) -> None:
        await self._called(first_air)

    async def until(self, *wanted: object) -> None:
        async with asyncio.timeout(TIMEOUT_S), self._changed:
            await self._changed.wait_for(lambda: [call for call in self.calls if call in wanted] == list(wanted))

    def flows(self) -> Flows:
        return Flows(
            publish_all=self.publish_all,
            publish_changed=self.publish_changed,
            first_air=self.first_air,
            check_audio=self.check_audio,
        )


async def test_everything_is_published_once_at_the_start_because_jobs_live_in_memory() -> None:
    recorder = Recorder()
    async with Jobs(recorder.flows(), AT_ONCE):
        await recorder.until("all")
    assert recorder.calls == ["all"]


async def test_the_nightly_bell_rings_in_local_time_and_is_never_skipped_for_being_late() -> None:
    async with Jobs(Recorder().flows()) as jobs:
        nightly = jobs._scheduler.get_job(NIGHTLY)
        fires = nightly.trigger.get_next_fire_time(None, datetime(2026, 11, 25, 3, tzinfo=UTC))
    assert fires.astimezone(UTC) == datetime(2026, 11, 25, 18, 30, tzinfo=UTC)  # 01:30 on the 26th in Viet Nam
    assert (nightly.misfire_grace_time, nightly.coalesce) == (None, True)
    assert JOB_DEFAULTS["misfire_grace_time"] is None


async def test_several_edits_in_a_row_are_one_publication() -> None:
    recorder = Recorder()
    async with Jobs(recorder.flows(), AT_ONCE) as jobs:
        await recorder.until("all")
        for programme in (A, B, A):
            jobs.edited(programme)
        await recorder.until(frozenset({A, B}))
    assert recorder.calls == ["all", frozenset({A, B})]


async def test_somebody_who_never_stops_editing_does_not_keep_the_others_waiting() -> None:
    async with Jobs(Recorder().flows(), Timing(settle=timedelta(hours=1), settle_max=timedelta(hours=2))) as jobs:
        jobs.edited(A)
        await asyncio.sleep(0)
        jobs._first_edit = datetime.now(UTC) - timedelta(minutes=90)
        jobs.edited(B)
        rings = jobs._scheduler.get_job(EDITED).next_run_time
    assert rings <= jobs._first_edit + timedelta(hours=2)


async def test_an_edit_during_a_publication_is_published_after_it() -> None:
    recorder = Recorder()
    async with Jobs(recorder.flows(), AT_ONCE) as jobs:
        await recorder.until("all")
        recorder.during = lambda call: jobs.edited(B) if call == frozenset({A}) else None
        jobs.edited(A)
        await recorder.until(frozenset({A}), frozenset({B}))


async def test_two_flows_never_run_at_once() -> None:
    recorder, go_on = Recorder(), asyncio.Event()
    recorder.during = lambda call: go_on.wait() if call == "all" else None
    async with Jobs(recorder.flows(), AT_ONCE) as jobs:
        await recorder.until("all")
        jobs.edited(A)
        for _ in range(20):  # the edit's bell has rung by now
            await asyncio.sleep(0)
        assert recorder.calls == ["all"]
        go_on.set()
        await recorder.until("all", frozenset({A}))


async def test_a_flow_that_fails_is_logged_and_tried_again_and_nothing_is_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    recorder, failures = Recorder(), [OSError("no database"), OSError("no database")]

    def fail(call: object) -> None:
        if call != "all" and failures:
            raise failures.pop()

    recorder.during = fail
    with caplog.at_level(logging.WARNING):
        async with Jobs(recorder.flows(), AT_ONCE) as jobs:
            await recorder.until("all")
            jobs.edited(A)
            await recorder.until(*[frozenset({A})] * 3)
            assert jobs.failures == {EDITED: 2}
    assert "schedule job failed" in caplog.text
    assert "no database" in caplog.text


async def test_audio_is_checked_before_each_first_air_also_after_a_failure() -> None:
    first, second = (datetime.now(UTC) + timedelta(minutes=n) for n in (1, 2))
    recorder = Recorder(first_airs=[first, second])

    def fail(call: object) -> None:
        if call in ("all", first):
            raise OSError("broken")

    recorder.during = fail
    early = Timing(check_before=timedelta(days=1))  # so that both are due at once
    async with Jobs(recorder.flows(), early) as jobs:
        await recorder.until("all", first, second)
        assert jobs.failures == {NIGHTLY: 1, CHECK: 1}


async def test_a_check_waits_until_shortly_before_the_first_air() -> None:
    recorder = Recorder(first_airs=[FAR])
    async with Jobs(recorder.flows()) as jobs:
        await recorder.until("all")
        async with jobs._one_at_a_time:  # the flow that has just run has set the bell before it let go of this
            job = jobs._scheduler.get_job(CHECK)
        assert job.next_run_time == FAR - timedelta(minutes=30)


async def test_a_stop_cancels_what_runs_and_leaves_no_task_behind() -> None:
    recorder, ended = Recorder(), asyncio.Event()

    async def for_ever(call: object) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    recorder.during = for_ever
    before = asyncio.all_tasks()
    async with asyncio.timeout(TIMEOUT_S):
        async with Jobs(recorder.flows(), AT_ONCE):
            await recorder.until("all")
    assert ended.is_set()
    assert asyncio.all_tasks() == before


async def test_a_flow_that_hangs_does_not_keep_the_others_from_running() -> None:
    recorder = Recorder()
    recorder.during = lambda call: asyncio.Event().wait() if call == "all" else None
    async with Jobs(recorder.flows(), Timing(settle=timedelta(), flow=timedelta(milliseconds=50))) as jobs:
        await recorder.until("all")
        jobs.edited(A)
        await recorder.until("all", frozenset({A}))
        assert jobs.failures == {NIGHTLY: 1}
