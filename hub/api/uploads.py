"""The routes for recordings; what is sent in parts can be gone on with after any interruption.

POST   /api/uploads                  {unit, name, size_bytes, service_class} → an upload
GET    /api/uploads                  those of the units one sees
GET    /api/uploads/<id>             how far it is: received_bytes, stage, step, findings, figures, master
PATCH  /api/uploads/<id>             a part, raw: Upload-Offset: where it begins; perhaps Upload-Checksum: sha256 <hex>
                                     409 when another part is due; Upload-Offset of every answer says which
PUT    /api/uploads/<id>             the same
POST   /api/uploads/<id>/finish      {sha256 (optional)}: that was all; the checks begin
POST   /api/uploads/<id>/one-channel only the left channel, after `cancels`
GET    /api/uploads/<id>/source      the file as it was sent
DELETE /api/uploads/<id>             given up
GET    /api/languages                the table of languages
PUT    /api/bulletins/<id>/passages  {revision, passages: [{language, text, recording}]}: all languages, in order
"""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from aiohttp import web
from pydantic import Field

from content.languages import LANGUAGES
from content.passages import PASSAGES_MAX, Passage
from content.uploads import NAME_CHARS_MAX, PART_BYTES_MAX, STAGE_WORDS, STEP_WORDS, WHOLE_BYTES_MAX, Upload
from devices.protocol.ids import AssetDigest
from devices.protocol.limits import AREA_CHARS_MAX, TEXT_CHARS_MAX
from devices.protocol.manifest import ServiceClass
from hub.api.bearer import ID, Action, actor_of, bound
from hub.api.errors import error, in_json
from hub.api.schemas import Sent, made, read
from hub.flows import bulletin, uploads
from hub.flows.context import Context
from hub.flows.errors import Conflicted, Refused

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
OFFSET = "Upload-Offset"
CHECKSUM = "Upload-Checksum"


class Announced(Sent):
    """A file that is going to be sent."""

    unit: Annotated[str, Field(min_length=1, max_length=AREA_CHARS_MAX)]
    name: Annotated[str, Field(min_length=1, max_length=NAME_CHARS_MAX)]
    size_bytes: Annotated[int, Field(ge=1, le=WHOLE_BYTES_MAX)]
    service_class: ServiceClass = ServiceClass.NORMAL


class Done(Sent):
    """That was all."""

    sha256: Sha256 | None = None


class PassageSent(Sent):
    """One language."""

    language: Annotated[str, Field(min_length=2, max_length=8)]
    text: Annotated[str, Field(max_length=TEXT_CHARS_MAX)] = ""
    recording: Sha256 | None = None


class Passages(Sent):
    """All languages of a bulletin, in the order in which they are heard."""

    revision: Annotated[int, Field(ge=1)]
    passages: Annotated[tuple[PassageSent, ...], Field(min_length=1, max_length=PASSAGES_MAX)]


def upload_routes(ctx: Context) -> list[web.RouteDef]:
    """Return all routes, bound to `ctx`."""
    table: tuple[tuple[str, str, Action], ...] = (
        ("POST", "/api/uploads", begin),
        ("GET", "/api/uploads", listing),
        ("GET", f"/api/uploads/{ID}", one),
        ("PATCH", f"/api/uploads/{ID}", append),
        ("PUT", f"/api/uploads/{ID}", append),
        ("POST", f"/api/uploads/{ID}/finish", finish),
        ("POST", f"/api/uploads/{ID}/one-channel", one_channel),
        ("GET", f"/api/uploads/{ID}/source", source),
        ("DELETE", f"/api/uploads/{ID}", remove),
        ("GET", "/api/languages", languages),
        ("PUT", f"/api/bulletins/{ID}/passages", passages),
    )
    return [web.route(method, path, in_json(bound(action, ctx))) for method, path, action in table]


async def begin(ctx: Context, request: web.Request) -> web.StreamResponse:
    """POST /api/uploads."""
    actor = await actor_of(ctx, request)
    given = await read(request, Announced)
    upload = await uploads.begin(ctx, actor, **given.model_dump())
    answer = made(told(upload))
    answer.headers.update({"Location": f"/api/uploads/{upload.id}", OFFSET: "0"})
    return answer


async def listing(ctx: Context, request: web.Request) -> web.StreamResponse:
    """GET /api/uploads."""
    held = await uploads.listing(ctx, await actor_of(ctx, request), unit=request.query.get("unit") or None)
    return web.json_response({"uploads": [told(upload) for upload in held]})


async def one(ctx: Context, request: web.Request) -> web.StreamResponse:
    """GET /api/uploads/<id>."""
    return _answer(await uploads.one(ctx, await actor_of(ctx, request), request.match_info["id"]))


