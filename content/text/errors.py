"""What can go wrong in this package.

TextError
└── LexiconError    a lexicon layer has a line that cannot be used (line number and reason)

Text itself never raises: what cannot be read is listed in `SpokenText.unread`.
"""


class TextError(Exception):
    """Anything this package refuses."""


class LexiconError(TextError):
    """A lexicon layer has a line that cannot be used."""

    def __init__(self, *, layer: str, line: int, reason: str) -> None:
        super().__init__(f"{layer}:{line}: {reason}")
        self.layer = layer
        self.line = line
        self.reason = reason
