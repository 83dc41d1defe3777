"""One loudspeaker on a real Mosquitto: it plays, answers, survives kill -9, and its air-check is what was heard."""

import asyncio
import signal
import sys
import time
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import imageio_ffmpeg
import numpy as np
import pytest

from devices.protocol import chunks, codec, topics
from devices.protocol.codec import Message
from devices.protocol.errors import MessageRefused
from devices.protocol.ids import AreaCode
from devices.protocol.judge import judge_report
from devices.protocol.messages import (
    Ack,
    AckStage,
    AsRunReport,
    Command,
    CommandName,
    Need,
    Outcome,
    Override,
    Overrides,
    Source,
    State,
    Status,
    TimeBeacon,
    Why,
)
from devices.protocol.signing import KeyRing
from devices.protocol.topics import Leaf
from firmware_sim.horn import RATE_HZ
from firmware_sim.identity import Identity, identity_line
from firmware_sim.mqtt import Broker, Loudspeaker
from hub.bench.mosquitto import Mosquitto
from hub.broker import EmbeddedBroker
from tests.fakes.hub_stand_in import (
    MINUTE,
    ROOT,
    STRANGER,
    WORKING,
    Audio,
    identity_of,
    item,
    key_set,
    manifest,
    override,
)

WAIT_S = 30.0
TONE_HZ = 440.0


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def tone(seconds: float, hz: float = TONE_HZ) -> Audio:
    """A sine at -6 dBFS peak as Opus in Ogg."""
    source = f"sine=frequency={hz}:sample_rate=48000:duration={seconds},volume=4.0"
    ffmpeg = await asyncio.to_thread(imageio_ffmpeg.get_ffmpeg_exe)
    args = (
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        source,
        "-ac",
        "1",
        "-c:a",
        "libopus",
        "-b:a",
        "32k",
        "-f",
        "ogg",
        "pipe:1",
    )
    process = await asyncio.create_subprocess_exec(ffmpeg, *args, stdout=asyncio.subprocess.PIPE)
    data, _ = await process.communicate()
    return Audio(data, chunks.asset_of(data, int(seconds * 1000)))


class RealHub:
    """A hub of a few lines on a real broker: beacons, audio for needs, everything heard in a list."""

    def __init__(self, client: aiomqtt.Client, identity: Identity) -> None:
        self.client = client
        self.identity = identity
        self.ring = KeyRing.of(identity.signer().public_key)
        self.heard: list[Message] = []
        self.library: dict[str, Audio] = {}
        self.changed = asyncio.Condition()
        self.sequence = 0

    async def retain(self, topic: str, payload: bytes) -> None:
        await self.client.publish(topic, payload, qos=1, retain=True)

    async def beacon(self) -> None:
        self.sequence += 1
        beacon = TimeBeacon(sequence=now_ms(), issued_at_ms=now_ms())
        await self.client.publish(topics.TIME, WORKING.seal(codec.encode(beacon)), qos=0, retain=True)

    async def plan(
        self, *items: object, sounds: list[Audio], pinned: tuple[Audio, ...] = (), sequence: int = 1
    ) -> None:
        made = manifest(
            self.identity.device,
            *items,
            sounds=sounds,
            pinned=pinned,
            sequence=sequence,
            now_ms=now_ms(),
        )
        self.library |= {sound.digest: sound for sound in (*sounds, *pinned)}
        await self.retain(topics.of_device(self.identity.device, Leaf.MANIFEST), WORKING.seal(codec.encode(made)))

    async def alert(self, *overrides: Override, sequence: int) -> None:
        document = Overrides(
            area=AreaCode("25"),
            sequence=sequence,
            issued_at_ms=now_ms(),
            expires_at_ms=now_ms() + 60 * MINUTE,
            overrides=overrides,
        )
        await self.retain(topics.override(AreaCode("25")), WORKING.seal(codec.encode(document)))

    async def command(self, name: CommandName, sequence: int, value: int = 0) -> None:
        order = Command(
            device=self.identity.device,
            id=f"cmd-{sequence}",
            sequence=sequence,
            issued_at_ms=now_ms(),
            expires_at_ms=now_ms() + MINUTE,
            name=name,
            value=value,
        )
        await self.client.publish(
            topics.of_device(self.identity.device, Leaf.CMD), WORKING.seal(codec.encode(order)), qos=1
        )

    async def listen(self) -> None:
        async for message in self.client.messages:
            try:
                heard = judge_report(str(message.topic), message.payload, self.ring)
            except MessageRefused:
                continue
            async with self.changed:
                self.heard.append(heard)
                self.changed.notify_all()
            if isinstance(heard, Need) and heard.digest in self.library:
                parts = chunks.split(self.library[heard.digest].data)
                for first, last in heard.ranges:
                    for n in range(first, last + 1):
                        await self.client.publish(topics.chunk(heard.digest, n), parts[n], qos=1)
            if asyncio.current_task().cancelling():  # type: ignore[union-attr]
                return

    async def beat(self) -> None:
        while not asyncio.current_task().cancelling():  # type: ignore[union-attr]  # wait_for may eat it before 3.12
            await self.beacon()
            await asyncio.sleep(1)

    async def want(self, what: str, holds: Callable[[Message], bool], timeout_s: float = WAIT_S) -> Message:
        """Return the first message heard for which `holds`; `what` stands in the failure."""
        try:
            async with asyncio.timeout(timeout_s), self.changed:
                await self.changed.wait_for(lambda: any(map(holds, self.heard)))
        except TimeoutError:
            pytest.fail(f"the hub must hear {what}; it heard {self.heard[-8:]}")
        return next(message for message in self.heard if holds(message))


