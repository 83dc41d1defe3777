"""From raw speech to bytes whose *decoded* sound is within the profile: master, encode, decode, measure, aim again.

A codec moves peaks and takes a little loudness, so the figures before it promise nothing.
"""

import asyncio
from dataclasses import dataclass, replace

from content.audio.chime import Cue
from content.audio.encode import encode
from content.audio.encoder import Encoder
from content.audio.loudness import Loudness
from content.audio.master import Mastered, Profile, Speech, checked, master
from content.audio.probe import Probe, probe
from content.errors import OutOfTolerance

TRIES_MAX = 4  # the second nearly always holds
FIRST_HEADROOM_DB = 0.6  # Opus at 32 kbit/s adds up to this to the peaks of speech
FIRST_LOSS_LU = 0.2  # and takes this from its loudness
AIM_LOWER_DB = 0.15  # beyond what was over: the next encoding moves the peaks again


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """Encoded bytes and the figures of what they decode to."""

    data: bytes
    probe: Probe
    trimmed_ms: int
    tries: int


def _corrected(aim: Profile, got: Loudness, wanted: Profile) -> Profile:
    """Return where to aim next, after a try that was decoded as `got`."""
    over = got.peak_dbtp - wanted.peak_max_dbtp
    return replace(
        aim,
        target_lufs=aim.target_lufs + wanted.target_lufs - got.lufs,
        peak_max_dbtp=aim.peak_max_dbtp - (over + AIM_LOWER_DB if over > 0 else 0.0),
    )


def _against(exc: OutOfTolerance, wanted: Profile) -> OutOfTolerance:
    """Return the error with what was asked for instead of what was aimed at."""
    return OutOfTolerance(
        lufs=exc.lufs,
        peak_dbtp=exc.peak_dbtp,
        lufs_wanted=wanted.target_lufs,
        tolerance_lu=wanted.tolerance_lu,
        peak_max_dbtp=wanted.peak_max_dbtp,
    )


async def finish(
    speech: Speech,
    *,
    opening: Cue | None = None,
    closing: Cue | None = None,
    profile: Profile | None = None,
    encoder: Encoder | None = None,
) -> Finished:
    """Return the encoded programme; OutOfTolerance with the last figures when it cannot be brought within `profile`."""
    wanted = profile or Profile()
    aim = replace(
        wanted, target_lufs=wanted.target_lufs + FIRST_LOSS_LU, peak_max_dbtp=wanted.peak_max_dbtp - FIRST_HEADROOM_DB
    )
    tries = 0
    while True:
        tries += 1
        try:
            done: Mastered = await asyncio.to_thread(master, speech, opening=opening, closing=closing, profile=aim)
        except OutOfTolerance as exc:
            raise _against(exc, wanted) from exc
        data = await encode(done.pcm, encoder or Encoder())
        figures = await probe(data)
        try:
            checked(figures.loudness, wanted)
        except OutOfTolerance:
            if tries == TRIES_MAX:
                raise
            aim = _corrected(aim, figures.loudness, wanted)
        else:
            return Finished(data=data, probe=figures, trimmed_ms=done.trimmed_ms, tries=tries)
