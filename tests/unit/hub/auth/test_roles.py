"""Rights reach down the branch only."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.areas import NATION, AreaCode, Kind, Level, Unit
from devices.areas_data import units_today
from hub.auth.model import AccountId, Grant, Role, parse_login
from hub.auth.roles import (
    HELD_AT,
    PERMISSION_WORDS,
    PERMISSIONS,
    ROLE_WORDS,
    Allowed,
    Denial,
    Denied,
    Permission,
    may,
    may_grant,
    may_in_all,
    reach,
)

NOW = datetime(2026, 5, 4, 5, 30, tzinfo=UTC)
VILLAGE = Unit(
    code=AreaCode("20669-001"), level=Level.VILLAGE, kind=Kind.THON, name="Thôn Một", parent=AreaCode("20669")
)
TREE = units_today().with_units([VILLAGE])
QUE_PHUOC, NONG_SON, DA_NANG, HUE = "20669", "20656", "48", "46"
P, R = Permission, Role

codes = st.sampled_from(sorted(unit.code for unit in TREE))
permissions = st.sampled_from(Permission)


def grant(role: Role, unit: str, account: str = "hoa") -> Grant:
    return Grant(account=AccountId(account), role=role, unit=AreaCode(unit), granted_at=NOW)


grants = st.builds(grant, st.sampled_from(Role), codes)


def why(answer: Allowed | Denied) -> Denial | None:
    return answer.reason if isinstance(answer, Denied) else None


@pytest.mark.parametrize(
    ("role", "held", "permission", "unit", "reason"),
    [
        (R.COMMUNE_OFFICER, QUE_PHUOC, P.WRITE_BULLETIN, QUE_PHUOC, None),
        (R.COMMUNE_OFFICER, QUE_PHUOC, P.WRITE_BULLETIN, "20669-001", None),
        (R.COMMUNE_OFFICER, QUE_PHUOC, P.STOP_ALL, QUE_PHUOC, None),
        (R.COMMUNE_OFFICER, QUE_PHUOC, P.APPROVE_BULLETIN, QUE_PHUOC, Denial.ROLE_LACKS),
        (R.COMMUNE_OFFICER, QUE_PHUOC, P.SEND_ALERT, QUE_PHUOC, Denial.ROLE_LACKS),
        (R.COMMUNE_OFFICER, QUE_PHUOC, P.WRITE_BULLETIN, NONG_SON, Denial.OUTSIDE),
        (R.COMMUNE_OFFICER, QUE_PHUOC, P.WRITE_BULLETIN, DA_NANG, Denial.OUTSIDE),
        (R.COMMUNE_LEADER, QUE_PHUOC, P.SEND_ALERT, QUE_PHUOC, None),
        (R.COMMUNE_LEADER, QUE_PHUOC, P.SEND_ALERT, DA_NANG, Denial.OUTSIDE),
        (R.COMMUNE_LEADER, QUE_PHUOC, P.MANAGE_DEVICES, QUE_PHUOC, Denial.ROLE_LACKS),
        (R.OPERATOR, QUE_PHUOC, P.SEND_ALERT, QUE_PHUOC, None),
        (R.OPERATOR, QUE_PHUOC, P.APPROVE_BULLETIN, QUE_PHUOC, Denial.ROLE_LACKS),
        (R.PROVINCE_STAFF, DA_NANG, P.SEND_ALERT, QUE_PHUOC, None),
        (R.PROVINCE_STAFF, DA_NANG, P.SEND_ALERT, HUE, Denial.OUTSIDE),
        (R.PROVINCE_STAFF, DA_NANG, P.SEND_ALERT, NATION, Denial.OUTSIDE),
        (R.ADMINISTRATOR, DA_NANG, P.MANAGE_PEOPLE, QUE_PHUOC, None),
        (R.ADMINISTRATOR, DA_NANG, P.STOP_ALL, QUE_PHUOC, None),
        (R.ADMINISTRATOR, DA_NANG, P.WRITE_BULLETIN, QUE_PHUOC, Denial.ROLE_LACKS),
        (R.ADMINISTRATOR, DA_NANG, P.SEND_ALERT, QUE_PHUOC, Denial.ROLE_LACKS),
        (R.PROVINCE_STAFF, DA_NANG, P.SEE, "99999", Denial.UNKNOWN_UNIT),
    ],
)
def test_who_may_do_what_where(role: Role, held: str, permission: Permission, unit: str, reason: Denial | None) -> None:
    assert why(may([grant(role, held)], permission, unit, TREE)) == reason


def test_without_a_role_nothing_is_allowed() -> None:
    assert {why(may([], permission, QUE_PHUOC, TREE)) for permission in Permission} == {Denial.NO_ROLE}


def test_the_grant_that_allows_is_named() -> None:
    officer, leader = grant(R.COMMUNE_OFFICER, QUE_PHUOC), grant(R.COMMUNE_LEADER, QUE_PHUOC)
    assert may([officer, leader], P.SEND_ALERT, QUE_PHUOC, TREE) == Allowed(grant=leader)


def test_a_crew_that_serves_two_communes_may_write_in_both_and_not_in_a_third() -> None:
    crew = [grant(R.COMMUNE_OFFICER, QUE_PHUOC), grant(R.COMMUNE_OFFICER, NONG_SON)]
    assert isinstance(may_in_all(crew, P.WRITE_BULLETIN, [QUE_PHUOC, NONG_SON], TREE), Allowed)
    assert may_in_all(crew, P.WRITE_BULLETIN, [QUE_PHUOC, "00004", NONG_SON], TREE) == Denied(
        reason=Denial.OUTSIDE, permission=P.WRITE_BULLETIN, unit="00004"
    )


def test_an_audience_of_nobody_is_refused() -> None:
    assert why(may_in_all([grant(R.PROVINCE_STAFF, DA_NANG)], P.SEND_ALERT, [], TREE)) is Denial.NO_TARGET


@given(grants, permissions, codes)
def test_rights_never_reach_up_or_sideways(held: Grant, permission: Permission, unit: str) -> None:
    answer = may([held], permission, unit, TREE)
    line = {unit, *(above.code for above in TREE.ancestors(unit))}
    assert isinstance(answer, Allowed) == (held.unit in line and permission in PERMISSIONS[held.role])


@given(st.lists(grants, max_size=4), permissions, codes)
def test_another_grant_never_takes_a_right_away(held: list[Grant], permission: Permission, unit: str) -> None:
    for kept in range(len(held)):
        if isinstance(may(held[:kept], permission, unit, TREE), Allowed):
            assert isinstance(may(held, permission, unit, TREE), Allowed)


@given(st.lists(grants, max_size=4), permissions, codes)
def test_reach_says_the_same_as_may(held: list[Grant], permission: Permission, unit: str) -> None:
    reached = any(TREE.is_within(unit, top) for top in reach(held, permission, TREE))
    assert reached == isinstance(may(held, permission, unit, TREE), Allowed)


def test_reach_names_the_highest_units_only() -> None:
    held = [grant(R.COMMUNE_LEADER, QUE_PHUOC), grant(R.PROVINCE_STAFF, DA_NANG), grant(R.OPERATOR, "00004")]
    assert reach(held, P.SEND_ALERT, TREE) == ("00004", "48")


def test_a_grant_in_a_unit_that_is_gone_reaches_nothing() -> None:
    gone = grant(R.COMMUNE_LEADER, "o-20669")
    assert why(may([gone], P.SEND_ALERT, QUE_PHUOC, TREE)) is Denial.OUTSIDE
    assert reach([gone], P.SEND_ALERT, TREE) == ()


@pytest.mark.parametrize(
    ("role", "unit", "to", "reason"),
    [
        (R.COMMUNE_LEADER, QUE_PHUOC, "binh", None),
        (R.COMMUNE_LEADER, DA_NANG, "binh", Denial.WRONG_LEVEL),
        (R.PROVINCE_STAFF, QUE_PHUOC, "binh", Denial.WRONG_LEVEL),
        (R.PROVINCE_STAFF, HUE, "binh", Denial.OUTSIDE),
        (R.COMMUNE_LEADER, QUE_PHUOC, "hoa", Denial.ONESELF),
    ],
)
def test_roles_are_given_in_ones_own_branch_where_they_make_sense_and_never_to_oneself(
    role: Role, unit: str, to: str, reason: Denial | None
) -> None:
    assert why(may_grant([grant(R.ADMINISTRATOR, DA_NANG)], role, unit, to=AccountId(to), tree=TREE)) == reason


def test_who_does_not_keep_the_people_gives_no_roles() -> None:
    held = [grant(R.PROVINCE_STAFF, DA_NANG)]
    assert why(may_grant(held, R.COMMUNE_OFFICER, QUE_PHUOC, to=AccountId("binh"), tree=TREE)) is Denial.ROLE_LACKS


def test_everybody_may_stop_the_sound_and_only_leaders_approve() -> None:
    assert all(P.STOP_ALL in allowed for allowed in PERMISSIONS.values())
    assert {role for role in Role if P.APPROVE_BULLETIN in PERMISSIONS[role]} == {R.COMMUNE_LEADER, R.PROVINCE_STAFF}


def test_every_role_and_permission_has_a_place_and_words() -> None:
    assert set(PERMISSIONS) == set(HELD_AT) == set(ROLE_WORDS) == set(Role)
    assert set(PERMISSION_WORDS) == set(Permission)


@pytest.mark.parametrize("reason", Denial)
def test_every_refusal_has_words_for_the_person(reason: Denial) -> None:
    for unit in (QUE_PHUOC, "99999", ""):
        words = Denied(reason=reason, permission=P.SEND_ALERT, unit=unit).words(TREE)
        assert words.endswith(".")
        assert "{" not in words


@pytest.mark.parametrize(
    ("typed", "login"),
    [
        (" Hoa.NT ", "hoa.nt"),
        ("ab", None),
        ("hòa", None),
        ("a b c", None),
        ("", None),
        ("x" * 41, None),
        ("abc\n", "abc"),
    ],
)
def test_a_sign_in_name_has_one_form(typed: str, login: str | None) -> None:
    assert parse_login(typed) == login
