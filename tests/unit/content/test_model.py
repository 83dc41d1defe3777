from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from content import model
from content.errors import IllegalTransition, StaleBulletin
from content.model import TRANSITIONS, Act, Bulletin, Stage, drafted
from devices.protocol.ids import AreaCode, ContentId

NOW = datetime(2026, 9, 5, 10, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


def bulletin(stage: Stage = Stage.DRAFT, **fields: object) -> Bulletin:
    made = drafted(id=ContentId("bt-1"), unit=AreaCode("20669"), title="Họp dân", text="Họp.", author="an", now=NOW)
    given = {"stage": stage, "approver": "binh" if stage in model.ON_AIR_STAGES else None, **fields}
    return replace(made, **given)  # type: ignore[arg-type]


STEPS: dict[Act, Callable[[Bulletin], Bulletin]] = {
    Act.EDIT: lambda b: model.edited(b, by="chi", now=LATER, text="Họp lúc 8h."),
    Act.SUBMIT: lambda b: model.submitted(b, now=LATER),
    Act.WITHDRAW: lambda b: model.withdrawn(b, now=LATER),
    Act.APPROVE: lambda b: model.approved(b, by="binh", version=1, now=LATER),
    Act.RETURN: lambda b: model.returned(b, reason="thiếu địa điểm", now=LATER),
    Act.SCHEDULE: lambda b: model.scheduled(b, now=LATER),
    Act.UNSCHEDULE: lambda b: model.unscheduled(b, now=LATER),
    Act.AIR: lambda b: model.aired(b, now=LATER),
    Act.ARCHIVE: lambda b: model.archived(b, now=LATER),
}

# Written by hand, not derived: rows are stages, columns the acts in the order of Act; "-" is refused.
TABLE = """
            edit   submit     withdraw approve   return    schedule   unschedule air    archive
draft       draft  submitted  -        -         -         -          -          -      archived
submitted   -      -          draft    approved  returned  -          -          -      -
returned    draft  -          -        -         -         -          -          -      archived
approved    draft  -          -        -         returned  scheduled  -          -      archived
scheduled   draft  -          -        -         returned  scheduled  approved   aired  -
aired       draft  -          -        -         -         scheduled  -          aired  archived
archived    -      -          -        -         -         -          -          -      -
"""


def pairs() -> list[tuple[Stage, Act, str]]:
    head, *rows = [line.split() for line in TABLE.strip().splitlines()]
    return [(Stage(row[0]), Act(act), to) for row in rows for act, to in zip(head, row[1:], strict=True)]


def test_the_table_names_every_stage_and_every_act() -> None:
    assert {(stage, act) for stage, act, _ in pairs()} == {(stage, act) for stage in Stage for act in Act}
    assert STEPS.keys() == set(Act)


@pytest.mark.parametrize(("stage", "act", "to"), pairs())
def test_every_pair_of_stage_and_act_does_what_the_table_says(stage: Stage, act: Act, to: str) -> None:
    before = bulletin(stage)
    if to == "-":
        with pytest.raises(IllegalTransition) as refused:
            STEPS[act](before)
        assert (refused.value.stage, refused.value.act) == (stage, act)
        return
    after = STEPS[act](before)
    assert after.stage == to
    assert (after.revision, after.updated_at) == (before.revision + 1, LATER)


def test_nothing_is_heard_without_an_approval_on_its_way() -> None:
    reached, edge = {Stage.DRAFT}, {Stage.DRAFT}
    while edge:
        edge = {to for (stage, act), to in TRANSITIONS.items() if stage in edge and act is not Act.APPROVE} - reached
        reached |= edge
    assert reached & model.ON_AIR_STAGES == set()


@pytest.mark.parametrize("stage", [Stage.APPROVED, Stage.SCHEDULED, Stage.AIRED])
def test_an_edit_takes_the_approval_away_and_makes_a_new_version(stage: Stage) -> None:
    after = STEPS[Act.EDIT](bulletin(stage))
    assert (after.stage, after.version, after.approver, after.approved_at) == (Stage.DRAFT, 2, None, None)
    assert (after.author, after.editor) == ("an", "chi")
    assert not after.may_sound(LATER)


def test_an_approval_is_for_the_version_that_was_read() -> None:
    with pytest.raises(StaleBulletin):
        model.approved(bulletin(Stage.SUBMITTED, version=2), by="binh", version=1, now=LATER)


def test_an_approval_says_who_and_when() -> None:
    after = STEPS[Act.APPROVE](bulletin(Stage.SUBMITTED))
    assert (after.approver, after.approved_at) == ("binh", LATER)
    assert after.may_sound(LATER)


def test_a_returned_bulletin_carries_its_reason_until_it_is_submitted_again() -> None:
    sent_back = STEPS[Act.RETURN](bulletin(Stage.APPROVED))
    assert (sent_back.return_reason, sent_back.approver) == ("thiếu địa điểm", None)
    mended = STEPS[Act.EDIT](sent_back)
    assert mended.return_reason == "thiếu địa điểm"
    assert STEPS[Act.SUBMIT](mended).return_reason == ""


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_a_bulletin_is_not_returned_without_a_readable_reason(reason: str) -> None:
    with pytest.raises(ValueError, match="reason"):
        model.returned(bulletin(Stage.SUBMITTED), reason=reason, now=LATER)


@pytest.mark.parametrize("field", ["stage", "approver", "unit", "author", "revision"])
def test_an_edit_changes_words_and_nothing_else(field: str) -> None:
    with pytest.raises(ValueError, match=field):
        model.edited(bulletin(), by="an", now=LATER, **{field: "x"})


@pytest.mark.parametrize(("minutes", "sounds"), [(-1, True), (0, False), (1, False)])
def test_nothing_sounds_at_or_after_the_end_of_its_validity(minutes: int, sounds: bool) -> None:
    made = bulletin(Stage.SCHEDULED, valid_until=NOW)
    assert made.may_sound(NOW + timedelta(minutes=minutes)) is sounds


@pytest.mark.parametrize(
    "fields",
    [{"title": "x" * 201}, {"text": "x" * 8001}, {"note": "x" * 201}, {"valid_until": datetime(2026, 9, 5)}],  # noqa: DTZ001 - that is the case
    ids=["title", "text", "note", "naive time"],
)
def test_what_is_too_long_or_has_no_zone_is_no_bulletin(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"characters|aware"):
        bulletin(Stage.DRAFT, **fields)


def test_every_word_for_people_is_there() -> None:
    assert model.STAGE_WORDS.keys() == set(Stage)
    assert model.ACT_WORDS.keys() == set(Act)
    assert model.SUBJECT_WORDS.keys() == set(model.Subject)
