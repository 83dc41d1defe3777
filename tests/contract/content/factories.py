"""Every implementation of the ports of `content`, each run through the same suite.  A new one is added to FACTORIES."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from content.memory import MemoryAssetStore, MemoryBulletinStore, MemoryRenderStore
from content.ports import AssetStore, BulletinStore, RenderStore
from tests.fakes.sql import factories


@dataclass(frozen=True, kw_only=True)
class Stores:
    bulletins: BulletinStore
    assets: AssetStore
    renders: RenderStore


@asynccontextmanager
async def memory(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    yield Stores(bulletins=MemoryBulletinStore(), assets=MemoryAssetStore(), renders=MemoryRenderStore())


def over_sql(store: Callable[[str], Any]) -> Stores:
    return Stores(bulletins=store("bulletins"), assets=store("assets"), renders=store("renders"))


# name -> empty stores; `request` gives a factory the fixtures it needs
FACTORIES: Mapping[str, Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Stores]]] = factories(
    over_sql, memory
)
