"""Half a transaction in SQLite's log is told from a whole one."""

import sqlite3
from contextlib import closing
from pathlib import Path

from benchmarks.proof.supervising import FRAME, is_torn


def a_log(folder: Path) -> Path:
    """The log of a store with one transaction of several pages, as a kill leaves it."""
    with closing(sqlite3.connect(folder / "store.db")) as store:
        store.execute("PRAGMA journal_mode=WAL")
        store.execute("CREATE TABLE pages (content BLOB)")
        store.executemany("INSERT INTO pages VALUES (randomblob(3000))", [()] * 5)
        store.commit()
        (folder / "copy-wal").write_bytes((folder / "store.db-wal").read_bytes())
    return folder / "copy-wal"


def test_a_whole_transaction_is_not_torn(tmp_path: Path):
    assert not is_torn(a_log(tmp_path))


def test_a_log_without_the_commit_is_torn(tmp_path: Path):
    log = a_log(tmp_path)
    whole = log.read_bytes()
    page = int.from_bytes(whole[8:12], "big")
    log.write_bytes(whole[: -(FRAME + page)])

    assert is_torn(log)


def test_no_log_is_not_torn(tmp_path: Path):
    assert not is_torn(tmp_path / "store.db-wal")
