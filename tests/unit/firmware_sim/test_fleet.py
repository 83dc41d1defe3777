"""A fleet on a real Mosquitto, and the command line that runs one."""

import asyncio
import json
import sys
import time
from pathlib import Path

import aiomqtt
import pytest

from devices.protocol import codec, topics
from devices.protocol.messages import TimeBeacon
from firmware_sim.faults import Fault, Kind, Plan
from firmware_sim.fleet import Fleet
from firmware_sim.identity import identity_line
from firmware_sim.mqtt import Broker
from hub.bench.mosquitto import Mosquitto
from tests.fakes.hub_stand_in import ROOT, WORKING, identity_of, key_set

WAIT_S = 60.0


async def say_keys_and_time(mosquitto: Mosquitto, beacons: int, every_s: float = 0.5) -> None:
    async with aiomqtt.Client(mosquitto.host, mosquitto.port, identifier="hub") as client:
        now_ms = time.time_ns() // 1_000_000
        await client.publish(topics.KEYS, ROOT.seal(codec.encode(key_set(WORKING, now_ms=now_ms))), qos=1, retain=True)
        for _ in range(beacons):
            now_ms = time.time_ns() // 1_000_000
            beacon = TimeBeacon(sequence=now_ms, issued_at_ms=now_ms)
            await client.publish(topics.TIME, WORKING.seal(codec.encode(beacon)), retain=True)
            await asyncio.sleep(every_s)


@pytest.mark.mosquitto
async def test_a_fleet_comes_up_suffers_and_is_whole_again(mosquitto: Mosquitto, tmp_path: Path) -> None:
    identities = [identity_of(n) for n in range(12)]
    faults = (
        Fault(at_ms=0, kind=Kind.CUT, device=0, for_ms=300),
        Fault(at_ms=0, kind=Kind.REBOOT, device=1, for_ms=100),
        Fault(at_ms=100, kind=Kind.CLOCK_LOST, device=2, for_ms=100),
        Fault(at_ms=100, kind=Kind.CLOCK_SKEW, device=3, for_ms=100, amount=-7_200_000),
        Fault(at_ms=0, kind=Kind.DISK_FULL, device=4, for_ms=100),
    )
    broker = Broker(mosquitto.host, mosquitto.port)
    async with asyncio.TaskGroup() as group:
        hub = group.create_task(say_keys_and_time(mosquitto, 200), name="hub")
        async with Fleet(identities, broker, tmp_path, ramp_up_per_s=100) as fleet:
            whole = await fleet.until(lambda report: report.clock_trusted == 12, WAIT_S)
            assert whole.power_ups == 12
            async with asyncio.timeout(WAIT_S):
                await fleet.suffer(Plan(seed=1, faults=faults))
            again = await fleet.until(lambda report: report.clock_trusted == 12 and report.online == 12, WAIT_S)
            assert again.power_ups == 15
            assert again.refused == 0
            skewed = fleet.speakers[3].core.clock.offset_ms
            assert skewed == pytest.approx(7_200_000, abs=5_000)
        hub.cancel()


@pytest.mark.mosquitto
async def test_the_command_line_runs_a_fleet_and_reports_it_as_json(mosquitto: Mosquitto, tmp_path: Path) -> None:
    lines = "".join(f"{identity_line(identity_of(n))}\n" for n in range(5))
    await asyncio.to_thread((tmp_path / "identities.jsonl").write_text, lines)
    await say_keys_and_time(mosquitto, 1, 0)
    args = ("--identities", str(tmp_path / "identities.jsonl"), "--broker", f"{mosquitto.host}:{mosquitto.port}")
    more = ("--devices", "4", "--duration", "6", "--directory", str(tmp_path / "fleet"), "--json", "--seed", "7")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "firmware_sim", *args, *more, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(WAIT_S):
        out, _ = await process.communicate()
    report = json.loads(out)
    assert process.returncode == 0, report
    assert (report["devices"], report["online"], report["power_ups"]) == (4, 4, 4)
    assert report["why"] == {"no_manifest": 4}
