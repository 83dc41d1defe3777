"""EDGE: from a claim code to an identity, over HTTP, once."""

import asyncio
import base64
import json
import urllib.error
import urllib.request
from dataclasses import dataclass

from devices.protocol.signing import Signer
from firmware_sim.errors import EnrolmentFailed, IdentityInvalid
from firmware_sim.identity import Identity, parse_identity
from firmware_sim.mqtt import Broker

TIMEOUT_S = 15.0  # one request over a slow line
ANSWER_BYTES_MAX = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What the hub gave."""

    identity: Identity
    broker: Broker


async def enrol(hub_url: str, claim_code: str, seed: bytes) -> Enrolment:
    """Return the identity that `claim_code` stands for.  `seed`: of the device's own key.  Raises EnrolmentFailed."""
    public_key = base64.b64encode(Signer.from_seed(seed).public_key).decode()
    answer = await asyncio.to_thread(_post, f"{hub_url.rstrip('/')}/api/enrol", claim_code, public_key)
    return read_answer(answer, seed)


def read_answer(answer: bytes, seed: bytes) -> Enrolment:
    """Return what is in the hub's answer.  Raises EnrolmentFailed."""
    try:
        raw = json.loads(answer)
        identity = parse_identity({**raw, "seed": base64.b64encode(seed).decode()})
        where = raw["broker"]
        broker = Broker(str(where["host"]), int(where["port"]), where.get("username"), where.get("password"))
    except (AttributeError, ValueError, KeyError, TypeError, IdentityInvalid) as exc:
        raise EnrolmentFailed(f"the hub's answer makes no sense: {exc}", again=False) from exc
    return Enrolment(identity=identity, broker=broker)


def _post(url: str, claim_code: str, public_key: str) -> bytes:
    if not url.startswith(("http://", "https://")):
        raise EnrolmentFailed(f"not an HTTP address: {url[:80]!r}", again=False)
    body = json.dumps({"claim_code": claim_code, "public_key": public_key}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - checked above
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 - checked above
            return bytes(answer.read(ANSWER_BYTES_MAX))
    except urllib.error.HTTPError as exc:
        with exc:
            detail = exc.read(300).decode(errors="replace")
        raise EnrolmentFailed(f"refused with {exc.code}: {detail}", again=exc.code >= 500) from exc
    except OSError as exc:
        raise EnrolmentFailed(f"no answer from {url}: {exc}", again=True) from exc
