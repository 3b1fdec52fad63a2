"""Ordinary life holds nothing, doubts nothing and tells nothing that is not needed.

The server that stands in is the truth about what readers see. Clocks are faked, so that nights and
weeks pass at once.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.faked_clock import FakedClock
from tests.acceptance.stand_in import StandIn
from tests.acceptance.support import Place, entry, soon, until

MINUTE, HOUR, DAY, WEEK = 60, 3600, 86400, 7 * 86400


# A laptop that is off, or asleep, over night


def nightly(place: Place) -> None:
    """Planned days ago; two are due in the night that ends now."""
    place.write(
        entry("evening", soon(-11 * HOUR)),
        entry("patient", soon(-6 * HOUR), grace="12 h"),
        entry("punctual", soon(-5 * HOUR), late="skip"),
        entry("tomorrow", soon(DAY)),
    )


AFTER_THE_NIGHT = {
    "evening": "published",
    "patient": "published",
    "punctual": "missed",
    "tomorrow": "scheduled",
}


def test_a_laptop_that_was_off_over_night_publishes_what_its_grace_allows_and_tells_what_it_missed(
    place: Place, server: StandIn, clock: FakedClock, once_at: Callable[[float], int]
) -> None:
    nightly(place)
    once_at(-3 * DAY)
    clock.set(-11 * HOUR + MINUTE)
    evening = place.daemon(**clock.environment)
    place.became(evening="published")
    assert evening.stopped() == 0

    clock.set(0)
    place.daemon(**clock.environment)

    place.became(**AFTER_THE_NIGHT)
    assert server.texts == ["evening", "patient"]
    assert place.notices() == ["daemon back", "missed"]


def test_a_laptop_that_was_asleep_over_night_does_the_same(
    place: Place, server: StandIn, clock: FakedClock
) -> None:
    nightly(place)
    clock.set(-11 * HOUR - 5 * MINUTE)
    daemon = place.daemon(**clock.environment)
    clock.set(-11 * HOUR + MINUTE)
    place.became(evening="published")

    clock.set(0)

    place.became(**AFTER_THE_NIGHT)
    assert server.texts == ["evening", "patient"]
    assert place.notices() == ["missed"]
    assert daemon.stopped() == 0


# CI: a new machine each time


@pytest.fixture
def new_machine(place: Place, tmp_path: Path) -> Callable[[], None]:
    """The folder of the calendar stands on another machine: nothing else is the same."""
    machines = 0

    def move() -> None:
        nonlocal machines
        machines += 1
        place.environment["TERMBELL_STATE"] = str(tmp_path / f"state-{machines}")
        file = place.folder / ".termbell" / "config.db"
        if file.exists():
            with closing(sqlite3.connect(file)) as store, store:
                store.execute("UPDATE facts SET value = 'another' WHERE name = 'machine'")
                store.execute("UPDATE facts SET value = 'runner' WHERE name = 'host'")

    return move


def test_a_store_that_travels_with_ci_publishes_each_post_once_and_holds_none(
    place: Place, server: StandIn, new_machine: Callable[[], None]
) -> None:
    server.keeps_keys = False
    place.common["store_travels"] = True
    posts = [entry(f"past-{n}", soon(-n * MINUTE)) for n in range(1, 3)]

    for run in range(3):
        posts.append(entry(f"new-{run}", soon(-1)))
        place.write(*posts, entry("later", soon(DAY)))
        new_machine()
        assert place.once() == 0

    assert sorted(server.texts) == ["new-0", "new-1", "new-2", "past-1", "past-2"]
    assert set(place.rows().values()) == {"published", "scheduled"}
    assert place.notices() == []


def test_without_that_word_another_machine_publishes_nothing_and_says_what_to_do(
    place: Place, server: StandIn, new_machine: Callable[[], None]
) -> None:
    place.write(entry("a", soon(-MINUTE)))
    assert place.once() == 0
    place.write(entry("a", soon(-MINUTE)), entry("b", soon(-1)))
    new_machine()

    refused = [place.asked(*words) for words in (("run", "--once"), ("publish", "b"))]

    assert [ended.returncode for ended in refused] == [1, 1]
    for ended in refused:
        assert "this store belongs to runner" in ended.stderr
        assert "termbell run --take-over" in ended.stderr
        assert "`store_travels: true`" in ended.stderr
    assert server.texts == ["a"]


def test_a_take_over_looks_first_and_asks_once_about_what_cannot_be_looked_for(
    blind: Place,
    server: StandIn,
    new_machine: Callable[[], None],
    once_at: Callable[[float], int],
) -> None:
    """The other machine lived on and published after the store was copied."""
    server.keeps_keys = False
    due = soon(-HOUR)
    waiting = [
        entry("there", due),
        entry("not-there", due),
        *(entry(f"blind-{n}", due, to="blind") for n in range(2)),
        entry("page", due, to="site", title="Page"),
        entry("later", soon(DAY), to="blind"),
    ]
    blind.write(*waiting)
    once_at(-2 * HOUR)
    server.post({"status": "there"}, "good", "")
    new_machine()
    assert once_at(0) == 1

    ended = blind.asked("run", "--once", "--take-over")

    assert ended.returncode == 0, ended.stderr
    assert sorted(server.texts) == ["not-there", "there"]
    assert blind.rows() == {
        "there": "published",
        "not-there": "published",
        "blind-0": "held",
        "blind-1": "held",
        "page": "published",
        "later": "scheduled",
    }
    assert blind.notices() == ["new store"]
    assert {row["reason"] for row in blind.status().values()} == {None, "new store"}

    assert blind.asked("release", "--all").returncode == 0
    assert blind.once() == 0
    assert sorted(server.texts) == ["blind-0", "blind-1", "not-there", "there"]


def test_with_a_new_store_each_time_only_what_nobody_can_look_for_is_held(
    blind: Place, server: StandIn, new_machine: Callable[[], None]
) -> None:
    """Table O, the row of the new store."""
    server.keeps_keys = False
    due = soon(-10 * MINUTE)
    blind.write(
        entry("looks", due),
        entry("blind", due, to="blind"),
        entry("page", due, to="site", title="P"),
    )
    store = blind.folder / ".termbell"

    for run in range(2):
        if run:
            store.rename(blind.folder / "the store of before")
        new_machine()
        assert blind.once() == 0

    assert server.texts == ["looks"]
    assert blind.rows() == {"looks": "published", "blind": "held", "page": "published"}
    assert blind.status()["blind"]["reason"] == "new store"
    assert blind.notices() == ["new store"]


# A weekly post with the same words


@pytest.mark.parametrize("is_tidied", [False, True], ids=["all stay", "old ones are removed"])
def test_a_weekly_post_with_the_same_words_goes_out_each_week(
    place: Place, server: StandIn, once_at: Callable[[float], int], is_tidied: bool
) -> None:
    server.keeps_keys = False
    weeks = [entry(f"week-{n}", soon(-n * WEEK), text="Office hours at four") for n in (1, 0)]
    for n, ahead in enumerate((-WEEK, 0)):
        place.write(*(weeks[n:] if is_tidied else weeks))

        assert once_at(ahead + MINUTE) == 0

        assert len(server.texts) == n + 1
    assert set(place.rows().values()) == {"published"}
    assert place.notices() == []


def test_a_weekly_post_whose_answer_is_lost_is_not_taken_for_last_weeks(
    place: Place, server: StandIn, once_at: Callable[[float], int]
) -> None:
    server.keeps_keys = False
    place.write(
        *(entry(f"week-{n}", soon(-n * WEEK), text="Office hours at four") for n in (1, 0)),
    )
    once_at(-WEEK + MINUTE)
    server.behave = lambda text: "lost"
    assert once_at(MINUTE) == 0
    assert place.status()["week-0"]["looking"]

    assert once_at(2 * MINUTE) == 0

    assert len(server.texts) == 2
    assert len({row["url"] for row in place.status().values()}) == 2
    assert set(place.rows().values()) == {"published"}


# A script that rewrites the calendar again and again


def is_read(place: Place, run: int) -> bool:
    """Whether the text of that run was taken up, or came too late for that."""
    has_it = f"run {run}" in str(place._read("SELECT post FROM deliveries"))
    return has_it or place.rows()["changing"] == "published"


def test_a_script_that_rewrites_the_calendar_keeps_no_post_from_leaving(
    place: Place, server: StandIn, clock: FakedClock
) -> None:
    """One post stays as it is; into the other the script writes how often it ran."""
    (place.folder / "calendar").mkdir()
    file = place.folder / "calendar" / "a.yaml"
    due = soon(90)
    steady = f"- {{id: steady, when: {due:%Y-%m-%d %H:%M:%S}, to: fediverse, text: steady}}\n"
    changing = steady.replace("steady", "changing").replace("}", ", grace: 3 min}")

    def rewrite(run: int) -> None:
        """As a shell's `>` does: the file is empty for a moment."""
        file.write_text("")
        file.write_text(steady + changing.replace("text: changing", f"text: run {run}"))

    rewrite(0)
    place.write(calendar="calendar/*.yaml")
    place.daemon(**clock.environment)
    run = 0
    while place.rows()["changing"] != "published":
        run += 1
        assert run < 8, place.rows()
        rewrite(run)
        until(lambda: is_read(place, run), "the calendar is read")  # noqa: B023
        clock.set(45 * run)
        if 45 * run > 90 + MINUTE:
            place.became(steady="published")
    place.became(steady="published")  # with a busy machine the other one may be first

    assert [text for text in server.texts if text == "steady"] == ["steady"]
    assert len(server.texts) == 2
    assert place.notices() == []


