"""`loa normalise [FILE]`: one line of written Vietnamese in, one line of spoken words out."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from content.text.normalise import TEXT_CHARS_MAX, normalise

HELP = "đọc văn bản tiếng Việt thành lời: mỗi dòng vào, một dòng ra"
LINE_BYTES_MAX = 4 * TEXT_CHARS_MAX  # a character has at most four bytes; a longer line is refused, never cut
USAGE_ERROR = 2


class _BadInput(Exception):
    """A line that cannot be read; the message is for the person who asked."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="tệp UTF-8; không có thì đọc từ đầu vào chuẩn")


def _lines(stream: BinaryIO) -> Iterator[str]:
    """Yield the lines of a UTF-8 stream without their ends; raise _BadInput at the first that is none."""
    number = 0
    while raw := stream.readline(LINE_BYTES_MAX + 2):
        number += 1
        line = raw.rstrip(b"\r\n")
        if len(line) > LINE_BYTES_MAX:
            raise _BadInput(f"dòng {number} dài quá {TEXT_CHARS_MAX} ký tự; hãy tách thành nhiều dòng")
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as exc:
            raise _BadInput(
                f"dòng {number} không phải UTF-8 (byte thứ {exc.start + 1}); hãy lưu tệp dạng UTF-8"
            ) from exc
        if len(text) > TEXT_CHARS_MAX:
            raise _BadInput(f"dòng {number} dài quá {TEXT_CHARS_MAX} ký tự; hãy tách thành nhiều dòng")
        yield text


def _print_spoken(stream: BinaryIO) -> None:
    """Write the spoken form of every line to standard output."""
    out = sys.stdout.buffer
    for line in _lines(stream):
        out.write(normalise(line).spoken.encode("utf-8") + b"\n")
    out.flush()


def run(args: argparse.Namespace) -> int:
    """Print the spoken words of FILE or standard input; 2 when it cannot be read."""
    try:
        if args.file is None:
            _print_spoken(sys.stdin.buffer)
        else:
            with Path(args.file).open("rb") as stream:
                _print_spoken(stream)
    except _BadInput as exc:
        print(f"Lỗi: {exc}.", file=sys.stderr)
        return USAGE_ERROR
    except OSError as exc:
        print(f"Lỗi: không đọc được {args.file}: {exc.strerror}.", file=sys.stderr)
        return USAGE_ERROR
    return 0
