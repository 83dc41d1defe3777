"""A bulletin from the first word to the approval: written, read, listened to, submitted, approved or sent back."""

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from content import model
from content.approval import Reason, acts_open_to, require
from content.audio.chime import Cue
from content.desk.checklists import known
from content.desk.delegation import standing_in
from content.desk.folding import composed
from content.desk.readings import moved
from content.errors import ContentError, Forbidden, IllegalTransition, StaleBulletin, UnknownAsset, UnknownBulletin
from content.languages import name_of
from content.model import Act, Bulletin, Stage, Subject
from content.passages import Passage, problems, split
from content.recipe import Part, Recipe, Rendered
from content.speech.voice import Voice
from content.text.layers import NATION, Lexicon
from content.text.normalise import normalise
from content.text.spoken import ByHand, SpokenText
from content.uploads import Upload
from devices.areas import AreaCode, UnitTree
from devices.protocol.ids import AssetDigest, ContentId
from devices.protocol.limits import TEXT_CHARS_MAX, TITLE_CHARS_MAX
from devices.protocol.manifest import ServiceClass
from hub.auth.roles import Denied, Permission, may
from hub.db.transaction import Transaction
from hub.flows import voices
from hub.flows.actor import Actor
from hub.flows.checking import findings_of, refuse, tell_watchers
from hub.flows.context import Context
from hub.flows.errors import Conflicted, NotAllowed, NotFound, Refused
from hub.flows.reading import lexicon_for, lexicon_in, read
from hub.flows.uploads import usable

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

DELEGATED = frozenset({Act.APPROVE, Act.RETURN})  # what a leader who is away may leave to somebody

TOLD = frozenset({"watch.3", "watch.4"})  # findings of which somebody is told

OFF_AIR = frozenset({Act.EDIT, Act.RETURN, Act.ARCHIVE})  # after these the approved words must not be heard any more


@dataclass(frozen=True, slots=True)
class Rights:
    """An actor as content knows people; `instead_of`: the leader for whom this person may approve this bulletin."""

    actor: Actor
    tree: UnitTree
    instead_of: str | None = None

    @property
    def id(self) -> str:
        """Account id."""
        return self.actor.account.id

    def may(self, act: Act, unit: AreaCode, service_class: ServiceClass) -> bool:  # noqa: ARG002 - the port's
        """Say whether a right held in `unit` or above covers `act`, or a leader has left it to this person."""
        if act in DELEGATED and self.instead_of is not None:
            return True
        return act in PERMISSIONS and self.actor.may(PERMISSIONS[act], unit, self.tree)


async def rights_over(ctx: Context, tx: Transaction, actor: Actor, bulletin: Bulletin) -> Rights:
    """Return what this person may do with a bulletin, with what a leader of its unit has left to them."""
    own = Rights(actor, ctx.tree)
    if actor.may(Permission.APPROVE_BULLETIN, bulletin.unit, ctx.tree):
        return own
    held = await tx.delegations.to(actor.account.id, ctx.now())
    for one in standing_in(held, actor.account.id, bulletin, ctx.now()):
        leader, grants = await tx.people.account(one.leader), await tx.people.grants_of(one.leader)
        allowed = not isinstance(may(grants, Permission.APPROVE_BULLETIN, bulletin.unit, ctx.tree), Denied)
        if one.unit == bulletin.unit and allowed and leader is not None and leader.closed_at is None:
            return replace(own, instead_of=one.leader)
    return own


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageView:
    """One language of a bulletin as whoever approves it sees it; `reading` is None when it is recorded."""

    passage: Passage
    language: str  # "tiếng Tày"
    reading: SpokenText | None = None
    upload: Upload | None = None  # what the recording was made of


@dataclass(frozen=True, slots=True, kw_only=True)
class BulletinView:
    """A bulletin as one person sees it."""

    bulletin: Bulletin
    reading: SpokenText
    open_acts: tuple[Act, ...]
    author_name: str
    approver_name: str
    passages: tuple[PassageView, ...] = ()  # all that is heard, in order: one a language


def reading(text: str) -> SpokenText:
    """Return how `text` will be spoken where nothing of a unit's own is known."""
    return normalise(text)


async def reading_in(
    ctx: Context, actor: Actor, *, unit: str, text: str, by_hand: Collection[ByHand] = ()
) -> SpokenText:
    """Return how a text will be spoken in a unit, before it is saved.  Raises NotFound."""
    if not actor.sees(unit, ctx.tree):
        raise NotFound("Không tìm thấy đơn vị này.")
    async with ctx.store.read() as tx:
        return read(text[:TEXT_CHARS_MAX], await lexicon_in(ctx, tx, unit), tuple(by_hand))


