"""Templates to pages: read once, everything escaped, a name that is not given is an error."""

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import DictLoader, Environment, StrictUndefined

from content.model import ACT_WORDS, STAGE_WORDS, SUBJECT_WORDS
from devices.presence import WORDS as PRESENCE_WORDS
from hub.auth.roles import ROLE_WORDS, Permission
from hub.flows import areas
from hub.flows.actor import Actor
from hub.web import words
from hub.web.keys import AROUND, csrf_of, ctx_of, wants_json, who
from hub.web.standing import standing
from hub.web.static_files import address
from hub.web.when import recurrence_words

FOLDER = Path(__file__).parent / "templates"

# The four places that are always in reach, and what stands behind "Thêm"; (path, words, icon).
PLACES = (
    ("/", "Hôm nay", "sun"),
    ("/ban-tin", "Bản tin", "newspaper"),
    ("/loa", "Loa", "megaphone"),
    ("/khan-cap", "Khẩn cấp", "siren"),
)
MORE = (
    ("/lich", "Lịch phát", "calendar-clock", Permission.SEE),
    ("/da-phat", "Nhật ký phát", "history", Permission.SEE_REPORTS),
    ("/nguoi-dung", "Người dùng", "users", Permission.MANAGE_PEOPLE),
    ("/nhat-ky", "Nhật ký hoạt động", "shield", Permission.SEE_AUDIT),
    ("/tai-khoan", "Tài khoản", "user-round", None),
)


def _environment() -> Environment:
    sources = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.html")}
    made = Environment(
        loader=DictLoader(sources), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {
        "clock": words.clock,
        "clock_s": words.clock_s,
        "day": words.day,
        "full_moment": words.full_moment,
        "for_input": words.for_input,
        "lasting": words.length,
        "age": words.age,
        "grouped": words.count,
        "capital": words.capital,
        "lower_first": lambda text: text[:1].lower() + text[1:],
        "seconds_ago": lambda seconds: words.age(timedelta(seconds=seconds)),
    }
    made.globals |= {
        "static": address,
        "moment": words.moment,
        "when_words": lambda programme: recurrence_words(programme.recurrence),
        "PLACES": PLACES,
        "STAGE_WORDS": STAGE_WORDS,
        "ACT_WORDS": ACT_WORDS,
        "SUBJECT_WORDS": SUBJECT_WORDS,
        "PRESENCE_WORDS": PRESENCE_WORDS,
        "ROLE_WORDS": ROLE_WORDS,
    }
    for name in sources:
        made.get_template(name)  # a template that cannot be compiled stops the start, not a page
    return made


TEMPLATES = _environment()


async def page(
    request: web.Request, template: str, *, title: str, status: int = HTTPStatus.OK, **values: Any
) -> web.Response:
    """Return a page with what every page shows; `errors` maps fields to what is wrong with them."""
    around = request.config_dict[AROUND]
    around.standing = await standing(ctx_of(request))
    actor = who(request)
    if actor is not None:
        groups = await areas.groups(ctx_of(request), actor)
        values = {"group_names": {group.code: f"Nhóm {group.name}" for group in groups}, **values}
    return _page(request, template, title=title, status=status, values=values)


def _page(request: web.Request, template: str, *, title: str, status: int, values: Mapping[str, Any]) -> web.Response:
    ctx = ctx_of(request)
    actor = who(request)
    named = values.get("group_names", {})
    given = {
        "title": title,
        "now": ctx.now(),
        "path": request.path,
        "place": _place(request.path),
        "me": actor,
        "more": _more(actor, request),
        "unit": ctx.tree.unit(ctx.unit),
        "unit_name": lambda code: found.name if (found := ctx.tree.find(code)) else named.get(code, code),
        "csrf": csrf_of(request),
        "standing": request.config_dict[AROUND].standing,
        "errors": {},
        "watch": (),
        **values,
    }
    return web.Response(text=TEMPLATES.get_template(template).render(given), content_type="text/html", status=status)


def to(path: str) -> web.Response:
    """Return "look there now"; after a form, so that a reload sends nothing twice."""
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": path})


async def error_page(request: web.Request, status: int, said: str, *, field: str = "") -> web.Response:
    """Return what went wrong, as whoever asked can read it; asks no store, for that may be what went wrong."""
    if wants_json(request):
        return web.json_response(
            {"error": {"code": HTTPStatus(status).name.lower(), "words": said, "field": field}}, status=status
        )
    title = "Không làm được" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "Máy chủ gặp lỗi"
    return _page(request, "error.html", title=title, status=status, values={"said": said, "code": status})


def _place(path: str) -> str:
    """Return which of the places a path belongs to."""
    first = "/" + path.split("/")[1]
    return first if any(first == known for known, *_ in PLACES) else "/them" if path != "/" else "/"


def _more(actor: Actor | None, request: web.Request) -> tuple[tuple[str, str, str], ...]:
    if actor is None:
        return ()
    tree = ctx_of(request).tree
    return tuple((path, name, icon) for path, name, icon, need in MORE if need is None or actor.reach(need, tree))
