"""What is said of an upload: findings with their figures and their remedy, in Vietnamese.  PURE.

A fault refuses the upload; a note tells what was done to it.  Words are templates in one table; figures fill them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from content.audio.figures import Figures

SHORTEST_MS = 1_000  # less is a slip of the thumb, not a message
QUIETEST_LUFS = -50.0  # raising it to the target would raise the room's noise to speech
RAISED_DB_MIN = 15.0  # a gain that makes a background audible which nobody noticed before
VOICE_OVER_BACKGROUND_DB_MIN = 15.0  # less is hard to understand out of a horn
CLIPPED_PERCENT_MAX = 2.0  # ten decibels too loud; every syllable rasps
CLIPPED_PERCENT_NOTED = 0.3
LOST_DB_MAX = 10.0  # two microphones of a room lose 3, one channel turned round loses all
DC_PERCENT_NOTED = 1.0
SILENCE_NOTED_MS = 10_000  # a caretaker would think that the loudspeaker has died
TARGET_LUFS = -16.0


class Fault(StrEnum):
    """What can be found."""

    NOT_AUDIO = "not_audio"
    TOO_LONG = "too_long"
    TOO_SHORT = "too_short"
    SILENT = "silent"
    TOO_QUIET = "too_quiet"
    CLIPPED = "clipped"
    CANCELS = "cancels"
    SIREN = "siren"
    DUPLICATE = "duplicate"
    OUT_OF_TOLERANCE = "out_of_tolerance"
    TOOL_FAILED = "tool_failed"
    RAISED = "raised"
    CLIPPED_A_LITTLE = "clipped_a_little"
    DC_OFFSET = "dc_offset"
    LONG_SILENCE = "long_silence"
    ONE_CHANNEL = "one_channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was found; `refuses` says whether the upload may not be used because of it."""

    code: Fault
    words: str
    remedy: str = ""
    refuses: bool = True


NOTES = frozenset({Fault.RAISED, Fault.CLIPPED_A_LITTLE, Fault.DC_OFFSET, Fault.LONG_SILENCE, Fault.ONE_CHANNEL})

# What it is, and what to do about it.
WORDS: Mapping[Fault, tuple[str, str]] = {
    Fault.NOT_AUDIO: (
        "Tệp không phải là âm thanh đọc được.",
        "Hãy chọn tệp ghi âm (mp3, wav, m4a, aac, ogg, opus, flac, amr, 3gp, webm) hoặc ghi âm lại.",
    ),
    Fault.TOO_LONG: ("Tệp quá dài hoặc quá lớn (tối đa {most}).", "Hãy cắt thành nhiều bản tin."),
    Fault.TOO_SHORT: (
        "Tệp chỉ có {heard} giây tiếng nói (ít nhất {least} giây).",
        "Hãy ghi lại; chờ một giây sau khi bấm ghi rồi mới nói.",
    ),
    Fault.SILENT: (
        "Không nghe thấy gì trong {duration} giây của tệp.",
        "Hãy kiểm tra micro và quyền ghi âm của máy rồi ghi lại.",
    ),
    Fault.TOO_QUIET: (
        "Âm lượng quá nhỏ: {lufs} LUFS, đã nâng {gain} dB, còn nhiễu (tiếng nói chỉ hơn tiếng nền {over} dB).",
        "Hãy ghi lại, để micro cách miệng một gang tay, tránh quạt và gió.",
    ),
    Fault.CLIPPED: (
        "Tiếng bị vỡ: {clipped} % đoạn có tiếng vượt mức thu tối đa.",
        "Hãy ghi lại, để micro xa hơn hoặc giảm mức thu; tiếng đã vỡ không sửa được.",
    ),
    Fault.CANCELS: (
        "Hai kênh ngược pha: gộp thành một loa thì mất {lost} dB, gần như không còn tiếng.",
        "Hãy chọn “Chỉ dùng kênh trái”, hoặc xuất lại tệp dạng một kênh (mono).",
    ),
    Fault.SIREN: (
        "Tệp có tiếng còi báo động ở giây {from_s} đến giây {to_s}; còi chỉ dùng cho tin khẩn cấp.",
        "Hãy cắt bỏ đoạn còi, hoặc phát bằng chức năng tin khẩn cấp.",
    ),
    Fault.DUPLICATE: ("Tệp này đã được tải lên: {title}.", "Hãy dùng lại bản đã có."),
    Fault.OUT_OF_TOLERANCE: (
        "Không đưa được âm thanh về độ to quy định mà không méo tiếng. {figures}",
        "Hãy ghi lại đều giọng hơn, không có tiếng gõ hay tiếng nổ.",
    ),
    Fault.TOOL_FAILED: ("Bộ xử lý âm thanh gặp lỗi.", "Hãy thử lại sau ít phút."),
    Fault.RAISED: ("Âm lượng nhỏ: {lufs} LUFS, đã nâng {gain} dB.", "Lần sau để micro gần miệng hơn."),
    Fault.CLIPPED_A_LITTLE: (
        "Vài chỗ bị vỡ tiếng: {clipped} % đoạn có tiếng.",
        "Hãy nghe thử; lần sau để micro xa hơn một chút.",
    ),
    Fault.DC_OFFSET: ("Tín hiệu lệch một chiều {dc} %, đã khử.", "Nếu lần nào cũng vậy, hãy thay micro hoặc dây."),
    Fault.LONG_SILENCE: ("Có khoảng lặng dài {silence} giây ở giữa.", "Hãy cắt bỏ nếu không chủ ý."),
    Fault.ONE_CHANNEL: ("Chỉ dùng kênh trái của tệp.", ""),
}


