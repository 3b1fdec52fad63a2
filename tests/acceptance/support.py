"""A calendar in a folder, and the real command on it as processes of their own."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from tests.acceptance.faked_clock import swept

PATIENCE = 45.0  # seconds that a test waits for what should be there in one or two
Line = dict[str, Any]


def soon(seconds: float) -> datetime:
    """A whole second of UTC from now on: calendars know no fractions."""
    return (datetime.now(UTC) + timedelta(seconds=seconds + 0.999)).replace(microsecond=0)


def entry(identifier: str, when: datetime, **more: Any) -> dict[str, Any]:
    return {
        "id": identifier,
        "when": when.strftime("%Y-%m-%d %H:%M:%S"),
        "to": "fediverse",
        "text": identifier,
        **more,
    }


def until(holds: Callable[[], Any], what: str, patience: float = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, f"not within {patience:.0f} s: {what}"
        time.sleep(0.05)


@dataclass
class Daemon:
    """A process of `termbell`, whose log is read while it runs."""

    process: "subprocess.Popen[str]"
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    @property
    def log(self) -> list[Line]:
        return [json.loads(line) for line in list(self.lines) if line.startswith("{")]

    def said(self, words: str) -> list[Line]:
        return [line for line in self.log if words in line["message"]]

    def has_said(self, words: str) -> None:
        until(lambda: self.said(words), f"the log says {words!r}; it says: {self.lines}")

    def ended(self) -> int:
        """Its exit code."""
        code = self.process.wait(PATIENCE)
        self._reader.join(5)
        return code

    def stopped(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.ended()


@dataclass
class Place:
    """A folder with a config.yaml, and everything that was started on it."""

    folder: Path
    accounts: dict[str, Any]
    common: dict[str, Any] = field(
        default_factory=lambda: {"timezone": "UTC", "timeout": 3, "edit_delay": 0}
    )
    environment: dict[str, str] = field(default_factory=lambda: {"TOKEN": "good"})
    started: list[Daemon] = field(default_factory=list)

    name: str = "config"

    @property
    def config(self) -> Path:
        return self.folder / f"{self.name}.yaml"

    @property
    def store(self) -> Path:
        return self.folder / ".termbell" / f"{self.name}.db"

    def write(self, *posts: dict[str, Any], **more: Any) -> None:
        """Saves as many editors do: a new file takes the place of the old."""
        whole = self.folder / "config.yaml.new"
        whole.write_text(
            yaml.safe_dump(
                {**self.common, **more, "accounts": self.accounts, "posts": list(posts)},
                sort_keys=False,
            )
        )
        whole.replace(self.config)

    def words(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "scheduler", *words, "-c", str(self.config)]

    def start(self, *words: str, environment: dict[str, str] | None = None) -> Daemon:
        process = subprocess.Popen(
            self.words(*(words or ("run",))),
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **self.environment, **(environment or {})},
        )
        self.started.append(Daemon(process))
        return self.started[-1]

    def daemon(self, **environment: str) -> Daemon:
        """Started, and at work."""
        before = self.beat()
        daemon = self.start(environment=environment)
        until(
            lambda: self.beat() != before or daemon.process.poll() is not None,
            "the daemon says that it is alive",
        )
        assert daemon.process.poll() is None, daemon.lines
        return daemon

    def freeze(self, daemon: Daemon) -> None:
        """Stops it where it stands, but not in the middle of a write to the store: nobody else could write then."""

        def is_frozen() -> bool:
            daemon.process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, daemon.process.pid, os.WSTOPPED)
            if self._may_be_written():
                return True
            daemon.process.send_signal(signal.SIGCONT)
            return False

        until(is_frozen, "it is stopped between two writes")

    def _may_be_written(self) -> bool:
        with closing(sqlite3.connect(self.store, timeout=0, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("ROLLBACK")
            except sqlite3.OperationalError:
                return False
            return True

    def beat(self) -> list[Any]:
        return self._read("SELECT pid, last_seen FROM heartbeat")

    def rows(self) -> dict[str, str]:
        """Entry -> its delivery's status; the number of a further part follows a slash."""
        return {
            entry + (f"/{part}" if part else ""): status
            for entry, part, status in self._read("SELECT entry, part, status FROM deliveries")
        }

    def became(self, **statuses: str) -> None:
        until(
            lambda: (
                statuses.items()
                <= {name.replace("-", "_"): status for name, status in self.rows().items()}.items()
            ),
            f"{statuses}; it is {self.rows()}; the logs: {[daemon.lines for daemon in self.started]}",
        )

    def _read(self, query: str) -> list[Any]:
        try:
            with closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)) as connection:
                return connection.execute(query).fetchall()
        except sqlite3.OperationalError:  # it is only being made
            return []

    def asked(self, *words: str, given: str | None = None) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.words(*words),
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
            env={**os.environ, **self.environment},
        )

    def once(self) -> int:
        """A round of `run --once`; its exit code."""
        return self.asked("run", "--once").returncode

    def notices(self) -> list[str]:
        """The kinds of what the person is told, in order."""
        return [kind for (kind,) in self._read("SELECT kind FROM notices ORDER BY id")]

    def status(self) -> dict[str, dict[str, Any]]:
        """Entry -> its delivery; a part's number follows a slash."""
        said = self.asked("status", "--json")
        rows = json.loads(said.stdout)["deliveries"] if said.stdout else []
        return {row["entry"] + (f"/{row['part']}" if row["part"] else ""): row for row in rows}

    def key(self, entry: str) -> str:
        return str(self.status()[entry]["key"])

    def end(self) -> None:
        for daemon in self.started:
            if daemon.process.poll() is None:
                daemon.process.kill()
            daemon.process.wait()
            swept(daemon.process.pid)
            daemon._reader.join(5)
            if daemon.process.stdout:
                daemon.process.stdout.close()


@contextmanager
def a_place(folder: Path, accounts: dict[str, Any]) -> Iterator[Place]:
    place = Place(folder, accounts)
    try:
        yield place
    finally:
        place.end()
