"""What every AssetStore must do."""

from dataclasses import replace

import pytest

from content.errors import UnknownAsset
from devices.protocol.chunks import asset_of, digest_of
from tests.contract.content.factories import Stores

DATA = bytes(range(256)) * 300  # three chunks
ASSET = asset_of(DATA, 20_000)


async def test_bytes_and_entry_are_read_back_unchanged(stores: Stores) -> None:
    await stores.assets.put(ASSET, DATA)
    assert await stores.assets.get(ASSET.digest) == ASSET
    assert await stores.assets.read(ASSET.digest) == DATA


async def test_putting_the_same_again_is_harmless(stores: Stores) -> None:
    for _ in range(2):
        await stores.assets.put(ASSET, DATA)
    assert await stores.assets.read(ASSET.digest) == DATA


async def test_what_was_never_put_is_none_and_its_bytes_an_error(stores: Stores) -> None:
    unknown = digest_of(b"khong co")
    assert await stores.assets.get(unknown) is None
    with pytest.raises(UnknownAsset, match=unknown):
        await stores.assets.read(unknown)


@pytest.mark.parametrize(
    ("asset", "data"),
    [
        (ASSET, DATA[:-1]),
        (ASSET, DATA[:-1] + b"x"),
        (replace(ASSET, digest=digest_of(b"other")), DATA),
        (replace(ASSET, chunks=ASSET.chunks[:-1]), DATA),
        (replace(ASSET, size_bytes=1), DATA),
    ],
    ids=["cut", "changed", "other name", "chunk missing", "other size"],
)
async def test_bytes_that_are_not_what_the_entry_says_are_refused(stores: Stores, asset: object, data: bytes) -> None:
    with pytest.raises(ValueError, match="asset"):
        await stores.assets.put(asset, data)  # type: ignore[arg-type]
    assert await stores.assets.get(ASSET.digest) is None
