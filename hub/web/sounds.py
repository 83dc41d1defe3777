"""The bytes of an asset to a browser, whole or in the part it asks for: a player that seeks asks for parts."""

import re

from aiohttp import web

from content.recipe import Rendered
from hub.web.keys import wants_json
from hub.web.render import to

KEPT = "private, max-age=31536000, immutable"  # the address is the hash of the bytes
_RANGE = re.compile(r"bytes=(\d{0,12})-(\d{0,12})\Z", re.ASCII)


def sound_response(request: web.Request, data: bytes, digest: str) -> web.Response:
    """Return `data`, or the range of it that the request names; 416 for one that lies outside."""
    headers = {"Content-Type": "audio/ogg", "Cache-Control": KEPT, "Accept-Ranges": "bytes", "ETag": f'"{digest}"'}
    found = _RANGE.match(request.headers.get("Range", ""))
    if found is None or not any(found.groups()):
        return web.Response(body=data, headers=headers)
    first, end = _part(found[1], found[2], len(data))
    if first >= end:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{len(data)}"})
    headers["Content-Range"] = f"bytes {first}-{end - 1}/{len(data)}"
    return web.Response(status=206, body=data[first:end], headers=headers)


def rendered_answer(request: web.Request, rendered: Rendered) -> web.Response:
    """Return where the bytes are: to a script with what it shows about them, to a browser as the place to go to."""
    asset = rendered.asset
    src = f"/am-thanh/{asset.digest}"
    if not wants_json(request):
        return to(src)
    return web.json_response(
        {"src": src, "digest": asset.digest, "duration_ms": asset.duration_ms, "size_bytes": asset.size_bytes}
    )


def _part(first: str, last: str, size: int) -> tuple[int, int]:
    """Return the half-open part; "-500" is the last 500 bytes."""
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(int(last) + 1 if last else size, size)
