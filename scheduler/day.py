"""Programmes to the day of a device: who may sound when, who gives way, and why.  Pure: same question, same answer.

The written rule.  Occurrences are placed one after the other, first the one that ranks highest:

1. the higher class (emergency, priority, normal);
2. within a class, the smaller `place`, which people set by hand;
3. then the earlier time asked for; then the smaller programme id, so that there is always an answer.

One that finds its time taken begins later, as soon as all of it fits, when its slack allows that (moved).  Otherwise it
plays what fits before the next that ranks higher, bulletin by bulletin; inside a bulletin only those are cut that join
by the clock (cut).  Otherwise it does not play (dropped).  Quiet hours are time that is taken, except for emergencies,
and nothing is ever moved out of them: whoever asks for 03:15 is told, not corrected.

Days are settled together with the day before and after, so that what runs over midnight is seen from both sides.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from devices.protocol.ids import ContentId
from devices.protocol.manifest import AfterCut, QuietHours, ServiceClass
from scheduler.calendars import clock_text, day_bounds, local_date, utc_of
from scheduler.errors import BadRule
from scheduler.model import (
    CLASS_RANK,
    CLASS_WORDS,
    CLIP_GAP,
    CUT_MIN,
    SILENT_WORDS,
    Clip,
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

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ONE_MS = timedelta(milliseconds=1)
ONE_DAY = timedelta(days=1)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # later than anything
KEEPS_OPEN = frozenset({AfterCut.RESUME, AfterCut.RESTART})  # policies for which a longer window is of use


def to_ms(moment: datetime) -> int:
    """Return a moment as the wire has it: whole milliseconds since 1970 in UTC."""
    return (moment - EPOCH) // ONE_MS


def from_ms(at_ms: int) -> datetime:
    """Return a moment of the wire."""
    return EPOCH + at_ms * ONE_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """One occurrence as it was asked for."""

    programme: Programme
    wall: datetime
    start: datetime

    @property
    def end(self) -> datetime:
        clips = self.programme.clips
        return self.start + sum((clip.duration for clip in clips), timedelta()) + CLIP_GAP * max(0, len(clips) - 1)

    @property
    def rank(self) -> tuple[int, int, datetime, str]:
        """Return its place in the written rule; the smallest is placed first."""
        programme = self.programme
        return (-CLASS_RANK[programme.service_class], programme.place, self.start, programme.id)

    @property
    def minds_quiet(self) -> bool:
        return self.programme.service_class is not ServiceClass.EMERGENCY


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """One clip with its time."""

    number: int
    clip: Clip
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """What an occurrence can play from some moment on."""

    items: tuple[_Item, ...]
    expired: tuple[int, ...]
    cut: int | None  # the first clip that is not heard to its end


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settled:
    """An occurrence and what became of it."""

    wish: _Wish
    items: tuple[_Item, ...]
    said: tuple[Explanation, ...]

    @property
    def start(self) -> datetime:
        return self.items[0].start

    @property
    def end(self) -> datetime:
        return self.items[-1].end


@dataclass(frozen=True, slots=True, kw_only=True)
class _Room:
    """How long one may sound from a moment on: until `until`, where `by` begins; `by` None: quiet hours, or nothing."""

    until: datetime  # not after the moment itself: there is no room
    by: _Settled | None = None
    quiet: bool = False


# --- the day ----------------------------------------------------------------------------------------------------


def compile_day(programmes: Iterable[Programme], on: date, listener: Listener) -> DayProgramme:
    """Return the day `on` of a device: gap-free, ordered, explained."""
    return compile_days(programmes, on, 1, listener)[0]


def compile_days(
    programmes: Iterable[Programme], first: date, days: int, listener: Listener
) -> tuple[DayProgramme, ...]:
    """Return `days` days from `first` on; what runs over midnight stands in both, and in no third."""
    heard = sorted((one for one in programmes if one.enabled and reaches(one, listener.areas)), key=lambda one: one.id)
    wishes: list[_Wish] = []
    broken: list[tuple[Programme, BadRule]] = []
    for programme in heard:
        try:
            wishes += _wishes(programme, first - ONE_DAY, first + ONE_DAY * days)
        except BadRule as exc:
            broken.append((programme, exc))
    settled = _settle(wishes, listener)
    slots = _slots(settled, listener)
    return tuple(_day(first + ONE_DAY * n, listener, settled, slots, broken) for n in range(days))


def _wishes(programme: Programme, first: date, last: date) -> list[_Wish]:
    recurrence = programme.recurrence
    if not programme.clips:
        return []
    moments = ((wall, utc_of(wall, recurrence.zone)) for wall in starts_between(recurrence, first, last))
    return [_Wish(programme=programme, wall=wall, start=start) for wall, start in moments if start is not None]


def _day(
    on: date,
    listener: Listener,
    settled: Sequence[_Settled],
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


# --- who gives way ----------------------------------------------------------------------------------------------


def _settle(wishes: Iterable[_Wish], listener: Listener) -> tuple[_Settled, ...]:
    """Return what becomes of every wish, by the written rule."""
    placed: list[_Settled] = []
    silent: list[_Settled] = []
    for wish in sorted(wishes, key=lambda one: one.rank):
        settled = _place(wish, placed, listener)
        (placed if settled.items else silent).append(settled)
    return (*sorted(placed, key=lambda one: one.start), *silent)


def _place(wish: _Wish, placed: Sequence[_Settled], listener: Listener) -> _Settled:
    if wish.minds_quiet and listener.quiet.quiet(to_ms(wish.start)):
        return _Settled(wish=wish, items=(), said=(_say(wish, listener, Reason.QUIET_HOURS, "asked"),))
    near = [one for one in placed if one.end > wish.start and one.start < wish.end + wish.programme.slack]
    tries = [(at, _lay_out(wish, at, _room(wish, at, near, listener.quiet).until)) for at in _moments(wish, near)]
    part = [one for one in tries if one[1].items]
    whole = [one for one in part if one[1].cut is None]
    start, layout = (*whole, *part, *tries)[0]
    asked, got = (_room(wish, at, near, listener.quiet) for at in (wish.start, start))
    said = _heard(wish, listener, layout, asked, got) if layout.items else _unheard(wish, listener, layout, asked)
    return _Settled(wish=wish, items=layout.items, said=tuple(said))


def _moments(wish: _Wish, placed: Sequence[_Settled]) -> list[datetime]:
    """Return when an occurrence may begin: as asked for, or right behind another one, within its slack."""
    last = wish.start + wish.programme.slack
    behind = (one.end + CLIP_GAP for one in placed)
    return [wish.start, *sorted({moment for moment in behind if wish.start < moment <= last})]


def _room(wish: _Wish, at: datetime, placed: Sequence[_Settled], quiet: QuietHours) -> _Room:
    """Return how long `wish` could sound from `at` on."""
    room = _Room(until=NEVER)
    for one in placed:
        if one.end > at and one.start < room.until:
            room = _Room(until=one.start, by=one)
    if wish.minds_quiet and (first := first_quiet(quiet, at, min(room.until, wish.end + wish.programme.slack * 2))):
        return _Room(until=first, quiet=True)
    return room


def first_quiet(quiet: QuietHours, start: datetime, end: datetime) -> datetime | None:
    """Return the first quiet moment from `start` to before `end`; None when all of it may sound."""
    at_ms, end_ms = to_ms(start), to_ms(end)
    while at_ms < end_ms:
        if quiet.quiet(at_ms):
            return max(start, from_ms(at_ms))
        at_ms = quiet.next_change_ms(at_ms) or end_ms
    return None


def _lay_out(wish: _Wish, at: datetime, until: datetime) -> _Layout:
    """Return the clips that can be heard from `at` to `until`, in order."""
    items: list[_Item] = []
    expired: list[int] = []
    for number, clip in enumerate(wish.programme.clips):
        end = at + clip.duration
        if end > _valid_until(wish.programme, clip):
            expired.append(number)
            continue
        if end > until:
            joins = wish.programme.after_cut is AfterCut.JOIN and until - at >= CUT_MIN
            items += [_Item(number=number, clip=clip, start=at, end=until)] if joins else []
            return _Layout(items=tuple(items), expired=tuple(expired), cut=number)
        items.append(_Item(number=number, clip=clip, start=at, end=end))
        at = end + CLIP_GAP
    return _Layout(items=tuple(items), expired=tuple(expired), cut=None)


def _valid_until(programme: Programme, clip: Clip) -> datetime:
    return min(programme.valid_until or NEVER, clip.valid_until or NEVER)


# --- slots ------------------------------------------------------------------------------------------------------


def _slots(settled: Sequence[_Settled], listener: Listener) -> tuple[Slot, ...]:
    placed = [one for one in settled if one.items]
    following = [*(one.start for one in placed[1:]), NEVER]  # one too many when nothing is placed
    return tuple(
        slot for one, after in zip(placed, following, strict=False) for slot in _slots_of(one, after, listener.quiet)
    )


def _slots_of(one: _Settled, after: datetime, quiet: QuietHours) -> Iterator[Slot]:
    """Yield the slots of one occurrence; the window of the last one stays open while nothing else needs the time."""
    reasons = tuple(dict.fromkeys(said.reason for said in one.said if said.clip is None or said.reason is Reason.CUT))
    for item in one.items[:-1]:
        yield _slot(one.wish, item, item.end, reasons)
    last = one.items[-1]
    yield _slot(one.wish, last, _window_end(one.wish, last, after, quiet), reasons)


def _window_end(wish: _Wish, item: _Item, after: datetime, quiet: QuietHours) -> datetime:
    programme = wish.programme
    if programme.after_cut not in KEEPS_OPEN:
        return item.end
    end = min(item.end + programme.slack, after, _valid_until(programme, item.clip))
    return (first_quiet(quiet, item.end, end) or end) if wish.minds_quiet else end


def _slot(wish: _Wish, item: _Item, end: datetime, reasons: tuple[Reason, ...]) -> Slot:
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


# --- explanations -----------------------------------------------------------------------------------------------

_QUIET_ASKED = "“{title}” đặt lúc {asked} là giờ yên tĩnh nên không phát; chỉ bản tin khẩn cấp được phát."
SENTENCES: Mapping[tuple[Reason, str], str] = {
    (Reason.PLANNED, ""): "“{title}” phát lúc {asked} như đã đặt.",
    (Reason.MOVED, ""): "“{title}” dời từ {asked} sang {start} để nhường “{by}”: {rule}.",
    (Reason.CUT, ""): "“{title}” chỉ phát đến {until}, mục thứ {clip} bị cắt, để nhường “{by}”: {rule}.",
    (Reason.CUT, "quiet"): "“{title}” chỉ phát đến {until}, mục thứ {clip} bị cắt, vì đến giờ yên tĩnh.",
    (Reason.DROPPED, ""): "“{title}” đặt lúc {asked} không phát để nhường “{by}”: {rule}.",
    (Reason.QUIET_HOURS, "asked"): _QUIET_ASKED,
    (Reason.QUIET_HOURS, "quiet"): "“{title}” đặt lúc {asked} sẽ kéo sang giờ yên tĩnh nên không phát.",
    (Reason.EXPIRED, ""): "“{title}” đặt lúc {asked} hết hiệu lực nên không phát.",
    (Reason.EXPIRED, "clip"): "Mục thứ {clip} của “{title}” đặt lúc {asked} hết hiệu lực nên không phát.",
    (Reason.BAD_RULE, ""): "“{title}” không phát: {detail}",
}


def _heard(wish: _Wish, listener: Listener, layout: _Layout, asked: _Room, got: _Room) -> Iterator[Explanation]:
    """Yield what there is to say about an occurrence that plays, wholly or in part."""
    start = layout.items[0].start
    if start == wish.start:
        yield _say(wish, listener, Reason.PLANNED)
    else:
        yield _say(wish, listener, Reason.MOVED, by=asked.by, start=clock_text(start, listener.zone))
    if layout.cut is not None:
        until = clock_text(layout.items[-1].end, listener.zone)
        yield _say(wish, listener, Reason.CUT, "quiet" if got.quiet else "", by=got.by, clip=layout.cut, until=until)
    for number in layout.expired:
        yield _say(wish, listener, Reason.EXPIRED, "clip", clip=number)


def _unheard(wish: _Wish, listener: Listener, layout: _Layout, asked: _Room) -> Iterator[Explanation]:
    if layout.cut is None:
        yield _say(wish, listener, Reason.EXPIRED)
    elif asked.quiet:
        yield _say(wish, listener, Reason.QUIET_HOURS, "quiet")
    else:
        yield _say(wish, listener, Reason.DROPPED, by=asked.by)


def _say(
    wish: _Wish,
    listener: Listener,
    reason: Reason,
    variant: str = "",
    *,
    by: _Settled | None = None,
    clip: int | None = None,
    **words: str,
) -> Explanation:
    sentence = SENTENCES[reason, variant].format(
        title=wish.programme.title,
        asked=clock_text(wish.start, listener.zone),
        by=by.wish.programme.title if by else "",
        rule=_rule(by.wish, wish) if by else "",
        clip=clip + 1 if clip is not None else "",
        **words,
    )
    return Explanation(
        programme=wish.programme.id,
        start=wish.start,
        end=wish.end,
        reason=reason,
        sentence=sentence,
        clip=clip,
        by=by.wish.programme.id if by else None,
    )


def _rule(winner: _Wish, loser: _Wish) -> str:
    """Return in words which line of the written rule decided."""
    classes = [CLASS_WORDS[wish.programme.service_class] for wish in (winner, loser)]
    lines = (
        f"lớp {classes[0]} cao hơn lớp {classes[1]}",
        "thứ tự do người lập lịch đặt",
        "chương trình đặt sớm hơn được giữ giờ",
        "cùng lớp và cùng giờ, xếp theo mã chương trình",
    )
    pairs = zip(winner.rank, loser.rank, lines, strict=True)
    return next((line for ours, theirs, line in pairs if ours != theirs), lines[-1])


def _broken(programme: Programme, exc: BadRule, bounds: tuple[datetime, datetime]) -> Explanation:
    sentence = SENTENCES[Reason.BAD_RULE, ""].format(title=programme.title, detail=exc.in_vietnamese())
    start, end = bounds
    return Explanation(programme=programme.id, start=start, end=end, reason=Reason.BAD_RULE, sentence=sentence)


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
