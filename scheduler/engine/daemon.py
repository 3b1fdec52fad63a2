"""The daemon: rings, publishes, reads a changed calendar, says that it is alive, and ends well.

The thread pool has a thread for each account, because an account's deliveries go out in order and another account's do not
wait for them.

A store that cannot be read or written stops nothing for ever: it is said once, nothing leaves meanwhile, and everything
goes on when the store does.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue

from scheduler.config import Config, ConfiguredAccount
from scheduler.engine import ending
from scheduler.engine.assembly import Assembled, needs_restart
from scheduler.engine.backing_up import keep_a_backup
from scheduler.engine.clock import JUMP, LOOK, Clock
from scheduler.engine.delivering import Desk
from scheduler.engine.hosting import needed
from scheduler.engine.pacing import Aside, Every
from scheduler.engine.replanning import LONGEST, MAKING, Replanned, make_media_apart, replan_apart
from scheduler.engine.reporting import Inside, Reporting
from scheduler.engine.saying import say, tell
from scheduler.engine.watching import Watching, watched
from scheduler.problems import Place, Problem
from scheduler.store import NewerSchema, Store, StoreFailed

BEAT = 10.0  # seconds between two signs of life
HOUR = 3600.0  # seconds between two looks whether a backup is due, a server's limits are a day old, or credentials end
DAY = 86_400.0  # seconds after which the calendar is read again in any case: what it needs of the media cache is kept, or made anew
READ_LATER = 30.0  # seconds until a calendar is read again that could not be taken up
SOON = 10.0  # seconds until a calendar is read again whose renamed entry was just being published
THREADS = 16
A_MOMENT = 1.0  # seconds, for writing down how an attempt ended
log = logging.getLogger("termbell")


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(kw_only=True)
class Daemon:
    """Everything that runs until it is told to stop."""

    config: Path
    store: Store
    desk: Desk
    folders: tuple[Path, ...] = ()  # watched for changes
    now: Callable[[], datetime] = utc_now
    making: float = MAKING  # seconds that a reading of the calendar gives to making media ready
    ask_limits: Callable[
        [Iterable[ConfiguredAccount], datetime], bool
    ]  # whether a server tells other limits than before
    assembled: Assembled | None = None  # what `desk` is a part of; None: it stays as it is
    reporting: Reporting
    unready: tuple[str, ...] = ()  # media that the calendar was taken up without
    _stopping: threading.Event = field(default_factory=threading.Event)
    _awake: "SimpleQueue[None]" = field(default_factory=SimpleQueue)  # ends a wait of the main loop
    _reread: threading.Event = field(default_factory=threading.Event)
    _read_at: float = field(default_factory=time.monotonic)
    _watching: Watching | None = None
    _busy: set[str] = field(default_factory=set)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _fault: str | None = None  # of the store, until it works again
    _unchangeable: tuple[str, ...] = ()  # what waits for a restart
    _untaken: str | None = None  # why a calendar could not be taken up, until one was
    _pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(THREADS, thread_name_prefix="account")
    )
    _reading: Aside = field(default_factory=lambda: Aside(name="reading the calendar"))
    _asking: Aside = field(default_factory=lambda: Aside(name="asking for limits"))
    _making: Aside = field(default_factory=lambda: Aside(name="making media ready"))
    _tried: tuple[str, ...] = ()  # media that could not be made ready

    def run(self, *, for_at_most: float | None = None) -> None:
        """Publishes until `stop`; then waits, at most a request's timeout, for attempts that are under way."""
        keep_a_backup(self.store, self.now())  # before anything leaves
        with self.store.database.reading() as connection:
            clock = Clock(
                ring=self.ring,
                look=self._look_at(lambda: self.store.database.changes(connection)),
                was_set=self._clock_was_set,
            )
            watching = self._watching = Watching(changed=self._reread.set, folders=self.folders)
            self._clock_since_the_last_run()
            with self._as_long_as_the_store_works():
                self.reporting.back()
            clock.start()
            watching.start()
            self.reporting.start(Inside(working=self._working, clock_silent_for=clock.silent_for))
            try:
                self._make_ready(self.unready)
                self._until_stopped(clock, for_at_most)
            finally:
                self.reporting.stopping()
                clock.stop()
                watching.stop()
                self._finish()
                self.reporting.stopped()

    def stop(self) -> None:
        """Also from a signal's handler, at any instant: the main thread waits for no event, whose lock it could hold just then."""
        self._stopping.set()
        self._awake.put(None)

    def ring(self) -> datetime | None:
        """Gives every account that has something due a thread, and says what has become too late; answers when to ring next."""
        with self._as_long_as_the_store_works():
            now = self.now()
            for row in self.store.release(now, self.desk.by, self._working()):
                say(
                    logging.WARNING,
                    row,
                    "was under way and nobody works on it any more; the journal says what may be done",
                )
            for row in self.store.settle_missing(now):
                say(logging.WARNING, row, "cancelled: its entry is gone from the calendar")
            for row in self.store.too_late(now):
                say(
                    logging.ERROR,
                    row,
                    f"{row.status}: due {row.due.isoformat(timespec='minutes')}; {row.error}",
                )
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

    def is_busy(self) -> bool:
        """Whether an attempt is under way."""
        return bool(self._working())

    def _working(self) -> set[str]:
        with self._guard:
            return set(self._busy)

    @contextmanager
    def _as_long_as_the_store_works(self, writes: bool = False) -> Iterator[None]:
        """Ends what it holds when the store fails. Each fault is said once, and so is its end, when something was surely written."""
        try:
            yield
        except StoreFailed as failed:
            if self._fault != str(failed):
                log.error("nothing is published until this is mended: %s", failed)
            self._fault = str(failed)
            self.reporting.store_failed(str(failed))
        else:
            if self._fault is not None and writes:
                log.warning("the store works again")
                self._fault = None

    def _clock_was_set(self, seconds: float) -> None:
        log.warning(
            "the clock was set %s by %.0f s", "forward" if seconds > 0 else "back", abs(seconds)
        )
        with self._as_long_as_the_store_works():
            self.store.clock_was_set(seconds, self.now())
        self._in_time_again()

    def _in_time_again(self) -> None:
        with self._as_long_as_the_store_works():
            for row in self.store.in_time_again(self.now()):
                say(
                    logging.WARNING,
                    row,
                    "was found too late while the clock was ahead; it is in time after all",
                )

    def _clock_since_the_last_run(self) -> None:
        """A sign of life that is yet to come: the clock was ahead then, by that much at least."""
        with self._as_long_as_the_store_works():
            beat = self.store.last_beat()
            ahead = (beat[0] - self.now()).total_seconds() if beat else 0.0
            if ahead > JUMP:
                self._clock_was_set(-ahead)
        self._in_time_again()

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
        beat, hourly = Every(seconds=BEAT), Every(seconds=HOUR)
        while not self._is_stopped():
            if beat.is_time():
                self._beat(started)
            if hourly.is_time():
                self._asking.begin(self._once_an_hour)
            if self._reread.is_set() or time.monotonic() - self._read_at > DAY:
                self._reading.begin(self.read_again)
            self.reporting.turn()
            clock.rouse()
            if not clock.is_alive():
                raise RuntimeError(
                    "the clock's thread has died; ending, so that a supervisor starts the daemon anew"
                )
            if for_at_most is not None and time.monotonic() - begun >= for_at_most:
                return

    def _is_stopped(self) -> bool:
        """After a moment; at once when it is told to stop."""
        with suppress(Empty):
            self._awake.get(timeout=0.5)
        return self._stopping.is_set()

    def _beat(self, started: datetime) -> None:
        with self._as_long_as_the_store_works(writes=True):
            now = self.now()
            self.store.beat(socket.gethostname(), os.getpid(), started, now)
            working = self._working()
            if working:
                self.store.renew(self.desk.by, working, now)

    def _once_an_hour(self) -> None:
        """What can wait, and stops nothing where a file cannot be read or written."""
        keep_a_backup(self.store, self.now())
        try:
            with self._as_long_as_the_store_works():
                if self.assembled:
                    self._look_after(self.assembled)
            if self.ask_limits(self.desk.accounts.values(), self.now()):
                log.info("a server told other limits than before")
                self._reread.set()
        except OSError as fault:
            log.warning("a file beside the store cannot be used: %s", fault)

    def _look_after(self, assembled: Assembled) -> None:
        """Sign-ins that end or are not used, and files that platforms need not fetch any more."""
        accounts = assembled.config.accounts
        ending.warn(self.store, accounts, assembled.ends, self.now())
        ending.learn_profiles(self.store, accounts, assembled.desk.answerer)
        ending.stay_signed_in(self.store, accounts, assembled.renew, self.now())
        assembled.hosting.sweep(lambda: needed(self.store))

    def read_again(self) -> None:
        """Takes up a changed calendar. One that has become invalid leaves the old plan in force."""
        self._reread.clear()
        self._read_at = time.monotonic()
        with self._as_long_as_the_store_works():
            read = self._read()
            tell(read)
            self._follow(read)
            if read.config is not None:
                self._rebuild(read.config)
            if read.changes.postponed:
                self._read_at = time.monotonic() - DAY + SOON
            self.reporting.read(read)
            self._make_ready(read.unready)
            self.ring()
            return
        self._stopping.wait(READ_LATER)
        self._reread.set()

    def _rebuild(self, config: Config) -> None:
        """What is under way ends as it began; what begins from now on goes by `config`."""
        if self.assembled is None:
            return
        unchangeable = tuple(needs_restart(self.assembled.config, config))
        for words in unchangeable:
            if words not in self._unchangeable:
                log.warning("%s: %s", self.config.name, words)
        self._unchangeable = unchangeable
        health = self.assembled.config.health
        self.assembled = self.assembled.rebuild(replace(config, health=health))
        self.desk = self.assembled.desk
        self.reporting.credentials = self.reporting.credentials and self.assembled.credentials

    def _make_ready(self, unready: tuple[str, ...]) -> None:
        """Beside everything else. What stays unready is not tried again before something else changes."""
        if unready and unready != self._tried:
            self._making.begin(lambda: self._made_ready(unready))

    def _made_ready(self, unready: tuple[str, ...]) -> None:
        log.info(
            "media are made ready: %s",
            unready[0] + (f" and {len(unready) - 1} more" if len(unready) > 1 else ""),
        )
        for problem in make_media_apart(self.config):
            log.error("%s", problem)
        self._tried = unready
        self._reread.set()

    def _read(self) -> Replanned:
        try:
            read = replan_apart(
                self.config,
                lambda config: self.store.file,
                self.now(),
                patience=LONGEST,  # the loop waits, and counts as stuck after a while
                making=self.making,
                rests=True,
            )
        except StoreFailed as failed:
            if self._untaken != str(failed):
                log.error("the calendar cannot be taken up until this is mended: %s", failed)
            self._untaken = str(failed)
            raise
        except (
            RuntimeError,
            NewerSchema,
        ) as fault:  # the plan from before stays in force then, too, and the person is told
            read = Replanned(problems=(Problem("fault", str(fault), Place(self.config.name, 1)),))
        self._untaken = None
        return read

    def _follow(self, read: Replanned) -> None:
        """A file that mends a calendar with errors may stand in a folder of its own."""
        self.folders = (
            watched(read.config, read.files)
            if read.config
            else tuple(sorted({*self.folders, *(file.parent for file in read.files)}))
        )
        if self._watching:
            self._watching.follow(self.folders)

    def _finish(self) -> None:
        self._pool.shutdown(wait=False)  # what waits for a thread finds that it is to stop
        waited = threading.Event()
        for _ in range(round((self.desk.timeout + A_MOMENT) * 10)):
            if not self._working():
                return
            waited.wait(0.1)
        log.warning("ending with attempts under way; the next start settles them")
