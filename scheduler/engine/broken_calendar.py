"""Whether the last reading could use the calendar: a fact of the store, for every process."""

import json
from dataclasses import dataclass
from datetime import datetime

from scheduler.store import Store

FACT = "broken calendar"


@dataclass(frozen=True)
class BrokenCalendar:
    """A calendar that cannot be used, while the plan from before stays in force."""

    since: datetime
    error: str  # the first errors, a line each


def broken_calendar(store: Store) -> BrokenCalendar | None:
    """None where the calendar can be used, as far as is known."""
    kept = store.fact(FACT)
    if kept is None:
        return None
    plain = json.loads(kept)
    return BrokenCalendar(datetime.fromisoformat(plain["since"]), plain["error"])


def mark_broken(store: Store, error: str, now: datetime) -> bool:
    """Whether this is news: other errors than before, or the first."""
    known = broken_calendar(store)
    if known and known.error == error:
        return False
    since = known.since if known else now
    plain = {"since": since.isoformat(timespec="seconds"), "error": error}
    store.keep_fact(FACT, json.dumps(plain, ensure_ascii=False))
    return True


def mark_usable(store: Store) -> bool:
    """Whether this is news."""
    if store.fact(FACT) is None:
        return False
    store.keep_fact(FACT, None)
    return True
