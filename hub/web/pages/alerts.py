"""Khẩn cấp: what, where, heard and held; then who has answered, with the way back always in reach."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from aiohttp import web

from content.errors import ContentError
from content.recipe import Recipe
from devices.areas import UnitTree, fold_name
from devices.protocol.messages import OverrideKind
from emergency.hazards import HAZARDS, RISK_LEVELS, hazard_of
from emergency.incident import STAGE_WORDS, TEXT_CHARS_MAX, Incident, Stage, is_sounding, spoken_text
from emergency.rollcall import STANDING_WORDS, Call, Standing, standing
from hub.auth.roles import Permission
from hub.flows import alert as flow
from hub.flows import areas as area_flow
from hub.flows import fleet
from hub.flows.alert import Asked, Preview, RollCallView
from hub.flows.bulletin import reading
from hub.flows.context import Context
from hub.flows.errors import Conflicted, NotAllowed, Refused
from hub.flows.kit import WARNING_VOICE
from hub.web.choices import area_choices
from hub.web.forms import NOTHING, Form, query
from hub.web.keys import actor_of, ctx_of, form_of
from hub.web.render import page, to
from hub.web.sounds import rendered_answer
from hub.web.spoken import pieces
from hub.web.standing import GROUP, headline, places

DRILL_MODE = "dien-tap"
ICONS: Mapping[str, str] = {
    "bao": "tornado",
    "ap-thap-nhiet-doi": "wind",
    "mua-lon": "cloud-rain-wind",
    "lu": "waves",
    "lu-quet": "waves",
    "ngap-lut": "droplets",
    "sat-lo-dat": "mountain",
    "sut-lun-dat": "mountain",
    "nang-nong": "thermometer-sun",
    "han-han": "sun",
    "xam-nhap-man": "droplet",
    "gio-manh-tren-bien": "wind",
    "suong-mu": "wind",
    "nuoc-dang": "waves",
    "loc-set-mua-da": "cloud-lightning",
    "ret-hai": "thermometer-snowflake",
    "chay-rung": "trees",
    "dong-dat": "zap",
    "song-than": "waves",
    "hoa-hoan": "flame",
    "dich-benh": "biohazard",
    "xa-lu-ho-chua": "droplets",
    "su-co-hoa-chat": "biohazard",
}
# What is asked for in the small hours comes first; the law's order is for the lawyers.
FIRST = ("lu-quet", "sat-lo-dat", "bao", "lu", "ngap-lut", "hoa-hoan", "chay-rung", "xa-lu-ho-chua")
LIVES = ((30, "30 phút"), (60, "1 giờ"), (180, "3 giờ"), (360, "6 giờ"), (720, "12 giờ"), (1440, "1 ngày"))
CALLS_SHOWN = 150  # of a province, those that have not sounded yet: they are whom somebody has to call
REPEATS = ((1, "Đọc 1 lần"), (3, "Đọc 3 lần"), (6, "Đọc 6 lần"))
TROUBLE_FIRST: Mapping[Standing, int] = {
    Standing.REFUSED: 0,
    Standing.NOT_SOUNDED: 1,
    Standing.UNREACHABLE: 2,
    Standing.SILENT: 3,
    Standing.RECEIVED: 4,
    Standing.ACCEPTED: 5,
    Standing.SOUNDED: 6,
}
STANDING_MARKS: Mapping[Standing, tuple[str, str]] = {
    Standing.SOUNDED: ("state-live", "volume-2"),
    Standing.ACCEPTED: ("state-wait", "check"),
    Standing.RECEIVED: ("state-wait", "clock"),
    Standing.SILENT: ("state-wait", "hourglass"),
    Standing.UNREACHABLE: ("state-trouble", "wifi-off"),
    Standing.REFUSED: ("state-trouble", "ban"),
    Standing.NOT_SOUNDED: ("state-trouble", "volume-x"),
}


def _line(ctx: Context, incident: Incident) -> str:
    return headline(incident, places(ctx, incident.target.areas))


# --- 1 and 2: what and where ----------------------------------------------------------------------------------------


async def start(request: web.Request) -> web.StreamResponse:
    """GET /khan-cap?che-do=dien-tap."""
    return await _start_page(request, NOTHING, drill=query(request).text("che-do", most=20) == DRILL_MODE)


async def _start_page(
    request: web.Request, given: Form, *, drill: bool, errors: Mapping[str, str] | None = None, status: int = 422
) -> web.Response:
    ctx, actor = ctx_of(request), actor_of(request)
    on_air = await flow.active(ctx)
    areas = area_choices(
        ctx.tree,
        actor.reach(Permission.DRILL if drill else Permission.SEND_ALERT, ctx.tree),
        await fleet.loudspeakers(ctx, actor),
        await area_flow.groups(ctx, actor),
    )
    ordered = (*FIRST, *(name for name in HAZARDS if name not in FIRST))
    return await page(
        request,
        "alert_start.html",
        title="Diễn tập" if drill else "Khẩn cấp",
        status=status if errors else 200,
        errors=errors or {},
        drill=drill,
        hazards=[HAZARDS[name] for name in ordered],
        icons=ICONS,
        first=len(FIRST),
        levels=RISK_LEVELS.values(),
        areas=areas,
        chosen=set(given.every("areas")) or ({areas[0].code} if len(areas) == 1 else set()),
        given={name: given.text(name)[:TEXT_CHARS_MAX] for name in ("hazard", "level", "text", "life", "repeats")},
        lives=LIVES,
        repeats=REPEATS,
        text_chars_max=TEXT_CHARS_MAX,
        sentence=_air_sentence(on_air),
        on_air=[(one.id, _line(ctx, one), one.is_drill) for one in on_air],
        recent=[(one, _line(ctx, one)) for one in await flow.recent(ctx, actor, limit=10)],
        stage_words=STAGE_WORDS,
        watch=("incidents", "loudspeakers"),
    )


def _air_sentence(on_air: Collection[Incident]) -> str:
    real = sum(not one.is_drill for one in on_air)
    if real:
        return f"{real} tin khẩn cấp đang phát."
    return "Đang diễn tập." if on_air else "Không có tin khẩn cấp nào đang phát."


# --- 3: heard and held ---------------------------------------------------------------------------------------------


async def prepare(request: web.Request) -> web.StreamResponse:
    """POST /khan-cap/soan: the reach in words and what will be said; nothing is sent."""
    given = form_of(request)
    drill = _is_drill(given)
    try:
        asked = _asked(given, ctx_of(request).now())
        seen = await flow.preview(ctx_of(request), actor_of(request), asked)
    except Refused as exc:
        return await _start_page(request, given, drill=drill, errors={_field(exc.field): exc.words})
    except NotAllowed as exc:
        return await _start_page(request, given, drill=drill, errors={"areas": exc.words}, status=403)
    return await _hold_page(request, given, asked, seen)


async def _hold_page(
    request: web.Request, given: Form, asked: Asked, seen: Preview, *, errors: Mapping[str, str] | None = None
) -> web.Response:
    ctx, actor = ctx_of(request), actor_of(request)
    everywhere = area_choices(
        ctx.tree,
        actor.reach(Permission.SEE, ctx.tree),
        await fleet.loudspeakers(ctx, actor),
        await area_flow.groups(ctx, actor),
    )
    chosen = [place for place in everywhere if place.code in asked.areas]
    said = spoken_text(seen.draft, ctx.now())
    return await page(
        request,
        "alert_hold.html",
        title="Diễn tập: nghe và gửi" if _is_drill(given) else "Khẩn cấp: nghe và gửi",
        status=422 if errors else 200,
        errors=errors or {},
        drill=_is_drill(given),
        hazard=hazard_of(asked.hazard),
        level=RISK_LEVELS[asked.level],
        asked=asked,
        outlook=seen.outlook,
        places=chosen,
        valid_until=seen.draft.valid_until,
        script=pieces(said, reading(said)),
        place=_place_to_type(asked, ctx.tree),
        fields=[(name, value) for name in sorted(given) if name not in _NOT_AGAIN for value in given.every(name)],
    )


_NOT_AGAIN = {"csrf", "held", "typed"}


async def preview(request: web.Request) -> web.StreamResponse:
    """POST /khan-cap/am-thanh: the voice as it would be sent now; its issue time is that of this minute."""
    ctx, given = ctx_of(request), form_of(request)
    seen = await flow.preview(ctx, actor_of(request), _asked(given, ctx.now()))
    try:
        rendered = await ctx.render(Recipe(phrases=seen.words.phrases, engine=ctx.speaker, voice=WARNING_VOICE))
    except ContentError as exc:
        raise Conflicted(f"{exc.in_vietnamese()} Vẫn gửi được: loa phát còi và lời cảnh báo có sẵn.") from exc
    return rendered_answer(request, rendered)


def _place_to_type(asked: Asked, tree: UnitTree) -> str:
    unit = tree.find(asked.areas[0])
    return unit.name if unit else GROUP


async def send(request: web.Request) -> web.StreamResponse:
    """POST /khan-cap/gui: only when it was held, or the place typed."""
    ctx, actor, given = ctx_of(request), actor_of(request), form_of(request)
    try:
        asked = _asked(given, ctx.now())
        if not _meant(given, _place_to_type(asked, ctx.tree)):
            seen = await flow.preview(ctx, actor, asked)
            said = f"Chưa gửi. Hãy giữ nút đủ 2 giây, hoặc gõ đúng “{_place_to_type(asked, ctx.tree)}”."
            return await _hold_page(request, given, asked, seen, errors={"typed": said})
        sent = await flow.send(ctx, actor, asked)
    except Refused as exc:
        return await _start_page(request, given, drill=_is_drill(given), errors={_field(exc.field): exc.words})
    return to(f"/khan-cap/{sent.id}")


def _meant(given: Form, place: str) -> bool:
    return given.text("held", most=10) == "2s" or fold_name(given.text("typed", most=200)) == fold_name(place)


def _is_drill(given: Form) -> bool:
    return given.text("mode", most=20) == DRILL_MODE


def _field(name: str) -> str:
    return {"target": "areas", "valid_until": "life"}.get(name, name)


def _asked(given: Form, now: datetime) -> Asked:
    """Return what is asked for.  Raises Refused with the field."""
    life = given.number("life", least=1, most=72 * 60, words="Hãy chọn phát trong bao lâu.")
    hazard = given.text("hazard", most=60)
    if hazard not in HAZARDS:
        raise Refused("Hãy chọn loại nguy hiểm.", field="hazard")
    areas = given.every("areas")
    if not areas:
        raise Refused("Hãy chọn nơi nhận tin.", field="areas")
    return Asked(
        hazard=hazard,
        level=given.number("level", least=1, most=5, words="Hãy chọn cấp độ từ 1 đến 5."),
        areas=areas,
        text=given.text("text", most=TEXT_CHARS_MAX).strip(),
        kind=OverrideKind.DRILL if _is_drill(given) else OverrideKind.EMERGENCY,
        valid_until=now + timedelta(minutes=life),
        repeats=given.number("repeats", least=1, most=50, words="Hãy chọn số lần đọc."),
    )


# --- who has answered -----------------------------------------------------------------------------------------------


async def roll_call(request: web.Request) -> web.StreamResponse:
    """GET /khan-cap/<id>."""
    return await _roll_page(request)


async def _roll_page(request: web.Request, *, errors: Mapping[str, str] | None = None) -> web.Response:
    ctx, actor = ctx_of(request), actor_of(request)
    view = await flow.roll_call(ctx, actor, request.match_info["id"])
    incident = view.incident
    # By place, and so it stays: a line that changes must not run away from the finger.
    calls = sorted(view.calls, key=lambda call: (view.names.get(call.device, ""), call.device))
    shown = calls if len(calls) <= CALLS_SHOWN else [one for one in calls if standing(one) is not Standing.SOUNDED]
    on_air = is_sounding(incident, ctx.now())
    return await page(
        request,
        "roll_call.html",
        title=("Diễn tập: " if incident.is_drill else "Điểm danh: ") + hazard_of(incident.hazard).name,
        status=422 if errors else 200,
        errors=errors or {},
        incident=incident,
        drill=incident.is_drill,
        headline=_line(ctx, incident),
        sentence=_roll_sentence(view, on_air=on_air),
        tally=view.tally,
        trouble=sum(TROUBLE_FIRST[standing(call)] < TROUBLE_FIRST[Standing.SILENT] for call in calls),
        calls=[
            (call, standing(call), _took(call), view.names.get(call.device, call.device))
            for call in shown[:CALLS_SHOWN]
        ],
        left_out=len(calls) - len(shown[:CALLS_SHOWN]),
        standing_words=STANDING_WORDS,
        marks=STANDING_MARKS,
        stage_words=STAGE_WORDS,
        on_air=on_air,
        may_recall=on_air and _may_recall(request, incident),
        place=_place_of(incident, ctx.tree),
        watch=(f"incident:{incident.id}", "incidents"),
    )


def _may_recall(request: web.Request, incident: Incident) -> bool:
    actor, tree = actor_of(request), ctx_of(request).tree
    right = Permission.DRILL if incident.is_drill else Permission.SEND_ALERT
    return incident.issued_by == actor.account.id or all(actor.may(right, u, tree) for u in incident.target.areas)


def _place_of(incident: Incident, tree: UnitTree) -> str:
    codes = incident.target.areas
    unit = tree.find(codes[0]) if codes else None
    return unit.name if unit else GROUP


def _roll_sentence(view: RollCallView, *, on_air: bool) -> str:
    told, incident = view.tally, view.incident
    if not told.total:
        return "Chưa có cụm loa nào ở nơi đã chọn." if on_air else f"{STAGE_WORDS[incident.stage]}."
    heard = f"Đã phát ở {told.sounded}/{told.total} cụm loa"
    if not on_air:
        ended = {
            Stage.CANCELLED: "Đã thu hồi",
            Stage.EXPIRED: "Đã hết giờ phát",
            Stage.SUPERSEDED: "Đã thay bằng tin mới",
        }
        return f"{ended.get(incident.stage, 'Đã kết thúc')}. {heard}."
    missing = told.total - told.sounded
    if not missing:
        return f"Cả {told.total} cụm loa đã phát." if told.total > 1 else "Cụm loa đã phát."
    return f"{heard}, {told.accepted - told.sounded} đã nhận lệnh." if told.accepted > told.sounded else f"{heard}."


def _took(call: Call) -> str:
    """Return how long it took until it sounded: "0,8 giây"."""
    if call.sounded_at is None:
        return ""
    return f"{(call.sounded_at - call.first_sent_at).total_seconds():.1f} giây".replace(".", ",")


async def recall(request: web.Request) -> web.StreamResponse:
    """POST /khan-cap/<id>/thu-hoi: end it, with an all-clear unless it is asked to be silent."""
    ctx, actor, given = ctx_of(request), actor_of(request), form_of(request)
    view = await flow.roll_call(ctx, actor, request.match_info["id"])
    place = _place_of(view.incident, ctx.tree)
    if not _meant(given, place):
        said = f"Chưa thu hồi. Hãy giữ nút đủ 2 giây, hoặc gõ đúng “{place}”."
        return await _roll_page(request, errors={"typed": said})
    note = given.text("note", most=300)
    ended = await flow.cancel(ctx, actor, view.incident.id, note=note, all_clear=given.text("all_clear") != "no")
    return to(f"/khan-cap/{ended.id}")
