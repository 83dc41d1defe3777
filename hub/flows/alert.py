"""An emergency: sent, spoken, updated, recalled, expired; and who has answered.

The shorter road: one transaction, pinned sounds, no device is looked up before the message leaves.  The spoken text
and the roll call follow behind it.
"""

import asyncio
import logging
import secrets
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from content.errors import ContentError
from content.recipe import Recipe
from content.text.normalise import normalise
from content.text.spoken import SpokenText
from devices.areas import AreaCode, Group
from devices.presence import Presence, presence
from devices.protocol import topics
from devices.protocol.ids import AlertId, AssetDigest, DeviceId
from devices.protocol.messages import AreaSequence, OverrideKind
from emergency import incident as incidents
from emergency import rollcall
from emergency.errors import BadAlert, IllegalTransition, NothingToSound, StaleIncident, UnknownIncident
from emergency.hazards import hazard_of
from emergency.incident import AlertRequest, Incident, Message, Stage, is_over, is_sounding, spoken_text
from emergency.override import active_in, areas_to_publish, build, merge, with_speech
from emergency.rollcall import Call, NextStep, Resend, RollCall, Tally, next_steps, on_presence, on_step, tally
from emergency.targeting import Outlook, Target, aim, outlook, smallest_set
from hub.auth.roles import Denied, Permission, may_in_all
from hub.db.outbox import Lane, Outgoing
from hub.db.transaction import Transaction
from hub.flows.actor import Actor
from hub.flows.context import Context
from hub.flows.errors import Conflicted, NotAllowed, NotFound, Refused
from hub.flows.kit import warning

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0  # roll calls resend after five seconds; a second more does not matter
REST_FOR = 4  # a look at ten thousand calls takes a while; four fifths of the time are for everything else
NAMED_MAX = 50  # loudspeakers named in one log line
SPEAK_RETRY_S = 5.0
GONE = frozenset({Presence.LOST, Presence.NEVER_SEEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person asks for on the emergency page."""

    hazard: str
    level: int
    areas: tuple[str, ...]
    text: str = ""
    kind: OverrideKind = OverrideKind.EMERGENCY
    valid_until: datetime | None = None
    repeats: int | None = None
    gap: timedelta | None = None
    decision: str = ""
    civil_defence_level: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would happen: who would hear it, in which words, until when."""

    outlook: Outlook
    words: SpokenText
    draft: Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class RollCallView:
    """An incident and who has answered."""

    incident: Incident
    roll: RollCall
    calls: tuple[Call, ...]
    tally: Tally
    names: dict[DeviceId, str]  # where each of them hangs


async def preview(ctx: Context, actor: Actor, asked: Asked) -> Preview:
    """Return the reach and the words of what is asked for; nothing is sent.  Raises Refused, NotAllowed."""
    async with ctx.store.read() as tx:
        groups = await tx.groups.every()
        _must(ctx, actor, asked, groups)
        with _in_words():
            draft = _draft(ctx, actor, asked)
        devices = await tx.devices.every()
        gone = await _unreachable(ctx, tx)
    reach = aim(draft.target, devices, tree=ctx.tree, groups=groups)
    words = normalise(spoken_text(draft, ctx.now()))
    return Preview(outlook=outlook(reach, gone), words=words, draft=draft)


async def send(ctx: Context, actor: Actor, asked: Asked, *, update_of: str | None = None) -> Incident:
    """Put an alert on the air now; `update_of`: in place of one that is.  Raises Refused, NotAllowed, Conflicted."""
    async with ctx.store.write(urgent=True) as tx:
        groups = await tx.groups.every()
        _must(ctx, actor, asked, groups)
        old = await _visible(ctx, tx, actor, update_of) if update_of else None
        if old is not None:
            _must_end(ctx, actor, old, groups)  # what is replaced is ended, also where the new one is not heard
        with _in_words():
            draft = _draft(ctx, actor, asked, old)
            sent = await _activate(ctx, tx, draft, groups, by=actor.account.id)
            if old is not None:
                await tx.incidents.change(old, incidents.supersede(old, sent, now=ctx.now()))
        await _publish(ctx, tx, areas_to_publish(sent, *([old] if old else [])), now=ctx.now())
        await _audit(ctx, tx, actor, sent, "alert.update" if old else "alert.send")
    ctx.events.tell("incidents", f"speak:{sent.id}")
    await _call_the_roll(ctx, sent)
    return sent


async def cancel(ctx: Context, actor: Actor, incident_id: str, *, note: str = "", all_clear: bool = True) -> Incident:
    """End an alert now, and say so unless `all_clear` is False; return the incident that was ended."""
    clear: Incident | None = None
    async with ctx.store.write(urgent=True) as tx:
        groups = await tx.groups.every()
        old = await _visible(ctx, tx, actor, incident_id)
        _must_end(ctx, actor, old, groups)
        with _in_words():
            ended = incidents.cancel(old, by=actor.account.id, now=ctx.now(), note=note.strip())
            await tx.incidents.change(old, ended)
            if all_clear and old.stage is Stage.ACTIVE and old.message is not Message.ALL_CLEAR:
                draft = incidents.all_clear(old, id=_new_id(), by=actor.account.id, now=ctx.now())
                clear = await _activate(ctx, tx, draft, groups, by=actor.account.id)
        await _publish(ctx, tx, areas_to_publish(old, *([clear] if clear else [])), now=ctx.now())
        await _audit(ctx, tx, actor, ended, "alert.cancel")
    ctx.events.tell("incidents", f"incident:{old.id}")
    if clear is not None:
        ctx.events.tell(f"speak:{clear.id}")
        await _call_the_roll(ctx, clear)
    return ended


async def active(ctx: Context) -> tuple[Incident, ...]:
    """Return what is on the air now."""
    async with ctx.store.read() as tx:
        return tuple(one for one in await tx.incidents.active() if is_sounding(one, ctx.now()))


async def recent(ctx: Context, actor: Actor, *, limit: int = 50) -> tuple[Incident, ...]:
    """Return the newest incidents that concern the units this person sees."""
    async with ctx.store.read() as tx:
        found = await tx.incidents.recent(limit=limit)
        groups = await tx.groups.every()
    return tuple(one for one in found if _concerns(ctx, actor, one, groups))


async def roll_call(ctx: Context, actor: Actor, incident_id: str) -> RollCallView:
    """Return who has answered.  Raises NotFound."""
    async with ctx.store.read() as tx:
        incident = await _visible(ctx, tx, actor, incident_id)
        try:
            roll = await tx.rolls.roll(incident.id)
        except UnknownIncident as exc:
            raise NotFound("Tin này chưa được phát nên chưa có điểm danh.") from exc
        calls = await tx.rolls.calls(incident.id)
        names = {device.id: device.site.name for device in await tx.devices.listening(incident.published_in)}
    return RollCallView(incident=incident, roll=roll, calls=calls, tally=tally(calls), names=names)


# --- what goes on by itself -------------------------------------------------------------------------------------


async def watch(ctx: Context) -> None:
    """End what is over, and ask again those who have not answered; for ever."""
    await call_all_rolls(ctx)
    clock = asyncio.get_running_loop().time
    while True:
        begun = clock()
        await look(ctx)
        await asyncio.sleep(max(LOOK_EVERY_S, REST_FOR * (clock() - begun)))


async def call_all_rolls(ctx: Context) -> None:
    """Put everybody on the open rolls who should be there: the hub may have died between an alert and its roll."""
    async with ctx.store.read() as tx:
        alerts = [await tx.incidents.get(roll.alert) for roll in await tx.rolls.open_rolls()]
    for incident in alerts:
        await _call_the_roll(ctx, incident)


async def look(ctx: Context) -> None:
    """Do once what `watch` does."""
    async with ctx.store.read() as tx:
        over = [one for one in await tx.incidents.unfinished() if is_over(one, ctx.now())]
    for incident in over:
        await _expire(ctx, incident.id)
    async with ctx.store.read() as tx:
        rolls = await tx.rolls.open_rolls()
        gone = await _unreachable(ctx, tx) if rolls else frozenset()
        asked = [roll for roll in rolls if await _asks(ctx, tx, roll, gone)]
    for roll in asked:
        await _ask_again(ctx, roll, gone)


async def speak(ctx: Context) -> None:
    """Render the text of alerts that are on the air without it, and push it to those who sound; for ever."""
    with ctx.events.listening() as heard:
        while True:
            for incident in await active(ctx):
                if incident.override is not None and not incident.override.assets:
                    await speak_one(ctx, incident)
            try:
                async with asyncio.timeout(SPEAK_RETRY_S):
                    while not (await heard.get()).startswith(("speak:", "missed")):
                        pass
            except TimeoutError:
                continue


def recipe_of(incident: Incident, text: str, speaker: str) -> Recipe:
    """Return how the words of an alert are spoken; said twice where its policy says them once in a round."""
    return warning(text, speaker, times=1 if incident.policy.voice_times > 1 else 2)


async def speak_one(ctx: Context, incident: Incident) -> bool:
    """Add the spoken text to an alert that is on the air; return whether it was done.  A failing voice is no error."""
    text = spoken_text(incident, incident.activated_at or incident.created_at)
    try:
        rendered = await ctx.render_now(recipe_of(incident, text, ctx.speaker))
    except (ContentError, OSError) as exc:  # no voice, no disk: the pinned words go on
        log.warning("alert not spoken", extra={"action": "alert_not_spoken", "alert": incident.id, "why": str(exc)})
        return False
    async with ctx.store.write(urgent=True) as tx:
        now = await tx.incidents.get(incident.id)
        if not is_sounding(now, ctx.now()) or now.override is None:
            return False
        override = with_speech(now.override, now, await tx.pinned.every(), rendered.asset)
        await tx.incidents.change(now, incidents.with_override(now, override))
        await _publish(ctx, tx, now.published_in, now=ctx.now())
        for area in now.published_in:
            await _push(ctx, tx, area, now, rendered.asset.digest)
    ctx.events.tell(f"incident:{incident.id}")
    return True


# --- steps ------------------------------------------------------------------------------------------------------


def _draft(ctx: Context, actor: Actor, asked: Asked, old: Incident | None = None) -> Incident:
    request = AlertRequest(
        hazard=asked.hazard,
        level=asked.level,
        target=Target(areas=tuple(AreaCode(code) for code in asked.areas)),
        issued_by=actor.account.id,
        text=asked.text,
        kind=asked.kind,
        valid_until=asked.valid_until,
        repeats=asked.repeats,
        gap=asked.gap,
        decision=asked.decision,
        civil_defence_level=asked.civil_defence_level,
    )
    if old is not None:
        return incidents.update(old, request, id=_new_id(), now=ctx.now())
    return incidents.draft(request, id=_new_id(), now=ctx.now())


async def _activate(ctx: Context, tx: Transaction, draft: Incident, groups: Iterable[Group], *, by: str) -> Incident:
    """Return `draft` on the air, kept, with its roll open; what is said to the areas is published after."""
    now = ctx.now()
    areas = smallest_set(draft.target.areas, ctx.tree, tuple(groups))
    override = build(draft, await tx.pinned.every(), None, now=now)
    sent = incidents.activate(incidents.approve(draft, by=by, now=now), override, areas, now=now)
    await tx.incidents.add(sent)
    await tx.rolls.open(RollCall(alert=sent.id, opened_at=now, expires_at=sent.valid_until), ())
    return sent


async def _publish(ctx: Context, tx: Transaction, areas: Collection[AreaCode], *, now: datetime) -> None:
    """Put the document of each area into the outbox: all that is active there, and nothing else."""
    on_air = await tx.incidents.active()
    for area in areas:
        sequence = await tx.sequences.next(area, now)
        merged = merge(area, active_in(area, on_air, now), sequence=sequence, now=now)
        if merged.left_out:
            log.error("too many alerts", extra={"action": "alerts_left_out", "area": area, "n": len(merged.left_out)})
        document = merged.document
        message = Outgoing(
            lane=Lane.EMERGENCY,
            topic=topics.override(area),
            payload=ctx.seal(document),
            retain=True,
            created_ms=document.issued_at_ms,
            not_after_ms=document.expires_at_ms,
        )
        await tx.outbox.add(message)
        held = AreaSequence(area=area, sequence=sequence)
        for override in document.overrides:
            await tx.rolls.put_roll(rollcall.republished(await tx.rolls.roll(override.id), held))


async def _push(ctx: Context, tx: Transaction, area: AreaCode, incident: Incident, digest: AssetDigest) -> None:
    message = Outgoing(
        lane=Lane.SOUND,
        topic=area,
        digest=digest,
        created_ms=ctx.now_ms(),
        not_after_ms=int(incident.valid_until.timestamp() * 1000),
    )
    await tx.outbox.add(message)


async def _call_the_roll(ctx: Context, incident: Incident) -> None:
    """Put everybody who listens on the roll; who has answered already is on it."""
    async with ctx.store.write() as tx:
        devices = await tx.devices.listening(incident.published_in)
        active_ids = [device.id for device in devices if device.public_key is not None]
        _, calls = rollcall.open_roll(
            incident.id,
            active_ids,
            now=incident.activated_at or incident.created_at,
            expires_at=incident.valid_until,
            unreachable=await _unreachable(ctx, tx),
        )
        await tx.rolls.join(calls)
    ctx.events.tell(f"incident:{incident.id}")


async def _expire(ctx: Context, incident_id: AlertId) -> None:
    async with ctx.store.write(urgent=True) as tx:
        before = await tx.incidents.get(incident_id)
        if not is_over(before, ctx.now()):
            return
        await tx.incidents.change(before, incidents.expire(before, now=ctx.now()))
        await _publish(ctx, tx, areas_to_publish(before), now=ctx.now())
        await tx.audit.add(at=ctx.now(), actor="hub.alert", unit=ctx.unit, act="alert.expire", subject=before.id)
    ctx.events.tell("incidents", f"incident:{incident_id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """What one look at a roll comes to."""

    changed: tuple[Call, ...]
    steps: tuple[NextStep, ...]
    ends: bool


async def _round(ctx: Context, tx: Transaction, roll: RollCall, gone: frozenset[DeviceId]) -> _Round:
    now = ctx.now()
    before = await tx.rolls.calls(roll.alert)
    calls = {call.device: on_presence(call, reachable=call.device not in gone) for call in before}
    steps = next_steps(calls.values(), now)
    for step in steps:
        calls[step.device] = on_step(calls[step.device], step, now=now)
    changed = tuple(calls[call.device] for call in before if calls[call.device] != call)
    return _Round(changed=changed, steps=steps, ends=now >= roll.expires_at or await _is_over(tx, roll))


async def _asks(ctx: Context, tx: Transaction, roll: RollCall, gone: frozenset[DeviceId]) -> bool:
    """Say whether a roll has anything to write, so that a look at what stands still takes no turn to write."""
    found = await _round(ctx, tx, roll, gone)
    return bool(found.changed) or found.ends


async def _ask_again(ctx: Context, roll: RollCall, gone: frozenset[DeviceId]) -> None:
    """Take the next steps of one roll, by what is known now; close it when there is nobody left to ask."""
    async with ctx.store.write() as tx:
        found = await _round(ctx, tx, roll, gone)
        await tx.rolls.put_all(found.changed)
        if any(isinstance(step, Resend) for step in found.steps):
            await _say_again(ctx, tx, roll)
        if found.ends:
            await tx.rolls.put_roll(replace(await tx.rolls.roll(roll.alert), closed_at=ctx.now()))
    _say(roll, found.steps)
    if found.steps:
        ctx.events.tell(f"incident:{roll.alert}")


async def _is_over(tx: Transaction, roll: RollCall) -> bool:
    return (await tx.incidents.get(roll.alert)).stage is not Stage.ACTIVE


async def _say_again(ctx: Context, tx: Transaction, roll: RollCall) -> None:
    for held in roll.documents:
        await tx.outbox.repeat(topics.override(held.area), ctx.now_ms())


def _say(roll: RollCall, steps: Iterable[NextStep]) -> None:
    """Log what is done about whom, one line for all to whom the same happens."""
    alike: dict[tuple[str, str], list[DeviceId]] = {}
    for step in steps:
        alike.setdefault((type(step).__name__.lower(), str(step.because)), []).append(step.device)
    for (action, why), devices in alike.items():
        facts = {"action": action, "alert": roll.alert, "why": why, "n": len(devices), "devices": devices[:NAMED_MAX]}
        log.warning("loudspeakers have not answered", extra=facts)


async def _unreachable(ctx: Context, tx: Transaction) -> frozenset[DeviceId]:
    """Return the loudspeakers that have been here and are not now."""
    now = ctx.now()
    return frozenset(seen.device for seen in await tx.states.every() if presence(seen, now) in GONE)


# --- who may ----------------------------------------------------------------------------------------------------


def _must(ctx: Context, actor: Actor, asked: Asked, groups: Iterable[Group]) -> None:
    permission = Permission.DRILL if asked.kind is OverrideKind.DRILL else Permission.SEND_ALERT
    answer = may_in_all(actor.grants, permission, _units(asked.areas, groups), ctx.tree)
    if isinstance(answer, Denied):
        raise NotAllowed(answer.words(ctx.tree))


def _must_end(ctx: Context, actor: Actor, incident: Incident, groups: Iterable[Group]) -> None:
    """Whoever may send may recall; and who sent it may recall it whatever has become of the rights."""
    if incident.issued_by == actor.account.id:
        return
    permission = Permission.DRILL if incident.is_drill else Permission.SEND_ALERT
    answer = may_in_all(actor.grants, permission, _units(incident.target.areas, groups), ctx.tree)
    if isinstance(answer, Denied):
        raise NotAllowed(answer.words(ctx.tree))


def _units(areas: Iterable[str], groups: Iterable[Group]) -> list[str]:
    members = {group.code: group.members for group in groups}
    return [unit for code in areas for unit in members.get(AreaCode(code), (AreaCode(code),))]


def _concerns(ctx: Context, actor: Actor, incident: Incident, groups: Iterable[Group]) -> bool:
    """Say whether this person sees a unit that the incident is about, or stands in one."""
    units = _units(incident.target.areas, groups)
    own = actor.reach(Permission.SEE, ctx.tree)
    return any(actor.sees(unit, ctx.tree) or any(ctx.tree.is_within(mine, unit) for mine in own) for unit in units)


async def _visible(ctx: Context, tx: Transaction, actor: Actor, incident_id: str) -> Incident:
    try:
        incident = await tx.incidents.get(AlertId(incident_id))
    except UnknownIncident as exc:
        raise NotFound(exc.in_vietnamese()) from exc
    if not _concerns(ctx, actor, incident, await tx.groups.every()):
        raise NotFound("Không tìm thấy tin khẩn cấp này.")
    return incident


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except BadAlert as exc:
        raise Refused(" ".join(fault.message for fault in exc.faults), field=exc.faults[0].field) from exc
    except (StaleIncident, IllegalTransition) as exc:
        raise Conflicted(exc.in_vietnamese()) from exc
    except NothingToSound as exc:
        raise Conflicted(exc.in_vietnamese()) from exc
    except UnknownIncident as exc:
        raise NotFound(exc.in_vietnamese()) from exc


def _new_id() -> AlertId:
    return AlertId(f"i-{secrets.token_hex(6)}")


async def _audit(ctx: Context, tx: Transaction, actor: Actor, incident: Incident, act: str) -> None:
    detail = {
        "hazard": incident.hazard,
        "level": incident.level,
        "kind": str(incident.kind),
        "areas": list(incident.target.areas),
        "name": hazard_of(incident.hazard).name,
        "decision": incident.decision,
    }
    unit = incident.target.areas[0] if incident.target.areas else ctx.unit
    await tx.audit.add(at=ctx.now(), actor=actor.account.id, unit=unit, act=act, subject=incident.id, detail=detail)
