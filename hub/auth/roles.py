"""What each role allows, and where: rights reach down the branch of the unit they are held in, never up or across.

The table follows the law's division of work.  An officer writes, a leader answers for what is said; an emergency on the
commune's own ground is the commune chairman's to declare (civil defence level 1), above that the province's.  Who keeps
the accounts says nothing on the air.  Everybody may stop the sound on their own ground: silence is the safe side.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from devices.areas import AreaCode, Level, UnitTree
from hub.auth.model import AccountId, Grant, Role


class Permission(StrEnum):
    """One thing that somebody may do in a unit."""

    SEE = "see"  # bulletins, day, loudspeakers
    WRITE_BULLETIN = "write_bulletin"
    APPROVE_BULLETIN = "approve_bulletin"
    SCHEDULE = "schedule"
    GO_LIVE = "go_live"
    PREPARE_ALERT = "prepare_alert"
    SEND_ALERT = "send_alert"
    DRILL = "drill"
    STOP_ALL = "stop_all"
    MANAGE_DEVICES = "manage_devices"
    MANAGE_PEOPLE = "manage_people"
    SEE_AUDIT = "see_audit"
    SEE_REPORTS = "see_reports"


_EVERYBODY = frozenset({Permission.SEE, Permission.SEE_REPORTS, Permission.STOP_ALL})
_ON_THE_AIR = frozenset(
    {Permission.WRITE_BULLETIN, Permission.SCHEDULE, Permission.GO_LIVE, Permission.PREPARE_ALERT, Permission.DRILL}
)
_ANSWERS_FOR_IT = frozenset({Permission.APPROVE_BULLETIN, Permission.SEND_ALERT, Permission.SEE_AUDIT})

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.COMMUNE_OFFICER: _EVERYBODY | _ON_THE_AIR,
    Role.COMMUNE_LEADER: _EVERYBODY | _ON_THE_AIR | _ANSWERS_FOR_IT,
    # An operator acts for an area at any hour, so alerts; but a bulletin is approved by who leads a unit.
    Role.OPERATOR: _EVERYBODY | _ON_THE_AIR | {Permission.SEND_ALERT, Permission.MANAGE_DEVICES},
    Role.PROVINCE_STAFF: _EVERYBODY | _ON_THE_AIR | _ANSWERS_FOR_IT | {Permission.MANAGE_DEVICES},
    Role.ADMINISTRATOR: _EVERYBODY | {Permission.MANAGE_DEVICES, Permission.MANAGE_PEOPLE, Permission.SEE_AUDIT},
}

# Where a role can be held.  A "commune leader" of a province would approve for a hundred communes by a slip.
HELD_AT: Mapping[Role, frozenset[Level]] = {
    Role.COMMUNE_OFFICER: frozenset({Level.COMMUNE, Level.VILLAGE}),
    Role.COMMUNE_LEADER: frozenset({Level.COMMUNE}),
    Role.OPERATOR: frozenset({Level.PROVINCE, Level.DISTRICT, Level.COMMUNE}),
    Role.PROVINCE_STAFF: frozenset({Level.PROVINCE}),
    Role.ADMINISTRATOR: frozenset({Level.NATION, Level.PROVINCE, Level.COMMUNE}),
}

ROLE_WORDS: Mapping[Role, str] = {
    Role.COMMUNE_OFFICER: "Cán bộ truyền thanh xã",
    Role.COMMUNE_LEADER: "Lãnh đạo xã",
    Role.OPERATOR: "Điều hành khu vực",
    Role.PROVINCE_STAFF: "Cán bộ cấp tỉnh",
    Role.ADMINISTRATOR: "Quản trị hệ thống",
}

PERMISSION_WORDS: Mapping[Permission, str] = {
    Permission.SEE: "xem",
    Permission.WRITE_BULLETIN: "soạn bản tin",
    Permission.APPROVE_BULLETIN: "duyệt bản tin",
    Permission.SCHEDULE: "lên lịch phát",
    Permission.GO_LIVE: "phát trực tiếp",
    Permission.PREPARE_ALERT: "soạn tin khẩn cấp",
    Permission.SEND_ALERT: "phát tin khẩn cấp",
    Permission.DRILL: "phát tin diễn tập",
    Permission.STOP_ALL: "dừng phát toàn bộ",
    Permission.MANAGE_DEVICES: "quản lý cụm loa",
    Permission.MANAGE_PEOPLE: "quản lý người dùng",
    Permission.SEE_AUDIT: "xem nhật ký hoạt động",
    Permission.SEE_REPORTS: "xem báo cáo",
}


class Denial(StrEnum):
    """Why somebody may not."""

    UNKNOWN_UNIT = "unknown_unit"  # no such unit now
    NO_ROLE = "no_role"  # holds nothing at all
    ROLE_LACKS = "role_lacks"  # holds a role over the unit, but none that allows this
    OUTSIDE = "outside"  # could do this, but elsewhere
    NO_TARGET = "no_target"  # asked about no unit at all
    WRONG_LEVEL = "wrong_level"  # such a role is not held in such a unit
    ONESELF = "oneself"  # nobody gives roles to themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """Yes, by this grant; it belongs in the audit entry of what is done."""

    grant: Grant


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """No, for this reason."""

    reason: Denial
    permission: Permission
    unit: str

    def words(self, tree: UnitTree) -> str:
        """Return the refusal as the person reads it."""
        found = tree.find(self.unit)
        place = found.name if found else f"đơn vị {self.unit}"
        return _DENIAL_WORDS[self.reason].format(act=PERMISSION_WORDS[self.permission], place=place)


_DENIAL_WORDS: Mapping[Denial, str] = {
    Denial.UNKNOWN_UNIT: "Không tìm thấy {place}. Hãy chọn lại đơn vị.",
    Denial.NO_ROLE: "Tài khoản chưa được giao nhiệm vụ ở đơn vị nào. Hãy liên hệ quản trị hệ thống.",
    Denial.ROLE_LACKS: "Nhiệm vụ được giao ở {place} không gồm quyền {act}.",
    Denial.OUTSIDE: "Quyền {act} của bạn không gồm {place}.",
    Denial.NO_TARGET: "Chưa chọn nơi để {act}.",
    Denial.WRONG_LEVEL: "Không giao được nhiệm vụ này ở {place}: không đúng cấp.",
    Denial.ONESELF: "Không ai tự giao nhiệm vụ cho mình. Hãy nhờ một quản trị khác.",
}


def may(grants: Iterable[Grant], permission: Permission, unit: str, tree: UnitTree) -> Allowed | Denied:
    """Return whether somebody with `grants` may do that in `unit`, and by which grant or why not."""
    held = tuple(grants)
    for grant in held:
        if permission in PERMISSIONS[grant.role] and tree.is_within(unit, grant.unit):
            return Allowed(grant=grant)
    return Denied(reason=_why_not(held, unit, tree), permission=permission, unit=unit)


def _why_not(held: tuple[Grant, ...], unit: str, tree: UnitTree) -> Denial:
    if unit not in tree:
        return Denial.UNKNOWN_UNIT
    if not held:
        return Denial.NO_ROLE
    return Denial.ROLE_LACKS if any(tree.is_within(unit, grant.unit) for grant in held) else Denial.OUTSIDE


def may_in_all(
    grants: Iterable[Grant], permission: Permission, units: Iterable[str], tree: UnitTree
) -> Allowed | Denied:
    """Return whether somebody may do that in every one of `units`, as a group needs; the first refusal, if any.

    Nothing is allowed in no unit at all: an empty audience is a mistake, not a permission.
    """
    held = tuple(grants)
    answer: Allowed | Denied = Denied(reason=Denial.NO_TARGET, permission=permission, unit="")
    for unit in units:
        answer = may(held, permission, unit, tree)
        if isinstance(answer, Denied):
            return answer
    return answer


def reach(grants: Iterable[Grant], permission: Permission, tree: UnitTree) -> tuple[AreaCode, ...]:
    """Return the highest units in whose branches somebody may do that, by code; no unit stands under another."""
    units = {grant.unit for grant in grants if permission in PERMISSIONS[grant.role] and grant.unit in tree}
    return tuple(sorted(u for u in units if not any(other != u and tree.is_within(u, other) for other in units)))


def may_grant(grants: Iterable[Grant], role: Role, unit: str, *, to: AccountId, tree: UnitTree) -> Allowed | Denied:
    """Return whether the holder of `grants` may give (or take back) that role in `unit`.

    Only in the own branch, only where such a role makes sense, and never to oneself: nobody becomes the second pair
    of eyes for what they wrote.
    """
    held = tuple(grants)
    answer = may(held, Permission.MANAGE_PEOPLE, unit, tree)
    if isinstance(answer, Denied):
        return answer
    if tree.unit(unit).level not in HELD_AT[role]:
        return Denied(reason=Denial.WRONG_LEVEL, permission=Permission.MANAGE_PEOPLE, unit=unit)
    if any(grant.account == to for grant in held):
        return Denied(reason=Denial.ONESELF, permission=Permission.MANAGE_PEOPLE, unit=unit)
    return answer
