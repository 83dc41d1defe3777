"""The desk: checks, comments, versions, delegation, watched words, templates, the library, and the text twin."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from content.desk.checklists import Item, items_for
from content.desk.delegation import SPAN_MAX, Delegation
from content.desk.differences import Piece, differences
from content.desk.findings import Finding
from content.desk.ports import COMMENT_CHARS_MAX, Comment, Notice
from content.desk.search import Match, likeness, matches, terms
from content.desk.templates import BY_ID, Filled, Template, fill
from content.desk.twin import TextTwin, twin_of
from content.desk.watchwords import Watch, WatchWord
from content.errors import NotFilled
from content.languages import name_of
from content.model import ON_AIR_STAGES, WORDS, Bulletin, Requester, Stage, Subject, drafted
from content.text.spoken import ByHand, SpokenText
from devices.areas import AreaCode, Level
from devices.protocol.ids import ContentId
from devices.protocol.manifest import ServiceClass
from hub.auth.roles import Permission
from hub.db.transaction import Transaction
from hub.flows import bulletin as bulletins
from hub.flows.actor import Actor
from hub.flows.checking import findings_of
from hub.flows.context import Context
from hub.flows.errors import Conflicted, NotAllowed, NotFound, Refused
from hub.flows.reading import layers_of, lexicon_in, read, reading_of
from scheduler.calendars import day_bounds, local_date

LIBRARY_PAGE = 100
NOTICES_MAX = 100
WHY_CHARS_MAX = 300


# --- checks ---------------------------------------------------------------------------------------------------------


async def findings(ctx: Context, actor: Actor, bulletin_id: str, *, slot_s: float | None = None) -> tuple[Finding, ...]:
    """Return everything that is said about a bulletin, the gravest first; slot_s: how long it may be."""
    async with ctx.store.read() as tx:
        found = await bulletins.visible(ctx, tx, actor, bulletin_id)
        return await findings_of(ctx, tx, found, slot_s)


async def check_text(
    ctx: Context, actor: Actor, *, unit: str, title: str, text: str, by_hand: Sequence[ByHand] = (), **fields: object
) -> tuple[SpokenText, tuple[Finding, ...]]:
    """Return how a text that nobody has saved would be read, and what is said about it.  Raises NotAllowed, Refused."""
    actor.must(Permission.WRITE_BULLETIN, unit, ctx.tree)
    bulletins.check_words(text=text, by_hand=by_hand, **fields)
    draft = drafted(
        id=ContentId("b-unsaved"),
        unit=AreaCode(unit),
        title=title[:200],
        text=text,
        author=actor.account.id,
        now=ctx.now(),
        by_hand=tuple(by_hand),
        **fields,  # type: ignore[arg-type]
    )
    async with ctx.store.read() as tx:
        spoken = read(text, await lexicon_in(ctx, tx, unit), draft.by_hand)
        return spoken, await findings_of(ctx, tx, draft)


def checklist(requester: Requester, subject: Subject) -> tuple[Item, ...]:
    """Return what is to be confirmed for such a bulletin."""
    return items_for(requester, subject)


# --- comments -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentView:
    """A comment and who made it."""

    comment: Comment
    name: str


async def comment(ctx: Context, actor: Actor, bulletin_id: str, *, text: str) -> Comment:
    """Say something about the present version of a bulletin.  Raises NotFound, NotAllowed, Refused."""
    said = text.strip()
    if not 0 < len(said) <= COMMENT_CHARS_MAX:
        raise Refused(f"Ý kiến có từ 1 đến {COMMENT_CHARS_MAX} ký tự.", field="text")
    async with ctx.store.write() as tx:
        found = await bulletins.visible(ctx, tx, actor, bulletin_id)
        await _must_work_on(ctx, tx, actor, found)
        made = await tx.comments.add(
            Comment(bulletin=found.id, version=found.version, account=actor.account.id, at=ctx.now(), text=said)
        )
        await _audit(ctx, tx, actor, found.unit, "bulletin.comment", found.id, n=made.n)
    ctx.events.tell(f"bulletin:{found.id}")
    return made


async def _must_work_on(ctx: Context, tx: Transaction, actor: Actor, found: Bulletin) -> None:
    """Raise NotAllowed for who only looks; a deputy works on it too."""
    rights = await bulletins.rights_over(ctx, tx, actor, found)
    if rights.instead_of is None:
        actor.must(Permission.WRITE_BULLETIN, found.unit, ctx.tree)


async def comments(ctx: Context, actor: Actor, bulletin_id: str) -> tuple[CommentView, ...]:
    """Return the comments on a bulletin, the oldest first."""
    async with ctx.store.read() as tx:
        found = await bulletins.visible(ctx, tx, actor, bulletin_id)
        said = await tx.comments.of(found.id)
        names = await _names(tx)
    return tuple(CommentView(comment=one, name=names.get(one.account, "")) for one in said)


# --- versions -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """One version of the words, as it was last kept."""

    bulletin: Bulletin
    editor_name: str
    approver_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two versions, word by word: title, text, and what is heard; `fields`: others that differ, old and new."""

    old: int
    new: int
    title: tuple[Piece, ...]
    text: tuple[Piece, ...]
    spoken: tuple[Piece, ...]
    fields: dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalView:
    """What an approver is shown: the words as they are spoken, what is said about them, and what has changed since
    words of this bulletin were approved the last time.
    """

    bulletin: Bulletin
    reading: SpokenText
    findings: tuple[Finding, ...]
    since_approved: Comparison | None
    instead_of: str  # the name of the leader for whom this person may approve it, or ""


