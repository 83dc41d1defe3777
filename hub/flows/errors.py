"""What a use case can answer instead of doing it; `words` is for people, in Vietnamese.

FlowError
├── NotSignedIn     who is asking is not known
├── NotAllowed      the right is missing
├── NotFound        there is no such thing, or it is not the asker's to see
├── Refused         the input is wrong; carries the field
├── Conflicted      somebody else was first, or the state does not allow it now
└── TooMany         try again after `wait_s`
"""


class FlowError(Exception):
    """A use case was not done, and nothing of it was."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class NotSignedIn(FlowError):
    """Who is asking is not known."""


class NotAllowed(FlowError):
    """The right is missing."""


class NotFound(FlowError):
    """There is no such thing, or it is not the asker's to see."""


class Refused(FlowError):
    """The input is wrong; `field` is the first wrong one."""

    def __init__(self, words: str, *, field: str = "") -> None:
        super().__init__(words)
        self.field = field


class Conflicted(FlowError):
    """Somebody else was first, or the state does not allow it now."""


class TooMany(FlowError):
    """Too many tries; again after `wait_s` seconds."""

    def __init__(self, words: str, *, wait_s: float) -> None:
        super().__init__(words)
        self.wait_s = wait_s
