"""Hôm nay: one sentence, what is mine to do, the day, the loudspeakers."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from aiohttp import web

from content.model import Bulletin, Stage
from devices.areas import AreaCode
from devices.presence import Presence
from devices.protocol.lifecycle import Registration
from hub.auth.roles import Permission
from hub.flows import alert, bulletin, fleet, report, schedule
from hub.flows.actor import Actor
from hub.flows.context import Context
from hub.flows.fleet import Loudspeaker
from hub.flows.schedule import DayView
from hub.web import words
from hub.web.keys import actor_of, ctx_of
from hub.web.outcomes import Row, merged
from hub.web.pages.loudspeakers import LISTED_MAX, presence_sentence, sounds
from hub.web.render import page
from hub.web.standing import headline, places
from scheduler.calendars import day_bounds, local_date

UNITS_SHOWN = 12
DAYS_LOOKED_AT = 12  # kinds of loudspeaker whose day is compiled for the page; each stands for all that hear the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something that waits for this person."""

    words: str
    link: str
    icon: str
    tone: str


async def today(request: web.Request) -> web.StreamResponse:
    """GET /."""
    ctx, actor = ctx_of(request), actor_of(request)
    now = ctx.now()
    speakers = await fleet.loudspeakers(ctx, actor)
    bulletins = await bulletin.listing(ctx, actor)
    views = await _days(ctx, actor, speakers)
    since, until = day_bounds(local_date(now))
    heard = await report.as_run(ctx, actor, since=since, until=until)
    rows = _with_alerts(merged(views, (one.heard for one in heard), now), await _alert_rows(ctx, actor, now))
    sentence, tone = _sentence(rows, speakers)
    groups = [(unit, list(some)) for unit, some in groupby(speakers, key=lambda one: one.device.unit)]
    return await page(
        request,
        "today.html",
        title="Hôm nay",
        sentence=sentence,
        tone=tone,
        tasks=_tasks(ctx, actor, bulletins, speakers),
        rows=rows,
        left_out=max(0, len({_hears(one) for one in speakers}) - DAYS_LOOKED_AT),
        groups=groups if len(speakers) <= LISTED_MAX else [],
        units=_by_trouble(groups) if len(speakers) > LISTED_MAX else [],
        writes=bool(actor.reach(Permission.WRITE_BULLETIN, ctx.tree)),
        watch=("loudspeakers", "bulletins", "schedule", "as_run", "incidents"),
    )


def _by_trouble(groups: list[tuple[AreaCode, list[Loudspeaker]]]) -> list[tuple[AreaCode, Counter[Presence]]]:
    """Return how units stand, those with the most lost loudspeakers first; the others are behind "Loa"."""
    counted = [(unit, Counter(one.presence for one in some)) for unit, some in groups]
    return sorted(counted, key=lambda each: -each[1][Presence.LOST])[:UNITS_SHOWN]


def _hears(one: Loudspeaker) -> tuple[tuple[AreaCode, ...], object]:
    return one.device.areas, one.device.quiet


async def _days(ctx: Context, actor: Actor, speakers: Collection[Loudspeaker]) -> list[tuple[DayView, int]]:
    """Return the day as planned, of one loudspeaker of each kind, with how many it stands for."""
    active = [one for one in speakers if one.device.registration is Registration.ACTIVE]
    kinds: dict[object, list[Loudspeaker]] = {}
    for one in active:
        kinds.setdefault(_hears(one), []).append(one)
    largest = sorted(kinds.values(), key=len, reverse=True)[:DAYS_LOOKED_AT]
    return [(await schedule.day_of(ctx, actor, some[0].device.id), len(some)) for some in largest]


async def _alert_rows(ctx: Context, actor: Actor, now: datetime) -> list[Row]:
    first = words.local(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return [
        Row(
            start=one.activated_at,
            end=min(one.ended_at or one.valid_until, one.valid_until),
            title=("DIỄN TẬP: " if one.is_drill else "") + headline(one, places(ctx, one.target.areas)),
            mark="drill" if one.is_drill else "alert",
            words="Tin diễn tập" if one.is_drill else "Tin khẩn cấp",
            link=f"/khan-cap/{one.id}",
            key=one.id,
        )
        for one in await alert.recent(ctx, actor)
        if one.activated_at is not None and one.activated_at >= first
    ]


def _with_alerts(rows: Collection[Row], alerts: Collection[Row]) -> list[Row]:
    return sorted((*rows, *alerts), key=lambda row: (row.start, row.title))


def _sentence(rows: Collection[Row], speakers: Collection[Loudspeaker]) -> tuple[str, str]:
    """Return the state in one sentence and its tone: what sounds, else what is wrong, else that all is well."""
    playing = next((row for row in rows if row.mark == "playing"), None)
    active = [one for one in speakers if one.device.registration is Registration.ACTIVE]
    sounding = sum(sounds(one) for one in active)
    if playing is not None:
        where = f", ở {sounding}/{len(active)} cụm loa" if active else ""
        return f"Đang phát: {playing.title}, đến {words.clock_s(playing.end)}{where}.", "live"
    if any(one.presence is Presence.LOST for one in active):
        return presence_sentence(speakers), "trouble"
    if any(one.presence is Presence.LATE for one in active):
        return presence_sentence(speakers), "wait"
    return presence_sentence(speakers), ""


def _tasks(
    ctx: Context, actor: Actor, bulletins: Collection[Bulletin], speakers: Collection[Loudspeaker]
) -> list[Task]:
    me = actor.account.id
    found: list[Task] = []
    for one in bulletins:
        mine = me in {one.author, one.editor}
        link = f"/ban-tin/{one.id}"
        if one.stage is Stage.SUBMITTED and not mine and actor.may(Permission.APPROVE_BULLETIN, one.unit, ctx.tree):
            found.append(Task(words=f"Duyệt “{one.title}”", link=link, icon="ear", tone="wait"))
        elif one.stage is Stage.RETURNED and mine:
            found.append(Task(words=f"Sửa “{one.title}” (bị trả lại)", link=link, icon="undo-2", tone="trouble"))
        elif one.stage is Stage.APPROVED and actor.may(Permission.SCHEDULE, one.unit, ctx.tree):
            found.append(
                Task(words=f"Đưa lên sóng “{one.title}”", link=f"{link}/phat", icon="calendar-clock", tone="live")
            )
    lost = [one for one in speakers if one.presence is Presence.LOST]
    found += [
        Task(
            words=f"Kiểm tra {one.device.site.name}: mất liên lạc",
            link=f"/loa/{one.device.id}",
            icon="wifi-off",
            tone="trouble",
        )
        for one in lost[:3]
    ]
    return found[:8]
