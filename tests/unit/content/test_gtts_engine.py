"""The voice from the network against a stand-in that answers in the same form, in every mood."""

import asyncio

import pytest

from content.errors import EngineRefused, EngineSilent, EngineTimeout, SpeechError
from content.speech.gtts_engine import BASE_URL, GttsEngine
from content.speech.voice import Phrase, Region, Voice, phrases_of
from tests.fakes.translator import Mood, translator

WORDS = phrases_of(["ủy ban nhân dân xã thông báo"])


async def test_every_word_reaches_the_service_in_pieces_it_takes() -> None:
    sentence = " ".join(["thôn bản khiển họp lúc tám giờ"] * 8)
    async with translator() as (there, url), GttsEngine(base_url=url) as engine:
        out = await engine.speak([*WORDS, Phrase(words=sentence, pause_ms=0)], Voice())
    assert " ".join(there.texts).split() == f"{WORDS[0].words} {sentence}".split()
    assert all(len(text) <= 100 for text in there.texts)
    assert out.duration_ms == pytest.approx(1200 * len(there.texts), rel=0.3)


@pytest.mark.parametrize(("rate", "slow"), [(70, True), (100, False), (150, False)])
async def test_the_service_knows_two_paces(rate: int, slow: bool) -> None:
    async with translator() as (there, url), GttsEngine(base_url=url) as engine:
        await engine.speak(WORDS, Voice(rate_percent=rate))
    assert there.slow == [slow]


@pytest.mark.parametrize(
    ("mood", "error"),
    [
        (Mood.TOO_MANY, EngineRefused),
        (Mood.BROKEN, EngineRefused),
        (Mood.MOVED, EngineRefused),
        (Mood.WORDS_ONLY, EngineRefused),
        (Mood.NOT_JSON, EngineRefused),
        (Mood.NOT_BASE64, EngineRefused),
        (Mood.NOT_MP3, EngineRefused),
        (Mood.ENDLESS, EngineRefused),
        (Mood.SILENT, EngineSilent),
        (Mood.HANGS, EngineTimeout),
        (Mood.TRICKLES, EngineTimeout),
    ],
)
async def test_every_bad_mood_is_an_error_of_the_port_within_its_time(mood: Mood, error: type[SpeechError]) -> None:
    async with translator(mood) as (_, url), GttsEngine(base_url=url, timeout_s=0.8, read_timeout_s=0.5) as engine:
        async with asyncio.timeout(5):
            with pytest.raises(error):
                await engine.speak(WORDS, Voice())


async def test_no_line_is_a_refusal_at_once(free_port: int) -> None:
    async with GttsEngine(base_url=f"http://127.0.0.1:{free_port}") as engine:
        with pytest.raises(EngineRefused, match="cannot be reached: ConnectionError"):
            await engine.speak(WORDS, Voice())


async def test_the_voices_of_the_centre_and_the_south_are_not_offered() -> None:
    async with GttsEngine() as engine:
        assert [engine.offers(Voice(region=region)) for region in Region] == [True, False, False]


async def test_a_server_that_cannot_prove_its_name_is_refused(free_port: int) -> None:
    assert BASE_URL.startswith("https://")
    async with translator() as (there, url), GttsEngine(base_url=url.replace("http:", "https:")) as engine:
        with pytest.raises(EngineRefused, match="SSLError"):
            await engine.speak(WORDS, Voice())
    assert there.texts == []
