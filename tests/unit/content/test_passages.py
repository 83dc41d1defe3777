from dataclasses import replace
from datetime import UTC, datetime

import pytest

from content.approval import Reason, reasons_against
from content.languages import LANGUAGES, name_of
from content.model import Act, Bulletin, drafted
from content.passages import PASSAGES_MAX, Passage, problems, split
from devices.protocol.ids import AreaCode, AssetDigest, ContentId
from devices.protocol.limits import TEXT_CHARS_MAX

NOW = datetime(2026, 9, 5, 10, 0, tzinfo=UTC)
SOUND = AssetDigest("ab" * 32)
KINH, TAY, MONG = Passage(language="vi", text="Họp."), Passage(language="tyz"), Passage(language="hmn", recording=SOUND)


def bulletin(*passages: Passage) -> Bulletin:
    main, others, at = split(passages)
    made = drafted(id=ContentId("b"), unit=AreaCode("20669"), title="Họp", text=main.text, author="an", now=NOW)
    return replace(made, language=main.language, recording=main.recording, others=others, main_at=at)


@pytest.mark.parametrize("order", [(KINH,), (KINH, TAY, MONG), (TAY, KINH, MONG), (MONG, TAY, KINH), (MONG, TAY)])
def test_passages_are_heard_in_the_order_that_was_set(order: tuple[Passage, ...]) -> None:
    assert bulletin(*order).passages == order


def test_kinh_is_the_main_one_wherever_it_stands() -> None:
    assert bulletin(MONG, TAY, KINH).text == "Họp."


def test_the_main_one_has_a_place_among_the_others() -> None:
    with pytest.raises(ValueError, match="no such place"):
        replace(bulletin(KINH), main_at=1)


def test_a_passage_is_not_longer_than_a_bulletin() -> None:
    with pytest.raises(ValueError, match="characters"):
        Passage(language="vi", text="a" * (TEXT_CHARS_MAX + 1))


@pytest.mark.parametrize(
    ("passages", "told"),
    [
        ((), "từ 1 đến"),
        ((KINH,) * (PASSAGES_MAX + 1), "từ 1 đến"),
        ((KINH, Passage(language="tlh")), "tlh"),
        ((KINH, MONG, MONG), "hai phần tiếng Mông"),
    ],
    ids=["none", "too many", "unknown language", "twice"],
)
def test_what_is_wrong_with_passages_is_said(passages: tuple[Passage, ...], told: str) -> None:
    assert any(told in sentence for sentence in problems(passages))


def test_nothing_is_wrong_with_three_languages() -> None:
    assert problems((MONG, KINH, TAY)) == ()


class Anybody:
    id = "anybody"

    def may(self, *_: object) -> bool:
        return True


def test_a_bulletin_with_an_empty_language_is_not_submitted() -> None:
    assert Reason.NO_WORDS in reasons_against(Act.SUBMIT, bulletin(KINH, TAY), Anybody(), NOW)
    assert reasons_against(Act.SUBMIT, bulletin(KINH, MONG), Anybody(), NOW) == ()


@pytest.mark.parametrize(
    "name", ["Kinh (Việt)", "Tày", "Mông", "Thái", "Khơ-me", "Ê-đê", "Gia-rai", "Pa Cô", "Bru – Vân Kiều"]
)
def test_the_languages_of_the_country_are_in_the_table(name: str) -> None:
    assert name in {language.name for language in LANGUAGES.values()}


def test_only_what_an_engine_reads_is_spoken() -> None:
    assert [code for code, language in LANGUAGES.items() if language.spoken] == ["vi"]
    assert Passage(language="tyz", text="...").mute
    assert not MONG.mute
    assert not KINH.mute


def test_a_language_without_a_name_is_called_by_its_code() -> None:
    assert (name_of("tyz"), name_of("xyz")) == ("tiếng Tày", "xyz")
