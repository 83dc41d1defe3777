from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from content.approval import RULES, WORDS, Reason, acts_open_to, reasons_against, require
from content.errors import Forbidden
from content.model import Act, Bulletin, Stage, drafted
from devices.protocol.ids import AreaCode, AssetDigest, ContentId
from devices.protocol.manifest import ServiceClass

NOW = datetime(2026, 9, 5, 10, 0, tzinfo=UTC)
HERE, THERE = AreaCode("20669"), AreaCode("20672")
WRITES = frozenset({Act.EDIT, Act.SUBMIT, Act.WITHDRAW})
LEADS = WRITES | {Act.APPROVE, Act.RETURN, Act.SCHEDULE, Act.UNSCHEDULE, Act.ARCHIVE}


@dataclass(frozen=True)
class Somebody:
    id: str
    acts: frozenset[Act]
    unit: AreaCode = HERE
    highest: ServiceClass = ServiceClass.PRIORITY

    def may(self, act: Act, unit: AreaCode, service_class: ServiceClass) -> bool:
        order = list(ServiceClass)
        return act in self.acts and unit == self.unit and order.index(service_class) <= order.index(self.highest)


OFFICER, LEADER = Somebody("an", WRITES), Somebody("binh", LEADS)


def bulletin(stage: Stage = Stage.SUBMITTED, **fields: object) -> Bulletin:
    made = drafted(id=ContentId("bt-1"), unit=HERE, title="Họp dân", text="Họp.", author="an", now=NOW)
    return replace(made, stage=stage, **fields)  # type: ignore[arg-type]


CASES = [
    ("a leader of the unit", LEADER, {}, ()),
    ("without the right", Somebody("chi", WRITES), {}, (Reason.NO_RIGHT,)),
    ("of another unit", Somebody("chi", LEADS, THERE), {}, (Reason.NO_RIGHT,)),
    ("who wrote it", Somebody("an", LEADS), {}, (Reason.OWN_WORDS,)),
    ("who changed it last", Somebody("chi", LEADS), {"editor": "chi"}, (Reason.OWN_WORDS,)),
    ("who wrote it, changed by another", Somebody("an", LEADS), {"editor": "chi"}, (Reason.OWN_WORDS,)),
    ("of a class above the right", LEADER, {"service_class": ServiceClass.EMERGENCY}, (Reason.NO_RIGHT,)),
    ("without a title", LEADER, {"title": " "}, (Reason.NO_TITLE,)),
    ("without words", LEADER, {"text": "\n"}, (Reason.NO_WORDS,)),
    ("recorded instead of written", LEADER, {"text": "", "recording": AssetDigest("ab" * 32)}, ()),
    ("past its validity", LEADER, {"valid_until": NOW}, (Reason.EXPIRED,)),
    ("still valid", LEADER, {"valid_until": NOW + timedelta(seconds=1)}, ()),
    ("everything at once", OFFICER, {"title": "", "text": ""}, tuple(Reason)[1:5]),
    ("in a stage without approval", LEADER, {"stage": Stage.DRAFT}, (Reason.WRONG_STAGE,)),
]


@pytest.mark.parametrize(("person", "fields", "reasons"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_an_approval_is_refused_with_every_reason(
    person: Somebody, fields: dict[str, object], reasons: tuple[Reason, ...]
) -> None:
    assert reasons_against(Act.APPROVE, bulletin(**fields), person, NOW) == reasons  # type: ignore[arg-type]


def test_a_refusal_speaks_vietnamese_and_carries_its_codes() -> None:
    with pytest.raises(Forbidden) as refused:
        require(Act.APPROVE, bulletin(title=""), Somebody("an", LEADS), NOW)
    assert refused.value.codes == (Reason.OWN_WORDS, Reason.NO_TITLE)
    assert refused.value.in_vietnamese() == f"{WORDS[Reason.OWN_WORDS]} {WORDS[Reason.NO_TITLE]}"


def test_what_is_allowed_passes() -> None:
    assert require(Act.APPROVE, bulletin(), LEADER, NOW) is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize(
    ("person", "stage", "acts"),
    [
        (OFFICER, Stage.DRAFT, (Act.EDIT, Act.SUBMIT)),
        (OFFICER, Stage.SUBMITTED, (Act.WITHDRAW,)),
        (LEADER, Stage.SUBMITTED, (Act.WITHDRAW, Act.APPROVE, Act.RETURN)),
        (LEADER, Stage.APPROVED, (Act.EDIT, Act.RETURN, Act.SCHEDULE, Act.ARCHIVE)),
        (LEADER, Stage.SCHEDULED, (Act.EDIT, Act.RETURN, Act.SCHEDULE, Act.UNSCHEDULE)),
        (LEADER, Stage.ARCHIVED, ()),
    ],
)
def test_only_buttons_that_work_are_offered(person: Somebody, stage: Stage, acts: tuple[Act, ...]) -> None:
    assert acts_open_to(person, bulletin(stage), NOW) == acts


def test_airing_is_no_persons_act() -> None:
    everything = Somebody("chi", frozenset(Act))
    assert reasons_against(Act.AIR, bulletin(Stage.SCHEDULED), everything, NOW) == (Reason.WRONG_STAGE,)
    assert RULES.keys() == set(Act) - {Act.AIR}


def test_every_reason_has_its_words() -> None:
    assert WORDS.keys() == set(Reason)
