"""Kill -9 the hub, the broker and a loudspeaker, again and again, on a real broker, while bulletins are on the air.

Afterwards: no record lost or doubled, nothing late, nothing heard that was not signed, everybody back.  Two hundred
kills more, in virtual time: tests/flows/test_world_faults.py.
"""

import asyncio
import contextlib
import itertools
import os
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from devices.gateway import Broker, Gateway, NotSent
from devices.presence import Presence, presence
from devices.protocol import topics
from devices.protocol.codec import encode
from devices.protocol.ids import AlertId, AssetDigest, DeviceId
from devices.protocol.manifest import AfterCut
from devices.protocol.messages import AsRun, Outcome, Override, OverrideKind, Overrides, Source, Status, Step
from devices.protocol.signing import Signer
from hub import clock
from hub.app import Hub
from hub.bench.mosquitto import Mosquitto
from hub.db.transaction import Store
from hub.demo.place import COMMUNE
from hub.demo.watch import Heard, listening
from hub.flows import bulletin, schedule
from hub.flows.schedule import When
from scheduler.calendars import wall_of
from tests.acceptance import hearing
from tests.acceptance.installation import Installation
from tests.acceptance.processes import Child

pytestmark = [
    pytest.mark.alone,
    pytest.mark.slow,
    pytest.mark.mosquitto,
    pytest.mark.timeout(300),
    pytest.mark.blocking_allowed,  # opening a database makes its folder; nobody waits for this loop
]

DEVICES = 3
KILLS = 10
EVERY_S, BULLETINS = 8, 8
LEAD_S = 18  # the fleet is up, the plans and their audio are there
WINDOW_S = 7.5  # a bulletin of five seconds, and what an emergency or a power cut has taken of it
FORGED = AlertId("i-forged")
TOLERANCE_MS = 500  # a loudspeaker's clock follows beacons that may be under way for as long
QUIET_S = 60.0


@dataclass
class Scene:
    """Everything that may be killed, and what was seen meanwhile."""

    site: Installation
    processes: dict[str, Child]
    stack: contextlib.ExitStack
    slots: dict[str, tuple[int, int]] = field(default_factory=dict)  # id of an item -> its window
    alerts: dict[str, tuple[int, int]] = field(default_factory=dict)  # id of an alert -> issued, valid until
    kills: Counter[str] = field(default_factory=Counter)

    def start(self, name: str) -> None:
        make = self.site.hub if name == "hub" else lambda: self.site.loudspeaker(int(name))
        self.processes[name] = self.stack.enter_context(make())

    async def hub_is_up(self) -> bool:
        return "đang chạy" in self.processes["hub"].said

    async def kill(self, name: str, for_s: float) -> None:
        """Take a process away and give it back."""
        self.kills[name if name in {"hub", "broker"} else "loudspeaker"] += 1
        if name == "broker":
            self.site.broker.kill()
        else:
            os.kill(self.processes[name].pid, signal.SIGKILL)
            self.processes[name].ended(5)
        await asyncio.sleep(for_s)
        if name == "broker":
            self.site.broker.start()
        else:
            self.start(name)


@pytest.fixture
def rng(seed: int) -> random.Random:
    return random.Random(f"kills {seed}")


@pytest.fixture
async def scene(mosquitto: Mosquitto, tmp_path: Path) -> AsyncIterator[Scene]:
    site = Installation(tmp_path, mosquitto)
    with contextlib.ExitStack() as stack:
        here = Scene(site, {}, stack)
        await site.install(DEVICES, lambda hub: put_on_air(hub, here))
        for name in ("hub", *map(str, range(DEVICES))):
            here.start(name)
        yield here


async def put_on_air(hub: Hub, scene: Scene) -> None:
    """Put one short bulletin on the air many times, each with a window that closes soon."""
    officer, leader = (scene.site.people[name].actor for name in ("officer", "leader"))
    written = await bulletin.write(hub.ctx, officer, unit=COMMUNE, title="Họp thôn", text="Mời bà con đi họp.")
    await bulletin.submit(hub.ctx, officer, written.id)
    await bulletin.approve(hub.ctx, leader, written.id, version=written.version)
    first = wall_of(hub.ctx.now()).replace(microsecond=0) + timedelta(seconds=LEAD_S)
    for number in range(BULLETINS):
        when = When(start=first + timedelta(seconds=number * EVERY_S))
        planned = await schedule.plan(
            hub.ctx, officer, written.id, audience=[COMMUNE], when=when, after_cut=AfterCut.RESUME
        )
        sounds_ms = planned.programme.clips[0].duration_ms
        tight = replace(planned.programme, slack_ms=round(WINDOW_S * 1000) - sounds_ms)
        await schedule.put_on_air(hub.ctx, officer, replace(planned, programme=tight))


@asynccontextmanager
async def api(scene: Scene) -> AsyncIterator[aiohttp.ClientSession]:
    """The hub's interface as the commune's leader, signed in."""
    leader = scene.site.people["leader"]
    async with aiohttp.ClientSession(scene.site.url, timeout=aiohttp.ClientTimeout(total=5)) as session:
        given = {"login": leader.actor.account.login, "password": leader.password}
        async with session.post("/api/sessions", json=given) as answer:
            session.headers["Authorization"] = f"Bearer {(await answer.json())['token']}"
        yield session


