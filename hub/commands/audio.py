"""`loa audio ingest FILE… --json`: the checks and the mastering of an upload, one JSON object a file."""

import argparse
import asyncio
import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path

from content.audio.encode import ENCODED_BYTES_MAX
from content.ingest import Ingested, ingest
from content.verdict import Fault, Finding, found
from content.verdict import in_vietnamese as said
from devices.protocol.chunks import digest_of
from devices.protocol.ids import AssetDigest

HELP = "kiểm tra và xử lý tệp âm thanh như khi tải lên"
REFUSED, USAGE_ERROR = 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of the command line."""
    acts = parser.add_subparsers(dest="act", required=True, metavar="VIỆC")
    check = acts.add_parser("ingest", help="kiểm tra, chuẩn hóa độ to; mỗi tệp một kết quả")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE", help="tệp âm thanh")
    check.add_argument("--json", action="store_true", help="in mỗi tệp một đối tượng JSON")
    check.add_argument("--emergency", action="store_true", help="tin khẩn cấp: được có tiếng còi")
    check.add_argument("-o", "--output", type=Path, metavar="DIR", help="thư mục ghi bản đã xử lý, tên là mã SHA-256")


def run(args: argparse.Namespace) -> int:
    """Print what becomes of each file; 0 when all are accepted, 1 when one is refused, 2 when one cannot be read."""
    return asyncio.run(_all(args))


async def _all(args: argparse.Namespace) -> int:
    seen: dict[AssetDigest, Path] = {}
    worst = 0
    for path in args.files:
        try:
            data = await asyncio.to_thread(_read, path)
        except OSError as exc:
            print(f"Lỗi: không đọc được {path}: {exc.strerror}.", file=sys.stderr)
            worst = USAGE_ERROR
            continue
        source = digest_of(data)
        first = seen.setdefault(source, path)
        done = await _one(data, None if first is path else first, sirens_allowed=args.emergency)
        if args.output and done.asset:
            await asyncio.to_thread(_write, args.output, done)
        print(json.dumps(_told(path, source, done), ensure_ascii=False) if args.json else _lines(path, done))
        worst = max(worst, 0 if done.accepted else REFUSED)
    return worst


def _read(path: Path) -> bytes:
    """Return the bytes, at most one more than may be: enough to be refused."""
    with path.open("rb") as file:
        return file.read(ENCODED_BYTES_MAX + 1)


def _write(folder: Path, done: Ingested) -> None:
    if done.asset:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{done.asset.digest}.opus").write_bytes(done.data)


async def _one(data: bytes, first: Path | None, *, sirens_allowed: bool) -> Ingested:
    if first is not None:
        return Ingested(findings=(found(Fault.DUPLICATE, title=str(first)),))
    return await ingest(data, sirens_allowed=sirens_allowed)


def _told(path: Path, source: str, done: Ingested) -> Mapping[str, object]:
    return {
        "file": str(path),
        "accepted": done.accepted,
        "reasons": [_reason(finding) for finding in done.findings],
        "lufs_in": _figure(done.figures.loudness.lufs) if done.figures else None,
        "lufs_out": _figure(done.after.lufs) if done.after else None,
        "peak_dbtp": _figure(done.after.peak_dbtp) if done.after else None,
        "duration_ms": _duration_ms(done),
        "trimmed_ms": done.trimmed_ms,
        "digest": done.asset.digest if done.asset else None,
        "source_digest": source,
    }


def _duration_ms(done: Ingested) -> int | None:
    if done.asset:
        return done.asset.duration_ms
    return done.figures.duration_ms if done.figures else None


def _reason(finding: Finding) -> Mapping[str, str]:
    level = "error" if finding.refuses else "note"
    return {"level": level, "code": finding.code, "message": finding.words, "remedy": finding.remedy}


def _figure(value: float) -> float | None:
    """Return a figure that JSON can carry: silence has no loudness."""
    return round(value, 2) if math.isfinite(value) else None


def _lines(path: Path, done: Ingested) -> str:
    head = "nhận" if done.accepted else "từ chối"
    figures = f", {said(done.after.lufs)} LUFS, đỉnh {said(done.after.peak_dbtp)} dBTP" if done.after else ""
    return "\n".join([f"{path}: {head}{figures}", *(f"  {one.words} {one.remedy}".rstrip() for one in done.findings)])
