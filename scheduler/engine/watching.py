"""Telling when the person's files have changed.

The folders are watched, not the files: editors save by renaming. Where the system tells nothing (network and
synchronised folders), a look at times and sizes every few seconds finds it out as well.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from watchfiles import watch

POLL = 5.0  # seconds between two looks


def fingerprint(folders: Iterable[Path]) -> tuple[tuple[str, int, int], ...]:
    """Names, times and sizes of the files in `folders`, not below them."""
    found = []
    for folder in sorted(set(folders)):
        if folder.is_dir():
            for file in folder.iterdir():
                if file.is_file():
                    facts = file.stat()
                    found.append((str(file), facts.st_mtime_ns, facts.st_size))
    return tuple(sorted(found))


@dataclass(kw_only=True)
class Watching:
    """Calls `changed` in a thread of its own when a file in one of the folders is another than it was."""

    changed: Callable[[], None]
    folders: tuple[Path, ...]
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._watch, name="watching", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def _watch(self) -> None:
        seen = fingerprint(self.folders)
        there = [folder for folder in self.folders if folder.is_dir()]
        looks = watch(*there, stop_event=self._stop, recursive=False, rust_timeout=int(POLL * 1000), yield_on_timeout=True,
                      raise_interrupt=False)
        for _ in looks:
            now = fingerprint(self.folders)
            if now != seen and not self._stop.is_set():
                seen = now
                self.changed()
