"""What the daemon says of itself: to the person, to monitors, to the supervisor that started it.

None of it holds up publishing: what needs a network goes on aside. A page that cannot be served and a monitor that does
not answer are said once, and kept where `doctor` sees them.

The supervisor's watchdog gets no sign of life while the clock or the daemon's loop is stuck, and starts us anew. It does
get one while the store fails, however long: a restart makes no room on a disk, and would forget what is up and could not
be written down yet. The person is told of that instead, by the notifier, the health page and the cron monitor.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scheduler.config import Config
from scheduler.engine.broken_calendar import mark_broken, mark_usable
from scheduler.engine.credentials import Credentials
from scheduler.engine.gathering import Notifier, Teller, notifiers
from scheduler.engine.health import Health, health_of
from scheduler.engine.pacing import Aside, Every
from scheduler.engine.pinging import Pinging
from scheduler.engine.replanning import Replanned
from scheduler.engine.supervised import Supervisor
from scheduler.problems import Problem
from scheduler.store import Store, StoreFailed, status

LOOK = 5.0  # seconds between two looks for something to tell
PING = 60.0  # seconds between two pings
STUCK = 120.0  # seconds without a turn after which the clock or the loop counts as stuck; a locked database holds them up for ten
AWAY = timedelta(hours=1)  # a longer absence is told, where something was due meanwhile
LAST_WORDS = 10.0  # seconds that telling may take when the daemon ends
SHOWN = 5  # of a list in a notice
UNPINGED, UNSERVED = "healthcheck", "health page"  # facts of the store: why there is none
log = logging.getLogger("termbell")


@dataclass(frozen=True, kw_only=True)
class Inside:
    """What only the daemon knows of itself."""

    working: Callable[[], Collection[str]]  # the accounts that it publishes for at this moment
    clock_silent_for: Callable[[], float]


@dataclass(kw_only=True)
class Reporting:
    """One daemon's. Without a config nobody is told, nothing is served and nothing is pinged."""

    store: Store
    now: Callable[[], datetime]
    config: Config | None = None
    credentials: Credentials | None = None
    supervisor: Supervisor = field(default_factory=Supervisor)
    teller: Teller = field(init=False)
    pinging: Pinging = field(init=False)
    _inside: Inside | None = None
    _turned: float = field(default_factory=time.monotonic)
    _unpinged: str | None = None
    _look: Every = field(default_factory=lambda: Every(seconds=LOOK))
    _minute: Every = field(default_factory=lambda: Every(seconds=PING))
    _telling: Aside = field(default_factory=lambda: Aside(name="telling"))
    _reporting: Aside = field(default_factory=lambda: Aside(name="reporting"))
    _alive: Every | None = None  # the signs of life that the supervisor waits for
    _close: Callable[[], None] | None = None  # the health page

    def __post_init__(self) -> None:
        self.teller = Teller(
            store=self.store,
            now=self.now,
            notifiers=self._notifiers,
            place=str(self.config.path) if self.config else "",
        )
        self.pinging = Pinging(url=self._ping_url)

    def start(self, inside: Inside) -> None:
        """When the clock has rung for the first time."""
        self._inside = inside
        self._serve()
        self.supervisor.tell(READY="1")
        pause = self.supervisor.pause
        self._alive = Every(seconds=pause) if pause else None

    def turn(self) -> None:
        """One turn of the daemon's loop."""
        self._turned = time.monotonic()
        if self._look.is_time():
            self._telling.begin(self.teller.tell)
        if self._minute.is_time():
            self._reporting.begin(self._report)
        if self._alive and not self.stuck() and self._alive.is_time():
            self.supervisor.tell(WATCHDOG="1")

    def stopping(self) -> None:
        self.supervisor.tell(STOPPING="1")
        if self._close:
            self._close()

    def stopped(self) -> None:
        """When no attempt is under way any more: what is on the list is told now, since nobody knows when there is a next time."""
        self._telling.wait(LAST_WORDS)
        self._telling.begin(lambda: self.teller.tell(at_once=True))
        self._telling.wait(LAST_WORDS)

    def store_failed(self, why: str) -> None:
        self.teller.trouble.failed(why, self.now())

    def stuck(self) -> tuple[str, ...]:
        silent = {
            "clock": self._inside.clock_silent_for() if self._inside else 0.0,
            "loop": time.monotonic() - self._turned,
        }
        return tuple(
            f"the daemon's {name} has been stuck for {seconds:.0f} s; start it anew"
            for name, seconds in silent.items()
            if seconds > STUCK
        )

    def health(self) -> Health:
        return health_of(
            self.store,
            self.now(),
            working=self._inside.working() if self._inside else (),
            stuck=self.stuck(),
            fault=self.teller.trouble.why,
        )

    # What becomes a notice

    def back(self) -> None:
        """Before the first sign of life: whether something was due since the last one, long ago."""
        beat, now = self.store.last_beat(), self.now()
        if beat is None or now - beat[0] <= AWAY:
            return
        due = self.store.due_between(beat[0], now)
        if due:
            self.store.notices.add(
                now,
                "daemon back",
                f"not running from {beat[0]:%Y-%m-%d %H:%M} to {now:%Y-%m-%d %H:%M} UTC; "
                f"{len(due)} {'post was' if len(due) == 1 else 'posts were'} due: {_some(due)}",
            )

    def read(self, read: Replanned) -> None:
        """A calendar that cannot be used is news once for each state of it, and so is that it can be again."""
        if read.config and self.credentials:
            self.config = read.config
        if read.config is None:
            errors = in_short(read.problems)
            if mark_broken(self.store, errors, self.now()):
                text = f"the plan from before stays in force:\n  {errors}"
                self.store.notices.add(self.now(), "calendar invalid", text)
        elif mark_usable(self.store):
            text = "the calendar can be used again, and is in force"
            log.info("%s", text)
            self.store.notices.add(self.now(), "calendar valid", text)

    def _notifiers(self) -> list[Notifier]:
        return notifiers(self.config, self.credentials) if self.config and self.credentials else []

    # What monitors see

    def _report(self) -> None:
        health = self.health()
        self.supervisor.tell(STATUS=summary(health))
        why = self.pinging.ping(health) if self.config and self.config.healthcheck else None
        if why != self._unpinged:
            self._keep(UNPINGED, why)
        self._unpinged = why

    def _ping_url(self) -> str:
        assert self.config is not None
        assert self.config.healthcheck is not None
        assert self.credentials is not None
        return self.credentials.address(self.config.healthcheck)

    def _serve(self) -> None:
        self._keep(UNSERVED, None)
        self._keep(UNPINGED, None)
        if self.config is None or self.config.health is None:
            return
        from scheduler.engine.health_server import (
            HealthServer,
            Pages,
        )  # and with it Prometheus' library, which others need not pay for
        from scheduler.engine.metrics import LATENESS

        try:
            server = HealthServer(
                self.config.health,
                Pages(health=self.health, lateness=lambda: self.store.lateness(LATENESS)),
            )
        except OSError as fault:
            log.error("%s", fault)
            self._keep(UNSERVED, str(fault))
            return
        server.start()
        self._close = server.stop

    def _keep(self, name: str, value: str | None) -> None:
        try:
            self.store.keep_fact(name, value)
        except StoreFailed as failed:
            self.store_failed(str(failed))


def summary(health: Health) -> str:
    """The daemon in one line."""
    if not health.ok:
        return health.problems[0]
    counts = ", ".join(
        f"{number} {name}" for name, number in health.counts.items() if name != status.PUBLISHED
    )
    return "; ".join(
        [
            f"next: {health.next_due:%Y-%m-%d %H:%M} UTC" if health.next_due else "nothing due",
            *([counts] if counts else []),
        ]
    )


def in_short(problems: Iterable[Problem]) -> str:
    """The first errors, a line each."""
    return _some([str(problem) for problem in problems if problem.severity == "error"], "\n  ")


def _some(names: list[str], by: str = ", ") -> str:
    return by.join(names[:SHOWN]) + (
        f"{by}and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    )
