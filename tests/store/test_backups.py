import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.store import Store, StoreFailed
from scheduler.store.backups import back_up, back_up_daily, backups, newest
from tests.store.test_store import first_schema
from tests.support import DUE

DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store.db", DUE)


def names(store: Store) -> list[str]:
    return [file.name for file in backups(store.file)]


def test_a_daily_backup_is_made_when_the_last_is_a_day_old(store: Store) -> None:
    assert (
        back_up_daily(store.database, DUE)
        == store.file.parent / "backups" / "store-daily-20260907T083000.db"
    )
    assert back_up_daily(store.database, DUE + DAY - timedelta(seconds=1)) is None
    assert back_up_daily(store.database, DUE + DAY) is not None


def test_one_is_made_as_well_when_the_last_is_from_a_time_to_come(store: Store) -> None:
    back_up_daily(store.database, DUE + 400 * DAY)

    assert back_up_daily(store.database, DUE) is not None
    assert back_up_daily(store.database, DUE + timedelta(hours=1)) is None


def test_the_newest_seven_daily_ones_are_kept_and_every_other_one(store: Store) -> None:
    back_up(store.database, DUE - DAY)
    back_up(store.database, DUE - DAY, "schema-0001-")
    elsewhere = store.file.parent / "backups" / "other-daily-20200101T000000.db"
    elsewhere.touch()

    for day in range(9):
        back_up_daily(store.database, DUE + day * DAY)

    assert names(store) == [
        *(f"store-daily-202609{day:02}T083000.db" for day in range(15, 8, -1)),
        "store-schema-0001-20260906T083000.db",
        "store-20260906T083000.db",
    ]
    assert elsewhere.exists()


def test_the_newest_is_the_newest_of_all_kinds(store: Store) -> None:
    assert newest(store.file) is None
    back_up_daily(store.database, DUE)
    by_hand = back_up(store.database, DUE + timedelta(hours=1))

    assert newest(store.file) == by_hand


@pytest.mark.parametrize("how", ["empty", "gone"])
def test_a_store_that_was_there_is_not_begun_anew_without_a_word(store: Store, how: str) -> None:
    backup = back_up(store.database, DUE)
    store.close()
    store.file.unlink()
    if how == "empty":
        store.file.touch()

    with pytest.raises(
        StoreFailed,
        match=f"store.db: it is {how}, and .*{backup.name} says that there was one; .*termbell restore",
    ):
        Store(store.file, DUE)


def test_an_emptied_file_whose_log_is_left_is_not_begun_anew_since_that_would_delete_the_log(
    tmp_path: Path,
) -> None:
    (tmp_path / "store.db").touch()
    (tmp_path / "store.db-wal").write_bytes(b"what was written last")

    with pytest.raises(StoreFailed, match=r"move .*store\.db-wal away"):
        Store(tmp_path / "store.db", DUE)

    assert (tmp_path / "store.db-wal").read_bytes() == b"what was written last"


def test_an_empty_file_that_a_crash_left_before_anything_was_in_it_is_a_new_store(
    tmp_path: Path,
) -> None:
    (tmp_path / "store.db").touch()

    assert Store(tmp_path / "store.db", DUE).rows() == []


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:

    with closing(sqlite3.connect(tmp_path / "store.db")) as other:
        other.execute("CREATE TABLE songs (name)")

    with pytest.raises(StoreFailed, match="it is another program's database"):
        Store(tmp_path / "store.db", DUE)

    with closing(sqlite3.connect(tmp_path / "store.db")) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("songs",)]


def test_before_a_migration_a_backup_of_its_own_kind_is_made(tmp_path: Path) -> None:
    first_schema(tmp_path / "store.db")

    Store(tmp_path / "store.db", DUE)

    assert [file.name for file in backups(tmp_path / "store.db")] == [
        "store-schema-0001-20260907T083000.db"
    ]
