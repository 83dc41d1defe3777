"""Scenarios that read as sentences: what happens when, and what must be heard between when and when.

    play = Scenario()
    play.at(5).alert(FLOOD)
    play.want(between(5, 8), every(LOUDSPEAKER).sounds(SIREN))
    await play.happen(stage)

Seconds count from the beginning of `happen`.  A stage does what is asked and knows what was heard.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from devices.protocol.ids import AssetDigest


class Sound(StrEnum):
    """What can be heard."""

    BULLETIN = "the bulletin"
    SIREN = "the siren"
    WARNING = "the spoken warning"
    NOTHING = "nothing"


BULLETIN, SIREN, WARNING, NOTHING = Sound


class Who(StrEnum):
    """About whom something is said."""

    LOUDSPEAKER = "loudspeaker"


LOUDSPEAKER = Who.LOUDSPEAKER


@dataclass(frozen=True, slots=True)
class Note:
    """What one loudspeaker began to sound, and when."""

    at_s: float
    sound: Sound | None
    digest: AssetDigest | None = None


class Stage(Protocol):
    """Where a scenario is played."""

    async def bulletin(self, text: str, in_s: float) -> None:
        """Write, approve and schedule a bulletin that begins `in_s` from now."""

    async def alert(self, alert: "Alert") -> None:
        """Send an alert."""

    async def recall(self) -> None:
        """End it."""

    def begin(self) -> None:
        """Count seconds from now."""

    def heard(self) -> dict[str, list[Note]]:
        """Return by loudspeaker what it began to sound, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What is sent."""

    hazard: str
    text: str
    level: int = 3


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when."""

    first_s: float
    last_s: float

    def __str__(self) -> str:
        return f"between {self.first_s} s and {self.last_s} s"


def between(first_s: float, last_s: float) -> Span:
    return Span(first_s, last_s)


@dataclass(frozen=True, slots=True)
class Wish:
    """That every loudspeaker begins a sound within a span, or begins none of it."""

    sound: Sound
    wanted: bool = True

    def fulfilled(self, notes: Sequence[Note], span: Span) -> bool:
        begun = any(span.first_s <= note.at_s <= span.last_s and note.sound is self.sound for note in notes)
        return begun is self.wanted

    def __str__(self) -> str:
        return f"every loudspeaker {'sounds' if self.wanted else 'never begins'} {self.sound}"


@dataclass(frozen=True, slots=True)
class Every:
    """All of them."""

    who: Who

    def sounds(self, sound: Sound) -> Wish:
        return Wish(sound)

    def never_begins(self, sound: Sound) -> Wish:
        return Wish(sound, wanted=False)


def every(who: Who) -> Every:
    return Every(who)


Act = Callable[[Stage], Awaitable[None]]


@dataclass
class Moment:
    """What happens then."""

    play: "Scenario"
    at_s: float

    def bulletin(self, text: str, *, in_s: float) -> None:
        self._then(lambda stage: stage.bulletin(text, in_s))

    def alert(self, alert: Alert) -> None:
        self._then(lambda stage: stage.alert(alert))

    def recall(self) -> None:
        self._then(lambda stage: stage.recall())

    def _then(self, act: Act) -> None:
        self.play.acts.append((self.at_s, act))


@dataclass
class Scenario:
    """What happens, and what is wanted."""

    acts: list[tuple[float, Act]] = field(default_factory=list)
    wishes: list[tuple[Span, Wish]] = field(default_factory=list)

    def at(self, at_s: float) -> Moment:
        return Moment(self, at_s)

    def want(self, span: Span, wish: Wish) -> None:
        self.wishes.append((span, wish))

    async def happen(self, stage: Stage) -> None:
        """Let all of it happen, then say which wishes were not fulfilled, and for whom."""
        loop = asyncio.get_running_loop()
        stage.begin()
        begun = loop.time()
        async with asyncio.TaskGroup() as group:
            for at_s, act in self.acts:
                group.create_task(_later(begun + at_s, act, stage), name=f"at {at_s} s")
        over = max(span.last_s for span, _ in self.wishes)
        await asyncio.sleep(max(0.0, begun + over + 0.5 - loop.time()))
        heard = stage.heard()
        failed = [
            f"{wish} {span}, but {device} did not: {notes}"
            for span, wish in self.wishes
            for device, notes in heard.items()
            if not wish.fulfilled(notes, span)
        ]
        assert not failed, "\n".join([*failed[:5], f"({len(failed)} in all)"])


async def _later(at_s: float, act: Act, stage: Stage) -> None:
    await asyncio.sleep(max(0.0, at_s - asyncio.get_running_loop().time()))
    await act(stage)
