"""What the application and a request carry, by typed keys, and the short ways to get at it."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from hub.auth.sessions import csrf_token
from hub.flows.actor import Actor
from hub.flows.context import Context
from hub.flows.errors import NotSignedIn
from hub.web.forms import NOTHING, Form


@dataclass(slots=True, kw_only=True)
class Surroundings:
    """What the pages need beyond the use cases."""

    secure: bool  # browsers reach us by https: the cookie is theirs alone
    public_host: str = ""  # the name under which browsers know us, when a proxy stands in between
    standing: tuple[Any, ...] = ()  # the alerts on the air, as the last page found them
    watchers: set["asyncio.Task[object]"] = field(default_factory=set)  # open event streams, ended when the hub stops


CTX: web.AppKey[Context] = web.AppKey("ctx", Context)
AROUND: web.AppKey[Surroundings] = web.AppKey("around", Surroundings)
WHO: web.RequestKey[Actor | None] = web.RequestKey("who", Actor)
TOKEN: web.RequestKey[str] = web.RequestKey("token", str)
FORM: web.RequestKey[Form] = web.RequestKey("form", Form)


def ctx_of(request: web.Request) -> Context:
    """Return the world as use cases see it."""
    return request.config_dict[CTX]


def who(request: web.Request) -> Actor | None:
    """Return who asks, or None."""
    return request.get(WHO)


def actor_of(request: web.Request) -> Actor:
    """Return who asks, or raise NotSignedIn."""
    actor = who(request)
    if actor is None:
        raise NotSignedIn("Hãy đăng nhập để tiếp tục.")
    return actor


def csrf_of(request: web.Request) -> str:
    """Return the token that this browser's forms carry; empty without a session."""
    token = request.get(TOKEN, "")
    return csrf_token(token) if token else ""


def wants_json(request: web.Request) -> bool:
    """Say whether a program asks: the interface, or a script of our own pages."""
    return request.path.startswith("/api/") or "application/json" in request.headers.get("Accept", "")


def form_of(request: web.Request) -> Form:
    """Return the form that came along; empty when none did."""
    given: Form = request.get(FORM, NOTHING)
    return given
