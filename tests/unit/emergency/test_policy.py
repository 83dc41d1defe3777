from datetime import timedelta
from itertools import product

import pytest

from devices.protocol import limits
from devices.protocol.messages import OverrideKind
from emergency.hazards import HAZARDS, RISK_LEVELS, Pace, Siren, hazard_of
from emergency.incident import ENDLESS_GAP_MIN, VALID_MAX
from emergency.policy import (
    CIVIL_DEFENCE_LEVELS,
    PRESETS,
    RULES,
    VOLUME_PERCENT,
    Confirmation,
    all_clear_policy,
    policy_for,
)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
REAL, DRILL = OverrideKind.EMERGENCY, OverrideKind.DRILL


@pytest.mark.parametrize(
    ("hazard", "level", "siren", "repeats", "gap"),
    [
        ("song-than", 3, Siren.PULSE, 0, 20 * MINUTE),  # Decision 03/2020, Article 29
        ("song-than", 2, Siren.PULSE, 0, 30 * MINUTE),
        ("dong-dat", 4, Siren.PULSE, 1, timedelta()),
        ("lu-quet", 2, Siren.PULSE, 3, 5 * MINUTE),
        ("hoa-hoan", 1, Siren.HI_LO, 3, 5 * MINUTE),
        ("bao", 4, Siren.WAIL, 0, 2 * HOUR),  # Decision 03/2020, Article 28: emergency news every two hours
        ("bao", 2, None, 0, 3 * HOUR),  # ordinary news every three
        ("nang-nong", 3, Siren.WAIL, 0, 3 * HOUR),
        ("nang-nong", 1, None, 1, timedelta()),
    ],
)
def test_sirens_and_repeats_follow_hazard_and_level(
    hazard: str, level: int, siren: Siren | None, repeats: int, gap: timedelta
) -> None:
    policy = policy_for(hazard_of(hazard), level, REAL)
    assert (policy.siren, policy.repeats, policy.gap) == (siren, repeats, gap)


@pytest.mark.parametrize(("hazard", "level", "kind"), tuple(product(HAZARDS.values(), RISK_LEVELS, OverrideKind)))
def test_every_policy_can_be_said_on_the_wire(hazard: object, level: int, kind: OverrideKind) -> None:
    policy = policy_for(hazard, level, kind)  # type: ignore[arg-type]
    assert 2 + policy.voice_times <= limits.OVERRIDE_STEPS_MAX
    assert policy.gap <= timedelta(milliseconds=limits.STEP_GAP_MS_MAX)
    assert policy.valid_for <= VALID_MAX
    assert policy.repeats or policy.gap >= ENDLESS_GAP_MIN
    assert policy.volume_percent == VOLUME_PERCENT[kind]


@pytest.mark.parametrize("hazard", HAZARDS.values(), ids=lambda hazard: hazard.id)
def test_a_drill_has_no_siren_is_said_once_and_is_not_the_loudest(hazard: object) -> None:
    policy = policy_for(hazard, 5, DRILL)  # type: ignore[arg-type]
    assert (policy.siren, policy.repeats) == (None, 1)
    assert policy.volume_percent < VOLUME_PERCENT[REAL]


def test_who_has_only_minutes_needs_no_second_person() -> None:
    asked = {
        (hazard.pace, kind): policy_for(hazard, 4, kind, two_persons=True).confirmation
        for hazard in HAZARDS.values()
        for kind in OverrideKind
    }
    assert asked.pop((Pace.IMMEDIATE, REAL)) is Confirmation.ONE_PERSON
    assert set(asked.values()) == {Confirmation.TWO_PERSONS}


def test_one_person_is_enough_unless_the_house_asks_for_two() -> None:
    assert policy_for(hazard_of("bao"), 4, REAL).confirmation is Confirmation.ONE_PERSON


def test_an_all_clear_is_said_once_with_its_own_signal_and_is_soon_out_of_date() -> None:
    over = all_clear_policy(policy_for(hazard_of("bao"), 4, REAL), REAL)
    assert (over.siren, over.repeats, over.valid_for) == (Siren.ALL_CLEAR, 1, 30 * MINUTE)
    assert all_clear_policy(policy_for(hazard_of("bao"), 4, DRILL), DRILL).siren is None


def test_the_last_rule_fits_everything() -> None:
    assert all(RULES[-1].fits(hazard, level) for hazard in HAZARDS.values() for level in RISK_LEVELS)


def test_presets_have_names_of_their_own_and_a_pause_when_they_do_not_end() -> None:
    assert len({preset.id for preset in PRESETS}) == len(PRESETS)
    assert all(preset.repeats or preset.gap >= ENDLESS_GAP_MIN for preset in PRESETS)


def test_the_civil_defence_levels_are_those_of_the_law() -> None:
    assert sorted(CIVIL_DEFENCE_LEVELS) == [0, 1, 2, 3]
