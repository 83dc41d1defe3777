"""What every use case needs; built once, by `hub.app`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from content.recipe import Recipe, Rendered
from devices.areas import AreaCode, UnitTree
from devices.protocol.codec import Message, encode
from devices.protocol.signing import Signer
from hub.auth.passwords import Hashing
from hub.db.transaction import Store
from hub.flows.events import Events

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Render = Callable[[Recipe], Awaitable[Rendered]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The world as use cases see it."""

    store: Store
    tree: UnitTree
    unit: AreaCode  # whose hub this is
    now_ms: Callable[[], int]
    signer: Callable[[int], Signer]  # the working key to sign with at a moment
    hashing: Hashing
    render: Render
    render_at_once: Render | None = None  # for what an alert says: behind nobody
    speaker: str  # name of the chain of engines; part of every recipe
    plan_days: int
    root_public: bytes  # what a loudspeaker is given when it is enrolled, to check key sets with
    broker: tuple[str, int]  # where loudspeakers find the broker
    events: Events

    def now(self) -> datetime:
        """Return now, aware and UTC, in whole milliseconds."""
        return _EPOCH + timedelta(milliseconds=self.now_ms())

    async def render_now(self, recipe: Recipe) -> Rendered:
        """Return what `recipe` becomes, before everything that only waits to be rendered."""
        return await (self.render_at_once or self.render)(recipe)

    def seal(self, message: Message) -> bytes:
        """Return the bytes to publish."""
        return self.signer(self.now_ms()).seal(encode(message))
