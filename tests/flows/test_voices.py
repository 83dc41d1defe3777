"""How stations sound, from the setting to what is rendered and to the report."""

import pytest

from content.audio.profiles import PROFILES, ProfileName
from content.speech.spelling import Spelling
from content.speech.voice import Region, Voice
from content.station import CLOSING_FORMULA, OPENING_FORMULA, Station
from devices.areas import NATION, AreaCode
from hub.auth.model import Role
from hub.flows import alert, bulletin, kit, voices
from hub.flows.actor import Actor
from hub.flows.errors import NotAllowed, Refused
from tests.fakes.hub import COMMUNE, OTHER, PROVINCE, Hub


@pytest.fixture
async def leader(hub: Hub) -> Actor:
    return await hub.person("leader", (Role.COMMUNE_LEADER, COMMUNE))


@pytest.fixture
async def head(hub: Hub) -> Actor:
    return await hub.person("head", (Role.COMMUNE_LEADER, NATION))


async def test_what_a_province_says_holds_in_its_communes_until_one_says_otherwise(
    hub: Hub, leader: Actor, head: Actor
) -> None:
    await voices.set_station(hub.ctx, head, PROVINCE, region=Region.CENTRAL, rate_percent=90, opening=OPENING_FORMULA)
    await voices.set_station(hub.ctx, leader, COMMUNE, rate_percent=80)
    view = await voices.station(hub.ctx, leader, COMMUNE)
    assert view.own == Station(rate_percent=80)
    assert (view.holds.region, view.holds.rate_percent) == (Region.CENTRAL, 80)
    assert view.opening == "Đây là Đài truyền thanh xã Quế Phước, thành phố Đà Nẵng."
    assert await voices.voice_of(hub.ctx, OTHER) == Voice(region=Region.CENTRAL, rate_percent=90)
    await voices.set_station(hub.ctx, leader, COMMUNE)
    assert (await voices.station(hub.ctx, leader, COMMUNE)).holds.rate_percent == 90
    assert await hub.acts() == ["station.set"] * 3


async def test_only_who_leads_a_unit_sets_its_station(hub: Hub, leader: Actor) -> None:
    for unit in (PROVINCE, OTHER):
        with pytest.raises(NotAllowed):
            await voices.set_station(hub.ctx, leader, unit, rate_percent=80)
    with pytest.raises(NotAllowed):
        await voices.set_spelling(hub.ctx, leader, engine="espeak", word="zalo", spelling="da lô")


@pytest.mark.parametrize(
    ("setting", "field"),
    [({"rate_percent": 20}, "rate_percent"), ({"opening": "{ai}"}, "opening"), ({"closing": "a" * 400}, "closing")],
)
async def test_a_setting_that_cannot_be_used_is_refused_at_its_field(
    hub: Hub, leader: Actor, setting: dict[str, object], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        await voices.set_station(hub.ctx, leader, COMMUNE, **setting)
    assert refused.value.field == field


async def test_a_bulletin_is_read_by_its_station_and_framed_by_its_formula(hub: Hub, leader: Actor) -> None:
    settings = {"region": Region.SOUTH, "opening": OPENING_FORMULA, "closing": CLOSING_FORMULA}
    await voices.set_station(hub.ctx, leader, COMMUNE, **settings)
    draft = await bulletin.write(hub.ctx, leader, unit=COMMUNE, title="Họp", text="Mời bà con họp thôn.")
    assert draft.voice == Voice(region=Region.SOUTH)
    async with hub.ctx.store.read() as tx:
        recipe = await bulletin.recipe_for(hub.ctx, tx, draft)
    said = [" ".join(phrase.words for phrase in part.phrases) for part in recipe.stretches]
    assert said[0].startswith("đây là đài truyền thanh xã quế phước")
    assert said[1] == "mời bà con họp thôn"
    assert said[2].endswith("xin cảm ơn bà con đã chú ý lắng nghe")
    assert recipe.profile == PROFILES[ProfileName.HORN]


async def test_a_spelling_reaches_the_recipes_that_say_its_word_and_is_taken_back(hub: Hub, head: Actor) -> None:
    await voices.set_spelling(hub.ctx, head, engine="espeak", word=" Họp  Thôn", spelling="họp thôn xóm")
    wanted = (Spelling(engine="espeak", word="họp thôn", spelling="họp thôn xóm"),)
    assert await voices.spellings(hub.ctx) == wanted
    with_word, without = [
        await bulletin.write(hub.ctx, head, unit=COMMUNE, title="A", text=text)
        for text in ("Mời họp thôn.", "Mời họp xóm.")
    ]
    async with hub.ctx.store.read() as tx:
        assert (await bulletin.recipe_for(hub.ctx, tx, with_word)).spellings == wanted
        assert (await bulletin.recipe_for(hub.ctx, tx, without)).spellings == ()
    await voices.remove_spelling(hub.ctx, head, engine="espeak", word="họp thôn")
    assert await voices.spellings(hub.ctx) == ()
    for word, engine in (("", "espeak"), ("a", "")):
        with pytest.raises(Refused):
            await voices.set_spelling(hub.ctx, head, engine=engine, word=word, spelling="b")


def test_a_warning_is_slow_and_its_gaps_let_the_echo_end() -> None:
    recipe = kit.warning("Lũ đang về. Đề nghị bà con rời ngay khỏi vùng trũng.", "espeak", times=2)
    assert recipe.voice.rate_percent == 85
    assert all(phrase.pause_ms >= 1_500 for phrase in recipe.phrases)
    assert sum(phrase.words == "lũ đang về" for phrase in recipe.phrases) == 2
    assert recipe.profile == PROFILES[ProfileName.HORN]


async def test_an_alert_is_rendered_before_everything_that_waits(hub: Hub) -> None:
    operator = await hub.person("operator", (Role.OPERATOR, COMMUNE))
    await kit.prepare(hub.ctx, ("siren_wail", "standing-lu"))
    asked = alert.Asked(hazard="lu", level=3, areas=(AreaCode(COMMUNE),), text="Lũ đang về.")
    sent = await alert.send(hub.ctx, operator, asked)
    assert await alert.speak_one(hub.ctx, sent)
    assert hub.voice.urgent == 1