async def versions(ctx: Context, actor: Actor, bulletin_id: str) -> tuple[VersionView, ...]:
    """Return every version of a bulletin, the newest first."""
    async with ctx.store.read() as tx:
        found = await bulletins.visible(ctx, tx, actor, bulletin_id)
        kept = await tx.bulletins.versions(found.id)
        names = await _names(tx)
    return tuple(
        VersionView(
            bulletin=one,
            editor_name=names.get(one.editor, ""),
            approver_name=names.get(one.approver, "") if one.approver else "",
        )
        for one in reversed(kept)
    )


async def compare(ctx: Context, actor: Actor, bulletin_id: str, *, old: int, new: int) -> Comparison:
    """Return what differs between two versions.  Raises NotFound."""
    async with ctx.store.read() as tx:
        found = await bulletins.visible(ctx, tx, actor, bulletin_id)
        kept = {one.version: one for one in await tx.bulletins.versions(found.id)}
        if old not in kept or new not in kept:
            raise NotFound("Không tìm thấy phiên bản này.")
        return await _compared(ctx, tx, kept[old], kept[new])


async def for_approval(ctx: Context, actor: Actor, bulletin_id: str) -> ApprovalView:
    """Return what to read and hear before approving."""
    async with ctx.store.read() as tx:
        found = await bulletins.visible(ctx, tx, actor, bulletin_id)
        kept = await tx.bulletins.versions(found.id)
        before = [one for one in kept if one.version < found.version and one.approver]
        rights = await bulletins.rights_over(ctx, tx, actor, found)
        leader = await tx.people.account(rights.instead_of) if rights.instead_of else None
        return ApprovalView(
            bulletin=found,
            reading=await reading_of(ctx, tx, found),
            findings=await findings_of(ctx, tx, found),
            since_approved=await _compared(ctx, tx, before[-1], found) if before else None,
            instead_of=leader.name if leader else "",
        )


# What has a comparison of its own, or none that anybody reads.
_NOT_FIELDS = frozenset({"title", "text", "by_hand", "voice", "others", "main_at"})
_NOT_COPIED = frozenset({"ticked", "valid_until"})


async def _compared(ctx: Context, tx: Transaction, old: Bulletin, new: Bulletin) -> Comparison:
    spoken = [(await reading_of(ctx, tx, one)).spoken for one in (old, new)]
    names = sorted(WORDS - _NOT_FIELDS)
    pairs = {name: (str(getattr(old, name) or ""), str(getattr(new, name) or "")) for name in names}
    pairs["others"] = (_in_others(old), _in_others(new))
    return Comparison(
        old=old.version,
        new=new.version,
        title=differences(old.title, new.title),
        text=differences(old.text, new.text),
        spoken=differences(*spoken),
        fields={name: pair for name, pair in pairs.items() if pair[0] != pair[1]},
    )


def _in_others(bulletin: Bulletin) -> str:
    """Return the other languages of a bulletin, one a line."""
    return "\n".join(f"{name_of(one.language)}: {one.text or one.recording or ''}" for one in bulletin.others)


# --- delegation -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationView:
    """A delegation with the names of the two."""

    delegation: Delegation
    leader_name: str
    deputy_name: str
    holds: bool


