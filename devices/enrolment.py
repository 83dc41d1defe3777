"""From a claim code on a label to a loudspeaker whose word is taken.  PURE: the random source and `now` are passed in.

An operator registers a loudspeaker and gets a claim code, once; only its SHA-256 is kept.  The loudspeaker sends the
code with its public key and becomes active.  The hash stays with the active loudspeaker, so that a claim whose answer
was lost may be made again with the same key; with another key it is refused.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import NewType

from devices.errors import BadClaimCode, ClaimRefused, WhyRefused
from devices.model import Device, Kind, Site
from devices.protocol.errors import IllegalTransition
from devices.protocol.ids import AreaCode, DeviceId
from devices.protocol.lifecycle import REGISTRATION, Enrol, Registration, move

ClaimCode = NewType("ClaimCode", str)  # made only by new_claim_code and parse_claim_code
Draw = Callable[[int], int]  # a random whole number below its argument, as secrets.randbelow gives it

# No 0 and O, 1 and I and L: labels are read from a pole and typed on a phone.  31 signs, a prime: the check sign below
# then finds every single wrong sign and every exchange of two.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
RANDOM_SIGNS = 15  # 74 bits: their SHA-256 may leak and still cannot be tried out
GROUP_SIGNS = 4  # XXXX-XXXX-XXXX-XXXX: what a person keeps in mind between label and keyboard
PUBLIC_KEY_BYTES = 32  # Ed25519


def new_claim_code(draw: Draw) -> ClaimCode:
    """Return a new code; `draw` must be a source that nobody can foresee."""
    signs = "".join(ALPHABET[draw(len(ALPHABET))] for _ in range(RANDOM_SIGNS))
    return ClaimCode(_grouped(signs + _check_sign(signs)))


def parse_claim_code(text: str) -> ClaimCode:
    """Return what somebody typed as a code; case, spaces and dashes do not matter.  Raises BadClaimCode."""
    signs = "".join(text[:80].upper().replace("-", "").split())
    if len(signs) != RANDOM_SIGNS + 1:
        raise BadClaimCode(f"{len(signs)} signs")
    if not set(signs) <= set(ALPHABET):
        raise BadClaimCode("a sign that no code has")
    if _check_sign(signs[:-1]) != signs[-1]:
        raise BadClaimCode("mistyped")
    return ClaimCode(_grouped(signs))


def claim_hash(code: ClaimCode) -> str:
    """Return what is kept of a code: 64 hex digits."""
    return hashlib.sha256(code.encode("ascii")).hexdigest()


def expect(
    *,
    id: DeviceId,  # noqa: A002 - the field's own name
    unit: AreaCode,
    areas: tuple[AreaCode, ...],
    site: Site,
    code: ClaimCode,
    now: datetime,
    kind: Kind = Kind.IP_CLUSTER,
) -> Device:
    """Return a loudspeaker that is known by its claim code and has never been seen."""
    return Device(
        id=id,
        unit=unit,
        areas=areas,
        site=site,
        kind=kind,
        registration=Registration.EXPECTED,
        claim_hash=claim_hash(code),
        created_at=now,
    )


def claim(device: Device, code: ClaimCode, public_key: bytes, *, now: datetime) -> Device:
    """Return `device` with its identity.  Raises ClaimRefused.  The same claim made again changes nothing."""
    if not _is_its_code(device, code):
        raise ClaimRefused(WhyRefused.WRONG_CODE)
    if len(public_key) != PUBLIC_KEY_BYTES or not any(public_key):
        raise ClaimRefused(WhyRefused.BAD_KEY)
    if device.registration is Registration.ACTIVE and device.public_key == public_key:
        return device
    try:
        registration = move(REGISTRATION, device.registration, Enrol.CLAIM)
    except IllegalTransition as exc:
        raise ClaimRefused(WhyRefused.NOT_EXPECTED) from exc
    return replace(device, registration=registration, public_key=public_key, claimed_at=now)


def retire(device: Device) -> Device:
    """Return `device` with its key taken back: nothing of it is believed any more.  Raises IllegalTransition."""
    registration = move(REGISTRATION, device.registration, Enrol.RETIRE)
    return replace(device, registration=registration, public_key=None, claim_hash=None)


def replace_hardware(device: Device, code: ClaimCode) -> Device:
    """Return `device` waiting for new hardware to claim its identity with `code`.  Raises IllegalTransition."""
    registration = move(REGISTRATION, device.registration, Enrol.REPLACE)
    return replace(device, registration=registration, public_key=None, claimed_at=None, claim_hash=claim_hash(code))


def _is_its_code(device: Device, code: ClaimCode) -> bool:
    return device.claim_hash is not None and hmac.compare_digest(device.claim_hash, claim_hash(code))


def _grouped(signs: str) -> str:
    return "-".join(signs[at : at + GROUP_SIGNS] for at in range(0, len(signs), GROUP_SIGNS))


def _check_sign(signs: str) -> str:
    """Return the sum of the signs, each times its place, as a sign."""
    return ALPHABET[sum(place * ALPHABET.index(sign) for place, sign in enumerate(signs, 1)) % len(ALPHABET)]