def recipe_of(bulletin: Bulletin, speaker: str, lexicon: Lexicon = NATION) -> Recipe:
    """Return everything that decides how `bulletin` sounds; `lexicon` is that of `reading.lexicon_for`."""
    if not bulletin.others and bulletin.recording is None:
        phrases = read(bulletin.text, lexicon, bulletin.by_hand).phrases
        return Recipe(phrases=phrases, engine=speaker, voice=bulletin.voice, opening=Cue.OPENING)
    heard = (_part(bulletin, passage, lexicon) for passage in bulletin.passages if not passage.empty)
    return Recipe(
        phrases=(),
        engine=speaker,
        opening=Cue.OPENING,
        closing=Cue.CLOSING,
        parts=tuple(part for part in heard if part is not None),
    )


def _part(bulletin: Bulletin, passage: Passage, lexicon: Lexicon) -> Part | None:
    """Return how one language is heard; None where its text has nothing to say."""
    if passage.recording is not None:
        return Part(recording=passage.recording)
    phrases = _reading(bulletin, passage, lexicon).phrases
    return Part(phrases=phrases, voice=bulletin.voice) if phrases else None


def _reading(bulletin: Bulletin, passage: Passage, lexicon: Lexicon) -> SpokenText:
    """Return how the text of a passage is read; what was set by hand belongs to the main one."""
    return read(passage.text, lexicon, bulletin.by_hand if passage.language == bulletin.language else ())


async def recipe_for(ctx: Context, tx: Transaction, bulletin: Bulletin) -> Recipe:
    """Return everything that decides how `bulletin` sounds: read by its unit's lexicon, framed by its station."""
    recipe = recipe_of(bulletin, ctx.speaker, await lexicon_for(ctx, tx, bulletin))
    return await voices.broadcast(ctx, tx, bulletin.unit, recipe)


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
    **fields: Any,
) -> Bulletin:
    """Begin a draft; fields: any other of content.model.WORDS, or copied_from.  Raises NotAllowed, Refused."""
    if unknown := fields.keys() - model.WORDS - {"copied_from"}:
        raise ValueError(f"not words: {', '.join(sorted(unknown))}")
    actor.must(Permission.WRITE_BULLETIN, unit, ctx.tree)
    check_words(title=title, text=text, **fields)
    bulletin = model.drafted(
        id=ContentId(f"b-{secrets.token_hex(8)}"),
        unit=unit,
        title=title.strip(),
        text=composed(text),
        author=actor.account.id,
        now=ctx.now(),
        service_class=service_class,
        subject=subject,
        voice=voice or await voices.voice_of(ctx, unit),
        valid_until=valid_until,
        **fields,
    )
    async with ctx.store.write() as tx:
        await tx.bulletins.add(bulletin)
        await _audit(ctx, tx, actor, bulletin, "bulletin.write")
    ctx.events.tell("bulletins")
    return bulletin


async def edit(ctx: Context, actor: Actor, bulletin_id: str, *, revision: int, **words: Any) -> Bulletin:
    """Change the words; what was approved must be approved again.  `revision` is the one that was on the screen."""
    check_words(**words)

    def change(bulletin: Bulletin, now: datetime, _facts: Facts) -> Bulletin:
        if bulletin.revision != revision:
            raise StaleBulletin(bulletin.id, revision)
        if "title" in words:
            words["title"] = words["title"].strip()
        if "text" in words:
            words["text"] = composed(words["text"])
            words.setdefault("by_hand", moved(bulletin.by_hand, bulletin.text, words["text"]))
        return model.edited(bulletin, by=actor.account.id, now=now, **words)

    return await _step(ctx, actor, bulletin_id, Act.EDIT, change)


async def set_passages(
    ctx: Context, actor: Actor, bulletin_id: str, *, revision: int, passages: Sequence[Passage]
) -> Bulletin:
    """Set the languages of a bulletin in the order in which they are heard, each a text or an upload's master.

    The text of the bulletin itself is the Kinh one, or the first.  Raises Refused, Conflicted, NotAllowed, NotFound.
    """
    if wrong := problems(passages):
        raise Refused(" ".join(wrong), field="passages")
    async with ctx.store.read() as tx:
        bulletin = await visible(ctx, tx, actor, bulletin_id)
        for passage in passages:
            if passage.recording is not None:
                await usable(ctx, tx, passage.recording, bulletin.unit, bulletin.service_class)
    main, others, at = split(passages)
    return await edit(
        ctx,
        actor,
        bulletin_id,
        revision=revision,
        text=main.text,
        language=main.language,
        recording=main.recording,
        others=tuple(replace(other, text=composed(other.text)) for other in others),
        main_at=at,
    )


