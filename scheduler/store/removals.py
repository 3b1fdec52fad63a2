"""Entries that are gone from the calendar: on purpose, or because a file is.

A folder that is gone is no calendar that is empty, and a file that shrank may be half copied. What
was removed on purpose is cancelled at once; the rest waits, and what is due soon is held.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from sqlalchemy import Connection, select, update

from scheduler.store import status
from scheduler.store.changing import become
from scheduler.store.journal import LEFT
from scheduler.store.notices import note
from scheduler.store.rows import MISSING, REMOVED, Row, instant, row_of, stamp
from scheduler.store.tables import deliveries, journal

SOON = timedelta(minutes=10)  # what is due within this is held
NOTICE_AFTER = timedelta(seconds=60)
CANCELLED_AFTER = timedelta(minutes=10)
FEW = 5  # waiting deliveries that may be cancelled without a notice
SHOWN = 20  # in a notice
CANCELLABLE = status.may_come_from(status.CANCELLED) - {status.IN_DOUBT}
GONE = "its entry was removed from the calendar"
IS_MISSING = "its entry is missing from the calendar, which may be half copied"


@dataclass(frozen=True, kw_only=True)
class Files:
    """What a reading says of the calendar's files.

    `unreachable`: patterns whose folder is gone, or that match nothing. `emptied`: files that say
    that they have no entries. `None` in its place: whatever is gone was removed on purpose.
    """

    unreachable: tuple[str, ...] = ()
    emptied: frozenset[str] = frozenset()


def file_of(place: str) -> str:
    return place.rpartition(":")[0]


def is_unreachable(place: str, files: Files) -> bool:
    """Whether the file cannot be seen at all: its plan stays."""
    return any(fnmatchcase(file_of(place), pattern) for pattern in files.unreachable)


def was_on_purpose(
    row: Any, files: Files | None, changed: Collection[str], entries: Collection[str]
) -> bool:
    """Whether somebody removed the entry: others of its file changed too, or it is `[]` now.

    `changed`: files with a new or changed entry. `entries`: those that are still planned, whose
    accounts changed therefore.
    """
    if files is None:
        return True
    file = file_of(row.place)
    return file in files.emptied or file in changed or row.entry in entries


def cancel(connection: Connection, rows: Iterable[Any], now: datetime) -> list[str]:
    """Cancels what is gone; tells the person where much was waiting. The names."""
    rows = list(rows)
    for row in rows:
        gone = {"reason": REMOVED, "error": GONE, "removed_at": None}
        become(connection, row.key, status.CANCELLED, **gone)
    waiting = [row for row in rows if row.status in (status.SCHEDULED, status.HELD)]
    if len(waiting) > FEW:
        note(connection, now, "cancelled", _list(waiting, "were removed from the calendar"))
    return [f"{row.entry} on {row.account}" for row in rows]


def set_aside(connection: Connection, rows: Iterable[Any], now: datetime) -> list[str]:
    """Notes since when entries are missing, and holds what is due soon. The names of new ones."""
    soon = stamp(now + SOON)
    found = []
    for row in rows:
        if row.removed_at is not None:
            continue
        if row.status == status.SCHEDULED and row.due <= soon:
            become(connection, row.key, status.HELD, reason=MISSING, error=IS_MISSING)
        since = update(deliveries).where(deliveries.c.key == row.key)
        connection.execute(since.values(removed_at=stamp(now)))
        found.append(f"{row.entry} on {row.account}")
    return found


def settle(connection: Connection, now: datetime) -> list[Row]:
    """Tells of what has been missing for a while, and cancels what still is. What was cancelled.

    What has become something else meanwhile, by hand or because it was due, is let alone.
    """
    missing = deliveries.c.removed_at.is_not(None)
    begun = select(journal.c.id).where(journal.c.delivery == deliveries.c.key, LEFT).exists()
    past = deliveries.c.status.not_in((*CANCELLABLE, status.PUBLISHING)) | begun
    connection.execute(update(deliveries).where(missing, past).values(removed_at=None))
    waits = deliveries.c.status.in_(CANCELLABLE)
    rows = connection.execute(
        select(deliveries).where(missing, waits).order_by(deliveries.c.due)
    ).all()
    late = [row for row in rows if row.removed_at <= stamp(now - NOTICE_AFTER)]
    over = [row for row in rows if row.removed_at <= stamp(now - CANCELLED_AFTER)]
    for since in sorted({row.removed_at for row in late}):
        those = [row for row in late if row.removed_at == since]
        text = _list(those, "are missing from the calendar; what is due soon is held")
        note(connection, now, "calendar shrank", text, once=f"missing since {since}")
    if over:
        for row in over:
            gone = {"reason": REMOVED, "error": GONE, "removed_at": None}
            become(connection, row.key, status.CANCELLED, **gone)
        note(connection, now, "cancelled", _list(over, "are gone from the calendar for good"))
    return [row_of(row._mapping) for row in over]


def next_settling(connection: Connection, now: datetime) -> datetime | None:
    """When `settle` has something to do next."""
    times = connection.scalars(
        select(deliveries.c.removed_at).where(deliveries.c.removed_at.is_not(None)).distinct()
    )
    due = [
        at + pause
        for at in map(instant, times)
        for pause in (NOTICE_AFTER, CANCELLED_AFTER)
        if at + pause > now
    ]
    return min(due, default=None)


def _list(rows: Collection[Any], what: str) -> str:
    names = [
        f"{row.entry} on {row.account}, {instant(row.due, row.offset):%Y-%m-%d %H:%M}"
        for row in rows
    ]
    more = f"\n  and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{len(names)} posts {what}:\n  " + "\n  ".join(names[:SHOWN]) + more
