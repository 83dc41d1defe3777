"""Voice files of the Piper family (VITS in ONNX, with a JSON beside it), as this house keeps them.  PURE.

A voice comes as NAME.onnx and NAME.onnx.json.  What the JSON says about the model is written once more at the end of
the model, where the library looks for it: a model is a protocol-buffers message, and bytes added to one are fields
added to it.  What a voice is named by is the digest of both files as they came.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from content.errors import VoiceRefused
from content.speech.voice import Region

MODEL_FILE, TOKENS_FILE, NOTE_FILE = "model.onnx", "tokens.txt", "voice.json"
MODEL_BYTES_MAX = 400 * 2**20  # the largest of the family has 120 MB
CONFIG_BYTES_MAX = 2**20
SYMBOLS_MAX = 1024
LICENCE_CHARS_MAX = 200
RATES_HZ = (16_000, 22_050, 24_000, 44_100, 48_000)
METADATA_FIELD = 14 << 3 | 2  # metadata_props of an ONNX ModelProto: key and value, each with a length
KEY_FIELD, VALUE_FIELD = 1 << 3 | 2, 2 << 3 | 2
ONNX_BEGINS = b"\x08"  # ir_version is the first field of every model that exporters write


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceNote:
    """What is known of an installed voice."""

    digest: str  # of the model and its description as they came
    name: str
    phonemes: str  # whose sounds it was taught, as espeak-ng calls them: "vi", "vi-vn-x-south"
    region: Region
    licence: str  # as the person who installed it read it
    rate_hz: int
    speakers: int
    speaker: int = 0
    model_sha256: str = ""  # of the file that is loaded
    tokens_sha256: str = ""
    pace: float = 0.0  # syllables a second at its own pace, measured when it was installed; 0: not yet

    @property
    def language(self) -> str:
        """Return the language it speaks."""
        return self.phonemes.partition("-")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceFiles:
    """A voice ready to be kept: what is loaded, and what is known of it."""

    note: VoiceNote
    model: bytes
    tokens: bytes


def digest_of(model: bytes, config: bytes) -> str:
    """Return the name of a voice."""
    return hashlib.sha256(hashlib.sha256(model).digest() + hashlib.sha256(config).digest()).hexdigest()


def prepared(*, name: str, model: bytes, config: bytes, licence: str, region: Region, speaker: int = 0) -> VoiceFiles:
    """Return a voice as it is kept.  Raises VoiceRefused with the reason."""
    if not model.startswith(ONNX_BEGINS) or len(model) > MODEL_BYTES_MAX:
        raise VoiceRefused("tệp không phải là mô hình ONNX", "not an ONNX model, or too large")
    if not 0 < len(licence.strip()) <= LICENCE_CHARS_MAX:
        raise VoiceRefused("phải ghi giấy phép của giọng đọc", "no licence given")
    known = _config(config)
    rate = _number(known, "audio", "sample_rate")
    speakers = _number(known, "num_speakers")
    if rate not in RATES_HZ or not 0 <= speaker < max(1, speakers):
        raise VoiceRefused("tần số lấy mẫu hoặc số người đọc không dùng được", f"rate {rate}, speaker {speaker}")
    espeak = known.get("espeak")
    phonemes = str(espeak.get("voice", "")) if isinstance(espeak, dict) else ""
    if not phonemes or str(known.get("phoneme_type", "espeak")) != "espeak":
        raise VoiceRefused("giọng này không dùng phiên âm espeak", "phonemes are not espeak's")
    tokens = _tokens(known)
    facts = {
        "model_type": "vits",
        "comment": "piper",
        "language": phonemes,
        "voice": phonemes,
        "has_espeak": "1",
        "n_speakers": str(speakers),
        "sample_rate": str(rate),
    }
    loaded = model + b"".join(_metadata(key, value) for key, value in facts.items())
    note = VoiceNote(
        digest=digest_of(model, config),
        name=name,
        phonemes=phonemes,
        region=region,
        licence=licence.strip(),
        rate_hz=rate,
        speakers=max(1, speakers),
        speaker=speaker,
        model_sha256=hashlib.sha256(loaded).hexdigest(),
        tokens_sha256=hashlib.sha256(tokens).hexdigest(),
    )
    return VoiceFiles(note=note, model=loaded, tokens=tokens)


def _config(config: bytes) -> Mapping[str, Any]:
    try:
        known = json.loads(config) if len(config) <= CONFIG_BYTES_MAX else None
    except ValueError:
        known = None
    if not isinstance(known, dict):
        raise VoiceRefused("tệp .onnx.json không đọc được", "no JSON object beside the model")
    return known


def _number(known: Mapping[str, Any], *path: str) -> int:
    value: Any = known
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, int) or value < 0:
        raise VoiceRefused(f"tệp .onnx.json thiếu mục {'.'.join(path)}", f"no {'.'.join(path)}")
    return value


def _tokens(known: Mapping[str, Any]) -> bytes:
    """Return the symbols and their numbers, one a line, as the library reads them."""
    table = known.get("phoneme_id_map")
    if not isinstance(table, dict) or not 0 < len(table) <= SYMBOLS_MAX:
        raise VoiceRefused("tệp .onnx.json thiếu bảng âm vị", "no phoneme_id_map")
    lines: list[str] = []
    for symbol, ids in table.items():
        if not isinstance(ids, list) or not ids or not isinstance(ids[0], int) or "\n" in symbol:
            raise VoiceRefused("bảng âm vị bị hỏng", f"symbol {symbol!r}")
        lines.append(f"{symbol} {ids[0]}\n")
    return "".join(lines).encode()


def _metadata(key: str, value: str) -> bytes:
    """Return one metadata entry as a field of an ONNX model."""
    entry = _field(KEY_FIELD, key.encode()) + _field(VALUE_FIELD, value.encode())
    return _field(METADATA_FIELD, entry)


def _field(tag: int, payload: bytes) -> bytes:
    return bytes([tag]) + _varint(len(payload)) + payload


def _varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])
