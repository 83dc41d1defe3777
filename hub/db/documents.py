"""Frozen values as JSON in one column, for what is never searched by its inside.

What is searched, joined or guarded by a constraint has a column of its own; the rest would be forty columns a table,
each translated by hand twice.  Values are checked again when they are read: a row that was changed by hand is an error.
"""

from typing import Generic, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


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
