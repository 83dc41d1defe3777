from dataclasses import fields, replace

import pytest

from content.audio.chime import Cue
from content.audio.encoder import Encoder
from content.audio.master import Profile
from content.recipe import Part, Recipe
from content.speech.spelling import Spelling
from content.speech.voice import Phrase, Region, Voice
from devices.protocol.ids import AssetDigest

RECIPE = Recipe(phrases=(Phrase(words="họp dân", pause_ms=300),), engine="espeak")

CHANGES: dict[str, dict[str, object]] = {
    "phrases": {"phrases": (Phrase(words="họp thôn", pause_ms=300),)},
    "a pause": {"phrases": (Phrase(words="họp dân", pause_ms=301),)},
    "engine": {"engine": "gtts+espeak"},
    "voice": {"voice": Voice(region=Region.SOUTH)},
    "pace": {"voice": Voice(rate_percent=90)},
    "opening": {"opening": Cue.OPENING},
    "closing": {"closing": Cue.OPENING},
    "profile": {"profile": Profile(target_lufs=-18.0)},
    "encoder": {"encoder": Encoder(bitrate_bps=24_000)},
    "a spelling": {"spellings": (Spelling(engine="espeak", word="họp", spelling="họp"),)},
    "another part": {"parts": (Part(recording=AssetDigest("ab" * 32)),)},
}


def test_equal_recipes_have_one_name() -> None:
    assert replace(RECIPE).digest() == RECIPE.digest()
    assert len(RECIPE.digest()) == 64


def test_the_name_of_a_recipe_does_not_change_by_itself() -> None:
    # A change here makes every rendering of every hub anew: meant, or a mistake?
    assert RECIPE.digest() == "d249150f608ab0a4c26ccd2d45caa40daff64e40d71d28917647d99c3899a5b9"


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_is_heard_differently_has_another_name(name: str) -> None:
    assert replace(RECIPE, **CHANGES[name]).digest() != RECIPE.digest()  # type: ignore[arg-type]


def test_every_part_of_a_recipe_was_tried() -> None:
    assert {name for change in CHANGES.values() for name in change} == {field.name for field in fields(Recipe)}


def test_a_part_is_words_or_a_recording() -> None:
    for wrong in ({}, {"phrases": RECIPE.phrases, "recording": AssetDigest("ab" * 32)}):
        with pytest.raises(ValueError, match="words or a recording"):
            Part(**wrong)  # type: ignore[arg-type]


def test_what_is_said_comes_before_the_other_parts() -> None:
    recorded = Part(recording=AssetDigest("ab" * 32))
    first, second = replace(RECIPE, parts=(recorded,)).stretches
    assert (first.phrases, first.voice, second) == (RECIPE.phrases, RECIPE.voice, recorded)
