"""Recipe → asset, once: speak, master, encode, check, keep.  The same recipe is never rendered twice."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from weakref import WeakValueDictionary

from content.audio.finish import Finished, finish
from content.ports import AssetStore, RenderStore, Speaker
from content.recipe import Recipe, RecipeDigest, Rendered
from content.speech.engine import Spoken
from devices.protocol.chunks import asset_of

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
        spoken = await self._speaker.speak(recipe.phrases, recipe.voice) if recipe.phrases else None
        done = await finish(
            spoken.pcm if spoken else None,
            opening=recipe.opening,
            closing=recipe.closing,
            profile=recipe.profile,
            encoder=recipe.encoder,
        )
        return await self._kept(recipe, spoken, done)

    async def _kept(self, recipe: Recipe, spoken: Spoken | None, done: Finished) -> Rendered:
        """Keep first the bytes, then the note that they exist."""
        asset = await asyncio.to_thread(asset_of, done.data, done.probe.duration_ms)
        await self._assets.put(asset, done.data)
        return await self._renders.add(
            Rendered(
                recipe=recipe.digest(),
                asset=asset,
                loudness=done.probe.loudness,
                engine=spoken.engine if spoken else "",
                passed_over=tuple(map(str, spoken.passed_over)) if spoken else (),
                trimmed_ms=done.trimmed_ms,
                rendered_at=self._now(),
            )
        )
