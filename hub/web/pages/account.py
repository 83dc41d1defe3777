"""The own account, and what stands behind "Thêm"."""

from aiohttp import web

from hub.flows import people
from hub.flows.errors import Refused
from hub.web.cookies import drop_token
from hub.web.forms import Form
from hub.web.keys import actor_of, ctx_of, form_of
from hub.web.render import page, to


async def more(request: web.Request) -> web.StreamResponse:
    """GET /them."""
    actor_of(request)
    return await page(request, "more.html", title="Thêm")


async def own(request: web.Request) -> web.StreamResponse:
    """GET /tai-khoan."""
    actor_of(request)
    return await page(request, "account.html", title="Tài khoản")


async def change_password(request: web.Request) -> web.StreamResponse:
    """POST /tai-khoan: every session ends, this one too."""
    actor, given = actor_of(request), form_of(request)
    try:
        new = _twice(given)
        await people.change_password(ctx_of(request), actor, old=given.text("old", most=2000), new=new)
    except Refused as exc:
        return await page(request, "account.html", title="Tài khoản", status=422, errors={exc.field: exc.words})
    answer = to("/dang-nhap")
    drop_token(request, answer)
    return answer


def _twice(given: Form) -> str:
    """Return the new password, typed the same way twice.  Raises Refused."""
    new = given.text("new", most=2000)
    if new != given.text("again", most=2000):
        raise Refused("Hai lần nhập mật khẩu mới không giống nhau. Hãy nhập lại cả hai.", field="again")
    return new
