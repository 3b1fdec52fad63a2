"""A configuration that got another name: the store of the earlier one has to be moved, and is whole then."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from scheduler.cli.working import refuse_a_renamed_config
from scheduler.config import read_config
from scheduler.store import StoreFailed
from tests.cli.support import a_calendar


def a_store_after_a_crash(folder: Path) -> Path:
    """Its one row stands in the log alone."""
    store, written = folder / ".termbell" / "earlier.db", folder / "written.db"
    store.parent.mkdir()
    with closing(sqlite3.connect(written)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE posts (id TEXT)")
        connection.execute("INSERT INTO posts VALUES ('hello')")
        connection.commit()
        for end in ("", "-wal"):
            shutil.copy(f"{written}{end}", f"{store}{end}")
    return store


def test_a_second_store_does_not_begin_beside_one_without_a_config(tmp_path: Path):
    store = a_store_after_a_crash(tmp_path)
    config = read_config(a_calendar(tmp_path))

    with pytest.raises(StoreFailed, match=f"mv {store} {config.store}"):
        refuse_a_renamed_config(config)

    assert not config.store.exists()


def test_the_file_to_be_moved_has_what_a_crash_left_in_the_log(tmp_path: Path):
    store = a_store_after_a_crash(tmp_path)
    config = read_config(a_calendar(tmp_path))
    with pytest.raises(StoreFailed):
        refuse_a_renamed_config(config)

    shutil.move(store, config.store)

    with closing(sqlite3.connect(config.store)) as moved:
        assert moved.execute("SELECT id FROM posts").fetchall() == [("hello",)]
