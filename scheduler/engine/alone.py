"""One daemon on a store: a file lock, which a killed process cannot keep."""

import os
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from scheduler.private_files import FILE, write_private
from scheduler.store.database import cannot_write


class AlreadyRunning(Exception):
    """Another process publishes from this store."""

    exit_code = 75  # EX_TEMPFAIL of sysexits.h: try again later


class Alone(AbstractContextManager["Alone"]):
    """Holds the store's lock. A second holder is refused with the name of the first."""

    def __init__(self, store: Path) -> None:
        self._store, self._named = store, store.with_suffix(".pid")
        store.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = FileLock(store.with_suffix(".lock"), timeout=0, mode=FILE)

    def __enter__(self) -> "Alone":
        try:
            self._lock.acquire()
            write_private(self._named, str(os.getpid()))
        except Timeout:
            by = self._named.read_text() if self._named.exists() else "unknown"
            raise AlreadyRunning(
                f"another termbell (process {by}) already publishes from this store; stop it, or let it do the work"
            ) from None
        except OSError as fault:
            self._lock.release()
            raise cannot_write(self._store, fault) from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()
