"""Mastering in worker processes: the same bytes, the same errors, and an end that always comes."""

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from content.audio.chime import Cue
from content.audio.finish import finish
from content.audio.master import Stretch
from content.audio.pcm import pcm, scaled
from content.audio.profiles import PROFILES, ProfileName
from content.audio.workshop import POLITE, Workshop
from content.errors import NothingHeard, OutOfTolerance, ToolFailed
from tests.fakes.sounds import babble


@pytest.fixture
def noise(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


async def test_a_worker_returns_what_the_same_work_in_this_process_returns(noise: np.random.Generator) -> None:
    speech = [Stretch(sound=babble(noise, 3, 22_050), pause_ms=0), Stretch(sound=babble(noise, 2), pause_ms=700)]
    profile = replace(PROFILES[ProfileName.HORN], low_hz=90.0)
    here = await finish(speech, opening=Cue.OPENING, profile=profile)
    async with Workshop() as workshop:
        there = await workshop.finish(speech, opening=Cue.OPENING, profile=profile)
        at_once = await workshop.finish_urgently(speech, opening=Cue.OPENING, profile=profile)
    assert there == here == at_once


async def test_what_cannot_be_met_is_told_with_its_figures_and_the_worker_goes_on(noise: np.random.Generator) -> None:
    crackling = pcm((noise.random(4 * 48_000) < 0.01) * noise.choice([-0.9, 0.9], 4 * 48_000))
    async with Workshop() as workshop:
        with pytest.raises(OutOfTolerance) as refused:
            await workshop.finish(crackling)
        assert refused.value.lufs_wanted == -16.0
        assert "LUFS" in refused.value.in_vietnamese()
        with pytest.raises(NothingHeard):
            await workshop.finish(scaled(babble(noise, 2), -120.0))
        assert (await workshop.finish(babble(noise, 2))).probe.loudness.lufs == pytest.approx(-16.0, abs=0.5)


def stand_in(folder: Path, body: str) -> tuple[str, ...]:
    """Return the command of a worker that is ready and then does `body`."""
    script = folder / "worker.py"
    ready = "import os, sys, time, struct\nsys.stdout.buffer.write(b'R\\0\\0\\0\\0')\nsys.stdout.buffer.flush()\n"
    script.write_text(f"{ready}{body}\n", "utf-8")
    return (sys.executable, "-I", str(script))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("sys.stdin.buffer.read(4)\nos._exit(3)", "ended"),
        ("time.sleep(60)", "took more than"),
        ("sys.stdout.buffer.write(b'?\\0\\0\\0\\0')\nsys.stdout.buffer.flush()\ntime.sleep(60)", "unknown frame"),
        ("sys.stdout.buffer.write(b'P\\xff\\xff\\xff\\xff')\nsys.stdout.buffer.flush()\ntime.sleep(60)", "a frame of"),
    ],
    ids=["dies", "hangs", "talks nonsense", "says too much"],
)
async def test_a_worker_that_fails_is_ended_and_said_to_have_failed(tmp_path: Path, body: str, told: str) -> None:
    command = await asyncio.to_thread(stand_in, tmp_path, body)
    async with Workshop(command=command, timeout_s=0.3) as workshop:
        with pytest.raises(ToolFailed, match=told):
            await workshop.finish(None, opening=Cue.OPENING)
        with pytest.raises(ToolFailed, match=told):  # a new one, which fails as well: the line is not blocked
            await workshop.finish(None, opening=Cue.OPENING)


async def test_ordinary_workers_let_others_go_first_and_the_urgent_one_does_not(tmp_path: Path) -> None:
    body = (
        "head = sys.stdin.buffer.read(4)\n"
        'said = (\'{"error": "NotAudio", "said": "%d"}\' % os.nice(0)).encode()\n'
        "sys.stdout.buffer.write(b'X' + struct.pack('>I', len(said)) + said)\nsys.stdout.buffer.flush()\ntime.sleep(60)"
    )
    command = await asyncio.to_thread(stand_in, tmp_path, "os.nice(int(sys.argv[1]))\n" + body)
    own = os.nice(0)
    async with Workshop(command=command) as workshop:
        with pytest.raises(Exception, match=f"^{own + POLITE}$"):
            await workshop.finish(None, opening=Cue.OPENING)
        with pytest.raises(Exception, match=f"^{own}$"):
            await workshop.finish_urgently(None, opening=Cue.OPENING)
