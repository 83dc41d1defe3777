"""Every check against texts that have its fault, and texts that only look as if they had."""

from collections import Counter
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.desk.checks import CHECKS, Subjected, checked, seconds_of
from content.desk.findings import Gravity, at_least, in_order
from content.model import Subject
from content.text import normalise
from devices.protocol.manifest import ServiceClass

NOW = datetime(2026, 8, 13, 8, 0)  # noqa: DTZ001 - the wall clock; a Thursday
TAIL = " Đề nghị bà con theo dõi và thực hiện nghiêm túc."  # so that no text is too short


def subjected(text: str, **more: object) -> Subjected:
    given = {"title": "Tin của xã", "now": NOW, **more}
    return Subjected(text=text, spoken=normalise(text), **given)  # type: ignore[arg-type]


def codes(text: str, **more: object) -> list[tuple[str, str]]:
    """Return what is found, without what says only that a validity could be set."""
    found = checked(subjected(text, **more))
    return [(one.code, one.source) for one in found if one.code != "validity.late"]


# text, and every finding with its place; nothing else may be found
FAULTY = [
    ("Cắt điện thứ Sáu, 13/8/2026 từ 9h đến 17h.", [("date.weekday", "13/8/2026")]),
    ("Cắt điện thứ 6 ngày 13/8/2026 từ 9h đến 17h.", [("date.weekday", "13/8/2026")]),
    ("Cắt điện Chủ nhật, ngày 15/8 từ 9h đến 17h.", [("date.weekday", "15/8")]),
    ("Cắt điện ngày 14/8/2026 (thứ Bảy) từ 9h đến 17h.", [("date.weekday", "14/8/2026")]),
    ("Cắt điện CN, 14/8/2026 từ 9h đến 17h.", [("date.weekday", "14/8/2026")]),
    ("Hẹn thứ hai ngày 18 tháng 8 năm 2026 tại trụ sở.", [("date.weekday", "18 tháng 8 năm 2026")]),
    ("Nộp hồ sơ trước ngày 31/9/2026 tại bộ phận một cửa.", [("date.impossible", "31/9/2026")]),
    ("Nộp hồ sơ trước ngày 30/2 tại bộ phận một cửa.", [("date.impossible", "30/2")]),
    ("Nộp hồ sơ trước ngày 15/13/2026 tại bộ phận một cửa.", [("date.impossible", "15/13/2026")]),
    ("Nộp hồ sơ trước ngày 29/02/2027 tại bộ phận một cửa.", [("date.impossible", "29/02/2027")]),
    ("Nộp thuế trước ngày 10/8/2026 tại trụ sở.", [("date.past", "10/8/2026")]),
    ("Nộp thuế trước ngày 12/8 tại trụ sở xã.", [("date.past", "12/8")]),
    ("Nộp thuế từ ngày 01/8 đến ngày 10/8/2026 tại trụ sở.", [("date.past", "10/8/2026")]),
    ("Lấy nước từ ngày 20/8/2026 đến 18/8/2026 theo lịch.", [("date.backwards", "20/8/2026 đến 18/8/2026")]),
    ("Hôm nay, thứ Sáu, xã tổng vệ sinh đường làng.",
     [("date.today", "Hôm nay, thứ Sáu"), ("date.relative", "Hôm nay")]),
    ("Ngày mai, thứ Năm, xã tổng vệ sinh đường làng.",
     [("date.today", "Ngày mai, thứ Năm"), ("date.relative", "Ngày mai")]),
    ("Chiều nay bà con ra đồng diệt chuột.", [("date.relative", "Chiều nay")]),
    ("Sáng mai bà con ra đồng diệt chuột.", [("date.relative", "Sáng mai")]),
    ("Tuần sau xã mở lớp tập huấn chăn nuôi.", [("date.relative", "Tuần sau")]),
    ("Họp lúc 25h ngày 20/8 ở hội trường.", [("time.impossible", "25h")]),
    ("Họp lúc 7h75 ngày 20/8 ở hội trường.", [("time.impossible", "7h75")]),
    ("Họp lúc 19:60 ngày 20/8 ở hội trường.", [("time.impossible", "19:60")]),
    ("Họp lúc 24h30 ngày 20/8 ở hội trường.", [("time.impossible", "24h30")]),
    ("Cắt nước từ 11h đến 7h ngày 20/8.", [("time.backwards", "11h đến 7h")]),
    ("Cắt nước từ 13h30 - 13h00 ngày 20/8.", [("time.backwards", "13h30 - 13h00")]),
    ("Họp lúc 13h30 sáng ngày 20/8 ở hội trường.", [("time.part", "13h30")]),
    ("Buổi sáng từ 14h00 tiêm cho trẻ ngày 20/8.", [("time.part", "14h00")]),
    ("Họp lúc 20h chiều ngày 20/8 ở hội trường.", [("time.part", "20h")]),
    ("Họp lúc 15h tối ngày 20/8 ở hội trường.", [("time.part", "15h")]),
    ("Họp lúc 7h30 ngày 13/8/2026 ở hội trường.", [("time.past", "13/8/2026")]),
    ("Kính mời bà con đến nhà văn hóa họp ngày 20/8.", [("missing.time", "Kính mời")]),
    ("Kính mời bà con đến nhà văn hóa họp lúc 19h.", [("missing.date", "Kính mời")]),
    ("Kính mời bà con họp thôn lúc 19h ngày 20/8.", [("missing.place", "Kính mời")]),
    ("Xã tổ chức tiêm phòng dại cho chó mèo.",
     [("missing.date", "tổ chức tiêm"), ("missing.place", "tổ chức tiêm"), ("missing.time", "tổ chức tiêm")]),
    ("Liên hệ số điện thoại 0912 345 67 để biết thêm.", [("phone.length", "0912 345 67")]),
    ("Liên hệ số điện thoại 0912 345 6789 để biết thêm.", [("phone.length", "0912 345 6789")]),
    ("Liên hệ số điện thoại 0112 345 678 để biết thêm.", [("phone.length", "0112 345 678")]),
    ("Liên hệ số điện thoại 0235.3.888.99 để biết thêm.", [("phone.length", "0235.3.888.99")]),
    ("Gọi tổng đài 1900 67690 để được hỗ trợ.", [("phone.length", "1900 67690")]),
    ("Gọi số +84 912 345 67 để được hỗ trợ.", [("phone.length", "+84 912 345 67")]),
    ("Ông Nguyễn Văn Hai có căn cước 048 090 001 234 đến nhận quà.", [("private.identity", "048 090 001 234")]),
    ("Chuyển tiền vào số tài khoản 1903 4567 8901 để ủng hộ.", [("private.account", "1903 4567 8901")]),
    ("Họp tại [địa điểm] lúc 19h ngày 20/8.", [("text.unfinished", "[địa điểm]")]),
    ("Họp tại {nơi} lúc 19h ngày 20/8.", [("text.unfinished", "{nơi}")]),
    ("Họp tại nhà ông ____ lúc 19h ngày 20/8.", [("text.unfinished", "____")]),
    ("Họp tại nhà ông ........ lúc 19h ngày 20/8.", [("text.unfinished", "........")]),
    ("Đề nghị các các hộ dọn vệ sinh đường làng.", [("text.doubled", "các các")]),
    ("Đây là thông báo của của Ủy ban nhân dân xã.", [("text.doubled", "của của")]),
    ("Kinh moi toan the ba con thon xom ra dong diet chuot bao ve lua.", [("text.no_marks", "")]),
    ("ĐỀ NGHỊ TOÀN THỂ BÀ CON DỌN VỆ SINH ĐƯỜNG LÀNG NGÕ XÓM SẠCH ĐẸP.", [("text.capitals", "")]),
    ("Các hộ (thôn 1, thôn 2 dọn vệ sinh đường làng.", [("text.unpaired", "(")]),
    ("Các hộ ở “khu Đồng Cửa dọn vệ sinh đường làng.", [("text.unpaired", "“")]),
    ("Bà con " + "đi làm đồng " * 15 + "rồi về.",
     [("text.long_sentence", ("Bà con " + "đi làm đồng " * 15 + "rồi về"))]),
    ("Xem tại https://quephuoc.danang.gov.vn nhé bà con.", [("text.link", "https://quephuoc.danang.gov.vn")]),
    ("Gửi thư đến ubnd@quephuoc.vn trước khi họp.", [("text.link", "ubnd@quephuoc.vn")]),
    ("Các hộ trồng giống XKZ báo cho thôn trưởng.", [("reading.unsure", "XKZ")]),
    ("Họp thôn.", [("length.short", "")]),
]  # fmt: skip

