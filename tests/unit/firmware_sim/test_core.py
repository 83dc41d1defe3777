"""One loudspeaker's rules, each a sentence; the core alone, events in and effects out, on a clock that a test moves."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocol import chunks, codec, topics
from devices.protocol.codec import Message
from devices.protocol.errors import Reason
from devices.protocol.ids import AreaCode
from devices.protocol.limits import REFUSALS_PER_MINUTE_MAX
from devices.protocol.manifest import Manifest, QuietHours, QuietWindow
from devices.protocol.messages import (
    Ack,
    AckStage,
    AsRun,
    AsRunReport,
    Command,
    CommandName,
    Need,
    Outcome,
    Override,
    OverrideKind,
    Overrides,
    Source,
    State,
    Status,
    Subject,
    TimeBeacon,
    Why,
)
from devices.protocol.signing import Signer
from devices.protocol.topics import Leaf
from firmware_sim.core import CATCH_UP_MS, DeviceCore
from firmware_sim.durable import NAMES, Memory, part_bytes, read_memory
from firmware_sim.events import (
    Connected,
    Disconnected,
    DropAsset,
    Effect,
    Event,
    LevelHeard,
    NtpSynced,
    Persist,
    Play,
    PlaybackFailed,
    PoweredOn,
    Publish,
    Received,
    Restart,
    Shelf,
    Silence,
    StoreAsset,
    StoreChunk,
    StoreFailed,
    Subscribe,
    Unsubscribe,
    Woke,
)
from firmware_sim.identity import Identity
from firmware_sim.settings import Settings
from tests.fakes.hub_stand_in import (
    DAY,
    HOUR,
    MINUTE,
    ROOT,
    SECOND,
    START,
    STRANGER,
    WORKING,
    Audio,
    audio,
    identity_of,
    item,
    key_set,
    manifest,
    override,
    seed_of,
)

M = TypeVar("M", bound=Message)
NEWS = audio("news", 120 * SECOND, 70_000)  # three chunks
SIREN = audio("siren", 5 * SECOND)
VOICE = audio("voice", 8 * SECOND)
FILLER = audio("filler", 30 * SECOND)


@dataclass
class Bench:
    """A core on the bench: true time, an RTC that may be wrong, a flash that survives `power_cut`."""

    identity: Identity = field(default_factory=lambda: identity_of(1))
    settings: Settings = field(default_factory=Settings)
    now_ms: int = START
    skew_ms: int = 0
    memory: Memory = field(default_factory=Memory)
    assets: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)
    sequences: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.core = DeviceCore(self.identity, self.settings)
        self.power_up()

    # --- what happens -------------------------------------------------------------------------------------------

    def power_up(self) -> None:
        self.core = DeviceCore(self.identity, self.settings)
        complete = {digest: len(data) for digest, data in self.assets.items()}
        self.give(PoweredOn(memory=self.memory, shelf=Shelf(complete=complete, parts=self.parts)))  # type: ignore[arg-type]

    def power_cut(self, off_ms: int = 0) -> None:
        """Keep what is on flash, as bytes, and nothing else."""
        files = {NAMES[type(part)]: part_bytes(part) for part in self._parts()}
        self.memory = read_memory(files.get)
        self.now_ms += off_ms
        self.power_up()

    def _parts(self) -> tuple[object, ...]:
        memory = self.memory
        return (memory.timekeeping, memory.desired, memory.playing, memory.ledger)

    def give(self, event: Event) -> list[Effect]:
        effects = list(self.core.handle(event, self.now_ms + self.skew_ms))
        for effect in effects:
            match effect:
                case Persist(part=part):
                    self.memory = self.memory.having(part)
                case StoreAsset(digest=digest, data=data):
                    self.assets[digest] = data
                    self.parts.pop(digest, None)
                case StoreChunk(digest=digest, n=n, data=data):
                    self.parts.setdefault(digest, {})[n] = data
                case DropAsset(digest=digest):
                    self.assets.pop(digest, None)
                    self.parts.pop(digest, None)
        self.effects += effects
        return effects

    def run_to(self, at_ms: int) -> list[Effect]:
        """Let time pass, waking the core whenever it asked for that."""
        found: list[Effect] = []
        while (own_ms := self.core.wakes_at()) is not None and own_ms - self.skew_ms <= at_ms:
            self.now_ms = max(self.now_ms, own_ms - self.skew_ms)
            found += self.give(Woke())
        self.now_ms = at_ms
        return found

    def run_for(self, for_ms: int) -> list[Effect]:
        return self.run_to(self.now_ms + for_ms)

    # --- what the hub says --------------------------------------------------------------------------------------

    def next(self, topic: str) -> int:
        self.sequences[topic] = self.sequences.get(topic, 0) + 1
        return self.sequences[topic]

    def say(self, topic: str, message: Message, signer: Signer = WORKING, *, retained: bool = False) -> list[Effect]:
        return self.give(Received(topic, signer.seal(codec.encode(message)), retained))

    def beacon(self, *, retained: bool = False, at_ms: int | None = None) -> list[Effect]:
        made = TimeBeacon(sequence=self.next(topics.TIME), issued_at_ms=self.now_ms if at_ms is None else at_ms)
        return self.say(topics.TIME, made, retained=retained)

    def ready(self) -> "Bench":
        """Online, with keys and a trusted clock."""
        self.give(Connected())
        self.say(topics.KEYS, key_set(WORKING), ROOT, retained=True)
        self.beacon()
        self.now_ms += CATCH_UP_MS  # what comes with a connect waits so long
        self.give(Woke())
        return self

    def plan(self, *items: object, sounds: tuple[Audio, ...] = (), held: bool = True, **more: object) -> Manifest:
        topic = topics.of_device(self.identity.device, Leaf.MANIFEST)
        made = manifest(
            self.identity.device, *items, sounds=sounds, sequence=self.next(topic), now_ms=self.now_ms, **more
        )  # type: ignore[arg-type]
        self.say(topic, made, retained=True)
        if held:
            pinned: tuple[Audio, ...] = tuple(more.get("pinned", ()))  # type: ignore[arg-type]
            filler = (more["filler"],) if more.get("filler") else ()
            self.send(*sounds, *pinned, *filler)  # type: ignore[arg-type]
        return made

    def send(self, *sounds: Audio) -> None:
        for sound in sounds:
            if sound.digest in self.assets:
                continue
            for n, part in enumerate(chunks.split(sound.data)):
                self.give(Received(topics.chunk(sound.digest, n), part))

    def alert(self, *overrides: Override, area: str = "25", life_ms: int = DAY, retained: bool = False) -> Overrides:
        topic = topics.override(AreaCode(area))
        made = Overrides(
            area=AreaCode(area),
            sequence=self.next(topic),
            issued_at_ms=self.now_ms,
            expires_at_ms=self.now_ms + life_ms,
            overrides=overrides,
        )
        self.say(topic, made, retained=retained)
        return made

    def order(self, name: CommandName, value: int = 0, life_ms: int = MINUTE) -> Command:
        topic = topics.of_device(self.identity.device, Leaf.CMD)
        sequence = self.next(topic)
        made = Command(
            device=self.identity.device,
            id=f"cmd-{sequence}",
            sequence=sequence,
            issued_at_ms=self.now_ms,
            expires_at_ms=self.now_ms + life_ms,
            name=name,
            value=value,
        )
        self.say(topic, made)
        return made

    # --- what is asked ------------------------------------------------------------------------------------------

    @property
    def sounds(self) -> str | None:
        told = [effect for effect in self.effects if isinstance(effect, Play | Silence | PoweredOn)]
        return told[-1].digest if told and isinstance(told[-1], Play) and self.core.stage.sounding else None

    @property
    def records(self) -> tuple[AsRun, ...]:
        return self.core.stage.ledger.waiting

    def said(self, kind: type[M], effects: list[Effect] | None = None) -> list[M]:
        found = self.effects if effects is None else effects
        return [e.message for e in found if isinstance(e, Publish) and isinstance(e.message, kind)]

    def stages(self, of: Subject, ref: str = "") -> list[AckStage]:
        return [ack.stage for ack in self.said(Ack) if (ack.of, ack.ref) == (of, ref)]

    def refusals(self) -> list[Reason | None]:
        return [ack.reason for ack in self.said(Ack) if ack.stage is AckStage.REFUSED]


def a_bench(**more: object) -> Bench:
    return Bench(**more).ready()  # type: ignore[arg-type]


def with_news(**more: object) -> Bench:
    bench = a_bench()
    bench.plan(item("news", START + HOUR, NEWS, **more), sounds=(NEWS,), pinned=(SIREN,))  # type: ignore[arg-type]
    return bench


# --- the day --------------------------------------------------------------------------------------------------------


def test_an_item_sounds_at_its_start_and_ends_with_its_audio() -> None:
    bench = with_news(window_ms=10 * MINUTE)
    bench.run_to(START + HOUR - 1)
    assert bench.sounds is None
    bench.run_to(START + HOUR)
    assert bench.sounds == NEWS.digest
    bench.run_to(START + HOUR + NEWS.asset.duration_ms)
    assert bench.sounds is None
    assert bench.core.state().why is Why.ITEM_OVER


def test_a_day_plays_with_hub_and_broker_dead() -> None:
    bench = a_bench()
    plan = [item(f"item-{hour}", START + hour * HOUR, NEWS) for hour in range(1, 23)]
    bench.plan(*plan, sounds=(NEWS,))
    bench.give(Disconnected())
    bench.run_to(START + DAY)
    assert [record.id for record in bench.records] == [f"item-{hour}" for hour in range(1, 23)]
    assert {record.outcome for record in bench.records} == {Outcome.COMPLETED}
    bench.effects.clear()
    bench.give(Connected())
    (report,) = bench.said(AsRunReport)
    assert [record.n for record in report.records] == list(range(1, 23))


def test_after_a_reboot_it_joins_the_item_at_the_place_the_clock_says() -> None:
    bench = with_news()
    bench.run_to(START + HOUR + 30 * SECOND)
    bench.power_cut(off_ms=10 * SECOND)
    assert bench.sounds is None, "the clock is not trusted yet"
    bench.ready()
    plays = [effect for effect in bench.effects if isinstance(effect, Play)]
    assert plays[-1] == Play(NEWS.digest, 40 * SECOND, 80)


def test_it_plays_nothing_of_the_day_while_its_clock_is_not_trusted_and_says_so() -> None:
    bench = with_news()
    bench.run_to(START + 30 * MINUTE)
    bench.power_cut()
    bench.give(Connected())
    bench.beacon(retained=True)
    bench.run_to(START + HOUR + MINUTE)
    assert bench.sounds is None
    assert bench.core.state().why is Why.CLOCK_NOT_TRUSTED


def test_a_time_server_makes_the_clock_trusted() -> None:
    bench = Bench(skew_ms=-3 * HOUR)
    bench.give(NtpSynced(START))
    assert bench.core.clock.trusted
    assert bench.core.now_ms == START


def test_a_wrong_clock_is_put_right_by_a_live_beacon_and_the_item_starts_at_the_true_time() -> None:
    bench = Bench(skew_ms=-20 * 365 * DAY).ready()
    bench.plan(item("news", START + HOUR, NEWS), sounds=(NEWS,))
    bench.run_to(START + HOUR + 5)
    assert bench.sounds == NEWS.digest


def test_an_item_whose_audio_is_missing_is_filled_and_recorded_as_missed() -> None:
    bench = a_bench()
    bench.plan(item("news", START + HOUR, NEWS), sounds=(NEWS,), filler=FILLER, held=False)
    bench.send(FILLER)
    bench.run_to(START + HOUR + MINUTE)
    assert bench.sounds == FILLER.digest
    bench.run_to(START + 2 * HOUR)
    assert [(r.source, r.outcome, r.why) for r in bench.records] == [
        (Source.FILLER, Outcome.COMPLETED, Why.FILLER),
        (Source.ITEM, Outcome.MISSED, Why.FILLER),
    ]


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda b: b.order(CommandName.STOP, START + 5 * HOUR), Why.STOPPED),
        (lambda b: b.alert(override("flood", SIREN, repeats=0, life_ms=5 * HOUR)), Why.OVERRIDE),
    ],
)
def test_an_item_that_never_sounded_is_missed_for_the_last_reason(spoil: Callable[[Bench], object], why: Why) -> None:
    bench = with_news()
    spoil(bench)
    bench.run_to(START + 2 * HOUR)
    missed = [record for record in bench.records if record.outcome is Outcome.MISSED]
    assert [(record.id, record.why) for record in missed] == [("news", why)]


def test_items_that_passed_without_power_are_missed_because_power_was_lost() -> None:
    bench = with_news()
    bench.power_cut(off_ms=3 * HOUR)
    bench.ready()
    assert [(r.id, r.outcome, r.why) for r in bench.records] == [("news", Outcome.MISSED, Why.POWER_LOST)]


def test_what_had_ended_before_the_manifest_came_is_nobodys_fault() -> None:
    bench = a_bench()
    bench.run_to(START + 2 * HOUR)
    bench.plan(item("news", START + HOUR, NEWS), sounds=(NEWS,))
    bench.run_to(START + 3 * HOUR)
    assert bench.records == ()


def test_quiet_hours_of_the_enrolment_bind_beside_those_of_the_manifest() -> None:
    night = QuietHours(windows=(QuietWindow(from_min=0, until_min=1440),))
    bench = a_bench(identity=identity_of(1, quiet=night))
    bench.plan(item("news", START + HOUR, NEWS), sounds=(NEWS,))
    bench.run_to(START + HOUR + MINUTE)
    assert bench.sounds is None
    bench.alert(override("flood", SIREN, now_ms=bench.now_ms, brought=[SIREN]))
    bench.send(SIREN)
    assert bench.sounds == SIREN.digest, "an emergency sounds in quiet hours"


# --- overrides ------------------------------------------------------------------------------------------------------


def test_an_emergency_cuts_the_item_is_answered_and_the_item_resumes() -> None:
    bench = with_news()
    bench.run_to(START + HOUR + 30 * SECOND)
    bench.alert(override("flood", SIREN, now_ms=bench.now_ms))
    assert bench.sounds == SIREN.digest
    bench.run_for(SECOND)
    assert bench.stages(Subject.OVERRIDE, "flood") == [AckStage.RECEIVED, AckStage.ACCEPTED, AckStage.DONE]
    assert bench.said(Ack)[-1].sounded_at_ms == START + HOUR + 30 * SECOND
    bench.run_for(5 * SECOND)
    assert bench.sounds == NEWS.digest
    cut, alert = bench.records
    assert (cut.outcome, cut.why, cut.by) == (Outcome.CUT, Why.OVERRIDE, "flood")
    assert (alert.source, alert.outcome, alert.end_ms - alert.start_ms) == (Source.OVERRIDE, Outcome.COMPLETED, 5_000)


def test_an_alert_from_the_queue_that_is_over_already_makes_no_sound_after_a_reconnect() -> None:
    bench = with_news()
    bench.give(Disconnected())
    bench.give(Connected())
    bench.alert(override("flood", SIREN, repeats=0))
    bench.run_for(100)
    bench.alert()
    bench.run_for(MINUTE)
    assert Play(SIREN.digest, 0, 100) not in bench.effects
    assert bench.stages(Subject.OVERRIDE, "flood")[-1] is AckStage.DONE


def test_what_the_document_no_longer_lists_stops_at_once() -> None:
    bench = with_news()
    bench.alert(override("flood", SIREN, repeats=0))
    bench.run_for(2 * SECOND)
    bench.alert()
    assert bench.sounds is None
    assert bench.stages(Subject.OVERRIDE, "25") == [AckStage.RECEIVED, AckStage.ACCEPTED]


def test_an_override_never_sounds_at_or_after_its_expiry() -> None:
    bench = with_news()
    bench.alert(override("flood", SIREN, repeats=0, life_ms=12 * SECOND))
    bench.run_to(START + 12 * SECOND - 1)
    assert bench.sounds == SIREN.digest
    bench.run_for(1)
    assert bench.sounds is None
    bench.power_cut()
    bench.run_for(MINUTE)
    assert bench.sounds is None, "also after a reboot, when the clock is not trusted"


def test_without_a_trusted_clock_an_emergency_still_sounds_but_no_longer_than_it_lives() -> None:
    bench = with_news()
    bench.power_cut()
    bench.give(Connected())
    bench.alert(override("flood", SIREN, now_ms=bench.now_ms, repeats=0, life_ms=10 * MINUTE), retained=True)
    bench.run_for(CATCH_UP_MS)
    assert bench.sounds == SIREN.digest
    bench.run_for(10 * MINUTE)
    assert bench.sounds is None, "time is counted also where nobody says what time it is"


def test_a_drill_does_not_sound_without_a_trusted_clock() -> None:
    bench = with_news()
    bench.power_cut()
    bench.give(Connected())
    bench.alert(override("drill", SIREN, kind=OverrideKind.DRILL))
    assert bench.sounds is None


def test_an_override_that_ends_unheard_is_answered_with_the_reason() -> None:
    bench = a_bench()
    bench.alert(override("flood", VOICE, brought=[VOICE], life_ms=MINUTE))
    bench.run_for(MINUTE)
    done = bench.said(Ack)[-1]
    assert (done.stage, done.why, done.sounded_at_ms) == (AckStage.DONE, Why.WAITING_FOR_AUDIO, 0)


def test_audio_pushed_behind_an_override_sounds_without_being_asked_for() -> None:
    bench = a_bench()
    bench.alert(override("flood", VOICE, brought=[VOICE]))
    for n, part in enumerate(chunks.split(VOICE.data)):
        bench.give(Received(topics.area_chunk(AreaCode("25"), VOICE.digest, n), part))
    assert bench.sounds == VOICE.digest
    assert bench.said(Need) == []


def test_one_override_of_two_areas_sounds_once_and_stops_when_no_area_lists_it() -> None:
    bench = with_news()
    same = override("flood", SIREN, repeats=0)
    bench.alert(same, area="25")
    bench.alert(same, area="08236")
    bench.run_for(2 * SECOND)
    bench.alert(area="25")
    assert bench.sounds == SIREN.digest
    bench.alert(area="08236")
    assert bench.sounds is None


def test_rounds_that_sounded_before_power_loss_do_not_sound_again() -> None:
    bench = with_news()
    bench.alert(override("flood", SIREN, repeats=2))
    bench.run_for(7 * SECOND)
    bench.power_cut()
    bench.ready()
    assert bench.sounds == SIREN.digest, "the clip that was interrupted begins again"
    bench.run_for(5 * SECOND)
    assert bench.sounds is None
    bench.power_cut()
    bench.ready()
    assert bench.sounds is None


# --- refusing -------------------------------------------------------------------------------------------------------


def refused_by(spoil: Callable[[Bench], object]) -> list[Reason | None]:
    bench = with_news()
    bench.effects.clear()
    spoil(bench)
    assert bench.sounds is None
    return bench.refusals()


def _document(sequence: int = 5, area: str = "25", **more: int) -> Overrides:
    fields = {"issued_at_ms": START, "expires_at_ms": START + DAY, **more}
    return Overrides(area=AreaCode(area), sequence=sequence, overrides=(override("flood", SIREN),), **fields)


OVERRIDE_25 = topics.override(AreaCode("25"))
ALTERED = WORKING.seal(codec.encode(_document())).replace(b'"level":3', b'"level":5')
REFUSALS: list[tuple[str, Callable[[Bench], object], Reason]] = [
    ("unsigned", lambda b: b.give(Received(OVERRIDE_25, codec.encode(_document()))), Reason.BAD_ENVELOPE),
    ("by a stranger", lambda b: b.say(OVERRIDE_25, _document(), STRANGER), Reason.UNKNOWN_KEY),
    (
        "altered",
        lambda b: b.give(
            Received(OVERRIDE_25, WORKING.seal(codec.encode(_document())).replace(b'"level":3', b'"level":5'))
        ),
        Reason.BAD_SIGNATURE,
    ),
    ("for another area", lambda b: b.say(topics.override(AreaCode("99")), _document(area="99")), Reason.WRONG_AUDIENCE),
    ("on another area's topic", lambda b: b.say(OVERRIDE_25, _document(area="vn")), Reason.WRONG_AUDIENCE),
    (
        "expired",
        lambda b: b.say(OVERRIDE_25, _document(issued_at_ms=START - HOUR, expires_at_ms=START)),
        Reason.EXPIRED,
    ),
    ("on a topic of its own", lambda b: b.give(Received("loa/1/area/25/firmware", b"x")), Reason.UNKNOWN_TYPE),
]


@pytest.mark.parametrize(("what", "spoil", "reason"), REFUSALS, ids=[what for what, _, _ in REFUSALS])
def test_what_must_not_be_obeyed_is_refused_and_reported(
    what: str, spoil: Callable[[Bench], object], reason: Reason
) -> None:
    assert refused_by(spoil) == [reason], f"{what} must be refused"


def test_what_is_older_than_what_it_has_is_refused_also_after_power_loss() -> None:
    bench = with_news()
    old = bench.alert(override("flood", SIREN, repeats=0))
    bench.alert()
    bench.say(OVERRIDE_25, old)
    bench.power_cut()
    bench.ready()
    bench.say(OVERRIDE_25, old)
    assert bench.sounds is None
    assert bench.refusals() == [Reason.STALE, Reason.STALE]


def test_an_expired_override_in_a_living_document_is_refused_by_its_id() -> None:
    bench = with_news()
    bench.run_to(START + HOUR - MINUTE)
    bench.alert(override("old", SIREN, now_ms=START, life_ms=MINUTE))
    assert bench.stages(Subject.OVERRIDE, "old") == [AckStage.RECEIVED, AckStage.REFUSED]
    assert bench.sounds is None


def test_the_same_message_again_is_acknowledged_again_and_obeyed_once() -> None:
    bench = with_news()
    document = bench.alert(override("flood", SIREN))
    bench.run_for(20 * SECOND)
    bench.say(OVERRIDE_25, document)
    assert bench.sounds is None
    once = [AckStage.RECEIVED, AckStage.ACCEPTED, AckStage.DONE]
    assert bench.stages(Subject.OVERRIDE, "flood") == once * 2


def test_a_flood_of_forgeries_is_answered_ten_times_a_minute_and_counted() -> None:
    bench = with_news()
    for _ in range(200):
        bench.give(Received(OVERRIDE_25, b"forged"))
    assert len(bench.refusals()) == REFUSALS_PER_MINUTE_MAX
    assert bench.core.state().refused == 200
    bench.run_for(MINUTE)
    bench.give(Received(OVERRIDE_25, b"forged"))
    assert len(bench.refusals()) == REFUSALS_PER_MINUTE_MAX + 1


@given(payload=st.binary(max_size=300), leaf=st.sampled_from(["cmd", "manifest", "state"]), retained=st.booleans())
def test_no_bytes_crash_it_or_make_a_sound(payload: bytes, leaf: str, retained: bool) -> None:
    bench = Bench()
    bench.give(Received(f"loa/1/dev/{bench.identity.device}/{leaf}", payload, retained))
    assert bench.sounds is None
    assert bench.core.state().refused == 1


# --- keys, areas, commands ------------------------------------------------------------------------------------------


def test_before_the_first_key_set_it_listens_only_for_keys() -> None:
    bench = Bench()
    effects = bench.give(Connected())
    assert [effect.filter for effect in effects if isinstance(effect, Subscribe)] == [topics.KEYS]
    effects = bench.say(topics.KEYS, key_set(WORKING), ROOT)
    names = {effect.filter for effect in effects if isinstance(effect, Subscribe)}
    assert names == set(topics.device_filters(bench.identity.device, bench.identity.areas)) - {topics.KEYS}


def test_a_new_key_is_taken_and_a_key_that_is_not_listed_any_more_is_not() -> None:
    fresh = Signer.from_seed(seed_of("next"))
    bench = with_news()
    bench.say(topics.KEYS, key_set(WORKING, fresh, sequence=2), ROOT)
    bench.say(topics.KEYS, key_set(fresh, sequence=3), ROOT)
    bench.say(OVERRIDE_25, _document(sequence=5))
    assert bench.sounds is None
    assert bench.refusals() == [Reason.UNKNOWN_KEY]
    bench.say(OVERRIDE_25, _document(sequence=5), fresh)
    assert bench.sounds == SIREN.digest


def test_keys_signed_by_anything_but_the_root_are_refused() -> None:
    bench = with_news()
    bench.say(topics.KEYS, key_set(STRANGER, sequence=9), WORKING)
    bench.say(topics.KEYS, key_set(STRANGER, sequence=9), STRANGER)
    assert bench.refusals() == [Reason.UNKNOWN_KEY, Reason.UNKNOWN_KEY]


def test_what_came_before_its_key_is_asked_for_again() -> None:
    fresh = Signer.from_seed(seed_of("next"))
    bench = with_news()
    bench.say(OVERRIDE_25, _document(), fresh)
    effects = bench.say(topics.KEYS, key_set(WORKING, fresh, sequence=2), ROOT)
    assert Subscribe("loa/1/area/25/#") in effects


def test_leaving_an_area_ends_its_overrides_and_its_subscription() -> None:
    bench = with_news()
    bench.alert(override("flood", SIREN, repeats=0))
    assert bench.sounds == SIREN.digest
    bench.plan(sounds=(), areas=("vn", "25b"), pinned=(SIREN,))
    assert bench.sounds is None
    assert Unsubscribe("loa/1/area/25/#") in bench.effects
    assert Subscribe("loa/1/area/25b/#") in bench.effects
    bench.say(OVERRIDE_25, _document(sequence=7))
    assert bench.refusals() == [Reason.WRONG_AUDIENCE]


def test_a_stop_ends_the_item_but_no_emergency() -> None:
    bench = with_news()
    bench.run_to(START + HOUR + SECOND)
    bench.order(CommandName.STOP)
    assert bench.sounds is None
    (cut,) = bench.records
    assert (cut.outcome, cut.why, cut.by) == (Outcome.CUT, Why.STOPPED, "cmd-1")
    bench.alert(override("flood", SIREN, now_ms=bench.now_ms))
    bench.order(CommandName.STOP)
    assert bench.sounds == SIREN.digest


def test_a_lasting_stop_survives_power_loss_and_ends_by_itself() -> None:
    bench = with_news()
    bench.order(CommandName.STOP, START + HOUR + MINUTE)
    bench.power_cut()
    bench.ready()
    bench.run_to(START + HOUR + SECOND)
    assert bench.core.state().why is Why.STOPPED
    bench.run_to(START + HOUR + MINUTE)
    assert bench.sounds == NEWS.digest


def test_a_volume_command_changes_what_sounds_and_ends_with_the_next_manifest() -> None:
    bench = with_news()
    bench.run_to(START + HOUR + SECOND)
    bench.order(CommandName.VOLUME, 35)
    assert bench.effects[-20:].count(Play(NEWS.digest, SECOND, 35)) == 1
    assert bench.core.state().volume_percent == 35
    bench.plan(item("news", START + HOUR, NEWS), sounds=(NEWS,))
    assert bench.core.state().volume_percent == 80


def test_a_restart_is_answered_first() -> None:
    bench = with_news()
    bench.effects.clear()
    bench.order(CommandName.RESTART)
    assert isinstance(bench.effects[-1], Restart)
    assert bench.stages(Subject.CMD, "cmd-1") == [AckStage.RECEIVED, AckStage.ACCEPTED, AckStage.DONE]


def test_a_command_that_comes_twice_is_carried_out_once() -> None:
    bench = with_news()
    order = bench.order(CommandName.RESTART)
    bench.effects.clear()
    bench.say(topics.of_device(bench.identity.device, Leaf.CMD), order)
    assert not any(isinstance(effect, Restart) for effect in bench.effects)
    assert bench.stages(Subject.CMD, "cmd-1")[-1] is AckStage.DONE


# --- audio ----------------------------------------------------------------------------------------------------------


def test_missing_chunks_are_asked_for_again_at_longer_and_longer_waits() -> None:
    bench = a_bench()
    bench.plan(item("news", START + HOUR, NEWS), sounds=(NEWS,), held=False)
    bench.run_for(5 * MINUTE)
    moments = [need.at_ms - START - CATCH_UP_MS for need in bench.said(Need)]
    waits = [later - earlier for earlier, later in pairwise(moments)]
    assert moments[0] == 0
    assert 3_750 <= waits[0] <= 5_000
    assert all(45_000 <= wait <= 60_000 for wait in waits[4:])
    assert bench.said(Need)[0].ranges == ((0, 2),)


def test_a_transfer_goes_on_where_it_stopped_after_power_loss() -> None:
    bench = a_bench()
    bench.plan(item("news", START + HOUR, NEWS), sounds=(NEWS,), held=False)
    bench.give(Received(topics.chunk(NEWS.digest, 1), chunks.split(NEWS.data)[1]))
    bench.power_cut()
    bench.effects.clear()
    bench.ready()
    assert bench.said(Need)[-1].ranges == ((0, 0), (2, 2))
    bench.send(NEWS)
    assert bench.assets[NEWS.digest] == NEWS.data
    assert bench.stages(Subject.MANIFEST)[-1] is AckStage.DONE


def test_a_wrong_chunk_is_refused_and_changes_nothing() -> None:
    bench = a_bench()
    bench.plan(item("news", START + HOUR, NEWS), sounds=(NEWS,), held=False)
    bench.give(Received(topics.chunk(NEWS.digest, 0), chunks.split(NEWS.data)[0][:-1] + b"!"))
    bench.give(Received(topics.chunk(VOICE.digest, 0), VOICE.data[:100]))
    assert bench.refusals() == [Reason.WRONG_CHUNK], "what is not wanted is only counted"
    assert bench.core.state().refused == 2
    assert not bench.parts


def test_what_does_not_fit_the_quota_is_refused_and_pinned_audio_stays() -> None:
    bench = a_bench(settings=Settings(quota_bytes=len(SIREN.data) + len(NEWS.data)))
    plan = (item("news", START + HOUR, NEWS), item("voice", START + 2 * HOUR, VOICE))
    bench.plan(*plan, sounds=(NEWS, VOICE), pinned=(SIREN,))
    assert set(bench.assets) == {SIREN.digest, NEWS.digest}
    assert bench.refusals() == [Reason.NO_ROOM]
    assert bench.stages(Subject.MANIFEST)[-1] is AckStage.ACCEPTED
    bench.plan(plan[1], sounds=(VOICE,), pinned=(SIREN,))
    assert set(bench.assets) == {SIREN.digest, VOICE.digest}, "the news made room, the siren did not"


def test_a_full_disk_is_reported_and_the_asset_is_asked_for_again_later() -> None:
    bench = a_bench()
    bench.plan(item("news", START + HOUR, NEWS), sounds=(NEWS,))
    bench.effects.clear()
    bench.give(StoreFailed(NEWS.digest))
    assert bench.refusals() == [Reason.NO_ROOM]
    assert bench.core.state().assets_missing == 1
    bench.run_for(59 * SECOND)
    assert bench.said(Need) == []
    bench.run_for(2 * SECOND)
    assert len(bench.said(Need)) == 1


def test_audio_that_cannot_be_decoded_is_dropped_and_fetched_again() -> None:
    bench = with_news()
    bench.run_to(START + HOUR + SECOND)
    bench.give(PlaybackFailed(NEWS.digest))
    assert bench.sounds is None
    assert bench.core.state().why is Why.NO_AUDIO
    bench.run_for(SECOND)
    assert bench.said(Need)[-1].digest == NEWS.digest


# --- records and states ---------------------------------------------------------------------------------------------


def test_what_sounded_when_power_was_lost_is_recorded_as_cut_at_most_ten_seconds_early() -> None:
    bench = with_news()
    bench.run_to(START + HOUR + 47 * SECOND)
    bench.power_cut(off_ms=HOUR)
    bench.ready()
    (cut,) = bench.records
    assert (cut.outcome, cut.why, cut.boot) == (Outcome.CUT, Why.POWER_LOST, 1)
    assert 37 * SECOND <= cut.end_ms - cut.start_ms <= 47 * SECOND


def test_records_are_persisted_before_they_are_reported_and_kept_until_confirmed() -> None:
    bench = with_news()
    bench.effects.clear()
    bench.run_to(START + HOUR + 3 * MINUTE)
    kinds = [e for e in bench.effects if isinstance(e, Persist | Publish)]
    report = next(n for n, e in enumerate(kinds) if isinstance(e, Publish) and isinstance(e.message, AsRunReport))
    stored = [e.part for e in kinds[:report] if isinstance(e, Persist)]
    assert any(getattr(part, "waiting", ()) == bench.records for part in stored)
    bench.run_for(5 * MINUTE)
    assert len(bench.said(AsRunReport)) > 2, "it is reported again until confirmed"
    bench.order(CommandName.CONFIRM, 1)
    assert bench.records == ()
    bench.effects.clear()
    bench.run_for(30 * MINUTE)
    assert bench.said(AsRunReport) == []
    assert bench.core.stage.ledger.last_n == 1


def test_the_level_heard_stands_in_the_record() -> None:
    bench = with_news()
    bench.run_to(START + HOUR + SECOND)
    bench.give(LevelHeard(NEWS.digest, -2_345))
    bench.give(LevelHeard(SIREN.digest, -1))
    bench.run_to(START + HOUR + 3 * MINUTE)
    assert bench.records[0].level_cdb == -2_345


def test_its_messages_are_signed_with_its_own_key() -> None:
    bench = with_news()
    bench.run_to(START + 2 * HOUR)
    key_id = bench.identity.signer().key_id.encode()
    published = [effect for effect in bench.effects if isinstance(effect, Publish)]
    assert {type(effect.message) for effect in published} >= {State, Ack, Need, AsRunReport}
    assert all(effect.payload().split(b" ")[1] == key_id for effect in published)


def test_the_state_is_said_at_least_every_minute_and_when_what_sounds_changes() -> None:
    bench = with_news()
    bench.run_to(START + HOUR + MINUTE)
    moments = [state.at_ms for state in bench.said(State)]
    assert all(later - earlier <= MINUTE for earlier, later in pairwise(moments))
    assert any(state.at_ms == START + HOUR and state.sounding == "news" for state in bench.said(State))
    assert bench.core.will().message.status is Status.LOST  # type: ignore[union-attr]


def test_answers_that_nobody_could_hear_are_given_after_the_reconnect() -> None:
    bench = with_news()
    bench.alert(override("flood", SIREN, now_ms=bench.now_ms, repeats=1))
    bench.give(Disconnected())
    bench.effects.clear()
    bench.run_for(10 * SECOND)
    assert bench.said(Ack) == []
    bench.give(Connected())
    assert bench.stages(Subject.OVERRIDE, "flood") == [AckStage.DONE]


def test_a_clock_set_back_under_a_sounding_emergency_does_not_end_or_wedge_it() -> None:
    bench = Bench(skew_ms=2 * DAY)
    bench.give(Connected())
    bench.say(topics.KEYS, key_set(WORKING), ROOT)
    bench.alert(override("flood", SIREN, brought=[SIREN], repeats=3, gap_ms=SECOND))
    bench.send(SIREN)
    bench.run_for(2 * SECOND)
    bench.beacon()
    assert bench.sounds == SIREN.digest
    bench.run_for(17 * SECOND)
    assert bench.sounds is None
    assert [record.outcome for record in bench.records] == [Outcome.COMPLETED] * 3
    assert all(START <= record.start_ms < START + MINUTE for record in bench.records)


def test_what_is_on_flash_is_the_same_after_it_was_bytes() -> None:
    bench = with_news()
    bench.alert(override("flood", SIREN, repeats=0))
    bench.order(CommandName.VOLUME, 10)
    bench.run_to(START + HOUR)
    files = {NAMES[type(part)]: part_bytes(part) for part in bench._parts()}
    assert read_memory(files.get) == bench.memory
    assert read_memory(dict.fromkeys(files, b"{broken").get) == Memory()
