"""A hub in a few lines: signs, sends again until answered, serves audio, collects records.  For worlds and cores."""

import base64
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from devices.protocol import chunks, codec, topics
from devices.protocol.errors import MessageRefused
from devices.protocol.ids import AlertId, AreaCode, AssetDigest, ContentId, DeviceId
from devices.protocol.judge import judge_report
from devices.protocol.manifest import AfterCut, Asset, Manifest, PlayItem, QuietHours, ServiceClass
from devices.protocol.messages import (
    Ack,
    AckStage,
    AsRun,
    AsRunReport,
    Command,
    CommandName,
    KeyEntry,
    KeySet,
    Need,
    Override,
    OverrideKind,
    Overrides,
    State,
    Step,
    Subject,
    TimeBeacon,
)
from devices.protocol.signing import KeyRing, Signer, Verify, verify_ed25519
from devices.protocol.topics import Leaf
from firmware_sim.identity import Identity
from firmware_sim.world import Endpoint, World

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
START = 1_790_000_000_000 // DAY * DAY  # a midnight, UTC


def seed_of(*parts: object) -> bytes:
    return hashlib.sha256("|".join(map(str, parts)).encode()).digest()


ROOT = Signer.from_seed(seed_of("root"))
WORKING = Signer.from_seed(seed_of("working"))
STRANGER = Signer.from_seed(seed_of("stranger"))


def identity_of(n: int, *areas: str, quiet: QuietHours | None = None) -> Identity:
    return Identity(
        device=DeviceId(f"loa-{n:04}"),
        seed=seed_of("device", n),
        areas=tuple(map(AreaCode, areas or ("vn", "25", "08236"))),
        root_public_key=ROOT.public_key,
        quiet=quiet or QuietHours(),
    )


@dataclass(frozen=True)
class Audio:
    """Bytes that no decoder has to read, and their entry."""

    data: bytes
    asset: Asset

    @property
    def digest(self) -> AssetDigest:
        return self.asset.digest


