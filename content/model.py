"""A bulletin and its stages.  PURE: every step takes a bulletin and `now` and returns the next one.

draft → submitted → approved → scheduled → aired → archived; submitted may be returned with a reason.  Whatever changes
the words makes it a draft of a new version: an approval is for one version and for nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from content.errors import IllegalTransition, StaleBulletin
from content.passages import Passage, ordered
from content.speech.voice import Voice
from content.text.spoken import ByHand
from devices.protocol.ids import AreaCode, AssetDigest, ContentId
from devices.protocol.limits import TEXT_CHARS_MAX, TITLE_CHARS_MAX
from devices.protocol.manifest import ServiceClass

REASON_CHARS_MAX = 500  # a sentence or two; longer belongs into a conversation
NOTE_CHARS_MAX = 200
FIELD_CHARS_MAX = 200  # a name of an office, the number of a document
BY_HAND_MAX = 500  # more pieces than a bulletin has


class Stage(StrEnum):
    """Where a bulletin stands."""

    DRAFT = "draft"  # nháp
    SUBMITTED = "submitted"  # chờ duyệt
    RETURNED = "returned"  # trả lại, có lý do
    APPROVED = "approved"  # đã duyệt
    SCHEDULED = "scheduled"  # đã lên lịch
    AIRED = "aired"  # đã phát
    ARCHIVED = "archived"  # lưu trữ


class Act(StrEnum):
    """What somebody does with a bulletin; AIR is reported by loudspeakers, not done by people."""

    EDIT = "edit"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    APPROVE = "approve"
    RETURN = "return"
    SCHEDULE = "schedule"
    UNSCHEDULE = "unschedule"
    AIR = "air"
    ARCHIVE = "archive"


TRANSITIONS: Mapping[tuple[Stage, Act], Stage] = {
    (Stage.DRAFT, Act.EDIT): Stage.DRAFT,
    (Stage.DRAFT, Act.SUBMIT): Stage.SUBMITTED,
    (Stage.DRAFT, Act.ARCHIVE): Stage.ARCHIVED,
    (Stage.SUBMITTED, Act.WITHDRAW): Stage.DRAFT,  # first back to the desk, then edited: nobody approves moving words
    (Stage.SUBMITTED, Act.APPROVE): Stage.APPROVED,
    (Stage.SUBMITTED, Act.RETURN): Stage.RETURNED,
    (Stage.RETURNED, Act.EDIT): Stage.DRAFT,
    (Stage.RETURNED, Act.ARCHIVE): Stage.ARCHIVED,
    (Stage.APPROVED, Act.EDIT): Stage.DRAFT,
    (Stage.APPROVED, Act.RETURN): Stage.RETURNED,  # an approval may be taken back until it is heard
    (Stage.APPROVED, Act.SCHEDULE): Stage.SCHEDULED,
    (Stage.APPROVED, Act.ARCHIVE): Stage.ARCHIVED,
    (Stage.SCHEDULED, Act.EDIT): Stage.DRAFT,
    (Stage.SCHEDULED, Act.RETURN): Stage.RETURNED,
    (Stage.SCHEDULED, Act.SCHEDULE): Stage.SCHEDULED,  # one more slot
    (Stage.SCHEDULED, Act.UNSCHEDULE): Stage.APPROVED,
    (Stage.SCHEDULED, Act.AIR): Stage.AIRED,
    (Stage.AIRED, Act.AIR): Stage.AIRED,  # the second slot, the second loudspeaker
    (Stage.AIRED, Act.SCHEDULE): Stage.SCHEDULED,  # again, in the words that were approved
    (Stage.AIRED, Act.EDIT): Stage.DRAFT,
    (Stage.AIRED, Act.ARCHIVE): Stage.ARCHIVED,
}

ON_AIR_STAGES = frozenset({Stage.APPROVED, Stage.SCHEDULED, Stage.AIRED})  # these words have been approved

MOVING_STAGES = frozenset({Stage.DRAFT, Stage.RETURNED})  # nobody has been asked to approve what is heard

STAGE_WORDS: Mapping[Stage, str] = {
    Stage.DRAFT: "Bản nháp",
    Stage.SUBMITTED: "Chờ duyệt",
    Stage.RETURNED: "Trả lại",
    Stage.APPROVED: "Đã duyệt",
    Stage.SCHEDULED: "Đã lên lịch",
    Stage.AIRED: "Đã phát",
    Stage.ARCHIVED: "Lưu trữ",
}

ACT_WORDS: Mapping[Act, str] = {
    Act.EDIT: "Sửa",
    Act.SUBMIT: "Gửi duyệt",
    Act.WITHDRAW: "Rút lại",
    Act.APPROVE: "Duyệt",
    Act.RETURN: "Trả lại",
    Act.SCHEDULE: "Lên lịch",
    Act.UNSCHEDULE: "Bỏ lịch",
    Act.AIR: "Phát",
    Act.ARCHIVE: "Lưu trữ",
}


class Subject(StrEnum):
    """What a bulletin is about (lĩnh vực)."""

    POLICY = "policy"
    GOVERNMENT = "government"
    NEWS = "news"
    ECONOMY = "economy"
    FARMING = "farming"
    HEALTH = "health"
    EDUCATION = "education"
    CULTURE = "culture"
    SECURITY = "security"
    ENVIRONMENT = "environment"
    UTILITIES = "utilities"
    INSURANCE = "insurance"
    DIGITAL = "digital"
    GOOD_DEEDS = "good_deeds"
    FEEDBACK = "feedback"
    DISASTER = "disaster"
    OBITUARY = "obituary"
    OTHER = "other"


SUBJECT_WORDS: Mapping[Subject, str] = {
    Subject.POLICY: "Chính sách, pháp luật",
    Subject.GOVERNMENT: "Chỉ đạo, điều hành",
    Subject.NEWS: "Thời sự",
    Subject.ECONOMY: "Kinh tế, chương trình, dự án",
    Subject.FARMING: "Nông nghiệp, mùa vụ, thủy lợi",
    Subject.HEALTH: "Y tế, dịch bệnh",
    Subject.EDUCATION: "Giáo dục, tuyển sinh",
    Subject.CULTURE: "Văn hóa, thể thao, lễ hội",
    Subject.SECURITY: "An ninh trật tự, quốc phòng",
    Subject.ENVIRONMENT: "Môi trường, vệ sinh, nước sạch",
    Subject.UTILITIES: "Điện, nước, giao thông",
    Subject.INSURANCE: "Bảo hiểm, an sinh",
    Subject.DIGITAL: "Chuyển đổi số, dịch vụ công",
    Subject.GOOD_DEEDS: "Gương người tốt, việc tốt",
    Subject.FEEDBACK: "Trả lời phản ánh",
    Subject.DISASTER: "Thiên tai, phòng thủ dân sự",
    Subject.OBITUARY: "Tin buồn, nhắn tìm",
    Subject.OTHER: "Khác",
}


class Requester(StrEnum):
    """Who wants something to be heard: third parties may air little, and each kind has its list of what."""

    OWN = "own"  # the commune itself
    AUTHORITY = "authority"  # other offices, mass organisations, the health station, the power company
    SCHOOL = "school"
    FIRM = "firm"
    CHARITY = "charity"
    HOUSEHOLD = "household"


REQUESTER_WORDS: Mapping[Requester, str] = {
    Requester.OWN: "Ủy ban nhân dân, ban ngành của xã",
    Requester.AUTHORITY: "Cơ quan, đoàn thể, đơn vị dịch vụ công",
    Requester.SCHOOL: "Nhà trường, cơ sở đào tạo",
    Requester.FIRM: "Doanh nghiệp, hợp tác xã, hộ kinh doanh",
    Requester.CHARITY: "Tổ chức từ thiện, nhân đạo",
    Requester.HOUSEHOLD: "Gia đình, cá nhân",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin:
    """One item of content (bản tin) of one unit.

    version counts the words, revision counts every change of the record: a store refuses a revision it has seen.
    """

    id: ContentId
    unit: AreaCode
    title: str
    text: str  # as written; empty when `recording` is what is heard
    service_class: ServiceClass
    subject: Subject
    author: str  # account that made it
    editor: str  # account whose words this version is
    created_at: datetime
    updated_at: datetime
    stage: Stage = Stage.DRAFT
    version: int = 1
    revision: int = 1
    approver: str | None = None  # of this version
    approved_at: datetime | None = None
    approved_for: str | None = None  # the leader for whom `approver` stood in
    return_reason: str = ""
    language: str = "vi"  # others are recorded, not spoken by an engine
    voice: Voice = field(default_factory=Voice)
    recording: AssetDigest | None = None  # an uploaded sound instead of a spoken text
    others: tuple[Passage, ...] = ()  # the same in other languages, in the order of being heard …
    main_at: int = 0  # … and where among them `text` or `recording` has its place
    document: str = ""  # số, ký hiệu văn bản
    issuer: str = ""  # cơ quan ban hành
    source: str = ""  # nguồn tin, đơn vị đề nghị
    requester: Requester = Requester.OWN
    concerns: str = ""  # đối tượng: whom it is for
    ticked: tuple[str, ...] = ()  # what the officer has confirmed of the checklist
    note: str = ""
    by_hand: tuple[ByHand, ...] = ()  # readings of pieces of this text
    lexicon: int = 0  # since it was submitted: the last change of the lexicon by which it is read
    copied_from: ContentId | None = None
    valid_until: datetime | None = None  # nothing of it is heard at or after this

    def __post_init__(self) -> None:
        if any(at is not None and at.tzinfo is None for at in (self.created_at, self.updated_at, self.valid_until)):
            raise ValueError("a bulletin's times are aware")
        if not 0 <= self.main_at <= len(self.others):
            raise ValueError("the main passage has no such place")
        fields = ((field, FIELD_CHARS_MAX) for field in (self.document, self.issuer, self.source, self.concerns))
        for text, most in (
            (self.title, TITLE_CHARS_MAX),
            (self.text, TEXT_CHARS_MAX),
            (self.note, NOTE_CHARS_MAX),
            *fields,
        ):
            if len(text) > most:
                raise ValueError(f"{len(text)} characters, at most {most}")
        if len(self.by_hand) > BY_HAND_MAX:
            raise ValueError(f"{len(self.by_hand)} readings by hand, at most {BY_HAND_MAX}")

    @property
    def read_until(self) -> int | None:
        """The change of the lexicon by which it is read; None: as the lexicon is now, for its words still move."""
        return None if self.stage in MOVING_STAGES else self.lexicon

    @property
    def passages(self) -> tuple[Passage, ...]:
        """Return all that is heard, a passage for each language, in order."""
        main = Passage(language=self.language, text=self.text, recording=self.recording)
        return ordered(main, self.others, self.main_at)

    def expired(self, now: datetime) -> bool:
        """Say whether it must no longer be heard."""
        return self.valid_until is not None and now >= self.valid_until

    def may_sound(self, now: datetime) -> bool:
        """Say whether its present words are approved and still valid."""
        return self.stage in ON_AIR_STAGES and self.approver is not None and not self.expired(now)


# What edited() may change; who, where and when are not words.
WORDS = frozenset(
    {
        "title",
        "text",
        "service_class",
        "subject",
        "language",
        "voice",
        "recording",
        "others",
        "main_at",
        "document",
        "issuer",
        "source",
        "requester",
        "concerns",
        "ticked",
        "note",
        "by_hand",
        "valid_until",
    }
)


def next_stage(stage: Stage, act: Act) -> Stage:
    """Return the stage after `act`, or raise IllegalTransition."""
    try:
        return TRANSITIONS[stage, act]
    except KeyError:
        raise IllegalTransition(stage, act) from None


def _after(bulletin: Bulletin, act: Act, now: datetime, **changes: Any) -> Bulletin:
    stage = next_stage(bulletin.stage, act)
    return replace(bulletin, stage=stage, revision=bulletin.revision + 1, updated_at=now, **changes)


def drafted(
    *,
    id: ContentId,  # noqa: A002 - the field's own name
    unit: AreaCode,
    title: str,
    text: str,
    author: str,
    now: datetime,
    service_class: ServiceClass = ServiceClass.NORMAL,
    subject: Subject = Subject.OTHER,
    **words: Any,
) -> Bulletin:
    """Return a new draft."""
    return Bulletin(
        id=id,
        unit=unit,
        title=title,
        text=text,
        author=author,
        editor=author,
        created_at=now,
        updated_at=now,
        service_class=service_class,
        subject=subject,
        **words,
    )


def edited(bulletin: Bulletin, *, by: str, now: datetime, **words: Any) -> Bulletin:
    """Return a draft of a new version in the words of `by`; its approval is gone."""
    if unknown := words.keys() - WORDS:
        raise ValueError(f"not words: {', '.join(sorted(unknown))}")
    fresh = {"editor": by, "version": bulletin.version + 1, "approver": None, "approved_at": None, "approved_for": None}
    return _after(bulletin, Act.EDIT, now, **words, **fresh)


def submitted(bulletin: Bulletin, *, now: datetime, lexicon: int = 0) -> Bulletin:
    """Return `bulletin` waiting for approval, from now on read by the lexicon as it was after that change."""
    return _after(bulletin, Act.SUBMIT, now, return_reason="", lexicon=lexicon)


def withdrawn(bulletin: Bulletin, *, now: datetime) -> Bulletin:
    """Return `bulletin` as a draft again."""
    return _after(bulletin, Act.WITHDRAW, now)


def approved(bulletin: Bulletin, *, by: str, version: int, now: datetime, instead_of: str | None = None) -> Bulletin:
    """Return `bulletin` approved; `version` is the one that `by` has read, StaleBulletin when it is another."""
    if version != bulletin.version:
        raise StaleBulletin(bulletin.id, bulletin.revision)
    return _after(bulletin, Act.APPROVE, now, approver=by, approved_at=now, approved_for=instead_of)


def returned(bulletin: Bulletin, *, reason: str, now: datetime) -> Bulletin:
    """Return `bulletin` sent back to its author; an approval is taken back with it."""
    said = reason.strip()
    if not 0 < len(said) <= REASON_CHARS_MAX:
        raise ValueError(f"a reason has 1 to {REASON_CHARS_MAX} characters")
    nobody = {"approver": None, "approved_at": None, "approved_for": None}
    return _after(bulletin, Act.RETURN, now, return_reason=said, **nobody)


def scheduled(bulletin: Bulletin, *, now: datetime) -> Bulletin:
    """Return `bulletin` with a place in a programme."""
    return _after(bulletin, Act.SCHEDULE, now)


def unscheduled(bulletin: Bulletin, *, now: datetime) -> Bulletin:
    """Return `bulletin` without a place, still approved."""
    return _after(bulletin, Act.UNSCHEDULE, now)


def aired(bulletin: Bulletin, *, now: datetime) -> Bulletin:
    """Return `bulletin` heard somewhere."""
    return _after(bulletin, Act.AIR, now)


def archived(bulletin: Bulletin, *, now: datetime) -> Bulletin:
    """Return `bulletin` put away."""
    return _after(bulletin, Act.ARCHIVE, now)
