"""Signing in and out."""

from aiohttp import web

from hub.flows import people
from hub.flows.errors import NotSignedIn, TooMany
from hub.web.cookies import drop_token, put_token
from hub.web.forms import query
from hub.web.keys import actor_of, ctx_of, form_of, who
from hub.web.render import page, to


async def form(request: web.Request) -> web.StreamResponse:
    """GET /dang-nhap."""
    if who(request) is not None:
        return to("/")
    return await page(request, "sign_in.html", title="Đăng nhập", login="", next=_inside(query(request).text("tiep")))


async def begin(request: web.Request) -> web.StreamResponse:
    """POST /dang-nhap: a wrong password keeps the name that was typed."""
    given = form_of(request)
    login, next_page = given.text("login", most=200), _inside(given.text("next", most=2000))
    try:
        signed_in = await people.sign_in(
            ctx_of(request), login=login, password=given.text("password", most=2000), address=request.remote or "?"
        )
    except (NotSignedIn, TooMany) as exc:
        response = await page(
            request,
            "sign_in.html",
            title="Đăng nhập",
            status=429 if isinstance(exc, TooMany) else 401,
            login=login[:60],
            next=next_page,
            errors={"login": exc.words},
        )
        if isinstance(exc, TooMany):
            response.headers["Retry-After"] = str(round(exc.wait_s) + 1)
        return response
    answer = to("/tai-khoan" if signed_in.account.must_change_password else next_page)
    put_token(request, answer, signed_in.token)
    return answer


async def end(request: web.Request) -> web.StreamResponse:
    """POST /dang-xuat."""
    await people.sign_out(ctx_of(request), actor_of(request))
    answer = to("/dang-nhap")
    drop_token(request, answer)
    return answer


async def no_icon(_request: web.Request) -> web.StreamResponse:
    """GET /favicon.ico: the page names its icon; who asks for this one has not read it."""
    return web.Response(status=204, headers={"Cache-Control": "public, max-age=86400"})


def _inside(path: str) -> str:
    """Return a path of our own; what begins with two slashes, of either kind, is another site to a browser."""
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and "\\" not in path and path.isprintable()
    return path if ours and not path.startswith("/dang-nhap") else "/"
