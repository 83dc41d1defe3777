"""What happens in the demo, step by step, and what was measured of it."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from content.model import Bulletin
from devices.protocol import topics
from devices.protocol.codec import decode_as
from devices.protocol.ids import DeviceId
from devices.protocol.limits import HEADER_BYTES
from devices.protocol.messages import AsRun, Outcome, Overrides, Source
from devices.protocol.signing import Signer
from emergency.incident import Incident
from emergency.rollcall import Call
from hub.app import Hub
from hub.demo import place
from hub.demo.place import COMMUNE, Person
from hub.demo.watch import REFUSED_WITH, Heard, attack, listening
from hub.flows import alert, bulletin, schedule
from scheduler.calendars import wall_of

AUDIBLE_CDB = -6000  # -60 dBFS: below that a horn is silent
LEAD_S = 3  # the plan and its audio are there within one
HEARD_BEFORE_S = 2.9  # the chime, and the first words
SPOKEN_BEFORE_S = 2.0  # of the emergency's own text, before it is recalled
RECORDS_WITHIN_S = 90.0  # an all-clear takes half a minute before the bulletin may go on
SOUNDS_WITHIN_S = 90.0

Say = Callable[[str], None]


@dataclass(slots=True)
class Measured:
    """Everything that was seen; nothing here is assumed."""

    devices: int = 0
    text: str = place.BULLETIN
    spoken: str = ""
    audio_ms: int = 0
    item: str = ""  # beginning of the item's id in as-run records
    alert: str = ""
    calls: tuple[Call, ...] = ()
    clicked_ms: int = 0
    latencies_ms: list[int] = field(default_factory=list)  # click → a loudspeaker's word that it sounds has come back
    speech: str = ""
    records: dict[tuple[DeviceId, int], AsRun] = field(default_factory=dict)
    bad_signatures: int = 0
    kept: int = 0  # records that the hub holds
    refused: dict[str, int] = field(default_factory=dict)
    airchecks: tuple[str, ...] = ()
    elapsed_s: float = 0.0

    def of_item(self, *, source: Source = Source.ITEM) -> list[tuple[DeviceId, AsRun]]:
        """Return the records of the bulletin."""
        found = ((device, record) for (device, _), record in sorted(self.records.items()))
        return [(device, one) for device, one in found if one.source is source and one.id.startswith(self.item)]

    def heard_on(self) -> set[DeviceId]:
        """Return where the bulletin was heard."""
        return {device for device, one in self.of_item() if one.level_cdb > AUDIBLE_CDB}

    def cut_on(self) -> set[DeviceId]:
        """Return where the emergency cut it."""
        return {d for d, one in self.of_item() if one.outcome is Outcome.CUT and one.by == self.alert}

    def resumed_on(self) -> set[DeviceId]:
        """Return where it went on afterwards, to its end."""
        after = {d: one.end_ms for d, one in self.of_item() if one.outcome is Outcome.CUT and one.by == self.alert}
        done = ((d, one) for d, one in self.of_item() if one.outcome is Outcome.COMPLETED)
        return {d for d, one in done if one.start_ms >= after.get(d, one.start_ms + 1)}

    def missing(self) -> int:
        """Return how many records are not there although a later one is."""
        numbers: dict[DeviceId, list[int]] = {}
        for device, n in self.records:
            numbers.setdefault(device, []).append(n)
        return sum(max(found) - len(found) for found in numbers.values())

    def sounded_on(self) -> set[DeviceId]:
        """Return who has answered the roll call with the moment at which it sounded."""
        return {call.device for call in self.calls if call.sounded_at}

    def as_object(self) -> dict[str, object]:
        """Return it for `--json`."""
        latencies = self.latencies_ms
        return {
            "devices": self.devices,
            "bulletin": {
                "text": self.text,
                "spoken": self.spoken,
                "played_on": len(self.heard_on()),
                "audio_ms": self.audio_ms,
            },
            "emergency": {
                "accepted_by": sum(call.accepted_at is not None for call in self.calls),
                "sounded_on": len(self.sounded_on()),
                "click_to_first_ms": latencies[0] if latencies else None,
                "click_to_last_ms": latencies[-1] if latencies else None,
                "preempted": len(self.cut_on()),
                "resumed": len(self.resumed_on()),
            },
            "as_run": {
                "records": len(self.records),
                "signatures_ok": self.bad_signatures == 0,
                "missing": self.missing() + max(0, len(self.records) - self.kept),
            },
            "refused": self.refused,
            "airchecks": list(self.airchecks),
            "elapsed_s": round(self.elapsed_s, 1),
            "ok": self.ok(),
        }

    def in_words(self) -> tuple[str, ...]:
        """Return it for people."""
        of, calls = f"/{self.devices} cụm loa", self.latencies_ms
        took = f", {calls[0]}–{calls[-1]} ms sau khi bấm" if calls else ""
        tried = {"unsigned": "tin không đúng chữ ký", "replayed": "tin cũ phát lại", "expired": "tin đã hết hạn"}
        refused = ", ".join(f"{words} {self.refused.get(name, 0)}{of}" for name, words in tried.items())
        return (
            f"Bản tin nghe được trên {len(self.heard_on())}{of}.",
            f"Tin khẩn cấp cắt ngang và hụ còi trên {len(self.sounded_on())}{of}{took}.",
            f"Phát tiếp bản tin từ chỗ bị ngắt: {len(self.resumed_on())}{of}.",
            f"Kẻ lạ bị từ chối: {refused}.",
            f"{len(self.records)} bản ghi phát sóng, {self.bad_signatures} sai chữ ký, {self.missing()} bị thiếu.",
            *(f"Nghe lại loa đã phát gì: {path}" for path in self.airchecks),
            "KẾT QUẢ: ĐẠT." if self.ok() else "KẾT QUẢ: CHƯA ĐẠT.",
        )

    def ok(self) -> bool:
        """Say whether all of it held, on every loudspeaker."""
        everywhere = (self.heard_on(), self.cut_on(), self.resumed_on(), self.sounded_on(), self.latencies_ms)
        return (
            self.devices > 0
            and all(len(found) == self.devices for found in everywhere)
            and all(count == self.devices for count in self.refused.values())
            and self.bad_signatures == 0
            and self.missing() == 0
            and self.kept >= len(self.records) > 0
        )


async def tell(hub: Hub, count: int, folder: Path, say: Say, *, quick: bool) -> Measured:
    """Let it all happen and return what was measured; `quick` leaves out what only people wait for."""
    begun = time.monotonic()
    seen = Measured(devices=count)
    people = await place.settle(hub.ctx)
    ids, codes = await place.hang_up(hub.ctx, people["administrator"].actor, count)
    say(f"{count} cụm loa của {hub.ctx.tree.path_name(COMMUNE)} đã đăng ký; đang kết nối…")
    if not quick:
        _introduce(hub, people, say)
    async with place.simulated_fleet(hub, codes, folder) as airchecks:
        written = await _write(hub, people, seen, say)
        await place.all_online(hub.ctx, people["officer"].actor, count)
        say(f"{count}/{count} cụm loa hoạt động.")
        async with listening(hub.listening.broker, await _keys(hub, ids)) as (heard, gateway):
            await _put_on_air(hub, people["officer"], seen, written, say, quick=quick)
            await _sounding(heard, seen, say)
            sent = await _emergency(hub, people["leader"], seen, heard, say)
            old = await _document(hub)
            await _recall(hub, people["leader"], seen, sent, say, quick=quick)
            await attack(
                gateway, COMMUNE, decode_as(Overrides, (await _document(hub))[HEADER_BYTES:]), old, _signer(hub)
            )
            await _proof(hub, seen, heard)
        seen.airchecks = tuple(sorted(map(str, await asyncio.to_thread(lambda: list(airchecks.glob("*.wav"))))))
        seen.elapsed_s = time.monotonic() - begun
        for sentence in seen.in_words():
            say(sentence)
        if not quick:
            say("Diễn xong. Trang điều hành vẫn mở; nhấn Ctrl-C để dừng.")
            await asyncio.Event().wait()
    return seen


def _introduce(hub: Hub, people: dict[str, Person], say: Say) -> None:
    say(f"Trang điều hành: {hub.url}")
    for person in people.values():
        account = person.actor.account
        say(f"   {account.name:<16} tên đăng nhập {account.login:<8} mật khẩu {person.password}")


async def _write(hub: Hub, people: dict[str, Person], seen: Measured, say: Say) -> Bulletin:
    """Written by one, approved by another."""
    ctx, officer, leader = hub.ctx, people["officer"].actor, people["leader"].actor
    written = await bulletin.write(ctx, officer, unit=COMMUNE, title=place.TITLE, text=place.BULLETIN)
    seen.spoken = bulletin.reading(written.text).spoken
    say(f"{officer.account.name} soạn bản tin “{written.title}”, sẽ được đọc là: {seen.spoken}")
    await bulletin.submit(ctx, officer, written.id)
    approved = await bulletin.approve(ctx, leader, written.id, version=written.version)
    say(f"{leader.account.name} nghe thử và duyệt.")
    return approved


async def _put_on_air(hub: Hub, officer: Person, seen: Measured, written: Bulletin, say: Say, *, quick: bool) -> None:
    """On the air as soon as it can be, or with the next minute."""
    now = wall_of(hub.ctx.now()).replace(microsecond=0)
    when = now + timedelta(seconds=LEAD_S) if quick else (now + timedelta(seconds=70)).replace(second=0)
    on_air = schedule.When(start=when)
    planned = await schedule.plan(hub.ctx, officer.actor, written.id, audience=[COMMUNE], when=on_air)
    programme = await schedule.put_on_air(hub.ctx, officer.actor, planned)
    seen.item, seen.audio_ms = f"{programme.id}-", programme.clips[0].duration_ms
    say(f"Lên lịch lúc {when:%H:%M:%S}; {seen.audio_ms / 1000:.1f} giây âm thanh đang gửi tới các cụm loa…")


async def _sounding(heard: Heard, seen: Measured, say: Say) -> None:
    """Wait until the bulletin sounds everywhere, and let its first words be heard."""
    sounding = await heard.until(
        lambda h: sum(one.sounding.startswith(seen.item) for one in h.states.values()) >= seen.devices, SOUNDS_WITHIN_S
    )
    now = sum(one.sounding.startswith(seen.item) for one in heard.states.values())
    say(f"Đang phát bản tin trên {now}/{seen.devices} cụm loa." if sounding else f"Chỉ {now} cụm loa phát bản tin.")
    await asyncio.sleep(HEARD_BEFORE_S)


async def _emergency(hub: Hub, leader: Person, seen: Measured, heard: Heard, say: Say) -> Incident:
    """Sent by the commune's leader; wait until its own text is spoken everywhere."""
    asked = alert.Asked(hazard=place.HAZARD, level=3, areas=(COMMUNE,), text=place.ALERT, repeats=1)
    seen.clicked_ms = hub.ctx.now_ms()
    sent = await alert.send(hub.ctx, leader.actor, asked)
    seen.alert = sent.id
    say(f"TIN KHẨN CẤP: {place.ALERT}")
    await heard.until(lambda h: _speaking(h, sent) >= seen.devices, SOUNDS_WITHIN_S)
    view = await alert.roll_call(hub.ctx, leader.actor, sent.id)
    seen.calls = view.calls
    sounds = ((name, at_ms) for (_, name), at_ms in heard.said_it_sounds_ms.items())
    latencies = seen.latencies_ms = sorted(at_ms - seen.clicked_ms for name, at_ms in sounds if name == sent.id)
    if latencies:
        say(f"Còi đã hụ ở {len(latencies)}/{seen.devices} cụm loa: {latencies[0]}–{latencies[-1]} ms sau khi bấm.")
    await asyncio.sleep(SPOKEN_BEFORE_S)
    return sent


