"""Envelopes: `ed25519 <key-id> <base64 of the signature>` + newline + the exact body that was signed.

The signed bytes are the received bytes, so nothing is ever serialised again to be checked.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from devices.protocol.errors import MessageRefused, Reason
from devices.protocol.ids import KeyId
from devices.protocol.limits import HEADER_BYTES
from devices.protocol.messages import KeyEntry, KeySet

_HEADER = re.compile(rb"ed25519 ([0-9a-f]{16}) ([A-Za-z0-9+/]{85}[AQgw]==)\n\Z")  # [AQgw]: unused bits are zero

Verify = Callable[[bytes, bytes, bytes], bool]  # (32-byte public key, 64-byte signature, body) -> good


def verify_ed25519(public_key: bytes, signature: bytes, body: bytes) -> bool:
    """Say whether `signature` is that of `body` by `public_key` (RFC 8032)."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, body)
    except (InvalidSignature, ValueError):
        return False
    return True


def raw_public(key: Ed25519PublicKey) -> bytes:
    """Return the 32 raw bytes of a public key."""
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_id_of(public_key: bytes) -> KeyId:
    """Return the name of a raw public key."""
    return KeyId(hashlib.sha256(public_key).hexdigest()[:16])


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with its name."""

    key: Ed25519PrivateKey
    key_id: KeyId
    public_key: bytes

    @classmethod
    def of(cls, key: Ed25519PrivateKey) -> "Signer":
        """Return the signer of `key`."""
        public = raw_public(key.public_key())
        return cls(key, key_id_of(public), public)

    @classmethod
    def from_seed(cls, seed: bytes) -> "Signer":
        """Return the signer of a 32-byte seed."""
        return cls.of(Ed25519PrivateKey.from_private_bytes(seed))

    def seal(self, body: bytes) -> bytes:
        """Return the envelope of `body`."""
        signature = base64.b64encode(self.key.sign(body))
        return b"ed25519 " + self.key_id.encode() + b" " + signature + b"\n" + body


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A public key and when it may sign; both ends are part of it."""

    public_key: bytes
    not_before_ms: int = 0
    not_after_ms: int | None = None


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Whose word is taken."""

    keys: Mapping[KeyId, TrustedKey]
    verify: Verify = verify_ed25519

    @classmethod
    def of(cls, *public_keys: bytes, verify: Verify = verify_ed25519) -> "KeyRing":
        """Return a ring of keys that are valid for ever."""
        return cls({key_id_of(key): TrustedKey(key) for key in public_keys}, verify)

    def taking(self, keys: KeySet) -> "KeyRing":
        """Return the ring that `keys` describes; entries whose name is not that of the key are left out."""
        entries = ((entry.key_id, _trusted(entry)) for entry in keys.keys)
        return replace(self, keys={name: key for name, key in entries if key_id_of(key.public_key) == name})

    def open(self, payload: bytes, *, now_ms: int | None, bytes_max: int) -> bytes:
        """Return the body of an envelope.  `now_ms` None: the clock is not trusted and validity is not asked for.

        Raises MessageRefused: too_large, bad_envelope, unknown_key, key_not_valid, bad_signature, in this order.
        """
        if len(payload) > bytes_max:
            raise MessageRefused(Reason.TOO_LARGE, f"{len(payload)} bytes, at most {bytes_max}")
        name, signature = split_header(payload)
        key = self.keys.get(name)
        if key is None:
            raise MessageRefused(Reason.UNKNOWN_KEY, name)
        if now_ms is not None and not _valid(key, now_ms):
            raise MessageRefused(Reason.KEY_NOT_VALID, name)
        body = payload[HEADER_BYTES:]
        if not self.verify(key.public_key, signature, body):
            raise MessageRefused(Reason.BAD_SIGNATURE, name)
        return body


def split_header(payload: bytes) -> tuple[KeyId, bytes]:
    """Return key id and signature of an envelope.  Raises MessageRefused(BAD_ENVELOPE)."""
    found = _HEADER.match(payload[:HEADER_BYTES])
    if not found:
        raise MessageRefused(Reason.BAD_ENVELOPE, "no header line")
    try:
        return KeyId(found[1].decode()), base64.b64decode(found[2], validate=True)
    except binascii.Error as exc:  # pragma: no cover - the pattern leaves nothing for it to find
        raise MessageRefused(Reason.BAD_ENVELOPE, "base64") from exc


def _trusted(entry: KeyEntry) -> TrustedKey:
    return TrustedKey(base64.b64decode(entry.public_key), entry.not_before_ms, entry.not_after_ms)


def _valid(key: TrustedKey, now_ms: int) -> bool:
    return key.not_before_ms <= now_ms and (key.not_after_ms is None or now_ms <= key.not_after_ms)
