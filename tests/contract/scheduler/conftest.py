from collections.abc import AsyncIterator

import pytest

from tests.contract.scheduler.factories import FACTORIES, Stores


@pytest.fixture(params=sorted(FACTORIES))
async def stores(request: pytest.FixtureRequest, templates: object) -> AsyncIterator[Stores]:
    async with FACTORIES[request.param](request) as made:
        yield made
