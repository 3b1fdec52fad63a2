"""The daemon, killed with SIGKILL and started again, at moments drawn from the seed.

    start     while it starts: reading, planning, settling what the last one left
    any       at any time afterwards
    commit    at a write to its write-ahead log, which is inside a commit or right after one (`kill_in_commit.py`)
    before commit, after commit      right before or after one of its first commits (`command.py`)
    before request, after request    the server is about to get a request that changes something, or has done
                                     what it was asked, and its answer is on the way
    before look, after look          the same with a request that asks for something

All of it from the outside: the command line, `status --json`, signals, the size of a file.
"""

import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.proof.calendar import WORD, Calendar
from benchmarks.proof.clock import FARTHEST, HOUR, WallClock, sweep
from benchmarks.proof.command import KILL
from benchmarks.proof.events import Events, files_of
from tests.acceptance.proxy import Proxy

HERE = Path(__file__).parents[2]
KILL_IN_COMMIT = Path(__file__).with_name("kill_in_commit.py")
MOMENTS = (
    "start",
    "any",
    "commit",
    "before commit",
    "after commit",
    "before request",
    "after request",
    "after request",
    "before look",
    "after look",
)
COMMITS = 60  # among the first of these one is drawn
WRITES = 120  # to the log; a short transaction makes four to twelve
LONGEST_START = 12.0  # seconds to the first request; a busy machine is slow
LONGEST_LIFE = 3.0  # seconds from then on
SETTLED = ("published", "in doubt", "failed", "missed", "held", "cancelled")
A_LULL = (
    35.0  # seconds in which nothing has settled: longer than the engine's pause between two looks
)
FRAME = 24  # bytes of a frame's head in SQLite's write-ahead log, https://sqlite.org/fileformat2.html#walformat
HEAD = 32
COMMAND = (sys.executable, "-m", "benchmarks.proof.command")
A_COMMAND = 120.0  # seconds
LOG_INS = 8
OVER = "it is over, as are others that are new"


