"""A recording from a telephone to the loudspeaker: bad lines, restarts, bad files, and three languages in order."""

import asyncio
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from content.audio.chime import Cue
from content.audio.chime import sound as cue_sound
from content.audio.encode import decode
from content.audio.loudness import measure
from content.audio.pcm import RATE_HZ, Pcm, joined, pcm
from content.audio.recognise import recognise
from content.ingest import Step
from content.model import Stage as BulletinStage
from content.passages import Passage
from content.render import RECORDING, Renderer
from content.uploads import PART_BYTES_MAX, PART_BYTES_MIN, UNFINISHED_MAX, Stage, Upload, checking
from content.verdict import Fault
from devices.protocol.chunks import digest_of
from devices.protocol.manifest import ServiceClass
from hub.auth.model import Role
from hub.db.detached import DetachedAssets, DetachedRenders
from hub.flows import bulletin, schedule, uploads
from hub.flows.actor import Actor
from hub.flows.context import Context
from hub.flows.errors import Conflicted, NotAllowed, NotFound, Refused, TooMany
from hub.flows.schedule import When
from tests.fakes.hub import COMMUNE, OTHER, TEXT, Hub
from tests.fakes.sounds import as_file, babble
from tests.fakes.speech import FakeSpeaker


@pytest.fixture
async def officer(hub: Hub) -> Actor:
    return await hub.person("officer", (Role.COMMUNE_OFFICER, COMMUNE))


@pytest.fixture
async def leader(hub: Hub) -> Actor:
    return await hub.person("leader", (Role.COMMUNE_LEADER, COMMUNE))


