from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocol import limits
from devices.protocol.ids import AlertId, AreaCode
from devices.protocol.messages import OverrideKind
from emergency import wording
from emergency.errors import BadAlert, IllegalTransition, NeedsSecondPerson
from emergency.hazards import Siren
from emergency.incident import (
    PLACES_MAX,
    STAGE_WORDS,
    TEXT_CHARS_MAX,
    TRANSITIONS,
    Act,
    AlertRequest,
    Incident,
    Message,
    Stage,
    activate,
    all_clear,
    approve,
    cancel,
    close,
    display_text,
    draft,
    expire,
    faults,
    is_over,
    is_sounding,
    may,
    spoken_text,
    supersede,
    update,
    with_override,
)
from emergency.override import build
from emergency.targeting import Target
from tests.unit.emergency.examples import (
    DA_NANG,
    HOUR,
    NOW,
    PINNED,
    QUE_PHUOC,
    SPEECH,
    a_draft,
    active,
    approved,
    drill,
    request,
)

OVERRIDE = build(approved(), PINNED, SPEECH, now=NOW)
ACTS = {
    Act.APPROVE: lambda incident: approve(incident, by="chu-tich", now=NOW),
    Act.ACTIVATE: lambda incident: activate(incident, OVERRIDE, (DA_NANG,), now=NOW),
    Act.CANCEL: lambda incident: cancel(incident, by="chu-tich", now=NOW, note="nhầm"),
    Act.EXPIRE: lambda incident: expire(incident, now=NOW),
    Act.SUPERSEDE: lambda incident: supersede(incident, active("moi"), now=NOW),
    Act.CLOSE: lambda incident: close(incident, by="chu-tich", now=NOW),
}


# --- stages ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stage", "act"), tuple(product(Stage, Act)))
def test_every_pair_of_stage_and_act_is_either_in_the_table_or_an_error(stage: Stage, act: Act) -> None:
    incident = replace(a_draft(), stage=stage)
    assert may(incident, act) is ((stage, act) in TRANSITIONS)
    if (stage, act) in TRANSITIONS:
        assert ACTS[act](incident).stage is TRANSITIONS[stage, act]
    else:
        with pytest.raises(IllegalTransition) as refused:
            ACTS[act](incident)
        assert (refused.value.stage, refused.value.act) == (stage, act)


def test_from_every_stage_the_file_can_be_closed_in_the_end() -> None:
    reached = {Stage.CLOSED}
    for _ in Stage:
        reached |= {stage for (stage, _), after in TRANSITIONS.items() if after in reached}
    assert reached == set(Stage)


def test_every_stage_has_a_word_for_the_screen() -> None:
    assert set(STAGE_WORDS) == set(Stage)


def test_an_incident_remembers_who_did_what_and_when() -> None:
    ended = cancel(active(), by="truong-ban", now=NOW + HOUR, note="báo nhầm")
    filed = close(ended, by="chu-tich", now=NOW + 2 * HOUR)
    assert (filed.issued_by, filed.created_at) == ("lanh-dao", NOW)
    assert (filed.approved_by, filed.approved_at, filed.activated_at) == ("chu-tich", NOW, NOW)
    assert (filed.ended_by, filed.ended_at, filed.end_note) == ("truong-ban", NOW + HOUR, "báo nhầm")
    assert (filed.closed_by, filed.closed_at) == ("chu-tich", NOW + 2 * HOUR)


def test_where_two_persons_are_needed_the_writer_may_not_approve() -> None:
    incident = draft(request(hazard="bao"), id=AlertId("bao-4"), now=NOW, two_persons=True)
    with pytest.raises(NeedsSecondPerson):
        approve(incident, by="lanh-dao", now=NOW)
    assert approve(incident, by="chu-tich", now=NOW).stage is Stage.APPROVED


def test_where_one_person_is_enough_the_writer_approves() -> None:
    assert approve(a_draft(), by="lanh-dao", now=NOW).stage is Stage.APPROVED


def test_what_is_over_does_not_go_on_the_air() -> None:
    late = approved(valid_until=NOW + HOUR)
    with pytest.raises(IllegalTransition):
        activate(late, OVERRIDE, (DA_NANG,), now=NOW + HOUR)


