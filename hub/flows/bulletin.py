"""A bulletin from the first word to the approval: written, read, listened to, submitted, approved or sent back."""

import secrets
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from content import model
from content.approval import Reason, acts_open_to, require
from content.audio.chime import Cue
from content.errors import ContentError, Forbidden, IllegalTransition, StaleBulletin, UnknownAsset, UnknownBulletin
from content.model import Act, Bulletin, Stage, Subject
from content.recipe import Recipe, Rendered
from content.speech.voice import Voice
from content.text.normalise import normalise
from content.text.spoken import SpokenText
from devices.areas import AreaCode, UnitTree
from devices.protocol.ids import AssetDigest, ContentId
from devices.protocol.limits import TEXT_CHARS_MAX, TITLE_CHARS_MAX
from devices.protocol.manifest import ServiceClass
from hub.auth.roles import Permission
from hub.db.transaction import Transaction
from hub.flows.actor import Actor
from hub.flows.context import Context
from hub.flows.errors import Conflicted, NotAllowed, NotFound, Refused

PERMISSIONS: dict[Act, Permission] = {
    Act.EDIT: Permission.WRITE_BULLETIN,
    Act.SUBMIT: Permission.WRITE_BULLETIN,
    Act.WITHDRAW: Permission.WRITE_BULLETIN,
    Act.ARCHIVE: Permission.WRITE_BULLETIN,
    Act.APPROVE: Permission.APPROVE_BULLETIN,
    Act.RETURN: Permission.APPROVE_BULLETIN,
    Act.SCHEDULE: Permission.SCHEDULE,
    Act.UNSCHEDULE: Permission.SCHEDULE,
}

OFF_AIR = frozenset({Act.EDIT, Act.RETURN, Act.ARCHIVE})  # after these the approved words must not be heard any more


@dataclass(frozen=True, slots=True)
class Rights:
    """An actor as content knows people."""

    actor: Actor
    tree: UnitTree

    @property
    def id(self) -> str:
        """Account id."""
        return self.actor.account.id

    def may(self, act: Act, unit: AreaCode, service_class: ServiceClass) -> bool:  # noqa: ARG002 - the port's
        """Say whether a right held in `unit` or above covers `act`."""
        return act in PERMISSIONS and self.actor.may(PERMISSIONS[act], unit, self.tree)


@dataclass(frozen=True, slots=True, kw_only=True)
class BulletinView:
    """A bulletin as one person sees it."""

    bulletin: Bulletin
    reading: SpokenText
    open_acts: tuple[Act, ...]
    author_name: str
    approver_name: str


def reading(text: str) -> SpokenText:
    """Return how `text` will be spoken."""
    return normalise(text)


def recipe_of(bulletin: Bulletin, speaker: str) -> Recipe:
    """Return everything that decides how `bulletin` sounds."""
    return Recipe(phrases=reading(bulletin.text).phrases, engine=speaker, voice=bulletin.voice, opening=Cue.OPENING)


async def write(
    ctx: Context,
    actor: Actor,
    *,
    unit: AreaCode,
    title: str,
    text: str,
    subject: Subject = Subject.OTHER,
    service_class: ServiceClass = ServiceClass.NORMAL,
    voice: Voice | None = None,
    valid_until: datetime | None = None,
) -> Bulletin:
    """Begin a draft.  Raises NotAllowed, Refused."""
    actor.must(Permission.WRITE_BULLETIN, unit, ctx.tree)
    _check_words(title=title, text=text)
    bulletin = model.drafted(
        id=ContentId(f"b-{secrets.token_hex(8)}"),
        unit=unit,
        title=title.strip(),
        text=text,
        author=actor.account.id,
        now=ctx.now(),
        service_class=service_class,
        subject=subject,
        voice=voice or Voice(),
        valid_until=valid_until,
    )
    async with ctx.store.write() as tx:
        await tx.bulletins.add(bulletin)
        await _audit(ctx, tx, actor, bulletin, "bulletin.write")
    ctx.events.tell("bulletins")
    return bulletin


