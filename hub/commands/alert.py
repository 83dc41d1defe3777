"""`loa alert`: an emergency from the command line, through the same door as any program: the hub's HTTP interface."""

import argparse
import getpass
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from devices.areas import AreaError
from devices.areas_data import units_today
from emergency.hazards import HAZARDS

HELP = "Phát, theo dõi hoặc thu hồi tin khẩn cấp (hoặc tin diễn tập) trên trung tâm đang chạy."

TIMEOUT_S = 20.0
ANSWER_BYTES_MAX = 4 << 20  # the roll call of 10,000 loudspeakers
WATCH_S = 60.0
PASSWORD_VARIABLE = "LOA_PASSWORD"  # noqa: S105 - the name of a variable, not a password


class _Refused(Exception):
    """The hub said no, in its own words."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what, where, and who."""
    parser.add_argument("--hub", default="http://127.0.0.1:8080", metavar="URL", help="địa chỉ trung tâm")
    parser.add_argument(
        "--login", metavar="TÊN", help=f"tên đăng nhập; mật khẩu hỏi sau hoặc lấy từ {PASSWORD_VARIABLE}"
    )
    parser.add_argument("--hazard", choices=sorted(HAZARDS), metavar="MÃ", help="loại hiểm họa, xem --hazards")
    parser.add_argument(
        "--level", type=int, choices=range(1, 6), default=3, help="cấp độ rủi ro thiên tai (mặc định 3)"
    )
    parser.add_argument("--area", action="append", default=[], metavar="MÃ", help="mã đơn vị hoặc nhóm; lặp lại được")
    parser.add_argument("--text", default="", help="nội dung; để trống thì phát câu báo động có sẵn")
    parser.add_argument(
        "--minutes", type=int, metavar="N", help="hiệu lực bao nhiêu phút (mặc định theo loại hiểm họa)"
    )
    parser.add_argument("--repeats", type=int, metavar="N", help="phát mấy lượt; 0 là lặp đến hết hiệu lực")
    parser.add_argument("--decision", default="", metavar="SỐ", help="số quyết định, công điện")
    parser.add_argument("--drill", action="store_true", help="tin DIỄN TẬP, không phải thật")
    parser.add_argument("--update-of", metavar="MÃ", help="thay cho tin đang phát có mã này")
    parser.add_argument("--cancel", metavar="MÃ", help="thu hồi tin đang phát có mã này")
    parser.add_argument("--no-all-clear", action="store_true", help="khi thu hồi: không phát tin báo yên")
    parser.add_argument("--yes", action="store_true", help="không hỏi lại tên nơi nhận")
    parser.add_argument("--json", action="store_true", help="in kết quả điểm danh thành một đối tượng JSON")
    parser.add_argument("--hazards", action="store_true", help="in danh sách hiểm họa rồi thoát")


def run(args: argparse.Namespace) -> int:
    """Send or recall, then call the roll; 0 when everybody has sounded, 1 when not, 2 when the hub refused."""
    if args.hazards:
        print(*(f"{hazard.id:22} {hazard.title}" for hazard in HAZARDS.values()), sep="\n")
        return 0
    try:
        return _run(args)
    except _Refused as exc:
        print(exc, file=sys.stderr)
        return 2


def _run(args: argparse.Namespace) -> int:
    if not args.login:
        raise _Refused("Thiếu --login: ai phát tin này?")
    if not args.cancel:
        _ask(args)
    token = _call(args.hub, "POST", "/api/sessions", {"login": args.login, "password": _password()})["token"]
    try:
        if args.cancel:
            body = {"all_clear": not args.no_all_clear}
            view = _call(args.hub, "POST", f"/api/alerts/{args.cancel}/cancel", body, token)
            print(f"Đã thu hồi {view['id']}.", file=sys.stderr)
            return 0
        view = _call(args.hub, "POST", "/api/alerts", _body(args), token)
        return _watch(args, view, token)
    finally:
        _call(args.hub, "DELETE", "/api/sessions", None, token)


