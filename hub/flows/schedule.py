"""Putting approved bulletins on the air: shown first with what would give way, then saved, then in every plan."""

import asyncio
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from content import model
from content.approval import require
from content.model import Act, Bulletin
from content.recipe import RecipeDigest
from devices.areas import GROUP_PREFIX, AreaCode
from devices.protocol.ids import ContentId, DeviceId
from devices.protocol.lifecycle import Registration
from devices.protocol.manifest import AfterCut
from hub.auth.roles import Denied, Permission, may_in_all
from hub.db.transaction import Transaction
from hub.flows import bulletin as bulletins
from hub.flows import fleet
from hub.flows.actor import Actor
from hub.flows.bulletin import Rights
from hub.flows.context import Context
from hub.flows.errors import Conflicted, NotAllowed, NotFound, Refused
from scheduler.calendars import local_date, wall_of
from scheduler.checks import problems_of
from scheduler.day import Account, compile_day, conflicts_of, why_at
from scheduler.errors import StaleProgramme, UnknownProgramme
from scheduler.model import Clip, DayProgramme, Explanation, Listener, Programme, Reason, Recurrence
from scheduler.publish import listener_of
from scheduler.reconcile import Reconciled, reconcile

SHOWN_DAYS = 14  # conflicts are looked for this far ahead
SLACK = timedelta(minutes=15)  # what an emergency took may be made good this long after
CHANGED = "Bản tin vừa được thay đổi. Hãy xem lại rồi lên lịch."
LEAD = timedelta(seconds=20)  # "now" is a little later: the audio has to arrive first


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """`start`: wall time of the first occurrence, None for as soon as it can be; `rule`: an RFC 5545 RRULE value."""

    start: datetime | None = None
    rule: str = ""
    exdates: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A programme as it would be, or is; what is wrong with it, and what would not be as asked for."""

    programme: Programme
    problems: tuple[str, ...] = ()
    conflicts: tuple[Explanation, ...] = ()
    devices: int = 0  # loudspeakers that will play it


@dataclass(frozen=True, slots=True, kw_only=True)
class DayView:
    """One loudspeaker's day: as planned, and what became of it."""

    device: DeviceId
    day: DayProgramme
    result: Reconciled


async def plan(
    ctx: Context,
    actor: Actor,
    bulletin_id: str,
    *,
    audience: Collection[str],
    when: When,
    after_cut: AfterCut = AfterCut.RESUME,
) -> Planned:
    """Return what putting this bulletin on the air would bring about; nothing is saved.  Raises NotAllowed, Refused."""
    rendered = await bulletins.listen(ctx, actor, bulletin_id)
    async with ctx.store.read() as tx:
        found = await _approved(ctx, tx, actor, bulletin_id)
        areas = await _audience(ctx, tx, actor, audience)
        await _must_be_its_sound(ctx, tx, found, rendered.recipe)
        clip = Clip(
            bulletin=found.id,
            asset=rendered.asset.digest,
            duration_ms=rendered.asset.duration_ms,
            title=found.title,
            valid_until=found.valid_until,
        )
        programme = Programme(
            id=ContentId(f"p-{ctx.now_ms()}-{secrets.token_hex(3)}"),  # of two equals the newer gives way
            unit=found.unit,
            title=found.title,
            audience=areas,
            recurrence=Recurrence(start=when.start or _soon(ctx), rule=when.rule, exdates=when.exdates),
            clips=(clip,),
            service_class=found.service_class,
            after_cut=after_cut,
            slack_ms=SLACK // timedelta(milliseconds=1),
            valid_until=found.valid_until,
            created_by=actor.account.id,
        )
        facts = await _facts(ctx, tx, programme)
    return await _looked_at(facts)


