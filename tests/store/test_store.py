import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from platforms.base import DROPPED, HARMLESS, Published, Request, Response
from scheduler.calendar.model import Delivery
from scheduler.problems import Place, Problem
from scheduler.store import (
    AccountFacts,
    Circumstances,
    NewerSchema,
    Row,
    Store,
    WrongStatus,
    claimant,
)
from scheduler.store.accounts import hold
from scheduler.store.claiming import CLAIM, is_gone
from scheduler.store.database import driver
from scheduler.store.status import MAY_BECOME
from scheduler.store.tables import metadata
from tests.engine.support import a_delivery
from tests.support import DUE, a_post

DAY = timedelta(days=1)
STATUS = Request(step="status", method="POST", url="https://x.test/posts")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "state" / "store.db", DUE)


def claimed(store: Store, now: datetime = DUE, by: str = "me") -> Row:
    row = store.claim("main", by, now)
    assert row is not None
    return row


def test_a_new_store_is_the_persons_alone_and_never_committed(store: Store) -> None:
    assert stat.S_IMODE(store.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.file.parent.stat().st_mode) == 0o700
    assert (store.file.parent / ".gitignore").read_text() == "*\n"


def test_the_migrations_make_what_the_tables_say(store: Store) -> None:
    with store.database.reading() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)

    assert differences == []


