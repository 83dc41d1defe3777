"""What the vectors are made of: published test keys, a device, an afternoon, some audio.  Nothing here is secret."""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from devices.protocol.signing import Signer

Json = Mapping[str, object]

DEVICE = "loa-0001"
OTHER = "loa-0002"
AREAS = ("vn", "79", "26734", "g-ven-song")

ROOT = Signer.from_seed(hashlib.sha256(b"loa test key: root").digest())
HUB = Signer.from_seed(hashlib.sha256(b"loa test key: hub, now").digest())
NEXT = Signer.from_seed(hashlib.sha256(b"loa test key: hub, next").digest())
PAST = Signer.from_seed(hashlib.sha256(b"loa test key: hub, past").digest())
HORN = Signer.from_seed(hashlib.sha256(b"loa test key: device loa-0001").digest())
STRANGER = Signer.from_seed(hashlib.sha256(b"loa test key: stranger").digest())
KEYS: Mapping[str, tuple[str, Signer]] = {
    "root": ("loa test key: root", ROOT),
    "hub": ("loa test key: hub, now", HUB),
    "next": ("loa test key: hub, next", NEXT),
    "past": ("loa test key: hub, past", PAST),
    "device": ("loa test key: device loa-0001", HORN),
    "stranger": ("loa test key: stranger", STRANGER),
}


def at(clock: str, day: int = 25) -> int:
    """Return the moment `clock` (HH:MM or HH:MM:SS, Indochina time) of a day of November 2026."""
    text = f"2026-11-{day:02}T{clock}+07:00"
    return int(datetime.fromisoformat(text).timestamp()) * 1000


NOW = at("05:00")
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def digest(name: str) -> str:
    """Return a digest for audio whose bytes do not matter."""
    return hashlib.sha256(name.encode()).hexdigest()


AUDIO = b"".join(hashlib.sha256(n.to_bytes(4, "big")).digest() for n in range(1124))  # two chunks: 32768 and 3200 bytes
AUDIO_DIGEST = hashlib.sha256(AUDIO).hexdigest()
CHUNKS = (AUDIO[:32768], AUDIO[32768:])


def asset(name: str, duration_ms: int = 60_000) -> Json:
    """Return an asset entry of one small chunk, for audio whose bytes do not matter."""
    return {
        "digest": digest(name),
        "codec": "opus",
        "size_bytes": 4000,
        "duration_ms": duration_ms,
        "chunks": [digest(f"chunk of {name}")[:16]],
    }


AUDIO_ENTRY: Json = {
    "digest": AUDIO_DIGEST,
    "codec": "opus",
    "size_bytes": len(AUDIO),
    "duration_ms": 9_000,
    "chunks": [hashlib.sha256(chunk).hexdigest()[:16] for chunk in CHUNKS],
}


