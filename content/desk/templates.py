"""Notices that every commune makes again and again, with gaps to fill.  PURE.

A body has {gaps} and [parts that are left out when one of their gaps is empty].  What is typed is judged by the kind of
its gap, and written the way a reader expects it: "thứ Năm, ngày 13/8/2026", "7h30", "500.000 đồng".
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from content.desk.moments import WEEKDAY_WORDS
from content.errors import NotFilled
from content.model import Subject

GAP_CHARS_MAX = 400
_GAP = re.compile(r"\{(\w+)\}")
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_NOT_IN_A_GAP = frozenset("{}[]\n\r\t")


class Kind(StrEnum):
    """What belongs into a gap."""

    TEXT = "text"
    DAY = "day"  # 2026-08-13
    TIME = "time"  # 07:30
    PHONE = "phone"
    MONEY = "money"  # đồng
    NUMBER = "number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One gap of a template."""

    name: str
    label: str
    kind: Kind = Kind.TEXT
    required: bool = True
    example: str = ""
    default: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A notice with gaps.  order: pairs of days or times of which the second is not before the first."""

    id: str
    name: str
    subject: Subject
    title: str
    body: str
    gaps: tuple[Gap, ...]
    order: tuple[tuple[str, str], ...] = ()
    last_day: str = ""  # the gap whose day is the last on which the notice makes sense


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A notice without gaps.  last_day: after it nobody needs to hear it."""

    title: str
    text: str
    subject: Subject
    last_day: date | None


def _text(typed: str) -> str:
    if len(typed) > GAP_CHARS_MAX or _NOT_IN_A_GAP.intersection(typed):
        raise ValueError(typed)
    return typed.rstrip(" .;,")


def _day(typed: str) -> str:
    on = date.fromisoformat(typed)
    return f"{WEEKDAY_WORDS[on.weekday()]}, ngày {on.day:02}/{on.month}/{on.year}"


def _time(typed: str) -> str:
    at = time.fromisoformat(typed)
    return f"{at.hour}h{at.minute:02}" if at.minute else f"{at.hour}h"


_PHONES = (  # how many digits, and in which groups they are said
    (re.compile(r"0[35789]\d{8}\Z"), (4, 3, 3)),
    (re.compile(r"02\d{9}\Z"), (4, 3, 4)),
    (re.compile(r"1[89]00\d{4}\Z"), (4, 4)),
    (re.compile(r"1[89]00\d{6}\Z"), (4, 3, 3)),
    (re.compile(r"1\d{2,3}\Z"), (4,)),
)


def _phone(typed: str) -> str:
    digits = re.sub(r"[\s.()-]", "", typed.replace("+84", "0"))
    groups = next(groups for pattern, groups in _PHONES if pattern.match(digits))
    pieces, at = [], 0
    for size in groups:
        pieces.append(digits[at : at + size])
        at += size
    return " ".join(pieces)


def _money(typed: str) -> str:
    amount = int(re.sub(r"[\s.,đ]|đồng", "", typed.lower()))
    if not 0 < amount < 10**12:
        raise ValueError(typed)
    return f"{amount:,}".replace(",", ".") + " đồng"


def _number(typed: str) -> str:
    return f"{int(re.sub(r'[.]', '', typed.strip())):,}".replace(",", ".")


WRITERS: Mapping[Kind, Callable[[str], str]] = {
    Kind.TEXT: _text,
    Kind.DAY: _day,
    Kind.TIME: _time,
    Kind.PHONE: _phone,
    Kind.MONEY: _money,
    Kind.NUMBER: _number,
}
_FAULTS: Mapping[Kind, str] = {
    Kind.TEXT: f"dài quá {GAP_CHARS_MAX} ký tự hoặc có dấu ngoặc, xuống dòng",
    Kind.DAY: "chưa phải là ngày đúng",
    Kind.TIME: "chưa phải là giờ đúng",
    Kind.PHONE: "thiếu hoặc thừa chữ số",
    Kind.MONEY: "chưa phải là số tiền",
    Kind.NUMBER: "chưa phải là số",
}


def _written(gap: Gap, typed: str) -> str:
    try:
        return WRITERS[gap.kind](typed)
    except (ValueError, StopIteration):
        raise NotFilled({gap.name: f"{gap.label}: {_FAULTS[gap.kind]}."}) from None


