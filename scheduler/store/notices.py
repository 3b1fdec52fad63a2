"""What a person has to be told, from the moment it happened until it was told.

A notice is written in the transaction of what it is about, so that neither can be there without the other. Whoever tells
them gathers what has come together, and takes each off the list when it was told.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from scheduler.store.database import Database
from scheduler.store.rows import instant, stamp
from scheduler.store.tables import facts, notices

KINDS = ("missed", "failed", "in doubt", "held", "late", "token ending", "calendar invalid", "daemon back", "store")
TELLER = "notifier"  # the fact that says why telling does not work


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One thing to be told."""

    id: int
    at: datetime
    kind: str  # one of KINDS
    text: str


def note(connection: Connection, now: datetime, kind: str, text: str, once: str | None = None) -> bool:
    """Adds a notice to the list; one with the same `once` is not added again. Returns whether it was."""
    added = insert(notices).values(at=stamp(now), kind=kind, text=text, once=once).on_conflict_do_nothing(["once"])
    return bool(connection.execute(added).rowcount)


class Notices:
    """The list of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, now: datetime, kind: str, text: str, once: str | None = None) -> bool:
        """See `note`."""
        with self._database.writing() as connection:
            return note(connection, now, kind, text, once)

    def untold(self) -> list[Notice]:
        """What nobody was told yet, the oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(notices).where(notices.c.told_at.is_(None)).order_by(notices.c.at, notices.c.id))
            return [Notice(id=row.id, at=instant(row.at), kind=row.kind, text=row.text) for row in rows]

    def told(self, told: Iterable[Notice], now: datetime) -> None:
        """Takes them off the list, and what is older than anybody asks for with them; the teller works again."""
        identifiers = [one.id for one in told]
        with self._database.writing() as connection:
            connection.execute(update(notices).where(notices.c.id.in_(identifiers)).values(told_at=stamp(now)))
            connection.execute(delete(notices).where(notices.c.told_at.is_not(None), notices.c.once.is_(None)))
            connection.execute(delete(facts).where(facts.c.name == TELLER))

    def failing(self, why: str) -> None:
        """They could not be told: kept where `status` and `doctor` see it."""
        with self._database.writing() as connection:
            connection.execute(insert(facts).values(name=TELLER, value=why).on_conflict_do_update(["name"], set_={"value": why}))

    def trouble(self) -> str | None:
        """Why the last telling failed; None where it did not."""
        with self._database.reading() as connection:
            found: str | None = connection.scalar(select(facts.c.value).where(facts.c.name == TELLER))
        return found
