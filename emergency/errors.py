"""What can go wrong with an emergency.

EmergencyError
├── BadAlert                what was asked for cannot be said; carries every fault
├── IllegalTransition       the table of stages has no such step
├── NeedsSecondPerson       who wrote it may not approve it
├── UnknownHazard           no hazard has this id
├── UnknownIncident         no incident has this id
├── IncidentExists          the id is taken
├── StaleIncident           somebody else changed it since it was read; read again, then decide
├── UnknownCall             a device that is not on the roll of the incident
└── NothingToSound          neither a pinned sound nor speech: the override would be silent
"""

from collections.abc import Sequence
from dataclasses import dataclass


class EmergencyError(Exception):
    """Base of all errors of this package."""

    vietnamese = "Có lỗi khi xử lý tin khẩn cấp."

    def in_vietnamese(self) -> str:
        """Return what a person at the console should read."""
        return self.vietnamese.format(**vars(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong with what was asked for."""

    field: str
    code: str
    message: str  # Vietnamese


class BadAlert(EmergencyError, ValueError):
    """What was asked for cannot be said; `faults` says everything that is wrong."""

    vietnamese = "{told}"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"bad alert: {', '.join(fault.code for fault in faults)}")
        self.faults = tuple(faults)
        self.told = " ".join(fault.message for fault in faults)


class IllegalTransition(EmergencyError):
    """The table has no step from `stage` by `act`."""

    vietnamese = "Không thực hiện được thao tác này khi tin khẩn cấp đang ở trạng thái hiện tại."

    def __init__(self, stage: str, act: str) -> None:
        super().__init__(f"no step from {stage!r} by {act!r}")
        self.stage = stage
        self.act = act


class NeedsSecondPerson(EmergencyError):
    """Who wrote it may not approve it."""

    vietnamese = "Tin này cần một người khác duyệt trước khi phát."

    def __init__(self, incident: str, by: str) -> None:
        super().__init__(f"{incident!r} was written by {by!r} and must be approved by somebody else")
        self.incident = incident
        self.by = by


class UnknownHazard(EmergencyError, LookupError):
    """No hazard has this id."""

    vietnamese = "Không có loại hiểm họa {hazard}."

    def __init__(self, hazard: str) -> None:
        super().__init__(f"no hazard {hazard[:80]!r}")
        self.hazard = hazard[:80]


class UnknownIncident(EmergencyError, LookupError):
    """No incident has this id."""

    vietnamese = "Không tìm thấy tin khẩn cấp {incident}."

    def __init__(self, incident: str) -> None:
        super().__init__(f"no incident {incident[:80]!r}")
        self.incident = incident[:80]


class IncidentExists(EmergencyError):
    """The id is taken."""

    vietnamese = "Mã tin khẩn cấp {incident} đã được dùng."

    def __init__(self, incident: str) -> None:
        super().__init__(f"incident {incident!r} is there already")
        self.incident = incident


class StaleIncident(EmergencyError):
    """Somebody else changed the incident since it was read."""

    vietnamese = "Tin khẩn cấp vừa được người khác thay đổi. Hãy tải lại rồi thao tác tiếp."

    def __init__(self, incident: str) -> None:
        super().__init__(f"incident {incident!r} has changed since it was read")
        self.incident = incident


class UnknownCall(EmergencyError, LookupError):
    """A device that is not on the roll of the incident."""

    vietnamese = "Cụm loa {device} không có trong danh sách điểm danh của tin này."

    def __init__(self, incident: str, device: str) -> None:
        super().__init__(f"{device!r} is not on the roll of {incident!r}")
        self.incident = incident
        self.device = device


class NothingToSound(EmergencyError):
    """Neither a pinned sound nor speech."""

    vietnamese = "Chưa có còi và lời báo ghi sẵn cho tin này. Hãy chuẩn bị bộ âm thanh khẩn cấp trước."

    def __init__(self, incident: str) -> None:
        super().__init__(f"{incident!r} has neither a pinned sound nor speech")
        self.incident = incident
