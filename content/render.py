"""Recipe → asset, once: speak, master, encode, check, keep.  The same recipe is never rendered twice."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from weakref import WeakValueDictionary

from content.audio.encode import decode
from content.audio.finish import Finished, finish
from content.audio.master import Stretch
from content.ports import AssetStore, RenderStore, Speaker
from content.recipe import Part, Recipe, RecipeDigest, Rendered
from content.speech.engine import Spoken
from devices.protocol.chunks import asset_of

RECORDING = "recording"  # who spoke, when nobody had to
AT_ONCE_MAX = 2  # each uses a core for a second or two; the loop and the broker need the rest


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
    ) -> None:
        self._speaker = speaker
        self._assets = assets
        self._renders = renders
        self._now = now
        self._room = asyncio.Semaphore(at_once_max)
        # A lock lives as long as somebody waits for its recipe.
        self._asked: WeakValueDictionary[RecipeDigest, asyncio.Lock] = WeakValueDictionary()

    @property
    def engine(self) -> str:
        """Name the order of engines, for Recipe.engine."""
        return self._speaker.name

    async def render(self, recipe: Recipe) -> Rendered:
        """Return what `recipe` became; a kept rendering is returned as it was made.

        Raises SpeechError when nobody spoke, OutOfTolerance (with the figures) when the profile cannot be met.
        A caller that is cancelled leaves the work to the next one in line.
        """
        digest = recipe.digest()
        lock = self._asked.setdefault(digest, asyncio.Lock())
        async with lock:
            held = await self._renders.find(digest)
            if held is not None and await self._assets.get(held.asset.digest) is not None:
                return held
            async with self._room:
                return await self._rendered(recipe)

    async def _rendered(self, recipe: Recipe) -> Rendered:
        heard = [await self._heard(part) for part in recipe.stretches]
        done = await finish(
            [Stretch(sound=one.pcm, pause_ms=part.pause_ms) for one, part in zip(heard, recipe.stretches, strict=True)],
            opening=recipe.opening,
            closing=recipe.closing,
            profile=recipe.profile,
            encoder=recipe.encoder,
        )
        return await self._kept(recipe, heard, done)

    async def _heard(self, part: Part) -> Spoken:
        """Return a part as sound: spoken now, or as it was recorded."""
        if part.recording is None:
            return await self._speaker.speak(part.phrases, part.voice)
        return Spoken(pcm=await decode(await self._assets.read(part.recording)), engine=RECORDING)

    async def _kept(self, recipe: Recipe, heard: Sequence[Spoken], done: Finished) -> Rendered:
        """Keep first the bytes, then the note that they exist."""
        asset = await asyncio.to_thread(asset_of, done.data, done.probe.duration_ms)
        await self._assets.put(asset, done.data)
        return await self._renders.add(
            Rendered(
                recipe=recipe.digest(),
                asset=asset,
                loudness=done.probe.loudness,
                engine=", ".join(dict.fromkeys(one.engine for one in heard)),
                passed_over=tuple(str(failure) for one in heard for failure in one.passed_over),
                trimmed_ms=done.trimmed_ms,
                rendered_at=self._now(),
            )
        )
