"""Every implementation of the ports of `scheduler`, each run through the same suite.  A new one goes into FACTORIES."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from scheduler.memory import MemoryDayStore, MemoryManifestStore, MemoryProgrammeStore, MemoryQuietHoursStore
from scheduler.ports import DayStore, ManifestStore, ProgrammeStore, QuietHoursStore
from tests.fakes.sql import factories


@dataclass(frozen=True, kw_only=True)
class Stores:
    programmes: ProgrammeStore
    days: DayStore
    manifests: ManifestStore
    quiet_hours: QuietHoursStore


@asynccontextmanager
async def memory(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    yield Stores(
        programmes=MemoryProgrammeStore(),
        days=MemoryDayStore(),
        manifests=MemoryManifestStore(),
        quiet_hours=MemoryQuietHoursStore(),
    )


def over_sql(store: Callable[[str], Any]) -> Stores:
    return Stores(
        programmes=store("programmes"),
        days=store("days"),
        manifests=store("manifests"),
        quiet_hours=store("quiet_hours"),
    )


# name -> empty stores; `request` gives a factory the fixtures it needs
FACTORIES: Mapping[str, Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Stores]]] = factories(
    over_sql, memory
)
