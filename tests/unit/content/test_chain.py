import pytest

from content.audio.pcm import Pcm
from content.errors import (
    EngineCrashed,
    EngineRefused,
    EngineResting,
    EngineSilent,
    EngineTimeout,
    NobodySpoke,
    SpeechError,
    TextRefused,
    VoiceNotOffered,
)
from content.speech.chain import Breaker, Chain, Link
from content.speech.espeak import EspeakEngine
from content.speech.gtts_engine import GttsEngine
from content.speech.voice import Region, Voice, phrases_of
from tests.fakes.speech import FakeEngine
from tests.fakes.translator import Mood, translator

WORDS = phrases_of(["họp dân lúc tám giờ"])


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def chain(*engines: FakeEngine, clock: Clock | None = None, timeout_s: float = 0.05) -> Chain:
    return Chain([Link(engine=engine, timeout_s=timeout_s) for engine in engines], clock=clock or Clock())


SECOND = "second"
FAILING = [
    (FakeEngine("first", fails=EngineRefused("first", "status 429")), EngineRefused),
    (FakeEngine("first", fails=EngineCrashed("first", -11)), EngineCrashed),
    (FakeEngine("first", hangs=True), EngineTimeout),
    (FakeEngine("first", mute=True), EngineSilent),
    (FakeEngine("first", regions=frozenset({Region.SOUTH})), VoiceNotOffered),
]


@pytest.mark.parametrize(("first", "why"), FAILING, ids=["refuses", "dead", "slow", "silent", "no such voice"])
async def test_when_one_fails_the_next_speaks_and_the_reason_is_told(first: FakeEngine, why: type[SpeechError]) -> None:
    spoken = await chain(first, FakeEngine(SECOND)).speak(WORDS, Voice())
    assert spoken.engine == SECOND
    assert [type(error) for error in spoken.passed_over] == [why]
    assert spoken.passed_over[0].engine == "first"


async def test_the_first_that_can_speak_is_the_only_one_asked() -> None:
    first, second = FakeEngine("first"), FakeEngine(SECOND)
    spoken = await chain(first, second).speak(WORDS, Voice())
    assert (spoken.engine, spoken.passed_over, second.asked) == ("first", (), 0)
    assert isinstance(spoken.pcm, Pcm)


async def test_when_nobody_speaks_every_reason_is_told_in_order() -> None:
    silent = chain(FakeEngine("a", hangs=True), FakeEngine("b", mute=True))
    with pytest.raises(NobodySpoke) as failed:
        await silent.speak(WORDS, Voice())
    assert [str(error) for error in failed.value.failures] == ["a: no answer within 0.05 s", "b: nothing to hear"]
    assert "a" in failed.value.in_vietnamese()
    assert "âm thanh trống" in failed.value.in_vietnamese()


async def test_a_text_without_words_is_nobodys_failure() -> None:
    engine = FakeEngine("first")
    links = chain(engine)
    for _ in range(5):
        with pytest.raises(TextRefused):
            await links.speak([], Voice())
    assert (engine.asked, links.resting()) == (0, {})


async def test_a_chain_without_engines_says_so() -> None:
    with pytest.raises(NobodySpoke, match="no engine"):
        await chain().speak(WORDS, Voice())


async def test_after_three_failures_an_engine_rests_and_then_is_tried_once() -> None:
    clock = Clock()
    bad = FakeEngine("bad", fails=EngineRefused("bad", "status 429"))
    links = chain(bad, FakeEngine(SECOND), clock=clock)
    for _ in range(5):
        await links.speak(WORDS, Voice())
    assert bad.asked == 3
    assert links.resting() == {"bad": 60.0}
    spoken = await links.speak(WORDS, Voice())
    assert [type(error) for error in spoken.passed_over] == [EngineResting]

    clock.now += 61
    await links.speak(WORDS, Voice())
    await links.speak(WORDS, Voice())
    assert bad.asked == 4  # one try, then rest again

    clock.now += 61
    bad.fails = None
    assert (await links.speak(WORDS, Voice())).engine == "bad"
    assert links.resting() == {}


async def test_a_voice_that_is_not_offered_is_no_failure() -> None:
    northern = FakeEngine("north", regions=frozenset({Region.NORTH}))
    links = chain(northern, FakeEngine(SECOND))
    for _ in range(9):
        await links.speak(WORDS, Voice(region=Region.SOUTH))
    assert (await links.speak(WORDS, Voice())).engine == "north"


BREAKS = [
    ("closed at first", Breaker(), 0.0, 0.0),
    ("one failure is chance", Breaker().failed(10.0), 10.0, 0.0),
    ("three are a state", Breaker().failed(1.0).failed(2.0).failed(10.0), 10.0, 60.0),
    ("rest ends by itself", Breaker().failed(1.0).failed(2.0).failed(10.0), 70.0, 0.0),
    ("a failed try rests again", Breaker(failures=3, resting_until=70.0).failed(75.0), 76.0, 59.0),
    ("success forgets", Breaker(failures=3, resting_until=70.0).succeeded(), 0.0, 0.0),
    ("between, success starts anew", Breaker().failed(1.0).failed(2.0).succeeded().failed(3.0), 3.0, 0.0),
]


@pytest.mark.parametrize(("breaker", "now", "left"), [case[1:] for case in BREAKS], ids=[case[0] for case in BREAKS])
def test_a_breaker_says_how_long_to_leave_an_engine_alone(breaker: Breaker, now: float, left: float) -> None:
    assert breaker.rests_for(now) == left


@pytest.mark.parametrize("mood", [Mood.TOO_MANY, Mood.HANGS, Mood.NOT_MP3, Mood.SILENT])
async def test_when_the_network_voice_fails_the_one_in_the_house_speaks(mood: Mood) -> None:
    async with translator(mood) as (_, url), GttsEngine(base_url=url, timeout_s=0.6) as far, EspeakEngine() as near:
        links = Chain([Link(engine=far, timeout_s=0.6), Link(engine=near, timeout_s=10.0)])
        spoken = await links.speak(WORDS, Voice())
    assert (links.name, spoken.engine) == ("gtts+espeak", "espeak")
    assert [error.engine for error in spoken.passed_over] == ["gtts"]


async def test_when_the_network_voice_answers_it_is_the_one_that_is_heard() -> None:
    async with translator() as (_, url), GttsEngine(base_url=url) as far, EspeakEngine() as near:
        links = Chain([Link(engine=far, timeout_s=10.0), Link(engine=near, timeout_s=10.0)])
        assert (await links.speak(WORDS, Voice())).engine == "gtts"
