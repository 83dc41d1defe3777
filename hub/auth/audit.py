"""The audit: what was done, by whom, where; each entry holds the hash of the one before.

Changing, deleting or reordering entries breaks the chain at that place, and anybody can check it with a SHA-256 and ten
lines in any language.  The bytes that are hashed are these fields, in this order, each as a netstring
(its length in bytes in decimal digits, ":", the bytes, ","):

    loa-audit-1         the form
    n                   decimal; the first entry is 1
    at                  milliseconds since 1970-01-01T00:00:00Z, decimal
    actor unit act subject detail     UTF-8, as stored
    prev_hash           64 lower-case hex digits; of the first entry 64 zeros

`hash` is the SHA-256 of that, in lower-case hex.  Netstrings leave no doubt where a field ends, whatever is in it.
The chain cannot show that its *last* entries are gone; so its head (n and hash) is to be printed, sent or written down
now and then, and given to `verify`.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hub.auth.errors import BadAuditEntry

FORM = "loa-audit-1"
GENESIS = "0" * 64
NAME_CHARS_MAX = 200  # of actor, unit, act, subject
DETAIL_BYTES_MAX = 16 * 1024  # facts, not documents; a text is named by its digest

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_ACT = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One thing that was done.  `at`: UTC, whole milliseconds.  `detail`: a JSON object as text, hashed as it is."""

    n: int
    at: datetime
    actor: str  # account id, device id, or the hub's own part: "hub.dispatch"
    unit: str
    act: str  # "bulletin.approve"
    subject: str  # id of what it was done to
    detail: str
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last entry known to somebody outside."""

    n: int
    hash: str


def append(
    prev: AuditEntry | None,
    *,
    at: datetime,
    actor: str,
    unit: str,
    act: str,
    subject: str,
    detail: Mapping[str, object] | None = None,
) -> AuditEntry:
    """Return the entry that follows `prev` (None: the first); raise BadAuditEntry for what cannot be written."""
    for field, text in (("actor", actor), ("unit", unit), ("act", act), ("subject", subject)):
        _check_name(field, text)
    if not _ACT.match(act):
        raise BadAuditEntry("act", f"is not like 'bulletin.approve': {act!r}")
    draft = AuditEntry(
        n=prev.n + 1 if prev else 1,
        at=_whole_ms(at),
        actor=actor,
        unit=unit,
        act=act,
        subject=subject,
        detail=_detail(detail or {}),
        prev_hash=prev.hash if prev else GENESIS,
        hash="",
    )
    return replace(draft, hash=entry_hash(draft))


def canonical_bytes(entry: AuditEntry) -> bytes:
    """Return the bytes whose SHA-256 is the entry's hash; the module's docstring is their definition."""
    at_ms = (entry.at - _EPOCH) // _MS
    texts = (entry.actor, entry.unit, entry.act, entry.subject, entry.detail, entry.prev_hash)
    fields = (FORM, str(entry.n), str(at_ms), *texts)
    return b"".join(_netstring(field.encode("utf-8", "surrogatepass")) for field in fields)


def entry_hash(entry: AuditEntry) -> str:
    """Return the hash that the entry must have."""
    return hashlib.sha256(canonical_bytes(entry)).hexdigest()


def verify(entries: Iterable[AuditEntry], *, after: AuditEntry | None = None, head: Head | None = None) -> int | None:
    """Return the n at which the chain is broken first, or None if it holds.

    `after` is a verified entry just before the first given; without it the chain must begin at 1.  With `head`, that
    entry must be there unchanged; if the entries end before it, the first missing n is the broken one.
    """
    n, prev_hash = (after.n, after.hash) if after else (0, GENESIS)
    for entry in entries:
        n += 1
        if entry.n != n or entry.prev_hash != prev_hash or not _is_whole(entry):
            return n
        if head is not None and head.n == n and head.hash != entry.hash:
            return n
        prev_hash = entry.hash
    return n + 1 if head is not None and head.n > n else None


def _is_whole(entry: AuditEntry) -> bool:
    # Less than a millisecond is not in the hash, so it must not be in the entry.
    in_form = entry.at.tzinfo is not None and entry.at == _whole_ms(entry.at)
    return in_form and entry.hash == entry_hash(entry)


def _netstring(data: bytes) -> bytes:
    return b"%d:%b," % (len(data), data)


def _whole_ms(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise BadAuditEntry("at", "has no time zone")
    return _EPOCH + (at - _EPOCH) // _MS * _MS


def _check_name(field: str, text: str) -> None:
    if len(text) > NAME_CHARS_MAX:
        raise BadAuditEntry(field, f"is longer than {NAME_CHARS_MAX} characters")
    # A database, and a script elsewhere, must give back the very same text.
    if any(sign < " " or "\ud800" <= sign <= "\udfff" for sign in text):
        raise BadAuditEntry(field, "holds a control sign or half a character")


def _detail(detail: Mapping[str, object]) -> str:
    try:
        text = json.dumps(detail, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
        size = len(text.encode("utf-8"))
    except (TypeError, ValueError) as exc:  # UnicodeEncodeError is a ValueError
        raise BadAuditEntry("detail", f"is not JSON: {exc}") from exc
    if size > DETAIL_BYTES_MAX:
        raise BadAuditEntry("detail", f"is longer than {DETAIL_BYTES_MAX} bytes")
    return text
