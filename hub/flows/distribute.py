"""From programmes to what every loudspeaker holds: compile, compare, and publish only what differs."""

import asyncio
import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from devices.delivery import DeliveryKey, queued
from devices.model import Device
from devices.protocol import topics
from devices.protocol.ids import AssetDigest, ContentId
from devices.protocol.lifecycle import Registration
from devices.protocol.manifest import Asset, Manifest
from devices.protocol.messages import Subject
from hub.db.outbox import Lane, Outgoing
from hub.db.rows import from_ms
from hub.db.transaction import Transaction
from hub.flows.context import Context
from scheduler.calendars import local_date
from scheduler.day import compile_days
from scheduler.errors import DayTooLarge, MissingAsset
from scheduler.model import DayProgramme, Listener, Programme, Slot
from scheduler.publish import build_manifest, differs, listener_of, slots_of

log = logging.getLogger(__name__)

DEVICES_A_TURN = 20  # written within some tenths of a second: an alert waits for no more than one turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What one round of publishing came to."""

    devices: int = 0
    manifests: int = 0  # those that differed
    too_large: int = 0


async def publish_all(ctx: Context) -> Published:
    """Compile today and the days ahead for every loudspeaker, and publish what differs."""
    async with ctx.store.read() as tx:
        devices = await tx.devices.every()
    return await publish(ctx, devices)


async def publish_changed(ctx: Context, programmes: Collection[ContentId]) -> Published:
    """The same, for the loudspeakers that these programmes reach, or reached until now."""
    async with ctx.store.read() as tx:
        every = await tx.devices.every()
        reached = await _reached(tx, programmes)
        told = {device.id for device in every if await _was_told(tx, device, programmes)}
    return await publish(ctx, [device for device in every if device.id in told or not reached.isdisjoint(device.areas)])


async def _reached(tx: Transaction, programmes: Collection[ContentId]) -> set[str]:
    return {area for one in await tx.programmes.enabled() if one.id in programmes for area in one.audience}


async def _was_told(tx: Transaction, device: Device, programmes: Collection[ContentId]) -> bool:
    manifest = await tx.manifests.last(device.id)
    prefixes = tuple(f"{programme}-" for programme in programmes)
    return manifest is not None and any(item.id.startswith(prefixes) for item in manifest.items)


async def publish(ctx: Context, devices: Iterable[Device]) -> Published:
    """Compile and publish for these loudspeakers.  Those with equal areas and quiet hours share one compilation."""
    active = [device for device in devices if device.registration is Registration.ACTIVE]
    if not active:
        return Published()
    desk = _Desk()
    total = Published()
    for at in range(0, len(active), DEVICES_A_TURN):
        done = await _turn(ctx, active[at : at + DEVICES_A_TURN], desk)
        total = Published(
            devices=total.devices + done.devices,
            manifests=total.manifests + done.manifests,
            too_large=total.too_large + done.too_large,
        )
    log.info("plans published", extra={"action": "plans_published", "n": total.manifests, "devices": total.devices})
    if total.manifests:
        ctx.events.tell("plans")
    return total


@dataclass(slots=True)
class _Desk:
    """What one round of publishing needs more than once."""

    compiled: dict[Listener, tuple[DayProgramme, ...]] = field(default_factory=dict)
    assets: dict[AssetDigest, Asset] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """A plan that differs from what a loudspeaker was told last."""

    manifest: Manifest  # its number is given when it is written
    days: tuple[DayProgramme, ...]
    told: int  # number of the last; 0: none


