"""Stations of units: what is inherited, what is said before and after, what decides a recipe."""

import pytest

from content.audio.chime import Cue
from content.audio.profiles import PROFILES, ProfileName
from content.recipe import Part, Recipe
from content.speech.spelling import Spelling
from content.speech.voice import Region
from content.station import (
    CLOSING_FORMULA,
    FORMULA_PAUSE_MS,
    OPENING_FORMULA,
    BadStation,
    Sounding,
    Station,
    as_station,
    formula,
    settled,
)
from content.text.normalise import normalise
from content.text.spoken import Phrase
from devices.protocol.ids import AssetDigest

WORDS = (Phrase(words="họp dân tối nay trên zalo", pause_ms=300),)
HELLO, BYE = (Phrase(words="đây là đài", pause_ms=300),), (Phrase(words="xin cảm ơn", pause_ms=300),)
RECIPE = Recipe(phrases=WORDS, engine="espeak", opening=Cue.OPENING)


def test_a_unit_says_only_what_it_wants_otherwise() -> None:
    province = Station(region=Region.CENTRAL, rate_percent=95, opening=OPENING_FORMULA)
    commune = Station(rate_percent=90, opening="")
    holds = settled([province, commune])
    assert holds == Sounding(region=Region.CENTRAL, rate_percent=90)
    assert (holds.voice.region, holds.voice.rate_percent) == (Region.CENTRAL, 90)
    assert settled([]) == Sounding()


def test_a_formula_has_the_names_of_its_places_and_no_comma_before_nothing() -> None:
    places = {"unit": "xã Hòa Vang", "above": "thành phố Đà Nẵng"}
    assert formula(OPENING_FORMULA, places) == "Đây là Đài truyền thanh xã Hòa Vang, thành phố Đà Nẵng."
    assert formula(OPENING_FORMULA, {"unit": "tỉnh Huế"}) == "Đây là Đài truyền thanh tỉnh Huế."
    assert normalise(formula(CLOSING_FORMULA, places)).unread == ()


@pytest.mark.parametrize("template", ["{ten}", "{unit", "}", "{unit!r}", "{unit:>9999999}", "{0}", "{}", "a" * 301])
def test_a_formula_with_anything_else_is_refused(template: str) -> None:
    with pytest.raises(BadStation) as refused:
        Station(opening=template)
    assert refused.value.field == "opening"
    assert refused.value.told


def test_a_station_frames_what_is_said_with_its_chimes_and_its_formula() -> None:
    framed = as_station(RECIPE, Sounding(), opening=HELLO, closing=BYE)
    assert [part.phrases for part in framed.stretches] == [HELLO, WORDS, BYE]
    assert [part.pause_ms for part in framed.stretches[1:]] == [FORMULA_PAUSE_MS] * 2
    assert (framed.opening, framed.closing, framed.profile) == (Cue.OPENING, Cue.CLOSING, PROFILES[ProfileName.HORN])


def test_recordings_are_framed_as_well_and_their_pauses_stay() -> None:
    recording = Part(recording=AssetDigest("ab" * 32))
    framed = as_station(Recipe(phrases=(), engine="espeak", parts=(recording, recording)), Sounding(), opening=HELLO)
    assert [part.recording for part in framed.parts] == [None, recording.recording, recording.recording]
    assert framed.parts[2] == recording


def test_without_formula_and_chimes_the_words_stand_alone() -> None:
    bare = as_station(RECIPE, Sounding(chimes=False, profile=ProfileName.PLAIN))
    assert (bare.phrases, bare.parts, bare.opening, bare.closing) == (WORDS, (), None, None)


def test_only_spellings_that_are_said_change_the_recipe() -> None:
    said, other = (Spelling(engine="espeak", word=word, spelling="x") for word in ("zalo", "viber"))
    assert as_station(RECIPE, Sounding(), spellings=(said, other)).spellings == (said,)
    assert as_station(RECIPE, Sounding(), spellings=(other,)).digest() == as_station(RECIPE, Sounding()).digest()
    assert as_station(RECIPE, Sounding(), spellings=(said,)).digest() != as_station(RECIPE, Sounding()).digest()
