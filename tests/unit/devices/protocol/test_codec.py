"""Bodies ↔ messages: nothing is lost, nothing crashes, and the schemas say the same."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from devices.protocol import limits
from devices.protocol.codec import bytes_max, decode, decode_as, encode
from devices.protocol.errors import MessageRefused, Reason
from devices.protocol.manifest import Manifest
from devices.protocol.messages import Command, CommandName, Overrides, TimeBeacon
from devices.protocol.spec.schemas import generate
from devices.protocol.spec.vectors import material
from tests.conformance.asserting import asserts
from tests.unit.devices.protocol import strategies

SCHEMAS = {
    name: Draft202012Validator(json.loads((generate.HERE / f"{name}.json").read_text("utf-8")))
    for name in generate.SCHEMAS
}
GOOD = {name: json.loads(payload[114:]) for name, (_, payload) in material.EXAMPLES.items()}
UTF8_TRAPS = [
    b"\xff",
    b'{"a":"\\ud800"}',
    b'{"a":' * 100_000,
    b"[" * 100_000,
    b"1" * 10_000,
    b'"\\' * 10_000,
    b'{"":"\\',
]
LEVELS_TRAPS = ["", None, True, 0, -1, 2**60, 1.5, "x" * 9000, "\0", [], {}, [None], {"a": []}, "Ả", "-a", "a\n"]


def refusal(body: bytes) -> Reason | None:
    try:
        decode(body)
    except MessageRefused as refused:
        return refused.reason
    return None


def detail_of(body: bytes) -> str:
    try:
        decode(body)
    except MessageRefused as refused:
        return refused.detail or str(refused.reason)
    return ""


@given(strategies.messages)
def test_what_is_encoded_is_decoded(message: Any) -> None:
    assert decode(encode(message)) == message


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_takes_what_the_codec_encodes(name: str) -> None:
    @given(strategies.BY_TYPE[name])
    def check(message: Any) -> None:
        SCHEMAS[name].validate(json.loads(encode(message)))

    check()


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_examples_fit_their_schemas(name: str) -> None:
    SCHEMAS[name].validate(GOOD[name])


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A good body with one value, anywhere, replaced or taken out."""
    name = draw(st.sampled_from(sorted(SCHEMAS)))
    body = json.loads(json.dumps(GOOD[name]))
    node: Any = body
    while True:
        key = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        inner = node[key]
        if not (isinstance(inner, dict | list) and inner and draw(st.booleans())):
            break
        node = inner
    if draw(st.booleans()) and isinstance(node, dict):
        del node[key]
    else:
        node[key] = draw(st.sampled_from([trap for trap in LEVELS_TRAPS if trap != "a\n"]))
    return name, body


@given(mutated())
def test_what_the_schema_refuses_the_codec_refuses(case: tuple[str, dict[str, Any]]) -> None:
    name, body = case
    if not SCHEMAS[name].is_valid(body):
        reason = refusal(json.dumps(body, ensure_ascii=False).encode())
        assert reason in {Reason.BAD_FIELD, Reason.BAD_JSON, Reason.UNKNOWN_TYPE, Reason.UNSUPPORTED}


@given(mutated())
def test_what_the_codec_refuses_the_schema_refuses_where_it_can_say_it(case: tuple[str, dict[str, Any]]) -> None:
    name, body = case
    detail = detail_of(json.dumps(body, ensure_ascii=False).encode())
    beyond_schemas = ("not after", "more than", "has no entry", "does not fit", "overlap", "twice", "backwards")
    if detail and not any(words in detail for words in beyond_schemas):
        assert not SCHEMAS[name].is_valid(body), detail


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_committed_schema_is_the_generated_one(name: str) -> None:
    path: Path = generate.HERE / f"{name}.json"
    assert path.read_text("utf-8") == generate.document(name), "run python -m devices.protocol.spec.schemas.generate"


@asserts("RF-NONE-01")
@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(UTF8_TRAPS[0])
@example(UTF8_TRAPS[1])
@example(UTF8_TRAPS[2])
@example(UTF8_TRAPS[3])
@example(UTF8_TRAPS[4])
@example(UTF8_TRAPS[5])
@example(UTF8_TRAPS[6])
def test_no_bytes_crash_the_decoder(body: bytes) -> None:
    assert refusal(body) is not None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


@given(st.sampled_from(sorted(GOOD)), st.data())
def test_no_value_in_any_field_crashes_the_decoder(name: str, data: st.DataObject) -> None:
    body = dict(GOOD[name])
    body[data.draw(st.sampled_from(sorted(body)))] = data.draw(json_values)
    assert refusal(json.dumps(body).encode()) in {None, *Reason}


def test_an_open_string_full_of_escapes_is_refused_at_once() -> None:
    body = b'{"a":"' + b'\\"' * 130_000
    assert refusal(body) is Reason.BAD_JSON  # quadratic, this would take minutes


def test_a_message_over_its_limit_is_not_encoded() -> None:
    one = decode_as(Overrides, json.dumps(material.OVERRIDES).encode())
    long = replace(one.overrides[0], text="đ" * limits.TEXT_CHARS_MAX)
    with pytest.raises(ValueError, match="over its limit"):
        encode(replace(one, overrides=(long,) * 5))


def test_the_limit_of_a_payload_includes_its_header() -> None:
    assert bytes_max(TimeBeacon) == limits.TIME_BYTES_MAX


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (Command(device="a", id="b", sequence=1, issued_at_ms=5, expires_at_ms=5, name=CommandName.RESTART), "after"),
        (Command(device="a", id="b", sequence=0, issued_at_ms=5, expires_at_ms=6, name=CommandName.RESTART), "outside"),
        (Command(device="A", id="b", sequence=1, issued_at_ms=5, expires_at_ms=6, name=CommandName.RESTART), "device"),
    ],
)
def test_the_detail_of_a_refusal_names_the_field(message: Command, why: str) -> None:
    with pytest.raises(MessageRefused, match=why):
        decode(encode(message))


def test_a_body_of_another_type_is_refused_by_name() -> None:
    with pytest.raises(MessageRefused) as refused:
        decode_as(Manifest, json.dumps(material.CMD).encode())
    assert (refused.value.reason, refused.value.detail) == (Reason.UNKNOWN_TYPE, "cmd")
