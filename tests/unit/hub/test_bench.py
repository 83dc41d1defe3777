"""The bench's own arithmetic and bytes; the measuring itself is in tests/acceptance/test_bench.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.bench import wire
from hub.bench.fanout import Run, summary


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", None),
        (b"\x30", None),
        (b"\x30\x00", (2, 2)),
        (b"\x30\x7f", (2, 129)),
        (b"\x30\x80", None),
        (b"\x30\x80\x01", (3, 131)),
        (b"\x30\xff\xff\xff\x7f", (5, 268_435_460)),
    ],
)
def test_the_end_of_a_packet_is_read_from_its_head(data: bytes, expected: tuple[int, int] | None) -> None:
    assert wire.frame(data) == expected


@given(st.binary(max_size=70_000), st.integers(1, 65_535), st.binary(max_size=5))
def test_a_publish_is_taken_apart_as_it_was_put_together(payload: bytes, packet_id: int, behind: bytes) -> None:
    packet = wire.publish("loa/1/area/x/override", payload, packet_id)
    found = wire.frame(b"?" + packet + behind, 1)
    assert found is not None
    body = (b"?" + packet + behind)[found[0] : found[1]]
    assert found[1] == 1 + len(packet)
    assert body == b"\x00\x15loa/1/area/x/override" + packet_id.to_bytes(2) + payload


def test_the_packets_are_those_of_the_standard() -> None:
    assert wire.connect("a") == b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01a"
    assert wire.subscribe("t") == b"\x82\x06\x00\x01\x00\x01t\x01"
    assert wire.publish("t", b"p", 258) == b"\x32\x06\x00\x01t\x01\x02p"
    assert wire.puback(b"\x01\x02") == b"\x40\x02\x01\x02"


def run(last_ms: float, *, duplicates: int = 0) -> Run:
    return Run(first_ms=1, median_ms=2, last_ms=last_ms, payload_bytes=100, duplicates=duplicates)


def test_the_summary_gives_medians_and_compares_run_with_run() -> None:
    raw = [run(10), run(20), run(100)]
    hub = [run(12), run(22), run(130, duplicates=3)]
    figures = summary(devices=5, raw=raw, hub=hub)
    assert (figures["raw_last_ms"], figures["hub_last_ms"], figures["ratio"]) == (20, 22, 1.1)
    assert figures["ratio_of_pairs"] == 1.2  # of 1.2, 1.1 and 1.3
    assert (figures["devices"], figures["runs"], figures["payload_bytes"], figures["duplicates"]) == (5, 3, 100, 3)
