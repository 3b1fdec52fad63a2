"""The only door to the database: deliveries, the journal of what left, accounts, the daemon's heartbeat.

SQLite in WAL mode. A commit is on disk at once (`synchronous=FULL`) only where the promise needs it, in `left` for a
visible request; elsewhere the loss of the last moments in a power cut costs a repeated harmless step. A change of status
goes through `_become`, which carries the table of `status.py` into the UPDATE, so that two processes cannot both make it.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, and_, create_engine, event, func, insert, or_, select, text, update
from sqlalchemy import delete as delete_from
from sqlalchemy.pool import QueuePool

from platforms.base import FOREVER, Post, Published, Request, Response, as_plain, post_from
from scheduler.calendar.model import Delivery
from scheduler.private_files import private_folder
from scheduler.store import status
from scheduler.store.migrations import NewerSchema, migrate
from scheduler.store.status import MAY_BECOME, may_come_from
from scheduler.store.tables import accounts, deliveries, heartbeat, journal

__all__ = ["Changes", "NewerSchema", "Row", "Store", "Unanswered", "WrongStatus"]

LEASE = timedelta(minutes=10)
COMPARED = ("key", "entry", "account", "status", "post", "due", "grace", "late", "place", "reason", "error")
EDITABLE = (status.SCHEDULED, status.HELD, status.MISSED, status.CANCELLED, status.FAILED)


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
    attempts: int
    url: str | None
    published_id: str | None
    ref: Mapping[str, Any]
    error: str | None
    changed_since: bool
    post_json: str

    @property
    def post(self) -> Post:
        return post_from(json.loads(self.post_json))

    @property
    def published(self) -> Published:
        return Published(id=self.published_id or "", url=self.url, ref=self.ref)

    @property
    def late_at(self) -> datetime:
        """From when on it is too late."""
        return self.due + timedelta(seconds=self.grace)


@dataclass(frozen=True, kw_only=True)
class Unanswered:
    """A visible request that left, with no answer known."""

    id: int
    step: str
    left_at: datetime  # the first time
    sent_at: datetime  # the last time
    remembered: float  # seconds
    looks: int


@dataclass(frozen=True)
class Changes:
    """What a reading of the calendar changed in the store; entries' names with their accounts."""

    added: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()
    past: tuple[str, ...] = ()  # were over before they were ever planned
    differs: tuple[str, ...] = ()  # published, and the calendar says something else now

    def __bool__(self) -> bool:
        return any((self.added, self.edited, self.cancelled, self.past, self.differs))


def stamp(instant: datetime) -> int:
    """Microseconds since 1970."""
    return round((instant - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))


def instant(stamp: int, offset: int = 0) -> datetime:
    return datetime.fromtimestamp(0, timezone(timedelta(seconds=offset))) + timedelta(microseconds=stamp)


