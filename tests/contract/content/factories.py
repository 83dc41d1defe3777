"""Every implementation of the ports of `content`, each run through the same suite.  A new one is added to FACTORIES."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from content.desk.memory import MemoryComments, MemoryDelegations, MemoryLexicon, MemoryNotices, MemoryWatchWords
from content.desk.ports import CommentStore, DelegationStore, LexiconStore, NoticeStore, WatchWordStore
from content.memory import (
    MemoryAssetStore,
    MemoryBulletinStore,
    MemoryRenderStore,
    MemorySpellings,
    MemoryStations,
    MemoryUploadStore,
)
from content.model import Bulletin, drafted
from content.ports import AssetStore, BulletinStore, RenderStore, SpellingStore, StationStore, UploadStore
from devices.protocol.ids import AreaCode, ContentId
from hub.auth.model import Account, AccountId
from tests.fakes.sql import factories

NOW = datetime(2026, 9, 5, 10, 0, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Stores:
    bulletins: BulletinStore
    assets: AssetStore
    renders: RenderStore
    comments: CommentStore
    lexicon: LexiconStore
    watch_words: WatchWordStore
    notices: NoticeStore
    delegations: DelegationStore
    uploads: UploadStore
    stations: StationStore
    spellings: SpellingStore
    ready: Callable[
        [], Awaitable[None]
    ]  # what the stores of the desk refer to is there: accounts an, binh; two bulletins


@asynccontextmanager
async def memory(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    yield Stores(
        bulletins=MemoryBulletinStore(),
        assets=MemoryAssetStore(),
        renders=MemoryRenderStore(),
        comments=MemoryComments(),
        lexicon=MemoryLexicon(),
        watch_words=MemoryWatchWords(),
        notices=MemoryNotices(),
        delegations=MemoryDelegations(),
        uploads=MemoryUploadStore(),
        stations=MemoryStations(),
        spellings=MemorySpellings(),
        ready=_nothing_to_do,
    )


async def _nothing_to_do() -> None:
    """In memory nothing refers to anything."""


def over_sql(store: Callable[[str], Any]) -> Stores:
    names = (
        "bulletins",
        "assets",
        "renders",
        "comments",
        "lexicon",
        "watch_words",
        "notices",
        "delegations",
        "uploads",
        "stations",
        "spellings",
    )
    made = {name: store(name) for name in names}

    async def ready() -> None:
        for name in ("an", "binh"):
            await store("people").put_account(account(name))
        for name in ("b-1", "b-2"):
            await made["bulletins"].add(bulletin(name))

    return Stores(**made, ready=ready)


def account(name: str) -> Account:
    return Account(
        id=AccountId(name), login=f"{name}-xa", name=name, password_hash="x", must_change_password=False, created_at=NOW
    )


def bulletin(name: str) -> Bulletin:
    return drafted(id=ContentId(name), unit=AreaCode("20669"), title="Họp", text="Họp thôn.", author="an", now=NOW)


# name -> empty stores; `request` gives a factory the fixtures it needs
FACTORIES: Mapping[str, Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Stores]]] = factories(
    over_sql, memory
)
