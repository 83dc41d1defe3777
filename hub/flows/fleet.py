"""The loudspeakers of a unit: registered, enrolled, looked at, stopped, retired."""

import base64
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from devices.areas import AreaCode, audience_codes
from devices.delivery import Sent
from devices.enrolment import claim, claim_hash, expect, new_claim_code, parse_claim_code, replace_hardware, retire
from devices.errors import BadClaimCode, ClaimRefused, DeviceExists, DevicesError, StaleDevice, UnknownDevice
from devices.model import Device, Kind, Site
from devices.ports import Heard
from devices.presence import Presence, Sighting, age, presence
from devices.protocol import topics
from devices.protocol.errors import IllegalTransition, MessageRefused
from devices.protocol.ids import DeviceId, parse_device_id
from devices.protocol.lifecycle import Registration
from devices.protocol.messages import CommandName
from hub.auth.roles import Permission
from hub.db.outbox import Lane, Outgoing
from hub.db.transaction import Transaction
from hub.flows.actor import Actor
from hub.flows.command import order
from hub.flows.context import Context
from hub.flows.errors import Conflicted, NotFound, Refused

NAME_CHARS_MAX = 120
DAY_MS = 86_400_000
HISTORY_DAYS = 7
HOLD_MIN_MAX = 7 * 24 * 60  # a week of silence; longer means that a loudspeaker should be retired
TOLD_A_TURN = 100  # orders of one transaction: an alert must not wait for a province to be told to be quiet
NAMED_MAX = 100  # loudspeakers named in one audit entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Loudspeaker:
    """A loudspeaker and whether it is there."""

    device: Device
    seen: Sighting
    presence: Presence
    silent_s: float | None  # how long nothing was heard of it; None: never anything


