"""Tables V and O, fresh edits, undo and the past: what a plan does to what is gone, late or new."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from platforms.base import Published
from scheduler.calendar.model import Delivery
from scheduler.problems import Place, Problem
from scheduler.store import AccountFacts, Circumstances, Files, Row, Store
from scheduler.store.taking_up import CALENDAR_GONE
from tests.engine.support import a_delivery
from tests.support import DUE, a_post

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
NOW = DUE - timedelta(hours=2)
FACTS = {"main": AccountFacts(is_keyed=True)}
READ = Circumstances(accounts=FACTS, files=Files())
UNREACHABLE = Circumstances(accounts=FACTS, files=Files(unreachable=("calendar/*.yaml",)))
EMPTIED = Circumstances(accounts=FACTS, files=Files(emptied=frozenset({"calendar/a.yaml"})))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "store.db", NOW - 30 * DAY)
    yield opened
    opened.close()


def written(key: str, file: str = "calendar/a.yaml", **changes: object) -> Delivery:
    values = {"entry": key, "content": f"1:{key}", "origin": "x:1", **changes}
    post = a_post(key=key, text=values["content"])
    return a_delivery(key, place=Place(file, 3), post=post, **values)


def statuses(store: Store) -> dict[str, str]:
    return {row.key: row.status for row in store.rows()}


def kinds(store: Store) -> list[str]:
    return [notice.kind for notice in store.notices.untold()]


# The calendar vanishes


def test_the_plan_of_a_calendar_that_is_gone_stays_and_is_told_at_once(store: Store):
    store.plan([written("a"), written("b", due=DUE + DAY)], NOW, READ)

    store.plan([], NOW, UNREACHABLE)
    store.plan([], NOW, UNREACHABLE)

    assert statuses(store) == {"a": "scheduled", "b": "scheduled"}
    assert kinds(store) == ["calendar gone"]
    assert store.fact(CALENDAR_GONE) == (
        "2 posts of calendar/a.yaml are planned and go out as they are"
    )


def test_a_calendar_that_is_back_is_told_too(store: Store):
    store.plan([written("a")], NOW, READ)
    store.plan([], NOW, UNREACHABLE)

    store.plan([written("a")], NOW, READ)

    assert statuses(store) == {"a": "scheduled"}
    assert kinds(store) == ["calendar gone", "calendar back"]
    assert store.fact(CALENDAR_GONE) is None


def test_what_a_gone_calendar_has_published_is_no_reason_to_tell(store: Store):
    store.plan([written("a")], NOW, READ)
    claimed = store.claim("main", "me", DUE)
    assert claimed
    store.published(claimed, Published(id="9"), DUE)

    store.plan([], DUE, UNREACHABLE)

    assert kinds(store) == []


def test_of_a_file_that_is_gone_what_is_due_soon_is_held_and_the_rest_waits(store: Store):
    soon = written("soon", due=NOW + 9 * MINUTE)
    store.plan([soon, written("later"), written("b", file="calendar/b.yaml")], NOW, READ)

    changes = store.plan([written("b", file="calendar/b.yaml")], NOW, READ)

    assert statuses(store) == {"soon": "held", "later": "scheduled", "b": "scheduled"}
    assert changes.missing == ("soon on main", "later on main")
    assert kinds(store) == []


def test_soon_is_within_ten_minutes(store: Store):
    last = NOW + 10 * MINUTE
    soon = [written("now", due=last), written("later", due=last + timedelta(microseconds=1))]
    store.plan([*soon, written("b")], NOW, READ)

    store.plan([written("b")], NOW, READ)

    assert statuses(store) == {"now": "held", "later": "scheduled", "b": "scheduled"}


@pytest.mark.parametrize(("number", "more"), [(20, ""), (21, "and 1 more"), (23, "and 3 more")])
def test_a_notice_names_twenty_and_counts_the_others(store: Store, number: int, more: str):
    store.plan([written(f"k{n:02}") for n in range(number)], NOW, READ)

    store.plan([], NOW, EMPTIED)

    (notice,) = store.notices.untold()
    assert notice.text.startswith(f"{number} posts were removed")
    assert notice.text.count(" on main") == 20
    assert notice.text.partition("k19 on main, 2026-09-07 08:30")[2].strip() == more


@pytest.mark.parametrize(("number", "told"), [(5, []), (6, ["cancelled"])])
def test_a_few_are_cancelled_without_a_notice(store: Store, number: int, told: list[str]):
    store.plan([written(f"k{n}") for n in range(number)], NOW, READ)

    store.plan([], NOW, EMPTIED)

    assert set(statuses(store).values()) == {"cancelled"}
    assert kinds(store) == told


@pytest.mark.parametrize(("late", "status"), [("skip", "missed"), ("publish", "held")])
def test_what_is_over_and_has_a_problem_waits_only_where_it_may_be_late(
    store: Store, late: str, status: str
):
    problem = Problem("too-long", "old: too long", Place("calendar/a.yaml", 3))

    store.plan([written("old", late=late, problems=(problem,))], DUE + 3 * DAY, READ)

    assert statuses(store) == {"old": status}


def test_the_person_is_told_after_a_minute_and_once(store: Store):
    store.plan([written("a"), written("b")], NOW, READ)
    store.plan([written("b")], NOW, READ)

    for seconds in (59, 60, 61, 300):
        store.settle_missing(NOW + timedelta(seconds=seconds))

    assert kinds(store) == ["calendar shrank"]


def test_an_entry_that_is_back_goes_on_as_before(store: Store):
    soon = written("soon", due=NOW + 9 * MINUTE)
    store.plan([soon, written("b")], NOW, READ)
    store.plan([written("b")], NOW, READ)

    changes = store.plan([soon, written("b")], NOW + MINUTE, READ)
    store.settle_missing(NOW + 20 * MINUTE)

    assert statuses(store) == {"soon": "scheduled", "b": "scheduled"}
    assert store.row("soon").next_at == NOW + 9 * MINUTE
    assert changes.returned == ("soon on main",)


def test_what_is_still_gone_after_ten_minutes_is_cancelled_with_one_notice(store: Store):
    store.plan([written("a"), written("b"), written("c")], NOW, READ)
    store.plan([written("c")], NOW, READ)

    assert store.settle_missing(NOW + 10 * MINUTE - timedelta(seconds=1)) == []
    cancelled = store.settle_missing(NOW + 10 * MINUTE)

    assert [row.key for row in cancelled] == ["a", "b"]
    assert statuses(store) == {"a": "cancelled", "b": "cancelled", "c": "scheduled"}
    assert kinds(store).count("cancelled") == 1


def by_hand(store: Store) -> None:
    store.cancel("a")


def published(store: Store) -> None:
    claimed = store.claim("main", "me", DUE)
    assert claimed
    store.published(claimed, Published(id="9"), DUE)


def doubted(store: Store) -> None:
    claimed = store.claim("main", "me", DUE)
    assert claimed
    store.in_doubt(claimed, "no answer", DUE)


@pytest.mark.parametrize("ended", [by_hand, published, doubted])
def test_what_has_ended_while_it_was_missing_is_let_alone(
    store: Store, ended: Callable[[Store], None]
):
    store.plan([written("a", due=DUE), written("b"), written("c")], NOW, READ)
    store.plan([written("c")], NOW, READ)
    ended(store)
    before = statuses(store)["a"]

    cancelled = store.settle_missing(DUE + DAY)

    assert [row.key for row in cancelled] == ["b"]
    assert (store.settle_missing(DUE + DAY), statuses(store)["a"]) == ([], before)


def test_the_clock_rings_when_something_missing_is_to_be_settled(store: Store):
    store.plan([written("a"), written("b")], NOW, READ)
    store.plan([written("b")], NOW, READ)

    assert store.next_due(NOW) == NOW + MINUTE + timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("planned", "circumstances"),
    [
        ([], EMPTIED),
        ([written("b", content="1:other words")], READ),
        ([written("b"), written("new")], READ),
    ],
    ids=["the file says []", "another entry of the file changed", "one was added to the file"],
)
def test_what_was_removed_on_purpose_is_cancelled_at_once(
    store: Store, planned: list[Delivery], circumstances: Circumstances
):
    store.plan([written("a"), written("b")], NOW, READ)

    store.plan(planned, NOW, circumstances)

    assert statuses(store)["a"] == "cancelled"
    assert kinds(store) == []


def test_an_account_that_was_taken_out_of_an_entry_is_cancelled_at_once(store: Store):
    both = [written("a"), written("a2", entry="a", account="news")]
    store.plan(both, NOW, READ)

    store.plan([both[0]], NOW, READ)

    assert statuses(store) == {"a": "scheduled", "a2": "cancelled"}


def test_many_that_are_cancelled_at_once_are_told_in_one_notice(store: Store):
    store.plan([written(f"e{n}") for n in range(6)], NOW, READ)

    store.plan([], NOW, EMPTIED)

    assert kinds(store) == ["cancelled"]


def test_what_was_cancelled_and_comes_back_late_goes_by_the_rule_for_late_ones(store: Store):
    store.plan([written("a")], NOW, READ)
    store.plan([], NOW, EMPTIED)

    late = DUE + timedelta(hours=3)
    store.plan([written("a")], late, READ)
    store.too_late(late)

    assert statuses(store) == {"a": "missed"}
    assert kinds(store) == ["missed"]


# The past, and a store that is new


@pytest.mark.parametrize("late", ["skip", "publish", "ask"])
def test_many_new_entries_of_the_past_are_held_with_one_notice(store: Store, late: str):
    past = [written(f"e{n}", due=NOW - 9 * DAY, late=late) for n in range(4)]

    store.plan(past, NOW, READ)

    assert set(statuses(store).values()) == {"held"}
    assert {row.reason for row in store.rows()} == {"past"}
    assert kinds(store) == ["past"]


def test_on_a_site_of_ones_own_the_past_is_published(store: Store):
    past = [written(f"e{n}", due=NOW - 9 * DAY, late="publish") for n in range(9)]
    harmless = Circumstances(
        accounts={"main": AccountFacts(is_keyed=True, is_harmless=True)}, files=Files()
    )

    store.plan(past, NOW, harmless)

    assert set(statuses(store).values()) == {"scheduled"}


@pytest.mark.parametrize(
    ("late", "status", "told"),
    [("skip", "missed", ["missed"]), ("publish", "scheduled", []), ("ask", "held", ["late"])],
)
def test_a_few_of_the_past_go_by_their_policy_and_are_told(
    store: Store, late: str, status: str, told: list[str]
):
    store.plan([written("a", due=NOW - 9 * DAY, late=late)], NOW, READ)

    assert statuses(store) == {"a": status}
    assert kinds(store) == told


def test_held_posts_of_the_past_are_released_or_dropped_together(store: Store):
    past = [written(f"e{n}", due=NOW - 9 * DAY) for n in range(4)]
    store.plan(past, NOW, READ)

    store.release_held(NOW)

    assert store.accounts_due(NOW) == ["main"]
    assert {row.reason for row in store.rows()} == {"word"}


def test_dropped_posts_of_the_past_stay_dropped(store: Store):
    past = [written(f"e{n}", due=NOW - 9 * DAY) for n in range(4)]
    store.plan(past, NOW, READ)
    store.release_held(NOW, drop=True)

    store.plan(past, NOW + DAY, READ)

    assert set(statuses(store).values()) == {"cancelled"}


def test_a_mended_year_schedules_what_was_held_as_past(store: Store):
    past = [written(f"e{n}", due=NOW - 9 * DAY) for n in range(4)]
    store.plan(past, NOW, READ)

    mended = [written(f"e{n}", due=NOW + 9 * DAY) for n in range(4)]
    store.plan(mended, NOW, READ)

    assert set(statuses(store).values()) == {"scheduled"}


def a_new_store(folder: Path, **facts: bool) -> Row:
    """A delivery that was due a minute before its store was made."""
    store = Store(folder / "new.db", DUE + MINUTE)
    accounts = {"main": AccountFacts(**facts)}
    store.plan([written("a")], DUE + MINUTE, Circumstances(accounts=accounts, files=Files()))
    row = store.row("a")
    suspicion = store.journal.unanswered("a")
    store.close()
    assert (suspicion is not None) == bool(facts.get("can_look"))
    return row


def test_in_a_new_store_what_was_due_before_is_looked_for(tmp_path: Path):
    assert a_new_store(tmp_path, can_look=True).status == "scheduled"


def test_where_that_cannot_be_done_it_is_held(tmp_path: Path):
    row = a_new_store(tmp_path)

    assert (row.status, row.reason) == ("held", "new store")


def test_where_the_key_names_the_record_it_goes(tmp_path: Path):
    assert a_new_store(tmp_path, is_keyed=True).status == "scheduled"


def test_two_of_the_same_words_that_are_looked_for_do_not_wait_for_each_other(tmp_path: Path):
    """On two accounts of one server, whose profiles are not known yet."""
    store = Store(tmp_path / "new.db", DUE + MINUTE)
    accounts = {name: AccountFacts(can_look=True) for name in ("main", "other", "third")}
    same = [written(name, account=name, content="1:same") for name in accounts]
    store.plan(same, DUE + MINUTE, Circumstances(accounts=accounts, files=Files()))
    order = []

    for _ in accounts:
        now = DUE + 2 * MINUTE
        (row,) = [row for name in accounts if (row := store.claim(name, "test", now))]
        order.append(row.account)
        store.published(row, Published(id=row.key), now)

    assert sorted(order) == sorted(accounts)
    store.close()


def test_an_entry_written_with_the_present_minute_just_goes(store: Store):
    """The store is older than the entry: nothing of it can have left."""
    careful = Circumstances(accounts={"main": AccountFacts()}, files=Files())

    store.plan([written("a", due=NOW - MINUTE)], NOW, careful)

    assert statuses(store) == {"a": "scheduled"}
    assert store.journal.unanswered("a") is None


# Fresh edits, and undo


def test_what_is_new_or_changed_rests_before_it_leaves(store: Store):
    fresh = Circumstances(accounts=FACTS, files=Files(), settles=MINUTE)
    due = NOW + timedelta(seconds=10)
    store.plan([written("a", due=due)], NOW, fresh)
    assert store.row("a").next_at == NOW + MINUTE

    half_a_minute = NOW + timedelta(seconds=30)
    store.plan([written("a", due=due, content="1:more words")], half_a_minute, fresh)

    assert store.row("a").next_at == half_a_minute + MINUTE


def test_an_edit_of_one_lets_the_others_leave_in_time(store: Store):
    fresh = Circumstances(accounts=FACTS, files=Files(), settles=MINUTE)
    due = NOW + timedelta(seconds=10)
    store.plan([written("a", due=due), written("b", due=due)], NOW - DAY, fresh)

    store.plan([written("a", due=due, content="1:more"), written("b", due=due)], NOW, fresh)

    assert store.row("b").next_at == due


@pytest.mark.parametrize(
    ("grace", "late", "at_most"),
    [(7200, "skip", 11), (7200, "publish", 11), (180, "skip", 2), (180, "publish", 11)],
)
def test_what_changes_again_and_again_leaves_all_the_same_and_is_not_missed(
    store: Store, grace: float, late: str, at_most: int
):
    """A script that writes the time of day into a text every half a minute."""
    fresh = Circumstances(accounts=FACTS, files=Files(), settles=MINUTE)
    now, due = NOW - MINUTE, NOW
    row = None

    while row is None:
        assert now <= due + at_most * MINUTE
        content = f"1:it is {now:%H:%M:%S}"
        store.plan([written("a", due=due, grace=grace, late=late, content=content)], now, fresh)
        now += timedelta(seconds=30)
        assert store.too_late(now) == []
        row = store.claim("main", "test", now)

    assert now >= due + MINUTE
    assert row.post.text == content


def test_a_late_edit_of_what_did_not_rest_rests_as_well(store: Store):
    fresh = Circumstances(accounts=FACTS, files=Files(), settles=MINUTE)
    store.plan([written("a", due=NOW)], NOW - DAY, fresh)
    later = NOW + timedelta(minutes=20)

    store.plan([written("a", due=NOW, content="1:more")], later, fresh)

    assert store.row("a").next_at == later + MINUTE


@pytest.mark.parametrize(("grace", "leaves"), [(30, 0), (90, 30), (150, 60), (7200, 60)])
def test_no_rest_makes_a_post_too_late(store: Store, grace: float, leaves: float):
    fresh = Circumstances(accounts=FACTS, files=Files(), settles=MINUTE)

    store.plan([written("a", due=NOW, grace=grace)], NOW, fresh)

    assert store.row("a").next_at == NOW + timedelta(seconds=leaves)


def test_what_is_due_later_is_not_held_up(store: Store):
    fresh = Circumstances(accounts=FACTS, files=Files(), settles=MINUTE)

    store.plan([written("a")], NOW, fresh)

    assert store.row("a").next_at == DUE


def test_an_undone_cancel_goes_back_to_its_time(store: Store):
    store.plan([written("a")], NOW, READ)
    store.cancel("a")

    row = store.retry("a", NOW, at_once=False)

    assert (row.status, row.next_at, row.reason) == ("scheduled", DUE, None)


def test_it_goes_now_only_when_that_is_said(store: Store):
    store.plan([written("a")], NOW, READ)
    store.cancel("a")

    assert store.retry("a", NOW, at_once=True).next_at == NOW


def test_what_is_past_goes_now(store: Store):
    store.plan([written("a")], NOW, READ)
    store.cancel("a")

    assert store.retry("a", DUE + MINUTE, at_once=False).next_at == DUE + MINUTE