def text(body: Json) -> bytes:
    """Return `body` as compact JSON."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def but(body: Json, **changes: object) -> Json:
    """Return `body` with fields changed; a field given as ... is left out; `type_` stands for type."""
    changed = {**body, **{name.rstrip("_"): value for name, value in changes.items()}}
    return {name: value for name, value in changed.items() if value is not ...}


def key_entry(signer: Signer, not_before_ms: int, not_after_ms: int) -> Json:
    """Return the entry of a key in a key set."""
    return {
        "key_id": signer.key_id,
        "public_key": base64.b64encode(signer.public_key).decode(),
        "not_before_ms": not_before_ms,
        "not_after_ms": not_after_ms,
    }


# --- good messages, each with the next sequence that the device of the vectors expects ---------------------

RING = (
    key_entry(HUB, NOW - DAY, NOW + 30 * DAY),
    key_entry(NEXT, NOW + 20 * DAY, NOW + 60 * DAY),
    key_entry(PAST, NOW - 60 * DAY, NOW - HOUR),
)

TIME: Json = {"type": "time", "sequence": 1001, "issued_at_ms": NOW}
KEY_SET: Json = {
    "type": "keys",
    "sequence": 4,
    "issued_at_ms": NOW - HOUR,
    "expires_at_ms": NOW + 60 * DAY,
    "keys": [key_entry(HUB, NOW - DAY, NOW + 30 * DAY), key_entry(NEXT, NOW + 20 * DAY, NOW + 60 * DAY)],
}
ITEM: Json = {
    "id": "tin-sang-1125",
    "class": "normal",
    "start_ms": at("05:30"),
    "end_ms": at("05:45"),
    "asset": AUDIO_DIGEST,
    "after_cut": "resume",
    "title": "Bản tin sáng",
}
MANIFEST: Json = {
    "type": "manifest",
    "device": DEVICE,
    "sequence": 11,
    "issued_at_ms": NOW - MINUTE,
    "expires_at_ms": NOW + 7 * DAY,
    "areas": ["vn", "79", "26734", "g-ven-song"],
    "quiet": {"utc_offset_min": 420, "windows": [{"from_min": 1260, "until_min": 300}]},
    "volume_percent": 70,
    "emergency_volume_percent": 100,
    "filler": digest("nhạc nền"),
    "pinned": [digest("còi hú")],
    "assets": [AUDIO_ENTRY, asset("nhạc nền"), asset("còi hú", 10_000)],
    "items": [ITEM],
}
OVERRIDE: Json = {
    "id": "lu-quet-0001",
    "kind": "emergency",
    "level": 3,
    "hazard": "lu-quet",
    "issued_at_ms": NOW - 1000,
    "expires_at_ms": NOW + 2 * HOUR,
    "repeats": 3,
    "volume_percent": 100,
    "steps": [
        {"asset": digest("còi hú"), "fallback": None, "gap_ms": 1000},
        {"asset": AUDIO_DIGEST, "fallback": digest("còi hú"), "gap_ms": 5000},
    ],
    "assets": [AUDIO_ENTRY],
    "text": "Lũ quét: rời khỏi ven suối ngay.",
}
OVERRIDES: Json = {
    "type": "overrides",
    "area": "26734",
    "sequence": 21,
    "issued_at_ms": NOW - 1000,
    "expires_at_ms": NOW + 2 * HOUR,
    "overrides": [OVERRIDE],
}
CMD: Json = {
    "type": "cmd",
    "device": DEVICE,
    "id": "lenh-0031",
    "sequence": 31,
    "issued_at_ms": NOW - 1000,
    "expires_at_ms": NOW + MINUTE,
    "name": "volume",
    "value": 55,
}
STATE: Json = {
    "type": "state",
    "device": DEVICE,
    "boot": 17,
    "at_ms": NOW,
    "status": "online",
    "why": "override",
    "source": "override",
    "sounding": "lu-quet-0001",
    "digest": digest("còi hú"),
    "since_ms": NOW - 500,
    "volume_percent": 100,
    "clock_trusted": True,
    "clock_offset_ms": -120,
    "keys": 4,
    "manifest": 11,
    "overrides": [{"area": "26734", "sequence": 21}],
    "assets_held": 2,
    "assets_missing": 1,
    "asrun_waiting": 0,
    "refused": 0,
    "firmware": "1.0.0",
}
ACK: Json = {
    "type": "ack",
    "device": DEVICE,
    "at_ms": NOW + 600,
    "of": "override",
    "ref": "lu-quet-0001",
    "sequence": 21,
    "stage": "done",
    "reason": None,
    "why": None,
    "sounded_at_ms": NOW - 500,
}
NEED: Json = {"type": "need", "device": DEVICE, "at_ms": NOW, "digest": AUDIO_DIGEST, "ranges": [[0, 0], [1, 1]]}
RECORD: Json = {
    "n": 412,
    "boot": 17,
    "source": "override",
    "id": "lu-quet-0001",
    "digest": digest("còi hú"),
    "start_ms": NOW - 500,
    "end_ms": NOW + 9_500,
    "outcome": "completed",
    "why": "override",
    "by": "",
    "level_cdb": -1800,
    "clock_trusted": True,
}
ASRUN: Json = {
    "type": "asrun",
    "device": DEVICE,
    "at_ms": NOW + 20_000,
    "records": [RECORD],
}

TIME_TOPIC = "loa/1/hub/time"
KEYS_TOPIC = "loa/1/keys"
MANIFEST_TOPIC = f"loa/1/dev/{DEVICE}/manifest"
CMD_TOPIC = f"loa/1/dev/{DEVICE}/cmd"
AREA_TOPIC = "loa/1/area/26734/override"
STATE_TOPIC = f"loa/1/dev/{DEVICE}/state"
ACK_TOPIC = f"loa/1/dev/{DEVICE}/ack"
NEED_TOPIC = f"loa/1/dev/{DEVICE}/need"
ASRUN_TOPIC = f"loa/1/dev/{DEVICE}/asrun"

EXAMPLES: Mapping[str, tuple[str, bytes]] = {
    "time": (TIME_TOPIC, HUB.seal(text(TIME))),
    "keys": (KEYS_TOPIC, ROOT.seal(text(KEY_SET))),
    "manifest": (MANIFEST_TOPIC, HUB.seal(text(MANIFEST))),
    "overrides": (AREA_TOPIC, HUB.seal(text(OVERRIDES))),
    "cmd": (CMD_TOPIC, HUB.seal(text(CMD))),
    "state": (STATE_TOPIC, HORN.seal(text(STATE))),
    "ack": (ACK_TOPIC, HORN.seal(text(ACK))),
    "need": (NEED_TOPIC, HORN.seal(text(NEED))),
    "asrun": (ASRUN_TOPIC, HORN.seal(text(ASRUN))),
}
