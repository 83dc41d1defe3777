"""The port of a speech engine: phrases and a voice in, sound out.

speak() returns the phrases with their pauses as one mono sound, or raises one of `content.errors`: EngineTimeout
(too slow), EngineRefused (answered no, cannot be reached), EngineSilent (nothing to hear), EngineCrashed (its process
ended), TextRefused (nobody could say that).
Whatever happens inside an engine, nothing else comes out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from content.audio.pcm import Pcm
from content.errors import EngineCrashed, EngineRefused, EngineSilent, EngineTimeout, SpeechError, TextRefused
from content.speech.spelling import Spelling
from content.speech.voice import Phrase, Region, Voice, phrases_of

__all__ = [
    "EngineCrashed",
    "EngineRefused",
    "EngineSilent",
    "EngineTimeout",
    "Phrase",
    "Region",
    "Speaker",
    "SpeechEngine",
    "SpeechError",
    "Spoken",
    "TextRefused",
    "Voice",
    "heard",
    "phrases_of",
    "said",
]

SPOKEN_CHARS_MAX = 60_000  # the longest text of the wire contract, every digit of it written out
SILENT_BELOW = 1e-3  # -60 dBFS: no engine speaks that softly


class SpeechEngine(Protocol):
    """One voice from one place."""

    @property
    def name(self) -> str:
        """Say who speaks; appears in reports and in the recipe."""

    def offers(self, voice: Voice) -> bool:
        """Say whether this engine has such a voice at all."""

    async def speak(self, phrases: Sequence[Phrase], voice: Voice) -> Pcm:
        """Return `phrases` as sound, or raise SpeechError."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spoken:
    """What was said, who said it, and why the engines before it did not."""

    pcm: Pcm
    engine: str
    passed_over: tuple[SpeechError, ...] = ()


class Speaker(Protocol):
    """A chain of engines, or anything that answers like one."""

    @property
    def name(self) -> str:
        """Name the order of engines; part of the recipe."""

    async def speak(self, phrases: Sequence[Phrase], voice: Voice, spellings: Sequence[Spelling] = ()) -> Spoken:
        """Return the sound and who made it, or raise NobodySpoke."""


def heard(engine: str, sound: Pcm) -> Pcm:
    """Return `sound` when something can be heard in it, else raise EngineSilent."""
    if np.abs(sound.samples).max(initial=0.0) < SILENT_BELOW:
        raise EngineSilent(engine)
    return sound


def said(engine: str, phrases: Sequence[Phrase]) -> tuple[Phrase, ...]:
    """Return the phrases that have words; TextRefused when none has, or when there are far too many."""
    spoken = tuple(phrase for phrase in phrases if phrase.words.strip())
    if not spoken:
        raise TextRefused(engine, "no words")
    if sum(len(phrase.words) for phrase in spoken) > SPOKEN_CHARS_MAX:
        raise TextRefused(engine, f"more than {SPOKEN_CHARS_MAX} characters")
    return spoken