async def delegate(
    ctx: Context, actor: Actor, *, unit: str, deputy: str, since: datetime, until: datetime, why: str
) -> Delegation:
    """Let somebody of the unit approve its bulletins for a while.  Raises NotAllowed, Refused, Conflicted."""
    actor.must(Permission.APPROVE_BULLETIN, unit, ctx.tree)
    if not since < until <= since + SPAN_MAX or until <= ctx.now():
        raise Refused(f"Thời gian ủy quyền phải kết thúc sau lúc này, dài nhất {SPAN_MAX.days} ngày.", field="until")
    if not 0 < len(why.strip()) <= WHY_CHARS_MAX:
        raise Refused("Hãy ghi lý do ủy quyền.", field="why")
    async with ctx.store.write() as tx:
        await _must_be_of(tx, actor, deputy, unit)
        held = [one for one in await tx.delegations.of([AreaCode(unit)]) if one.leader == actor.account.id]
        if any(one.since < until and since < (one.revoked_at or one.until) for one in held):
            raise Conflicted("Bạn đã ủy quyền cho người khác trong thời gian này. Hãy thu hồi trước.")
        made = Delegation(
            id=f"d-{secrets.token_hex(6)}",
            unit=AreaCode(unit),
            leader=actor.account.id,
            deputy=deputy,
            since=since,
            until=until,
            why=why.strip(),
            made_at=ctx.now(),
        )
        await tx.delegations.put(made)
        detail = {"deputy": deputy, "since": since.isoformat(), "until": until.isoformat(), "why": made.why}
        await _audit(ctx, tx, actor, made.unit, "delegation.give", made.id, **detail)
    ctx.events.tell("desk", f"person:{deputy}")
    return made


async def _must_be_of(tx: Transaction, actor: Actor, deputy: str, unit: str) -> None:
    account, grants = await tx.people.account(deputy), await tx.people.grants_of(deputy)
    if deputy == actor.account.id:
        raise Refused("Không tự ủy quyền cho chính mình.", field="deputy")
    if account is None or account.closed_at is not None or not any(one.unit == unit for one in grants):
        raise Refused("Người được ủy quyền phải đang làm việc tại đơn vị này.", field="deputy")


async def revoke(ctx: Context, actor: Actor, delegation_id: str) -> Delegation:
    """End a delegation now: its leader, or who may approve in the unit.  Raises NotFound, NotAllowed, Conflicted."""
    async with ctx.store.write() as tx:
        found = await tx.delegations.get(delegation_id)
        if found is None or not actor.sees(found.unit, ctx.tree):
            raise NotFound("Không tìm thấy giấy ủy quyền này.")
        actor.must(Permission.APPROVE_BULLETIN, found.unit, ctx.tree)
        if found.revoked_at is not None or found.until <= ctx.now():
            raise Conflicted("Ủy quyền này đã kết thúc.")
        done = replace(found, revoked_at=ctx.now())
        await tx.delegations.put(done)
        await _audit(ctx, tx, actor, found.unit, "delegation.take", found.id, deputy=found.deputy)
    ctx.events.tell("desk", f"person:{found.deputy}")
    return done


async def delegations(ctx: Context, actor: Actor, unit: str) -> tuple[DelegationView, ...]:
    """Return who stands in for whom in a unit, the one that begins last at the head.  Raises NotFound."""
    _must_see(ctx, actor, unit)
    async with ctx.store.read() as tx:
        held = await tx.delegations.of([AreaCode(unit)])
        names = await _names(tx)
    return tuple(
        DelegationView(
            delegation=one,
            leader_name=names.get(one.leader, ""),
            deputy_name=names.get(one.deputy, ""),
            holds=one.holds(ctx.now()),
        )
        for one in held
    )


# --- watched words --------------------------------------------------------------------------------------------------


async def watch_words(ctx: Context, actor: Actor, unit: str) -> tuple[WatchWord, ...]:
    """Return the words that are watched for in a unit, with those of the units above it.  Raises NotFound."""
    _must_see(ctx, actor, unit)
    async with ctx.store.read() as tx:
        return await tx.watch_words.of(layers_of(ctx, unit))


async def put_watch_word(
    ctx: Context, actor: Actor, *, unit: str, word: str, level: int, why: str = "", told: Collection[str] = ()
) -> WatchWord:
    """Watch for a word in a unit and everything below it.  Raises NotAllowed, Refused."""
    actor.must(Permission.APPROVE_BULLETIN, unit, ctx.tree)
    if level not in set(Watch):
        raise Refused("Mức theo dõi từ 1 đến 4.", field="level")
    try:
        made = WatchWord(
            unit=AreaCode(unit),
            word=" ".join(word.split()),
            level=Watch(level),
            why=why.strip()[:WHY_CHARS_MAX],
            told=tuple(dict.fromkeys(told)),
        )
    except ValueError as exc:
        raise Refused("Từ cần theo dõi có từ 1 đến 80 ký tự, bắt đầu bằng chữ hoặc số.", field="word") from exc
    async with ctx.store.write() as tx:
        await _must_exist(ctx, tx, made.told, unit)
        await tx.watch_words.put(made)
        detail = {"word": made.word, "level": level, "told": list(made.told)}
        await _audit(ctx, tx, actor, made.unit, "watch_word.put", made.word, **detail)
    ctx.events.tell("desk")
    return made


