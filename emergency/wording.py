"""The sentences of an alert, and how they become what is spoken.  Written Vietnamese; numbers are read by the voice."""

import re
from datetime import datetime, timedelta, timezone, tzinfo

from devices.protocol.messages import OverrideKind
from emergency.hazards import Hazard

VIETNAM = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")  # no daylight saving since 1975

OPENING = "Bản tin khẩn cấp."
UPDATE_OPENING = "Bản tin khẩn cấp, tin cập nhật."
DRILL_OPENING = "Đây là bản tin diễn tập. Xin nhắc lại: đây là bản tin diễn tập, không phải tình huống thật."
DRILL_CLOSING = "Vừa rồi là bản tin diễn tập. Xin nhắc lại: đây là diễn tập, không phải tình huống thật."
ALL_CLEAR_OPENING = "Tin báo yên."
ALL_CLEAR = "Bà con trở lại sinh hoạt bình thường và tiếp tục theo dõi thông báo của chính quyền địa phương."
ALL_CLEAR_STANDING = f"{ALL_CLEAR_OPENING} Tình huống khẩn cấp đã kết thúc. {ALL_CLEAR}"
DRILL_ALL_CLEAR = "Buổi diễn tập đã kết thúc. Cảm ơn bà con đã tham gia."


def all_clear_text(hazard: Hazard) -> str:
    """Return what an all-clear says about `hazard` unless somebody writes something else."""
    return f"Tình huống khẩn cấp về {hazard.name} đã kết thúc. {ALL_CLEAR}"


def issued_sentence(issued_at: datetime, zone: tzinfo = VIETNAM) -> str:
    """Return when the news is from; it is repeated with the news (Decision 18/2021: old news names its time)."""
    local = issued_at.astimezone(zone)
    return f"Tin phát lúc {local.hour}h{local.minute:02d} ngày {local.day}/{local.month}/{local.year}."


def level_sentence(hazard: Hazard, level: int) -> str:
    """Return the risk level as a sentence; empty for a hazard that has none."""
    return f"Cấp độ rủi ro thiên tai: cấp {level}." if hazard.natural else ""


def alert_words(
    hazard: Hazard, level: int, text: str, issued_at: datetime, *, update: bool = False, zone: tzinfo = VIETNAM
) -> str:
    """Return what is spoken for an alert; what `text` says itself is not said again."""
    return _joined(
        UPDATE_OPENING if update else OPENING,
        "" if _says(text, hazard.name) else f"Cảnh báo {hazard.name}.",
        _ended(text),
        "" if _says(text, "rủi ro") else level_sentence(hazard, level),
        "" if _says(text, "phát lúc") else issued_sentence(issued_at, zone),
        "" if re.search(r"\b11[2-5]\b", text) else f"Khi cần cứu giúp, gọi {hazard.phone}.",
    )


def all_clear_words(text: str, issued_at: datetime, *, zone: tzinfo = VIETNAM) -> str:
    """Return what is spoken for an all-clear."""
    issued = "" if _says(text, "phát lúc") else issued_sentence(issued_at, zone)
    return _joined(ALL_CLEAR_OPENING, _ended(text), issued)


def as_drill(words: str) -> str:
    """Return `words` announced as a drill before and after, whatever they say themselves."""
    return _joined(DRILL_OPENING, words, DRILL_CLOSING)


def announced(kind: OverrideKind, words: str) -> str:
    """Return `words` as a message of this kind is spoken."""
    return as_drill(words) if kind is OverrideKind.DRILL else words


def _says(text: str, words: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text, re.IGNORECASE) is not None


def _ended(text: str) -> str:
    """Return `text` with a full stop, so that the next sentence is one."""
    stripped = text.strip()
    return stripped if not stripped or stripped[-1] in ".!?…" else f"{stripped}."


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
