"""The backups of a store: where they are, which is the newest, and the one that is made every day.

They stand in the folder `backups` beside the store. `NAME-20260907T083000.db` was made by hand, `NAME-daily-...` by the
daemon, `NAME-schema-0001-...` before a newer version changed the tables. Only of the daily ones the oldest are deleted.
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scheduler.store.database import Database, StoreFailed

DAY = timedelta(days=1)
KEPT = 7  # daily ones
TIME = "%Y%m%dT%H%M%S"


def folder(file: Path) -> Path:
    """The folder of a store's backups."""
    return file.parent / "backups"


def backups(file: Path, kind: str = "(?:daily-|schema-[0-9]+-)?") -> list[Path]:
    """The backups of a store, the newest first."""
    named = re.compile(rf"{re.escape(file.stem)}-{kind}(\d{{8}}T\d{{6}})\.db")
    found = [
        (match[1], one.stat().st_mtime_ns, one)
        for one in folder(file).glob("*.db")
        if (match := named.fullmatch(one.name))
    ]
    return [one for *_, one in sorted(found, reverse=True)]


def newest(file: Path) -> Path | None:
    return next(iter(backups(file)), None)


def back_up(database: Database, now: datetime, kind: str = "") -> Path:
    """Makes a backup in the folder of backups. Raises `StoreFailed` and `OSError`."""
    file = database.file
    folder(file).mkdir(mode=0o700, exist_ok=True)
    backup = folder(file) / f"{file.stem}-{kind}{now.astimezone(UTC):{TIME}}.db"
    database.copy_to(backup)
    return backup


def back_up_daily(database: Database, now: datetime) -> Path | None:
    """Makes a backup when there is no daily one of this day, and deletes those that are too many. Raises `StoreFailed` and `OSError`.

    The newest by its name may be of a clock that was ahead.
    """
    if any(abs(now - _made_at(one)) < DAY for one in backups(database.file, "daily-")):
        return None
    made = back_up(database, now, "daily-")
    for old in backups(database.file, "daily-")[KEPT:]:
        old.unlink()
    return made


def _made_at(backup: Path) -> datetime:
    return datetime.strptime(backup.stem.rpartition("-")[2], TIME).replace(tzinfo=UTC)


def refuse_a_lost_one(file: Path) -> None:
    """A store that is gone or empty, and was there, must not begin anew without a word: it knew what is published."""
    log = file.with_name(file.name + "-wal")
    try:
        there, whole = file.exists(), file.exists() and file.stat().st_size > 0
        left = (
            None
            if whole
            else newest(file) or (log if log.exists() and log.stat().st_size else None)
        )
    except OSError:
        return  # opening it says what is wrong
    if left:
        raise StoreFailed(
            f"{file}: it is {'empty' if there else 'gone'}, and {left} says that there was one; bring back the newest "
            f"backup: termbell restore (or, to begin anew, move {left if left == log else folder(file)} away)"
        )
