"""Table I: a delivery that is new to the store, beside one that is known: each row, in a store."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platforms.base import Published
from scheduler.calendar.model import Delivery
from scheduler.problems import Place
from scheduler.store import AccountFacts, Circumstances, Row, Store
from scheduler.store.renames import RULES, Likeness, Relation, rule_for
from tests.engine.support import a_delivery
from tests.support import DUE

DAY = timedelta(days=1)
LATER = DUE + timedelta(hours=1)
FACTS = AccountFacts(is_keyed=True)
HERE = Circumstances(accounts={"main": FACTS})
RENAMED_ACCOUNT = Circumstances(accounts={"news": FACTS})
TWO_ACCOUNTS = Circumstances(accounts={"main": FACTS, "news": FACTS})
UP = Published(id="9", url="https://x.test/9")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "store.db", DUE - 2 * DAY)
    yield opened
    opened.close()


def written(key: str = "old", **changes: object) -> Delivery:
    values = {"entry": key, "content": "1:words", "origin": "x:1", "late": "publish", **changes}
    return a_delivery(key, **values)


def publish(store: Store, delivery: Delivery) -> None:
    store.plan([delivery], DUE - DAY, HERE)
    claimed = store.claim(delivery.account, "me", DUE)
    assert claimed
    store.published(claimed, UP, DUE)


def after(store: Store, *planned: Delivery, circumstances: Circumstances = HERE) -> dict[str, Row]:
    """The store's rows by key, when the calendar says that an hour after `DUE`."""
    store.plan(planned, LATER, circumstances)
    return {row.key: row for row in store.rows()}


def test_exactly_one_rule_is_first_for_every_likeness():
    for flags in product((False, True), repeat=5):
        names = ("is_planned", "is_live", "same_due", "same_content", "is_past")
        for relation in Relation:
            likeness = Likeness(relation=relation, **dict(zip(names, flags, strict=True)))

            assert rule_for(likeness) in {rule.then for rule in RULES}


def test_a_renamed_entry_is_adopted_and_keeps_its_key_on_the_wire(store: Store):
    publish(store, written())

    rows = after(store, written("new"))

    assert list(rows) == ["new"]
    assert (rows["new"].status, rows["new"].entry) == ("published", "new")
    assert rows["new"].wire_key == "old"
    assert rows["new"].post.key == "old"


def test_one_that_is_renamed_twice_keeps_the_first_key(store: Store):
    publish(store, written())

    after(store, written("new"))
    rows = after(store, written("newer"))

    assert rows["newer"].wire_key == "old"


@pytest.mark.parametrize("late", ["skip", "publish", "ask"])
def test_nothing_of_a_renamed_entry_leaves_whatever_its_policy(store: Store, late: str):
    publish(store, written(late=late))

    after(store, written("new", late=late))

    assert store.accounts_due(LATER + 300 * DAY) == []


def test_a_renamed_entry_in_doubt_is_looked_for_under_its_first_key(store: Store):
    store.plan([written()], DUE - DAY, HERE)
    row = store.claim("main", "me", DUE)
    assert row
    store.in_doubt(row, "no answer", DUE)

    rows = after(store, written("new"))

    assert (rows["new"].status, rows["new"].wire_key) == ("in doubt", "old")


def test_one_that_is_under_way_is_renamed_by_the_next_reading(store: Store):
    store.plan([written()], DUE - DAY, HERE)
    row = store.claim("main", "me", LATER)
    assert row

    changes = store.plan([written("new")], LATER, HERE)
    store.published(row, UP, LATER)
    rows = after(store, written("new"))

    assert changes.postponed == ("new on main",)
    assert [(row.key, row.status) for row in rows.values()] == [("new", "published")]


def test_renamed_and_edited_at_once_waits_for_a_person(store: Store):
    publish(store, written())

    rows = after(store, written("new", content="1:others"))

    assert (rows["new"].status, rows["new"].reason) == ("held", "like")
    assert "looks like old on main, published 2026-09-07 08:30" in (rows["new"].error or "")
    assert [notice.kind for notice in store.notices.untold()] == ["like"]


def test_renamed_and_moved_within_the_past_waits_for_a_person(store: Store):
    publish(store, written())

    rows = after(store, written("new", due=DUE + timedelta(minutes=5)))

    assert rows["new"].reason == "like"


