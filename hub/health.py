"""What is alive, and what is late: one JSON object for a monitor, a page line for a person."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from devices.gateway import Gateway
from hub.db.outbox import Outbox
from hub.flows.context import Context
from hub.inbox import Inbox
from hub.supervise import Supervised

ANSWER_S = 3.0  # a monitor waits five seconds
LATE_MS = 10_000  # an outbox row that waits longer than this is not on its way


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """`ok` is what a load balancer asks; the rest says why not."""

    ok: bool
    database: bool
    broker: Mapping[str, bool]
    outbox_waiting: int
    outbox_late: bool
    services: Mapping[str, str]  # that do not run: name -> "" or the last error
    restarts: Mapping[str, int]  # lately: name -> how often; a service that falls all the time seems to run
    dropped: int


async def examine(
    ctx: Context, gateways: Mapping[str, Gateway], inbox: Inbox, services: Callable[[], list[Supervised]]
) -> Health:
    """Return the health of the hub; `gateways` by what they are for.  Never raises."""
    waiting, late, database = await _outbox(ctx)
    broker = {name: gateway.connected for name, gateway in gateways.items()}
    fallen = {service.name: service.last_error for service in services() if not service.running}
    return Health(
        ok=database and all(broker.values()) and not late and not fallen,
        database=database,
        broker=broker,
        outbox_waiting=waiting,
        outbox_late=late,
        services=fallen,
        restarts={service.name: len(service.falls) for service in services() if service.falls},
        dropped=inbox.dropped,
    )


async def _outbox(ctx: Context) -> tuple[int, bool, bool]:
    try:
        async with asyncio.timeout(ANSWER_S), ctx.store.read() as tx:
            count, oldest_ms = await Outbox(tx.connection).backlog(ctx.now_ms())
    except Exception:  # noqa: BLE001 - a health check that falls says nothing; this one says that the database is away
        return 0, False, False
    return count, oldest_ms is not None and ctx.now_ms() - oldest_ms > LATE_MS, True
