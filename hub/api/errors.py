"""What the interface answers instead of doing it: one form for all, with words for whoever reads the log.

{"error": {"code": "unprocessable_entity", "words": "…", "field": "level"}}
"""

import functools
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from aiohttp import web
from pydantic import ValidationError

from devices.areas import AreaError
from hub.auth.errors import HashingBusy
from hub.flows.errors import Conflicted, FlowError, NotAllowed, NotFound, NotSignedIn, Refused, TooMany

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

STATUS: Mapping[type[FlowError], HTTPStatus] = {
    NotSignedIn: HTTPStatus.UNAUTHORIZED,
    NotAllowed: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Refused: HTTPStatus.UNPROCESSABLE_ENTITY,
    Conflicted: HTTPStatus.CONFLICT,
    TooMany: HTTPStatus.TOO_MANY_REQUESTS,
}
# By the type pydantic gives an error; the others are "not right".
WORDS: Mapping[str, str] = {
    "missing": "thiếu trường này",
    "extra_forbidden": "không có trường này",
    "string_too_long": "quá dài",
    "string_too_short": "quá ngắn",
    "string_pattern_mismatch": "không đúng dạng",
    "too_long": "quá nhiều mục",
    "too_short": "quá ít mục",
    "greater_than_equal": "quá nhỏ",
    "less_than_equal": "quá lớn",
    "json_invalid": "không phải JSON đọc được",
    "int_type": "phải là số nguyên",
    "string_type": "phải là chuỗi",
    "bool_type": "phải là true hoặc false",
    "enum": "không có trong danh sách",
}


def error(status: HTTPStatus, words: str, field: str = "") -> web.Response:
    """Return an error in the one form."""
    body = {"error": {"code": status.name.lower(), "words": words, "field": field}}
    return web.json_response(body, status=status)


def in_json(handler: Handler) -> Handler:
    """Return `handler` with every refusal answered as JSON."""

    @functools.wraps(handler)
    async def answered(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except FlowError as exc:
            return _refusal(exc)
        except ValidationError as exc:
            return _invalid(exc)
        except AreaError:
            return error(HTTPStatus.NOT_FOUND, "Không tìm thấy đơn vị này.", "areas")
        except HashingBusy:
            return error(HTTPStatus.SERVICE_UNAVAILABLE, "Máy chủ đang bận. Hãy thử lại sau ít giây.")

    return answered


def _refusal(exc: FlowError) -> web.Response:
    answer = error(STATUS[type(exc)], exc.words, exc.field if isinstance(exc, Refused) else "")
    if isinstance(exc, TooMany):
        answer.headers["Retry-After"] = str(round(exc.wait_s) + 1)
    if isinstance(exc, NotSignedIn):
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _invalid(exc: ValidationError) -> web.Response:
    first = exc.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(map(str, first["loc"]))[:80]
    wrong = WORDS.get(first["type"], "không hợp lệ")
    said = f"Trường “{field}”: {wrong}." if field else f"Nội dung gửi lên {wrong}."
    return error(HTTPStatus.UNPROCESSABLE_ENTITY, said, field)
