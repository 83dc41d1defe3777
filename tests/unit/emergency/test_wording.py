from datetime import UTC, datetime

import pytest

from emergency.hazards import HAZARDS, hazard_of
from emergency.wording import (
    DRILL_CLOSING,
    DRILL_OPENING,
    alert_words,
    all_clear_text,
    all_clear_words,
    as_drill,
    issued_sentence,
    level_sentence,
)

AT = datetime(2026, 7, 22, 14, 10, tzinfo=UTC)  # 21:10 in Vietnam
FLASH_FLOOD, FIRE = hazard_of("lu-quet"), hazard_of("hoa-hoan")


def test_an_alert_is_spoken_as_opening_danger_text_level_time_and_number() -> None:
    assert alert_words(FLASH_FLOOD, 2, "Bà con dọc suối di dời ngay", AT) == (
        "Bản tin khẩn cấp. Cảnh báo lũ quét. Bà con dọc suối di dời ngay. Cấp độ rủi ro thiên tai: cấp 2. "
        "Tin phát lúc 21h10 ngày 22/7/2026. Khi cần cứu giúp, gọi 112."
    )


def test_what_the_text_says_itself_is_not_said_again() -> None:
    text = (
        "TIN LŨ QUÉT KHẨN CẤP. Tin phát lúc 21h00 ngày 22/7. Cấp độ rủi ro thiên tai: cấp 2. Gọi 112 khi cần cứu trợ."
    )
    assert alert_words(FLASH_FLOOD, 2, text, AT) == f"Bản tin khẩn cấp. {text}"


def test_a_word_inside_another_word_does_not_count_as_said() -> None:
    assert "Cảnh báo lũ." in alert_words(hazard_of("lu"), 2, "Chú ý lũy tre đổ.", AT)


@pytest.mark.parametrize(("number", "said"), [("112", False), ("114", False), ("0912 345 678", True), ("1120", True)])
def test_the_number_to_call_is_said_unless_the_text_names_one(number: str, said: bool) -> None:
    assert ("Khi cần cứu giúp" in alert_words(FIRE, 1, f"Gọi {number}.", AT)) is said


def test_a_hazard_that_the_law_gives_no_level_is_said_without_one() -> None:
    assert level_sentence(FIRE, 3) == ""
    assert "rủi ro" not in alert_words(FIRE, 3, "Cháy chợ xã.", AT)


def test_an_update_says_that_it_is_one() -> None:
    assert alert_words(FLASH_FLOOD, 2, "Mưa giảm.", AT, update=True).startswith("Bản tin khẩn cấp, tin cập nhật. ")


def test_without_a_text_the_danger_the_time_and_the_number_are_said() -> None:
    assert alert_words(FIRE, 1, "  ", AT) == (
        "Bản tin khẩn cấp. Cảnh báo hỏa hoạn. Tin phát lúc 21h10 ngày 22/7/2026. Khi cần cứu giúp, gọi 114 hoặc 112."
    )


def test_the_time_is_that_of_the_people_who_hear_it() -> None:
    assert issued_sentence(datetime(2026, 12, 31, 18, 5, tzinfo=UTC)) == "Tin phát lúc 1h05 ngày 1/1/2027."


def test_a_drill_is_announced_before_and_after_whatever_it_says() -> None:
    words = as_drill("Bản tin khẩn cấp. Sóng thần.")
    assert words.startswith(DRILL_OPENING)
    assert words.endswith(DRILL_CLOSING)
    assert DRILL_OPENING.count("diễn tập") == 2


def test_an_all_clear_says_what_is_over_and_when() -> None:
    words = all_clear_words(all_clear_text(FLASH_FLOOD), AT)
    assert words.startswith("Tin báo yên. Tình huống khẩn cấp về lũ quét đã kết thúc. ")
    assert words.endswith("Tin phát lúc 21h10 ngày 22/7/2026.")
    assert all_clear_words("Phát lúc 05h00 ngày 8/9. Bão đã tan", AT) == (
        "Tin báo yên. Phát lúc 05h00 ngày 8/9. Bão đã tan."
    )


def test_every_hazard_makes_whole_sentences() -> None:
    for hazard in HAZARDS.values():
        words = alert_words(hazard, 1, "", AT)
        assert ".." not in words
        assert words.endswith(".")
