"""What is wrong with a programme is said before it is kept."""

from dataclasses import replace
from typing import Any

import pytest

from scheduler.checks import PROBLEM_WORDS, Problem, problems_of
from scheduler.model import Recurrence
from tests.unit.scheduler.builders import clip, programme, wall

GOOD = programme("thoi-su", "05:00", rule="FREQ=DAILY")
START = wall("2026-11-25T05:00")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"id": "Thời sự"}, Problem.BAD_ID),
        ({"id": "x" * 45}, Problem.BAD_ID),
        ({"title": "  "}, Problem.NO_TITLE),
        ({"title": "x" * 201}, Problem.TITLE_TOO_LONG),
        ({"audience": ()}, Problem.NO_AUDIENCE),
        ({"clips": ()}, Problem.NO_CLIPS),
        ({"clips": tuple(clip(f"{n}", 5) for n in range(37))}, Problem.TOO_MANY_CLIPS),
        ({"clips": (clip("a", 0),)}, Problem.BAD_DURATION),
        ({"clips": (clip("a", 7201),)}, Problem.BAD_DURATION),
        ({"clips": tuple(clip(f"{n}", 7200) for n in range(3))}, Problem.TOO_LONG),
        ({"slack_ms": -1}, Problem.BAD_SLACK),
        ({"slack_ms": 7_200_001}, Problem.BAD_SLACK),
        ({"recurrence": Recurrence(start=START, zone="Mars/Olympus")}, Problem.BAD_ZONE),
        ({"recurrence": Recurrence(start=START, rule="FREQ=MINUTELY")}, Problem.BAD_RULE),
        ({"recurrence": Recurrence(start=START, rule="nonsense")}, Problem.BAD_RULE),
        ({"recurrence": Recurrence(start=START, rule="FREQ=DAILY;UNTIL=20200101")}, Problem.NEVER),
        ({"recurrence": Recurrence(start=START, exdates=(START,))}, Problem.NEVER),
    ],
)
def test_each_fault_is_named_alone(change: dict[str, Any], problem: Problem) -> None:
    assert [found.problem for found in problems_of(replace(GOOD, **change))] == [problem]


def test_a_good_programme_has_no_problem() -> None:
    assert problems_of(GOOD) == ()


def test_all_faults_are_found_at_once() -> None:
    found = problems_of(replace(GOOD, title="", audience=(), clips=()))
    assert [one.problem for one in found] == [Problem.NO_TITLE, Problem.NO_AUDIENCE, Problem.NO_CLIPS]
    assert all(one.sentence == PROBLEM_WORDS[one.problem] for one in found)


def test_every_problem_has_words() -> None:
    assert set(PROBLEM_WORDS) == set(Problem)