def fill(template: Template, typed: Mapping[str, str], *, unit: str, today: date) -> Filled:
    """Return the notice; unit: as it stands in a sentence ("xã Quế Phước").  Raises NotFilled with every fault."""
    given = {gap.name: (typed.get(gap.name) or gap.default).strip() for gap in template.gaps}
    words, faults = {"unit": unit}, {}
    for gap in template.gaps:
        if not given[gap.name]:
            if gap.required:
                faults[gap.name] = f"Hãy ghi {gap.label.lower()}."
            continue
        try:
            words[gap.name] = _written(gap, given[gap.name])
        except NotFilled as exc:
            faults |= exc.faults
    faults |= _out_of_order(template, given, faults) | _over(template, given, faults, today)
    if faults:
        raise NotFilled(faults)
    last = given.get(template.last_day, "")
    return Filled(
        title=_put(template.title, words),
        text=_put(template.body, words),
        subject=template.subject,
        last_day=date.fromisoformat(last) if last else None,
    )


def _out_of_order(template: Template, given: Mapping[str, str], faults: Mapping[str, str]) -> dict[str, str]:
    labels = {gap.name: gap.label for gap in template.gaps}
    kinds = {gap.name: gap.kind for gap in template.gaps}
    return {
        second: f"{labels[second]} phải sau {labels[first].lower()}."
        for first, second in template.order
        if given[first] and given[second] and not {first, second} & faults.keys()
        and (given[second] < given[first] or (kinds[second] is Kind.TIME and given[second] == given[first]))
    }  # fmt: skip


def _over(template: Template, given: Mapping[str, str], faults: Mapping[str, str], today: date) -> dict[str, str]:
    last = given.get(template.last_day, "")
    if not last or template.last_day in faults or date.fromisoformat(last) >= today:
        return {}
    return {template.last_day: f"Ngày {_day(last).partition('ngày ')[2]} đã qua."}


def _put(body: str, words: Mapping[str, str]) -> str:
    """Return `body` with its gaps filled and the parts left out that lack something."""

    def part(hit: re.Match[str]) -> str:
        return hit[1] if all(name in words for name in _GAP.findall(hit[1])) else ""

    filled = _GAP.sub(lambda hit: words[hit[1]], _OPTIONAL.sub(part, body))
    return re.sub(r" {2,}", " ", filled).strip()


def _day_gap(name: str, label: str, *, required: bool = True) -> Gap:
    return Gap(name=name, label=label, kind=Kind.DAY, required=required, example="2026-08-20")


def _time_gap(name: str, label: str, example: str) -> Gap:
    return Gap(name=name, label=label, kind=Kind.TIME, example=example)


_FROM, _TO = _time_gap("begins", "Từ giờ", "07:30"), _time_gap("ends", "Đến giờ", "11:00")
_PLACE = Gap(name="place", label="Địa điểm", example="nhà văn hóa thôn 1")
_PHONE = Gap(name="phone", label="Số điện thoại liên hệ", kind=Kind.PHONE, required=False, example="0912 345 678")
_CONTACT = "[ Cần biết thêm, xin gọi số {phone}.]"

