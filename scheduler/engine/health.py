"""Whether posts go out on time: one judgement for `status`, `doctor`, the health page and the ping of a cron monitor.

`problems` are what keeps posts from leaving in time: something is overdue, nobody is alive to publish what waits, a part of
the daemon is stuck, the calendar cannot be used, the store fails. They make the page answer 503. `warnings` are what waits for the person: these are
told by `notify`, and no restart would mend them. Neither has the text of a post or what a platform said.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scheduler.engine.broken_calendar import BrokenCalendar, broken_calendar
from scheduler.store import Row, Store, StoreFailed, status
from scheduler.store.taking_up import CALENDAR_GONE

OVERDUE = timedelta(
    seconds=60
)  # how long something may be due before it is overdue: a busy minute is no fault
SILENT = timedelta(
    seconds=30
)  # after which a daemon counts as gone; it gives a sign of life every ten seconds
AHEAD = timedelta(
    minutes=1
)  # by which a sign of life may be in the future: another machine's clock


@dataclass(frozen=True, kw_only=True)
class Health:
    """What there was to see at one moment."""

    at: datetime
    counts: Mapping[str, int] = field(default_factory=dict)  # status -> deliveries
    overdue: tuple[Row, ...] = ()
    last_beat: datetime | None = None
    next_due: datetime | None = None
    held: Mapping[str, str] = field(default_factory=dict)  # account -> why it waits for a person
    handed_over: int = 0  # deliveries that a person has to publish
    notifier: str | None = None  # why telling does not work
    gone: str | None = None  # what waits of a calendar that is gone
    calendar: BrokenCalendar | None = None  # one that cannot be used
    fault: str | None = None  # the store's
    stuck: tuple[str, ...] = ()  # what the daemon, asked from within, says of itself

    @property
    def is_alive(self) -> bool:
        return self.last_beat is not None and abs(self.at - self.last_beat) < SILENT

    @property
    def is_ahead(self) -> bool:
        """Whether the daemon was last seen in the future: the clock was set back."""
        return self.last_beat is not None and self.last_beat - self.at > AHEAD

    @property
    def oldest_overdue(self) -> float:
        """Seconds."""
        return max(((self.at - row.next_at).total_seconds() for row in self.overdue), default=0.0)

    @property
    def problems(self) -> tuple[str, ...]:
        if self.fault:
            return (self.fault, *self.stuck)
        found = list(self.stuck)
        if self.overdue:
            found.append(
                f"{_many(len(self.overdue))} due and not taken up; {self.overdue[0].name} for {lasting(self.oldest_overdue)}"
            )
        if self.gone:
            found.append(f"the calendar is gone: {self.gone}")
        waiting = self.counts.get(status.SCHEDULED, 0)
        if waiting and not self.is_alive:
            found.append(
                f"the daemon is not running, {ago(self.last_beat, self.at)}, and {_many(waiting)} waiting; start it: termbell run"
            )
        if self.calendar:
            found.append(
                f"the calendar cannot be used since {self.calendar.since:%Y-%m-%d %H:%M} UTC, "
                "and new entries do not go out; see `termbell status`"
            )
        return tuple(found)

    @property
    def warnings(self) -> tuple[str, ...]:
        doubts = self.counts.get(status.IN_DOUBT, 0)
        return (
            *([f"{_many(doubts)} in doubt; see `termbell status`"] if doubts else []),
            *(
                [f"{_many(self.handed_over)} waiting for you to publish; see `termbell status`"]
                if self.handed_over
                else []
            ),
            *(f"{account} waits for you; see `termbell status`" for account in self.held),
            *(["notices cannot be told; see `termbell doctor`"] if self.notifier else []),
        )

    @property
    def ok(self) -> bool:
        return not self.problems


def health_of(
    store: Store,
    now: datetime,
    *,
    working: Collection[str] = (),
    stuck: tuple[str, ...] = (),
    fault: str | None = None,
) -> Health:
    """The health at `now`. The daemon adds the accounts that it works on, whose next post waits rightly, and what is stuck."""
    if fault:
        return Health(at=now, fault=fault, stuck=stuck)
    try:
        beat = store.last_beat()
        return Health(
            at=now,
            counts=store.counts(),
            stuck=stuck,
            last_beat=beat[0] if beat else None,
            next_due=store.next_due(now),
            overdue=tuple(
                row for row in store.overdue(now - OVERDUE) if row.account not in working
            ),
            held=store.accounts.held(),
            handed_over=store.handed_over_now(),
            notifier=store.notices.trouble(),
            gone=store.fact(CALENDAR_GONE),
            calendar=broken_calendar(store),
        )
    except StoreFailed as failed:
        return Health(at=now, fault=str(failed), stuck=stuck)


def _many(number: int) -> str:
    return f"{number} {'delivery is' if number == 1 else 'deliveries are'}"


def ago(then: datetime | None, now: datetime) -> str:
    """When the daemon was last alive, as one says it."""
    if then is None:
        return "never seen alive"
    seconds = (now - then).total_seconds()
    if seconds < -AHEAD.total_seconds():
        return f"last alive {lasting(-seconds)} from now, by this machine's clock"
    return f"last alive {lasting(seconds)} ago"


def lasting(seconds: float) -> str:
    """A length of time in its largest unit."""
    for name, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 1.5 * length or (name == "minute" and seconds >= length):
            number = round(seconds / length)
            return f"{number} {name}{'' if number == 1 else 's'}"
    return f"{max(0, round(seconds))} s"
