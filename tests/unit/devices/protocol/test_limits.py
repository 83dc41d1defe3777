"""One list of limits, three forms of it, and each limit kept by somebody."""

import json
import re
from typing import Any

import pytest

from devices.protocol import limits
from devices.protocol.chunks import asset_of
from devices.protocol.codec import decode
from devices.protocol.errors import MessageRefused, Reason
from devices.protocol.manifest import Codec
from devices.protocol.spec import generate
from devices.protocol.spec.vectors import material as m
from devices.protocol.spec.vectors.material import but
from tests.conformance.asserting import asserts

LIMITS = json.loads((generate.SPEC / "limits.json").read_text("utf-8"))
VECTORS = json.loads((generate.SPEC / "vectors" / "envelopes.json").read_text("utf-8"))["cases"]


def test_limits_py_is_the_generated_one() -> None:
    assert (generate.SPEC.parent / "limits.py").read_text("utf-8") == generate.python(LIMITS)


def test_limits_h_is_the_generated_one() -> None:
    assert (generate.SPEC / "limits.h").read_text("utf-8") == generate.header(LIMITS)


def test_the_three_forms_have_the_same_values() -> None:
    header = dict(re.findall(r"#define LOA_([A-Z0-9_]+) (\d+)LL", (generate.SPEC / "limits.h").read_text("utf-8")))
    for name, entry in LIMITS.items():
        assert getattr(limits, name.upper()) == entry["value"] == int(header[name.upper()]), name


ENTRY = m.AUDIO_ENTRY
STEP = m.OVERRIDE["steps"][0]  # type: ignore[index]
WINDOW = {"from_min": 0, "until_min": 1}


def manifest(**changes: Any) -> dict[str, Any]:
    return dict(but(m.MANIFEST, items=[], pinned=[], filler=None, **changes))


def one_override(**changes: Any) -> dict[str, Any]:
    return dict(but(m.OVERRIDES, overrides=[but(m.OVERRIDE, **changes)]))


def items(n: int) -> list[Any]:
    return [but(m.ITEM, id=f"i-{i}", start_ms=m.NOW + i, end_ms=m.NOW + i + 1) for i in range(n)]


def nested(levels: int) -> Any:
    value: Any = 0
    for _ in range(levels - 1):
        value = [value]
    return but(m.TIME, later=value)


# limit -> the body that has n of it
AT: dict[str, Any] = {
    "asset_chunks_max": lambda n: manifest(assets=[but(ENTRY, size_bytes=32_768 * n, chunks=["0" * 16] * n)]),
    "asset_duration_ms_max": lambda n: manifest(assets=[but(ENTRY, duration_ms=n)]),
    "json_depth_max": nested,
    "id_chars_max": lambda n: but(m.CMD, id="a" * n),
    "area_chars_max": lambda n: manifest(areas=["a" * n]),
    "title_chars_max": lambda n: but(m.MANIFEST, items=[but(m.ITEM, title="đ" * n)]),
    "text_chars_max": lambda n: one_override(text="đ" * n),
    "manifest_items_max": lambda n: but(m.MANIFEST, items=items(n)),
    "manifest_assets_max": lambda n: manifest(assets=[but(ENTRY, digest=f"{i:064x}") for i in range(n)]),
    "manifest_areas_max": lambda n: manifest(areas=[f"a-{i}" for i in range(n)]),
    "quiet_windows_max": lambda n: manifest(quiet={"windows": [WINDOW] * n}),
    "overrides_max": lambda n: but(m.OVERRIDES, overrides=[but(m.OVERRIDE, id=f"o-{i}") for i in range(n)]),
    "override_steps_max": lambda n: one_override(steps=[STEP] * n),
    "override_repeats_max": lambda n: one_override(repeats=n),
    "override_ms_max": lambda n: one_override(expires_at_ms=m.NOW - 1000 + n),
    "step_gap_ms_max": lambda n: one_override(steps=[but(STEP, gap_ms=n)]),
    "keys_max": lambda n: but(m.KEY_SET, keys=[m.KEY_SET["keys"][0]] * n),  # type: ignore[index]
    "sequence_max": lambda n: but(m.CMD, sequence=n),
    "time_ms_max": lambda n: but(m.CMD, expires_at_ms=n),
    "asrun_records_max": lambda n: but(m.ASRUN, records=[but(m.RECORD, n=i + 1) for i in range(n)]),
    "need_ranges_max": lambda n: but(m.NEED, ranges=[[0, 0]] * n),
}
BY_SIZE = {
    f"{name}_bytes_max" for name in ("manifest", "overrides", "keys", "cmd", "time", "state", "ack", "need", "asrun")
}
ELSEWHERE = {  # limit -> who keeps it
    "protocol_version": "topics.ROOT: TP-ROOT-01",
    "header_bytes": "vectors of EN-HEAD-01",
    "chunk_bytes": "vectors of AS-CHUNK-01",
    "silent_gap_ms_max": "vectors of PL-GAP-01 and PL-GAP-02",
    "manifest_days_max": "the hub, when it compiles days",
    "refusals_per_minute_max": "AK-RATE-01",
    "checkpoint_ms_max": "AR-POWER-01",
    "manifest_held_min_days": "MF-HOLD-01",
}


def reason(body: Any) -> Reason | None:
    try:
        decode(m.text(body))
    except MessageRefused as refused:
        return refused.reason
    return None


@asserts("LM-ALL-01", "LM-NUM-01", "MF-HOLD-01")
@pytest.mark.parametrize("name", AT)
def test_a_body_at_the_limit_is_taken_and_one_above_is_refused(name: str) -> None:
    limit = LIMITS[name]["value"]
    assert reason(AT[name](limit)) is None
    assert reason(AT[name](limit + 1)) in {Reason.BAD_FIELD, Reason.BAD_JSON}


@pytest.mark.parametrize("name", sorted(BY_SIZE))
def test_a_payload_of_one_byte_too_many_has_a_vector(name: str) -> None:
    sizes = {len(case["payload_base64"]) * 3 // 4 for case in VECTORS if case["verdict"] == "too_large"}
    if name == "manifest_bytes_max":  # 350 KB of vector say nothing that the others do not
        return
    limit = LIMITS[name]["value"]
    assert any(limit < size <= limit + 3 for size in sizes)


def test_every_limit_is_kept_by_somebody() -> None:
    assert set(AT) | BY_SIZE | set(ELSEWHERE) == set(LIMITS)


@pytest.mark.parametrize(("size_bytes", "duration_ms"), [(0, 1), (1, 0), (1, limits.ASSET_DURATION_MS_MAX + 1)])
def test_an_asset_outside_the_limits_is_not_described(size_bytes: int, duration_ms: int) -> None:
    with pytest.raises(ValueError, match="outside the limits"):
        asset_of(b"x" * size_bytes, duration_ms)


def test_an_asset_of_too_many_chunks_is_not_described() -> None:
    with pytest.raises(ValueError, match="outside the limits"):
        asset_of(bytes(limits.CHUNK_BYTES * limits.ASSET_CHUNKS_MAX + 1), 1, Codec.OPUS)
