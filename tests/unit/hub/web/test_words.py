"""Times, places and repetitions as people here read them; all pure."""

from datetime import UTC, datetime, timedelta

import pytest

from content.text.normalise import normalise
from hub.web import words
from hub.web.spoken import pieces
from hub.web.when import first_day, recurrence_words, rule_of
from scheduler.model import Recurrence

NOON = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)  # 12:00 on the wall


@pytest.mark.parametrize(
    ("at", "reads"),
    [
        (datetime(2026, 11, 25, 0, 30, tzinfo=UTC), "07:30"),
        (datetime(2026, 11, 24, 16, 59, tzinfo=UTC), "23:59 24/11"),
        (datetime(2025, 11, 25, 0, 30, tzinfo=UTC), "07:30 25/11/2025"),
    ],
)
def test_a_moment_has_no_more_date_than_it_needs(at, reads):
    assert words.moment(at, NOON) == reads


def test_a_day_begins_at_midnight_of_the_wall_clock():
    assert words.day(datetime(2026, 11, 24, 17, 0, tzinfo=UTC)) == "thứ Tư, 25/11/2026"


@pytest.mark.parametrize(("ms", "reads"), [(0, "00:00"), (130_400, "02:10"), (3_730_000, "1:02:10"), (-5, "00:00")])
def test_a_length_is_minutes_and_seconds(ms, reads):
    assert words.length(ms) == reads


@pytest.mark.parametrize(
    ("minutes", "reads"), [(0, "vừa xong"), (3, "3 phút trước"), (125, "2 giờ trước"), (3000, "2 ngày trước")]
)
def test_an_age_is_said_in_its_largest_unit(minutes, reads):
    assert words.age(timedelta(minutes=minutes)) == reads


def test_what_a_field_for_times_holds_comes_back_as_it_went():
    at = datetime(2026, 11, 25, 10, 30, tzinfo=UTC)
    assert words.from_input(words.for_input(at)) == at


@pytest.mark.parametrize(
    ("repeat", "days", "until", "rule", "reads"),
    [
        ("once", (), "", "", "17:00 thứ Tư, 25/11/2026"),
        ("daily", (), "", "FREQ=DAILY", "Hằng ngày lúc 17:00"),
        ("daily", (), "2026-12-31", "FREQ=DAILY;UNTIL=20261231", "Hằng ngày lúc 17:00, đến hết 31/12/2026"),
        ("weekly", ("WE", "MO"), "", "FREQ=WEEKLY;BYDAY=MO,WE", "Thứ Hai, thứ Tư hằng tuần lúc 17:00"),
    ],
)
def test_a_choice_becomes_a_rule_and_a_rule_becomes_words(repeat, days, until, rule, reads):
    start = datetime(2026, 11, 25, 17, 0)  # noqa: DTZ001 - wall time
    assert rule_of(repeat, days, until) == rule
    assert recurrence_words(Recurrence(start=start, rule=rule)) == reads


def test_a_weekly_rule_begins_on_one_of_its_days():
    wednesday = datetime(2026, 11, 25, 17, 0)  # noqa: DTZ001 - wall time
    assert first_day(wednesday, "weekly", ("MO",)).day == 30
    assert first_day(wednesday, "weekly", ("WE", "MO")) == wednesday


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("Họp lúc 7h30 mai.", "Họp lúc bảy giờ ba mươi phút mai."),
        ("5.000 đồng/năm", "năm nghìn đồng một năm"),
    ],
)
def test_a_text_is_shown_with_what_is_said_otherwise_in_its_place(text, reads):
    shown = pieces(text, normalise(text))
    assert "".join(piece.words for piece in shown) == reads
    assert all(text[piece.start : piece.end] == piece.source for piece in shown if piece.source)
