"""What the vectors cannot show of judge.py: every byte string has a verdict, and a verdict is all that it leaves."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocol import judge, topics
from devices.protocol.codec import encode
from devices.protocol.errors import MessageRefused, Reason
from devices.protocol.limits import HEADER_BYTES
from devices.protocol.messages import State
from devices.protocol.signing import KeyRing
from devices.protocol.spec.vectors import material as m
from tests.conformance.asserting import asserts
from tests.unit.devices.protocol import strategies

HELD = judge.Held(
    device=m.DEVICE,
    root=KeyRing.of(m.ROOT.public_key),
    keys=KeyRing.of(m.HUB.public_key),
    areas=m.AREAS,
    now_ms=m.NOW,
    clock_trusted=True,
)
TOPICS = [topic for topic, _ in m.EXAMPLES.values()]
ANY_TOPIC = st.sampled_from([*TOPICS, f"loa/1/asset/{m.AUDIO_DIGEST}/0", "loa/1/x", ""]) | st.text(max_size=80)


def refused(topic: str, payload: bytes, held: judge.Held = HELD) -> MessageRefused:
    with pytest.raises(MessageRefused) as caught:
        judge.judge(topic, payload, held)
    return caught.value


def verdict(topic: str, payload: bytes, held: judge.Held) -> judge.Accepted | Reason:
    try:
        return judge.judge(topic, payload, held)
    except MessageRefused as refusal:
        return refusal.reason


@asserts("RF-NONE-01")
@given(ANY_TOPIC, st.binary(max_size=300) | st.sampled_from([payload for _, payload in m.EXAMPLES.values()]))
def test_whatever_bytes_come_on_whatever_topic_there_is_a_verdict(topic: str, payload: bytes) -> None:
    found = verdict(topic, payload, HELD)
    assert isinstance(found, Reason) or payload == dict(m.EXAMPLES.values())[topic]


@asserts("RF-NONE-01")
@given(st.sampled_from(TOPICS), st.binary(max_size=300))
def test_whatever_the_hub_signs_there_is_a_verdict(topic: str, body: bytes) -> None:
    assert refused(topic, m.HUB.seal(body)).reason in Reason


@given(ANY_TOPIC, st.binary(max_size=300))
def test_whatever_a_device_says_there_is_a_verdict(topic: str, body: bytes) -> None:
    with pytest.raises(MessageRefused):
        judge.judge_report(topic, m.HORN.seal(body), KeyRing.of(m.HORN.public_key))


@asserts("EN-SIG-02")
@given(st.integers(min_value=0), st.integers(0, 7))
def test_no_flipped_bit_is_accepted(at: int, bit: int) -> None:
    payload = bytearray(m.EXAMPLES["cmd"][1])
    payload[at % len(payload)] ^= 1 << bit
    assert refused(m.CMD_TOPIC, bytes(payload)).reason in {
        Reason.BAD_ENVELOPE,
        Reason.UNKNOWN_KEY,
        Reason.BAD_SIGNATURE,
    }


@asserts("EN-SIZE-01")
def test_nothing_is_verified_that_is_too_large() -> None:
    def never(*_: Any) -> bool:
        raise AssertionError("it was looked at")

    held = replace(HELD, keys=KeyRing.of(m.HUB.public_key, verify=never))
    assert refused(m.CMD_TOPIC, m.HUB.seal(m.text(m.CMD) + b" " * 2048), held).reason is Reason.TOO_LARGE


@asserts("EN-SIG-01")
def test_the_signature_is_asked_for_the_very_bytes_received() -> None:
    seen: list[bytes] = []

    def verify(_key: bytes, _signature: bytes, body: bytes) -> bool:
        seen.append(body)
        return True

    body = b"  " + m.text(m.CMD) + b"\n"
    judge.judge(m.CMD_TOPIC, m.HUB.seal(body), replace(HELD, keys=KeyRing.of(m.HUB.public_key, verify=verify)))
    assert seen == [body]


@pytest.mark.parametrize(
    ("topic", "body", "ref", "sequence"),
    [
        (m.CMD_TOPIC, m.CMD, "lenh-0031", 31),
        (m.AREA_TOPIC, m.OVERRIDES, "26734", 21),
        (m.MANIFEST_TOPIC, m.MANIFEST, "", 11),
    ],
)
def test_a_refusal_says_what_was_refused_once_it_was_signed_and_read(
    topic: str, body: m.Json, ref: str, sequence: int
) -> None:
    late = replace(HELD, now_ms=m.NOW + 90 * m.DAY)
    found = refused(topic, m.HUB.seal(m.text(body)), late)
    assert (found.reason, found.ref, found.sequence) == (Reason.EXPIRED, ref, sequence)


def test_a_refusal_of_an_unsigned_message_does_not_repeat_its_words() -> None:
    found = refused(m.CMD_TOPIC, m.STRANGER.seal(m.text(m.CMD)))
    assert (found.ref, found.sequence) == ("", 0)


@asserts("SQ-SAME-01", "SQ-SAME-02", "SQ-LOW-01")
@given(st.lists(st.integers(1, 5), min_size=1, max_size=8), st.booleans())
def test_only_rising_sequences_are_new(sequences: list[int], same_bytes: bool) -> None:
    held, highest = HELD, 0
    for n, sequence in enumerate(sequences):
        body = m.but(m.CMD, sequence=sequence, id=f"c-{sequence if same_bytes else n}")
        found = verdict(m.CMD_TOPIC, m.HUB.seal(m.text(body)), held)
        if sequence < highest:
            assert found is Reason.STALE
        elif sequence == highest and not same_bytes:
            assert found is Reason.CONFLICT
        else:
            assert isinstance(found, judge.Accepted)
            assert found.repeated == (sequence == highest)
            held, highest = replace(held, marks={m.CMD_TOPIC: found.mark}), sequence


@asserts("EN-DEV-01")
@given(strategies.states)
def test_a_state_is_the_word_of_its_device_only(state: State) -> None:
    payload = m.HORN.seal(encode(state))
    ring = KeyRing.of(m.HORN.public_key)
    assert judge.judge_report(topics.of_device(state.device, topics.Leaf.STATE), payload, ring) == state
    with pytest.raises(MessageRefused):
        judge.judge_report(topics.of_device(state.device + "x", topics.Leaf.STATE), payload, ring)


@asserts("EN-KEY-01", "KY-SET-01", "KY-SET-02")
def test_a_key_set_replaces_all_keys_and_leaves_out_false_names() -> None:
    true, false = m.key_entry(m.NEXT, 0, 9), {**m.key_entry(m.PAST, 0, 9), "key_id": m.STRANGER.key_id}
    body = m.but(m.KEY_SET, keys=[true, false])
    accepted = judge.judge(m.KEYS_TOPIC, m.ROOT.seal(m.text(body)), HELD)
    ring = HELD.keys.taking(accepted.message)  # type: ignore[arg-type]
    assert set(ring.keys) == {m.NEXT.key_id}


@asserts("KY-STORE-01", "EN-ROOT-01")
def test_no_key_set_makes_the_root_key_a_working_key_of_anybody_else() -> None:
    body = m.but(m.KEY_SET, keys=[m.key_entry(m.STRANGER, 0, m.NOW + m.DAY)])
    accepted = judge.judge(m.KEYS_TOPIC, m.ROOT.seal(m.text(body)), HELD)
    held = replace(HELD, keys=HELD.keys.taking(accepted.message))  # type: ignore[arg-type]
    assert refused(m.KEYS_TOPIC, m.STRANGER.seal(m.text(m.but(body, sequence=9))), held).reason is Reason.UNKNOWN_KEY


def test_the_header_has_the_length_that_the_contract_fixes() -> None:
    payload = m.EXAMPLES["cmd"][1]
    assert payload.index(b"\n") + 1 == HEADER_BYTES
    assert json.loads(payload[HEADER_BYTES:]) == m.CMD
    assert len(base64.b64decode(payload[25 : HEADER_BYTES - 1])) == 64
