"""What every UploadStore must do."""

from dataclasses import replace
from datetime import timedelta

import pytest

from content.errors import StaleUpload, UnknownUpload
from content.ingest import Step
from content.uploads import Received, Stage, Upload
from content.verdict import Fault, found
from devices.protocol.chunks import asset_of, digest_of
from devices.protocol.ids import AreaCode
from devices.protocol.manifest import ServiceClass
from tests.contract.content.factories import NOW, Stores

HERE, THERE = AreaCode("20669"), AreaCode("20672")
MASTER = asset_of(b"master", 1000)
SOURCE = digest_of(b"source")


def upload(name: str, minutes: int = 0, **fields: object) -> Upload:
    made = Upload(
        id=name,
        unit=HERE,
        owner="an",
        name="ghi âm.m4a",
        size_bytes=1_000,
        service_class=ServiceClass.PRIORITY,
        created_at=NOW,
        updated_at=NOW + timedelta(minutes=minutes),
        parts=(Received(size_bytes=1_000, digest=digest_of(b"part")),),
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def accepted(name: str, minutes: int = 0, **fields: object) -> Upload:
    return upload(name, minutes, stage=Stage.ACCEPTED, source=SOURCE, master=MASTER.digest, **fields)


async def test_every_field_is_read_back_unchanged(stores: Stores) -> None:
    await stores.assets.put(MASTER, b"master")
    made = accepted(
        "u-1",
        step=Step.MASTERING,
        checks=2,
        one_channel=True,
        findings=(found(Fault.DC_OFFSET, dc="10"),),
        lufs_in=-41.5,
        lufs_out=-16.0,
        peak_dbtp=-1.6,
        duration_ms=9_000,
        siren=True,
        same_as="u-0",
    )
    await stores.uploads.add(made)
    assert await stores.uploads.get("u-1") == made


async def test_an_id_is_taken_once_and_an_unknown_one_is_an_error(stores: Stores) -> None:
    await stores.uploads.add(upload("u-1"))
    with pytest.raises(StaleUpload):
        await stores.uploads.add(upload("u-1"))
    with pytest.raises(UnknownUpload, match="u-2"):
        await stores.uploads.get("u-2")
    with pytest.raises(UnknownUpload, match="u-2"):
        await stores.uploads.save(upload("u-2", revision=2))


async def test_an_old_revision_is_refused(stores: Stores) -> None:
    first = upload("u-1")
    await stores.uploads.add(first)
    second = replace(first, revision=2, stage=Stage.WAITING)
    await stores.uploads.save(second)
    with pytest.raises(StaleUpload):
        await stores.uploads.save(replace(first, revision=2, stage=Stage.GONE))
    assert await stores.uploads.get("u-1") == second


async def test_uploads_are_found_by_unit_owner_and_stage(stores: Stores) -> None:
    held = (
        upload("u-1"),
        upload("u-2", 1, owner="binh"),
        upload("u-3", 2, unit=THERE),
        upload("u-4", 3, stage=Stage.WAITING),
        upload("u-5", 0, stage=Stage.WAITING),
    )
    for one in held:
        await stores.uploads.add(one)
    find = stores.uploads.find
    assert [one.id for one in await find()] == ["u-4", "u-3", "u-2", "u-1", "u-5"]
    assert [one.id for one in await find(units=(THERE,))] == ["u-3"]
    assert [one.id for one in await find(owner="an", stages=(Stage.RECEIVING,))] == ["u-3", "u-1"]
    assert [one.id for one in await find(limit=1)] == ["u-4"]
    assert [one.id for one in await stores.uploads.oldest((Stage.WAITING,), 9)] == ["u-5", "u-4"]


async def test_accepted_ones_are_found_by_their_bytes_and_by_their_master(stores: Stores) -> None:
    await stores.assets.put(MASTER, b"master")
    for one in (accepted("u-1"), accepted("u-2", 1, unit=THERE), upload("u-3", source=SOURCE)):
        await stores.uploads.add(one)
    ask = stores.uploads.accepted
    assert [one.id for one in await ask(source=SOURCE)] == ["u-1", "u-2"]
    assert [one.id for one in await ask(unit=THERE, source=SOURCE)] == ["u-2"]
    assert [one.id for one in await ask(master=MASTER.digest)] == ["u-1", "u-2"]
    assert await ask(master=digest_of(b"other")) == ()


async def test_what_is_gone_takes_no_room(stores: Stores) -> None:
    await stores.uploads.add(upload("u-1", source=SOURCE))
    await stores.uploads.add(upload("u-2", stage=Stage.GONE))
    assert await stores.uploads.bytes_of(HERE) == 1_000
    assert await stores.uploads.bytes_of(THERE) == 0
    assert await stores.uploads.uses_source(SOURCE)
    await stores.uploads.save(upload("u-1", source=SOURCE, stage=Stage.GONE, revision=2))
    assert not await stores.uploads.uses_source(SOURCE)