def test_an_incident_sounds_only_while_it_is_active_and_valid() -> None:
    incident = active(valid_until=NOW + HOUR)
    assert is_sounding(incident, NOW)
    assert not is_sounding(incident, NOW + HOUR)
    assert not is_sounding(cancel(incident, by="x", now=NOW), NOW)
    assert not is_sounding(approved(), NOW)


@pytest.mark.parametrize("make", [a_draft, approved, active])
def test_what_nobody_ended_is_over_when_its_time_has_come(make: object) -> None:
    incident = make(valid_until=NOW + HOUR)  # type: ignore[operator]
    assert not is_over(incident, NOW + HOUR - timedelta(seconds=1))
    assert is_over(incident, NOW + HOUR)
    assert not is_over(expire(incident, now=NOW + HOUR), NOW + HOUR)


def test_only_what_is_on_the_air_can_be_told_more() -> None:
    assert with_override(active(), OVERRIDE).override == OVERRIDE
    with pytest.raises(IllegalTransition):
        with_override(approved(), OVERRIDE)


# --- updates and the end --------------------------------------------------------------------------------------------


def test_an_update_belongs_to_the_same_event_and_supersedes_what_it_updates() -> None:
    old = active("bao-4", hazard="bao")
    new = update(old, request(hazard="bao", level=4), id=AlertId("bao-4-2"), now=NOW)
    third = update(new, request(hazard="bao", level=5), id=AlertId("bao-4-3"), now=NOW)
    assert (new.event, new.supersedes, new.message) == ("bao-4", "bao-4", Message.UPDATE)
    assert (third.event, third.supersedes) == ("bao-4", "bao-4-2")
    ended = supersede(old, new, now=NOW + HOUR)
    assert (ended.stage, ended.end_note) == (Stage.SUPERSEDED, "bao-4-2")


def test_a_drill_does_not_become_real_by_an_update() -> None:
    with pytest.raises(BadAlert):
        update(drill(), request(), id=AlertId("that"), now=NOW)


def test_an_all_clear_speaks_to_those_who_heard_the_alert_once() -> None:
    old = active(areas=(DA_NANG, QUE_PHUOC))
    over = all_clear(old, id=AlertId("bao-yen-1"), by="chu-tich", now=NOW)
    assert (over.message, over.event, over.supersedes, over.target) == (
        Message.ALL_CLEAR, old.event, old.id, old.target,
    )  # fmt: skip
    assert (over.kind, over.level, over.policy.repeats) == (OverrideKind.EMERGENCY, old.level, 1)
    assert over.policy.siren is Siren.ALL_CLEAR
    assert spoken_text(over, NOW).startswith("Tin báo yên. Tình huống khẩn cấp về lũ quét đã kết thúc.")
    assert all_clear(old, id=AlertId("x"), by="y", now=NOW, text="Bão đã tan.").text == "Bão đã tan."


def test_the_end_of_a_drill_is_still_a_drill() -> None:
    over = all_clear(drill(), id=AlertId("het"), by="chu-tich", now=NOW)
    assert over.is_drill
    assert wording.DRILL_ALL_CLEAR in spoken_text(over, NOW)
    assert spoken_text(over, NOW).startswith(wording.DRILL_OPENING)


# --- words ----------------------------------------------------------------------------------------------------------


def test_what_is_spoken_names_the_danger_the_level_and_the_time() -> None:
    assert spoken_text(active(), NOW) == (
        "Bản tin khẩn cấp. Cảnh báo lũ quét. Bà con dọc suối Nậm Pàn phải di dời ngay đến trường tiểu học bản Nà Lốc. "
        "Cấp độ rủi ro thiên tai: cấp 3. Tin phát lúc 17h00 ngày 5/9/2026. Khi cần cứu giúp, gọi 112."
    )


@given(st.text(max_size=200))
def test_no_text_hides_that_it_is_a_drill(text: str) -> None:
    incident = replace(drill(), text=text)
    assert spoken_text(incident, NOW).startswith(wording.DRILL_OPENING)
    assert spoken_text(incident, NOW).endswith(wording.DRILL_CLOSING)
    assert display_text(incident).startswith("DIỄN TẬP: ")


def test_a_display_shows_the_danger_when_nobody_wrote_a_text() -> None:
    assert display_text(active(text="")) == "Cảnh báo lũ quét."


