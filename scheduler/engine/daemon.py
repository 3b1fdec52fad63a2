"""The daemon: rings, publishes, reads a changed calendar, says that it is alive, and ends well.

One on a store: a file lock, which a killed process cannot keep. The thread pool has a thread for each account, because
an account's deliveries go out in order and another account's do not wait for them.

A store that cannot be read or written stops nothing for ever: it is said once, nothing leaves meanwhile, and everything
goes on when the store does.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from platforms.base import Ask
from scheduler.config import ConfiguredAccount
from scheduler.engine.clock import LOOK, Clock
from scheduler.engine.delivering import Desk
from scheduler.engine.known_limits import KnownLimits
from scheduler.engine.pacing import Aside, Every
from scheduler.engine.replanning import Replanned, replan_apart
from scheduler.engine.reporting import Inside, Reporting
from scheduler.engine.saying import say, tell
from scheduler.engine.watching import Watching
from scheduler.problems import Place, Problem
from scheduler.store import NewerSchema, Store, StoreFailed

BEAT = 10.0  # seconds between two signs of life
ASK_LIMITS = 3600.0  # seconds until we look whether a server's limits are a day old
READ_LATER = 30.0  # seconds until a calendar is read again that could not be taken up
THREADS = 16
log = logging.getLogger("termbell")


class AlreadyRunning(Exception):
    """Another process publishes from this store."""


class Alone(AbstractContextManager["Alone"]):
    """Holds the store's lock. A second holder is refused with the name of the first."""

    def __init__(self, store: Path) -> None:
        self._named = store.with_suffix(".pid")
        store.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = FileLock(store.with_suffix(".lock"), timeout=0)

    def __enter__(self) -> "Alone":
        try:
            self._lock.acquire()
        except Timeout:
            by = self._named.read_text() if self._named.exists() else "unknown"
            raise AlreadyRunning(f"another termbell (process {by}) already publishes from this store; stop it, or let it do the work") from None
        self._named.write_text(str(os.getpid()))
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._lock.release()


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(kw_only=True)
class Daemon:
    """Everything that runs until it is told to stop."""

    config: Path
    store: Store
    desk: Desk
    limits: KnownLimits
    folders: tuple[Path, ...] = ()  # watched for changes
    now: Callable[[], datetime] = utc_now
    ask: Callable[[ConfiguredAccount], Ask]
    reporting: Reporting = field(default=None)  # type: ignore[assignment]  # where none is handed in, one that tells nobody
    _stopping: threading.Event = field(default_factory=threading.Event)
    _reread: threading.Event = field(default_factory=threading.Event)
    _busy: set[str] = field(default_factory=set)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _fault: str | None = None  # of the store, until it works again
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, thread_name_prefix="account"))
    _reading: Aside = field(default_factory=lambda: Aside(name="reading the calendar"))
    _asking: Aside = field(default_factory=lambda: Aside(name="asking for limits"))

    def __post_init__(self) -> None:
        self.reporting = self.reporting or Reporting(store=self.store, now=self.now)

    def run(self, *, for_at_most: float | None = None) -> None:
        """Publishes until `stop`; then waits, at most a request's timeout, for attempts that are under way."""
        with self.store.database.reading() as connection:
            clock = Clock(ring=self.ring, look=self._look_at(lambda: self.store.database.changes(connection)), was_set=self._clock_was_set)
            watching = Watching(changed=self._reread.set, folders=self.folders)
            with self._as_long_as_the_store_works():
                self.reporting.back()
            clock.start()
            watching.start()
            self.reporting.start(Inside(working=self._working, clock_silent_for=clock.silent_for))
            try:
                self._until_stopped(clock, for_at_most)
            finally:
                self.reporting.stopping()
                clock.stop()
                watching.stop()
                self._finish()
                self.reporting.stopped()

    def stop(self) -> None:
        self._stopping.set()

    def ring(self) -> datetime | None:
        """Gives every account that has something due a thread, and says what has become too late; answers when to ring next."""
        with self._as_long_as_the_store_works():
            now = self.now()
            for row in self.store.release(now, self.desk.by, self._working()):
                say(logging.WARNING, row, "was under way and nobody works on it any more; the journal says what may be done")
            for row in self.store.too_late(now):
                say(logging.ERROR, row, f"{row.status}: due {row.due:%Y-%m-%d %H:%M}; {row.error}")
            for account in self.store.accounts_due(now):
                self._start(account)
            return self.store.next_due(now)
        return self.now() + LOOK

    def _start(self, account: str) -> None:
        with self._guard:
            if account in self._busy or self._stopping.is_set():
                return
            self._busy.add(account)
        self._pool.submit(self._work, account)

    def _work(self, account: str) -> None:
        try:
            with self._as_long_as_the_store_works():
                self.desk.work(account, self._stopping.is_set)
        except Exception:
            log.exception("publishing for %s stopped", account, extra={"account": account})
        finally:
            with self._guard:
                self._busy.discard(account)

    def _working(self) -> set[str]:
        with self._guard:
            return set(self._busy)

    @contextmanager
    def _as_long_as_the_store_works(self) -> Iterator[None]:
        """Ends what it holds when the store fails. Each fault is said once, and so is its end."""
        try:
            yield
        except StoreFailed as failed:
            if self._fault != str(failed):
                log.error("nothing is published until this is mended: %s", failed)
            self._fault = str(failed)
            self.reporting.store_failed(str(failed))
        else:
            if self._fault is not None:
                log.warning("the store works again")
            self._fault = None

    def _clock_was_set(self, seconds: float) -> None:
        log.warning("the clock was set %s by %.0f s", "forward" if seconds > 0 else "back", abs(seconds))
        with self._as_long_as_the_store_works():
            self.store.clock_was_set(seconds)
            for row in self.store.in_time_again(self.now()):
                say(logging.WARNING, row, "was missed while the clock was ahead; it waits for its time again")

    def _look_at(self, changes: Callable[[], int]) -> Callable[[], bool]:
        seen = [changes()]

        def changed() -> bool:
            """Whether anybody wrote to the store: a claim that ended, another command."""
            try:
                before, seen[0] = seen[0], changes()
            except StoreFailed:
                return True
            return before != seen[0]

        return changed

    def _until_stopped(self, clock: Clock, for_at_most: float | None) -> None:
        started, begun = self.now(), time.monotonic()
        beat, limits = Every(seconds=BEAT), Every(seconds=ASK_LIMITS)
        while not self._stopping.wait(0.5):
            if beat.is_time():
                self._beat(started)
            if limits.is_time():
                self._asking.begin(self._ask_limits)
            if self._reread.is_set():
                self._reading.begin(self.read_again)
            self.reporting.turn()
            if not clock.is_alive():
                raise RuntimeError("the clock's thread has died; ending, so that a supervisor starts the daemon anew")
            if for_at_most is not None and time.monotonic() - begun >= for_at_most:
                return

    def _beat(self, started: datetime) -> None:
        with self._as_long_as_the_store_works():
            now = self.now()
            self.store.beat(socket.gethostname(), os.getpid(), started, now)
            working = self._working()
            if working:
                self.store.renew(self.desk.by, working, now)

    def _ask_limits(self) -> None:
        if self.limits.ask(self.desk.accounts.values(), self.ask, self.now()):
            log.info("a server told other limits than before")
            self._reread.set()

    def read_again(self) -> None:
        """Takes up a changed calendar. One that has become invalid leaves the old plan in force."""
        self._reread.clear()
        with self._as_long_as_the_store_works():
            read = self._read()
            tell(read)
            if read.config is not None:
                self.desk = replace(self.desk, accounts=read.config.accounts)
            self.reporting.read(read)
            self.ring()
            return
        self._stopping.wait(READ_LATER)
        self._reread.set()

    def _read(self) -> Replanned:
        try:
            return replan_apart(self.config, lambda config: self.store.file, self.now())
        except (RuntimeError, NewerSchema) as fault:  # the plan from before stays in force then, too, and the person is told
            return Replanned(problems=(Problem("fault", str(fault), Place(self.config.name, 1)),))

    def _finish(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        waited = threading.Event()
        for _ in range(int(self.desk.timeout * 10)):
            if not self._working():
                return
            waited.wait(0.1)
        log.warning("ending with attempts under way; the next start settles them")
