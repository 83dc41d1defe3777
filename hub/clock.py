"""What time it is.  The only place of the hub that asks."""

import time
from datetime import UTC, datetime


def now_ms() -> int:
    """Return UTC milliseconds."""
    return time.time_ns() // 1_000_000


def now() -> datetime:
    """Return now, aware and UTC."""
    return datetime.now(UTC)
