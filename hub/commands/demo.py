"""`loa demo`: the main job, shown to a newcomer; with `--once`, proved and measured."""

import argparse
import asyncio
import json
import socket
import sys
import tempfile
import time
from pathlib import Path

from hub.app import open_hub
from hub.bench.mosquitto import free_port
from hub.config import Settings
from hub.demo import story
from hub.demo.place import PROVINCE
from hub.logs import set_up

HELP = "Xem Loa làm việc: một xã, mười hai cụm loa mô phỏng, một bản tin, một tin khẩn cấp."

CONSOLE_PORT = 8080  # what people try first; taken, any free one


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what may be chosen."""
    parser.add_argument("--once", action="store_true", help="làm nhanh một lượt rồi thoát; mã 0 khi mọi thứ đều đạt")
    parser.add_argument("--json", action="store_true", help="in kết quả thành một đối tượng JSON")
    parser.add_argument("--devices", type=_count, default=12, metavar="N", help="số cụm loa (mặc định 12)")
    parser.add_argument("--directory", type=Path, metavar="DIR", help="nơi giữ dữ liệu và bản thu (mặc định: tạm thời)")


def _count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= 500:
        raise argparse.ArgumentTypeError("từ 1 đến 500")
    return count


def run(args: argparse.Namespace) -> int:
    """Run the demo; 0 only if all of it held."""
    set_up("ERROR")
    try:
        return asyncio.run(_demo(args))
    except KeyboardInterrupt:
        print("Đã dừng.", file=sys.stderr)
        return 0


async def _demo(args: argparse.Namespace) -> int:
    begun = time.monotonic()
    folder = args.directory or Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="loa-demo-"))
    settings = Settings(
        data_dir=folder / "hub",
        http_port=await asyncio.to_thread(_console_port),
        broker_port=free_port(),
        unit=PROVINCE,
        settle_s=0.2,
        beacon_s=1.0,  # a clock is trusted with the first live beacon; nobody wants to watch that for ten seconds
        quiet_preset="none",  # it must work at any hour
    )

    def say(sentence: str) -> None:
        print(f"[{time.monotonic() - begun:6.1f} s] {sentence}", file=sys.stderr, flush=True)

    async with open_hub(settings) as hub:
        seen = await story.tell(hub, args.devices, folder, say, quick=args.once)
    seen.elapsed_s = time.monotonic() - begun
    if args.json:
        print(json.dumps(seen.as_object(), ensure_ascii=False))
    return 0 if seen.ok() else 1


def _console_port() -> int:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", CONSOLE_PORT))
        except OSError:
            return free_port()
    return CONSOLE_PORT
