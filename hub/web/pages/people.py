"""Người dùng: who holds which role where; new accounts, roles given and taken, accounts closed."""

from collections.abc import Mapping

from aiohttp import web

from devices.areas import AreaCode, Level
from hub.auth.model import Role
from hub.auth.roles import HELD_AT, ROLE_WORDS, Permission
from hub.flows import people as flow
from hub.flows.errors import NotAllowed, Refused
from hub.web.forms import NOTHING, Form
from hub.web.keys import actor_of, ctx_of, form_of
from hub.web.render import page, to

UNITS_MAX = 400  # a province has at most 170 communes; the nation's hub names a unit by its province first


async def listing(request: web.Request) -> web.StreamResponse:
    """GET /nguoi-dung."""
    return await _page(request, NOTHING)


async def create(request: web.Request) -> web.StreamResponse:
    """POST /nguoi-dung: the first password is shown on this answer and never again."""
    given = form_of(request)
    try:
        account, password = await flow.create_account(
            ctx_of(request),
            actor_of(request),
            login=given.text("login", most=200),
            name=given.text("name", most=flow.NAME_CHARS_MAX),
            role=given.choice("role", Role, words="Hãy chọn nhiệm vụ."),
            unit=AreaCode(given.text("unit", most=40)),
        )
    except Refused as exc:
        return await _page(request, given, errors={exc.field: exc.words})
    except NotAllowed as exc:
        return await _page(request, given, errors={"unit": exc.words}, status=403)
    return await page(request, "account_made.html", title="Đã tạo tài khoản", account=account, password=password)


async def give(request: web.Request) -> web.StreamResponse:
    """POST /nguoi-dung/<account>/vai-tro."""
    role, unit = _role(form_of(request))
    await flow.give_role(
        ctx_of(request), actor_of(request), account=request.match_info["account"], role=role, unit=unit
    )
    return to("/nguoi-dung")


async def take(request: web.Request) -> web.StreamResponse:
    """POST /nguoi-dung/<account>/bo-vai-tro."""
    role, unit = _role(form_of(request))
    await flow.take_role(
        ctx_of(request), actor_of(request), account=request.match_info["account"], role=role, unit=unit
    )
    return to("/nguoi-dung")


async def close(request: web.Request) -> web.StreamResponse:
    """POST /nguoi-dung/<account>/dong."""
    await flow.close_account(ctx_of(request), actor_of(request), account=request.match_info["account"])
    return to("/nguoi-dung")


def _role(given: Form) -> tuple[Role, AreaCode]:
    return given.choice("role", Role, words="Hãy chọn nhiệm vụ."), AreaCode(given.text("unit", most=40))


async def _page(
    request: web.Request, given: Form, *, errors: Mapping[str, str] | None = None, status: int = 422
) -> web.Response:
    ctx, actor = ctx_of(request), actor_of(request)
    reach = actor.reach(Permission.MANAGE_PEOPLE, ctx.tree)
    if not reach:
        raise NotAllowed("Nhiệm vụ của bạn không gồm quyền quản lý người dùng.")
    held_at = {level for levels in HELD_AT.values() for level in levels} - {Level.VILLAGE}
    units = [unit for top in reach for unit in ctx.tree.branch(top) if unit.level in held_at][:UNITS_MAX]
    everybody = await flow.people_of(ctx, actor)
    return await page(
        request,
        "people.html",
        title="Người dùng",
        status=status if errors else 200,
        errors=errors or {},
        people=[one for one in everybody if one[0].closed_at is None],
        closed=[one for one in everybody if one[0].closed_at is not None],
        units=[(unit.code, unit.name) for unit in units],
        roles=ROLE_WORDS.items(),
        given={name: given.text(name)[:300] for name in ("login", "name", "role", "unit")},
    )