class Store:
    """One store, opened: made where it is not there, brought to this version's schema where it is older."""

    def __init__(self, file: Path, now: datetime) -> None:
        private_folder(file.parent)
        if not file.exists():
            os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))
        self.file = file
        self.engine = _engine(file)
        self.backup = migrate(self.engine, file, now)

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _writing(self, durable: bool = False) -> Iterator[Connection]:
        """A transaction that holds the write lock from its start; `durable`: on disk when it returns."""
        with self.engine.connect() as connection:
            if durable:
                connection.exec_driver_sql("PRAGMA synchronous=FULL")
                connection.rollback()
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
                connection.commit()
            except BaseException:
                connection.rollback()
                raise
            finally:
                if durable:
                    connection.exec_driver_sql("PRAGMA synchronous=NORMAL")
                    connection.rollback()

    # The plan

    def plan(self, planned: Iterable[Delivery], now: datetime) -> Changes:
        """Makes the store agree with the calendar. What was published, or may be, is left as it is."""
        found: dict[str, list[str]] = {"added": [], "edited": [], "cancelled": [], "past": [], "differs": []}
        with self._writing() as connection:
            known = {row.key: row for row in connection.execute(
                select(*(deliveries.c[name] for name in COMPARED)))}
            doubtful = set(connection.scalars(select(journal.c.delivery).where(journal.c.visible == 1, journal.c.answered_at.is_(None))))
            fresh = []
            for delivery in planned:
                values = _values(delivery, now)
                before = known.pop(delivery.key, None)
                name = f"{delivery.entry} on {delivery.account}"
                if before is None:
                    fresh.append(values)
                    found["past" if values["status"] == status.MISSED else "added"].append(name)
                elif _same(before, values):
                    continue
                elif before.status in EDITABLE and before.key not in doubtful:
                    self._edit(connection, before, values)
                    found["edited"].append(name)
                elif before.post != values["post"]:
                    connection.execute(update(deliveries).where(deliveries.c.key == delivery.key).values(changed_since=1))
                    found["differs"].append(name)
            for start in range(0, len(fresh), 500):
                connection.execute(insert(deliveries), fresh[start:start + 500])
            for gone in known.values():
                if status.CANCELLED in MAY_BECOME[gone.status] and gone.status != status.IN_DOUBT and gone.key not in doubtful:
                    self._become(connection, gone.key, status.CANCELLED, error="gone from the calendar", reason=None)
                    found["cancelled"].append(f"{gone.entry} on {gone.account}")
        return Changes(**{name: tuple(values) for name, values in found.items()})

    def _edit(self, connection: Connection, before: Any, values: dict[str, Any]) -> None:
        """A waiting entry takes its new text and time; one that was given up stays so unless it has a new time or text."""
        kept = {"attempts": 0, **values}
        if before.status == status.CANCELLED and before.error != "gone from the calendar":
            kept |= {"status": status.CANCELLED, "error": before.error}
        if before.status == status.HELD and before.reason == "login" and values["status"] == status.SCHEDULED:
            kept |= {"status": status.HELD, "reason": "login", "error": before.error}
        connection.execute(update(deliveries).where(deliveries.c.key == before.key).values(**kept))
        connection.execute(delete_from(journal).where(journal.c.delivery == before.key))

    # What is due

    def next_due(self, now: datetime) -> datetime | None:
        """The next instant after `now` at which something becomes due, free or too late: when the clock should ring."""
        too_late = deliveries.c.due + deliveries.c.grace * 1_000_000
        waiting = deliveries.c.status.in_((status.SCHEDULED, status.HELD))
        later = stamp(now)
        with self.engine.connect() as connection:
            times = [
                connection.scalar(select(func.min(deliveries.c.next_at)).where(
                    deliveries.c.status == status.SCHEDULED, deliveries.c.next_at > later)),
                connection.scalar(select(func.min(too_late)).where(waiting, too_late > later, deliveries.c.late != "publish")),
                connection.scalar(select(func.min(accounts.c.paused_until)).where(accounts.c.paused_until > later)),
            ]
        known = [time for time in times if time is not None]
        return instant(int(min(known)) + 1) if known else None

    def accounts_due(self, now: datetime) -> list[str]:
        """The accounts that have something to publish now."""
        with self.engine.connect() as connection:
            return list(connection.scalars(select(deliveries.c.account).where(_claimable(now)).distinct()))

    def claim(self, account: str, by: str, now: datetime, entry: str | None = None) -> Row | None:
        """Takes the account's next delivery (of one entry) for an attempt; None where there is nothing to do."""
        wanted = [deliveries.c.account == account, _claimable(now), *([deliveries.c.entry == entry] if entry else [])]
        with self._writing() as connection:
            key = connection.scalar(
                select(deliveries.c.key).where(*wanted)
                .order_by(deliveries.c.due, deliveries.c.entry, deliveries.c.part).limit(1))
            if key is None:
                return None
            self._become(connection, key, status.PUBLISHING, claimed_by=by, lease=stamp(now + LEASE),
                         attempts=deliveries.c.attempts + 1)
            return self._row(connection, key)

    def release(self, now: datetime) -> int:
        """Gives back what a daemon that is no more had claimed; the journal says what may be done with it."""
        with self._writing() as connection:
            stale = list(connection.scalars(select(deliveries.c.key).where(deliveries.c.status == status.PUBLISHING)))
            for key in stale:
                self._become(connection, key, status.SCHEDULED, next_at=stamp(now), claimed_by=None, lease=None)
            return len(stale)

    def too_late(self, now: datetime) -> list[Row]:
        """Those that nothing has left for and whose grace is over: by their policy missed, or held for a person's word."""
        past = and_(deliveries.c.due + deliveries.c.grace * 1_000_000 < stamp(now),
                    deliveries.c.key.not_in(select(journal.c.delivery).where(journal.c.visible == 1)),
                    or_(and_(deliveries.c.status == status.SCHEDULED, deliveries.c.late != "publish",
                             deliveries.c.reason.is_(None)),
                        and_(deliveries.c.status == status.HELD, deliveries.c.late == "skip", deliveries.c.reason != "late")))
        found = []
        with self._writing() as connection:
            for row in connection.execute(select(deliveries.c.key, deliveries.c.late, deliveries.c.status, deliveries.c.error).where(past)):
                if row.late == "ask":
                    self._become(connection, row.key, status.HELD, reason="late", error="late: retry it, or cancel it")
                else:
                    why = f"its time passed while it was held: {row.error}" if row.error else "found too late; retry it, or cancel it"
                    self._become(connection, row.key, status.MISSED, reason=None, error=why)
                found.append(self._row(connection, row.key))
        return found

    # How an attempt ended

    def published(self, key: str, published: Published) -> None:
        with self._writing() as connection:
            self._become(connection, key, status.PUBLISHED, published_id=published.id, url=published.url,
                         ref=json.dumps(dict(published.ref)), error="; ".join(published.notes) or None,
                         claimed_by=None, lease=None, reason=None)
            connection.execute(delete_from(journal).where(journal.c.delivery == key))

    def again(self, key: str, at: datetime, error: str | None, *, counts: bool = True) -> None:
        """Another attempt, or another look, at `at`; `counts=False` gives the attempt back."""
        with self._writing() as connection:
            self._become(connection, key, status.SCHEDULED, next_at=stamp(at), error=error, claimed_by=None, lease=None,
                         attempts=deliveries.c.attempts - (0 if counts else 1))

    def failed(self, key: str, error: str) -> None:
        with self._writing() as connection:
            self._become(connection, key, status.FAILED, error=error, claimed_by=None, lease=None)

    def in_doubt(self, key: str, error: str) -> None:
        with self._writing() as connection:
            self._become(connection, key, status.IN_DOUBT, error=error, claimed_by=None, lease=None)

    def hold(self, key: str, reason: str, error: str) -> None:
        with self._writing() as connection:
            self._become(connection, key, status.HELD, reason=reason, error=error, claimed_by=None, lease=None)

    # Accounts

    def hold_account(self, account: str, why: str) -> None:
        """Its due deliveries wait for a login instead of meeting the same refusal one by one."""
        with self._writing() as connection:
            connection.execute(text(
                "INSERT INTO accounts (name, held) VALUES (:name, :why) ON CONFLICT (name) DO UPDATE SET held = :why"),
                {"name": account, "why": why})

    def release_account(self, account: str, now: datetime) -> int:
        """After a login: what waited for it is scheduled again. Returns how many."""
        with self._writing() as connection:
            connection.execute(delete_from(accounts).where(accounts.c.name == account))
            waiting = list(connection.scalars(select(deliveries.c.key).where(
                deliveries.c.account == account, deliveries.c.status == status.HELD, deliveries.c.reason == "login")))
            for key in waiting:
                self._become(connection, key, status.SCHEDULED, next_at=deliveries.c.due, reason=None, error=None)
            return len(waiting)

    def pause_account(self, account: str, until: datetime) -> None:
        with self._writing() as connection:
            connection.execute(text(
                "INSERT INTO accounts (name, paused_until) VALUES (:name, :until) ON CONFLICT (name) DO UPDATE SET paused_until = :until"),
                {"name": account, "until": stamp(until)})

    def held_accounts(self) -> dict[str, str]:
        with self.engine.connect() as connection:
            return {row.name: row.held for row in connection.execute(select(accounts).where(accounts.c.held.is_not(None)))}

    # The journal

    def answer(self, key: str, request: Request, nth: int) -> Response | None:
        """What the `nth` such request of this delivery was answered; None where it was not."""
        with self.engine.connect() as connection:
            row = connection.execute(
                select(journal).where(journal.c.delivery == key, journal.c.step == request.step, journal.c.digest == request.digest,
                                      journal.c.answered_at.is_not(None)).order_by(journal.c.id).limit(1).offset(nth)).first()
        return None if row is None else Response(status=row.status, headers=json.loads(row.headers), body=row.body)

    def left(self, key: str, request: Request, by: str, now: datetime) -> int:
        """Writes down that a request leaves, before it does. Refuses when the delivery is not claimed by `by` any more."""
        with self._writing(durable=request.is_visible) as connection:
            ours = connection.execute(update(deliveries).where(
                deliveries.c.key == key, deliveries.c.status == status.PUBLISHING, deliveries.c.claimed_by == by,
            ).values(lease=stamp(now + LEASE))).rowcount
            if not ours:
                raise WrongStatus(f"{key} is not claimed by {by} any more")
            doubtful = request.is_visible and connection.scalar(select(journal.c.id).where(
                journal.c.delivery == key, journal.c.visible == 1, journal.c.answered_at.is_(None)))
            if doubtful:  # a second sending: what counts for its key is when it left first
                connection.execute(update(journal).where(journal.c.id == doubtful).values(sent_at=stamp(now), digest=request.digest))
                return int(doubtful)
            return int(connection.execute(insert(journal).values(
                delivery=key, step=request.step, digest=request.digest, visible=int(request.is_visible),
                remembered=-1 if request.remembered == FOREVER else request.remembered, left_at=stamp(now), sent_at=stamp(now), looks=0,
            ).returning(journal.c.id)).scalar_one())

    def answered(self, identifier: int, response: Response, now: datetime) -> None:
        with self._writing() as connection:
            connection.execute(update(journal).where(journal.c.id == identifier).values(
                answered_at=stamp(now), status=response.status, headers=json.dumps(dict(response.headers)), body=response.body))

    def surely_not(self, identifier: int) -> None:
        """The request did not take effect: as if it had not left."""
        with self._writing() as connection:
            connection.execute(delete_from(journal).where(journal.c.id == identifier))

    def unanswered(self, key: str) -> Unanswered | None:
        """The visible request of the delivery that left and has no answer."""
        with self.engine.connect() as connection:
            row = connection.execute(select(journal).where(
                journal.c.delivery == key, journal.c.visible == 1, journal.c.answered_at.is_(None)).order_by(journal.c.id.desc())).first()
        if row is None:
            return None
        return Unanswered(id=row.id, step=row.step, left_at=instant(row.left_at), sent_at=instant(row.sent_at), looks=row.looks,
                          remembered=FOREVER if row.remembered < 0 else row.remembered)

    def looked(self, identifier: int) -> None:
        with self._writing() as connection:
            connection.execute(update(journal).where(journal.c.id == identifier).values(looks=journal.c.looks + 1))

    def forget(self, key: str, before: datetime | None = None) -> None:
        """Drops the answers to harmless steps, all or those that left `before`: the next attempt makes them anew."""
        older = [journal.c.left_at < stamp(before)] if before else []
        with self._writing() as connection:
            connection.execute(delete_from(journal).where(journal.c.delivery == key, journal.c.visible == 0, *older))

    # A person's word

    def resolve(self, key: str, *, published: Published | None = None, again: bool = False, now: datetime) -> Row:
        """Ends a doubt: it is up as `published`, it shall go out `again`, or it is dropped."""
        if self.row(key).status != status.IN_DOUBT:
            raise WrongStatus(f"{key} is {self.row(key).status}, not in doubt")
        if published:
            self.published(key, published)
            return self.row(key)
        with self._writing() as connection:
            connection.execute(delete_from(journal).where(journal.c.delivery == key))
            target = status.SCHEDULED if again else status.CANCELLED
            self._become(connection, key, target, next_at=stamp(now), reason="word" if again else None, error=None, attempts=0)
        return self.row(key)

    def retry(self, key: str, now: datetime) -> Row:
        """Lets a failed, missed, held or cancelled delivery go out after all, now."""
        row = self.row(key)
        if row.status not in (status.FAILED, status.MISSED, status.HELD, status.CANCELLED, status.SCHEDULED):
            raise WrongStatus(f"{key} is {row.status}; only what is failed, missed, held, cancelled or scheduled can be retried")
        if row.reason == "problem":
            raise WrongStatus(f"{key} is held: {row.error}; mend the calendar first")
        with self._writing() as connection:
            if row.status == status.SCHEDULED:
                connection.execute(update(deliveries).where(deliveries.c.key == key, deliveries.c.status == status.SCHEDULED)
                                   .values(next_at=stamp(now), reason="word"))
            else:
                self._become(connection, key, status.SCHEDULED, next_at=stamp(now), reason="word", error=None, attempts=0)
        if row.status == status.FAILED:
            self.forget(key)
        return self.row(key)

    def cancel(self, key: str) -> Row:
        row = self.row(key)
        if status.CANCELLED not in MAY_BECOME[row.status] or row.status == status.IN_DOUBT:
            hint = "; resolve it with --drop" if row.status == status.IN_DOUBT else ""
            raise WrongStatus(f"{key} is {row.status} and cannot be cancelled{hint}")
        with self._writing() as connection:
            self._become(connection, key, status.CANCELLED, error="by hand", reason=None)
        return self.row(key)

    # Reading

    def row(self, key: str) -> Row:
        with self.engine.connect() as connection:
            return self._row(connection, key)

    def rows(self, *, entry: str | None = None, account: str | None = None, statuses: Sequence[str] = ()) -> list[Row]:
        """Deliveries in the order they are due."""
        wanted = select(deliveries).order_by(deliveries.c.due, deliveries.c.entry, deliveries.c.account, deliveries.c.part)
        if entry:
            wanted = wanted.where(deliveries.c.entry == entry)
        if account:
            wanted = wanted.where(deliveries.c.account == account)
        if statuses:
            wanted = wanted.where(deliveries.c.status.in_(statuses))
        with self.engine.connect() as connection:
            return [_row_of(row) for row in connection.execute(wanted)]

    def keys(self, start: str) -> list[str]:
        """The deliveries whose key begins so."""
        with self.engine.connect() as connection:
            return list(connection.scalars(select(deliveries.c.key).where(deliveries.c.key.startswith(start, autoescape=True))))

    def counts(self) -> dict[str, int]:
        with self.engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(select(deliveries.c.status, func.count()).group_by(deliveries.c.status))}

    def changed_by_others(self, connection: Connection) -> int:
        """A number that changes when another connection has written; cheap enough to ask every second."""
        return int(connection.exec_driver_sql("PRAGMA data_version").scalar_one())

    # The daemon's heartbeat

    def beat(self, host: str, pid: int, started: datetime, now: datetime) -> None:
        with self._writing() as connection:
            connection.execute(text(
                "INSERT INTO heartbeat (id, host, pid, started, last_seen) VALUES (1, :host, :pid, :started, :now) "
                "ON CONFLICT (id) DO UPDATE SET host = :host, pid = :pid, started = :started, last_seen = :now"),
                {"host": host, "pid": pid, "started": stamp(started), "now": stamp(now)})

    def last_beat(self) -> tuple[datetime, int, str] | None:
        """When the daemon last said that it is alive, its process id and its host."""
        with self.engine.connect() as connection:
            row = connection.execute(select(heartbeat)).first()
        return None if row is None else (instant(row.last_seen), row.pid, row.host)

    def check(self) -> str:
        """SQLite's own verdict on the file: "ok", or what is broken."""
        with self.engine.connect() as connection:
            return str(connection.exec_driver_sql("PRAGMA quick_check").scalar_one())

    def _become(self, connection: Connection, key: str, new: str, **values: Any) -> None:
        changed = connection.execute(update(deliveries).where(
            deliveries.c.key == key, deliveries.c.status.in_(may_come_from(new))).values(status=new, **values)).rowcount
        if not changed:
            now = connection.scalar(select(deliveries.c.status).where(deliveries.c.key == key))
            raise WrongStatus(f"{key} is {now or 'unknown'} and cannot become {new}")

    def _row(self, connection: Connection, key: str) -> Row:
        row = connection.execute(select(deliveries).where(deliveries.c.key == key)).first()
        if row is None:
            raise WrongStatus(f"no delivery {key}")
        return _row_of(row)


