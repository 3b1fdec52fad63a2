"""What several threads want on disk at the same time goes there together."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection

from scheduler.store.database import Database, StoreFailed, driver


class Disk:
    """A database whose first transaction waits until it is let go, so that others' wishes gather."""

    def __init__(self, file: Path) -> None:
        self.database = Database(file)
        self.transactions = 0
        self.synchronous: list[int] = []
        self.began, self.goes_on = threading.Event(), threading.Event()
        with self.database.writing() as connection:
            connection.exec_driver_sql("CREATE TABLE said (word TEXT)")
            driver(connection).set_trace_callback(self._look)

    def _look(self, statement: str) -> None:
        self.transactions += statement.startswith("BEGIN")

    def first(self, connection: Connection) -> str:
        self.began.set()
        assert self.goes_on.wait(10)
        return self.says("first")(connection)

    def says(self, word: str) -> Callable[[Connection], str]:
        def say(connection: Connection) -> str:
            self.synchronous.append(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())
            connection.exec_driver_sql("INSERT INTO said VALUES (?)", (word,))
            return word

        return say

    def said(self) -> set[str]:
        with self.database.reading() as connection:
            return set(connection.exec_driver_sql("SELECT word FROM said").scalars())

    def gathered(
        self, *works: Callable[[Connection], str], meanwhile: Callable[[], None] = lambda: None
    ) -> list["Future[str]"]:
        """All of it wanted while the first waits; the futures, the first one's first."""
        with ThreadPoolExecutor(len(works) + 1) as pool:
            waits = pool.submit(self.database.together, self.first)
            assert self.began.wait(10)
            others = [pool.submit(self.database.together, work) for work in works]
            while len(self.database._wishes) < len(works):
                threading.Event().wait(0.001)
            meanwhile()
            self.goes_on.set()
        return [waits, *others]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    made = Disk(tmp_path / "store.db")
    yield made
    made.database.close()


def test_what_gathers_while_the_disk_is_waited_for_goes_there_in_one_transaction(
    disk: Disk,
) -> None:
    futures = disk.gathered(disk.says("second"), disk.says("third"), disk.says("fourth"))

    assert [future.result() for future in futures] == ["first", "second", "third", "fourth"]
    assert disk.said() == {"first", "second", "third", "fourth"}
    assert disk.transactions == 2
    assert disk.synchronous == [2, 2, 2, 2]  # FULL


def test_what_one_of_them_raises_undoes_its_own_writing_only_and_is_raised_to_it_only(
    disk: Disk,
) -> None:
    def says_and_fails(connection: Connection) -> str:
        disk.says("wrong")(connection)
        raise ValueError("no such claim")

    first, wrong, right = disk.gathered(says_and_fails, disk.says("right"))

    with pytest.raises(ValueError, match="no such claim"):
        wrong.result()
    assert (first.result(), right.result()) == ("first", "right")
    assert disk.said() == {"first", "right"}


def test_a_database_that_fails_fails_all_of_them(disk: Disk) -> None:
    def breaks(connection: Connection) -> str:
        connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")
        return "never"

    first, one, broken, another = disk.gathered(disk.says("one"), breaks, disk.says("another"))

    for future in (one, broken, another):
        with pytest.raises(StoreFailed, match="no such table: nowhere"):
            future.result()
    assert first.result() == "first"
    assert disk.said() == {"first"}


def test_after_a_failure_the_next_one_is_written(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / "store.db").rename(tmp_path / "elsewhere.db")
    with pytest.raises(StoreFailed, match="moved, deleted or replaced"):
        disk.database.together(disk.says("lost"))
    (tmp_path / "elsewhere.db").rename(tmp_path / "store.db")

    assert disk.database.together(disk.says("written")) == "written"
    assert disk.said() == {"written"}
