"""Recipe → asset, once: speak, master, encode, check, keep.  The same recipe is never rendered twice."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Protocol
from weakref import WeakValueDictionary

from content.audio.chime import Cue
from content.audio.encode import decode
from content.audio.encoder import Encoder
from content.audio.finish import Finished, finish
from content.audio.master import Profile, Speech, Stretch
from content.errors import SpeechError, VoiceNotOffered
from content.ports import AssetStore, RenderStore, Speaker
from content.recipe import Figures, Part, Recipe, RecipeDigest, Rendered
from content.speech.engine import Spoken
from devices.protocol.chunks import asset_of

RECORDING = "recording"  # who spoke, when nobody had to
AT_ONCE_MAX = 2  # each uses a core for a second or two; the loop and the broker need the rest


class Finish(Protocol):
    """`content.audio.finish.finish`, or the same in another process."""

    async def __call__(
        self,
        speech: Speech,
        *,
        opening: Cue | None = None,
        closing: Cue | None = None,
        profile: Profile | None = None,
        encoder: Encoder | None = None,
    ) -> Finished:
        """Return the encoded programme within its profile, or raise AudioError."""


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


class Renderer:
    """Renders recipes; callers who ask for the same one at the same time share one rendering."""

    def __init__(
        self,
        *,
        speaker: Speaker,
        assets: AssetStore,
        renders: RenderStore,
        now: Callable[[], datetime] = utc_now,
        at_once_max: int = AT_ONCE_MAX,
        mastered: Finish = finish,
        mastered_at_once: Finish = finish,
    ) -> None:
        self._mastered = mastered
        self._mastered_at_once = mastered_at_once
        self._speaker = speaker
        self._assets = assets
        self._renders = renders
        self._now = now
        self._room = asyncio.Semaphore(at_once_max)
        self._urgent_room = asyncio.Semaphore(1)
        # A lock lives as long as somebody waits for its recipe.
        self._asked: WeakValueDictionary[RecipeDigest, asyncio.Lock] = WeakValueDictionary()

    @property
    def engine(self) -> str:
        """Name the order of engines, for Recipe.engine."""
        return self._speaker.name

    async def render(self, recipe: Recipe, *, urgent: bool = False) -> Rendered:
        """Return what `recipe` became; a kept rendering is returned as it was made.

        What is `urgent` stands behind nobody, not even behind somebody who waits with the same recipe.

        Raises SpeechError when nobody spoke, OutOfTolerance (with the figures) when the profile cannot be met.
        A caller that is cancelled leaves the work to the next one in line.
        """
        digest = recipe.digest()
        if urgent:
            async with self._urgent_room:
                return await self._held(digest) or await self._rendered(recipe, self._mastered_at_once)
        lock = self._asked.setdefault(digest, asyncio.Lock())
        async with lock:
            if held := await self._held(digest):
                return held
            async with self._room:
                return await self._rendered(recipe, self._mastered)

    async def render_at_once(self, recipe: Recipe) -> Rendered:
        """Return what `recipe` becomes, behind nobody."""
        return await self.render(recipe, urgent=True)

    async def _held(self, digest: RecipeDigest) -> Rendered | None:
        held = await self._renders.find(digest)
        return held if held is not None and await self._assets.get(held.asset.digest) is not None else None

    async def _rendered(self, recipe: Recipe, mastered: Finish) -> Rendered:
        heard = [await self._heard(part, recipe) for part in recipe.stretches]
        done = await mastered(
            [Stretch(sound=one.pcm, pause_ms=part.pause_ms) for one, part in zip(heard, recipe.stretches, strict=True)],
            opening=recipe.opening,
            closing=recipe.closing,
            profile=recipe.profile,
            encoder=recipe.encoder,
        )
        return await self._kept(recipe, heard, done)

    async def _heard(self, part: Part, recipe: Recipe) -> Spoken:
        """Return a part as sound: spoken now, or as it was recorded."""
        if part.recording is None:
            return await self._speaker.speak(part.phrases, part.voice, recipe.spellings)
        return Spoken(pcm=await decode(await self._assets.read(part.recording)), engine=RECORDING)

    async def _kept(self, recipe: Recipe, heard: Sequence[Spoken], done: Finished) -> Rendered:
        """Keep first the bytes, then the note that they exist."""
        failures = [failure for one in heard for failure in one.passed_over]
        asset = await asyncio.to_thread(asset_of, done.data, done.probe.duration_ms)
        await self._assets.put(asset, done.data)
        return await self._renders.add(
            Rendered(
                recipe=recipe.digest(),
                asset=asset,
                loudness=done.probe.loudness,
                engine=", ".join(dict.fromkeys(one.engine for one in heard)),
                passed_over=tuple(str(failure) for failure in failures),
                told=told_of(failures),
                figures=figures_of(done, recipe.profile),
                trimmed_ms=done.trimmed_ms,
                rendered_at=self._now(),
            )
        )


def told_of(failures: Iterable[SpeechError]) -> tuple[str, ...]:
    """Return what the editor is told of engines that should have spoken, each sentence once."""
    return tuple(dict.fromkeys(one.in_vietnamese() for one in failures if not isinstance(one, VoiceNotOffered)))


def figures_of(done: Finished, profile: Profile) -> Figures:
    """Return everything that was measured on the finished programme, and what it was measured against."""
    return Figures(
        lufs_wanted=profile.target_lufs,
        tolerance_lu=profile.tolerance_lu,
        peak_max_dbtp=profile.peak_max_dbtp,
        low_hz=profile.low_hz,
        high_hz=profile.high_hz,
        silence_ms=done.probe.silence_ms,
        longest_silence_ms=done.probe.longest_silence_ms,
        tries=done.tries,
    )
