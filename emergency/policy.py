"""How loud, how often, with which siren, and whether one person is enough: data, not branches.

Where the numbers come from: Decision 03/2020/QĐ-TTg, Articles 28 and 29 (repeating storm, flood and tsunami news),
which Decision 18/2021 replaced and which stays a good default; and practice (siren, text three times, siren).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from devices.protocol.messages import OverrideKind
from emergency.hazards import Hazard, Pace, Siren


class Confirmation(StrEnum):
    """Who must agree before it sounds."""

    ONE_PERSON = "one_person"  # who writes it sends it; looked at afterwards
    TWO_PERSONS = "two_persons"  # somebody else must approve it


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How one incident is said.  Kept with the incident, so that the record shows what was in force."""

    siren: Siren | None  # before and after each round; None: the voice alone
    voice_times: int  # how often the message is said in one round
    repeats: int  # rounds; 0: until it is over
    gap: timedelta  # silence (the interrupted programme) between two rounds
    volume_percent: int
    confirmation: Confirmation
    valid_for: timedelta  # when nobody says until when


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """For which incidents a policy is meant; an empty tuple means all."""

    hazards: tuple[str, ...] = ()
    paces: tuple[Pace, ...] = ()
    levels: tuple[int, ...] = ()
    siren: bool = True
    voice_times: int = 3
    repeats: int
    gap: timedelta
    valid_for: timedelta

    def fits(self, hazard: Hazard, level: int) -> bool:
        """Say whether this rule speaks of `hazard` at `level`."""
        return (
            (not self.hazards or hazard.id in self.hazards)
            and (not self.paces or hazard.pace in self.paces)
            and (not self.levels or level in self.levels)
        )


_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
HIGH = (3, 4, 5)

# The first that fits.
RULES: tuple[Rule, ...] = (
    Rule(hazards=("song-than",), levels=HIGH, repeats=0, gap=20 * _MINUTE, valid_for=6 * _HOUR),
    Rule(hazards=("song-than",), repeats=0, gap=30 * _MINUTE, valid_for=6 * _HOUR),
    Rule(hazards=("dong-dat",), repeats=1, gap=timedelta(), valid_for=_HOUR),  # once at once, then the next news
    Rule(paces=(Pace.IMMEDIATE,), repeats=3, gap=5 * _MINUTE, valid_for=3 * _HOUR),
    Rule(paces=(Pace.HOURS,), levels=HIGH, repeats=0, gap=2 * _HOUR, valid_for=24 * _HOUR),
    Rule(paces=(Pace.HOURS,), repeats=0, gap=3 * _HOUR, valid_for=24 * _HOUR, siren=False, voice_times=2),
    Rule(paces=(Pace.SLOW,), levels=HIGH, repeats=0, gap=3 * _HOUR, valid_for=24 * _HOUR, voice_times=2),
    Rule(repeats=1, gap=timedelta(), valid_for=6 * _HOUR, siren=False, voice_times=2),
)

VOLUME_PERCENT: Mapping[OverrideKind, int] = {
    OverrideKind.EMERGENCY: 100,  # over any limit of the site
    OverrideKind.DRILL: 80,  # heard by all, and not the loudest thing ever heard
}
DRILL_VOICE_TIMES_MAX = 2  # each time says before and after that it is a drill
ALL_CLEAR_FOR = timedelta(minutes=30)  # who comes back later hears no old all-clear at night


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A way of repeating that a person picks by name."""

    id: str
    words: str
    repeats: int
    gap: timedelta


PRESETS: tuple[Preset, ...] = (
    Preset(id="mot-lan", words="Một lần", repeats=1, gap=timedelta()),
    Preset(id="ba-lan", words="Ba lần, cách nhau 5 phút", repeats=3, gap=5 * _MINUTE),
    Preset(id="30-phut", words="30 phút một lần đến hết hiệu lực", repeats=0, gap=30 * _MINUTE),
    Preset(id="moi-gio", words="Mỗi giờ đến hết hiệu lực", repeats=0, gap=_HOUR),
    Preset(id="2-gio", words="2 giờ một lần đến hết hiệu lực", repeats=0, gap=2 * _HOUR),
    Preset(id="3-gio", words="3 giờ một lần đến hết hiệu lực", repeats=0, gap=3 * _HOUR),
)

# Law on Civil Defence 2023 as amended in 2025, Decree 200/2025/NĐ-CP, Article 14: who proclaims which level.
CIVIL_DEFENCE_LEVELS: Mapping[int, str] = {
    0: "Không ban bố cấp độ phòng thủ dân sự",
    1: "Cấp độ 1: Chủ tịch UBND cấp xã ban bố",
    2: "Cấp độ 2: Chủ tịch UBND cấp tỉnh ban bố",
    3: "Cấp độ 3: Thủ tướng Chính phủ ban bố",
}


def policy_for(hazard: Hazard, level: int, kind: OverrideKind, *, two_persons: bool = False) -> Policy:
    """Return how such an incident is said.  `two_persons`: the house asks for a second person where there is time."""
    rule = next(rule for rule in RULES if rule.fits(hazard, level))
    urgent = kind is OverrideKind.EMERGENCY and hazard.pace is Pace.IMMEDIATE
    return Policy(
        siren=hazard.siren if rule.siren and kind is OverrideKind.EMERGENCY else None,
        voice_times=rule.voice_times
        if kind is OverrideKind.EMERGENCY
        else min(rule.voice_times, DRILL_VOICE_TIMES_MAX),
        repeats=rule.repeats if kind is OverrideKind.EMERGENCY else 1,
        gap=rule.gap if kind is OverrideKind.EMERGENCY else timedelta(),
        volume_percent=VOLUME_PERCENT[kind],
        confirmation=Confirmation.TWO_PERSONS if two_persons and not urgent else Confirmation.ONE_PERSON,
        valid_for=rule.valid_for if kind is OverrideKind.EMERGENCY else _HOUR,
    )


def all_clear_policy(policy: Policy, kind: OverrideKind) -> Policy:
    """Return how the end of an incident with `policy` is said: once, and soon out of date."""
    siren = Siren.ALL_CLEAR if kind is OverrideKind.EMERGENCY else None
    return replace(policy, siren=siren, voice_times=2, repeats=1, gap=timedelta(), valid_for=ALL_CLEAR_FOR)