def test_a_newer_schema_is_refused_with_what_to_do(store: Store) -> None:
    store.close()
    with closing(sqlite3.connect(store.file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()

    with pytest.raises(
        NewerSchema,
        match=r"schema 9999, this one knows 0005\); upgrade Termbell, or restore a backup from .*backups",
    ):
        Store(store.file, DUE)


def test_an_older_schema_is_backed_up_and_brought_up_to_date(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    first_schema(file)

    store = Store(file, DUE)

    assert store.backup is not None
    assert stat.S_IMODE(store.backup.stat().st_mode) == 0o600
    with closing(sqlite3.connect(store.backup)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [
            ("0001",)
        ]
        assert connection.execute("SELECT key FROM deliveries").fetchall() == [("k1",)]
    assert store.row("k1").status == "scheduled"
    assert store.notices.untold() == []


def first_schema(file: Path) -> None:
    """A store as the first version left it."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations
    from sqlalchemy import create_engine

    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        import_module("scheduler.store.migrations.versions.0001_first").upgrade()
        connection.exec_driver_sql(
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"
        )
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('0001')")
        connection.exec_driver_sql(
            "INSERT INTO deliveries"
            " (key, entry, account, platform, part, due, offset, grace, late,"
            " post, place, status, next_at, attempts, changed_since)"
            " VALUES ('k1', 'launch', 'main', 'x', 0, 1, 0, 7200, 'skip', '{}', 'config.yaml:9', 'scheduled', 1, 0, 0)"
        )
    engine.dispose()


def test_an_edit_of_a_waiting_entry_changes_its_delivery_in_place(store: Store) -> None:
    store.plan([a_delivery()], DUE - DAY)

    changes = store.plan(
        [a_delivery(post=a_post(key="k1", text="Mended"), due=DUE + DAY)], DUE - DAY
    )

    assert changes.edited == ("launch on main",)
    row = store.row("k1")
    assert (row.post.text, row.due, row.next_at) == ("Mended", DUE + DAY, DUE + DAY)


def test_the_same_calendar_again_changes_nothing(store: Store) -> None:
    store.plan([a_delivery()], DUE - DAY)

    assert not store.plan([a_delivery()], DUE)


def test_a_removed_entry_is_cancelled_and_one_that_comes_back_is_scheduled(store: Store) -> None:
    store.plan([a_delivery()], DUE - DAY)
    assert store.plan([], DUE - DAY).cancelled == ("launch on main",)
    assert store.row("k1").status == "cancelled"

    store.plan([a_delivery()], DUE - DAY)

    assert store.row("k1").status == "scheduled"


def test_a_line_that_is_added_above_an_entry_changes_only_its_place(store: Store) -> None:
    store.plan([a_delivery()], DUE - DAY)
    store.failed(claimed(store), "too long", DUE)
    before = store.row("k1")

    changes = store.plan([a_delivery(place=Place("config.yaml", 10))], DUE)

    assert not changes
    assert store.row("k1") == replace(before, place="config.yaml:10")


def test_an_edit_keeps_a_persons_word_that_it_goes_out_late(store: Store) -> None:
    store.plan([a_delivery()], DUE + DAY)
    store.retry("k1", DUE + DAY)

    store.plan([a_delivery(post=a_post(key="k1", text="Mended"))], DUE + DAY)

    row = store.row("k1")
    assert (row.status, row.reason, row.post.text) == ("scheduled", "word", "Mended")


def test_one_that_waits_for_a_persons_word_still_does_after_an_edit(store: Store) -> None:
    store.plan([a_delivery(late="ask")], DUE - DAY)
    store.too_late(DUE + DAY)

    store.plan([a_delivery(late="ask", post=a_post(key="k1", text="Mended"))], DUE + DAY)

    assert (store.row("k1").status, store.row("k1").reason) == ("held", "late")


def test_what_an_edit_moves_into_the_past_is_missed_and_the_person_is_told(store: Store) -> None:
    store.plan([a_delivery()], DUE - DAY)
    store.plan([a_delivery(due=DUE - 3 * DAY)], DUE - DAY)

    store.too_late(DUE - DAY)

    assert store.row("k1").status == "missed"
    assert [notice.kind for notice in store.notices.untold()] == ["missed"]


def test_what_is_known_to_be_up_is_neither_edited_nor_cancelled_before_it_is_recorded(
    store: Store,
) -> None:
    store.plan([a_delivery()], DUE - DAY)
    row = claimed(store)
    store.journal.left("k1", STATUS, row.claim, DUE)
    store.journal.answered("k1", STATUS, Response.of({"id": "9"}), DUE)
    store.release(DUE, by="me")

    assert store.plan([a_delivery(post=a_post(key="k1", text="Mended"))], DUE).differs == (
        "launch on main",
    )
    assert not store.plan([], DUE)
    assert store.journal.answer("k1", STATUS, 0) is not None


def test_the_uploads_of_what_is_known_to_be_up_are_kept_because_its_answer_is_found_by_them(
    store: Store,
) -> None:
    store.plan([a_delivery()], DUE - DAY)
    row = claimed(store)
    upload = replace(STATUS, step="upload", repeat=HARMLESS)
    store.journal.kept("k1", upload, row.claim, Response.of({"id": "m"}), DUE)
    store.journal.left("k1", STATUS, row.claim, DUE)
    store.journal.answered("k1", STATUS, Response.of({"id": "9"}), DUE)

    store.journal.forget("k1")

    assert store.journal.answer("k1", upload, 0) is not None


def test_a_visible_request_is_on_the_disk_before_it_leaves_and_a_harmless_one_need_not_be(
    store: Store,
) -> None:
    asked: list[str] = []
    store.plan([a_delivery()], DUE - DAY)
    row = claimed(store)
    with store.database.writing() as connection:
        driver(connection).set_trace_callback(asked.append)
    asked.clear()

    store.journal.kept(
        "k1", replace(STATUS, repeat=HARMLESS), row.claim, Response.of({"id": "m"}), DUE
    )
    store.journal.left("k1", STATUS, row.claim, DUE)

    told = [" ".join(statement.split()[:3]) for statement in asked]
    assert [one for one in told if one.startswith(("PRAGMA", "INSERT", "COMMIT"))] == [
        "INSERT INTO journal",
        "COMMIT",
        "PRAGMA synchronous=FULL",
        "INSERT INTO journal",
        "COMMIT",
    ]


def test_a_claim_sorts_nothing_however_much_is_due(store: Store) -> None:
    sql, written = CLAIM.made
    with store.database.reading() as connection:
        steps = [
            row[3]
            for row in driver(connection).execute(
                f"EXPLAIN QUERY PLAN {sql}",
                dict.fromkeys(("account_of", "at", "by", "until", *written)),
            )
        ]

    assert "SEARCH deliveries USING INDEX deliveries_account (account=? AND status=?)" in steps
    assert [step for step in steps if "TEMP B-TREE" in step or step.startswith("SCAN")] == []


def test_a_claim_says_whether_anything_was_asked_for_it_and_whether_its_account_is_refused(
    store: Store,
) -> None:
    store.plan([a_delivery()], DUE - DAY)
    first = claimed(store)
    store.journal.kept(
        "k1", replace(STATUS, repeat=HARMLESS), first.claim, Response.of({"id": "m"}), DUE
    )
    store.release(DUE, by="me")
    with store.database.writing() as connection:
        hold(connection, "main", "the token has expired", DUE)

    second = claimed(store)

    assert (first.is_untouched, first.refusal) == (True, None)
    assert (second.is_untouched, second.refusal) == (False, "the token has expired")


def test_who_goes_onwards_claims_the_next_along_with_what_is_published(store: Store) -> None:
    store.plan(
        [
            a_delivery(),
            a_delivery("k2", entry="second"),
            a_delivery("k3", entry="third", account="other"),
        ],
        DUE - DAY,
    )
    first = claimed(store)

    second = store.published(first, Published(id="1"), DUE, onwards="me")

    assert second is not None
    assert (second.key, second.status, second.attempts) == ("k2", "publishing", 1)
    assert second.claim != first.claim
    assert str(second.claim).startswith("me:")
    assert store.published(second, Published(id="2"), DUE, onwards="me") is None
    assert store.counts() == {"published": 2, "scheduled": 1}


def test_an_attempt_that_was_cut_off_is_counted_apart(store: Store) -> None:
    store.plan([a_delivery()], DUE - DAY)
    for _ in range(3):
        claimed(store)
        store.release(DUE, by="me")

    again = claimed(store)

    assert (again.attempts, again.interrupted) == (1, 3)
    store.failed(again, "no", DUE)
    retried = store.retry("k1", DUE)
    assert (retried.attempts, retried.interrupted) == (0, 0)


def test_a_request_that_surely_failed_takes_nothing_from_whoever_has_the_delivery_now(
    store: Store,
) -> None:
    store.plan([a_delivery()], DUE - DAY)
    first = claimed(store)
    store.journal.left("k1", STATUS, first.claim, DUE)
    store.release(DUE, by="me")
    second = claimed(store, by="another")
    store.journal.left("k1", STATUS, second.claim, DUE)

    store.journal.surely_not("k1", first.claim)

    assert store.journal.unanswered("k1") is not None


def test_an_answer_that_comes_late_is_never_taken_for_another_deliverys(store: Store) -> None:
    store.plan([a_delivery(), a_delivery("k2", entry="second")], DUE - DAY)
    first = claimed(store)
    store.journal.left("k1", STATUS, first.claim, DUE)
    store.published(
        first, Published(id="9"), DUE
    )  # its row is gone, and the next one may have its number
    store.journal.left("k2", STATUS, claimed(store).claim, DUE)

    store.journal.answered("k1", STATUS, Response.of({"id": "9"}), DUE)
    store.journal.surely_not("k1", first.claim)

    assert store.journal.unanswered("k2") is not None


def test_what_is_sent_after_an_unfounded_suspicion_is_a_first_sending(store: Store) -> None:
    older = a_delivery(due=DUE - 2 * DAY, late="publish")
    store.plan([older], DUE, Circumstances(accounts={"main": AccountFacts(can_look=True)}))
    now = DUE + timedelta(seconds=90)
    row = claimed(store, now)

    store.journal.left("k1", replace(STATUS, repeat=DROPPED, remembered=600), row.claim, now)

    doubt = store.journal.unanswered("k1")
    assert doubt
    assert doubt.sendings == 1
    assert (doubt.step, doubt.left_at, doubt.remembered, doubt.looks) == ("status", now, 600, 0)


def test_a_clock_that_was_ahead_lets_nothing_go_out_before_it_is_due(store: Store) -> None:
    store.plan([a_delivery()], DUE - DAY)
    claimed(store, DUE)
    earlier = DUE - timedelta(hours=1)
    store.clock_was_set(-3600, earlier)

    store.release(earlier, by="me")

    assert store.accounts_due(earlier) == []
    assert store.next_due(earlier) == DUE + timedelta(microseconds=1)


def test_a_retry_of_what_left_while_the_clock_was_ahead_waits_until_it_is_due(store: Store) -> None:
    store.plan([a_delivery()], DUE - DAY)
    store.again(claimed(store, DUE), DUE + timedelta(seconds=5), "down")

    store.clock_was_set(-3600, DUE - timedelta(hours=1))

    assert store.row("k1").next_at == DUE


def test_a_delivery_and_its_account_wait_for_a_login_together(store: Store) -> None:
    store.plan([a_delivery()], DUE - DAY)
    row = claimed(store)
    store.release(DUE, by="me")

    with pytest.raises(WrongStatus):
        store.login_needed(row, "the token has expired", DUE)

    assert store.accounts.held() == {}
    assert store.login_needed(claimed(store), "the token has expired", DUE)
    assert store.accounts.held() == {"main": "the token has expired"}


def test_what_was_cancelled_by_hand_stays_so_when_its_text_changes(store: Store) -> None:
    store.plan([a_delivery()], DUE - DAY)
    store.cancel("k1")

    store.plan([a_delivery(post=a_post(key="k1", text="Mended"))], DUE - DAY)

    assert store.row("k1").status == "cancelled"


def test_what_is_published_is_never_planned_again_and_says_that_its_text_has_changed(
    store: Store,
) -> None:
    store.plan([a_delivery()], DUE - DAY)
    store.published(claimed(store), Published(id="9", notes=("bob@example.test was refused",)), DUE)

    changes = store.plan([a_delivery(post=a_post(key="k1", text="Mended"))], DUE)

    assert changes.differs == ("launch on main",)
    row = store.row("k1")
    assert (row.status, row.changed_since, row.post.text, row.error) == (
        "published",
        True,
        "Welcome back",
        "bob@example.test was refused",
    )


def test_an_entry_that_was_over_before_it_was_planned_is_missed_at_once(store: Store) -> None:
    changes = store.plan([a_delivery()], DUE + DAY)

    assert changes.past == ("launch on main",)
    assert store.row("k1").status == "missed"


def test_one_that_may_go_out_late_is_not(store: Store) -> None:
    store.plan([a_delivery(late="publish")], DUE + DAY)

    assert store.accounts_due(DUE + DAY) == ["main"]


@pytest.mark.parametrize(
    ("late", "status"), [("skip", "missed"), ("ask", "held"), ("publish", "scheduled")]
)
def test_found_later_than_its_grace_it_goes_by_its_policy(
    store: Store, late: str, status: str
) -> None:
    store.plan([a_delivery(late=late)], DUE - DAY)
    assert store.too_late(DUE + timedelta(seconds=7200)) == []

    store.too_late(DUE + timedelta(seconds=7201))

    assert store.row("k1").status == status


def test_a_delivery_with_a_problem_waits_for_the_mended_calendar(store: Store) -> None:
    wrong = Problem("too-long", "launch: too long", Place("config.yaml", 9))
    store.plan([a_delivery(problems=(wrong,))], DUE - DAY)
    assert (store.row("k1").status, store.row("k1").error) == ("held", "launch: too long")
    with pytest.raises(WrongStatus, match="mend the calendar first"):
        store.retry("k1", DUE)

    store.plan([a_delivery()], DUE - DAY)

    assert store.row("k1").status == "scheduled"


def test_one_account_has_one_attempt_at_a_time_and_its_order(store: Store) -> None:
    store.plan(
        [a_delivery("k2", entry="b", due=DUE + timedelta(seconds=1)), a_delivery("k1", entry="a")],
        DUE - DAY,
    )
    later = DUE + timedelta(hours=1)

    first = claimed(store, later)
    assert (first.key, store.claim("main", "me", later)) == ("k1", None)
    store.published(first, Published(id="1"), later)

    assert claimed(store, later).key == "k2"


def test_what_is_too_late_is_not_claimed_before_that_is_told(store: Store) -> None:
    store.plan([a_delivery()], DUE - DAY)

    assert store.claim("main", "me", DUE + DAY) is None
    assert store.accounts_due(DUE + DAY) == []
    assert [row.key for row in store.overdue(DUE + DAY)] == ["k1"]


def test_a_missed_one_goes_out_by_a_persons_word_whatever_its_grace(store: Store) -> None:
    store.plan([a_delivery()], DUE + DAY)

    store.retry("k1", DUE + DAY)

    assert store.too_late(DUE + DAY) == []
    assert store.accounts_due(DUE + DAY) == ["main"]


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ({"published": Published(id="", url="https://x.test/9")}, "published"),
        ({"again": True}, "scheduled"),
        ({}, "cancelled"),
    ],
)
def test_a_doubt_ends_by_a_persons_word(store: Store, word: dict[str, object], status: str) -> None:
    store.plan([a_delivery()], DUE - DAY)
    store.in_doubt(claimed(store), "left", DUE)

    row = store.resolve("k1", now=DUE, **word)  # type: ignore[arg-type]

    assert row.status == status


def test_every_other_change_of_status_is_refused(store: Store) -> None:
    store.plan([a_delivery()], DUE - DAY)

    with pytest.raises(WrongStatus, match="k1 is scheduled and cannot become published"):
        store.published(store.row("k1"), Published(id="9"), DUE)
    with pytest.raises(WrongStatus, match="k1 is scheduled, not in doubt"):
        store.resolve("k1", again=True, now=DUE)


def test_the_table_of_statuses_ends_only_in_published() -> None:
    assert [status for status, after in MAY_BECOME.items() if not after] == ["published"]


def test_the_clock_rings_when_something_becomes_due_free_or_too_late(store: Store) -> None:
    store.plan([a_delivery()], DUE - DAY)
    assert store.next_due(DUE - DAY) == DUE + timedelta(microseconds=1)

    store.accounts.pause("main", DUE + timedelta(seconds=30))
    assert store.next_due(DUE) == DUE + timedelta(seconds=30, microseconds=1)
    assert store.next_due(DUE + timedelta(seconds=60)) == DUE + timedelta(
        seconds=7200, microseconds=1
    )


def test_the_rest_of_a_thread_says_which_part_it_waits_for_until_it_is_too_late(
    store: Store,
) -> None:
    store.plan(
        [
            a_delivery("k1"),
            a_delivery("k2", part=1, after="k1"),
            a_delivery("k3", part=2, after="k2"),
        ],
        DUE - DAY,
    )

    store.failed(claimed(store), "422", DUE)

    assert [store.row(key).error for key in ("k2", "k3")] == [
        "waits for part 1, which is failed"
    ] * 2
    assert store.accounts_due(DUE) == []
    store.too_late(DUE + DAY)
    assert (
        store.row("k3").error
        == "its time passed before it could be sent: waits for part 1, which is failed"
    )


def a_thread(*texts: str) -> list[Delivery]:
    """What a text becomes that was split into these."""
    return [
        a_delivery(
            f"k{part}",
            part=part,
            after=f"k{part - 1}" if part else None,
            is_split=True,
            whole=900,
            post=a_post(key=f"k{part}", text=text),
        )
        for part, text in enumerate(texts)
    ]


@pytest.mark.parametrize(
    "again",
    [("Uno", "two"), ("Uno", "two", "three!", "four"), ("Uno", "two", "three!", "four", "five")],
)
def test_a_split_text_that_has_begun_to_go_out_goes_on_as_it_was_split(
    store: Store, again: tuple[str, ...]
) -> None:
    store.plan(
        [
            *a_thread("One", "Two", "Three"),
            a_delivery("k3", part=3, after="k2", post=a_post(key="k3", text="Comment")),
        ],
        DUE - DAY,
    )
    store.published(claimed(store), Published(id="9"), DUE)

    for _ in range(2):
        changes = store.plan(a_thread(*again), DUE)

    assert (changes.added, changes.edited, changes.cancelled) == ((), (), ())
    assert [(row.post.text, row.status) for row in store.rows()] == [
        ("One", "published"),
        ("Two", "scheduled"),
        ("Three", "scheduled"),
        ("Comment", "scheduled"),
    ]
    assert store.row("k0").changed_since


def test_a_split_text_whose_part_that_is_up_stays_the_same_may_change_after_it(
    store: Store,
) -> None:
    store.plan(a_thread("One", "Two", "Three"), DUE - DAY)
    store.published(claimed(store), Published(id="9"), DUE)

    changes = store.plan(a_thread("One", "All the rest"), DUE)

    assert (changes.edited, changes.cancelled) == (("launch on main",), ("launch on main",))
    assert [row.post.text for row in store.rows() if row.status == "scheduled"] == ["All the rest"]


def test_a_split_text_that_waits_is_split_anew(store: Store) -> None:
    store.plan(a_thread("One", "Two"), DUE - DAY)

    changes = store.plan(a_thread("Uno", "Due", "Tre"), DUE - DAY)

    assert (len(changes.edited), len(changes.added)) == (2, 1)
    assert [row.post.text for row in store.rows()] == ["Uno", "Due", "Tre"]


def test_the_rest_of_a_thread_goes_on_once_its_part_is_up(store: Store) -> None:
    store.plan([a_delivery("k1"), a_delivery("k2", part=1, after="k1")], DUE - DAY)
    store.failed(claimed(store), "422", DUE)

    store.retry("k1", DUE)
    store.published(claimed(store), Published(id="9"), DUE)
    store.published(claimed(store), Published(id="10"), DUE)

    assert (store.row("k2").status, store.row("k2").error) == ("published", None)


def test_what_is_wrong_in_the_calendar_cannot_be_retried_when_it_is_missed_either(
    store: Store,
) -> None:
    wrong = Problem("too-long", "launch: too long", Place("config.yaml", 9))
    store.plan([a_delivery(problems=(wrong,))], DUE - DAY)
    store.plan(
        [a_delivery(problems=(wrong,)), a_delivery("k2", entry="late", problems=(wrong,))],
        DUE + DAY,
    )
    store.too_late(DUE + DAY)

    for key in ("k1", "k2"):
        assert store.row(key).status == "missed"
        with pytest.raises(
            WrongStatus, match=r"is missed: .*launch: too long; mend the calendar first"
        ):
            store.retry(key, DUE + DAY)


def test_times_come_back_in_the_calendars_offset(store: Store) -> None:
    due = DUE.astimezone(__import__("zoneinfo").ZoneInfo("Europe/London"))
    store.plan([a_delivery(due=due)], DUE - DAY)

    assert store.row("k1").due.isoformat() == "2026-09-07T09:30:00+01:00"


def an_owner(pid: int) -> str:
    """A claim of another run on this machine."""
    host, _, run = claimant().split(":")
    return f"{host}:{pid}:{run}"


@pytest.mark.parametrize(
    ("fault", "gone"),
    [(PermissionError(1, "another user's"), False), (ProcessLookupError(3, "no"), True)],
)
def test_a_process_of_another_user_lives_and_one_that_is_not_found_does_not(
    fault: OSError, gone: bool
) -> None:
    asked = []

    def signal(pid: int, number: int) -> None:
        asked.append((pid, number))
        raise fault

    assert is_gone(an_owner(4242), signal) is gone
    assert asked == [(4242, 0)]


def test_a_process_that_takes_signals_lives_unless_it_only_has_our_number() -> None:
    def signal(pid: int, number: int) -> None:
        pass

    assert is_gone(an_owner(os.getpid() + 1), signal) is False
    assert is_gone(an_owner(os.getpid()), signal) is True


@pytest.mark.parametrize("claim", ["elsewhere:4242:a", "test", "", "elsewhere:x:a"])
def test_nothing_is_known_of_the_processes_of_another_machine(claim: str) -> None:
    def signal(pid: int, number: int) -> None:
        raise ProcessLookupError

    assert is_gone(claim, signal) is False


def test_each_run_of_a_process_claims_under_a_name_of_its_own() -> None:
    names = {claimant() for _ in range(20)}

    assert len(names) == 20
    assert {name.split(":")[1] for name in names} == {str(os.getpid())}


def test_the_clock_rings_for_the_first_of_several(store: Store) -> None:
    later = {"k2": timedelta(hours=1), "k3": timedelta(hours=9)}
    more = [
        a_delivery(key, entry=key, account=key, due=DUE + pause) for key, pause in later.items()
    ]
    store.plan([*more, a_delivery()], DUE - DAY)
    tick, hour = timedelta(microseconds=1), timedelta(hours=1)

    assert store.next_due(DUE - DAY) == DUE + tick
    assert store.next_due(DUE) == DUE + hour + tick
    assert store.next_due(DUE + hour) == DUE + 2 * hour + tick  # `k1` is too late
    store.accounts.pause("k2", DUE + timedelta(minutes=80))
    store.accounts.pause("k3", DUE + timedelta(minutes=90))
    assert store.next_due(DUE + hour) == DUE + timedelta(minutes=80) + tick


def test_the_clock_rings_for_the_first_of_several_claims_to_run_out(store: Store) -> None:
    both = [a_delivery(key, entry=key, account=key) for key in ("k1", "k2")]
    store.plan(both, DUE - DAY)

    store.claim("k1", "me", DUE)
    store.claim("k2", "me", DUE + timedelta(seconds=30))

    assert store.next_due(DUE + timedelta(seconds=30)) == DUE + timedelta(
        seconds=60, microseconds=1
    )


def test_rows_are_those_of_an_entry_of_an_account_and_of_statuses(store: Store) -> None:
    store.plan(
        [
            a_delivery(entry="a"),
            a_delivery("k2", entry="a", account="other"),
            a_delivery("k3", entry="b", account="other", due=DUE + DAY),
        ],
        DUE - DAY,
    )
    store.cancel("k3")

    assert [row.key for row in store.rows()] == ["k1", "k2", "k3"]
    assert [row.key for row in store.rows(account="other")] == ["k2", "k3"]
    assert [row.key for row in store.rows(entry="a")] == ["k1", "k2"]
    assert [row.key for row in store.rows(entry="a", account="other")] == ["k2"]
    assert [row.key for row in store.rows(statuses=("cancelled",))] == ["k3"]


def test_a_fact_is_kept_under_its_name_replaced_and_forgotten(store: Store) -> None:
    store.keep_fact("colour", "red")
    store.keep_fact("size", "large")
    store.keep_fact("colour", "green")

    assert (store.fact("colour"), store.fact("size")) == ("green", "large")

    store.keep_fact("colour", None)

    assert (store.fact("colour"), store.fact("size")) == (None, "large")


@pytest.mark.parametrize("ended", ["failed", "missed"])
@pytest.mark.parametrize(
    ("due", "now", "status"),
    [
        (DUE, DUE + timedelta(hours=3), None),
        (DUE, DUE + timedelta(hours=2), "scheduled"),
        (DUE + DAY, DUE + timedelta(hours=3), "scheduled"),
    ],
)
def test_an_edit_of_what_failed_or_was_missed_lets_it_go_while_it_is_in_time(
    store: Store, ended: str, due: datetime, now: datetime, status: str | None
) -> None:
    store.plan([a_delivery()], DUE - DAY)
    row = claimed(store)
    getattr(store, ended)(row, "why it did", DUE)

    store.plan([a_delivery(due=due, post=a_post(text="In other words"))], now)

    after = store.row("k1")
    assert after.post.text == "In other words"
    assert (after.status, after.error) == (
        (status, None) if status is not None else (ended, "why it did")
    )
