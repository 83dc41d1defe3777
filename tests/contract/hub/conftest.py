from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.db.transaction import Store
from tests.fakes.sql import Templates, open_store


@pytest.fixture(params=["sqlite", "postgres"])
async def store(request: pytest.FixtureRequest, templates: Templates, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty, migrated database; what only the hub keeps has no version in memory."""
    async with open_store(templates, request.param, tmp_path) as made:
        yield made
