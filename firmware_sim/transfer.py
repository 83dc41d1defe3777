"""The audio that is on its way: what has come, what is missing, and when to ask again."""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from devices.protocol.chunks import Assembly
from devices.protocol.errors import MessageRefused
from devices.protocol.ids import AssetDigest, DeviceId
from devices.protocol.manifest import Asset

ASK_AGAIN_MS = 5_000  # a hub gathers needs for a moment and a slow line takes some seconds for a chunk
ASK_AGAIN_MAX_MS = 60_000
PUSHED_GRACE_MS = 1_000  # what an override brings is pushed right behind it: ask only for what did not come
JITTER_PERCENT = 25  # a province must not ask in step


def jitter(*parts: object) -> int:
    """Return 0 to 99, the same for the same parts: pure code has no dice."""
    return zlib.crc32("|".join(map(str, parts)).encode()) % 100


@dataclass(slots=True)
class Transfer:
    """One asset on its way; `ask_ms` is on the own clock."""

    assembly: Assembly
    ask_ms: int
    attempt: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is on its way since the last aim, and what is not any more."""

    new: tuple[AssetDigest, ...]
    gone: tuple[AssetDigest, ...]


@dataclass(slots=True)
class Transfers:
    """All assets on their way, the most needed first."""

    device: DeviceId
    going: dict[AssetDigest, Transfer] = field(default_factory=dict)

    def aim(self, fetch: Iterable[Asset], pushed: Iterable[AssetDigest], own_ms: int) -> "Change":
        """Make `fetch` what is on its way; `pushed` comes without being asked for."""
        late = set(pushed)
        before = self.going
        self.going = {}
        for asset in fetch:
            known = before.get(asset.digest)
            fresh = Transfer(Assembly(asset), own_ms + (PUSHED_GRACE_MS if asset.digest in late else 0))
            self.going[asset.digest] = known or fresh
        new = tuple(digest for digest in self.going if digest not in before)
        return Change(new=new, gone=tuple(digest for digest in before if digest not in self.going))

    def wanted(self) -> Mapping[AssetDigest, Asset]:
        """Return the entries whose audio is not complete."""
        return {digest: transfer.assembly.asset for digest, transfer in self.going.items()}

    def take(self, digest: AssetDigest, n: int, data: bytes, own_ms: int) -> bool:
        """Keep a chunk that has been judged right; return whether it was new.  What flows is not asked for again."""
        transfer = self.going[digest]
        if n in transfer.assembly.parts:
            return False
        transfer.assembly.parts[n] = data
        transfer.attempt = 0
        transfer.ask_ms = max(transfer.ask_ms, own_ms + ASK_AGAIN_MS)
        return True

    def finish(self, digest: AssetDigest) -> bytes | None:
        """Return the asset when its last chunk has come; None before.  Raises MessageRefused(WRONG_DIGEST)."""
        assembly = self.going[digest].assembly
        if not assembly.complete():
            return None
        data = assembly.assemble()
        del self.going[digest]
        return data

    def restore(self, digest: AssetDigest, parts: Mapping[int, bytes]) -> None:
        """Take up chunks that lay on flash; wrong ones are passed over."""
        for n, data in parts.items():
            try:
                self.going[digest].assembly.add(n, data)
            except MessageRefused:
                continue

    def due(self, own_ms: int) -> list[Transfer]:
        """Return what must be asked for now, and put off the next time."""
        found = [transfer for transfer in self.going.values() if transfer.ask_ms <= own_ms]
        for transfer in found:
            transfer.ask_ms = own_ms + self._wait_ms(transfer)
            transfer.attempt += 1
        return found

    def next_ms(self) -> int | None:
        """Return when something must be asked for, on the own clock."""
        return min((transfer.ask_ms for transfer in self.going.values()), default=None)

    def ask_now(self, own_ms: int) -> None:
        """A new connection: ask without waiting."""
        for transfer in self.going.values():
            transfer.ask_ms, transfer.attempt = min(transfer.ask_ms, own_ms), 0

    def put_off(self, digest: AssetDigest, until_ms: int) -> None:
        """Ask for `digest` not before `until_ms`: there is no room for it now."""
        if digest in self.going:
            self.going[digest].ask_ms = until_ms

    def _wait_ms(self, transfer: Transfer) -> int:
        wait_ms = min(ASK_AGAIN_MS << min(transfer.attempt, 8), ASK_AGAIN_MAX_MS)
        dice = jitter(self.device, transfer.assembly.asset.digest, transfer.attempt)
        return wait_ms * (100 - JITTER_PERCENT * dice // 100) // 100
