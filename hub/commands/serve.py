"""`loa serve`: the real hub."""

import argparse
import asyncio
import signal
import sys

from hub.app import open_hub
from hub.broker import BrokerError
from hub.commands.check import unit_problem
from hub.config import ConfigError, Settings
from hub.keys import KeyTrouble
from hub.logs import set_up
from hub.supervise import ServiceFell

HELP = "Chạy trung tâm (cấu hình bằng biến môi trường LOA_… hoặc tệp TOML trong LOA_CONFIG)."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Everything is a setting; see `loa check`."""
    del parser


def run(args: argparse.Namespace) -> int:
    """Run until SIGINT or SIGTERM; 2 for wrong settings, 1 when a service cannot be kept alive."""
    del args
    try:
        settings = Settings.load()
    except ConfigError as exc:
        print(*exc.problems, sep="\n", file=sys.stderr)
        return 2
    if problem := unit_problem(settings.unit):
        print(f"Đơn vị: {problem}.", file=sys.stderr)
        return 2
    set_up(settings.log_level)
    return asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        async with open_hub(settings) as hub:
            print(f"Loa đang chạy tại {hub.url} (Ctrl-C để dừng).", file=sys.stderr)
            await stop.wait()
    except (KeyTrouble, BrokerError, OSError) as exc:
        return _cannot_start(exc)
    except BaseExceptionGroup as group:
        return _ended_by(group)
    return 0


def _ended_by(group: BaseExceptionGroup[BaseException]) -> int:
    """Say why the services ended.  Raises the group again when nobody has words for it."""
    fallen, refused = (_first(group, kinds) for kinds in ((ServiceFell,), (KeyTrouble, BrokerError, OSError)))
    if fallen is not None:
        print(f"Một dịch vụ hỏng liên tục nên trung tâm dừng: {fallen}", file=sys.stderr)
        return 1
    if refused is not None:
        return _cannot_start(refused)
    raise group


def _first(group: BaseExceptionGroup[BaseException], kinds: tuple[type[BaseException], ...]) -> BaseException | None:
    found: BaseException | None = group.subgroup(kinds)
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found


def _cannot_start(exc: BaseException) -> int:
    print(f"Không khởi động được: {exc}", "Chạy ./loa check để biết cần sửa gì.", sep="\n", file=sys.stderr)
    return 2
