"""Every statement of protocol.md is asserted by a test, and no test asserts a statement that is not there."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from devices.protocol.spec.vectors import generate

TESTS = Path(__file__).parents[1]
ID = re.compile(r"\[([A-Z]{2}-[A-Z0-9]+-\d{2})\]")


def stated() -> list[str]:
    """Return the ids in the order of the text."""
    return ID.findall(generate.PROTOCOL.read_text("utf-8"))


def marks_in(path: Path) -> Iterator[str]:
    """Yield the ids in the `@asserts(…)` of tests."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or not node.name.startswith("test_"):
            continue
        for mark in node.decorator_list:
            if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "asserts":
                yield from (str(ast.literal_eval(argument)) for argument in mark.args)


def asserted() -> set[str]:
    found = {name for path in TESTS.rglob("test_*.py") for name in marks_in(path)}
    for file in ("envelopes.json", "playout.json"):  # test_vectors.py runs each case of both
        for case in json.loads((generate.HERE / file).read_text("utf-8"))["cases"]:
            found |= set(case["asserts"])
    return found


def test_every_statement_is_asserted_by_a_test() -> None:
    assert set(stated()) - asserted() == set()


def test_no_test_asserts_a_statement_that_is_not_there() -> None:
    assert asserted() - set(stated()) == set()


def test_an_id_names_one_statement() -> None:
    ids = stated()
    assert sorted(ids) == sorted(set(ids))
    assert len(ids) > 100


def test_every_must_has_an_id() -> None:
    """A paragraph or a row that says MUST begins with, or holds, an id."""
    text = generate.PROTOCOL.read_text("utf-8").split("## 1.")[1]
    paragraphs = [part for block in text.split("\n\n") for part in (block.splitlines() if "|" in block else [block])]
    assert [part for part in paragraphs if "MUST" in part and not ID.search(part)] == []
