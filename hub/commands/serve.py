"""`loa serve`: the real hub."""

import argparse
import asyncio
import signal
import sys

from hub.app import open_hub
from hub.broker import BrokerError
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
    except (KeyTrouble, BrokerError) as exc:
        print(exc, file=sys.stderr)
        return 2
    except BaseExceptionGroup as group:
        fallen = group.subgroup(ServiceFell)
        if fallen is None:
            raise
        print(f"Một dịch vụ hỏng liên tục nên trung tâm dừng: {fallen.exceptions[0]}", file=sys.stderr)
        return 1
    return 0
