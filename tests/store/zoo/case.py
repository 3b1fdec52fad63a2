"""A case of the zoo: a calendar, its store as SQL, its servers, what may become of each post.

Here it is kept as plain files and made a store again, and here is the daemon that works with it,
without threads and waiting.
"""

import re
import shutil
import socket
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from scheduler.config import Config, read_config
from scheduler.engine.circumstances import circumstances
from scheduler.engine.delivering import Desk
from scheduler.engine.planning import plan
from scheduler.store import Changes, Row, Store
from tests.engine.support import Clock, Crash
from tests.store.zoo.servers import TIMEOUT, Servers

STORE, EXPECTED = "store.sql", "expected.yaml"
HOST, DEAD = "host-of-the-zoo", 4_194_305  # no process has a number that high
NO_PARTS = (".termbell", ".termbell.lock", "templates")  # the store, a lock, compiled templates
MOST_RINGS = 500


@dataclass(frozen=True, kw_only=True)
class Expected:
    """When the store was left, what may become of each delivery, and what the servers have."""

    about: str
    now: datetime
    final: Mapping[str, list[str]]  # name of a delivery -> statuses that are right
    servers: Mapping[str, Any]  # account -> the state of its server


def name_of(row: Row) -> str:
    part = f" part {row.part + 1}" if row.part else ""
    return f"{row.entry}{part} on {row.account}"


def dump(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        return "\n".join(connection.iterdump()) + "\n"


def read_expected(case: Path) -> Expected:
    plain = yaml.safe_load((case / EXPECTED).read_text(encoding="utf-8"))
    return Expected(**{**plain, "now": datetime.fromisoformat(plain["now"])})


def write_expected(folder: Path, expected: Expected) -> None:
    plain = {**asdict(expected), "now": expected.now.isoformat()}
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=120)
    (folder / EXPECTED).write_text(text, encoding="utf-8")


def keep_case(work: Path, target: Path, expected: Expected) -> None:
    """Writes the case in `work` as plain files, without the paths and the host of this machine."""
    shutil.copytree(work, target, ignore=shutil.ignore_patterns(*NO_PARTS))
    sql = _without_chance(dump(store_of(work)).replace(str(work), "{FOLDER}"))
    (target / STORE).write_text(sql.replace(HOST, "{HOST}"), encoding="utf-8")
    write_expected(target, expected)


def _without_chance(sql: str) -> str:
    """The dump with claims numbered, whose last part is drawn at random."""
    numbers = count(1)
    claim = re.compile(rf"({HOST}:{DEAD}:\w+):[0-9a-f]{{12}}")
    return claim.sub(lambda found: f"{found[1]}:{next(numbers):012x}", sql)


def load_case(case: Path, folder: Path) -> None:
    """Makes of a case what a person has: a calendar with its store, in `folder`."""
    shutil.copytree(case, folder, ignore=shutil.ignore_patterns(STORE, EXPECTED))
    store_of(folder).parent.mkdir()
    sql = (case / STORE).read_text(encoding="utf-8")
    sql = sql.replace("{FOLDER}", str(folder).replace("'", "''"))
    sql = sql.replace("{HOST}", socket.gethostname().replace(":", "-"))
    with closing(sqlite3.connect(store_of(folder))) as connection:
        connection.executescript(sql)


def store_of(folder: Path) -> Path:
    return folder / ".termbell" / "config.db"


def cache_of(folder: Path) -> Path:
    return folder / "cache"


@dataclass(kw_only=True)
class Daemon:
    """What the daemon does with a calendar and its store, one step after the other, at a time that is set."""

    folder: Path
    by: str  # names the process in claims
    clock: Clock
    servers: Servers

    @cached_property
    def config(self) -> Config:
        return read_config(self.folder / "config.yaml")

    def open(self) -> Store:
        return Store(store_of(self.folder), self.clock())

    def take_up(self, store: Store) -> Changes:
        planned = plan(self.folder / "config.yaml", now=self.clock())
        return store.plan(planned.deliveries, self.clock(), circumstances(planned))

    def ring(self, store: Store, accounts: tuple[str, ...] | None = None) -> None:
        """Publishes what is due, of all accounts or of some. After a `Crash` all stays as it is."""
        now = self.clock()
        store.release(now, self.by)
        store.too_late(now)
        desk = self._desk(store)
        for account in sorted(store.accounts_due(now)):
            if accounts is None or account in accounts:
                with suppress(Crash):
                    desk.work(account)

    def until_nothing_moves(self, store: Store) -> None:
        """From ring to ring, as long as anything may still become due."""
        store.in_time_again(self.clock())
        self.ring(store)
        for _ in range(MOST_RINGS):
            at = store.next_due(self.clock())
            if not store.accounts_due(self.clock()):
                if at is None:
                    return
                self.clock.at = max(self.clock(), at)
            self.ring(store)
        raise AssertionError(f"something is still due after {MOST_RINGS} rings")

    def _desk(self, store: Store) -> Desk:
        return Desk(
            store=store,
            accounts=self.config.accounts,
            answerer=self.servers.answerer,
            by=self.by,
            now=self.clock,
            timeout=TIMEOUT,
            sleep=self.clock.pass_,
        )
