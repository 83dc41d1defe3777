"""Is a programme fit to be kept?  Pure: returns problems, raises nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from devices.protocol.errors import MessageRefused
from devices.protocol.ids import parse_content_id
from devices.protocol.limits import ASSET_DURATION_MS_MAX, TITLE_CHARS_MAX
from scheduler.calendars import zone_of
from scheduler.errors import BadRule
from scheduler.model import (
    CLIP_GAP,
    CLIPS_MAX,
    PROGRAMME_ID_CHARS_MAX,
    PROGRAMME_LENGTH_MAX,
    SLACK_MAX,
    Programme,
)
from scheduler.recurrence import next_starts


class Problem(StrEnum):
    """What is wrong with a programme."""

    BAD_ID = "bad_id"
    NO_TITLE = "no_title"
    TITLE_TOO_LONG = "title_too_long"
    NO_AUDIENCE = "no_audience"
    NO_CLIPS = "no_clips"
    TOO_MANY_CLIPS = "too_many_clips"
    BAD_DURATION = "bad_duration"
    TOO_LONG = "too_long"
    BAD_SLACK = "bad_slack"
    BAD_ZONE = "bad_zone"
    BAD_RULE = "bad_rule"
    NEVER = "never"


PROBLEM_WORDS: Mapping[Problem, str] = {
    Problem.BAD_ID: "Mã chương trình không hợp lệ.",
    Problem.NO_TITLE: "Chưa có tên chương trình.",
    Problem.TITLE_TOO_LONG: f"Tên chương trình dài quá {TITLE_CHARS_MAX} ký tự.",
    Problem.NO_AUDIENCE: "Chưa chọn địa bàn phát.",
    Problem.NO_CLIPS: "Chương trình chưa có bản tin nào.",
    Problem.TOO_MANY_CLIPS: f"Chương trình có quá {CLIPS_MAX} mục.",
    Problem.BAD_DURATION: "Có mục không có thời lượng hoặc dài quá 2 giờ.",
    Problem.TOO_LONG: "Chương trình dài quá 4 giờ.",
    Problem.BAD_SLACK: "Thời gian xê dịch phải từ 0 đến 2 giờ.",
    Problem.BAD_ZONE: "Múi giờ không hợp lệ.",
    Problem.BAD_RULE: "Quy tắc lặp không hợp lệ hoặc lặp quá dày.",
    Problem.NEVER: "Với quy tắc lặp này chương trình sẽ không bao giờ phát.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One problem, and what to read about it."""

    problem: Problem
    sentence: str


def problems_of(programme: Programme) -> tuple[Found, ...]:
    """Return everything that is wrong with a programme; empty: it may be kept."""
    found = [problem for problem, is_wrong in _table(programme) if is_wrong] + _recurrence(programme)
    return tuple(Found(problem=problem, sentence=PROBLEM_WORDS[problem]) for problem in found)


def _table(p: Programme) -> tuple[tuple[Problem, bool], ...]:
    length = sum((clip.duration + CLIP_GAP for clip in p.clips), timedelta())
    return (
        (Problem.BAD_ID, not _is_id(p.id)),
        (Problem.NO_TITLE, not p.title.strip()),
        (Problem.TITLE_TOO_LONG, len(p.title) > TITLE_CHARS_MAX),
        (Problem.NO_AUDIENCE, not p.audience),
        (Problem.NO_CLIPS, not p.clips),
        (Problem.TOO_MANY_CLIPS, len(p.clips) > CLIPS_MAX),
        (Problem.BAD_DURATION, any(not 0 < clip.duration_ms <= ASSET_DURATION_MS_MAX for clip in p.clips)),
        (Problem.TOO_LONG, length > PROGRAMME_LENGTH_MAX),
        (Problem.BAD_SLACK, not timedelta() <= p.slack <= SLACK_MAX),
    )


def _is_id(text: str) -> bool:
    try:
        parse_content_id(text)
    except MessageRefused:
        return False
    return len(text) <= PROGRAMME_ID_CHARS_MAX


def _recurrence(p: Programme) -> list[Problem]:
    recurrence = p.recurrence
    try:
        zone_of(recurrence.zone)
    except BadRule:
        return [Problem.BAD_ZONE]
    try:
        return [] if next_starts(recurrence, recurrence.start, 1) else [Problem.NEVER]
    except BadRule:
        return [Problem.BAD_RULE]
