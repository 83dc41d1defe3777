"""Groups across units, and the sounds that every loudspeaker holds beforehand."""

from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from devices.areas import AreaCode, Group
from devices.protocol.chunks import asset_of
from devices.protocol.ids import AssetDigest
from hub.db.transaction import Store

RIVER = Group(code=AreaCode("g-song"), name="Ven sông Vu Gia", members=(AreaCode("20194"), AreaCode("20669")))
SIREN = b"siren" * 1000


async def test_groups_come_back_by_name_and_are_changed_in_place(store: Store) -> None:
    other = Group(code=AreaCode("g-bien"), name="Ven biển", members=(AreaCode("20194"),))
    async with store.write() as tx:
        assert await tx.groups.every() == ()
        await tx.groups.put(RIVER)
        await tx.groups.put(other)
        assert await tx.groups.every() == (other, RIVER)
        smaller = replace(RIVER, members=(AreaCode("20669"),))
        await tx.groups.put(smaller)
        assert await tx.groups.every() == (other, smaller)


async def test_a_pinned_name_is_the_last_asset_it_was_given(store: Store) -> None:
    assets = [asset_of(SIREN + bytes([n]), 4_000) for n in range(2)]
    async with store.write() as tx:
        for n, asset in enumerate(assets):
            await tx.assets.put(asset, SIREN + bytes([n]))
            await tx.pinned.put("siren_wail", asset.digest)
        await tx.pinned.put("drill-opening", assets[0].digest)
        assert await tx.pinned.every() == {"drill-opening": assets[0].digest, "siren_wail": assets[1].digest}
        assert set(await tx.assets.entries([asset.digest for asset in assets])) == {a.digest for a in assets}
        assert await tx.assets.entries([AssetDigest("00" * 32)]) == {}


async def test_what_has_no_audio_is_not_pinned(store: Store) -> None:
    with pytest.raises(IntegrityError):
        async with store.write() as tx:
            await tx.pinned.put("siren_wail", AssetDigest("00" * 32))
