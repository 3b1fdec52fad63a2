"""The alarm clock: APScheduler rings at the next due time.

It has one job, in memory, without data: what is due is the store's to say. The job's trigger is the next due time or a
second from now, whichever is sooner; each time it looks whether something is due, the wall clock was set, or another
process wrote to the store. A job of its own for each alarm would race with APScheduler, which removes a job that has run
its last time after handing it to the thread that may be setting the next alarm under the same name.

A machine that slept is no clock that was set: time is measured by what goes on while it sleeps, where the system has that.

APScheduler waits by the wall clock, so a clock that is set back makes it wait for as long as that. `rouse`, called now and
then from a thread that waits by another clock, ends such a wait.

Its thread can die (APScheduler's does, when a trigger fails): `is_alive` is what the daemon watches, and a dead clock
ends the process, so that a supervisor starts it anew.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from scheduler.store.rows import Uptime

BOOT = Path("/proc/sys/kernel/random/boot_id")  # Linux, random(4)
LOOK = timedelta(seconds=1)  # between two looks
JUMP = 2.0  # seconds by which wall and monotonic time may drift between two looks


class DueOrSoon(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Fires at the next due time, and a moment from now at the latest."""

    def __init__(self, due: Callable[[], datetime | None]) -> None:
        self.due = due

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """Always later than `now`: APScheduler asks again for as long as it is not, with the scheduler's thread held up."""
        due = self.due()
        return due.astimezone(UTC) if due and now < due < now + LOOK else now + LOOK


def since_boot() -> float:
    """Seconds that nobody can set; with those that the machine slept, where the system counts them."""
    return (
        time.clock_gettime(time.CLOCK_BOOTTIME)
        if hasattr(time, "CLOCK_BOOTTIME")
        else time.monotonic()
    )


def uptime() -> Uptime | None:
    """How long the machine has been up; None on systems that do not name their starts."""
    with suppress(OSError):
        return Uptime(BOOT.read_text(encoding="ascii").strip(), since_boot())
    return None


def not_known() -> Uptime | None:
    """For a clock that is not the machine's."""
    return None


def _scheduler() -> BackgroundScheduler:
    return BackgroundScheduler(
        timezone="UTC",
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
    )


def _ignored(seconds: float) -> None:
    """Nobody wants to know that the clock was set."""


@dataclass(kw_only=True)
class Clock:
    """Calls `ring`, which answers when it wants to be called next: then, and when `look()` says that something else changed.

    `was_set` is told by how many seconds the wall clock was set, forward or back, before the ring that follows from it.
    """

    ring: Callable[[], datetime | None]
    look: Callable[[], bool]
    was_set: Callable[[float], None] = _ignored
    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = since_boot
    _scheduler: BackgroundScheduler = field(default_factory=_scheduler)
    _drift: float = 0.0
    _due: datetime | None = None
    _looked: float = field(default_factory=time.monotonic)

    def start(self) -> None:
        self._drift = self.wall() - self.monotonic()
        self._due = self.ring()
        self._scheduler.add_job(self._look, DueOrSoon(lambda: self._due), id="look")
        self._scheduler.start()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)

    def rouse(self) -> None:
        """Has it look at once where the wall clock was set."""
        if abs(self.wall() - self.monotonic() - self._drift) > JUMP:
            self._scheduler.modify_job("look", next_run_time=datetime.now(UTC))

    def is_alive(self) -> bool:
        thread = self._scheduler._thread
        return thread is not None and thread.is_alive()

    def silent_for(self) -> float:
        """Seconds since the last look ended: its thread may be alive and hang."""
        return time.monotonic() - self._looked

    def _look(self) -> None:
        try:
            self._look_and_ring()
        finally:
            self._looked = time.monotonic()

    def _look_and_ring(self) -> None:
        drift = self.wall() - self.monotonic()
        jump, self._drift = drift - self._drift, drift
        is_due = self._due is not None and self._due.timestamp() <= self.wall()
        if abs(jump) > JUMP:
            self.was_set(jump)
        if is_due or abs(jump) > JUMP or self.look():
            self._due = (
                None  # until it is known: a second ring for the same alarm would find nothing to do
            )
            self._due = self.ring()
