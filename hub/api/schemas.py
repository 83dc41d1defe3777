"""What may be sent: every field with its most, read strictly from bytes whose size has been looked at."""

from http import HTTPStatus
from typing import Annotated, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from devices.protocol.limits import AREA_CHARS_MAX, OVERRIDE_MS_MAX, OVERRIDE_REPEATS_MAX
from devices.protocol.messages import OverrideKind
from emergency.incident import NAME_CHARS_MAX, PLACES_MAX, TEXT_CHARS_MAX

BODY_BYTES_MAX = 64 * 1024  # the longest alert, three bytes a sign, and room
M = TypeVar("M", bound="Sent")
Area = Annotated[str, Field(min_length=1, max_length=AREA_CHARS_MAX)]


class Sent(BaseModel):
    """Base: a misspelt field is an error, not an alert in the wrong place."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", str_strip_whitespace=True)


class SignIn(Sent):
    """Who asks for a token."""

    login: Annotated[str, Field(min_length=1, max_length=60)]
    password: Annotated[str, Field(min_length=1, max_length=512)]


class Claim(Sent):
    """What a loudspeaker sends once; fields of a later firmware are let pass."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    claim_code: Annotated[str, Field(min_length=1, max_length=80)]
    public_key: Annotated[str, Field(min_length=44, max_length=44, pattern=r"^[A-Za-z0-9+/]{43}=$")]  # 32 bytes


class Alert(Sent):
    """An alert; what is None follows from the policy of its hazard."""

    hazard: Annotated[str, Field(min_length=1, max_length=60)]
    level: Annotated[int, Field(ge=1, le=5)]
    areas: Annotated[tuple[Area, ...], Field(min_length=1, max_length=PLACES_MAX)]
    text: Annotated[str, Field(max_length=TEXT_CHARS_MAX)] = ""
    kind: OverrideKind = OverrideKind.EMERGENCY
    # Two at least: one whole minute has begun to pass when it is looked at, and less is refused as a slip of the hand.
    valid_minutes: Annotated[int, Field(ge=2, le=OVERRIDE_MS_MAX // 60_000)] | None = None
    repeats: Annotated[int, Field(ge=0, le=OVERRIDE_REPEATS_MAX)] | None = None
    gap_s: Annotated[int, Field(ge=0, le=14_400)] | None = None
    decision: Annotated[str, Field(max_length=NAME_CHARS_MAX)] = ""
    update_of: Annotated[str, Field(max_length=64)] | None = None


class Recall(Sent):
    """How an alert is ended."""

    all_clear: bool = True
    note: Annotated[str, Field(max_length=300)] = ""


async def read(request: web.Request, kind: type[M]) -> M:
    """Return what was sent.  Raises ValidationError, HTTPRequestEntityTooLarge: the size comes first."""
    if (request.content_length or 0) > BODY_BYTES_MAX:
        raise web.HTTPRequestEntityTooLarge(max_size=BODY_BYTES_MAX, actual_size=request.content_length or 0)
    body = await request.read()
    if len(body) > BODY_BYTES_MAX:  # sent in pieces, without saying how long it is
        raise web.HTTPRequestEntityTooLarge(max_size=BODY_BYTES_MAX, actual_size=len(body))
    return kind.model_validate_json(body or b"{}")


def made(body: object) -> web.Response:
    """Return "it is there now"."""
    return web.json_response(body, status=HTTPStatus.CREATED)