async def alert_for_a_while(scene: Scene, for_s: float) -> None:
    """Sound an alert and recall it; whoever is away meanwhile must not sound it later."""
    asked = {"hazard": "lu-quet", "level": 3, "areas": [COMMUNE], "text": "Chạy lên đồi.", "repeats": 1}
    async with api(scene) as session:
        async with session.post("/api/alerts", json={**asked, "valid_minutes": 2}) as answer:
            assert answer.status == 201, await answer.text()
            said = await answer.json()
        scene.alerts[said["id"]] = (clock.now_ms() - 5_000, said["valid_until_ms"])
        await asyncio.sleep(for_s)
        async with session.post(f"/api/alerts/{said['id']}/cancel", json={"all_clear": False}) as answer:
            assert answer.status == 200, await answer.text()


async def forge(gateway: Gateway, digest: AssetDigest) -> None:
    """Say as a stranger that everybody must sound something; a retained lie, as bad as it gets."""
    now_ms = clock.now_ms()
    override = Override(
        id=FORGED,
        kind=OverrideKind.EMERGENCY,
        level=5,
        hazard="lu-quet",
        issued_at_ms=now_ms,
        expires_at_ms=now_ms + 60_000,
        repeats=1,
        volume_percent=100,
        steps=(Step(asset=digest),),
        assets=(),
        text="",
    )
    document = Overrides(
        area=COMMUNE,
        sequence=now_ms + 60_000,
        issued_at_ms=now_ms,
        expires_at_ms=now_ms + 60_000,
        overrides=(override,),
    )
    with contextlib.suppress(NotSent):
        await gateway.publish(topics.override(COMMUNE), Signer.from_seed(b"f" * 32).seal(encode(document)))


def victims(rng: random.Random) -> Iterator[str]:
    """The hub, then the broker, then a loudspeaker, and so on."""
    for kind in itertools.islice(itertools.cycle(("hub", "broker", "loudspeaker")), KILLS):
        yield str(rng.randrange(DEVICES)) if kind == "loudspeaker" else kind


async def until(holds: Callable[[], Awaitable[bool]], timeout_s: float, what: Callable[[], object]) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            while not await holds():  # noqa: ASYNC110 - files and processes tell nobody
                await asyncio.sleep(0.1)
    except TimeoutError:
        pytest.fail(f"not within {timeout_s} s: {what()}")


# --- the test -------------------------------------------------------------------------------------------------------


async def test_ten_kills_lose_nothing_double_nothing_and_make_nothing_sound_that_should_not(
    scene: Scene, rng: random.Random
) -> None:
    broker = Broker(host=scene.site.broker.host, port=scene.site.broker.port)
    async with listening(broker, scene.site.public_keys()) as (heard, stranger):
        async with closing_store(scene) as store:
            await until(lambda: note_the_plan(scene, store), 30, lambda: scene.slots)
            await until(lambda: at_rest(scene, store, heard), 30, lambda: heard.states)
        await torment(scene, stranger, rng)
        await come_to_rest(scene, heard)
        print(f"killed: {dict(scene.kills)}; {len(heard.records)} records heard")
        assert scene.kills == {"hub": 4, "broker": 3, "loudspeaker": 3}
        assert heard.bad_signatures == 0
        kept = await records_of(scene)
        the_hub_holds_what_was_said(kept, heard)
    no_record_is_lost(scene, kept)
    nothing_sounded_twice_at_once(kept)
    nothing_was_late(scene, kept)
    most_of_the_day_was_heard(scene, kept)
    for number, records in enumerate(kept.values()):
        await only_what_was_signed_was_heard(scene, number, records)


async def torment(scene: Scene, stranger: Gateway, rng: random.Random) -> None:
    """Kill at random moments; between the kills, alert and lie."""
    digest = AssetDigest("0" * 64)
    alerts = [rng.randrange(2, 5), rng.randrange(5, 8)]
    for number, name in enumerate(victims(rng)):
        await asyncio.sleep(rng.uniform(0.5, 4.0))
        await forge(stranger, digest)
        if number in alerts:
            await until(scene.hub_is_up, 30, lambda: scene.processes["hub"].said)
            await alert_for_a_while(scene, rng.uniform(0.5, 3.0))
        await scene.kill(name, rng.uniform(0.1, 1.5))


async def note_the_plan(scene: Scene, store: Store) -> bool:
    """Remember the window of every item that is planned; say whether all bulletins are."""
    async with store.read() as tx:
        plans = [await tx.manifests.last(device) for device in scene.site.public_keys()]
    for item in (item for plan in plans if plan for item in plan.items):
        scene.slots[item.id] = (item.start_ms, item.end_ms)
    return all(plan is not None and len(plan.items) == BULLETINS for plan in plans)


