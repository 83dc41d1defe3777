"""`loa keys`: look at the hub's keys, and rotate them."""

import argparse
import sys
from datetime import UTC, datetime

from hub import clock
from hub.config import ConfigError, Settings
from hub.keys import Keys, KeyTrouble, open_keys

HELP = "Xem và luân chuyển khóa ký."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what to do: list (default), rotate."""
    parser.add_argument(
        "what", nargs="?", choices=("list", "rotate"), default="list", help="list: xem; rotate: thêm khóa mới"
    )
    parser.add_argument("--now", action="store_true", help="ký bằng khóa mới ngay (khi khóa cũ bị lộ)")


def run(args: argparse.Namespace) -> int:
    """Print the keys; 2 when they cannot be used."""
    try:
        settings = Settings.load()
        keys = open_keys(settings.data_dir / "keys", clock.now_ms())
        if args.what == "rotate":
            keys.root()  # without the root key nobody would ever learn of the new one
            keys.rotate(clock.now_ms(), at_once=args.now)
    except ConfigError as exc:
        print(*exc.problems, sep="\n", file=sys.stderr)
        return 2
    except KeyTrouble as exc:
        print(exc, file=sys.stderr)
        return 2
    _show(keys)
    if args.what == "rotate":
        print("Trung tâm đang chạy sẽ công bố bộ khóa mới trong vài giây; nếu không, khi khởi động.")
    return 0


def _show(keys: Keys) -> None:
    print(f"Khóa gốc: {keys.root_public.hex()}")
    for key in keys.working:
        ends, signs = _day(key.not_after_ms), _day(key.signs_from_ms)
        print(f"Khóa ký {key.key_id}: ký từ {signs}, hết hiệu lực {ends}")


def _day(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC).astimezone():%d/%m/%Y %H:%M}"
