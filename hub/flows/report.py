"""What was played where, what was done by whom, and whether the record is whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from content.recipe import Rendered
from devices.areas import AreaCode
from devices.ports import Heard
from devices.protocol.ids import AssetDigest, DeviceId
from emergency.incident import display_text
from hub.auth.audit import AuditEntry, verify
from hub.auth.roles import Permission
from hub.db.rows import to_ms
from hub.db.transaction import Transaction
from hub.flows.actor import Actor
from hub.flows.context import Context
from hub.flows.errors import NotAllowed
from scheduler.calendars import day_bounds, local_date
from scheduler.reconcile import Rate, Reconciled, rate, reconcile

PAGE = 100
INCIDENTS_MAX = 200
ROWS_MAX = 2000  # one page of a console; a longer stretch is asked for day by day


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One as-run record, with the place and the title that people know."""

    heard: Heard
    site: str
    unit: AreaCode
    title: str
    voice: str = ""  # the engine that spoke, "recording", or "" for a siren and what came from elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class DayReport:
    """What became of everything planned on one day in the units that somebody sees."""

    on: date
    results: tuple[Reconciled, ...]
    rate: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Entries, newest first, and who the actors are."""

    entries: tuple[AuditEntry, ...]
    names: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainCheck:
    """Whether the audit chain is whole: how many entries were looked at, and the first that does not fit."""

    entries: int
    broken_at: int | None
    head_hash: str


async def as_run(
    ctx: Context, actor: Actor, *, since: datetime, until: datetime, device: str | None = None
) -> tuple[Played, ...]:
    """Return what was played in [since, until) in the units this person sees, newest first."""
    async with ctx.store.read() as tx:
        wanted = DeviceId(device) if device else None
        records = await tx.as_runs.between(to_ms(since), to_ms(until), device=wanted)
        devices = {one.id: one for one in await tx.devices.every() if actor.sees(one.unit, ctx.tree)}
        seen = [one for one in records if one.device in devices][-ROWS_MAX:]
        titles = await _titles(tx, seen, since, until)
        rendered = await tx.renders.of_assets({one.record.digest for one in seen if one.record.digest})
    return tuple(
        Played(
            heard=one,
            site=devices[one.device].site.name,
            unit=devices[one.device].unit,
            title=titles.get(str(one.record.id), ""),
            voice=_who_spoke(rendered, one.record.digest),
        )
        for one in reversed(seen)
    )


def _who_spoke(rendered: Mapping[AssetDigest, Rendered], digest: AssetDigest | None) -> str:
    held = rendered.get(digest) if digest else None
    return held.engine if held else ""


async def _titles(tx: Transaction, seen: Sequence[Heard], since: datetime, until: datetime) -> dict[str, str]:
    """Return the title of every item and alert in `seen`."""
    titles: dict[str, str] = {str(one.id): display_text(one) for one in await tx.incidents.recent(limit=INCIDENTS_MAX)}
    first, last = local_date(since), local_date(until)
    for device in dict.fromkeys(one.device for one in seen if str(one.record.id) not in titles):
        for day in await tx.days.between(device, first, last):
            titles |= {str(slot.id): slot.title for slot in day.slots}
    return titles


async def day_report(ctx: Context, actor: Actor, on: date) -> DayReport:
    """Return planned against aired for one local day."""
    start, end = day_bounds(on)
    found: list[Reconciled] = []
    async with ctx.store.read() as tx:
        for device in await tx.devices.every():
            day = await tx.days.get(device.id, on) if actor.may(Permission.SEE_REPORTS, device.unit, ctx.tree) else None
            if day is not None:
                records = await tx.as_runs.between(to_ms(start), to_ms(end), device=device.id)
                found.append(reconcile(device.id, day.slots, [one.record for one in records], ctx.now()))
    results = [result for one in found for result in one.results]
    return DayReport(on=on, results=tuple(found), rate=rate(results))


async def audit(ctx: Context, actor: Actor, *, before: int | None = None) -> AuditPage:
    """Return a page of the audit of the units in which this person may see it, newest first.  Raises NotAllowed."""
    if not actor.reach(Permission.SEE_AUDIT, ctx.tree):
        raise NotAllowed("Bạn không có quyền xem nhật ký hoạt động.")
    async with ctx.store.read() as tx:
        entries = await tx.audit.newest(PAGE, before=before)
        names = {str(account.id): account.name for account in await tx.people.accounts()}
    seen = (one for one in entries if actor.may(Permission.SEE_AUDIT, one.unit, ctx.tree))
    return AuditPage(entries=tuple(seen), names=names)


async def check_chain(ctx: Context, actor: Actor) -> ChainCheck:
    """Verify the whole audit chain.  Raises NotAllowed."""
    if not actor.reach(Permission.SEE_AUDIT, ctx.tree):
        raise NotAllowed("Bạn không có quyền xem nhật ký hoạt động.")
    async with ctx.store.read() as tx:
        entries = [entry async for entry in tx.audit.all()]
    head = entries[-1].hash if entries else ""
    return ChainCheck(entries=len(entries), broken_at=verify(entries), head_hash=head)