async def put_on_air(ctx: Context, actor: Actor, planned: Planned, *, accept_conflicts: bool = False) -> Programme:
    """Save what `plan` returned.  Raises Refused for quiet hours and broken rules, Conflicted for what has changed.

    Conflicts other than quiet hours are saved only when `accept_conflicts` says that they were seen.
    """
    programme = planned.programme
    async with ctx.store.read() as tx:
        facts = await _facts(ctx, tx, programme)
    _refuse(await _looked_at(facts), accept_conflicts=accept_conflicts)
    async with ctx.store.write() as tx:
        before = await _approved(ctx, tx, actor, programme.clips[0].bulletin)
        await _audience(ctx, tx, actor, programme.audience)
        await _must_be_approved_sound(ctx, tx, before, programme)
        if await _facts(ctx, tx, programme) != facts:  # looked at again outside the turn to write: it takes its time
            raise Conflicted("Lịch phát vừa được người khác thay đổi. Hãy xem lại rồi lưu.")
        with bulletins.in_words():
            require(Act.SCHEDULE, before, Rights(actor, ctx.tree), ctx.now())
            await tx.bulletins.save(model.scheduled(before, now=ctx.now()))
        await tx.programmes.save(programme)
        detail = {"programme": programme.id, "audience": list(programme.audience), "rule": programme.recurrence.rule}
        await tx.audit.add(
            at=ctx.now(),
            actor=actor.account.id,
            unit=programme.unit,
            act="bulletin.schedule",
            subject=before.id,
            detail={**detail, "start": programme.recurrence.start.isoformat()},
        )
    ctx.events.tell(f"programme:{programme.id}")
    ctx.events.tell("bulletins", "schedule", f"bulletin:{before.id}")
    return programme


async def cancel(ctx: Context, actor: Actor, programme_id: str) -> Programme:
    """Take a programme off the air, from the next moment on.  Raises NotFound, NotAllowed."""
    async with ctx.store.write() as tx:
        programme = await _programme(ctx, tx, actor, programme_id)
        actor.must(Permission.SCHEDULE, programme.unit, ctx.tree)
        after = await _switch_off(tx, programme)
        for clip in programme.clips:
            await _unschedule(ctx, tx, clip.bulletin)
        await tx.audit.add(
            at=ctx.now(), actor=actor.account.id, unit=programme.unit, act="programme.cancel", subject=programme.id
        )
    ctx.events.tell("schedule", "bulletins", f"programme:{programme.id}")
    return after


async def _switch_off(tx: Transaction, programme: Programme) -> Programme:
    """Disable a programme; it stays for the record."""
    after = replace(programme, enabled=False, version=programme.version + 1)
    try:
        await tx.programmes.save(after)
    except StaleProgramme as exc:
        raise Conflicted(exc.in_vietnamese()) from exc
    return after


async def programmes(ctx: Context, actor: Actor) -> tuple[Programme, ...]:
    """Return the enabled programmes of the units this person sees, by first start."""
    async with ctx.store.read() as tx:
        found = await tx.programmes.enabled()
    seen = (one for one in found if actor.sees(one.unit, ctx.tree))
    return tuple(sorted(seen, key=lambda one: (one.recurrence.start, one.id)))


async def day_of(ctx: Context, actor: Actor, device_id: str, on: date | None = None) -> DayView:
    """Return a loudspeaker's day with what became of it.  Raises NotFound."""
    wanted = on or local_date(ctx.now())
    async with ctx.store.read() as tx:
        device = await fleet.visible(ctx, tx, actor, device_id)
        kept = await tx.days.get(device.id, wanted)
        if kept is None:
            listener = listener_of(device, await tx.quiet_hours.every())
            kept = compile_day(await tx.programmes.reaching(listener.areas), wanted, listener)
        start_ms, end_ms = (int(at.timestamp() * 1000) for at in (kept.start, kept.end))
        records = [heard.record for heard in await tx.as_runs.between(start_ms, end_ms, device=device.id)]
    return DayView(device=device.id, day=kept, result=reconcile(device.id, kept.slots, records, ctx.now()))


async def what_plays(ctx: Context, actor: Actor, device_id: str, at: datetime) -> Account:
    """Return what is planned on a loudspeaker at a moment, and the whole chain of reasons."""
    view = await day_of(ctx, actor, device_id, local_date(at))
    return why_at(view.day, at)


def _soon(ctx: Context) -> datetime:
    return wall_of(ctx.now() + LEAD).replace(microsecond=0)


async def _approved(ctx: Context, tx: Transaction, actor: Actor, bulletin_id: str) -> Bulletin:
    found = await bulletins.visible(ctx, tx, actor, bulletin_id)
    if not found.may_sound(ctx.now()):
        raise Refused("Bản tin chưa được duyệt hoặc đã hết hiệu lực nên chưa thể phát.")
    return found


