"""Long texts in sheets: cut by the text alone, and said by as many processes as there are."""

import pytest

from content.audio.pcm import to_int16
from content.speech.espeak import EspeakEngine
from content.speech.sheets import SHEET_CHARS, sheets
from content.speech.voice import Voice
from content.text.spoken import Phrase

SENTENCE = Phrase(words="bà con chú ý theo dõi bản tin dự báo thời tiết", pause_ms=500)
CLAUSE = Phrase(words="từ nay đến cuối tuần", pause_ms=200)


def test_a_sheet_ends_where_a_sentence_ends_and_nothing_is_lost() -> None:
    text = (CLAUSE, SENTENCE) * 40
    cut = sheets(text)
    assert sum(cut, ()) == text
    assert len(cut) > 3
    assert all(sheet[-1] is SENTENCE for sheet in cut)
    assert all(sum(len(phrase.words) for phrase in sheet) >= SHEET_CHARS for sheet in cut[:-1])


def test_a_sentence_without_end_is_cut_at_a_phrase() -> None:
    assert [sum(len(phrase.words) for phrase in sheet) for sheet in sheets((CLAUSE,) * 100)] == [1_200, 800]


@pytest.mark.parametrize("text", [(), (SENTENCE,)])
def test_a_short_text_is_one_sheet(text: tuple[Phrase, ...]) -> None:
    assert sheets(text) == ((text,) if text else ())


async def test_the_same_text_is_the_same_sound_however_many_say_it() -> None:
    text = (CLAUSE, SENTENCE) * 25
    sounds = []
    for workers in (1, 3):
        async with EspeakEngine(workers=workers) as engine:
            sounds.append(to_int16(await engine.speak(text, Voice())))
    assert sounds[0] == sounds[1]
