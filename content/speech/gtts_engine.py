"""EDGE: gTTS, an optional voice from the network, in front of the one that is always there.

gTTS splits the text and makes the requests; they are sent from here, because the library itself does not check the
server's certificate, and whoever answers in that server's place would speak from every horn.  Off unless configured:
it sends the text out of the house.
"""

import asyncio
import base64
import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

import requests
from gtts import gTTS

from content.audio.encode import decode
from content.audio.pcm import Pcm
from content.audio.segments import strung
from content.errors import AudioError, EngineRefused, EngineTimeout
from content.speech.engine import heard, said
from content.speech.voice import Phrase, Region, Voice

BASE_URL = "https://translate.google.com"
PATH = "/_/TranslateWebserverUi/data/batchexecute"
CONNECT_TIMEOUT_S = 3.0  # no line: the next engine speaks at once
READ_TIMEOUT_S = 5.0  # between two pieces of an answer
TIMEOUT_S = 20.0  # for a whole bulletin of some twenty requests
ANSWER_BYTES_MAX = 2 * 2**20  # 100 characters make about 60 kB
THREADS = 2  # a request that hangs ends with its own time-outs, and until then no more than these hang
SLOW_BELOW_PERCENT = 85  # the service knows two paces


class GttsEngine:
    """The northern voice of a public translator; use as `async with GttsEngine() as engine`."""

    name = "gtts"

    def __init__(
        self,
        *,
        base_url: str = BASE_URL,
        timeout_s: float = TIMEOUT_S,
        read_timeout_s: float = READ_TIMEOUT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = base_url.rstrip("/") + PATH
        self._timeout_s = timeout_s
        self._waits = (CONNECT_TIMEOUT_S, read_timeout_s)
        self._clock = clock
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=self.name)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def offers(self, voice: Voice) -> bool:
        """Say whether there is such a voice: the service has one accent."""
        return voice.region is Region.NORTH

    async def speak(self, phrases: Sequence[Phrase], voice: Voice) -> Pcm:
        """Return `phrases` in `voice`, or raise SpeechError."""
        if not self.offers(voice):
            raise EngineRefused(self.name, f"no {voice.region} voice")
        spoken = said(self.name, phrases)
        deadline = self._clock() + self._timeout_s
        fetch = asyncio.get_running_loop().run_in_executor(self._threads, self._fetched, spoken, voice, deadline)
        try:
            async with asyncio.timeout(self._timeout_s):
                coded = await fetch
                sounds = [await decode(mp3) for mp3 in coded]
        except TimeoutError as exc:
            raise EngineTimeout(self.name, self._timeout_s) from exc
        except AudioError as exc:
            raise EngineRefused(self.name, f"answered with no sound: {exc}") from exc
        pauses = [phrase.pause_ms for phrase in spoken]
        return heard(self.name, await asyncio.to_thread(strung, list(zip(sounds, pauses, strict=True))))

    def _fetched(self, phrases: Sequence[Phrase], voice: Voice, deadline: float) -> list[bytes]:
        """Return the MP3 of each phrase; runs in a thread."""
        slow = voice.rate_percent < SLOW_BELOW_PERCENT
        try:
            with requests.Session() as session:
                return [
                    b"".join(self._asked(session, body, deadline) for body in _bodies(phrase.words, slow=slow))
                    for phrase in phrases
                ]
        except requests.Timeout as exc:
            raise EngineTimeout(self.name, self._timeout_s) from exc
        except requests.RequestException as exc:
            raise EngineRefused(self.name, f"cannot be reached: {type(exc).__name__}") from exc

    def _asked(self, session: requests.Session, body: str, deadline: float) -> bytes:
        """Send one request and return the MP3 in its answer."""
        with session.post(
            self._url,
            data=body,
            headers=gTTS.GOOGLE_TTS_HEADERS,
            timeout=self._waits,
            stream=True,
            allow_redirects=False,  # a consent page speaks no Vietnamese
        ) as answer:
            if answer.status_code != requests.codes.ok:
                raise EngineRefused(self.name, f"status {answer.status_code}")
            return self._mp3(b"".join(self._pieces(answer, deadline)))

    def _pieces(self, answer: requests.Response, deadline: float) -> Iterator[bytes]:
        """Yield the answer while there is time and room."""
        size = 0
        for piece in answer.iter_content(64 * 1024):
            size += len(piece)
            if size > ANSWER_BYTES_MAX:
                raise EngineRefused(self.name, f"answer over {ANSWER_BYTES_MAX} bytes")
            if self._clock() > deadline:
                raise EngineTimeout(self.name, self._timeout_s)
            yield piece

    def _mp3(self, answer: bytes) -> bytes:
        """Return the sound out of the answer's lines of JSON."""
        for line in answer.splitlines():
            if gTTS.GOOGLE_TTS_RPC.encode() in line:
                try:
                    calls = json.loads(line)
                    packed = next(call[2] for call in calls if call[1] == gTTS.GOOGLE_TTS_RPC)
                    return base64.b64decode(json.loads(packed)[0], validate=True)
                except (ValueError, TypeError, LookupError, StopIteration) as exc:
                    raise EngineRefused(self.name, "answered without sound") from exc
        raise EngineRefused(self.name, "answered without sound")


def _bodies(words: str, *, slow: bool) -> list[str]:
    """Return the request bodies for one phrase, each of at most a hundred characters."""
    bodies: list[str] = gTTS(words, lang="vi", slow=slow, lang_check=False).get_bodies()
    return bodies
