"""The daemon, killed with SIGKILL and started again, at moments drawn from the seed.

    start     while it starts: reading, planning, settling what the last one left
    any       at any time afterwards
    commit    at a write to its write-ahead log, which is inside a commit or right after one (`kill_in_commit.py`)
    before    the server is about to get a request that changes something
    after     the server has done what it was asked, and its answer is on the way

All of it from the outside: the command line, `status --json`, signals, the size of a file.
"""

import json
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.proof.calendar import Calendar
from benchmarks.proof.clock import FARTHEST, HOUR, WallClock, sweep

HERE = Path(__file__).parents[2]
KILL_IN_COMMIT = Path(__file__).with_name("kill_in_commit.py")
MOMENTS = ("start", "any", "commit", "commit", "before", "after", "after")
WRITES = 120  # to the log; a short transaction makes four to twelve
LONGEST_START = 12.0  # seconds to the first request; a busy machine is slow
LONGEST_LIFE = 3.0  # seconds from then on
SETTLED = ("published", "in doubt", "failed", "missed", "held", "cancelled")
A_LULL = (
    35.0  # seconds in which nothing has settled: longer than the engine's pause between two looks
)
FRAME = 24  # bytes of a frame's head in SQLite's write-ahead log, https://sqlite.org/fileformat2.html#walformat
HEAD = 32


@dataclass
class Trigger:
    """Kills at a request: the `left`-th that changes something, before or after it is passed on."""

    when: str = ""
    left: int = 0
    kill: Callable[[], None] = lambda: None
    first_request: float | None = None  # time.monotonic()
    busy: threading.Event = field(default_factory=threading.Event)  # there was one
    pulled: threading.Event = field(default_factory=threading.Event)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def set(self, when: str, left: int, kill: Callable[[], None]) -> None:
        with self._guard:
            self.when, self.left, self.kill, self.first_request = when, left, kill, None
            self.pulled.clear()
            self.busy.clear()

    def seen(self, when: str, line: str) -> None:
        with self._guard:
            self.first_request = self.first_request or time.monotonic()
            self.busy.set()
            if when != self.when or line.startswith("GET"):
                return
            self.left -= 1
            if self.left == 0:
                self.kill()
                self.pulled.set()


