"""The statuses of a delivery and what each may become; the store refuses every other change."""

SCHEDULED = "scheduled"  # waits for its due time or its next attempt
HELD = "held"  # waits for a person: a login, a problem in the calendar, a word; or that they publish it
PUBLISHING = "publishing"  # an attempt is under way
PUBLISHED = "published"  # the platform gave it an id
IN_DOUBT = "in doubt"  # left, never answered, and we could not find out
FAILED = "failed"  # no further attempt will be made
MISSED = "missed"  # found due later than its grace allows
CANCELLED = "cancelled"  # gone from the calendar, or by hand

MAY_BECOME: dict[str, frozenset[str]] = {
    SCHEDULED: frozenset({PUBLISHING, MISSED, HELD, CANCELLED}),
    HELD: frozenset({SCHEDULED, PUBLISHED, MISSED, CANCELLED}),
    PUBLISHING: frozenset({PUBLISHED, SCHEDULED, HELD, FAILED, MISSED, IN_DOUBT}),
    PUBLISHED: frozenset(),
    IN_DOUBT: frozenset({PUBLISHED, SCHEDULED, CANCELLED}),
    FAILED: frozenset({SCHEDULED, CANCELLED}),
    MISSED: frozenset({SCHEDULED, CANCELLED}),
    CANCELLED: frozenset({SCHEDULED}),
}


def may_come_from(status: str) -> frozenset[str]:
    """The statuses that may become `status`."""
    return frozenset(before for before, after in MAY_BECOME.items() if status in after)
