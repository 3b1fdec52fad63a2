"""The journal: which requests of a delivery left, and what was answered.

A visible request is written down before it leaves, on disk, and only for as long as the claim on its delivery holds: that
row is what a restart, or another process, finds. A harmless one is written down with its answer, so that it is not asked
twice. With the outcome of a delivery its journal goes.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from platforms.base import FOREVER, Request, Response
from scheduler.store import status
from scheduler.store.database import Database, Prepared
from scheduler.store.identity import count
from scheduler.store.rows import Unanswered, Uptime, WrongStatus, instant, stamp
from scheduler.store.tables import deliveries, journal

LEFT = and_(
    journal.c.visible == 1, journal.c.sent_at > 0
)  # a request that really left: `seek` writes suspicions with 0
UNANSWERED = and_(journal.c.visible == 1, journal.c.answered_at.is_(None))
ANSWER = Prepared(
    select(journal.c.status, journal.c.headers, journal.c.body)
    .where(
        journal.c.delivery == bindparam("of"),
        journal.c.step == bindparam("named"),
        journal.c.digest == bindparam("saying"),
        journal.c.answered_at.is_not(None),
    )
    .order_by(journal.c.id)
    .limit(1)
    .offset(bindparam("nth"))
)
OPEN = Prepared(
    select(journal)
    .where(journal.c.delivery == bindparam("of"), UNANSWERED)
    .order_by(journal.c.id.desc())
    .limit(1)
)
HELD = Prepared(
    select(deliveries.c.lease).where(
        deliveries.c.key == bindparam("of"),
        deliveries.c.status == status.PUBLISHING,
        deliveries.c.claimed_by == bindparam("by"),
    )
)
RENEW = Prepared(
    update(deliveries).where(deliveries.c.key == bindparam("of")).values(lease=bindparam("until"))
)
RENEWED_AFTER = 5_000_000  # microseconds
OF_ANSWERS = ("answered_at", "status", "headers", "body")


def _adding(columns: Iterable[str]) -> Prepared:
    return Prepared(insert(journal).values({name: bindparam(f"to_{name}") for name in columns}))


KEEP = _adding(column.name for column in journal.c if column.name != "id")
LEAVE = _adding(column.name for column in journal.c if column.name not in ("id", *OF_ANSWERS))


class Journal:
    """The journal of every delivery in one database."""

    def __init__(self, database: Database, lease: float) -> None:
        self._database, self._lease = database, lease
        self.counted: Callable[[int], None] = lambda counter: None  # told how often something left

    def answer(self, key: str, request: Request, nth: int) -> Response | None:
        """What the `nth` such request of this delivery was answered; None where it was not."""
        with self._database.reading() as connection:
            row = ANSWER.first(
                connection, of=key, named=request.step, saying=request.digest, nth=nth
            )
        return None if row is None else _response(row)

    def answers(self, key: str) -> dict[str, Response]:
        """What the harmless requests of this delivery were answered last, by step."""
        asked = (
            select(journal)
            .where(
                journal.c.delivery == key,
                journal.c.visible == 0,
                journal.c.answered_at.is_not(None),
            )
            .order_by(journal.c.id)
        )
        with self._database.reading() as connection:
            rows = connection.execute(asked).mappings().all()
        return {row["step"]: _response(row) for row in rows}

    def left(
        self,
        key: str,
        request: Request,
        claim: str | None,
        now: datetime,
        timeout: float | None = None,
        is_new: bool = True,
        uptime: Uptime | None = None,
    ) -> None:
        """Writes down that a visible request leaves, before it does.

        `timeout`: seconds that it may be under way. `is_new`: it is a sending of its own, not the
        same one noted once more. Refuses when another claim holds the delivery.
        """

        def leaves(connection: Connection) -> int:
            self._still(connection, key, claim, now)
            note(connection)
            return count(connection)

        def note(connection: Connection) -> None:
            row = _row(key, request, now, timeout) | _up(uptime)
            before = OPEN.first(connection, of=key)
            if before is None:
                LEAVE.on(connection, **_named(row))
                return
            is_suspicion = bool(before["sent_at"] == 0)  # it was looked for, and was not found
            kept = {} if is_suspicion else _first(before, row)
            sendings = 1 if is_suspicion else before["sendings"] + is_new
            changed = {**row, **kept, "sendings": sendings}
            connection.execute(
                update(journal).where(journal.c.id == before["id"]).values(**changed)
            )

        self.counted(self._database.together(leaves))

    def reopen(self, key: str, request: Request) -> bool:
        """Whether such a request was answered, though it said something else: that is doubt again.

        So it is after an upgrade whose adapter writes the same request in another way.
        """
        answered = (
            journal.c.delivery == key,
            journal.c.step == request.step,
            journal.c.visible == 1,
            journal.c.answered_at.is_not(None),
            journal.c.digest != request.digest,
        )
        with self._database.writing() as connection:
            reopened = update(journal).where(*answered).values(answered_at=None)
            return bool(connection.execute(reopened).rowcount)

    def answered(self, key: str, request: Request, response: Response, now: datetime) -> None:
        """The answer to a visible request: whoever has the delivery next needs not send it."""
        with self._database.writing() as connection:
            connection.execute(
                update(journal)
                .where(journal.c.delivery == key, journal.c.digest == request.digest, UNANSWERED)
                .values(**_answer(response, now))
            )

    def kept(
        self, key: str, request: Request, claim: str | None, response: Response, now: datetime
    ) -> None:
        """The answer to a harmless request. Raises `WrongStatus` when another claim holds the delivery."""
        with self._database.writing() as connection:
            self._still(connection, key, claim, now)
            KEEP.on(connection, **_named(_row(key, request, now) | _answer(response, now)))

    def surely_not(self, key: str, claim: str | None) -> None:
        """The visible request that left last did not take effect: as if it had not left.

        Where another claim holds the delivery by now, it may have sent one of its own, which stays.
        """
        held = (
            select(deliveries.c.key)
            .where(deliveries.c.key == key, deliveries.c.claimed_by == claim)
            .exists()
        )
        open_ones = (journal.c.delivery == key, UNANSWERED, held)
        with self._database.writing() as connection:
            connection.execute(delete(journal).where(*open_ones, journal.c.sendings == 1))
            fewer = {"sendings": journal.c.sendings - 1}
            connection.execute(update(journal).where(*open_ones).values(fewer))

    def had_no_effect(self, key: str) -> None:
        """The last of several sendings was none; the earlier ones stay in doubt."""
        several = (journal.c.delivery == key, UNANSWERED, journal.c.sendings > 1)
        with self._database.writing() as connection:
            fewer = {"sendings": journal.c.sendings - 1}
            connection.execute(update(journal).where(*several).values(fewer))

    def unanswered(self, key: str) -> Unanswered | None:
        """The visible request of the delivery that left and has no answer."""
        with self._database.reading() as connection:
            row = OPEN.first(connection, of=key)
        return None if row is None else _unanswered(row)

    def all_unanswered(self) -> dict[str, Unanswered]:
        """Those of all deliveries, by their keys."""
        open_ones = select(journal).where(UNANSWERED).order_by(journal.c.id)
        with self._database.reading() as connection:
            rows = connection.execute(open_ones).mappings().all()
        return {row["delivery"]: _unanswered(row) for row in rows}

    def looked(self, identifier: int, failed: bool = False) -> None:
        """Counts a look that did not find it, or one that failed."""
        counted = journal.c.failures if failed else journal.c.looks
        with self._database.writing() as connection:
            connection.execute(
                update(journal).where(journal.c.id == identifier).values({counted: counted + 1})
            )

    def forget(self, key: str) -> None:
        """Drops the answers to harmless steps: the next attempt makes them anew."""
        self._forget(key)

    def outlived(self, key: str, now: datetime) -> None:
        """Drops those that may not be used any more."""
        self._forget(
            key,
            journal.c.remembered >= 0,
            journal.c.left_at + journal.c.remembered * 1_000_000 < stamp(now),
        )

    def _forget(self, key: str, *which: ColumnElement[bool]) -> None:
        """Not those of a delivery that is known to be up: its answer is found by what was sent."""
        up = select(journal.c.delivery).where(
            journal.c.visible == 1, journal.c.answered_at.is_not(None)
        )
        with self._database.writing() as connection:
            connection.execute(
                delete(journal).where(
                    journal.c.delivery == key,
                    journal.c.visible == 0,
                    journal.c.delivery.not_in(up),
                    *which,
                )
            )

    def _still(self, connection: Connection, key: str, claim: str | None, now: datetime) -> None:
        """Renews the claim's lease after a while, where the delivery is still held by it."""
        held, until = (
            HELD.first(connection, of=key, by=claim),
            stamp(now) + round(self._lease * 1_000_000),
        )
        if held is None:
            raise WrongStatus(f"{key} is not held by this claim any more")
        if abs(until - held["lease"]) > RENEWED_AFTER:
            RENEW.on(connection, of=key, until=until)


