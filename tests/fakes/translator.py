"""A stand-in for the public translator that gTTS speaks to: the same form of requests and answers, on this machine."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from urllib.parse import parse_qs

import numpy as np
from aiohttp import web
from aiohttp.test_utils import TestServer

from content.audio.pcm import pcm
from tests.fakes.sounds import as_file, babble

RPC = "jQ1olc"
PATH = "/_/TranslateWebserverUi/data/batchexecute"


class Mood(StrEnum):
    SPEAKS = "speaks"
    TOO_MANY = "status 429"
    BROKEN = "status 500"
    MOVED = "a redirect"
    WORDS_ONLY = "an answer without sound"
    NOT_JSON = "an answer that is no JSON"
    NOT_BASE64 = "sound that is no base64"
    NOT_MP3 = "bytes that are no MP3"
    SILENT = "silence"
    ENDLESS = "an answer without end"
    HANGS = "no answer"
    TRICKLES = "a byte now and then"


class Translator:
    def __init__(self, mood: Mood = Mood.SPEAKS) -> None:
        self.mood = mood
        self.texts: list[str] = []
        self.slow: list[bool] = []
        self.released = asyncio.Event()
        speech = babble(np.random.default_rng(5), 1.2, 24_000)
        self._mp3 = as_file(speech, "-f", "mp3")
        self._answers = {
            Mood.TOO_MANY: (429, ""),
            Mood.BROKEN: (500, ""),
            Mood.MOVED: (302, ""),
            Mood.WORDS_ONLY: (200, _packed(None)),
            Mood.NOT_JSON: (200, f'{RPC}","[\\"'),
            Mood.NOT_BASE64: (200, _packed("~~~")),
            Mood.NOT_MP3: (200, _packed(_base64(b"x" * 999))),
            Mood.SILENT: (200, _packed(_base64(as_file(pcm(np.zeros(24_000), 24_000), "-f", "mp3")))),
        }

    async def answer(self, request: web.Request) -> web.StreamResponse:
        form = parse_qs((await request.read()).decode())
        call = json.loads(form["f.req"][0])[0][0]
        assert call[0] == RPC
        text, language, slow, _ = json.loads(call[1])
        assert language == "vi"
        assert len(text) <= 100
        self.texts.append(text)
        self.slow.append(bool(slow))
        return await self._by_mood(request)

    async def _by_mood(self, request: web.Request) -> web.StreamResponse:
        if self.mood in (Mood.ENDLESS, Mood.TRICKLES):
            return await self._stream(request)
        if self.mood is Mood.HANGS:
            await self.released.wait()
        status, text = self._answers.get(self.mood, (200, _packed(_base64(self._mp3))))
        return web.Response(status=status, text=text, headers={"Location": "/consent"} if status == 302 else {})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        piece, pause_s = (b"x" * 65_536, 0.0) if self.mood is Mood.ENDLESS else (b"x", 0.05)
        while not self.released.is_set():
            try:
                await response.write(piece)
                async with asyncio.timeout(pause_s or None):
                    await (self.released.wait() if pause_s else asyncio.sleep(0))
            except TimeoutError:
                continue
            except ConnectionError:
                break
        return response


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _packed(sound: str | None) -> str:
    """Return an answer of the form that the service has: a guard line, a length, then lines of nested JSON."""
    inner = None if sound is None else json.dumps([sound])
    calls = [["wrb.fr", RPC, inner, None, None, None, "generic"], ["di", 20], ["af.httprm", 20, "1", 5]]
    return f')]}}\'\n\n999\n{json.dumps(calls)}\n25\n[["e",4,null,null,999]]\n'


@asynccontextmanager
async def translator(mood: Mood = Mood.SPEAKS) -> AsyncIterator[tuple[Translator, str]]:
    """Run a stand-in and yield it with its address."""
    there = await asyncio.to_thread(Translator, mood)
    app = web.Application()
    app.router.add_post(PATH, there.answer)
    async with TestServer(app) as server:
        try:
            yield there, str(server.make_url("")).rstrip("/")
        finally:
            there.released.set()
