"""JSON bytes to checked values: UTF-8, then JSON, then field by field.  Every failure is a MessageRefused."""

import json
import re
from collections.abc import Callable
from enum import StrEnum
from typing import NoReturn, TypeVar

from devices.protocol.errors import MessageRefused, Reason
from devices.protocol.limits import JSON_DEPTH_MAX, SEQUENCE_MAX, TIME_MS_MAX

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)  # an open string ends with the body: one pass, whatever comes
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")  # ends a C string early; has no UTF-8
_BRACKET = re.compile(rb"[\[\]{}]")


def parse_object(body: bytes) -> "Fields":
    """Return the JSON object in `body`.  No floats, no double names, no deeper than JSON_DEPTH_MAX."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise MessageRefused(Reason.BAD_UTF8, f"at byte {exc.start}") from exc
    if _depth(body) > JSON_DEPTH_MAX:
        raise MessageRefused(Reason.BAD_JSON, f"nested deeper than {JSON_DEPTH_MAX}")
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_float=_no_number, parse_constant=_no_number)
    except (ValueError, RecursionError) as exc:
        raise MessageRefused(Reason.BAD_JSON, str(exc)[:120]) from exc
    if not isinstance(value, dict):
        raise MessageRefused(Reason.BAD_JSON, "not an object")
    return Fields(value, "")


def _depth(body: bytes) -> int:
    depth = deepest = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MessageRefused(Reason.BAD_JSON, "a name stands twice in one object")
    return found


def _no_number(text: str) -> NoReturn:
    raise MessageRefused(Reason.BAD_JSON, f"only integers are numbers here, not {text[:20]}")


class Fields:
    """One JSON object, read field by field.  Names that nobody asks for are ignored: they are a later version's."""

    __slots__ = ("path", "values")

    def __init__(self, values: dict[str, object], path: str) -> None:
        self.values = values
        self.path = path

    def wrong(self, name: str, why: str) -> NoReturn:
        """Refuse the message because of field `name`."""
        raise MessageRefused(Reason.BAD_FIELD, f"{self.path}{name}: {why}")

    def integer(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """Return an integer from `low` to `high`; without `default` it must be there."""
        value = self.values.get(name, default)
        if type(value) is not int:  # bool is an int in Python and is none here
            self.wrong(name, "not an integer")
        if not low <= value <= high:
            self.wrong(name, f"outside {low} to {high}")
        return value

    def sequence(self, name: str = "sequence") -> int:
        """Return a sequence number: 1 or more."""
        return self.integer(name, 1, SEQUENCE_MAX)

    def time_ms(self, name: str, default: int | None = None) -> int:
        """Return a moment in UTC milliseconds."""
        return self.integer(name, 0, TIME_MS_MAX, default)

    def text(self, name: str, chars_max: int, default: str | None = None) -> str:
        """Return a string of at most `chars_max` characters."""
        value = self.values.get(name, default)
        if not isinstance(value, str):
            self.wrong(name, "not a string")
        if len(value) > chars_max:
            self.wrong(name, f"longer than {chars_max} characters")
        if _NOT_TEXT.search(value):
            self.wrong(name, "holds U+0000 or half a surrogate pair")
        return value

    def parsed(self, name: str, parse: Callable[[str], T]) -> T:
        """Return a string that `parse` accepts."""
        return parse(self.text(name, 64))

    def optional(self, name: str, parse: Callable[[str], T]) -> T | None:
        """Return what `parse` makes of a string; None where the field is absent or null."""
        return None if self.values.get(name) is None else self.parsed(name, parse)

    def choice(self, name: str, enum: type[E], default: E | None = None) -> E:
        """Return a member of `enum`."""
        value = self.values.get(name, default)
        if not isinstance(value, str) or value not in {str(member) for member in enum}:
            self.wrong(name, f"not one of {', '.join(enum)}")
        return enum(value)

    def optional_choice(self, name: str, enum: type[E]) -> E | None:
        """Return a member of `enum`; None where the field is absent or null."""
        return None if self.values.get(name) is None else self.choice(name, enum)

    def boolean(self, name: str) -> bool:
        """Return true or false."""
        value = self.values.get(name)
        if not isinstance(value, bool):
            self.wrong(name, "not true or false")
        return value

    def _list(self, name: str, items_max: int) -> list[object]:
        value = self.values.get(name, [])
        if not isinstance(value, list):
            self.wrong(name, "not a list")
        if len(value) > items_max:
            self.wrong(name, f"more than {items_max} items")
        return value

    def objects(self, name: str, items_max: int, read: "Callable[[Fields], T]") -> tuple[T, ...]:
        """Return a list of objects, each as `read` makes it; an absent list is empty."""
        return tuple(read(self._child(name, n, item)) for n, item in enumerate(self._list(name, items_max)))

    def _child(self, name: str, n: int, item: object) -> "Fields":
        if not isinstance(item, dict):
            self.wrong(f"{name}[{n}]", "not an object")
        return Fields(item, f"{self.path}{name}[{n}].")

    def strings(self, name: str, items_max: int, parse: Callable[[str], T]) -> tuple[T, ...]:
        """Return a list of strings, each as `parse` makes it; an absent list is empty."""
        found = self._list(name, items_max)
        if not all(isinstance(item, str) for item in found):
            self.wrong(name, "not a list of strings")
        return tuple(parse(str(item)) for item in found)

    def child(self, name: str) -> "Fields":
        """Return the object in `name`; an absent one is empty."""
        value = self.values.get(name, {})
        if not isinstance(value, dict):
            self.wrong(name, "not an object")
        return Fields(value, f"{self.path}{name}.")

    def pairs(self, name: str, items_max: int, high: int) -> tuple[tuple[int, int], ...]:
        """Return a list of ranges [first, last] with 0 <= first <= last <= `high`."""
        found = self._list(name, items_max)
        return tuple(self._pair(f"{name}[{n}]", item, high) for n, item in enumerate(found))

    def _pair(self, name: str, item: object, high: int) -> tuple[int, int]:
        if not isinstance(item, list) or [type(end) for end in item] != [int, int]:
            self.wrong(name, "not a range [first, last]")
        first, last = item
        if not 0 <= first <= last <= high:
            self.wrong(name, f"not within 0 to {high}, or backwards")
        return first, last
