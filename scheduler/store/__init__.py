"""The only door to the database: deliveries, the journal of what left, accounts, notices, the daemon's heartbeat.

Here are the deliveries: taking up a calendar, claiming what is due, how an attempt ended, a person's word. A claim is a
lease: whoever holds it renews it, and when it has run out another may take the delivery; every change that an attempt makes
names its claim, so that one that comes too late changes nothing.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    func,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy import delete as delete_from
from sqlalchemy.dialects.sqlite import insert

from platforms.base import Post, Published
from scheduler.calendar.model import Delivery
from scheduler.store import identity, removals, status
from scheduler.store.accounts import Accounts, hold
from scheduler.store.backups import refuse_a_lost_one
from scheduler.store.changing import NO_ATTEMPTS, NO_CLAIM, SENT_AT_IF_LEFT, become
from scheduler.store.claiming import (
    CLAIM,
    CLAIM_OF_ENTRY,
    DUE_ACCOUNTS,
    LEASE,
    OVERDUE,
    claimant,
    follows_what_is_up,
    is_gone,
    on_same_profile,
)
from scheduler.store.database import PATIENCE, Database, Prepared, StoreFailed
from scheduler.store.journal import LEFT, UNANSWERED, Journal
from scheduler.store.migrations import NewerSchema, migrate
from scheduler.store.notices import Notices, note, take_back
from scheduler.store.removals import Files
from scheduler.store.rows import (
    HANDOFF,
    LASTING,
    LIKE,
    NEW_STORE,
    PAST,
    Changes,
    Row,
    Unanswered,
    WrongStatus,
    instant,
    row_of,
    stamp,
)
from scheduler.store.suspicions import WORKED, suspect_all, suspect_since
from scheduler.store.tables import accounts, deliveries, facts, heartbeat, journal
from scheduler.store.taking_up import AccountFacts, Circumstances, take_up

__all__ = [
    "LEASE",
    "AccountFacts",
    "Changes",
    "Circumstances",
    "Files",
    "NewerSchema",
    "Row",
    "Store",
    "StoreFailed",
    "Unanswered",
    "WrongStatus",
    "claimant",
    "with_reply",
]

RETRIED = (status.FAILED, status.MISSED, status.HELD, status.CANCELLED, status.SCHEDULED)
NOTICED = 2_000_000  # microseconds until it is noticed that the clock was set
ROW = Prepared(select(deliveries).where(deliveries.c.key == bindparam("of")))
FORGET = Prepared(delete_from(journal).where(journal.c.delivery == bindparam("of")))
FORGET_DOUBT = Prepared(  # the visible requests that were answered stay: readers have seen them
    delete_from(journal).where(
        journal.c.delivery == bindparam("of"),
        or_(journal.c.visible == 0, journal.c.answered_at.is_(None)),
    )
)


class Store:
    """One store, opened: made where it is not there, brought to this version's schema where it is older."""

    def __init__(self, file: Path, now: datetime, patience: float = PATIENCE) -> None:
        refuse_a_lost_one(file)
        self.file = file
        self.database = Database(file, patience)
        self.journal = Journal(self.database, LEASE)
        self.accounts = Accounts(self.database)
        self.notices = Notices(self.database)
        self.backup = migrate(self.database, now)

    def close(self) -> None:
        self.database.close()

    # The plan

    def plan(
        self,
        planned: Iterable[Delivery],
        now: datetime,
        circumstances: Circumstances | None = None,
    ) -> Changes:
        """Makes the store agree with the calendar."""
        with self.database.writing() as connection:
            return take_up(connection, planned, now, circumstances or Circumstances())

    def settle_missing(self, now: datetime) -> list[Row]:
        """Cancels what has been missing from the calendar for long; what that was."""
        with self.database.reading() as connection:
            missing = deliveries.c.removed_at.is_not(None)
            if connection.scalar(select(deliveries.c.key).where(missing).limit(1)) is None:
                return []
        with self.database.writing() as connection:
            return removals.settle(connection, now)

    # Whose it is

    @property
    def id(self) -> str:
        return self.fact(identity.ID) or ""

    def claim_machine(
        self,
        now: datetime,
        accounts: Mapping[str, AccountFacts],
        *,
        take_over: bool = False,
        travels: bool = False,
    ) -> None:
        """Makes this machine the owner. Raises `ElsewhereError` where it is another's.

        After a take-over, what was due since the last sign of life may be published.
        """
        with self.database.writing() as connection:
            try:
                identity.must_not_leave(connection, self.file)
            except identity.ElsewhereError:
                if take_over:
                    suspect_since(connection, now, accounts)
                elif not travels:
                    raise
            identity.own(connection)

    def meet(self, witness: identity.Witness, now: datetime) -> bool:
        """Compares the store with its witness; whether it is an older copy of itself.

        Then whatever was due may be published since: it is looked for, or in doubt.
        """
        with self.database.writing() as connection:
            counter = int(identity.fact(connection, identity.COUNTER) or 0)
            is_older = counter < witness.counter()
            if is_older:
                suspect_all(connection, now)
                counter = witness.counter()
                ahead = update(facts).where(facts.c.name == identity.COUNTER)
                connection.execute(ahead.values(value=str(counter)))
        self.journal.counted = witness.note
        witness.note(counter)
        return is_older

    # What is due

    def next_due(self, now: datetime) -> datetime | None:
        """The next instant after `now` at which something becomes due, free or too late: when the clock should ring."""
        too_late = deliveries.c.due + deliveries.c.grace * 1_000_000
        waiting = deliveries.c.status.in_((status.SCHEDULED, status.HELD))
        later = stamp(now)
        with self.database.reading() as connection:
            times = [
                connection.scalar(
                    select(func.min(deliveries.c.next_at)).where(
                        deliveries.c.status == status.SCHEDULED, deliveries.c.next_at > later
                    )
                ),
                connection.scalar(
                    select(func.min(too_late)).where(
                        waiting, too_late > later, deliveries.c.late != "publish"
                    )
                ),
                connection.scalar(
                    select(func.min(accounts.c.paused_until)).where(accounts.c.paused_until > later)
                ),
                connection.scalar(
                    select(func.min(deliveries.c.lease)).where(
                        deliveries.c.status == status.PUBLISHING, deliveries.c.lease > later
                    )
                ),
            ]
            settling = removals.next_settling(connection, now)
        known = [time for time in times if time is not None]
        if settling:
            known.append(stamp(settling))
        return instant(int(min(known)) + 1) if known else None

    def accounts_due(self, now: datetime) -> list[str]:
        """The accounts that have something to publish now."""
        with self.database.reading() as connection:
            return list(connection.scalars(DUE_ACCOUNTS, {"at": stamp(now)}))

    def overdue(self, now: datetime) -> list[Row]:
        """What could leave since before `now` and was not taken up: somebody does not do their work."""
        with self.database.reading() as connection:
            return [
                row_of(row) for row in connection.execute(OVERDUE, {"at": stamp(now)}).mappings()
            ]

    def claim(self, account: str, by: str, now: datetime, entry: str | None = None) -> Row | None:
        """Takes the account's next delivery (of one entry) for an attempt; None where there is nothing to do."""
        with self.database.writing() as connection:
            return _claimed(connection, account, by, now, entry)

    def renew(self, by: str, busy: Iterable[str], now: datetime) -> None:
        """The claims of a process on the accounts it is busy with hold on."""
        with self.database.writing() as connection:
            connection.execute(
                update(deliveries)
                .where(
                    deliveries.c.status == status.PUBLISHING,
                    deliveries.c.claimed_by.startswith(by + ":", autoescape=True),
                    deliveries.c.account.in_(list(busy)),
                )
                .values(lease=stamp(now) + round(LEASE * 1_000_000))
            )

    def release(self, now: datetime, by: str = "", busy: Iterable[str] = ()) -> list[Row]:
        """Gives back what nobody works on any more; the journal says what may be done with it.

        That is: what `by` itself had claimed and is not `busy` with, what a process of this machine had that is no more,
        and claims that have run out. A lease further ahead than one can be is from before the clock was set back. An attempt that
        was cut off says nothing of the platform: it is counted apart from those that came to an end.
        """
        ahead, working = stamp(now) + round(2 * LEASE * 1_000_000), set(busy)
        freed = []
        with self.database.writing() as connection:
            for row in connection.execute(
                select(deliveries).where(deliveries.c.status == status.PUBLISHING)
            ).all():
                ours = bool(by) and row.claimed_by.startswith(by + ":")
                held = (
                    row.account in working
                    if ours
                    else stamp(now) < row.lease <= ahead and not is_gone(row.claimed_by)
                )
                if not held:
                    become(
                        connection,
                        row.key,
                        status.SCHEDULED,
                        row.claimed_by,
                        next_at=_not_before(stamp(now)),
                        attempts=deliveries.c.attempts - 1,
                        interrupted=deliveries.c.interrupted + 1,
                        **NO_CLAIM,
                    )
                    freed.append(row_of(row._mapping))
        return freed

    def too_late(self, now: datetime) -> list[Row]:
        """Those that nothing has left for and whose grace is over: by their policy missed, or held for a person's word.

        One that may be up since before is looked for first, unless it waits for another part.
        """
        past = and_(
            deliveries.c.due + deliveries.c.grace * 1_000_000 < stamp(now),
            deliveries.c.key.not_in(select(journal.c.delivery).where(LEFT)),
            or_(
                and_(
                    deliveries.c.status == status.SCHEDULED,
                    deliveries.c.late != "publish",
                    deliveries.c.reason.is_(None),
                    ~and_(
                        deliveries.c.key.in_(select(journal.c.delivery).where(UNANSWERED)),
                        follows_what_is_up(),
                    ),
                ),
                and_(
                    deliveries.c.status == status.HELD,
                    deliveries.c.late == "skip",
                    deliveries.c.reason.not_in(LASTING),
                ),
            ),
        )
        found = []
        with self.database.reading() as connection:
            if connection.scalar(select(deliveries.c.key).where(past).limit(1)) is None:
                return []
        with self.database.writing() as connection:
            for row in connection.execute(select(deliveries).where(past)).all():
                if row.late == "ask":
                    become(
                        connection,
                        row.key,
                        status.HELD,
                        reason="late",
                        error="late: retry it, or cancel it",
                    )
                else:
                    before = (
                        "while it was held"
                        if row.status == status.HELD
                        else "before it could be sent"
                    )
                    why = (
                        f"its time passed {before}: {row.error}"
                        if row.error
                        else "found too late; retry it, or cancel it"
                    )
                    become(
                        connection,
                        row.key,
                        status.MISSED,
                        reason="problem" if row.reason == "problem" else None,
                        error=why,
                    )
                found.append(_row(connection, row.key))
                _tell(connection, found[-1], now)
        return found

    def in_time_again(self, now: datetime) -> list[Row]:
        """What was found too late although it is not: the clock was ahead then. It waits as before, and the person is told so."""
        found_late = or_(
            deliveries.c.status == status.MISSED,
            and_(deliveries.c.status == status.HELD, deliveries.c.reason == "late"),
        )
        again = and_(
            found_late,
            deliveries.c.reason.is_distinct_from("problem"),
            deliveries.c.due + deliveries.c.grace * 1_000_000 >= stamp(now),
        )
        found = []
        with self.database.reading() as connection:
            if connection.scalar(select(deliveries.c.key).where(again).limit(1)) is None:
                return []
        with self.database.writing() as connection:
            for before in [
                row_of(row)
                for row in connection.execute(select(deliveries).where(again)).mappings()
            ]:
                become(
                    connection,
                    before.key,
                    status.SCHEDULED,
                    next_at=deliveries.c.due,
                    reason=None,
                    error=None,
                )
                found.append(_row(connection, before.key))
                take_back(
                    connection,
                    now,
                    _kind(before),
                    _words(before),
                    f"{_named(before)}: is in time after all; the clock was ahead",
                )
        return found

    def clock_was_set(self, seconds: float, now: datetime) -> None:
        """The clock was set by `seconds`, to `now`: what left is counted from the new time, and so is what waits longer because of it.

        What was written down since (within `NOTICED`) has the new time already. When a request left first, it keeps the earlier time,
        which is the safe side: we look further back for it, and trust the platform's memory for less long. Set forward, a retry or
        the end of a pause comes early, which does no harm.
        """
        by, since, until = round(seconds * 1_000_000), stamp(now) - NOTICED, stamp(now)
        with self.database.writing() as connection:
            connection.execute(
                update(journal)
                .where(journal.c.sent_at > 0, not_(journal.c.sent_at.between(since, until)))
                .values(
                    left_at=func.max(1, journal.c.left_at + min(by, 0)),
                    sent_at=func.max(1, journal.c.sent_at + by),
                )
            )
            lease = round(LEASE * 1_000_000)
            connection.execute(
                update(deliveries)
                .where(
                    deliveries.c.status == status.PUBLISHING,
                    not_(deliveries.c.lease.between(since + lease, until + lease)),
                )
                .values(lease=deliveries.c.lease + by)
            )
            if by < 0:
                retried = (
                    deliveries.c.status == status.SCHEDULED,
                    deliveries.c.next_at > deliveries.c.due,
                )
                connection.execute(
                    update(deliveries)
                    .where(*retried)
                    .values(next_at=_not_before(deliveries.c.next_at + by))
                )
                connection.execute(
                    update(deliveries)
                    .where(deliveries.c.published_at > until)
                    .values(published_at=deliveries.c.published_at + by)
                )
                connection.execute(
                    update(accounts)
                    .where(accounts.c.paused_until.is_not(None))
                    .values(paused_until=accounts.c.paused_until + by)
                )

    # How an attempt ended

    def published(
        self, row: Row, published: Published, now: datetime, onwards: str | None = None
    ) -> Row | None:
        """It is up. Who goes `onwards` with the account claims its next delivery along with that: see `claim`."""
        with self.database.writing() as connection:
            become(
                connection,
                row.key,
                status.PUBLISHED,
                row.claim,
                published_id=published.id,
                url=published.url,
                published_at=stamp(now),
                ref=json.dumps(dict(published.ref)),
                error="; ".join(published.notes) or None,
                reason=None,
                **NO_CLAIM,
            )
            FORGET.on(connection, of=row.key)
            return _claimed(connection, row.account, onwards, now) if onwards else None

    def handed_over(self, row: Row, ready: Published, now: datetime) -> None:
        """A person has to publish it: it waits for them, however long, and they are told what, as the notes say it."""
        with self.database.writing() as connection:
            why = f"waiting for you: publish it, then: termbell resolve {row.key[:8]} --published URL | --again | --drop"
            become(
                connection, row.key, status.HELD, row.claim, reason=HANDOFF, error=why, **NO_CLAIM
            )
            FORGET.on(connection, of=row.key)
            note(connection, now, HANDOFF, f"{_named(row)}: " + "\n".join(ready.notes))

    def again(self, row: Row, at: datetime, error: str | None) -> None:
        """Another attempt, or another look, at `at`."""
        with self.database.writing() as connection:
            become(
                connection,
                row.key,
                status.SCHEDULED,
                row.claim,
                next_at=_not_before(stamp(at)),
                error=error,
                **NO_CLAIM,
            )

    def failed(self, row: Row, error: str, now: datetime) -> None:
        self._ended(row, status.FAILED, now, error=error)

    def missed(self, row: Row, error: str, now: datetime) -> None:
        """It is too late for it; where its policy is to ask, it waits for the person."""
        if row.late == "ask":
            self._ended(row, status.HELD, now, reason="late", error=error)
        else:
            self._ended(row, status.MISSED, now, reason=None, error=error)

    def in_doubt(self, row: Row, error: str, now: datetime) -> None:
        self._ended(row, status.IN_DOUBT, now, error=error)

    def login_needed(self, row: Row, why: str, now: datetime) -> bool:
        """The delivery and its account wait for a login, both or neither. Returns whether that is news of the account."""
        with self.database.writing() as connection:
            become(
                connection, row.key, status.HELD, row.claim, reason="login", error=why, **NO_CLAIM
            )
            return hold(connection, row.account, why, now)

    def _ended(self, row: Row, new: str, now: datetime, **values: Any) -> None:
        """An end that the person has to know of."""
        with self.database.writing() as connection:
            become(connection, row.key, new, row.claim, **values, **NO_CLAIM)
            _tell(connection, _row(connection, row.key), now)
            after: str | None = row.key
            while after:  # the rest of a thread says what it waits for
                waiting = (deliveries.c.after == after, deliveries.c.status == status.SCHEDULED)
                connection.execute(
                    update(deliveries)
                    .where(*waiting)
                    .values(error=f"waits for part {row.part + 1}, which is {new}")
                )
                after = connection.scalar(select(deliveries.c.key).where(*waiting))

    # A person's word

    def resolve(
        self, key: str, *, published: Published | None = None, again: bool = False, now: datetime
    ) -> Row:
        """Ends a doubt, or a person's own publishing: it is up as `published`, it shall go out `again`, or it is dropped."""
        row = self.row(key)
        if row.status != status.IN_DOUBT and not row.is_handed_over:
            raise WrongStatus(f"{key} is {row.status}, not in doubt and not yours to publish")
        if published:
            self.published(row, published, now)
            return self.row(key)
        with self.database.writing() as connection:
            FORGET_DOUBT.on(connection, of=key)
            target = status.SCHEDULED if again else status.CANCELLED
            become(
                connection,
                key,
                target,
                next_at=stamp(now),
                reason="word" if again else None,
                error=None,
                **NO_ATTEMPTS,
            )
        return self.row(key)

    def retry(self, key: str, now: datetime, at_once: bool = True) -> Row:
        """Lets a failed, missed, held or cancelled delivery go out after all.

        What is due later goes back to its time, unless it shall go out `at_once`.
        """
        row = self.row(key)
        if row.status not in RETRIED:
            names = ", ".join(RETRIED[:-1])
            raise WrongStatus(
                f"{key} is {row.status}; only what is {names} or {RETRIED[-1]} can be retried"
            )
        if row.reason == "problem":
            raise WrongStatus(f"{key} is {row.status}: {row.error}; mend the calendar first")
        waits = row.due > now and not at_once
        wanted: dict[str, Any] = {
            "next_at": stamp(row.due if waits else now),
            "reason": None if waits else "word",
        }
        with self.database.writing() as connection:
            if row.status == status.SCHEDULED:
                is_waiting = (deliveries.c.key == key, deliveries.c.status == status.SCHEDULED)
                again = {**wanted, "sent_at": SENT_AT_IF_LEFT}
                connection.execute(update(deliveries).where(*is_waiting).values(**again))
            else:
                kept = {"error": None, "removed_at": None, **NO_ATTEMPTS}
                become(
                    connection,
                    key,
                    status.SCHEDULED,
                    sent_at=SENT_AT_IF_LEFT,
                    **wanted,
                    **kept,
                )
        if row.status == status.FAILED:
            self.journal.forget(key)
        return self.row(key)

    def release_held(
        self, now: datetime, drop: bool = False, account: str | None = None
    ) -> list[Row]:
        """Lets go out, or drops, what is held as past, as a likeness, or by a new store."""
        waiting = [
            row
            for row in self.rows(statuses=(status.HELD,), account=account)
            if row.reason in (PAST, NEW_STORE, LIKE)
        ]
        for row in waiting:
            if drop:
                self.cancel(row.key)
            else:
                self.retry(row.key, now)
        return [self.row(row.key) for row in waiting]

    def cancel(self, key: str) -> Row:
        row = self.row(key)
        if row.status not in removals.CANCELLABLE:
            hint = "; resolve it with --drop" if row.status == status.IN_DOUBT else ""
            raise WrongStatus(f"{key} is {row.status} and cannot be cancelled{hint}")
        with self.database.writing() as connection:
            become(connection, key, status.CANCELLED, error="by hand", reason=None)
        return self.row(key)

    # Reading

    def row(self, key: str) -> Row:
        with self.database.reading() as connection:
            return _row(connection, key)

    def rows(
        self, *, entry: str | None = None, account: str | None = None, statuses: Sequence[str] = ()
    ) -> list[Row]:
        """Deliveries in the order they are due."""
        wanted = select(deliveries).order_by(
            deliveries.c.due, deliveries.c.entry, deliveries.c.account, deliveries.c.part
        )
        if entry:
            wanted = wanted.where(deliveries.c.entry == entry)
        if account:
            wanted = wanted.where(deliveries.c.account == account)
        if statuses:
            wanted = wanted.where(deliveries.c.status.in_(statuses))
        with self.database.reading() as connection:
            return [row_of(row) for row in connection.execute(wanted).mappings()]

    def keys(self, start: str) -> list[str]:
        """The deliveries whose key begins so."""
        with self.database.reading() as connection:
            return list(
                connection.scalars(
                    select(deliveries.c.key).where(
                        deliveries.c.key.startswith(start, autoescape=True)
                    )
                )
            )

    def counts(self) -> dict[str, int]:
        with self.database.reading() as connection:
            return {
                row[0]: row[1]
                for row in connection.execute(
                    select(deliveries.c.status, func.count()).group_by(deliveries.c.status)
                )
            }

    def handed_over_now(self) -> int:
        """How many wait for a person to publish them."""
        with self.database.reading() as connection:
            return (
                connection.scalar(
                    select(func.count()).where(
                        deliveries.c.status == status.HELD, deliveries.c.reason == HANDOFF
                    )
                )
                or 0
            )

    def posted_since(
        self, since: datetime, *, account: str | None = None, platform: str | None = None
    ) -> list[datetime]:
        """When the account, or all accounts of the platform, published since then, the earliest first."""
        whose = deliveries.c.account == account if account else deliveries.c.platform == platform
        with self.database.reading() as connection:
            return [
                instant(at)
                for at in connection.scalars(
                    select(deliveries.c.published_at)
                    .where(whose, deliveries.c.published_at > stamp(since))
                    .order_by(deliveries.c.published_at)
                )
            ]

    def newest(self) -> datetime | None:
        """When the last post was published, by the clock of then."""
        with self.database.reading() as connection:
            at: int | None = connection.scalar(select(func.max(deliveries.c.published_at)))
        return instant(at) if at is not None else None

    def lateness(self, bounds: Sequence[float]) -> tuple[list[int], int, float]:
        """How many were published within each of `bounds` seconds from their due time, how many at all, and their seconds together."""
        late = func.max(0, deliveries.c.published_at - deliveries.c.due)
        within = [
            func.coalesce(func.sum(case((late <= bound * 1_000_000, 1), else_=0)), 0)
            for bound in bounds
        ]
        with self.database.reading() as connection:
            row = connection.execute(
                select(func.count(), func.coalesce(func.sum(late), 0), *within).where(
                    deliveries.c.published_at.is_not(None)
                )
            ).one()
        return list(row[2:]), row[0], row[1] / 1_000_000

    def due_between(self, since: datetime, until: datetime) -> list[str]:
        """The names of what was due then and waited for the daemon, the earliest first."""
        waited = or_(deliveries.c.published_at.is_(None), deliveries.c.published_at > stamp(since))
        named = select(deliveries.c.entry, deliveries.c.account).where(
            deliveries.c.due > stamp(since),
            deliveries.c.due <= stamp(until),
            deliveries.c.status != status.CANCELLED,
            waited,
        )
        with self.database.reading() as connection:
            return [
                f"{row.entry} on {row.account}"
                for row in connection.execute(
                    named.group_by(deliveries.c.entry, deliveries.c.account).order_by(
                        func.min(deliveries.c.due)
                    )
                )
            ]

    def ids_of_others(self, row: Row) -> frozenset[str]:
        """Ids and addresses of what else was published on the profile: none is this delivery."""
        return self._ids(deliveries.c.key != row.key, on_same_profile(deliveries.c, row))

    def ids_sent_since(self, row: Row, since: datetime) -> frozenset[str]:
        """Those of them that were published later in the same place, so that a list shows them."""
        same_account = deliveries.c.account == row.account
        later = deliveries.c.published_at > stamp(since)
        with self.database.reading() as connection:
            rows = connection.execute(select(deliveries).where(same_account, later)).mappings()
            others = [other for other in map(row_of, rows) if other.key != row.key]
        return frozenset(
            other.published_id for other in others if other.published_id and is_beside(other, row)
        )

    def _ids(self, *which: ColumnElement[bool]) -> frozenset[str]:
        named = (deliveries.c.published_id, deliveries.c.url, deliveries.c.ref)
        published = deliveries.c.published_id.is_not(None)
        found: set[str] = set()
        with self.database.reading() as connection:
            for identifier, url, ref in connection.execute(select(*named).where(published, *which)):
                found.update(json.loads(ref or "{}").get("ids", ()))
                found.update(filter(None, (identifier, url)))
        return frozenset(found)

    # The daemon's heartbeat, and what else other processes should know of it

    def keep_fact(self, name: str, value: str | None) -> None:
        """What other processes should know of the daemon; None: nothing any more."""
        with self.database.writing() as connection:
            connection.execute(delete_from(facts).where(facts.c.name == name))
            if value is not None:
                connection.execute(insert(facts).values(name=name, value=value))

    def fact(self, name: str) -> str | None:
        with self.database.reading() as connection:
            found: str | None = connection.scalar(select(facts.c.value).where(facts.c.name == name))
        return found

    def worked(self, now: datetime) -> None:
        """A sign of life of a process that ends: a daemon gives others."""
        self.keep_fact(WORKED, str(stamp(now)))

    def beat(self, host: str, pid: int, started: datetime, now: datetime) -> None:
        values = {"host": host, "pid": pid, "started": stamp(started), "last_seen": stamp(now)}
        with self.database.writing() as connection:
            connection.execute(
                insert(heartbeat).values(id=1, **values).on_conflict_do_update(["id"], set_=values)
            )

    def last_beat(self) -> tuple[datetime, int, str] | None:
        """When the daemon last said that it is alive, its process id and its host."""
        with self.database.reading() as connection:
            row = connection.execute(select(heartbeat)).first()
        return None if row is None else (instant(row.last_seen), row.pid, row.host)