# what looks like a fault and is none
SOUND = [
    "Cắt điện thứ Năm, 13/8/2026 từ 9h00 đến 17h00 để sửa lưới điện.",
    "Cắt điện thứ 5 (13/8) từ 9h00 đến 17h00 để sửa lưới điện.",
    "Cắt điện Chủ nhật, 16/8/2026 từ 9h00 đến 17h00 để sửa lưới điện.",
    "Căn cứ Nghị định số 49/2024/NĐ-CP ngày 10/5/2024 của Chính phủ, xã thông báo.",
    "Theo Thông báo số 145/TB-UBND ngày 02/8/2026, các hộ nộp hồ sơ tại xã.",
    "Mời công dân nam sinh ngày 01/01/2008 đến trụ sở xã lúc 8h ngày 20/8.",
    "Từ 01/7/2025, chính quyền địa phương hoạt động theo mô hình mới.",
    "Tính đến 17h ngày 02/8, dịch bệnh đã xảy ra tại ba hộ của thôn 4.",
    "Nộp thuế từ ngày 01/8 đến hết ngày 31/8/2026 tại trụ sở xã.",
    "Giỗ Tổ mùng 10/3 âm lịch, bà con nghỉ làm đồng một ngày.",
    "Rằm tháng Giêng (15/01 ÂL) cả xã có hội làng.",
    "Bón 20 kg NPK 13-5-10 cho một sào, tỷ lệ 3/4 theo hướng dẫn.",
    "Chốt kiểm dịch trực 24/24h, cấm vứt xác lợn ra môi trường.",
    "Trong 48 giờ tới có mưa to, bà con chủ động di dời.",
    "Sau 36h không thấy đỡ, đưa trẻ đến trạm y tế ngay.",
    "Lấy nước đợt 2 từ 0h00 ngày 28/8 đến 24h00 ngày 02/9/2026.",
    "Cắt nước từ 22h đến 5h sáng ngày 20/8.",
    "Trực ban từ 18h - 6h ngày 20/8 tại nhà văn hóa.",
    "Kính mời bà con họp lúc 7 giờ tối ngày 20/8 tại nhà văn hóa.",
    "Buổi chiều từ 13h30 đến 16h30 ngày 20/8 tiêm tại trạm y tế.",
    "Họp lúc 3 giờ chiều ngày 20/8 ở hội trường.",
    "Họp lúc 19h ngày 13/8/2026 ở hội trường.",
    "Liên hệ số điện thoại 0912 345 678 để biết thêm chi tiết.",
    "Liên hệ số điện thoại 0912.345.678 hoặc 02353 888 999 nhé.",
    "Gọi tổng đài 1900 6769 hoặc 1800 599 920 để được hỗ trợ.",
    "Gọi 112 khi cần cứu nạn, gọi 114 khi có cháy, bà con nhé.",
    "Gọi số +84 912 345 678 để được hỗ trợ.",
    "Mức đóng là 1.263.600 đồng một năm, quá hạn 0,03% một ngày.",
    "Bà con đi từ từ, ngày ngày dọn vệ sinh, luôn luôn sạch sẽ.",
    "TIN KHẨN: bà con ven suối di dời ngay lên chỗ cao.",
    "Các hộ (thôn 1, thôn 2) dọn vệ sinh “khu Đồng Cửa” nhé.",
    "Biển kiểm soát 36B5-123.45, ai thấy xin báo công an xã.",
    "Lúa, ngô, khoai, sắn… đều cần bón thúc trước khi mưa.",
]


