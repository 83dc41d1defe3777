"""The routes of the interface; `hub.app` adds them to the console's application.

POST /api/sessions            login, password → a token, to be sent as `Authorization: Bearer …`
DELETE /api/sessions          the token is worth nothing any more
POST /api/enrol               a loudspeaker's claim code and public key → its identity; no token
POST /api/alerts              an alert on the air, now
GET  /api/alerts/<id>         who has answered
POST /api/alerts/<id>/cancel  its end
GET  /api/bulletins/<id>/text what an approved bulletin says, as JSON or plain text
"""

import base64
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from functools import partial

from aiohttp import web

from devices.protocol.manifest import QuietHours
from emergency.rollcall import standing
from hub.api.bearer import ID, Action, actor_of, bound
from hub.api.errors import in_json
from hub.api.patience import Patience
from hub.api.schemas import Alert, Claim, Recall, SignIn, made, read
from hub.api.texts import in_text
from hub.api.uploads import upload_routes
from hub.auth.sessions import ends_at
from hub.flows import alert, desk, fleet, people
from hub.flows.alert import Asked, RollCallView
from hub.flows.context import Context
from hub.flows.errors import Refused, TooMany


def api_routes(ctx: Context) -> list[web.RouteDef]:
    """Return all routes, bound to `ctx`."""
    patience = Patience()
    table: tuple[tuple[str, str, Action], ...] = (
        ("POST", "/api/sessions", sign_in),
        ("DELETE", "/api/sessions", sign_out),
        ("POST", "/api/enrol", partial(enrol, patience)),
        ("POST", "/api/alerts", send),
        ("GET", f"/api/alerts/{ID}", roll_call),
        ("POST", f"/api/alerts/{ID}/cancel", cancel),
        ("GET", f"/api/bulletins/{ID}/text", bulletin_text),
    )
    own = [web.route(method, path, in_json(bound(action, ctx))) for method, path, action in table]
    return [*own, *upload_routes(ctx)]


async def sign_in(ctx: Context, request: web.Request) -> web.StreamResponse:
    """POST /api/sessions."""
    given = await read(request, SignIn)
    begun = await people.sign_in(ctx, login=given.login, password=given.password, address=request.remote or "?")
    until = ends_at(begun.session)
    return made({"token": begun.token, "ends_at_ms": int(until.timestamp() * 1000), "name": begun.account.name})


async def sign_out(ctx: Context, request: web.Request) -> web.StreamResponse:
    """DELETE /api/sessions."""
    await people.sign_out(ctx, await actor_of(ctx, request))
    return web.Response(status=204)


async def enrol(patience: Patience, ctx: Context, request: web.Request) -> web.StreamResponse:
    """POST /api/enrol."""
    address = request.remote or "?"
    wait_ms = patience.wait_ms(address, ctx.now_ms())
    if wait_ms:
        raise TooMany("Sai mã kích hoạt nhiều lần. Hãy chờ rồi thử lại.", wait_s=wait_ms / 1000)
    given = await read(request, Claim)
    try:
        got = await fleet.enrol(ctx, code=given.claim_code, public_key=base64.b64decode(given.public_key))
    except Refused:
        patience.wrong(address, ctx.now_ms())
        raise
    return made(
        {
            "device": got.device.id,
            "areas": list(got.device.areas),
            "root_public_key": got.root_public_key,
            "quiet": _quiet(got.device.quiet),
            "broker": {"host": got.broker_host, "port": got.broker_port},
        }
    )


def _quiet(quiet: QuietHours) -> Mapping[str, object]:
    return asdict(quiet)


async def send(ctx: Context, request: web.Request) -> web.StreamResponse:
    """POST /api/alerts."""
    actor = await actor_of(ctx, request)
    given = await read(request, Alert)
    asked = Asked(
        hazard=given.hazard,
        level=given.level,
        areas=given.areas,
        text=given.text,
        kind=given.kind,
        valid_until=ctx.now() + timedelta(minutes=given.valid_minutes) if given.valid_minutes else None,
        repeats=given.repeats,
        gap=timedelta(seconds=given.gap_s) if given.gap_s is not None else None,
        decision=given.decision,
    )
    sent = await alert.send(ctx, actor, asked, update_of=given.update_of)
    return made(_told(await alert.roll_call(ctx, actor, sent.id)))


async def roll_call(ctx: Context, request: web.Request) -> web.StreamResponse:
    """GET /api/alerts/<id>."""
    view = await alert.roll_call(ctx, await actor_of(ctx, request), request.match_info["id"])
    return web.json_response(_told(view))


async def bulletin_text(ctx: Context, request: web.Request) -> web.StreamResponse:
    """GET /api/bulletins/<id>/text."""
    twin = await desk.twin(ctx, await actor_of(ctx, request), request.match_info["id"])
    return in_text(twin, request.headers.get("Accept", ""))


async def cancel(ctx: Context, request: web.Request) -> web.StreamResponse:
    """POST /api/alerts/<id>/cancel."""
    actor = await actor_of(ctx, request)
    given = await read(request, Recall)
    ended = await alert.cancel(ctx, actor, request.match_info["id"], note=given.note, all_clear=given.all_clear)
    return web.json_response(_told(await alert.roll_call(ctx, actor, ended.id)))


def _told(view: RollCallView) -> dict[str, object]:
    incident = view.incident
    return {
        "id": incident.id,
        "kind": incident.kind,
        "stage": incident.stage,
        "areas": list(incident.published_in),
        "valid_until_ms": int(incident.valid_until.timestamp() * 1000),
        "tally": {
            name: getattr(view.tally, name)
            for name in ("total", "accepted", "sounded", "refused", "silent", "unreachable", "gave_up")
        },
        "calls": [{"device": call.device, "standing": standing(call)} for call in view.calls],
    }