def _claimed(
    connection: Connection, account: str, by: str, now: datetime, entry: str | None = None
) -> Row | None:
    row = (CLAIM_OF_ENTRY if entry else CLAIM).first(
        connection,
        account_of=account,
        entry_of=entry,
        at=stamp(now),
        by=f"{by}:{uuid4().hex[:12]}",
        until=stamp(now) + round(LEASE * 1_000_000),
    )
    return None if row is None else row_of(row)


def _row(connection: Connection, key: str) -> Row:
    row = ROW.first(connection, of=key)
    if row is None:
        raise WrongStatus(f"no delivery {key}")
    return row_of(row)


def _tell(connection: Connection, row: Row, now: datetime) -> None:
    """Puts what became of a delivery on the list of what the person has to be told."""
    note(connection, now, _kind(row), _words(row))


def _kind(row: Row) -> str:
    return "late" if row.status == status.HELD else row.status


def _words(row: Row) -> str:
    return f"{_named(row)}: {row.error}"


def _named(row: Row) -> str:
    return f"{row.name} (due {row.due:%Y-%m-%d %H:%M}, {row.key[:8]})"


def _not_before(at: Any) -> Any:
    """The instant `at`, or when the delivery is due, if that is later: the clock may have been set back since. A person's word is for now."""
    return case((deliveries.c.reason == "word", at), else_=func.max(deliveries.c.due, at))


def is_beside(other: Row, row: Row) -> bool:
    """Whether both stand in the same list of the platform: the same options, both answers or not."""
    options = [json.loads(one.post_json).get("options") for one in (other, row)]
    return options[0] == options[1] and (other.after is None) == (row.after is None)


def with_reply(post: Post, before: Row | None) -> Post:
    """The post as it answers the part before it."""
    return replace(post, reply_to=before.published) if before else post
