"""What can be wrong with a message.

ProtocolError
├── MessageRefused          bytes from outside; carries the Reason that goes into the refusing ack
└── IllegalTransition       our own code asked for a step that the table does not have
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why a message is refused; these words travel in acks and are never reused."""

    TOO_LARGE = "too_large"  # more bytes than limits.json allows; nothing was parsed
    BAD_ENVELOPE = "bad_envelope"  # no header line of the exact form
    UNKNOWN_KEY = "unknown_key"  # signed by a key that is not in the key set
    KEY_NOT_VALID = "key_not_valid"  # the key is known, but not for this moment
    BAD_SIGNATURE = "bad_signature"  # unsigned, altered, or signed by another key than it says
    BAD_UTF8 = "bad_utf8"
    BAD_JSON = "bad_json"  # not JSON, a float, a double name, nested too deep
    BAD_FIELD = "bad_field"  # a field is missing, of the wrong kind, or over its maximum
    UNKNOWN_TYPE = "unknown_type"
    WRONG_AUDIENCE = "wrong_audience"  # for another device or area
    STALE = "stale"  # an older sequence than the one held: a replay or a late path
    CONFLICT = "conflict"  # the sequence held, with other bytes
    EXPIRED = "expired"
    WRONG_CHUNK = "wrong_chunk"  # the chunk's hash is not the one in the signed entry
    WRONG_DIGEST = "wrong_digest"  # all chunks were right, the whole is not
    NOT_WANTED = "not_wanted"  # a chunk of an asset that nothing held names
    NO_ROOM = "no_room"  # the cache is full of pinned assets
    UNSUPPORTED = "unsupported"  # a command that this device does not know


class ProtocolError(Exception):
    """Base of all errors of the wire contract."""


class MessageRefused(ProtocolError):
    """A message must not be obeyed; `reason`, `ref` and `sequence` are for the ack, `detail` for a person."""

    def __init__(self, reason: Reason, detail: str = "", *, ref: str = "", sequence: int = 0) -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail
        self.ref = ref  # what the message calls itself, where it could be read and was signed
        self.sequence = sequence


class IllegalTransition(ProtocolError):
    """The table has no step from `state` by `act`."""

    def __init__(self, state: str, act: str) -> None:
        super().__init__(f"no step from '{state}' by '{act}'")
        self.state = state
        self.act = act
