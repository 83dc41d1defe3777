"""Every template filled with its own examples reads well and has no fault; what is typed wrongly is said by its gap."""

from datetime import date, datetime

import pytest

from content.desk.checks import Subjected, checked
from content.desk.findings import Gravity, at_least
from content.desk.templates import BY_ID, TEMPLATES, WRITERS, Kind, Template, end_of, fill
from content.errors import NotFilled
from content.text import normalise

TODAY = date(2026, 8, 13)
UNIT = "xã Quế Phước"


def examples(template: Template) -> dict[str, str]:
    return {gap.name: gap.example for gap in template.gaps}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.id)
def test_a_filled_template_passes_every_check(template: Template) -> None:
    filled = fill(template, examples(template), unit=UNIT, today=TODAY)
    until = end_of(filled.last_day) if filled.last_day else None
    it = Subjected(
        title=filled.title,
        text=filled.text,
        spoken=normalise(filled.text),
        now=datetime(2026, 8, 13, 8),  # noqa: DTZ001 - the wall clock
        subject=filled.subject,
        valid_until=until,
    )
    assert checked(it) == ()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.id)
def test_a_template_is_sound_without_what_may_be_left_out(template: Template) -> None:
    typed = {gap.name: gap.example for gap in template.gaps if gap.required and not gap.default}
    text = fill(template, typed, unit=UNIT, today=TODAY).text
    assert not set("{}[]") & set(text)
    assert "  " not in text
    assert text.endswith(".")
    it = Subjected(title="x", text=text, spoken=normalise(text), now=datetime(2026, 8, 13, 8))  # noqa: DTZ001
    assert at_least(Gravity.WARNING, checked(it)) == ()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.id)
def test_every_gap_stands_in_its_template_and_every_required_one_is_asked_for(template: Template) -> None:
    for gap in template.gaps:
        assert f"{{{gap.name}}}" in template.body + template.title
    with pytest.raises(NotFilled) as refused:
        fill(template, {}, unit=UNIT, today=TODAY)
    wanted = {gap.name for gap in template.gaps if gap.required and not gap.default}
    assert refused.value.faults.keys() == wanted
    assert all(said.endswith(".") for said in refused.value.faults.values())


def test_the_words_are_those_of_a_reader() -> None:
    text = fill(BY_ID["power_cut"], examples(BY_ID["power_cut"]), unit=UNIT, today=TODAY).text
    assert "từ 7h30 đến 11h, thứ Năm, ngày 20/8/2026." in text
    assert "thứ năm ngày hai mươi tháng tám" in normalise(text).spoken


@pytest.mark.parametrize(
    ("kind", "typed", "written"),
    [
        (Kind.DAY, "2026-08-05", "thứ Tư, ngày 05/8/2026"),
        (Kind.DAY, "2026-08-16", "Chủ nhật, ngày 16/8/2026"),
        (Kind.TIME, "07:30", "7h30"),
        (Kind.TIME, "19:00", "19h"),
        (Kind.TIME, "07:05", "7h05"),
        (Kind.PHONE, "0912345678", "0912 345 678"),
        (Kind.PHONE, "+84 912 345 678", "0912 345 678"),
        (Kind.PHONE, "02353888999", "0235 388 8999"),
        (Kind.PHONE, "1900.6769", "1900 6769"),
        (Kind.PHONE, "112", "112"),
        (Kind.PHONE, "1022", "1022"),
        (Kind.MONEY, "500000", "500.000 đồng"),
        (Kind.MONEY, "1.250.000đ", "1.250.000 đồng"),
        (Kind.NUMBER, "12500", "12.500"),
        (Kind.TEXT, "nhà văn hóa thôn 1.", "nhà văn hóa thôn 1"),
    ],
)
def test_what_is_typed_is_written_as_it_should_be(kind: Kind, typed: str, written: str) -> None:
    assert WRITERS[kind](typed) == written


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"day": "2026-02-30"}, "chưa phải là ngày đúng"),
        ({"day": "mai"}, "chưa phải là ngày đúng"),
        ({"day": "2026-08-12"}, "đã qua"),
        ({"begins": "25:00"}, "chưa phải là giờ đúng"),
        ({"begins": "11:00", "ends": "07:30"}, "phải sau"),
        ({"begins": "11:00", "ends": "11:00"}, "phải sau"),
        ({"phone": "0912"}, "chữ số"),
        ({"where": "thôn {1}"}, "dấu ngoặc"),
        ({"where": "x" * 500}, "dài quá"),
    ],
)
def test_what_does_not_fit_is_said_by_its_gap(changed: dict[str, str], fault: str) -> None:
    with pytest.raises(NotFilled) as refused:
        fill(BY_ID["power_cut"], examples(BY_ID["power_cut"]) | changed, unit=UNIT, today=TODAY)
    assert refused.value.faults.keys() <= changed.keys()
    assert fault in refused.value.in_vietnamese()


def test_money_must_be_money() -> None:
    for amount in ("0", "-5", "nhiều", "9" * 15):
        with pytest.raises(NotFilled) as refused:
            fill(BY_ID["fees"], examples(BY_ID["fees"]) | {"amount": amount}, unit=UNIT, today=TODAY)
        assert "số tiền" in refused.value.in_vietnamese()


def test_the_eight_notices_of_a_commune_are_there() -> None:
    assert [one.name for one in TEMPLATES] == [
        "Tiêm chủng", "Họp thôn", "Cắt điện", "Mất nước", "Thu phí", "Tuyển quân", "Phòng, chống dịch", "Lịch lễ",
    ]  # fmt: skip
