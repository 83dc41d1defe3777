"""`loa account`: the first people of a hub, and a new password for who has lost theirs; for the machine's owner."""

import argparse
import asyncio
import sys

from devices.areas import AreaCode
from hub.auth.model import Role
from hub.auth.roles import HELD_AT, ROLE_WORDS
from hub.config import ConfigError, Settings
from hub.flows import people
from hub.flows.context import Context
from hub.flows.errors import FlowError
from hub.offline import open_offline

HELP = "Tạo tài khoản đầu tiên, cấp lại mật khẩu, xem danh sách (dành cho người quản máy chủ)."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what to do, and with whom."""
    what = parser.add_subparsers(dest="what", required=True, metavar="VIỆC")
    create = what.add_parser("create", help="tạo tài khoản với một vai trò")
    create.add_argument("login", help="tên đăng nhập, chữ thường không dấu")
    create.add_argument("--name", required=True, help="họ và tên")
    create.add_argument("--role", required=True, choices=[str(role) for role in Role], help=_roles())
    create.add_argument("--unit", required=True, help="mã đơn vị, ví dụ 48 (Thành phố Đà Nẵng) hoặc 20669")
    password = what.add_parser("password", help="cấp mật khẩu mới; mọi phiên đang mở bị đóng")
    password.add_argument("login")
    what.add_parser("list", help="xem ai có tài khoản")


def _roles() -> str:
    return "; ".join(f"{role}: {words}" for role, words in ROLE_WORDS.items())


def run(args: argparse.Namespace) -> int:
    """Do it; 2 when it was refused, with the reason in words."""
    try:
        return asyncio.run(_run(args, Settings.load()))
    except ConfigError as exc:
        print(*exc.problems, sep="\n", file=sys.stderr)
    except FlowError as exc:
        print(exc.words, file=sys.stderr)
    return 2


async def _run(args: argparse.Namespace, settings: Settings) -> int:
    async with open_offline(settings) as ctx:
        match args.what:
            case "create":
                return await _create(ctx, args)
            case "password":
                password = await people.reset_password(ctx, login=args.login)
                _show(args.login, password)
            case _:
                await _list(ctx)
    return 0


async def _create(ctx: Context, args: argparse.Namespace) -> int:
    role = Role(args.role)
    unit = ctx.tree.find(args.unit)
    if unit is None:
        print(f"Không có đơn vị nào mang mã {args.unit!r}.", file=sys.stderr)
        return 2
    if unit.level not in HELD_AT[role]:
        print(f"{ROLE_WORDS[role]} không phải là vai trò ở {unit.name}.", file=sys.stderr)
        return 2
    account, password = await people.first_account(
        ctx, login=args.login, name=args.name, role=role, unit=AreaCode(args.unit)
    )
    print(f"Đã tạo {account.name}, {ROLE_WORDS[role]}, {unit.name}.")
    _show(account.login, password)
    return 0


def _show(login: str, password: str) -> None:
    print(f"Tên đăng nhập: {login}\nMật khẩu lần đầu: {password}\nPhải đổi ở lần đăng nhập đầu; không ai xem lại được.")


async def _list(ctx: Context) -> None:
    async with ctx.store.read() as tx:
        for account in await tx.people.accounts():
            grants = await tx.people.grants_of(account.id)
            held = ", ".join(f"{ROLE_WORDS[one.role]} ({one.unit})" for one in grants) or "chưa có vai trò"
            print(f"{account.login:20} {account.name:30} {held}{'' if account.closed_at is None else ' — đã đóng'}")
