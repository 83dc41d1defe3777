"""The main job as a province runs it: PostgreSQL and Mosquitto, fifty loudspeakers, one bulletin, one flood."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from devices.protocol.ids import AssetDigest
from devices.protocol.messages import Outcome, Source
from emergency.incident import Incident
from firmware_sim.enrol import enrol
from firmware_sim.fleet import Fleet, FleetReport
from firmware_sim.mqtt import Broker
from hub.app import Hub, open_hub
from hub.bench.mosquitto import Mosquitto
from hub.demo import place
from hub.demo.place import COMMUNE, Person
from hub.flows import alert, bulletin, schedule
from hub.flows.schedule import When
from scheduler.calendars import wall_of
from tests.acceptance.installation import Installation
from tests.acceptance.scenario import (
    BULLETIN,
    LOUDSPEAKER,
    NOTHING,
    SIREN,
    WARNING,
    Alert,
    Note,
    Scenario,
    Sound,
    between,
    every,
)

pytestmark = [
    pytest.mark.alone,
    pytest.mark.slow,
    pytest.mark.mosquitto,
    pytest.mark.postgres,
    pytest.mark.timeout(300),
    pytest.mark.blocking_allowed,  # fifty loudspeakers live in the hub's loop here, and decode in it
]

DEVICES = 50
FLOOD = Alert(hazard="lu-quet", text="Nước suối dâng nhanh. Bà con lên đồi ngay.")
MEETING = "Mời bà con đến nhà văn hóa thôn họp bàn việc làm đường lúc 19h30 ngày 05/8. Xin nhắc lại: 19h30 ngày 05/8."
READY_S = 90.0


@dataclass
class Province:
    """The hub, its people, and the loudspeakers: the stage of the scenario."""

    hub: Hub
    people: dict[str, Person]
    fleet: Fleet
    sounds: dict[AssetDigest, Sound] = field(default_factory=dict)
    begun_ms: int = 0
    sent: Incident | None = None

    def begin(self) -> None:
        self.begun_ms = time.time_ns() // 1_000_000

    async def bulletin(self, text: str, in_s: float) -> None:
        ctx, officer, leader = self.hub.ctx, self.people["officer"].actor, self.people["leader"].actor
        when = When(start=wall_of(ctx.now() + timedelta(seconds=in_s)))
        written = await bulletin.write(ctx, officer, unit=COMMUNE, title="Họp thôn", text=text)
        await bulletin.submit(ctx, officer, written.id)
        await bulletin.approve(ctx, leader, written.id, version=written.version)
        planned = await schedule.plan(ctx, officer, written.id, audience=[COMMUNE], when=when)
        await schedule.put_on_air(ctx, officer, planned)
        self.sounds[planned.programme.clips[0].asset] = BULLETIN

    async def alert(self, alert_of: Alert) -> None:
        asked = alert.Asked(
            hazard=alert_of.hazard, level=alert_of.level, areas=(COMMUNE,), text=alert_of.text, repeats=1
        )
        self.sent = await alert.send(self.hub.ctx, self.people["leader"].actor, asked)
        assert self.sent.override is not None
        self.sounds[self.sent.override.steps[0].asset] = SIREN

    async def recall(self) -> None:
        assert self.sent is not None
        view = await alert.roll_call(self.hub.ctx, self.people["leader"].actor, self.sent.id)
        assert view.incident.override is not None
        self.sounds |= {asset.digest: WARNING for asset in view.incident.override.assets}
        await alert.cancel(self.hub.ctx, self.people["leader"].actor, self.sent.id, all_clear=False)

    def heard(self) -> dict[str, list[Note]]:
        return {
            str(speaker.device): [
                Note(
                    (one.at_ms - self.begun_ms) / 1000,
                    self.sounds.get(one.digest) if one.digest else NOTHING,
                    one.digest,
                )
                for one in speaker.sounded
            ]
            for speaker in self.fleet.speakers
        }


@pytest.fixture
async def province(mosquitto: Mosquitto, postgres_url: str, tmp_path: Path) -> AsyncIterator[Province]:
    site = Installation(tmp_path, mosquitto, database_url=postgres_url)
    async with AsyncExitStack() as stack:
        hub = await stack.enter_async_context(open_hub(site.settings))
        people = await place.settle(hub.ctx)
        _, codes = await place.hang_up(hub.ctx, people["administrator"].actor, DEVICES)
        enrolled = await asyncio.gather(
            *(enrol(hub.url, code, n.to_bytes(32, "big")) for n, code in enumerate(codes, 1))
        )
        fleet = Fleet([one.identity for one in enrolled], Broker(mosquitto.host, mosquitto.port), tmp_path / "fleet")
        await stack.enter_async_context(fleet)
        await fleet.until(_is_ready, READY_S)
        yield Province(hub, people, fleet)


def _is_ready(report: FleetReport) -> bool:
    """Say whether all are there, know what time it is, and hold the sirens and all that has been made since."""
    return report.online == report.clock_trusted == DEVICES and not report.assets_missing


async def test_a_bulletin_is_interrupted_by_a_flood_and_goes_on(province: Province) -> None:
    play = Scenario()
    play.at(0).bulletin(MEETING, in_s=7)
    play.at(10).alert(FLOOD)
    play.at(24).recall()
    play.want(between(0, 6.5), every(LOUDSPEAKER).never_begins(BULLETIN))
    play.want(between(7, 9), every(LOUDSPEAKER).sounds(BULLETIN))
    play.want(between(10, 13), every(LOUDSPEAKER).sounds(SIREN))
    play.want(between(20, 23), every(LOUDSPEAKER).sounds(WARNING))
    play.want(between(24, 26), every(LOUDSPEAKER).sounds(BULLETIN))
    play.want(between(26, 38), every(LOUDSPEAKER).never_begins(SIREN))
    play.want(between(28, 40), every(LOUDSPEAKER).sounds(NOTHING))
    await play.happen(province)
    await everybody_has_answered(province)
    await everything_is_on_record(province)


async def everybody_has_answered(province: Province) -> None:
    assert province.sent is not None
    view = await alert.roll_call(province.hub.ctx, province.people["leader"].actor, province.sent.id)
    assert (view.tally.total, view.tally.accepted, view.tally.sounded) == (DEVICES, DEVICES, DEVICES)


async def everything_is_on_record(province: Province) -> None:
    """Each loudspeaker's word is kept, under its own signature, and it has been told so."""
    await province.fleet.until(lambda report: not report.records_waiting, 20)
    assert province.sent is not None
    async with province.hub.ctx.store.read() as tx:
        kept = await tx.as_runs.between(0, 1 << 52)
    assert len(kept) == province.fleet.report().records_made
    told = Counter((one.record.source, one.record.outcome, one.record.by == province.sent.id) for one in kept)
    assert told[Source.ITEM, Outcome.CUT, True] == DEVICES
    assert told[Source.ITEM, Outcome.COMPLETED, False] == DEVICES
    assert told[Source.OVERRIDE, Outcome.COMPLETED, False] == DEVICES  # the siren, to its end
    assert told.total() == 4 * DEVICES
