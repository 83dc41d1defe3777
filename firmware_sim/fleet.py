"""EDGE: many loudspeakers on a real broker, in one process: ramp-up, faults by a plan, a report."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from firmware_sim.errors import ScenarioInvalid
from firmware_sim.faults import Fault, Kind, Plan
from firmware_sim.horn import Decoder
from firmware_sim.identity import Identity
from firmware_sim.mqtt import Broker, Loudspeaker
from firmware_sim.settings import Settings

RAMP_UP_PER_S = 50.0  # a connect costs the broker and the hub some milliseconds each


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetReport:
    """How the fleet is, right now."""

    devices: int
    online: int
    clock_trusted: int
    sounding: Mapping[str, int]  # by source
    why: Mapping[str, int]
    assets_missing: int
    records_waiting: int
    records_made: int
    refused: int
    power_ups: int

    def as_object(self) -> dict[str, object]:
        """Return it ready for JSON."""
        return asdict(self)


class Fleet:
    """Loudspeakers that share a process and a decoder."""

    def __init__(
        self,
        identities: Sequence[Identity],
        broker: Broker,
        directory: Path,
        *,
        airchecks: int = 0,
        ramp_up_per_s: float = RAMP_UP_PER_S,
        sync: bool = False,
        settings: Settings | None = None,
    ) -> None:
        """`airchecks`: how many record what they sound.  `sync`: wait for the disk; a fleet shares one with others."""
        decoder = Decoder()
        self.speakers = [
            Loudspeaker(
                identity,
                broker,
                directory / identity.device,
                directory / "airchecks" / f"{identity.device}.wav" if number < airchecks else None,
                settings=settings,
                decoder=decoder,
                sync=sync,
            )
            for number, identity in enumerate(identities)
        ]
        self._ramp_up_per_s = ramp_up_per_s
        self._group = asyncio.TaskGroup()
        self._tasks: list[asyncio.Task[None]] = []
        self._powered = 0

    async def __aenter__(self) -> Self:
        """Switch them on one by one, as fast as the ramp allows; all are on when it returns."""
        await self._group.__aenter__()
        on = [asyncio.Event() for _ in self.speakers]
        for speaker, event in zip(self.speakers, on, strict=True):
            self._tasks.append(self._group.create_task(_live(speaker, event), name=f"speaker {speaker.device}"))
            await asyncio.sleep(1 / self._ramp_up_per_s)
        for event in on:
            await event.wait()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: object) -> None:
        for task in self._tasks:
            task.cancel()
        ours = isinstance(exc, asyncio.CancelledError)
        await self._group.__aexit__(kind if ours else None, exc if ours else None, None)

    def report(self) -> FleetReport:
        """Return how they are."""
        cores = [speaker.core for speaker in self.speakers]
        states = [core.state() for core in cores]
        return FleetReport(
            devices=len(cores),
            online=sum(core.connected for core in cores),
            clock_trusted=sum(state.clock_trusted for state in states),
            sounding=dict(Counter(str(state.source) for state in states if state.source)),
            why=dict(Counter(str(state.why) for state in states)),
            assets_missing=sum(state.assets_missing for state in states),
            records_waiting=sum(state.asrun_waiting for state in states),
            records_made=sum(core.stage.ledger.last_n for core in cores),
            refused=sum(state.refused for state in states),
            power_ups=sum(speaker.power_ups for speaker in self.speakers),
        )

    async def until(self, holds: Callable[[FleetReport], bool], timeout_s: float, poll_s: float = 0.1) -> FleetReport:
        """Return the first report for which `holds`; TimeoutError when there is none in time."""
        async with asyncio.timeout(timeout_s):
            while not holds(report := self.report()):  # noqa: ASYNC110 - it sums over many conditions
                await asyncio.sleep(poll_s)
        return report

    async def suffer(self, plan: Plan, *, start_ms: int = 0) -> None:
        """Let the faults of a plan happen; `start_ms` of the plan is now.  Returns when all are over."""
        async with asyncio.TaskGroup() as group:
            for fault in plan.faults:
                group.create_task(self._suffer_one(fault, start_ms), name=f"fault {fault.kind} {fault.device}")

    async def _suffer_one(self, fault: Fault, start_ms: int) -> None:
        await asyncio.sleep((fault.at_ms - start_ms) / 1000)
        await _FAULTS[fault.kind](self.speakers[fault.device % len(self.speakers)], fault)


async def _live(speaker: Loudspeaker, on: asyncio.Event) -> None:
    async with speaker:
        on.set()
        await asyncio.Event().wait()  # until cancelled


async def _cut(speaker: Loudspeaker, fault: Fault) -> None:
    speaker.cut()
    await asyncio.sleep(fault.for_ms / 1000)
    speaker.heal()


async def _reboot(speaker: Loudspeaker, fault: Fault) -> None:
    await speaker.restart(fault.for_ms / 1000)


async def _lose_clock(speaker: Loudspeaker, fault: Fault) -> None:
    await speaker.restart(fault.for_ms / 1000, skew_ms=-speaker.own_ms() + speaker.skew_ms)


async def _skew_clock(speaker: Loudspeaker, fault: Fault) -> None:
    await speaker.restart(fault.for_ms / 1000, skew_ms=fault.amount)


async def _fill_disk(speaker: Loudspeaker, fault: Fault) -> None:
    speaker.disk.full = True
    await asyncio.sleep(fault.for_ms / 1000)
    speaker.disk.full = False


_FAULTS: Mapping[Kind, Callable[[Loudspeaker, Fault], Awaitable[None]]] = {
    Kind.CUT: _cut,
    Kind.REBOOT: _reboot,
    Kind.CLOCK_LOST: _lose_clock,
    Kind.CLOCK_SKEW: _skew_clock,
    Kind.DISK_FULL: _fill_disk,
}


def check_kinds(kinds: Sequence[Kind]) -> None:
    """Raise ScenarioInvalid for faults that a fleet cannot suffer: broker, hub and noise are not its to break."""
    impossible = [kind for kind in kinds if kind not in _FAULTS]
    if impossible:
        raise ScenarioInvalid(f"only the virtual world has {', '.join(impossible)}")
