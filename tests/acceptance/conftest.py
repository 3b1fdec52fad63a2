"""A server that writes down what it gets, a calendar for it, and a clock that tests set."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.faked_clock import FakedClock, faketime
from tests.acceptance.plain import installed
from tests.acceptance.stand_in import StandIn
from tests.acceptance.support import Place, a_place

ROOT = Path(__file__).parents[2]
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


@pytest.fixture
def blind(place: Place, server: StandIn, tmp_path: Path) -> Place:
    """The same, with an account where nothing can be looked for, and a web site."""
    place.accounts["blind"] = {"platform": "plain", "server": server.url, "token": "${TOKEN}"}
    place.accounts["site"] = {"platform": "site", "folder": str(tmp_path / "public")}
    packages = installed(tmp_path / "packages")
    place.environment["PYTHONPATH"] = os.pathsep.join([str(packages), str(ROOT)])
    return place


@pytest.fixture
def clock(tmp_path: Path, faketime: None) -> FakedClock:
    (tmp_path / "machine").mkdir()
    return FakedClock(tmp_path / "machine" / "clock")


@pytest.fixture
def once_at(place: Place, clock: FakedClock) -> Callable[[float], int]:
    """A round of `run --once` so many seconds from now; its exit code."""

    def run(ahead: float) -> int:
        clock.set(round(ahead))
        place.environment |= clock.time_passed
        return place.once()

    return run
