"""A bench for one device: a hub's keys, a broker's memory, a clock that the test moves, and all that the device did.

The device is a function from request to reply (spec/device-under-test.md), so any device can be put on the bench.
"""

import base64
import json
import random
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from devices.protocol import chunks, topics
from devices.protocol.codec import encode
from devices.protocol.judge import judge_report
from devices.protocol.manifest import Asset, Manifest, PlayItem, QuietHours, ServiceClass
from devices.protocol.messages import (
    Ack,
    AsRun,
    AsRunReport,
    Command,
    CommandName,
    FromDevice,
    KeySet,
    Need,
    Override,
    OverrideKind,
    Overrides,
    State,
    Step,
    TimeBeacon,
)
from devices.protocol.signing import KeyRing, Signer
from devices.protocol.spec.vectors import material as m

Json = Mapping[str, Any]
Device = Callable[[Json], Json]
Said = TypeVar("Said", bound=FromDevice)

AREAS = ("vn", "79", "26734")
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
CATCH_UP_MS = 1_000  # what the contract allows after a connect before an override begins
WAKES_MAX = 20_000  # a device that wakes without end is a defect, not a long test


@dataclass(frozen=True, slots=True)
class Clip:
    """Audio on the bench: its bytes, and the entry that describes them."""

    data: bytes
    entry: Asset

    @property
    def digest(self) -> str:
        return self.entry.digest


def clip(name: str, duration_ms: int, size_bytes: int = 4_000) -> Clip:
    data = random.Random(name).randbytes(size_bytes)
    return Clip(data, chunks.asset_of(data, duration_ms))


