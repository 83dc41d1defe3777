"""A speech engine without speech: it passes the port's suite, and can be told to fail."""

import asyncio
from collections.abc import Sequence

import numpy as np

from content.audio.pcm import Pcm, joined, pcm, silence
from content.errors import SpeechError
from content.speech.engine import Spoken, heard, said
from content.speech.spelling import Spelling, respelled
from content.speech.voice import Phrase, Region, Voice
from tests.fakes.sounds import babble

RATE = 22_050
SYLLABLE_S = 0.25


class FakeEngine:
    """Says a syllable in a quarter of a second; `fails` is raised instead, `hangs` waits for ever, `mute` is silent."""

    def __init__(
        self,
        name: str = "fake",
        *,
        fails: SpeechError | None = None,
        hangs: bool = False,
        mute: bool = False,
        regions: frozenset[Region] = frozenset(Region),
    ) -> None:
        self.name = name
        self.fails = fails
        self.hangs = hangs
        self.mute = mute
        self.regions = regions
        self.asked = 0

    def offers(self, voice: Voice) -> bool:
        return voice.region in self.regions

    async def speak(self, phrases: Sequence[Phrase], voice: Voice) -> Pcm:
        self.asked += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.fails:
            raise self.fails
        spoken = said(self.name, phrases)
        sound = joined(part for phrase in spoken for part in (_babbled(phrase, voice), silence(phrase.pause_ms, RATE)))
        return pcm(sound.samples * 0, RATE) if self.mute else heard(self.name, sound)


def _babbled(phrase: Phrase, voice: Voice) -> Pcm:
    seconds = max(1, len(phrase.words.split())) * SYLLABLE_S * 100 / voice.rate_percent
    return babble(np.random.default_rng(len(phrase.words)), seconds, RATE)


class FakeSpeaker:
    """One fake engine as a chain of one."""

    def __init__(self, engine: FakeEngine | None = None) -> None:
        self.engine = engine or FakeEngine()

    @property
    def name(self) -> str:
        return self.engine.name

    async def speak(self, phrases: Sequence[Phrase], voice: Voice, spellings: Sequence[Spelling] = ()) -> Spoken:
        given = respelled(phrases, spellings, self.engine.name)
        return Spoken(pcm=await self.engine.speak(given, voice), engine=self.engine.name)
