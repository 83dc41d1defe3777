"""Write one JSON Schema a payload, with the limits of limits.json:  python -m devices.protocol.spec.schemas.generate

What a schema cannot say (order of items, expiry after issue, entries for every name) is in protocol.md and the vectors.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from devices.protocol import limits
from devices.protocol.errors import Reason
from devices.protocol.manifest import DAY_MINUTES, AfterCut, Codec, ServiceClass
from devices.protocol.messages import AckStage, CommandName, Outcome, OverrideKind, Source, Status, Subject, Why

HERE = Path(__file__).parent
Schema = dict[str, object]
OPTIONAL = "optional"  # a mark of ours on a field, taken off before the schema is written


def integer(low: int, high: int) -> Schema:
    """Return the schema of an integer."""
    return {"type": "integer", "minimum": low, "maximum": high}


def string(chars_max: int) -> Schema:
    """Return the schema of a free text."""
    return {"type": "string", "maxLength": chars_max, "pattern": "^[^\\u0000]*$"}


def pattern(text: str, chars_max: int) -> Schema:
    """Return the schema of a string of one form."""
    return {"type": "string", "maxLength": chars_max, "pattern": f"^{text}$"}


def choice(*words: str) -> Schema:
    """Return the schema of one of some words."""
    return {"enum": list(map(str, words))}


def array(items: Schema, items_max: int, items_min: int = 0) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items, "minItems": items_min, "maxItems": items_max}


def optional(schema: Schema) -> Schema:
    """Return the schema of a field that may be absent."""
    return {**schema, OPTIONAL: True}


def nullable(schema: Schema) -> Schema:
    """Return the schema of a field that may be absent or null."""
    return optional({"anyOf": [schema, {"type": "null"}]})


def fields(**named: Schema) -> Schema:
    """Return the schema of an object.  Names that are not listed are allowed: they are a later version's."""
    named = {name.removesuffix("_"): schema for name, schema in named.items()}
    required = [name for name, schema in named.items() if not schema.get(OPTIONAL)]
    properties = {name: {k: v for k, v in schema.items() if k != OPTIONAL} for name, schema in named.items()}
    return {"type": "object", "required": required, "properties": properties}


ID = pattern("[a-z0-9][a-z0-9-]*", limits.ID_CHARS_MAX)
AREA = pattern("[a-z0-9][a-z0-9-]*", limits.AREA_CHARS_MAX)
DIGEST = pattern("[0-9a-f]{64}", 64)
KEY_ID = pattern("[0-9a-f]{16}", 16)
CHUNK_HASH = KEY_ID
PUBLIC_KEY = pattern("[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=", 44)
NAME = string(limits.ID_CHARS_MAX)
SEQUENCE = integer(1, limits.SEQUENCE_MAX)
COUNT = integer(0, limits.SEQUENCE_MAX)
MOMENT = integer(0, limits.TIME_MS_MAX)
PERCENT = integer(0, 100)
CHUNK_NUMBER = integer(0, limits.ASSET_CHUNKS_MAX - 1)

