"""The sounds that every loudspeaker holds beforehand: made once, then pinned in every plan."""

import asyncio
import logging
from collections.abc import Collection
from dataclasses import replace

from content.audio.chime import Cue
from content.audio.profiles import PROFILES, ProfileName
from content.errors import ContentError
from content.recipe import Recipe
from content.speech.delivery import OUTDOOR, delivered
from content.speech.voice import Voice
from content.text.normalise import normalise
from emergency.override import PinnedSound, kit
from hub.flows.context import Context

log = logging.getLogger(__name__)

BREATH_S = 0.1  # thirty sounds in a row must not keep a bulletin waiting that somebody wants to hear now
WARNING_VOICE = Voice(rate_percent=OUTDOOR.rate_percent)  # words must be understood at the far end of a field
WARNING_PROFILE = PROFILES[ProfileName.HORN]


def recipe_of(sound: PinnedSound, speaker: str) -> Recipe:
    """Return how a pinned sound is made: a cue alone, or a text as warnings are spoken."""
    if sound.cue is not None:
        return Recipe(phrases=(), engine=speaker, opening=Cue(sound.cue.value))
    return warning(sound.text, speaker)


def warning(text: str, speaker: str, times: int = 1) -> Recipe:
    """Return how a warning is spoken outdoors: slowly, in short phrases, with gaps for the echo, `times` over."""
    phrases = delivered(normalise(text).phrases, replace(OUTDOOR, times=times))
    return Recipe(phrases=phrases, engine=speaker, voice=WARNING_VOICE, profile=WARNING_PROFILE)


async def prepare(ctx: Context, only: Collection[str] | None = None) -> int:
    """Render and pin the kit (`only` these ids); return how many sounds are new.  What fails is logged and left out."""
    wanted = [sound for sound in kit() if only is None or sound.id in only]
    new = 0
    for sound in wanted:
        new += await _pin(ctx, sound)
        await asyncio.sleep(BREATH_S)
    return new


async def missing(ctx: Context) -> tuple[str, ...]:
    """Return the sounds of the kit that are not pinned yet."""
    async with ctx.store.read() as tx:
        pinned = await tx.pinned.every()
    return tuple(sound.id for sound in kit() if sound.id not in pinned)


async def _pin(ctx: Context, sound: PinnedSound) -> bool:
    try:
        rendered = await ctx.render(recipe_of(sound, ctx.speaker))
    except (ContentError, OSError) as exc:
        log.error("pinned sound not made", extra={"action": "kit_failed", "sound": sound.id, "why": str(exc)})  # noqa: TRY400 - its figures are in the message
        return False
    async with ctx.store.write() as tx:
        if (await tx.pinned.every()).get(sound.id) == rendered.asset.digest:
            return False
        await tx.pinned.put(sound.id, rendered.asset.digest)
    return True
