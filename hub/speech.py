"""The voices of this hub, and what they have already said."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from content.audio.workshop import Workshop
from content.errors import ContentError
from content.render import Renderer
from content.speech.chain import Chain, Link
from content.speech.espeak import EspeakEngine
from content.speech.gtts_engine import GttsEngine
from content.speech.neural import NeuralEngine, is_available
from content.speech.shelf import Kept, Shelf
from hub.config import Settings
from hub.db.detached import DetachedAssets, DetachedRenders
from hub.db.transaction import Store

log = logging.getLogger(__name__)

NEURAL_WITHIN_S = 45.0  # ten minutes of speech take longer: then the quick voice speaks, and the editor is told
ONLINE_WITHIN_S = 8.0  # a slow line; then the voice on premises speaks
ON_PREMISES_WITHIN_S = 60.0  # ten minutes of speech on a small machine


def voices_folder(settings: Settings) -> Path:
    """Return where installed voices are."""
    return settings.data_dir / "voices"


@asynccontextmanager
async def open_renderer(settings: Settings, store: Store) -> AsyncIterator[Renderer]:
    """A renderer and its engines: neural voices, then the network's if it is wanted, then the one always there."""
    async with AsyncExitStack() as stack:
        links = [Link(engine=one, timeout_s=NEURAL_WITHIN_S) for one in await _neural(settings, stack)]
        if settings.online_voice:
            links.append(Link(engine=await stack.enter_async_context(GttsEngine()), timeout_s=ONLINE_WITHIN_S))
        # One more than bulletins are rendered at once: an alert finds one free.
        espeak = await stack.enter_async_context(EspeakEngine(workers=settings.speech_workers + 1))
        links.append(Link(engine=espeak, timeout_s=ON_PREMISES_WITHIN_S))
        workshop = await stack.enter_async_context(Workshop(workers=settings.speech_workers))
        yield Renderer(
            speaker=Chain(tuple(links)),
            mastered=workshop.finish,
            mastered_at_once=workshop.finish_urgently,
            assets=DetachedAssets(store),
            renders=DetachedRenders(store),
            at_once_max=settings.speech_workers,
        )


async def _neural(settings: Settings, stack: AsyncExitStack) -> list[NeuralEngine]:
    """Return the installed Vietnamese voices that are what they were and can speak; the others are logged."""
    if not is_available():
        return []
    shelf = Shelf(voices_folder(settings))
    ours = [kept for kept in await asyncio.to_thread(shelf.voices) if kept.note.language == "vi"]
    return [engine for kept in ours if (engine := await _usable(shelf, kept, stack)) is not None]


async def _usable(shelf: Shelf, kept: Kept, stack: AsyncExitStack) -> NeuralEngine | None:
    try:
        await asyncio.to_thread(shelf.check, kept)
        return await stack.enter_async_context(NeuralEngine(kept.note, kept.folder))
    except ContentError as exc:
        facts = {"action": "voice_refused", "voice": kept.note.name, "why": str(exc)}
        log.error("installed voice not used", extra=facts)  # noqa: TRY400 - the reason is in the message
        return None
