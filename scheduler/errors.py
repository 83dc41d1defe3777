"""What can go wrong with schedules.

SchedulerError
├── BadRule                 a recurrence rule that RFC 5545 does not allow, or that no programme may have
├── UnknownProgramme        no programme has this id
├── StaleProgramme          somebody else changed it since it was read; read again, then decide
├── StaleManifest           a newer manifest was recorded for this device; build again from what is held now
├── MissingAsset            a day names audio whose entry was not given; a fault of the caller
└── DayTooLarge             not even one whole day fits into a manifest; carries the figures
"""


class SchedulerError(Exception):
    """Base of all errors of this package."""

    vietnamese = "Có lỗi khi lập lịch phát."

    def in_vietnamese(self) -> str:
        """Return what a person at the console should read."""
        return self.vietnamese.format(**vars(self))


class BadRule(SchedulerError, ValueError):
    """A recurrence rule, or a date in it, that cannot be used; `part` names what is wrong."""

    vietnamese = "Quy tắc lặp không hợp lệ ở phần “{part}”."

    def __init__(self, part: str, detail: str) -> None:
        super().__init__(f"{part[:40]}: {detail}")
        self.part = part[:40]
        self.detail = detail


class UnknownProgramme(SchedulerError, LookupError):
    """No programme has this id."""

    vietnamese = "Không tìm thấy chương trình {id}."

    def __init__(self, id: str) -> None:  # noqa: A002 - the field's own name
        super().__init__(f"no programme {id!r}")
        self.id = id


class StaleProgramme(SchedulerError):
    """Somebody else changed the programme since it was read."""

    vietnamese = "Chương trình vừa được người khác thay đổi. Hãy tải lại rồi thao tác tiếp."

    def __init__(self, id: str, version: int) -> None:  # noqa: A002 - the field's own name
        super().__init__(f"programme {id!r} is not at version {version - 1}, so {version} cannot follow")
        self.id = id
        self.version = version


class StaleManifest(SchedulerError):
    """A manifest with this sequence, or a newer one, is recorded already."""

    vietnamese = "Lịch của thiết bị {device} vừa được cập nhật ở nơi khác."

    def __init__(self, device: str, sequence: int) -> None:
        super().__init__(f"device {device!r} has a manifest at or above sequence {sequence}")
        self.device = device
        self.sequence = sequence


class MissingAsset(SchedulerError, LookupError):
    """A day names audio whose entry was not given."""

    vietnamese = "Thiếu tệp âm thanh {digest}."

    def __init__(self, digest: str) -> None:
        super().__init__(f"no asset entry for {digest}")
        self.digest = digest


class DayTooLarge(SchedulerError):
    """Not even one whole day fits into a manifest."""

    vietnamese = "Lịch một ngày của thiết bị {device} quá lớn ({items} mục, {assets} tệp âm thanh)."

    def __init__(self, device: str, *, items: int, assets: int) -> None:
        super().__init__(f"one day of {device!r} with {items} items and {assets} assets does not fit a manifest")
        self.device = device
        self.items = items
        self.assets = assets