async def _must_be_heard(ctx: Context, tx: Transaction, bulletin: Bulletin) -> None:
    """Raise Refused when a language of a bulletin has nothing to be heard, or what must not be."""
    alone = not bulletin.others
    for passage in bulletin.passages:
        said = name_of(passage.language)
        if passage.empty:
            what = "Bản tin" if alone else f"Phần {said}"
            raise Refused(f"{what} chưa có nội dung để đọc.", field="text" if alone else "passages")
        if passage.mute:
            raise Refused(f"Chưa có giọng đọc {said}: hãy ghi âm hoặc tải tệp lên.", field="passages")
        if passage.recording is not None:
            await usable(ctx, tx, passage.recording, bulletin.unit, bulletin.service_class)


async def submit(ctx: Context, actor: Actor, bulletin_id: str, *, seen: bool = False) -> Bulletin:
    """Ask for approval.  Raises Refused for what cannot be spoken or must not be said (checklists, watched words).

    Errors of the text (a date that is not on its weekday, a phone number too short) raise Conflicted unless `seen` says
    that somebody has looked at them.
    """
    await listen(ctx, actor, bulletin_id)
    looked_at = await _looked_over(ctx, actor, bulletin_id, seen=seen)

    def change(found: Bulletin, now: datetime, facts: Facts) -> Bulletin:
        if found.revision != looked_at.revision:
            raise StaleBulletin(found.id, looked_at.revision)
        return model.submitted(found, now=now, lexicon=facts.lexicon)

    return await _step(ctx, actor, bulletin_id, Act.SUBMIT, change)


async def _looked_over(ctx: Context, actor: Actor, bulletin_id: str, *, seen: bool) -> Bulletin:
    """Return the bulletin when nothing stands against submitting it; who watches for a word in it is told anyway."""
    async with ctx.store.read() as tx:
        bulletin = await visible(ctx, tx, actor, bulletin_id)
        with in_words():
            require(Act.SUBMIT, bulletin, await rights_over(ctx, tx, actor, bulletin), ctx.now())
        found = await findings_of(ctx, tx, bulletin)
    if any(one.code in TOLD for one in found):
        async with ctx.store.write() as tx:
            told = await tell_watchers(ctx, tx, bulletin)
            if told:
                await _audit(ctx, tx, actor, bulletin, "bulletin.watched")
        ctx.events.tell(*(f"person:{account}" for account in told))
    refuse(found, seen=seen)
    return bulletin


async def withdraw(ctx: Context, actor: Actor, bulletin_id: str) -> Bulletin:
    """Take a submitted bulletin back to the desk."""
    return await _step(ctx, actor, bulletin_id, Act.WITHDRAW, lambda found, now, _: model.withdrawn(found, now=now))


async def approve(ctx: Context, actor: Actor, bulletin_id: str, *, version: int) -> Bulletin:
    """Approve the version that was read and heard; never the own words."""

    def change(found: Bulletin, now: datetime, facts: Facts) -> Bulletin:
        return model.approved(found, by=actor.account.id, version=version, now=now, instead_of=facts.rights.instead_of)

    return await _step(ctx, actor, bulletin_id, Act.APPROVE, change)


async def send_back(ctx: Context, actor: Actor, bulletin_id: str, *, reason: str) -> Bulletin:
    """Return a bulletin to its author with the reason."""
    if not 0 < len(reason.strip()) <= model.REASON_CHARS_MAX:
        raise Refused(f"Hãy ghi lý do trả lại, tối đa {model.REASON_CHARS_MAX} ký tự.", field="reason")
    return await _step(
        ctx, actor, bulletin_id, Act.RETURN, lambda found, now, _: model.returned(found, reason=reason, now=now)
    )


async def archive(ctx: Context, actor: Actor, bulletin_id: str) -> Bulletin:
    """Put a bulletin away."""
    return await _step(ctx, actor, bulletin_id, Act.ARCHIVE, lambda found, now, _: model.archived(found, now=now))


async def one(ctx: Context, actor: Actor, bulletin_id: str) -> BulletinView:
    """Return a bulletin as this person sees it.  Raises NotFound."""
    async with ctx.store.read() as tx:
        bulletin = await visible(ctx, tx, actor, bulletin_id)
        rights = await rights_over(ctx, tx, actor, bulletin)
        lexicon = await lexicon_for(ctx, tx, bulletin)
        author = await tx.people.account(bulletin.author)
        approver = await tx.people.account(bulletin.approver) if bulletin.approver else None
        recorded = await _recordings(tx, bulletin)
    return BulletinView(
        bulletin=bulletin,
        reading=read(bulletin.text, lexicon, bulletin.by_hand),
        open_acts=acts_open_to(rights, bulletin, ctx.now()),
        author_name=author.name if author else "",
        approver_name=approver.name if approver else "",
        passages=tuple(_passage_view(bulletin, passage, lexicon, recorded) for passage in bulletin.passages),
    )


