"""`loa voices list|install FILE|check|remove NAME`: neural voices on premises, each a file with its licence."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from content.errors import ContentError, VoiceRefused
from content.speech.neural import NeuralEngine, is_available
from content.speech.shelf import Kept, Shelf
from content.speech.voice import Phrase, Region
from content.speech.voice_files import prepared
from hub.config import ConfigError, Settings
from hub.speech import voices_folder

HELP = "Cài, xem và kiểm tra giọng đọc nơ-ron (tệp Piper: TÊN.onnx và TÊN.onnx.json)."
TRIAL = "đây là bản tin thử của đài truyền thanh xã kính mời bà con chú ý lắng nghe"
USAGE_ERROR = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of the command line."""
    acts = parser.add_subparsers(dest="act", required=True, metavar="list|install|check|remove")
    acts.add_parser("list", help="các giọng đã cài")
    install = acts.add_parser("install", help="cài một giọng")
    install.add_argument("file", type=Path, metavar="FILE", help="TÊN.onnx; TÊN.onnx.json phải ở cạnh")
    install.add_argument("--licence", required=True, metavar="TEXT", help="giấy phép của giọng, ví dụ 'CC0'")
    install.add_argument("--region", type=Region, choices=tuple(Region), default=Region.NORTH, help="giọng miền nào")
    install.add_argument("--speaker", type=int, default=0, metavar="N", help="người đọc thứ mấy trong tệp (từ 0)")
    acts.add_parser("check", help="so từng tệp với mã băm, đọc thử một câu")
    remove = acts.add_parser("remove", help="gỡ một giọng")
    remove.add_argument("name", metavar="NAME", help="tên hoặc phần đầu mã băm")


def run(args: argparse.Namespace) -> int:
    """Do it, print it; 1 when a voice cannot be used, 2 when nothing could be tried."""
    try:
        shelf = Shelf(voices_folder(Settings.load()))
    except ConfigError as exc:
        print(*exc.problems, sep="\n", file=sys.stderr)
        return USAGE_ERROR
    try:
        return ACTS[args.act](shelf, args)
    except ContentError as exc:
        print(f"Lỗi: {exc.in_vietnamese()}", file=sys.stderr)
        print(f"  ({exc})", file=sys.stderr)
        return 1
    except OSError as exc:
        print(f"Lỗi: {exc.filename}: {exc.strerror}", file=sys.stderr)
        return USAGE_ERROR


def _list(shelf: Shelf, args: argparse.Namespace) -> int:
    del args
    kept = shelf.voices()
    print(*map(_line, kept), sep="\n") if kept else print("Chưa cài giọng nào; eSpeak NG luôn có sẵn.")
    if kept and not is_available():
        print("Chưa cài thư viện sherpa-onnx nên chưa dùng được các giọng này.", file=sys.stderr)
    return 0


def _install(shelf: Shelf, args: argparse.Namespace) -> int:
    model: Path = args.file
    voice = prepared(
        name=model.stem,
        model=model.read_bytes(),
        config=model.with_name(f"{model.name}.json").read_bytes(),
        licence=args.licence,
        region=args.region,
        speaker=args.speaker,
    )
    kept = shelf.keep(voice)
    try:
        kept = shelf.paced(kept, asyncio.run(_trial(kept)))
    except ContentError:
        shelf.remove(kept)  # what cannot speak is not kept
        raise
    print(_line(kept))
    if kept.note.language != "vi":
        print("Giọng này không phải tiếng Việt: không dùng để đọc bản tin.", file=sys.stderr)
    return 0


def _check(shelf: Shelf, args: argparse.Namespace) -> int:
    del args
    bad = 0
    for kept in shelf.voices():
        problem = ""
        try:
            shelf.check(kept)
            asyncio.run(_trial(kept))
        except ContentError as exc:
            problem = exc.in_vietnamese()
        bad += bool(problem)
        print(f"{'HỎNG' if problem else 'tốt '}  {_line(kept)}{': ' if problem else ''}{problem}")
    return 1 if bad else 0


def _remove(shelf: Shelf, args: argparse.Namespace) -> int:
    meant = [kept for kept in shelf.voices() if kept.note.name == args.name or kept.note.digest.startswith(args.name)]
    if len(meant) != 1:
        raise VoiceRefused(f"có {len(meant)} giọng khớp {args.name!r}", f"{len(meant)} voices are meant")
    shelf.remove(meant[0])
    print(f"Đã gỡ {meant[0].note.name}.")
    return 0


async def _trial(kept: Kept) -> float:
    """Let the voice say a sentence; return its syllables a second.  Raises SpeechError when it does not."""
    async with NeuralEngine(kept.note, kept.folder) as engine:
        sound = await engine.say([Phrase(words=TRIAL, pause_ms=0)], 1.0)
    return len(TRIAL.split()) * 1000 / max(1, sound.duration_ms)


def _line(kept: Kept) -> str:
    note = kept.note
    pace = f", {note.pace:.1f} âm tiết/giây" if note.pace else ""
    facts = f"giọng {note.region}, {note.phonemes}, {note.rate_hz} Hz{pace}"
    return f"{note.digest[:12]}  {note.name}  {facts}  [{note.licence}]"


ACTS: Mapping[str, Callable[[Shelf, argparse.Namespace], int]] = {
    "list": _list,
    "install": _install,
    "check": _check,
    "remove": _remove,
}
