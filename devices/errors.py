"""What can go wrong with the register of loudspeakers and its ledgers.

DevicesError
├── UnknownDevice       no loudspeaker has this id
├── DeviceExists        the id, or the claim code, is taken
├── StaleDevice         somebody else changed it since it was read; read again, then decide
├── UnknownDelivery     nothing was sent under this key
├── BadClaimCode        not a claim code: mistyped; type it again
└── ClaimRefused        a claim that must not be granted; carries why

(A broker that does not take a message: `devices.gateway.NotSent`; a wrong area: `devices.areas.AreaError`.)
"""

from enum import StrEnum


class DevicesError(Exception):
    """Base of all errors of this package's register and ledgers."""

    vietnamese = "Có lỗi với dữ liệu cụm loa."

    def in_vietnamese(self) -> str:
        """Return what a person at the console should read."""
        return self.vietnamese.format(**vars(self))


class UnknownDevice(DevicesError, LookupError):
    """No loudspeaker has this id."""

    vietnamese = "Không tìm thấy cụm loa {device}."

    def __init__(self, device: str) -> None:
        super().__init__(f"no device {device[:80]!r}")
        self.device = device


class DeviceExists(DevicesError):
    """The id, or the claim code, is taken."""

    vietnamese = "Mã cụm loa {device} đã có trong hệ thống."

    def __init__(self, device: str) -> None:
        super().__init__(f"device {device!r} or its claim code is there already")
        self.device = device


class StaleDevice(DevicesError):
    """Somebody else changed the device since it was read."""

    vietnamese = "Cụm loa {device} vừa được người khác thay đổi. Hãy tải lại rồi thao tác tiếp."

    def __init__(self, device: str) -> None:
        super().__init__(f"device {device!r} has changed since it was read")
        self.device = device


class UnknownDelivery(DevicesError, LookupError):
    """Nothing was sent under this key."""

    vietnamese = "Không tìm thấy lần gửi này."


class BadClaimCode(DevicesError, ValueError):
    """Not a claim code; the code itself is not repeated, it may be a good one with one wrong sign."""

    vietnamese = "Mã kích hoạt không đúng. Hãy kiểm tra lại từng ký tự."

    def __init__(self, detail: str) -> None:
        super().__init__(f"not a claim code: {detail}")
        self.detail = detail


class WhyRefused(StrEnum):
    """Why a claim is not granted."""

    WRONG_CODE = "wrong_code"
    NOT_EXPECTED = "not_expected"  # claimed already by other hardware, or retired
    BAD_KEY = "bad_key"  # not the 32 bytes of an Ed25519 public key


class ClaimRefused(DevicesError):
    """A claim that must not be granted; `why` says for which reason."""

    vietnamese = "Không kích hoạt được cụm loa này. Hãy liên hệ người quản trị."

    def __init__(self, why: WhyRefused) -> None:
        super().__init__(f"claim refused: {why}")
        self.why = why