def test_the_same_words_at_a_later_time_go_out(store: Store):
    publish(store, written())

    rows = after(store, written("new", due=LATER + DAY))

    assert (rows["old"].status, rows["new"].status) == ("published", "scheduled")


def test_a_weekly_post_with_the_same_words_goes_out_each_week(store: Store):
    publish(store, written())

    rows = after(store, written(), written("next", due=DUE + timedelta(minutes=30)))

    assert rows["next"].status == "scheduled"


def test_a_copy_of_a_published_entry_is_held(store: Store):
    publish(store, written())

    rows = after(store, written(), written("copy"))

    assert (rows["copy"].status, rows["copy"].reason) == ("held", "like")


def test_the_same_text_to_another_profile_goes_out(store: Store):
    publish(store, written())
    other = written("b", account="news", origin="x:2")

    rows = after(store, written(), other, circumstances=TWO_ACCOUNTS)

    assert rows["b"].status == "scheduled"


def test_two_tokens_on_one_server_are_two_profiles(store: Store):
    publish(store, written())

    rows = after(store, written(), written("b", account="news"), circumstances=TWO_ACCOUNTS)

    assert rows["b"].status == "scheduled"


def test_a_renamed_account_that_is_known_to_be_the_same_is_adopted(store: Store):
    publish(store, written())
    for account in ("main", "news"):
        store.accounts.learn_profile(account, "x:1", "@ada")

    rows = after(store, written("new", account="news"), circumstances=RENAMED_ACCOUNT)

    assert [(row.key, row.status) for row in rows.values()] == [("new", "published")]


def test_a_renamed_account_that_is_not_known_waits_for_a_person(store: Store):
    publish(store, written())

    rows = after(store, written("new", account="news"), circumstances=RENAMED_ACCOUNT)

    assert rows["new"].reason == "like"


def test_another_profile_under_a_new_name_gets_the_post(store: Store):
    publish(store, written())
    store.accounts.learn_profile("main", "x:1", "@ada")
    store.accounts.learn_profile("news", "x:1", "@news")

    rows = after(store, written("new", account="news"), circumstances=RENAMED_ACCOUNT)

    assert rows["new"].status == "scheduled"


def test_another_server_under_the_same_name_keeps_what_is_published_and_gets_the_rest(store: Store):
    store.plan([written(), written("waits", due=LATER + DAY)], DUE - DAY, HERE)
    claimed = store.claim("main", "me", DUE)
    assert claimed
    store.published(claimed, UP, DUE)

    rows = after(store, written(origin="x:2"), written("waits", due=LATER + DAY, origin="x:2"))

    assert (rows["old"].status, rows["old"].origin) == ("published", "x:1")
    assert (rows["waits"].status, rows["waits"].origin) == ("scheduled", "x:2")


@pytest.mark.parametrize("ended", ["cancelled", "failed"])
def test_a_rename_does_not_undo_what_ended(store: Store, ended: str):
    store.plan([written()], DUE - DAY, HERE)
    if ended == "cancelled":
        store.cancel("old")
    else:
        claimed = store.claim("main", "me", DUE)
        assert claimed
        store.failed(claimed, "no", DUE)

    rows = after(store, written("new"))

    assert [(row.key, row.status) for row in rows.values()] == [("new", ended)]


def test_several_are_paired_in_the_order_of_their_times(store: Store):
    times = [DUE + timedelta(minutes=n) for n in range(3)]
    old = [written(f"old{n}", due=due) for n, due in enumerate(times)]
    store.plan(old, DUE - DAY, HERE)
    for due in times:
        claimed = store.claim("main", "me", due)
        assert claimed
        store.published(claimed, Published(id=claimed.key), due)

    rows = after(store, *(written(f"new{n}", due=due) for n, due in enumerate(times)))

    assert {row.key: row.wire_key for row in rows.values()} == {
        "new0": "old0",
        "new1": "old1",
        "new2": "old2",
    }


