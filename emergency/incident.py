"""One emergency from the first word to the file: what is said, where, until when, and the table of its stages.

    draft → approved → active → cancelled | expired | superseded → closed

An update and an all-clear are incidents of their own in the same event; the update supersedes what it updates.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from devices.protocol import limits
from devices.protocol.ids import AlertId, AreaCode
from devices.protocol.messages import Override, OverrideKind
from emergency import wording
from emergency.errors import BadAlert, Fault, IllegalTransition, NeedsSecondPerson
from emergency.hazards import HAZARDS, RISK_LEVELS, hazard_of
from emergency.policy import CIVIL_DEFENCE_LEVELS, Confirmation, Policy, all_clear_policy, policy_for
from emergency.targeting import Target

TEXT_CHARS_MAX = 3000  # four minutes of speech; who has more to say has time for an ordinary bulletin
PLACES_MAX = 64  # areas and shapes of one alert: one publish each
NAME_CHARS_MAX = 200
VALID_MIN = timedelta(minutes=1)  # shorter than a siren and a sentence is a slip of the hand
VALID_MAX = timedelta(milliseconds=limits.OVERRIDE_MS_MAX)
GAP_MAX = timedelta(milliseconds=limits.STEP_GAP_MS_MAX)
ENDLESS_GAP_MIN = timedelta(minutes=1)  # a siren without end and without pause makes people cut the cable


class Stage(StrEnum):
    """How far an incident has come."""

    DRAFT = "draft"
    APPROVED = "approved"
    ACTIVE = "active"  # it is on the air
    CANCELLED = "cancelled"  # somebody ended it
    EXPIRED = "expired"  # its time ended it
    SUPERSEDED = "superseded"  # an update took its place
    CLOSED = "closed"  # looked at afterwards, and filed


class Act(StrEnum):
    """What moves an incident."""

    APPROVE = "approve"
    ACTIVATE = "activate"
    CANCEL = "cancel"
    EXPIRE = "expire"
    SUPERSEDE = "supersede"
    CLOSE = "close"


TRANSITIONS: Mapping[tuple[Stage, Act], Stage] = {
    (Stage.DRAFT, Act.APPROVE): Stage.APPROVED,
    (Stage.DRAFT, Act.CANCEL): Stage.CANCELLED,  # never heard by anybody
    (Stage.DRAFT, Act.EXPIRE): Stage.EXPIRED,
    (Stage.APPROVED, Act.ACTIVATE): Stage.ACTIVE,
    (Stage.APPROVED, Act.CANCEL): Stage.CANCELLED,
    (Stage.APPROVED, Act.EXPIRE): Stage.EXPIRED,
    (Stage.ACTIVE, Act.CANCEL): Stage.CANCELLED,
    (Stage.ACTIVE, Act.EXPIRE): Stage.EXPIRED,
    (Stage.ACTIVE, Act.SUPERSEDE): Stage.SUPERSEDED,
    (Stage.CANCELLED, Act.CLOSE): Stage.CLOSED,
    (Stage.EXPIRED, Act.CLOSE): Stage.CLOSED,
    (Stage.SUPERSEDED, Act.CLOSE): Stage.CLOSED,
}

STAGE_WORDS: Mapping[Stage, str] = {
    Stage.DRAFT: "Nháp",
    Stage.APPROVED: "Đã duyệt",
    Stage.ACTIVE: "Đang phát",
    Stage.CANCELLED: "Đã hủy",
    Stage.EXPIRED: "Hết hiệu lực",
    Stage.SUPERSEDED: "Đã thay bằng tin mới",
    Stage.CLOSED: "Đã kết thúc hồ sơ",
}


class Message(StrEnum):
    """What an incident is in its event."""

    ALERT = "alert"
    UPDATE = "update"
    ALL_CLEAR = "all_clear"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRequest:
    """What a person, or a program, asks for.  What is None follows from the policy."""

    hazard: str
    level: int
    target: Target
    issued_by: str
    text: str = ""  # empty: the standing message alone
    kind: OverrideKind = OverrideKind.EMERGENCY
    valid_until: datetime | None = None
    repeats: int | None = None
    gap: timedelta | None = None
    decision: str = ""  # number of the decision behind it
    civil_defence_level: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One alert, update or all-clear, and everything that happened to it."""

    id: AlertId
    event: AlertId  # the id of the first alert about the same danger
    message: Message = Message.ALERT
    supersedes: AlertId | None = None
    hazard: str
    level: int
    kind: OverrideKind
    target: Target
    text: str
    policy: Policy
    valid_until: datetime
    issued_by: str
    decision: str = ""
    civil_defence_level: int = 0
    stage: Stage = Stage.DRAFT
    created_at: datetime
    approved_at: datetime | None = None
    approved_by: str = ""
    activated_at: datetime | None = None
    published_in: tuple[AreaCode, ...] = ()  # the areas whose document holds its override
    override: Override | None = None  # what the loudspeakers were told
    ended_at: datetime | None = None
    ended_by: str = ""
    end_note: str = ""
    closed_at: datetime | None = None
    closed_by: str = ""

    @property
    def is_drill(self) -> bool:
        """Say whether it is not meant."""
        return self.kind is OverrideKind.DRILL


