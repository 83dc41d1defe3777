"""The hub's road for an alert: the whole hub as `loa serve` runs it, with its loudspeakers on record.

The clock starts where the console's button ends: `hub.flows.alert.send`.  What the hub does meanwhile (the roll call,
the spoken text, its other services) goes on beside it, as it would.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from devices.areas import AreaCode, Level, audience_codes
from devices.model import Device, Site
from devices.protocol import topics
from devices.protocol.ids import DeviceId
from devices.protocol.lifecycle import Registration
from emergency.incident import Incident
from emergency.override import kit
from hub.app import Hub, open_hub
from hub.auth.model import Account, AccountId, Grant, Role
from hub.bench.mosquitto import free_port
from hub.config import Settings
from hub.db.outbox import Lane
from hub.flows import alert
from hub.flows.actor import Actor

HAZARD, LEVEL = "lu", 3
READY_TIMEOUT_S = 300.0  # every pinned sound is spoken and mastered once
SETTLE_TIMEOUT_S = 30.0
POLL_S = 0.05
VALID_FOR = timedelta(hours=1)


class HubRoad:
    """Sends alerts to a province as an operator does."""

    def __init__(self, hub: Hub, actor: Actor, area: AreaCode) -> None:
        self.topic = topics.override(area)
        self._ctx = hub.ctx
        self._actor = actor
        self._area = area
        self._last: Incident | None = None

    async def alert(self, marker: str) -> int:
        """Send an alert whose text holds `marker`."""
        asked = alert.Asked(
            hazard=HAZARD,
            level=LEVEL,
            areas=(self._area,),
            text=f"Lần đo {marker}.",
            valid_until=self._ctx.now() + VALID_FOR,
        )
        accepted_ns = time.monotonic_ns()
        self._last = await alert.send(self._ctx, self._actor, asked)
        return accepted_ns

    async def clear(self) -> None:
        """Wait for the spoken text of the last alert, then end it."""
        last, self._last = self._last, None
        if last is not None:
            await _until(lambda: self._is_spoken(last), SETTLE_TIMEOUT_S)
            await alert.cancel(self._ctx, self._actor, last.id, all_clear=False)
        await _until(self._is_quiet, SETTLE_TIMEOUT_S)

    async def _is_spoken(self, incident: Incident) -> bool:
        async with self._ctx.store.read() as tx:
            now = await tx.incidents.get(incident.id)
        return now.override is not None and bool(now.override.assets)

    async def _is_quiet(self) -> bool:
        async with self._ctx.store.read() as tx:
            return not any([await tx.outbox.waiting(lane, limit=1) for lane in Lane])


@asynccontextmanager
async def hub_road(host: str, port: int, *, devices: int, data_dir: Path) -> AsyncIterator[HubRoad]:
    """Yield the road of a hub with `devices` loudspeakers in one province, once all its pinned sounds are made."""
    settings = Settings(data_dir=data_dir, broker_host=host, broker_port=port, http_port=free_port())
    async with open_hub(settings) as hub:
        province = hub.ctx.tree.at_level(Level.PROVINCE)[0].code
        await _until(lambda: _has_its_kit(hub), READY_TIMEOUT_S)
        await _register(hub, province, devices)
        yield HubRoad(hub, _operator(hub, province), province)


async def _has_its_kit(hub: Hub) -> bool:
    async with hub.ctx.store.read() as tx:
        return len(await tx.pinned.every()) >= len(kit())


async def _register(hub: Hub, province: AreaCode, count: int) -> None:
    """Put loudspeakers on record that have claimed their identity; those that listen are not these, and lean."""
    now = hub.ctx.now()
    async with hub.ctx.store.write() as tx:
        for n in range(count):
            device = Device(
                id=DeviceId(f"bench-{n:05}"),
                unit=province,
                areas=audience_codes(hub.ctx.tree, province),
                site=Site(name=f"Cụm loa {n}"),
                registration=Registration.ACTIVE,
                public_key=n.to_bytes(32),
                created_at=now,
                claimed_at=now,
            )
            await tx.devices.add(device)


def _operator(hub: Hub, unit: AreaCode) -> Actor:
    account = Account(
        id=AccountId("bench"),
        login="bench",
        name="Bench",
        password_hash="",  # it never signs in
        must_change_password=False,
        created_at=hub.ctx.now(),
    )
    grant = Grant(account=account.id, role=Role.OPERATOR, unit=unit, granted_at=hub.ctx.now())
    return Actor(account=account, grants=(grant,))


async def _until(holds: Callable[[], Awaitable[bool]], timeout_s: float) -> None:
    async with asyncio.timeout(timeout_s):
        while not await holds():  # noqa: ASYNC110  what is waited for stands in the database
            await asyncio.sleep(POLL_S)
