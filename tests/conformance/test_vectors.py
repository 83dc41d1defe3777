"""The reference gives the verdicts of the vectors; the committed vectors are those of their definitions."""

import ast
import base64
import json
from pathlib import Path
from typing import Any

import pytest

from devices.protocol import chunks, judge, playout, topics
from devices.protocol.codec import decode_as
from devices.protocol.errors import MessageRefused
from devices.protocol.manifest import Asset, Codec, Manifest, QuietHours, QuietWindow
from devices.protocol.messages import KeyEntry, KeySet, Override, Overrides
from devices.protocol.signing import KeyRing, Signer
from devices.protocol.spec.vectors import envelope_cases, generate, material, playout_cases

VECTORS = Path(generate.__file__).parent
ENVELOPES = json.loads((VECTORS / "envelopes.json").read_text("utf-8"))
PLAYOUT = json.loads((VECTORS / "playout.json").read_text("utf-8"))
KEYS = json.loads((VECTORS / "keys.json").read_text("utf-8"))["keys"]


def named(cases: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in cases]


def ring_of(entries: list[dict[str, Any]]) -> KeyRing:
    keys = tuple(KeyEntry(**entry) for entry in entries)
    return KeyRing({}).taking(KeySet(sequence=1, issued_at_ms=0, expires_at_ms=1, keys=keys))


def asset_of(entry: dict[str, Any]) -> Asset:
    return Asset(**{**entry, "codec": Codec(entry["codec"]), "chunks": tuple(entry["chunks"])})


def held_of(case: dict[str, Any]) -> judge.Held:
    held = {**ENVELOPES["held"], **case["held"]}
    return judge.Held(
        device=ENVELOPES["device"]["id"],
        areas=tuple(ENVELOPES["device"]["areas"]),
        root=KeyRing.of(bytes.fromhex(KEYS["root"]["public_hex"])),
        keys=ring_of(held["keys"]),
        marks={topic: judge.Mark(**mark) for topic, mark in held["marks"].items()},
        wanted={entry["digest"]: asset_of(entry) for entry in held["wanted"]},
        now_ms=held["now_ms"],
        clock_trusted=held["clock_trusted"],
        floor_ms=held["floor_ms"],
    )


def verdict_of(case: dict[str, Any], payload: bytes) -> str:
    try:
        if case["at"] == "hub":
            judge.judge_report(case["topic"], payload, KeyRing.of(bytes.fromhex(KEYS["device"]["public_hex"])))
        else:
            judge.judge(case["topic"], payload, held_of(case), retained=case["retained"])
    except MessageRefused as refused:
        return str(refused.reason)
    return "accepted"


@pytest.mark.parametrize("case", named(ENVELOPES["cases"]))
def test_the_reference_gives_the_verdict(case: dict[str, Any]) -> None:
    assert verdict_of(case, base64.b64decode(case["payload_base64"])) == case["verdict"]


@pytest.mark.parametrize(
    "case", named([c for c in ENVELOPES["cases"] if c["verdict"] == "accepted" and c["at"] == "device"])
)
def test_what_is_accepted_is_stored_as_told(case: dict[str, Any]) -> None:
    payload = base64.b64decode(case["payload_base64"])
    accepted = judge.judge(case["topic"], payload, held_of(case), retained=case["retained"])
    assert accepted.repeated == case["repeated"]
    assert accepted.sets_clock == case["sets_clock"]
    assert accepted.floor_ms == case.get("floor_after_ms", accepted.floor_ms)
    assert (accepted.mark is None) == isinstance(accepted.message, judge.Chunk)


def situation_of(facts: dict[str, Any], now_ms: int, progress: playout.Progress) -> playout.Situation:
    manifest = facts["manifest"] and decode_as(Manifest, json.dumps(facts["manifest"]).encode())
    return playout.Situation(
        now_ms=now_ms,
        clock_trusted=facts["clock_trusted"],
        floor_ms=facts["floor_ms"],
        manifest=manifest,
        overrides=overrides_of(facts["overrides"]),
        held=facts["held"],
        progress=progress,
        quiet=quiet_of(facts["quiet"]),
        hold_until_ms=facts["hold_until_ms"],
    )


