"""What must be confirmed before a bulletin of a certain kind goes to the approver.  PURE: tables.

Third parties may air little: notices of enrolment, of recruitment (position, number, requirements, name and address,
and nothing else), of charity and of local development.  Thừa Thiên Huế, Decision 29/2021; others have the like.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from content.desk.findings import Finding, Gravity
from content.model import REQUESTER_WORDS, Bulletin, Requester, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing to confirm; `required`: without it the bulletin is not submitted."""

    id: str
    words: str
    required: bool = False


ADVERTISING = Item(id="no_advertising", words="Không giới thiệu, quảng cáo sản phẩm, dịch vụ, giá cả.", required=True)
ASKED = Item(id="asked_in_writing", words="Có văn bản đề nghị của đơn vị, đã kiểm tra người ký.", required=True)

THIRD_PARTIES: Mapping[Requester, tuple[Item, ...]] = {
    Requester.SCHOOL: (
        ASKED,
        Item(id="enrolment", words="Là thông báo tuyển sinh, không nêu học phí khuyến mại.", required=True),
        ADVERTISING,
    ),
    Requester.FIRM: (
        ASKED,
        Item(id="recruitment", words="Là thông báo tuyển dụng của đơn vị đóng trên địa bàn.", required=True),
        Item(
            id="recruitment_only",
            words="Chỉ nêu vị trí, số lượng, yêu cầu, tên và địa chỉ đơn vị.",
            required=True,
        ),
        ADVERTISING,
    ),
    Requester.CHARITY: (
        ASKED,
        Item(id="charity", words="Là thông báo từ thiện, nhân đạo hoặc phát triển địa phương.", required=True),
        Item(id="no_private_account", words="Không kêu gọi chuyển tiền vào tài khoản cá nhân.", required=True),
        ADVERTISING,
    ),
    Requester.HOUSEHOLD: (
        Item(id="family_agrees", words="Gia đình đề nghị và đồng ý cho phát.", required=True),
        Item(id="confirmed_locally", words="Đã xác minh với trưởng thôn hoặc công an xã.", required=True),
    ),
}

SUBJECTS: Mapping[Subject, tuple[Item, ...]] = {
    Subject.POLICY: (Item(id="original_document", words="Đã đối chiếu với văn bản gốc, còn hiệu lực."),),
    Subject.GOVERNMENT: (Item(id="original_document", words="Đã đối chiếu với văn bản gốc, còn hiệu lực."),),
    Subject.HEALTH: (Item(id="health_station", words="Đã đối chiếu thời gian, đối tượng với trạm y tế."),),
    Subject.UTILITIES: (Item(id="supplier", words="Đã đối chiếu ngày giờ, khu vực với điện lực, cấp nước."),),
    Subject.SECURITY: (
        Item(id="no_names", words="Không nêu tên, nơi ở người liên quan khi chưa có kết luận."),
        Item(id="security_source", words="Nội dung do công an, quân sự cung cấp."),
    ),
    Subject.DISASTER: (
        Item(id="weather_service", words="Đã đối chiếu với bản tin mới nhất của cơ quan khí tượng thủy văn."),
        Item(id="issued_at", words="Có giờ phát tin và việc cần làm ngay."),
    ),
    Subject.OBITUARY: (Item(id="names_right", words="Đã đọc lại họ tên, tuổi, giờ viếng với gia đình."),),
}

# Words of selling.  "miễn phí" is not among them: vaccination and legal aid are free, too.
_SELLING = re.compile(
    r"(?<!\w)(?:khuyến m[ãạ]i|giảm giá|ưu đãi|giá (?:chỉ|rẻ|sốc|gốc)|đặt hàng|mua ngay|mua \d+ tặng \d+|quà tặng|"
    r"tặng kèm|rẻ nhất|tốt nhất|số 1|chất lượng cao|cam kết hoàn tiền|đại hạ giá|xả hàng|khai trương|"
    r"sale|voucher)(?!\w)",
    re.IGNORECASE,
)
# What a notice of recruitment may not say beside position, number, requirements, name and address.
_BEYOND = re.compile(
    r"(?<!\w)(?:mức lương|lương|thu nhập|thưởng|hoa hồng|hotline|zalo|facebook|fanpage|website)(?!\w)", re.IGNORECASE
)


def items_for(requester: Requester, subject: Subject) -> tuple[Item, ...]:
    """Return what is to be confirmed for such a bulletin, the required first."""
    return (*THIRD_PARTIES.get(requester, ()), *SUBJECTS.get(subject, ()))


def known(ticked: Sequence[str]) -> bool:
    """Say whether all of these are items of some list."""
    every = {item.id for items in (*THIRD_PARTIES.values(), *SUBJECTS.values()) for item in items}
    return set(ticked) <= every


def _unticked(bulletin: Bulletin) -> Iterator[Finding]:
    for item in items_for(bulletin.requester, bulletin.subject):
        if item.id not in bulletin.ticked:
            yield Finding(
                code=f"checklist.{item.id}",
                gravity=Gravity.STOP if item.required else Gravity.NOTE,
                words=f"Chưa xác nhận: {item.words}",
                remedy="Kiểm tra rồi đánh dấu mục này.",
            )


def _who_asks(bulletin: Bulletin) -> Iterator[Finding]:
    if bulletin.requester in THIRD_PARTIES and not bulletin.source.strip():
        yield Finding(
            code="checklist.source",
            gravity=Gravity.STOP,
            words=f"Tin của bên ngoài ({REQUESTER_WORDS[bulletin.requester].lower()}) chưa ghi đơn vị đề nghị.",
            remedy="Ghi tên đơn vị hoặc người đề nghị.",
        )


def _places(text: str, pattern: re.Pattern[str], code: str, gravity: Gravity, why: str) -> Iterator[Finding]:
    for hit in pattern.finditer(text):
        yield Finding(
            code=code,
            gravity=gravity,
            words=why.replace("{}", hit[0]),
            remedy="Bỏ nội dung này.",
            start=hit.start(),
            end=hit.end(),
            source=hit[0],
        )


def _advertises(bulletin: Bulletin) -> Iterator[Finding]:
    if bulletin.requester not in THIRD_PARTIES:
        return
    yield from _places(
        bulletin.text,
        _SELLING,
        "advert.selling",
        Gravity.ERROR,
        "“{}” là lời quảng cáo; tin của bên ngoài không được có.",
    )
    if bulletin.requester is Requester.FIRM:
        yield from _places(
            bulletin.text, _BEYOND, "advert.beyond", Gravity.WARNING,
            "Tin tuyển dụng chỉ nêu vị trí, số lượng, yêu cầu, tên và địa chỉ; không nêu “{}”.",
        )  # fmt: skip


def listed(bulletin: Bulletin) -> tuple[Finding, ...]:
    """Return what the lists have against submitting a bulletin."""
    return (*_who_asks(bulletin), *_unticked(bulletin), *_advertises(bulletin))
