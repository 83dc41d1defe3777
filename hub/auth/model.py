"""Accounts, and the roles they hold in units."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from devices.areas import AreaCode

AccountId = NewType("AccountId", str)

# What people type at sign-in: a name on paper or over the telephone, so no capitals and no marks.
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}\Z")


def parse_login(text: str) -> str | None:
    """Return a sign-in name in its one form, or None if it cannot be one."""
    login = text.strip().casefold()
    return login if _LOGIN.match(login) else None


class Role(StrEnum):
    """What somebody is in a unit.  `roles.PERMISSIONS` says what that allows."""

    COMMUNE_OFFICER = "commune_officer"
    COMMUNE_LEADER = "commune_leader"
    OPERATOR = "operator"
    PROVINCE_STAFF = "province_staff"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person who signs in.  Accounts are closed, never deleted: the audit names them."""

    id: AccountId
    login: str
    name: str  # as it is shown: "Nguyễn Thị Hòa"
    password_hash: str
    must_change_password: bool  # True from the first password until the person chose one
    created_at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One role in one unit.  A person may hold many, a unit has many people: a crew may serve several communes."""

    account: AccountId
    role: Role
    unit: AreaCode
    granted_by: AccountId | None = None  # None: made at installation
    granted_at: datetime
