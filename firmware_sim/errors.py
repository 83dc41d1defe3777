"""What can go wrong outside the core, which itself only answers.

FirmwareError
├── EnrolmentFailed    the hub did not take the claim code; `again` says whether trying later can help
├── IdentityInvalid    a line of an identities file is not an identity
├── AudioUnreadable    the decoder could not make sound of an asset
└── ScenarioInvalid    a scenario file names something that does not exist
"""


class FirmwareError(Exception):
    """Base of all errors of the simulated loudspeaker."""


class EnrolmentFailed(FirmwareError):
    """No identity was given; `again` is True when the hub was only out of reach."""

    def __init__(self, detail: str, *, again: bool) -> None:
        super().__init__(detail)
        self.again = again


class IdentityInvalid(FirmwareError):
    """Bytes that should describe a device do not."""


class AudioUnreadable(FirmwareError):
    """An asset could not be decoded."""


class ScenarioInvalid(FirmwareError):
    """A scenario asks for something unknown."""
