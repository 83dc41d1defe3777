"""Every example on a package's page runs as it stands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("content", "devices", "emergency", "firmware_sim", "hub", "scheduler")
SNIPPET = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
TIMEOUT_S = 60


def pages() -> list[str]:
    return [str(path.relative_to(ROOT)) for top in PACKAGES for path in sorted((ROOT / top).rglob("*.md"))]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_packages_page_ends_with_an_example(package: str) -> None:
    page = (ROOT / package / "README.md").read_text("utf-8")
    last = list(SNIPPET.finditer(page))[-1:]
    assert last, "no ```python example"
    assert "\n#" not in page[last[0].end() :], "the example is not in the page's last section"


@pytest.mark.parametrize("page", pages())
def test_the_examples_of_a_page_run_one_after_the_other(page: str, tmp_path: Path) -> None:
    snippets = SNIPPET.findall((ROOT / page).read_text("utf-8"))
    done = subprocess.run(
        [sys.executable, "-W", "error::SyntaxWarning", "-c", "\n".join(snippets)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, done.stderr