async def _audience(ctx: Context, tx: Transaction, actor: Actor, audience: Collection[str]) -> tuple[AreaCode, ...]:
    """Return the audience in order.  Raises NotAllowed unless every unit of it is the actor's to schedule in."""
    groups = {group.code: group for group in await tx.groups.every()}
    units: list[str] = []
    for code in audience:
        units += groups[AreaCode(code)].members if code in groups else [code]
    if any(code.startswith(GROUP_PREFIX) for code in units):
        raise Refused("Không tìm thấy nhóm địa bàn đã chọn.", field="audience")
    answer = may_in_all(actor.grants, Permission.SCHEDULE, units, ctx.tree)
    if isinstance(answer, Denied):
        raise NotAllowed(answer.words(ctx.tree))
    return tuple(AreaCode(code) for code in dict.fromkeys(audience))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """Everything that decides what a programme would meet."""

    programme: Programme
    listeners: tuple[Listener, ...]
    others: tuple[Programme, ...]
    first: date
    devices: int


async def _facts(ctx: Context, tx: Transaction, programme: Programme) -> _Facts:
    listening = await tx.devices.listening(programme.audience)
    devices = [one for one in listening if one.registration is Registration.ACTIVE]
    quiet = await tx.quiet_hours.every()
    listeners = tuple(dict.fromkeys(listener_of(device, quiet) for device in devices))
    areas = {area for listener in listeners for area in listener.areas}
    return _Facts(
        programme=programme,
        listeners=listeners,
        others=await tx.programmes.reaching(areas) if areas else (),
        first=max(local_date(ctx.now()), programme.recurrence.start.date()),
        devices=len(devices),
    )


async def _looked_at(facts: _Facts) -> Planned:
    """Return what a programme would meet.  Two weeks of many communes take a while, so in a thread."""
    programme = facts.programme
    problems = tuple(found.sentence for found in problems_of(programme))
    if problems:
        return Planned(programme=programme, problems=problems, devices=facts.devices)
    conflicts = await asyncio.to_thread(conflicts_of, programme, facts.others, facts.first, SHOWN_DAYS, facts.listeners)
    return Planned(programme=programme, conflicts=conflicts, devices=facts.devices)


async def _must_be_approved_sound(ctx: Context, tx: Transaction, bulletin: Bulletin, programme: Programme) -> None:
    """Raise Conflicted unless `programme` says what is approved now: words may have changed since it was planned."""
    held = await tx.renders.find((await bulletins.recipe_for(ctx, tx, bulletin)).digest())
    said = [(clip.bulletin, clip.asset) for clip in programme.clips]
    if held is None or said != [(bulletin.id, held.asset.digest)] or programme.unit != bulletin.unit:
        raise Conflicted(CHANGED)


async def _must_be_its_sound(ctx: Context, tx: Transaction, bulletin: Bulletin, recipe: RecipeDigest) -> None:
    if (await bulletins.recipe_for(ctx, tx, bulletin)).digest() != recipe:
        raise Conflicted(CHANGED)


def _refuse(planned: Planned, *, accept_conflicts: bool) -> None:
    if planned.problems:
        raise Refused(" ".join(planned.problems), field="when")
    quiet = [said for said in planned.conflicts if said.reason is Reason.QUIET_HOURS]
    if quiet:
        raise Refused(f"{quiet[0].sentence} Hãy chọn giờ khác.", field="when")
    if planned.conflicts and not accept_conflicts:
        raise Conflicted(_sentences(planned.conflicts))


def _sentences(said: Iterable[Explanation]) -> str:
    return " ".join(dict.fromkeys(one.sentence for one in said))


async def _programme(ctx: Context, tx: Transaction, actor: Actor, programme_id: str) -> Programme:
    try:
        programme = await tx.programmes.get(ContentId(programme_id))
    except UnknownProgramme as exc:
        raise NotFound(exc.in_vietnamese()) from exc
    if not actor.sees(programme.unit, ctx.tree):
        raise NotFound("Không tìm thấy chương trình này.")
    return programme


async def _unschedule(ctx: Context, tx: Transaction, bulletin_id: str) -> None:
    """Take the mark of being scheduled from a bulletin that no programme plays any more."""
    if any(one.enabled for one in await tx.programmes.with_bulletin(bulletin_id)):
        return
    found = await tx.bulletins.get(ContentId(bulletin_id))
    if found.stage is model.Stage.SCHEDULED:
        await tx.bulletins.save(model.unscheduled(found, now=ctx.now()))
