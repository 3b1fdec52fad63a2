"""What is told when, by whom, and what becomes of it when a notifier or the store fails."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from scheduler.engine.gathering import Notifier, StoreTrouble, Teller, letter
from scheduler.engine.telling import Letter
from scheduler.store import Store, StoreFailed
from scheduler.store.notices import Notice
from tests.engine.support import Clock
from tests.support import DUE

FIRST, SECOND = (
    Notifier(name="notifier 1 of 2 (json)", url="json://first"),
    Notifier(name="notifier 2 of 2 (json)", url="json://second"),
)
FULL = "store.db: the disk is full; make room"


@dataclass
class Post:
    """Takes letters, or refuses those to some URLs."""

    refused: set[str] = field(default_factory=set)
    taken: list[Letter] = field(default_factory=list)

    def __call__(self, letters: Sequence[Letter]) -> list[str | None]:
        self.taken += [one for one in letters if one.url not in self.refused]
        return ["it answered 500" if one.url in self.refused else None for one in letters]

    def bodies(self, url: str) -> list[str]:
        return [one.body for one in self.taken if one.url == url]


@dataclass
class Room:
    store: Store
    post: Post = field(default_factory=Post)
    clock: Clock = field(default_factory=Clock)
    notifiers: tuple[Notifier, ...] = (FIRST,)

    def __post_init__(self) -> None:
        self.teller = self.a_teller()

    def a_teller(self) -> Teller:
        """That of a new process, as far as it matters."""
        ticking: Callable[[], float] = lambda: self.clock().timestamp()  # noqa: E731
        return Teller(
            store=self.store,
            now=self.clock,
            notifiers=lambda: self.notifiers,
            place="config.yaml",
            send=self.post,
            clock=ticking,
            trouble=StoreTrouble(clock=ticking),
        )

    def happens(self, text: str = "launch on main: Forbidden", kind: str = "failed") -> None:
        self.store.notices.add(self.clock(), kind, text)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(Store(tmp_path / "store.db", DUE))


class Full:
    """The notices of a store whose disk is full."""

    def untold(self) -> list[Notice]:
        raise StoreFailed(FULL)

    def told(self, *_: object) -> None:
        raise StoreFailed(FULL)


def test_the_first_notice_waits_a_minute_for_others_and_they_are_told_together(room: Room):
    room.happens("first on main: Forbidden")
    room.clock.pass_(30)
    room.happens("second on main: Forbidden")
    room.teller.tell()
    assert room.post.taken == []

    room.clock.pass_(31)
    room.teller.tell()

    (told,) = room.post.taken
    assert told.title == "Termbell: 2 failed"
    assert "first on main" in told.body
    assert "second on main" in told.body
    assert room.store.notices.untold() == []


def test_what_was_told_is_not_told_again(room: Room):
    room.happens()
    room.clock.pass_(61)
    room.teller.tell()
    room.teller.tell()
    room.a_teller().tell(at_once=True)

    assert len(room.post.taken) == 1


def test_a_round_that_ends_tells_at_once(room: Room):
    room.happens()

    room.teller.tell(at_once=True)

    assert len(room.post.taken) == 1


def test_a_clock_that_was_set_back_holds_up_no_notice(room: Room):
    room.happens()
    room.clock.pass_(-7200)

    room.teller.tell()

    assert len(room.post.taken) == 1


def test_without_a_notifier_notices_stay_on_the_list(room: Room):
    room.notifiers = ()
    room.happens()
    room.teller.tell(at_once=True)

    assert len(room.store.notices.untold()) == 1
    assert room.store.notices.trouble() is None


def test_a_notifier_that_fails_is_kept_where_status_sees_it_and_tried_again_after_growing_pauses(
    room: Room,
):
    room.post.refused = {FIRST.url}
    room.happens()
    attempts: list[int] = []
    refuse = room.post.__call__

    def counted(letters: Sequence[Letter]) -> list[str | None]:
        attempts.append(round((room.clock() - DUE).total_seconds()))
        return refuse(letters)

    room.teller.send = counted
    for _ in range(600):
        room.teller.tell(at_once=True)
        room.clock.pass_(1)
    pauses = [after - before for before, after in pairwise(attempts)]

    assert room.store.notices.trouble() == "notifier 1 of 2 (json): it answered 500"
    assert 4 <= len(attempts) <= 9
    assert pauses[-1] > pauses[0]

    room.post.refused = set()
    room.clock.pass_(901)
    room.teller.tell()

    assert len(room.post.taken) == 1
    assert room.store.notices.trouble() is None


def test_who_took_a_message_does_not_get_it_again_because_another_failed_not_even_from_the_next_process(
    room: Room,
):
    room.notifiers, room.post.refused = (FIRST, SECOND), {SECOND.url}
    room.happens("one on main: Forbidden")
    room.teller.tell(at_once=True)
    room.happens("two on main: Forbidden")
    room.a_teller().tell(at_once=True)
    assert len(room.store.notices.untold()) == 2

    room.post.refused = set()
    room.a_teller().tell(at_once=True)

    assert ["one on main" in body for body in room.post.bodies(FIRST.url)] == [True, False]
    assert ["two on main" in body for body in room.post.bodies(FIRST.url)] == [False, True]
    (late,) = room.post.bodies(SECOND.url)
    assert "one on main" in late
    assert "two on main" in late
    assert room.store.notices.untold() == []
    assert room.store.notices.trouble() is None


def test_numbers_that_count_anew_after_an_empty_list_lose_no_notice(room: Room):
    room.notifiers = (FIRST, SECOND)
    for text in ("one", "two", "three"):
        room.happens(text)
        room.teller.tell(at_once=True)

    assert len(room.post.bodies(FIRST.url)) == len(room.post.bodies(SECOND.url)) == 3


def test_a_notifier_that_is_gone_from_the_config_holds_nothing_back(room: Room):
    room.notifiers, room.post.refused = (FIRST, SECOND), {SECOND.url}
    room.happens()
    room.teller.tell(at_once=True)

    room.notifiers = (FIRST,)
    room.teller.tell(at_once=True)
    room.teller.tell(at_once=True)

    assert len(room.post.taken) == 1
    assert room.store.notices.untold() == []
    assert room.store.notices.trouble() is None


def test_a_notifier_whose_secret_is_missing_says_so(room: Room):
    room.notifiers = (
        Notifier(
            name="notifier 1 of 1 (•••)",
            why="config.yaml:3: notify: the environment variable URL is not set",
        ),
    )
    room.happens()

    room.teller.tell(at_once=True)

    assert (
        room.store.notices.trouble()
        == "notifier 1 of 1 (•••): config.yaml:3: notify: the environment variable URL is not set"
    )


def test_a_store_that_fails_is_told_directly_once_and_once_more_when_it_works_again(room: Room):
    notices, room.store.notices = room.store.notices, Full()  # type: ignore[assignment]
    for _ in range(30):
        room.teller.tell()
        room.clock.pass_(10)
    assert [one.body.splitlines()[:2] for one in room.post.taken] == [
        ["The store fails:", f"- nothing is published until this is mended: {FULL}"]
    ]

    room.store.notices = notices
    room.clock.pass_(61)
    room.teller.tell()
    room.teller.tell()

    assert [(one.title, one.is_bad) for one in room.post.taken] == [
        ("Termbell: the store fails", True),
        ("Termbell: the store works again", False),
    ]


def test_a_fault_that_comes_and_goes_is_one_fault(room: Room):
    for _ in range(20):
        room.teller.trouble.failed(FULL, room.clock())
        room.teller.tell()
        room.clock.pass_(30)

    assert len(room.post.taken) == 1


def test_what_was_told_and_could_not_be_taken_off_the_list_is_not_told_again_by_this_process(
    room: Room,
):
    room.happens()
    told = room.store.notices.told

    def fails(*_: object) -> None:
        raise StoreFailed(FULL)

    room.store.notices.told = fails  # type: ignore[method-assign, assignment]
    room.teller.tell(at_once=True)
    room.store.notices.told = told  # type: ignore[method-assign]
    room.teller.tell(at_once=True)

    assert sum("launch on main" in one.body for one in room.post.taken) == 1
    assert room.store.notices.untold() == []


def notice(kind: str, text: str, ago: timedelta = timedelta()) -> Notice:
    return Notice(id=1, at=DUE - ago, kind=kind, text=text)


def test_a_message_is_grouped_by_kind_and_says_what_to_do():
    happened = [
        notice("failed", "launch on main (7f3a): Forbidden"),
        notice("in doubt", "letter on news (88aa): sent, never answered"),
        notice("failed", "second on main (91bc): Forbidden"),
    ]

    told = letter("json://x", happened, DUE, "/home/me/config.yaml")

    assert told.title == "Termbell: 1 in doubt, 2 failed"
    assert (
        told.body
        == """\
