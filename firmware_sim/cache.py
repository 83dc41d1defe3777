"""Which audio a device keeps, fetches and lets go, within its quota.  Pure; pinned audio goes before everything."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from devices.protocol.ids import AssetDigest
from devices.protocol.manifest import Asset, Manifest
from devices.protocol.messages import Override


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do about audio."""

    fetch: tuple[Asset, ...]  # in the order of need
    evict: tuple[AssetDigest, ...]
    no_room: tuple[AssetDigest, ...]  # wanted, but what goes before it fills the quota


def wanted(manifest: Manifest | None, overrides: Sequence[Override], after_ms: int) -> tuple[Asset, ...]:
    """Return the entries of all audio that may still sound after `after_ms`, the most needed first.

    Pinned, then what overrides bring, then the filler, then the day in its order.
    """
    entries = {asset.digest: asset for asset in (*(manifest.assets if manifest else ()), *brought(overrides))}
    order = dict.fromkeys(_order(manifest, overrides, after_ms))
    return tuple(entries[digest] for digest in order if digest in entries)


def brought(overrides: Iterable[Override]) -> Iterable[Asset]:
    """Yield the entries that overrides carry with them."""
    return (asset for override in overrides for asset in override.assets)


def _order(manifest: Manifest | None, overrides: Sequence[Override], after_ms: int) -> Iterable[AssetDigest]:
    if manifest:
        yield from manifest.pinned
    for override in overrides:
        yield from (asset.digest for asset in override.assets)
        yield from (digest for step in override.steps for digest in (step.asset, step.fallback) if digest)
    if manifest:
        yield from (manifest.filler,) if manifest.filler else ()
        yield from (item.asset for item in manifest.items if item.end_ms > after_ms)


def plan(
    wants: Sequence[Asset], held: Mapping[AssetDigest, int], last_used: Mapping[AssetDigest, int], quota_bytes: int
) -> Plan:
    """Return what to fetch and evict.  `held`: complete audio with its size; `last_used`: when it last sounded.

    What is wanted is kept as far as the quota reaches, in the order of need; the rest goes when its room is needed,
    the longest unused first.
    """
    kept: dict[AssetDigest, int] = {}
    no_room: list[AssetDigest] = []
    for asset in wants:
        if sum(kept.values()) + asset.size_bytes <= quota_bytes:
            kept[asset.digest] = asset.size_bytes
        else:
            no_room.append(asset.digest)
    spare = sorted((d for d in held if d not in kept), key=lambda digest: (last_used.get(digest, 0), digest))
    over = sum(kept.values()) + sum(held[digest] for digest in spare) - quota_bytes
    evict: list[AssetDigest] = []
    for digest in spare:
        if over <= 0:
            break
        evict.append(digest)
        over -= held[digest]
    fetch = tuple(asset for asset in wants if asset.digest in kept and asset.digest not in held)
    stay = set(held) - set(evict)
    return Plan(fetch=fetch, evict=tuple(evict), no_room=tuple(d for d in no_room if d not in stay))
