"""What can be wrong with an account, a password or the audit chain.

AuthError
├── UnfitPassword    the password breaks the rules; carries the reasons
├── HashingBusy      too many sign-ins at once; trying again in some seconds helps
└── BadAuditEntry    a value cannot be written into the audit chain
"""

from collections.abc import Sequence


class AuthError(Exception):
    """Something about accounts or their proof is wrong."""


class UnfitPassword(AuthError, ValueError):
    """The password breaks the rules; `reasons` are members of `passwords.Weakness`."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(f"password refused: {', '.join(reasons)}")
        self.reasons = tuple(reasons)


class HashingBusy(AuthError):
    """No place for another hash within the time allowed; trying again helps."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__(f"no place for a password hash within {timeout_s} s")
        self.timeout_s = timeout_s


class BadAuditEntry(AuthError, ValueError):
    """A field of an audit entry is unfit; carries its name."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"audit entry: {field} {why}")
        self.field = field
