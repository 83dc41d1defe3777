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
from hub.bench.mosquitto import Mosquitto, MosquittoError
from hub.bench.subscribers import allow_open_files

HELP = "đo thời gian một cảnh báo tới loa cuối cùng (measure how long the last loudspeaker waits for an alert)"

DEVICES_MAX = 20_000  # a loopback address has some 28 000 ports to connect from
TOPIC = "loa/1/area/bench/override"
PAYLOAD_BYTES = 1024  # of the bare publish when no hub says what it sends
SPARE_FILES = 200  # the broker's own, beside one for each connection


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
        # The broker dies with the thread that started it, so that is this one and not a worker of the event loop.
        with tempfile.TemporaryDirectory(prefix="loa-bench-") as folder, Mosquitto(Path(folder)) as broker:
            figures = asyncio.run(_measure(broker.host, broker.port, devices=args.devices, runs=args.runs))
    except (MosquittoError, fanout.BenchError, OSError) as exc:
        print(exc, file=sys.stderr)
        return 1
    print(json.dumps(figures) if args.json else "\n".join(f"{name:16} {value}" for name, value in figures.items()))
    return 0


async def _measure(host: str, port: int, *, devices: int, runs: int) -> Mapping[str, Any]:
    async with fanout.bare_road(host, port, topic=TOPIC, payload_bytes=PAYLOAD_BYTES) as bare:
        return await fanout.compare(host, port, devices=devices, runs=runs, bare=bare, hub=None)
