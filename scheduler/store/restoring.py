"""Bringing a backup back, with the daemon running or not, so that nothing that is up goes out a second time.

A backup knows less than has happened since. Therefore what the present store knows to be up, in doubt or under way stays
as it is there; so does what the backup has never heard of. Of the rest, whatever was due before now and is not published in
the backup becomes a suspicion: it is looked for before it leaves, and is in doubt where that cannot be done.

A present store that is whole is changed in one transaction, which a running daemon sees. One that is damaged or gone is
replaced by a new file, with what could still be read in it; the damaged one is moved aside.
"""

import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnDefault, Connection, Table, delete, func, insert, or_, select
from sqlalchemy.dialects.sqlite import insert as insert_or

from scheduler.calendar.model import Delivery
from scheduler.store import status
from scheduler.store.backups import TIME
from scheduler.store.changing import NO_CLAIM
from scheduler.store.database import Damaged, Database, StoreFailed, connected
from scheduler.store.journal import LEFT, seek
from scheduler.store.migrations import NewerSchema, migrate, version
from scheduler.store.rows import stamp
from scheduler.store.status import MAY_BECOME
from scheduler.store.tables import HEAD, accounts, deliveries, facts, journal
from scheduler.store.taking_up import RESTORED, Circumstances, take_up

STAYS = (status.PUBLISHED, status.IN_DOUBT, status.PUBLISHING)  # as the present store has it
WAITS = (status.SCHEDULED, status.HELD)
AT_ONCE = 500  # rows in a statement


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """What the person's files say now: the restored store agrees with them before anything leaves."""

    deliveries: tuple[Delivery, ...]
    circumstances: Circumstances


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What a restore did, in numbers of deliveries."""

    restored: int
    kept: int  # as the present store had them
    sought: int  # of the restored ones that wait, those that may be up
    aside: Path | None = None  # where the damaged store is now


@dataclass(frozen=True, kw_only=True)
class Contents:
    """The rows of a store, as they stand in its tables."""

    deliveries: list[dict[str, Any]]
    journal: list[dict[str, Any]]
    accounts: list[dict[str, Any]]


def is_whole(file: Path) -> bool:
    """Whether there is a store that this version can read and write. Raises `StoreFailed` where that cannot be seen."""
    if not file.exists() or not file.stat().st_size:
        return False
    try:
        with closing(Database(file)) as database:
            if database.check() != "ok":
                return False
            with database.reading() as connection:
                found = version(connection)
            return found is not None and found <= HEAD
    except Damaged:
        return False


def contents_of(backup: Path, now: datetime) -> Contents:
    """What is in a backup, brought to this version's schema on a copy. Raises `StoreFailed` and `NewerSchema` where it is none."""
    with tempfile.TemporaryDirectory(prefix="termbell-") as folder:
        copy = Path(folder) / backup.name
        _copied(backup, copy)
        with closing(Database(copy)) as database:
            _refuse_what_is_no_backup(database, backup)
            migrate(database, now)
            with database.reading() as connection:
                return Contents(
                    **{
                        table.name: [
                            dict(row._mapping) for row in connection.execute(select(table))
                        ]
                        for table in (deliveries, journal, accounts)
                    }
                )


def _refuse_what_is_no_backup(database: Database, backup: Path) -> None:
    try:
        verdict = database.check()
    except Damaged:
        verdict = "malformed"
    if verdict != "ok":
        raise StoreFailed(f"{backup}: it is damaged, too; choose an older one ({verdict})")
    with database.reading() as connection:
        found = version(connection)
    if found is None:
        raise StoreFailed(
            f"{backup}: it is a database, and none of Termbell's; choose one of the folder `backups`"
        )
    if found > HEAD:
        raise NewerSchema(
            f"{backup}: written by a newer Termbell (schema {found}, this one knows {HEAD}); upgrade Termbell, or choose an older one"
        )


