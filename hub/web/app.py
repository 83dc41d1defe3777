"""The console as one aiohttp application: the routes as a table, and what stands around them."""

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from hub.flows.context import Context
from hub.web import live
from hub.web.forms import BODY_BYTES_MAX
from hub.web.keys import AROUND, CTX, Surroundings
from hub.web.middleware import bounded, known, own_form, sealed
from hub.web.pages import account, air, alerts, audit, bulletins, loudspeakers, people, programmes, session, today
from hub.web.static_files import static

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ID = "{id:[a-z0-9][a-z0-9-]{0,63}}"
DIGEST = "{digest:[0-9a-f]{64}}"

# Addresses are what people read out on the telephone, so they are Vietnamese words without marks.
ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/", today.today),
    ("GET", "/them", account.more),
    ("GET", "/dang-nhap", session.form),
    ("POST", "/dang-nhap", session.begin),
    ("POST", "/dang-xuat", session.end),
    ("GET", "/tai-khoan", account.own),
    ("POST", "/tai-khoan", account.change_password),
    ("GET", "/ban-tin", bulletins.listing),
    ("GET", "/ban-tin/moi", bulletins.new),
    ("POST", "/ban-tin/moi", bulletins.create),
    ("POST", "/cach-doc", bulletins.reading),
    ("GET", f"/ban-tin/{ID}", bulletins.one),
    ("POST", f"/ban-tin/{ID}", bulletins.save),
    ("GET", f"/ban-tin/{ID}/nghe", bulletins.listen),
    ("POST", f"/ban-tin/{ID}/buoc", bulletins.step),
    ("GET", f"/ban-tin/{ID}/phat", programmes.form),
    ("POST", f"/ban-tin/{ID}/phat", programmes.put),
    ("GET", f"/am-thanh/{DIGEST}", bulletins.sound),
    ("GET", "/lich", programmes.listing),
    ("POST", f"/lich/{ID}/huy", programmes.cancel),
    ("GET", "/loa", loudspeakers.listing),
    ("GET", "/loa/moi", loudspeakers.new),
    ("POST", "/loa/moi", loudspeakers.register),
    ("POST", "/loa/dung", loudspeakers.stop_unit),
    ("GET", f"/loa/{ID}", loudspeakers.one),
    ("POST", f"/loa/{ID}/dung", loudspeakers.stop),
    ("POST", f"/loa/{ID}/am-luong", loudspeakers.volume),
    ("POST", f"/loa/{ID}/vi-tri", loudspeakers.move),
    ("POST", f"/loa/{ID}/thay", loudspeakers.replace),
    ("POST", f"/loa/{ID}/thu-hoi", loudspeakers.retire),
    ("GET", "/khan-cap", alerts.start),
    ("POST", "/khan-cap/soan", alerts.prepare),
    ("POST", "/khan-cap/gui", alerts.send),
    ("POST", "/khan-cap/am-thanh", alerts.preview),
    ("GET", f"/khan-cap/{ID}", alerts.roll_call),
    ("POST", f"/khan-cap/{ID}/thu-hoi", alerts.recall),
    ("GET", "/da-phat", air.listing),
    ("GET", "/nhat-ky", audit.listing),
    ("GET", "/nguoi-dung", people.listing),
    ("POST", "/nguoi-dung", people.create),
    ("POST", "/nguoi-dung/{account:[a-z0-9.-]{1,64}}/vai-tro", people.give),
    ("POST", "/nguoi-dung/{account:[a-z0-9.-]{1,64}}/bo-vai-tro", people.take),
    ("POST", "/nguoi-dung/{account:[a-z0-9.-]{1,64}}/dong", people.close),
    ("GET", "/su-kien", live.stream),
    ("GET", "/static/{edition:[0-9a-f]{12}}/{name:[a-zA-Z0-9./_-]{1,80}}", static),
    ("GET", "/favicon.ico", session.no_icon),
)


def web_app(ctx: Context, *, public_url: str = "") -> web.Application:
    """Return the application; `public_url` is how browsers reach it: with https the cookie is theirs alone."""
    url = urlsplit(public_url)
    app = web.Application(middlewares=[sealed, bounded, known, own_form], client_max_size=BODY_BYTES_MAX)
    app[CTX] = ctx
    app[AROUND] = Surroundings(secure=url.scheme == "https", public_host=url.netloc)
    app.router.add_routes([web.route(method, path, handler) for method, path, handler in ROUTES])
    app.on_shutdown.append(_end_streams)
    return app


async def _end_streams(app: web.Application) -> None:
    """Open event streams would hold the end of the hub up for as long as somebody looks."""
    watchers = tuple(app[AROUND].watchers)
    for task in watchers:
        task.cancel()
    await asyncio.gather(*watchers, return_exceptions=True)
