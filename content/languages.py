"""The languages of the country's peoples, as a table.  PURE.

Codes are those of BCP 47 where there is a short one, of ISO 639-3 elsewhere.  Only Vietnamese is spoken by an engine;
the others are recorded by somebody who speaks them.  The order is the one in which a form offers them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

KINH = "vi"


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language: `name` in Vietnamese, `own_name` where its speakers have settled on one."""

    code: str
    name: str
    own_name: str = ""
    spoken: bool = False  # an engine on premises reads it

    @property
    def words(self) -> str:
        """Return how it stands in a sentence: "tiếng Tày"."""
        return f"tiếng {self.name}"


_TABLE: tuple[Language, ...] = (
    Language(code=KINH, name="Kinh (Việt)", own_name="Tiếng Việt", spoken=True),
    Language(code="tyz", name="Tày"),
    Language(code="nut", name="Nùng"),
    Language(code="hmn", name="Mông", own_name="Hmoob"),
    Language(code="blt", name="Thái"),
    Language(code="mtq", name="Mường"),
    Language(code="ium", name="Dao"),
    Language(code="km", name="Khơ-me", own_name="ភាសាខ្មែរ"),
    Language(code="rad", name="Ê-đê", own_name="Êđê"),
    Language(code="jra", name="Gia-rai", own_name="Jrai"),
    Language(code="bdq", name="Ba-na", own_name="Bahnar"),
    Language(code="sed", name="Xơ-đăng", own_name="Sedang"),
    Language(code="kpm", name="Cơ-ho", own_name="Kơho"),
    Language(code="cmo", name="Mnông", own_name="Bunong"),
    Language(code="cjm", name="Chăm"),
    Language(code="pac", name="Pa Cô", own_name="Pacoh"),
    Language(code="bru", name="Bru – Vân Kiều", own_name="Bru"),
    Language(code="oog", name="Tà Ôi", own_name="Ta Oi"),
    Language(code="ktv", name="Cơ-tu", own_name="Katu"),
    Language(code="jeh", name="Giẻ – Triêng"),
    Language(code="hre", name="Hrê"),
    Language(code="cua", name="Co (Cor)"),
    Language(code="rgs", name="Ra-glai"),
    Language(code="sti", name="Xtiêng"),
    Language(code="crw", name="Chơ-ro"),
    Language(code="cma", name="Mạ"),
    Language(code="kjg", name="Khơ-mú"),
    Language(code="hni", name="Hà Nhì"),
    Language(code="mlc", name="Cao Lan (Sán Chay)"),
    Language(code="lo", name="Lào"),
    Language(code="yue", name="Hoa (Quảng Đông)"),
    Language(code="en", name="Anh", own_name="English"),
)

LANGUAGES: Mapping[str, Language] = {one.code: one for one in _TABLE}


def name_of(code: str) -> str:
    """Return how a language is called; a code that is not in the table stands for itself."""
    return LANGUAGES[code].words if code in LANGUAGES else code
