"""What every RenderStore must do."""

from dataclasses import replace
from datetime import UTC, datetime

from content.audio.loudness import Loudness
from content.recipe import RecipeDigest, Rendered
from devices.protocol.chunks import asset_of
from tests.contract.content.factories import Stores

RENDERED = Rendered(
    recipe=RecipeDigest("cd" * 32),
    asset=asset_of(b"OggS" * 20_000, 20_500),
    loudness=Loudness(lufs=-16.02, peak_dbtp=-1.87),
    engine="espeak",
    passed_over=("gtts: status 429",),
    trimmed_ms=130,
    rendered_at=datetime(2026, 9, 5, 10, 0, tzinfo=UTC),
)


async def test_a_rendering_is_read_back_unchanged(stores: Stores) -> None:
    assert await stores.renders.add(RENDERED) == RENDERED
    assert await stores.renders.find(RENDERED.recipe) == RENDERED


async def test_the_first_rendering_of_a_recipe_stays(stores: Stores) -> None:
    await stores.renders.add(RENDERED)
    second = replace(RENDERED, engine="gtts", asset=asset_of(b"other", 900))
    assert await stores.renders.add(second) == RENDERED
    assert await stores.renders.find(RENDERED.recipe) == RENDERED


async def test_a_recipe_that_was_never_rendered_is_none(stores: Stores) -> None:
    assert await stores.renders.find(RecipeDigest("00" * 32)) is None


async def test_who_spoke_is_found_by_the_asset(stores: Stores) -> None:
    other = replace(RENDERED, recipe=RecipeDigest("ef" * 32), asset=asset_of(b"other", 900), engine="neural")
    await stores.renders.add(RENDERED)
    await stores.renders.add(other)
    unknown = asset_of(b"unknown", 10).digest
    found = await stores.renders.of_assets({RENDERED.asset.digest, other.asset.digest, unknown})
    assert {digest: one.engine for digest, one in found.items()} == {
        RENDERED.asset.digest: "espeak",
        other.asset.digest: "neural",
    }
    assert await stores.renders.of_assets(()) == {}