def _engine(file: Path) -> Engine:
    engine = create_engine(f"sqlite:///{file}", poolclass=QueuePool, pool_size=20, max_overflow=20,
                           connect_args={"timeout": 30, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun by us: pysqlite's own would begin too late
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _claimable(now: datetime) -> Any:
    """Due, its account free to work, nothing of the account under way, the part before it up."""
    before = deliveries.alias("before")
    busy = deliveries.alias("busy")
    return and_(
        deliveries.c.status == status.SCHEDULED,
        deliveries.c.next_at <= stamp(now),
        ~select(accounts.c.name).where(accounts.c.name == deliveries.c.account, accounts.c.paused_until > stamp(now)).exists(),
        ~select(busy.c.key).where(busy.c.account == deliveries.c.account, busy.c.status == status.PUBLISHING).exists(),
        or_(deliveries.c.after.is_(None),
            select(before.c.key).where(before.c.key == deliveries.c.after, before.c.status == status.PUBLISHED).exists()),
    )


def _values(delivery: Delivery, now: datetime) -> dict[str, Any]:
    offset = delivery.due.utcoffset() or timedelta()
    values = {
        "key": delivery.key, "entry": delivery.entry, "account": delivery.account, "platform": delivery.platform,
        "part": delivery.part, "after": delivery.after, "due": stamp(delivery.due), "offset": int(offset.total_seconds()),
        "grace": delivery.grace, "late": delivery.late, "place": str(delivery.place), "attempts": 0, "changed_since": 0,
        "post": json.dumps(as_plain(delivery.post), ensure_ascii=False), "next_at": stamp(delivery.due),
        "status": status.SCHEDULED, "reason": None, "error": None,
    }
    if delivery.errors:
        values |= {"status": status.HELD, "reason": "problem", "error": "; ".join(problem.message for problem in delivery.errors)}
    if delivery.late != "publish" and delivery.due + timedelta(seconds=delivery.grace) < now:
        values |= {"status": status.MISSED, "reason": None,
                   "error": "was over before it was first planned; retry publishes it all the same"}
    return values


def _same(before: Any, values: Mapping[str, Any]) -> bool:
    """Whether the plan says nothing new of a delivery; that its time has passed since is nothing new."""
    alike = all(getattr(before, name) == values[name] for name in ("post", "due", "grace", "late", "place"))
    mended = (before.reason == "problem") != (values["reason"] == "problem") and values["status"] != status.MISSED
    gone = before.status == status.CANCELLED and before.error == "gone from the calendar"
    return alike and not mended and not gone


def _row_of(row: Any) -> Row:
    named = row._asdict()
    for kept_here in ("claimed_by", "lease"):
        named.pop(kept_here)
    offset, post = named.pop("offset"), named.pop("post")
    return Row(**{**named, "post_json": post, "due": instant(row.due, offset), "next_at": instant(row.next_at, offset),
                  "ref": json.loads(row.ref or "{}"), "changed_since": bool(row.changed_since)})


def with_reply(post: Post, before: Row | None) -> Post:
    """The post as it answers the part before it."""
    return replace(post, reply_to=before.published) if before else post
