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
from content.speech.voice import Phrase, Voice
from devices.protocol.manifest import Asset

RecipeDigest = NewType("RecipeDigest", str)  # SHA-256 of the recipe's canonical form

RENDERING = 1  # raise it when mastering is changed so that old renderings should be made anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Words, voice, cues, loudness, packing, and the order of engines.  Without words it is a cue alone."""

    phrases: tuple[Phrase, ...]
    engine: str  # Speaker.name
    voice: Voice = field(default_factory=Voice)
    opening: Cue | None = None
    closing: Cue | None = None
    profile: Profile = field(default_factory=Profile)
    encoder: Encoder = field(default_factory=Encoder)

    def digest(self) -> RecipeDigest:
        """Return the name of this recipe."""
        form = json.dumps({"rendering": RENDERING, **asdict(self)}, sort_keys=True, ensure_ascii=False)
        return RecipeDigest(hashlib.sha256(form.encode()).hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What a recipe became: the asset, its measured figures, who spoke, and why others did not."""

    recipe: RecipeDigest
    asset: Asset
    loudness: Loudness  # of the decoded bytes
    engine: str  # "" for a cue alone
    passed_over: tuple[str, ...] = ()  # "gtts: status 429"
    trimmed_ms: int = 0
    rendered_at: datetime
