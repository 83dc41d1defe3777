from dataclasses import replace

import pytest

from devices.protocol.ids import AreaCode, AssetDigest, ContentId, DeviceId
from devices.protocol.manifest import (
    AfterCut,
    Asset,
    Codec,
    Manifest,
    PlayItem,
    QuietHours,
    QuietWindow,
    ServiceClass,
)
from scheduler.errors import StaleManifest
from tests.contract.scheduler.factories import Stores

DIGEST = AssetDigest("a" * 64)
FULL = Manifest(
    device=DeviceId("loa-1"),
    sequence=7,
    issued_at_ms=1_800_000_000_001,
    expires_at_ms=1_800_600_000_000,
    areas=(AreaCode("vn"), AreaCode("48")),
    quiet=QuietHours(windows=(QuietWindow(from_min=1260, until_min=300),)),
    volume_percent=61,
    emergency_volume_percent=99,
    filler=DIGEST,
    pinned=(DIGEST,),
    assets=(Asset(digest=DIGEST, codec=Codec.OPUS, size_bytes=5, duration_ms=1001, chunks=("0123456789abcdef",)),),
    items=(
        PlayItem(
            id=ContentId("a"),
            service_class=ServiceClass.PRIORITY,
            start_ms=1_800_000_000_000,
            end_ms=1_800_000_001_001,
            asset=DIGEST,
            after_cut=AfterCut.RESUME,
            title="Thời sự",
        ),
    ),
)


async def test_a_device_without_a_manifest_has_none(stores: Stores) -> None:
    assert await stores.manifests.last(FULL.device) is None


async def test_the_last_manifest_comes_back_as_it_was_kept(stores: Stores) -> None:
    await stores.manifests.keep(FULL)
    newer = replace(FULL, sequence=2**53 - 1, items=(), filler=None)
    await stores.manifests.keep(newer)
    assert await stores.manifests.last(FULL.device) == newer


@pytest.mark.parametrize("sequence", [7, 6])
async def test_a_sequence_that_does_not_rise_is_refused(stores: Stores, sequence: int) -> None:
    await stores.manifests.keep(FULL)
    with pytest.raises(StaleManifest):
        await stores.manifests.keep(replace(FULL, sequence=sequence, items=()))
    assert await stores.manifests.last(FULL.device) == FULL


async def test_each_device_has_numbers_of_its_own(stores: Stores) -> None:
    await stores.manifests.keep(FULL)
    other = replace(FULL, device=DeviceId("loa-2"), sequence=1)
    await stores.manifests.keep(other)
    assert await stores.manifests.last(other.device) == other
