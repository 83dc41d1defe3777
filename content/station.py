"""What a unit's station sounds like: voice, profile, chimes, the words it opens and closes with.  PURE.

A unit says only what it wants otherwise; the rest comes from above.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from string import Formatter

from content.audio.chime import Cue
from content.audio.profiles import PROFILES, ProfileName
from content.recipe import Part, Recipe
from content.speech.spelling import Spelling, occurring
from content.speech.voice import RATE_PERCENT_MAX, RATE_PERCENT_MIN, Region, Voice
from content.text.spoken import Phrase

FORMULA_CHARS_MAX = 300
FORMULA_PAUSE_MS = 900  # between the formula and what it introduces
PLACES = frozenset({"unit", "above"})  # xã Hòa Vang; thành phố Đà Nẵng

# What most stations say; a unit writes its own or none.
OPENING_FORMULA = "Đây là Đài truyền thanh {unit}, {above}."
CLOSING_FORMULA = "Đài truyền thanh {unit} xin kết thúc chương trình. Xin cảm ơn bà con đã chú ý lắng nghe."


class BadStation(ValueError):
    """A setting cannot be used; `told` says why, in Vietnamese."""

    def __init__(self, field: str, told: str) -> None:
        super().__init__(f"{field}: {told}")
        self.field = field
        self.told = told


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """What one unit says about itself; None: as the unit above."""

    region: Region | None = None
    rate_percent: int | None = None
    profile: ProfileName | None = None
    chimes: bool | None = None
    opening: str | None = None  # "" says nothing
    closing: str | None = None

    def __post_init__(self) -> None:
        if self.rate_percent is not None and not RATE_PERCENT_MIN <= self.rate_percent <= RATE_PERCENT_MAX:
            raise BadStation("rate_percent", f"Tốc độ đọc từ {RATE_PERCENT_MIN} đến {RATE_PERCENT_MAX} %.")
        for name in ("opening", "closing"):
            _check_formula(name, getattr(self, name) or "")

    @property
    def says_nothing(self) -> bool:
        """Say whether everything comes from above."""
        return self == Station()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounding:
    """What holds for a unit, all units above it considered."""

    region: Region = Region.NORTH
    rate_percent: int = 100
    profile: ProfileName = ProfileName.HORN
    chimes: bool = True
    opening: str = ""
    closing: str = ""

    @property
    def voice(self) -> Voice:
        """Return who reads."""
        return Voice(region=self.region, rate_percent=self.rate_percent)


def settled(down: Iterable[Station]) -> Sounding:
    """Return what holds after the stations of a line of units, the highest first."""
    holds = Sounding()
    for station in down:
        own = {one.name: getattr(station, one.name) for one in fields(Station)}
        holds = replace(holds, **{name: value for name, value in own.items() if value is not None})
    return holds


def formula(template: str, places: Mapping[str, str]) -> str:
    """Return a formula with the names of its places; no comma is left where there is nothing above."""
    words = template.format_map({name: places.get(name, "") for name in PLACES})
    return " ".join(words.replace(", .", ".").replace(", ,", ",").split())


def as_station(
    recipe: Recipe,
    sounding: Sounding,
    *,
    opening: tuple[Phrase, ...] = (),
    closing: tuple[Phrase, ...] = (),
    spellings: Iterable[Spelling] = (),
) -> Recipe:
    """Return `recipe` as this station broadcasts it: framed by its chimes and its formula, made for its horns."""
    said = recipe.stretches
    if said and (opening or closing):
        first = (Part(phrases=opening, voice=sounding.voice),) if opening else ()
        last = (Part(phrases=closing, voice=sounding.voice, pause_ms=FORMULA_PAUSE_MS),) if closing else ()
        after = replace(said[0], pause_ms=FORMULA_PAUSE_MS)
        recipe = replace(recipe, phrases=(), parts=(*first, after, *said[1:], *last))
    phrases = [phrase for part in recipe.stretches for phrase in part.phrases]
    return replace(
        recipe,
        opening=(recipe.opening or Cue.OPENING) if sounding.chimes else None,
        closing=(Cue.CLOSING if closing else recipe.closing) if sounding.chimes else None,
        profile=PROFILES[sounding.profile],
        spellings=occurring(spellings, phrases),
    )


def _check_formula(name: str, template: str) -> None:
    if len(template) > FORMULA_CHARS_MAX:
        raise BadStation(name, f"Câu mở đầu hoặc kết thúc tối đa {FORMULA_CHARS_MAX} ký tự.")
    try:
        used = [(field, spec, conversion) for _, field, spec, conversion in Formatter().parse(template)]
    except ValueError:
        raise BadStation(name, "Dấu ngoặc nhọn { } không khớp.") from None
    if any(field is not None and (field not in PLACES or spec or conversion) for field, spec, conversion in used):
        raise BadStation(name, "Chỉ dùng được {unit} (tên đơn vị) và {above} (đơn vị cấp trên).")
