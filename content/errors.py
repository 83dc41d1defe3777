"""What can go wrong with content.

ContentError
├── IllegalTransition       the table of stages has no such step
├── Forbidden               a person may not do this; carries every reason
├── UnknownBulletin         no bulletin has this id
├── StaleBulletin           somebody else changed it since it was read; read again, then decide
├── UnknownAsset            no bytes are kept under this digest
├── BadEntry                a word of the lexicon cannot be used as it is written
├── Answered                a proposal has its answer already
├── NotFilled               a template lacks something, or it does not fit; carries the fields
├── VoiceRefused            a voice file that cannot be installed or used; carries why
├── UnknownUpload           no upload has this id
├── StaleUpload             somebody else changed it since it was read
├── OutOfPlace              a part of an upload that does not belong where it was put; carries where the next one does
├── SpeechError             an engine did not speak; the next one may
│   ├── TextRefused         no engine can say it: no words, or far too many
│   ├── EngineTimeout       too slow; trying again may help
│   ├── EngineRefused       it answered no, or cannot be reached
│   ├── VoiceNotOffered     it has no such voice
│   ├── EngineSilent        it answered with nothing that can be heard
│   ├── EngineCrashed       its process ended in mid-sentence, twice
│   ├── EngineResting       it failed too often lately and is left alone for a while
│   └── NobodySpoke         all engines of the chain failed; carries who and why
└── AudioError
    ├── NotAudio            bytes or numbers that are no sound; trying again does not help
    ├── NothingHeard        a sound without anything above the noise
    ├── OverLimit           more than this house accepts (bytes, seconds)
    ├── ToolFailed          the coder ended badly or took too long; trying again may help
    └── OutOfTolerance      the loudness or peak that was promised was not met; carries the figures
"""

from collections.abc import Mapping, Sequence


class ContentError(Exception):
    """Base of all errors of this package."""

    vietnamese = "Có lỗi khi xử lý nội dung."

    def in_vietnamese(self) -> str:
        """Return what a person at the console should read."""
        return self.vietnamese.format(**vars(self))


class IllegalTransition(ContentError):
    """The table has no step from `stage` by `act`."""

    vietnamese = "Không thực hiện được thao tác này khi bản tin đang ở trạng thái hiện tại."

    def __init__(self, stage: str, act: str) -> None:
        super().__init__(f"no step from {stage!r} by {act!r}")
        self.stage = stage
        self.act = act


class Forbidden(ContentError):
    """A person may not do this; `reasons` are Vietnamese sentences."""

    vietnamese = "{told}"

    def __init__(self, codes: Sequence[str], told: str) -> None:
        super().__init__(f"forbidden: {', '.join(codes)}")
        self.codes = tuple(codes)
        self.told = told


class UnknownBulletin(ContentError):
    """No bulletin has this id."""

    vietnamese = "Không tìm thấy bản tin {id}."

    def __init__(self, id: str) -> None:  # noqa: A002 - the field's own name
        super().__init__(f"no bulletin {id!r}")
        self.id = id


class StaleBulletin(ContentError):
    """Somebody else changed the bulletin since it was read."""

    vietnamese = "Bản tin vừa được người khác thay đổi. Hãy tải lại rồi thao tác tiếp."

    def __init__(self, id: str, revision: int) -> None:  # noqa: A002 - the field's own name
        super().__init__(f"bulletin {id!r} is no longer at revision {revision}")
        self.id = id
        self.revision = revision


class UnknownAsset(ContentError):
    """No bytes are kept under this digest."""

    vietnamese = "Không tìm thấy tệp âm thanh {digest}."

    def __init__(self, digest: str) -> None:
        super().__init__(f"no asset {digest}")
        self.digest = digest


class BadEntry(ContentError):
    """A word of the lexicon cannot be used as it is written."""

    vietnamese = "Không dùng được: {reason}."

    def __init__(self, reason: str, field: str) -> None:
        super().__init__(f"bad {field}")
        self.reason = reason
        self.field = field


class Answered(ContentError):
    """A proposal has its answer already."""

    vietnamese = "Đề xuất này đã được trả lời."

    def __init__(self, id: str) -> None:  # noqa: A002 - the field's own name
        super().__init__(f"proposal {id!r} has been answered")
        self.id = id


class NotFilled(ContentError):
    """A template lacks something, or it does not fit; `faults` maps a field to a Vietnamese sentence."""

    vietnamese = "{told}"

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(f"not filled: {', '.join(faults)}")
        self.faults = dict(faults)
        self.told = " ".join(faults.values())


class VoiceRefused(ContentError):
    """A voice file cannot be installed or used."""

    vietnamese = "Không dùng được giọng đọc: {told}."

    def __init__(self, told: str, detail: str) -> None:
        super().__init__(f"voice refused: {detail}")
        self.told = told
        self.detail = detail


class UnknownUpload(ContentError):
    """No upload has this id."""

    vietnamese = "Không tìm thấy tệp tải lên {id}."

    def __init__(self, id: str) -> None:  # noqa: A002 - the field's own name
        super().__init__(f"no upload {id!r}")
        self.id = id


class StaleUpload(ContentError):
    """Somebody else changed the upload since it was read."""

    vietnamese = "Tệp tải lên vừa thay đổi. Hãy thử lại."

    def __init__(self, id: str, revision: int) -> None:  # noqa: A002 - the field's own name
        super().__init__(f"upload {id!r} is no longer at revision {revision}")
        self.id = id
        self.revision = revision


