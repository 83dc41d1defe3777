"""The pretend broker and the shared judge keep to what the real ones do."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import firmware_sim
from devices.protocol import codec, topics
from devices.protocol.errors import MessageRefused
from devices.protocol.judge import Accepted, Held, Mark, judge
from devices.protocol.messages import TimeBeacon
from devices.protocol.signing import KeyRing
from firmware_sim.broker import QUEUE_MAX, Letter, PretendBroker, Session, filters_of, matches
from firmware_sim.faults import Kind, random_plan
from firmware_sim.verdicts import SharedJudge
from firmware_sim.world import World
from tests.fakes.hub_stand_in import DAY, ROOT, SECOND, START, STRANGER, WORKING, identity_of, key_set

LEVEL = st.sampled_from(["loa", "1", "dev", "a", "b"])


@pytest.mark.parametrize(
    ("name", "topic", "holds"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/+", "a/b", True),
        ("a/+", "a/b/c", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("+/b/#", "a/b/c", True),
        ("#", "a", True),
        ("a/+/c", "a/b/d", False),
    ],
)
def test_a_filter_matches_as_mqtt_says(name: str, topic: str, holds: bool) -> None:
    assert matches(name, topic) is holds


@given(levels=st.lists(LEVEL, min_size=1, max_size=5))
def test_the_filters_that_are_made_are_those_that_match(levels: list[str]) -> None:
    topic = "/".join(levels)
    assert all(matches(name, topic) for name in filters_of(topic))
    assert len(set(filters_of(topic))) == 2 + 2 * len(levels)


def a_session(broker: PretendBroker) -> tuple[Session, list[tuple[int, Letter]]]:
    got: list[tuple[int, Letter]] = []
    session = broker.session("client", lambda _session, number, letter: got.append((number, letter)))
    session.connected = True
    return session, got


def test_what_is_retained_comes_with_every_subscription_and_bears_the_flag() -> None:
    broker = PretendBroker()
    broker.publish("a/b", b"old", retain=True)
    broker.publish("a/b", b"new", retain=True)
    session, got = a_session(broker)
    for name in ("a/b", "a/#", "a/b"):
        broker.subscribe(session, name)
    broker.publish("a/b", b"live")
    assert [(letter.bytes(), letter.retained) for _, letter in got] == [(b"new", True)] * 3 + [(b"live", False)]
    broker.publish("a/b", b"", retain=True)
    assert broker.retained == {}


def test_what_must_arrive_waits_for_a_session_that_is_away_and_the_rest_is_lost() -> None:
    broker = PretendBroker()
    session, got = a_session(broker)
    broker.subscribe(session, "a")
    session.connected = False
    broker.publish("a", b"lost", qos=0)
    for n in range(QUEUE_MAX + 5):
        broker.publish("a", b"%d" % n, qos=1)
    session.connected = True
    session.resume()
    assert [letter.bytes() for _, letter in got] == [b"%d" % n for n in range(QUEUE_MAX)]


def test_what_was_not_acknowledged_comes_again_after_a_reconnect() -> None:
    broker = PretendBroker()
    session, got = a_session(broker)
    broker.subscribe(session, "a")
    broker.publish("a", b"first")
    broker.publish("a", b"second")
    session.acknowledge(got[0][0])
    session.resume()
    assert [letter.bytes() for _, letter in got] == [b"first", b"second", b"second"]


def test_a_device_that_is_gone_for_good_is_called_lost_by_the_broker() -> None:
    world = World(seed=1, start_ms=START)
    said: list[str] = []
    watcher = world.endpoint("watcher")
    watcher.subscribe(
        "loa/1/dev/+/state", then=lambda _topic, payload, _retained: said.append(payload.decode("latin-1"))
    )
    speaker = world.add(identity_of(1))
    world.run_for(10 * SECOND)
    assert '"status":"online"' in said[-1]
    speaker.power_off()
    world.run_for(60 * SECOND)
    assert '"status":"lost"' in said[-1]


def verdict(call: object, *args: object, retained: bool) -> Accepted | str:
    try:
        return call(*args, retained=retained)  # type: ignore[operator]
    except MessageRefused as refusal:
        return str(refusal.reason)


@given(
    sequences=st.lists(st.integers(1, 4), min_size=2, max_size=8),
    retained=st.booleans(),
    trusted=st.booleans(),
    now_days=st.integers(-60, 400),
    stranger=st.booleans(),
    marked=st.none() | st.integers(1, 4),
)
def test_the_shared_judge_gives_the_answer_of_the_judge(
    sequences: list[int], retained: bool, trusted: bool, now_days: int, stranger: bool, marked: int | None
) -> None:
    shared = SharedJudge()
    ring = KeyRing({}).taking(key_set(WORKING))
    easy = Held(device=identity_of(1).device, root=KeyRing.of(ROOT.public_key), keys=ring)
    hard = Held(
        device=identity_of(2).device,
        root=KeyRing.of(ROOT.public_key),
        keys=KeyRing({}).taking(key_set(STRANGER)) if stranger else ring,
        marks={topics.TIME: Mark(sequence=marked, body_sha256="0" * 64)} if marked else {},
        now_ms=START + now_days * DAY,
        clock_trusted=trusted,
        floor_ms=START + now_days * DAY // 2,
    )
    for n in sequences:
        payload = WORKING.seal(codec.encode(TimeBeacon(sequence=n, issued_at_ms=START + n)))
        for held in (easy, hard):
            args = (topics.TIME, payload, held)
            assert verdict(shared, *args, retained=retained) == verdict(judge, *args, retained=retained)


def test_the_same_seed_gives_the_same_faults_and_none_outlasts_the_plan() -> None:
    plan = random_plan(5, devices=9, start_ms=START, end_ms=START + DAY, count=300)
    assert plan == random_plan(5, devices=9, start_ms=START, end_ms=START + DAY, count=300)
    assert plan != random_plan(6, devices=9, start_ms=START, end_ms=START + DAY, count=300)
    assert plan.ends_ms <= START + DAY
    assert {fault.kind for fault in plan.faults} == set(Kind)


def test_the_snippet_of_the_readme_runs() -> None:
    text = (Path(firmware_sim.__file__).parent / "README.md").read_text("utf-8")
    snippet = text.rpartition("```python\n")[2].partition("```")[0]
    exec(compile(snippet, "README.md", "exec"), {})  # noqa: S102 - our own page
    assert "World(" in snippet
