"""What to do about a visible request that left and got no answer: a table, and when to look.

A post is late rather than double, and never leaves more than twice without a person. Only a look
that found nothing when `patience` was over permits the second sending. docs/running.md has the
same table in words.
"""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

from platforms.base import FOREVER
from platforms.recent import Found
from scheduler.config import ConfiguredAccount
from scheduler.engine.journalled import PROMPT
from scheduler.store import Unanswered

PATIENCE = 900.0  # seconds
FIRST_PAUSE = 1 / 15  # of the patience, between the first look and the second; then doubled
MOST_FAILURES = 12  # looks that fail


class Way(enum.StrEnum):
    """How it can be settled whether the request had an effect."""

    RECORD = "record"  # its key names the record: a second sending changes nothing
    LOOK = "look"
    NONE = "none"


class Then(enum.StrEnum):
    """What follows."""

    PUBLISHED = "published"
    SEND = "send"
    LOOK = "look"  # again, later
    MISSED = "missed"
    IN_DOUBT = "in doubt"


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is known when a look has been made."""

    found: Found
    is_over: bool  # whether the patience is
    was_repeated: bool  # whether the request has left twice already
    is_late: bool  # too late to go out
    has_failed: bool = False  # as often as a look may fail


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """A request without an answer, and the times that follow from it."""

    request: Unanswered
    way: Way
    timeout: float  # seconds that the request may be under way
    delay: float  # seconds until a post can be found
    patience: float = PATIENCE  # seconds

    @property
    def look_at(self) -> datetime:
        """When the request is no longer under way, and what it made can be found."""
        wait = timedelta(seconds=self.timeout + self.delay)
        return self.request.sent_at + PROMPT + wait

    @property
    def over_at(self) -> datetime:
        """When a look that finds nothing permits a second sending."""
        return max(self.request.sent_at + timedelta(seconds=self.patience), self.look_at)

    @property
    def looks_until(self) -> datetime:
        """When a look that finds nothing ends the looking: a second sending, or what else follows."""
        return self.look_at if self.way is Way.RECORD else self.over_at

    def next_look(self, found: Found, now: datetime) -> datetime:
        """After pauses that double; the last one when the patience is over."""
        made = self.request.failures if found is Found.FAILED else self.request.looks
        pause = min(self.patience, self.patience * FIRST_PAUSE * 2**made)
        at = now + timedelta(seconds=pause)
        return min(at, self.over_at) if now < self.over_at else at


def doubt_of(
    request: Unanswered, configured: ConfiguredAccount, *, timeout: float, patience: float
) -> Doubt:
    """`timeout`, in seconds, counts where the request did not keep its own."""
    return Doubt(
        request=request,
        way=way_of(request, configured.can_look, configured.platform.keyed),
        timeout=timeout if request.timeout is None else request.timeout,
        delay=configured.platform.find_after or 0.0,
        patience=patience,
    )


def way_of(request: Unanswered, can_look: bool, is_keyed: bool) -> Way:
    if request.remembered == FOREVER or (request.is_suspicion and is_keyed):
        return Way.RECORD
    return Way.LOOK if can_look else Way.NONE


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One row of the table; what is None does not matter."""

    way: Way
    found: Found
    then: Then
    is_over: bool | None = None
    was_repeated: bool | None = None
    is_late: bool | None = None
    has_failed: bool | None = None

    def fits(self, way: Way, case: Case) -> bool:
        conditions = ("is_over", "was_repeated", "is_late", "has_failed")
        return (self.way, self.found) == (way, case.found) and all(
            getattr(self, name) in (None, getattr(case, name)) for name in conditions
        )


# fmt: off
RULES = (
    Rule(way=Way.RECORD, found=Found.OURS, then=Then.PUBLISHED),
    Rule(way=Way.RECORD, found=Found.REMOVED, then=Then.PUBLISHED),
    Rule(way=Way.RECORD, found=Found.NEAR, then=Then.IN_DOUBT),
    Rule(way=Way.RECORD, found=Found.ABSENT, then=Then.SEND),
    Rule(way=Way.RECORD, found=Found.FAILED, then=Then.SEND),
    Rule(way=Way.LOOK, found=Found.OURS, then=Then.PUBLISHED),
    Rule(way=Way.LOOK, found=Found.REMOVED, then=Then.PUBLISHED),
    Rule(way=Way.LOOK, found=Found.NEAR, then=Then.IN_DOUBT),
    Rule(way=Way.LOOK, found=Found.ABSENT, is_over=False, then=Then.LOOK),
    Rule(way=Way.LOOK, found=Found.ABSENT, is_over=True, was_repeated=True, then=Then.IN_DOUBT),
    Rule(way=Way.LOOK, found=Found.ABSENT, is_over=True, was_repeated=False, is_late=True,
         then=Then.MISSED),
    Rule(way=Way.LOOK, found=Found.ABSENT, is_over=True, was_repeated=False, is_late=False,
         then=Then.SEND),
    Rule(way=Way.LOOK, found=Found.FAILED, has_failed=False, then=Then.LOOK),
    Rule(way=Way.LOOK, found=Found.FAILED, has_failed=True, then=Then.IN_DOUBT),
)
# fmt: on


def after(way: Way, case: Case) -> Then:
    """What follows from a look, by the table."""
    return next(rule.then for rule in RULES if rule.fits(way, case))
