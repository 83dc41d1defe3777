"""From an incident to what loudspeakers are told: clips in order, and one document per area with all that is active.

The first clips are pinned: a siren, or for a drill its announcement, sounds at once with no download.  The spoken text
is the next clip; where its audio has not come yet, the pinned standing message stands in for it.  A drill never falls
back to a message that could be taken for a real one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from devices.protocol import codec, limits
from devices.protocol.ids import AlertId, AreaCode, AssetDigest
from devices.protocol.manifest import Asset
from devices.protocol.messages import Override, OverrideKind, Overrides, Step
from devices.protocol.playout import rank
from emergency import wording
from emergency.errors import NothingToSound
from emergency.hazards import GENERAL, HAZARDS, Siren
from emergency.incident import Incident, Message, display_text, is_sounding

AFTER_SIREN_MS = 500  # the horn has stopped ringing
BETWEEN_VOICES_MS = 1500  # one breath: people hear that it begins again
DRILL_OPENING, DRILL_CLOSING = "drill-opening", "drill-closing"
ALL_CLEAR, DRILL_ALL_CLEAR = "all-clear", "drill-all-clear"
_KEEP = AreaCode("vn")  # any area: a document that only carries one override to a store and back


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedSound:
    """One sound that must be on every loudspeaker beforehand: a cue to make, or a text to speak."""

    id: str
    cue: Siren | None = None
    text: str = ""


Pinned = Mapping[str, AssetDigest]  # id of a PinnedSound -> its audio; what is not ready yet is not in it


def standing_id(hazard_id: str) -> str:
    """Return the name of the standing message of a hazard."""
    return f"standing-{hazard_id}"


def kit() -> tuple[PinnedSound, ...]:
    """Return everything that must be pinned before the first emergency."""
    return (
        *(PinnedSound(id=siren.value, cue=siren) for siren in Siren),
        PinnedSound(id=DRILL_OPENING, text=wording.DRILL_OPENING),
        PinnedSound(id=DRILL_CLOSING, text=wording.DRILL_CLOSING),
        PinnedSound(id=ALL_CLEAR, text=wording.ALL_CLEAR_STANDING),
        PinnedSound(id=DRILL_ALL_CLEAR, text=wording.DRILL_ALL_CLEAR),
        *(PinnedSound(id=standing_id(hazard.id), text=hazard.standing) for hazard in HAZARDS.values()),
    )


# --- one incident ---------------------------------------------------------------------------------------------------


def build(incident: Incident, pinned: Pinned, speech: Asset | None, *, now: datetime) -> Override:
    """Return what the loudspeakers are told.  Raises NothingToSound; anything that can sound is better than nothing.

    Without `speech` the pinned message is said; `with_speech` adds the spoken text later under the same id.
    """
    steps = _steps(incident, pinned, speech)
    if not steps:
        raise NothingToSound(incident.id)
    return Override(
        id=incident.id,
        kind=incident.kind,
        level=incident.level,
        hazard=incident.hazard,
        issued_at_ms=_ms(now),
        expires_at_ms=_ms(incident.valid_until),
        repeats=incident.policy.repeats,
        volume_percent=incident.policy.volume_percent,
        steps=steps,
        assets=() if speech is None else (speech,),
        text=display_text(incident),
    )


def with_speech(override: Override, incident: Incident, pinned: Pinned, speech: Asset) -> Override:
    """Return `override` with the spoken text in it: the same id and the same clips, so what sounds goes on."""
    return replace(override, steps=_steps(incident, pinned, speech), assets=(speech,))


def _steps(incident: Incident, pinned: Pinned, speech: Asset | None) -> tuple[Step, ...]:
    before, after = _frame(incident, pinned)
    voice = _voice(incident, pinned, speech)
    steps = (*_clip(before, AFTER_SIREN_MS), *_said(voice, incident.policy.voice_times), *_clip(after, 0))
    if not steps:
        return ()
    return (*steps[:-1], replace(steps[-1], gap_ms=incident.policy.gap // timedelta(milliseconds=1)))


def _said(voice: Step | None, times: int) -> tuple[Step, ...]:
    """Return `voice` so many times, with a breath between."""
    if voice is None:
        return ()
    return (replace(voice, gap_ms=BETWEEN_VOICES_MS),) * (times - 1) + (replace(voice, gap_ms=AFTER_SIREN_MS),)


def _frame(incident: Incident, pinned: Pinned) -> tuple[AssetDigest | None, AssetDigest | None]:
    """Return what sounds before and after the voice; any siren is better than none when danger is real."""
    if incident.kind is OverrideKind.DRILL:
        opening = pinned.get(DRILL_OPENING)
        return opening, pinned.get(DRILL_CLOSING, opening)
    wanted = incident.policy.siren
    if wanted is None:
        return None, None
    siren = pinned.get(wanted.value)
    if siren is None and incident.message is not Message.ALL_CLEAR:
        siren = next((pinned[other.value] for other in _WARNING if other.value in pinned), None)
    return siren, siren


_WARNING = (Siren.WAIL, Siren.PULSE, Siren.HI_LO)


def _voice(incident: Incident, pinned: Pinned, speech: Asset | None) -> Step | None:
    standing = next((pinned[name] for name in _stand_ins(incident) if name in pinned), None)
    if speech is not None:
        return Step(asset=speech.digest, fallback=standing)
    return None if standing is None else Step(asset=standing)


def _stand_ins(incident: Incident) -> Sequence[str]:
    """Return what may be said in place of the text, best first."""
    all_clear = incident.message is Message.ALL_CLEAR
    if incident.kind is OverrideKind.DRILL:
        return (DRILL_ALL_CLEAR,) if all_clear else (DRILL_OPENING,)
    return (ALL_CLEAR,) if all_clear else (standing_id(incident.hazard), standing_id(GENERAL.id))


def _clip(digest: AssetDigest | None, gap_ms: int) -> tuple[Step, ...]:
    return () if digest is None else (Step(asset=digest, gap_ms=gap_ms),)


# --- all that is active in an area ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """A document, and what did not fit into it."""

    document: Overrides
    without_text: tuple[AlertId, ...] = ()  # sound as they should; displays show the hazard only
    left_out: tuple[AlertId, ...] = ()  # rank lowest; a person must end one of the others


def areas_to_publish(*incidents: Incident) -> tuple[AreaCode, ...]:
    """Return the areas whose documents change when these incidents do."""
    return tuple(sorted({area for incident in incidents for area in incident.published_in}))


def active_in(area: AreaCode, incidents: Iterable[Incident], now: datetime) -> tuple[Override, ...]:
    """Return what must be heard in `area` now, highest rank first."""
    sounding = (incident for incident in incidents if area in incident.published_in and is_sounding(incident, now))
    overrides = (incident.override for incident in sounding if incident.override is not None)
    return tuple(sorted(overrides, key=rank, reverse=True))


def merge(area: AreaCode, overrides: Iterable[Override], *, sequence: int, now: datetime) -> Merged:
    """Return the document of `area`; what cannot fit loses its text first, then the lowest ranks are left out.

    It is valid for as long as anything that an earlier document of the area may have said: a device that comes back
    must find the end of an override valid for at least as long as the override.
    """
    ranked = sorted(overrides, key=rank, reverse=True)
    kept, out = ranked[: limits.OVERRIDES_MAX], ranked[limits.OVERRIDES_MAX :]
    empty = Overrides(
        area=area, sequence=sequence, issued_at_ms=_ms(now), expires_at_ms=_ms(now) + limits.OVERRIDE_MS_MAX
    )
    silent: list[AlertId] = []
    while not _fits(replace(empty, overrides=tuple(kept))):
        longest = next((n for n in reversed(range(len(kept))) if kept[n].text), None)
        if longest is None:
            out = [kept.pop(), *out]
        else:
            silent.append(kept[longest].id)
            kept[longest] = replace(kept[longest], text="")
    return Merged(
        document=replace(empty, overrides=tuple(kept)),
        without_text=tuple(name for name in silent if name not in {o.id for o in out}),
        left_out=tuple(override.id for override in out),
    )


def next_sequence(last: int, now: datetime) -> int:
    """Return a sequence above `last` and, by following the clock, above all that a lost database had given out."""
    return max(last + 1, _ms(now))


def pack(override: Override) -> bytes:
    """Return `override` as bytes for a store, in the form of the wire."""
    document = Overrides(
        area=_KEEP,
        sequence=1,
        issued_at_ms=override.issued_at_ms,
        expires_at_ms=override.expires_at_ms,
        overrides=(override,),
    )
    return codec.encode(document)


def unpack(data: bytes) -> Override:
    """Return what `pack` has made of it."""
    (override,) = codec.decode_as(Overrides, data).overrides
    return override


def _fits(document: Overrides) -> bool:
    try:
        codec.encode(document)
    except ValueError:
        return False
    return True


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
