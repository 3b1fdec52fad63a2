import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from platforms.base import Published, Request
from scheduler.store import Circumstances, NewerSchema, Row, Store, StoreFailed
from scheduler.store.backups import back_up
from scheduler.store.restoring import (
    Calendar,
    Restored,
    contents_of,
    is_whole,
    restore_anew,
    restore_into,
)
from tests.engine.support import a_delivery
from tests.store.test_store import first_schema
from tests.support import DUE, a_post

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOW = DUE + HOUR
VISIBLE = Request(step="status", method="POST", url="https://x.test/posts")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "store.db", DUE - DAY)
    made.plan(
        [a_delivery("due", account="a"), a_delivery("later", account="b", due=DUE + DAY)], DUE - DAY
    )
    return made


def claimed(store: Store, account: str) -> Row:
    row = store.claim(account, "me", DUE + timedelta(hours=1))
    assert row is not None
    return row


def statuses(store: Store) -> dict[str, str]:
    return {row.key: row.status for row in store.rows()}


def restored(store: Store, backup: Path, calendar: Calendar | None = None) -> Restored:
    return restore_into(store.database, contents_of(backup, NOW), calendar, NOW)


def anew(store: Store, backup: Path, calendar: Calendar | None = None) -> tuple[Restored, Store]:
    store.close()
    done = restore_anew(store.file, contents_of(backup, NOW), calendar, NOW)
    return done, Store(store.file, NOW)


def test_what_was_due_and_is_not_published_in_the_backup_is_looked_for_and_the_rest_is_scheduled(
    store: Store,
) -> None:
    done = restored(store, back_up(store.database, DUE))

    assert (done.restored, done.kept, done.sought) == (2, 0, 1)
    assert statuses(store) == {"due": "scheduled", "later": "scheduled"}
    suspicion = store.journal.unanswered("due")
    assert suspicion
    assert (suspicion.is_suspicion, suspicion.left_at) == (True, DUE)
    assert store.journal.unanswered("later") is None


@pytest.mark.parametrize(
    ("ended", "status"),
    [
        (
            lambda store, row: store.published(row, Published(id="9", url="https://x.test/9"), DUE),
            "published",
        ),
        (lambda store, row: store.in_doubt(row, "left", DUE), "in doubt"),
        (lambda store, row: None, "publishing"),
    ],
)
def test_what_the_present_store_knows_to_be_up_in_doubt_or_under_way_stays(
    store: Store,
    ended: Callable[[Store, Row], None],
    status: str,
) -> None:
    backup = back_up(store.database, DUE)
    row = claimed(store, "a")
    ended(store, row)
    before = store.row("due")

    done = restored(store, backup)

    assert (done.restored, done.kept, done.sought) == (1, 1, 0)
    assert store.row("due") == before
    assert before.status == status
    assert store.journal.unanswered("due") is None


def test_a_request_that_left_and_was_not_answered_stays_in_doubt_in_the_journal(
    store: Store,
) -> None:
    backup = back_up(store.database, DUE)
    row = claimed(store, "a")
    store.journal.left("due", VISIBLE, row.claim, DUE)
    store.again(row, DUE + HOUR, "lost")

    restored(store, backup)

    doubt = store.journal.unanswered("due")
    assert doubt
    assert (doubt.step, doubt.is_suspicion, store.row("due").error) == ("status", False, "lost")


def test_what_failed_or_was_cancelled_since_is_as_in_the_backup_again_and_looked_for(
    store: Store,
) -> None:
    backup = back_up(store.database, DUE)
    store.failed(claimed(store, "a"), "refused", DUE)
    store.cancel("later")

    restored(store, backup)

    assert statuses(store) == {"due": "scheduled", "later": "scheduled"}
    assert store.journal.unanswered("due") is not None


def test_an_attempt_that_was_under_way_when_the_backup_was_made_is_over(store: Store) -> None:
    claimed(store, "a")
    backup = back_up(store.database, DUE)
    store.release(DUE, by="me")

    restored(store, backup)

    assert statuses(store)["due"] == "scheduled"
    assert store.row("due").claim is None
    assert store.journal.unanswered("due") is not None


def test_what_the_backup_has_never_heard_of_stays(store: Store) -> None:
    backup = back_up(store.database, DUE)
    store.plan(
        [
            a_delivery("due", account="a"),
            a_delivery("later", account="b", due=DUE + DAY),
            a_delivery("new", account="c", due=DUE + DAY),
        ],
        DUE,
    )

    done = restored(store, backup)

    assert (done.restored, done.kept) == (2, 1)
    assert set(statuses(store)) == {"due", "later", "new"}


def test_the_restored_store_agrees_with_the_calendar_before_anything_leaves(store: Store) -> None:
    backup = back_up(store.database, DUE)
    edited = a_delivery(
        "later", account="b", due=DUE + DAY, post=a_post(key="later", text="Mended")
    )

    restored(store, backup, Calendar(deliveries=(edited,), circumstances=Circumstances()))

    assert store.row("later").post.text == "Mended"
    assert statuses(store) == {"due": "cancelled", "later": "scheduled"}


