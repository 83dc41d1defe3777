"""What loudspeakers say: verified, kept, and answered.  Nothing that comes from outside raises out of here."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from devices.errors import UnknownDevice
from devices.gateway import Incoming
from devices.model import Device
from devices.presence import on_message, on_state
from devices.protocol import topics
from devices.protocol.errors import MessageRefused
from devices.protocol.ids import AssetDigest, DeviceId
from devices.protocol.judge import judge_report
from devices.protocol.messages import Ack, AsRunReport, CommandName, FromDevice, Need, State
from devices.protocol.signing import KeyRing, key_id_of
from hub.db.transaction import Transaction
from hub.flows.aired import note_aired
from hub.flows.answers import answered
from hub.flows.command import order
from hub.flows.context import Context

log = logging.getLogger(__name__)

Ask = Callable[[AssetDigest, tuple[tuple[int, int], ...]], None]  # chunks that somebody needs


@dataclass(slots=True)
class Collected:
    """What a batch of messages came to."""

    taken: int = 0
    refused: int = 0
    needs: list[Need] = field(default_factory=list)
    names: set[str] = field(default_factory=set)  # events to tell after the commit
    held: dict[DeviceId, int] = field(default_factory=dict)  # records to confirm, once a batch


async def take(ctx: Context, messages: Sequence[Incoming], ask: Ask) -> Collected:
    """Keep what `messages` say, in one transaction; then tell who listens and ask for the sound that is needed."""
    done = Collected()
    async with ctx.store.write() as tx:
        owners: dict[DeviceId, Device | None] = {}
        for message in messages:
            await _take_one(ctx, tx, message, owners, done)
        for device, up_to in done.held.items():
            await order(ctx, tx, device, CommandName.CONFIRM, up_to)
    for need in done.needs:
        ask(need.digest, need.ranges)
    ctx.events.tell(*sorted(done.names))
    return done


async def _take_one(
    ctx: Context, tx: Transaction, message: Incoming, owners: dict[DeviceId, Device | None], done: Collected
) -> None:
    name = topics.match(message.topic)
    device = await _owner(tx, name.device, owners) if name and name.device else None
    if device is None or device.public_key is None:
        done.refused += 1
        return
    try:
        said = judge_report(message.topic, message.payload, KeyRing.of(device.public_key))
    except MessageRefused as exc:
        done.refused += 1
        log.warning(
            "report refused", extra={"action": "report_refused", "device": device.id, "reason": str(exc.reason)}
        )
        return
    done.taken += 1
    await _keep(ctx, tx, device, said, done, retained=message.retained)


async def _owner(tx: Transaction, device: DeviceId, owners: dict[DeviceId, Device | None]) -> Device | None:
    if device not in owners:
        try:
            owners[device] = await tx.devices.get(device)
        except UnknownDevice:
            owners[device] = None
    return owners[device]


async def _keep(
    ctx: Context, tx: Transaction, device: Device, said: FromDevice, done: Collected, *, retained: bool
) -> None:
    seen = await tx.states.get(device.id)
    if isinstance(said, State):
        await tx.states.put(on_state(seen, said, now=ctx.now(), retained=retained))
        done.names |= {"loudspeakers", f"loudspeaker:{device.id}"}
        return
    if not retained:
        await tx.states.put(on_message(seen, now=ctx.now()))
    match said:
        case Ack():
            done.names |= await answered(ctx, tx, said)
        case Need():
            done.needs.append(said)
        case AsRunReport():
            done.names |= await _records(ctx, tx, device, said, done)


async def _records(ctx: Context, tx: Transaction, device: Device, report: AsRunReport, done: Collected) -> set[str]:
    """Keep records and note to confirm what is held without a gap; a record kept before stays as it was."""
    key = key_id_of(device.public_key or b"")
    kept = await tx.as_runs.add(device.id, key, report.records)
    if kept.conflicting:
        numbers = [record.n for record in kept.conflicting]
        log.error("as-run changed", extra={"action": "as_run_changed", "device": device.id, "n": numbers})
    up_to = await tx.as_runs.held_up_to(device.id, key)
    if up_to:
        done.held[device.id] = up_to
    return {"as_run", f"loudspeaker:{device.id}"} | await note_aired(ctx, tx, device, kept.new)
