"""`loa audio ingest` as it is called."""

import argparse
import json
import re
from pathlib import Path

import numpy as np
import pytest

from content.audio.chime import Cue, sound
from content.audio.pcm import joined, pcm, silence
from devices.protocol.chunks import digest_of
from hub.commands import audio
from tests.fakes.sounds import as_file, babble

KEYS = {"accepted", "reasons", "lufs_in", "lufs_out", "peak_dbtp", "duration_ms", "trimmed_ms", "digest"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    voice = babble(np.random.default_rng(3), 3)
    files = {
        "tot.mp3": as_file(joined([silence(800), voice]), "-f", "mp3"),
        "im-lang.wav": as_file(silence(2000), "-f", "wav"),
        "coi.ogg": as_file(joined([voice, sound(Cue.SIREN_PULSE)]), "-c:a", "libopus", "-f", "ogg"),
        "lech.wav": as_file(pcm(voice.samples[:, 0] + 0.05), "-f", "wav"),
        "chu.txt": b"xin chao",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def call(*words: str) -> int:
    parser = argparse.ArgumentParser()
    audio.add_arguments(parser)
    return audio.run(parser.parse_args(["ingest", *words]))


def test_each_file_is_one_json_object_with_its_figures(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["tot.mp3", "im-lang.wav", "coi.ogg", "lech.wav", "chu.txt", "tot.mp3"]
    assert call(*(str(folder / name) for name in names), "--json") == 1
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(set(one) >= KEYS for one in told)
    assert [one["accepted"] for one in told] == [True, False, False, True, False, False]
    codes = [[reason["code"] for reason in one["reasons"]] for one in told]
    assert codes == [[], ["silent"], ["siren"], ["dc_offset"], ["not_audio"], ["duplicate"]]
    good = told[0]
    assert good["lufs_out"] == pytest.approx(-16, abs=0.5)
    assert good["peak_dbtp"] <= -1.5
    assert good["trimmed_ms"] > 500
    assert len(good["digest"]) == 64
    assert told[1]["lufs_in"] is None
    assert told[1]["digest"] is None


def test_an_emergency_may_sound_a_siren_and_the_master_is_written(folder: Path) -> None:
    out = folder / "xong"
    assert call(str(folder / "coi.ogg"), "--emergency", "--json", "-o", str(out)) == 0
    (written,) = out.iterdir()
    assert written.stem == digest_of(written.read_bytes())


def test_without_json_people_read_the_reason_and_the_remedy(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(str(folder / "im-lang.wav"), str(folder / "tot.mp3")) == 1
    told = capsys.readouterr().out
    assert "từ chối" in told
    assert "Hãy kiểm tra micro" in told
    assert re.search(r"nhận, −1[56],?\d* LUFS, đỉnh −\d", told)


def test_a_file_that_is_not_there_is_said_and_the_others_are_done(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(str(folder / "khong-co.mp3"), str(folder / "tot.mp3"), "--json") == 2
    got = capsys.readouterr()
    assert "không đọc được" in got.err
    assert json.loads(got.out)["accepted"]