@dataclass
class Supervisor:
    """One daemon's."""

    calendar: Calendar
    clock: WallClock
    drawn: random.Random
    rates: dict[str, float]  # of the faults on the way to its places
    jumps: float  # the share of lives in which the clock is set
    environment: dict[str, str]
    trigger: Trigger = field(default_factory=Trigger)
    kills: Counter[str] = field(default_factory=Counter)
    daemon: "subprocess.Popen[bytes] | None" = None
    ended: int = 0  # starts after which it ended by itself
    torn: int = 0  # kills that left half a transaction in the log
    recovery: list[float] = field(default_factory=list)  # seconds from a start to the first request
    settled_after: dict[str, float] = field(
        default_factory=dict
    )  # place -> seconds since the last kill
    set_forward: int = 0  # seconds, in the end
    open: list[dict[str, Any]] = field(
        default_factory=list
    )  # deliveries on which something will still happen

    def __post_init__(self) -> None:
        for place in self.calendar.places.values():
            for way in place.ways:
                way.before = lambda n, line: self.trigger.seen("before", line)
                way.after = lambda n, line: self.trigger.seen("after", line)

    @property
    def log(self) -> Path:
        return self.calendar.folder / ".termbell" / "config.db-wal"

    def run(self, kills: int, posts: int, patience: float, within: float) -> None:
        """All lives, each with new posts, and a last one in peace; without kills, one life and no peace.

        After `within` seconds there are no more kills: a busy machine is done with fewer, and with fewer posts.
        """
        began = time.monotonic()
        self.log.parent.mkdir(mode=0o700)
        for life in range(kills):
            if time.monotonic() - began > within:
                break
            self.calendar.add(posts * (life + 1) // kills - len(self.calendar.posts))
            self._one_life()
        if kills:
            self._stop_harm()
        else:
            self.calendar.add(posts)
        self._in_peace(patience)

    def _start(self) -> subprocess.Popen[bytes]:
        with (self.calendar.folder / "daemon.log").open("ab") as said:
            self.daemon = subprocess.Popen(
                [sys.executable, "-m", "scheduler", "run", "-c", str(self.calendar.config)],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd=HERE,
                env={**self.environment, **self.clock.environment()},
            )
        return self.daemon

    def end(self) -> None:
        """Leaves nothing behind, also where the run was broken off."""
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon.wait()
        sweep()

    def _one_life(self) -> None:
        moment = self.drawn.choice(MOMENTS)
        nth, pause = self.drawn.randint(1, 6), self.drawn.random()
        jumps, jump_at = (
            self.drawn.random() < self.jumps and self.clock.library,
            self.drawn.uniform(0, 2),
        )
        started = time.monotonic()
        daemon = self._start()
        self.trigger.set(moment, nth, daemon.kill)
        jumper = threading.Timer(jump_at, self.clock.jump)
        if jumps:
            jumper.start()
        self._until(moment, nth, pause, daemon)
        self.ended += daemon.poll() not in (None, -signal.SIGKILL)
        daemon.kill()
        daemon.wait()
        self.kills[moment] += 1
        self.torn += is_torn(self.log)
        sweep()
        if self.trigger.first_request is not None:
            self.recovery.append(self.trigger.first_request - started)
        if jumps:
            jumper.join()

    def _until(
        self, moment: str, nth: int, pause: float, daemon: "subprocess.Popen[bytes]"
    ) -> None:
        """Returns when it is time."""
        longest_start = (
            LONGEST_START if self.clock.off >= 0 else LONGEST_LIFE
        )  # with its clock behind, nothing is due
        if moment == "start":
            time.sleep(pause * 1.5)
        elif moment == "commit":
            words = (
                str(daemon.pid),
                str(self.log),
                str(1 + int(pause * WRITES)),
                str(longest_start),
            )
            subprocess.run([sys.executable, "-I", "-S", KILL_IN_COMMIT, *words], check=True)
        elif self.trigger.busy.wait(longest_start):
            self.trigger.pulled.wait(pause * 1.5 if moment == "any" else LONGEST_LIFE)

    def _stop_harm(self) -> None:
        self.rates.clear()
        self.trigger.set("", 0, lambda: None)
        self.clock.set(0)

    def _in_peace(self, patience: float) -> None:
        """No more kills: until all is settled, or patience is over.

        What was put off while the clock was a day ahead waits for that day. When nothing else is left, the clock is set there.
        """
        began = quiet_since = time.monotonic()
        daemon = self._start()
        while (
            len(self.settled_after) < len(self.calendar.places)
            and time.monotonic() - began < patience
        ):
            time.sleep(1)
            if daemon.poll() is not None:  # as systemd would
                self.ended += 1
                daemon = self._start()
            before = len(self.open)
            waiting = {row["account"] for row in self.look()}
            now = time.monotonic()
            for name in self.calendar.places.keys() - waiting - self.settled_after.keys():
                self.settled_after[name] = now - began
            quiet_since = quiet_since if len(self.open) == before else now
            if self.clock.library and waiting and now - quiet_since > A_LULL:
                self.set_forward += FARTHEST + HOUR
                self.clock.set(self.set_forward)
                quiet_since = now
        daemon.terminate()
        with suppress(subprocess.TimeoutExpired):
            daemon.wait(20)
        self.end()

    def look(self) -> list[dict[str, Any]]:
        """The deliveries on which something will still happen, in `open` too."""
        rows = self.status()
        stopped = {
            (row["account"], row["entry"])
            for row in rows
            if row["status"] in SETTLED and row["status"] != "published"
        }
        known = {(row["account"], row["entry"], row["part"]) for row in rows}
        missing = [
            {"account": one.place}
            for one in self.calendar.intended
            if (one.place, one.entry, one.part) not in known
        ]
        self.open = missing + [
            row
            for row in rows
            if row["status"] not in SETTLED
            and not (row["part"] and (row["account"], row["entry"]) in stopped)
        ]
        return self.open

    def status(self) -> list[dict[str, Any]]:
        said = subprocess.run(
            [
                sys.executable,
                "-m",
                "scheduler",
                "status",
                "--json",
                "-c",
                str(self.calendar.config),
            ],
            cwd=HERE,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        rows: list[dict[str, Any]] = json.loads(said.stdout)["deliveries"] if said.stdout else []
        return rows

    def store_is_sound(self) -> str:
        """SQLite's own verdict."""
        with closing(sqlite3.connect(f"file:{self.calendar.store}?mode=ro", uri=True)) as store:
            return str(store.execute("PRAGMA integrity_check").fetchone()[0])


def is_torn(log: Path) -> bool:
    """Whether the write-ahead log ends in a transaction that has no commit. Frames of the current round carry the head's salt."""
    try:
        content = log.read_bytes()
    except FileNotFoundError:
        return False
    page, salt = int.from_bytes(content[8:12], "big"), content[16:24]
    torn = False
    for at in range(HEAD, len(content), FRAME + page) if page else ():
        head = content[at : at + FRAME]
        if head[8:16] != salt:
            break
        torn = head[4:8] == bytes(
            4
        )  # the size of the database after the commit; 0: not the last page of one
    return torn