def test_an_older_backup_is_migrated_and_stays_as_it_is(store: Store, tmp_path: Path) -> None:
    first_schema(tmp_path / "old.db")
    before = (tmp_path / "old.db").read_bytes()

    done = restored(store, tmp_path / "old.db")

    assert (done.restored, statuses(store)["k1"]) == (1, "scheduled")
    assert (tmp_path / "old.db").read_bytes() == before


def test_a_backup_of_a_newer_version_is_refused(store: Store) -> None:
    backup = back_up(store.database, DUE)
    with closing(sqlite3.connect(backup)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()

    with pytest.raises(
        NewerSchema, match=rf"{backup.name}: written by a newer Termbell \(schema 9999"
    ):
        contents_of(backup, NOW)


def no_database(file: Path) -> None:
    file.write_text("Dear diary, this is no database at all. " * 200)


def anothers(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE songs (name)")


def damaged(file: Path) -> None:
    with closing(Store(file, DUE).database) as database, database.writing() as connection:
        connection.exec_driver_sql("INSERT INTO facts VALUES ('long', hex(zeroblob(30000)))")
    with file.open("r+b") as opened:
        opened.seek(-40000, 2)
        opened.write(b"\xff" * 40000)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (no_database, "cannot be read as a database"),
        (anothers, "none of Termbell's"),
        (Path.touch, "none of Termbell's"),
        (damaged, "it is damaged, too; choose an older one"),
    ],
)
def test_a_file_that_is_no_backup_is_refused_with_words(
    tmp_path: Path, wrong: Callable[[Path], None], words: str
) -> None:
    wrong(tmp_path / "wrong.db")

    with pytest.raises(StoreFailed, match=f"wrong.db: .*({words})"):
        contents_of(tmp_path / "wrong.db", NOW)


def test_a_store_that_is_gone_is_made_anew_and_what_the_backup_never_knew_is_looked_for_on_every_platform(
    store: Store,
) -> None:
    backup = back_up(store.database, DUE)
    store.close()
    store.file.unlink()
    unknown = a_delivery("unknown", account="c")
    planned = Calendar(
        deliveries=(
            a_delivery("due", account="a"),
            a_delivery("later", account="b", due=DUE + DAY),
            unknown,
        ),
        circumstances=Circumstances(),
    )

    done, again = anew(store, backup, planned)

    assert (done.restored, done.kept, done.aside) == (2, 0, None)
    assert again.journal.unanswered("unknown") is not None
    again.plan(
        [*planned.deliveries, a_delivery("after", account="d", due=NOW + HOUR)], NOW + 2 * HOUR
    )
    assert again.journal.unanswered("after") is None


def test_of_a_damaged_store_what_can_be_read_is_kept_and_the_file_is_moved_aside(
    store: Store,
) -> None:
    many = [
        a_delivery(f"m{number:03}", account="a", post=a_post(key=f"m{number:03}", text="x" * 900))
        for number in range(60)
    ]
    store.plan([*many, a_delivery("later", account="b", due=DUE + DAY)], DUE - DAY)
    backup = back_up(store.database, DUE)
    for _ in range(60):
        store.published(claimed(store, "a"), Published(id="9"), DUE)
    store.close()
    size = store.file.stat().st_size
    with store.file.open("r+b") as file:
        file.seek(size // 2 // 4096 * 4096)
        file.write(b"\xff" * 4096)
    assert not is_whole(store.file)

    done, again = anew(store, backup)

    assert done.aside
    assert done.aside.stat().st_size == size
    kept = [row.key for row in again.rows(statuses=("published",))]
    looked_for = [
        row.key for row in again.rows(statuses=("scheduled",)) if again.journal.unanswered(row.key)
    ]
    assert len(kept) >= 40
    assert len(kept) + len(looked_for) == 60
    assert done.sought == len(looked_for)


def test_of_a_request_whose_delivery_cannot_be_read_any_more_the_journal_still_tells(
    store: Store,
) -> None:
    backup = back_up(store.database, DUE)
    store.journal.left("due", VISIBLE, claimed(store, "a").claim, DUE)
    store.close()
    with closing(sqlite3.connect(store.file)) as connection:
        connection.execute("UPDATE deliveries SET status = 'x' || status WHERE key = 'due'")
        connection.commit()

    _, again = anew(store, backup)

    doubt = again.journal.unanswered("due")
    assert doubt
    assert (doubt.step, doubt.is_suspicion) == ("status", False)


def test_a_whole_store_is_one_that_this_version_reads(store: Store, tmp_path: Path) -> None:
    assert is_whole(store.file)
    assert not is_whole(tmp_path / "none.db")
    for wrong in (no_database, anothers, Path.touch):
        wrong(tmp_path / f"{wrong.__name__}.db")
        assert not is_whole(tmp_path / f"{wrong.__name__}.db")


def test_a_store_that_is_only_locked_is_not_taken_for_damaged(store: Store) -> None:
    with closing(sqlite3.connect(store.file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        assert is_whole(store.file)


def test_a_restore_that_fails_half_way_changes_nothing(store: Store) -> None:
    backup = back_up(store.database, DUE)
    store.cancel("later")
    broken = replace(
        contents_of(backup, NOW), journal=[{"delivery": "due", "step": "status", "visible": 1}]
    )

    with pytest.raises(StoreFailed):
        restore_into(store.database, broken, None, NOW)

    assert statuses(store) == {"due": "scheduled", "later": "cancelled"}
