"""`loa speak TEXT -o out.wav`: written Vietnamese → a mastered WAV file, with the figures of a loudness meter."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from content.audio.chime import Cue
from content.audio.master import Mastered, master
from content.audio.profiles import PROFILES, ProfileName
from content.audio.segments import write_wav
from content.errors import ContentError
from content.speech.chain import Chain, Link
from content.speech.delivery import OUTDOOR, delivered
from content.speech.espeak import EspeakEngine
from content.speech.voice import RATE_PERCENT_MAX, RATE_PERCENT_MIN, Phrase, Region, Voice
from content.text.normalise import normalise
from content.text.spoken import SpokenText, Unread

HELP = "Đọc một đoạn văn bản tiếng Việt ra tệp WAV đã chuẩn hóa độ to"
SPEAK_TIMEOUT_S = 60.0  # a whole page on the slowest machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line asks for."""

    text: str
    out: Path
    voice: Voice
    opening: Cue | None
    profile: ProfileName
    warning: bool


def _region(text: str) -> Region:
    try:
        return Region(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"không có giọng {text!r}; chọn {', '.join(Region)}") from None


def _profile(text: str) -> ProfileName:
    try:
        return ProfileName(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"không có {text!r}; chọn {', '.join(ProfileName)}") from None


def _rate(text: str) -> int:
    rate = int(text) if text.isdecimal() else 0
    if not RATE_PERCENT_MIN <= rate <= RATE_PERCENT_MAX:
        raise argparse.ArgumentTypeError(f"tốc độ từ {RATE_PERCENT_MIN} đến {RATE_PERCENT_MAX}")
    return rate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of the command line."""
    parser.add_argument("text", metavar="TEXT", help="văn bản cần đọc; dấu - để đọc từ đầu vào chuẩn")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="FILE", help="tệp WAV sẽ ghi")
    voices = "|".join(Region)
    parser.add_argument(
        "--voice", type=_region, default=Region.NORTH, metavar=voices, help="giọng miền Bắc, Trung hay Nam"
    )
    parser.add_argument("--rate", type=_rate, default=100, metavar="PERCENT", help="tốc độ, phần trăm (100 là thường)")
    profiles = "|".join(ProfileName)
    parser.add_argument(
        "--profile", type=_profile, default=ProfileName.PLAIN, metavar=profiles, help="cho loa thùng hay loa nén"
    )
    parser.add_argument("--warning", action="store_true", help="đọc như tin cảnh báo ngoài trời: chậm, ngắt câu dài")
    parser.add_argument("--chime", action="store_true", help="mở đầu bằng nhạc hiệu")


def run(args: argparse.Namespace) -> int:
    """Speak, write the file, print the figures; 1 with a Vietnamese sentence when it cannot be done."""
    wanted = Wanted(
        text=sys.stdin.read() if args.text == "-" else args.text,
        out=args.output,
        voice=Voice(region=args.voice, rate_percent=args.rate),
        opening=Cue.OPENING if args.chime else None,
        profile=args.profile,
        warning=args.warning,
    )
    try:
        spoken = normalise(wanted.text)
        done = asyncio.run(_mastered(spoken.phrases, wanted))
        wanted.out.write_bytes(write_wav(done.pcm))
    except ContentError as exc:
        return _failed(exc.in_vietnamese(), exc)
    except OSError as exc:
        return _failed(f"Không ghi được tệp {wanted.out}.", exc)
    _report(wanted.out, spoken, done)
    return 0


async def _mastered(phrases: Sequence[Phrase], wanted: Wanted) -> Mastered:
    said_as = delivered(phrases, OUTDOOR) if wanted.warning else phrases
    async with EspeakEngine() as engine:
        said = await Chain([Link(engine=engine, timeout_s=SPEAK_TIMEOUT_S)]).speak(said_as, wanted.voice)
    return await asyncio.to_thread(master, said.pcm, opening=wanted.opening, profile=PROFILES[wanted.profile])


def _failed(told: str, exc: Exception) -> int:
    print(f"Lỗi: {told}", file=sys.stderr)
    print(f"  ({exc})", file=sys.stderr)
    return 1


def _report(out: Path, spoken: SpokenText, done: Mastered) -> None:
    print(f"{out}: {done.pcm.duration_ms / 1000:.2f} s, 48 kHz mono")
    print(f"Độ to {done.loudness.lufs:.1f} LUFS, đỉnh {done.loudness.peak_dbtp:.1f} dBTP")
    print(f"Đọc là: {spoken.spoken}")
    if spoken.unread:
        print(f"Chưa chắc cách đọc: {'; '.join(map(_unread, spoken.unread))}")


def _unread(token: Unread) -> str:
    return f"«{token.source}» → {token.proposed or '(bỏ qua)'}"
