"""Every implementation of the ports of `content`, each run through the same suite.  A new one is added to FACTORIES."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import pytest

from content.memory import MemoryAssetStore, MemoryBulletinStore, MemoryRenderStore
from content.ports import AssetStore, BulletinStore, RenderStore


@dataclass(frozen=True, kw_only=True)
class Stores:
    bulletins: BulletinStore
    assets: AssetStore
    renders: RenderStore


@asynccontextmanager
async def memory(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    yield Stores(bulletins=MemoryBulletinStore(), assets=MemoryAssetStore(), renders=MemoryRenderStore())


# name -> empty stores; `request` gives a factory the fixtures it needs (tmp_path, postgres_url)
FACTORIES: Mapping[str, Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Stores]]] = {"memory": memory}
