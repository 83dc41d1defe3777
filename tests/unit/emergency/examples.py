"""Incidents, devices and sounds that several tests speak of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from devices.model import Device, Site
from devices.protocol.ids import AlertId, AreaCode, AssetDigest, DeviceId
from devices.protocol.lifecycle import Registration
from devices.protocol.manifest import Asset, Codec
from devices.protocol.messages import OverrideKind
from emergency.incident import AlertRequest, Incident, activate, approve, draft
from emergency.override import Pinned, build, kit
from emergency.targeting import Target

NOW = datetime(2026, 9, 5, 10, 0, tzinfo=UTC)  # 17:00 in Vietnam
NOW_MS = int(NOW.timestamp() * 1000)
HOUR = timedelta(hours=1)
DA_NANG, QUE_PHUOC = AreaCode("48"), AreaCode("20669")


def digest(n: int) -> AssetDigest:
    return AssetDigest(f"{n:064x}")


PINNED: Pinned = {sound.id: digest(n) for n, sound in enumerate(kit(), 1)}
SPEECH = Asset(
    digest=digest(0xABC), codec=Codec.OPUS, size_bytes=40_000, duration_ms=12_000, chunks=("a" * 16, "b" * 16)
)


def request(**asked: object) -> AlertRequest:
    fields = {
        "hazard": "lu-quet",
        "level": 3,
        "target": Target(areas=(DA_NANG,)),
        "issued_by": "lanh-dao",
        "text": "Bà con dọc suối Nậm Pàn phải di dời ngay đến trường tiểu học bản Nà Lốc.",
        **asked,
    }
    return AlertRequest(**fields)  # type: ignore[arg-type]


def a_draft(name: str = "lu-quet-1", **asked: object) -> Incident:
    return draft(request(**asked), id=AlertId(name), now=NOW)


def approved(name: str = "lu-quet-1", **asked: object) -> Incident:
    return approve(a_draft(name, **asked), by="chu-tich", now=NOW)


def active(name: str = "lu-quet-1", *, areas: tuple[AreaCode, ...] = (DA_NANG,), **asked: object) -> Incident:
    ready = approved(name, target=Target(areas=areas), **asked)
    return activate(ready, build(ready, PINNED, SPEECH, now=NOW), areas, now=NOW)


def drill(name: str = "dien-tap-1", **asked: object) -> Incident:
    return active(name, kind=OverrideKind.DRILL, **asked)


def device(name: str, *areas: str, lat: float | None = None, lon: float | None = None) -> Device:
    return Device(
        id=DeviceId(name),
        unit=AreaCode(areas[-1] if areas else "48"),
        areas=tuple(map(AreaCode, areas)),
        site=Site(name="Thôn 1", lat=lat, lon=lon),
        registration=Registration.ACTIVE,
        created_at=NOW,
    )


def retired(made: Device) -> Device:
    return replace(made, registration=Registration.RETIRED)


def expected(made: Device) -> Device:
    return replace(made, registration=Registration.EXPECTED)
