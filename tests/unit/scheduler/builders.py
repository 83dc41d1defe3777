"""Programmes, devices and audio, in as few words as a test needs."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from devices.model import Device, Site
from devices.protocol.ids import AreaCode, AssetDigest, ContentId, DeviceId
from devices.protocol.lifecycle import Registration
from devices.protocol.limits import CHUNK_BYTES
from devices.protocol.manifest import Asset, Codec, QuietHours
from scheduler.calendars import PRESETS, QuietPreset, clock_text, utc_of
from scheduler.model import Clip, DayProgramme, Listener, Programme, Recurrence, Slot

DAY = date(2026, 11, 25)  # a Wednesday
COMMUNE, PROVINCE = AreaCode("20669"), AreaCode("48")
NIGHT = QuietHours(windows=PRESETS[QuietPreset.RURAL])
VILLAGERS = Listener(areas=(AreaCode("vn"), PROVINCE, COMMUNE), quiet=NIGHT)
SLEEPLESS = Listener(areas=VILLAGERS.areas)  # nothing is quiet


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def local(text: str) -> datetime:
    """Return the moment of a Vietnamese wall clock."""
    moment = utc_of(wall(text))
    assert moment is not None
    return moment


def at(clock: str, on: date = DAY) -> datetime:
    return local(f"{on}T{clock}")


def digest(name: str) -> AssetDigest:
    return AssetDigest(hashlib.sha256(name.encode()).hexdigest())


def clip(name: str, seconds: float, **more: Any) -> Clip:
    return Clip(bulletin=name, asset=digest(name), duration_ms=int(seconds * 1000), title=name, **more)


def programme(id: str, start: str, seconds: float | Sequence[float] = 60, rule: str = "", **more: Any) -> Programme:  # noqa: A002
    lengths = [seconds] if isinstance(seconds, int | float) else seconds
    more.setdefault("clips", tuple(clip(f"{id}-{n}", length) for n, length in enumerate(lengths)))
    more.setdefault("recurrence", Recurrence(start=wall(start if "T" in start else f"{DAY}T{start}"), rule=rule))
    more.setdefault("audience", (COMMUNE,))
    more.setdefault("title", id.upper())
    return Programme(id=ContentId(id), unit=COMMUNE, **more)


def assets_of(programmes: Iterable[Programme], *more: str) -> dict[AssetDigest, Asset]:
    clips = {one.asset: one.duration_ms for programme in programmes for one in programme.clips}
    return {
        name: Asset(digest=name, codec=Codec.OPUS, size_bytes=CHUNK_BYTES, duration_ms=length, chunks=("0" * 16,))
        for name, length in (clips | {digest(name): 5000 for name in more}).items()
    }


def device(name: str = "loa-1", **more: Any) -> Device:
    more.setdefault("areas", VILLAGERS.areas)
    return Device(
        id=DeviceId(name),
        unit=COMMUNE,
        site=Site(name="Nhà văn hóa"),
        registration=Registration.ACTIVE,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        **more,
    )


def table(day: DayProgramme) -> list[tuple[str, str, str]]:
    """Return what a day sounds like: programme and clip, from, until the end of the window."""
    return [(named(slot), clock_text(slot.start), clock_text(slot.end)) for slot in day.slots]


def named(slot: Slot) -> str:
    return f"{slot.programme}-{int(slot.id[-2:])}"
