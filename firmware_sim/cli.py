"""python -m firmware_sim: a fleet of simulated loudspeakers on a real broker.

Who they are comes from an identities file (JSON lines: device, seed, areas, root_public_key, quiet) or from enrolment:
`--hub URL --claims FILE` takes a claim code from each line and keeps what it got in <directory>/identities.jsonl.
"""

import argparse
import asyncio
import hashlib
import json
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from firmware_sim import scenario
from firmware_sim.enrol import Enrolment, enrol
from firmware_sim.errors import FirmwareError, ScenarioInvalid
from firmware_sim.fleet import Fleet, FleetReport, check_kinds
from firmware_sim.identity import Identity, identity_line, read_identities
from firmware_sim.mqtt import Broker

REPORT_EVERY_S = 10.0
ENROL_AT_ONCE = 8  # each holds a thread and a connection; more would only wait at the hub


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="python -m firmware_sim", description="Simulated loudspeakers on a real broker."
    )
    made.add_argument("--devices", type=int, default=0, metavar="N", help="how many; 0: all identities")
    made.add_argument("--seed", type=int, default=7, help="of keys and faults; the same seed gives the same run")
    made.add_argument("--scenario", default="calm", help=f"what fails: {', '.join(scenario.names())}")
    made.add_argument("--broker", type=_broker, metavar="HOST:PORT", help="default: what enrolment says")
    made.add_argument("--identities", type=Path, metavar="FILE", help="JSON lines, one device each")
    made.add_argument("--hub", metavar="URL", help="enrol there")
    made.add_argument("--claims", type=Path, metavar="FILE", help="claim codes, one a line")
    made.add_argument("--directory", type=Path, default=Path("fleet"), help="flash and air-checks (default: fleet)")
    made.add_argument("--airchecks", type=int, default=0, metavar="N", help="how many record what they sound")
    made.add_argument("--ramp-up", type=float, default=50.0, metavar="PER_S", help="devices switched on a second")
    made.add_argument("--duration", type=int, metavar="S", help="default: the scenario's")
    made.add_argument("--json", action="store_true", help="print the last report as one JSON object")
    made.add_argument(
        "--with-parent", action="store_true", help="end when standard input ends: whoever started us is gone"
    )
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Run; return the exit code."""
    args = parser().parse_args(argv)
    if args.with_parent:
        threading.Thread(target=_end_with_parent, name="end-with-parent", daemon=True).start()
    try:
        return asyncio.run(run(args))
    except FirmwareError as exc:
        print(f"firmware_sim: {exc}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _end_with_parent() -> None:
    while os.read(0, 4096):  # returns nothing when the other end of the pipe is closed, however its holder ended
        pass
    os._exit(0)


async def run(args: argparse.Namespace) -> int:
    """Switch the fleet on, let the scenario happen, report."""
    identities, broker = await _who(args)
    identities = identities[: args.devices or None]
    chosen = scenario.load(args.scenario, devices=len(identities), seed=args.seed)
    check_kinds([fault.kind for fault in chosen.plan.faults])
    fleet = Fleet(identities, broker, args.directory, airchecks=args.airchecks, ramp_up_per_s=args.ramp_up)
    async with fleet:
        try:
            async with asyncio.timeout(args.duration or chosen.duration_s), asyncio.TaskGroup() as group:
                group.create_task(fleet.suffer(chosen.plan), name="scenario")
                group.create_task(_report_for_ever(fleet), name="report")
        except TimeoutError:
            pass
        report = fleet.report()
    print(json.dumps(report.as_object()) if args.json else line_of(report))
    return 0 if report.online == report.devices else 1


def line_of(report: FleetReport) -> str:
    """Return a report for people."""
    sounding = ", ".join(f"{count} {source}" for source, count in report.sounding.items()) or "silent"
    return (
        f"{report.online}/{report.devices} online, {report.clock_trusted} with a trusted clock, {sounding}; "
        f"{report.assets_missing} assets missing, {report.records_waiting} of {report.records_made} records not "
        f"confirmed, {report.refused} refused, {report.power_ups} power-ups"
    )


async def _report_for_ever(fleet: Fleet) -> None:
    while True:
        await asyncio.sleep(REPORT_EVERY_S)
        print(line_of(fleet.report()), file=sys.stderr, flush=True)


async def _who(args: argparse.Namespace) -> tuple[list[Identity], Broker]:
    kept: Path = args.directory / "identities.jsonl"
    path = args.identities or (kept if await asyncio.to_thread(kept.exists) else None)
    if path is not None:
        if args.broker is None:
            raise ScenarioInvalid("--broker is needed with identities from a file")
        lines = await asyncio.to_thread(path.read_text, "utf-8")
        return list(read_identities(lines.splitlines())), args.broker
    if not args.hub or not args.claims:
        raise ScenarioInvalid("who are they? give --identities, or --hub and --claims")
    return await _enrol_all(args, kept)


async def _enrol_all(args: argparse.Namespace, kept: Path) -> tuple[list[Identity], Broker]:
    claims = (await asyncio.to_thread(args.claims.read_text, "utf-8")).split()
    turns = asyncio.Semaphore(ENROL_AT_ONCE)
    found = await asyncio.gather(*(_enrol(args, claim, turns) for claim in claims[: args.devices or None]))
    if not found:
        raise ScenarioInvalid("no claim code")
    await asyncio.to_thread(_keep, kept, [enrolment.identity for enrolment in found])
    return [enrolment.identity for enrolment in found], args.broker or found[0].broker


async def _enrol(args: argparse.Namespace, claim: str, turns: asyncio.Semaphore) -> Enrolment:
    seed = hashlib.sha256(f"{args.seed}|{claim}".encode()).digest()
    async with turns:
        return await enrol(args.hub, claim, seed)


def _keep(path: Path, identities: Sequence[Identity]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{identity_line(identity)}\n" for identity in identities), "utf-8")
    path.chmod(0o600)  # the seeds are private keys


def _broker(text: str) -> Broker:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise argparse.ArgumentTypeError(f"not HOST:PORT: {text!r}")
    return Broker(host.strip("[]"), int(port))
