"""What a person has to be told, from the moment it happened until it was told.

A notice is written in the transaction of what it is about, so that neither can be there without the other. Whoever tells
them gathers what has come together, and takes each off the list when it was told.

Where several notifiers tell, one may fail while another has told: for each stands up to which notice it has. Notices leave
the list from its front, so that their numbers go on rising while one is on it, and count anew only when none is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from scheduler.store.database import Database
from scheduler.store.rows import instant, stamp
from scheduler.store.tables import facts, notices

KINDS = (
    "handoff",
    "missed",
    "failed",
    "in doubt",
    "held",
    "late",
    "problem",
    "like",
    "past",
    "new store",
    "cancelled",
    "calendar gone",
    "calendar back",
    "calendar shrank",
    "token ending",
    "calendar invalid",
    "calendar valid",
    "daemon back",
    "store",
    "store works",
)
TELLER = "notifier"  # the fact that says why telling does not work
HEARD = "heard by "  # and the name of a notifier: the fact that says up to which notice it has told


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One thing to be told."""

    id: int
    at: datetime
    kind: str  # one of KINDS
    text: str


def note(
    connection: Connection, now: datetime, kind: str, text: str, once: str | None = None
) -> bool:
    """Adds a notice to the list; one with the same `once` is not added again. Returns whether it was."""
    added = (
        insert(notices)
        .values(at=stamp(now), kind=kind, text=text, once=once)
        .on_conflict_do_nothing(["once"])
    )
    return bool(connection.execute(added).rowcount)


def take_back(connection: Connection, now: datetime, kind: str, text: str, instead: str) -> None:
    """What was noted turned out not to be so: where it was told already, `instead` is told as well."""
    untold = (notices.c.kind == kind, notices.c.text == text, notices.c.told_at.is_(None))
    if not connection.execute(delete(notices).where(*untold)).rowcount:
        note(connection, now, kind, instead)


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
            rows = connection.execute(
                select(notices)
                .where(notices.c.told_at.is_(None))
                .order_by(notices.c.at, notices.c.id)
            )
            return [
                Notice(id=row.id, at=instant(row.at), kind=row.kind, text=row.text) for row in rows
            ]

    def told(
        self, told: Iterable[Notice], now: datetime, heard: Mapping[str, int] | None = None
    ) -> None:
        """Takes them off the list, and what is older than anybody asks for with them; the teller works again.

        `heard`: notifier -> the number of the last notice that it told; kept as long as something is on the list.
        """
        identifiers = [one.id for one in told]
        values = [
            {"name": HEARD + name, "value": str(number)} for name, number in (heard or {}).items()
        ]
        with self._database.writing() as connection:
            connection.execute(
                update(notices).where(notices.c.id.in_(identifiers)).values(told_at=stamp(now))
            )
            connection.execute(
                delete(notices).where(notices.c.told_at.is_not(None), notices.c.once.is_(None))
            )
            connection.execute(delete(facts).where(facts.c.name == TELLER))
            if (
                connection.scalar(select(notices.c.id).where(notices.c.told_at.is_(None)).limit(1))
                is None
            ):
                connection.execute(delete(facts).where(facts.c.name.startswith(HEARD)))
            elif values:
                adding = insert(facts).values(values)
                connection.execute(
                    adding.on_conflict_do_update(["name"], set_={"value": adding.excluded.value})
                )

    def heard(self) -> dict[str, int]:
        """Notifier -> the number of the last notice that it told, where others have not told it yet."""
        with self._database.reading() as connection:
            rows = connection.execute(select(facts).where(facts.c.name.startswith(HEARD)))
            return {row.name.removeprefix(HEARD): int(row.value) for row in rows}

    def failing(self, why: str) -> None:
        """They could not be told: kept where `status` and `doctor` see it."""
        with self._database.writing() as connection:
            connection.execute(
                insert(facts)
                .values(name=TELLER, value=why)
                .on_conflict_do_update(["name"], set_={"value": why})
            )

    def trouble(self) -> str | None:
        """Why the last telling failed; None where it did not."""
        with self._database.reading() as connection:
            found: str | None = connection.scalar(
                select(facts.c.value).where(facts.c.name == TELLER)
            )
        return found
