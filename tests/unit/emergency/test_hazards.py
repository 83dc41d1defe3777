import re
import unicodedata

import pytest

from devices.protocol.ids import parse_content_id
from emergency.errors import UnknownHazard
from emergency.hazards import GENERAL, HAZARDS, RISK_LEVELS, Hazard, hazard_of

# Decision 18/2021/QĐ-TTg, Article 3, and what Circular 39/2020/TT-BTTTT and practice add.
OF_THE_LAW = {
    "bao", "ap-thap-nhiet-doi", "mua-lon", "lu", "lu-quet", "ngap-lut", "sat-lo-dat", "sut-lun-dat", "nang-nong",
    "han-han", "xam-nhap-man", "gio-manh-tren-bien", "suong-mu", "nuoc-dang", "loc-set-mua-da", "ret-hai", "chay-rung",
    "dong-dat", "song-than",
}  # fmt: skip
OTHERS = {"hoa-hoan", "dich-benh", "xa-lu-ho-chua", "su-co-hoa-chat", "chung"}

each_hazard = pytest.mark.parametrize("hazard", HAZARDS.values(), ids=lambda hazard: hazard.id)


def test_the_list_is_that_of_the_law_and_of_practice() -> None:
    assert {hazard.id for hazard in HAZARDS.values() if hazard.natural} == OF_THE_LAW
    assert {hazard.id for hazard in HAZARDS.values() if not hazard.natural} == OTHERS


@each_hazard
def test_an_id_may_travel_on_the_wire(hazard: Hazard) -> None:
    assert parse_content_id(hazard.id) == hazard.id


@each_hazard
def test_a_standing_message_says_what_it_is_about_what_to_do_and_whom_to_call(hazard: Hazard) -> None:
    message = hazard.standing
    assert message.startswith("Bản tin khẩn cấp. Cảnh báo ")
    assert hazard.name in message
    assert hazard.advice in message
    assert "112" in message


@each_hazard
def test_a_standing_message_holds_nothing_that_is_only_known_later(hazard: Hazard) -> None:
    assert not set("{}[]<>…") & set(hazard.standing)
    assert set(re.findall(r"\d+", hazard.standing)) <= {"112", "114", "115"}


@each_hazard
def test_a_standing_message_is_clean_vietnamese_in_whole_sentences(hazard: Hazard) -> None:
    message = hazard.standing
    assert message == unicodedata.normalize("NFC", message)
    assert "  " not in message
    sentences = re.split(r"(?<=[.!?]) ", message)
    assert all(sentence[0].isupper() and sentence.endswith(".") for sentence in sentences), sentences
    assert len(message) < 400, "it is said three times"


def test_the_five_levels_have_the_colours_of_the_law() -> None:
    colours = {1: "xanh dương nhạt", 2: "vàng nhạt", 3: "da cam", 4: "đỏ", 5: "tím"}
    assert {level: risk.colour for level, risk in RISK_LEVELS.items()} == colours
    assert all(re.fullmatch("#[0-9a-f]{6}", risk.css) for risk in RISK_LEVELS.values())


def test_an_unknown_hazard_is_an_error_and_the_general_one_is_always_there() -> None:
    assert hazard_of("chung") is GENERAL
    with pytest.raises(UnknownHazard):
        hazard_of("khong-co")