@pytest.mark.parametrize(("text", "expected"), FAULTY)
def test_a_fault_is_found_where_it_is_and_nothing_else(text: str, expected: list[tuple[str, str]]) -> None:
    assert sorted(codes(text)) == sorted(expected)


@pytest.mark.parametrize("text", SOUND)
def test_what_is_usual_is_left_alone(text: str) -> None:
    assert codes(text) == []


def test_the_table_is_large_enough_to_mean_something() -> None:
    assert len(FAULTY) + len(SOUND) >= 60


FIELDS = [
    ({"valid_until": datetime(2026, 8, 12)}, "validity.past"),  # noqa: DTZ001 - the wall clock
    ({"valid_until": datetime(2026, 8, 15)}, "validity.early"),  # noqa: DTZ001 - the wall clock
    ({"valid_until": datetime(2026, 9, 15)}, "validity.late"),  # noqa: DTZ001 - the wall clock
    ({}, "validity.late"),
    ({"slot_s": 2.0}, "length.long"),
    ({"subject": Subject.POLICY}, "field.document"),
    ({"title": "Thông báo"}, "field.title"),
]


@pytest.mark.parametrize(("given", "code"), FIELDS)
def test_the_fields_are_looked_at_too(given: dict[str, object], code: str) -> None:
    text = "Nộp thuế đất trước ngày 20/8/2026 tại trụ sở xã."
    assert code in {one.code for one in checked(subjected(text, **given))}


