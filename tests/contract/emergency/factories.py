"""Every implementation of the stores of `emergency`, run through one suite.  A new one goes into FACTORIES."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from emergency.memory import MemoryIncidents, MemoryRollCalls, MemorySequences
from emergency.ports import IncidentStore, OverrideSequenceStore, RollCallStore
from tests.fakes.sql import factories


@dataclass(frozen=True, kw_only=True)
class Stores:
    incidents: IncidentStore
    roll_calls: RollCallStore
    sequences: OverrideSequenceStore


@asynccontextmanager
async def memory(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    yield Stores(incidents=MemoryIncidents(), roll_calls=MemoryRollCalls(), sequences=MemorySequences())


def over_sql(store: Callable[[str], Any]) -> Stores:
    return Stores(incidents=store("incidents"), roll_calls=store("rolls"), sequences=store("sequences"))


# name -> empty stores; `request` gives a factory the fixtures it needs
FACTORIES: Mapping[str, Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Stores]]] = factories(
    over_sql, memory
)