async def _turn(ctx: Context, devices: Sequence[Device], desk: _Desk) -> Published:
    """Look what differs, which takes its time, and only then take the turn to write."""
    changes: list[_Change] = []
    too_large = 0
    async with ctx.store.read() as tx:
        quiet = await tx.quiet_hours.every()
        pinned = tuple(dict.fromkeys((await tx.pinned.every()).values()))
        for device in devices:
            try:
                change = await _change(ctx, tx, device, listener_of(device, quiet), pinned, desk)
            except DayTooLarge as exc:
                too_large += 1
                log.warning("day too large", extra={"action": "day_too_large", "device": device.id, "why": str(exc)})
            except MissingAsset as exc:  # one lost sound must not keep the plans of all others back
                log.error("sound missing", extra={"action": "asset_missing", "device": device.id, "why": str(exc)})  # noqa: TRY400
            else:
                changes += [change] if change else []
    written = await _write(ctx, changes) if changes else 0
    return Published(devices=len(devices), manifests=written, too_large=too_large)


async def _change(
    ctx: Context, tx: Transaction, device: Device, listener: Listener, pinned: tuple[AssetDigest, ...], desk: _Desk
) -> _Change | None:
    """Return the plan of one loudspeaker if it differs from the last."""
    if listener not in desk.compiled:
        programmes = await tx.programmes.reaching(listener.areas)
        today, count = local_date(ctx.now()), ctx.plan_days + 1
        desk.compiled[listener] = await asyncio.to_thread(compile_days, programmes, today, count, listener)
    days = desk.compiled[listener]
    wanted = {*pinned, *(slot.asset for slot in slots_of(days))}
    if unknown := wanted - desk.assets.keys():
        desk.assets |= await tx.assets.entries(unknown)
    last = await tx.manifests.last(device.id)
    told = last.sequence if last else 0
    manifest = build_manifest(device, days, desk.assets, sequence=told + 1, issued_at=ctx.now(), pinned=pinned)
    return _Change(manifest=manifest, days=days, told=told) if differs(last, manifest) else None


async def _write(ctx: Context, changes: Sequence[_Change]) -> int:
    """Number and send plans; one that another hub was quicker with is left out, and looked at again next time."""
    written = 0
    async with ctx.store.write() as tx:
        for change in changes:
            device = change.manifest.device
            if await tx.manifests.last_sequence(device) != change.told:
                continue
            sequence = await tx.outbox.next_sequence(f"manifest:{device}", ctx.now_ms())
            manifest = replace(change.manifest, sequence=sequence)
            await tx.days.keep_all(device, change.days)
            await tx.manifests.keep(manifest)
            await _send(ctx, tx, manifest)
            written += 1
    return written


async def _send(ctx: Context, tx: Transaction, manifest: Manifest) -> None:
    await tx.outbox.add(
        Outgoing(
            lane=Lane.PLAN,
            topic=topics.of_device(manifest.device, topics.Leaf.MANIFEST),
            payload=ctx.seal(manifest),
            retain=True,
            created_ms=manifest.issued_at_ms,
            not_after_ms=manifest.expires_at_ms,
        )
    )
    key = DeliveryKey(device=manifest.device, subject=Subject.MANIFEST, sequence=manifest.sequence)
    await tx.deliveries.put(queued(key, now=ctx.now(), expires_at=from_ms(manifest.expires_at_ms)))


async def first_air(ctx: Context, after: datetime) -> datetime | None:
    """Return when the first programme after a moment begins anywhere, within a day; None: nothing does."""
    async with ctx.store.read() as tx:
        programmes = await tx.programmes.enabled()
    starts = (slot.start for slot in _slots(programmes, after) if slot.start > after)
    return min(starts, default=None)


def _slots(programmes: Sequence[Programme], after: datetime) -> Iterable[Slot]:
    areas = tuple({area for one in programmes for area in one.audience})
    return slots_of(compile_days(programmes, local_date(after), 2, Listener(areas=areas)))


async def check_audio(ctx: Context, at: datetime) -> None:
    """Log which loudspeakers do not hold yet what the programme at `at` needs; the console shows the same."""
    async with ctx.store.read() as tx:
        lacking = [seen.device for seen in await tx.states.every() if seen.state and seen.state.assets_missing]
    if lacking:
        facts = {"action": "audio_missing", "devices": lacking[:50], "count": len(lacking), "at": at.isoformat()}
        log.warning("loudspeakers lack audio before first air", extra=facts)
        ctx.events.tell("loudspeakers")
