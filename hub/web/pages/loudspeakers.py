"""Loa: who is there, what plays, what will play and why; stopping, registering, retiring."""

from collections import Counter
from collections.abc import Collection, Mapping
from itertools import groupby

from aiohttp import web

from devices.areas import AreaCode, Level
from devices.model import Kind, Site
from devices.presence import Presence
from devices.protocol.lifecycle import Delivery, Registration
from devices.protocol.messages import Source, State, Subject, Why
from hub.auth.roles import Permission
from hub.flows import fleet, schedule
from hub.flows.errors import NotAllowed, Refused
from hub.flows.fleet import Loudspeaker
from hub.web import words
from hub.web.choices import area_choices
from hub.web.forms import NOTHING, Form, query
from hub.web.keys import actor_of, ctx_of, form_of
from hub.web.outcomes import WHY_WORDS, slot_rows
from hub.web.render import page, to

KIND_WORDS: Mapping[Kind, str] = {
    Kind.IP_CLUSTER: "Cụm thu phát thanh IP",
    Kind.FM_BRIDGE: "Bộ nối vào đài FM cũ",
    Kind.WIRED_BRIDGE: "Bộ nối vào đài hữu tuyến cũ",
}
SUBJECT_WORDS: Mapping[Subject, str] = {
    Subject.MANIFEST: "Lịch phát và âm thanh",
    Subject.OVERRIDE: "Tin khẩn cấp",
    Subject.CMD: "Lệnh điều khiển",
}
DELIVERY_WORDS: Mapping[Delivery, str] = {
    Delivery.QUEUED: "Chờ gửi",
    Delivery.SENT: "Đã gửi, chưa trả lời",
    Delivery.RECEIVED: "Đã nhận",
    Delivery.ACCEPTED: "Đã nhận lệnh",
    Delivery.REFUSED: "Từ chối",
    Delivery.DONE: "Xong",
    Delivery.EXPIRED: "Hết hạn",
}
HOLDS = ((0, "Chỉ dừng mục đang phát"), (60, "Dừng trong 1 giờ"), (720, "Dừng trong 12 giờ"))
FAULTS_SHOWN = 20
LISTED_MAX = 60  # more is shown by unit first: a page of 25 kB, and a list that a person reads


async def listing(request: web.Request) -> web.StreamResponse:
    """GET /loa."""
    ctx, actor = ctx_of(request), actor_of(request)
    every = await fleet.loudspeakers(ctx, actor)
    counts = Counter(one.presence for one in every)
    groups = [(unit, list(some)) for unit, some in groupby(every, key=lambda one: one.device.unit)]
    asked = query(request).text("don-vi")[:40]
    shown = [group for group in groups if group[0] == asked] if asked else groups if len(every) <= LISTED_MAX else []
    return await page(
        request,
        "loudspeakers.html",
        title="Loa",
        groups=shown,
        units=[] if shown else [(unit, Counter(one.presence for one in some)) for unit, some in groups],
        counts=counts,
        total=len(every),
        sentence=presence_sentence(every),
        trouble=counts[Presence.LOST] + counts[Presence.LATE],
        playing=sum(sounds(one) for one in every),
        doing=doing,
        may_manage=bool(actor.reach(Permission.MANAGE_DEVICES, ctx.tree)),
        stop_units=area_choices(ctx.tree, actor.reach(Permission.STOP_ALL, ctx.tree), every),
        holds=HOLDS,
        watch=("loudspeakers",),
    )