def in_vietnamese(number: float, digits: int = 1) -> str:
    """Return a figure as it is written here: a comma, a true minus; no fraction when it says nothing."""
    text = f"{number:.{digits}f}"
    whole = text.rstrip("0").rstrip(".") if "." in text else text
    return whole.replace(".", ",").replace("-", "−")


def found(code: Fault, **figures: str) -> Finding:
    """Return a finding in its words."""
    words, remedy = WORDS[code]
    return Finding(code=code, words=words.format(**figures), remedy=remedy, refuses=code not in NOTES)


def _seconds(ms: float) -> str:
    return in_vietnamese(ms / 1000)


def _gain_db(of: Figures) -> float:
    return TARGET_LUFS - of.loudness.lufs


def _too_quiet(of: Figures) -> bool:
    noisy = _gain_db(of) >= RAISED_DB_MIN and of.background_db < VOICE_OVER_BACKGROUND_DB_MIN
    return noisy or of.loudness.lufs < QUIETEST_LUFS


def _quiet_words(of: Figures) -> dict[str, str]:
    return {
        "lufs": in_vietnamese(of.loudness.lufs, 0),
        "gain": in_vietnamese(_gain_db(of), 0),
        "over": in_vietnamese(of.background_db, 0),
    }


# What, when, with which figures.  All are told at once, so that nobody records three times for three faults.
Rule = tuple[Fault, Callable[[Figures], bool], Callable[[Figures], dict[str, str]]]
RULES: tuple[Rule, ...] = (
    (
        Fault.CANCELS,
        lambda of: of.lost_db > LOST_DB_MAX,
        lambda of: {"lost": in_vietnamese(of.lost_db, 0)},
    ),
    (
        Fault.TOO_SHORT,
        lambda of: of.heard_ms < SHORTEST_MS,
        lambda of: {"heard": _seconds(of.heard_ms), "least": _seconds(SHORTEST_MS)},
    ),
    (Fault.TOO_QUIET, _too_quiet, _quiet_words),
    (
        Fault.CLIPPED,
        lambda of: of.clipped_percent >= CLIPPED_PERCENT_MAX,
        lambda of: {"clipped": in_vietnamese(of.clipped_percent)},
    ),
    (
        Fault.RAISED,
        lambda of: _gain_db(of) >= RAISED_DB_MIN and not _too_quiet(of),
        _quiet_words,
    ),
    (
        Fault.CLIPPED_A_LITTLE,
        lambda of: CLIPPED_PERCENT_NOTED <= of.clipped_percent < CLIPPED_PERCENT_MAX,
        lambda of: {"clipped": in_vietnamese(of.clipped_percent)},
    ),
    (
        Fault.DC_OFFSET,
        lambda of: of.dc_percent >= DC_PERCENT_NOTED,
        lambda of: {"dc": in_vietnamese(of.dc_percent, 0)},
    ),
    (
        Fault.LONG_SILENCE,
        lambda of: of.longest_silence_ms >= SILENCE_NOTED_MS,
        lambda of: {"silence": _seconds(of.longest_silence_ms)},
    ),
)


def judged(of: Figures, *, sirens_allowed: bool = False) -> tuple[Finding, ...]:
    """Return everything that was found, faults first."""
    findings = tuple(_findings(of, sirens_allowed=sirens_allowed))
    return tuple(sorted(findings, key=lambda finding: not finding.refuses))


def _findings(of: Figures, *, sirens_allowed: bool) -> Iterator[Finding]:
    if of.lost_db > LOST_DB_MAX:  # what is left of it says nothing of what was recorded
        yield from (found(code, **figures(of)) for code, _, figures in RULES if code is Fault.CANCELS)
        return
    if not of.heard_ms:
        yield found(Fault.SILENT, duration=_seconds(of.duration_ms))
        return
    yield from (found(code, **figures(of)) for code, stands, figures in RULES if stands(of))
    if of.siren_ms and not sirens_allowed:
        yield found(Fault.SIREN, from_s=_seconds(of.siren_ms[0][0]), to_s=_seconds(of.siren_ms[-1][1]))
