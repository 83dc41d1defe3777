"""PURE: what was planned and what became of it, as rows of a timeline."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from devices.ports import Heard
from devices.protocol.messages import Outcome, Source
from hub.flows.schedule import DayView
from scheduler.model import Slot
from scheduler.reconcile import FATE_WORDS, WHY_WORDS, Fate

__all__ = ["FATE_WORDS", "OUTCOME_WORDS", "SOURCE_WORDS", "WHY_WORDS", "Row", "merged", "slot_rows"]

OUTCOME_WORDS: Mapping[Outcome, str] = {
    Outcome.COMPLETED: "Đã phát hết",
    Outcome.CUT: "Phát không trọn",
    Outcome.MISSED: "Không phát",
}
SOURCE_WORDS: Mapping[Source, str] = {
    Source.ITEM: "Theo lịch",
    Source.OVERRIDE: "Tin khẩn cấp",
    Source.DRILL: "Diễn tập",
    Source.FILLER: "Nhạc chờ",
}
MARKS: Mapping[Fate, str] = {
    Fate.AHEAD: "ahead",
    Fate.HEARD: "played",
    Fate.CUT: "partly",
    Fate.MISSED: "bad",
    Fate.UNKNOWN: "partly",
}


REST_WORDS: Mapping[Fate, str] = {
    Fate.CUT: "không trọn",
    Fate.MISSED: "không phát",
    Fate.UNKNOWN: "chưa có báo cáo",
    Fate.AHEAD: "chờ báo cáo",
}
BEST = (Fate.HEARD, Fate.CUT, Fate.MISSED)
FATE_OF: Mapping[Outcome, Fate] = {
    Outcome.COMPLETED: Fate.HEARD,
    Outcome.CUT: Fate.CUT,
    Outcome.MISSED: Fate.MISSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a day.  mark: ahead, playing, played, partly, bad; it is a form and a colour, `words` say it."""

    start: datetime
    end: datetime
    title: str
    mark: str
    words: str
    link: str = ""
    key: str = ""


def slot_rows(view: DayView, now: datetime) -> tuple[Row, ...]:
    """Return the day of one loudspeaker."""
    return tuple(
        _row(result.slot, now, {result.fate: 1}, why=WHY_WORDS[result.why] if result.why else "")
        for result in view.result.results
    )


def merged(views: Iterable[tuple[DayView, int]], heard: Iterable[Heard], now: datetime) -> tuple[Row, ...]:
    """Return the day of many: views with the number of loudspeakers each stands for, and what all of them have said."""
    slots: dict[str, Slot] = {}
    meant: Counter[str] = Counter()
    for view, number in views:
        slots |= {slot.id: slot for slot in view.day.slots}
        meant.update({slot.id: number for slot in view.day.slots})
    told = _told(heard)
    rows = (_row(slot, now, _counted(slot, now, meant[key], told.get(key, {}))) for key, slot in slots.items())
    return tuple(sorted(rows, key=lambda row: (row.start, row.title)))


def _told(heard: Iterable[Heard]) -> dict[str, dict[str, Fate]]:
    """Return for every item what each loudspeaker has made of it; the best of its records counts."""
    told: dict[str, dict[str, Fate]] = {}
    for one in heard:
        if one.record.source is Source.ITEM:
            of_item = told.setdefault(one.record.id, {})
            known = of_item.get(one.device, Fate.MISSED)
            of_item[one.device] = min(known, FATE_OF[one.record.outcome], key=BEST.index)
    return told


def _counted(slot: Slot, now: datetime, meant: int, told: Mapping[str, Fate]) -> dict[Fate, int]:
    """Return how many loudspeakers stand where; who has said nothing is waited for until the window closes."""
    counted = Counter(told.values())
    silent = max(0, meant - len(told))
    if silent:
        counted[Fate.AHEAD if now < slot.end else Fate.UNKNOWN] += silent
    return dict(counted) or {Fate.AHEAD: meant}


def _row(slot: Slot, now: datetime, fates: Mapping[Fate, int], *, why: str = "") -> Row:
    over = slot.start + slot.sounds
    mark, words = _standing(slot, now, fates)
    return Row(
        start=slot.start,
        end=over,
        title=slot.title,
        mark=mark,
        words=f"{words}: {why}" if why else words,
        link=f"/ban-tin/{slot.bulletin}" if slot.bulletin else "",
        key=slot.id,
    )


def _standing(slot: Slot, now: datetime, fates: Mapping[Fate, int]) -> tuple[str, str]:
    if slot.start <= now < slot.start + slot.sounds and not fates.get(Fate.MISSED):
        return "playing", "Đang phát"
    if now >= slot.start and set(fates) == {Fate.AHEAD}:
        return "partly", "Đang chờ báo cáo từ loa"
    total = sum(fates.values())
    if total == 1 or len(fates) == 1:
        fate = next(iter(fates))
        return MARKS[fate], FATE_WORDS[fate] + (f" ở cả {total} cụm" if total > 1 and fate is not Fate.AHEAD else "")
    worst = next((fate for fate in (Fate.MISSED, Fate.CUT, Fate.UNKNOWN) if fates.get(fate)), Fate.HEARD)
    told = [f"{REST_WORDS[fate]} {fates[fate]}" for fate in REST_WORDS if fates.get(fate)]
    return MARKS[worst], f"Đã phát ở {fates.get(Fate.HEARD, 0)}/{total} cụm loa; {', '.join(told)}"