def presence_sentence(every: Collection[Loudspeaker]) -> str:
    """Return how the loudspeakers are, in one sentence; trouble first."""
    active = [one for one in every if one.device.registration is Registration.ACTIVE]
    lost = [one for one in active if one.presence is Presence.LOST]
    late = sum(one.presence is Presence.LATE for one in active)
    if not every:
        return "Chưa có cụm loa nào."
    if lost:
        since = min((at for one in lost if (at := one.seen.lost_at or one.seen.heard_at)), default=None)
        return f"{len(lost)} cụm loa mất liên lạc" + (f", sớm nhất từ {words.clock(since)}." if since else ".")
    if late:
        return f"{late} cụm loa chậm trả lời, {len(active) - late} cụm hoạt động tốt."
    waiting = len(every) - len(active)
    if not active:
        return f"{waiting} cụm loa chờ kích hoạt."
    return f"Cả {len(active)} cụm loa hoạt động tốt." if len(active) > 1 else "Cụm loa hoạt động tốt."


def sounds(one: Loudspeaker) -> bool:
    """Say whether it sounds now, as far as anybody knows."""
    return (
        one.presence in {Presence.ONLINE, Presence.LATE} and one.seen.state is not None and bool(one.seen.state.source)
    )


def doing(one: Loudspeaker) -> str:
    """Return what a loudspeaker does now, in words; what a lost one did is not said."""
    state: State | None = one.seen.state
    if one.device.registration is Registration.EXPECTED:
        return "Chờ kích hoạt"
    if state is None or one.presence in {Presence.LOST, Presence.NEVER_SEEN}:
        return ""
    return SOURCE_WORDS[state.source] if state.source else f"Đang nghỉ: {RESTS.get(state.why, WHY_WORDS[state.why])}"


# Why a loudspeaker rests; the words of reconcile say why a bulletin was not heard.
RESTS: Mapping[Why, str] = {
    Why.NOTHING_SCHEDULED: "chưa đến giờ phát",
    Why.ITEM_OVER: "đã phát xong",
    Why.SKIPPED: "mục bị ngắt không phát lại",
}
SOURCE_WORDS: Mapping[Source, str] = {
    Source.ITEM: "Đang phát theo lịch",
    Source.OVERRIDE: "Đang phát tin khẩn cấp",
    Source.DRILL: "Đang phát tin diễn tập",
    Source.FILLER: "Đang phát nhạc chờ",
}


async def one(request: web.Request) -> web.StreamResponse:
    """GET /loa/<id>."""
    return await _one_page(request)


async def _one_page(
    request: web.Request, *, errors: Mapping[str, str] | None = None, code: str = "", given: Form = NOTHING
) -> web.Response:
    ctx, actor = ctx_of(request), actor_of(request)
    detail = await fleet.loudspeaker(ctx, actor, request.match_info["id"])
    device, now = detail.loudspeaker.device, ctx.now()
    view = await schedule.day_of(ctx, actor, device.id)
    account = await schedule.what_plays(ctx, actor, device.id, now)
    return await page(
        request,
        "loudspeaker.html",
        title=device.site.name,
        status=422 if errors else 200,
        errors=errors or {},
        detail=detail,
        speaker=detail.loudspeaker,
        device=device,
        doing=doing,
        rows=slot_rows(view, now),
        account=account,
        sent=detail.sent[:10],
        wrong=[heard.record for heard in detail.heard if heard.record.outcome != "completed"][:FAULTS_SHOWN],
        why_words=WHY_WORDS,
        kind_words=KIND_WORDS,
        subject_words=SUBJECT_WORDS,
        delivery_words=DELIVERY_WORDS,
        holds=HOLDS,
        code=code,
        name=given.text("name")[:500] or device.site.name,
        may_manage=actor.may(Permission.MANAGE_DEVICES, device.unit, ctx.tree),
        may_stop=actor.may(Permission.STOP_ALL, device.unit, ctx.tree),
        watch=(f"loudspeaker:{device.id}", "schedule"),
    )


async def stop(request: web.Request) -> web.StreamResponse:
    """POST /loa/<id>/dung."""
    device_id = request.match_info["id"]
    await fleet.stop(ctx_of(request), actor_of(request), [device_id], hold_min=_hold(form_of(request)))
    return to(f"/loa/{device_id}")