def audio(name: str, duration_ms: int, size_bytes: int = 40_000) -> Audio:
    data = (hashlib.sha256(name.encode()).digest() * (size_bytes // 32 + 1))[:size_bytes]
    return Audio(data, chunks.asset_of(data, duration_ms))


def key_set(*signers: Signer, sequence: int = 1, now_ms: int = START) -> KeySet:
    entries = tuple(
        KeyEntry(
            key_id=signer.key_id,
            public_key=base64.b64encode(signer.public_key).decode(),
            not_before_ms=now_ms - 30 * DAY,
            not_after_ms=now_ms + 300 * DAY,
        )
        for signer in signers
    )
    return KeySet(sequence=sequence, issued_at_ms=now_ms, expires_at_ms=now_ms + 300 * DAY, keys=entries)


def item(name: str, start_ms: int, sound: Audio, *, window_ms: int = 0, **more: object) -> PlayItem:
    return PlayItem(
        id=ContentId(name),
        service_class=more.pop("service_class", ServiceClass.NORMAL),  # type: ignore[arg-type]
        start_ms=start_ms,
        end_ms=start_ms + (window_ms or sound.asset.duration_ms),
        asset=sound.digest,
        after_cut=more.pop("after_cut", AfterCut.JOIN),  # type: ignore[arg-type]
    )


def manifest(
    device: DeviceId,
    *items: PlayItem,
    sounds: Iterable[Audio],
    sequence: int = 1,
    now_ms: int = START,
    areas: tuple[str, ...] = ("vn", "25", "08236"),
    pinned: Iterable[Audio] = (),
    filler: Audio | None = None,
    life_ms: int = 7 * DAY,
    quiet: QuietHours | None = None,
) -> Manifest:
    pins = tuple(pinned)
    entries = {sound.digest: sound.asset for sound in (*sounds, *pins, *((filler,) if filler else ()))}
    return Manifest(
        device=device,
        sequence=sequence,
        issued_at_ms=now_ms,
        expires_at_ms=now_ms + life_ms,
        areas=tuple(map(AreaCode, areas)),
        quiet=quiet or QuietHours(),
        filler=filler.digest if filler else None,
        pinned=tuple(sound.digest for sound in pins),
        assets=tuple(entries.values()),
        items=tuple(items),
    )


def override(
    name: str,
    *sounds: Audio,
    now_ms: int = START,
    life_ms: int = 10 * MINUTE,
    repeats: int = 1,
    gap_ms: int = 0,
    kind: OverrideKind = OverrideKind.EMERGENCY,
    level: int = 3,
    brought: Iterable[Audio] = (),
    fallback: Audio | None = None,
) -> Override:
    steps = tuple(
        Step(asset=sound.digest, gap_ms=gap_ms, fallback=fallback.digest if fallback else None) for sound in sounds
    )
    return Override(
        id=AlertId(name),
        kind=kind,
        level=level,
        hazard="flood",
        issued_at_ms=now_ms,
        expires_at_ms=now_ms + life_ms,
        repeats=repeats,
        volume_percent=100,
        steps=steps,
        assets=tuple(sound.asset for sound in brought),
    )


@dataclass
class HubStandIn:
    """Everything a hub does on the wire, and what came back.  `beacon_ms` 0: no beacons."""

    world: World
    beacon_ms: int = 10 * SECOND
    resend_ms: int = MINUTE
    verify: Verify = verify_ed25519
    confirms: bool = True
    watches_states: bool = True
    identities: dict[DeviceId, Identity] = field(default_factory=dict)
    acks: list[Ack] = field(default_factory=list)
    states: dict[DeviceId, State] = field(default_factory=dict)
    records: dict[DeviceId, dict[int, AsRun]] = field(default_factory=lambda: defaultdict(dict))
    conflicts: list[str] = field(default_factory=list)  # one number, two records: must stay empty
    bad: int = 0  # reports that were altered on the way
    needs: int = 0
    served: int = 0

    def __post_init__(self) -> None:
        self.endpoint: Endpoint = self.world.endpoint("hub")
        self.signer = WORKING
        self.keys = key_set(WORKING, now_ms=self.world.now_ms)
        self.library: dict[AssetDigest, Audio] = {}
        self._rings: dict[DeviceId, KeyRing] = {}
        self._retained: dict[str, bytes] = {}
        self._sequences: dict[str, int] = defaultdict(int)
        self._open: dict[tuple[DeviceId, Subject, str], tuple[str, bytes]] = {}
        self._gathered: dict[AssetDigest, set[int]] = {}
        states = topics.HUB_FILTERS_AT_MOST_ONCE if self.watches_states else ()
        self.endpoint.subscribe(*topics.HUB_FILTERS, *states, then=self._heard)
        self.endpoint.on_up.append(self._say_everything)
        self.retain(topics.KEYS, ROOT.seal(codec.encode(self.keys)))
        if self.beacon_ms:
            self._beacon()
            self.world.every(self.beacon_ms, self._beacon)
        self.world.every(self.resend_ms, self._resend)

    # --- what it says -------------------------------------------------------------------------------------------

    def retain(self, topic: str, payload: bytes) -> None:
        self._retained[topic] = payload
        self.endpoint.publish(topic, payload, retain=True)

    def next_sequence(self, topic: str) -> int:
        self._sequences[topic] += 1
        return self._sequences[topic]

    def know(self, *identities: Identity) -> None:
        for identity in identities:
            self.identities[identity.device] = identity
            self._rings[identity.device] = KeyRing.of(identity.signer().public_key, verify=self.verify)

    def stock(self, *sounds: Audio) -> None:
        for sound in sounds:
            self.library[sound.digest] = sound
            self.world.durations[sound.digest] = sound.asset.duration_ms

    def plan(self, identity: Identity, *items: PlayItem, sounds: Iterable[Audio], **more: object) -> Manifest:
        topic = topics.of_device(identity.device, Leaf.MANIFEST)
        made = manifest(
            identity.device,
            *items,
            sounds=sounds,
            sequence=self.next_sequence(topic),
            now_ms=self.world.now_ms,
            **more,  # type: ignore[arg-type]
        )
        payload = self.signer.seal(codec.encode(made))
        self._open[identity.device, Subject.MANIFEST, ""] = (topic, payload)
        self.retain(topic, payload)
        return made

    def alert(self, area: str, *overrides: Override, life_ms: int = DAY) -> Overrides:
        topic = topics.override(AreaCode(area))
        document = Overrides(
            area=AreaCode(area),
            sequence=self.next_sequence(topic),
            issued_at_ms=self.world.now_ms,
            expires_at_ms=self.world.now_ms + life_ms,
            overrides=overrides,
        )
        self.retain(topic, self.signer.seal(codec.encode(document)))
        for one in overrides:
            for asset in one.assets:
                for n, chunk in enumerate(chunks.split(self.library[asset.digest].data)):
                    self.endpoint.publish(topics.area_chunk(AreaCode(area), asset.digest, n), chunk)
        return document

    def command(self, device: DeviceId, name: CommandName, value: int = 0, life_ms: int = 5 * MINUTE) -> Command:
        topic = topics.of_device(device, Leaf.CMD)
        sequence = self.next_sequence(topic)
        made = Command(
            device=device,
            id=f"cmd-{sequence}",
            sequence=sequence,
            issued_at_ms=self.world.now_ms,
            expires_at_ms=self.world.now_ms + life_ms,
            name=name,
            value=value,
        )
        self.endpoint.publish(topic, self.signer.seal(codec.encode(made)))
        return made

    def rotate(self, *signers: Signer) -> None:
        self.keys = key_set(*signers, sequence=self.keys.sequence + 1, now_ms=self.world.now_ms)
        self.signer = signers[-1]
        self.retain(topics.KEYS, ROOT.seal(codec.encode(self.keys)))

    def _beacon(self) -> None:
        if not self.endpoint.up:
            return
        beacon = TimeBeacon(sequence=self.next_sequence(topics.TIME), issued_at_ms=self.world.now_ms)
        self.endpoint.publish(topics.TIME, self.signer.seal(codec.encode(beacon)), qos=0, retain=True)

    def _say_everything(self) -> None:
        for topic, payload in self._retained.items():
            self.endpoint.publish(topic, payload, retain=True)

    def _resend(self) -> None:
        for topic, payload in list(self._open.values()):
            self.endpoint.publish(topic, payload, retain=True)
        for topic, payload in self._retained.items():  # a line may have altered them: desired state is said again
            if "/area/" in topic or topic == topics.KEYS:
                self.endpoint.publish(topic, payload, retain=True)

    # --- what it hears ------------------------------------------------------------------------------------------

    def _heard(self, topic: str, payload: bytes, _retained: bool) -> None:
        name = topics.match(topic)
        if name is None or name.device is None or name.device not in self._rings:
            return
        try:
            message = judge_report(topic, payload, self._rings[name.device])
        except MessageRefused:
            self.bad += 1
            return
        handlers: dict[type, Callable[..., None]] = {
            State: self._state,
            Ack: self._ack,
            Need: self._need,
            AsRunReport: self._report,
        }
        handlers[type(message)](message)

    def _state(self, state: State) -> None:
        self.states[state.device] = state

    def _ack(self, ack: Ack) -> None:
        self.acks.append(ack)
        if ack.stage is AckStage.ACCEPTED:
            self._open.pop((ack.device, ack.of, ack.ref), None)

    def _need(self, need: Need) -> None:
        self.needs += 1
        if need.digest not in self.library:
            return
        if not self._gathered:
            self.world.after(300, self._serve)
        wanted = self._gathered.setdefault(need.digest, set())
        wanted.update(n for first, last in need.ranges for n in range(first, last + 1))

    def _serve(self) -> None:
        gathered, self._gathered = self._gathered, {}
        for digest, numbers in gathered.items():
            parts = chunks.split(self.library[digest].data)
            for n in sorted(numbers):
                self.served += 1
                self.endpoint.publish(topics.chunk(digest, n), parts[n])

    def _report(self, report: AsRunReport) -> None:
        held = self.records[report.device]
        for record in report.records:
            if held.setdefault(record.n, record) != record:
                self.conflicts.append(f"{report.device} {record.n}: {held[record.n]} and {record}")
        if self.confirms and held:
            whole = next(n for n in range(1, len(held) + 2) if n not in held) - 1
            self.command(report.device, CommandName.CONFIRM, whole)

    # --- what tests ask -----------------------------------------------------------------------------------------

    def stages(self, device: DeviceId, of: Subject, ref: str = "") -> list[str]:
        return [str(ack.stage) for ack in self.acks if (ack.device, ack.of, ack.ref) == (device, of, ref)]

    def numbers(self, device: DeviceId) -> list[int]:
        return sorted(self.records[device])
