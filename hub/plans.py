"""When plans are made: the scheduler's bells, new loudspeakers, and new pinned sounds."""

import asyncio
import logging
from types import TracebackType
from typing import Self

from devices.protocol.ids import ContentId
from emergency.hazards import Siren
from emergency.override import DRILL_CLOSING, DRILL_OPENING
from hub.flows import distribute, kit
from hub.flows.context import Context
from hub.flows.events import MISSED
from scheduler.jobs import Flows, Jobs, Timing

log = logging.getLogger(__name__)

FIRST = (*(siren.value for siren in Siren), DRILL_OPENING, DRILL_CLOSING)  # a siren is better than nothing
KIT_AGAIN_S = 300.0  # a disk that was full, a voice that hung
SETTLE_S = 0.3  # a fleet that comes up enrols one after the other


class Plans:
    """The scheduler's life in the hub; publishing is done by one at a time."""

    def __init__(self, ctx: Context, timing: Timing | None = None) -> None:
        self._ctx = ctx
        self._turn = asyncio.Lock()
        self._jobs = Jobs(
            Flows(
                publish_all=self.publish_all,
                publish_changed=self._publish_changed,
                first_air=lambda after: distribute.first_air(ctx, after),
                check_audio=lambda at: distribute.check_audio(ctx, at),
            ),
            timing,
        )

    async def __aenter__(self) -> Self:
        await self._jobs.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._jobs.__aexit__(kind, error, trace)

    async def publish_all(self) -> None:
        """Compile and publish for everybody; what does not differ is not sent."""
        async with self._turn:
            await distribute.publish_all(self._ctx)

    async def _publish_changed(self, programmes: frozenset[ContentId]) -> None:
        async with self._turn:
            await distribute.publish_changed(self._ctx, programmes)

    async def prepare_kit(self) -> None:
        """Make the pinned sounds, sirens first, and put them into the plans; what fails is tried again, for ever."""
        for wanted in (FIRST, None):
            if await kit.prepare(self._ctx, wanted):
                await self.publish_all()
        while True:
            await asyncio.sleep(KIT_AGAIN_S)
            if await kit.prepare(self._ctx, await kit.missing(self._ctx)):
                await self.publish_all()

    async def follow(self) -> None:
        """Publish when a loudspeaker has been enrolled or a programme has changed, for ever."""
        with self._ctx.events.listening() as heard:
            while True:
                if self._noted(await heard.get()):
                    await asyncio.sleep(SETTLE_S)
                    while not heard.empty():
                        self._noted(heard.get_nowait())
                    await self.publish_all()

    def _noted(self, name: str) -> bool:
        """Ring the bell of a changed programme; return whether everybody's plans must be looked at."""
        kind, _, subject = name.partition(":")
        if kind == "programme":
            self._jobs.edited(ContentId(subject))
        return name in {"enrolled", MISSED}
