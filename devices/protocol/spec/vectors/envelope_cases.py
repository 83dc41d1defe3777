"""Bytes on a topic, and what must come of them.  The verdicts are written by hand: they are the contract."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from devices.protocol.signing import Signer
from devices.protocol.spec.vectors import material as m
from devices.protocol.spec.vectors.material import Json, but, text

ACCEPTED = "accepted"
HELD_MANIFEST = text(but(m.MANIFEST, sequence=10))
HELD_OVERRIDES = text(but(m.OVERRIDES, sequence=20, overrides=[]))
HELD_CMD = text(but(m.CMD, sequence=30, id="lenh-0030"))
HELD_KEYS = text(but(m.KEY_SET, sequence=3))
HELD_TIME = text(but(m.TIME, sequence=1000, issued_at_ms=m.NOW - 10_000))


def sha256(body: bytes) -> str:
    """Return the SHA-256 of `body` in hex."""
    return hashlib.sha256(body).hexdigest()


MARKS: Mapping[str, tuple[int, str]] = {
    m.MANIFEST_TOPIC: (10, sha256(HELD_MANIFEST)),
    m.AREA_TOPIC: (20, sha256(HELD_OVERRIDES)),
    m.CMD_TOPIC: (30, sha256(HELD_CMD)),
    m.KEYS_TOPIC: (3, sha256(HELD_KEYS)),
    m.TIME_TOPIC: (1000, sha256(HELD_TIME)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeCase:
    """One delivery to the device of the vectors, or (`at_hub`) from it."""

    name: str
    asserts: tuple[str, ...]
    topic: str
    payload: bytes
    verdict: str
    retained: bool = False
    repeated: bool = False
    sets_clock: bool = False
    floor_after_ms: int | None = None  # None: not asked
    at_hub: bool = False
    now_ms: int = m.NOW
    clock_trusted: bool = True
    floor_ms: int = m.NOW - m.HOUR
    marks: Mapping[str, tuple[int, str]] = field(default_factory=lambda: MARKS)
    ring: tuple[Json, ...] = m.RING
    wanted: tuple[Json, ...] = (m.AUDIO_ENTRY,)


def case(
    name: str, asserts: str, topic: str, payload: bytes | Json, verdict: str = ACCEPTED, **more: Any
) -> EnvelopeCase:
    """Return a case; a payload given as a body is sealed by the key that its topic asks for."""
    if not isinstance(payload, bytes):
        payload = _signer(topic).seal(text(payload))
    return EnvelopeCase(
        name=name, asserts=tuple(asserts.split()), topic=topic, payload=payload, verdict=verdict, **more
    )


def _signer(topic: str) -> Signer:
    if topic == m.KEYS_TOPIC:
        return m.ROOT
    return m.HORN if topic in {m.STATE_TOPIC, m.ACK_TOPIC, m.NEED_TOPIC, m.ASRUN_TOPIC} else m.HUB


def at_hub(
    name: str, asserts: str, topic: str, payload: bytes | Json, verdict: str = ACCEPTED, **more: Any
) -> EnvelopeCase:
    """Return a case of what the device says, as the hub must take it."""
    return case(name, asserts, topic, payload, verdict, at_hub=True, **more)


def flipped(payload: bytes, at: int) -> bytes:
    """Return `payload` with the lowest bit of one byte turned."""
    return payload[:at] + bytes([payload[at] ^ 1]) + payload[at + 1 :]


def raw(body: bytes) -> bytes:
    """Return `body` sealed by the hub, whatever it is."""
    return m.HUB.seal(body)


GOOD = m.HUB.seal(text(m.CMD))
HEADER, BODY = GOOD[:114], GOOD[114:]
UNPADDED_BITS = HEADER[:110] + bytes([HEADER[110] + 1]) + HEADER[111:]  # same signature, unused bits not zero
DARK: Mapping[str, Any] = {"clock_trusted": False, "now_ms": m.at("05:00", day=1)}  # the own clock is weeks behind
LONG_TEXT = "đ" * 8000

GOOD_CASES = (
    case("a beacon", "EN-SIG-01 CK-TRUST-01", m.TIME_TOPIC, m.TIME, sets_clock=True, floor_after_ms=m.NOW),
    case("a key set", "EN-ROOT-01", m.KEYS_TOPIC, m.KEY_SET, floor_after_ms=m.NOW - m.HOUR),
    case("a manifest", "EN-SIG-01", m.MANIFEST_TOPIC, m.MANIFEST, floor_after_ms=m.NOW - m.MINUTE),
    case("a manifest that the broker kept", "EN-SIG-01", m.MANIFEST_TOPIC, m.MANIFEST, retained=True),
    case("an overrides document", "EN-SIG-01 CK-FLOOR-01", m.AREA_TOPIC, m.OVERRIDES, floor_after_ms=m.NOW - 1000),
    case("an empty overrides document", "OV-LIST-01", m.AREA_TOPIC, but(m.OVERRIDES, overrides=[])),
    case("an overrides document without a list", "BD-FIELD-03", m.AREA_TOPIC, but(m.OVERRIDES, overrides=...)),
    case("a command", "EN-SIG-01", m.CMD_TOPIC, m.CMD),
    case("the first message of a topic", "SQ-TOPIC-01", m.CMD_TOPIC, but(m.CMD, sequence=1), marks={}),
    case("a sequence with a gap before it", "SQ-TOPIC-01", m.CMD_TOPIC, but(m.CMD, sequence=9_000)),
    case(
        "sequences of other topics do not count",
        "SQ-TOPIC-01",
        "loa/1/area/79/override",
        but(m.OVERRIDES, area="79", sequence=1),
    ),
    case("the greatest sequence", "LM-NUM-01", m.CMD_TOPIC, but(m.CMD, sequence=9_007_199_254_740_991)),
    case(
        "white space between tokens",
        "EN-SIG-01 BD-JSON-01",
        m.CMD_TOPIC,
        raw(b"\r\n { " + text(m.CMD)[1:-1] + b"\t}\n"),
    ),
    case("an unknown field", "BD-FIELD-02", m.CMD_TOPIC, but(m.CMD, colour={"r": 1, "list": [1, "x", None, True]})),
    case("an optional field is absent", "BD-FIELD-03", m.CMD_TOPIC, but(m.CMD, name="restart", value=...)),
    case("null where the default is nothing", "BD-FIELD-03", m.MANIFEST_TOPIC, but(m.MANIFEST, filler=None)),
    case("8 levels deep", "BD-JSON-04", m.CMD_TOPIC, but(m.CMD, later=[[[[[[[]]]]]]])),
    case(
        "brackets in a string are not depth",
        "BD-JSON-04",
        m.MANIFEST_TOPIC,
        but(m.MANIFEST, note='[[[[[[[[[["[[[[[[[[\\'),
    ),
    case(
        "8000 characters of two bytes",
        "BD-TEXT-01 LM-ALL-01",
        m.AREA_TOPIC,
        but(m.OVERRIDES, overrides=[but(m.OVERRIDE, text=LONG_TEXT)]),
    ),
    case(
        "an escaped character beyond the basic plane",
        "BD-TEXT-01",
        m.CMD_TOPIC,
        raw(text(but(m.CMD, note="?")).replace(b"?", rb"\ud83d\udce2")),
    ),
)

ENVELOPE_CASES = (
    case("nothing at all", "EN-HEAD-01 RF-NONE-01", m.CMD_TOPIC, b"", "bad_envelope"),
    case("a body without a header", "EN-HEAD-01", m.CMD_TOPIC, text(m.CMD), "bad_envelope"),
    case("a header cut short", "EN-HEAD-01", m.CMD_TOPIC, HEADER[:113], "bad_envelope"),
    case(
        "a carriage return before the line feed",
        "EN-HEAD-01",
        m.CMD_TOPIC,
        HEADER[:113] + b"\r\n" + BODY,
        "bad_envelope",
    ),
    case("another algorithm", "EN-HEAD-01", m.CMD_TOPIC, b"ed448   " + GOOD[8:], "bad_envelope"),
    case("a key id in capitals", "EN-HEAD-01", m.CMD_TOPIC, HEADER[:24].upper() + HEADER[24:] + BODY, "bad_envelope"),
    case("base64 of the web kind", "EN-HEAD-01", m.CMD_TOPIC, HEADER[:30] + b"-_" + HEADER[32:] + BODY, "bad_envelope"),
    case("base64 with unused bits set", "EN-HEAD-01", m.CMD_TOPIC, UNPADDED_BITS + BODY, "bad_envelope"),
    case("two spaces", "EN-HEAD-01", m.CMD_TOPIC, b"ed25519  " + GOOD[8:], "bad_envelope"),
    case("only a header: the body is empty and not signed", "EN-SIG-02", m.CMD_TOPIC, HEADER, "bad_signature"),
    case("a signed empty body", "BD-JSON-01", m.CMD_TOPIC, raw(b""), "bad_json"),
    case("a bit of the body is flipped", "EN-SIG-02 RF-NOTHING-01", m.CMD_TOPIC, flipped(GOOD, 150), "bad_signature"),
    case("the last bit is flipped", "EN-SIG-02", m.CMD_TOPIC, flipped(GOOD, len(GOOD) - 1), "bad_signature"),
    case("a bit of the signature is flipped", "EN-SIG-02", m.CMD_TOPIC, flipped(GOOD, 40), "bad_signature"),
    case("a newline is added", "EN-SIG-01", m.CMD_TOPIC, GOOD + b"\n", "bad_signature"),
    case(
        "the body of another message", "EN-SIG-02", m.CMD_TOPIC, HEADER + text(but(m.CMD, value=100)), "bad_signature"
    ),
    case("a stranger's key", "EN-KEY-01", m.CMD_TOPIC, m.STRANGER.seal(text(m.CMD)), "unknown_key"),
    case(
        "a stranger's signature under the hub's name",
        "EN-SIG-02",
        m.CMD_TOPIC,
        b"ed25519 " + m.HUB.key_id.encode() + m.STRANGER.seal(text(m.CMD))[24:],
        "bad_signature",
    ),
    case("a command signed by the root key", "EN-ROOT-01", m.CMD_TOPIC, m.ROOT.seal(text(m.CMD)), "unknown_key"),
    case("a key set signed by a working key", "EN-ROOT-01", m.KEYS_TOPIC, m.HUB.seal(text(m.KEY_SET)), "unknown_key"),
    case("a command signed by the device itself", "EN-ROOT-01", m.CMD_TOPIC, m.HORN.seal(text(m.CMD)), "unknown_key"),
    case(
        "the hub's key, held under a stranger's name",
        "KY-SET-02 EN-KEY-01",
        m.CMD_TOPIC,
        b"ed25519 " + m.STRANGER.key_id.encode() + GOOD[24:],
        "unknown_key",
        ring=(but(m.RING[0], key_id=m.STRANGER.key_id),),
    ),
    case("no key set is held", "EN-KEY-01", m.CMD_TOPIC, m.CMD, "unknown_key", ring=()),
    case("a key that is not valid yet", "EN-KEY-02", m.CMD_TOPIC, m.NEXT.seal(text(m.CMD)), "key_not_valid"),
    case("a key that was valid until an hour ago", "EN-KEY-02", m.CMD_TOPIC, m.PAST.seal(text(m.CMD)), "key_not_valid"),
    case(
        "a key in its last millisecond",
        "EN-KEY-02",
        m.CMD_TOPIC,
        m.CMD,
        ring=(m.key_entry(m.HUB, m.NOW - m.DAY, m.NOW),),
    ),
    case(
        "a key in its first millisecond",
        "EN-KEY-02",
        m.CMD_TOPIC,
        m.CMD,
        ring=(m.key_entry(m.HUB, m.NOW, m.NOW + m.DAY),),
    ),
    case(
        "a key one millisecond after its last",
        "EN-KEY-02",
        m.CMD_TOPIC,
        m.CMD,
        "key_not_valid",
        ring=(m.key_entry(m.HUB, m.NOW - m.DAY, m.NOW - 1),),
    ),
    case(
        "an old key while the clock is not trusted",
        "EN-KEY-02",
        m.AREA_TOPIC,
        m.OVERRIDES,
        ring=(m.key_entry(m.HUB, m.NOW - m.DAY, m.NOW - 2 * m.HOUR),),
        **DARK,
    ),
)

SIZE_CASES = (
    case("a command of 2049 bytes, unsigned", "EN-SIZE-01 LM-ALL-01", m.CMD_TOPIC, b"x" * 2049, "too_large"),
    case("a command of 2048 bytes", "EN-SIZE-01", m.CMD_TOPIC, raw(text(m.CMD) + b" " * (2048 - len(GOOD)))),
    case(
        "a signed command of 2049 bytes",
        "EN-SIZE-01",
        m.CMD_TOPIC,
        raw(text(m.CMD) + b" " * (2049 - len(GOOD))),
        "too_large",
    ),
    case("a beacon of 513 bytes", "EN-SIZE-01 LM-ALL-01", m.TIME_TOPIC, b"x" * 513, "too_large"),
    case("a key set of 8193 bytes", "EN-SIZE-01 LM-ALL-01", m.KEYS_TOPIC, b"x" * 8193, "too_large"),
    case("overrides of 65537 bytes", "EN-SIZE-01 LM-ALL-01", m.AREA_TOPIC, b"x" * 65_537, "too_large"),
)

BODY_CASES = (
    case(
        "a byte that is not UTF-8",
        "BD-UTF8-01",
        m.CMD_TOPIC,
        raw(text(but(m.CMD, note="?")).replace(b"?", b"\xff")),
        "bad_utf8",
    ),
    case(
        "a surrogate in UTF-8",
        "BD-UTF8-01",
        m.CMD_TOPIC,
        raw(text(but(m.CMD, note="?")).replace(b"?", b"\xed\xa0\x80")),
        "bad_utf8",
    ),
    case("not JSON", "BD-JSON-01", m.CMD_TOPIC, raw(b"volume=55"), "bad_json"),
    case("a list", "BD-JSON-01", m.CMD_TOPIC, raw(b"[" + text(m.CMD) + b"]"), "bad_json"),
    case("an object and something after it", "BD-JSON-01", m.CMD_TOPIC, raw(text(m.CMD) + b"{}"), "bad_json"),
    case("an object cut short", "BD-JSON-01", m.CMD_TOPIC, raw(text(m.CMD)[:-1]), "bad_json"),
    case("a fraction", "BD-JSON-02", m.CMD_TOPIC, but(m.CMD, value=55.5), "bad_json"),
    case("an exponent", "BD-JSON-02", m.CMD_TOPIC, raw(text(m.CMD).replace(b":55", b":55e0")), "bad_json"),
    case("a fraction in a field nobody knows", "BD-JSON-02", m.CMD_TOPIC, but(m.CMD, later=[0.5]), "bad_json"),
    case("NaN", "BD-JSON-02", m.CMD_TOPIC, raw(text(m.CMD).replace(b":55", b":NaN")), "bad_json"),
    case("a name twice", "BD-JSON-03", m.CMD_TOPIC, raw(text(m.CMD)[:-1] + b',"value":100}'), "bad_json"),
    case("9 levels deep", "BD-JSON-04", m.CMD_TOPIC, but(m.CMD, later=[[[[[[[[]]]]]]]]), "bad_json"),
    case("no type", "BD-TYPE-01 RF-ORDER-01", m.CMD_TOPIC, but(m.CMD, type_=...), "bad_field"),
    case("a type of a later version", "BD-TYPE-01", m.CMD_TOPIC, but(m.CMD, type_="dance"), "unknown_type"),
    case("a manifest on the topic of commands", "BD-TYPE-01", m.CMD_TOPIC, m.MANIFEST, "unknown_type"),
    case("a state on the topic of commands", "BD-TYPE-01", m.CMD_TOPIC, m.STATE, "unknown_type"),
    case("a field is missing", "BD-FIELD-01", m.CMD_TOPIC, but(m.CMD, expires_at_ms=...), "bad_field"),
    case("a number as a string", "BD-FIELD-01", m.CMD_TOPIC, but(m.CMD, value="55"), "bad_field"),
    case("true is no number", "BD-FIELD-01", m.CMD_TOPIC, but(m.CMD, value=True), "bad_field"),
    case("null where a value is required", "BD-FIELD-01", m.CMD_TOPIC, but(m.CMD, device=None), "bad_field"),
    case("sequence 0", "SQ-TOPIC-01", m.CMD_TOPIC, but(m.CMD, sequence=0), "bad_field"),
    case(
        "a sequence beyond 2^53 - 1", "LM-NUM-01", m.CMD_TOPIC, but(m.CMD, sequence=9_007_199_254_740_992), "bad_field"
    ),
    case("a moment after 2100", "LM-NUM-01", m.CMD_TOPIC, but(m.CMD, expires_at_ms=4_102_444_800_001), "bad_field"),
    case("an id with a capital", "TP-NAME-01", m.CMD_TOPIC, but(m.CMD, id="Lenh"), "bad_field"),
    case("an id that begins with a hyphen", "TP-NAME-01", m.CMD_TOPIC, but(m.CMD, id="-lenh"), "bad_field"),
    case("an id of 65 characters", "TP-NAME-01 LM-ALL-01", m.CMD_TOPIC, but(m.CMD, id="a" * 65), "bad_field"),
    case(
        "an area of 33 characters",
        "TP-NAME-02 LM-ALL-01",
        m.MANIFEST_TOPIC,
        but(m.MANIFEST, areas=["a" * 33]),
        "bad_field",
    ),
    case("a digest in capitals", "TP-NAME-03", m.MANIFEST_TOPIC, but(m.MANIFEST, filler="A" * 64), "bad_field"),
    case(
        "U+0000 in a text",
        "BD-TEXT-01",
        m.AREA_TOPIC,
        but(m.OVERRIDES, overrides=[but(m.OVERRIDE, text="\0")]),
        "bad_field",
    ),
    case(
        "half a surrogate pair",
        "BD-TEXT-01",
        m.AREA_TOPIC,
        raw(text(m.OVERRIDES).replace("Lũ".encode(), rb"\ud83d")),
        "bad_field",
    ),
    case(
        "8001 characters of text",
        "BD-TEXT-01 LM-ALL-01",
        m.AREA_TOPIC,
        but(m.OVERRIDES, overrides=[but(m.OVERRIDE, text=LONG_TEXT + "!")]),
        "bad_field",
    ),
    case(
        "it expires when it is issued", "BD-LIFE-01", m.CMD_TOPIC, but(m.CMD, expires_at_ms=m.NOW - 1000), "bad_field"
    ),
    case("an unknown command", "CM-NAME-01", m.CMD_TOPIC, but(m.CMD, name="dance"), "unsupported"),
    case("a volume of 101", "CM-VOL-01", m.CMD_TOPIC, but(m.CMD, value=101), "bad_field"),
)

MANIFEST_CASES = (
    case(
        "an item that ends as it starts",
        "MF-ITEM-01",
        m.MANIFEST_TOPIC,
        but(m.MANIFEST, items=[but(m.ITEM, end_ms=m.at("05:30"))]),
        "bad_field",
    ),
    case(
        "two items that touch",
        "MF-ITEM-02",
        m.MANIFEST_TOPIC,
        but(m.MANIFEST, items=[m.ITEM, but(m.ITEM, id="b", start_ms=m.at("05:45"), end_ms=m.at("06:00"))]),
    ),
    case(
        "two items that overlap",
        "MF-ITEM-02",
        m.MANIFEST_TOPIC,
        but(m.MANIFEST, items=[m.ITEM, but(m.ITEM, id="b", start_ms=m.at("05:44"), end_ms=m.at("06:00"))]),
        "bad_field",
    ),
    case(
        "items not in order",
        "MF-ITEM-02",
        m.MANIFEST_TOPIC,
        but(m.MANIFEST, items=[m.ITEM, but(m.ITEM, id="b", start_ms=m.at("04:00"), end_ms=m.at("04:10"))]),
        "bad_field",
    ),
    case(
        "an item id twice",
        "MF-ITEM-03",
        m.MANIFEST_TOPIC,
        but(m.MANIFEST, items=[m.ITEM, but(m.ITEM, start_ms=m.at("06:00"), end_ms=m.at("06:10"))]),
        "bad_field",
    ),
    case(
        "an item's asset has no entry",
        "MF-ASSET-01",
        m.MANIFEST_TOPIC,
        but(m.MANIFEST, items=[but(m.ITEM, asset=m.digest("?"))]),
        "bad_field",
    ),
    case(
        "a pinned asset has no entry",
        "MF-ASSET-01",
        m.MANIFEST_TOPIC,
        but(m.MANIFEST, pinned=[m.digest("?")]),
        "bad_field",
    ),
    case(
        "the filler has no entry", "MF-ASSET-01", m.MANIFEST_TOPIC, but(m.MANIFEST, filler=m.digest("?")), "bad_field"
    ),
    case(
        "one chunk hash too few",
        "MF-ASSET-02",
        m.MANIFEST_TOPIC,
        but(m.MANIFEST, items=[], pinned=[], filler=None, assets=[but(m.AUDIO_ENTRY, chunks=["0" * 16])]),
        "bad_field",
    ),
    case(
        "an unknown codec",
        "BD-FIELD-01",
        m.MANIFEST_TOPIC,
        but(m.MANIFEST, items=[], assets=[but(m.AUDIO_ENTRY, codec="mp3")], pinned=[], filler=None),
        "bad_field",
    ),
    case(
        "another device's manifest on this one's topic",
        "RF-AUD-01",
        m.MANIFEST_TOPIC,
        but(m.MANIFEST, device=m.OTHER),
        "wrong_audience",
    ),
    case(
        "this device's manifest on another one's topic",
        "RF-AUD-01",
        f"loa/1/dev/{m.OTHER}/manifest",
        m.MANIFEST,
        "wrong_audience",
    ),
    case(
        "another device's manifest on its topic",
        "RF-AUD-01",
        f"loa/1/dev/{m.OTHER}/manifest",
        but(m.MANIFEST, device=m.OTHER),
        "wrong_audience",
    ),
)

OVERRIDE_CASES = (
    case(
        "an area in which it does not stand",
        "RF-AUD-01",
        "loa/1/area/01/override",
        but(m.OVERRIDES, area="01"),
        "wrong_audience",
    ),
    case("an area that is not the topic's", "RF-AUD-01", m.AREA_TOPIC, but(m.OVERRIDES, area="79"), "wrong_audience"),
    case(
        "an override id twice",
        "OV-ID-02",
        m.AREA_TOPIC,
        but(m.OVERRIDES, overrides=[m.OVERRIDE, m.OVERRIDE]),
        "bad_field",
    ),
    case(
        "an override without steps",
        "OV-LIFE-01",
        m.AREA_TOPIC,
        but(m.OVERRIDES, overrides=[but(m.OVERRIDE, steps=[])]),
        "bad_field",
    ),
    case(
        "an override of three days",
        "OV-LIFE-01 LM-ALL-01",
        m.AREA_TOPIC,
        but(m.OVERRIDES, overrides=[but(m.OVERRIDE, expires_at_ms=m.NOW - 1000 + 3 * m.DAY)]),
    ),
    case(
        "an override of three days and a millisecond",
        "OV-LIFE-01 LM-ALL-01",
        m.AREA_TOPIC,
        but(m.OVERRIDES, overrides=[but(m.OVERRIDE, expires_at_ms=m.NOW - 999 + 3 * m.DAY)]),
        "bad_field",
    ),
    case(
        "17 overrides",
        "LM-ALL-01",
        m.AREA_TOPIC,
        but(m.OVERRIDES, overrides=[but(m.OVERRIDE, id=f"o-{n}", assets=[]) for n in range(17)]),
        "bad_field",
    ),
    case("level 6", "BD-FIELD-01", m.AREA_TOPIC, but(m.OVERRIDES, overrides=[but(m.OVERRIDE, level=6)]), "bad_field"),
    case(
        "an unknown kind",
        "BD-FIELD-01",
        m.AREA_TOPIC,
        but(m.OVERRIDES, overrides=[but(m.OVERRIDE, kind="party")]),
        "bad_field",
    ),
    case("the clock is not trusted, the sequence is new", "OV-DARK-01 CK-DARK-01", m.AREA_TOPIC, m.OVERRIDES, **DARK),
    case(
        "the clock is not trusted, the sequence is old",
        "OV-DARK-01",
        m.AREA_TOPIC,
        but(m.OVERRIDES, sequence=19),
        "stale",
        **DARK,
    ),
    case(
        "the clock is not trusted, it has expired before the floor",
        "OV-DARK-01 CK-EXP-02",
        m.AREA_TOPIC,
        but(m.OVERRIDES, issued_at_ms=m.NOW - 3 * m.HOUR, expires_at_ms=m.NOW - 2 * m.HOUR),
        "expired",
        **DARK,
    ),
)

SEQUENCE_CASES = (
    case("a lower sequence", "SQ-LOW-01", m.MANIFEST_TOPIC, but(m.MANIFEST, sequence=9), "stale"),
    case("the very manifest that is held", "SQ-SAME-01", m.MANIFEST_TOPIC, raw(HELD_MANIFEST), repeated=True),
    case("the very command that was carried out", "SQ-SAME-01 CM-ONCE-01", m.CMD_TOPIC, raw(HELD_CMD), repeated=True),
    case("the very key set that is held", "SQ-SAME-01", m.KEYS_TOPIC, m.ROOT.seal(HELD_KEYS), repeated=True),
    case("the very overrides document that is held", "SQ-SAME-01", m.AREA_TOPIC, raw(HELD_OVERRIDES), repeated=True),
    case(
        "the sequence held, with other bytes",
        "SQ-SAME-02",
        m.MANIFEST_TOPIC,
        but(m.MANIFEST, sequence=10, volume_percent=71),
        "conflict",
    ),
    case("the sequence held, one blank more", "SQ-SAME-02", m.CMD_TOPIC, raw(HELD_CMD + b" "), "conflict"),
    case("an older command", "SQ-LOW-01", m.CMD_TOPIC, but(m.CMD, sequence=29), "stale"),
    case("an older key set", "SQ-LOW-01", m.KEYS_TOPIC, but(m.KEY_SET, sequence=2), "stale"),
    case(
        "an older manifest of another device is for another device",
        "RF-ORDER-01",
        m.MANIFEST_TOPIC,
        but(m.MANIFEST, sequence=9, device=m.OTHER),
        "wrong_audience",
    ),
    case(
        "an older and expired command is stale",
        "RF-ORDER-01",
        m.CMD_TOPIC,
        but(m.CMD, sequence=29, issued_at_ms=m.NOW - m.HOUR, expires_at_ms=m.NOW - 1),
        "stale",
    ),
    case("a beacon again", "SQ-TIME-01", m.TIME_TOPIC, raw(HELD_TIME), "stale"),
    case("an older beacon", "SQ-TIME-01", m.TIME_TOPIC, but(m.TIME, sequence=999), "stale"),
)

CLOCK_CASES = (
    case(
        "a beacon that the broker kept",
        "CK-TRUST-02 CK-FLOOR-01",
        m.TIME_TOPIC,
        m.TIME,
        retained=True,
        floor_after_ms=m.NOW,
        **DARK,
    ),
    case(
        "a live beacon while the clock is not trusted",
        "CK-TRUST-01",
        m.TIME_TOPIC,
        m.TIME,
        sets_clock=True,
        floor_after_ms=m.NOW,
        **DARK,
    ),
    case(
        "an old moment does not lower the floor",
        "CK-FLOOR-01",
        m.MANIFEST_TOPIC,
        but(m.MANIFEST, issued_at_ms=m.NOW - 5 * m.DAY),
        floor_after_ms=m.NOW - m.HOUR,
    ),
    case("a command that expires now", "CK-EXP-01", m.CMD_TOPIC, but(m.CMD, expires_at_ms=m.NOW), "expired"),
    case("a command that expires in a millisecond", "CK-EXP-01", m.CMD_TOPIC, but(m.CMD, expires_at_ms=m.NOW + 1)),
    case("an expired manifest", "CK-EXP-01", m.MANIFEST_TOPIC, but(m.MANIFEST, expires_at_ms=m.NOW - 1), "expired"),
    case("an expired key set", "CK-EXP-01", m.KEYS_TOPIC, but(m.KEY_SET, expires_at_ms=m.NOW - 1), "expired"),
    case(
        "an expired overrides document",
        "CK-EXP-01",
        m.AREA_TOPIC,
        but(m.OVERRIDES, expires_at_ms=m.NOW - 1, overrides=[]),
        "expired",
    ),
    case(
        "the very manifest that is held, expired",
        "CK-EXP-01",
        m.MANIFEST_TOPIC,
        raw(HELD_MANIFEST),
        "expired",
        now_ms=m.NOW + 7 * m.DAY,
    ),
    case(
        "a command that expires at the floor",
        "CK-EXP-02",
        m.CMD_TOPIC,
        but(m.CMD, issued_at_ms=m.NOW - 2 * m.HOUR, expires_at_ms=m.NOW - m.HOUR),
        "expired",
        **DARK,
    ),
    case(
        "a command that expires after the floor",
        "CK-EXP-02",
        m.CMD_TOPIC,
        but(m.CMD, issued_at_ms=m.NOW - 2 * m.HOUR, expires_at_ms=m.NOW - m.HOUR + 1),
        **DARK,
    ),
    case(
        "an own clock that is years ahead and not trusted",
        "CK-EXP-02",
        m.CMD_TOPIC,
        m.CMD,
        clock_trusted=False,
        now_ms=m.NOW + 900 * m.DAY,
    ),
    case(
        "the floor is above the own clock, which is trusted",
        "CK-NOW-01",
        m.CMD_TOPIC,
        but(m.CMD, expires_at_ms=m.NOW + m.MINUTE),
        "expired",
        floor_ms=m.NOW + m.HOUR,
    ),
)

CHUNK_TOPIC = f"loa/1/asset/{m.AUDIO_DIGEST}"
CHUNK_CASES = (
    case("a chunk that was asked for", "AS-CHUNK-01", f"{CHUNK_TOPIC}/0", m.CHUNKS[0]),
    case("the last chunk, which is shorter", "AS-CHUNK-01", f"{CHUNK_TOPIC}/1", m.CHUNKS[1]),
    case("a chunk pushed to an area", "AS-AREA-01", f"loa/1/area/79/asset/{m.AUDIO_DIGEST}/0", m.CHUNKS[0]),
    case(
        "a chunk pushed to another area",
        "AS-AREA-01",
        f"loa/1/area/01/asset/{m.AUDIO_DIGEST}/0",
        m.CHUNKS[0],
        "wrong_audience",
    ),
    case("a chunk with a bit flipped", "AS-CHUNK-01", f"{CHUNK_TOPIC}/0", flipped(m.CHUNKS[0], 100), "wrong_chunk"),
    case("a chunk at the wrong place", "AS-CHUNK-01", f"{CHUNK_TOPIC}/1", m.CHUNKS[0], "wrong_chunk"),
    case("a chunk beyond the last", "AS-CHUNK-01", f"{CHUNK_TOPIC}/2", m.CHUNKS[1], "wrong_chunk"),
    case("an empty chunk", "AS-CHUNK-01", f"{CHUNK_TOPIC}/0", b"", "wrong_chunk"),
    case("a chunk of 32769 bytes", "LM-ALL-01", f"{CHUNK_TOPIC}/0", m.CHUNKS[0] + b"x", "too_large"),
    case("a chunk that nothing wants", "AS-WANT-01", f"loa/1/asset/{m.digest('?')}/0", m.CHUNKS[0], "not_wanted"),
    case("a chunk of an asset that is held", "AS-WANT-01", f"{CHUNK_TOPIC}/0", m.CHUNKS[0], "not_wanted", wanted=()),
    case("a chunk number with a leading zero", "TP-CHUNK-01", f"{CHUNK_TOPIC}/00", m.CHUNKS[0], "unknown_type"),
    case("chunk number 1024", "TP-CHUNK-01 LM-ALL-01", f"{CHUNK_TOPIC}/1024", m.CHUNKS[0], "unknown_type"),
    case(
        "a chunk of a digest in capitals",
        "TP-NAME-03",
        f"loa/1/asset/{m.AUDIO_DIGEST.upper()}/0",
        m.CHUNKS[0],
        "unknown_type",
    ),
)

TOPIC_CASES = (
    case("another root", "TP-ROOT-01", m.CMD_TOPIC.replace("loa/1", "loa/2"), m.CMD, "unknown_type"),
    case("a topic of a later version", "TP-OTHER-01", "loa/1/area/26734/text", m.OVERRIDES, "unknown_type"),
    case("a live topic", "TP-OTHER-01", "loa/1/live/mic-1/0", b"\0" * 40_000, "unknown_type"),
    case("what a device says is not obeyed by one", "TP-OTHER-01", m.STATE_TOPIC, m.STATE, "unknown_type"),
    case("a level too many", "TP-OTHER-01", m.CMD_TOPIC + "/x", m.CMD, "unknown_type"),
    case("a device id with a capital", "TP-NAME-01", "loa/1/dev/LOA-0001/cmd", m.CMD, "unknown_type"),
    case(
        "an area of 33 characters in a topic",
        "TP-NAME-02",
        f"loa/1/area/{'a' * 33}/override",
        m.OVERRIDES,
        "unknown_type",
    ),
)

HUB_CASES = (
    at_hub("a state", "EN-DEV-01", m.STATE_TOPIC, m.STATE),
    at_hub("a last will", "EN-DEV-01", m.STATE_TOPIC, but(m.STATE, status="lost"), retained=True),
    at_hub("an ack", "EN-DEV-01", m.ACK_TOPIC, m.ACK),
    at_hub("a refusing ack", "EN-DEV-01", m.ACK_TOPIC, but(m.ACK, stage="refused", reason="stale")),
    at_hub("a need", "EN-DEV-01", m.NEED_TOPIC, m.NEED),
    at_hub("an as-run report", "EN-DEV-01", m.ASRUN_TOPIC, m.ASRUN),
    at_hub(
        "a state with a bit flipped",
        "EN-SIG-02",
        m.STATE_TOPIC,
        flipped(m.HORN.seal(text(m.STATE)), 200),
        "bad_signature",
    ),
    at_hub("a state signed by the hub", "EN-DEV-01", m.STATE_TOPIC, m.HUB.seal(text(m.STATE)), "unknown_key"),
    at_hub("a state of another device", "EN-DEV-01", m.STATE_TOPIC, but(m.STATE, device=m.OTHER), "wrong_audience"),
    at_hub("an ack on the topic of state", "BD-TYPE-01", m.STATE_TOPIC, m.ACK, "unknown_type"),
    at_hub("a manifest is nothing that a device says", "TP-OTHER-01", m.MANIFEST_TOPIC, m.MANIFEST, "unknown_type"),
    at_hub("a reason that nobody knows", "BD-FIELD-01", m.ACK_TOPIC, but(m.ACK, reason="mood"), "bad_field"),
    at_hub("a range backwards", "BD-FIELD-01", m.NEED_TOPIC, but(m.NEED, ranges=[[3, 2]]), "bad_field"),
    at_hub(
        "a range beyond the last chunk number",
        "AS-NEED-01 LM-ALL-01",
        m.NEED_TOPIC,
        but(m.NEED, ranges=[[0, 1024]]),
        "bad_field",
    ),
    at_hub(
        "257 ranges",
        "AS-NEED-01 LM-ALL-01",
        m.NEED_TOPIC,
        but(m.NEED, ranges=[[n, n] for n in range(257)]),
        "bad_field",
    ),
    at_hub(
        "records that do not rise", "AR-NUM-01", m.ASRUN_TOPIC, but(m.ASRUN, records=[m.RECORD, m.RECORD]), "bad_field"
    ),
    at_hub("a state of 4097 bytes", "EN-SIZE-01 LM-ALL-01", m.STATE_TOPIC, b"x" * 4097, "too_large"),
    at_hub("an ack of 2049 bytes", "EN-SIZE-01 LM-ALL-01", m.ACK_TOPIC, b"x" * 2049, "too_large"),
    at_hub("a need of 8193 bytes", "EN-SIZE-01 LM-ALL-01", m.NEED_TOPIC, b"x" * 8193, "too_large"),
    at_hub("a report of 65537 bytes", "EN-SIZE-01 LM-ALL-01", m.ASRUN_TOPIC, b"x" * 65_537, "too_large"),
)

PLAIN = GOOD_CASES[0]  # the device of the vectors, as most cases find it
CASES: tuple[EnvelopeCase, ...] = (
    *GOOD_CASES,
    *ENVELOPE_CASES,
    *SIZE_CASES,
    *BODY_CASES,
    *MANIFEST_CASES,
    *OVERRIDE_CASES,
    *SEQUENCE_CASES,
    *CLOCK_CASES,
    *CHUNK_CASES,
    *TOPIC_CASES,
    *HUB_CASES,
)
