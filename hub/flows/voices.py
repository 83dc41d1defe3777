"""How the station of a unit sounds: who reads, how fast, for which horns, what it opens and closes with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from content.recipe import Recipe
from content.speech.spelling import Spelling
from content.speech.voice import Voice
from content.station import BadStation, Sounding, Station, as_station, formula, settled
from content.text.normalise import normalise
from content.text.spoken import Phrase
from devices.areas import NATION, AreaCode, Unit
from hub.auth.roles import Permission
from hub.db.transaction import Transaction
from hub.flows.actor import Actor
from hub.flows.context import Context
from hub.flows.errors import Refused

ENGINE_CHARS_MAX = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class StationView:
    """What a unit says about itself, and what holds for it."""

    unit: AreaCode
    own: Station
    holds: Sounding
    opening: str  # the words, with the names of the places
    closing: str


async def station(ctx: Context, actor: Actor, unit: str) -> StationView:
    """Return how the station of `unit` sounds.  Raises NotAllowed."""
    actor.must(Permission.SEE, unit, ctx.tree)
    async with ctx.store.read() as tx:
        every = await tx.stations.every()
    holds = _holds(ctx, every, unit)
    places = _places(ctx, unit)
    return StationView(
        unit=AreaCode(unit),
        own=every.get(AreaCode(unit), Station()),
        holds=holds,
        opening=formula(holds.opening, places),
        closing=formula(holds.closing, places),
    )


async def set_station(ctx: Context, actor: Actor, unit: str, **own: Any) -> StationView:
    """Say how `unit` sounds; what is not given or None comes from above.  Raises NotAllowed, Refused."""
    actor.must(Permission.APPROVE_BULLETIN, unit, ctx.tree)
    try:
        wanted = Station(**own)
    except BadStation as exc:
        raise Refused(exc.told, field=exc.field) from exc
    async with ctx.store.write() as tx:
        await tx.stations.put(AreaCode(unit), wanted)
        detail = {name: value for name, value in own.items() if value is not None}
        await tx.audit.add(
            at=ctx.now(), actor=actor.account.id, unit=unit, act="station.set", subject=unit, detail=detail
        )
    ctx.events.tell("stations")
    return await station(ctx, actor, unit)


async def spellings(ctx: Context) -> tuple[Spelling, ...]:
    """Return what engines are given instead of words that they get wrong."""
    async with ctx.store.read() as tx:
        return await tx.spellings.every()


async def set_spelling(ctx: Context, actor: Actor, *, engine: str, word: str, spelling: str) -> Spelling:
    """Give `engine` another spelling of a spoken word, for the whole hub.  Raises NotAllowed, Refused."""
    actor.must(Permission.APPROVE_BULLETIN, ctx.unit, ctx.tree)
    try:
        wanted = Spelling(
            engine=engine, word=" ".join(word.lower().split()), spelling=" ".join(spelling.lower().split())
        )
    except ValueError as exc:
        raise Refused("Hãy ghi từ đã đọc thành chữ thường và cách viết thay thế.", field="word") from exc
    if not 0 < len(engine) <= ENGINE_CHARS_MAX:
        raise Refused("Hãy chọn bộ đọc.", field="engine")
    async with ctx.store.write() as tx:
        await tx.spellings.put(wanted)
        await _audit(ctx, tx, actor, "spelling.set", wanted)
    return wanted


async def remove_spelling(ctx: Context, actor: Actor, *, engine: str, word: str) -> None:
    """Let `engine` say a word as it does.  Raises NotAllowed."""
    actor.must(Permission.APPROVE_BULLETIN, ctx.unit, ctx.tree)
    async with ctx.store.write() as tx:
        for known in await tx.spellings.every():
            if (known.engine, known.word) == (engine, word):
                await tx.spellings.remove(engine, word)
                await _audit(ctx, tx, actor, "spelling.remove", known)


async def voice_of(ctx: Context, unit: str) -> Voice:
    """Return who reads for `unit` unless a bulletin says otherwise."""
    async with ctx.store.read() as tx:
        return _holds(ctx, await tx.stations.every(), unit).voice


async def broadcast(ctx: Context, tx: Transaction, unit: str, recipe: Recipe) -> Recipe:
    """Return `recipe` as the station of `unit` broadcasts it."""
    holds = _holds(ctx, await tx.stations.every(), unit)
    places = _places(ctx, unit)
    return as_station(
        recipe,
        holds,
        opening=_phrases(holds.opening, places),
        closing=_phrases(holds.closing, places),
        spellings=await tx.spellings.every(),
    )


def _holds(ctx: Context, every: Mapping[AreaCode, Station], unit: str) -> Sounding:
    line = [NATION, *(above.code for above in _down(ctx, unit)), unit]
    return settled(every[AreaCode(code)] for code in dict.fromkeys(line) if code in every)


def _down(ctx: Context, unit: str) -> tuple[Unit, ...]:
    """Return the units above `unit`, the highest first."""
    return tuple(reversed(ctx.tree.ancestors(unit))) if unit in ctx.tree else ()


def _places(ctx: Context, unit: str) -> dict[str, str]:
    known = ctx.tree.find(unit)
    above = [one for one in _down(ctx, unit) if one.code not in {NATION, unit}]
    return {
        "unit": _lowered(known.name) if known else "",
        "above": ", ".join(_lowered(one.name) for one in reversed(above)),
    }


def _lowered(name: str) -> str:
    """Return "xã Hòa Vang" for "Xã Hòa Vang": it stands in a sentence."""
    return name[:1].lower() + name[1:]


def _phrases(template: str, places: Mapping[str, str]) -> tuple[Phrase, ...]:
    return normalise(formula(template, places)).phrases if template else ()


async def _audit(ctx: Context, tx: Transaction, actor: Actor, act: str, spelling: Spelling) -> None:
    detail = {"word": spelling.word, "spelling": spelling.spelling}
    await tx.audit.add(
        at=ctx.now(), actor=actor.account.id, unit=ctx.unit, act=act, subject=spelling.engine, detail=detail
    )