async def _recordings(tx: Transaction, bulletin: Bulletin) -> dict[AssetDigest, Upload]:
    """Return the uploads that the recordings of a bulletin were made of."""
    masters = {passage.recording for passage in bulletin.passages if passage.recording is not None}
    found = [await tx.uploads.accepted(master=master) for master in masters]
    return {one[0].master: one[0] for one in found if one and one[0].master is not None}


def _passage_view(
    bulletin: Bulletin, passage: Passage, lexicon: Lexicon, recorded: Mapping[AssetDigest, Upload]
) -> PassageView:
    return PassageView(
        passage=passage,
        language=name_of(passage.language),
        reading=_reading(bulletin, passage, lexicon) if passage.recording is None else None,
        upload=recorded.get(passage.recording) if passage.recording is not None else None,
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
        recipe = await recipe_for(ctx, tx, bulletin)
        await _must_be_heard(ctx, tx, bulletin)
    try:
        return await ctx.render(recipe)
    except ContentError as exc:
        raise Refused(exc.in_vietnamese(), field="text") from exc


async def sound(ctx: Context, digest: AssetDigest) -> bytes:
    """Return the bytes of an asset.  Raises NotFound."""
    async with ctx.store.read() as tx:
        try:
            return await tx.assets.read(digest)
        except UnknownAsset as exc:
            raise NotFound(exc.in_vietnamese()) from exc


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a step may need to know beside the bulletin: who acts by which right, and the lexicon's last change."""

    rights: Rights
    lexicon: int


Change = Callable[[Bulletin, datetime, Facts], Bulletin]


async def _step(ctx: Context, actor: Actor, bulletin_id: str, act: Act, change: Change) -> Bulletin:
    async with ctx.store.write() as tx:
        before = await visible(ctx, tx, actor, bulletin_id)
        facts = Facts(rights=await rights_over(ctx, tx, actor, before), lexicon=await tx.lexicon.last())
        with in_words():
            require(act, before, facts.rights, ctx.now())
            after = change(before, ctx.now(), facts)
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


LINES = {
    "document": "số, ký hiệu văn bản",
    "issuer": "cơ quan ban hành",
    "source": "nguồn tin",
    "concerns": "đối tượng",
}


def check_words(**words: Any) -> None:
    """Raise Refused for words that a bulletin cannot have."""
    title, text = words.get("title"), words.get("text")
    if title is not None and not 0 < len(title.strip()) <= TITLE_CHARS_MAX:
        raise Refused(f"Hãy ghi tiêu đề, tối đa {TITLE_CHARS_MAX} ký tự.", field="title")
    if text is not None and len(composed(text)) > TEXT_CHARS_MAX:
        raise Refused(f"Nội dung dài {len(composed(text))} ký tự, tối đa {TEXT_CHARS_MAX}.", field="text")
    for name, label in LINES.items():
        if len(words.get(name, "")) > model.FIELD_CHARS_MAX:
            raise Refused(f"Mục {label} dài quá {model.FIELD_CHARS_MAX} ký tự.", field=name)
    if len(words.get("note", "")) > model.NOTE_CHARS_MAX:
        raise Refused(f"Ghi chú dài quá {model.NOTE_CHARS_MAX} ký tự.", field="note")
    if not known(words.get("ticked", ())):
        raise Refused("Danh mục kiểm tra vừa thay đổi. Hãy tải lại trang.", field="ticked")
    if len(words.get("by_hand", ())) > model.BY_HAND_MAX:
        raise Refused(f"Quá {model.BY_HAND_MAX} chỗ sửa cách đọc.", field="by_hand")


async def _audit(ctx: Context, tx: Transaction, actor: Actor, bulletin: Bulletin, act: str) -> None:
    detail: dict[str, Any] = {"version": bulletin.version, "stage": str(bulletin.stage)}
    if bulletin.stage is Stage.RETURNED:
        detail["reason"] = bulletin.return_reason
    if bulletin.approved_for and act == "bulletin.approve":
        detail["instead_of"] = bulletin.approved_for
    await tx.audit.add(
        at=ctx.now(), actor=actor.account.id, unit=bulletin.unit, act=act, subject=bulletin.id, detail=detail
    )
