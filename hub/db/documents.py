"""Frozen values as JSON in one column, for what is never searched by its inside.

What is searched, joined or guarded by a constraint has a column of its own; the rest would be forty columns a table,
each translated by hand twice.  Values are checked again when they are read: a row that was changed by hand is an error.
"""

import asyncio
from collections.abc import Sequence
from typing import Generic, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")
UNPACKED_AT_ONCE = 100  # a few milliseconds


class Documents(Generic[T]):
    """Packs and unpacks values of one class."""

    def __init__(self, kind: type[T]) -> None:
        self._adapter = TypeAdapter(kind)

    def pack(self, value: T) -> str:
        """Return `value` as JSON."""
        return self._adapter.dump_json(value).decode()

    def unpack(self, text: str) -> T:
        """Return the value that `pack` was given.  Raises ValueError for anything else."""
        return self._adapter.validate_json(text)

    async def unpack_all(self, texts: Sequence[str]) -> tuple[T, ...]:
        """Return many values; ten thousand take half a second, in which the loop must not stand still."""
        found: list[T] = []
        for at in range(0, len(texts), UNPACKED_AT_ONCE):
            found += map(self.unpack, texts[at : at + UNPACKED_AT_ONCE])
            await asyncio.sleep(0)
        return tuple(found)