def test_a_thread_is_renamed_part_by_part(store: Store):
    def thread(entry: str) -> list[Delivery]:
        keys = [f"{entry}{part}" for part in range(3)]
        return [
            written(
                key,
                entry=entry,
                part=part,
                after=keys[part - 1] if part else None,
                content=f"1:{part}",
            )
            for part, key in enumerate(keys)
        ]

    store.plan(thread("old"), DUE - DAY, HERE)
    claimed = store.claim("main", "me", DUE)
    assert claimed
    store.published(claimed, UP, DUE)

    rows = after(store, *thread("new"))

    assert (rows["new0"].status, rows["new0"].wire_key) == ("published", "old0")
    assert (rows["new1"].status, rows["new1"].after) == ("scheduled", "new0")


def test_a_store_of_before_content_was_known_recognises_the_words(store: Store):
    publish(store, written(content=None, origin=None))

    rows = after(store, written("new"))

    assert [(row.key, row.status) for row in rows.values()] == [("new", "published")]


def test_a_renamed_entry_is_known_beside_a_new_one_at_its_time(store: Store):
    publish(store, written())
    other = written("other", content="1:others", place=Place("config.yaml", 1))

    rows = after(store, other, written("new"))

    assert (rows["new"].status, rows["new"].wire_key) == ("published", "old")
    assert rows["other"].status == "scheduled"


def test_of_two_that_may_be_the_renamed_one_the_second_waits_for_a_person(store: Store):
    publish(store, written())

    rows = after(store, written("new"), written("newer"))

    assert (rows["new"].status, rows["new"].wire_key) == ("published", "old")
    assert (rows["newer"].status, rows["newer"].reason) == ("held", "like")


@pytest.mark.parametrize("of_old", ["1:others", "1:words"])
def test_ids_that_are_counted_anew_send_nothing_twice(store: Store, of_old: str):
    second = written("second", content="1:second", due=LATER + DAY)
    publish(store, written())
    store.plan([written(), second], DUE, HERE)

    first = written(content=of_old, due=DUE + timedelta(minutes=5))
    rows = after(
        store, first, written("second"), written("third", content="1:second", due=DAY + LATER)
    )

    assert (rows["second"].status, rows["second"].reason) == ("held", "like")
    assert rows["third"].status == "scheduled"
    assert [notice.kind for notice in store.notices.untold()] == ["like"]


def test_an_edit_that_says_what_another_one_said_at_another_time_goes_out(store: Store):
    second = written("second", content="1:second", due=LATER)
    publish(store, written())
    store.plan([written(), second], DUE, HERE)

    rows = after(store, written(), written("second", due=LATER))

    assert rows["second"].status == "scheduled"


def test_one_that_was_held_and_removed_is_held_when_it_comes_back(store: Store):
    publish(store, written())
    renamed = written("new", content="1:others")
    after(store, renamed)
    after(store)

    rows = after(store, renamed)

    assert (rows["new"].status, rows["new"].reason) == ("held", "like")


def test_content_that_an_older_store_did_not_know_is_learnt_with_the_same_words(store: Store):
    publish(store, written(content=None))

    assert after(store, written(content="1:words"))["old"].content == "1:words"
    assert after(store, written(content="1:other"))["old"].content == "1:words"


def test_an_account_without_entries_is_still_another_one(store: Store):
    publish(store, written())

    rows = after(store, written("new", account="news"), circumstances=TWO_ACCOUNTS)

    assert {row.key: row.status for row in rows.values()} == {
        "old": "published",
        "new": "scheduled",
    }


names = st.text("abcd", min_size=1, max_size=3)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(renamings=st.lists(st.permutations(["a", "b", "c"]), min_size=1, max_size=4))
def test_no_renaming_sends_anything_twice(
    tmp_path_factory: pytest.TempPathFactory, renamings: list[list[str]]
):
    store = Store(tmp_path_factory.mktemp("s") / "store.db", DUE - 2 * DAY)
    texts = ["1:one", "1:two", "1:three"]

    def named(ids: list[str]) -> list[Delivery]:
        return [
            written(key, content=text, due=DUE + timedelta(minutes=n))
            for n, (key, text) in enumerate(zip(ids, texts, strict=True))
        ]

    store.plan(named(["x", "y", "z"]), DUE - DAY, HERE)
    while claimed := store.claim("main", "me", LATER):
        store.published(claimed, Published(id=claimed.key), LATER)

    for ids in renamings:
        store.plan(named(list(ids)), LATER, HERE)

        assert store.claim("main", "me", LATER + 400 * DAY) is None
    store.close()
