"""What every SpeechEngine must do: the one that is always there, the one from the network, and the fake."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import numpy as np
import pytest

from content.errors import EngineRefused, TextRefused
from content.speech.engine import SPOKEN_CHARS_MAX, SpeechEngine
from content.speech.espeak import EspeakEngine
from content.speech.gtts_engine import GttsEngine
from content.speech.voice import Phrase, Region, Voice, phrases_of
from tests.fakes.speech import FakeEngine
from tests.fakes.translator import translator

WORDS = phrases_of(["ủy ban nhân dân xã thông báo", "họp dân lúc tám giờ"])


@asynccontextmanager
async def espeak() -> AsyncIterator[SpeechEngine]:
    async with EspeakEngine() as engine:
        yield engine


@asynccontextmanager
async def gtts() -> AsyncIterator[SpeechEngine]:
    async with translator() as (_, url), GttsEngine(base_url=url) as engine:
        yield engine


@asynccontextmanager
async def fake() -> AsyncIterator[SpeechEngine]:
    yield FakeEngine()


ENGINES: Mapping[str, Callable[[], AbstractAsyncContextManager[SpeechEngine]]] = {
    "espeak": espeak,
    "gtts": gtts,
    "fake": fake,
}


@pytest.fixture(params=sorted(ENGINES))
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[SpeechEngine]:
    async with ENGINES[request.param]() as made:
        yield made


async def test_words_become_a_mono_sound_that_is_heard(engine: SpeechEngine) -> None:
    out = await engine.speak(WORDS, Voice())
    assert out.channels == 1
    assert 1500 < out.duration_ms < 8000
    assert np.abs(out.samples).max() > 0.05


async def test_pauses_make_it_longer_by_themselves(engine: SpeechEngine) -> None:
    short = await engine.speak([Phrase(words=phrase.words, pause_ms=0) for phrase in WORDS], Voice())
    long = await engine.speak([Phrase(words=phrase.words, pause_ms=700) for phrase in WORDS], Voice())
    assert long.duration_ms - short.duration_ms == pytest.approx(1400, abs=10)


async def test_the_same_words_sound_the_same(engine: SpeechEngine) -> None:
    first, second = [await engine.speak(WORDS, Voice()) for _ in range(2)]
    assert first.rate == second.rate
    assert np.array_equal(first.samples, second.samples)


@pytest.mark.parametrize("phrases", [(), (Phrase(words="  ", pause_ms=100),)], ids=["no phrase", "no words"])
async def test_without_words_it_refuses(engine: SpeechEngine, phrases: tuple[Phrase, ...]) -> None:
    with pytest.raises(TextRefused, match="no words"):
        await engine.speak(phrases, Voice())


async def test_far_too_much_is_refused(engine: SpeechEngine) -> None:
    with pytest.raises(TextRefused, match="characters"):
        await engine.speak([Phrase(words="a " * (SPOKEN_CHARS_MAX // 2 + 1), pause_ms=0)], Voice())


@pytest.mark.parametrize("region", Region)
async def test_what_it_offers_it_can_speak(engine: SpeechEngine, region: Region) -> None:
    voice = Voice(region=region)
    if engine.offers(voice):
        assert (await engine.speak(WORDS, voice)).duration_ms > 1000
        return
    with pytest.raises(EngineRefused, match=region):
        await engine.speak(WORDS, voice)
