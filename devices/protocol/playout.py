"""What must sound now, and why: one pure function that every loudspeaker computes.

Precedence, highest first: emergency, drill, live of a higher level, priority, own live, scheduled, relay.
Live and relay are not in version 1; priority and scheduled items never overlap, because the hub settles that when
it compiles the day.  So at most one item wants to sound, and any number of overrides above it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from devices.protocol.ids import AssetDigest
from devices.protocol.limits import SILENT_GAP_MS_MAX
from devices.protocol.manifest import AfterCut, Manifest, PlayItem, QuietHours, ServiceClass
from devices.protocol.messages import Override, OverrideKind, Source, Why

NEVER_MS = 1 << 62  # later than anything


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where an item or an override is.  `anchor_ms` is the moment at which the beginning of its clip lies."""

    anchor_ms: int | None = None  # None: it does not sound
    cut: bool = False  # items: it has sounded and was interrupted
    heard_ms: int = 0  # items: how much of it had sounded then
    ended: bool = False
    step: int = 0  # overrides: which clip, counted through all rounds
    heard: int = 0  # overrides: bit n is set when step n has sounded its own asset to the end
    not_before_ms: int = 0  # overrides: the gap before the next clip lasts until here
    digest: AssetDigest | None = None  # overrides: the clip that sounds; a better one that arrives waits for its end


FRESH = Cursor()
Progress = Mapping[str, Cursor]  # "item:<id>" or "override:<id>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Audio that must be heard now: `digest` at `position_ms`."""

    source: Source
    id: str
    digest: AssetDigest
    position_ms: int
    volume_percent: int
    step: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What must sound, why, and until when this holds if nothing happens (UTC ms)."""

    sound: Sound | None
    why: Why
    until_ms: int
    progress: Progress
    about: str = ""  # the item or override that `why` speaks of


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything that decides what sounds."""

    now_ms: int
    clock_trusted: bool
    floor_ms: int = 0  # it is at least this late: the newest signed moment ever seen
    manifest: Manifest | None = None
    overrides: tuple[Override, ...] = ()
    held: Mapping[AssetDigest, int] = field(default_factory=dict)  # complete, checked audio -> its duration in ms
    progress: Progress = field(default_factory=dict)
    quiet: QuietHours = field(default_factory=QuietHours)  # the device's own, from its enrolment: it binds as well
    hold_until_ms: int = 0  # stopped by command until then


def item_key(item_id: str) -> str:
    """Return the name of an item in Progress."""
    return f"item:{item_id}"


def override_key(override_id: str) -> str:
    """Return the name of an override in Progress."""
    return f"override:{override_id}"


def rank(override: Override) -> tuple[bool, int, int, str]:
    """Return the place of an override; the greatest sounds: meant before drill, then level, then newest, then id."""
    return (override.kind is OverrideKind.EMERGENCY, override.level, override.issued_at_ms, override.id)


def live(s: Situation) -> list[Override]:
    """Return the overrides that may sound, first the one that ranks highest.  Late is never loud."""
    return sorted((o for o in s.overrides if _left_ms(s, o) > 0), key=rank, reverse=True)


def _left_ms(s: Situation, o: Override) -> int:
    """Return how long `o` may still sound, as far as is known."""
    return o.expires_at_ms - (s.now_ms if s.clock_trusted else s.floor_ms)


def decide(s: Situation) -> Decision:
    """Return what must sound at `s.now_ms`.  Same situation, same answer; no clock, no I/O, no memory."""
    known = _known(s)
    progress = {key: cursor for key, cursor in s.progress.items() if key in known}
    silent: list[Decision] = []  # overrides above the answer that have nothing to say now
    for override in live(s):
        decision = _override(s, override, progress)
        if decision is None:  # all rounds are over
            continue
        if decision.sound is not None or _keeps_silence(override, decision, progress):
            _keep_out(s, progress)
            return _answer(s, decision, silent, progress, but=override_key(override.id))
        silent.append(decision)
    scheduled = _scheduled(s, progress)
    sounding = item_key(scheduled.about) if scheduled.why is Why.SCHEDULED else ""
    if silent and scheduled.sound is None:  # say what is missing rather than that nothing is scheduled
        scheduled = replace(silent[0], until_ms=min(silent[0].until_ms, scheduled.until_ms))
    return _answer(s, scheduled, silent, progress, but=sounding)


