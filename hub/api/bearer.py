"""Whose token came along with a request, and a use case bound to its context: what all routes share."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from hub.auth.sessions import TOKEN_CHARS
from hub.flows import people
from hub.flows.actor import Actor
from hub.flows.context import Context
from hub.flows.errors import NotSignedIn

Action = Callable[[Context, web.Request], Awaitable[web.StreamResponse]]
ID = "{id:[a-z0-9][a-z0-9-]{0,63}}"


def bound(action: Action, ctx: Context) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return `action` as a handler."""

    async def handler(request: web.Request) -> web.StreamResponse:
        return await action(ctx, request)

    return handler


async def actor_of(ctx: Context, request: web.Request) -> Actor:
    """Return whose token came along.  Raises NotSignedIn.  A cookie does not count here, so no form can forge it."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    good = kind.lower() == "bearer" and len(token.strip()) == TOKEN_CHARS
    actor = await people.who(ctx, token.strip()) if good else None
    if actor is None:
        raise NotSignedIn("Thiếu hoặc sai mã truy cập. Hãy lấy mã mới ở /api/sessions.")
    if actor.account.must_change_password:
        raise NotSignedIn("Hãy đăng nhập trang điều hành và đổi mật khẩu lần đầu trước.")
    return actor
