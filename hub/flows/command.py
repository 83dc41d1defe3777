"""Orders to single loudspeakers."""

import secrets

from devices.delivery import DeliveryKey, queued
from devices.protocol import topics
from devices.protocol.ids import DeviceId
from devices.protocol.messages import Command, CommandName, Subject
from hub.db.outbox import Lane, Outgoing
from hub.db.rows import from_ms
from hub.db.transaction import Transaction
from hub.flows.context import Context

LIFE_MS = 60_000  # an order is for now; a loudspeaker that comes back later must not obey it
CONFIRM_LIFE_MS = 3_600_000  # confirming records can wait for a connection


async def order(ctx: Context, tx: Transaction, device: DeviceId, name: CommandName, value: int = 0) -> Command:
    """Put a command into the outbox, and into the ledger unless it only confirms records."""
    now_ms = ctx.now_ms()
    confirms = name is CommandName.CONFIRM
    command = Command(
        device=device,
        id=f"c-{secrets.token_hex(6)}",
        sequence=await tx.outbox.next_sequence(f"cmd:{device}", now_ms),
        issued_at_ms=now_ms,
        expires_at_ms=now_ms + (CONFIRM_LIFE_MS if confirms else LIFE_MS),
        name=name,
        value=value,
    )
    await tx.outbox.add(
        Outgoing(
            lane=Lane.COMMAND,
            topic=topics.of_device(device, topics.Leaf.CMD),
            payload=ctx.seal(command),
            created_ms=now_ms,
            not_after_ms=command.expires_at_ms,
        )
    )
    if not confirms:
        key = DeliveryKey(device=device, subject=Subject.CMD, ref=command.id)
        await tx.deliveries.put(queued(key, now=ctx.now(), expires_at=from_ms(command.expires_at_ms)))
    return command
