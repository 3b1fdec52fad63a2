"""When to try again, and when to give up."""

import random
from datetime import datetime, timedelta

from scheduler.store import Row

FIRST_PAUSE = 5.0  # seconds; doubled with each attempt
LONGEST_PAUSE = 900.0
MOST_ATTEMPTS = 12  # of those that may go out late: about two hours of trying
MOST_INTERRUPTED = 30  # then the delivery itself is taken for what ends the process


def pause(attempts: int, asked_for: float | None, jitter: float | None = None) -> timedelta:
    """How long to wait after the `attempts`-th attempt: doubling, with jitter, never less than the platform asked for."""
    doubled = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** max(0, attempts - 1))
    share = random.uniform(0.5, 1) if jitter is None else jitter
    return timedelta(seconds=max(doubled * share, asked_for or 0))


def gives_up(row: Row, at: datetime, now: datetime) -> bool:
    """Whether an attempt at `at` would come too late to be made. One whose time has passed already is missed, not failed, unless a part
    of it is up: then the rest is tried so often.
    """
    if may_be_late(row) or now > row.late_at:
        return row.attempts >= MOST_ATTEMPTS
    return row.late_at < at


def is_over(row: Row, now: datetime) -> bool:
    """Whether it is too late for it to go out."""
    return not may_be_late(row) and now > row.late_at


def may_be_late(row: Row) -> bool:
    """By its policy, or by a person's word."""
    return row.late == "publish" or row.reason == "word"
