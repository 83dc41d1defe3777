"""`loa bench`: how long an alert takes to the last of N loudspeakers; how fast texts become sound, and at what cost."""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from content.errors import ContentError
from hub.bench import fanout, speech
from hub.bench.hub_road import hub_road
from hub.bench.mosquitto import Mosquitto, MosquittoError
from hub.bench.subscribers import allow_open_files

HELP = "đo thời gian cảnh báo tới loa, tốc độ đọc bản tin (measure alerts to loudspeakers, and speech)"

DEVICES_MAX = 20_000  # a loopback address has some 28 000 ports to connect from
SPARE_FILES = 200  # the broker's and the hub's own, beside one for each connection


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what can be measured."""
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="fanout|speech")
    one = kinds.add_parser("fanout", help="một cảnh báo tới N loa (one alert to N loudspeakers)")
    one.add_argument("--devices", type=_devices, default=1000, metavar="N")
    one.add_argument("--runs", type=int, default=9, metavar="N", help="số lần đo (default: 9)")
    one.add_argument("--json", action="store_true", help="in một đối tượng JSON (print one JSON object)")
    said = kinds.add_parser("speech", help="N bản tin thành âm thanh (N bulletins to finished assets)")
    said.add_argument("--bulletins", type=_positive, default=1000, metavar="N")
    said.add_argument("--workers", type=_positive, default=os.cpu_count() or 1, metavar="N", help="mặc định: số nhân")
    said.add_argument("--in-process", action="store_true", help="không dùng tiến trình phụ (mastering in this process)")
    said.add_argument("--json", action="store_true", help="in một đối tượng JSON (print one JSON object)")


def _positive(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("1…")
    return count


def _devices(text: str) -> int:
    count = int(text)
    if not 1 <= count <= DEVICES_MAX:
        raise argparse.ArgumentTypeError(f"1…{DEVICES_MAX}")
    return count


def run(args: argparse.Namespace) -> int:
    """Print the figures; return 1 when they could not be had."""
    return _speech(args) if args.kind == "speech" else _fanout(args)


def _speech(args: argparse.Namespace) -> int:
    try:
        measured = speech.measure(args.bulletins, args.workers, in_this_process=args.in_process)
        figures = speech.as_dict(asyncio.run(measured))
    except (ContentError, OSError) as exc:
        print(exc, file=sys.stderr)
        return 1
    _print(figures, as_json=args.json)
    return 0


def _print(figures: Mapping[str, Any], *, as_json: bool) -> None:
    width = max(map(len, figures))
    print(json.dumps(figures) if as_json else "\n".join(f"{name:{width}} {value}" for name, value in figures.items()))


def _fanout(args: argparse.Namespace) -> int:
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
    _print(figures, as_json=args.json)
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