@dataclass
class Trigger:
    """Kills at the `left`-th request of a kind, before or after it is passed on."""

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
            kind = "look" if line.startswith("GET") else "request"
            if f"{when} {kind}" != self.when:
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
    events_share: float = 0.0  # the share of lives with an event
    trigger: Trigger = field(default_factory=Trigger)
    kills: Counter[str] = field(default_factory=Counter)
    daemon: "subprocess.Popen[bytes] | None" = None
    ended: int = 0  # starts after which it ended by itself
    hits: Counter[str] = field(default_factory=Counter)  # kills that hit work, by moment
    sighted: dict[str, datetime] = field(default_factory=dict)  # word -> when its server had it
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
        self.events = Events(self)
        for place in self.calendar.places.values():
            for way in place.ways:
                way.before = lambda n, line: self.trigger.seen("before", line)
                way.after = lambda n, line, way=way: self._acted(way, n, line)

    def _acted(self, way: Any, n: int, line: str) -> None:
        """A server has done what it was asked."""
        if isinstance(way, Proxy) and not line.startswith("GET"):
            for word in WORD.findall(way.bodies[n - 1]):
                self.sighted.setdefault(word.decode(), datetime.now(UTC))
        self.trigger.seen("after", line)

    @property
    def log(self) -> Path:
        return self.calendar.store.with_name(self.calendar.store.name + "-wal")

    @property
    def late(self) -> int:
        """Requests on which a server still has to act."""
        ways = [way for place in self.calendar.places.values() for way in place.ways]
        return sum(way.late for way in ways if isinstance(way, Proxy))

    def run(self, kills: int, posts: int, patience: float, within: float) -> None:
        """All lives, each with new posts, and a last one in peace; without kills, one life and no peace.

        After `within` seconds there are no more kills: a busy machine is done with fewer, and with fewer posts.
        """
        began = time.monotonic()
        self.log.parent.mkdir(mode=0o700, exist_ok=True)
        for life in range(kills):
            if time.monotonic() - began > within:
                break
            event = self.events.before_life(self.events_share)
            self.calendar.add(posts * (life + 1) // kills - len(self.calendar.posts))
            self._one_life(event)
            self.events.after_life()
        if kills:
            self._stop_harm()
            self._answer()
        else:
            self.calendar.add(posts)
        self._in_peace(patience)

    def _start(self, kill: str = "") -> subprocess.Popen[bytes]:
        """`kill`: the commit at which it kills itself."""
        with (self.calendar.folder / "daemon.log").open("ab") as said:
            self.daemon = subprocess.Popen(
                [*COMMAND, "run", "-c", str(self.calendar.config)],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd=HERE,
                env=self._environment | ({KILL: kill} if kill else {}),
            )
        return self.daemon

    @property
    def _environment(self) -> dict[str, str]:
        return {**self.environment, **self.clock.environment()}

    def command(
        self, *words: str, config: Path | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Runs another command of the program, by the daemon's clock."""
        return subprocess.run(
            [*COMMAND, *words, "-c", str(config or self.calendar.config)],
            stdin=subprocess.DEVNULL,
            cwd=HERE,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=A_COMMAND,
            check=False,
        )

    def log_in(self, account: str) -> None:
        """As a person does who has a new token. The way there is as faulty as any: it is tried again."""
        for _ in range(LOG_INS):
            if self.command("login", account).returncode == 0:
                return

    def end(self) -> None:
        """Leaves nothing behind, also where the run was broken off."""
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon.wait()
        sweep()

    def _one_life(self, event: str = "") -> None:
        moment = self.drawn.choice(MOMENTS)
        nth, pause = self.drawn.randint(1, 6), self.drawn.random()
        jumps, jump_at = (
            self.drawn.random() < self.jumps and self.clock.library,
            self.drawn.uniform(0, 2),
        )
        moment = "any" if event else moment
        when, _, kind = moment.partition(" ")
        started = time.monotonic()
        daemon = self._start(f"{when}:{1 + int(pause * COMMITS)}" if kind == "commit" else "")
        self.trigger.set(moment, nth, daemon.kill)
        jumper = threading.Timer(jump_at, self.clock.jump)
        if jumps:
            jumper.start()
        self._until(moment, nth, pause, daemon, event)
        self.ended += daemon.poll() not in (None, -signal.SIGKILL)
        daemon.kill()
        daemon.wait()
        self.kills[moment] += 1
        self.hits[moment] += has_work(self.calendar.store)
        self.torn += is_torn(self.log)
        sweep()
        if self.trigger.first_request is not None:
            self.recovery.append(self.trigger.first_request - started)
        if jumps:
            jumper.join()

    def _until(
        self,
        moment: str,
        nth: int,
        pause: float,
        daemon: "subprocess.Popen[bytes]",
        event: str,
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
        elif moment.endswith("commit"):
            with suppress(subprocess.TimeoutExpired):
                daemon.wait(longest_start)
        elif self.trigger.busy.wait(longest_start):
            self.events.in_life(event)
            self.trigger.pulled.wait(pause * 1.5 if moment == "any" else LONGEST_LIFE)

    def _stop_harm(self) -> None:
        self.rates.clear()
        self.trigger.set("", 0, lambda: None)
        self.clock.set(0)

    def _answer(self) -> None:
        """Publishes what is held because more than a few entries were over when a start first read them.

        A kill in a start, again and again, makes it so; the program asks, and this is the person.
        """
        for row in self.status():
            if row["status"] == "held" and str(row["error"]).startswith(OVER):
                self.command("retry", row["key"])

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
            accounts = {row["account"] for row in self.look()}
            waiting = {
                name
                for name, place in self.calendar.places.items()
                if accounts & {self.calendar.account(one) for one in place.names}
            }
            now = time.monotonic()
            for name in self.calendar.places.keys() - waiting - self.settled_after.keys():
                self.settled_after[name] = now - began
            quiet_since = quiet_since if len(self.open) == before else now
            is_quiet = now - quiet_since > A_LULL and not self.late
            if self.clock.library and waiting and is_quiet:
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
            {"account": one.account}
            for one in self.calendar.intended
            if (one.account, one.entry, one.part) not in known and not one.removed
        ]
        self.open = missing + [
            row
            for row in rows
            if row["status"] not in SETTLED
            and not (row["part"] and (row["account"], row["entry"]) in stopped)
        ]
        return self.open

    def status(self) -> list[dict[str, Any]]:
        said = self.command("status", "--json")
        rows: list[dict[str, Any]] = json.loads(said.stdout)["deliveries"] if said.stdout else []
        return rows

    def store_is_sound(self) -> str:
        """SQLite's own verdict."""
        with closing(sqlite3.connect(f"file:{self.calendar.store}?mode=ro", uri=True)) as store:
            return str(store.execute("PRAGMA integrity_check").fetchone()[0])


def has_work(store: Path) -> bool:
    """Whether a delivery was under way when the daemon died. Looks at a copy, and leaves the store as it is."""
    with tempfile.TemporaryDirectory(prefix="termbell-once-") as folder:
        for file in files_of(store):
            shutil.copy(file, folder)
        copy = Path(folder) / store.name
        if not copy.exists():
            return False
        with closing(sqlite3.connect(copy)) as opened, suppress(sqlite3.OperationalError):
            under_way = "SELECT 1 FROM deliveries WHERE status = 'publishing' LIMIT 1"
            return opened.execute(under_way).fetchone() is not None
    return False


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