class OutOfPlace(ContentError):
    """A part of an upload does not belong where it was put, or has a size that is not taken."""

    vietnamese = "Phần này không khớp; hãy gửi tiếp từ byte {offset}."

    def __init__(self, id: str, offset: int) -> None:  # noqa: A002 - the field's own name
        super().__init__(f"upload {id!r} goes on at {offset}")
        self.id = id
        self.offset = offset


class SpeechError(ContentError):
    """An engine did not speak."""

    vietnamese = "Bộ đọc {engine} không đọc được."

    def __init__(self, engine: str, detail: str) -> None:
        super().__init__(f"{engine}: {detail}")
        self.engine = engine
        self.detail = detail


class TextRefused(SpeechError):
    """No engine can say this text: it has no words, or far too many.  The fault is the text's."""

    vietnamese = "Văn bản không có chữ nào để đọc, hoặc quá dài."


class EngineTimeout(SpeechError):
    """The engine took longer than it may."""

    vietnamese = "Bộ đọc {engine} phản hồi quá chậm."

    def __init__(self, engine: str, timeout_s: float) -> None:
        super().__init__(engine, f"no answer within {timeout_s:g} s")
        self.timeout_s = timeout_s


class EngineRefused(SpeechError):
    """The engine answered no, cannot be reached, or has no such voice."""

    vietnamese = "Bộ đọc {engine} từ chối hoặc không kết nối được."


class VoiceNotOffered(SpeechError):
    """The engine has no such voice: nobody's fault, and nothing that an editor must be told."""

    vietnamese = "Bộ đọc {engine} không có giọng này."


class EngineSilent(SpeechError):
    """The engine answered with nothing that can be heard."""

    vietnamese = "Bộ đọc {engine} trả về âm thanh trống."

    def __init__(self, engine: str) -> None:
        super().__init__(engine, "nothing to hear")


class EngineCrashed(SpeechError):
    """The engine's process ended while it spoke."""

    vietnamese = "Bộ đọc {engine} bị dừng đột ngột."

    def __init__(self, engine: str, exit_code: int | None) -> None:
        super().__init__(engine, f"process ended, exit code {exit_code}")
        self.exit_code = exit_code


class EngineResting(SpeechError):
    """The engine failed too often lately and is not asked for a while."""

    vietnamese = "Bộ đọc {engine} đang tạm ngừng vì lỗi liên tiếp."

    def __init__(self, engine: str, rest_s: float) -> None:
        super().__init__(engine, f"resting for another {rest_s:.0f} s")
        self.rest_s = rest_s


class NobodySpoke(SpeechError):
    """Every engine of the chain failed; `failures` says who and why, in order."""

    vietnamese = "Không có bộ đọc nào hoạt động."

    def __init__(self, failures: Sequence[SpeechError]) -> None:
        super().__init__("chain", "; ".join(str(failure) for failure in failures) or "no engine")
        self.failures = tuple(failures)

    def in_vietnamese(self) -> str:
        """Return every engine's own reason."""
        return " ".join((self.vietnamese, *(failure.in_vietnamese() for failure in self.failures)))


class AudioError(ContentError):
    """A sound could not be read, made or written."""

    vietnamese = "Không xử lý được âm thanh."


class NotAudio(AudioError):
    """Bytes or numbers that are no sound."""

    vietnamese = "Tệp không phải là âm thanh đọc được."


class NothingHeard(AudioError):
    """A sound without anything above the noise."""

    vietnamese = "Không nghe thấy gì trong âm thanh."


class OverLimit(AudioError):
    """More than this house accepts."""

    vietnamese = "Âm thanh vượt giới hạn cho phép ({limit} {unit})."

    def __init__(self, limit: float, unit: str) -> None:
        super().__init__(f"more than {limit:g} {unit}")
        self.limit = f"{limit:g}"
        self.unit = unit


class ToolFailed(AudioError):
    """The coder ended badly or took too long."""

    vietnamese = "Bộ mã hóa âm thanh gặp lỗi."

    def __init__(self, detail: str) -> None:
        super().__init__(f"coder: {detail}")
        self.detail = detail


class OutOfTolerance(AudioError):
    """The loudness or peak that was promised was not met."""

    vietnamese = (
        "Độ to {lufs:.1f} LUFS, đỉnh {peak_dbtp:.1f} dBTP; "
        "yêu cầu {lufs_wanted:g} ±{tolerance_lu:g} LUFS, đỉnh tối đa {peak_max_dbtp:g} dBTP."
    )

    def __init__(
        self, *, lufs: float, peak_dbtp: float, lufs_wanted: float, tolerance_lu: float, peak_max_dbtp: float
    ) -> None:
        super().__init__(
            f"{lufs:.2f} LUFS, {peak_dbtp:.2f} dBTP; "
            f"want {lufs_wanted:g} ±{tolerance_lu:g} LUFS, at most {peak_max_dbtp:g} dBTP"
        )
        self.lufs = lufs
        self.peak_dbtp = peak_dbtp
        self.lufs_wanted = lufs_wanted
        self.tolerance_lu = tolerance_lu
        self.peak_max_dbtp = peak_max_dbtp
