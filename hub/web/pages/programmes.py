"""Putting a bulletin on the air: where, when, what would give way; and what is on the air."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from aiohttp import web

from devices.protocol.manifest import AfterCut
from hub.auth.roles import Permission
from hub.flows import areas as area_flow
from hub.flows import bulletin as bulletins
from hub.flows import fleet, schedule
from hub.flows.errors import Conflicted, Refused
from hub.flows.schedule import Planned, When
from hub.web import words
from hub.web.choices import area_choices
from hub.web.forms import NOTHING, Form
from hub.web.keys import actor_of, ctx_of, form_of
from hub.web.render import page, to
from hub.web.when import CODES, SHORT, first_day, rule_of
from scheduler.calendars import wall_of

REPEATS = (
    ("now", "Phát ngay", "Bắt đầu sau khoảng nửa phút, khi loa đã nhận đủ âm thanh"),
    ("once", "Một lần", "Vào ngày giờ chọn bên dưới"),
    ("daily", "Hằng ngày", "Mỗi ngày một lần, vào giờ chọn bên dưới"),
    ("weekly", "Các ngày trong tuần", "Chọn thứ và giờ bên dưới"),
)
AFTER_CUT_WORDS: Mapping[AfterCut, str] = {
    AfterCut.RESUME: "Phát tiếp từ chỗ dở",
    AfterCut.RESTART: "Phát lại từ đầu",
    AfterCut.SKIP: "Bỏ qua",
}
# People read "17:00" as the next one: today if it is still to come.
SUGGESTED = (5, 30), (17, 0)


async def form(request: web.Request) -> web.StreamResponse:
    """GET /ban-tin/<id>/phat."""
    return await _form_page(request, NOTHING, None)


async def put(request: web.Request) -> web.StreamResponse:
    """POST /ban-tin/<id>/phat: first what would happen (act=look), then, seen, saved (act=put)."""
    ctx, actor, given = ctx_of(request), actor_of(request), form_of(request)
    planned: Planned | None = None
    try:
        planned = await _planned(request, given)
        if given.text("act") != "put" or planned.problems:
            return await _form_page(request, given, planned)
        seen = given.text("accept") == _seen(planned)
        await schedule.put_on_air(ctx, actor, planned, accept_conflicts=seen)
    except Refused as exc:
        return await _form_page(request, given, planned, errors={exc.field: exc.words})
    except Conflicted as exc:
        if planned is None:
            raise
        return await _form_page(request, given, planned, errors={"": exc.words}, status=409)
    return to(f"/ban-tin/{request.match_info['id']}")


async def _planned(request: web.Request, given: Form) -> Planned:
    audience = given.every("audience")
    if not audience:
        raise Refused("Hãy chọn nơi phát.", field="audience")
    after_cut = given.choice("after_cut", AfterCut) if "after_cut" in given else AfterCut.RESUME
    return await schedule.plan(
        ctx_of(request),
        actor_of(request),
        request.match_info["id"],
        audience=audience,
        when=_when(given, ctx_of(request).now()),
        after_cut=after_cut,
    )


def _when(given: Form, now: datetime) -> When:
    """Return when, from the form.  Raises Refused with the field."""
    repeat, days, until = given.text("repeat", most=20), given.every("days"), given.text("until", most=20)
    if repeat == "now":
        return When()
    if repeat not in {name for name, *_ in REPEATS}:
        raise Refused("Hãy chọn khi nào phát.", field="repeat")
    start = words.wall_time(given.text("start", most=40))
    if start is None:
        raise Refused("Hãy chọn ngày và giờ phát.", field="start")
    if repeat == "once" and start < wall_of(now):
        raise Refused(f"{start:%H:%M %d/%m} đã qua. Hãy chọn giờ sau bây giờ.", field="start")
    if repeat == "weekly" and not set(days) & set(CODES):
        raise Refused("Hãy chọn ít nhất một thứ trong tuần.", field="days")
    if until and words.a_date(until) is None:
        raise Refused("Ngày kết thúc không đúng. Hãy chọn lại hoặc để trống.", field="until")
    return When(start=first_day(start, repeat, days), rule=rule_of(repeat, days, until))


def _seen(planned: Planned) -> str:
    """Return what would give way, in a form that is the same when it is looked at again: what was shown is accepted."""
    own = planned.programme.id
    others = ((said.reason, said.by if said.programme == own else said.programme) for said in planned.conflicts)
    return " ".join(sorted({f"{reason}:{other or ''}" for reason, other in others}))


async def _form_page(
    request: web.Request,
    given: Form,
    planned: Planned | None,
    *,
    errors: Mapping[str, str] | None = None,
    status: int = 422,
) -> web.Response:
    ctx, actor = ctx_of(request), actor_of(request)
    view = await bulletins.one(ctx, actor, request.match_info["id"])
    speakers = await fleet.loudspeakers(ctx, actor)
    areas = area_choices(
        ctx.tree, actor.reach(Permission.SCHEDULE, ctx.tree), speakers, await area_flow.groups(ctx, actor)
    )
    return await page(
        request,
        "put.html",
        title="Đưa lên sóng",
        status=status if errors else 200,
        errors=errors or {},
        bulletin=view.bulletin,
        areas=areas,
        chosen=set(given.every("audience")) or ({areas[0].code} if len(areas) == 1 else set()),
        repeats=REPEATS,
        repeat=given.text("repeat", most=20) or "once",
        start=given.text("start", most=40) or _suggestion(ctx.now()),
        days=set(given.every("days")),
        until=given.text("until", most=20),
        weekdays=list(zip(CODES, SHORT, strict=True)),
        after_cut=given.text("after_cut", most=20) or AfterCut.RESUME.value,
        after_cuts=AFTER_CUT_WORDS.items(),
        planned=planned,
        seen=_seen(planned) if planned else "",
        sentences=list(dict.fromkeys(said.sentence for said in planned.conflicts)) if planned else [],
    )


def _suggestion(now: datetime) -> str:
    """Return the next usual time as the field holds it."""
    wall = wall_of(now).replace(second=0, microsecond=0, tzinfo=None)
    times = [wall.replace(hour=hour, minute=minute) for hour, minute in SUGGESTED]
    coming = [at for at in times if at > wall] or [times[0] + timedelta(days=1)]
    return f"{coming[0]:%Y-%m-%dT%H:%M}"


async def listing(request: web.Request) -> web.StreamResponse:
    """GET /lich."""
    ctx, actor = ctx_of(request), actor_of(request)
    every = await schedule.programmes(ctx, actor)
    now = ctx.now()
    coming = [one for one in every if one.recurrence.rule or _start(one.recurrence.start) >= now - timedelta(hours=1)]
    return await page(
        request,
        "schedule.html",
        title="Lịch phát",
        programmes=coming,
        past=len(every) - len(coming),
        may_cancel={one.id for one in every if actor.may(Permission.SCHEDULE, one.unit, ctx.tree)},
        watch=("schedule",),
    )


def _start(wall: datetime) -> datetime:
    return wall.replace(tzinfo=words.LOCAL).astimezone(UTC)


async def cancel(request: web.Request) -> web.StreamResponse:
    """POST /lich/<id>/huy."""
    await schedule.cancel(ctx_of(request), actor_of(request), request.match_info["id"])
    return to("/lich")