async def _must_exist(ctx: Context, tx: Transaction, told: Collection[str], unit: str) -> None:
    """Raise Refused unless each of `told` is somebody who works for the unit, above it or below."""
    for account in told:
        found, grants = await tx.people.account(account), await tx.people.grants_of(account)
        near = any(ctx.tree.is_within(unit, one.unit) or ctx.tree.is_within(one.unit, unit) for one in grants)
        if found is None or found.closed_at is not None or not near:
            raise Refused("Có người nhận báo không làm việc tại đơn vị này.", field="told")


async def take_watch_word(ctx: Context, actor: Actor, *, unit: str, word: str) -> None:
    """Watch for a word no longer.  Raises NotAllowed, NotFound."""
    actor.must(Permission.APPROVE_BULLETIN, unit, ctx.tree)
    async with ctx.store.write() as tx:
        if not await tx.watch_words.take(AreaCode(unit), word):
            raise NotFound("Đơn vị không theo dõi từ này.")
        await _audit(ctx, tx, actor, AreaCode(unit), "watch_word.take", " ".join(word.split()))
    ctx.events.tell("desk")


async def notices(ctx: Context, actor: Actor, *, unseen: bool = True) -> tuple[Notice, ...]:
    """Return what this person was told, the newest first."""
    async with ctx.store.read() as tx:
        return await tx.notices.of(actor.account.id, unseen=unseen, limit=NOTICES_MAX)


async def see_notices(ctx: Context, actor: Actor, *, until: int) -> int:
    """Note that this person has seen every notice up to a number; return how many that were."""
    async with ctx.store.write() as tx:
        return await tx.notices.see(actor.account.id, until, ctx.now())


# --- templates ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledView:
    """A filled template, how it is read, and what is said about it."""

    filled: Filled
    reading: SpokenText
    findings: tuple[Finding, ...]


def template(template_id: str) -> Template:
    """Return a template.  Raises NotFound."""
    try:
        return BY_ID[template_id]
    except KeyError:
        raise NotFound("Không tìm thấy mẫu này.") from None


async def fill_template(
    ctx: Context, actor: Actor, template_id: str, *, unit: str, values: Mapping[str, str]
) -> FilledView:
    """Return a template filled for a unit and looked over; nothing is saved.  Raises NotAllowed, Refused."""
    filled = _filled(ctx, template_id, unit, values)
    spoken, found = await check_text(
        ctx,
        actor,
        unit=unit,
        title=filled.title,
        text=filled.text,
        subject=filled.subject,
        valid_until=_end_of(filled.last_day),
    )
    return FilledView(filled=filled, reading=spoken, findings=found)


async def write_from_template(
    ctx: Context,
    actor: Actor,
    template_id: str,
    *,
    unit: str,
    values: Mapping[str, str],
    service_class: ServiceClass = ServiceClass.NORMAL,
) -> Bulletin:
    """Begin a draft from a template; it is valid to the end of its last day.  Raises NotAllowed, Refused."""
    filled = _filled(ctx, template_id, unit, values)
    return await bulletins.write(
        ctx,
        actor,
        unit=AreaCode(unit),
        title=filled.title,
        text=filled.text,
        subject=filled.subject,
        service_class=service_class,
        valid_until=_end_of(filled.last_day),
    )


def _filled(ctx: Context, template_id: str, unit: str, values: Mapping[str, str]) -> Filled:
    try:
        return fill(template(template_id), values, unit=_in_a_sentence(ctx, unit), today=local_date(ctx.now()))
    except NotFilled as exc:
        raise Refused(exc.in_vietnamese(), field=next(iter(exc.faults))) from exc


def _in_a_sentence(ctx: Context, unit: str) -> str:
    """Return the name of a unit as it stands in a sentence: "xã Quế Phước"."""
    found = ctx.tree.find(unit)
    if found is None:
        raise NotFound("Không tìm thấy đơn vị này.")
    return found.name if found.level is Level.NATION else found.name[:1].lower() + found.name[1:]


