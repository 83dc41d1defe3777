"""Rows written by hand, past every flow: what must never be is refused by the database itself, or when it is read."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from content.model import Bulletin, Stage, approved, drafted, submitted
from devices.areas import AreaCode
from devices.protocol.ids import ContentId
from hub.db.tables.content import assets, bulletins
from hub.db.tables.devices import as_runs, devices
from hub.db.tables.people import accounts
from hub.db.tables.schedule import programmes
from hub.db.tables.wire import outbox
from hub.db.transaction import Store

NOW = datetime(2026, 8, 13, 1, 0, tzinfo=UTC)
BULLETIN = {
    "id": "b-1",
    "unit": "20669",
    "stage": "approved",
    "revision": 3,
    "author": "a-hoa",
    "editor": "a-hoa",
    "approver": "a-lan",
    "updated_ms": 1,
    "document": "{}",
}
DEVICE = {"id": "loa-1", "unit": "20669", "registration": "expected", "document": "{}"}
AS_RUN = {
    "device": "loa-1", "key_id": "k", "n": 1, "boot": 1, "source": "item", "item": "p-1", "start_ms": 1, "end_ms": 2,
    "outcome": "completed", "why": "scheduled", "cut_by": "", "level_cdb": 0, "clock_trusted": 1,
}  # fmt: skip
OUTGOING = {"lane": 0, "topic": "x", "payload": b"", "qos": 1, "retain": 0, "created_ms": 1, "not_after_ms": 2}
ASSET = {"digest": "ab", "codec": "mp3", "size_bytes": 1, "duration_ms": 1, "chunks": ""}
ACCOUNT = {"id": "a", "login": "a", "name": "a", "password_hash": "", "must_change_password": 0, "created_ms": 1}
PROGRAMME = {"id": "p", "unit": "48", "version": 1, "enabled": 1, "document": "{}"}

REFUSED = {
    "the author approves": (bulletins, BULLETIN, {"approver": "a-hoa"}),
    "the editor approves": (bulletins, BULLETIN, {"editor": "a-mai", "approver": "a-mai"}),
    "approved by nobody": (bulletins, BULLETIN, {"approver": None}),
    "scheduled and approved by nobody": (bulletins, BULLETIN, {"approver": None, "stage": "scheduled"}),
    "aired and approved by nobody": (bulletins, BULLETIN, {"approver": None, "stage": "aired"}),
    "written by nobody": (bulletins, BULLETIN, {"author": None}),
    "an active loudspeaker without a key": (devices, DEVICE, {"registration": "active"}),
    "a retired loudspeaker with a key": (devices, DEVICE, {"registration": "retired", "public_key": b"k"}),
    "an outcome that is none": (as_runs, AS_RUN, {"outcome": "fine"}),
    "a lane that is none": (outbox, OUTGOING, {"lane": 4}),
    "a QoS that is none": (outbox, OUTGOING, {"qos": 2}),
    "a sound without length": (assets, ASSET, {"duration_ms": 0}),
    "a sound without bytes": (assets, ASSET, {"size_bytes": 0}),
    "half a flag": (accounts, ACCOUNT, {"must_change_password": 2}),
    "half a switch": (programmes, PROGRAMME, {"enabled": 5}),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_must_never_be_is_refused_by_the_database(store: Store, case: str) -> None:
    table, good, change = REFUSED[case]
    with pytest.raises(IntegrityError):
        async with store.db.write() as connection:
            await connection.execute(insert(table).values({**good, **change}))
    async with store.db.write() as connection:  # the row without the change is taken: it was the change
        await connection.execute(insert(table).values(good))


async def _kept(store: Store) -> Bulletin:
    draft = drafted(id=ContentId("b-1"), unit=AreaCode("20669"), title="Họp", text="Họp.", author="a-hoa", now=NOW)
    asked = submitted(draft, now=NOW)
    async with store.write() as tx:
        await tx.bulletins.add(draft)
        await tx.bulletins.save(asked)
    return asked


async def test_a_kept_bulletin_cannot_be_approved_by_hand_by_its_author(store: Store) -> None:
    asked = await _kept(store)
    with pytest.raises(IntegrityError):
        async with store.write() as tx:
            await tx.bulletins.save(approved(asked, by="a-hoa", version=1, now=NOW))
    with pytest.raises(IntegrityError):
        async with store.db.write() as connection:
            await connection.execute(update(bulletins).values(approver="a-hoa", stage="approved"))
    async with store.read() as tx:
        assert await tx.bulletins.get(asked.id) == asked


async def test_a_document_changed_behind_its_row_is_not_believed(store: Store) -> None:
    asked = await _kept(store)
    forged = replace(asked, stage=Stage.APPROVED, approver="a-hoa")
    async with store.db.write() as connection:
        await connection.execute(update(bulletins).values(document=TypeAdapter(Bulletin).dump_json(forged).decode()))
    async with store.read() as tx:
        with pytest.raises(ValueError, match="changed by hand"):
            await tx.bulletins.get(asked.id)
        with pytest.raises(ValueError, match="changed by hand"):
            await tx.bulletins.find()