def test_a_validity_to_the_end_of_the_last_day_is_right() -> None:
    text = "Nộp thuế đất trước ngày 20/8/2026 tại trụ sở xã."
    until = datetime(2026, 8, 20, 23, 59)  # noqa: DTZ001 - the wall clock
    assert checked(subjected(text, valid_until=until)) == ()


def test_an_emergency_may_say_today() -> None:
    text = "Tối nay bão vào, bà con ven biển di dời ngay lên chỗ cao."
    assert codes(text, service_class=ServiceClass.EMERGENCY) == []


def test_a_very_long_text_is_too_long_for_any_slot() -> None:
    found = checked(subjected("Bà con dọn vệ sinh đường làng. " * 600))
    assert {one.code for one in found} == {"length.long"}
    assert "15,0 phút" in found[0].words


def test_a_slower_voice_takes_longer() -> None:
    spoken = normalise("Kính mời bà con họp thôn.")
    assert seconds_of(spoken, 50) == pytest.approx(2 * seconds_of(spoken))


@pytest.mark.parametrize(("text", "_"), FAULTY)
def test_every_finding_says_what_and_what_to_do_and_points_into_the_text(text: str, _: object) -> None:
    for one in checked(subjected(text)):
        assert one.words.endswith((".", "?"))
        assert one.remedy.endswith(".")
        assert text[one.start : one.end] == one.source
        assert "{}" not in one.words


def test_the_remedy_for_a_wrong_weekday_can_be_copied() -> None:
    (found,) = at_least(Gravity.ERROR, checked(subjected("Cắt điện thứ Sáu, 13/8/2026 từ 9h đến 17h.")))
    assert found.words == "Ngày 13/8/2026 là thứ Năm, không phải thứ Sáu."
    assert "thứ Năm, 13/8/2026" in found.remedy


def test_the_gravest_comes_first() -> None:
    found = checked(subjected("Họp lúc 25h ngày 12/8 tại [nơi], xem www.xa.vn."))
    assert found == in_order(found)
    assert found[0].gravity is Gravity.ERROR
    assert Counter(one.gravity for one in found)[Gravity.ERROR] == 2


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789/-.:h(), tháứhaiCNTngày\n[]_xX", max_size=120))
def test_no_text_is_too_odd_for_the_checks(text: str) -> None:
    it = subjected(text)
    for check in CHECKS:
        for one in check(it):
            assert text[one.start : one.end] == one.source


@pytest.mark.parametrize("piece", ["0 ", "1/1/2026 - ", "từ 7h đến ", "[", "thứ Năm, ", "0912.", "nghị định ngày 1/1 "])
def test_a_hostile_text_takes_no_longer_than_others(piece: str) -> None:
    text = (piece * 8000)[:8000]
    checked(Subjected(title="x", text=text, spoken=normalise("một hai ba bốn năm"), now=NOW))