def tone(hz: float, seconds: float = 3.0) -> Pcm:
    """Return a voice of one pitch: it can be found again in a programme."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return pcm(0.2 * np.sin(2 * np.pi * hz * t) * (0.6 + 0.4 * np.sin(2 * np.pi * 3.7 * t)))


async def file_of(sound: Pcm, *form: str) -> bytes:
    return await asyncio.to_thread(as_file, sound, *(form or ("-f", "mp3", "-b:a", "128k")))


async def speech(seed: int = 3, seconds: float = 12.0) -> bytes:
    return await file_of(babble(np.random.default_rng(seed), seconds))


def cut(data: bytes, size: int = PART_BYTES_MIN) -> list[tuple[int, bytes]]:
    return [(at, data[at : at + size]) for at in range(0, len(data), size)]


async def sent(
    ctx: Context, who: Actor, data: bytes, name: str = "ghi âm.mp3", of: ServiceClass = ServiceClass.NORMAL
) -> Upload:
    """Send a file to its end; its check waits."""
    begun = await uploads.begin(ctx, who, unit=COMMUNE, name=name, size_bytes=len(data), service_class=of)
    for offset, part in cut(data, PART_BYTES_MAX):
        await uploads.append(ctx, who, begun.id, offset=offset, data=part)
    return await uploads.finish(ctx, who, begun.id, sha256=digest_of(data))


async def checked(ctx: Context, who: Actor, data: bytes, **words: object) -> Upload:
    await sent(ctx, who, data, **words)  # type: ignore[arg-type]
    done = await uploads.check_next(ctx)
    assert done is not None
    return done


async def test_a_file_is_sent_in_parts_checked_and_accepted(hub: Hub, officer: Actor) -> None:
    data = await speech()
    waiting = await sent(hub.ctx, officer, data)
    assert (waiting.stage, waiting.source) == (Stage.WAITING, digest_of(data))
    done = await uploads.check_next(hub.ctx)
    assert done is not None
    assert (done.stage, done.findings, done.step) == (Stage.ACCEPTED, (), None)
    assert done.lufs_out == pytest.approx(-16.0, abs=0.5)
    assert done.master is not None
    assert digest_of(await bulletin.sound(hub.ctx, done.master)) == done.master
    assert await uploads.source(hub.ctx, officer, done.id) == ("ghi âm.mp3", data)  # as it came
    assert await uploads.check_next(hub.ctx) is None


async def test_progress_is_told_step_by_step(hub: Hub, officer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[Step] = []

    def noted(upload: Upload, step: Step, *, now: datetime) -> Upload:
        steps.append(step)
        return checking(upload, step, now=now)

    monkeypatch.setattr(uploads.model, "checking", noted)
    done = await checked(hub.ctx, officer, await speech())
    assert steps == list(Step)
    assert hub.told.count(f"upload:{done.id}") >= len(Step) + 1


async def test_a_bad_line_loses_nothing(hub: Hub, officer: Actor) -> None:
    data = await speech(seconds=20.0)
    parts = cut(data)
    assert len(parts) > 3
    begun = await uploads.begin(hub.ctx, officer, unit=COMMUNE, name="a.mp3", size_bytes=len(data))
    for offset, part in parts:
        for _ in range(2):  # its answer was lost, so it is sent again
            held = await uploads.append(hub.ctx, officer, begun.id, offset=offset, data=part)
        assert held.received_bytes == offset + len(part)
    with pytest.raises(Conflicted, match="không khớp"):
        await uploads.append(hub.ctx, officer, begun.id, offset=0, data=parts[0][1])
    for _ in range(2):
        done = await uploads.finish(hub.ctx, officer, begun.id)
    assert done.source == digest_of(data)


async def test_a_part_out_of_place_is_told_where_to_go_on(hub: Hub, officer: Actor) -> None:
    data = bytes(range(256)) * 1000
    begun = await uploads.begin(hub.ctx, officer, unit=COMMUNE, name="a.mp3", size_bytes=len(data))
    await uploads.append(hub.ctx, officer, begun.id, offset=0, data=data[:PART_BYTES_MIN])
    for offset, part in (
        (PART_BYTES_MIN + 1, data[:PART_BYTES_MIN]),  # a gap
        (0, data[1 : PART_BYTES_MIN + 1]),  # another one in the place of what is there
        (PART_BYTES_MIN, data[:100]),  # a crumb
        (PART_BYTES_MIN, data),  # more than was announced
        (-1, data[:PART_BYTES_MIN]),
    ):
        with pytest.raises(Conflicted, match=f"từ byte {PART_BYTES_MIN}"):
            await uploads.append(hub.ctx, officer, begun.id, offset=offset, data=part)
    with pytest.raises(Conflicted, match="gửi tiếp"):
        await uploads.finish(hub.ctx, officer, begun.id)


async def test_a_part_that_was_changed_on_the_way_is_refused(hub: Hub, officer: Actor) -> None:
    begun = await uploads.begin(hub.ctx, officer, unit=COMMUNE, name="a.mp3", size_bytes=9)
    with pytest.raises(Refused, match="mã kiểm tra"):
        await uploads.append(hub.ctx, officer, begun.id, offset=0, data=b"123456789", sha256=digest_of(b"12345678!"))
    await uploads.append(hub.ctx, officer, begun.id, offset=0, data=b"123456789", sha256=digest_of(b"123456789"))
    with pytest.raises(Refused, match="mã kiểm tra"):
        await uploads.finish(hub.ctx, officer, begun.id, sha256=digest_of(b"other"))


async def test_two_senders_of_one_upload_do_not_mix_their_parts(hub: Hub, officer: Actor) -> None:
    one, two = b"1" * PART_BYTES_MIN, b"2" * PART_BYTES_MIN
    begun = await uploads.begin(hub.ctx, officer, unit=COMMUNE, name="a.mp3", size_bytes=len(one))
    answers = await asyncio.gather(
        *(uploads.append(hub.ctx, officer, begun.id, offset=0, data=data) for data in (one, two)),
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflicted", "Upload"]
    done = await uploads.finish(hub.ctx, officer, begun.id)
    assert done.source in {digest_of(one), digest_of(two)}
    assert not list(hub.store.upload_files.source_path(digest_of(b"")).parents[2].glob("parts/*/*"))


async def test_a_restart_in_the_middle_of_a_check_begins_it_again(hub: Hub, officer: Actor) -> None:
    waiting = await sent(hub.ctx, officer, await speech())
    async with hub.store.write() as tx:  # as a hub that was killed leaves it
        await tx.uploads.save(checking(waiting, Step.DECODING, now=hub.now()))
    async with asyncio.TaskGroup() as group:
        service = group.create_task(uploads.check(hub.ctx), name="check")
        done = await _when_checked(hub, officer, waiting.id)
        service.cancel()
    assert (done.stage, done.checks) == (Stage.ACCEPTED, 2)


async def test_a_file_that_brings_the_hub_down_is_not_tried_for_ever(hub: Hub, officer: Actor) -> None:
    waiting = await sent(hub.ctx, officer, await speech())
    async with hub.store.write() as tx:
        torn = replace(checking(waiting, Step.DECODING, now=hub.now()), checks=3)
        await tx.uploads.save(torn)
    async with asyncio.TaskGroup() as group:
        service = group.create_task(uploads.check(hub.ctx), name="check")
        done = await _when_checked(hub, officer, waiting.id)
        service.cancel()
    assert [finding.code for finding in done.findings] == [Fault.TOOL_FAILED]


async def _when_checked(hub: Hub, who: Actor, upload_id: str) -> Upload:
    async with asyncio.timeout(30):
        with hub.ctx.events.listening() as told:
            while (held := await uploads.one(hub.ctx, who, upload_id)).stage in {Stage.WAITING, Stage.CHECKING}:
                await told.get()
    return held


async def test_the_service_checks_what_comes(hub: Hub, officer: Actor) -> None:
    async with asyncio.TaskGroup() as group:
        service = group.create_task(uploads.check(hub.ctx), name="check")
        waiting = await sent(hub.ctx, officer, await speech())
        done = await _when_checked(hub, officer, waiting.id)
        service.cancel()
    assert done.stage is Stage.ACCEPTED


async def test_the_same_file_again_is_refused_and_points_to_the_first(hub: Hub, officer: Actor) -> None:
    data = await speech()
    first = await checked(hub.ctx, officer, data, name="lần một.mp3")
    again = await checked(hub.ctx, officer, data, name="lần hai.mp3")
    assert (again.stage, again.same_as) == (Stage.REFUSED, first.id)
    assert "lần một.mp3" in again.findings[0].words


async def test_channels_that_cancel_are_refused_until_one_is_chosen(hub: Hub, officer: Actor) -> None:
    one = babble(np.random.default_rng(3), 3).samples
    opposed = Pcm(samples=np.concatenate([one, -one], axis=1), rate=RATE_HZ)
    refused = await checked(hub.ctx, officer, await file_of(opposed, "-f", "flac"))
    assert [finding.code for finding in refused.findings] == [Fault.CANCELS]
    assert (await uploads.use_one_channel(hub.ctx, officer, refused.id)).stage is Stage.WAITING
    done = await uploads.check_next(hub.ctx)
    assert done is not None
    assert done.stage is Stage.ACCEPTED


async def test_only_channels_that_cancel_can_be_chosen_from(hub: Hub, officer: Actor) -> None:
    refused = await checked(hub.ctx, officer, b"khong phai am thanh")
    with pytest.raises(Conflicted):
        await uploads.use_one_channel(hub.ctx, officer, refused.id)


async def test_what_is_never_finished_and_what_was_refused_is_forgotten(hub: Hub, officer: Actor) -> None:
    begun = await uploads.begin(hub.ctx, officer, unit=COMMUNE, name="a.mp3", size_bytes=PART_BYTES_MIN * 2)
    await uploads.append(hub.ctx, officer, begun.id, offset=0, data=bytes(PART_BYTES_MIN))
    refused = await checked(hub.ctx, officer, b"khong phai am thanh")
    kept = await checked(hub.ctx, officer, await speech())
    assert await uploads.expire(hub.ctx) == 0
    hub.later(hours=25)
    assert await uploads.expire(hub.ctx) == 1
    hub.later(days=7)
    assert await uploads.expire(hub.ctx) == 1
    assert [one.id for one in await uploads.listing(hub.ctx, officer)] == [kept.id]
    for gone in (begun, refused):
        with pytest.raises(NotFound):
            await uploads.source(hub.ctx, officer, gone.id)
    assert await uploads.source(hub.ctx, officer, kept.id)


async def test_an_accepted_file_is_never_removed(hub: Hub, officer: Actor) -> None:
    kept = await checked(hub.ctx, officer, await speech())
    with pytest.raises(Conflicted):
        await uploads.remove(hub.ctx, officer, kept.id)
    hub.later(days=3650)
    assert await uploads.expire(hub.ctx) == 0


async def test_nobody_begins_more_than_a_handful_at_a_time(hub: Hub, officer: Actor) -> None:
    held = [
        await uploads.begin(hub.ctx, officer, unit=COMMUNE, name="a.mp3", size_bytes=9) for _ in range(UNFINISHED_MAX)
    ]
    with pytest.raises(TooMany):
        await uploads.begin(hub.ctx, officer, unit=COMMUNE, name="a.mp3", size_bytes=9)
    await uploads.remove(hub.ctx, officer, held[0].id)
    await uploads.begin(hub.ctx, officer, unit=COMMUNE, name="a.mp3", size_bytes=9)


@pytest.mark.parametrize(
    ("field", "value"), [("size_bytes", 0), ("size_bytes", 2**40), ("name", ""), ("name", "x" * 201)]
)
async def test_what_is_announced_has_limits(hub: Hub, officer: Actor, field: str, value: object) -> None:
    with pytest.raises(Refused) as refused:
        await uploads.begin(hub.ctx, officer, **{"unit": COMMUNE, "name": "a.mp3", "size_bytes": 9, field: value})  # type: ignore[arg-type]
    assert refused.value.field == field


async def test_a_unit_has_only_so_much_room(hub: Hub, officer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "UNIT_BYTES_MAX", 100)
    await uploads.begin(hub.ctx, officer, unit=COMMUNE, name="a.mp3", size_bytes=60)
    with pytest.raises(Refused, match="hết chỗ"):
        await uploads.begin(hub.ctx, officer, unit=COMMUNE, name="b.mp3", size_bytes=60)


async def test_an_upload_is_its_owners(hub: Hub, officer: Actor, leader: Actor) -> None:
    stranger = await hub.person("stranger", (Role.COMMUNE_OFFICER, OTHER))
    begun = await uploads.begin(hub.ctx, officer, unit=COMMUNE, name="../../etc/a\n.mp3", size_bytes=9)
    assert begun.name == "a.mp3"
    for other in (leader, stranger):
        with pytest.raises(NotFound):
            await uploads.append(hub.ctx, other, begun.id, offset=0, data=b"123456789")
    assert await uploads.one(hub.ctx, leader, begun.id) == begun
    with pytest.raises(NotFound):
        await uploads.one(hub.ctx, stranger, begun.id)
    with pytest.raises(NotAllowed):
        await uploads.begin(hub.ctx, stranger, unit=COMMUNE, name="a.mp3", size_bytes=9)


# -- bulletins made of recordings


@pytest.fixture
async def speaking(hub: Hub) -> Context:
    """The flows with a renderer that renders: the voice is a pretended one, everything after it is real."""
    speaker = FakeSpeaker()
    renderer = Renderer(speaker=speaker, assets=DetachedAssets(hub.store), renders=DetachedRenders(hub.store))
    return replace(hub.ctx, render=renderer.render, speaker=renderer.engine)


async def recorded(ctx: Context, who: Actor, sound: Pcm) -> Passage:
    done = await checked(ctx, who, await file_of(sound))
    assert done.master is not None, done.findings
    return Passage(language="tyz", recording=done.master)


def heard_hz(sound: Pcm) -> list[float]:
    """Return the loudest pitch of every 200 ms that are not silent."""
    size = RATE_HZ // 5
    blocks = sound.samples[: sound.frames // size * size, 0].reshape(-1, size)
    spectra = np.abs(np.fft.rfft(blocks * np.hanning(size), axis=1))
    loud = np.square(blocks).mean(axis=1) > 1e-4
    return [float(row.argmax() * RATE_HZ / size) if on else 0.0 for row, on in zip(spectra, loud, strict=True)]


def share(heard: list[float], hz: float) -> float:
    return sum(abs(one - hz) < 15 for one in heard) / len(heard)


async def test_three_languages_are_heard_in_order_in_one_programme(
    hub: Hub, speaking: Context, officer: Actor, leader: Actor
) -> None:
    tay = await recorded(speaking, officer, tone(430.0, 4.0))
    mong = replace(await recorded(speaking, officer, tone(1250.0, 3.0)), language="hmn", text="Lời tiếng Mông.")
    kinh = Passage(language="vi", text=TEXT)
    draft = await bulletin.write(speaking, officer, unit=COMMUNE, title="Họp thôn", text="nháp")
    draft = await bulletin.set_passages(speaking, officer, draft.id, revision=1, passages=(tay, kinh, mong))
    assert (draft.text, draft.passages) == (TEXT, (tay, kinh, mong))

    asked = await bulletin.submit(speaking, officer, draft.id)
    view = await bulletin.one(speaking, leader, draft.id)
    assert [one.language for one in view.passages] == ["tiếng Tày", "tiếng Kinh (Việt)", "tiếng Mông"]
    assert [one.reading is None for one in view.passages] == [True, False, True]
    assert [one.upload.name if one.upload else "" for one in view.passages] == ["ghi âm.mp3", "", "ghi âm.mp3"]
    rendered = await bulletin.listen(speaking, leader, draft.id)  # whoever approves hears all of it
    assert rendered.engine == f"{RECORDING}, fake"

    sound = await decode(await bulletin.sound(speaking, rendered.asset.digest))
    whole = measure(sound)
    assert whole.lufs == pytest.approx(-16.0, abs=0.5)
    assert whole.peak_dbtp <= -1.5
    cues = recognise(sound)
    assert [cue.cue for cue in cues] == [Cue.OPENING, Cue.CLOSING]
    opening = cue_sound(Cue.OPENING).duration_ms
    spoken_ms = sound.duration_ms - 2 * opening - 2 * 350 - 2 * 1_200 - 7_000
    assert spoken_ms > 2_000  # the text, between the two recordings
    starts = [opening + 350, opening + 350 + 4_000 + 1_200, sound.duration_ms - opening - 350 - 3_000]
    first = heard_hz(sound.cut(starts[0] + 200, starts[0] + 3_800))
    middle = heard_hz(sound.cut(starts[1] + 200, starts[1] + spoken_ms - 200))
    last = heard_hz(sound.cut(starts[2] + 200, starts[2] + 2_800))
    assert (share(first, 430), share(first, 1250)) == (pytest.approx(1, abs=0.1), 0)
    assert (share(last, 430), share(last, 1250)) == (0, pytest.approx(1, abs=0.1))
    assert share(middle, 430) < 0.2
    assert share(middle, 1250) < 0.2
    levels = [measure(sound.cut(at, at + 2_800)).lufs for at in starts]
    assert max(levels) - min(levels) < 3.0  # however loud each was recorded

    item = await bulletin.approve(speaking, leader, draft.id, version=asked.version)
    at = datetime(2026, 8, 13, 9, 0)  # noqa: DTZ001 - programmes are written in wall time
    planned = await schedule.plan(speaking, officer, item.id, audience=(COMMUNE,), when=When(start=at))
    assert planned.programme.clips[0].asset == rendered.asset.digest
    await schedule.put_on_air(speaking, officer, planned, accept_conflicts=True)
    assert (await bulletin.one(speaking, officer, item.id)).bulletin.stage is BulletinStage.SCHEDULED


async def test_a_bulletin_that_is_only_recorded_is_heard_as_it_was_recorded(
    hub: Hub, speaking: Context, officer: Actor, leader: Actor
) -> None:
    voice = replace(await recorded(speaking, officer, tone(1250.0)), language="vi")
    draft = await bulletin.write(speaking, officer, unit=COMMUNE, title="Lời chúc Tết", text="")
    with pytest.raises(Refused, match="chưa có nội dung"):
        await bulletin.submit(speaking, officer, draft.id)
    draft = await bulletin.set_passages(speaking, officer, draft.id, revision=1, passages=(voice,))
    await bulletin.submit(speaking, officer, draft.id)
    rendered = await bulletin.listen(speaking, leader, draft.id)
    sound = await decode(await bulletin.sound(speaking, rendered.asset.digest))
    assert share(heard_hz(sound.cut(2_600, 4_800)), 1250) > 0.9
    await bulletin.approve(speaking, leader, draft.id, version=draft.version)


async def test_an_edited_language_needs_a_new_approval(
    hub: Hub, speaking: Context, officer: Actor, leader: Actor
) -> None:
    tay = await recorded(speaking, officer, tone(430.0))
    kinh = Passage(language="vi", text=TEXT)
    draft = await bulletin.write(speaking, officer, unit=COMMUNE, title="Họp", text=TEXT)
    await bulletin.submit(speaking, officer, draft.id)
    item = await bulletin.approve(speaking, leader, draft.id, version=1)
    after = await bulletin.set_passages(speaking, officer, draft.id, revision=item.revision, passages=(kinh, tay))
    assert (after.stage, after.approver, after.version) == (BulletinStage.DRAFT, None, 2)


async def test_what_cannot_be_heard_is_not_submitted(hub: Hub, speaking: Context, officer: Actor) -> None:
    kinh = Passage(language="vi", text=TEXT)
    draft = await bulletin.write(speaking, officer, unit=COMMUNE, title="Họp", text=TEXT)
    for revision, (passage, told) in enumerate(
        (
            (Passage(language="tyz", text="Pi noọng..."), "Chưa có giọng đọc tiếng Tày"),
            (Passage(language="tyz"), "Phần tiếng Tày chưa có nội dung"),
        ),
        1,
    ):
        await bulletin.set_passages(speaking, officer, draft.id, revision=revision, passages=(kinh, passage))
        with pytest.raises(Refused, match=told):
            await bulletin.submit(speaking, officer, draft.id)


async def test_a_recording_must_have_been_checked_for_this_unit(hub: Hub, speaking: Context, officer: Actor) -> None:
    draft = await bulletin.write(speaking, officer, unit=COMMUNE, title="Họp", text=TEXT)
    unknown = Passage(language="tyz", recording=digest_of(b"khong co"))
    with pytest.raises(Refused, match="chưa được kiểm tra"):
        await bulletin.set_passages(speaking, officer, draft.id, revision=1, passages=(unknown,))
    await bulletin.edit(speaking, officer, draft.id, revision=1, recording=unknown.recording)  # past the door
    with pytest.raises(Refused, match="chưa được kiểm tra"):
        await bulletin.submit(speaking, officer, draft.id)


async def test_a_siren_for_an_emergency_is_not_heard_in_a_programme(
    hub: Hub, speaking: Context, officer: Actor
) -> None:
    data = await file_of(joined([cue_sound(Cue.SIREN_WAIL), babble(np.random.default_rng(3), 3)]))
    ordinary = await checked(speaking, officer, data)
    assert [finding.code for finding in ordinary.findings] == [Fault.SIREN]
    hub.later(seconds=1)
    alarm = await checked(speaking, officer, data, of=ServiceClass.EMERGENCY)
    assert alarm.stage is Stage.ACCEPTED
    draft = await bulletin.write(speaking, officer, unit=COMMUNE, title="Họp", text=TEXT)
    loud = Passage(language="vi", recording=alarm.master)
    with pytest.raises(Refused, match="chỉ dùng cho tin khẩn cấp"):
        await bulletin.set_passages(speaking, officer, draft.id, revision=1, passages=(loud,))
    urgent = await bulletin.write(
        speaking, officer, unit=COMMUNE, title="Lũ", text=TEXT, service_class=ServiceClass.EMERGENCY
    )
    await bulletin.set_passages(speaking, officer, urgent.id, revision=1, passages=(loud,))
    await bulletin.listen(speaking, officer, urgent.id)
    await bulletin.edit(speaking, officer, urgent.id, revision=2, service_class=ServiceClass.NORMAL)
    with pytest.raises(Refused, match="chỉ dùng cho tin khẩn cấp"):
        await bulletin.submit(speaking, officer, urgent.id)


async def test_the_audit_names_what_was_sent(hub: Hub, officer: Actor) -> None:
    await checked(hub.ctx, officer, await speech())
    assert "upload.waiting" in await hub.acts()
