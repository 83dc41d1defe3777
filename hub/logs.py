"""Logs: one line an event, the fixed sentence first, then the facts as JSON.  On standard error, in English."""

import json
import logging
import sys
from datetime import UTC, datetime

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
VALUE_CHARS_MAX = 500  # what comes from outside is cut before it reaches a terminal


class Lines(logging.Formatter):
    """time level logger: sentence {facts}"""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, or several for a traceback."""
        facts = {name: _printable(value) for name, value in vars(record).items() if name not in _STANDARD}
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = f"{at} {record.levelname.lower()} {record.name}: {record.getMessage()}"
        line += f" {json.dumps(facts, ensure_ascii=False)}" if facts else ""
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _printable(value: object) -> object:
    if isinstance(value, int | float | bool) or value is None:
        return value
    text = str(value)[:VALUE_CHARS_MAX]
    return "".join(sign if sign.isprintable() else "�" for sign in text)


def set_up(level: str) -> None:
    """Send every log line of ours to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("aiosqlite", "apscheduler", "asyncio", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