# --- what may be asked for ------------------------------------------------------------------------------------------


def test_a_good_request_has_no_faults_and_takes_what_it_does_not_say_from_the_policy() -> None:
    assert faults(request(), NOW) == ()
    incident = a_draft()
    assert (incident.policy.repeats, incident.policy.gap) == (3, timedelta(minutes=5))
    assert incident.valid_until == NOW + 3 * HOUR
    assert incident.stage is Stage.DRAFT


def test_what_a_request_says_itself_stands() -> None:
    incident = a_draft(repeats=7, gap=timedelta(minutes=9), valid_until=NOW + HOUR, decision="12/QĐ-UBND")
    assert (incident.policy.repeats, incident.policy.gap) == (7, timedelta(minutes=9))
    assert (incident.valid_until, incident.decision) == (NOW + HOUR, "12/QĐ-UBND")


def test_an_alert_needs_no_text_the_standing_message_says_enough() -> None:
    assert faults(request(text=""), NOW) == ()


CODES = tuple(AreaCode(str(n)) for n in range(PLACES_MAX + 1))
BAD = {
    "unknown_hazard": request(hazard="khong-co"),
    "bad_level": request(level=6),
    "nowhere": request(target=Target()),
    "too_many_places": request(target=Target(areas=CODES)),
    "too_long": request(text="a" * (TEXT_CHARS_MAX + 1)),
    "unprintable": request(text="chú ý\x00"),
    "bad_repeats": request(repeats=limits.OVERRIDE_REPEATS_MAX + 1),
    "bad_gap": request(gap=timedelta(hours=5)),
    "endless": request(repeats=0, gap=timedelta(seconds=59)),
    "bad_civil_defence_level": request(civil_defence_level=4),
    "nobody": request(issued_by=" "),
    "decision_too_long": request(decision="x" * 201),
    "too_soon": request(valid_until=NOW + timedelta(seconds=59)),
    "too_late": request(valid_until=NOW + timedelta(days=3, seconds=1)),
    "no_zone": request(valid_until=datetime(2026, 9, 5, 12, 0)),  # noqa: DTZ001 - that is the fault
}


@pytest.mark.parametrize("code", BAD)
def test_a_request_is_refused_with_the_fault(code: str) -> None:
    found = faults(BAD[code], NOW)
    assert [fault.code for fault in found] == [code]
    assert found[0].message.endswith(".")
    with pytest.raises(BadAlert) as refused:
        draft(BAD[code], id=AlertId("x"), now=NOW)
    assert refused.value.in_vietnamese() == found[0].message


def test_all_faults_are_said_at_once() -> None:
    bad = request(hazard="khong-co", level=0, issued_by="", valid_until=NOW)
    assert [fault.code for fault in faults(bad, NOW)] == ["unknown_hazard", "bad_level", "nobody", "too_soon"]


requests = st.builds(
    AlertRequest,
    hazard=st.sampled_from(["bao", "lu-quet", "hoa-hoan", "khong-co"]),
    level=st.integers(-1, 7),
    target=st.sampled_from([Target(), Target(areas=(DA_NANG,))]),
    issued_by=st.text(max_size=5),
    text=st.text(max_size=40),
    kind=st.sampled_from(OverrideKind),
    valid_until=st.none()
    | st.datetimes(NOW.replace(tzinfo=None), NOW.replace(tzinfo=None) + timedelta(days=4)).map(
        lambda naive: naive.replace(tzinfo=NOW.tzinfo)
    ),
    repeats=st.none() | st.integers(-1, 300),
    gap=st.none() | st.timedeltas(timedelta(seconds=-1), timedelta(hours=5)),
)


@given(requests)
def test_whatever_is_asked_for_is_either_refused_with_reasons_or_can_go_on_the_air(asked: AlertRequest) -> None:
    if faults(asked, NOW):
        with pytest.raises(BadAlert):
            draft(asked, id=AlertId("x"), now=NOW)
        return
    incident: Incident = approve(draft(asked, id=AlertId("x"), now=NOW), by="chu-tich", now=NOW)
    override = build(incident, PINNED, SPEECH, now=NOW)
    assert activate(incident, override, (DA_NANG,), now=NOW).stage is Stage.ACTIVE
