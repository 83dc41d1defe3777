"""A file from somebody's telephone to a master: received in parts, checked in the background, kept.

Parts survive a bad line and a restart of the hub: each is in a file and in the database before it is answered.  What
was sent is kept as it came; what bulletins use is the master, which nothing changes any more.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace

from content import uploads as model
from content.audio.encode import Mix
from content.errors import ContentError, IllegalTransition, OutOfPlace, StaleUpload, UnknownUpload
from content.ingest import Ingested, Step, ingest
from content.uploads import (
    CHECKS_MAX,
    NAME_CHARS_MAX,
    PART_BYTES_MAX,
    UNFINISHED_MAX,
    UNIT_BYTES_MAX,
    WHOLE_BYTES_MAX,
    Received,
    Stage,
    Upload,
)
from content.verdict import Fault, found
from devices.areas import AreaCode
from devices.protocol.chunks import digest_of
from devices.protocol.ids import AssetDigest
from devices.protocol.manifest import ServiceClass
from hub.auth.roles import Permission
from hub.db.detached import DetachedAssets
from hub.db.transaction import Transaction
from hub.flows.actor import Actor
from hub.flows.context import Context
from hub.flows.errors import Conflicted, NotFound, Refused, TooMany

log = logging.getLogger(__name__)

WAITING = "uploads:waiting"  # told when there is something to check
LOOK_EVERY_S = 30.0  # for what a restart has left behind, and for what another hub has received
TIDY_EVERY_S = 600.0
CHECK_WITHIN_S = 600.0  # half an hour of sound on two old cores, twice over
UNFINISHED = (Stage.RECEIVING, Stage.WAITING, Stage.CHECKING)
WRONG_BYTES = "Dữ liệu nhận được không đúng mã kiểm tra. Hãy gửi lại phần này."


async def begin(
    ctx: Context,
    actor: Actor,
    *,
    unit: str,
    name: str,
    size_bytes: int,
    service_class: ServiceClass = ServiceClass.NORMAL,
) -> Upload:
    """Announce a file.  Raises NotAllowed, Refused (size, name, the unit's room), TooMany."""
    actor.must(Permission.WRITE_BULLETIN, unit, ctx.tree)
    if not 0 < size_bytes <= WHOLE_BYTES_MAX:
        raise Refused(f"Tệp có từ 1 byte đến {WHOLE_BYTES_MAX // 2**20} MB.", field="size_bytes")
    called = _one_line(name)
    if not 0 < len(called) <= NAME_CHARS_MAX:
        raise Refused(f"Tên tệp có từ 1 đến {NAME_CHARS_MAX} ký tự.", field="name")
    upload = Upload(
        id=f"u-{secrets.token_hex(8)}",
        unit=AreaCode(unit),
        owner=actor.account.id,
        name=called,
        size_bytes=size_bytes,
        service_class=service_class,
        created_at=ctx.now(),
        updated_at=ctx.now(),
    )
    async with ctx.store.write() as tx:
        if len(await tx.uploads.find(owner=upload.owner, stages=(Stage.RECEIVING,))) >= UNFINISHED_MAX:
            raise TooMany(f"Bạn đang tải lên {UNFINISHED_MAX} tệp chưa xong. Hãy gửi xong hoặc hủy bớt.", wait_s=60.0)
        if await tx.uploads.bytes_of(upload.unit) + size_bytes > UNIT_BYTES_MAX:
            raise Refused("Đơn vị đã dùng hết chỗ chứa tệp ghi âm. Hãy xóa bớt tệp cũ.", field="size_bytes")
        await tx.uploads.add(upload)
    ctx.events.tell("uploads")
    return upload


def _one_line(name: str) -> str:
    """Return a file's name without folders and without signs that are not seen."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in last if char.isprintable()).strip()


async def append(ctx: Context, actor: Actor, upload_id: str, *, offset: int, data: bytes, sha256: str = "") -> Upload:
    """Keep the next part.  The last one sent again is harmless.  Raises Conflicted where another one is due."""
    upload = await _own(ctx, actor, upload_id)
    if len(data) > PART_BYTES_MAX:
        raise Refused(f"Mỗi phần tối đa {PART_BYTES_MAX // 1024} KB.", field="part")
    if upload.stage is not Stage.RECEIVING:
        raise Conflicted("Tệp này đã nhận xong.")
    part = Received(size_bytes=len(data), digest=digest_of(data))
    if sha256 and part.digest != sha256.lower():
        raise Refused(WRONG_BYTES, field="part")
    with _in_words():
        if model.with_part(upload, offset, part, now=ctx.now()) == upload:
            return upload  # the answer was lost on the way
    files = ctx.store.upload_files
    await asyncio.to_thread(files.write_part, upload.id, offset, part, data)
    try:
        return await _changed(ctx, upload_id, lambda held: model.with_part(held, offset, part, now=ctx.now()))
    except Conflicted:  # somebody else has sent another one at the same time
        if part not in (await one(ctx, actor, upload_id)).parts:
            await asyncio.to_thread(files.forget_part, upload.id, offset, part)
        raise


async def finish(ctx: Context, actor: Actor, upload_id: str, *, sha256: str = "") -> Upload:
    """Say that all parts are sent; the checks begin.  Raises Conflicted when bytes are missing, Refused for others'."""
    upload = await _own(ctx, actor, upload_id)
    if upload.stage in {Stage.WAITING, Stage.CHECKING, Stage.ACCEPTED}:
        return upload  # the answer was lost on the way
    with _in_words():
        model.finished(upload, AssetDigest("0" * 64), now=ctx.now())  # before anything is read
    try:
        source = await asyncio.to_thread(ctx.store.upload_files.join, upload)
    except FileNotFoundError as exc:
        raise Conflicted("Máy chủ đã mất một phần của tệp. Hãy tải lên lại từ đầu.") from exc
    if sha256 and source != sha256.lower():
        raise Refused(WRONG_BYTES, field="sha256")
    done = await _changed(ctx, upload_id, lambda held: model.finished(held, source, now=ctx.now()), actor=actor)
    await asyncio.to_thread(ctx.store.upload_files.forget_parts, upload_id)
    ctx.events.tell(WAITING)
    return done


async def one(ctx: Context, actor: Actor, upload_id: str) -> Upload:
    """Return an upload of a unit that this person sees.  Raises NotFound."""
    async with ctx.store.read() as tx:
        return await _visible(ctx, tx, actor, upload_id)


async def listing(ctx: Context, actor: Actor, *, unit: str | None = None) -> tuple[Upload, ...]:
    """Return the uploads that this person sees and that are not gone, last changed first."""
    there = tuple(stage for stage in Stage if stage is not Stage.GONE)
    async with ctx.store.read() as tx:
        held = await tx.uploads.find(units=(AreaCode(unit),) if unit else None, stages=there)
    return tuple(upload for upload in held if actor.sees(upload.unit, ctx.tree))


async def source(ctx: Context, actor: Actor, upload_id: str) -> tuple[str, bytes]:
    """Return the name and the bytes of what was sent.  Raises NotFound."""
    upload = await one(ctx, actor, upload_id)
    if upload.source is None or upload.stage is Stage.GONE:
        raise NotFound("Tệp gốc chưa có hoặc đã xóa.")
    try:
        return upload.name, await asyncio.to_thread(ctx.store.upload_files.read_source, upload.source)
    except FileNotFoundError as exc:
        raise NotFound("Tệp gốc chưa có hoặc đã xóa.") from exc


async def use_one_channel(ctx: Context, actor: Actor, upload_id: str) -> Upload:
    """Check a file whose channels cancel each other again, by its left channel alone."""
    await _own(ctx, actor, upload_id)
    done = await _changed(ctx, upload_id, lambda held: model.with_one_channel(held, now=ctx.now()), actor=actor)
    ctx.events.tell(WAITING)
    return done


async def remove(ctx: Context, actor: Actor, upload_id: str) -> Upload:
    """Give up an upload that is unfinished or refused; an accepted one stays, bulletins may use it."""
    await _own(ctx, actor, upload_id)
    return await _forgotten(ctx, upload_id, actor)


async def usable(ctx: Context, tx: Transaction, master: AssetDigest, unit: AreaCode, of: ServiceClass) -> None:
    """Raise Refused unless a bulletin of `unit` and class `of` may be made of this recording."""
    above = {unit, *(one.code for one in ctx.tree.ancestors(unit))}
    near = [one for one in await tx.uploads.accepted(master=master) if one.unit in above]
    if not near:
        raise Refused("Tệp ghi âm này chưa được kiểm tra hoặc không thuộc đơn vị của bản tin.", field="recording")
    if any(one.siren for one in near) and of is not ServiceClass.EMERGENCY:
        raise Refused("Tệp ghi âm có tiếng còi báo động; còi chỉ dùng cho tin khẩn cấp.", field="recording")


async def check(ctx: Context) -> None:
    """Check what waits, one after the other, for ever: a service."""
    with ctx.events.listening() as told:
        await _begin_again(ctx)
        while True:
            while await check_next(ctx) is not None:
                pass
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    while await told.get() != WAITING:
                        pass


async def _begin_again(ctx: Context) -> None:
    """Say of what was being checked when the hub ended that its check begins anew."""
    async with ctx.store.read() as tx:
        torn = await tx.uploads.oldest((Stage.CHECKING,), model.UNFINISHED_MAX)
    for upload in torn:
        log.info("check begins again", extra={"action": "upload_again", "upload": upload.id, "checks": upload.checks})
        await _checked(ctx, upload)


async def check_next(ctx: Context) -> Upload | None:
    """Check the upload that has waited longest; None when nothing waits."""
    async with ctx.store.read() as tx:
        waiting = await tx.uploads.oldest((Stage.WAITING,))
    return await _checked(ctx, waiting[0]) if waiting else None


async def _checked(ctx: Context, upload: Upload) -> Upload:
    """Return what became of an upload; its owner may have removed it in the meantime."""
    try:
        return await _check(ctx, upload)
    except Conflicted:
        async with ctx.store.read() as tx:
            return await tx.uploads.get(upload.id)


async def _check(ctx: Context, upload: Upload) -> Upload:
    if upload.checks >= CHECKS_MAX:
        return await _verdict(ctx, upload.id, Ingested(findings=(found(Fault.TOOL_FAILED),)))
    await _step(ctx, upload.id, Step.DECODING)
    twin = await _twin(ctx, upload)
    if twin is not None:
        findings = (found(Fault.DUPLICATE, title=twin.name),)
        same = await _changed(
            ctx, upload.id, lambda held: model.refused(held, findings, now=ctx.now(), same_as=twin.id)
        )
        return _told(same)
    return await _verdict(ctx, upload.id, await _heard(ctx, upload))


async def _heard(ctx: Context, upload: Upload) -> Ingested:
    """Return what the checks say; a hub that cannot read its own file is no fault of the file's."""

    async def progress(step: Step) -> None:
        if step is not Step.DECODING:
            await _step(ctx, upload.id, step)

    try:
        data = await asyncio.to_thread(ctx.store.upload_files.read_source, upload.source or AssetDigest(""))
        async with asyncio.timeout(CHECK_WITHIN_S):
            return await ingest(
                data,
                sirens_allowed=upload.service_class is ServiceClass.EMERGENCY,
                mix=Mix.LEFT if upload.one_channel else Mix.BOTH,
                progress=progress,
            )
    except (OSError, TimeoutError) as exc:
        log.error("upload not checked", extra={"action": "upload_failed", "upload": upload.id, "why": str(exc)})  # noqa: TRY400 - the words say all
        return Ingested(findings=(found(Fault.TOOL_FAILED),))


async def _twin(ctx: Context, upload: Upload) -> Upload | None:
    """Return the accepted upload of this unit that has the same bytes."""
    async with ctx.store.read() as tx:
        twins = await tx.uploads.accepted(unit=upload.unit, source=upload.source)
    return next((twin for twin in twins if twin.id != upload.id), None)


async def _step(ctx: Context, upload_id: str, step: Step) -> None:
    await _changed(ctx, upload_id, lambda held: model.checking(held, step, now=ctx.now()))


async def _verdict(ctx: Context, upload_id: str, done: Ingested) -> Upload:
    if done.asset:
        await DetachedAssets(ctx.store).put(done.asset, done.data)
    if done.findings and done.findings[0].code is Fault.TOOL_FAILED:
        log.warning("upload refused by a failure of our own", extra={"action": "upload_failed", "upload": upload_id})
    return _told(await _changed(ctx, upload_id, lambda held: _decided(held, done, ctx)))


def _decided(upload: Upload, done: Ingested, ctx: Context) -> Upload:
    begun = upload if upload.stage is Stage.CHECKING else model.checking(upload, Step.DECODING, now=ctx.now())
    decided = model.decided(begun, done, now=ctx.now())
    return replace(decided, revision=upload.revision + 1)


def _told(upload: Upload) -> Upload:
    codes = [finding.code for finding in upload.findings]
    log.info(
        "upload checked",
        extra={"action": "upload_checked", "upload": upload.id, "stage": str(upload.stage), "found": " ".join(codes)},
    )
    return upload


async def tidy(ctx: Context) -> None:
    """Forget what nobody will finish, for ever: a service."""
    while True:
        await expire(ctx)
        await asyncio.sleep(TIDY_EVERY_S)


async def expire(ctx: Context) -> int:
    """Forget unfinished and refused uploads that nobody came back to; return how many."""
    async with ctx.store.read() as tx:
        held = await tx.uploads.oldest((Stage.RECEIVING, Stage.REFUSED), 100)
    old = [upload for upload in held if model.outlived(upload, ctx.now())]
    for upload in old:
        with suppress(Conflicted):  # its owner has just come back
            await _forgotten(ctx, upload.id)
    return len(old)


async def _forgotten(ctx: Context, upload_id: str, actor: Actor | None = None) -> Upload:
    after = await _changed(ctx, upload_id, lambda held: model.gone(held, now=ctx.now()), actor=actor)
    await asyncio.to_thread(ctx.store.upload_files.forget_parts, upload_id)
    if after.source is not None:
        async with ctx.store.read() as tx:
            wanted = await tx.uploads.uses_source(after.source)
        if not wanted:
            await asyncio.to_thread(ctx.store.upload_files.forget_source, after.source)
    return after


async def _changed(
    ctx: Context, upload_id: str, change: Callable[[Upload], Upload], *, actor: Actor | None = None
) -> Upload:
    """Change an upload and tell who looks at it.  With `actor` it is an act of theirs, for the audit."""
    async with _at(ctx, upload_id) as (tx, before):
        after = change(before)
        if after != before:
            await tx.uploads.save(after)
        if actor is not None:
            await _audit(ctx, tx, actor, after)
    ctx.events.tell("uploads", f"upload:{upload_id}")
    return after


@asynccontextmanager
async def _at(ctx: Context, upload_id: str) -> AsyncIterator[tuple[Transaction, Upload]]:
    with _in_words():
        async with ctx.store.write() as tx:
            yield tx, await tx.uploads.get(upload_id)


async def _own(ctx: Context, actor: Actor, upload_id: str) -> Upload:
    """Return an upload that this person may go on with: their own, in a unit they still write for."""
    async with ctx.store.read() as tx:
        upload = await _visible(ctx, tx, actor, upload_id)
    actor.must(Permission.WRITE_BULLETIN, upload.unit, ctx.tree)
    if upload.owner != actor.account.id:
        raise NotFound("Không tìm thấy tệp tải lên này.")
    return upload


async def _visible(ctx: Context, tx: Transaction, actor: Actor, upload_id: str) -> Upload:
    with _in_words():
        upload = await tx.uploads.get(upload_id)
    if not actor.sees(upload.unit, ctx.tree):
        raise NotFound("Không tìm thấy tệp tải lên này.")
    return upload


@contextmanager
def _in_words() -> Iterator[None]:
    """Turn what content answers into what people read."""
    try:
        yield
    except UnknownUpload as exc:
        raise NotFound("Không tìm thấy tệp tải lên này.") from exc
    except IllegalTransition as exc:
        raise Conflicted("Không làm được việc này với tệp ở trạng thái hiện tại.") from exc
    except (StaleUpload, OutOfPlace) as exc:
        raise Conflicted(exc.in_vietnamese()) from exc
    except ContentError as exc:
        raise Refused(exc.in_vietnamese()) from exc


async def _audit(ctx: Context, tx: Transaction, actor: Actor, upload: Upload) -> None:
    detail = {"name": upload.name, "source": upload.source or "", "bytes": upload.size_bytes}
    await tx.audit.add(
        at=ctx.now(),
        actor=actor.account.id,
        unit=upload.unit,
        act=f"upload.{upload.stage}",
        subject=upload.id,
        detail=detail,
    )