@asynccontextmanager
async def a_hub(mosquitto: Mosquitto | EmbeddedBroker, identity: Identity) -> AsyncIterator[RealHub]:
    async with aiomqtt.Client(mosquitto.host, mosquitto.port, identifier="hub") as client:
        hub = RealHub(client, identity)
        for name in (*topics.HUB_FILTERS, *topics.HUB_FILTERS_AT_MOST_ONCE):
            await client.subscribe(name, 1)
        await hub.retain(topics.KEYS, ROOT.seal(codec.encode(key_set(WORKING, now_ms=now_ms()))))
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(hub.listen(), name="hub listens"),
                group.create_task(hub.beat(), name="hub beats"),
            ]
            yield hub
            for task in tasks:
                task.cancel()


def is_ack(stage: AckStage, ref: str | None = None) -> Callable[[Message], bool]:
    return lambda m: isinstance(m, Ack) and m.stage is stage and ref in (None, m.ref)


def is_status(status: Status) -> Callable[[Message], bool]:
    return lambda m: isinstance(m, State) and m.status is status


def is_boot(boot: int) -> Callable[[Message], bool]:
    return lambda m: isinstance(m, State) and m.boot == boot and m.status is Status.ONLINE


def rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(samples.astype(np.float64)))))


@pytest.fixture(params=["mosquitto", "embedded_broker"])
def any_broker(request: pytest.FixtureRequest) -> Mosquitto | EmbeddedBroker:
    """Each broker that the hub may run on."""
    found: Mosquitto | EmbeddedBroker = request.getfixturevalue(request.param)
    return found


