"""A console over a real SQLite database: two communes, four people, three loudspeakers, a voice that says nothing."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import argon2
import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy.ext.asyncio import AsyncEngine

from content.audio.loudness import Loudness
from content.recipe import Recipe, Rendered
from devices.areas import AreaCode, UnitTree
from devices.areas_data import units_today
from devices.model import Site
from devices.presence import Sighting
from devices.protocol.chunks import asset_of
from devices.protocol.ids import DeviceId
from devices.protocol.messages import State, Status, Why
from devices.protocol.signing import Signer
from hub.api.routes import api_routes
from hub.auth.model import Account, Role
from hub.auth.passwords import Hashing
from hub.db.engine import Database, open_engine
from hub.db.tables import everything
from hub.db.transaction import Store
from hub.flows import fleet, kit, people
from hub.flows.actor import Actor
from hub.flows.context import Context
from hub.flows.events import Events
from hub.web.app import web_app

COMMUNE = AreaCode("20669")
PASSWORD = "mot cau de nho 1975"
START = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)  # 08:00 on a Wednesday, in the wall time of the country
CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # the tests are about pages, not about hashes


@dataclass
class Clock:
    now: datetime = START

    def ms(self) -> int:
        return int(self.now.timestamp() * 1000)


@dataclass
class World:
    ctx: Context
    clock: Clock
    accounts: dict[str, Account]

    async def actor(self, login: str) -> Actor:
        async with self.ctx.store.read() as tx:
            account = await tx.people.account_by_login(login)
            assert account is not None
            return Actor(account=account, grants=await tx.people.grants_of(account.id))


@dataclass
class Browser:
    """One person's browser: it keeps its cookie, follows forms, and knows its token."""

    client: TestClient
    csrf: str = ""

    async def get(self, path: str, status: int = 200) -> str:
        async with self.client.get(path, allow_redirects=False) as answer:
            text = await answer.text()
            assert answer.status == status, f"GET {path}: {answer.status}, not {status}\n{text[:2000]}"
            return text

    async def post(self, path: str, status: int = 303, csrf: bool = True, **fields: object) -> str:
        """Send a form; return where it leads, or the page itself when it does not."""
        pairs = [
            (name, str(one))
            for name, value in fields.items()
            for one in (value if isinstance(value, list) else [value])
        ]
        data = [*pairs, ("csrf", self.csrf)] if csrf else pairs
        async with self.client.post(path, data=data, allow_redirects=False) as answer:
            text = await answer.text()
            assert answer.status == status, f"POST {path}: {answer.status}, not {status}\n{text[:3000]}"
            return answer.headers.get("Location", text)

    async def sign_in(self, login: str, password: str = PASSWORD) -> "Browser":
        assert await self.post("/dang-nhap", login=login, password=password, next="/") in {"/", "/tai-khoan"}
        found = re.search(r'data-csrf="([0-9a-f]{64})"', await self.get("/tai-khoan"))
        assert found is not None
        self.csrf = found[1]
        return self


@pytest.fixture(scope="session")
def tree() -> UnitTree:
    return units_today()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(tmp_path: Path) -> AsyncEngine:
    return open_engine(f"sqlite+aiosqlite:///{tmp_path}/loa.db")


@pytest.fixture
async def ctx(tmp_path: Path, engine: AsyncEngine, tree: UnitTree, clock: Clock) -> AsyncIterator[Context]:
    db = Database(engine)
    async with db.engine.begin() as connection:
        await connection.run_sync(everything().create_all)
    store = Store(db, tmp_path / "assets")
    signer = Signer.from_seed(bytes(range(32)))

    async def render(recipe: Recipe) -> Rendered:
        """Keep bytes that depend on the recipe alone: the same words are the same sound."""
        data = b"OggS" + recipe.digest().encode() * 40
        asset = asset_of(data, 1000 + 80 * sum(len(phrase.words) for phrase in recipe.phrases))
        rendered = Rendered(
            recipe=recipe.digest(),
            asset=asset,
            loudness=Loudness(lufs=-16.0, peak_dbtp=-1.5),
            engine="silent",
            rendered_at=clock.now,
        )
        async with store.write() as tx:
            await tx.assets.put(asset, data)
            return await tx.renders.add(rendered)

    yield Context(
        store=store,
        tree=tree,
        unit=COMMUNE,
        now_ms=clock.ms,
        signer=lambda _: signer,
        hashing=Hashing(hasher=CHEAP),
        render=render,
        speaker="silent",
        plan_days=7,
        root_public=signer.public_key,
        broker=("127.0.0.1", 1883),
        events=Events(),
    )
    await db.close()


PEOPLE = (
    ("can.bo", "Nguyễn Thị Hòa", Role.COMMUNE_OFFICER),
    ("lanh.dao", "Trần Văn Bình", Role.COMMUNE_LEADER),
    ("dieu.hanh", "Lê Quốc Khánh", Role.OPERATOR),
    ("quan.tri", "Phạm Minh Tú", Role.ADMINISTRATOR),
)


@pytest.fixture
async def world(ctx: Context, clock: Clock) -> World:
    accounts = {}
    for login, name, role in PEOPLE:
        account, first = await people.first_account(ctx, login=login, name=name, role=role, unit=COMMUNE)
        await people.change_password(ctx, Actor(account=account, grants=()), old=first, new=PASSWORD)
        accounts[login] = account
    return World(ctx=ctx, clock=clock, accounts=accounts)


@pytest.fixture
async def speakers(world: World) -> tuple[DeviceId, ...]:
    """Three loudspeakers that have enrolled; two are there, one was never seen."""
    ctx = world.ctx
    manager = await world.actor("dieu.hanh")
    ids = []
    for n, place in enumerate(("Nhà văn hóa thôn Bản Khiển", "Chợ trung tâm", "Trạm Y tế xã"), 1):
        device, code = await fleet.register(ctx, manager, device_id=f"loa-{n}", unit=COMMUNE, site=Site(name=place))
        await fleet.enrol(ctx, code=code, public_key=Signer.from_seed(bytes([n] * 32)).public_key)
        ids.append(device.id)
    await seen(ctx, ids[0])
    await seen(ctx, ids[1])
    await kit.prepare(ctx)
    return tuple(ids)


async def seen(ctx: Context, device: DeviceId, **said: object) -> None:
    state = State(
        device=device,
        boot=1,
        at_ms=ctx.now_ms(),
        status=Status.ONLINE,
        why=Why.NOTHING_SCHEDULED,
        volume_percent=80,
        clock_trusted=True,
    )
    async with ctx.store.write() as tx:
        await tx.states.put(Sighting(device=device, heard_at=ctx.now(), state=replace(state, **said)))  # type: ignore[arg-type]


OpenBrowser = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def open_browser(world: World) -> AsyncIterator[OpenBrowser]:
    """`officer = await open_browser("can.bo")`; without a name nobody is signed in."""
    app = web_app(world.ctx)
    app.router.add_routes(api_routes(world.ctx))
    server = TestServer(app)
    await server.start_server()
    clients: list[TestClient] = []

    async def opened(login: str = "") -> Browser:
        client = TestClient(server)
        clients.append(client)
        browser = Browser(client)
        return await browser.sign_in(login) if login else browser

    yield opened
    for client in clients:
        await client.session.close()
    await server.close()


@pytest.fixture
async def officer(open_browser: OpenBrowser) -> Browser:
    return await open_browser("can.bo")


@pytest.fixture
async def leader(open_browser: OpenBrowser) -> Browser:
    return await open_browser("lanh.dao")
