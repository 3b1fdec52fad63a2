"""The database file: opening it, reading and writing it, and what its faults mean for the person.

SQLite in WAL mode. All writing of a process goes through one connection, a transaction at a time: threads that each waited
for SQLite's own lock would sleep past their turn. A commit is on disk at once (`synchronous=FULL`) only where a promise
needs it; elsewhere the loss of the last moments in a power cut costs a repeated harmless step. The disk is waited for
together: what several threads want on it while it is busy goes there in one transaction.

Whatever SQLite refuses leaves here as `StoreFailed`, with the file, what is wrong and what would help. Nothing is tried
again here: whoever wanted something written decides whether it may go on without.
"""

import errno
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

from sqlalchemy import ClauseElement, Connection, Engine, create_engine, event
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from scheduler.private_files import FILE, private_folder

SQLITE = sqlite3.sqlite_version
T = TypeVar("T")
FAULTS = (sqlite3.Error, DBAPIError)  # of the database itself
PATIENCE = 10.0  # seconds that another program may hold the database locked
CACHE = 256  # KiB for each connection: what is due is few rows, and the system keeps the file in memory as well
CHECKPOINT = 500  # pages that the write-ahead log grows to; from then on it is written over, and an fsync of a file that does not grow is quicker
DAMAGED = "it is damaged; stop termbell, then bring back the newest backup: termbell restore"
UNREACHABLE = "it cannot be opened; give yourself the right to read and write it and its folder"
UNWRITABLE = "it cannot be written; make its disk and folder writable"
LOCKED = "another program has held it locked for {patience:.0f} s; end that program (a backup? a synchronised folder?)"
REMEDIES = {  # SQLite's primary result codes, https://sqlite.org/rescode.html
    sqlite3.SQLITE_FULL: "the disk is full; make room",
    sqlite3.SQLITE_READONLY: UNWRITABLE,
    sqlite3.SQLITE_PERM: UNWRITABLE,
    sqlite3.SQLITE_IOERR: "the disk answers with an error; see whether it is full, gone or broken",
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
    sqlite3.SQLITE_CANTOPEN: UNREACHABLE,
}
OF_THE_COPY = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
)  # what only writing can meet


class StoreFailed(Exception):
    """The store cannot be read or written; names the file and the remedy."""


class Damaged(StoreFailed):
    """The file is no whole database."""


class Prepared:
    """A statement as SQLite's driver takes it, made once. Handing one over by SQLAlchemy takes several times as long as carrying it out."""

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement

    @cached_property
    def made(self) -> tuple[str, dict[str, Any]]:
        """The SQL, and the values that are written in the statement itself."""
        compiled = self._statement.compile(dialect=sqlite_dialect(paramstyle="named"))
        return str(compiled), {
            name: value for name, value in compiled.params.items() if value is not None
        }

    def on(self, connection: Connection, **values: object) -> sqlite3.Cursor:
        sql, written = self.made
        return driver(connection).execute(sql, {**written, **values})

    def first(self, connection: Connection, **values: object) -> dict[str, Any] | None:
        """The first row, by its columns' names; the statement is carried out to its end."""
        cursor = self.on(connection, **values)
        rows = cursor.fetchall()
        return (
            dict(zip((column[0] for column in cursor.description), rows[0], strict=True))
            if rows
            else None
        )


def driver(connection: Connection) -> sqlite3.Connection:
    found: sqlite3.Connection = connection.connection.dbapi_connection  # type: ignore[assignment]
    return found


class Wish(Generic[T]):
    """Something that a thread wants written, and what became of it."""

    def __init__(self, work: Callable[[Connection], T]) -> None:
        self._work = work
        self._result: list[T] = []
        self.fault: Exception | None = None

    def grant(self, connection: Connection) -> None:
        """Does the work; what it raises undoes it and nothing else, unless the database itself fails."""
        driver(connection).execute("SAVEPOINT wish")
        try:
            self._result = [self._work(connection)]
        except FAULTS:
            raise
        except Exception as fault:  # it is raised by the thread that has the wish
            self.fault = fault
            driver(connection).execute("ROLLBACK TO wish")
        driver(connection).execute("RELEASE wish")

    @property
    def is_settled(self) -> bool:
        return bool(self._result or self.fault)

    def result(self) -> T:
        if self.fault:
            raise self.fault
        return self._result[0]