@pytest.mark.mosquitto
async def test_a_bulletin_and_an_alert_are_heard_answered_and_recorded(
    any_broker: Mosquitto | EmbeddedBroker, tmp_path: Path
) -> None:
    mosquitto, identity = any_broker, identity_of(1)
    news, siren = await tone(6), await tone(1.5, 880)
    recording = tmp_path / "air.wav"
    broker = Broker(mosquitto.host, mosquitto.port)
    async with (
        a_hub(mosquitto, identity) as hub,
        Loudspeaker(identity, broker, tmp_path / "flash", recording) as speaker,
    ):
        begin = now_ms() + 3_000
        await hub.plan(item("news", begin, news), sounds=[news], pinned=(siren,))
        await hub.want("that all audio is held", lambda m: isinstance(m, Ack) and m.stage is AckStage.DONE)
        await speaker.until(lambda _: speaker.sounding == news.digest, WAIT_S)
        await asyncio.sleep(max(0.0, (begin + 1_500 - now_ms()) / 1000))
        await hub.alert(override("flood", siren, now_ms=now_ms(), repeats=1), sequence=1)
        done = await hub.want("that the alert was heard", is_ack(AckStage.DONE, "flood"))
        assert isinstance(done, Ack)
        assert abs(done.sounded_at_ms - done.at_ms) < 3_000
        await speaker.until(lambda core: len(core.stage.ledger.waiting) >= 3, WAIT_S)
        records = speaker.core.stage.ledger.waiting
        await hub.command(CommandName.CONFIRM, 1, records[-1].n)
        await speaker.until(lambda core: not core.stage.ledger.waiting, WAIT_S)
        assert speaker.aircheck is not None
        born = speaker.aircheck.start_ms
    first, alert, second = records
    assert (first.source, first.outcome, first.why, first.by) == (Source.ITEM, Outcome.CUT, Why.OVERRIDE, "flood")
    assert (alert.source, alert.outcome) == (Source.OVERRIDE, Outcome.COMPLETED)
    assert (second.source, second.outcome) == (Source.ITEM, Outcome.COMPLETED)
    assert all(-2_500 < record.level_cdb < -300 for record in records), "a tone is heard at its level"
    heard = read_wav(recording)
    offset_ms = speaker.core.clock.offset_ms

    def between(from_ms: int, until_ms: int) -> np.ndarray:
        begin, end = ((moment - offset_ms - born) * RATE_HZ // 1000 for moment in (from_ms, until_ms))
        return heard[begin:end]

    assert rms(between(first.start_ms - 1_000, first.start_ms - 100)) < 2, "before the item there is silence"
    assert rms(between(first.start_ms + 100, first.end_ms - 100)) > 2_000, "the item is in the air-check"
    assert pitch(between(first.start_ms + 100, first.end_ms - 100)) == pytest.approx(440, abs=5)
    assert pitch(between(alert.start_ms + 100, alert.end_ms - 100)) == pytest.approx(880, abs=5)
    assert pitch(between(second.start_ms + 100, second.end_ms - 100)) == pytest.approx(440, abs=5)


def read_wav(path: Path) -> np.ndarray:
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE_HZ)
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")


def pitch(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples))
    return float(np.argmax(spectrum) * RATE_HZ / len(samples))


@pytest.mark.mosquitto
async def test_what_a_stranger_signs_is_refused_and_reported(mosquitto: Mosquitto, tmp_path: Path) -> None:
    identity = identity_of(2)
    siren = await tone(1)
    broker = Broker(mosquitto.host, mosquitto.port)
    async with a_hub(mosquitto, identity) as hub, Loudspeaker(identity, broker, tmp_path / "flash") as speaker:
        await speaker.until(lambda core: core.clock.trusted, WAIT_S)
        document = Overrides(
            area=AreaCode("25"),
            sequence=9,
            issued_at_ms=now_ms(),
            expires_at_ms=now_ms() + MINUTE,
            overrides=(override("evil", siren, now_ms=now_ms(), brought=[siren]),),
        )
        await hub.client.publish(topics.override(AreaCode("25")), STRANGER.seal(codec.encode(document)), qos=1)
        refused = await hub.want("a refusal", is_ack(AckStage.REFUSED))
        assert isinstance(refused, Ack)
        assert refused.reason == "unknown_key"
        assert speaker.sounding is None


@pytest.mark.mosquitto
async def test_the_line_is_made_again_after_the_broker_died(mosquitto: Mosquitto, tmp_path: Path) -> None:
    identity = identity_of(3)
    broker = Broker(mosquitto.host, mosquitto.port)
    async with Loudspeaker(identity, broker, tmp_path / "flash") as speaker:
        async with a_hub(mosquitto, identity):
            await speaker.until(lambda core: core.clock.trusted, WAIT_S)
        await asyncio.to_thread(mosquitto.kill)
        await speaker.until(lambda core: not core.connected, WAIT_S)
        await asyncio.to_thread(mosquitto.start)
        await speaker.until(lambda core: core.connected, WAIT_S)
        async with a_hub(mosquitto, identity) as hub:
            await hub.want("its state", is_status(Status.ONLINE))


