"""The voices of this hub, and what they have already said."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from content.audio.workshop import Workshop
from content.render import Renderer
from content.speech.chain import Chain, Link
from content.speech.espeak import EspeakEngine
from content.speech.gtts_engine import GttsEngine
from hub.config import Settings
from hub.db.detached import DetachedAssets, DetachedRenders
from hub.db.transaction import Store

ONLINE_WITHIN_S = 8.0  # a slow line; then the voice on premises speaks
ON_PREMISES_WITHIN_S = 60.0  # ten minutes of speech on a small machine


@asynccontextmanager
async def open_renderer(settings: Settings, store: Store) -> AsyncIterator[Renderer]:
    """A renderer with its engines; their processes end with it."""
    async with AsyncExitStack() as stack:
        links = []
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