async def append(ctx: Context, request: web.Request) -> web.StreamResponse:
    """PATCH /api/uploads/<id>."""
    actor = await actor_of(ctx, request)
    offset = _offset(request)
    sha256 = _checksum(request)
    data = await _body(request)
    try:
        upload = await uploads.append(ctx, actor, request.match_info["id"], offset=offset, data=data, sha256=sha256)
    except Conflicted as exc:
        there = await uploads.one(ctx, actor, request.match_info["id"])
        refused = error(HTTPStatus.CONFLICT, exc.words, OFFSET)
        refused.headers[OFFSET] = str(there.received_bytes)
        return refused
    return _answer(upload)


def _offset(request: web.Request) -> int:
    given = request.headers.get(OFFSET, "")
    if not (given.isascii() and given.isdecimal() and len(given) <= 12):
        raise Refused(f"Thiếu hoặc sai {OFFSET}.", field=OFFSET)
    return int(given)


def _checksum(request: web.Request) -> str:
    """Return what the part should hash to; "" when nothing is said about it."""
    kind, _, digest = request.headers.get(CHECKSUM, "").partition(" ")
    if kind and (kind != "sha256" or len(digest) != 64):
        raise Refused(f"{CHECKSUM} có dạng “sha256 <64 chữ số hex>”.", field=CHECKSUM)
    return digest


async def _body(request: web.Request) -> bytes:
    """Return a part.  Raises HTTPRequestEntityTooLarge before more than a part is in memory."""
    data = b""
    async for piece in request.content.iter_any():
        data += piece
        if len(data) > PART_BYTES_MAX:
            raise web.HTTPRequestEntityTooLarge(max_size=PART_BYTES_MAX, actual_size=len(data))
    return data


async def finish(ctx: Context, request: web.Request) -> web.StreamResponse:
    """POST /api/uploads/<id>/finish."""
    actor = await actor_of(ctx, request)
    given = await read(request, Done)
    return _answer(await uploads.finish(ctx, actor, request.match_info["id"], sha256=given.sha256 or ""))


async def one_channel(ctx: Context, request: web.Request) -> web.StreamResponse:
    """POST /api/uploads/<id>/one-channel."""
    return _answer(await uploads.use_one_channel(ctx, await actor_of(ctx, request), request.match_info["id"]))


async def source(ctx: Context, request: web.Request) -> web.StreamResponse:
    """GET /api/uploads/<id>/source.  Never shown by a browser: it may be anything that also has a sound in it."""
    name, data = await uploads.source(ctx, await actor_of(ctx, request), request.match_info["id"])
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "X-Content-Type-Options": "nosniff",
    }
    return web.Response(body=data, content_type="application/octet-stream", headers=headers)


async def remove(ctx: Context, request: web.Request) -> web.StreamResponse:
    """DELETE /api/uploads/<id>."""
    await uploads.remove(ctx, await actor_of(ctx, request), request.match_info["id"])
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def languages(ctx: Context, request: web.Request) -> web.StreamResponse:
    """GET /api/languages."""
    await actor_of(ctx, request)
    table = [
        {"code": one.code, "name": one.name, "own_name": one.own_name, "spoken": one.spoken}
        for one in LANGUAGES.values()
    ]
    return web.json_response({"languages": table})


async def passages(ctx: Context, request: web.Request) -> web.StreamResponse:
    """PUT /api/bulletins/<id>/passages."""
    actor = await actor_of(ctx, request)
    given = await read(request, Passages)
    wanted = [
        Passage(language=one.language, text=one.text, recording=AssetDigest(one.recording) if one.recording else None)
        for one in given.passages
    ]
    done = await bulletin.set_passages(ctx, actor, request.match_info["id"], revision=given.revision, passages=wanted)
    held = [{"language": one.language, "text": one.text, "recording": one.recording} for one in done.passages]
    return web.json_response(
        {"id": done.id, "revision": done.revision, "version": done.version, "stage": done.stage, "passages": held}
    )


def _answer(upload: Upload) -> web.Response:
    return web.json_response(told(upload), headers={OFFSET: str(upload.received_bytes)})


def told(upload: Upload) -> dict[str, object]:
    """Return an upload as it is told; its words are for people, its codes for programs."""
    return {
        "id": upload.id,
        "unit": upload.unit,
        "name": upload.name,
        "size_bytes": upload.size_bytes,
        "received_bytes": upload.received_bytes,
        "part_bytes_max": PART_BYTES_MAX,
        "service_class": upload.service_class,
        "stage": upload.stage,
        "words": STEP_WORDS[upload.step] if upload.step else STAGE_WORDS[upload.stage],
        "step": upload.step,
        "reasons": [
            {
                "level": "error" if finding.refuses else "note",
                "code": finding.code,
                "message": finding.words,
                "remedy": finding.remedy,
            }
            for finding in upload.findings
        ],
        "lufs_in": upload.lufs_in,
        "lufs_out": upload.lufs_out,
        "peak_dbtp": upload.peak_dbtp,
        "duration_ms": upload.duration_ms,
        "trimmed_ms": upload.trimmed_ms,
        "source": upload.source,
        "master": upload.master,
        "same_as": upload.same_as,
    }
