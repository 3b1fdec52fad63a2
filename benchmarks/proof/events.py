"""What people and machines do to a calendar and its store while it is published, one event before a life or in it.

    entry renamed, account renamed, config renamed     the same posts under another name
    edited, removed      what has left without an answer, or waits for its next attempt
    folder gone          the folder with the posts, for one life
    copied               the folder is copied, and a second daemon started on the copy
    older store          the store of some lives ago comes back
    token renewed        the server takes another token from now on
    disk full            the store's disk, for a while; needs root, who may mount one

A second store that would begin (config renamed) is refused, and what the refusal says is done.
"""

import re
import shlex
import shutil
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.acceptance.proxy import Proxy

if TYPE_CHECKING:
    from benchmarks.proof.supervising import Supervisor

REMEDY = re.compile(r"new name: (mv .+?); if not")
COPY_REFUSED = "a copy of this store is in use"
FULL_FOR = 1.5  # seconds


class EventFailed(Exception):
    """The program did not do what it says of such an event."""


@dataclass
class Events:
    """Those of one daemon."""

    supervisor: "Supervisor"
    counts: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)
    _kept: Path | None = None  # an older copy of the store
    _after: list[Callable[[], None]] = field(default_factory=list)  # ends what one life shall have

    def before_life(self, share: float) -> str:
        """Draws whether something happens, and what. Returns the name of what happens in the life."""
        drawn = self.supervisor.drawn
        if drawn.random() >= share or not self.supervisor.calendar.posts:
            return ""
        name = drawn.choice(EVENTS)
        if name in IN_LIFE:
            return name
        self._happen(name)
        return ""

    def _happen(self, name: str) -> None:
        try:
            happened = EVENTS_BEFORE[name](self)
        except EventFailed as failed:
            self.complaints.append(f"{name}: {failed}")
            happened = True
        self.counts[name] += happened

    def in_life(self, name: str) -> None:
        if name:
            self._happen(name)

    def after_life(self) -> None:
        while self._after:
            self._after.pop()()

    # Names

    def entry_renamed(self) -> bool:
        calendar, drawn = self.supervisor.calendar, self.supervisor.drawn
        post = drawn.choice([post for post in calendar.posts if not post["removed"]])
        number = self.counts["entry renamed"]
        calendar.rename_entry(post, f"{post['id'].partition('-again-')[0]}-again-{number}")
        return True

    def account_renamed(self) -> bool:
        calendar, drawn = self.supervisor.calendar, self.supervisor.drawn
        known = [place for place in calendar.places.values() if place.knows]
        if not known:
            return False
        first = drawn.choice(drawn.choice(known).names)
        calendar.rename_account(first, f"{first}-called-{self.counts['account renamed']}")
        return True

    def config_renamed(self) -> bool:
        """A second store is refused; the refusal says what to do, and it is done."""
        calendar = self.supervisor.calendar
        if not calendar.store.exists():
            return False
        earlier = calendar.config
        calendar.config_name = f"config-{self.counts['config renamed']}"
        earlier.rename(calendar.config)
        ended = self.supervisor.command("run", "--once")
        remedy = REMEDY.search(ended.stderr)
        if not ended.returncode or not remedy:
            raise EventFailed(f"a second store was not refused: {ended.stderr[-400:]}")
        for words in remedy[1].split(" && "):
            subprocess.run(shlex.split(words), check=True)
        return True

    # Entries

    def edited(self) -> bool:
        post = self._unsettled()
        if post:
            post["text"] = f"{post['text']} Do read it."
        return bool(post)

    def removed(self) -> bool:
        post = self._unsettled()
        if post:
            self.supervisor.calendar.remove(post)
        return bool(post)

    def _unsettled(self) -> dict[str, Any] | None:
        """An entry that has left without an answer, or else one that waits."""
        rows = [row for row in self.supervisor.status() if row["status"] in WAITING]
        begun = {row["entry"] for row in rows if row["attempts"]} or {row["entry"] for row in rows}
        posts = self.supervisor.calendar.posts
        found = [post for post in posts if post["id"] in begun and not post["removed"]]
        return self.supervisor.drawn.choice(found) if found else None

    def folder_gone(self) -> bool:
        calendar = self.supervisor.calendar
        folder = calendar.posts_file.parent
        away = folder.with_name("elsewhere")
        if not folder.exists():
            return False
        calendar.write()
        folder.rename(away)
        calendar.is_away = True

        def back() -> None:
            calendar.is_away = False
            away.rename(folder)
            calendar.write()

        self._after.append(back)
        return True

    # Stores

    def older_store(self) -> bool:
        """Puts the copy from before back; without one, makes it, for a later life."""
        store, kept = self.supervisor.calendar.store, self.supervisor.calendar.folder / "kept"
        if not store.exists():
            return False
        if self._kept != store or not kept.exists():
            shutil.rmtree(kept, ignore_errors=True)
            kept.mkdir()
            for file in files_of(store):
                shutil.copy(file, kept)
            self._kept = store
            return False
        for file in files_of(store):
            file.unlink()
        for file in kept.iterdir():
            shutil.move(file, store.parent)
        self._kept = None
        return True

    def copied(self) -> bool:
        """A daemon on a copy is refused for as long as the first one is alive."""
        supervisor = self.supervisor
        copy = supervisor.calendar.folder / f"copy-{self.counts['copied']}"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for file in (
            *supervisor.calendar.folder.glob("*.yaml"),
            *supervisor.calendar.folder.glob("*.png"),
        ):
            shutil.copy(file, copy)
        for folder in (".termbell", "calendar"):
            with suppress(shutil.Error, OSError):  # the first one writes meanwhile
                shutil.copytree(supervisor.calendar.folder / folder, copy / folder)
        ended = supervisor.command("run", "--once", config=copy / supervisor.calendar.config.name)
        is_alive = supervisor.daemon is not None and supervisor.daemon.poll() is None
        if is_alive and COPY_REFUSED not in ended.stderr:
            raise EventFailed(f"a copy ended with {ended.returncode}: {ended.stderr[-400:]}")
        shutil.rmtree(copy, ignore_errors=True)
        return is_alive

    def disk_full(self) -> bool:
        folder = self.supervisor.calendar.store.parent
        if not folder.is_mount():
            return False
        filler = folder / "filler"

        def make_room() -> None:
            filler.unlink(missing_ok=True)

        self._after.append(make_room)
        with suppress(OSError), filler.open("wb") as file:
            while True:
                file.write(bytes(1 << 16))
        threading.Timer(FULL_FOR, make_room).start()
        return True

    # Servers

    def token_renewed(self) -> bool:
        """In the life the old token is refused; after it a person logs in with the new one."""
        supervisor = self.supervisor
        found = [place for place in supervisor.calendar.places.values() if place.renews]
        if not found:
            return False
        place = supervisor.drawn.choice(found)
        (variable,) = place.secrets
        known = place.secrets[variable]
        token = f"{known}-renewed-{self.counts['token renewed']}"
        assert isinstance(place.renews, Proxy)
        place.renews.tokens = {token: known}

        def log_in() -> None:
            supervisor.environment[variable] = token
            for name in place.names:
                supervisor.log_in(supervisor.calendar.account(name))

        self._after.append(log_in)
        return True


WAITING = ("scheduled", "publishing", "in doubt")
EVENTS_BEFORE: Mapping[str, Callable[[Events], bool]] = {
    "entry renamed": Events.entry_renamed,
    "account renamed": Events.account_renamed,
    "config renamed": Events.config_renamed,
    "edited": Events.edited,
    "removed": Events.removed,
    "folder gone": Events.folder_gone,
    "copied": Events.copied,
    "older store": Events.older_store,
    "token renewed": Events.token_renewed,
    "disk full": Events.disk_full,
}
EVENTS = (*EVENTS_BEFORE, "older store")  # which is two events: kept, and put back
IN_LIFE = ("copied", "disk full", "token renewed")


def files_of(store: Path) -> list[Path]:
    """The store's, with its log and SQLite's index of that."""
    return [
        file for end in ("", "-wal", "-shm") if (file := store.with_name(store.name + end)).exists()
    ]
