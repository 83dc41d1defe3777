"""Words that are watched for: four levels, a table per unit, and who is told.  PURE.

Tone marks count when the watched word has them ("đánh bạc"), and do not when it is written without ("danh bac"), so a
text typed without marks does not slip through where the unit wants that.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from content.desk.findings import Finding, Gravity
from content.desk.folding import composed, folded
from devices.protocol.ids import AreaCode

WORD_CHARS_MAX = 80
FOUND_MAX = 50  # of one word in one text; nobody reads more


class Watch(IntEnum):
    """What happens when the word stands in a bulletin that is submitted."""

    REMIND = 1  # the officer is reminded
    SHOW = 2  # the approver sees it, too
    TELL = 3  # those named are told, and the officer must say that it has been seen
    STOP = 4  # it is not submitted; those named are told


WATCH_WORDS: Mapping[Watch, str] = {
    Watch.REMIND: "Mức 1: nhắc người soạn",
    Watch.SHOW: "Mức 2: báo người duyệt",
    Watch.TELL: "Mức 3: báo người theo dõi, phải xác nhận",
    Watch.STOP: "Mức 4: không cho gửi duyệt",
}
_GRAVITY = {
    Watch.REMIND: Gravity.NOTE,
    Watch.SHOW: Gravity.WARNING,
    Watch.TELL: Gravity.ERROR,
    Watch.STOP: Gravity.STOP,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchWord:
    """One watched word or phrase of one unit; it holds in everything below."""

    unit: AreaCode
    word: str
    level: Watch
    why: str = ""  # shown with it
    told: tuple[str, ...] = ()  # accounts

    def __post_init__(self) -> None:
        if not 0 < len(self.word.strip()) <= WORD_CHARS_MAX or not self.word.strip()[0].isalnum():
            raise ValueError(f"a watched word has 1 to {WORD_CHARS_MAX} characters and begins with a letter or digit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A watched word and a place where it stands."""

    word: WatchWord
    start: int
    end: int


@lru_cache(maxsize=4096)
def _pattern(word: str) -> tuple[re.Pattern[str], bool]:
    """Return how a word is found, and whether its marks count."""
    plain = composed(word).lower().strip()
    by_marks = folded(plain) != plain
    words = r"[\s-]+".join(map(re.escape, plain.split()))
    return re.compile(rf"(?<!\w){words}(?!\w)"), by_marks


def seen_in(text: str, words: Iterable[WatchWord]) -> tuple[Seen, ...]:
    """Return where watched words stand in `text`, the gravest first; of a word in several layers the gravest holds."""
    lower = "".join(one if len(one := c.lower()) == 1 else c for c in text)
    plain = folded(text)
    gravest: dict[str, WatchWord] = {}
    for word in words:
        held = gravest.get(composed(word.word).lower().strip())
        if held is None or held.level < word.level:
            gravest[composed(word.word).lower().strip()] = word
    found = []
    for word in gravest.values():
        pattern, by_marks = _pattern(word.word)
        hits = pattern.finditer(lower if by_marks else plain)
        found += [Seen(word=word, start=hit.start(), end=hit.end()) for hit, _ in zip(hits, range(FOUND_MAX))]  # noqa: B905
    return tuple(sorted(found, key=lambda one: (-one.word.level, one.start)))


def watched(text: str, words: Iterable[WatchWord]) -> tuple[Finding, ...]:
    """Return a finding for every place of a watched word."""
    return tuple(
        Finding(
            code=f"watch.{int(seen.word.level)}",
            gravity=_GRAVITY[seen.word.level],
            words=f"Có từ cần theo dõi “{text[seen.start : seen.end]}” (mức {int(seen.word.level)})."
            + (f" {seen.word.why}" if seen.word.why else ""),
            remedy=_REMEDIES[seen.word.level],
            start=seen.start,
            end=seen.end,
            source=text[seen.start : seen.end],
        )
        for seen in seen_in(text, words)
    )


_REMEDIES = {
    Watch.REMIND: "Kiểm tra lại từ này trước khi gửi.",
    Watch.SHOW: "Kiểm tra lại; người duyệt sẽ thấy lưu ý này.",
    Watch.TELL: "Sửa lại, hoặc xác nhận đã kiểm tra; người theo dõi sẽ được báo.",
    Watch.STOP: "Bỏ hoặc thay từ này rồi gửi lại.",
}
