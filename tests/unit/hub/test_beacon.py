"""The heartbeat, the key set, and a broker that has forgotten everything."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from devices.protocol import topics
from devices.protocol.codec import decode_as
from devices.protocol.messages import KeySet, TimeBeacon
from devices.protocol.signing import KeyRing
from hub import beacon
from hub.db.outbox import Lane, Outgoing
from hub.keys import SET_LIFE_MS, Keys, KeyTrouble, open_keys
from tests.fakes.bus import FakeGateway
from tests.fakes.hub import Hub, body


@pytest.fixture
async def keys(hub: Hub, tmp_path: Path) -> Keys:
    return await asyncio.to_thread(open_keys, tmp_path / "keys", hub.at_ms)


async def ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_beacon_is_signed_retained_and_goes_on_when_the_broker_says_no(hub: Hub) -> None:
    gateway = FakeGateway()
    refuse = iter([False, True, False])
    gateway.refuses = lambda _topic: next(refuse, False)
    beating = asyncio.create_task(beacon.beat(hub.ctx, gateway, 0.01))  # type: ignore[arg-type]
    await gateway.until(2)
    await ended(beating)
    first = gateway.published[0]
    assert (first.topic, first.qos, first.retain) == (topics.TIME, 0, True)
    ring = KeyRing.of(hub.signer.public_key)
    message = decode_as(TimeBeacon, ring.open(first.payload, now_ms=None, bytes_max=512))
    assert message.issued_at_ms == message.sequence == hub.at_ms


def key_sets(hub: Hub) -> list[KeySet]:
    return [decode_as(KeySet, body(message.payload)) for message in hub.on_topic(topics.KEYS)]


async def test_the_key_set_is_published_once_signed_by_the_root_key(hub: Hub, keys: Keys) -> None:
    await beacon.ensure_keys(hub.ctx, keys)
    await beacon.ensure_keys(hub.ctx, keys)
    (message,) = hub.on_topic(topics.KEYS)
    assert message.retain
    root = KeyRing.of(await asyncio.to_thread(lambda: keys.root_public))
    found = decode_as(KeySet, root.open(message.payload, now_ms=None, bytes_max=8192))
    assert [entry.key_id for entry in found.keys] == [key.key_id for key in keys.working]
    assert await hub.acts() == ["keys.publish"]


async def test_a_rotation_is_published_with_a_higher_number(hub: Hub, keys: Keys) -> None:
    await beacon.ensure_keys(hub.ctx, keys)
    await asyncio.to_thread(keys.rotate, hub.at_ms)
    await beacon.ensure_keys(hub.ctx, keys)
    first, second = key_sets(hub)
    assert second.sequence > first.sequence
    assert len(second.keys) == 2


async def test_a_set_that_grows_old_is_renewed_before_it_ends(hub: Hub, keys: Keys) -> None:
    await beacon.ensure_keys(hub.ctx, keys)
    hub.later(milliseconds=SET_LIFE_MS // 2 + 1)
    await beacon.ensure_keys(hub.ctx, keys)
    first, second = key_sets(hub)
    assert second.expires_at_ms > first.expires_at_ms


async def test_without_the_root_key_a_set_that_stands_is_enough(hub: Hub, keys: Keys) -> None:
    await beacon.ensure_keys(hub.ctx, keys)
    root = keys.folder / "root.seed"
    await asyncio.to_thread(root.rename, keys.folder.parent / "in the safe")
    hub.later(milliseconds=SET_LIFE_MS // 2 + 1)
    await beacon.ensure_keys(hub.ctx, keys)
    assert len(key_sets(hub)) == 1
    keys.working = (*keys.working, replace(keys.working[0], key_id="0" * 16))
    with pytest.raises(KeyTrouble, match="khóa gốc"):
        await beacon.ensure_keys(hub.ctx, keys)


async def _stand(hub: Hub, count: int) -> None:
    async with hub.store.write() as tx:
        for n in range(count):
            message = Outgoing(
                lane=Lane.PLAN,
                topic=f"plan/{n:03}",
                retain=True,
                created_ms=hub.at_ms,
                not_after_ms=hub.at_ms + 1_000_000,
            )
            await tx.outbox.add(message)
    hub.sent.clear()


async def test_everything_is_said_again_in_turns(hub: Hub) -> None:
    await _stand(hub, 450)
    await beacon.say_everything_again(hub.ctx)
    assert [message.topic for message in hub.sent] == [f"plan/{n:03}" for n in range(450)]


async def test_a_broker_that_has_forgotten_is_told_and_one_that_remembers_is_not(hub: Hub) -> None:
    await _stand(hub, 3)
    gateway, heard = FakeGateway(), 0
    reminding = asyncio.create_task(beacon.remind(hub.ctx, gateway, lambda: heard, patience_s=0.02))  # type: ignore[arg-type]
    async with asyncio.timeout(10):
        while len(hub.sent) < 3:  # noqa: ASYNC110 - it has forgotten: our own key set never came
            await asyncio.sleep(0.005)
        hub.sent.clear()
        gateway.go()
        heard = 1  # it remembers: our own key set came with the new connection
        gateway.come_back()
        await asyncio.sleep(0.1)
        assert hub.sent == []
        gateway.go()
        gateway.come_back()
        while len(hub.sent) < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    await ended(reminding)


async def test_keys_that_cannot_be_read_do_not_end_a_running_hub(
    hub: Hub, keys: Keys, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(beacon, "KEYS_EVERY_S", 0.01)
    await beacon.ensure_keys(hub.ctx, keys)
    listing = keys.folder / "working.json"
    good = await asyncio.to_thread(listing.read_bytes)
    await asyncio.to_thread(listing.write_bytes, b"{")
    following = asyncio.create_task(beacon.follow_keys(hub.ctx, keys))
    async with asyncio.timeout(10):
        while "keys not announced" not in caplog.messages:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        await asyncio.to_thread(listing.write_bytes, good)
        other = await asyncio.to_thread(open_keys, keys.folder, hub.at_ms)
        await asyncio.to_thread(other.rotate, hub.at_ms)
        while len(key_sets(hub)) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    await ended(following)
    assert len(key_sets(hub)[-1].keys) == 2


async def test_when_another_key_signs_everything_that_stands_is_sealed_anew(
    hub: Hub, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beacon, "KEYS_EVERY_S", 0.01)
    monkeypatch.setattr(beacon, "KEYS_FIRST_S", 0.0)
    ctx = replace(hub.ctx, signer=keys.signer)
    topic = "loa/1/area/48/override"
    old = await asyncio.to_thread(keys.signer, hub.at_ms)
    async with hub.store.write() as tx:
        await tx.outbox.add(
            Outgoing(
                lane=Lane.EMERGENCY,
                topic=topic,
                payload=old.seal(b'{"type":"overrides"}'),
                retain=True,
                created_ms=hub.at_ms,
                not_after_ms=hub.at_ms + 60_000,
            )
        )
    await beacon.ensure_keys(ctx, keys)
    following = asyncio.create_task(beacon.follow_keys(ctx, keys))
    await asyncio.sleep(0)
    other = await asyncio.to_thread(open_keys, keys.folder, hub.at_ms)
    new = await asyncio.to_thread(lambda: other.rotate(hub.at_ms, at_once=True))
    async with asyncio.timeout(10):
        while len(hub.on_topic(topic)) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    await ended(following)
    first, second = (message.payload for message in hub.on_topic(topic))
    assert second.startswith(f"ed25519 {new.key_id} ".encode())
    assert second.partition(b"\n")[2] == first.partition(b"\n")[2], "the body, and so its sequence, stays"
    root = await asyncio.to_thread(keys.root)
    assert all(sent.payload.startswith(f"ed25519 {root.key_id} ".encode()) for sent in hub.on_topic(topics.KEYS))
