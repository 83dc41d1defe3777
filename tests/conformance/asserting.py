"""Which statements of devices/protocol/spec/protocol.md a test asserts."""

from collections.abc import Callable
from typing import TypeVar

F = TypeVar("F", bound=Callable[..., object])


def asserts(*ids: str) -> Callable[[F], F]:
    """Mark a test with the ids of the statements that it asserts; test_statements.py reads the marks."""

    def mark(test: F) -> F:
        test.asserts = ids  # type: ignore[attr-defined]
        return test

    return mark
