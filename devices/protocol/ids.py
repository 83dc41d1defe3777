"""Names on the wire: parsed once, trusted after.  Every id is [a-z0-9-]; a digest is 64 lower-case hex digits."""

import re
from typing import NewType

from devices.protocol.errors import MessageRefused, Reason
from devices.protocol.limits import AREA_CHARS_MAX, ID_CHARS_MAX

DeviceId = NewType("DeviceId", str)
AreaCode = NewType("AreaCode", str)  # an official unit code, "vn", or a group
AssetDigest = NewType("AssetDigest", str)  # SHA-256 of the encoded bytes
ContentId = NewType("ContentId", str)  # an item of a day
AlertId = NewType("AlertId", str)  # an override
KeyId = NewType("KeyId", str)  # first 16 hex digits of the SHA-256 of the public key

_ID = re.compile(rf"[a-z0-9](?:[a-z0-9-]{{0,{ID_CHARS_MAX - 1}}})\Z")
_AREA = re.compile(rf"[a-z0-9](?:[a-z0-9-]{{0,{AREA_CHARS_MAX - 1}}})\Z")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_KEY = re.compile(r"[0-9a-f]{16}\Z")


def _parse(pattern: re.Pattern[str], text: str, what: str) -> str:
    if not pattern.match(text):
        raise MessageRefused(Reason.BAD_FIELD, f"{what}: {text[:80]!r}")
    return text


def parse_device_id(text: str) -> DeviceId:
    """Return `text` as a DeviceId or raise MessageRefused."""
    return DeviceId(_parse(_ID, text, "device id"))


def parse_area_code(text: str) -> AreaCode:
    """Return `text` as an AreaCode or raise MessageRefused."""
    return AreaCode(_parse(_AREA, text, "area code"))


def parse_digest(text: str) -> AssetDigest:
    """Return `text` as an AssetDigest or raise MessageRefused."""
    return AssetDigest(_parse(_DIGEST, text, "digest"))


def parse_content_id(text: str) -> ContentId:
    """Return `text` as a ContentId or raise MessageRefused."""
    return ContentId(_parse(_ID, text, "content id"))


def parse_alert_id(text: str) -> AlertId:
    """Return `text` as an AlertId or raise MessageRefused."""
    return AlertId(_parse(_ID, text, "alert id"))


def parse_key_id(text: str) -> KeyId:
    """Return `text` as a KeyId or raise MessageRefused."""
    return KeyId(_parse(_KEY, text, "key id"))
