"""Which delivery may be claimed, and whose claim it is. A claim is a lease: it holds until it runs out, unless it is renewed."""

import os
import socket
from typing import Any
from uuid import uuid4

from sqlalchemy import and_, bindparam, func, or_, select, update

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


def is_gone(claim: str) -> bool:
    """Whether the claim was made by a process of this machine that is no more. One that runs under its number now may be another."""
    host, pid, *_ = (*claim.split(":"), "")
    if host != socket.gethostname().replace(":", "-") or not pid.isdigit():
        return False
    if os.name == "nt":
        return False  # there, asking a process would end it; its lease runs out
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return (
        int(pid) == os.getpid()
    )  # an earlier process that had our number: a claim of our own is known by its whole name
