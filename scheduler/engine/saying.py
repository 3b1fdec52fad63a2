"""What the daemon logs of deliveries and of a reading of the calendar."""

import logging

from scheduler.engine.replanning import Replanned
from scheduler.store import Changes, Row

IN_WORDS = {  # what a reading changed, as the log has it
    "added": "added",
    "edited": "edited",
    "renamed": "renamed",
    "cancelled": "cancelled",
    "missing": "missing from a file that shrank; they wait",
    "returned": "back",
    "past": "already over",
    "differs": "published, changed since",
    "postponed": "renamed while under way; read again in a moment",
}
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
    for what, words in IN_WORDS.items():
        names = getattr(changes, what)
        if names:
            shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
            log.info(
                "calendar: %d %s: %s",
                len(names),
                words,
                shown,
            )
