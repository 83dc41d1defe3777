"""Engines in order of preference: each has its time, and rests for a while when it keeps failing."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from content.audio.pcm import Pcm
from content.errors import EngineResting, EngineTimeout, NobodySpoke, SpeechError, VoiceNotOffered
from content.speech.engine import SpeechEngine, Spoken, heard, said
from content.speech.spelling import Spelling, respelled
from content.speech.voice import Phrase, Voice


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """How often an engine has failed in a row, and until when it is left alone.  PURE: every step is a new value."""

    failures_max: int = 3  # one is chance, three are a state
    rest_s: float = 60.0  # then one call is tried; a second failure costs one time-out a minute
    failures: int = 0
    resting_until: float = float("-inf")

    def rests_for(self, now: float) -> float:
        """Return how many seconds are left; 0 when the engine may be asked."""
        return max(0.0, self.resting_until - now)

    def succeeded(self) -> "Breaker":
        """Return the breaker after an answer."""
        return replace(self, failures=0, resting_until=float("-inf"))

    def failed(self, now: float) -> "Breaker":
        """Return the breaker after a failure."""
        failures = self.failures + 1
        rests = failures >= self.failures_max
        return replace(self, failures=failures, resting_until=now + self.rest_s if rests else self.resting_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One engine of the chain and the seconds it may take."""

    engine: SpeechEngine
    timeout_s: float


class Chain:
    """Asks engines in order until one speaks."""

    def __init__(
        self, links: Sequence[Link], *, breaker: Breaker | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._links = tuple(links)
        self._clock = clock
        self._breakers = {link.engine.name: breaker or Breaker() for link in self._links}

    @property
    def name(self) -> str:
        """Name the order of engines; part of the recipe."""
        return "+".join(link.engine.name for link in self._links)

    def resting(self) -> dict[str, float]:
        """Return which engines are left alone now, and for how many seconds; for the health page."""
        now = self._clock()
        return {name: left for name, breaker in self._breakers.items() if (left := breaker.rests_for(now)) > 0}

    async def speak(self, phrases: Sequence[Phrase], voice: Voice, spellings: Sequence[Spelling] = ()) -> Spoken:
        """Return the sound, who made it, and why the others did not; NobodySpoke when all failed.

        Each engine is given its own `spellings` of words that it gets wrong.
        TextRefused when the fault is the text's: no engine is asked, and none is blamed.
        """
        spoken = said(self.name, phrases)
        failures: list[SpeechError] = []
        for link in self._links:
            try:
                sound = await self._asked(link, respelled(spoken, spellings, link.engine.name), voice)
            except SpeechError as exc:
                failures.append(exc)
            else:
                return Spoken(pcm=sound, engine=link.engine.name, passed_over=tuple(failures))
        raise NobodySpoke(failures)

    async def _asked(self, link: Link, phrases: Sequence[Phrase], voice: Voice) -> Pcm:
        """Ask one engine, if it has the voice and does not rest, and note how it went."""
        name = link.engine.name
        if not link.engine.offers(voice):
            raise VoiceNotOffered(name, f"has no {voice.region} voice")  # no fault of its own: not counted
        if left := self._breakers[name].rests_for(self._clock()):
            raise EngineResting(name, left)
        try:
            sound = await self._timed(link, phrases, voice)
        except SpeechError:
            self._breakers[name] = self._breakers[name].failed(self._clock())
            raise
        self._breakers[name] = self._breakers[name].succeeded()
        return sound

    @staticmethod
    async def _timed(link: Link, phrases: Sequence[Phrase], voice: Voice) -> Pcm:
        try:
            async with asyncio.timeout(link.timeout_s):
                sound = await link.engine.speak(phrases, voice)
        except TimeoutError as exc:
            raise EngineTimeout(link.engine.name, link.timeout_s) from exc
        return heard(link.engine.name, sound)