async def edit(ctx: Context, actor: Actor, bulletin_id: str, *, revision: int, **words: Any) -> Bulletin:
    """Change the words; what was approved must be approved again.  `revision` is the one that was on the screen."""
    _check_words(**words)

    def change(bulletin: Bulletin, now: datetime) -> Bulletin:
        if bulletin.revision != revision:
            raise StaleBulletin(bulletin.id, revision)
        if "title" in words:
            words["title"] = words["title"].strip()
        return model.edited(bulletin, by=actor.account.id, now=now, **words)

    return await _step(ctx, actor, bulletin_id, Act.EDIT, change)


async def submit(ctx: Context, actor: Actor, bulletin_id: str) -> Bulletin:
    """Ask for approval; what cannot be spoken cannot be submitted.  Raises Refused."""
    await listen(ctx, actor, bulletin_id)
    return await _step(ctx, actor, bulletin_id, Act.SUBMIT, lambda found, now: model.submitted(found, now=now))


async def withdraw(ctx: Context, actor: Actor, bulletin_id: str) -> Bulletin:
    """Take a submitted bulletin back to the desk."""
    return await _step(ctx, actor, bulletin_id, Act.WITHDRAW, lambda found, now: model.withdrawn(found, now=now))


async def approve(ctx: Context, actor: Actor, bulletin_id: str, *, version: int) -> Bulletin:
    """Approve the version that was read and heard; never the own words."""
    return await _step(
        ctx,
        actor,
        bulletin_id,
        Act.APPROVE,
        lambda found, now: model.approved(found, by=actor.account.id, version=version, now=now),
    )


async def send_back(ctx: Context, actor: Actor, bulletin_id: str, *, reason: str) -> Bulletin:
    """Return a bulletin to its author with the reason."""
    if not 0 < len(reason.strip()) <= model.REASON_CHARS_MAX:
        raise Refused(f"Hãy ghi lý do trả lại, tối đa {model.REASON_CHARS_MAX} ký tự.", field="reason")
    return await _step(
        ctx, actor, bulletin_id, Act.RETURN, lambda found, now: model.returned(found, reason=reason, now=now)
    )


async def archive(ctx: Context, actor: Actor, bulletin_id: str) -> Bulletin:
    """Put a bulletin away."""
    return await _step(ctx, actor, bulletin_id, Act.ARCHIVE, lambda found, now: model.archived(found, now=now))


async def one(ctx: Context, actor: Actor, bulletin_id: str) -> BulletinView:
    """Return a bulletin as this person sees it.  Raises NotFound."""
    async with ctx.store.read() as tx:
        bulletin = await visible(ctx, tx, actor, bulletin_id)
        author = await tx.people.account(bulletin.author)
        approver = await tx.people.account(bulletin.approver) if bulletin.approver else None
    return BulletinView(
        bulletin=bulletin,
        reading=reading(bulletin.text),
        open_acts=acts_open_to(Rights(actor, ctx.tree), bulletin, ctx.now()),
        author_name=author.name if author else "",
        approver_name=approver.name if approver else "",
    )


async def listing(ctx: Context, actor: Actor, *, stages: Collection[Stage] | None = None) -> tuple[Bulletin, ...]:
    """Return the bulletins of the units this person sees, last changed first."""
    async with ctx.store.read() as tx:
        found = await tx.bulletins.find(stages=stages)
    return tuple(bulletin for bulletin in found if actor.sees(bulletin.unit, ctx.tree))


async def listen(ctx: Context, actor: Actor, bulletin_id: str) -> Rendered:
    """Return what will be sent when this version is put on the air; rendered now if nobody has asked before."""
    async with ctx.store.read() as tx:
        bulletin = await visible(ctx, tx, actor, bulletin_id)
    if not bulletin.text.strip():
        raise Refused("Bản tin chưa có nội dung để đọc.", field="text")
    try:
        return await ctx.render(recipe_of(bulletin, ctx.speaker))
    except ContentError as exc:
        raise Refused(exc.in_vietnamese(), field="text") from exc


