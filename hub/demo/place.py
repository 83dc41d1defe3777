"""The demo commune: its people, its loudspeakers, its words.  Everything here is invented but the place and 112."""

import asyncio
import contextlib
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from sys import executable

from devices.areas import AreaCode
from devices.model import Site
from devices.presence import Presence
from devices.protocol.ids import DeviceId
from hub.app import Hub
from hub.auth.model import Role
from hub.flows import fleet, people
from hub.flows.actor import Actor
from hub.flows.context import Context

COMMUNE = AreaCode("20669")  # Xã Quế Phước, Thành phố Đà Nẵng
PROVINCE = AreaCode("48")
ENROLLED_WITHIN_S = 60.0
STOP_S = 5.0

TITLE = "Lịch tiêm chủng"
BULLETIN = "Trạm Y tế xã mời bà con đưa trẻ đi tiêm lúc 7h30 ngày 05/8."
HAZARD = "lu-quet"
ALERT = "Nước suối dâng nhanh. Bà con ven suối lên ngay nhà văn hóa thôn 1."

PLACES = (
    "Nhà văn hóa thôn Đông An",
    "Nhà văn hóa thôn Bình Yên",
    "Nhà văn hóa thôn Bản Khiển",
    "Ngã ba chợ xã",
    "Trường tiểu học số 1",
    "Trạm Y tế xã",
    "Đầu cầu suối Nước",
    "Nhà văn hóa thôn Phú Gia",
    "Bến đò cũ",
    "Nhà văn hóa thôn Tân Hòa",
    "Dốc Miếu, thôn An Lâm",
    "Trụ sở UBND xã",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody of the demo commune, with the password that is printed."""

    actor: Actor
    role: str
    password: str


_PEOPLE: Mapping[str, tuple[str, str, Role, AreaCode]] = {
    "officer": ("canbo", "Nguyễn Thị Hòa", Role.COMMUNE_OFFICER, COMMUNE),
    "leader": ("lanhdao", "Trần Văn Minh", Role.COMMUNE_LEADER, COMMUNE),
    "administrator": ("quantri", "Lê Quang Thọ", Role.ADMINISTRATOR, PROVINCE),
}


async def settle(ctx: Context) -> dict[str, Person]:
    """Make the people of the commune; their random passwords are good for the demo as they are."""
    made = await asyncio.gather(*(_person(ctx, *facts) for facts in _PEOPLE.values()))
    return dict(zip(_PEOPLE, made, strict=True))


async def _person(ctx: Context, login: str, name: str, role: Role, unit: AreaCode) -> Person:
    account, password = await people.first_account(ctx, login=login, name=name, role=role, unit=unit)
    async with ctx.store.write() as tx:
        await tx.people.put_account(replace(account, must_change_password=False))
        grants = await tx.people.grants_of(account.id)
    return Person(actor=Actor(account=account, grants=grants), role=str(role), password=password)


async def hang_up(ctx: Context, administrator: Actor, count: int) -> tuple[tuple[DeviceId, ...], tuple[str, ...]]:
    """Register loudspeakers around the middle of the commune; return their ids and claim codes."""
    middle = ctx.tree.unit(COMMUNE)
    ids: list[DeviceId] = []
    codes: list[str] = []
    for n in range(count):
        name = PLACES[n % len(PLACES)] + (f" ({n // len(PLACES) + 1})" if n >= len(PLACES) else "")
        site = Site(name=name, lat=(middle.lat or 0) + 0.004 * (n % 4), lon=(middle.lon or 0) + 0.005 * (n // 4))
        device, code = await fleet.register(
            ctx, administrator, device_id=f"loa-{COMMUNE}-{n + 1:03}", unit=COMMUNE, site=site
        )
        ids.append(device.id)
        codes.append(code)
    return tuple(ids), tuple(codes)


@contextlib.asynccontextmanager
async def simulated_fleet(hub: Hub, codes: tuple[str, ...], folder: Path) -> AsyncIterator[Path]:
    """Loudspeakers in a process of their own, enrolled over HTTP like any; yields the folder of their air-checks."""
    claims = folder / "claims.txt"
    await asyncio.to_thread(claims.write_text, "\n".join(codes), "ascii")
    command = (executable, "-m", "firmware_sim", "--hub", hub.url, "--claims", str(claims))
    options = ("--directory", str(folder / "fleet"), "--airchecks", "2", "--duration", "864000", "--with-parent")
    process = await asyncio.create_subprocess_exec(
        *command,
        *options,
        stdin=PIPE,  # never written to: its end tells the fleet that we are gone, also when we were killed
        stdout=DEVNULL,  # ours belongs to the answer
        stderr=DEVNULL,
        start_new_session=True,  # Ctrl-C is for the hub, which ends the fleet when it is done
    )
    try:
        yield folder / "fleet" / "airchecks"
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def all_online(ctx: Context, actor: Actor, count: int) -> None:
    """Return when `count` loudspeakers are there and hold every sound their plans name.  Raises TimeoutError."""
    async with asyncio.timeout(ENROLLED_WITHIN_S):
        with ctx.events.listening() as heard:
            while not await _online(ctx, actor, count):
                await heard.get()


async def _online(ctx: Context, actor: Actor, count: int) -> bool:
    found = await fleet.loudspeakers(ctx, actor)
    return (
        sum(one.presence is Presence.ONLINE and bool(one.seen.state and one.seen.state.manifest) for one in found)
        >= count
    )
