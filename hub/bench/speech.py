"""How fast bulletins become finished assets, and what the hub notices of it.

Every bulletin is another text of some sixty words, spoken by espeak-ng, mastered for a horn with a chime before it,
encoded, decoded and measured, as `hub.speech` does it.  Meanwhile two things are watched: how late the event loop
wakes up, and how long the words of an alert take from the text to the finished asset.
"""

import asyncio
import os
import statistics
import time
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

from content.audio.chime import Cue
from content.audio.profiles import PROFILES, ProfileName
from content.audio.workshop import Workshop
from content.memory import MemoryAssetStore, MemoryRenderStore
from content.recipe import Recipe, Rendered
from content.render import Renderer
from content.speech.chain import Chain, Link
from content.speech.delivery import OUTDOOR, delivered
from content.speech.espeak import EspeakEngine
from content.speech.voice import Voice
from content.text.normalise import normalise

WITHIN_S = 60.0
TICK_S = 0.01  # what the loop is asked to wake up for
ALERT_EVERY_S = 2.0
WITH_ALERTS_MAX = 60  # bulletins between which alerts are spoken: half a minute shows how long they take
WARM = "Một hai ba."
ALERT = "Mực nước sông lên nhanh tại cầu số {n}. Đề nghị bà con vùng trũng sơ tán ngay đến nơi an toàn."
TEXTS = (
    """Ủy ban nhân dân xã thông báo lịch tiêm chủng đợt {n} cho trẻ em dưới năm tuổi. Thời gian từ 7h30 đến 11h
    ngày 15/9/2026 tại trạm y tế xã. Đề nghị các gia đình đưa trẻ đến đúng giờ, mang theo sổ tiêm chủng và thẻ bảo
    hiểm y tế. Mọi thắc mắc xin liên hệ trạm y tế.""",
    """Điện lực huyện thông báo ngừng cung cấp điện lần {n} để sửa chữa đường dây. Thời gian từ 8h đến 16h ngày 20/10
    tại các thôn Đông, thôn Đoài và khu chợ. Đề nghị bà con chủ động sắp xếp công việc, tắt các thiết bị điện trước
    giờ cắt để bảo đảm an toàn.""",
    """Hợp tác xã nông nghiệp thông báo lịch lấy nước đợt {n} phục vụ gieo cấy vụ đông xuân. Trạm bơm vận hành từ 5h
    sáng đến 18h hằng ngày trong tuần này. Đề nghị bà con nạo vét kênh mương, đắp bờ giữ nước và theo dõi sâu bệnh
    trên đồng ruộng của gia đình mình.""",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured."""

    bulletins: int
    workers: int
    sounding_s: float  # of all assets together
    wall_s: float
    times_real_time: float
    processor_s: float  # of all processes; shows what a busy machine hides
    one_s: float  # sixty words to a finished asset when nothing else is rendered
    alert_words_s_median: float  # the words of an alert, while the batch is rendered
    alert_words_s_max: float
    loop_late_ms_median: float
    loop_late_ms_p99: float
    loop_late_ms_max: float


@asynccontextmanager
async def open_renderer(workers: int, *, in_this_process: bool = False) -> AsyncIterator[Renderer]:
    """A renderer as the hub has one, that keeps its assets in memory; `in_this_process`: mastering without workers."""
    async with AsyncExitStack() as stack:
        espeak = await stack.enter_async_context(EspeakEngine(workers=workers + 1))
        chain = Chain([Link(engine=espeak, timeout_s=WITHIN_S)])
        stores = {"assets": MemoryAssetStore(), "renders": MemoryRenderStore()}
        if in_this_process:
            yield Renderer(speaker=chain, at_once_max=workers, **stores)  # type: ignore[arg-type]
            return
        shop = await stack.enter_async_context(Workshop(workers=workers))
        yield Renderer(
            speaker=chain,
            at_once_max=workers,
            mastered=shop.finish,
            mastered_at_once=shop.finish_urgently,
            **stores,  # type: ignore[arg-type]
        )


def bulletin(n: int, engine: str) -> Recipe:
    """Return the recipe of the `n`-th bulletin; no two are equal."""
    text = " ".join(TEXTS[n % len(TEXTS)].split()).format(n=n + 1)
    return Recipe(
        phrases=normalise(text).phrases, engine=engine, opening=Cue.OPENING, profile=PROFILES[ProfileName.HORN]
    )


def alert(n: int, engine: str) -> Recipe:
    """Return the recipe of the words of an alert."""
    phrases = delivered(normalise(ALERT.format(n=n + 1)).phrases, OUTDOOR)
    voice = Voice(rate_percent=OUTDOOR.rate_percent)
    return Recipe(phrases=phrases, engine=engine, voice=voice, profile=PROFILES[ProfileName.HORN])


async def measure(bulletins: int, workers: int, *, in_this_process: bool = False) -> Figures:
    """Render so many bulletins, `workers` at once, then some more with alerts between them; return the figures."""
    before_s = _processor_s()
    late: list[float] = []
    async with _warm_renderer(workers, in_this_process=in_this_process) as renderer:
        one_s, _ = await _timed(renderer, bulletin(bulletins, renderer.engine))
        async with _beside(_watch_loop(late)):
            began = time.perf_counter()
            done = await _batch(renderer, range(bulletins), workers)
            wall_s = time.perf_counter() - began
    processor_s = _processor_s() - before_s
    alerts: list[float] = []
    async with (
        _warm_renderer(workers, in_this_process=in_this_process) as renderer,
        _beside(_speak_alerts(renderer, alerts)),
    ):
        await _batch(renderer, range(min(bulletins, WITH_ALERTS_MAX)), workers)
    return _figures(
        done, workers=workers, wall_s=wall_s, one_s=one_s, alerts=alerts, late=late, processor_s=processor_s
    )


@asynccontextmanager
async def _warm_renderer(workers: int, *, in_this_process: bool) -> AsyncIterator[Renderer]:
    """A renderer whose workers have all worked: a hub has been up for a while."""
    async with open_renderer(workers, in_this_process=in_this_process) as renderer:
        warm = [Recipe(phrases=normalise(f"{WARM} {n}").phrases, engine=renderer.engine) for n in range(workers)]
        await asyncio.gather(*map(renderer.render, warm))
        yield renderer


@asynccontextmanager
async def _beside(watching: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let something go on as long as the block."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(watching, name="beside the batch")
        yield
        task.cancel()


def _processor_s() -> float:
    """Return the processor time of this process and of all its children that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


async def _batch(renderer: Renderer, numbers: Iterable[int], workers: int) -> list[Rendered]:
    """Render bulletins, never more waiting than are worked at and one more each."""
    left = iter(numbers)
    done: list[Rendered] = []

    async def take() -> None:
        for n in left:
            rendered = await renderer.render(bulletin(n, renderer.engine))
            done.append(rendered)

    async with asyncio.TaskGroup() as group:
        for number in range(2 * workers):
            group.create_task(take(), name=f"batch {number}")
    return done


async def _timed(renderer: Renderer, recipe: Recipe, *, urgent: bool = False) -> tuple[float, Rendered]:
    began = time.perf_counter()
    rendered = await renderer.render(recipe, urgent=urgent)
    return time.perf_counter() - began, rendered


async def _speak_alerts(renderer: Renderer, took_s: list[float]) -> None:
    n = 0
    while True:
        await asyncio.sleep(ALERT_EVERY_S)
        took_s.append((await _timed(renderer, alert(n, renderer.engine), urgent=True))[0])
        n += 1


async def _watch_loop(late_ms: list[float]) -> None:
    """Note by how much the loop wakes up later than it was asked to."""
    while True:
        due = time.perf_counter() + TICK_S
        await asyncio.sleep(TICK_S)
        late_ms.append((time.perf_counter() - due) * 1000)


def _figures(
    done: Iterable[Rendered],
    *,
    workers: int,
    wall_s: float,
    one_s: float,
    alerts: Sequence[float],
    late: Sequence[float],
    processor_s: float,
) -> Figures:
    lengths = [rendered.asset.duration_ms / 1000 for rendered in done]
    late_sorted = sorted(late) or [0.0]
    return Figures(
        bulletins=len(lengths),
        workers=workers,
        sounding_s=round(sum(lengths), 1),
        wall_s=round(wall_s, 2),
        times_real_time=round(sum(lengths) / wall_s, 1),
        processor_s=round(processor_s, 2),
        one_s=round(one_s, 3),
        alert_words_s_median=round(statistics.median(alerts or [0.0]), 3),
        alert_words_s_max=round(max(alerts, default=0.0), 3),
        loop_late_ms_median=round(statistics.median(late_sorted), 2),
        loop_late_ms_p99=round(late_sorted[int(len(late_sorted) * 0.99)], 2),
        loop_late_ms_max=round(late_sorted[-1], 2),
    )


def as_dict(figures: Figures) -> dict[str, float]:
    """Return the figures by name."""
    return asdict(figures)