@pytest.mark.mosquitto
async def test_a_restart_by_command_is_answered_and_counts_as_a_power_up(mosquitto: Mosquitto, tmp_path: Path) -> None:
    identity = identity_of(4)
    broker = Broker(mosquitto.host, mosquitto.port)
    async with a_hub(mosquitto, identity) as hub, Loudspeaker(identity, broker, tmp_path / "flash") as speaker:
        await speaker.until(lambda core: core.clock.trusted, WAIT_S)
        await hub.command(CommandName.RESTART, 1)
        await hub.want("that it was done", is_ack(AckStage.DONE, "cmd-1"))
        await hub.want(
            "its second power-up", lambda m: isinstance(m, State) and m.boot == 2 and m.status is Status.ONLINE
        )
        assert speaker.power_ups == 2
        await speaker.restart(0.0)
        await hub.want(
            "its third power-up", lambda m: isinstance(m, State) and m.boot == 3 and m.status is Status.ONLINE
        )


CHILD = """
import asyncio, json, sys
from pathlib import Path
from firmware_sim.identity import parse_identity
from firmware_sim.mqtt import Broker, Loudspeaker

async def main(line, host, port, flash, recording):
    async with Loudspeaker(parse_identity(json.loads(line)), Broker(host, int(port)), Path(flash), Path(recording)):
        await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


@asynccontextmanager
async def a_child(mosquitto: Mosquitto, identity: Identity, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    args = (
        identity_line(identity),
        mosquitto.host,
        str(mosquitto.port),
        str(folder / "flash"),
        str(folder / "air.wav"),
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", CHILD, *args)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.mosquitto
async def test_after_kill_9_it_joins_the_item_where_the_clock_says(mosquitto: Mosquitto, tmp_path: Path) -> None:
    identity = identity_of(5)
    news = await tone(40)
    async with a_hub(mosquitto, identity) as hub:
        async with a_child(mosquitto, identity, tmp_path) as child:
            begin = now_ms() + 2_000
            await hub.plan(item("news", begin, news), sounds=[news])
            sounds = await hub.want("that it sounds", lambda m: isinstance(m, State) and m.sounding == "news")
            await asyncio.sleep(2)
            child.send_signal(signal.SIGKILL)
            await child.wait()
        await hub.want("its last will", is_status(Status.LOST))
        assert len(read_wav(tmp_path / "air.wav")) > 2 * RATE_HZ, "a killed process leaves a WAV that opens"
        hub.heard.clear()
        async with a_child(mosquitto, identity, tmp_path):
            again = await hub.want("that it joins", lambda m: isinstance(m, State) and m.sounding == "news")
            report = await hub.want("the record of what was cut", lambda m: isinstance(m, AsRunReport))
        assert isinstance(sounds, State)
        assert isinstance(again, State)
        assert isinstance(report, AsRunReport)
        assert again.boot == sounds.boot + 1
        cut = report.records[0]
        assert (cut.n, cut.outcome, cut.why, cut.boot) == (1, Outcome.CUT, Why.POWER_LOST, sounds.boot)


@pytest.mark.mosquitto
async def test_a_clean_end_leaves_lost_as_the_retained_state(mosquitto: Mosquitto, tmp_path: Path) -> None:
    identity = identity_of(6)
    broker = Broker(mosquitto.host, mosquitto.port)
    async with a_hub(mosquitto, identity) as hub:
        async with Loudspeaker(identity, broker, tmp_path / "flash") as speaker:
            await speaker.until(lambda core: core.connected, WAIT_S)
            await hub.want("its state", is_status(Status.ONLINE))
        await hub.want("its good-bye", is_status(Status.LOST))