SIREN, VOICE = clip("siren", 10_000), clip("voice", 20_000)
SPEECH, MUSIC = clip("speech", 5 * MINUTE, 70_000), clip("music", 30_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What the device said, its signature checked."""

    at_ms: int
    topic: str
    message: FromDevice
    qos: int
    retain: bool


@dataclass(slots=True)
class Bench:
    """`utc_ms` is the true time; the device's own clock is `skew_ms` ahead of it."""

    ask: Device
    utc_ms: int = m.NOW
    skew_ms: int = 0
    quiet: Json = field(default_factory=lambda: {"utc_offset_min": 420, "windows": []})
    connected: bool = False
    said: list[Published] = field(default_factory=list)
    did: list[Json] = field(default_factory=list)
    filters: set[str] = field(default_factory=set)
    retained: dict[str, bytes] = field(default_factory=dict)
    playing: Json | None = None  # the last play order, with `at_ms`
    restarts: int = 0
    sequence: int = 1_000  # of everything that the bench signs: it rises on every topic
    _wakes_ms: int | None = None  # on the device's own clock

    # --- power and line -------------------------------------------------------------------------------------------

    def enrol(self) -> None:
        self.ask(
            {
                "do": "enrol",
                "device": m.DEVICE,
                "seed_hex": m.HORN.key.private_bytes_raw().hex(),
                "root_public_hex": m.ROOT.public_key.hex(),
                "areas": list(AREAS),
                "quiet": self.quiet,
            }
        )

    def power_on(self) -> None:
        self._request(do="power_on")

    def power_off(self, *, for_ms: int = 0) -> None:
        self.connected, self.playing, self._wakes_ms = False, None, None
        self.ask({"do": "power_off"})
        self.utc_ms += for_ms

    def connect(self) -> None:
        """Let the line come up, and the device catch up with what the broker holds for it."""
        self.connected, self.filters = True, set()
        self._request(do="connected")
        self.wait(CATCH_UP_MS)

    def disconnect(self) -> None:
        self.connected = False
        self._request(do="disconnected")

    def reboot(self, *, for_ms: int = 0) -> None:
        """Cut the power for a while, and come back to the broker."""
        self.power_off(for_ms=for_ms)
        self.power_on()
        self.connect()

    def will(self) -> Published:
        """Return the last will that the device gives."""
        return self._published(self.ask({"do": "will", "own_ms": self.own_ms})["did"][0]["publish"])

    @property
    def own_ms(self) -> int:
        return self.utc_ms + self.skew_ms

    def wait(self, ms: int) -> None:
        """Let time pass, waking the device when it asked for it."""
        end_ms = self.utc_ms + ms
        for _ in range(WAKES_MAX):
            if self._wakes_ms is None or self._wakes_ms - self.skew_ms > end_ms:
                self.utc_ms = end_ms
                return
            self.utc_ms = max(self.utc_ms, self._wakes_ms - self.skew_ms)
            self._request(do="wake")
        raise AssertionError(f"the device wakes more than {WAKES_MAX} times in {ms} ms")

    # --- what the hub says ----------------------------------------------------------------------------------------

    def deliver(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        """Bring bytes to the device, whatever they are."""
        text = base64.b64encode(payload).decode()
        self._request(do="deliver", topic=topic, payload_base64=text, retained=retained)

    def publish(self, topic: str, payload: bytes, *, retain: bool = True) -> None:
        """Give bytes to the broker, which delivers them when the device listens, and keeps them when `retain`."""
        if retain:
            self.retained[topic] = payload
        if self.connected and any(matches(name, topic) for name in self.filters):
            self.deliver(topic, payload)

    def send(self, message: Any, *, signer: Signer = m.HUB) -> int:
        """Sign and publish a message of the hub; return its sequence."""
        topic, retain = topic_of(message)
        self.publish(topic, signer.seal(encode(message)), retain=retain)
        return int(message.sequence)

    def next(self) -> int:
        self.sequence += 1
        return self.sequence

    def beacon(self) -> None:
        self.send(TimeBeacon(sequence=self.next(), issued_at_ms=self.utc_ms))

    def ntp(self) -> None:
        """Let a time server answer."""
        self._request(do="ntp", utc_ms=self.utc_ms)

    def keys(self, *signers: Signer) -> None:
        entries = tuple(m.key_entry(signer, m.NOW - DAY, m.NOW + 90 * DAY) for signer in signers or (m.HUB,))
        body = {"type": "keys", **self.life(60 * DAY), "keys": entries}
        self.publish(topics.KEYS, m.ROOT.seal(m.text(body)))

    def manifest(self, *items: PlayItem, clips: tuple[Clip, ...] = (), **changes: Any) -> int:
        """Send a day plan; `clips` are all audio that it names."""
        plain: dict[str, Any] = {
            "device": m.DEVICE,
            **self.life(7 * DAY),
            "areas": AREAS,
            "quiet": QuietHours(),
            "volume_percent": 70,
            "assets": tuple(found.entry for found in clips),
            "items": items,
        }
        return self.send(Manifest(**{**plain, **changes}))

    def item(self, id_: str, after_ms: int, for_ms: int, audio: Clip = SPEECH, **changes: Any) -> PlayItem:
        """Return an item that begins `after_ms` from now."""
        plain = {"service_class": ServiceClass.NORMAL, "asset": audio.digest}
        start_ms = self.utc_ms + after_ms
        return PlayItem(id=id_, start_ms=start_ms, end_ms=start_ms + for_ms, **{**plain, **changes})

    def override(self, id_: str, *steps: Step, expires_ms: int = HOUR, **changes: Any) -> Override:
        """Return an emergency of one round that expires in a while."""
        plain: dict[str, Any] = {
            "kind": OverrideKind.EMERGENCY,
            "level": 3,
            "hazard": "lu",
            "issued_at_ms": self.utc_ms,
            "expires_at_ms": self.utc_ms + expires_ms,
            "repeats": 1,
            "volume_percent": 100,
            "steps": steps or (Step(asset=SIREN.digest),),
        }
        return Override(id=id_, **{**plain, **changes})

    def overrides(self, *found: Override, area: str = "26734", expires_ms: int = DAY, **changes: Any) -> int:
        return self.send(Overrides(area=area, **{**self.life(expires_ms), "overrides": found, **changes}))

    def command(self, name: CommandName, value: int = 0, id_: str = "", **changes: Any) -> str:
        life = self.life(MINUTE)
        id_ = id_ or f"lenh-{life['sequence']}"
        self.send(Command(**{"device": m.DEVICE, "id": id_, **life, "name": name, "value": value, **changes}))
        return id_

    def audio(self, *clips: Clip, area: str | None = None) -> None:
        """Publish all chunks of some audio."""
        for found in clips:
            for n, data in enumerate(chunks.split(found.data)):
                digest = found.digest
                topic = topics.area_chunk(area, digest, n) if area else topics.chunk(digest, n)
                self.publish(topic, data, retain=False)

    def life(self, for_ms: int) -> dict[str, int]:
        return {"sequence": self.next(), "issued_at_ms": self.utc_ms, "expires_at_ms": self.utc_ms + for_ms}

    # --- what the device did --------------------------------------------------------------------------------------

    def heard(self, kind: type[Said], **must: Any) -> list[Said]:
        """Return what the device said of one kind, with fields as given, in order."""
        found = [one.message for one in self.said if isinstance(one.message, kind)]
        return [one for one in found if all(getattr(one, name) == value for name, value in must.items())]

    def acks(self, **must: Any) -> list[Ack]:
        return self.heard(Ack, **must)

    def stages(self, **must: Any) -> list[str]:
        return [str(ack.stage) for ack in self.acks(**must)]

    @property
    def state(self) -> State:
        return self.heard(State)[-1]

    def records(self) -> list[AsRun]:
        """Return every record that was reported, once, by number."""
        found = {record.n: record for report in self.heard(AsRunReport) for record in report.records}
        return [found[n] for n in sorted(found)]

    def needs(self, audio: Clip) -> list[Need]:
        return self.heard(Need, digest=audio.digest)

    @property
    def sounding(self) -> tuple[str, int] | None:
        """What sounds and where it is now: (digest, position)."""
        if self.playing is None:
            return None
        return self.playing["digest"], self.playing["position_ms"] + self.utc_ms - self.playing["at_ms"]

    def sounds(self, audio: Clip, position_ms: int | None = None, *, within_ms: int = 50) -> bool:
        """Say whether `audio` sounds, at about `position_ms`."""
        now = self.sounding
        return (
            now is not None
            and now[0] == audio.digest
            and (position_ms is None or abs(now[1] - position_ms) <= within_ms)
        )

    def forget(self) -> None:
        """Forget what was said and done so far."""
        self.said.clear()
        self.did.clear()

    # --- within -----------------------------------------------------------------------------------------------------

    def _request(self, **request: Any) -> None:
        reply = self.ask({**request, "own_ms": self.own_ms})
        self._wakes_ms = reply["wakes_at_ms"]
        fresh: list[str] = []
        for deed in reply["did"]:
            self.did.append(deed)
            fresh += self._note(deed)
        for name in fresh:
            for topic, payload in sorted(self.retained.items()):
                if matches(name, topic) and name in self.filters:
                    self.deliver(topic, payload, retained=True)

    def _note(self, deed: Json) -> list[str]:
        """Keep what a deed means; return filters that are new."""
        match deed:
            case {"publish": published} if self.connected:
                self.said.append(self._published(published))
            case {"subscribe": {"filter": name}} if self.connected:
                self.filters.add(name)
                return [name]
            case {"unsubscribe": {"filter": name}}:
                self.filters.discard(name)
            case {"play": play}:
                self.playing = {**play, "at_ms": self.utc_ms}
            case {"silence": _}:
                self.playing = None
            case {"restart": _}:
                self.restarts += 1
        return []

    def _published(self, published: Json) -> Published:
        message = judge_report(
            published["topic"], base64.b64decode(published["payload_base64"]), KeyRing.of(m.HORN.public_key)
        )
        return Published(
            at_ms=self.utc_ms,
            topic=published["topic"],
            message=message,
            qos=published["qos"],
            retain=published["retain"],
        )


def matches(name: str, topic: str) -> bool:
    """Say whether an MQTT filter matches a topic."""
    wanted, found = name.split("/"), topic.split("/")
    if wanted[-1] == "#":
        return found[: len(wanted) - 1] == wanted[:-1]
    return len(wanted) == len(found) and all(w in ("+", f) for w, f in zip(wanted, found, strict=True))


def topic_of(message: Any) -> tuple[str, bool]:
    """Return where the hub publishes a message, and whether the broker keeps it."""
    match message:
        case TimeBeacon():
            return topics.TIME, True
        case KeySet():
            return topics.KEYS, True
        case Overrides():
            return topics.override(message.area), True
        case Command():
            return topics.of_device(message.device, topics.Leaf.CMD), False
    return topics.of_device(message.device, topics.Leaf.MANIFEST), True


@contextmanager
def device(command: str | None) -> Iterator[Device]:
    """Yield the device to test: the simulated one in this process, or a program that speaks the lines."""
    if command is None:
        from tests.conformance.simulated import SimulatedDevice  # noqa: PLC0415  another device needs no firmware_sim

        yield SimulatedDevice().ask
        return
    with subprocess.Popen(shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _lines(process)
        finally:
            process.kill()


def _lines(process: subprocess.Popen[str]) -> Device:
    def ask(request: Json) -> Json:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, f"the device ended at {request['do']}"
        reply: Json = json.loads(line)
        return reply

    return ask
