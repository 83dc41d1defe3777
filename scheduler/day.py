"""Programmes to the day of a device, and why it is so.  Pure: same question, same answer.

`scheduler.settle` has the rule by which they give way to each other.  Days are settled together with the day before and
after, so that what runs over midnight is seen from both sides.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from devices.protocol.ids import ContentId
from devices.protocol.manifest import AfterCut, QuietHours
from scheduler.calendars import NEVER, clock_text, day_bounds, first_quiet, from_ms, local_date, to_ms, utc_of
from scheduler.errors import BadRule
from scheduler.model import (
    CLASS_WORDS,
    SILENT_WORDS,
    DayProgramme,
    Entry,
    Explanation,
    Listener,
    Programme,
    Reason,
    Silence,
    Silent,
    Slot,
    reaches,
)
from scheduler.recurrence import starts_between
from scheduler.settle import Item, Settled, Wish, settle, valid_until

ONE_DAY = timedelta(days=1)
KEEPS_OPEN = frozenset({AfterCut.RESUME, AfterCut.RESTART})  # policies for which a longer window is of use


def compile_day(programmes: Iterable[Programme], on: date, listener: Listener) -> DayProgramme:
    """Return the day `on` of a device: gap-free, ordered, explained."""
    return compile_days(programmes, on, 1, listener)[0]


def compile_days(
    programmes: Iterable[Programme], first: date, days: int, listener: Listener
) -> tuple[DayProgramme, ...]:
    """Return `days` days from `first` on; what runs over midnight stands in both, and in no third."""
    heard = sorted((one for one in programmes if one.enabled and reaches(one, listener.areas)), key=lambda one: one.id)
    wishes: list[Wish] = []
    broken: list[tuple[Programme, BadRule]] = []
    for programme in heard:
        try:
            wishes += _wishes(programme, first - ONE_DAY, first + ONE_DAY * days)
        except BadRule as exc:
            broken.append((programme, exc))
    settled = settle(wishes, listener)
    slots = _slots(settled, listener)
    return tuple(_day(first + ONE_DAY * n, listener, settled, slots, broken) for n in range(days))


def _wishes(programme: Programme, first: date, last: date) -> list[Wish]:
    recurrence = programme.recurrence
    if not programme.clips:
        return []
    moments = ((wall, utc_of(wall, recurrence.zone)) for wall in starts_between(recurrence, first, last))
    return [Wish(programme=programme, wall=wall, start=start) for wall, start in moments if start is not None]


def _day(
    on: date,
    listener: Listener,
    settled: Sequence[Settled],
    slots: Sequence[Slot],
    broken: Sequence[tuple[Programme, BadRule]],
) -> DayProgramme:
    start, end = day_bounds(on, listener.zone)
    inside = tuple(slot for slot in slots if slot.start < end and slot.end > start)
    present = {(slot.programme, slot.planned) for slot in inside}
    said = [
        explanation
        for one in settled
        if local_date(one.wish.start, listener.zone) == on or (one.wish.programme.id, one.wish.start) in present
        for explanation in one.said
    ]
    said.sort(key=lambda one: (one.start, one.programme, one.clip or 0))
    entries = tuple(_timeline(inside, start, end, listener.quiet))
    explanations = (*(_broken(programme, exc, (start, end)) for programme, exc in broken), *said)
    return DayProgramme(on=on, start=start, end=end, listener=listener, entries=entries, explanations=explanations)


def _timeline(slots: Sequence[Slot], start: datetime, end: datetime, quiet: QuietHours) -> Iterator[Entry]:
    """Yield the slots with every silence between `start` and `end` filled in."""
    at = start
    before: Slot | None = None
    for slot in slots:
        same = before is not None and (before.programme, before.planned) == (slot.programme, slot.planned)
        yield from _silences(at, slot.start, quiet, between=same)
        yield slot
        at, before = slot.end, slot
    yield from _silences(at, end, quiet, between=False)


def _silences(start: datetime, end: datetime, quiet: QuietHours, *, between: bool) -> Iterator[Silence]:
    if start < end and between:
        yield Silence(start=start, end=end, why=Silent.BETWEEN_CLIPS)
        return
    while start < end:
        change = quiet.next_change_ms(to_ms(start))
        until = end if change is None else min(end, from_ms(change))
        is_quiet = quiet.quiet(to_ms(start))
        yield Silence(start=start, end=until, why=Silent.QUIET_HOURS if is_quiet else Silent.NOTHING_SCHEDULED)
        start = until


def _broken(programme: Programme, exc: BadRule, bounds: tuple[datetime, datetime]) -> Explanation:
    sentence = f"“{programme.title}” không phát: {exc.in_vietnamese()}"
    start, end = bounds
    return Explanation(programme=programme.id, start=start, end=end, reason=Reason.BAD_RULE, sentence=sentence)


# --- slots ------------------------------------------------------------------------------------------------------


def _slots(settled: Sequence[Settled], listener: Listener) -> tuple[Slot, ...]:
    placed = [one for one in settled if one.items]
    following = [*(one.start for one in placed[1:]), NEVER]  # one too many when nothing is placed
    return tuple(
        slot for one, after in zip(placed, following, strict=False) for slot in _slots_of(one, after, listener.quiet)
    )


def _slots_of(one: Settled, after: datetime, quiet: QuietHours) -> Iterator[Slot]:
    """Yield the slots of one occurrence; the window of the last one stays open while nothing else needs the time."""
    reasons = tuple(dict.fromkeys(said.reason for said in one.said if said.clip is None or said.reason is Reason.CUT))
    for item in one.items[:-1]:
        yield _slot(one.wish, item, item.end, reasons)
    last = one.items[-1]
    yield _slot(one.wish, last, _window_end(one.wish, last, after, quiet), reasons)


def _window_end(wish: Wish, item: Item, after: datetime, quiet: QuietHours) -> datetime:
    programme = wish.programme
    if programme.after_cut not in KEEPS_OPEN:
        return item.end
    end = min(item.end + programme.slack, after, valid_until(programme, item.clip))
    return (first_quiet(quiet, item.end, end) or end) if wish.minds_quiet else end


def _slot(wish: Wish, item: Item, end: datetime, reasons: tuple[Reason, ...]) -> Slot:
    programme = wish.programme
    return Slot(
        id=ContentId(f"{programme.id}-{wish.wall:%Y%m%dt%H%M%S}-{item.number:02d}"),
        programme=programme.id,
        bulletin=item.clip.bulletin,
        title=item.clip.title or programme.title,
        service_class=programme.service_class,
        planned=wish.start,
        start=item.start,
        end=end,
        sounds=item.end - item.start,
        asset=item.clip.asset,
        after_cut=programme.after_cut,
        why=reasons,
    )


# --- questions --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What is planned at a moment, and the decisions that led there."""

    at: datetime
    entry: Entry | None  # None: the moment is not in this day
    sentences: tuple[str, ...]
    explanations: tuple[Explanation, ...]