def _known(s: Situation) -> set[str]:
    items = {item_key(item.id) for item in s.manifest.items} if s.manifest else set()
    return items | {override_key(override.id) for override in s.overrides}


def _keeps_silence(o: Override, decision: Decision, progress: Progress) -> bool:
    """Say whether nothing below `o` may sound although it is silent: in a gap that is short."""
    return decision.why is Why.GAP and _gap_ms(o, progress[override_key(o.id)]) <= SILENT_GAP_MS_MAX


def _answer(
    s: Situation, decision: Decision, above: list[Decision], progress: dict[str, Cursor], *, but: str
) -> Decision:
    """Return `decision` with the progress it leaves, and until what is above it, or an expiry, may change it."""
    expiries = (s.now_ms + _left_ms(s, o) for o in live(s))
    until_ms = min([decision.until_ms, *(silent.until_ms for silent in above), *expiries])
    return replace(decision, until_ms=until_ms, progress=_silenced(s, progress, but=but))


# --- overrides --------------------------------------------------------------------------------------------------


def _override(s: Situation, o: Override, progress: dict[str, Cursor]) -> Decision | None:
    """Return what override `o` wants now and move its cursor; None when all its rounds are over."""
    key = override_key(o.id)
    drill = o.kind is not OverrideKind.EMERGENCY
    forbidden = _drill_forbidden(s) if drill else None
    if forbidden is not None:
        return None if progress.get(key, FRESH).ended else _silence(forbidden, _drill_until(s), o.id)
    cursor = _past_the_clip(s, o, progress.get(key, FRESH))
    gap_until_ms = _gap_until_ms(s, o, cursor)
    if cursor.anchor_ms is None and gap_until_ms is None:
        cursor = _next_clip(s, o, cursor)
    progress[key] = cursor
    if cursor.ended:
        return None
    if cursor.anchor_ms is None or cursor.digest is None:
        why = Why.WAITING_FOR_AUDIO if gap_until_ms is None else Why.GAP
        return _silence(why, NEVER_MS if gap_until_ms is None else gap_until_ms, o.id)
    sound = Sound(
        source=Source.DRILL if drill else Source.OVERRIDE,
        id=o.id,
        digest=cursor.digest,
        position_ms=s.now_ms - cursor.anchor_ms,
        volume_percent=o.volume_percent,
        step=cursor.step,
    )
    until_ms = min(cursor.anchor_ms + s.held[cursor.digest], _drill_until(s) if drill else NEVER_MS)
    return Decision(sound=sound, why=Why.DRILL if drill else Why.OVERRIDE, until_ms=until_ms, progress={}, about=o.id)


def _drill_forbidden(s: Situation) -> Why | None:
    """Return why no drill may sound now: it is no emergency, so a stop and quiet hours bind it."""
    if not s.clock_trusted:
        return Why.CLOCK_NOT_TRUSTED
    if s.now_ms < s.hold_until_ms:
        return Why.STOPPED
    return Why.QUIET_HOURS if quiet(s, s.now_ms) else None


def _drill_until(s: Situation) -> int:
    """Return when what binds a drill may change."""
    edges = [s.hold_until_ms if s.now_ms < s.hold_until_ms else None, *_quiet_edges(s)]
    return min((edge for edge in edges if edge is not None), default=NEVER_MS)


def _gap_ms(o: Override, cursor: Cursor) -> int:
    """Return how long the silence before the next clip is; none before the first."""
    return o.steps[(cursor.step - 1) % len(o.steps)].gap_ms if cursor.step else 0


def _gap_until_ms(s: Situation, o: Override, cursor: Cursor) -> int | None:
    """Return when the gap that `cursor` is in ends; None outside of one, or when the clock was set back over it."""
    left_ms = cursor.not_before_ms - s.now_ms
    return cursor.not_before_ms if 0 < left_ms <= _gap_ms(o, cursor) else None


