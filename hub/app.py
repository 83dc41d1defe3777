"""Builds everything, in order; nothing else builds anything."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta

from aiohttp import web

from content.render import Renderer
from devices.areas import AreaCode
from devices.areas_data import units_today
from devices.gateway import Broker, Gateway
from devices.protocol import topics
from hub import clock
from hub.api.routes import api_routes
from hub.assets import AssetPump
from hub.auth.passwords import Hashing
from hub.beacon import beat, ensure_keys, follow_keys, remind
from hub.broker import EmbeddedBroker
from hub.config import Settings
from hub.db.detached import DetachedAssets
from hub.db.engine import Database, open_engine
from hub.db.migrate import upgrade
from hub.db.outbox import Lane
from hub.db.transaction import Store
from hub.dispatch import Dispatcher
from hub.flows import alert, uploads
from hub.flows.areas import ensure_quiet_hours
from hub.flows.context import Context
from hub.flows.events import Events
from hub.health import examine
from hub.inbox import Inbox
from hub.keys import Keys, open_keys
from hub.plans import Plans
from hub.speech import open_renderer
from hub.supervise import Service, Supervised, Supervisor
from hub.web.app import web_app
from scheduler.calendars import QuietPreset
from scheduler.jobs import Timing

log = logging.getLogger(__name__)

PEOPLE_KEPT = timedelta(days=30)  # ended sessions and wrong passwords; the audit keeps who signed in
FORGET_EVERY_S = 3600.0  # the outbox keeps a day; an hour more or less does not matter


@dataclass(kw_only=True)
class Hub:
    """A hub that runs."""

    settings: Settings
    ctx: Context
    keys: Keys
    gateways: dict[Lane, Gateway]
    listening: Gateway
    inbox: Inbox
    dispatcher: Dispatcher
    plans: Plans
    broker: EmbeddedBroker | None
    services: list[Supervised] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where the console is."""
        return self.settings.url


@asynccontextmanager
async def open_hub(settings: Settings) -> AsyncIterator[Hub]:
    """A hub with its broker, database, voices, services and console; all of it ends with the block."""
    async with AsyncExitStack() as stack:
        keys = await asyncio.to_thread(open_keys, settings.data_dir / "keys", clock.now_ms())
        store = await _open_store(settings, stack)
        renderer = await stack.enter_async_context(open_renderer(settings, store))
        broker = await _open_broker(settings, stack)
        address = Broker(
            host=broker.host if broker else settings.broker_host,
            port=broker.port if broker else settings.broker_port,
            username=settings.broker_username or None,
            password=settings.broker_password or None,
        )
        ctx = await _context(settings, store, keys, renderer, address)
        hub = _assemble(settings, ctx, keys, address, broker)
        store.offer = hub.dispatcher.offer
        await ensure_keys(ctx, keys)
        preset = settings.quiet_preset
        await ensure_quiet_hours(ctx, None if preset == "none" else QuietPreset(preset))
        await stack.enter_async_context(hub.plans)
        supervisor = await stack.enter_async_context(Supervisor(_services(hub)))
        hub.services = supervisor.services
        await _serve(hub, stack)
        yield hub


async def _open_store(settings: Settings, stack: AsyncExitStack) -> Store:
    db = Database(await asyncio.to_thread(open_engine, settings.database))
    stack.push_async_callback(db.close)
    await upgrade(db.engine)
    return Store(db, settings.data_dir / "assets")


async def _open_broker(settings: Settings, stack: AsyncExitStack) -> EmbeddedBroker | None:
    if settings.broker_host:
        return None
    broker = EmbeddedBroker(
        data_dir=settings.data_dir / "broker", port=settings.broker_port, host=settings.broker_listen
    )
    return await stack.enter_async_context(broker)


async def _context(settings: Settings, store: Store, keys: Keys, renderer: Renderer, broker: Broker) -> Context:
    return Context(
        store=store,
        tree=await asyncio.to_thread(units_today),
        unit=AreaCode(settings.unit),
        now_ms=clock.now_ms,
        signer=keys.signer,
        hashing=Hashing(),
        render=renderer.render,
        render_at_once=renderer.render_at_once,
        speaker=renderer.engine,
        plan_days=settings.plan_days,
        root_public=keys.root_public,
        broker=(settings.broker_public_host or broker.host, broker.port),
        events=Events(),
    )


