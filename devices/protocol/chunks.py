"""An asset as numbered, hashed chunks; what is still missing; assembly."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from devices.protocol.errors import MessageRefused, Reason
from devices.protocol.ids import AssetDigest
from devices.protocol.limits import ASSET_CHUNKS_MAX, ASSET_DURATION_MS_MAX, CHUNK_BYTES, NEED_RANGES_MAX
from devices.protocol.manifest import Asset, Codec

CHUNK_HASH_CHARS = 16  # 64 bits: enough against chance and against a stranger who cannot choose the signed entry


def digest_of(data: bytes) -> AssetDigest:
    """Return the name of an asset."""
    return AssetDigest(hashlib.sha256(data).hexdigest())


def chunk_hash(data: bytes) -> str:
    """Return the short hash of one chunk."""
    return hashlib.sha256(data).hexdigest()[:CHUNK_HASH_CHARS]


def split(data: bytes) -> tuple[bytes, ...]:
    """Return the chunks of `data`; all but the last are CHUNK_BYTES long."""
    return tuple(data[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES))


def asset_of(data: bytes, duration_ms: int, codec: Codec = Codec.OPUS) -> Asset:
    """Return the entry that describes `data`; ValueError when it is empty or over a limit."""
    parts = split(data)
    if not 0 < len(parts) <= ASSET_CHUNKS_MAX or not 0 < duration_ms <= ASSET_DURATION_MS_MAX:
        raise ValueError(f"an asset of {len(data)} bytes and {duration_ms} ms is outside the limits")
    return Asset(
        digest=digest_of(data),
        codec=codec,
        size_bytes=len(data),
        duration_ms=duration_ms,
        chunks=tuple(map(chunk_hash, parts)),
    )


def ranges(numbers: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Return sorted `numbers` as [first, last] ranges, at most NEED_RANGES_MAX of them: the rest is asked for later."""
    found: list[list[int]] = []
    for n in numbers:
        if found and n == found[-1][1] + 1:
            found[-1][1] = n
        elif len(found) < NEED_RANGES_MAX:
            found.append([n, n])
        else:
            break
    return tuple((first, last) for first, last in found)


def is_chunk(asset: Asset, n: int, data: bytes) -> bool:
    """Say whether `data` is chunk `n` of `asset`, by its length and its hash."""
    if not 0 <= n < len(asset.chunks):
        return False
    size_bytes = min(CHUNK_BYTES, asset.size_bytes - n * CHUNK_BYTES)
    return len(data) == size_bytes and chunk_hash(data) == asset.chunks[n]


@dataclass(slots=True)
class Assembly:
    """The chunks of one asset that have arrived.  A wrong chunk is refused at once and changes nothing."""

    asset: Asset
    parts: dict[int, bytes] = field(default_factory=dict)

    def add(self, n: int, data: bytes) -> bool:
        """Take chunk `n`; return whether it was new.  Raises MessageRefused(WRONG_CHUNK)."""
        if not is_chunk(self.asset, n, data):
            raise MessageRefused(Reason.WRONG_CHUNK, f"{self.asset.digest} {n}")
        new = n not in self.parts
        self.parts[n] = data
        return new

    def missing(self) -> tuple[tuple[int, int], ...]:
        """Return the ranges that have not arrived."""
        return ranges(n for n in range(len(self.asset.chunks)) if n not in self.parts)

    def complete(self) -> bool:
        """Say whether every chunk is there."""
        return len(self.parts) == len(self.asset.chunks)

    def assemble(self) -> bytes:
        """Return the whole asset.  Raises MessageRefused(WRONG_DIGEST) and forgets the chunks when it is not that."""
        data = join(self.parts, len(self.asset.chunks))
        if len(data) != self.asset.size_bytes or digest_of(data) != self.asset.digest:
            self.parts.clear()
            raise MessageRefused(Reason.WRONG_DIGEST, self.asset.digest)
        return data


def join(parts: Mapping[int, bytes], count: int) -> bytes:
    """Return chunks 0 to `count` - 1 as one."""
    return b"".join(parts[n] for n in range(count))
