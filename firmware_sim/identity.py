"""Who a loudspeaker is: its name, its own key, whose word it takes.  One JSON line each in an identities file."""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from devices.protocol.errors import MessageRefused
from devices.protocol.ids import AreaCode, DeviceId, parse_area_code, parse_device_id
from devices.protocol.manifest import QuietHours, QuietWindow
from devices.protocol.signing import Signer
from firmware_sim.errors import IdentityInvalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a device knows from its enrolment on.  `seed`: the 32 bytes of its own private key."""

    device: DeviceId
    seed: bytes = field(repr=False)
    areas: tuple[AreaCode, ...]
    root_public_key: bytes
    quiet: QuietHours = field(default_factory=QuietHours)

    def signer(self) -> Signer:
        """Return what seals this device's messages."""
        return Signer.from_seed(self.seed)


def identity_line(identity: Identity) -> str:
    """Return `identity` as one line of JSON."""
    body = {
        "device": identity.device,
        "seed": base64.b64encode(identity.seed).decode(),
        "areas": list(identity.areas),
        "root_public_key": base64.b64encode(identity.root_public_key).decode(),
        "quiet": quiet_object(identity.quiet),
    }
    return json.dumps(body, ensure_ascii=False)


def read_identities(lines: Iterable[str]) -> Iterator[Identity]:
    """Yield the identity on each line that is not empty.  Raises IdentityInvalid."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield parse_identity(json.loads(line))
            except (ValueError, IdentityInvalid) as exc:
                raise IdentityInvalid(f"line {number}: {exc}") from exc


def parse_identity(raw: object) -> Identity:
    """Return the identity in a parsed JSON object.  Raises IdentityInvalid."""
    if not isinstance(raw, dict):
        raise IdentityInvalid("not an object")
    try:
        return Identity(
            device=parse_device_id(raw["device"]),
            seed=_key(raw["seed"]),
            areas=tuple(parse_area_code(area) for area in raw["areas"]),
            root_public_key=_key(raw["root_public_key"]),
            quiet=parse_quiet(raw.get("quiet") or {}),
        )
    except (KeyError, TypeError, ValueError, MessageRefused) as exc:
        raise IdentityInvalid(f"{type(exc).__name__}: {exc}") from exc


def quiet_object(quiet: QuietHours) -> dict[str, object]:
    """Return quiet hours in the form of the manifest."""
    windows = [{"from_min": window.from_min, "until_min": window.until_min} for window in quiet.windows]
    return {"utc_offset_min": quiet.utc_offset_min, "windows": windows}


def parse_quiet(raw: dict[str, object]) -> QuietHours:
    """Return the quiet hours in a parsed JSON object; without a word, none."""
    windows = raw.get("windows") or []
    if not isinstance(windows, list):
        raise IdentityInvalid("quiet windows are not a list")
    return QuietHours(
        utc_offset_min=int(str(raw.get("utc_offset_min", 420))),
        windows=tuple(QuietWindow(from_min=int(w["from_min"]), until_min=int(w["until_min"])) for w in windows),
    )


def _key(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError) as exc:
        raise IdentityInvalid("a key is not base64") from exc
    if len(raw) != 32:
        raise IdentityInvalid("a key is not 32 bytes")
    return raw
