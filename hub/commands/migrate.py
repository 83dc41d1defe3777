"""`loa migrate`: bring the database to the version of this program."""

import argparse
import asyncio
import sys

from hub.config import ConfigError, Settings
from hub.db import migrate
from hub.db.engine import open_engine

HELP = "Nâng cấp cơ sở dữ liệu lên đúng phiên bản của chương trình."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--check`."""
    parser.add_argument("--check", action="store_true", help="chỉ xem đang ở phiên bản nào, không thay đổi gì")


def run(args: argparse.Namespace) -> int:
    """Print where the database is; 0 when it is (now) where it should be."""
    try:
        settings = Settings.load()
    except ConfigError as exc:
        print(*exc.problems, sep="\n", file=sys.stderr)
        return 2
    return asyncio.run(_migrate(settings, check=args.check))


async def _migrate(settings: Settings, *, check: bool) -> int:
    engine = open_engine(settings.database)
    try:
        if not check:
            await migrate.upgrade(engine)
        now, wanted = await migrate.current(engine), migrate.head()
    finally:
        await engine.dispose()
    print(f"Cơ sở dữ liệu ở phiên bản {now or 'trống'}; chương trình cần {wanted}.")
    return 0 if now == wanted else 1
