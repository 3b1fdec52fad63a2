"""What the store hands out: a delivery as it stands there, a request in doubt, what a reading of the calendar changed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from platforms.base import Post, Published, post_from
from scheduler.store import status

# Why a delivery is held, or was cancelled. What is not here is "login", "problem" and "late".
HANDOFF = "handoff"  # a person has to publish it
LIKE = "like"  # it looks like one that is published
PAST = "past"  # it is one of many that are new and over
NEW_STORE = "new store"  # an earlier store may have published it
MISSING = "missing"  # its entry is missing from a file that shrank
REMOVED = "removed"  # cancelled, since its entry was removed
LASTING = ("late", HANDOFF, LIKE, PAST, NEW_STORE, MISSING)  # held however late it becomes

EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
A_JUMP = timedelta(seconds=2)  # by which a clock that nobody sets and one that is may drift


class WrongStatus(Exception):
    """What was asked is not possible for a delivery in its status."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A delivery as the store has it."""

    key: str
    entry: str
    account: str
    platform: str
    part: int
    after: str | None
    due: datetime
    grace: float  # seconds
    late: str
    place: str
    status: str
    reason: str | None
    next_at: datetime
    attempts: int  # those that came to an end, and the one under way
    interrupted: int  # those that a process did not live to the end of
    claim: str | None  # names the claim that holds it while it is publishing
    url: str | None
    published_id: str | None
    ref: Mapping[str, Any]
    error: str | None
    changed_since: bool
    post_json: str
    sent_at: datetime | None = None  # of the first attempt
    wire_key: str | None = None  # instead of `key`, in requests
    content: str | None = None  # digest of what the person wrote
    origin: str | None = None  # digest of platform, server and place
    profile: str | None = None  # the account's id there
    removed_at: datetime | None = None
    refusal: str | None = None  # why its account waits for a person; told by a claim only
    is_untouched: bool = False  # the journal knows of no request of it; told by a claim only

    @property
    def post(self) -> Post:
        """The post as it leaves, with the key that requests carry and the time of its first attempt."""
        post = post_from(json.loads(self.post_json))
        return replace(post, key=self.wire_key or self.key, sent_at=self.sent_at)

    @property
    def published(self) -> Published:
        return Published(id=self.published_id or "", url=self.url, ref=self.ref)

    @property
    def is_handed_over(self) -> bool:
        """Whether it waits for a person to publish it."""
        return self.status == status.HELD and self.reason == HANDOFF

    @property
    def late_at(self) -> datetime:
        """From when on it is too late."""
        return self.due + timedelta(seconds=self.grace)

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"{self.entry}{f' part {self.part + 1}' if self.part else ''} on {self.account}"


@dataclass(frozen=True)
class Uptime:
    """How long the machine has been up, by a clock that nobody sets."""

    boot: str  # names this start of the machine
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Unanswered:
    """A visible request that left, with no answer known."""

    id: int
    step: str
    left_at: datetime  # the first time
    sent_at: datetime  # the last time
    remembered: float  # seconds
    looks: int  # how often it was not found
    failures: int = 0  # how often looking for it failed
    sendings: int = 1
    timeout: float | None = None  # seconds that it may be under way
    boot: str | None = None  # which start of the machine the next two count from
    left_up: float | None = None  # `left_at`, in seconds since then
    sent_up: float | None = None  # `sent_at`

    def by_clock(self, now: datetime, uptime: Uptime | None) -> "Unanswered":
        """The same with its times by the clock as it is now: somebody may have set it since.

        Where the machine was restarted meanwhile, that cannot be known, and the times stay.
        """
        if uptime is None or uptime.boot != self.boot or self.sent_up is None:
            return self
        sent_at = now - timedelta(seconds=uptime.seconds - self.sent_up)
        if abs(sent_at - self.sent_at) < A_JUMP:
            return self
        left_at = self.left_at
        if self.left_up is not None:
            left_at = now - timedelta(seconds=uptime.seconds - self.left_up)
        return replace(self, sent_at=sent_at, left_at=left_at)

    @property
    def is_suspicion(self) -> bool:
        """Nothing is known to have left; an earlier store may have published it."""
        return self.sent_at == instant(0)


@dataclass(frozen=True)
class Changes:
    """What a reading of the calendar changed in the store; entries' names with their accounts."""

    added: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()
    past: tuple[str, ...] = ()  # were over before they were ever planned
    differs: tuple[str, ...] = ()  # published, and the calendar says something else now
    renamed: tuple[str, ...] = ()  # known, and under another name
    missing: tuple[str, ...] = ()  # of a file that shrank; they wait
    returned: tuple[str, ...] = ()  # were missing
    postponed: tuple[str, ...] = ()  # renamed while under way: the next reading takes them up

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in self.__dataclass_fields__)


def stamp(instant: datetime) -> int:
    """Microseconds since 1970."""
    return (instant - EPOCH) // MICROSECOND


def instant(stamp: int, offset: int = 0) -> datetime:
    return datetime.fromtimestamp(0, timezone(timedelta(seconds=offset))) + timedelta(
        microseconds=stamp
    )


def row_of(columns: Any) -> Row:
    """A row of the table `deliveries` as a value."""
    named: dict[str, Any] = dict(columns)
    for kept_here in ("lease", "published_at"):
        named.pop(kept_here)
    offset, post, claim = named.pop("offset"), named.pop("post"), named.pop("claimed_by")
    named |= {
        "due": instant(named["due"], offset),
        "next_at": instant(named["next_at"], offset),
        "ref": json.loads(named["ref"] or "{}"),
        "sent_at": _maybe(named["sent_at"], offset),
        "removed_at": _maybe(named["removed_at"]),
        "changed_since": bool(named["changed_since"]),
        "is_untouched": bool(named.get("is_untouched")),
    }
    return Row(**named, post_json=post, claim=claim)


def _maybe(stamp: int | None, offset: int = 0) -> datetime | None:
    return None if stamp is None else instant(stamp, offset)