class Database:
    """One database file, open. `patience`: seconds that another program may hold it locked."""

    def __init__(self, file: Path, patience: float = PATIENCE) -> None:
        self.file, self.patience = file, patience
        self._made()
        self.engine = _engine(file, patience)
        self._lock = threading.Lock()
        self._wishes: deque[Wish[Any]] = deque()
        self._leading = threading.RLock()
        self._writer: Connection | None = None
        self._durable = False
        self._identity = self._found()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._in_words(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, durable: bool = False) -> Iterator[Connection]:
        """A transaction that holds the write lock from its start; `durable`: on disk when it returns.

        Raises `StoreFailed`, with nothing written.
        """
        with self._in_words(), self._lock:
            connection = self._connection(durable)
            try:
                driver(connection).execute("BEGIN IMMEDIATE")
                yield connection
                connection.commit()
                driver(
                    connection
                ).commit()  # where no statement was SQLAlchemy's, it knows of no transaction
            except FAULTS:
                self._let_go(connection)
                raise
            except BaseException:
                connection.rollback()
                driver(connection).rollback()
                raise

    def together(self, work: Callable[[Connection], T]) -> T:
        """Does `work` in a transaction that is on disk when this returns, and with it what other threads want by then.

        Raises what `work` raises, which is undone, and `StoreFailed`, with nothing written.
        """
        mine = Wish(work)
        self._wishes.append(mine)
        with self._leading:  # while whoever leads waits for the disk, the others' wishes gather
            if not mine.is_settled:
                wishes = [self._wishes.popleft() for _ in range(len(self._wishes))]
                if wishes == [mine]:  # the transaction undoes what fails in it
                    with self.writing(durable=True) as connection:
                        return work(connection)
                self._grant(wishes)
        return mine.result()

    def _grant(self, wishes: list[Wish[Any]]) -> None:
        try:
            with self.writing(durable=True) as connection:
                for wish in wishes:
                    wish.grant(connection)
        except BaseException as fault:
            for wish in wishes:
                wish.fault = StoreFailed(str(fault))
            raise

    def check(self) -> str:
        """SQLite's own verdict on the file: "ok", or what is broken."""
        with self.reading() as connection:
            return str(connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one())

    def changes(self, connection: Connection) -> int:
        """A number that changes when another connection has written; cheap enough to ask every second."""
        with self._in_words():
            return int(connection.exec_driver_sql("PRAGMA data_version").scalar_one())

    def gather(self) -> None:
        """Moves what stands in the write-ahead log into the file, so that the file is all there is."""
        with self.reading() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def copy_to(self, target: Path) -> None:
        """A whole copy, also while others write. Under its own name only when it is whole, and none of a damaged database.

        Raises `StoreFailed`, and `OSError` where `target` cannot be made.
        """
        unfinished = target.with_name(f".{target.name}.part")
        unfinished.unlink(missing_ok=True)
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE))
        try:
            with self._in_words():
                verdict = self._copied(unfinished, target)
            if verdict != "ok":
                raise Damaged(f"{self.file}: {DAMAGED} ({verdict})")
            os.replace(unfinished, target)
        finally:
            unfinished.unlink(missing_ok=True)

    def _copied(self, unfinished: Path, target: Path) -> str:
        """Makes the copy; SQLite's verdict on it."""
        with (
            closing(connected(self.file, self.patience)) as source,
            closing(connected(unfinished, self.patience)) as copy,
        ):
            try:
                source.backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE")
                return str(copy.execute("PRAGMA integrity_check(1)").fetchone()[0])
            except sqlite3.Error as fault:
                about = target if _code(fault) in OF_THE_COPY else self.file
                raise failure(about, fault, self.patience) from None

    def _connection(self, durable: bool) -> Connection:
        """The one that writes. What was moved away or replaced since it was opened would be written to for nobody."""
        if self._found() != self._identity:
            raise StoreFailed(
                f"{self.file}: it was moved, deleted or replaced while termbell was running; put it back, or start termbell anew"
            )
        if self._writer is None:
            self._writer, self._durable = self.engine.connect(), False
        if durable != self._durable:
            driver(self._writer).execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._durable = durable
        return self._writer

    def _let_go(self, connection: Connection) -> None:
        """After a fault of the database's a new connection starts from what is really there."""
        connection.invalidate()
        connection.close()
        self._writer = None

    def _made(self) -> None:
        """The file and its folder, for nobody but the person."""
        try:
            private_folder(self.file.parent)
            if not self.file.exists():
                os.close(os.open(self.file, os.O_CREAT | os.O_WRONLY, FILE))
        except OSError as fault:
            raise cannot_write(self.file, fault) from None

    def _found(self) -> tuple[int, int] | None:
        """Which file stands there; None for none. Raises `StoreFailed` where that cannot be seen."""
        try:
            facts = self.file.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as fault:
            raise StoreFailed(f"{self.file}: {fault.strerror}; {UNREACHABLE}") from None
        return facts.st_dev, facts.st_ino

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except FAULTS as fault:
            raise failure(self.file, getattr(fault, "orig", None) or fault, self.patience) from None


def cannot_write(file: Path, fault: OSError) -> StoreFailed:
    """What the system refuses for `file`, or one beside it."""
    full = fault.errno in (errno.ENOSPC, errno.EDQUOT)
    return StoreFailed(
        f"{fault.filename or file}: {REMEDIES[sqlite3.SQLITE_FULL] if full else UNWRITABLE} ({fault.strerror})"
    )


def failure(file: Path, fault: BaseException, patience: float = PATIENCE) -> StoreFailed:
    words = in_words(file, fault, patience)
    return Damaged(words) if DAMAGED in words else StoreFailed(words)


def in_words(file: Path, fault: BaseException, patience: float = PATIENCE) -> str:
    """The file, what is wrong, what would help."""
    remedy = REMEDIES.get(_code(fault))
    return (
        f"{file}: {remedy.format(patience=patience)} ({fault})"
        if remedy
        else f"{file}: the database refuses: {fault}"
    )


def _code(fault: BaseException) -> int:
    """SQLite's primary result code, which an extended one has in its lowest byte; 0 where there is none."""
    return int(getattr(fault, "sqlite_errorcode", None) or 0) & 0xFF


def connected(file: Path, patience: float = PATIENCE) -> sqlite3.Connection:
    """A connection to a file that is there: one that was deleted must not come back empty."""
    return sqlite3.connect(
        f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=patience, check_same_thread=False
    )


def _engine(file: Path, patience: float) -> Engine:
    engine = create_engine(
        "sqlite://",
        creator=lambda: connected(file, patience),
        poolclass=QueuePool,
        pool_size=20,
        max_overflow=20,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = (
            None  # transactions are begun by us: pysqlite's own would begin too late
        )
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            f"cache_size=-{CACHE}",
            f"wal_autocheckpoint={CHECKPOINT}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    return engine
