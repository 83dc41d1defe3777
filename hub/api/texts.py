"""The text twin of a broadcast as an answer: JSON, or plain text for whoever asks for it.

GET /api/bulletins/<id>/text     Accept: application/json (or nothing said) → the object; text/plain → the text alone
"""

from aiohttp import web

from content.desk.twin import TextTwin


def in_text(twin: TextTwin, accept: str) -> web.Response:
    """Return `twin` in the form that `accept`, a header, asks for."""
    wanted = [one.partition(";")[0].strip().lower() for one in accept.split(",")]
    plain = "text/plain" in wanted and "application/json" not in wanted
    if plain:
        return web.Response(text=twin.plain(), content_type="text/plain", charset="utf-8")
    return web.json_response(twin.as_json())
