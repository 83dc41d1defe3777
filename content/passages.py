"""One bulletin in several languages: a passage for each, heard one after another.  PURE."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from content.languages import KINH, LANGUAGES
from devices.protocol.ids import AssetDigest
from devices.protocol.limits import TEXT_CHARS_MAX

PASSAGES_MAX = 8  # a commune with more languages than that writes two bulletins


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """The bulletin in one language: `recording` is heard when there is one, else `text` is spoken.

    A text beside a recording is its written twin: for whoever approves it, and for the record.
    """

    language: str
    text: str = ""
    recording: AssetDigest | None = None

    def __post_init__(self) -> None:
        if len(self.text) > TEXT_CHARS_MAX:
            raise ValueError(f"{len(self.text)} characters, at most {TEXT_CHARS_MAX}")

    @property
    def empty(self) -> bool:
        """Say whether there is nothing to be heard."""
        return not self.text.strip() and self.recording is None

    @property
    def mute(self) -> bool:
        """Say whether it has words that no engine can say."""
        spoken = self.language in LANGUAGES and LANGUAGES[self.language].spoken
        return self.recording is None and not spoken


def ordered(main: Passage, others: Sequence[Passage], main_at: int) -> tuple[Passage, ...]:
    """Return all passages in the order in which they are heard."""
    return (*others[:main_at], main, *others[main_at:])


def split(passages: Sequence[Passage]) -> tuple[Passage, tuple[Passage, ...], int]:
    """Return the main passage (Kinh, or else the first), the others in order, and the main one's place."""
    at = next((n for n, one in enumerate(passages) if one.language == KINH), 0)
    return passages[at], (*passages[:at], *passages[at + 1 :]), at


def problems(passages: Sequence[Passage]) -> tuple[str, ...]:
    """Return what is wrong with a set of passages, each a Vietnamese sentence."""
    return tuple(_problems(passages))


def _problems(passages: Sequence[Passage]) -> Iterable[str]:
    codes = [one.language for one in passages]
    if not 0 < len(codes) <= PASSAGES_MAX:
        yield f"Một bản tin có từ 1 đến {PASSAGES_MAX} thứ tiếng."
    yield from (f"Không có thứ tiếng mang mã “{code}”." for code in codes if code not in LANGUAGES)
    twice = sorted({code for code in codes if codes.count(code) > 1 and code in LANGUAGES})
    yield from (f"Bản tin có hai phần {LANGUAGES[code].words}; mỗi thứ tiếng chỉ một phần." for code in twice)
