"""Every implementation of the ports of `devices`, each run through the same suite.  A new one is added to FACTORIES."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import pytest

from devices.memory import MemoryAsRuns, MemoryDeliveries, MemoryDevices, MemoryStates
from devices.ports import AsRunStore, DeliveryStore, DeviceStore, StateStore


@dataclass(frozen=True, kw_only=True)
class Stores:
    devices: DeviceStore
    deliveries: DeliveryStore
    as_runs: AsRunStore
    states: StateStore


@asynccontextmanager
async def memory(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    yield Stores(devices=MemoryDevices(), deliveries=MemoryDeliveries(), as_runs=MemoryAsRuns(), states=MemoryStates())


# name -> empty stores; `request` gives a factory the fixtures it needs (tmp_path, postgres_url)
FACTORIES: Mapping[str, Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Stores]]] = {"memory": memory}