def _copied(backup: Path, copy: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(f"{backup.absolute().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
    except sqlite3.Error as fault:
        raise StoreFailed(
            f"{backup}: it cannot be read as a database; choose one of the folder `backups` ({fault})"
        ) from None


def restore_into(
    database: Database, backup: Contents, calendar: Calendar | None, now: datetime
) -> Restored:
    """Brings the backup back into a store that is whole, in one transaction."""
    with database.writing(durable=True) as connection:
        return _merged(connection, backup, calendar, now)


def restore_anew(
    file: Path, backup: Contents, calendar: Calendar | None, now: datetime
) -> Restored:
    """Makes a new file of the backup and of what can be read in the damaged one. For whoever is alone on the store."""
    present = _salvaged(file)
    known = {row["key"] for row in present.deliveries}
    lost = [row for row in present.journal if row["delivery"] not in known and row["sent_at"] > 0]
    with tempfile.TemporaryDirectory(prefix=".restoring-", dir=file.parent) as folder:
        unfinished = Path(folder) / file.name
        with closing(Database(unfinished)) as database:
            migrate(database, now)
            with database.writing(durable=True) as connection:
                _put(connection, deliveries, present.deliveries)
                _put(
                    connection,
                    journal,
                    [row for row in present.journal if row["delivery"] in known],
                )
                _put(connection, accounts, present.accounts)
                connection.execute(insert(facts).values(name=RESTORED, value=str(stamp(now))))
                found = _merged(
                    connection, replace(backup, journal=backup.journal + lost), calendar, now
                )
            database.copy_to(unfinished.with_suffix(".whole"))
        aside = _moved_aside(file, now)
        os.replace(unfinished.with_suffix(".whole"), file)
    return replace(found, aside=aside)


def _merged(
    connection: Connection, backup: Contents, calendar: Calendar | None, now: datetime
) -> Restored:
    stays = set(
        connection.scalars(
            select(deliveries.c.key).where(
                or_(
                    deliveries.c.status.in_(STAYS),
                    deliveries.c.key.in_(select(journal.c.delivery).where(LEFT)),
                )
            )
        )
    )
    back = {row["key"]: _free(row) for row in backup.deliveries if row["key"] not in stays}
    requests = [row for row in backup.journal if row["delivery"] in back]
    for keys in _in_parts(list(back)):
        connection.execute(delete(deliveries).where(deliveries.c.key.in_(keys)))
    kept = connection.scalar(select(func.count()).select_from(deliveries)) or 0
    _put(connection, deliveries, list(back.values()))
    _put(connection, journal, requests)
    _put(connection, accounts, backup.accounts)
    doubtful = {row["delivery"] for row in requests if row["visible"]}
    suspected = {
        key: row["due"]
        for key, row in back.items()
        if row["due"] < stamp(now)
        and row["status"] not in (status.PUBLISHED, status.IN_DOUBT)
        and key not in doubtful
    }
    seek(connection, suspected)
    if calendar:
        take_up(connection, calendar.deliveries, now, calendar.circumstances)
    return Restored(
        restored=len(back),
        kept=kept,
        sought=sum(back[key]["status"] in WAITS for key in doubtful | suspected.keys()),
    )


def _free(row: dict[str, Any]) -> dict[str, Any]:
    """As the backup has it; an attempt that was under way then is over."""
    return (
        {**row, "status": status.SCHEDULED, **NO_CLAIM}
        if row["status"] == status.PUBLISHING
        else row
    )


def _put(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Adds the rows; one that is there stays. A request in the journal gets a number of its own."""
    for part in _in_parts(
        [{name: value for name, value in row.items() if name != "id"} for row in rows]
    ):
        connection.execute(insert_or(table).on_conflict_do_nothing(), part)


def _in_parts(rows: list[Any]) -> Iterator[list[Any]]:
    return (rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE))


def _salvaged(file: Path) -> Contents:
    """What can still be read in a damaged store, from its beginning and from its end."""
    found: dict[str, list[dict[str, Any]]] = {"deliveries": [], "journal": [], "accounts": []}
    with suppress(sqlite3.Error), closing(connected(file)) as connection:
        connection.text_factory = lambda text: text.decode(errors="replace")
        for table in (deliveries, journal, accounts):
            found[table.name] = list(_readable(connection, table))
    return Contents(**found)


def _readable(connection: sqlite3.Connection, table: Table) -> Iterable[dict[str, Any]]:
    absent = {
        column.name: column.default.arg if isinstance(column.default, ColumnDefault) else None
        for column in table.c
    }  # in an older store
    names: list[str] = []
    rows: dict[int, dict[str, Any]] = {}
    for direction in ("ASC", "DESC"):
        with suppress(sqlite3.Error):
            names = names or [
                row[1]
                for row in connection.execute(f"PRAGMA table_info({table.name})")
                if row[1] in table.c
            ]
            columns = ", ".join(f"[{name}]" for name in names)
            for row in connection.execute(
                f"SELECT rowid, {columns} FROM {table.name} NOT INDEXED ORDER BY rowid {direction}"
            ):
                rows[row[0]] = {**absent, **dict(zip(names, row[1:], strict=True))}
    return [row for row in rows.values() if _is_sound(table, row)]


def _is_sound(table: Table, row: dict[str, Any]) -> bool:
    """Whether every value is what its column takes, and whole."""
    if table is deliveries and row["status"] not in MAY_BECOME:
        return False
    return all(
        column.nullable
        if row[column.name] is None
        else _is_of(column.type.python_type, row[column.name])
        for column in table.c
    )


def _is_of(kind: type, value: object) -> bool:
    if isinstance(value, str):
        return kind is str and "\ufffd" not in value
    return isinstance(value, (int, float) if kind is float else kind)


def _moved_aside(file: Path, now: datetime) -> Path | None:
    """Out of the way, never deleted."""
    aside = file.with_name(f"{file.stem}-damaged-{now.astimezone(UTC):{TIME}}.db")
    for end in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            os.rename(file.with_name(file.name + end), aside.with_name(aside.name + end))
    return aside if aside.exists() else None
