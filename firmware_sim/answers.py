"""What a device says: sealed, to the right topic; answers wait while nobody can hear them.  Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from devices.protocol import topics
from devices.protocol.errors import Reason
from devices.protocol.ids import AssetDigest, DeviceId
from devices.protocol.limits import REFUSALS_PER_MINUTE_MAX
from devices.protocol.messages import Ack, AckStage, AsRun, AsRunReport, FromDevice, Need, State, Subject, Why
from devices.protocol.topics import Leaf
from firmware_sim.events import Publish, Seal
from firmware_sim.records import on_wire

MINUTE_MS = 60_000
WAITING_ACKS_MAX = 256  # what an evening without a line can need; a lost answer is asked for by sending again

_LEAVES: dict[type[FromDevice], Leaf] = {
    State: Leaf.STATE,
    Ack: Leaf.ACK,
    Need: Leaf.NEED,
    AsRunReport: Leaf.ASRUN,
}


@dataclass(slots=True, kw_only=True)
class Answers:
    """The device's voice towards the hub, with what it could not say yet."""

    device: DeviceId
    seal: Seal
    refused: int = 0  # since power-up
    _topics: dict[Leaf, str] = field(init=False)
    _waiting: list[Publish] = field(default_factory=list)
    _refused_at: list[int] = field(default_factory=list)  # own clock, of the last refusing acks

    def __post_init__(self) -> None:
        """Build the names of its topics once."""
        self._topics = {leaf: topics.of_device(self.device, leaf) for leaf in topics.FROM_DEVICE}

    def message(self, message: FromDevice) -> Publish:
        """Return what says `message` on its topic."""
        leaf = _LEAVES[type(message)]
        return Publish(self._topics[leaf], message, self.seal, 1, leaf in topics.RETAINED)

    def ack(
        self,
        of: Subject,
        stage: AckStage,
        *,
        at_ms: int,
        ref: str = "",
        sequence: int = 0,
        reason: Reason | None = None,
        why: Why | None = None,
        sounded_at_ms: int = 0,
    ) -> None:
        """Say an answer at the next chance."""
        ack = Ack(
            device=self.device,
            at_ms=on_wire(at_ms),
            of=of,
            ref=ref,
            sequence=sequence,
            stage=stage,
            reason=reason,
            why=why,
            sounded_at_ms=on_wire(sounded_at_ms),
        )
        self._waiting.append(self.message(ack))
        del self._waiting[:-WAITING_ACKS_MAX]

    def refuse(self, of: Subject, reason: Reason, *, at_ms: int, own_ms: int, ref: str = "", sequence: int = 0) -> None:
        """Count a refusal, and answer it unless too many were answered in the last minute."""
        self.refused += 1
        self._refused_at = [moment for moment in self._refused_at if own_ms - moment < MINUTE_MS]
        if len(self._refused_at) < REFUSALS_PER_MINUTE_MAX:
            self._refused_at.append(own_ms)
            self.ack(of, AckStage.REFUSED, at_ms=at_ms, ref=ref, sequence=sequence, reason=reason)

    def need(self, digest: AssetDigest, ranges: tuple[tuple[int, int], ...], at_ms: int) -> Publish:
        """Return the request for the missing chunks of an asset."""
        return self.message(Need(device=self.device, at_ms=on_wire(at_ms), digest=digest, ranges=ranges))

    def report(self, records: Sequence[AsRun], at_ms: int) -> Publish:
        """Return a report of records that the hub has not confirmed."""
        return self.message(AsRunReport(device=self.device, at_ms=on_wire(at_ms), records=tuple(records)))

    def take(self) -> list[Publish]:
        """Return the answers that wait, and forget them."""
        taken, self._waiting = self._waiting, []
        return taken
