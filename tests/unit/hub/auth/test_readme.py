"""The example of the package's page runs."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[4] / "hub" / "auth" / "README.md"


def test_the_example_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (snippet,) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), flags=re.DOTALL)
    exec(compile(snippet, README.name, "exec"), {})  # noqa: S102 - our own page
    assert capsys.readouterr().out == "Quyền phát tin khẩn cấp của bạn không gồm Thành phố Đà Nẵng.\n"