def seek(connection: Connection, due: Mapping[str, int]) -> None:
    """Writes suspicions of deliveries and when they were due: doubts that need one look, for what left then, and no waiting."""
    rows = [
        {
            "delivery": key,
            "step": "an earlier publish",
            "digest": "",
            "visible": 1,
            "remembered": 0.0,
            "left_at": at,
            "sent_at": 0,
            "looks": 1,
        }
        for key, at in due.items()
    ]
    if rows:
        connection.execute(insert(journal), rows)


def _response(row: Mapping[str, Any] | RowMapping) -> Response:
    return Response(status=row["status"], headers=json.loads(row["headers"]), body=row["body"])


def _unanswered(row: Mapping[str, Any] | RowMapping) -> Unanswered:
    return Unanswered(
        id=row["id"],
        step=row["step"],
        left_at=instant(row["left_at"]),
        sent_at=instant(row["sent_at"]),
        looks=row["looks"],
        failures=row["failures"],
        sendings=row["sendings"],
        timeout=row["timeout"],
        boot=row["boot"],
        left_up=row["left_up"],
        sent_up=row["sent_up"],
        remembered=FOREVER if row["remembered"] < 0 else row["remembered"],
    )


def _row(key: str, request: Request, now: datetime, timeout: float | None = None) -> dict[str, Any]:
    known = request.remembered if request.is_visible else request.lasts
    return {
        "delivery": key,
        "step": request.step,
        "digest": request.digest,
        "visible": int(request.is_visible),
        "looks": 0,
        "remembered": -1 if known == FOREVER else known,
        "left_at": stamp(now),
        "sent_at": stamp(now),
        "failures": 0,
        "sendings": 1,
        "timeout": timeout,
        "boot": None,
        "left_up": None,
        "sent_up": None,
    }


def _up(uptime: Uptime | None) -> dict[str, Any]:
    if uptime is None:
        return {}
    return {"boot": uptime.boot, "left_up": uptime.seconds, "sent_up": uptime.seconds}


def _first(before: Mapping[str, Any] | RowMapping, row: Mapping[str, Any]) -> dict[str, Any]:
    """When it left first. Seconds since another start of the machine mean nothing now."""
    is_same = before["boot"] == row["boot"]
    return {"left_at": before["left_at"], "left_up": before["left_up"] if is_same else None}


def _named(columns: Mapping[str, object]) -> dict[str, object]:
    return {f"to_{name}": value for name, value in columns.items()}


def _answer(response: Response, now: datetime) -> dict[str, Any]:
    return {
        "answered_at": stamp(now),
        "status": response.status,
        "headers": json.dumps(dict(response.headers)),
        "body": response.body,
    }
