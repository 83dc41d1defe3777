"""Who sounds and who gives way, and the words for it.  Pure.

The written rule.  Occurrences are placed one after the other, first the one that ranks highest:

1. the higher class (emergency, priority, normal);
2. within a class, the smaller `place`, which people set by hand;
3. then the earlier time asked for; then the smaller programme id, so that there is always an answer.

One that finds its time taken begins later, as soon as all of it fits, when its slack allows that (moved).  Otherwise it
plays what fits before the next that ranks higher, bulletin by bulletin; inside a bulletin only those are cut that join
by the clock (cut).  Otherwise it does not play (dropped).  Quiet hours are time that is taken, except for emergencies,
and nothing is ever moved out of them: whoever asks for 03:15 is told, not corrected.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.protocol.manifest import AfterCut, QuietHours, ServiceClass
from scheduler.calendars import NEVER, clock_text, first_quiet, to_ms
from scheduler.model import (
    CLASS_RANK,
    CLASS_WORDS,
    CLIP_GAP,
    CUT_MIN,
    Clip,
    Explanation,
    Listener,
    Programme,
    Reason,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One occurrence as it was asked for."""

    programme: Programme
    wall: datetime
    start: datetime

    @property
    def end(self) -> datetime:
        """Return when it would be over if all its clips played."""
        clips = self.programme.clips
        return self.start + sum((clip.duration for clip in clips), timedelta()) + CLIP_GAP * max(0, len(clips) - 1)

    @property
    def rank(self) -> tuple[int, int, datetime, str]:
        """Return its place in the written rule; the smallest is placed first."""
        programme = self.programme
        return (-CLASS_RANK[programme.service_class], programme.place, self.start, programme.id)

    @property
    def minds_quiet(self) -> bool:
        """Say whether quiet hours bind it."""
        return self.programme.service_class is not ServiceClass.EMERGENCY


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One clip with its time."""

    number: int
    clip: Clip
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """What an occurrence can play from some moment on."""

    items: tuple[Item, ...]
    expired: tuple[int, ...]
    cut: int | None  # the first clip that is not heard to its end


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """An occurrence and what became of it."""

    wish: Wish
    items: tuple[Item, ...]
    said: tuple[Explanation, ...]

    @property
    def start(self) -> datetime:
        """Return when it begins; it has items."""
        return self.items[0].start

    @property
    def end(self) -> datetime:
        """Return when its last clip is over."""
        return self.items[-1].end


@dataclass(frozen=True, slots=True, kw_only=True)
class _Room:
    """How long one may sound from a moment on: until `until`, where `by` begins; `by` None: quiet hours, or nothing."""

    until: datetime  # not after the moment itself: there is no room
    by: Settled | None = None
    quiet: bool = False


# --- places -----------------------------------------------------------------------------------------------------


def settle(wishes: Iterable[Wish], listener: Listener) -> tuple[Settled, ...]:
    """Return what becomes of every wish, by the written rule."""
    placed: list[Settled] = []
    silent: list[Settled] = []
    for wish in sorted(wishes, key=lambda one: one.rank):
        settled = _place(wish, placed, listener)
        (placed if settled.items else silent).append(settled)
    return (*sorted(placed, key=lambda one: one.start), *silent)


def _place(wish: Wish, placed: Sequence[Settled], listener: Listener) -> Settled:
    if wish.minds_quiet and listener.quiet.quiet(to_ms(wish.start)):
        return Settled(wish=wish, items=(), said=(_say(wish, listener, Reason.QUIET_HOURS, "asked"),))
    near = [one for one in placed if one.end > wish.start and one.start < wish.end + wish.programme.slack]
    tries = [(at, _lay_out(wish, at, _room(wish, at, near, listener.quiet).until)) for at in _moments(wish, near)]
    part = [one for one in tries if one[1].items]
    whole = [one for one in part if one[1].cut is None]
    start, layout = (*whole, *part, *tries)[0]
    asked, got = (_room(wish, at, near, listener.quiet) for at in (wish.start, start))
    said = _heard(wish, listener, layout, asked, got) if layout.items else _unheard(wish, listener, layout, asked)
    return Settled(wish=wish, items=layout.items, said=tuple(said))


def _moments(wish: Wish, placed: Sequence[Settled]) -> list[datetime]:
    """Return when an occurrence may begin: as asked for, or right behind another one, within its slack."""
    last = wish.start + wish.programme.slack
    behind = (one.end + CLIP_GAP for one in placed)
    return [wish.start, *sorted({moment for moment in behind if wish.start < moment <= last})]


def _room(wish: Wish, at: datetime, placed: Sequence[Settled], quiet: QuietHours) -> _Room:
    """Return how long `wish` could sound from `at` on."""
    room = _Room(until=NEVER)
    for one in placed:
        if one.end > at and one.start < room.until:
            room = _Room(until=one.start, by=one)
    if wish.minds_quiet and (first := first_quiet(quiet, at, min(room.until, wish.end + wish.programme.slack * 2))):
        return _Room(until=first, quiet=True)
    return room


def _lay_out(wish: Wish, at: datetime, until: datetime) -> _Layout:
    """Return the clips that can be heard from `at` to `until`, in order."""
    items: list[Item] = []
    expired: list[int] = []
    for number, clip in enumerate(wish.programme.clips):
        end = at + clip.duration
        if end > valid_until(wish.programme, clip):
            expired.append(number)
            continue
        if end > until:
            joins = wish.programme.after_cut is AfterCut.JOIN and until - at >= CUT_MIN
            items += [Item(number=number, clip=clip, start=at, end=until)] if joins else []
            return _Layout(items=tuple(items), expired=tuple(expired), cut=number)
        items.append(Item(number=number, clip=clip, start=at, end=end))
        at = end + CLIP_GAP
    return _Layout(items=tuple(items), expired=tuple(expired), cut=None)


def valid_until(programme: Programme, clip: Clip) -> datetime:
    """Return by when a clip must be over."""
    return min(programme.valid_until or NEVER, clip.valid_until or NEVER)


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
}


def _heard(wish: Wish, listener: Listener, layout: _Layout, asked: _Room, got: _Room) -> Iterator[Explanation]:
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


def _unheard(wish: Wish, listener: Listener, layout: _Layout, asked: _Room) -> Iterator[Explanation]:
    if layout.cut is None:
        yield _say(wish, listener, Reason.EXPIRED)
    elif asked.quiet:
        yield _say(wish, listener, Reason.QUIET_HOURS, "quiet")
    else:
        yield _say(wish, listener, Reason.DROPPED, by=asked.by)


def _say(
    wish: Wish,
    listener: Listener,
    reason: Reason,
    variant: str = "",
    *,
    by: Settled | None = None,
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


def _rule(winner: Wish, loser: Wish) -> str:
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
