"""What belongs to areas: groups across units, and quiet hours."""

import secrets
from collections.abc import Collection, Iterable
from dataclasses import replace

from devices.areas import GROUP_PREFIX, AreaCode, Group, audience_codes
from devices.protocol.manifest import QuietWindow
from hub.auth.roles import Denied, Permission, may_in_all
from hub.db.transaction import Transaction
from hub.flows.actor import Actor
from hub.flows.context import Context
from hub.flows.errors import NotAllowed, NotFound, Refused
from scheduler.calendars import PRESETS, QuietPreset

GROUP_NAME_CHARS_MAX = 120
GROUP_MEMBERS_MAX = 200


async def groups(ctx: Context, actor: Actor) -> tuple[Group, ...]:
    """Return the groups that have a member this person sees, by name."""
    async with ctx.store.read() as tx:
        found = await tx.groups.every()
    return tuple(one for one in found if any(actor.sees(unit, ctx.tree) for unit in one.members))


async def put_group(
    ctx: Context, actor: Actor, *, name: str, members: Collection[str], code: str | None = None
) -> Group:
    """Make a group, or change the one with `code`; its loudspeakers listen to it with their next plan."""
    units = tuple(AreaCode(unit) for unit in dict.fromkeys(members))
    if not 0 < len(name.strip()) <= GROUP_NAME_CHARS_MAX:
        raise Refused(f"Hãy ghi tên nhóm, tối đa {GROUP_NAME_CHARS_MAX} ký tự.", field="name")
    if not 0 < len(units) <= GROUP_MEMBERS_MAX:
        raise Refused(f"Chọn từ 1 đến {GROUP_MEMBERS_MAX} đơn vị.", field="members")
    async with ctx.store.write() as tx:
        before = await _group(tx, code) if code else None
        _must(ctx, actor, [*units, *(before.members if before else ())])
        group = Group(
            code=before.code if before else AreaCode(f"{GROUP_PREFIX}{secrets.token_hex(4)}"),
            name=" ".join(name.split()),
            members=units,
        )
        await tx.groups.put(group)
        await _listen(ctx, tx, {*units, *(before.members if before else ())})
        await tx.audit.add(
            at=ctx.now(),
            actor=actor.account.id,
            unit=units[0],
            act="group.put",
            subject=group.code,
            detail={"name": group.name, "members": list(units)},
        )
    ctx.events.tell("enrolled")
    return group


async def quiet_hours(ctx: Context) -> dict[AreaCode, tuple[QuietWindow, ...]]:
    """Return every area's own quiet windows."""
    async with ctx.store.read() as tx:
        return dict(await tx.quiet_hours.every())


async def set_quiet_hours(ctx: Context, actor: Actor, area: str, windows: Iterable[QuietWindow]) -> None:
    """Set an area's own quiet hours; they add to those above it and never shorten them."""
    actor.must(Permission.APPROVE_BULLETIN, area, ctx.tree)
    kept = tuple(windows)
    async with ctx.store.write() as tx:
        await tx.quiet_hours.put(AreaCode(area), kept)
        await tx.audit.add(
            at=ctx.now(),
            actor=actor.account.id,
            unit=area,
            act="quiet_hours.set",
            subject=area,
            detail={"windows": [[one.from_min, one.until_min] for one in kept]},
        )
    ctx.events.tell("enrolled")


async def ensure_quiet_hours(ctx: Context, preset: QuietPreset | None) -> None:
    """Give the hub's own unit its first quiet hours, once: without any, a slip of the hand wakes a commune at 03:15."""
    async with ctx.store.write() as tx:
        if preset is not None and ctx.unit not in await tx.quiet_hours.every():
            await tx.quiet_hours.put(ctx.unit, PRESETS[preset])


async def _group(tx: Transaction, code: str) -> Group:
    found = next((one for one in await tx.groups.every() if one.code == code), None)
    if found is None:
        raise NotFound("Không tìm thấy nhóm địa bàn này.")
    return found


def _must(ctx: Context, actor: Actor, units: Iterable[str]) -> None:
    answer = may_in_all(actor.grants, Permission.MANAGE_DEVICES, units, ctx.tree)
    if isinstance(answer, Denied):
        raise NotAllowed(answer.words(ctx.tree))


async def _listen(ctx: Context, tx: Transaction, units: Collection[AreaCode]) -> None:
    """Let the loudspeakers of `units` listen to exactly the groups they now stand in."""
    every = await tx.groups.every()
    for device in await tx.devices.listening(units):
        areas = audience_codes(ctx.tree, device.unit, every)
        if areas != device.areas:
            await tx.devices.change(device, replace(device, areas=areas))
