"""What acks move: the ledger of deliveries, and the roll call of an alert."""

from devices.delivery import DeliveryKey, on_ack
from devices.errors import UnknownDelivery
from devices.protocol.ids import AlertId
from devices.protocol.messages import Ack, Subject
from emergency import rollcall
from emergency.errors import UnknownCall
from emergency.rollcall import Call, RollCall, concerns
from hub.db.transaction import Transaction
from hub.flows.context import Context

LEDGER = frozenset({Subject.MANIFEST, Subject.CMD})  # overrides have the roll call, which is quicker and knows more


async def answered(ctx: Context, tx: Transaction, ack: Ack) -> set[str]:
    """Keep what `ack` says; return the names of what has changed."""
    if ack.of is Subject.OVERRIDE:
        return await _on_roll(ctx, tx, ack)
    if ack.of in LEDGER:
        await _in_ledger(ctx, tx, ack)
    return {f"loudspeaker:{ack.device}"}


async def _in_ledger(ctx: Context, tx: Transaction, ack: Ack) -> None:
    sequence = ack.sequence if ack.of is Subject.MANIFEST else 0
    ref = "" if ack.of is Subject.MANIFEST else ack.ref
    try:
        sent = await tx.deliveries.get(DeliveryKey(device=ack.device, subject=ack.of, ref=ref, sequence=sequence))
    except UnknownDelivery:
        return
    after = on_ack(sent, ack, now=ctx.now()).sent
    if after != sent:
        await tx.deliveries.put(after)


async def _on_roll(ctx: Context, tx: Transaction, ack: Ack) -> set[str]:
    names: set[str] = set()
    for roll in await tx.rolls.open_rolls():
        if not concerns(roll, ack):
            continue
        call = await _call(tx, roll, ack)
        after = rollcall.on_ack(call, ack, now=ctx.now())
        if after != call:
            await tx.rolls.put(after)
            names |= {f"incident:{roll.alert}", "incidents"}
    return names


async def _call(tx: Transaction, roll: RollCall, ack: Ack) -> Call:
    """Return the call of who answers; a device that nobody expected joins the roll."""
    try:
        return await tx.rolls.call(AlertId(roll.alert), ack.device)
    except UnknownCall:
        return Call(
            alert=roll.alert,
            device=ack.device,
            expires_at=roll.expires_at,
            first_sent_at=roll.opened_at,
            last_sent_at=roll.opened_at,
        )