def _past_the_clip(s: Situation, o: Override, cursor: Cursor) -> Cursor:
    """Return `cursor` moved on when its clip has ended; back at its beginning when the clip is lost."""
    if cursor.anchor_ms is None:
        return cursor
    duration_ms = s.held.get(cursor.digest) if cursor.digest else None
    if duration_ms is None or s.now_ms < cursor.anchor_ms:  # evicted; or the clock was set back
        return replace(cursor, anchor_ms=None, digest=None)
    end_ms = cursor.anchor_ms + duration_ms
    if s.now_ms < end_ms:
        return cursor
    heard = sum(1 << n for n, step in enumerate(o.steps) if step.asset == cursor.digest)
    moved = replace(cursor, anchor_ms=None, digest=None, step=cursor.step + 1, heard=cursor.heard | heard)
    return replace(moved, not_before_ms=end_ms + _gap_ms(o, moved))


def _next_clip(s: Situation, o: Override, cursor: Cursor) -> Cursor:
    """Return `cursor` at the next clip that can sound: steps whose audio is not held are passed over."""
    total = o.repeats * len(o.steps) if o.repeats else NEVER_MS
    for step in range(cursor.step, min(cursor.step + len(o.steps), total)):
        digest = _playable(o, step, s.held)
        if digest is not None:
            return replace(cursor, step=step, anchor_ms=s.now_ms, digest=digest)
    over = cursor.step >= total or any(_playable(o, step, s.held) for step in range(len(o.steps)))
    return _late_clip(s, o, replace(cursor, step=max(cursor.step, total))) if over else cursor