# --- making ---------------------------------------------------------------------------------------------------------


def faults(request: AlertRequest, now: datetime) -> tuple[Fault, ...]:
    """Return everything that is wrong with `request`; nothing raises."""
    found = (Fault(field=field, code=code, message=words) for field, code, words, wrong in _CHECKS if wrong(request))
    return (*found, *_time_faults(request, now))


def draft(request: AlertRequest, *, id: AlertId, now: datetime, two_persons: bool = False) -> Incident:  # noqa: A002
    """Return a new incident.  Raises BadAlert with every fault."""
    wrong = faults(request, now)
    if wrong:
        raise BadAlert(wrong)
    policy = _policy(request, two_persons=two_persons)
    return Incident(
        id=id,
        event=id,
        hazard=request.hazard,
        level=request.level,
        kind=request.kind,
        target=request.target,
        text=request.text.strip(),
        policy=policy,
        valid_until=request.valid_until or now + policy.valid_for,
        issued_by=request.issued_by,
        decision=request.decision,
        civil_defence_level=request.civil_defence_level,
        created_at=now,
    )


def update(
    old: Incident,
    request: AlertRequest,
    *,
    id: AlertId,  # noqa: A002 - the field's own name
    now: datetime,
    two_persons: bool = False,
) -> Incident:
    """Return an incident that will take the place of `old`; it may speak to other areas.  Raises BadAlert."""
    new = draft(request, id=id, now=now, two_persons=two_persons)
    if new.kind is not old.kind:
        raise BadAlert([Fault(field="kind", code="kind_changed", message="Không trộn diễn tập với tin thật.")])
    return replace(new, event=old.event, message=Message.UPDATE, supersedes=old.id)


def all_clear(old: Incident, *, id: AlertId, by: str, now: datetime, text: str = "") -> Incident:  # noqa: A002
    """Return the incident that tells those who heard `old` that it is over."""
    policy = all_clear_policy(old.policy, old.kind)
    default = wording.DRILL_ALL_CLEAR if old.is_drill else wording.all_clear_text(hazard_of(old.hazard))
    return Incident(
        id=id,
        event=old.event,
        message=Message.ALL_CLEAR,
        supersedes=old.id,
        hazard=old.hazard,
        level=old.level,
        kind=old.kind,
        target=old.target,
        text=text.strip() or default,
        policy=policy,
        valid_until=now + policy.valid_for,
        issued_by=by,
        created_at=now,
    )


def display_text(incident: Incident) -> str:
    """Return what displays show and records keep; a drill is marked as one."""
    text = incident.text or f"Cảnh báo {hazard_of(incident.hazard).name}."
    return f"DIỄN TẬP: {text}" if incident.is_drill else text


