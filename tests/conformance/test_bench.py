"""The bench itself: other devices can be put on it, and it would notice one that is wrong."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from devices.protocol.errors import MessageRefused
from devices.protocol.messages import Step, Subject
from tests.conformance import driver
from tests.conformance.conftest import known_gaps
from tests.conformance.driver import SIREN, VOICE, Bench, matches
from tests.conformance.simulated import SimulatedDevice


def ready(ask: driver.Device) -> Bench:
    bench = Bench(ask)
    bench.enrol()
    bench.keys()
    bench.power_on()
    bench.connect()
    bench.beacon()
    return bench


def test_a_program_can_be_put_on_the_bench() -> None:
    with driver.device(f"{sys.executable} -m tests.conformance.simulated") as ask:
        bench = ready(ask)
        bench.overrides(bench.override("lu", Step(asset=SIREN.digest), assets=(SIREN.entry,)))
        bench.audio(SIREN, area="26734")
        assert bench.sounds(SIREN, 0)
        bench.reboot()
        bench.wait(1_000)
        assert bench.sounds(SIREN)
        assert bench.stages(of=Subject.OVERRIDE, ref="lu")[:2] == ["received", "accepted"]


def test_a_program_that_ends_is_noticed() -> None:
    with driver.device(f"{sys.executable} -c pass") as ask, pytest.raises((AssertionError, BrokenPipeError)):
        ready(ask)


def test_a_device_that_signs_with_another_key_is_noticed() -> None:
    honest = SimulatedDevice()

    def ask(request: Mapping[str, Any]) -> Mapping[str, Any]:
        return honest.ask({**request, "seed_hex": "11" * 32} if request["do"] == "enrol" else request)

    with pytest.raises(MessageRefused):
        ready(ask)


def test_a_device_that_wakes_without_end_is_noticed() -> None:
    def ask(request: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"did": [], "wakes_at_ms": request.get("own_ms", 0)}

    with pytest.raises(AssertionError, match="wakes more than"):
        ready(ask)


@pytest.mark.parametrize(
    ("name", "topic", "is_match"),
    [
        ("loa/1/area/vn/#", "loa/1/area/vn/override", True),
        ("loa/1/area/vn/#", "loa/1/area/vn/asset/x/0", True),
        ("loa/1/area/vn/#", "loa/1/area/79/override", False),
        ("loa/1/asset/x/+", "loa/1/asset/x/3", True),
        ("loa/1/asset/x/+", "loa/1/asset/x/3/4", False),
        ("loa/1/keys", "loa/1/keys", True),
    ],
)
def test_filters_match_as_a_broker_matches_them(name: str, topic: str, is_match: bool) -> None:
    assert matches(name, topic) is is_match


def test_audio_on_the_bench_is_always_the_same() -> None:
    assert driver.clip("voice", 20_000) == VOICE


def test_known_gaps_are_read_by_name(tmp_path: Path) -> None:
    path = tmp_path / "x.xfails"
    path.write_text("# why\n\ntest_one  it has no flash\n")
    assert known_gaps(path) == {"test_one": "it has no flash"}
