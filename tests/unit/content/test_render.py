import asyncio
import time
from datetime import UTC, datetime

import pytest

from content.audio.chime import Cue
from content.audio.encode import decode
from content.audio.loudness import measure
from content.audio.recognise import recognise
from content.errors import EngineRefused, NobodySpoke
from content.memory import MemoryAssetStore, MemoryRenderStore
from content.recipe import Recipe
from content.render import Renderer
from content.speech.chain import Chain, Link
from content.speech.espeak import EspeakEngine
from content.speech.voice import phrases_of
from devices.protocol.chunks import asset_of, digest_of
from tests.fakes.speech import FakeEngine, FakeSpeaker

NOW = datetime(2026, 9, 5, 10, 0, tzinfo=UTC)
RECIPE = Recipe(phrases=phrases_of(["họp dân lúc tám giờ tại nhà văn hóa"]), engine="fake", opening=Cue.OPENING)


class House:
    """A renderer with its stores and its fake engine at hand."""

    def __init__(self, engine: FakeEngine | None = None) -> None:
        self.engine = engine or FakeEngine()
        self.assets, self.renders = MemoryAssetStore(), MemoryRenderStore()
        self.renderer = self.another()

    def another(self) -> Renderer:
        speaker = FakeSpeaker(self.engine)
        return Renderer(speaker=speaker, assets=self.assets, renders=self.renders, now=lambda: NOW)


async def test_a_recipe_becomes_an_asset_named_by_its_bytes() -> None:
    house = House()
    done = await house.renderer.render(RECIPE)
    data = await house.assets.read(done.asset.digest)
    assert done.asset == asset_of(data, done.asset.duration_ms)
    assert done.asset.digest == digest_of(data)
    assert (done.recipe, done.engine, done.rendered_at) == (RECIPE.digest(), "fake", NOW)
    assert done.loudness == measure(await decode(data))
    assert [found.cue for found in recognise(await decode(data))] == [Cue.OPENING]


async def test_the_same_recipe_is_spoken_once() -> None:
    house = House()
    first = await house.renderer.render(RECIPE)
    assert await house.renderer.render(RECIPE) == first
    assert await house.another().render(RECIPE) == first  # after a restart
    assert house.engine.asked == 1


async def test_callers_at_the_same_time_share_one_rendering() -> None:
    house = House()
    first, *others = await asyncio.gather(*(house.renderer.render(RECIPE) for _ in range(6)))
    assert all(other == first for other in others)
    assert house.engine.asked == 1


async def test_a_caller_that_goes_away_leaves_the_work_to_the_next() -> None:
    house = House(FakeEngine(hangs=True))
    async with asyncio.TaskGroup() as group:
        gone = group.create_task(house.renderer.render(RECIPE), name="gone")
        stays = group.create_task(house.renderer.render(RECIPE), name="stays")
        while not house.engine.asked:  # noqa: ASYNC110 - until the first one speaks
            await asyncio.sleep(0)
        house.engine.hangs = False
        gone.cancel()
    assert (await stays).engine == "fake"
    assert house.engine.asked == 2


async def test_a_lost_asset_is_made_again() -> None:
    house = House()
    first = await house.renderer.render(RECIPE)
    house.assets = MemoryAssetStore()
    again = await house.another().render(RECIPE)
    assert again == first  # the same words, the same bytes
    assert await house.assets.read(first.asset.digest)
    assert house.engine.asked == 2


async def test_a_siren_needs_no_engine() -> None:
    house = House(FakeEngine(fails=EngineRefused("fake", "dead")))
    done = await house.renderer.render(Recipe(phrases=(), engine="fake", opening=Cue.SIREN_WAIL))
    assert (done.engine, done.asset.duration_ms) == ("", 12_000)


async def test_when_nobody_speaks_nothing_is_kept_and_the_next_try_is_free() -> None:
    bad, good = FakeEngine("bad", fails=EngineRefused("bad", "status 429")), FakeEngine("good", hangs=False)
    good.fails = EngineRefused("good", "out of order")
    assets, renders = MemoryAssetStore(), MemoryRenderStore()
    links = Chain([Link(engine=bad, timeout_s=5.0), Link(engine=good, timeout_s=5.0)])
    renderer = Renderer(speaker=links, assets=assets, renders=renders)
    with pytest.raises(NobodySpoke):
        await renderer.render(RECIPE)
    assert await renders.find(RECIPE.digest()) is None
    good.fails = None
    done = await renderer.render(RECIPE)
    assert (done.engine, done.passed_over) == ("good", ("bad: status 429",))


SIXTY_WORDS = phrases_of(
    [
        "ủy ban nhân dân xã thông báo lịch tiêm phòng cho đàn gia súc",
        "vào tám giờ ngày mùng ba tháng tư tại nhà văn hóa thôn bản khiển",
        "đề nghị các hộ chăn nuôi đưa gia súc đến đúng giờ",
        "mọi thắc mắc xin gọi số không chín không năm một một một hai hai hai",
    ]
)


async def test_sixty_words_become_a_checked_asset_in_two_seconds() -> None:
    words = sum(len(phrase.words.split()) for phrase in SIXTY_WORDS)
    assets, renders = MemoryAssetStore(), MemoryRenderStore()
    async with EspeakEngine() as engine:
        renderer = Renderer(speaker=Chain([Link(engine=engine, timeout_s=10.0)]), assets=assets, renders=renders)
        await renderer.render(Recipe(phrases=phrases_of(["một hai"]), engine="espeak"))  # warm
        began = time.perf_counter()
        done = await renderer.render(Recipe(phrases=SIXTY_WORDS, engine="espeak", opening=Cue.OPENING))
        took_s = time.perf_counter() - began
    print(f"{words} words, {done.asset.duration_ms} ms of sound, {took_s:.2f} s")
    assert words == pytest.approx(60, abs=5)
    assert done.asset.duration_ms > 15_000
    assert took_s < 2.0 * 3  # the target is two seconds; a shared machine gets three times that


async def test_the_same_words_from_the_voice_in_the_house_are_the_same_bytes() -> None:
    digests = set()
    async with EspeakEngine() as engine:
        for _ in range(2):
            speaker = Chain([Link(engine=engine, timeout_s=10.0)])
            renderer = Renderer(speaker=speaker, assets=MemoryAssetStore(), renders=MemoryRenderStore())
            digests.add((await renderer.render(Recipe(phrases=SIXTY_WORDS[:1], engine="espeak"))).asset.digest)
    assert len(digests) == 1