async def come_to_rest(scene: Scene, heard: Heard) -> None:
    """Wait until the last bulletin is over, and everybody is there with the newest plan and nothing left to report."""
    over_ms = max(end_ms for _, end_ms in scene.slots.values()) + TOLERANCE_MS
    await asyncio.sleep(max(0, over_ms - clock.now_ms()) / 1000)
    async with closing_store(scene) as store:
        await until(lambda: at_rest(scene, store, heard), QUIET_S, lambda: heard.states)
        async with store.read() as tx:
            found = {seen.device: presence(seen, clock.now()) for seen in await tx.states.every()}
    assert found == dict.fromkeys(scene.site.public_keys(), Presence.ONLINE), "the hub does not see who is there"


async def at_rest(scene: Scene, store: Store, heard: Heard) -> bool:
    """Say whether all are there, hold the newest plan and its audio, and have nothing left to report."""
    there = {device: state for device, state in heard.states.items() if state.status is Status.ONLINE}
    held = {device: state.manifest for device, state in there.items() if not state.assets_missing}
    async with store.read() as tx:
        newest = {device: await tx.manifests.last(device) for device in scene.site.public_keys()}
    waiting = any(scene.site.records_waiting(number) for number in range(DEVICES))
    return held == {device: plan and plan.sequence for device, plan in newest.items()} and not waiting


@asynccontextmanager
async def closing_store(scene: Scene) -> AsyncIterator[Store]:
    store = scene.site.store()
    try:
        yield store
    finally:
        await store.db.close()


async def records_of(scene: Scene) -> dict[DeviceId, list[AsRun]]:
    """Return what the hub keeps, by number."""
    async with closing_store(scene) as store, store.read() as tx:
        kept = {
            one: [heard.record for heard in await tx.as_runs.between(0, 1 << 52, device=one)]
            for one in scene.site.public_keys()
        }
    return {device: sorted(records, key=lambda record: record.n) for device, records in kept.items()}


def the_hub_holds_what_was_said(kept: dict[DeviceId, list[AsRun]], heard: Heard) -> None:
    """Whatever a loudspeaker has signed and a stranger has overheard is kept, word for word."""
    ours = {(device, record.n): record for device, records in kept.items() for record in records}
    assert heard.records.items() <= ours.items()


def no_record_is_lost(scene: Scene, kept: dict[DeviceId, list[AsRun]]) -> None:
    for number, (device, records) in enumerate(kept.items()):
        made = scene.site.records_made(number)
        assert [record.n for record in records] == list(range(1, made + 1)), device
        assert made > 0


def nothing_sounded_twice_at_once(kept: dict[DeviceId, list[AsRun]]) -> None:
    for device, records in kept.items():
        sounded = sorted((one for one in records if one.digest), key=lambda one: one.start_ms)
        for before, after in itertools.pairwise(sounded):
            assert after.start_ms >= before.end_ms - TOLERANCE_MS, (device, before, after)
        whole = Counter(one.id for one in records if one.source is Source.ITEM and one.outcome is Outcome.COMPLETED)
        assert all(times == 1 for times in whole.values()), (device, whole)


def nothing_was_late(scene: Scene, kept: dict[DeviceId, list[AsRun]]) -> None:
    windows = scene.slots | scene.alerts
    for device, records in kept.items():
        for one in records:
            assert one.id in windows, (device, one)
            start_ms, end_ms = windows[one.id]
            assert one.outcome is Outcome.MISSED or (
                start_ms - TOLERANCE_MS <= one.start_ms <= one.end_ms <= end_ms + TOLERANCE_MS
            ), (device, one, windows[one.id])


def most_of_the_day_was_heard(scene: Scene, kept: dict[DeviceId, list[AsRun]]) -> None:
    """A test in which nothing sounds would prove nothing: each loudspeaker was without power or line for seconds."""
    for device, records in kept.items():
        played = {one.id for one in records if one.source is Source.ITEM and one.outcome is not Outcome.MISSED}
        assert len(played) >= BULLETINS * 2 // 3, (device, records)
    alerted = {one.id for records in kept.values() for one in records if one.source is Source.OVERRIDE}
    assert alerted == scene.alerts.keys(), "an alert was heard by nobody"


async def only_what_was_signed_was_heard(scene: Scene, number: int, records: list[AsRun]) -> None:
    """By the recording: nothing but sounds that the hub has made, the bulletin in its windows only."""
    recording = await asyncio.to_thread(hearing.load_wav, scene.site.aircheck(number))
    sounds = await asyncio.to_thread(scene.site.sounds, {one.digest for one in records if one.digest})
    heard = await asyncio.to_thread(hearing.timeline, recording, sounds)
    assert hearing.unexplained(recording, heard) == []
    programme = {one.digest for one in records if one.source is Source.ITEM}
    for one in heard:
        start_ms, end_ms = (recording.start_ms + 1000 * at_s for at_s in (one.start_s, one.end_s))
        windows = (scene.slots if one.name in programme else scene.alerts).values()
        assert any(first - TOLERANCE_MS <= start_ms <= end_ms <= last + TOLERANCE_MS for first, last in windows), one
