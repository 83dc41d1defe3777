"""What is the same for every device is found out once: signatures, and what a beacon says."""

from dataclasses import replace

from devices.protocol import topics
from devices.protocol.ids import KeyId
from devices.protocol.judge import Accepted, Held, judge
from devices.protocol.signing import split_header, verify_ed25519

VERIFIED_MAX = 200_000  # verdicts kept: a day of 500 devices has about half of that
BEACONS_KEPT = 1_000


class VerdictCache:
    """Remembers the verdict on (key, signature, body): the same broadcast is checked once, not by every device."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, bytes, bytes], bool] = {}

    def __call__(self, public_key: bytes, signature: bytes, body: bytes) -> bool:
        """Say whether the signature is good."""
        key = (public_key, signature, body)
        verdict = self._known.get(key)
        if verdict is None:
            if len(self._known) >= VERIFIED_MAX:
                self._known.clear()
            verdict = self._known[key] = verify_ed25519(public_key, signature, body)
        return verdict


class SharedJudge:
    """`judge`, which remembers what a beacon says: it is read once, not by every device.  Same answer, always."""

    def __init__(self) -> None:
        self._beacons: dict[bytes, tuple[KeyId, Accepted]] = {}

    def __call__(self, topic: str, payload: bytes, held: Held, *, retained: bool = False) -> Accepted:
        """Return what `judge` returns, and raise what it raises."""
        if topic != topics.TIME:
            return judge(topic, payload, held, retained=retained)
        known = self._beacons.get(payload)
        if known is not None and self._plainly_good(*known, held):
            accepted = known[1]
            if held.floor_ms <= accepted.floor_ms and accepted.sets_clock is not retained:
                return accepted  # what nearly every device is told: a new moment, live
            floor_ms = max(held.floor_ms, accepted.floor_ms)
            return replace(accepted, floor_ms=floor_ms, sets_clock=not retained)
        accepted = judge(topic, payload, held, retained=retained)
        if len(self._beacons) >= BEACONS_KEPT:
            self._beacons.clear()
        fresh = replace(accepted, floor_ms=accepted.message.issued_at_ms)  # type: ignore[union-attr]
        self._beacons[payload] = (split_header(payload)[0], fresh)
        return accepted

    @staticmethod
    def _plainly_good(key_id: KeyId, accepted: Accepted, held: Held) -> bool:
        """Say whether nothing about this device could make its answer another one; in doubt the judge is asked."""
        key, mark = held.keys.keys.get(key_id), held.marks.get(topics.TIME)
        if key is None or key.not_after_ms is None or accepted.mark is None:
            return False
        valid = not held.clock_trusted or key.not_before_ms <= held.at_ms <= key.not_after_ms
        return valid and (mark is None or mark.sequence < accepted.mark.sequence)