def _assemble(settings: Settings, ctx: Context, keys: Keys, address: Broker, broker: EmbeddedBroker | None) -> Hub:
    name = f"loa-hub-{settings.unit}"
    gateways = {lane: Gateway(address, f"{name}-{lane.name.lower()}") for lane in Lane}
    read_asset = DetachedAssets(ctx.store).read
    inbox = Inbox(ctx, AssetPump(gateways[Lane.PLAN], read_asset))
    listening = Gateway(
        address,
        f"{name}-inbox",
        filters=(*topics.HUB_FILTERS, topics.KEYS),
        at_most_once=topics.HUB_FILTERS_AT_MOST_ONCE,
        receive=inbox.receive,
        persistent=True,
    )
    return Hub(
        settings=settings,
        ctx=ctx,
        keys=keys,
        gateways=gateways,
        listening=listening,
        inbox=inbox,
        dispatcher=Dispatcher(ctx.store.db, gateways, read_asset, ctx.now_ms),
        plans=Plans(ctx, Timing(settle=timedelta(seconds=settings.settle_s))),
        broker=broker,
    )


def _services(hub: Hub) -> dict[str, Service]:
    ctx = hub.ctx
    services: dict[str, Service] = {
        "inbox-connection": hub.listening.run,
        "inbox": hub.inbox.run,
        "assets": hub.inbox.pump.run,
        "beacon": lambda: beat(ctx, hub.gateways[Lane.COMMAND], hub.settings.beacon_s),
        "remind": lambda: remind(ctx, hub.listening, lambda: hub.inbox.key_sets),
        "keys": lambda: follow_keys(ctx, hub.keys),
        "kit": hub.plans.prepare_kit,
        "plans": hub.plans.follow,
        "alerts": lambda: alert.watch(ctx),
        "alert-speech": lambda: alert.speak(ctx),
        "forget": lambda: _forget(ctx),
        "uploads": lambda: uploads.check(ctx),
        "uploads-tidy": lambda: uploads.tidy(ctx),
    }
    services |= {f"connection-{lane.name.lower()}": hub.gateways[lane].run for lane in Lane}
    services |= {f"dispatch-{lane.name.lower()}": _dispatching(hub, lane) for lane in Lane}
    if hub.broker is not None:
        services["broker"] = _keeping(hub.broker)
    return services


def _dispatching(hub: Hub, lane: Lane) -> Service:
    return lambda: hub.dispatcher.run(lane)


def _keeping(broker: EmbeddedBroker) -> Service:
    async def keep() -> None:
        while True:
            code = await broker.wait()
            log.warning("embedded broker ended", extra={"action": "broker_ended", "code": code})
            await broker.restart()

    return keep


async def _forget(ctx: Context) -> None:
    while True:
        await asyncio.sleep(FORGET_EVERY_S)
        async with ctx.store.write() as tx:
            await tx.outbox.forget(ctx.now_ms())
            await tx.people.forget(ctx.now() - PEOPLE_KEPT)


async def _serve(hub: Hub, stack: AsyncExitStack) -> None:
    app = web_app(hub.ctx, public_url=hub.settings.url)
    app.router.add_routes(api_routes(hub.ctx))
    app.router.add_get("/healthz", _health_handler(hub))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, hub.settings.http_host, hub.settings.http_port).start()
    log.info("console open", extra={"action": "console_open", "url": hub.url})


def _health_handler(hub: Hub) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handler(_: web.Request) -> web.Response:
        gateways = {lane.name.lower(): gateway for lane, gateway in hub.gateways.items()} | {"inbox": hub.listening}
        health = await examine(hub.ctx, gateways, hub.inbox, lambda: hub.services)
        return web.json_response(asdict(health), status=200 if health.ok else 503)

    return handler
