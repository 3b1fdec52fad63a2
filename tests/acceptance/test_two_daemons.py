"""Two daemons on one store by mistake: the lock file was deleted, or stands on a file system that has no locks."""

import os
import signal
import time
from pathlib import Path
from threading import Event

import pytest
from PIL import Image

from tests.acceptance.faked_clock import FakedClock
from tests.acceptance.plain import installed
from tests.acceptance.stand_in import StandIn
from tests.acceptance.support import PATIENCE, Daemon, Place, entry, soon, until

ROOT = Path(__file__).parents[2]
EACH = 20  # accounts; a daemon publishes for 16 at a time, so two find something to do


@pytest.fixture
def place(place: Place, server: StandIn, tmp_path: Path) -> Place:
    """Accounts on a platform that knows nothing, and on one where a post can be found but a second sending is not recognised."""
    server.keeps_keys = False
    place.accounts |= {
        f"plain-{n}": {"platform": "plain", "server": server.url, "token": "${TOKEN}"}
        for n in range(EACH)
    }
    place.accounts |= {f"fediverse-{n}": {**place.accounts["fediverse"]} for n in range(EACH)}
    place.environment["PYTHONPATH"] = os.pathsep.join(
        [str(installed(tmp_path / "packages")), str(ROOT)]
    )
    return place


def without_a_lock(place: Place) -> None:
    (place.folder / ".termbell" / "config.lock").unlink()


def a_second(place: Place, **environment: str) -> Daemon:
    """Of another user, whose state directory knows nothing of the first."""
    without_a_lock(place)
    elsewhere = {"TERMBELL_STATE": str(place.folder.parent / "another-user")}
    return place.daemon(**{**elsewhere, **environment})


def test_at_once_on_the_same_deliveries_they_lose_and_double_nothing(
    place: Place, server: StandIn
) -> None:
    names = [name for name in place.accounts if name != "fediverse"]
    server.behave = lambda text: time.sleep(0.2) or ""
    place.write(entry("a", soon(3600)))

    first = place.daemon()
    second = a_second(place)
    due = soon(8)
    posts = [entry(name, due, to=name) for name in names]
    place.write(*posts)
    until(lambda: list(place.rows().values()).count("published") == len(posts), "all are published")

    assert sorted(server.texts) == sorted(post["text"] for post in posts)
    assert (first.stopped(), second.stopped()) == (0, 0)
    by_each = [len(daemon.said("published ")) for daemon in (first, second)]
    assert sum(by_each) == len(posts)
    assert min(by_each) > 0
    assert not first.said("unexpected") + second.said("unexpected")


def claimed_by(place: Place, *daemons: Daemon) -> Daemon:
    """Who has the delivery that is under way."""
    until(
        lambda: place._read("SELECT claimed_by FROM deliveries WHERE status = 'publishing'"),
        "one is under way",
    )
    ((claim,),) = place._read("SELECT claimed_by FROM deliveries WHERE status = 'publishing'")
    (found,) = [daemon for daemon in daemons if str(daemon.process.pid) == claim.split(":")[1]]
    return found


def test_when_one_is_killed_the_other_takes_over_at_once(place: Place, server: StandIn) -> None:
    begun, killed = Event(), Event()

    def hold_the_first(text: str) -> str:
        if begun.is_set():
            return ""
        begun.set()
        killed.wait(PATIENCE)
        return "lost"

    server.behave = hold_the_first
    place.write(entry("a", soon(3600)))
    first, second = place.daemon(), a_second(place)
    due = soon(5)
    place.write(entry("a", due), entry("b", due))
    assert begun.wait(PATIENCE)

    victim = claimed_by(place, first, second)
    victim.process.kill()
    victim.ended()
    killed.set()

    place.became(a="published", b="published")
    assert sorted(server.texts) == ["a", "b"]
    other = second if victim is first else first
    assert other.said("was under way and nobody works on it any more")
    assert other.stopped() == 0


# A machine that sleeps, a container that is frozen: the second daemon's clock is two minutes ahead, so that the claim has run out at once


@pytest.mark.usefixtures("faketime")
@pytest.mark.parametrize(
    "moment", ["while a picture is being uploaded", "while the post itself is under way"]
)
def test_one_that_wakes_after_another_has_taken_over_sends_nothing(
    place: Place, server: StandIn, tmp_path: Path, moment: str
) -> None:
    begun, woken = Event(), Event()

    def hold_the_first(text: str) -> str:
        if not begun.is_set():
            begun.set()
            woken.wait(PATIENCE)
        return ""

    Image.new("RGB", (60, 40), "teal").save(tmp_path / "door.png")
    if moment == "while a picture is being uploaded":
        server.behave_uploads = hold_the_first
    else:
        server.behave, server.takes_at_once = hold_the_first, True
    place.common["timeout"] = 20
    place.write(entry("a", soon(0), media=[{"file": "door.png", "alt": "A door"}]))
    first = place.start()
    assert begun.wait(PATIENCE)
    place.freeze(first)

    clock = FakedClock(tmp_path / "clock", ahead=200)
    second = a_second(place, **clock.environment)
    place.became(a="published")
    first.process.send_signal(signal.SIGCONT)
    woken.set()

    first.has_said("left to another process")
    assert server.texts == ["a"]
    assert (first.stopped(), second.stopped()) == (0, 0)
    assert place.rows() == {"a": "published"}