def _late_clip(s: Situation, o: Override, cursor: Cursor) -> Cursor:
    """All rounds are over; return `cursor` at a clip that was not there in its turns and is now: it sounds once."""
    missed = [n for n in range(len(o.steps)) if not cursor.heard >> n & 1]
    late = next((n for n in missed if o.steps[n].asset in s.held), None)
    if late is None:
        return replace(cursor, ended=not missed)
    rounds = -(-cursor.step // len(o.steps))
    return replace(cursor, step=rounds * len(o.steps) + late, anchor_ms=s.now_ms, digest=o.steps[late].asset)


def _playable(o: Override, step: int, held: Iterable[AssetDigest]) -> AssetDigest | None:
    wanted = o.steps[step % len(o.steps)]
    return next((digest for digest in (wanted.asset, wanted.fallback) if digest and digest in held), None)


# --- the day ----------------------------------------------------------------------------------------------------


def _scheduled(s: Situation, progress: dict[str, Cursor]) -> Decision:
    """Return what the day plan wants now, and move the cursor of its item."""
    why = _no_schedule(s)
    if why is not None or s.manifest is None:
        return _silence(why or Why.NO_MANIFEST, NEVER_MS)
    item = _item_now(s, s.manifest)
    until_ms = _schedule_until(s, s.manifest, item)
    if item is None:
        return _silence(Why.NOTHING_SCHEDULED, until_ms)
    if s.now_ms < s.hold_until_ms:
        _keep_out(s, progress)
        return _silence(Why.STOPPED, min(until_ms, s.hold_until_ms), item.id)
    if item.service_class is not ServiceClass.EMERGENCY and quiet(s, s.now_ms):
        _keep_out(s, progress)
        return _silence(Why.QUIET_HOURS, until_ms, item.id)
    return _item(s, s.manifest, item, progress, until_ms)


def _item_now(s: Situation, manifest: Manifest) -> PlayItem | None:
    return next((item for item in manifest.items if item.start_ms <= s.now_ms < item.end_ms), None)


def _keep_out(s: Situation, progress: dict[str, Cursor]) -> None:
    """An item kept from beginning is as one cut after nothing: its policy says how it comes in when it may."""
    item = _item_now(s, s.manifest) if s.manifest and _no_schedule(s) is None else None
    if item is None:
        return
    cursor = progress.get(item_key(item.id), FRESH)
    if cursor.anchor_ms is None and not cursor.ended:
        progress[item_key(item.id)] = replace(cursor, cut=True)


def quiet(s: Situation, at_ms: int) -> bool:
    """Say whether only emergencies may sound: by the manifest or by the device's own hours, whichever is stricter."""
    return s.quiet.quiet(at_ms) or (s.manifest is not None and s.manifest.quiet.quiet(at_ms))


def _no_schedule(s: Situation) -> Why | None:
    if s.manifest is None:
        return Why.NO_MANIFEST
    if not s.clock_trusted:
        return Why.CLOCK_NOT_TRUSTED
    return Why.MANIFEST_EXPIRED if s.now_ms >= s.manifest.expires_at_ms else None


def _schedule_until(s: Situation, manifest: Manifest, item: PlayItem | None) -> int:
    edges = [manifest.expires_at_ms, *_quiet_edges(s)]
    if item is not None:
        edges.append(item.end_ms)
    else:
        edges.append(next((later.start_ms for later in manifest.items if later.start_ms > s.now_ms), None))
    return min(edge for edge in edges if edge is not None)


def _quiet_edges(s: Situation) -> tuple[int | None, ...]:
    return s.quiet.next_change_ms(s.now_ms), s.manifest.quiet.next_change_ms(s.now_ms) if s.manifest else None


def _silence(why: Why, until_ms: int, about: str = "") -> Decision:
    return Decision(sound=None, why=why, until_ms=until_ms, progress={}, about=about)


def _item(s: Situation, m: Manifest, item: PlayItem, progress: dict[str, Cursor], until_ms: int) -> Decision:
    key = item_key(item.id)
    cursor = progress.get(key, FRESH)
    duration_ms = s.held.get(item.asset)
    if cursor.ended:
        return _silence(Why.SKIPPED if cursor.cut else Why.ITEM_OVER, until_ms, item.id)
    if duration_ms is None:
        return _filler(s, m, item, until_ms)
    cursor = progress[key] = _anchored(s, item, cursor)
    if cursor.anchor_ms is None:
        return _silence(Why.SKIPPED, until_ms, item.id)
    position_ms = s.now_ms - cursor.anchor_ms
    if position_ms >= duration_ms:
        progress[key] = replace(cursor, anchor_ms=None, ended=True, cut=False)
        return _silence(Why.ITEM_OVER, until_ms, item.id)
    volume_percent = m.emergency_volume_percent if item.service_class is ServiceClass.EMERGENCY else m.volume_percent
    sound = Sound(
        source=Source.ITEM, id=item.id, digest=item.asset, position_ms=position_ms, volume_percent=volume_percent
    )
    until_ms = min(until_ms, cursor.anchor_ms + duration_ms)
    return Decision(sound=sound, why=Why.SCHEDULED, until_ms=until_ms, progress={}, about=item.id)


def _anchored(s: Situation, item: PlayItem, cursor: Cursor) -> Cursor:
    """Return `cursor` with the moment at which the item's beginning lies, by its policy when it was cut."""
    if cursor.anchor_ms is not None and cursor.anchor_ms <= s.now_ms:  # later: the clock was set back
        return cursor
    if not cursor.cut or item.after_cut is AfterCut.JOIN:
        return replace(cursor, anchor_ms=item.start_ms)
    if item.after_cut is AfterCut.SKIP:
        return replace(cursor, ended=True)
    heard_ms = cursor.heard_ms if item.after_cut is AfterCut.RESUME else 0
    return replace(cursor, anchor_ms=s.now_ms - heard_ms)


def _filler(s: Situation, m: Manifest, item: PlayItem, until_ms: int) -> Decision:
    duration_ms = s.held.get(m.filler) if m.filler else None
    if m.filler is None or duration_ms is None:
        return _silence(Why.NO_AUDIO, until_ms, item.id)
    position_ms = (s.now_ms - item.start_ms) % duration_ms
    sound = Sound(
        source=Source.FILLER, id=item.id, digest=m.filler, position_ms=position_ms, volume_percent=m.volume_percent
    )
    until_ms = min(until_ms, s.now_ms + duration_ms - position_ms)
    return Decision(sound=sound, why=Why.FILLER, until_ms=until_ms, progress={}, about=item.id)


def _silenced(s: Situation, progress: dict[str, Cursor], *, but: str) -> Progress:
    """Return `progress` with everything stopped that sounded and does not any more."""
    return {key: cursor if key == but else _stopped(s, key, cursor) for key, cursor in progress.items()}


def _stopped(s: Situation, key: str, cursor: Cursor) -> Cursor:
    if cursor.anchor_ms is None:
        return cursor
    if key.startswith("override:"):  # it begins its clip again when its turn comes back
        return replace(cursor, anchor_ms=None, digest=None)
    return replace(cursor, anchor_ms=None, cut=True, heard_ms=max(cursor.heard_ms, s.now_ms - cursor.anchor_ms))