def _end_of(on: date | None) -> datetime | None:
    """Return when a local day is over; a title with a date in it must not be cut off at midnight in London."""
    return None if on is None else day_bounds(on)[1]


# --- the library ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A bulletin that was found, and where the words of the search stand in it."""

    bulletin: Bulletin
    in_title: tuple[Match, ...]
    in_text: tuple[Match, ...]


async def library(
    ctx: Context,
    actor: Actor,
    *,
    query: str = "",
    unit: str | None = None,
    subjects: Collection[Subject] | None = None,
    stages: Collection[Stage] | None = None,
    since: date | None = None,
    until: date | None = None,
) -> tuple[Hit, ...]:
    """Return what is found of what this person sees, the likeliest first; tone marks and case do not matter.

    unit: it and everything below; since, until: local days of the last change, both included.
    """
    wanted = terms(query)
    async with ctx.store.read() as tx:
        found = await tx.bulletins.find(
            units=_seen_below(ctx, actor, unit),
            stages=stages,
            subjects=subjects,
            since=day_bounds(since)[0] if since else None,
            until=day_bounds(until)[1] if until else None,
            terms=wanted,
        )
    ranked = sorted(found, key=lambda one: -likeness(one, query)) if wanted else found
    return tuple(
        Hit(bulletin=one, in_title=matches(one.title, wanted), in_text=matches(one.text, wanted))
        for one in ranked[:LIBRARY_PAGE]
    )


def _seen_below(ctx: Context, actor: Actor, unit: str | None) -> set[AreaCode]:
    """Return the units of a branch that this person sees; of all of them when no branch is named."""
    if unit is not None and unit not in ctx.tree:
        return set()
    seen = {one.code for top in actor.reach(Permission.SEE, ctx.tree) for one in ctx.tree.branch(top)}
    return seen if unit is None else {code for code in seen if ctx.tree.is_within(code, unit)}


async def copy(ctx: Context, actor: Actor, bulletin_id: str, *, unit: str | None = None) -> Bulletin:
    """Begin a draft with the words of a bulletin, in its unit or another.  Raises NotFound, NotAllowed.

    What was said by hand goes with it; what was confirmed, its approval and its validity do not.
    """
    async with ctx.store.read() as tx:
        found = await bulletins.visible(ctx, tx, actor, bulletin_id)
    words = {name: getattr(found, name) for name in WORDS - _NOT_COPIED}
    return await bulletins.write(ctx, actor, unit=AreaCode(unit) if unit else found.unit, copied_from=found.id, **words)


# --- the text twin --------------------------------------------------------------------------------------------------


async def twin(ctx: Context, actor: Actor, bulletin_id: str) -> TextTwin:
    """Return the text of a broadcast for who reads: of approved words only.  Raises NotFound, NotAllowed."""
    async with ctx.store.read() as tx:
        found = await bulletins.visible(ctx, tx, actor, bulletin_id)
        if found.stage not in {*ON_AIR_STAGES, Stage.ARCHIVED} or found.approver is None:
            raise NotAllowed("Bản tin chưa được duyệt nên chưa có bản chữ.")
        spoken = await reading_of(ctx, tx, found)
        aired = await _aired(tx, found)
    return twin_of(found, spoken, ctx.tree.unit(found.unit).name, aired)


async def _aired(tx: Transaction, found: Bulletin) -> tuple[datetime, ...]:
    """Return when a bulletin began to sound somewhere, each item once."""
    starts: list[datetime] = []
    for programme in await tx.programmes.with_bulletin(found.id):
        own = {i for i, clip in enumerate(programme.clips) if clip.bulletin == found.id}
        heard = await tx.heard.starts(programme.id)
        starts += [at for item, at in heard if int(item.rpartition("-")[2]) in own]
    return tuple(sorted(starts))


# --- shared ---------------------------------------------------------------------------------------------------------


async def _names(tx: Transaction) -> dict[str, str]:
    return {str(one.id): one.name for one in await tx.people.accounts()}


def _must_see(ctx: Context, actor: Actor, unit: str) -> None:
    if not actor.sees(unit, ctx.tree):
        raise NotFound("Không tìm thấy đơn vị này.")


async def _audit(
    ctx: Context, tx: Transaction, actor: Actor, unit: AreaCode, act: str, subject: str, **detail: object
) -> None:
    await tx.audit.add(at=ctx.now(), actor=actor.account.id, unit=unit, act=act, subject=subject, detail=detail)
