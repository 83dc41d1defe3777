"""Who is asking, and the one way to ask whether they may."""

from dataclasses import dataclass

from devices.areas import AreaCode, UnitTree
from hub.auth.model import Account, Grant
from hub.auth.roles import Denied, Permission, may, reach
from hub.auth.sessions import Session
from hub.flows.errors import NotAllowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person with what they may be; `session` is None for the command line."""

    account: Account
    grants: tuple[Grant, ...]
    session: Session | None = None

    def may(self, permission: Permission, unit: str, tree: UnitTree) -> bool:
        """Say whether this person may do that in `unit`."""
        return not isinstance(may(self.grants, permission, unit, tree), Denied)

    def must(self, permission: Permission, unit: str, tree: UnitTree) -> None:
        """Raise NotAllowed with the reason in words unless this person may do that in `unit`."""
        answer = may(self.grants, permission, unit, tree)
        if isinstance(answer, Denied):
            raise NotAllowed(answer.words(tree))

    def reach(self, permission: Permission, tree: UnitTree) -> tuple[AreaCode, ...]:
        """Return the highest units in whose branches this person may do that."""
        return reach(self.grants, permission, tree)

    def sees(self, unit: str, tree: UnitTree) -> bool:
        """Say whether this person may look at `unit`."""
        return self.may(Permission.SEE, unit, tree)
