"""A stranger's ear on the broker: it hears what loudspeakers say, and tries what a loudspeaker must refuse."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from devices.gateway import Broker, Gateway, Incoming
from devices.protocol import topics
from devices.protocol.codec import encode
from devices.protocol.errors import MessageRefused, Reason
from devices.protocol.ids import AreaCode, DeviceId
from devices.protocol.judge import judge_report
from devices.protocol.messages import Ack, AckStage, AsRun, AsRunReport, Overrides, State
from devices.protocol.signing import KeyRing, Signer
from hub.clock import now_ms

# What each attempt must be refused with: a foreign key, an old sequence, an end that is past.
REFUSED_WITH: Mapping[str, Reason] = {
    "unsigned": Reason.UNKNOWN_KEY,
    "replayed": Reason.STALE,
    "expired": Reason.EXPIRED,
}


@dataclass(slots=True)
class Heard:
    """Everything that the loudspeakers said, checked with their own keys."""

    keys: Mapping[DeviceId, bytes]
    states: dict[DeviceId, State] = field(default_factory=dict)
    refusals: set[tuple[DeviceId, Reason]] = field(default_factory=set)
    records: dict[tuple[DeviceId, int], AsRun] = field(default_factory=dict)
    said_it_sounds_ms: dict[tuple[DeviceId, str], int] = field(default_factory=dict)  # by this machine's clock
    bad_signatures: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, message: Incoming) -> None:
        """Note one message."""
        name = topics.match(message.topic)
        if name is None or name.device is None or name.device not in self.keys:
            return
        try:
            said = judge_report(message.topic, message.payload, KeyRing.of(self.keys[name.device]))
        except MessageRefused:
            self.bad_signatures += 1
            return
        match said:
            case State():
                self.states[said.device] = said
                self.said_it_sounds_ms.setdefault((said.device, said.sounding), now_ms())
            case Ack(stage=AckStage.REFUSED, reason=Reason() as reason):
                self.refusals.add((said.device, reason))
            case AsRunReport():
                self.records |= {(said.device, record.n): record for record in said.records}
        self.changed.set()

    def refused(self, reason: Reason) -> int:
        """Return how many loudspeakers have refused something for this reason."""
        return sum(found == reason for _, found in self.refusals)

    async def until(self, holds: Callable[["Heard"], bool], timeout_s: float) -> bool:
        """Return whether `holds` came true in time."""
        try:
            async with asyncio.timeout(timeout_s):
                while not holds(self):
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            return False
        return True


@asynccontextmanager
async def listening(broker: Broker, keys: Mapping[DeviceId, bytes]) -> AsyncIterator[tuple[Heard, Gateway]]:
    """Listen to all that loudspeakers say, and be able to publish like a stranger with a connection."""
    heard = Heard(keys)
    gateway = Gateway(
        broker,
        "loa-demo-stranger",
        filters=topics.HUB_FILTERS,
        at_most_once=topics.HUB_FILTERS_AT_MOST_ONCE,
        receive=heard.take,
    )
    async with gateway.running():
        await gateway.wait_connected()
        yield heard, gateway


async def attack(gateway: Gateway, area: AreaCode, held: Overrides, old: bytes, signer: Signer) -> None:
    """Publish what must be refused.  `held`: the document now held; `old`: an earlier one; `signer`: the hub's key."""
    topic = topics.override(area)
    later = replace(held, sequence=held.sequence + 1)
    stranger = Signer.from_seed(b"a stranger with a key of its own".ljust(32))
    past = replace(later, issued_at_ms=held.issued_at_ms - 2, expires_at_ms=held.issued_at_ms - 1, overrides=())
    for payload in (stranger.seal(encode(later)), old, signer.seal(encode(past))):
        await gateway.publish(topic, payload)
