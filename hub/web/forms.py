"""A form as it comes from a browser: size first, then its signs, then its fields; every field has a most."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar
from urllib.parse import parse_qsl

from aiohttp import web

from hub.flows.errors import Refused

BODY_BYTES_MAX = 256 * 1024  # the longest bulletin, percent-encoded, is 8,000 signs of 9 bytes
FIELDS_MAX = 4000  # every commune of the country, ticked
VALUE_CHARS_MAX = 20_000
NAME_CHARS_MAX = 60

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Form:
    """Fields by name, each with all its values in order."""

    fields: Mapping[str, tuple[str, ...]]

    def text(self, name: str, *, most: int = VALUE_CHARS_MAX) -> str:
        """Return the one value of a field, empty when it is not there.  Raises Refused when it is too long."""
        values = self.fields.get(name, ())
        value = values[-1] if values else ""
        if len(value) > most:
            raise Refused(f"Nội dung nhập dài {len(value)} ký tự, tối đa {most}. Hãy rút ngắn.", field=name)
        return value.replace("\r\n", "\n")

    def every(self, name: str) -> tuple[str, ...]:
        """Return all values of a field."""
        return tuple(value for value in self.fields.get(name, ()) if value)

    def number(self, name: str, *, least: int, most: int, words: str) -> int:
        """Return a whole number.  Raises Refused with `words`."""
        text = self.text(name, most=20).strip()
        if not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
            raise Refused(words, field=name)
        return int(text)

    def choice(self, name: str, kind: type[E], *, words: str = "Hãy chọn một mục trong danh sách.") -> E:
        """Return one of an enumeration.  Raises Refused."""
        try:
            return kind(self.text(name, most=100))
        except ValueError as exc:
            raise Refused(words, field=name) from exc

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)


NOTHING = Form({})


def parse(body: str) -> Form:
    """Return the fields of an urlencoded form.  Raises Refused."""
    try:
        pairs = parse_qsl(body, keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX)
    except ValueError as exc:
        raise Refused("Biểu mẫu gửi lên không đọc được. Hãy tải lại trang rồi gửi lại.") from exc
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        if len(name) <= NAME_CHARS_MAX:
            fields.setdefault(name, []).append(value.replace("\0", ""))  # no database keeps a NUL in a text
    return Form({name: tuple(values) for name, values in fields.items()})


async def read_form(request: web.Request) -> Form:
    """Return the form that was sent.  Raises Refused, HTTPRequestEntityTooLarge."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise Refused("Biểu mẫu gửi lên không đúng định dạng. Hãy tải lại trang rồi gửi lại.")
    body = await request.read()
    try:
        return parse(body.decode("utf-8"))
    except UnicodeDecodeError as exc:
        raise Refused("Biểu mẫu gửi lên không đọc được. Hãy tải lại trang rồi gửi lại.") from exc


def page_number(text: str, pages: int) -> int:
    """Return which page of a list is asked for, from 1; the nearest that there is."""
    wanted = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 1
    return max(1, min(wanted, pages))


def query(request: web.Request) -> Form:
    """Return what stands behind the question mark, under the same limits."""
    return parse(request.rel_url.raw_query_string[:8000])
