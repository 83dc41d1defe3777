"""Bản tin: written, heard, submitted, approved or sent back."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from content.model import REASON_CHARS_MAX, STAGE_WORDS, SUBJECT_WORDS, Act, Bulletin, Stage, Subject
from content.speech.voice import RATE_PERCENT_MAX, RATE_PERCENT_MIN, Region, Voice
from content.text.spoken import SpokenText
from devices.areas import AreaCode
from devices.protocol.ids import AssetDigest
from devices.protocol.limits import TEXT_CHARS_MAX, TITLE_CHARS_MAX
from devices.protocol.manifest import ServiceClass
from hub.auth.roles import Permission
from hub.flows import bulletin as flow
from hub.flows import schedule
from hub.flows.actor import Actor
from hub.flows.bulletin import BulletinView
from hub.flows.context import Context
from hub.flows.errors import NotAllowed, Refused
from hub.web import words
from hub.web.forms import Form, page_number, query
from hub.web.keys import actor_of, ctx_of, form_of, wants_json
from hub.web.render import TEMPLATES, page, to
from hub.web.sounds import rendered_answer, sound_response
from hub.web.spoken import pieces

CLASS_WORDS: Mapping[ServiceClass, str] = {
    ServiceClass.NORMAL: "Thông thường",
    ServiceClass.PRIORITY: "Ưu tiên",
}
REGION_WORDS: Mapping[Region, str] = {
    Region.NORTH: "Miền Bắc",
    Region.CENTRAL: "Miền Trung",
    Region.SOUTH: "Miền Nam",
}
RATES = ((80, "Chậm"), (90, "Hơi chậm"), (100, "Bình thường"), (115, "Hơi nhanh"))
ROWS = 50  # a page of 25 kB
WRITABLE = {Stage.DRAFT, Stage.RETURNED}


async def listing(request: web.Request) -> web.StreamResponse:
    """GET /ban-tin: by stage, with counts."""
    ctx, actor = ctx_of(request), actor_of(request)
    every = await flow.listing(ctx, actor)
    counts = Counter(bulletin.stage for bulletin in every)
    writes = bool(actor.reach(Permission.WRITE_BULLETIN, ctx.tree))
    approves = bool(actor.reach(Permission.APPROVE_BULLETIN, ctx.tree))
    stage = _stage(query(request).text("muc"), counts, approves=approves)
    shown = [bulletin for bulletin in every if bulletin.stage is stage]
    pages = max(1, -(-len(shown) // ROWS))
    number = page_number(query(request).text("trang"), pages)
    return await page(
        request,
        "bulletins.html",
        title="Bản tin",
        stage=stage,
        counts=counts,
        shown=shown[(number - 1) * ROWS : number * ROWS],
        number=number,
        pages=pages,
        sentence=_sentence(every, actor, approves=approves),
        writes=writes,
        class_words=CLASS_WORDS,
        watch=("bulletins",),
    )


def _stage(asked: str, counts: Counter[Stage], *, approves: bool) -> Stage:
    """Return the stage asked for, else the one with something to do in it."""
    if asked in {stage.value for stage in Stage}:
        return Stage(asked)
    first = (Stage.SUBMITTED,) if approves else ()
    busy = (*first, Stage.RETURNED, Stage.DRAFT, *Stage)
    return next((stage for stage in busy if counts[stage]), Stage.DRAFT)


def _sentence(every: tuple[Bulletin, ...], actor: Actor, *, approves: bool) -> str:
    me = actor.account.id
    waiting = sum(b.stage is Stage.SUBMITTED and me not in {b.author, b.editor} for b in every) if approves else 0
    returned = sum(b.stage is Stage.RETURNED and me in {b.author, b.editor} for b in every)
    said = [f"{waiting} bản tin chờ bạn duyệt."] if waiting else []
    said += [f"{returned} bản tin bị trả lại, chờ bạn sửa."] if returned else []
    return " ".join(said) or "Không có bản tin nào chờ bạn."


# --- writing -------------------------------------------------------------------------------------------------------


async def new(request: web.Request) -> web.StreamResponse:
    """GET /ban-tin/moi."""
    ctx, actor = ctx_of(request), actor_of(request)
    if not actor.reach(Permission.WRITE_BULLETIN, ctx.tree):
        raise NotAllowed("Nhiệm vụ của bạn không gồm quyền soạn bản tin.")
    return await _write_page(request, _blank(), None)


async def create(request: web.Request) -> web.StreamResponse:
    """POST /ban-tin/moi: the first save; by the script as soon as there is a title."""
    ctx, actor, given = ctx_of(request), actor_of(request), form_of(request)
    try:
        said = _words(given)
        made = await flow.write(ctx, actor, unit=AreaCode(given.text("unit", most=40)), **said)
        return await _saved(request, made, submit=given.text("act") == "submit")
    except Refused as exc:
        return await _refused(request, exc, None)


async def save(request: web.Request) -> web.StreamResponse:
    """POST /ban-tin/<id>: what was typed, under the revision that was on the screen."""
    ctx, actor, given = ctx_of(request), actor_of(request), form_of(request)
    before = (await flow.one(ctx, actor, request.match_info["id"])).bulletin
    try:
        said = _words(given)
        revision = given.number("revision", least=1, most=2**31, words="Biểu mẫu thiếu số lần sửa. Hãy tải lại trang.")
        same = before.stage is Stage.DRAFT and all(getattr(before, name) == value for name, value in said.items())
        made = before if same else await flow.edit(ctx, actor, before.id, revision=revision, **said)
        return await _saved(request, made, submit=given.text("act") == "submit")
    except Refused as exc:
        return await _refused(request, exc, before)


async def _saved(request: web.Request, bulletin: Bulletin, *, submit: bool) -> web.StreamResponse:
    ctx = ctx_of(request)
    if submit:
        try:
            bulletin = await flow.submit(ctx, actor_of(request), bulletin.id, seen=True)
        except Refused as exc:  # the words are kept; what is wrong stands beside them
            return await _refused(request, exc, bulletin)
    if wants_json(request):
        saved_at = words.clock_s(bulletin.updated_at)
        return web.json_response(
            {"id": bulletin.id, "revision": bulletin.revision, "version": bulletin.version, "saved_at": saved_at}
        )
    return to(f"/ban-tin/{bulletin.id}" + ("" if submit else "#nghe"))


async def _refused(request: web.Request, exc: Refused, before: Bulletin | None) -> web.StreamResponse:
    if wants_json(request):
        raise exc
    return await _write_page(request, _typed(form_of(request), before), before, errors={exc.field: exc.words})


def _words(given: Form) -> dict[str, Any]:
    """Return the words of a bulletin.  Raises Refused with the field."""
    rate = given.number("rate", least=RATE_PERCENT_MIN, most=RATE_PERCENT_MAX, words="Hãy chọn tốc độ đọc.")
    return {
        "title": given.text("title", most=TITLE_CHARS_MAX).strip(),
        "text": given.text("text", most=TEXT_CHARS_MAX),
        "subject": given.choice("subject", Subject, words="Hãy chọn lĩnh vực."),
        "service_class": _class(given),
        "voice": Voice(region=given.choice("region", Region, words="Hãy chọn giọng đọc."), rate_percent=rate),
        "valid_until": _until(given),
    }


def _class(given: Form) -> ServiceClass:
    kind = given.choice("service_class", ServiceClass, words="Hãy chọn loại bản tin.")
    if kind not in CLASS_WORDS:
        raise Refused("Tin khẩn cấp được gửi ở mục Khẩn cấp.", field="service_class")
    return kind


def _until(given: Form) -> datetime | None:
    text = given.text("valid_until", most=40).strip()
    until = words.from_input(text) if text else None
    if text and until is None:
        raise Refused("Hạn hiệu lực không phải là ngày giờ. Hãy chọn lại hoặc để trống.", field="valid_until")
    return until


def _blank() -> dict[str, str]:
    return {
        "title": "",
        "text": "",
        "subject": Subject.OTHER.value,
        "service_class": ServiceClass.NORMAL.value,
        "region": Region.NORTH.value,
        "rate": "100",
        "valid_until": "",
        "unit": "",
        "revision": "0",
    }


def _filled(bulletin: Bulletin) -> dict[str, str]:
    return {
        "title": bulletin.title,
        "text": bulletin.text,
        "subject": bulletin.subject.value,
        "service_class": bulletin.service_class.value,
        "region": bulletin.voice.region.value,
        "rate": str(bulletin.voice.rate_percent),
        "valid_until": words.for_input(bulletin.valid_until) if bulletin.valid_until else "",
        "unit": bulletin.unit,
        "revision": str(bulletin.revision),
    }


def _typed(given: Form, before: Bulletin | None) -> dict[str, str]:
    """Return what was typed, whatever is wrong with it: nothing is lost."""
    kept = _filled(before) if before else _blank()
    return {name: given.fields[name][-1] if name in given and name != "revision" else kept[name] for name in kept}


async def _write_page(
    request: web.Request, values: dict[str, str], before: Bulletin | None, *, errors: Mapping[str, str] | None = None
) -> web.Response:
    ctx, actor = ctx_of(request), actor_of(request)
    units = actor.reach(Permission.WRITE_BULLETIN, ctx.tree)
    return await page(
        request,
        "write.html",
        title=values["title"] or "Soạn bản tin",
        status=422 if errors else 200,
        errors=errors or {},
        values=values,
        bulletin=before,
        pieces=pieces(values["text"], await _read(values["text"])),
        units=[(code, ctx.tree.path_name(code)) for code in units],
        subjects=SUBJECT_WORDS.items(),
        classes=CLASS_WORDS.items(),
        regions=REGION_WORDS.items(),
        rates=RATES,
        text_chars_max=TEXT_CHARS_MAX,
        title_chars_max=TITLE_CHARS_MAX,
    )


async def reading(request: web.Request) -> web.StreamResponse:
    """POST /cach-doc: how a text will be spoken, as a piece of the page."""
    actor_of(request)
    text = form_of(request).text("text", most=TEXT_CHARS_MAX)
    macro = TEMPLATES.get_template("parts.html").module.spoken  # type: ignore[attr-defined]
    return web.json_response({"html": str(macro(pieces(text, await _read(text))))})


async def _read(text: str) -> SpokenText:
    """Read a text in a thread: ten minutes of speech take a while, and an alert must not wait for them."""
    return await asyncio.to_thread(flow.reading, text[:TEXT_CHARS_MAX])


# --- one bulletin --------------------------------------------------------------------------------------------------


async def one(request: web.Request) -> web.StreamResponse:
    """GET /ban-tin/<id>: to write while it is a draft, else to hear and decide."""
    ctx, actor = ctx_of(request), actor_of(request)
    view = await flow.one(ctx, actor, request.match_info["id"])
    bulletin = view.bulletin
    asked = "sua" in query(request)
    if Act.EDIT in view.open_acts and (bulletin.stage in WRITABLE or asked):
        return await _write_page(request, _filled(bulletin), bulletin)
    return await _bulletin_page(request, view)


async def _bulletin_page(
    request: web.Request, view: BulletinView, *, errors: Mapping[str, str] | None = None, reason: str = ""
) -> web.Response:
    ctx, actor = ctx_of(request), actor_of(request)
    bulletin = view.bulletin
    planned = [p for p in await schedule.programmes(ctx, actor) if any(c.bulletin == bulletin.id for c in p.clips)]
    return await page(
        request,
        "bulletin.html",
        title=bulletin.title,
        status=422 if errors else 200,
        errors=errors or {},
        view=view,
        bulletin=bulletin,
        acts={act.value for act in view.open_acts},
        pieces=pieces(bulletin.text, view.reading),
        sentence=_stage_sentence(ctx, actor, view),
        planned=planned,
        class_words=CLASS_WORDS,
        region_words=REGION_WORDS,
        reason=reason,
        reason_chars_max=REASON_CHARS_MAX,
        watch=(f"bulletin:{bulletin.id}", "schedule"),
    )


def _stage_sentence(ctx: Context, actor: Actor, view: BulletinView) -> str:
    """Return where the bulletin stands, and whose turn it is."""
    bulletin = view.bulletin
    mine = actor.account.id in {bulletin.author, bulletin.editor}
    if bulletin.expired(ctx.now()):
        return "Bản tin đã hết hạn hiệu lực, không phát được nữa."
    match bulletin.stage:
        case Stage.SUBMITTED if Act.APPROVE in view.open_acts:
            return "Chờ bạn duyệt: hãy nghe trước khi duyệt."
        case Stage.SUBMITTED if mine and actor.may(Permission.APPROVE_BULLETIN, bulletin.unit, ctx.tree):
            return "Chờ người khác duyệt: người soạn không tự duyệt bản tin của mình."
        case Stage.SUBMITTED:
            return "Đang chờ lãnh đạo duyệt."
        case Stage.APPROVED if Act.SCHEDULE in view.open_acts:
            return "Đã duyệt, chưa có giờ phát."
        case _:
            return f"{STAGE_WORDS[bulletin.stage]}."


Step = Callable[[Context, Actor, str, Form], Awaitable[Bulletin]]


async def _approve(ctx: Context, actor: Actor, bulletin_id: str, given: Form) -> Bulletin:
    version = given.number("version", least=1, most=2**31, words="Biểu mẫu thiếu số bản. Hãy tải lại trang.")
    return await flow.approve(ctx, actor, bulletin_id, version=version)


async def _send_back(ctx: Context, actor: Actor, bulletin_id: str, given: Form) -> Bulletin:
    return await flow.send_back(ctx, actor, bulletin_id, reason=given.text("reason"))


STEPS: Mapping[str, Step] = {
    Act.SUBMIT: lambda ctx, actor, id_, _: flow.submit(ctx, actor, id_, seen=True),
    Act.WITHDRAW: lambda ctx, actor, id_, _: flow.withdraw(ctx, actor, id_),
    Act.APPROVE: _approve,
    Act.RETURN: _send_back,
    Act.ARCHIVE: lambda ctx, actor, id_, _: flow.archive(ctx, actor, id_),
}


async def step(request: web.Request) -> web.StreamResponse:
    """POST /ban-tin/<id>/buoc: one step of its stages."""
    ctx, actor, given = ctx_of(request), actor_of(request), form_of(request)
    take = STEPS.get(given.text("act", most=40))
    if take is None:
        raise Refused("Không rõ thao tác. Hãy tải lại trang.")
    try:
        done = await take(ctx, actor, request.match_info["id"], given)
    except Refused as exc:
        view = await flow.one(ctx, actor, request.match_info["id"])
        return await _bulletin_page(request, view, errors={exc.field: exc.words}, reason=given.text("reason")[:5000])
    return to(f"/ban-tin/{done.id}")


# --- sound ---------------------------------------------------------------------------------------------------------


async def listen(request: web.Request) -> web.StreamResponse:
    """GET /ban-tin/<id>/nghe: where the very bytes are that will be sent; made now if nobody has asked before."""
    rendered = await flow.listen(ctx_of(request), actor_of(request), request.match_info["id"])
    return rendered_answer(request, rendered)


async def sound(request: web.Request) -> web.StreamResponse:
    """GET /am-thanh/<digest>."""
    actor_of(request)
    digest = AssetDigest(request.match_info["digest"])
    return sound_response(request, await flow.sound(ctx_of(request), digest), digest)
