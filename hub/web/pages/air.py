"""Nhật ký phát: what was played where, by day, with what was missed in one sentence."""

from collections import Counter
from collections.abc import Collection
from datetime import date, timedelta

from aiohttp import web

from devices.protocol.limits import ID_CHARS_MAX
from devices.protocol.messages import Outcome
from hub.auth.roles import Permission
from hub.flows import fleet, report
from hub.flows.errors import NotAllowed
from hub.flows.report import Played
from hub.web import words
from hub.web.forms import page_number, query
from hub.web.keys import actor_of, ctx_of
from hub.web.outcomes import OUTCOME_WORDS, SOURCE_WORDS, WHY_WORDS
from hub.web.render import page
from scheduler.calendars import day_bounds, local_date
from scheduler.reconcile import Fate

ROWS = 60  # a page of 25 kB


async def listing(request: web.Request) -> web.StreamResponse:
    """GET /da-phat?ngay=2026-11-25&loa=…&ket-qua=missed&trang=2."""
    ctx, actor, asked = ctx_of(request), actor_of(request), query(request)
    if not actor.reach(Permission.SEE_REPORTS, ctx.tree):
        raise NotAllowed("Nhiệm vụ của bạn không gồm quyền xem báo cáo.")
    on = words.a_date(asked.text("ngay")) or local_date(ctx.now())
    device, outcome = asked.text("loa")[:ID_CHARS_MAX], asked.text("ket-qua")[:20]
    since, until = day_bounds(on)
    every = await report.as_run(ctx, actor, since=since, until=until, device=device or None)
    found = [one for one in every if outcome in {"", one.heard.record.outcome.value}]
    pages = max(1, -(-len(found) // ROWS))
    number = page_number(asked.text("trang"), pages)
    return await page(
        request,
        "air.html",
        title="Nhật ký phát",
        on=on,
        before=on - timedelta(days=1),
        after=on + timedelta(days=1),
        today=local_date(ctx.now()),
        device=device,
        outcome=outcome,
        speakers=await fleet.loudspeakers(ctx, actor),
        shown=found[(number - 1) * ROWS : number * ROWS],
        number=number,
        pages=pages,
        sentence=await _sentence(request, on, every),
        outcomes=OUTCOME_WORDS,
        sources=SOURCE_WORDS,
        whys=WHY_WORDS,
        took=_took,
        watch=("as_run",),
    )


async def _sentence(request: web.Request, on: date, every: Collection[Played]) -> str:
    """Return what became of the day: of what was planned, else of what was reported."""
    day = await report.day_report(ctx_of(request), actor_of(request), on)
    fates = Counter(result.fate for one in day.results for result in one.results)
    due = sum(fates.values()) - fates[Fate.AHEAD]
    if due:
        told = [f"{fates[Fate.HEARD]}/{due} lượt đã phát trọn"]
        told += [f"{fates[Fate.CUT]} không trọn"] if fates[Fate.CUT] else []
        told += [f"{fates[Fate.MISSED]} không phát"] if fates[Fate.MISSED] else []
        told += [f"{fates[Fate.UNKNOWN]} chưa có báo cáo"] if fates[Fate.UNKNOWN] else []
        return ", ".join(told) + "."
    whole = sum(one.heard.record.outcome is Outcome.COMPLETED for one in every)
    return f"{whole}/{len(every)} lượt được báo đã phát trọn." if every else "Chưa có báo cáo phát nào trong ngày này."


def _took(one: Played) -> str:
    return words.length(one.heard.record.end_ms - one.heard.record.start_ms)
