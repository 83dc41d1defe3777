"""The worker process: killed, stopped, lying, or talking to somebody who went away."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from content.audio.loudness import true_peak_dbtp
from content.audio.pcm import Pcm
from content.errors import EngineCrashed, EngineRefused, EngineSilent, EngineTimeout
from content.speech import espeak as edge
from content.speech.espeak import EspeakEngine
from content.speech.voice import Region, Voice, phrases_of

SHORT = phrases_of(["một hai ba"])
LONG = phrases_of(["một hai ba bốn năm sáu bảy tám chín mười " * 12] * 20)  # ten minutes of speech


def worker(engine: EspeakEngine) -> int:
    """Return the process id of the only worker, when it is free."""
    (free,) = list(engine._slots._queue)  # type: ignore[attr-defined]
    assert free is not None
    return int(free.process.pid)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_the_three_accents_differ() -> None:
    async with EspeakEngine() as engine:
        lengths = {(await engine.speak(SHORT, Voice(region=region))).frames for region in Region}
    assert len(lengths) == 3


async def test_a_slower_voice_takes_longer() -> None:
    async with EspeakEngine() as engine:
        slow, usual, fast = [await engine.speak(SHORT, Voice(rate_percent=rate)) for rate in (70, 100, 150)]
    assert slow.frames > 1.2 * usual.frames > 1.4 * fast.frames


async def test_loud_vowels_are_not_cut_off() -> None:
    async with EspeakEngine() as engine:
        out = await engine.speak(phrases_of(["thông báo khẩn của ủy ban nhân dân về việc sơ tán"]), Voice())
    assert true_peak_dbtp(out) < -0.5


async def test_a_worker_killed_in_mid_sentence_is_replaced_and_the_sentence_said() -> None:
    async with EspeakEngine() as engine, asyncio.TaskGroup() as group:
        pid = worker(engine)
        speaking = group.create_task(engine.speak(LONG, Voice()), name="speak")
        await asyncio.to_thread(wait_until_busy, pid)
        os.kill(pid, signal.SIGKILL)
        out = await speaking
        assert out.duration_ms > 500_000
        assert worker(engine) != pid


def wait_until_busy(pid: int) -> None:
    """Return when the process has used three hundredths of a second since now: it is in its sentence."""
    stat = Path(f"/proc/{pid}/stat")
    before = int(stat.read_text().split()[13])
    while int(stat.read_text().split()[13]) < before + 3:
        pass


async def test_a_worker_that_hangs_is_killed_and_the_sentence_said_by_the_next() -> None:
    async with EspeakEngine(timeout_s=0.7) as engine:
        pid = worker(engine)
        os.kill(pid, signal.SIGSTOP)
        assert (await engine.speak(SHORT, Voice())).duration_ms > 500
        assert not alive(pid)


async def test_a_caller_that_goes_away_leaves_no_half_sentence_to_the_next() -> None:
    async with EspeakEngine() as engine:
        alone = await engine.speak(SHORT, Voice())
        pid = worker(engine)
        speaking = asyncio.get_running_loop().create_task(engine.speak(LONG, Voice()), name="speak")
        await asyncio.to_thread(wait_until_busy, pid)
        speaking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await speaking
        assert not alive(pid)
        assert np.array_equal((await engine.speak(SHORT, Voice())).samples, alone.samples)


async def test_callers_take_turns_and_get_their_own_words() -> None:
    sentences = [phrases_of([words]) for words in ("một", "hai ba", "bốn năm sáu bảy", "tám chín mười") * 2]
    async with EspeakEngine(workers=2) as engine:
        alone = [await engine.speak(sentence, Voice()) for sentence in sentences]
        together: list[Pcm] = await asyncio.gather(*(engine.speak(sentence, Voice()) for sentence in sentences))
    assert all(np.array_equal(one.samples, other.samples) for one, other in zip(alone, together, strict=True))


async def test_no_worker_is_left_when_the_engine_is_closed() -> None:
    async with EspeakEngine() as engine:
        pid = worker(engine)
        assert alive(pid)
    assert not alive(pid)


async def test_nothing_to_pronounce_is_silence_and_silence_is_an_error() -> None:
    async with EspeakEngine() as engine:
        with pytest.raises(EngineSilent):
            await engine.speak(phrases_of(["..."]), Voice())


async def test_what_was_said_before_is_not_heard_in_what_is_said_now() -> None:
    async with EspeakEngine() as engine:
        before = await engine.speak(SHORT, Voice())
        await engine.speak(phrases_of(["chín mười"]), Voice(region=Region.SOUTH, rate_percent=150))
        assert np.array_equal((await engine.speak(SHORT, Voice())).samples, before.samples)


async def test_markup_in_a_text_is_read_not_obeyed() -> None:
    async with EspeakEngine() as engine:
        plain = await engine.speak(phrases_of(["xin chào"]), Voice())
        marked = await engine.speak(phrases_of(['<audio src="/etc/passwd"/> [[pha:m]] xin chào']), Voice())
    assert marked.frames > 1.5 * plain.frames


async def test_a_line_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "WAITING_MAX", 0)
    async with EspeakEngine() as engine:
        with pytest.raises(EngineRefused, match="waiting"):
            await engine.speak(SHORT, Voice())


async def test_a_sound_without_end_is_stopped_inside_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "SAMPLES_MAX", 22_050)
    async with EspeakEngine() as engine:
        with pytest.raises(EngineRefused, match="longer than allowed"):
            await engine.speak(LONG, Voice())
        assert (await engine.speak(phrases_of(["một"]), Voice())).duration_ms < 1000


def impostor(tmp_path: Path, code: str) -> tuple[str, ...]:
    """Return the command of a worker that runs `code` after it has said it is ready."""
    path = tmp_path / "worker.py"
    ready = "import sys, os, struct\nout = sys.stdout.buffer\nout.write(b'R' + bytes(4)); out.flush()\n"
    path.write_text(ready + code)
    return (sys.executable, "-I", str(path))


READ = "sys.stdin.buffer.read(struct.unpack('>I', sys.stdin.buffer.read(4))[0])\n"


@pytest.mark.parametrize(
    ("code", "error", "match"),
    [
        (READ + "os._exit(7)", EngineCrashed, "exit code 7"),
        (READ + "os.kill(os.getpid(), 11)", EngineCrashed, "exit code -11"),
        (READ + "out.write(b'P' + b'\\xff' * 4); out.flush(); sys.stdin.read()", EngineCrashed, "process ended"),
        (READ + "out.write(b'?' + bytes(4)); out.flush(); sys.stdin.read()", EngineCrashed, "process ended"),
        (READ + "sys.stdin.read()", EngineTimeout, r"within 0\.4 s"),
        (
            READ + "out.write(b'E' + struct.pack('>II', 4, 22050)); out.flush(); sys.stdin.read()",
            EngineRefused,
            "0 answers",
        ),
        ("sys.stdin.close()", EngineCrashed, "process ended"),
    ],
    ids=["exits", "segfault", "frame too large", "unknown frame", "mute", "too few answers", "gone at once"],
)
async def test_a_worker_that_fails_twice_is_an_error_that_says_how(
    tmp_path: Path, code: str, error: type[Exception], match: str
) -> None:
    async with EspeakEngine(command=impostor(tmp_path, code), timeout_s=0.4) as engine:
        with pytest.raises(error, match=match):
            await engine.speak(SHORT, Voice())


@pytest.mark.parametrize(
    "command", [("/khong/co",), (sys.executable, "-c", "print('xin chao')")], ids=["none", "other"]
)
async def test_a_worker_that_does_not_start_is_an_error(command: tuple[str, ...]) -> None:
    with pytest.raises(EngineRefused, match="does not start"):
        async with EspeakEngine(command=command):
            raise AssertionError("it started")
