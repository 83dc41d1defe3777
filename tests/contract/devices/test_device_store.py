"""What every DeviceStore must do."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from devices.enrolment import claim, expect, new_claim_code, retire
from devices.errors import DeviceExists, StaleDevice, UnknownDevice
from devices.model import Device, Kind, Site
from devices.protocol.ids import AreaCode, DeviceId
from devices.protocol.manifest import QuietHours, QuietWindow
from tests.contract.devices.factories import Stores

NOW = datetime(2026, 9, 5, 10, 0, tzinfo=UTC)
KEY = bytes(range(32))


def code_number(n: int) -> str:
    return new_claim_code(lambda below: n % below)


def device(name: str, n: int = 0, areas: tuple[str, ...] = ("vn", "48", "20669")) -> Device:
    made = expect(
        id=DeviceId(name),
        unit=AreaCode("20669"),
        areas=tuple(map(AreaCode, areas)),
        site=Site(name="Nhà văn hóa thôn Bản Khiển", lat=15.6, lon=107.9),
        code=code_number(n),
        now=NOW,
        kind=Kind.FM_BRIDGE,
    )
    return replace(made, quiet=QuietHours(windows=(QuietWindow(from_min=1260, until_min=300),)), volume_percent=55)


async def test_what_is_added_is_read_back_unchanged(stores: Stores) -> None:
    made = claim(device("loa-1"), code_number(0), KEY, now=NOW)
    await stores.devices.add(made)
    assert await stores.devices.get(made.id) == made


async def test_a_device_without_position_quiet_hours_or_key_is_read_back_unchanged(stores: Stores) -> None:
    made = replace(device("loa-1"), site=Site(name="Thôn 1"), quiet=QuietHours(), claim_hash=None)
    await stores.devices.add(made)
    assert await stores.devices.get(made.id) == made


async def test_an_unknown_device_is_an_error(stores: Stores) -> None:
    with pytest.raises(UnknownDevice):
        await stores.devices.get(DeviceId("nobody"))


async def test_an_id_is_given_once(stores: Stores) -> None:
    await stores.devices.add(device("loa-1"))
    with pytest.raises(DeviceExists):
        await stores.devices.add(device("loa-1", n=1))


async def test_a_claim_code_is_given_once(stores: Stores) -> None:
    await stores.devices.add(device("loa-1"))
    with pytest.raises(DeviceExists):
        await stores.devices.add(device("loa-2"))
    other = device("loa-3", n=1)
    await stores.devices.add(other)
    with pytest.raises(DeviceExists):
        await stores.devices.change(other, replace(other, claim_hash=device("x").claim_hash))


async def test_a_device_is_found_by_the_hash_of_its_claim_code(stores: Stores) -> None:
    first, second = device("loa-1"), device("loa-2", n=1)
    await stores.devices.add(first)
    await stores.devices.add(second)
    assert second.claim_hash is not None
    assert await stores.devices.find_by_claim(second.claim_hash) == second
    assert await stores.devices.find_by_claim("0" * 64) is None


async def test_a_change_replaces_what_was_read(stores: Stores) -> None:
    before = device("loa-1")
    await stores.devices.add(before)
    after = claim(before, code_number(0), KEY, now=NOW)
    await stores.devices.change(before, after)
    assert await stores.devices.get(before.id) == after


async def test_of_two_changes_of_the_same_reading_the_second_is_refused(stores: Stores) -> None:
    before = device("loa-1")
    await stores.devices.add(before)
    await stores.devices.change(before, claim(before, code_number(0), KEY, now=NOW))
    with pytest.raises(StaleDevice):
        await stores.devices.change(before, claim(before, code_number(0), KEY[::-1], now=NOW))
    assert (await stores.devices.get(before.id)).public_key == KEY


async def test_an_unknown_device_cannot_be_changed(stores: Stores) -> None:
    with pytest.raises(UnknownDevice):
        await stores.devices.change(device("loa-1"), retire(device("loa-1")))


async def test_all_devices_come_by_id_the_retired_too(stores: Stores) -> None:
    second, first = device("loa-2"), retire(device("loa-1"))
    await stores.devices.add(second)
    await stores.devices.add(first)
    assert await stores.devices.every() == (first, second)


async def test_the_devices_that_listen_to_an_area_are_found(stores: Stores) -> None:
    here = device("loa-1", n=1)
    group = device("loa-2", n=2, areas=("vn", "48", "20670", "g-lien-xa"))
    elsewhere = device("loa-3", n=3, areas=("vn", "01"))
    for made in (elsewhere, group, here):
        await stores.devices.add(made)
    assert await stores.devices.listening([AreaCode("48")]) == (here, group)
    assert await stores.devices.listening([AreaCode("g-lien-xa"), AreaCode("01")]) == (group, elsewhere)
    assert await stores.devices.listening([]) == ()
