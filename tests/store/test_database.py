import errno
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from scheduler.store.database import (
    REMEDIES,
    Damaged,
    Database,
    StoreFailed,
    cannot_write,
    failure,
    in_words,
)

CODES = {
    sqlite3.SQLITE_FULL: "the disk is full; make room",
    sqlite3.SQLITE_READONLY: "it cannot be written; make its disk and folder writable",
    sqlite3.SQLITE_PERM: "it cannot be written; make its disk and folder writable",
    sqlite3.SQLITE_IOERR: "the disk answers with an error; see whether it is full, gone or broken",
    sqlite3.SQLITE_BUSY: "another program has held it locked for 10 s; end that program",
    sqlite3.SQLITE_LOCKED: "another program has held it locked for 10 s; end that program",
    sqlite3.SQLITE_CORRUPT: "it is damaged; stop termbell, then bring back the newest backup: termbell restore",
    sqlite3.SQLITE_NOTADB: "it is damaged; stop termbell, then bring back the newest backup: termbell restore",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; give yourself the right to read and write it and its folder",
}


def fault(code: int) -> sqlite3.Error:
    made = sqlite3.OperationalError("as SQLite says it")
    made.sqlite_errorcode = code
    return made


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database(tmp_path / "store.db", patience=0.05)
    with made.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE things (name TEXT)")
    return made


def names(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.scalars(text("SELECT name FROM things")))


def add(database: Database, name: str) -> None:
    with database.writing() as connection:
        connection.execute(text("INSERT INTO things VALUES (:name)"), {"name": name})


def test_every_code_with_a_remedy_is_tried_here() -> None:
    assert set(CODES) == set(REMEDIES)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("extended", [0, 5 << 8])
def test_a_fault_names_the_file_what_is_wrong_and_what_helps(code: int, extended: int) -> None:
    said = in_words(Path("here.db"), fault(code | extended))

    assert said.startswith(f"here.db: {CODES[code]}")
    assert said.endswith("(as SQLite says it)")


def test_a_fault_that_nobody_knows_says_what_sqlite_says() -> None:
    assert (
        in_words(Path("here.db"), fault(sqlite3.SQLITE_ERROR))
        == "here.db: the database refuses: as SQLite says it"
    )
    assert (
        in_words(Path("here.db"), sqlite3.ProgrammingError("closed"))
        == "here.db: the database refuses: closed"
    )


def test_only_a_broken_file_counts_as_damaged() -> None:
    assert [
        code for code in CODES if isinstance(failure(Path("here.db"), fault(code)), Damaged)
    ] == [sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB]


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "the disk is full; make room"),
        (errno.EDQUOT, "the disk is full; make room"),
        (errno.EROFS, "make its disk and folder writable"),
    ],
)
def test_what_the_system_refuses_is_said_in_the_same_way(number: int, remedy: str) -> None:
    said = str(cannot_write(Path("here.db"), OSError(number, os.strerror(number))))

    assert said.startswith("here.db: ")
    assert remedy in said


def test_what_another_holds_locked_is_not_written_and_after_that_it_is(database: Database) -> None:
    other = sqlite3.connect(database.file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreFailed, match="another program has held it locked for 0 s"):
        add(database, "one")

    other.close()
    add(database, "two")

    assert names(database) == ["two"]


def test_a_transaction_that_failed_leaves_nothing_and_the_next_one_begins_from_what_is_there(
    database: Database,
) -> None:
    def begin(connection: Connection) -> None:
        connection.execute(text("INSERT INTO things VALUES ('one')"))
        connection.execute(text("INSERT INTO missing VALUES (1)"))

    with pytest.raises(StoreFailed, match="no such table"), database.writing() as connection:
        begin(connection)

    add(database, "two")

    assert names(database) == ["two"]


def test_another_fault_in_a_transaction_passes_as_it_is_and_leaves_nothing(
    database: Database,
) -> None:
    def begin(connection: Connection) -> None:
        connection.execute(text("INSERT INTO things VALUES ('one')"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), database.writing() as connection:
        begin(connection)

    assert names(database) == []


@pytest.mark.parametrize("harm", ["moved", "replaced"])
def test_what_was_moved_or_replaced_is_not_written_to_until_it_is_back(
    database: Database, tmp_path: Path, harm: str
) -> None:
    elsewhere = tmp_path / "elsewhere.db"
    database.file.rename(elsewhere)
    if harm == "replaced":
        database.file.touch()
    with pytest.raises(
        StoreFailed, match="it was moved, deleted or replaced while termbell was running"
    ):
        add(database, "one")

    elsewhere.rename(database.file)
    add(database, "two")

    assert names(database) == ["two"]


def test_a_deleted_file_does_not_come_back_empty(database: Database) -> None:
    database.close()
    database.file.unlink()

    with pytest.raises(StoreFailed, match="it cannot be opened"):
        names(database)

    assert not database.file.exists()


def test_a_copy_is_whole_while_others_write_and_is_the_persons_alone(
    database: Database, tmp_path: Path
) -> None:
    add(database, "one")
    with database.writing() as connection:
        connection.execute(text("INSERT INTO things VALUES ('unfinished')"))
        database.copy_to(tmp_path / "copy.db")

    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT name FROM things").fetchall() == [("one",)]
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    assert sorted(file.name for file in tmp_path.glob("*copy*")) == ["copy.db"]


def test_no_copy_is_made_of_a_damaged_database(database: Database, tmp_path: Path) -> None:
    for number in range(200):
        add(database, f"{number} " * 50)
    database.close()
    with database.file.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 8192)

    with pytest.raises(Damaged, match=r"store\.db: it is damaged.*termbell restore"):
        database.copy_to(tmp_path / "copy.db")

    assert list(tmp_path.glob("*copy*")) == []
