"""The text twin of a broadcast: the same words for who reads, hears badly, or builds a display.  PURE."""

from dataclasses import dataclass
from datetime import datetime

from content.languages import name_of
from content.model import SUBJECT_WORDS, Bulletin
from content.text.spoken import SpokenText
from devices.protocol.manifest import ServiceClass

CLASS_WORDS = {
    ServiceClass.NORMAL: "Thông thường",
    ServiceClass.PRIORITY: "Ưu tiên",
    ServiceClass.EMERGENCY: "Khẩn cấp",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTwin:
    """What is heard, to be read."""

    id: str
    version: int
    title: str
    unit: str
    unit_name: str
    service_class: ServiceClass
    subject: str
    issuer: str
    document: str
    source: str
    concerns: str
    language: str
    text: str
    spoken: str
    others: tuple[tuple[str, str], ...] = ()  # language and text of what is heard beside it, where there is a text
    approved_at: datetime | None
    valid_until: datetime | None
    aired: tuple[datetime, ...] = ()  # when it began to sound somewhere, the first first

    def plain(self) -> str:
        """Return the twin as plain text, for a board, a message, a printer."""
        lines = [self.title.upper(), f"{self.unit_name} · {CLASS_WORDS[self.service_class]} · {self.subject}"]
        if self.document or self.issuer:
            lines.append(" · ".join(one for one in (self.document, self.issuer) if one))
        others = [line for language, text in self.others for line in (f"[{name_of(language)}]", text.strip(), "")]
        return "\n".join([*lines, "", self.text.strip(), "", *others])

    def as_json(self) -> dict[str, object]:
        """Return the twin as a JSON object; moments in ISO 8601, UTC."""
        return {
            "id": self.id,
            "version": self.version,
            "title": self.title,
            "unit": {"code": self.unit, "name": self.unit_name},
            "class": str(self.service_class),
            "subject": self.subject,
            "issuer": self.issuer,
            "document": self.document,
            "source": self.source,
            "audience": self.concerns,
            "language": self.language,
            "text": self.text,
            "spoken": self.spoken,
            "others": [{"language": language, "text": text} for language, text in self.others],
            "approved_at": _iso(self.approved_at),
            "valid_until": _iso(self.valid_until),
            "aired": [_iso(one) for one in self.aired],
        }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None


def twin_of(bulletin: Bulletin, spoken: SpokenText, unit_name: str, aired: tuple[datetime, ...] = ()) -> TextTwin:
    """Return the text twin of a bulletin."""
    return TextTwin(
        id=bulletin.id,
        version=bulletin.version,
        title=bulletin.title,
        unit=bulletin.unit,
        unit_name=unit_name,
        service_class=bulletin.service_class,
        subject=SUBJECT_WORDS[bulletin.subject],
        issuer=bulletin.issuer,
        document=bulletin.document,
        source=bulletin.source,
        concerns=bulletin.concerns,
        language=bulletin.language,
        text=bulletin.text,
        spoken=spoken.spoken,
        others=tuple((one.language, one.text) for one in bulletin.others if one.text.strip()),
        approved_at=bulletin.approved_at,
        valid_until=bulletin.valid_until,
        aired=aired,
    )
