"""What the daemon logs of deliveries and of a reading of the calendar."""

import logging

from scheduler.engine.replanning import Replanned
from scheduler.store import Changes, Row

log = logging.getLogger("termbell")


def say(level: int, row: Row, what: str) -> None:
    log.log(
        level, "%s", what, extra={"delivery": row.key, "account": row.account, "entry": row.entry}
    )


def tell(read: Replanned) -> None:
    """Logs what a reading of the calendar found."""
    for problem in read.problems:
        log.log(logging.ERROR if problem.severity == "error" else logging.WARNING, "%s", problem)
    if read.config is None:
        log.error("the calendar has errors; the plan from before stays in force")
    tell_changes(read.changes)


def tell_changes(changes: Changes) -> None:
    for what in ("added", "edited", "cancelled", "past", "differs"):
        names = getattr(changes, what)
        if names:
            shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
            log.info(
                "calendar: %d %s: %s",
                len(names),
                {"past": "already over", "differs": "published, changed since"}.get(what, what),
                shown,
            )
