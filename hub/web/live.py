"""Server-sent events: the names of what has changed; a page that shows it looks again by itself."""

import asyncio
from collections.abc import Sequence

from aiohttp import web

from hub.flows.errors import TooMany
from hub.flows.events import MISSED
from hub.web.forms import query
from hub.web.keys import AROUND, actor_of, ctx_of

BEAT_S = 15.0  # proxies cut what is silent for a minute, and a page says after 40 s that the line is lost
LIFE_S = 300.0  # then the browser comes again, and its session is looked at again
STREAMS_MAX = 500  # every officer of a province with a page open, twice
NAMES_MAX = 20
HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
    "X-Content-Type-Options": "nosniff",
}
ALWAYS = frozenset({MISSED})
# What stands on every page is an alert of any name.
STANDING = ("incident", "incidents")


async def stream(request: web.Request) -> web.StreamResponse:
    """GET /su-kien?xem=loudspeakers,bulletin:b-1."""
    actor_of(request)
    watchers = request.config_dict[AROUND].watchers
    if len(watchers) >= STREAMS_MAX:
        raise TooMany("Quá nhiều màn hình đang theo dõi trực tiếp. Hãy đóng bớt trang.", wait_s=30)
    wanted = frozenset(query(request).text("xem", most=2000).split(",")[:NAMES_MAX])
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("a handler runs in a task")
    watchers.add(task)
    try:
        return await _told(request, wanted)
    finally:
        watchers.discard(task)


async def _told(request: web.Request, wanted: frozenset[str]) -> web.StreamResponse:
    response = web.StreamResponse(headers=HEADERS)
    ctx = ctx_of(request)
    with ctx.events.listening() as queue:
        try:
            await response.prepare(request)
            async with asyncio.timeout(LIFE_S):
                await _send(response, [("beat", str(ctx.now_ms()))])
                while True:
                    names = await _next(queue)
                    changes = [("change", name) for name in names if _matters(name, wanted)]
                    await _send(response, changes or ([] if names else [("beat", str(ctx.now_ms()))]))
        except (TimeoutError, ConnectionError):
            return response
    return response


async def _next(queue: "asyncio.Queue[str]") -> tuple[str, ...]:
    """Return what has been told, each name once; nothing after BEAT_S of silence."""
    try:
        async with asyncio.timeout(BEAT_S):
            names = [await queue.get()]
    except TimeoutError:
        return ()
    while not queue.empty():
        names.append(queue.get_nowait())
    return tuple(dict.fromkeys(names))


def _matters(name: str, wanted: frozenset[str]) -> bool:
    return name in wanted or name in ALWAYS or ("standing" in wanted and name.partition(":")[0] in STANDING)


async def _send(response: web.StreamResponse, events: Sequence[tuple[str, str]]) -> None:
    if events:
        await response.write("".join(f"event: {kind}\ndata: {data}\n\n" for kind, data in events).encode())
