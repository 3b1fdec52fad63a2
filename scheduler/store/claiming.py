"""Which delivery may be claimed, and whose claim it is. A claim is a lease: it holds until it runs out, unless it is renewed."""

import os
import socket
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from sqlalchemy import and_, bindparam, func, or_, select, true, update

from scheduler.store import status
from scheduler.store.database import Prepared
from scheduler.store.tables import accounts, deliveries, journal

LEASE = 60.0  # seconds that a claim holds unless it is renewed


def follows_what_is_up() -> Any:
    """It is the first part, or the part before it is published."""
    before = deliveries.alias("before")
    return or_(
        deliveries.c.after.is_(None),
        select(before.c.key)
        .where(before.c.key == deliveries.c.after, before.c.status == status.PUBLISHED)
        .exists(),
    )


def on_same_profile(one: Any, other: Any) -> Any:
    """Whether two deliveries, rows or tables, may go to one profile: what is not known may be."""
    same_origin = and_(one.origin == other.origin, _may_equal(one.profile, other.profile))
    return or_(one.account == other.account, same_origin)


def _may_equal(one: Any, other: Any) -> Any:
    if other is None:
        return true()
    unknown = [name.is_(None) for name in (one, other) if hasattr(name, "is_")]
    return or_(one == other, *unknown)


def _has_open_twin() -> Any:
    """Another with the same content is under way on the profile, or looked for: it goes first.

    Otherwise one post would be found for two deliveries. Of two that only may have left, one goes
    first: they must not wait for each other.
    """
    twin, left = deliveries.alias("twin"), journal.alias("left_behind")
    suspected = journal.alias("suspected")
    is_suspected = (
        select(suspected.c.id)
        .where(suspected.c.delivery == deliveries.c.key, suspected.c.visible == 1)
        .correlate(deliveries)
        .exists()
    )
    goes_first = or_(left.c.sent_at > 0, ~is_suspected, twin.c.key < deliveries.c.key)
    is_looked_for = (
        select(left.c.id)
        .where(
            left.c.delivery == twin.c.key,
            left.c.visible == 1,
            left.c.answered_at.is_(None),
            goes_first,
        )
        .correlate(twin, deliveries)
        .exists()
    )
    mine = journal.alias("mine")
    has_left = (
        select(mine.c.id)
        .where(mine.c.delivery == deliveries.c.key, mine.c.visible == 1, mine.c.sent_at > 0)
        .exists()
    )
    is_twin = and_(
        twin.c.content == deliveries.c.content,
        twin.c.key != deliveries.c.key,
        on_same_profile(twin.c, deliveries.c),
        or_(
            twin.c.status == status.PUBLISHING,
            and_(twin.c.status == status.SCHEDULED, is_looked_for),
        ),
    )
    return and_(~has_left, select(twin.c.key).where(is_twin).exists())


def _claimable(next_at: Any = deliveries.c.next_at) -> Any:
    """Due at `at`, its account free to work, nothing of the account under way, the part before it up."""
    busy = deliveries.alias("busy")
    at: Any = bindparam("at")
    return and_(
        deliveries.c.status == status.SCHEDULED,
        next_at <= at,
        ~select(accounts.c.name)
        .where(accounts.c.name == deliveries.c.account, accounts.c.paused_until > at)
        .exists(),
        ~select(busy.c.key)
        .where(busy.c.account == deliveries.c.account, busy.c.status == status.PUBLISHING)
        .exists(),
        follows_what_is_up(),
        ~_has_open_twin(),
    )


def _in_time() -> Any:
    """Not too late at `at`, or allowed to be. What left before, or may have, has to be settled, however late that is."""
    return or_(
        deliveries.c.due + deliveries.c.grace * 1_000_000 >= bindparam("at"),
        deliveries.c.late == "publish",
        deliveries.c.reason == "word",
        select(journal.c.id)
        .where(journal.c.delivery == deliveries.c.key, journal.c.visible == 1)
        .exists(),
    )


REFUSAL = (
    select(accounts.c.held)
    .where(accounts.c.name == deliveries.c.account)
    .scalar_subquery()
    .label("refusal")
)
UNTOUCHED = (~select(journal.c.id).where(journal.c.delivery == deliveries.c.key).exists()).label(
    "is_untouched"
)


def _claim(*wanted: Any) -> Any:
    """Takes the first of an account's. SQLite shall walk through these as they are due, not gather and sort whatever waits: thence the + 0."""
    claimable = _claimable(deliveries.c.next_at.op("+")(0))
    first = (
        select(deliveries.c.key)
        .where(deliveries.c.account == bindparam("account_of"), claimable, _in_time(), *wanted)
        .order_by(deliveries.c.due, deliveries.c.entry, deliveries.c.part)
        .limit(1)
        .scalar_subquery()
    )
    return (
        update(deliveries)
        .where(deliveries.c.key == first)
        .values(
            status=status.PUBLISHING,
            claimed_by=bindparam("by"),
            lease=bindparam("until"),
            attempts=deliveries.c.attempts + 1,
            sent_at=func.coalesce(deliveries.c.sent_at, bindparam("at")),
        )
        .returning(deliveries, REFUSAL, UNTOUCHED)
    )


CLAIM = Prepared(_claim())
CLAIM_OF_ENTRY = Prepared(_claim(deliveries.c.entry == bindparam("entry_of")))
DUE_ACCOUNTS = select(deliveries.c.account).where(_claimable(), _in_time()).distinct()
OVERDUE = select(deliveries).where(_claimable()).order_by(deliveries.c.due)


def claimant() -> str:
    """This process, as claims name it: a run of a host's process, which no other is taken for."""
    return f"{socket.gethostname().replace(':', '-')}:{os.getpid()}:{uuid4().hex[:8]}"


def is_gone(claim: str, signal: Callable[[int, int], None] = os.kill) -> bool:
    """Whether the claim was made by a process of this machine that is no more. One that runs under its number now may be another."""
    host, pid, *_ = (*claim.split(":"), "")
    if host != socket.gethostname().replace(":", "-") or not pid.isdigit():
        return False
    if os.name == "nt":
        return False  # there, asking a process would end it; its lease runs out
    try:
        signal(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return (
        int(pid) == os.getpid()
    )  # an earlier process that had our number: a claim of our own is known by its whole name
