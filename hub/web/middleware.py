"""Around every request: size and time before anything is read, who asks, whose form it is, and errors in words.

outermost  sealed    what every answer carries, and the words of every error
           bounded   size and time
           known     the session's person
innermost  own_form  the form is ours (CSRF)
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from devices.areas import AreaError
from hub.auth.errors import HashingBusy
from hub.auth.sessions import csrf_matches
from hub.flows import people
from hub.flows.errors import Conflicted, FlowError, NotAllowed, NotFound, NotSignedIn, Refused, TooMany
from hub.web.cookies import token_in
from hub.web.forms import BODY_BYTES_MAX, read_form
from hub.web.keys import AROUND, FORM, TOKEN, WHO, ctx_of, wants_json, who
from hub.web.render import error_page, to

log = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ANSWER_S_MAX = 60.0  # a long bulletin takes the voice half a minute the first time
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; media-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
}
STATUS: Mapping[type[FlowError], HTTPStatus] = {
    NotSignedIn: HTTPStatus.UNAUTHORIZED,
    NotAllowed: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Refused: HTTPStatus.UNPROCESSABLE_ENTITY,
    Conflicted: HTTPStatus.CONFLICT,
    TooMany: HTTPStatus.TOO_MANY_REQUESTS,
}
WORDS: Mapping[int, str] = {
    400: "Yêu cầu gửi lên không đọc được. Hãy tải lại trang rồi thử lại.",
    403: "Biểu mẫu đã cũ hoặc không phải của trang này nên chưa được gửi đi. Hãy tải lại trang rồi gửi lại.",
    404: "Không có trang này. Hãy kiểm tra lại địa chỉ hoặc trở về trang Hôm nay.",
    405: "Địa chỉ này không nhận thao tác như vậy. Hãy quay lại trang trước.",
    413: f"Nội dung gửi lên quá lớn, tối đa {BODY_BYTES_MAX // 1024} KB. Hãy rút ngắn rồi gửi lại.",
    415: "Nội dung gửi lên không đúng định dạng.",
    500: "Máy chủ gặp lỗi khi làm việc này và chưa thay đổi gì. Hãy thử lại; nếu vẫn lỗi, báo quản trị hệ thống.",
    503: "Máy chủ đang bận, chưa làm xong trong thời gian cho phép. Hãy thử lại sau ít giây.",
}
PACKED = {"text/html", "application/json"}
CHANGES = {"POST", "PUT", "PATCH", "DELETE"}
NOBODYS = ("/static/", "/api/", "/healthz")  # who asks there does not ask by a browser's cookie


@web.middleware
async def sealed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error in words, and give every answer its headers."""
    response = await _answered(request, handler)
    if not response.prepared:
        response.headers.update(HEADERS)
        response.headers.setdefault("Cache-Control", "no-store")
        if isinstance(response, web.Response) and response.content_type in PACKED:
            response.headers.add("Vary", "Accept-Encoding")
            if "gzip" in request.headers.get("Accept-Encoding", ""):
                response.enable_compression(web.ContentCoding.gzip)
    return response


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except FlowError as exc:
        return await flow_error(request, exc)
    except AreaError:
        return await error_page(request, 404, "Không tìm thấy đơn vị này. Hãy chọn lại.")
    except web.HTTPException as exc:
        if exc.status < HTTPStatus.BAD_REQUEST:
            raise
        return await error_page(request, exc.status, WORDS.get(exc.status, WORDS[400]))
    except (TimeoutError, HashingBusy):
        return await error_page(request, 503, WORDS[503])
    except Exception:  # the last place where a person can still be told in words
        if request.transport is None:  # who asked has left in the middle; there is nobody to tell, nothing to mend
            return web.Response(status=HTTPStatus.BAD_REQUEST)
        log.exception("request failed", extra={"action": "request_failed", "path": request.path[:200]})
        return await error_page(request, 500, WORDS[500])


async def flow_error(request: web.Request, exc: FlowError) -> web.Response:
    """Return a use case's refusal as a page or as JSON; who is not known is asked to sign in."""
    if isinstance(exc, NotSignedIn) and not wants_json(request):
        back = request.rel_url.raw_path_qs if request.method == "GET" else "/"
        return to("/dang-nhap?" + urlencode({"tiep": back}))
    response = await error_page(
        request, STATUS[type(exc)], exc.words, field=exc.field if isinstance(exc, Refused) else ""
    )
    if isinstance(exc, TooMany):
        response.headers["Retry-After"] = str(round(exc.wait_s) + 1)
    return response


@web.middleware
async def bounded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what is too large before reading it, and give up what takes too long."""
    if (request.content_length or 0) > BODY_BYTES_MAX:
        raise web.HTTPRequestEntityTooLarge(max_size=BODY_BYTES_MAX, actual_size=request.content_length or 0)
    if request.path == "/su-kien":  # an event stream has its own end
        return await handler(request)
    async with asyncio.timeout(ANSWER_S_MAX):
        return await handler(request)


@web.middleware
async def known(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find whose session it is; a person with a first password chooses one of their own before anything else."""
    token = "" if request.path.startswith(NOBODYS) else token_in(request)
    actor = await people.who(ctx_of(request), token) if token else None
    request[WHO] = actor
    request[TOKEN] = token if actor else ""
    if actor and actor.account.must_change_password and request.path not in {"/tai-khoan", "/dang-xuat"}:
        raise web.HTTPSeeOther("/tai-khoan")
    return await handler(request)


@web.middleware
async def own_form(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a change through only when it comes from our own page, with this session's token."""
    if request.method not in CHANGES or request.path.startswith(NOBODYS):
        return await handler(request)
    if not _same_origin(request):
        raise web.HTTPForbidden
    request[FORM] = await read_form(request)
    if who(request) is not None:
        given = request.headers.get("X-CSRF-Token", "") or request[FORM].text("csrf")
        if not csrf_matches(request[TOKEN], given):
            raise web.HTTPForbidden
    return await handler(request)


def _same_origin(request: web.Request) -> bool:
    """Browsers say where a form stood; programs say nothing."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc in {request.host, request.config_dict[AROUND].public_host}