def spoken_text(incident: Incident, issued_at: datetime) -> str:
    """Return what the voice reads: written Vietnamese, normalised like any bulletin.  A drill says that it is one."""
    if incident.message is Message.ALL_CLEAR:
        words = wording.all_clear_words(incident.text, issued_at)
    else:
        words = wording.alert_words(
            hazard_of(incident.hazard),
            incident.level,
            incident.text,
            issued_at,
            update=incident.message is Message.UPDATE,
        )
    return wording.announced(incident.kind, words)


# --- moving ---------------------------------------------------------------------------------------------------------


def approve(incident: Incident, *, by: str, now: datetime) -> Incident:
    """Return `incident` approved.  Raises IllegalTransition, NeedsSecondPerson."""
    after = _moved(incident, Act.APPROVE)
    if incident.policy.confirmation is Confirmation.TWO_PERSONS and by == incident.issued_by:
        raise NeedsSecondPerson(incident.id, by)
    return replace(after, approved_by=by, approved_at=now)


def activate(incident: Incident, override: Override, published_in: tuple[AreaCode, ...], *, now: datetime) -> Incident:
    """Return `incident` on the air, with what the loudspeakers were told and where.  Raises IllegalTransition."""
    if now >= incident.valid_until:
        raise IllegalTransition(Stage.EXPIRED, Act.ACTIVATE)
    return replace(_moved(incident, Act.ACTIVATE), override=override, published_in=published_in, activated_at=now)


def cancel(incident: Incident, *, by: str, now: datetime, note: str = "") -> Incident:
    """Return `incident` ended by a person.  Raises IllegalTransition."""
    return _ended(incident, Act.CANCEL, by=by, now=now, note=note)


def expire(incident: Incident, *, now: datetime) -> Incident:
    """Return `incident` ended by its time.  Raises IllegalTransition."""
    return _ended(incident, Act.EXPIRE, by="", now=now, note="")


def supersede(incident: Incident, by: Incident, *, now: datetime) -> Incident:
    """Return `incident` replaced by its update `by`.  Raises IllegalTransition."""
    return _ended(incident, Act.SUPERSEDE, by=by.issued_by, now=now, note=by.id)


def close(incident: Incident, *, by: str, now: datetime) -> Incident:
    """Return `incident` looked at afterwards and filed.  Raises IllegalTransition."""
    return replace(_moved(incident, Act.CLOSE), closed_by=by, closed_at=now)


def with_override(incident: Incident, override: Override) -> Incident:
    """Return an active `incident` whose loudspeakers are told more: its spoken text has become ready."""
    if incident.stage is not Stage.ACTIVE:
        raise IllegalTransition(incident.stage, Act.ACTIVATE)
    return replace(incident, override=override)


def is_over(incident: Incident, now: datetime) -> bool:
    """Say whether its time has come while nobody has noted it."""
    return (incident.stage, Act.EXPIRE) in TRANSITIONS and now >= incident.valid_until


def is_sounding(incident: Incident, now: datetime) -> bool:
    """Say whether its override belongs in the documents of its areas."""
    return incident.stage is Stage.ACTIVE and incident.override is not None and now < incident.valid_until


def may(incident: Incident, act: Act) -> bool:
    """Say whether the table allows `act` now; a screen shows only such buttons."""
    return (incident.stage, act) in TRANSITIONS


def _moved(incident: Incident, act: Act) -> Incident:
    stage = TRANSITIONS.get((incident.stage, act))
    if stage is None:
        raise IllegalTransition(incident.stage, act)
    return replace(incident, stage=stage)


def _ended(incident: Incident, act: Act, *, by: str, now: datetime, note: str) -> Incident:
    return replace(_moved(incident, act), ended_by=by, ended_at=now, end_note=note)


# --- checking -------------------------------------------------------------------------------------------------------


