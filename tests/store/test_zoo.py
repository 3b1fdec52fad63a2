"""Stores of every release, in every status and in mid-attempt, are taken up by this version.

Each case of `zoo/` is a calendar with its store and the servers as they were then. Nothing of it may be
published twice, lost, or called changed.
"""

import os
import re
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from scheduler.store import Row, Store, claimant
from tests.engine.support import Clock
from tests.store.zoo.case import (
    STORE,
    Daemon,
    Expected,
    cache_of,
    dump,
    load_case,
    name_of,
    read_expected,
    store_of,
)
from tests.store.zoo.servers import Server, Servers

ZOO = Path(__file__).parent / "zoo"
CASES = sorted(file.parent for file in ZOO.glob(f"*/*/{STORE}"))
RECOGNISED_BY = 20  # characters of a text, white space and marks left out
MOST_SENDINGS = 2  # of a delivery, without a person
# What a later release learns of a published row.
LEARNT = {"content": None, "origin": None, "profile": None}


def ids(cases: Sequence[Path]) -> list[str]:
    return [f"{case.parent.name} {case.name}" for case in cases]


def of_each_case() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", CASES, ids=ids(CASES))


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A case in a folder of its own, where this version works with it."""

    daemon: Daemon
    expected: Expected

    @property
    def file(self) -> Path:
        return store_of(self.daemon.folder)


@pytest.fixture
def taken(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Taken:
    folder = tmp_path.resolve() / "case"
    load_case(case, folder)
    monkeypatch.setenv("TERMBELL_CACHE", str(cache_of(folder)))
    expected = read_expected(case)
    clock = Clock(at=expected.now)
    servers = Servers(clock=clock, folder=folder)
    daemon = Daemon(folder=folder, by=claimant(), clock=clock, servers=servers)
    for name, account in daemon.config.accounts.items():
        servers.of(name, account.platform.name, expected.servers.get(name))
    return Taken(daemon=daemon, expected=expected)


@pytest.fixture
def store(taken: Taken) -> Iterator[Store]:
    with closing(taken.daemon.open()) as store:
        yield store


def kept(file: Path) -> dict[str, tuple[object, ...]]:
    """Of each delivery in a store of any version, what must not change when it is taken up."""
    columns = "key, status, published_id, published_at, url, changed_since"
    with closing(sqlite3.connect(file)) as connection:
        return {row[0]: row[1:] for row in connection.execute(f"SELECT {columns} FROM deliveries")}


def left(file: Path) -> list[tuple[object, ...]]:
    """The visible requests that left, and those that are suspected to have."""
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(
            "SELECT delivery, step, left_at, sent_at, answered_at FROM journal"
            " WHERE visible = 1 ORDER BY id"
        ).fetchall()


def told(store: Store) -> list[tuple[object, ...]]:
    return [(one.at, one.kind) for one in store.notices.untold()]


def letters(text: str) -> str:
    return re.sub(r"<[^>]*>|[\s*]", "", text)


def times(row: Row, texts: Sequence[str]) -> int:
    """How many of the texts are the delivery's."""
    wanted = letters(row.post.text)[:RECOGNISED_BY]
    return sum(letters(text).startswith(wanted) for text in texts)


def test_there_are_cases() -> None:
    assert len(CASES) >= 18


@of_each_case()
def test_a_second_opening_changes_nothing(taken: Taken) -> None:
    taken.daemon.open().close()
    once = dump(taken.file)

    taken.daemon.open().close()

    assert dump(taken.file) == once


@of_each_case()
def test_opening_loses_nothing(taken: Taken) -> None:
    before, requests = kept(taken.file), left(taken.file)

    taken.daemon.open().close()

    assert kept(taken.file) == before
    assert left(taken.file) == requests


@of_each_case()
def test_the_calendar_of_then_changes_nothing(taken: Taken, store: Store) -> None:
    before, requests, notices = kept(taken.file), left(taken.file), told(store)
    held, paused = store.accounts.held(), store.accounts.paused(taken.expected.now)

    changes = taken.daemon.take_up(store)

    assert not replace(changes, differs=())
    assert kept(taken.file) == before
    assert left(taken.file) == requests
    assert told(store) == notices
    assert (store.accounts.held(), store.accounts.paused(taken.expected.now)) == (held, paused)


@of_each_case()
def test_every_post_ends_as_it_should_and_is_up_once(taken: Taken, store: Store) -> None:
    before = {row.key: row for row in store.rows()}

    taken.daemon.take_up(store)
    taken.daemon.until_nothing_moves(store)

    rows = {name_of(row): row for row in store.rows()}
    assert set(rows) == set(taken.expected.final)
    for name, row in rows.items():
        server = taken.daemon.servers.known[row.account]
        assert row.status in taken.expected.final[name], f"{name}: {row.status}, {row.error}"
        assert is_up_as_it_says(row, before[row.key], server), name
        assert row.changed_since == before[row.key].changed_since, name
        if row.status != "published":
            assert row.error, f"{name} is {row.status}, and nothing says why"
        if before[row.key].status == "published":
            assert replace(row, **LEARNT) == replace(before[row.key], **LEARNT), name


def is_up_as_it_says(row: Row, before: Row, server: Server) -> bool:
    """A published post is up once; one in doubt at most once; any other is not."""
    up, sent = times(row, server.texts()), times(row, server.sent)
    allowed = {"published": (1,), "in doubt": (0, 1)}.get(row.status, (0,))
    most = 1 if before.status == "published" else MOST_SENDINGS
    return up in allowed and sent <= most


GONE = [case for case in CASES if (case / "before.yaml").exists()]


@pytest.mark.parametrize("case", GONE, ids=ids(GONE))
def test_an_entry_that_was_gone_and_is_back_is_scheduled(taken: Taken, store: Store) -> None:
    gone = next(row.key for row in store.rows(entry="gone"))
    assert store.row(gone).status == "cancelled"

    shutil.copy(taken.daemon.folder / "before.yaml", taken.daemon.folder / "config.yaml")
    taken.daemon.take_up(store)

    assert store.row(gone).status == "scheduled"

    taken.daemon.until_nothing_moves(store)

    (row, server) = store.row(gone), taken.daemon.servers.known["fediverse"]
    assert (row.status, times(row, server.texts())) == ("published", 1)


@pytest.mark.parametrize("case", GONE, ids=ids(GONE))
def test_what_a_person_cancelled_stays_so_when_its_text_changes(taken: Taken, store: Store) -> None:
    config = taken.daemon.folder / "config.yaml"
    config.write_text(config.read_text().replace("Cancelled by a person", "Cancelled by anybody"))

    changes = taken.daemon.take_up(store)

    assert changes.edited == ("by-hand on fediverse",)
    assert store.rows(entry="by-hand")[0].status == "cancelled"


def test_no_case_has_a_path_or_the_host_of_the_machine_that_wrote_it() -> None:
    texts = [(case, (case / STORE).read_text(encoding="utf-8")) for case in CASES]

    assert [case.name for case, text in texts if os.sep + "termbell-zoo" in text] == []
    assert any("{FOLDER}" in text for _, text in texts)
    assert any("{HOST}" in text for _, text in texts)