@dataclass(frozen=True, slots=True, kw_only=True)
class LoudspeakerDetail:
    """One loudspeaker with what was sent to it and what it has played, newest first."""

    loudspeaker: Loudspeaker
    sent: tuple[Sent, ...]
    heard: tuple[Heard, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """What a loudspeaker is told when it has claimed its identity."""

    device: Device
    root_public_key: str  # base64
    broker_host: str
    broker_port: int


async def register(
    ctx: Context,
    actor: Actor,
    *,
    device_id: str,
    unit: AreaCode,
    site: Site,
    kind: Kind = Kind.IP_CLUSTER,
) -> tuple[Device, str]:
    """Expect a new loudspeaker; return it and the claim code, which is shown once.  Raises NotAllowed, Refused."""
    actor.must(Permission.MANAGE_DEVICES, unit, ctx.tree)
    _check_site(site)
    try:
        parsed = parse_device_id(device_id)
    except MessageRefused as exc:
        raise Refused("Mã cụm loa chỉ gồm chữ thường không dấu, số và dấu gạch ngang.", field="device_id") from exc
    code = new_claim_code(secrets.randbelow)
    async with ctx.store.write() as tx:
        areas = audience_codes(ctx.tree, unit, await tx.groups.every())
        device = expect(id=parsed, unit=unit, areas=areas, site=site, code=code, now=ctx.now(), kind=kind)
        with _in_words("device_id"):
            await tx.devices.add(device)
        await _audit(ctx, tx, actor, device, "device.register")
    ctx.events.tell("loudspeakers")
    return device, code


async def enrol(ctx: Context, *, code: str, public_key: bytes) -> Enrolled:
    """Give a loudspeaker its identity for its claim code.  Raises Refused; the same claim again is answered again."""
    with _in_words("claim_code"):
        parsed = parse_claim_code(code)
        async with ctx.store.write() as tx:
            before = await tx.devices.find_by_claim(claim_hash(parsed))
            if before is None:
                raise Refused("Mã kích hoạt không đúng hoặc đã thu hồi.", field="claim_code")
            after = claim(before, parsed, public_key, now=ctx.now())
            if after != before:
                await tx.devices.change(before, after)
                await tx.audit.add(at=ctx.now(), actor=after.id, unit=after.unit, act="device.claim", subject=after.id)
    ctx.events.tell("loudspeakers", "enrolled")
    host, port = ctx.broker
    root = base64.b64encode(ctx.root_public).decode()
    return Enrolled(device=after, root_public_key=root, broker_host=host, broker_port=port)


async def loudspeakers(ctx: Context, actor: Actor) -> tuple[Loudspeaker, ...]:
    """Return the loudspeakers of the units this person sees, by unit and place."""
    async with ctx.store.read() as tx:
        devices = await tx.devices.every()
        seen = {sighting.device: sighting for sighting in await tx.states.every()}
    wanted = (d for d in devices if d.registration is not Registration.RETIRED and actor.sees(d.unit, ctx.tree))
    found = (_seen(ctx, device, seen.get(device.id, Sighting(device=device.id))) for device in wanted)
    return tuple(sorted(found, key=lambda one: (one.device.unit, one.device.site.name, one.device.id)))


async def loudspeaker(ctx: Context, actor: Actor, device_id: str) -> LoudspeakerDetail:
    """Return one loudspeaker.  Raises NotFound."""
    now_ms = ctx.now_ms()
    async with ctx.store.read() as tx:
        device = await visible(ctx, tx, actor, device_id)
        seen = await tx.states.get(device.id)
        sent = await tx.deliveries.to(device.id)
        heard = await tx.as_runs.between(now_ms - HISTORY_DAYS * DAY_MS, now_ms + DAY_MS, device=device.id)
    return LoudspeakerDetail(loudspeaker=_seen(ctx, device, seen), sent=sent, heard=heard[::-1])


async def stop(ctx: Context, actor: Actor, device_ids: Iterable[str], *, hold_min: int = 0) -> int:
    """Silence loudspeakers now, and for `hold_min` minutes all but emergencies; return how many were told."""
    if not 0 <= hold_min <= HOLD_MIN_MAX:
        raise Refused(f"Thời gian tạm dừng từ 0 đến {HOLD_MIN_MAX} phút.", field="hold_min")
    value = ctx.now_ms() + hold_min * 60_000 if hold_min else 0
    return await _tell(ctx, actor, device_ids, Permission.STOP_ALL, CommandName.STOP, value)


async def stop_unit(ctx: Context, actor: Actor, unit: AreaCode, *, hold_min: int = 60) -> int:
    """Silence every loudspeaker of a unit; return how many were told."""
    actor.must(Permission.STOP_ALL, unit, ctx.tree)
    async with ctx.store.read() as tx:
        devices = await tx.devices.listening([unit])
    wanted = [device.id for device in devices if device.registration is Registration.ACTIVE]
    return await stop(ctx, actor, wanted, hold_min=hold_min) if wanted else 0


async def set_volume(ctx: Context, actor: Actor, device_id: str, percent: int) -> None:
    """Make one loudspeaker louder or softer.  Raises Refused, NotAllowed."""
    if not 0 <= percent <= 100:
        raise Refused("Âm lượng từ 0 đến 100 phần trăm.", field="percent")
    await _tell(ctx, actor, [device_id], Permission.MANAGE_DEVICES, CommandName.VOLUME, percent)


async def retire_device(ctx: Context, actor: Actor, device_id: str) -> None:
    """Take a loudspeaker's key back: nothing of it is believed from now on."""
    async with ctx.store.write() as tx:
        before = await visible(ctx, tx, actor, device_id)
        actor.must(Permission.MANAGE_DEVICES, before.unit, ctx.tree)
        with _in_words(""):
            await tx.devices.change(before, retire(before))
        await _clear(ctx, tx, before)
        await _audit(ctx, tx, actor, before, "device.retire")
    ctx.events.tell("loudspeakers", "enrolled")


async def _clear(ctx: Context, tx: Transaction, device: Device) -> None:
    """Take its last plan from the broker: whoever finds the hardware finds nothing."""
    await tx.outbox.add(
        Outgoing(
            lane=Lane.PLAN,
            topic=topics.of_device(device.id, topics.Leaf.MANIFEST),
            payload=b"",
            retain=True,
            created_ms=ctx.now_ms(),
            not_after_ms=ctx.now_ms() + DAY_MS,
        )
    )


async def replace_device(ctx: Context, actor: Actor, device_id: str) -> str:
    """Let new hardware take a loudspeaker's place; return its claim code, shown once."""
    code = new_claim_code(secrets.randbelow)
    async with ctx.store.write() as tx:
        before = await visible(ctx, tx, actor, device_id)
        actor.must(Permission.MANAGE_DEVICES, before.unit, ctx.tree)
        with _in_words(""):
            await tx.devices.change(before, replace_hardware(before, code))
        await tx.states.forget(before.id)
        await _audit(ctx, tx, actor, before, "device.replace")
    ctx.events.tell("loudspeakers", "enrolled")
    return code


async def move(ctx: Context, actor: Actor, device_id: str, site: Site) -> None:
    """Write down where a loudspeaker hangs now."""
    async with ctx.store.write() as tx:
        before = await visible(ctx, tx, actor, device_id)
        actor.must(Permission.MANAGE_DEVICES, before.unit, ctx.tree)
        _check_site(site)
        with _in_words("name"):
            await tx.devices.change(before, replace(before, site=site))
        await _audit(ctx, tx, actor, before, "device.move")
    ctx.events.tell("loudspeakers")


async def _tell(
    ctx: Context, actor: Actor, device_ids: Iterable[str], right: Permission, name: CommandName, value: int
) -> int:
    """Give one order to loudspeakers that are in use, a hundred at a time; return how many they are."""
    async with ctx.store.read() as tx:
        found = [await visible(ctx, tx, actor, device_id) for device_id in dict.fromkeys(device_ids)]
    for device in found:
        actor.must(right, device.unit, ctx.tree)
    devices = [device for device in found if device.registration is Registration.ACTIVE]
    if found and not devices:
        raise Conflicted("Cụm loa chưa kích hoạt hoặc đã ngừng dùng nên không nhận lệnh.")
    for at in range(0, len(devices), TOLD_A_TURN):
        some = devices[at : at + TOLD_A_TURN]
        async with ctx.store.write() as tx:
            for device in some:
                await order(ctx, tx, device.id, name, value)
            names = [device.id for device in some[:NAMED_MAX]]
            facts: dict[str, object] = {"value": value, "count": len(some), "devices": names}
            await _audit(ctx, tx, actor, some[0], f"device.{name}", facts)
    return len(devices)


async def visible(ctx: Context, tx: Transaction, actor: Actor, device_id: str) -> Device:
    """Return a loudspeaker of a unit that this person sees.  Raises NotFound."""
    try:
        device = await tx.devices.get(DeviceId(device_id))
    except UnknownDevice as exc:
        raise NotFound("Không tìm thấy cụm loa này.") from exc
    if not actor.sees(device.unit, ctx.tree):
        raise NotFound("Không tìm thấy cụm loa này.")
    return device


def _check_site(site: Site) -> None:
    if not 0 < len(site.name.strip()) <= NAME_CHARS_MAX:
        raise Refused(f"Hãy ghi vị trí cụm loa, tối đa {NAME_CHARS_MAX} ký tự.", field="name")


def _seen(ctx: Context, device: Device, seen: Sighting) -> Loudspeaker:
    now = ctx.now()
    silent = age(seen, now)
    return Loudspeaker(
        device=device,
        seen=seen,
        presence=presence(seen, now),
        silent_s=None if silent is None else silent.total_seconds(),
    )


@contextmanager
def _in_words(field: str) -> Iterator[None]:
    try:
        yield
    except (DeviceExists, BadClaimCode, ClaimRefused) as exc:
        raise Refused(exc.in_vietnamese(), field=field) from exc
    except StaleDevice as exc:
        raise Conflicted(exc.in_vietnamese()) from exc
    except IllegalTransition as exc:
        raise Conflicted("Không thực hiện được thao tác này với cụm loa ở trạng thái hiện tại.") from exc
    except DevicesError as exc:
        raise NotFound(exc.in_vietnamese()) from exc


async def _audit(
    ctx: Context, tx: Transaction, actor: Actor, device: Device, act: str, detail: dict[str, object] | None = None
) -> None:
    await tx.audit.add(
        at=ctx.now(),
        actor=actor.account.id,
        unit=device.unit,
        act=act.replace("-", "_"),
        subject=device.id,
        detail=detail,
    )