LIFE = {"sequence": SEQUENCE, "issued_at_ms": MOMENT, "expires_at_ms": MOMENT}
ASSET = fields(
    digest=DIGEST,
    codec=choice(*Codec),
    size_bytes=integer(1, limits.CHUNK_BYTES * limits.ASSET_CHUNKS_MAX),
    duration_ms=integer(1, limits.ASSET_DURATION_MS_MAX),
    chunks=array(CHUNK_HASH, limits.ASSET_CHUNKS_MAX, 1),
)
ITEM = fields(
    id=ID,
    class_=choice(*ServiceClass),
    start_ms=MOMENT,
    end_ms=MOMENT,
    asset=DIGEST,
    after_cut=optional(choice(*AfterCut)),
    title=optional(string(limits.TITLE_CHARS_MAX)),
)
QUIET = fields(
    utc_offset_min=optional(integer(-DAY_MINUTES, DAY_MINUTES)),
    windows=optional(
        array(fields(from_min=integer(0, DAY_MINUTES - 1), until_min=integer(0, DAY_MINUTES)), limits.QUIET_WINDOWS_MAX)
    ),
)
STEP = fields(asset=DIGEST, fallback=nullable(DIGEST), gap_ms=optional(integer(0, limits.STEP_GAP_MS_MAX)))
OVERRIDE = fields(
    id=ID,
    kind=choice(*OverrideKind),
    level=integer(1, 5),
    hazard=ID,
    issued_at_ms=MOMENT,
    expires_at_ms=MOMENT,
    repeats=integer(0, limits.OVERRIDE_REPEATS_MAX),
    volume_percent=PERCENT,
    steps=array(STEP, limits.OVERRIDE_STEPS_MAX, 1),
    assets=optional(array(ASSET, limits.OVERRIDE_STEPS_MAX)),
    text=optional(string(limits.TEXT_CHARS_MAX)),
)
RECORD = fields(
    n=SEQUENCE,
    boot=COUNT,
    source=choice(*Source),
    id=ID,
    digest=nullable(DIGEST),
    start_ms=MOMENT,
    end_ms=MOMENT,
    outcome=choice(*Outcome),
    why=choice(*Why),
    by=optional(NAME),
    level_cdb=optional(integer(-9600, 0)),
    clock_trusted={"type": "boolean"},
)
SCHEMAS: Mapping[str, Schema] = {
    "time": fields(sequence=SEQUENCE, issued_at_ms=MOMENT),
    "keys": fields(
        **LIFE,
        keys=optional(
            array(
                fields(key_id=KEY_ID, public_key=PUBLIC_KEY, not_before_ms=MOMENT, not_after_ms=MOMENT),
                limits.KEYS_MAX,
            )
        ),
    ),
    "manifest": fields(
        device=ID,
        **LIFE,
        areas=optional(array(AREA, limits.MANIFEST_AREAS_MAX)),
        quiet=optional(QUIET),
        volume_percent=PERCENT,
        emergency_volume_percent=PERCENT,
        filler=nullable(DIGEST),
        pinned=optional(array(DIGEST, limits.MANIFEST_ASSETS_MAX)),
        assets=optional(array(ASSET, limits.MANIFEST_ASSETS_MAX)),
        items=optional(array(ITEM, limits.MANIFEST_ITEMS_MAX)),
    ),
    "overrides": fields(area=AREA, **LIFE, overrides=optional(array(OVERRIDE, limits.OVERRIDES_MAX))),
    "cmd": {
        **fields(device=ID, id=ID, **LIFE, name=choice(*CommandName), value=optional(COUNT)),
        "if": {"properties": {"name": {"const": "volume"}}},
        "then": {"properties": {"value": PERCENT}},
    },
    "state": fields(
        device=ID,
        boot=COUNT,
        at_ms=MOMENT,
        status=choice(*Status),
        why=optional(choice(*Why)),
        source=nullable(choice(*Source)),
        sounding=optional(NAME),
        digest=nullable(DIGEST),
        since_ms=optional(MOMENT),
        volume_percent=optional(PERCENT),
        clock_trusted={"type": "boolean"},
        clock_offset_ms=optional(integer(-limits.TIME_MS_MAX, limits.TIME_MS_MAX)),
        keys=optional(COUNT),
        manifest=optional(COUNT),
        overrides=optional(array(fields(area=AREA, sequence=SEQUENCE), limits.MANIFEST_AREAS_MAX)),
        assets_held=optional(COUNT),
        assets_missing=optional(COUNT),
        asrun_waiting=optional(COUNT),
        refused=optional(COUNT),
        firmware=optional(NAME),
    ),
    "ack": fields(
        device=ID,
        at_ms=MOMENT,
        of=choice(*Subject),
        ref=optional(NAME),
        sequence=optional(COUNT),
        stage=choice(*AckStage),
        reason=nullable(choice(*Reason)),
        why=nullable(choice(*Why)),
        sounded_at_ms=optional(MOMENT),
    ),
    "need": fields(
        device=ID,
        at_ms=MOMENT,
        digest=DIGEST,
        ranges=optional(array(array(CHUNK_NUMBER, 2, 2), limits.NEED_RANGES_MAX)),
    ),
    "asrun": fields(device=ID, at_ms=MOMENT, records=optional(array(RECORD, limits.ASRUN_RECORDS_MAX))),
}


def document(name: str) -> str:
    """Return the text of <name>.json."""
    schema = dict(SCHEMAS[name])
    required, properties = schema.pop("required"), schema.pop("properties")
    assert isinstance(required, list)  # noqa: S101 - for the type checker
    assert isinstance(properties, dict)  # noqa: S101
    whole: Schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Loa wire contract 1: body of type {name}",
        **schema,
        "required": ["type", *required],
        "properties": {"type": {"const": name}, **properties},
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    """Write all schemas."""
    for name in SCHEMAS:
        (HERE / f"{name}.json").write_text(document(name), "utf-8")


if __name__ == "__main__":
    main()
