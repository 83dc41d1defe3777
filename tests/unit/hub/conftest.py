from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.hub import Hub, open_flows
from tests.fakes.sql import Templates


@pytest.fixture
async def hub(templates: Templates, tmp_path: Path) -> AsyncIterator[Hub]:
    """The flows over a real SQLite store."""
    async with open_flows(templates, "sqlite", tmp_path) as made:
        yield made
