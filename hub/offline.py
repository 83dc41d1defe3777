"""The world as use cases see it, beside the hub: the database and the people, no voice, no broker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn

from content.recipe import Recipe
from devices.areas import AreaCode
from devices.areas_data import units_today
from hub import clock
from hub.auth.passwords import Hashing
from hub.config import Settings
from hub.db.engine import Database, open_engine
from hub.db.migrate import upgrade
from hub.db.transaction import Store
from hub.flows.context import Context
from hub.flows.events import Events


class NotHere(Exception):
    """Something was asked of the command line that only a running hub can do."""


@asynccontextmanager
async def open_offline(settings: Settings) -> AsyncIterator[Context]:
    """A context over the hub's database; what a running hub alone can do raises NotHere."""
    db = Database(await asyncio.to_thread(open_engine, settings.database))
    try:
        await upgrade(db.engine)
        yield Context(
            store=Store(db, settings.data_dir / "assets"),
            tree=await asyncio.to_thread(units_today),
            unit=AreaCode(settings.unit),
            now_ms=clock.now_ms,
            signer=_refuse,
            hashing=Hashing(),
            render=_render,
            speaker="",
            plan_days=settings.plan_days,
            root_public=b"",
            broker=("", 0),
            events=Events(),
        )
    finally:
        await db.close()


def _refuse(now_ms: int) -> NoReturn:
    raise NotHere(f"nothing is signed beside the hub (asked at {now_ms})")


async def _render(recipe: Recipe) -> NoReturn:
    raise NotHere(f"nothing is spoken beside the hub ({recipe.digest()})")
