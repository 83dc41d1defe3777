"""Who may do what with a bulletin, in which unit.  PURE: every answer is a list of reasons; none means yes.

Four eyes: nobody approves words of their own, whatever their rights.  Rights come in through `Person`; where they come
from is the hub's business.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from content.errors import Forbidden
from content.model import TRANSITIONS, Act, Bulletin
from devices.protocol.ids import AreaCode
from devices.protocol.manifest import ServiceClass


class Person(Protocol):
    """Somebody with an account, as far as bulletins are concerned."""

    @property
    def id(self) -> str:
        """Account id, as it stands in Bulletin.author and Bulletin.approver."""

    def may(self, act: Act, unit: AreaCode, service_class: ServiceClass) -> bool:
        """Say whether a right held here or above covers `act` in `unit`."""


class Reason(StrEnum):
    """Why not."""

    WRONG_STAGE = "wrong_stage"
    NO_RIGHT = "no_right"
    OWN_WORDS = "own_words"
    NO_TITLE = "no_title"
    NO_WORDS = "no_words"
    EXPIRED = "expired"


WORDS: Mapping[Reason, str] = {
    Reason.WRONG_STAGE: "Bản tin không ở trạng thái cho phép thao tác này.",
    Reason.NO_RIGHT: "Bạn không có quyền này tại đơn vị của bản tin.",
    Reason.OWN_WORDS: "Người soạn không được tự duyệt bản tin của mình.",
    Reason.NO_TITLE: "Bản tin chưa có tiêu đề.",
    Reason.NO_WORDS: "Bản tin chưa có nội dung hoặc tệp ghi âm.",
    Reason.EXPIRED: "Bản tin đã hết thời hạn hiệu lực.",
}

Rule = Callable[[Bulletin, Person, datetime], bool]  # true: this reason stands against it


def _own_words(bulletin: Bulletin, person: Person, _now: datetime) -> bool:
    return person.id in {bulletin.author, bulletin.editor}


def _no_title(bulletin: Bulletin, _person: Person, _now: datetime) -> bool:
    return not bulletin.title.strip()


def _no_words(bulletin: Bulletin, _person: Person, _now: datetime) -> bool:
    return any(passage.empty for passage in bulletin.passages)


def _expired(bulletin: Bulletin, _person: Person, now: datetime) -> bool:
    return bulletin.expired(now)


_COMPLETE: tuple[tuple[Reason, Rule], ...] = ((Reason.NO_TITLE, _no_title), (Reason.NO_WORDS, _no_words))
_IN_TIME: tuple[tuple[Reason, Rule], ...] = ((Reason.EXPIRED, _expired),)

RULES: Mapping[Act, tuple[tuple[Reason, Rule], ...]] = {
    Act.EDIT: (),
    Act.SUBMIT: (*_COMPLETE, *_IN_TIME),
    Act.WITHDRAW: (),
    Act.APPROVE: ((Reason.OWN_WORDS, _own_words), *_COMPLETE, *_IN_TIME),
    Act.RETURN: (),
    Act.SCHEDULE: _IN_TIME,
    Act.UNSCHEDULE: (),
    Act.ARCHIVE: (),
}


def reasons_against(act: Act, bulletin: Bulletin, person: Person, now: datetime) -> tuple[Reason, ...]:
    """Return everything that stands against `person` doing `act`; empty when it is allowed.

    AIR is never a person's: it is reported by loudspeakers.
    """
    if act not in RULES or (bulletin.stage, act) not in TRANSITIONS:
        return (Reason.WRONG_STAGE,)
    right = () if person.may(act, bulletin.unit, bulletin.service_class) else (Reason.NO_RIGHT,)
    return (*right, *(reason for reason, stands in RULES[act] if stands(bulletin, person, now)))


def require(act: Act, bulletin: Bulletin, person: Person, now: datetime) -> None:
    """Raise Forbidden with every reason when `person` may not do `act`."""
    if reasons := reasons_against(act, bulletin, person, now):
        raise Forbidden(reasons, " ".join(WORDS[reason] for reason in reasons))


def acts_open_to(person: Person, bulletin: Bulletin, now: datetime) -> tuple[Act, ...]:
    """Return the acts to offer to `person`: buttons that work."""
    return tuple(act for act in Act if not reasons_against(act, bulletin, person, now))
