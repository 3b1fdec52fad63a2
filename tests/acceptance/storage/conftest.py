from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.storage.stand_in import Calendar, StandIn, stand_in


@pytest.fixture
def server() -> Iterator[StandIn]:
    with stand_in() as here:
        yield here


@pytest.fixture
def calendar(tmp_path: Path, server: StandIn) -> Iterator[Calendar]:
    here = Calendar(tmp_path, server.url, tmp_path / "state")
    yield here
    here.end()
