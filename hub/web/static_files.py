"""What browsers keep: styles, scripts, fonts.  Read once, packed once, under a name that changes with the content."""

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

FOLDER = Path(__file__).parent / "static"
TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
PACKED = {".css", ".js", ".svg", ".txt", ".webmanifest"}  # woff2 is packed already
FOR_EVER = "public, max-age=31536000, immutable"  # a year: under this name it never changes


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file as it is sent."""

    content_type: str
    data: bytes
    packed: bytes | None


def _files() -> Iterator[tuple[str, File]]:
    for path in sorted(FOLDER.rglob("*")):
        if content_type := TYPES.get(path.suffix):
            data = path.read_bytes()
            packed = gzip.compress(data, mtime=0) if path.suffix in PACKED else None
            yield path.relative_to(FOLDER).as_posix(), File(content_type=content_type, data=data, packed=packed)


# Read when the module is: a few hundred kilobytes, and no request ever waits for a disk.
FILES: Mapping[str, File] = dict(_files())
# One name for all of them: then scripts and styles may name each other by relative paths.
EDITION = hashlib.sha256(b"".join(name.encode() + file.data for name, file in FILES.items())).hexdigest()[:12]


def address(name: str) -> str:
    """Return the path of a static file in this edition."""
    if name not in FILES:
        raise KeyError(name)
    return f"/static/{EDITION}/{name}"


async def static(request: web.Request) -> web.StreamResponse:
    """GET /static/<edition>/<name>.  A page of an older edition still gets its file, but may not keep it."""
    file = FILES.get(request.match_info["name"])
    if file is None:
        raise web.HTTPNotFound
    kept = FOR_EVER if request.match_info["edition"] == EDITION else "no-cache"
    headers = {"Content-Type": file.content_type, "Cache-Control": kept, "Vary": "Accept-Encoding"}
    if file.packed is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
        return web.Response(body=file.packed, headers={**headers, "Content-Encoding": "gzip"})
    return web.Response(body=file.data, headers=headers)
