"""Everything that decides how a rendering sounds.  PURE.  Equal recipes are never rendered twice."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import NewType

from content.audio.chime import Cue
from content.audio.encoder import Encoder
from content.audio.loudness import Loudness
from content.audio.master import Profile
from content.speech.spelling import Spelling
from content.speech.voice import Phrase, Voice
from devices.protocol.ids import AssetDigest
from devices.protocol.manifest import Asset

RecipeDigest = NewType("RecipeDigest", str)  # SHA-256 of the recipe's canonical form

PARTS_PAUSE_MS = 1_200  # between two languages: longer than between two sentences, shorter than dead air
LATER = ("parts", "spellings")  # without these a recipe is named as it was before there were any
RENDERING = 2  # raise it when mastering is changed so that old renderings should be made anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One stretch of a programme: words that an engine says, or a recording, after `pause_ms` of nothing."""

    phrases: tuple[Phrase, ...] = ()
    voice: Voice = field(default_factory=Voice)
    recording: AssetDigest | None = None  # the master of an upload; then there are no phrases
    pause_ms: int = PARTS_PAUSE_MS  # after the part before it; not heard before the first

    def __post_init__(self) -> None:
        if (self.recording is None) == (not self.phrases):
            raise ValueError("a part is words or a recording")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Words, voice, cues, loudness, packing, and the order of engines.  Without words it is a cue alone.

    A programme of several parts has them in `parts`; `phrases`, if any, are said before them.
    """

    phrases: tuple[Phrase, ...]
    engine: str  # Speaker.name
    voice: Voice = field(default_factory=Voice)
    opening: Cue | None = None
    closing: Cue | None = None
    profile: Profile = field(default_factory=Profile)
    encoder: Encoder = field(default_factory=Encoder)
    parts: tuple[Part, ...] = ()
    spellings: tuple[Spelling, ...] = ()  # only those whose word is in the text: others change nothing

    @property
    def stretches(self) -> tuple[Part, ...]:
        """Return all that is said, in order."""
        return (*((Part(phrases=self.phrases, voice=self.voice),) if self.phrases else ()), *self.parts)

    def digest(self) -> RecipeDigest:
        """Return the name of this recipe."""
        fields = {name: value for name, value in asdict(self).items() if name not in LATER or value}
        form = json.dumps({"rendering": RENDERING, **fields}, sort_keys=True, ensure_ascii=False)
        return RecipeDigest(hashlib.sha256(form.encode()).hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was wanted of a rendering, and what else was measured on its decoded bytes."""

    lufs_wanted: float
    tolerance_lu: float
    peak_max_dbtp: float
    low_hz: float
    high_hz: float
    silence_ms: int  # in all
    longest_silence_ms: int  # dead air
    tries: int  # encodings until it was within tolerance


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What a recipe became: the asset, its measured figures, who spoke, and why others did not."""

    recipe: RecipeDigest
    asset: Asset
    loudness: Loudness  # of the decoded bytes
    engine: str  # who spoke; "recording" for recorded parts, "" for a cue alone
    passed_over: tuple[str, ...] = ()  # "gtts: status 429"
    told: tuple[str, ...] = ()  # the same for the editor, in Vietnamese
    trimmed_ms: int = 0
    figures: Figures | None = None  # none in what was rendered before there were any
    rendered_at: datetime
