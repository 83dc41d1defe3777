"""The hub's flows and many simulated loudspeakers in one virtual time: outbox → pretend broker → cores → collect."""

import base64
from dataclasses import dataclass, field

from devices.gateway import Incoming
from devices.protocol import chunks, topics
from devices.protocol.codec import encode
from devices.protocol.ids import AreaCode, AssetDigest, ContentId
from devices.protocol.messages import KeyEntry, KeySet, TimeBeacon
from firmware_sim.world import Speaker, World
from hub.db.outbox import Lane, Outbox
from hub.flows import alert, collect, distribute
from tests.fakes.hub import Hub

STEP_MS = 200  # how long the hub may take to notice something
BEACON_MS = 10_000
LOOK_MS = 1_000
YEAR_MS = 365 * 86_400_000


@dataclass
class HubInWorld:
    """Runs the flows as `hub.app` does, in the world's time."""

    hub: Hub
    world: World
    incoming: list[Incoming] = field(default_factory=list)
    needs: dict[AssetDigest, set[int]] = field(default_factory=dict)
    refused: int = 0

    def __post_init__(self) -> None:
        self.endpoint = self.world.endpoint("hub")
        self.endpoint.subscribe(*topics.HUB_FILTERS, *topics.HUB_FILTERS_AT_MOST_ONCE, then=self._heard)
        self.endpoint.publish(topics.KEYS, self.hub.root.seal(encode(self._keys())), retain=True)
        self._beat()

    def speaker(self, number: int) -> Speaker:
        return self.world.speakers[number]

    async def run_for(self, for_ms: int) -> None:
        """Let the world and the hub live, side by side."""
        end_ms = self.world.now_ms + for_ms
        while self.world.now_ms < end_ms:
            self.world.run_for(STEP_MS)
            self.hub.at_ms = self.world.now_ms
            await self._live()

    async def _live(self) -> None:
        if self.incoming:
            batch, self.incoming = self.incoming, []
            self.refused += (await collect.take(self.hub.ctx, batch, self._ask)).refused
        if self.world.now_ms % LOOK_MS == 0:
            await alert.look(self.hub.ctx)
        if self.world.now_ms % BEACON_MS == 0:
            self._beat()
        await self._plans()
        await self._send()
        await self._serve()

    async def _plans(self) -> None:
        told, self.hub.told[:] = list(self.hub.told), []
        changed = {ContentId(name.partition(":")[2]) for name in told if name.startswith("programme:")}
        if "enrolled" in told:
            await distribute.publish_all(self.hub.ctx)
        elif changed:
            await distribute.publish_changed(self.hub.ctx, changed)

    async def _send(self) -> None:
        sent, self.hub.sent[:] = list(self.hub.sent), []
        for message in sorted(sent, key=lambda one: (one.lane is Lane.SOUND, one.n)):
            if message.digest is None:
                self.endpoint.publish(message.topic, message.payload, qos=message.qos, retain=message.retain)
            else:
                area = AreaCode(message.topic)
                for n, part in enumerate(await self._parts(message.digest)):
                    self.endpoint.publish(topics.area_chunk(area, message.digest, n), part)
        if sent:
            async with self.hub.store.db.write() as connection:
                await Outbox(connection).sent([message.n for message in sent], self.hub.at_ms)

    async def _serve(self) -> None:
        needs, self.needs = self.needs, {}
        for digest, numbers in needs.items():
            parts = await self._parts(digest)
            for n in sorted(numbers):
                self.endpoint.publish(topics.chunk(digest, n), parts[n])

    async def _parts(self, digest: AssetDigest) -> tuple[bytes, ...]:
        async with self.hub.store.read() as tx:
            asset, data = await tx.assets.get(digest), await tx.assets.read(digest)
        assert asset is not None
        self.world.durations[digest] = asset.duration_ms
        return tuple(chunks.split(data))

    def _heard(self, topic: str, payload: bytes, retained: bool) -> None:
        self.incoming.append(Incoming(topic, payload, retained))

    def _ask(self, digest: AssetDigest, ranges: tuple[tuple[int, int], ...]) -> None:
        wanted = self.needs.setdefault(digest, set())
        wanted.update(n for first, last in ranges for n in range(first, last + 1))

    def _beat(self) -> None:
        beacon = TimeBeacon(sequence=self.world.now_ms, issued_at_ms=self.world.now_ms)
        self.endpoint.publish(topics.TIME, self.hub.signer.seal(encode(beacon)), qos=0, retain=True)

    def _keys(self) -> KeySet:
        now_ms = self.world.now_ms
        key = KeyEntry(
            key_id=self.hub.signer.key_id,
            public_key=base64.b64encode(self.hub.signer.public_key).decode(),
            not_before_ms=now_ms - YEAR_MS,
            not_after_ms=now_ms + YEAR_MS,
        )
        return KeySet(sequence=1, issued_at_ms=now_ms, expires_at_ms=now_ms + YEAR_MS, keys=(key,))
