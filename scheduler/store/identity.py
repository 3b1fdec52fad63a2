"""Which store this is, whose machine it belongs to, and whether it is the newest copy of itself.

A store has an id and names the machine that owns it. A witness, outside the store's folder, in the
user's state directory, knows how often something has left: where it knows of more than the store
does, the store is an older copy.
"""

import os
import socket
import threading
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from io import FileIO
from pathlib import Path
from types import TracebackType
from uuid import getnode, uuid4

from filelock import FileLock, Timeout
from sqlalchemy import Connection, cast, insert, select, update
from sqlalchemy.types import Integer, Text

from scheduler.private_files import FILE, private_folder, write_private
from scheduler.store.tables import facts

ID = "id"  # facts of a store
MACHINE = "machine"
HOST = "host"  # the machine's name, for people
COUNTER = "counter"  # how often something left


class ElsewhereError(Exception):
    """The store belongs to another machine, or is in use at another path."""


class InUseError(ElsewhereError):
    """Another process publishes from a copy of the store."""

    exit_code = 75  # EX_TEMPFAIL of sysexits.h: try again later


def state_folder() -> Path:
    """The user's folder for what is no configuration and outlives a cache."""
    if given := os.environ.get("TERMBELL_STATE"):
        return Path(given)
    from platformdirs import user_state_path

    return user_state_path("termbell", appauthor=False)


def this_machine() -> str:
    """Names this machine; the same after a restart, another one in a copy of the home folder."""
    named = ""
    for file in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        with suppress(OSError):
            named = named or Path(file).read_text(encoding="ascii").strip()
    return sha256(f"termbell {named or getnode()}".encode()).hexdigest()[:16]


def give_id(connection: Connection) -> None:
    """Gives the store an id, unless it has one."""
    if fact(connection, ID) is None:
        connection.execute(insert(facts).values(name=ID, value=uuid4().hex))
        connection.execute(insert(facts).values(name=COUNTER, value="0"))


def own(connection: Connection) -> None:
    """Makes this machine the owner."""
    for name, value in ((MACHINE, this_machine()), (HOST, socket.gethostname())):
        if fact(connection, name) is None:
            connection.execute(insert(facts).values(name=name, value=value))
        else:
            connection.execute(update(facts).where(facts.c.name == name).values(value=value))


def count(connection: Connection) -> int:
    """Counts what leaves, within the transaction that says that it does."""
    one_more = cast(cast(facts.c.value, Integer) + 1, Text)
    counted = update(facts).where(facts.c.name == COUNTER).values(value=one_more)
    found = connection.execute(counted.returning(facts.c.value)).scalar()
    return int(found or 0)


def fact(connection: Connection, name: str) -> str | None:
    found: str | None = connection.scalar(select(facts.c.value).where(facts.c.name == name))
    return found


@dataclass(kw_only=True)
class Witness(AbstractContextManager["Witness"]):
    """Knows one store from outside, and lets only one process use it, wherever its copies are.

    A state folder that cannot be written makes it silent: it then knows nothing.
    """

    id: str
    store: Path
    _highest: int = 0
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _lock: FileLock | None = None
    _file: FileIO | None = None

    @property
    def _folder(self) -> Path:
        return state_folder() / "stores"

    def __enter__(self) -> "Witness":
        """Raises `InUseError` where another process uses a copy."""
        place = self._folder / f"{self.id}.path"
        with suppress(OSError):
            private_folder(self._folder)
            lock = FileLock(self._folder / f"{self.id}.lock", timeout=0, mode=FILE)
            try:
                lock.acquire()
            except Timeout:
                other = place.read_text(encoding="utf-8") if place.exists() else "another path"
                raise InUseError(
                    f"{self.store}: a copy of this store is in use: {other}; stop that termbell, "
                    "and delete the copy that is not needed"
                ) from None
            self._lock = lock
            write_private(place, str(self.store))
            self._highest = self.counter()
            counters = os.open(self._folder / self.id, os.O_RDWR | os.O_CREAT, FILE)
            self._file = FileIO(counters, "r+")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file:
            self._file.close()
        if self._lock:
            self._lock.release()

    def counter(self) -> int:
        """How often something left, as far as it knows."""
        try:
            return int((self._folder / self.id).read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0

    def note(self, counter: int) -> None:
        """Something left: this is the highest number of all copies."""
        with self._guard:
            if counter <= self._highest or self._file is None:
                return
            self._highest = counter
            with suppress(OSError):
                self._file.seek(0)
                self._file.write(f"{counter:020}".encode("ascii"))


def must_not_leave(connection: Connection, store: Path) -> None:
    """Raises `ElsewhereError` where the store belongs to another machine."""
    owner = fact(connection, MACHINE)
    if owner is None or owner == this_machine():
        return
    name = fact(connection, HOST) or "another machine"
    raise ElsewhereError(
        f"{store}: this store belongs to {name}, and what it published since is not known here. "
        "If that machine publishes no more: termbell run --take-over. If the store moves with "
        "each run, as in CI: `store_travels: true` in the configuration"
    )
