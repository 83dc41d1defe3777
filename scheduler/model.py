"""Programmes as people write them, and the day that comes of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from devices.protocol.ids import AreaCode, AssetDigest, ContentId
from devices.protocol.manifest import AfterCut, QuietHours, ServiceClass
from scheduler.calendars import ZONE

CLIP_GAP = timedelta(seconds=1)  # a breath between two bulletins; shorter sounds like one sentence
CUT_MIN = timedelta(seconds=30)  # less of a bulletin tells nobody anything
SLACK_MAX = timedelta(hours=2)
PROGRAMME_LENGTH_MAX = timedelta(hours=4)  # no session of the field is longer than 45 minutes
CLIPS_MAX = 36  # a programme of five-second notices still fits a day into a manifest
OCCURRENCES_A_DAY_MAX = 48  # "every half hour" of an emergency, round the clock
PROGRAMME_ID_CHARS_MAX = 44  # an item's id adds date, time and number to it, and has 64

CLASS_RANK: Mapping[ServiceClass, int] = {kind: rank for rank, kind in enumerate(ServiceClass)}  # greatest wins
CLASS_WORDS: Mapping[ServiceClass, str] = {
    ServiceClass.NORMAL: "thông thường",
    ServiceClass.PRIORITY: "ưu tiên",
    ServiceClass.EMERGENCY: "khẩn cấp",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """When: `start` is wall time (no zone in it), the first occurrence and the time of day of all others.

    `rule` is the value of an RFC 5545 RRULE; empty: once.  `exdates` are wall times that are left out.
    """

    start: datetime
    rule: str = ""
    exdates: tuple[datetime, ...] = ()
    zone: str = ZONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """One bulletin of a programme, spoken and stored."""

    bulletin: str  # id of the bulletin; empty for audio that is none, such as a signature tune
    asset: AssetDigest
    duration_ms: int
    title: str = ""
    valid_until: datetime | None = None  # it must be over by then

    @property
    def duration(self) -> timedelta:
        """Return how long it sounds."""
        return timedelta(milliseconds=self.duration_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """What a unit wants to be heard, where, and when."""

    id: ContentId
    unit: AreaCode
    title: str
    audience: tuple[AreaCode, ...]
    recurrence: Recurrence
    clips: tuple[Clip, ...]
    service_class: ServiceClass = ServiceClass.NORMAL
    place: int = 0  # order set by hand among programmes of one class: the smaller goes first
    after_cut: AfterCut = AfterCut.RESUME
    slack_ms: int = 0  # how much later it may begin, and how much longer its window stays open for what was interrupted
    valid_until: datetime | None = None
    created_by: str = ""
    version: int = 1
    enabled: bool = True

    @property
    def slack(self) -> timedelta:
        """Return by how much its times may give."""
        return timedelta(milliseconds=self.slack_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """What decides the day of a device: the areas it listens to, its quiet hours, and the clock on its wall."""

    areas: tuple[AreaCode, ...]
    quiet: QuietHours = field(default_factory=QuietHours)
    zone: str = ZONE


class Reason(StrEnum):
    """Why an occurrence, or one of its clips, is in the day as it is."""

    PLANNED = "planned"
    MOVED = "moved"  # something above it had its time; it begins later, within its slack
    CUT = "cut"  # it plays, but not to its end
    DROPPED = "dropped"  # something above it has its time, and it may not give
    QUIET_HOURS = "quiet_hours"  # it would sound when only emergencies may
    EXPIRED = "expired"  # it would not be over by the end of its validity
    BAD_RULE = "bad_rule"  # its recurrence cannot be used; nothing of it plays


# What people must be shown before they save.
CONFLICTS = frozenset({Reason.MOVED, Reason.CUT, Reason.DROPPED, Reason.QUIET_HOURS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One decision about an occurrence, or about its clip number `clip` and, when it was cut, those behind it.

    `start` to `end` is the time that the occurrence had asked for.
    """

    programme: ContentId
    start: datetime
    end: datetime
    reason: Reason
    sentence: str  # Vietnamese, for the console
    clip: int | None = None
    by: ContentId | None = None  # the programme that had to be given way to


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One clip in the day.  It sounds from `start` for `sounds`, at the latest until `end`, where its window closes."""

    id: ContentId
    programme: ContentId
    bulletin: str
    title: str
    service_class: ServiceClass
    planned: datetime  # when its occurrence had been asked to begin
    start: datetime
    end: datetime
    sounds: timedelta
    asset: AssetDigest
    after_cut: AfterCut
    why: tuple[Reason, ...] = (Reason.PLANNED,)


class Silent(StrEnum):
    """Why nothing is planned."""

    NOTHING_SCHEDULED = "nothing_scheduled"
    QUIET_HOURS = "quiet_hours"
    BETWEEN_CLIPS = "between_clips"


SILENT_WORDS: Mapping[Silent, str] = {
    Silent.NOTHING_SCHEDULED: "Không có chương trình nào trong lịch.",
    Silent.QUIET_HOURS: "Giờ yên tĩnh: chỉ phát bản tin khẩn cấp.",
    Silent.BETWEEN_CLIPS: "Khoảng nghỉ giữa hai bản tin của cùng một chương trình.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A part of the day in which nothing is planned, and why."""

    start: datetime
    end: datetime
    why: Silent


Entry = Slot | Silence


@dataclass(frozen=True, slots=True, kw_only=True)
class DayProgramme:
    """A local day as one kind of device plays it: `entries` follow each other without a gap or an overlap.

    The first entry may have begun the day before, and the last may end the day after: a programme that runs over
    midnight stands in both days.
    """

    on: date
    start: datetime
    end: datetime
    listener: Listener
    entries: tuple[Entry, ...]
    explanations: tuple[Explanation, ...]

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Return what sounds, in order."""
        return tuple(entry for entry in self.entries if isinstance(entry, Slot))

    @property
    def conflicts(self) -> tuple[Explanation, ...]:
        """Return what could not be done as it was asked for."""
        return tuple(said for said in self.explanations if said.reason in CONFLICTS)


def reaches(programme: Programme, areas: tuple[AreaCode, ...]) -> bool:
    """Say whether a programme is meant for a device that listens to `areas`."""
    return not set(programme.audience).isdisjoint(areas)