def _speaking(heard: Heard, sent: Incident) -> int:
    """Return how many loudspeakers are past the siren: they sound a clip of the alert that is not its first."""
    siren = sent.override.steps[0].asset if sent.override else None
    return sum(one.sounding == sent.id and one.digest not in (None, siren) for one in heard.states.values())


async def _recall(hub: Hub, leader: Person, seen: Measured, sent: Incident, say: Say, *, quick: bool) -> None:
    view = await alert.roll_call(hub.ctx, leader.actor, sent.id)
    seen.calls = view.calls
    await alert.cancel(hub.ctx, leader.actor, sent.id, note="Diễn xong.", all_clear=not quick)
    say("Đã thu hồi tin khẩn cấp; chương trình phát tiếp từ chỗ bị ngắt.")


async def _proof(hub: Hub, seen: Measured, heard: Heard) -> None:
    """Wait for every loudspeaker's records and refusals, and count them."""

    def complete(h: Heard) -> bool:
        seen.records = dict(h.records)
        refused = all(h.refused(reason) >= seen.devices for reason in REFUSED_WITH.values())
        return refused and len(seen.resumed_on()) >= seen.devices

    await heard.until(complete, RECORDS_WITHIN_S)
    complete(heard)
    seen.refused = {name: heard.refused(reason) for name, reason in REFUSED_WITH.items()}
    seen.bad_signatures = heard.bad_signatures
    seen.kept = await _kept(hub, seen)


async def _kept(hub: Hub, seen: Measured) -> int:
    """Return how many of the records the hub holds; what it has just been told may take a moment."""
    for _ in range(50):
        async with hub.ctx.store.read() as tx:
            kept = {(one.device, one.record.n) for one in await tx.as_runs.between(0, 1 << 52)}
        if kept >= seen.records.keys():
            break
        await asyncio.sleep(0.1)
    return len(kept & seen.records.keys())


async def _document(hub: Hub) -> bytes:
    async with hub.ctx.store.read() as tx:
        return await tx.outbox.said(topics.override(COMMUNE)) or b""


async def _keys(hub: Hub, ids: tuple[DeviceId, ...]) -> dict[DeviceId, bytes]:
    async with hub.ctx.store.read() as tx:
        devices = [await tx.devices.get(one) for one in ids]
    return {device.id: device.public_key for device in devices if device.public_key is not None}


def _signer(hub: Hub) -> Signer:
    return hub.keys.signer(hub.ctx.now_ms())
