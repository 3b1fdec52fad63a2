"""A machine's clock is set while the real daemon runs on it, and zones that are not the calendar's.

The moments of a delivery's life at which it may be set are in tests/engine/test_time.py.
"""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from tests.acceptance.faked_clock import FakedClock
from tests.acceptance.stand_in import StandIn
from tests.acceptance.support import PATIENCE, Place, entry, soon, until

MINUTES, DAY = 300, 86400
faketime = pytest.mark.usefixtures("faketime")


@pytest.fixture
def clock(tmp_path: Path) -> FakedClock:
    (tmp_path / "machine").mkdir()
    return FakedClock(tmp_path / "machine" / "clock")


@faketime
@pytest.mark.parametrize("by", [-MINUTES, -DAY], ids=["5 min", "a day"])
def test_set_back_it_waits_and_set_right_it_publishes(
    place: Place, server: StandIn, clock: FakedClock, by: int
) -> None:
    place.write(entry("a", soon(3600)))
    daemon = place.daemon(**clock.environment)
    clock.set(by)
    daemon.has_said(f"the clock was set back by {-by} s")
    due = soon(5)
    place.write(entry("a", due))
    daemon.has_said("edited")
    until(lambda: time.time() > due.timestamp() + 1, "its time by the true clock has come")
    assert server.arrived == []

    clock.set(0)

    daemon.has_said(f"the clock was set forward by {-by} s")
    place.became(a="published")
    assert server.texts == ["a"]
    assert place.status()["a"]["attempts"] == 1
    assert daemon.stopped() == 0


@faketime
def test_set_forward_by_a_day_what_was_missed_comes_back_and_is_published_at_its_time(
    place: Place, server: StandIn, clock: FakedClock
) -> None:
    place.write(entry("a", soon(3600)), entry("b", soon(2 * 3600)))
    daemon = place.daemon(**clock.environment)

    clock.set(DAY)
    place.became(a="missed", b="missed")
    clock.set(0)
    place.became(a="scheduled", b="scheduled")
    daemon.has_said("was found too late while the clock was ahead; it is in time after all")
    assert server.arrived == []

    clock.set(3600)
    until(lambda: server.texts == ["a"], "its time has come")
    place.became(a="published", b="scheduled")
    assert place._read("SELECT text FROM notices") == []


@faketime
@pytest.mark.parametrize("by", [MINUTES, -DAY])
def test_set_while_an_attempt_is_under_way_it_is_published_once(
    place: Place, server: StandIn, clock: FakedClock, by: int
) -> None:
    begun, go_on = Event(), Event()

    def hold(text: str) -> str:
        begun.set()
        go_on.wait(PATIENCE)
        return ""

    server.behave, server.keeps_keys = hold, False
    place.common["timeout"] = 60
    place.write(entry("a", soon(0)))
    daemon = place.start(environment=clock.environment)
    assert begun.wait(PATIENCE)

    clock.set(by)
    daemon.has_said("the clock was set")
    go_on.set()

    place.became(a="published")
    assert (daemon.stopped(), server.texts) == (0, ["a"])


# A machine whose zone is not the calendar's


def test_the_calendars_wall_clock_is_shown_wherever_the_machine_is(place: Place) -> None:
    place.environment["TZ"] = "Asia/Kolkata"
    place.common["timezone"] = "Europe/London"
    year = datetime.now(UTC).year + 1
    place.write(
        {"id": "a", "when": f"{year}-07-07 08:30", "to": "fediverse", "text": "Hello"},
        {"id": "b", "when": f"{year}-12-07 08:30", "to": "fediverse", "text": "Hello"},
    )

    previewed = json.loads(place.asked("preview", "--json").stdout)["deliveries"]
    once = place.asked("run", "--once").stdout

    assert [one["due"] for one in previewed] == [
        f"{year}-07-07T08:30:00+01:00",
        f"{year}-12-07T08:30:00+00:00",
    ]
    assert f"07 Jul {year} 08:30 BST" in once
    assert [row["due"] for row in place.status().values()] == [one["due"] for one in previewed]
    assert [line.split()[2:4] for line in place.asked("status").stdout.splitlines()[:2]] == [
        [f"{year}-07-07", "08:30"],
        [f"{year}-12-07", "08:30"],
    ]
    assert "08:30 BST" in place.asked("preview").stdout


def test_a_zone_that_changes_while_posts_wait_moves_them(place: Place, server: StandIn) -> None:
    place.environment["TZ"] = "Asia/Kolkata"
    due = soon(0) - timedelta(
        hours=1
    )  # by Tokyo's clock it comes nine hours before it comes in London
    in_london = {**entry("a", due + timedelta(hours=9)), "grace": "2 h"}
    place.write(in_london, {**entry("b", due + timedelta(hours=6)), "grace": "2 h"})
    daemon = place.daemon()
    assert place.rows() == {"a": "scheduled", "b": "scheduled"}

    place.common["timezone"] = "Asia/Tokyo"
    place.write(in_london, {**entry("b", due + timedelta(hours=6)), "grace": "2 h"})

    place.became(a="published", b="missed")
    assert server.texts == ["a"]
    assert daemon.said("missed: due")
