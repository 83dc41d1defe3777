"""The snippet at the end of the README does what it says."""

import re
from pathlib import Path

import pytest

from devices.protocol import judge

README = Path(judge.__file__).parent / "README.md"


def test_the_snippet_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (snippet,) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    exec(compile(snippet, str(README), "exec"), {})  # noqa: S102  it is our own text
    assert capsys.readouterr().out == "bad_signature\n"


def test_every_module_stands_in_the_table() -> None:
    text = README.read_text("utf-8")
    modules = {path.stem for path in README.parent.glob("*.py")} - {"__init__", "limits", "errors"}
    assert {name for name in modules if f"`{name}`" not in text} == set()
