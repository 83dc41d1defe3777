"""What was planned against what was heard.  Pure: as-run records are the truth, and silence is not taken for success.

A slot is `ahead` until its window closes.  Then it was heard, cut or missed, if the device says so; a device that says
nothing leaves it `unknown`.  Nothing is ever late: sound outside its window is a `stray`, and a fault to look into.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from devices.protocol.ids import ContentId, DeviceId
from devices.protocol.messages import AsRun, Outcome, Source, Why
from scheduler.calendars import to_ms
from scheduler.model import Slot

TOLERANCE = timedelta(seconds=2)  # decoders and clocks round; two seconds of a bulletin are its last breath

K = TypeVar("K", bound=Hashable)


class Fate(StrEnum):
    """What became of a slot on one device."""

    AHEAD = "ahead"
    HEARD = "heard"
    CUT = "cut"
    MISSED = "missed"
    UNKNOWN = "unknown"


FATE_WORDS = {
    Fate.AHEAD: "Chưa đến giờ",
    Fate.HEARD: "Đã phát",
    Fate.CUT: "Phát không trọn",
    Fate.MISSED: "Không phát",
    Fate.UNKNOWN: "Chưa có báo cáo",
}
WHY_WORDS = {
    Why.SCHEDULED: "theo lịch",
    Why.OVERRIDE: "bản tin khẩn cấp chen ngang",
    Why.DRILL: "bản tin diễn tập chen ngang",
    Why.FILLER: "thiết bị chưa có tệp âm thanh, phát nhạc chờ thay thế",
    Why.NOTHING_SCHEDULED: "thiết bị chưa có mục này trong lịch",
    Why.NO_MANIFEST: "thiết bị chưa nhận được lịch",
    Why.MANIFEST_EXPIRED: "lịch trên thiết bị đã hết hạn",
    Why.CLOCK_NOT_TRUSTED: "thiết bị chưa có giờ chính xác",
    Why.QUIET_HOURS: "giờ yên tĩnh",
    Why.STOPPED: "đã có lệnh dừng",
    Why.NO_AUDIO: "thiết bị chưa có tệp âm thanh",
    Why.ITEM_OVER: "đã hết âm thanh",
    Why.SKIPPED: "bị ngắt và không phát lại",
    Why.GAP: "khoảng nghỉ của bản tin khẩn cấp",
    Why.WAITING_FOR_AUDIO: "chờ tệp âm thanh khẩn cấp",
    Why.POWER_LOST: "mất điện",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one slot on one device."""

    device: DeviceId
    slot: Slot
    fate: Fate
    heard: timedelta = timedelta()
    why: Why | None = None  # why it was cut or missed; None when the device has not said
    by: str = ""  # what cut it
    reachable: bool = True  # of an unknown one: whether the device is there to be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """All of it for one device: a result a slot, and what sounded although no slot says so."""

    results: tuple[Result, ...]
    strays: tuple[AsRun, ...]


def reconcile(
    device: DeviceId, slots: Sequence[Slot], records: Iterable[AsRun], now: datetime, *, reachable: bool = True
) -> Reconciled:
    """Return what became of each slot, given everything that `device` has reported so far.

    `slots` are those that it was told to play at the time, not those of a later edit.
    """
    told: dict[str, list[AsRun]] = {}
    strays: list[AsRun] = []
    windows = {slot.id: slot for slot in slots}
    for record in sorted(records, key=lambda one: one.n):
        if record.source in (Source.ITEM, Source.FILLER):
            told.setdefault(record.id, []).append(record)
            strays += [record] if is_stray(record, windows.get(ContentId(record.id))) else []
    results = tuple(_result(device, slot, told.get(slot.id, []), now, reachable=reachable) for slot in slots)
    return Reconciled(results=results, strays=tuple(strays))


def is_stray(record: AsRun, slot: Slot | None) -> bool:
    """Say whether a record tells of sound outside the window of its slot, or of none that was planned."""
    if record.outcome is Outcome.MISSED:
        return False
    grace_ms = TOLERANCE // timedelta(milliseconds=1)
    return slot is None or record.start_ms < to_ms(slot.start) - grace_ms or record.end_ms > to_ms(slot.end) + grace_ms


def _result(device: DeviceId, slot: Slot, told: Sequence[AsRun], now: datetime, *, reachable: bool) -> Result:
    sounded = [one for one in told if one.source is Source.ITEM and one.outcome is not Outcome.MISSED]
    heard = sum((timedelta(milliseconds=one.end_ms - one.start_ms) for one in sounded), timedelta())
    fate = _fate(slot, told, heard, now)
    if fate in (Fate.HEARD, Fate.AHEAD, Fate.UNKNOWN):
        return Result(device=device, slot=slot, fate=fate, heard=heard, reachable=reachable)
    # Of several records the first that was not completed says why; what came later was the attempt to make it good.
    cause = next((one for one in told if one.outcome is not Outcome.COMPLETED or one.source is Source.FILLER), told[-1])
    why = Why.FILLER if cause.source is Source.FILLER else cause.why
    return Result(device=device, slot=slot, fate=fate, heard=heard, why=why, by=cause.by, reachable=reachable)


def _fate(slot: Slot, told: Sequence[AsRun], heard: timedelta, now: datetime) -> Fate:
    if heard >= slot.sounds - TOLERANCE and heard > timedelta():
        return Fate.HEARD
    if now < slot.end:
        return Fate.AHEAD
    if not told:
        return Fate.UNKNOWN
    return Fate.CUT if heard else Fate.MISSED


# --- rates ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How much of what was due was heard.  Unknown counts as not heard."""

    due: int = 0
    heard: int = 0
    cut: int = 0
    missed: int = 0
    unknown: int = 0
    planned_s: float = 0.0
    heard_s: float = 0.0

    @property
    def percent(self) -> float:
        """Return the share of slots heard whole, 100 when nothing was due."""
        return 100.0 * self.heard / self.due if self.due else 100.0

    @property
    def percent_of_time(self) -> float:
        """Return the share of planned time that was heard, 100 when nothing was due."""
        return 100.0 * self.heard_s / self.planned_s if self.planned_s else 100.0


def rate(results: Iterable[Result]) -> Rate:
    """Return the rate over `results`; what is still ahead does not count."""
    due = [one for one in results if one.fate is not Fate.AHEAD]
    counts = {fate: sum(one.fate is fate for one in due) for fate in Fate}
    return Rate(
        due=len(due),
        heard=counts[Fate.HEARD],
        cut=counts[Fate.CUT],
        missed=counts[Fate.MISSED],
        unknown=counts[Fate.UNKNOWN],
        planned_s=sum(one.slot.sounds.total_seconds() for one in due),
        heard_s=sum(min(one.heard, one.slot.sounds).total_seconds() for one in due),
    )


def rates_by(results: Iterable[Result], key: Callable[[Result], K]) -> dict[K, Rate]:
    """Return the rate of each group of results, in the order in which the groups occur."""
    groups: dict[K, list[Result]] = {}
    for one in results:
        groups.setdefault(key(one), []).append(one)
    return {group: rate(members) for group, members in groups.items()}


def rates_by_programme(results: Iterable[Result]) -> dict[ContentId, Rate]:
    """Return the rate of each programme."""
    return rates_by(results, lambda one: one.slot.programme)


def rates_by_device(results: Iterable[Result]) -> dict[DeviceId, Rate]:
    """Return the rate of each device."""
    return rates_by(results, lambda one: one.device)