async def sound(ctx: Context, digest: AssetDigest) -> bytes:
    """Return the bytes of an asset.  Raises NotFound."""
    async with ctx.store.read() as tx:
        try:
            return await tx.assets.read(digest)
        except UnknownAsset as exc:
            raise NotFound(exc.in_vietnamese()) from exc


async def _step(
    ctx: Context, actor: Actor, bulletin_id: str, act: Act, change: Callable[[Bulletin, datetime], Bulletin]
) -> Bulletin:
    async with ctx.store.write() as tx:
        before = await visible(ctx, tx, actor, bulletin_id)
        with in_words():
            require(act, before, Rights(actor, ctx.tree), ctx.now())
            after = change(before, ctx.now())
            await tx.bulletins.save(after)
        off = await _take_off_air(tx, after) if act in OFF_AIR else ()
        await _audit(ctx, tx, actor, after, f"bulletin.{act}")
    ctx.events.tell("bulletins", f"bulletin:{after.id}", *(f"programme:{programme}" for programme in off))
    return after


async def _take_off_air(tx: Transaction, bulletin: Bulletin) -> tuple[ContentId, ...]:
    """Take a bulletin out of every programme; one with nothing else left is switched off.  Return which they were."""
    found = await tx.programmes.with_bulletin(bulletin.id)
    for programme in found:
        clips = tuple(clip for clip in programme.clips if clip.bulletin != bulletin.id)
        after = replace(programme, clips=clips or programme.clips, enabled=programme.enabled and bool(clips))
        await tx.programmes.save(replace(after, version=programme.version + 1))
    return tuple(programme.id for programme in found)


async def visible(ctx: Context, tx: Transaction, actor: Actor, bulletin_id: str) -> Bulletin:
    """Return a bulletin of a unit that this person sees; another's is as if it were not there."""
    try:
        bulletin = await tx.bulletins.get(ContentId(bulletin_id))
    except UnknownBulletin as exc:
        raise NotFound("Không tìm thấy bản tin này.") from exc
    if not actor.sees(bulletin.unit, ctx.tree):
        raise NotFound("Không tìm thấy bản tin này.")
    return bulletin


@contextmanager
def in_words() -> Iterator[None]:
    """Turn what content answers into what people read."""
    try:
        yield
    except Forbidden as exc:
        if Reason.WRONG_STAGE in exc.codes:  # somebody else was quicker
            raise Conflicted(exc.in_vietnamese()) from exc
        raise NotAllowed(exc.in_vietnamese()) from exc
    except (StaleBulletin, IllegalTransition) as exc:
        raise Conflicted(exc.in_vietnamese()) from exc


def _check_words(**words: Any) -> None:
    title, text = words.get("title"), words.get("text")
    if title is not None and not 0 < len(title.strip()) <= TITLE_CHARS_MAX:
        raise Refused(f"Hãy ghi tiêu đề, tối đa {TITLE_CHARS_MAX} ký tự.", field="title")
    if text is not None and len(text) > TEXT_CHARS_MAX:
        raise Refused(f"Nội dung dài {len(text)} ký tự, tối đa {TEXT_CHARS_MAX}.", field="text")


async def _audit(ctx: Context, tx: Transaction, actor: Actor, bulletin: Bulletin, act: str) -> None:
    detail = {"version": bulletin.version, "stage": str(bulletin.stage)}
    if bulletin.stage is Stage.RETURNED:
        detail["reason"] = bulletin.return_reason
    await tx.audit.add(
        at=ctx.now(), actor=actor.account.id, unit=bulletin.unit, act=act, subject=bulletin.id, detail=detail
    )
