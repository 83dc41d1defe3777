"""`loa check`: what is wrong with the settings, before anything is started."""

import argparse
import asyncio
import contextlib
import shutil
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from devices.areas_data import units_today
from hub import clock
from hub.config import ConfigError, Settings
from hub.db import migrate
from hub.db.engine import open_engine
from hub.keys import KeyTrouble, open_keys

HELP = "Kiểm tra cấu hình, thư mục, cổng, cơ sở dữ liệu, khóa và máy chủ MQTT."

FREE_BYTES_MIN = 1 << 30  # a year of bulletins of a commune is less than that
CONNECT_S = 3.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing: it checks what `loa serve` would use."""
    del parser


def run(args: argparse.Namespace) -> int:
    """Print one line a check; 0 when nothing is wrong."""
    del args
    try:
        settings = Settings.load()
    except ConfigError as exc:
        print(*(f"HỎNG  {problem}" for problem in exc.problems), sep="\n")
        return 1
    return asyncio.run(_check(settings))


async def _check(settings: Settings) -> int:
    bad = 0
    for name, check in CHECKS:
        problem = await check(settings)
        bad += bool(problem)
        print(f"{'HỎNG' if problem else 'tốt '}  {name}{': ' if problem else ''}{problem}")
    print("Mọi thứ sẵn sàng." if not bad else f"{bad} mục cần sửa.", file=sys.stderr)
    return 1 if bad else 0


async def _folder(settings: Settings) -> str:
    return await asyncio.to_thread(_writable, settings.data_dir)


def _writable(folder: Path) -> str:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".write-test"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as exc:
        return f"không ghi được vào {folder}: {exc.strerror}. Cấp quyền ghi hoặc đổi LOA_DATA_DIR"
    free = shutil.disk_usage(folder).free
    return "" if free >= FREE_BYTES_MIN else f"chỉ còn {free >> 20} MB trống ở {folder}, cần ít nhất 1 GB"


async def _unit(settings: Settings) -> str:
    return await asyncio.to_thread(unit_problem, settings.unit)


def unit_problem(code: str) -> str:
    """Return what is wrong with the unit whose hub this shall be; empty when it is a unit of today."""
    if code in units_today():
        return ""
    return f"không có đơn vị nào mang mã {code[:40]!r}. Đổi LOA_UNIT, ví dụ 48 (Thành phố Đà Nẵng)"


async def _keys(settings: Settings) -> str:
    folder = settings.data_dir / "keys"
    if not (folder / "working.json").exists():
        return ""  # they are made at the first start
    try:
        open_keys(folder, clock.now_ms()).signer(clock.now_ms())
    except KeyTrouble as exc:
        return str(exc)
    return ""


async def _database(settings: Settings) -> str:
    engine = open_engine(settings.database)
    try:
        async with asyncio.timeout(CONNECT_S):
            found = await migrate.current(engine)
    except Exception as exc:  # noqa: BLE001 - whatever a driver raises is the answer to the question
        return f"không kết nối được ({type(exc).__name__}: {exc}). Kiểm tra LOA_DATABASE_URL"
    finally:
        await engine.dispose()
    return "" if found in (None, migrate.head()) else f"ở phiên bản {found}, cần {migrate.head()}: chạy ./loa migrate"


async def _console_port(settings: Settings) -> str:
    return _free(settings.http_host, settings.http_port, "LOA_HTTP_PORT")


def _free(host: str, port: int, variable: str) -> str:
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as exc:
            return f"cổng {host}:{port} không dùng được: {exc.strerror}. Đổi {variable}"
    return ""


async def _broker(settings: Settings) -> str:
    if not settings.broker_host:
        return _free(settings.broker_listen, settings.broker_port, "LOA_BROKER_PORT")
    try:
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(settings.broker_host, settings.broker_port)
    except (OSError, TimeoutError) as exc:
        where = f"{settings.broker_host}:{settings.broker_port}"
        return f"không tới được máy chủ MQTT {where} ({str(exc) or 'quá thời gian'}). Kiểm tra LOA_BROKER_HOST"
    writer.close()
    return ""


CHECKS: tuple[tuple[str, Callable[[Settings], Awaitable[str]]], ...] = (
    ("đơn vị", _unit),
    ("thư mục dữ liệu", _folder),
    ("khóa ký", _keys),
    ("cơ sở dữ liệu", _database),
    ("cổng trang điều hành", _console_port),
    ("máy chủ MQTT", _broker),
)