async def stop_unit(request: web.Request) -> web.StreamResponse:
    """POST /loa/dung: silence a whole unit."""
    given = form_of(request)
    await fleet.stop_unit(
        ctx_of(request), actor_of(request), AreaCode(given.text("unit", most=40)), hold_min=_hold(given)
    )
    return to("/loa")


def _hold(given: Form) -> int:
    return given.number("hold_min", least=0, most=1440, words="Hãy chọn dừng trong bao lâu.")


async def volume(request: web.Request) -> web.StreamResponse:
    """POST /loa/<id>/am-luong."""
    device_id = request.match_info["id"]
    try:
        percent = form_of(request).number("percent", least=0, most=100, words="Âm lượng từ 0 đến 100 phần trăm.")
        await fleet.set_volume(ctx_of(request), actor_of(request), device_id, percent)
    except Refused as exc:
        return await _one_page(request, errors={exc.field: exc.words})
    return to(f"/loa/{device_id}")


async def move(request: web.Request) -> web.StreamResponse:
    """POST /loa/<id>/vi-tri."""
    device_id, given = request.match_info["id"], form_of(request)
    try:
        name = given.text("name", most=fleet.NAME_CHARS_MAX).strip()
        await fleet.move(ctx_of(request), actor_of(request), device_id, Site(name=name))
    except Refused as exc:
        return await _one_page(request, errors={exc.field: exc.words}, given=given)
    return to(f"/loa/{device_id}")


async def replace(request: web.Request) -> web.StreamResponse:
    """POST /loa/<id>/thay: new hardware; its claim code is shown here and never again."""
    code = await fleet.replace_device(ctx_of(request), actor_of(request), request.match_info["id"])
    return await _one_page(request, code=code)


async def retire(request: web.Request) -> web.StreamResponse:
    """POST /loa/<id>/thu-hoi."""
    await fleet.retire_device(ctx_of(request), actor_of(request), request.match_info["id"])
    return to("/loa")


# --- registering ---------------------------------------------------------------------------------------------------


async def new(request: web.Request) -> web.StreamResponse:
    """GET /loa/moi."""
    if not actor_of(request).reach(Permission.MANAGE_DEVICES, ctx_of(request).tree):
        raise NotAllowed("Nhiệm vụ của bạn không gồm quyền quản lý cụm loa.")
    return await _new_page(request, NOTHING)


async def register(request: web.Request) -> web.StreamResponse:
    """POST /loa/moi: the claim code is shown on this answer and never again."""
    ctx, given = ctx_of(request), form_of(request)
    try:
        device, code = await fleet.register(
            ctx,
            actor_of(request),
            device_id=given.text("device_id", most=64).strip(),
            unit=AreaCode(given.text("unit", most=40)),
            site=Site(name=given.text("name", most=fleet.NAME_CHARS_MAX).strip()),
            kind=given.choice("kind", Kind),
        )
    except Refused as exc:
        return await _new_page(request, given, errors={exc.field: exc.words})
    return await page(request, "registered.html", title="Đã đăng ký cụm loa", device=device, code=code)


async def _new_page(request: web.Request, given: Form, *, errors: Mapping[str, str] | None = None) -> web.Response:
    ctx, actor = ctx_of(request), actor_of(request)
    reach = actor.reach(Permission.MANAGE_DEVICES, ctx.tree)
    units = [unit for top in reach for unit in ctx.tree.branch(top) if unit.level in {Level.COMMUNE, Level.VILLAGE}]
    return await page(
        request,
        "register.html",
        title="Đăng ký cụm loa",
        status=422 if errors else 200,
        errors=errors or {},
        units=[(unit.code, unit.name if len(reach) == 1 else ctx.tree.path_name(unit.code)) for unit in units],
        kinds=KIND_WORDS.items(),
        given={name: given.text(name)[:500] for name in ("device_id", "unit", "name", "kind")},
    )
