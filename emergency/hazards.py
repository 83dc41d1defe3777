"""The hazards of the law as a table: names, sirens, and what is said about each when nobody has written a word yet.

Natural hazards follow Decision 18/2021/QĐ-TTg, Article 3; its Article 4 gives the five risk levels and their colours.
The others are those of Circular 39/2020/TT-BTTTT and of practice.  Standing messages name no place, time or number:
they are spoken beforehand and pinned on every loudspeaker, so that an alert starts with no download at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from emergency.errors import UnknownHazard

HOTLINE = "112"  # one number for incidents, disasters and calls for help, by the Prime Minister's decision of 2025


class Siren(StrEnum):
    """Sounds that never occur in ordinary programmes; the names are those of the cues that `content` makes."""

    WAIL = "siren_wail"  # danger: take care
    PULSE = "siren_pulse"  # leave now
    HI_LO = "siren_hi_lo"  # fire, chemicals
    ALL_CLEAR = "all_clear"


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLevel:
    """One level of Article 4."""

    level: int
    name: str
    colour: str  # as the law calls it
    css: str  # as a screen shows it


RISK_LEVELS: Mapping[int, RiskLevel] = {
    1: RiskLevel(level=1, name="rủi ro thấp", colour="xanh dương nhạt", css="#8ecdf5"),
    2: RiskLevel(level=2, name="rủi ro trung bình", colour="vàng nhạt", css="#fff2a8"),
    3: RiskLevel(level=3, name="rủi ro lớn", colour="da cam", css="#f7931e"),
    4: RiskLevel(level=4, name="rủi ro rất lớn", colour="đỏ", css="#d7191c"),
    5: RiskLevel(level=5, name="thảm họa", colour="tím", css="#7b2d8e"),
}


class Pace(StrEnum):
    """How much time people have."""

    IMMEDIATE = "immediate"  # minutes: leave, take cover
    HOURS = "hours"  # storms and floods: prepare, then leave
    SLOW = "slow"  # days: take care


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """One kind of danger."""

    id: str
    name: str  # in the middle of a sentence
    natural: bool  # the risk levels of Decision 18/2021 are about it
    pace: Pace
    siren: Siren
    advice: str  # what to do, for the standing message
    phone: str = HOTLINE

    @property
    def title(self) -> str:
        """Return the name at the head of a line."""
        return self.name[0].upper() + self.name[1:]

    @property
    def standing(self) -> str:
        """Return the standing message: written text, to be spoken and pinned beforehand."""
        return f"Bản tin khẩn cấp. Cảnh báo {self.name}. {self.advice} Khi cần cứu giúp, gọi ngay {self.phone}."


def _natural(name_id: str, name: str, pace: Pace, siren: Siren, advice: str) -> Hazard:
    return Hazard(id=name_id, name=name, natural=True, pace=pace, siren=siren, advice=advice)


def _other(name_id: str, name: str, siren: Siren, advice: str, phone: str = HOTLINE) -> Hazard:
    return Hazard(id=name_id, name=name, natural=False, pace=Pace.IMMEDIATE, siren=siren, advice=advice, phone=phone)


_FIRE_PHONE = "114 hoặc 112"

_HAZARDS = (
    _natural(
        "bao", "bão", Pace.HOURS, Siren.WAIL,
        "Tàu thuyền không ra khơi, khẩn trương về nơi tránh trú. Bà con chằng chống nhà cửa, rời khỏi lồng bè, "
        "chòi canh, nhà không kiên cố, vùng trũng thấp và ven biển. Khi gió mạnh, ở yên trong nhà kiên cố, "
        "tránh xa cửa kính.",
    ),
    _natural(
        "ap-thap-nhiet-doi", "áp thấp nhiệt đới", Pace.HOURS, Siren.WAIL,
        "Tàu thuyền nhanh chóng vào bờ hoặc tìm nơi tránh trú an toàn. Bà con chằng chống nhà cửa, "
        "đề phòng gió giật mạnh, mưa lớn và ngập lụt.",
    ),
    _natural(
        "mua-lon", "mưa lớn", Pace.HOURS, Siren.WAIL,
        "Đề phòng ngập lụt, lũ quét và sạt lở đất. Không đi qua ngầm, tràn, suối khi nước chảy xiết. "
        "Kê cao tài sản, ngắt điện khi nước vào nhà.",
    ),
    _natural(
        "lu", "lũ", Pace.HOURS, Siren.WAIL,
        "Bà con vùng trũng thấp và ven sông khẩn trương đưa người già, trẻ em và tài sản lên nơi cao. Không vớt củi, "
        "không đánh bắt cá, không qua lại ngầm, tràn khi nước chảy xiết.",
    ),
    _natural(
        "lu-quet", "lũ quét", Pace.IMMEDIATE, Siren.PULSE,
        "Bà con ở ven sông, ven suối, dưới chân đồi phải di chuyển ngay lên nơi cao và an toàn. "
        "Không quay lại lấy tài sản. Không lội qua suối, ngầm, tràn.",
    ),
    _natural(
        "ngap-lut", "ngập lụt", Pace.HOURS, Siren.WAIL,
        "Ngắt cầu dao điện, kê cao tài sản, đưa người già và trẻ em đến nơi cao ráo. "
        "Không đi vào vùng nước sâu, nước chảy xiết. Không để trẻ em chơi gần nước.",
    ),
    _natural(
        "sat-lo-dat", "sạt lở đất", Pace.IMMEDIATE, Siren.PULSE,
        "Bà con ở dưới chân đồi, sườn dốc, ven sông, ven suối phải rời khỏi nhà ngay và di chuyển đến nơi an toàn. "
        "Không đi qua đoạn đường đang sạt lở.",
    ),
    _natural(
        "sut-lun-dat", "sụt lún đất", Pace.IMMEDIATE, Siren.PULSE,
        "Bà con rời ngay khỏi nhà và khu vực có vết nứt, hố sụt. Không tụ tập xem, không đưa xe vào khu vực nguy hiểm.",
    ),
    _natural(
        "nang-nong", "nắng nóng", Pace.SLOW, Siren.WAIL,
        "Hạn chế ra ngoài trời và làm việc nặng từ giữa trưa đến chiều. Uống đủ nước, chăm sóc người già, trẻ em "
        "và người bệnh. Đề phòng cháy nổ.",
    ),
    _natural(
        "han-han", "hạn hán", Pace.SLOW, Siren.WAIL,
        "Bà con dùng nước tiết kiệm, ưu tiên nước ăn uống và chăn nuôi, lấy nước theo lịch của địa phương.",
    ),
    _natural(
        "xam-nhap-man", "xâm nhập mặn", Pace.SLOW, Siren.WAIL,
        "Bà con kiểm tra độ mặn trước khi lấy nước, tích trữ nước ngọt, đóng kín cống ngăn mặn "
        "và không dùng nước nhiễm mặn để ăn uống, tưới cây.",
    ),
    _natural(
        "gio-manh-tren-bien", "gió mạnh trên biển", Pace.HOURS, Siren.WAIL,
        "Tàu thuyền không ra khơi. Tàu thuyền đang trên biển nhanh chóng vào bờ hoặc tìm nơi tránh trú, "
        "giữ liên lạc với đài thông tin duyên hải.",
    ),
    _natural(
        "suong-mu", "sương mù", Pace.SLOW, Siren.WAIL,
        "Tầm nhìn xa giảm mạnh. Người đi đường bật đèn, chạy chậm, giữ khoảng cách. Tàu thuyền đi chậm, phát tín hiệu.",
    ),
    _natural(
        "nuoc-dang", "nước dâng", Pace.IMMEDIATE, Siren.PULSE,
        "Bà con ở ven biển và cửa sông rời ngay vào sâu trong đất liền, lên nơi cao. Không ở lại trên tàu thuyền, "
        "lồng bè, không ra đê và bờ biển xem sóng.",
    ),
    _natural(
        "loc-set-mua-da", "lốc, sét, mưa đá", Pace.IMMEDIATE, Siren.WAIL,
        "Bà con vào ngay trong nhà kiên cố, tránh xa cửa sổ. Không trú dưới gốc cây, cột điện, biển quảng cáo. "
        "Rời khỏi đồng ruộng và mặt nước.",
    ),
    _natural(
        "ret-hai", "rét hại, sương muối", Pace.SLOW, Siren.WAIL,
        "Bà con giữ ấm cho người già, trẻ em và người bệnh. Không đốt than, củi sưởi trong phòng kín. "
        "Che chắn chuồng trại, không thả rông gia súc.",
    ),
    Hazard(
        id="chay-rung", name="cháy rừng", natural=True, pace=Pace.IMMEDIATE, siren=Siren.HI_LO, phone=_FIRE_PHONE,
        advice="Bà con ở gần khu vực cháy rời đi ngay theo hướng ngược chiều khói. Cấm đốt nương, đốt ong, "
        "mang lửa vào rừng.",
    ),
    _natural(
        "dong-dat", "động đất", Pace.IMMEDIATE, Siren.PULSE,
        "Nếu đang ở trong nhà, hãy chui xuống gầm bàn chắc chắn, che đầu, tránh xa cửa kính. Khi hết rung lắc, "
        "ra nơi trống trải, tránh xa nhà cao và cột điện. Không dùng thang máy. Đề phòng dư chấn.",
    ),
    _natural(
        "song-than", "sóng thần", Pace.IMMEDIATE, Siren.PULSE,
        "Rời ngay khỏi bờ biển và cửa sông, chạy lên nơi cao hoặc vào sâu trong đất liền. Không chờ xem sóng. "
        "Không quay lại khi chưa có tin báo yên.",
    ),
    _other(
        "hoa-hoan", "hỏa hoạn", Siren.HI_LO,
        "Bà con ở gần đám cháy ngắt điện, khóa bình ga, rời ngay khỏi khu vực theo lối thoát gần nhất. "
        "Khi có khói, cúi thấp người, lấy khăn ướt che mũi và miệng. Nhường đường cho xe chữa cháy.",
        _FIRE_PHONE,
    ),
    _other(
        "dich-benh", "dịch bệnh", Siren.WAIL,
        "Bà con hạn chế tụ tập, đeo khẩu trang, rửa tay thường xuyên. Người có dấu hiệu mắc bệnh ở nhà "
        "và báo ngay cho trạm y tế.",
        "115 hoặc 112",
    ),
    _other(
        "xa-lu-ho-chua", "xả lũ hồ chứa", Siren.PULSE,
        "Bà con ở hạ lưu rời ngay khỏi lòng sông, bãi sông, đưa người, gia súc và tàu thuyền lên nơi an toàn. "
        "Không vớt củi, không đánh bắt cá, không qua lại ngầm, tràn.",
    ),
    _other(
        "su-co-hoa-chat", "sự cố hóa chất", Siren.HI_LO,
        "Bà con vào nhà, đóng kín cửa, lấy khăn ướt che mũi và miệng. Người đang ở ngoài trời đi ngang hướng gió, "
        "tránh xa nơi xảy ra sự cố. Không dùng nguồn nước và thực phẩm nghi bị nhiễm.",
        _FIRE_PHONE,
    ),
    _other(
        "chung", "tình huống khẩn cấp", Siren.WAIL,
        "Bà con giữ bình tĩnh, lắng nghe loa truyền thanh và làm theo hướng dẫn của chính quyền địa phương.",
    ),
)  # fmt: skip

HAZARDS: Mapping[str, Hazard] = {hazard.id: hazard for hazard in _HAZARDS}
GENERAL = HAZARDS["chung"]


def hazard_of(hazard_id: str) -> Hazard:
    """Return the hazard with that id.  Raises UnknownHazard."""
    found = HAZARDS.get(hazard_id)
    if found is None:
        raise UnknownHazard(hazard_id)
    return found