# The same text to two profiles, and a server that is left


def test_the_same_text_to_two_profiles_of_one_server_is_published_on_both(
    place: Place, server: StandIn
) -> None:
    server.keeps_keys = False
    server.guests["graces"] = "2"
    place.accounts["grace"] = {**place.accounts["fediverse"], "token": "${GRACES}"}
    place.environment["GRACES"] = "graces"
    place.write(entry("a", soon(-1), to=["fediverse", "grace"], text="Hello"))

    assert place.once() == 0

    assert sorted(one["account"]["id"] for one in server.up) == ["1", "2"]
    assert place._read("SELECT DISTINCT status FROM deliveries") == [("published",)]
    assert place.notices() == []


def test_a_calendar_that_moves_to_another_server_takes_along_only_what_waits(
    place: Place, server: StandIn
) -> None:
    place.write(entry("a", soon(-MINUTE)), entry("b", soon(DAY)))
    assert place.once() == 0
    other = StandIn()
    try:
        place.accounts["fediverse"]["server"] = other.url
        place.write(entry("a", soon(-MINUTE)), entry("b", soon(-1)), entry("c", soon(DAY)))

        assert place.once() == 0

        assert (server.texts, other.texts) == (["a"], ["b"])
        assert place.rows() == {"a": "published", "b": "published", "c": "scheduled"}
        assert place.notices() == []
    finally:
        other.close()
