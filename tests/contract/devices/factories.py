"""Every implementation of the ports of `devices`, each run through the same suite.  A new one is added to FACTORIES."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from devices.memory import MemoryAsRuns, MemoryDeliveries, MemoryDevices, MemoryStates
from devices.ports import AsRunStore, DeliveryStore, DeviceStore, StateStore
from tests.fakes.sql import factories


@dataclass(frozen=True, kw_only=True)
class Stores:
    devices: DeviceStore
    deliveries: DeliveryStore
    as_runs: AsRunStore
    states: StateStore


@asynccontextmanager
async def memory(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    yield Stores(devices=MemoryDevices(), deliveries=MemoryDeliveries(), as_runs=MemoryAsRuns(), states=MemoryStates())


def over_sql(store: Callable[[str], Any]) -> Stores:
    return Stores(
        devices=store("devices"), deliveries=store("deliveries"), as_runs=store("as_runs"), states=store("states")
    )


# name -> empty stores; `request` gives a factory the fixtures it needs
FACTORIES: Mapping[str, Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Stores]]] = factories(
    over_sql, memory
)