def _policy(request: AlertRequest, *, two_persons: bool) -> Policy:
    """Return the policy with what the request says itself."""
    policy = policy_for(hazard_of(request.hazard), request.level, request.kind, two_persons=two_persons)
    if request.repeats is not None:
        policy = replace(policy, repeats=request.repeats)
    return policy if request.gap is None else replace(policy, gap=request.gap)


def _time_faults(request: AlertRequest, now: datetime) -> Iterable[Fault]:
    until = request.valid_until
    if until is None:
        return
    if until.tzinfo is None:
        yield Fault(field="valid_until", code="no_zone", message="Thời điểm hết hiệu lực thiếu múi giờ.")
        return
    if until - now < VALID_MIN:
        yield Fault(
            field="valid_until", code="too_soon", message="Thời điểm hết hiệu lực phải sau hiện tại ít nhất 1 phút."
        )
    if until - now > VALID_MAX:
        yield Fault(field="valid_until", code="too_late", message="Hiệu lực tối đa 3 ngày; quá 3 ngày phải phát lại.")


def _endless(request: AlertRequest) -> bool:
    """Say whether it would sound until its end without a pause."""
    hazard = HAZARDS.get(request.hazard)
    if hazard is None or request.level not in RISK_LEVELS:
        return False
    policy = _policy(request, two_persons=False)
    return policy.repeats == 0 and policy.gap < ENDLESS_GAP_MIN


def _outside(value: int | None, low: int, high: int) -> bool:
    return value is not None and not low <= value <= high


_CHECKS: tuple[tuple[str, str, str, Callable[[AlertRequest], bool]], ...] = (
    ("hazard", "unknown_hazard", "Chưa chọn đúng loại hiểm họa.", lambda r: r.hazard not in HAZARDS),
    ("level", "bad_level", "Cấp độ rủi ro phải từ 1 đến 5.", lambda r: r.level not in RISK_LEVELS),
    (
        "target", "nowhere", "Chưa chọn khu vực nhận tin.",
        lambda r: not r.target.areas and not r.target.shapes,
    ),
    (
        "target", "too_many_places", f"Chọn tối đa {PLACES_MAX} khu vực; hãy chọn đơn vị cấp trên.",
        lambda r: len(r.target.areas) + len(r.target.shapes) > PLACES_MAX,
    ),
    ("text", "too_long", f"Nội dung tối đa {TEXT_CHARS_MAX} ký tự.", lambda r: len(r.text) > TEXT_CHARS_MAX),
    (
        "text", "unprintable", "Nội dung có ký tự không đọc được.",
        lambda r: any(not c.isprintable() and c not in "\r\n\t" for c in r.text),
    ),
    (
        "repeats", "bad_repeats", f"Số lần lặp phải từ 0 đến {limits.OVERRIDE_REPEATS_MAX}; 0 là lặp đến hết hiệu lực.",
        lambda r: _outside(r.repeats, 0, limits.OVERRIDE_REPEATS_MAX),
    ),
    (
        "gap", "bad_gap", "Khoảng cách giữa hai lần phải từ 0 đến 4 giờ.",
        lambda r: r.gap is not None and not timedelta() <= r.gap <= GAP_MAX,
    ),
    ("gap", "endless", "Lặp đến hết hiệu lực thì mỗi lần phải cách nhau ít nhất 1 phút.", _endless),
    (
        "civil_defence_level", "bad_civil_defence_level", "Cấp độ phòng thủ dân sự phải từ 0 đến 3.",
        lambda r: r.civil_defence_level not in CIVIL_DEFENCE_LEVELS,
    ),
    (
        "issued_by", "nobody", "Chưa có người ra lệnh phát.",
        lambda r: not r.issued_by.strip() or len(r.issued_by) > NAME_CHARS_MAX,
    ),
    (
        "decision", "decision_too_long", f"Số quyết định tối đa {NAME_CHARS_MAX} ký tự.",
        lambda r: len(r.decision) > NAME_CHARS_MAX,
    ),
)  # fmt: skip
