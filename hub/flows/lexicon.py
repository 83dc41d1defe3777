"""How words are read, made better by the people who hear them: for one text, for a commune, for a province.

An officer changes the layer of the own commune; the layer of a province is its staff's, to whom communes propose.
"""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from content.desk import lexicon as model
from content.desk.folding import searchable
from content.desk.lexicon import WHY_CHARS_MAX, Change, Effect, Proposal, Status, Word, effect, lexicon_of, standing
from content.desk.readings import laid_over, lifted, spoken_form
from content.errors import Answered, BadEntry
from content.model import Bulletin
from content.text.layers import Lexicon
from content.text.spoken import ByHand
from devices.areas import RANK, AreaCode, Level
from hub.auth.roles import Permission
from hub.db.transaction import Transaction
from hub.flows import bulletin as bulletins
from hub.flows.actor import Actor
from hub.flows.context import Context
from hub.flows.errors import Conflicted, NotFound, Refused
from hub.flows.reading import changes_for, layers_of, lexicon_in

EFFECTS_MAX = 200  # bulletins that are read twice for a preview; the last changed ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What one unit says about words: what holds now, every change that led to it, and who made them."""

    unit: AreaCode
    standing: tuple[Change, ...]
    history: tuple[Change, ...]  # the newest first
    names: dict[str, str]
    may_change: bool
    may_propose: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """A bulletin that would be read otherwise."""

    bulletin: Bulletin
    effect: Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a change would do to bulletins that were written; `looked_at`: how many have the word in them."""

    word: Word
    affected: tuple[Affected, ...]
    looked_at: int


async def layer(ctx: Context, actor: Actor, unit: str) -> Layer:
    """Return the layer of a unit: one that this person sees, or one above it.  Raises NotFound."""
    code = _readable(ctx, actor, unit)
    async with ctx.store.read() as tx:
        changes = await tx.lexicon.of([code])
        names = {str(one.id): one.name for one in await tx.people.accounts()}
    return Layer(
        unit=code,
        standing=standing(changes, code),
        history=tuple(reversed(changes)),
        names={account: names.get(account, "") for account in {one.account for one in changes}},
        may_change=actor.may(_permission(ctx, code), code, ctx.tree),
        may_propose=actor.may(Permission.WRITE_BULLETIN, code, ctx.tree) and _above(ctx, code) is not None,
    )


async def preview(
    ctx: Context, actor: Actor, *, unit: str, written: str, spoken: str, after: str = "", before: str = ""
) -> Preview:
    """Return which bulletins would be read otherwise, with both readings; nothing is saved.  Raises Refused."""
    code = _readable(ctx, actor, unit)
    word = _checked(written=written, spoken=spoken, after=after, before=before)
    async with ctx.store.read() as tx:
        units = [one for one in _branch(ctx, code) if actor.sees(one, ctx.tree)]
        found = await tx.bulletins.find(units=units, terms=(searchable(word.written),), limit=EFFECTS_MAX)
        lexica = {one.unit: await _both(ctx, tx, one.unit, code, word) for one in found}
    effects = await asyncio.to_thread(
        lambda: [(one, effect(one.text, one.by_hand, *lexica[one.unit])) for one in found]
    )
    affected = tuple(Affected(bulletin=one, effect=heard) for one, heard in effects if heard is not None)
    return Preview(word=word, affected=affected, looked_at=len(found))


async def _both(
    ctx: Context, tx: Transaction, unit: AreaCode, changed: AreaCode, word: Word
) -> tuple[Lexicon, Lexicon]:
    """Return the lexicon of `unit` now, and as it would be with `word` in the layer of `changed`."""
    changes = await changes_for(ctx, tx, unit)
    number = max((one.n for one in changes), default=0) + 1
    new = Change(n=number, unit=changed, word=word, account="", at=ctx.now(), why="")
    chain = layers_of(ctx, unit)
    return lexicon_of(changes, chain), lexicon_of((*changes, new), chain)


async def put_word(
    ctx: Context,
    actor: Actor,
    *,
    unit: str,
    written: str,
    spoken: str,
    after: str = "",
    before: str = "",
    why: str = "",
) -> Change:
    """Say a word so in a unit and everything below it from now on.  Raises NotAllowed, Refused."""
    word = _checked(written=written, spoken=spoken, after=after, before=before)
    if not word.spoken:
        raise Refused("Hãy ghi cách đọc.", field="spoken")
    return await _change(ctx, actor, unit, word, why)


async def take_word(
    ctx: Context, actor: Actor, *, unit: str, written: str, after: str = "", before: str = "", why: str = ""
) -> Change:
    """Let the layer of a unit say nothing about a word any more.  Raises NotAllowed, NotFound."""
    async with ctx.store.read() as tx:
        held = standing(await tx.lexicon.of([AreaCode(unit)]), unit)
    word = _checked(written=written, spoken="", after=after, before=before)
    if word.key not in {one.word.key for one in held}:
        raise NotFound("Từ điển của đơn vị không có mục này.")
    return await _change(ctx, actor, unit, word, why)


async def _change(ctx: Context, actor: Actor, unit: str, word: Word, why: str) -> Change:
    _must_change(ctx, actor, unit)
    async with ctx.store.write() as tx:
        made = await _add(ctx, tx, actor, AreaCode(unit), word, _why(why))
    ctx.events.tell("lexicon")
    return made


async def _add(ctx: Context, tx: Transaction, actor: Actor, unit: AreaCode, word: Word, why: str) -> Change:
    change = Change(n=0, unit=unit, word=word, account=actor.account.id, at=ctx.now(), why=why)
    made = await tx.lexicon.add(change)
    await tx.audit.add(
        at=ctx.now(),
        actor=actor.account.id,
        unit=unit,
        act="lexicon.change",
        subject=str(made.n),
        detail={"written": word.written, "spoken": word.spoken, "why": why},
    )
    return made


async def propose(
    ctx: Context,
    actor: Actor,
    *,
    unit: str,
    written: str,
    spoken: str,
    after: str = "",
    before: str = "",
    why: str,
) -> Proposal:
    """Ask the province to say a word so everywhere.  Raises NotAllowed, Refused."""
    actor.must(Permission.WRITE_BULLETIN, unit, ctx.tree)
    word = _checked(written=written, spoken=spoken, after=after, before=before)
    above = _above(ctx, AreaCode(unit))
    if above is None:
        raise Refused("Đơn vị này không có cấp tỉnh để đề xuất.", field="unit")
    if not word.spoken:
        raise Refused("Hãy ghi cách đọc.", field="spoken")
    if not why.strip():
        raise Refused("Hãy ghi lý do đề xuất.", field="why")
    made = Proposal(
        id=f"lp-{secrets.token_hex(6)}",
        unit=AreaCode(unit),
        to=above,
        word=word,
        account=actor.account.id,
        at=ctx.now(),
        why=_why(why),
    )
    async with ctx.store.write() as tx:
        same = [one for one in await tx.lexicon.proposals(status=Status.OPEN) if (one.to, one.word) == (above, word)]
        if same:
            raise Conflicted("Cách đọc này đã được đề xuất và đang chờ trả lời.")
        await tx.lexicon.put_proposal(made)
        await _audit_proposal(ctx, tx, actor, made)
    ctx.events.tell("lexicon")
    return made


async def answer(ctx: Context, actor: Actor, proposal_id: str, *, accept: bool, words: str = "") -> Proposal:
    """Accept a proposal into the layer of the province, or refuse it with a reason.  Raises NotAllowed, Conflicted."""
    if not accept and not words.strip():
        raise Refused("Hãy ghi lý do không chấp nhận.", field="words")
    async with ctx.store.write() as tx:
        found = await _proposal(ctx, tx, actor, proposal_id)
        _must_change(ctx, actor, found.to)
        if found.account == actor.account.id:
            raise Refused("Người đề xuất không tự trả lời đề xuất của mình.")
        status = Status.ACCEPTED if accept else Status.REFUSED
        done = _answered(found, status, ctx, actor, words)
        await tx.lexicon.put_proposal(done)
        if accept:
            await _add(ctx, tx, actor, found.to, found.word, _why(f"Theo đề xuất {found.id}: {found.why}"))
        await _audit_proposal(ctx, tx, actor, done)
    ctx.events.tell("lexicon", f"person:{found.account}")
    return done


async def withdraw(ctx: Context, actor: Actor, proposal_id: str) -> Proposal:
    """Take an own proposal back.  Raises NotFound, Conflicted."""
    async with ctx.store.write() as tx:
        found = await _proposal(ctx, tx, actor, proposal_id)
        if found.account != actor.account.id:
            raise NotFound("Không tìm thấy đề xuất này.")
        done = _answered(found, Status.WITHDRAWN, ctx, actor, "")
        await tx.lexicon.put_proposal(done)
        await _audit_proposal(ctx, tx, actor, done)
    ctx.events.tell("lexicon")
    return done


async def proposals(ctx: Context, actor: Actor, *, status: Status | None = Status.OPEN) -> tuple[Proposal, ...]:
    """Return the proposals of the units this person sees, the newest first."""
    async with ctx.store.read() as tx:
        found = await tx.lexicon.proposals(status=status)
    return tuple(one for one in found if actor.sees(one.unit, ctx.tree))


async def read_so(
    ctx: Context, actor: Actor, bulletin_id: str, *, revision: int, start: int, end: int, spoken: str
) -> Bulletin:
    """Read one piece of one text as somebody has written by hand; "" leaves it out.  It is a new version of the words.

    start, end: places in the text as it is kept, in Unicode characters.  Raises Refused, Conflicted.
    """
    if len(spoken) > model.SPOKEN_CHARS_MAX * 10:  # a sentence, a paragraph; not a book
        raise Refused("Cách đọc quá dài.", field="spoken")
    async with ctx.store.read() as tx:
        found = await bulletins.visible(ctx, tx, actor, bulletin_id)
        said = spoken_form(spoken, await lexicon_in(ctx, tx, found.unit))
    if not 0 <= start < end <= len(found.text):
        raise Refused("Chỗ cần sửa không nằm trong bản tin.", field="start")
    by_hand = laid_over(found.by_hand, ByHand(start=start, end=end, spoken=said))
    return await bulletins.edit(ctx, actor, bulletin_id, revision=revision, by_hand=by_hand)


async def read_by_rules(
    ctx: Context, actor: Actor, bulletin_id: str, *, revision: int, start: int, end: int
) -> Bulletin:
    """Read one piece of one text by the rules again."""
    async with ctx.store.read() as tx:
        found = await bulletins.visible(ctx, tx, actor, bulletin_id)
    by_hand = lifted(found.by_hand, start, end)
    if by_hand == found.by_hand:
        raise NotFound("Chỗ này chưa được sửa cách đọc.")
    return await bulletins.edit(ctx, actor, bulletin_id, revision=revision, by_hand=by_hand)


def _answered(found: Proposal, status: Status, ctx: Context, actor: Actor, words: str) -> Proposal:
    try:
        return model.answered(found, status, by=actor.account.id, now=ctx.now(), answer=words[:WHY_CHARS_MAX])
    except Answered as exc:
        raise Conflicted(exc.in_vietnamese()) from exc


async def _proposal(ctx: Context, tx: Transaction, actor: Actor, proposal_id: str) -> Proposal:
    found = await tx.lexicon.proposal(proposal_id)
    if found is None or not actor.sees(found.unit, ctx.tree):
        raise NotFound("Không tìm thấy đề xuất này.")
    return found


async def _audit_proposal(ctx: Context, tx: Transaction, actor: Actor, one: Proposal) -> None:
    await tx.audit.add(
        at=ctx.now(),
        actor=actor.account.id,
        unit=one.unit,
        act=f"lexicon.proposal_{one.status}",
        subject=one.id,
        detail={"written": one.word.written, "spoken": one.word.spoken, "answer": one.answer},
    )


def _permission(ctx: Context, unit: AreaCode) -> Permission:
    """Return what it takes to change the layer of a unit: the wider it reaches, the more."""
    level = ctx.tree.unit(unit).level
    if level is Level.NATION:
        return Permission.MANAGE_PEOPLE  # only an administrator is one of the nation
    return Permission.APPROVE_BULLETIN if level is Level.PROVINCE else Permission.WRITE_BULLETIN


def _must_change(ctx: Context, actor: Actor, unit: str) -> None:
    if unit not in ctx.tree:
        raise NotFound("Không tìm thấy đơn vị này.")
    actor.must(_permission(ctx, AreaCode(unit)), unit, ctx.tree)


def _readable(ctx: Context, actor: Actor, unit: str) -> AreaCode:
    """Return the unit when its words reach this person: it is seen, or stands above one that is."""
    seen = actor.reach(Permission.SEE, ctx.tree)
    if unit not in ctx.tree or not any(ctx.tree.is_within(unit, one) or ctx.tree.is_within(one, unit) for one in seen):
        raise NotFound("Không tìm thấy đơn vị này.")
    return AreaCode(unit)


def _branch(ctx: Context, unit: AreaCode) -> tuple[AreaCode, ...]:
    return tuple(one.code for one in ctx.tree.branch(unit))


def _above(ctx: Context, unit: AreaCode) -> AreaCode | None:
    """Return the province of a unit below it."""
    if unit not in ctx.tree or RANK[ctx.tree.unit(unit).level] <= RANK[Level.PROVINCE]:
        return None
    return next((one.code for one in ctx.tree.ancestors(unit) if one.level is Level.PROVINCE), None)


def _why(typed: str) -> str:
    return " ".join(typed.split())[:WHY_CHARS_MAX]


def _checked(*, written: str, spoken: str, after: str, before: str) -> Word:
    with _in_words():
        return model.checked(Word(written=written, spoken=spoken, after=after, before=before))


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except BadEntry as exc:
        raise Refused(exc.in_vietnamese(), field=exc.field) from exc
