"""`loa speak` as it is called: arguments in, a WAV file and figures out."""

import io
import wave
from pathlib import Path

import numpy as np
import pytest

from content.audio.loudness import measure
from content.audio.pcm import from_int16
from content.audio.recognise import recognise
from hub.cli import main

TEXT = "UBND xã thông báo: 7h30 ngày 3/4 họp dân tại NVH thôn Bản Khiển."


def sound_of(path: Path) -> object:
    with wave.open(io.BytesIO(path.read_bytes())) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (48_000, 1, 2)
        return from_int16(file.readframes(file.getnframes()), 48_000)


def test_a_text_becomes_a_mastered_file_and_its_figures_are_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.wav"
    assert main(["speak", TEXT, "-o", str(out), "--chime"]) == 0
    heard = sound_of(out)
    figures = measure(heard)  # type: ignore[arg-type]
    assert figures.lufs == pytest.approx(-16.0, abs=0.5)
    assert figures.peak_dbtp <= -1.5
    assert [found.cue for found in recognise(heard)] == ["opening"]  # type: ignore[arg-type]
    said = capsys.readouterr().out
    assert f"{figures.lufs:.1f} LUFS" in said
    assert f"{figures.peak_dbtp:.1f} dBTP" in said
    assert "bảy giờ ba mươi phút" in said


def test_what_was_not_surely_read_is_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["speak", "Máy BXQZR đã về.", "-o", str(tmp_path / "out.wav")]) == 0
    assert "«BXQZR»" in capsys.readouterr().out


def test_the_voices_of_three_regions_differ(tmp_path: Path) -> None:
    for voice in ("north", "central", "south"):
        assert main(["speak", TEXT, "-o", str(tmp_path / voice), "--voice", voice]) == 0
    files = {(tmp_path / voice).read_bytes() for voice in ("north", "central", "south")}
    assert len(files) == 3


def test_the_text_may_come_from_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("xin chào bà con"))
    assert main(["speak", "-", "-o", str(tmp_path / "out.wav")]) == 0
    assert np.abs(sound_of(tmp_path / "out.wav").samples).max() > 0.3  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "path", "told"),
    [("", "out.wav", "không có chữ nào để đọc"), ("xin chào", "khong/co/out.wav", "Không ghi được tệp")],
    ids=["no words", "no folder"],
)
def test_what_cannot_be_done_is_said_in_vietnamese(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, path: str, told: str
) -> None:
    assert main(["speak", text, "-o", str(tmp_path / path)]) == 1
    assert told in capsys.readouterr().err
    assert not (tmp_path / path).exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [(["--voice", "east"], "không có giọng"), (["--rate", "900"], "tốc độ"), (["--rate", "x"], "tốc độ")],
)
def test_wrong_words_on_the_command_line_are_explained(
    capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["speak", "xin chào", "-o", "x.wav", *words])
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_a_warning_for_a_horn_is_longer_by_its_gaps_and_in_its_band(tmp_path: Path) -> None:
    warning = "Lũ đang về nhanh. Đề nghị bà con rời ngay khỏi vùng trũng và mang theo giấy tờ."
    sounds = []
    for name, words in (("a.wav", ()), ("b.wav", ("--warning", "--profile", "horn"))):
        assert main(["speak", warning, "-o", str(tmp_path / name), *words]) == 0
        sounds.append(sound_of(tmp_path / name))
    plain, horn = sounds
    assert horn.duration_ms > plain.duration_ms + 2_000  # type: ignore[attr-defined]
    spectrum = np.abs(np.fft.rfft(horn.samples[:, 0])) ** 2  # type: ignore[attr-defined]
    hz = np.fft.rfftfreq(horn.frames, 1 / horn.rate)  # type: ignore[attr-defined]
    assert spectrum[(hz < 175) | (hz > 7_800)].sum() < 0.01 * spectrum.sum()