1 in doubt:
- letter on news (88aa): sent, never answered
Look whether it is up, then: termbell resolve KEY --published URL | --again | --drop

2 failed:
- launch on main (7f3a): Forbidden
- second on main (91bc): Forbidden
Mend the cause, then: termbell retry KEY, or: termbell cancel KEY

Everything at a glance: termbell status -c /home/me/config.yaml"""
    )
    assert told.is_bad


def test_what_is_older_than_a_day_is_told_with_the_day_it_began():
    told = letter(
        "json://x",
        [
            notice("missed", "launch on main: late", timedelta(days=3)),
            notice("missed", "second on main: late"),
        ],
        DUE,
        "c",
    )

    assert told.body.startswith("2 missed since 2026-09-04 08:30 UTC:\n")


def test_a_long_list_is_cut_and_says_so():
    told = letter(
        "json://x", [notice("missed", f"post {number}") for number in range(40)], DUE, "c"
    )

    assert "- post 9\n- and 30 more\n" in told.body
    assert told.title == "Termbell: 40 missed"


def test_good_news_is_no_failure_and_a_kind_that_nobody_has_described_is_told_all_the_same():
    assert not letter(
        "json://x", [notice("daemon back", "not running from 1 to 2")], DUE, "c"
    ).is_bad
    assert (
        letter("json://x", [notice("token ending", "fediverse: in 3 days")], DUE, "c").title
        == "Termbell: token ending"
    )
    assert "- what\n" in letter("json://x", [notice("of a later version", "what")], DUE, "c").body
