"""The daemon: rings, publishes, reads a changed calendar, says that it is alive, and ends well.

One on a store: a file lock, which a killed process cannot keep. The thread pool has a thread for each account, because
an account's deliveries go out in order and another account's do not wait for them.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from platforms.base import Ask
from scheduler.config import ConfiguredAccount
from scheduler.engine.clock import Clock
from scheduler.engine.delivering import Desk
from scheduler.engine.known_limits import KnownLimits
from scheduler.engine.replanning import Replanned, replan_apart
from scheduler.engine.watching import Watching
from scheduler.private_files import FILE, write_private
from scheduler.store import Changes, Store

BEAT = 10.0  # seconds between two signs of life
THREADS = 16
log = logging.getLogger("termbell")


class AlreadyRunning(Exception):
    """Another process publishes from this store."""


class Alone(AbstractContextManager["Alone"]):
    """Holds the store's lock. A second holder is refused with the name of the first."""

    def __init__(self, store: Path) -> None:
        self._named = store.with_suffix(".pid")
        store.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = FileLock(store.with_suffix(".lock"), timeout=0, mode=FILE)

    def __enter__(self) -> "Alone":
        try:
            self._lock.acquire()
        except Timeout:
            by = self._named.read_text() if self._named.exists() else "unknown"
            raise AlreadyRunning(f"another termbell (process {by}) already publishes from this store; stop it, or let it do the work") from None
        write_private(self._named, str(os.getpid()))
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
    _stopping: threading.Event = field(default_factory=threading.Event)
    _reread: threading.Event = field(default_factory=threading.Event)
    _busy: set[str] = field(default_factory=set)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, thread_name_prefix="account"))

    def run(self, *, for_at_most: float | None = None) -> None:
        """Publishes until `stop`; then waits, at most a request's timeout, for attempts that are under way."""
        started = self.now()
        freed = self.store.release(started)
        if freed:
            log.warning("%d deliveries were under way when the last daemon ended; the journal says what may be done", freed)
        with self.store.engine.connect() as connection:
            clock = Clock(ring=self.ring, next_due=lambda: self.store.next_due(self.now()), look=self._look_at(connection))
            watching = Watching(changed=self._reread.set, folders=self.folders)
            clock.start()
            watching.start()
            self.ring()
            try:
                self._until_stopped(clock, started, for_at_most)
            finally:
                clock.stop()
                watching.stop()
                self._finish()

    def stop(self) -> None:
        self._stopping.set()

    def ring(self) -> None:
        """Gives every account that has something due a thread, and says what has become too late."""
        for row in self.store.too_late(self.now()):
            log.error("%s: due %s; %s", row.status, f"{row.due:%Y-%m-%d %H:%M}", row.error,
                      extra={"delivery": row.key, "account": row.account, "entry": row.entry})
        for account in self.store.accounts_due(self.now()):
            with self._guard:
                if account in self._busy or self._stopping.is_set():
                    continue
                self._busy.add(account)
            self._pool.submit(self._work, account)

    def _work(self, account: str) -> None:
        try:
            self.desk.work(account, self._stopping.is_set)
        except Exception:  # the store failed: said aloud, and tried again at the next ring
            log.exception("publishing for %s stopped", account, extra={"account": account})
        finally:
            with self._guard:
                self._busy.discard(account)

    def _look_at(self, connection: "object") -> Callable[[], bool]:
        seen = [self.store.changed_by_others(connection)]  # type: ignore[arg-type]

        def changed() -> bool:
            """Whether anybody wrote to the store: a claim that ended, another command."""
            before, seen[0] = seen[0], self.store.changed_by_others(connection)  # type: ignore[arg-type]
            return before != seen[0]

        return changed

    def _until_stopped(self, clock: Clock, started: datetime, for_at_most: float | None) -> None:
        beaten = limits_asked = None
        while not self._stopping.wait(0.5):
            now = self.now()
            if beaten is None or abs((now - beaten).total_seconds()) >= BEAT:
                self.store.beat(socket.gethostname(), os.getpid(), started, now)
                beaten = now
            if limits_asked is None or abs((now - limits_asked).total_seconds()) >= 3600:
                limits_asked = now
                if self.limits.ask(self.desk.accounts.values(), self.ask, now):
                    log.info("a server told other limits than before")
                    self._reread.set()
            if self._reread.is_set():
                self._reread.clear()
                self.read_again()
            if not clock.is_alive():
                raise RuntimeError("the clock's thread has died; ending, so that a supervisor starts the daemon anew")
            if for_at_most is not None and (now - started).total_seconds() >= for_at_most:
                return

    def read_again(self) -> None:
        """Takes up a changed calendar. One that has become invalid leaves the old plan in force."""
        read = replan_apart(self.config, self.store.file, self.now())
        tell(read)
        if read.usable:
            self.desk = replace(self.desk, accounts=read.accounts)
            self.ring()

    def _finish(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        waited = threading.Event()
        for _ in range(int(self.desk.timeout * 10)):
            with self._guard:
                if not self._busy:
                    return
            waited.wait(0.1)
        log.warning("ending with attempts under way; the next start settles them")


def tell(read: Replanned) -> None:
    """Logs what a reading of the calendar found."""
    for problem in read.problems:
        log.log(logging.ERROR if problem.severity == "error" else logging.WARNING, "%s", problem)
    if not read.usable:
        log.error("the calendar has errors; the plan from before stays in force")
    tell_changes(read.changes)


def tell_changes(changes: Changes) -> None:
    for what in ("added", "edited", "cancelled", "past", "differs"):
        names = getattr(changes, what)
        if names:
            shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
            log.info("calendar: %d %s: %s", len(names), {"past": "already over", "differs": "published, changed since"}.get(what, what), shown)
