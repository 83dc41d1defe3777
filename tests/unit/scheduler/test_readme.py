import re
from pathlib import Path

import pytest

README = Path(__file__).parents[3] / "scheduler" / "README.md"


def test_the_snippet_at_the_end_of_the_readme_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    text = README.read_text("utf-8")
    snippet = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[-1]
    exec(compile(snippet, str(README), "exec"), {})  # noqa: S102 - our own file
    promised = [line[2:] for line in snippet.splitlines() if line.startswith("# “")]
    assert capsys.readouterr().out.splitlines() == promised
