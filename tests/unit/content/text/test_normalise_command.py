"""`loa normalise`: a line in, a line out; bad input is refused in the officer's language."""

import argparse
import io
import sys
from pathlib import Path

import pytest

from content.text.normalise import TEXT_CHARS_MAX
from hub.commands import normalise as command


class _Stdin:
    """Standard input made of bytes."""

    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)


def _run(*args: str) -> int:
    """Run the command as the command line would."""
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(list(args)))


def test_every_line_gives_one_line(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    monkeypatch.setattr(sys, "stdin", _Stdin("\ufeffNgày 3/4\n\nlô B\r\n5,0".encode()))
    assert _run() == 0
    assert capfdbinary.readouterr().out.decode() == "ngày mùng ba tháng tư\n\nlô bê\nnăm\n"


def test_a_file_is_read(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    path = tmp_path / "tin.txt"
    path.write_text("QL14B\n", encoding="utf-8")
    assert _run(str(path)) == 0
    assert capfdbinary.readouterr().out.decode() == "quốc lộ mười bốn bê\n"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"t\xe1\xbb\x91t\nx\xff\n", "dòng 2 không phải UTF-8"),
        (b"a" * (TEXT_CHARS_MAX + 1), "dòng 1 dài quá"),
        (b"\n" + b"a" * (4 * TEXT_CHARS_MAX + 9), "dòng 2 dài quá"),
    ],
)
def test_bad_input_is_refused_with_its_line(
    data: bytes, reason: str, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(sys, "stdin", _Stdin(data))
    assert _run() == 2
    assert reason in capfdbinary.readouterr().err.decode()


def test_a_missing_file_is_named(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert _run(str(tmp_path / "khong-co.txt")) == 2
    assert "khong-co.txt" in capfdbinary.readouterr().err.decode()
