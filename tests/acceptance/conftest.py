"""A server that writes down what it gets, and a calendar for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.faked_clock import faketime
from tests.acceptance.stand_in import StandIn
from tests.acceptance.support import Place, a_place

__all__ = ["faketime", "place", "server"]


@pytest.fixture
def server() -> Iterator[StandIn]:
    stand_in = StandIn()
    yield stand_in
    stand_in.close()


@pytest.fixture
def place(tmp_path: Path, server: StandIn) -> Iterator[Place]:
    with a_place(
        tmp_path, {"fediverse": {"platform": "mastodon", "server": server.url, "token": "${TOKEN}"}}
    ) as one:
        yield one
