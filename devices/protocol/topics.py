"""Topic names: built here, matched here, nowhere else."""

from dataclasses import dataclass
from enum import StrEnum

from devices.protocol.errors import MessageRefused
from devices.protocol.ids import AreaCode, AssetDigest, DeviceId, parse_area_code, parse_device_id, parse_digest
from devices.protocol.limits import ASSET_CHUNKS_MAX

ROOT = "loa/1"
TIME = f"{ROOT}/hub/time"
KEYS = f"{ROOT}/keys"


class Leaf(StrEnum):
    """What a topic carries."""

    TIME = "time"
    KEYS = "keys"
    MANIFEST = "manifest"
    CMD = "cmd"
    OVERRIDE = "override"
    ASSET = "asset"  # a chunk, asked for by need
    AREA_ASSET = "area_asset"  # a chunk pushed to an area, right behind an override
    STATE = "state"
    ACK = "ack"
    NEED = "need"
    ASRUN = "asrun"


FROM_DEVICE = (Leaf.STATE, Leaf.ACK, Leaf.NEED, Leaf.ASRUN)
TO_DEVICE = (Leaf.MANIFEST, Leaf.CMD)
RETAINED = frozenset({Leaf.TIME, Leaf.KEYS, Leaf.MANIFEST, Leaf.OVERRIDE, Leaf.STATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicName:
    """A topic taken apart; what does not apply is None."""

    leaf: Leaf
    device: DeviceId | None = None
    area: AreaCode | None = None
    digest: AssetDigest | None = None
    chunk: int | None = None


def of_device(device: DeviceId, leaf: Leaf) -> str:
    """Return the topic of `leaf` for one device."""
    return f"{ROOT}/dev/{device}/{leaf}"


def override(area: AreaCode) -> str:
    """Return the topic that holds the overrides now active in `area`."""
    return f"{ROOT}/area/{area}/override"


def chunk(digest: AssetDigest, n: int) -> str:
    """Return the topic of chunk `n` of an asset for all who asked."""
    return f"{ROOT}/asset/{digest}/{n}"


def area_chunk(area: AreaCode, digest: AssetDigest, n: int) -> str:
    """Return the topic of chunk `n` of an asset pushed to `area` unasked."""
    return f"{ROOT}/area/{area}/asset/{digest}/{n}"


def device_filters(device: DeviceId, areas: tuple[AreaCode, ...]) -> tuple[str, ...]:
    """Return what a device always subscribes to."""
    own = (TIME, KEYS, of_device(device, Leaf.MANIFEST), of_device(device, Leaf.CMD))
    return own + tuple(f"{ROOT}/area/{area}/#" for area in areas)


def asset_filter(digest: AssetDigest) -> str:
    """Return the filter of all chunks of one asset."""
    return f"{ROOT}/asset/{digest}/+"


HUB_FILTERS = tuple(f"{ROOT}/dev/+/{leaf}" for leaf in FROM_DEVICE if leaf is not Leaf.STATE)
# Brokers give only the first hundred or thousand of many retained messages to a subscription at QoS 1, all of them at
# QoS 0; and a state is said again every minute.
HUB_FILTERS_AT_MOST_ONCE = (f"{ROOT}/dev/+/{Leaf.STATE}",)


def match(topic: str) -> TopicName | None:
    """Return what `topic` means in version 1, or None: a stranger's topic is no error."""
    parts = topic.split("/")
    if parts[:2] != ROOT.split("/"):
        return None
    try:
        return _match(parts[2:])
    except MessageRefused:
        return None


def _match(parts: list[str]) -> TopicName | None:
    match parts:
        case ["hub", "time"]:
            return TopicName(leaf=Leaf.TIME)
        case ["keys"]:
            return TopicName(leaf=Leaf.KEYS)
        case ["dev", device, leaf] if leaf in {*FROM_DEVICE, *TO_DEVICE}:
            return TopicName(leaf=Leaf(leaf), device=parse_device_id(device))
        case ["area", area, *rest]:
            return _match_area(parse_area_code(area), rest)
        case ["asset", digest, n] if _is_chunk_number(n):
            return TopicName(leaf=Leaf.ASSET, digest=parse_digest(digest), chunk=int(n))
    return None


def _match_area(area: AreaCode, parts: list[str]) -> TopicName | None:
    match parts:
        case ["override"]:
            return TopicName(leaf=Leaf.OVERRIDE, area=area)
        case ["asset", digest, n] if _is_chunk_number(n):
            return TopicName(leaf=Leaf.AREA_ASSET, area=area, digest=parse_digest(digest), chunk=int(n))
    return None


def _is_chunk_number(text: str) -> bool:
    known = text.isascii() and text.isdigit() and len(text) <= 4 and int(text) < ASSET_CHUNKS_MAX
    return known and text == str(int(text))  # one name a chunk: no leading zeros
