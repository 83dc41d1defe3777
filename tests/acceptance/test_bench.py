"""The bench over a real Mosquitto: whom it counts, and what it refuses to give a figure for."""

import json
import socket

import pytest

from hub.bench import fanout, wire
from hub.bench.mosquitto import Mosquitto
from hub.cli import main

TOPIC = "loa/1/area/bench/override"
DEVICES = 120  # more than two windows of connections


class SlowRoad:
    """A hub in miniature: it takes twice, of which one is a duplicate, and publishes what is larger than one read."""

    topic = TOPIC

    def __init__(self, bare: fanout.BareRoad) -> None:
        self._bare = bare

    async def clear(self) -> None:
        pass

    async def alert(self, marker: str) -> int:
        self._bare.payload_bytes = 40_000
        first = await self._bare.alert(marker)
        await self._bare.alert(marker)
        return first


class SilentRoad:
    """A hub that publishes something else."""

    topic = TOPIC

    def __init__(self, bare: fanout.BareRoad) -> None:
        self._bare = bare

    async def clear(self) -> None:
        pass

    async def alert(self, marker: str) -> int:
        return await self._bare.alert(marker[::-1])


async def test_both_roads_are_measured_with_payloads_of_one_size(mosquitto: Mosquitto) -> None:
    async with fanout.bare_road(mosquitto.host, mosquitto.port, topic=TOPIC, payload_bytes=100) as bare:
        figures = await fanout.compare(
            mosquitto.host, mosquitto.port, devices=DEVICES, runs=3, bare=bare, hub=SlowRoad(bare)
        )
    assert figures["payload_bytes"] == 40_000
    assert 0 < figures["raw_first_ms"] <= figures["raw_median_ms"] <= figures["raw_last_ms"]
    assert 0 < figures["hub_first_ms"] <= figures["hub_median_ms"] <= figures["hub_last_ms"]
    assert figures["ratio"] > 0


async def test_an_alert_that_not_everybody_got_has_no_figure(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout, "RUN_TIMEOUT_S", 0.3)
    async with fanout.bare_road(mosquitto.host, mosquitto.port, topic=TOPIC, payload_bytes=100) as bare:
        with pytest.raises(fanout.BenchError, match="0 of 5 subscribers"):
            await fanout.compare(mosquitto.host, mosquitto.port, devices=5, runs=1, bare=bare, hub=SilentRoad(bare))


async def test_a_retained_alert_of_before_is_not_counted(mosquitto: Mosquitto) -> None:
    with socket.create_connection((mosquitto.host, mosquitto.port)) as publisher:
        retained = bytearray(wire.publish(TOPIC, b"x" * 1000, packet_id=1))
        retained[0] |= 1
        publisher.sendall(wire.connect("earlier") + retained)
        assert publisher.recv(64)
    async with fanout.bare_road(mosquitto.host, mosquitto.port, topic=TOPIC, payload_bytes=100) as bare:
        figures = await fanout.compare(mosquitto.host, mosquitto.port, devices=5, runs=1, bare=bare, hub=None)
    assert figures["duplicates"] == 0
    assert figures["raw_last_ms"] > 0


@pytest.mark.slow
def test_the_command_measures_the_real_hub_and_prints_one_json_object(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "fanout", "--devices", "20", "--runs", "1", "--json"]) == 0
    figures = json.loads(capfd.readouterr().out)
    assert figures["devices"] == 20
    assert figures["ratio"] == pytest.approx(figures["hub_last_ms"] / figures["raw_last_ms"], abs=0.01)
    assert 300 < figures["payload_bytes"] < 16_384, "not a sealed document with one override"


def test_without_mosquitto_the_command_says_how_to_get_it(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    assert main(["bench", "fanout", "--devices", "20", "--json"]) == 1
    assert "apt-get install -y mosquitto" in capfd.readouterr().err