def why_at(day: DayProgramme, moment: datetime) -> Account:
    """Return what is planned at `moment`, why, and what had asked for that moment and does not have it."""
    entry = next((one for one in day.entries if one.start <= moment < one.end), None)
    if entry is None:
        return Account(at=moment, entry=None, sentences=("Thời điểm này không thuộc ngày đang xem.",), explanations=())
    chain = tuple(said for said in day.explanations if _concerns(said, entry) or said.start <= moment < said.end)
    first = _sentence(entry, moment, day.listener.zone)
    return Account(at=moment, entry=entry, sentences=(first, *(said.sentence for said in chain)), explanations=chain)


def _concerns(said: Explanation, entry: Entry) -> bool:
    return isinstance(entry, Slot) and (said.programme, said.start) == (entry.programme, entry.planned)


def _sentence(entry: Entry, moment: datetime, zone: str) -> str:
    if isinstance(entry, Silence):
        return SILENT_WORDS[entry.why]
    over = entry.start + entry.sounds
    end = clock_text(entry.end, zone)
    if moment >= over:
        return (
            f"“{entry.title}” đã hết lúc {clock_text(over, zone)}; khung giờ còn mở đến {end} để phát bù nếu bị ngắt."
        )
    words = CLASS_WORDS[entry.service_class]
    return f"Phát “{entry.title}” (lớp {words}) từ {clock_text(entry.start, zone)} đến {clock_text(over, zone)}."


def conflicts_of(
    candidate: Programme, programmes: Iterable[Programme], first: date, days: int, listeners: Iterable[Listener]
) -> tuple[Explanation, ...]:
    """Return what would not be as asked for, on any of `days` days from `first`, if `candidate` were saved.

    Only what `candidate` brings about: its own troubles, and those of others that they do not have without it.
    """
    others = [one for one in programmes if one.id != candidate.id]
    found: dict[Explanation, None] = {}
    for listener in dict.fromkeys(listeners):
        if reaches(candidate, listener.areas):
            before = _said(others, first, days, listener)
            after = _said([*others, replace(candidate, enabled=True)], first, days, listener)
            found |= dict.fromkeys(said for said in after if said.reason is not Reason.PLANNED and said not in before)
    return tuple(sorted(found, key=lambda one: (one.start, one.programme, one.clip or 0)))


def _said(programmes: Iterable[Programme], first: date, days: int, listener: Listener) -> dict[Explanation, None]:
    compiled = compile_days(programmes, first, days, listener)
    return dict.fromkeys(said for day in compiled for said in day.explanations)
