"""The hub's heartbeat: a signed time beacon, and the key set that all else is checked with."""

import asyncio
import logging
from collections.abc import Callable

from devices.gateway import Gateway, NotSent
from devices.protocol import topics
from devices.protocol.codec import encode
from devices.protocol.limits import HEADER_BYTES, SEQUENCE_MAX
from devices.protocol.messages import TimeBeacon
from hub.db.outbox import Lane, Outgoing, Reseal
from hub.flows.context import Context
from hub.keys import SET_LIFE_MS, Keys, KeyTrouble

RENEW_MS = SET_LIFE_MS // 2  # half a year in which somebody can bring the root key

log = logging.getLogger(__name__)

KEYS_FIRST_S = 2.0  # the key set is at every loudspeaker before what only its newest key opens
KEYS_EVERY_S = 10.0  # a rotation is announced a day ahead; in a hurry ten seconds are bearable

assert SEQUENCE_MAX > 4_102_444_800_000  # noqa: S101 - a moment in ms is a sequence number that needs no memory


async def beat(ctx: Context, gateway: Gateway, every_s: float) -> None:
    """Publish the time every `every_s` seconds, for ever.  Retained: a floor for every clock."""
    while True:
        now_ms = ctx.now_ms()
        try:
            payload = ctx.seal(TimeBeacon(sequence=now_ms, issued_at_ms=now_ms))
            await gateway.publish(topics.TIME, payload, qos=0, retain=True)
        except NotSent as exc:
            log.info("beacon not sent", extra={"action": "beacon_not_sent", "why": str(exc)})
        await asyncio.sleep(every_s)


async def publish_keys(ctx: Context, keys: Keys) -> None:
    """Put the present key set into the outbox, signed by the root key.  Raises KeyTrouble when that is elsewhere."""
    now_ms = ctx.now_ms()
    root = await asyncio.to_thread(keys.root)
    async with ctx.store.write() as tx:
        key_set = keys.key_set(await tx.outbox.next_sequence("keys", now_ms), now_ms)
        message = Outgoing(
            lane=Lane.COMMAND,
            topic=topics.KEYS,
            payload=root.seal(encode(key_set)),
            retain=True,
            created_ms=now_ms,
            not_after_ms=key_set.expires_at_ms,
        )
        await tx.outbox.add(message)
        await tx.audit.add(
            at=ctx.now(), actor="hub.keys", unit=ctx.unit, act="keys.publish", subject=str(key_set.sequence)
        )


async def ensure_keys(ctx: Context, keys: Keys) -> None:
    """Publish the key set unless one with these very keys stands already, and for long.

    Raises KeyTrouble when it must be published and the root key is elsewhere; a set that only grows old can wait.
    """
    if await _stands(ctx, keys, for_ms=RENEW_MS):
        return
    try:
        await publish_keys(ctx, keys)
    except KeyTrouble as exc:
        if not await _stands(ctx, keys):
            raise
        log.warning("key set grows old", extra={"action": "keys_not_renewed", "why": str(exc)})


async def _stands(ctx: Context, keys: Keys, for_ms: int = 0) -> bool:
    """Say whether a set with these very keys stands at the broker, and is good for so long."""
    async with ctx.store.read() as tx:
        said = await tx.outbox.said(topics.KEYS, until_ms=ctx.now_ms() + for_ms)
    return said is not None and all(key.key_id.encode() in said for key in keys.working)


async def follow_keys(ctx: Context, keys: Keys) -> None:
    """Publish the key set when `loa keys rotate` has changed it in another process; for ever.

    When another key begins to sign, everything that stands at the broker is sealed anew: it must not outlive its key.
    """
    signs = (await asyncio.to_thread(keys.signer, ctx.now_ms())).key_id
    while True:
        await asyncio.sleep(KEYS_EVERY_S)
        try:
            await asyncio.to_thread(keys.reload)
            if not await _stands(ctx, keys):
                await publish_keys(ctx, keys)
            now_signs = (await asyncio.to_thread(keys.signer, ctx.now_ms())).key_id
            if now_signs != signs:
                await asyncio.sleep(KEYS_FIRST_S)
                await say_everything_again(ctx, reseal=_resealing(ctx))
                signs = now_signs
        except KeyTrouble as exc:  # the hub goes on with the keys it has
            log.error("keys not announced", extra={"action": "keys_not_announced", "why": str(exc)})  # noqa: TRY400


def _resealing(ctx: Context) -> Reseal:
    """Return what seals a body under the key that signs now; the key set stays as the root key sealed it."""
    signer = ctx.signer(ctx.now_ms())

    def reseal(topic: str, payload: bytes) -> bytes:
        return payload if topic == topics.KEYS or not payload else signer.seal(payload[HEADER_BYTES:])

    return reseal


async def say_everything_again(ctx: Context, reseal: Reseal | None = None) -> None:
    """Put all that should stand at the broker into the outbox, emergencies first, some at a time."""
    place = None
    while True:
        async with ctx.store.write() as tx:
            place = await tx.outbox.say_again(ctx.now_ms(), after=place, reseal=reseal)
        if place is None:
            return


async def remind(ctx: Context, gateway: Gateway, key_sets: Callable[[], int], patience_s: float = 2.0) -> None:
    """Tell a broker that has forgotten everything what should stand on it; after each new connection, for ever.

    `key_sets`: how often the broker has given us our own, which is retained: none with a new connection, none at all.
    """
    connects = heard = 0
    while True:
        await gateway.wait_connected()
        if gateway.connects != connects:
            connects = gateway.connects
            await asyncio.sleep(patience_s)
            if gateway.connected and key_sets() == heard:
                log.warning("the broker has forgotten", extra={"action": "say_again"})
                await say_everything_again(ctx)
        heard = key_sets()
        await asyncio.sleep(patience_s / 4)