def _ask(args: argparse.Namespace) -> None:
    """Refuse what cannot be right; let a person type the place, because thousands of people will hear it."""
    if not args.hazard:
        raise _Refused("Thiếu --hazard: cảnh báo điều gì? Xem danh sách bằng --hazards.")
    if not args.area:
        raise _Refused("Thiếu --area: phát ở đâu? Ví dụ --area 20669.")
    if args.yes:
        return
    name = _place(args.area[0])
    kind = "DIỄN TẬP" if args.drill else "THẬT"
    print(f"Tin {kind}: {HAZARDS[args.hazard].title}, cấp {args.level}, tại {name}.", file=sys.stderr)
    print("Gõ lại tên nơi nhận để phát, Enter để thôi: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().casefold() != name.casefold():
        raise _Refused("Tên không khớp. Chưa phát gì cả.")


def _place(code: str) -> str:
    try:
        return units_today().unit(code).name
    except AreaError:
        return code  # a group, or a village: the hub knows them


def _password() -> str:
    return os.environ.get(PASSWORD_VARIABLE) or getpass.getpass("Mật khẩu: ", sys.stderr)


def _body(args: argparse.Namespace) -> dict[str, object]:
    body: dict[str, object] = {
        "hazard": args.hazard,
        "level": args.level,
        "areas": args.area,
        "text": args.text,
        "kind": "drill" if args.drill else "emergency",
        "valid_minutes": args.minutes,
        "repeats": args.repeats,
        "decision": args.decision,
        "update_of": args.update_of,
    }
    return {name: value for name, value in body.items() if value is not None}


def _watch(args: argparse.Namespace, view: Mapping[str, Any], token: str) -> int:
    """Show the roll call until everybody has sounded, or for a minute."""
    begun = time.monotonic()
    shown = ""
    while True:
        line = _line(view)
        if line != shown:
            print(line, file=sys.stderr, flush=True)
            shown = line
        tally = view["tally"]
        done = bool(tally["total"]) and tally["sounded"] == tally["total"]
        if done or time.monotonic() - begun >= WATCH_S:
            break
        time.sleep(0.5)
        view = _call(args.hub, "GET", f"/api/alerts/{view['id']}", None, token)
    if args.json:
        print(json.dumps(view, ensure_ascii=False))
    return 0 if done else 1


def _line(view: Mapping[str, Any]) -> str:
    tally = view["tally"]
    return (
        f"{view['id']}: {tally['sounded']}/{tally['total']} cụm loa đã vang, {tally['accepted']} đã nhận, "
        f"{tally['refused']} từ chối, {tally['silent']} chưa trả lời, {tally['unreachable']} mất kết nối"
    )


def _call(hub: str, method: str, path: str, body: object, token: str = "") -> dict[str, Any]:
    """Return the hub's answer.  Raises _Refused with its words."""
    if not hub.startswith(("http://", "https://")):
        raise _Refused(f"Địa chỉ trung tâm phải bắt đầu bằng http:// hoặc https://, không phải {hub[:80]!r}.")
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(hub.rstrip("/") + path, data, headers, method=method)  # noqa: S310 - checked above
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 - checked above
            return dict(json.loads(answer.read(ANSWER_BYTES_MAX) or b"{}"))
    except urllib.error.HTTPError as exc:
        with exc:
            raise _Refused(_words(exc.read(ANSWER_BYTES_MAX), exc.code)) from exc
    except (OSError, ValueError) as exc:
        raise _Refused(f"Không liên lạc được với trung tâm {hub}: {exc}") from exc


def _words(answer: bytes, status: int) -> str:
    try:
        return str(json.loads(answer)["error"]["words"])
    except (ValueError, KeyError, TypeError):
        return f"Trung tâm trả lời mã {status} mà không nói lý do."
