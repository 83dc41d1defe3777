"""`loa bench fanout`: how long the last of N loudspeakers waits for an alert, and how much of that is the hub's."""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub.bench import fanout
from hub.bench.hub_road import hub_road
from hub.bench.mosquitto import Mosquitto, MosquittoError
from hub.bench.subscribers import allow_open_files

HELP = "đo thời gian một cảnh báo tới loa cuối cùng (measure how long the last loudspeaker waits for an alert)"

DEVICES_MAX = 20_000  # a loopback address has some 28 000 ports to connect from
SPARE_FILES = 200  # the broker's and the hub's own, beside one for each connection


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Only one thing is measured so far."""
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="fanout")
    one = kinds.add_parser("fanout", help="một cảnh báo tới N loa (one alert to N loudspeakers)")
    one.add_argument("--devices", type=_devices, default=1000, metavar="N")
    one.add_argument("--runs", type=int, default=9, metavar="N", help="số lần đo (default: 9)")
    one.add_argument("--json", action="store_true", help="in một đối tượng JSON (print one JSON object)")


def _devices(text: str) -> int:
    count = int(text)
    if not 1 <= count <= DEVICES_MAX:
        raise argparse.ArgumentTypeError(f"1…{DEVICES_MAX}")
    return count


def run(args: argparse.Namespace) -> int:
    """Print the figures; return 1 when they could not be had."""
    allow_open_files(args.devices + SPARE_FILES)
    try:
        with tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
            folder = Path(name)
            # The broker dies with the thread that started it, so that is this one and not a worker of the event loop.
            with Mosquitto(folder / "mosquitto") as broker:
                figures = asyncio.run(_measure(broker, folder / "hub", devices=args.devices, runs=args.runs))
    except (MosquittoError, fanout.BenchError, OSError) as exc:
        print(exc, file=sys.stderr)
        return 1
    print(json.dumps(figures) if args.json else "\n".join(f"{name:16} {value}" for name, value in figures.items()))
    return 0


async def _measure(broker: Mosquitto, data_dir: Path, *, devices: int, runs: int) -> Mapping[str, Any]:
    _say("mở trung tâm, làm sẵn các âm thanh ghim (opening the hub, making its pinned sounds) …")
    async with (
        hub_road(broker.host, broker.port, devices=devices, data_dir=data_dir) as hub,
        fanout.bare_road(broker.host, broker.port, topic=hub.topic) as bare,
    ):
        _say(f"nối {devices} loa rồi đo (connecting and measuring) …")
        return await fanout.compare(broker.host, broker.port, devices=devices, runs=runs, bare=bare, hub=hub)


def _say(line: str) -> None:
    print(f"loa: {line}", file=sys.stderr)