TEMPLATES: tuple[Template, ...] = (
    Template(
        id="vaccination",
        name="Tiêm chủng",
        subject=Subject.HEALTH,
        title="Lịch tiêm chủng tại {place}",
        body="Trạm Y tế {unit} thông báo lịch tiêm chủng. Thời gian: từ {begins} đến {ends}, {day}. Địa điểm: tại "
        "{place}. Đối tượng: {who}. Đề nghị gia đình đưa người được tiêm đến đúng giờ, mang theo sổ tiêm "
        "chủng {papers}. Ai đang sốt, đang ốm hoặc từng bị dị ứng, xin báo cho cán bộ y tế trước khi tiêm. "
        "Sau khi tiêm, ở lại điểm tiêm 30 phút để theo dõi." + _CONTACT,
        gaps=(
            _day_gap("day", "Ngày tiêm"),
            _FROM,
            _TO,
            _PLACE,
            Gap(name="who", label="Đối tượng", example="trẻ từ 2 đến 18 tháng tuổi chưa tiêm đủ mũi"),
            Gap(name="papers", label="Giấy tờ", default="và thẻ bảo hiểm y tế", example="và thẻ bảo hiểm y tế"),
            _PHONE,
        ),
        order=(("begins", "ends"),),
        last_day="day",
    ),
    Template(
        id="meeting",
        name="Họp thôn",
        subject=Subject.GOVERNMENT,
        title="Mời họp {village}",
        body="{host} {village} kính mời {who} đến dự họp. Nội dung: {about}. Thời gian: lúc {begins}, {day}. Địa "
        "điểm: tại {place}. Việc bàn liên quan đến mọi nhà, rất mong bà con đến dự đông đủ, đúng giờ." + _CONTACT,
        gaps=(
            Gap(name="village", label="Thôn, tổ", example="thôn Bình Yên"),
            Gap(name="host", label="Đơn vị mời", default="Ban nhân dân", example="Ban nhân dân"),
            Gap(name="who", label="Thành phần", default="đại diện các hộ gia đình", example="đại diện các hộ gia đình"),
            Gap(name="about", label="Nội dung", example="bàn việc làm đường bê tông của thôn"),
            _day_gap("day", "Ngày họp"),
            _time_gap("begins", "Giờ họp", "19:30"),
            _PLACE,
            _PHONE,
        ),
        last_day="day",
    ),
    Template(
        id="power_cut",
        name="Cắt điện",
        subject=Subject.UTILITIES,
        title="Tạm ngừng cấp điện {where}",
        body="{host} thông báo tạm ngừng cấp điện để {why}. Thời gian: từ {begins} đến {ends}, {day}. Khu vực: "
        "{where}. Đề nghị bà con chủ động sắp xếp sản xuất và sinh hoạt. Điện có thể được đóng lại sớm hơn "
        "mà không báo trước, nên xin coi đường dây luôn có điện, không tự ý sửa chữa.[ Tổng đài chăm sóc "
        "khách hàng: {phone}.]",
        gaps=(
            Gap(name="host", label="Đơn vị điện lực", default="Điện lực khu vực", example="Điện lực khu vực"),
            Gap(name="why", label="Lý do", default="sửa chữa lưới điện", example="thay máy biến áp"),
            _day_gap("day", "Ngày cắt điện"),
            _FROM,
            _TO,
            Gap(name="where", label="Khu vực", example="thôn 1, thôn 2 và một phần thôn 5"),
            _PHONE,
        ),
        order=(("begins", "ends"),),
        last_day="day",
    ),
    Template(
        id="water_cut",
        name="Mất nước",
        subject=Subject.UTILITIES,
        title="Tạm ngừng cấp nước {where}",
        body="{host} thông báo tạm ngừng cấp nước sạch để {why}. Thời gian: từ {begins} đến {ends}, {day}. Khu "
        "vực: {where}. Đề nghị bà con dự trữ đủ nước dùng và khóa vòi khi ra khỏi nhà. Khi có nước trở lại, "
        "nước có thể đục trong ít phút đầu; xin xả bỏ cho đến khi nước trong." + _CONTACT,
        gaps=(
            Gap(name="host", label="Đơn vị cấp nước", default="Đơn vị cấp nước", example="Trạm cấp nước xã"),
            Gap(name="why", label="Lý do", default="sửa chữa đường ống", example="súc rửa bể chứa"),
            _day_gap("day", "Ngày ngừng cấp nước"),
            _FROM,
            _TO,
            Gap(name="where", label="Khu vực", example="toàn bộ thôn 3"),
            _PHONE,
        ),
        order=(("begins", "ends"),),
        last_day="day",
    ),
    Template(
        id="fees",
        name="Thu phí",
        subject=Subject.GOVERNMENT,
        title="Thu {fee}",
        body="Ủy ban nhân dân {unit} thông báo thu {fee}. Mức thu: {amount} {per}. Thời gian thu: từ {first} đến "
        "hết {last}, trong giờ hành chính. Địa điểm: tại {place}.[ Miễn, giảm cho: {exempt}.] Khi nộp tiền, "
        "bà con nhớ lấy biên lai. Cán bộ thu không nhận tiền qua điện thoại và không yêu cầu bấm vào đường "
        "dẫn lạ." + _CONTACT,
        gaps=(
            Gap(name="fee", label="Khoản thu", example="quỹ phòng, chống thiên tai năm 2026"),
            Gap(name="amount", label="Mức thu", kind=Kind.MONEY, example="15.000"),
            Gap(name="per", label="Tính theo", default="mỗi hộ một năm", example="mỗi người một năm"),
            _day_gap("first", "Từ ngày"),
            _day_gap("last", "Đến ngày"),
            _PLACE,
            Gap(name="exempt", label="Đối tượng miễn, giảm", required=False, example="hộ nghèo, người có công"),
            _PHONE,
        ),
        order=(("first", "last"),),
        last_day="last",
    ),
    Template(
        id="recruitment",
        name="Tuyển quân",
        subject=Subject.SECURITY,
        title="Gọi công dân {what}",
        body="Ban Chỉ huy quân sự {unit} thông báo: gọi {who} đến {what}. Thời gian: từ {begins} đến {ends}, "
        "{day}. Địa điểm: tại {place}. Khi đến mang theo căn cước công dân và lệnh gọi[, {papers}]. Ai có lý "
        "do chính đáng không đến được, phải báo cho Ban Chỉ huy quân sự trước ngày hẹn. Đề nghị gia đình "
        "nhắc con em chấp hành nghiêm lệnh gọi." + _CONTACT,
        gaps=(
            Gap(
                name="who",
                label="Đối tượng",
                default="công dân nam trong độ tuổi gọi nhập ngũ",
                example="nam sinh 2008",
            ),
            Gap(
                name="what", label="Việc", default="khám sức khỏe nghĩa vụ quân sự", example="sơ tuyển nghĩa vụ quân sự"
            ),
            _day_gap("day", "Ngày"),
            _FROM,
            _TO,
            _PLACE,
            Gap(name="papers", label="Giấy tờ khác", required=False, example="2 ảnh cỡ 3x4"),
            _PHONE,
        ),
        order=(("begins", "ends"),),
        last_day="day",
    ),
    Template(
        id="epidemic",
        name="Phòng, chống dịch",
        subject=Subject.HEALTH,
        title="Phòng, chống {disease}",
        body="Ban Chỉ đạo phòng, chống dịch {unit} thông báo: {situation}. Để phòng, chống {disease}, đề nghị bà "
        "con thực hiện các việc sau. {measures}. Khi thấy {signs}, báo ngay cho trạm y tế hoặc thú y xã, "
        "không tự ý chữa trị, không giấu dịch.[ Đường dây nóng: {phone}.]",
        gaps=(
            Gap(name="disease", label="Tên dịch bệnh", example="sốt xuất huyết"),
            Gap(name="situation", label="Tình hình", example="đã có 3 ca mắc tại thôn 4"),
            Gap(
                name="measures",
                label="Việc cần làm",
                example="Đậy kín bể nước, lật úp dụng cụ chứa nước, ngủ màn cả ban ngày",
            ),
            Gap(name="signs", label="Dấu hiệu phải báo", example="người sốt cao đột ngột, đau đầu, nổi ban"),
            _PHONE,
        ),
    ),
    Template(
        id="festival",
        name="Lịch lễ",
        subject=Subject.CULTURE,
        title="Lịch tổ chức {festival}",
        body="Ban Tổ chức {festival}, {unit}, thông báo lịch lễ. {festival_again} bắt đầu lúc {begins}, {first}[ "
        "(tức {lunar} âm lịch)], kết thúc {last}. Địa điểm: tại {place}. Các phần chính: {programme}. Bà con "
        "và du khách giữ gìn vệ sinh, trật tự, để xe đúng nơi quy định, đề phòng kẻ gian." + _CONTACT,
        gaps=(
            Gap(name="festival", label="Tên lễ", example="lễ hội đình làng Quế Phước"),
            Gap(name="festival_again", label="Gọi tắt", default="Lễ", example="Lễ hội"),
            _day_gap("first", "Ngày bắt đầu"),
            Gap(name="lunar", label="Ngày âm lịch", required=False, example="mùng 10 tháng 3"),
            _time_gap("begins", "Giờ bắt đầu", "08:00"),
            _day_gap("last", "Ngày kết thúc"),
            _PLACE,
            Gap(name="programme", label="Chương trình", example="lễ rước, dâng hương, thi kéo co, văn nghệ"),
            _PHONE,
        ),
        order=(("first", "last"),),
        last_day="last",
    ),
)
BY_ID: Mapping[str, Template] = {template.id: template for template in TEMPLATES}


def end_of(on: date) -> datetime:
    """Return the last minute of a day on the wall clock: until then a notice of that day may be heard."""
    return datetime.combine(on, time(23, 59))
