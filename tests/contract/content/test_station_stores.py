from content.audio.profiles import ProfileName
from content.speech.spelling import Spelling
from content.speech.voice import Region
from content.station import Station
from devices.protocol.ids import AreaCode
from tests.contract.content.factories import Stores

COMMUNE, PROVINCE = AreaCode("20669"), AreaCode("48")
OURS = Station(
    region=Region.CENTRAL, rate_percent=90, profile=ProfileName.PLAIN, chimes=False, opening="", closing="Hết."
)


async def test_what_an_area_says_comes_back_whole(stores: Stores) -> None:
    await stores.stations.put(COMMUNE, OURS)
    await stores.stations.put(PROVINCE, Station(rate_percent=95))
    assert await stores.stations.every() == {COMMUNE: OURS, PROVINCE: Station(rate_percent=95)}


async def test_what_is_said_anew_takes_the_place_of_the_old_and_nothing_forgets_it(stores: Stores) -> None:
    await stores.stations.put(COMMUNE, OURS)
    await stores.stations.put(COMMUNE, Station(chimes=True))
    assert await stores.stations.every() == {COMMUNE: Station(chimes=True)}
    await stores.stations.put(COMMUNE, Station())
    await stores.stations.put(PROVINCE, Station())
    assert await stores.stations.every() == {}


def spelling(engine: str, word: str, written: str) -> Spelling:
    return Spelling(engine=engine, word=word, spelling=written)


async def test_there_is_one_spelling_for_an_engine_and_a_word(stores: Stores) -> None:
    await stores.spellings.put(spelling("neural", "zalo", "za lô"))
    await stores.spellings.put(spelling("espeak", "zalo", "da lô"))
    await stores.spellings.put(spelling("espeak", "facebook", "phây"))
    await stores.spellings.put(spelling("espeak", "facebook", "phây búc"))
    assert await stores.spellings.every() == (
        spelling("espeak", "facebook", "phây búc"),
        spelling("espeak", "zalo", "da lô"),
        spelling("neural", "zalo", "za lô"),
    )


async def test_a_spelling_is_forgotten_and_forgetting_it_again_is_no_error(stores: Stores) -> None:
    await stores.spellings.put(spelling("espeak", "zalo", "da lô"))
    for _ in range(2):
        await stores.spellings.remove("espeak", "zalo")
        assert await stores.spellings.every() == ()