def overrides_of(entries: list[dict[str, Any]]) -> tuple[Override, ...]:
    document = {**material.OVERRIDES, "overrides": entries}
    return decode_as(Overrides, json.dumps(document).encode()).overrides


def quiet_of(entry: dict[str, Any]) -> QuietHours:
    windows = tuple(QuietWindow(**window) for window in entry["windows"])
    return QuietHours(utc_offset_min=entry["utc_offset_min"], windows=windows)


def answer_of(decision: playout.Decision) -> dict[str, Any]:
    sound = decision.sound and {
        "source": str(decision.sound.source),
        "id": decision.sound.id,
        "digest": decision.sound.digest,
        "position_ms": decision.sound.position_ms,
        "volume_percent": decision.sound.volume_percent,
    }
    return {"sound": sound, "why": str(decision.why), "about": decision.about, "until_ms": decision.until_ms}


@pytest.mark.parametrize("case", named(PLAYOUT["cases"]))
def test_the_reference_sounds_as_told(case: dict[str, Any]) -> None:
    facts, progress = case["situation"], {}
    for ask in case["asks"]:
        facts = {**facts, **ask["change"]}
        decision = playout.decide(situation_of(facts, ask["now_ms"], progress))
        progress = dict(decision.progress)
        assert answer_of(decision) == ask["must"], f"at {ask['now_ms']}"


@pytest.mark.parametrize("path", generate.FILES, ids=lambda path: path.name)
def test_the_committed_files_are_those_of_the_definitions(path: Path) -> None:
    assert path.read_text("utf-8") == generate.FILES[path](), "run python -m devices.protocol.spec.vectors.generate"


@pytest.mark.parametrize(
    "module", [envelope_cases, playout_cases, material, generate], ids=lambda module: module.__name__
)
def test_verdicts_are_written_by_hand(module: Any) -> None:
    tree = ast.parse(Path(module.__file__).read_text("utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    ours = {name for name in imported if name and name.startswith("devices") and ".spec." not in name}
    assert ours <= {"devices.protocol.signing"}, "the definitions may sign, and may not judge or decide"


def test_there_are_enough_cases() -> None:
    assert len(ENVELOPES["cases"]) >= 60
    assert len(PLAYOUT["cases"]) >= 40
    for cases in (ENVELOPES["cases"], PLAYOUT["cases"]):
        assert len({case["name"] for case in cases}) == len(cases), "a name stands twice"


def test_every_reason_but_those_of_storing_has_a_case() -> None:
    seen = {case["verdict"] for case in ENVELOPES["cases"]} - {"accepted"}
    # wrong_digest and no_room come after the last chunk: tests/unit/devices/protocol/test_chunks.py, test_device.py
    assert seen == {str(reason) for reason in judge.Reason} - {"wrong_digest", "no_room"}


def test_the_keys_are_those_of_their_seeds() -> None:
    for entry in KEYS.values():
        signer = Signer.from_seed(bytes.fromhex(entry["seed_hex"]))
        assert (signer.public_key.hex(), signer.key_id) == (entry["public_hex"], entry["key_id"])


@pytest.mark.parametrize("name", material.EXAMPLES)
def test_the_examples_in_the_text_are_good_bytes(name: str) -> None:
    topic, payload = material.EXAMPLES[name]
    assert f"```text\n{payload.decode()}\n```" in generate.PROTOCOL.read_text("utf-8")
    match = topics.match(topic)
    assert match is not None
    at = "device" if match.leaf in judge.SUBJECTS else "hub"
    case = {"topic": topic, "retained": False, "held": {}, "at": at}
    assert verdict_of(case, payload) == "accepted"


def test_the_entry_of_the_examples_describes_real_audio() -> None:
    assert chunks.asset_of(material.AUDIO, 9_000) == asset_of(dict(material.AUDIO_ENTRY))
