"""Telling when the person's files have changed.

The folders are watched, not the files: editors save by renaming. Which they are follows from the calendar, and changes with
it. Where the system tells nothing (network and synchronised folders, too many watches), a look at times and sizes every few
seconds finds it out as well.
"""

import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path, PurePath
from stat import S_ISDIR

from watchfiles import watch

from scheduler.config import Config

POLL = 5.0  # seconds between two looks
NO_CALENDAR = (".log", ".out", ".swp", "~")  # logs, and what editors keep beside a file
log = logging.getLogger("termbell")


def watched(config: Config, files: Iterable[Path]) -> tuple[Path, ...]:
    """The folders of `files`, and those in which templates and further calendar files may come to stand."""
    within = {config.folder.joinpath(*_before_wildcards(pattern)) for pattern in config.calendar}
    return tuple(
        sorted(
            {
                config.folder,
                config.path.resolve().parent,
                config.templates,
                *within,
                *(file.parent for file in files),
            }
        )
    )


def _before_wildcards(pattern: str) -> Iterable[str]:
    return takewhile(lambda part: not set(part) & set("*?["), PurePath(pattern).parts[:-1])


# Of a file: name, time, size, inode and the time that nobody can set; of a folder the name
Facts = tuple[str, int, int, int, int]


def fingerprint(folders: Iterable[Path]) -> dict[Path, tuple[Facts, ...]]:
    """What is in `folders`, not below them."""
    return {folder: tuple(sorted(_facts(folder))) for folder in folders}


def _facts(folder: Path) -> Iterator[Facts]:
    ours = set(_our_output())
    with suppress(OSError):  # there is no such folder, or none any more
        for file in folder.iterdir():
            with suppress(OSError):  # it was there a moment ago
                facts = file.stat()
                if file.name.endswith(NO_CALENDAR) or (facts.st_dev, facts.st_ino) in ours:
                    continue
                if S_ISDIR(facts.st_mode):
                    yield str(file), 0, 0, 0, 0
                else:
                    yield (
                        str(file),
                        facts.st_mtime_ns,
                        facts.st_size,
                        facts.st_ino,
                        facts.st_ctime_ns,
                    )


def _our_output() -> Iterator[tuple[int, int]]:
    """The files that our log goes to: `termbell run 2> today.txt` must not read the calendar again because it said something."""
    for stream in (1, 2):
        with suppress(OSError):
            facts = os.fstat(stream)
            yield facts.st_dev, facts.st_ino


@dataclass(kw_only=True)
class Watching:
    """Calls `changed` in a thread of its own when a file in one of the folders is another than it was."""

    changed: Callable[[], None]
    folders: tuple[Path, ...]
    _stop: threading.Event = field(default_factory=threading.Event)
    _others: threading.Event = field(
        default_factory=threading.Event
    )  # other folders than are being watched
    _seen: dict[Path, tuple[Facts, ...]] = field(default_factory=dict)
    _thread: threading.Thread | None = None

    def __post_init__(self) -> None:
        self._seen = fingerprint(self.folders)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._watch, name="watching", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._others.set()

    def follow(self, folders: tuple[Path, ...]) -> None:
        """Watches these from now on."""
        if folders != self.folders:
            self._seen |= fingerprint(set(folders) - set(self.folders))
            self.folders = folders
            self._others.set()

    def _watch(self) -> None:
        while not self._stop.is_set():
            self._others.clear()
            self._until_others()

    def _until_others(self) -> None:
        folders = self.folders
        for _ in self._looks(folders):
            now = fingerprint(folders)
            if (
                any(now[folder] != self._seen.get(folder) for folder in folders)
                and not self._stop.is_set()
            ):
                self._seen |= now
                self.changed()

    def _looks(self, folders: Iterable[Path]) -> Iterator[object]:
        """Something happened, or `POLL` seconds have passed."""
        there = [folder for folder in folders if folder.is_dir()]
        try:
            yield from watch(
                *there,
                stop_event=self._others,
                recursive=False,
                rust_timeout=int(POLL * 1000),
                yield_on_timeout=True,
                raise_interrupt=False,
            )
        except (OSError, RuntimeError) as fault:
            log.warning("changes of the calendar are found only every %.0f s: %s", POLL, fault)
        while not self._others.wait(POLL):
            yield None
