"""The session's token on its way to a browser and back."""

from aiohttp import web

from hub.auth.sessions import AGE_MAX, TOKEN_CHARS, SessionToken
from hub.web.keys import AROUND

PLAIN = "loa"
SECURE = "__Host-loa"  # browsers take this name only over https, from this host, for all paths


def _name(request: web.Request) -> str:
    return SECURE if request.config_dict[AROUND].secure else PLAIN


def token_in(request: web.Request) -> str:
    """Return the token that came along, or nothing; it has one length."""
    token = request.cookies.get(_name(request), "")
    return token if len(token) == TOKEN_CHARS else ""


def put_token(request: web.Request, response: web.StreamResponse, token: SessionToken) -> None:
    """Give the browser its token; scripts cannot read it, other sites cannot send it."""
    response.set_cookie(
        _name(request),
        token,
        max_age=int(AGE_MAX.total_seconds()),
        path="/",
        httponly=True,
        samesite="Lax",
        secure=request.config_dict[AROUND].secure,
    )


def drop_token(request: web.Request, response: web.StreamResponse) -> None:
    """Take the token away."""
    response.del_cookie(
        _name(request), path="/", httponly=True, samesite="Lax", secure=request.config_dict[AROUND].secure
    )
