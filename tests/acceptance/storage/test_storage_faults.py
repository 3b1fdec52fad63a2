"""The store's faults, each for real: a full disk, a read-only one, a lost permission, a lock, a damaged or lost file.

What holds for all: nothing leaves that was not written down first, the person is told the file and what helps, nothing is up
twice, and when the fault is gone the post goes out, by itself where that can be.
"""

import os
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.acceptance.storage.stand_in import Calendar, StandIn
from tests.servers.conftest import not_here

UP = ["Welcome back"]
ROOT_LIKE_OTHERS = (
    "setpriv",
    "--bounding-set",
    "-dac_override,-dac_read_search",
)  # to whom a file's mode says no


@dataclass
class Disk:
    """A small disk of its own."""

    folder: Path

    def fill(self) -> None:
        with (self.folder / "ballast").open("wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(b"\0" * 4096)
            except OSError:
                pass

    def make_room(self) -> None:
        (self.folder / "ballast").unlink()


def mounted(folder: Path, *words: str) -> None:
    folder.mkdir(exist_ok=True)
    if os.geteuid() != 0:
        not_here("a disk of its own is mounted by root only")
    ended = subprocess.run(
        ["mount", *words, str(folder)], capture_output=True, text=True, check=False
    )
    if ended.returncode:
        not_here(f"mount {' '.join(words)}: {ended.stderr}")


@pytest.fixture
def disk(tmp_path: Path, calendar: Calendar) -> Iterator[Disk]:
    """Four megabytes, and the calendar's state on it."""
    folder = tmp_path / "disk"
    mounted(folder, "-t", "tmpfs", "-o", "size=4m", "termbell-test")
    calendar.state = folder / "state"
    yield Disk(folder)
    calendar.end()
    subprocess.run(["umount", str(folder)], check=True)


# A full disk


def test_full_before_the_post_leaves_nothing_leaves_until_there_is_room(
    disk: Disk, calendar: Calendar, server: StandIn
) -> None:
    server.on["upload"] = disk.fill
    daemon = calendar.daemon()

    daemon.until_it_says(
        "nothing is published until this is mended",
        f"{calendar.store}: the disk is full; make room",
    )
    assert server.posts == []

    disk.make_room()
    calendar.until_published()
    assert server.texts == UP
    assert "the store works again" in daemon.said
    assert daemon.said.count("nothing is published until") == 1


def test_full_after_the_post_left_it_is_not_sent_again_and_ends_as_published(
    disk: Disk, calendar: Calendar, server: StandIn
) -> None:
    server.on["status"] = disk.fill
    daemon = calendar.daemon()

    daemon.until_it_says(
        "it is up, and that cannot be written down",
        f"{calendar.store}: the disk is full; make room",
    )
    assert calendar.statuses() == ["publishing"]

    disk.make_room()
    calendar.until_published()
    assert server.texts == UP


def test_killed_while_that_it_is_up_cannot_be_written_down_it_is_found_and_not_sent_again(
    disk: Disk,
    calendar: Calendar,
    server: StandIn,
) -> None:
    server.on["status"] = disk.fill
    daemon = calendar.daemon()
    daemon.until_it_says("it is up, and that cannot be written down")
    daemon.kill()
    disk.make_room()

    calendar.daemon()

    calendar.until_published()
    assert server.texts == UP


def test_a_calendar_that_changed_while_the_disk_was_full_is_read_when_there_is_room(
    disk: Disk, calendar: Calendar, server: StandIn
) -> None:
    first, later = calendar.posts[0], {**calendar.posts[0], "id": "later", "text": "A second one"}
    calendar.posts = [{**first, "when": "2099-01-01"}]
    daemon = calendar.daemon()
    daemon.until_it_says("backup made")
    disk.fill()
    calendar.posts.append(later)
    calendar.write()
    daemon.until_it_says("the calendar cannot be taken up until this is mended", "the disk is full")

    disk.make_room()

    calendar.until_published("scheduled")
    assert server.texts == ["A second one"]


def test_full_at_the_start_it_says_so_and_ends(
    disk: Disk, calendar: Calendar, server: StandIn
) -> None:
    calendar.state.mkdir()
    disk.fill()

    daemon = calendar.daemon()

    assert daemon.until_it_ends() == 1
    assert str(calendar.state) in daemon.said
    assert "the disk is full; make room" in daemon.said
    assert server.asked == []


# A disk that takes no more writes


def test_a_disk_that_is_read_only_at_the_start_is_said_and_after_a_remount_it_publishes(
    disk: Disk, calendar: Calendar, server: StandIn
) -> None:
    calendar.posts = [{**calendar.posts[0], "when": "2099-01-01"}]
    calendar.daemon().until_it_says("backup made")
    calendar.end()
    calendar.posts = [{**calendar.posts[0], "when": "2026-09-07 08:30"}]
    subprocess.run(["mount", "-o", "remount,ro", str(disk.folder)], check=True)

    daemon = calendar.daemon()

    assert daemon.until_it_ends() == 1
    assert str(calendar.state) in daemon.said
    assert "make its disk and folder writable" in daemon.said
    assert server.posts == []

    subprocess.run(["mount", "-o", "remount,rw", str(disk.folder)], check=True)
    calendar.daemon()
    calendar.until_published()
    assert server.texts == UP


@pytest.fixture
def breaking(tmp_path: Path, calendar: Calendar) -> Iterator[Path]:
    """A disk with a file system that becomes read-only at a fault, as after an error of the hardware."""
    image, folder = tmp_path / "image", tmp_path / "disk"
    image.write_bytes(b"\0" * 8_000_000)
    if subprocess.run(["mkfs.ext4", "-q", str(image)], check=False).returncode:
        not_here("mkfs.ext4 makes no file system here")
    mounted(folder, "-o", "loop", str(image))
    calendar.state = folder / "state"
    yield folder
    calendar.end()
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_becomes_read_only_lets_nothing_leave_and_once_mended_it_goes_out(
    breaking: Path,
    calendar: Calendar,
    server: StandIn,
) -> None:
    server.on["upload"] = lambda: subprocess.run(
        ["mount", "-o", "remount,abort", str(breaking)], check=True
    )
    daemon = calendar.daemon()

    daemon.until_it_says("nothing is published until this is mended", f"{calendar.store}: ")
    assert server.posts == []
    daemon.stop()

    subprocess.run(["umount", str(breaking)], check=True)
    mounted(breaking, "-o", "loop", str(breaking.with_name("image")))
    calendar.daemon()
    calendar.until_published()
    assert server.texts == UP


# Permissions


@pytest.fixture
def like_others(calendar: Calendar) -> Calendar:
    """The calendar, used by somebody whom modes hold back; root is told to be so."""
    calendar.before = ROOT_LIKE_OTHERS if os.geteuid() == 0 else ()
    return calendar


def test_a_folder_that_may_not_be_entered_any_more_lets_nothing_leave_until_it_may(
    like_others: Calendar, server: StandIn
) -> None:
    calendar = like_others
    server.on["upload"] = lambda: calendar.state.chmod(0)
    daemon = calendar.daemon()
    try:
        daemon.until_it_says(
            "nothing is published until this is mended",
            f"{calendar.store}: Permission denied; ",
            "give yourself the right",
        )
        assert server.posts == []
    finally:
        calendar.state.chmod(0o700)

    calendar.until_published()
    assert server.texts == UP


@pytest.mark.parametrize(
    ("mode", "remedy"),
    [
        (0o000, "give yourself the right to read and write it"),
        (0o400, "make its disk and folder writable"),
    ],
)
def test_a_file_that_may_not_be_used_is_said_at_the_start(
    like_others: Calendar, server: StandIn, mode: int, remedy: str
) -> None:
    calendar = like_others
    calendar.posts = [{**calendar.posts[0], "when": "2099-01-01"}]
    calendar.daemon().until_it_says("backup made")
    calendar.end()
    calendar.posts = [{**calendar.posts[0], "when": "2026-09-07 08:30"}]
    calendar.store.chmod(mode)

    daemon = calendar.daemon()

    assert daemon.until_it_ends() == 1
    assert f"{calendar.store}: it cannot be" in daemon.said
    assert remedy in daemon.said
    assert server.posts == []

    calendar.store.chmod(0o600)
    calendar.daemon()
    calendar.until_published()
    assert server.texts == UP


# Another program


def test_locked_for_longer_than_our_patience_nothing_leaves_until_it_is_let_go(
    calendar: Calendar, server: StandIn
) -> None:
    others: list[sqlite3.Connection] = []

    def lock() -> None:
        others.append(
            sqlite3.connect(calendar.store, isolation_level=None, check_same_thread=False)
        )
        others[0].execute("BEGIN EXCLUSIVE")

    server.on["upload"] = lock
    daemon = calendar.daemon()

    daemon.until_it_says(
        "nothing is published until this is mended",
        f"{calendar.store}: another program has held it locked for 10 s",
    )
    assert server.posts == []

    others[0].close()
    calendar.until_published()
    assert server.texts == UP


# A damaged file


def moved_into(store: Path) -> None:
    """What SQLite has in its log so far moves into the file."""
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def random_pages(store: Path) -> None:
    """Every page but the first."""
    with store.open("r+b") as file:
        file.seek(4096)
        file.write(random.Random(1).randbytes(store.stat().st_size - 4096))


def half(store: Path) -> None:
    os.truncate(store, store.stat().st_size // 8192 * 4096)


def nothing(store: Path) -> None:
    os.truncate(store, 0)


def header(store: Path) -> None:
    with store.open("r+b") as file:
        file.write(b"Not a database any more, in its first hundred bytes or so: ".ljust(100, b"!"))


DAMAGES = (random_pages, half, nothing, header)


def restored_and_started(calendar: Calendar) -> str:
    ended = calendar.termbell("restore", "--yes")
    assert ended.returncode == 0, ended.stderr
    calendar.daemon()
    return ended.stdout


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_before_the_start_nothing_leaves_and_a_restore_brings_it_back(
    calendar: Calendar,
    server: StandIn,
    damage: Callable[[Path], None],
) -> None:
    calendar.posts = [{**calendar.posts[0], "when": "2099-01-01"}]
    calendar.daemon().until_it_says("backup made")
    calendar.started[0].stop()
    calendar.posts = [{**calendar.posts[0], "when": "2026-09-07 08:30"}]
    damage(calendar.store)

    daemon = calendar.daemon()

    assert daemon.until_it_ends() == 1
    assert str(calendar.store) in daemon.said
    assert "termbell restore" in daemon.said
    doctor = calendar.termbell("doctor")
    assert doctor.returncode == 1
    assert "termbell restore" in doctor.stdout
    assert "the newest backup is" in doctor.stdout
    assert server.posts == []

    said = restored_and_started(calendar)
    calendar.until_published()
    assert server.texts == UP
    assert "1 deliveries brought back" in said
    assert len(list(calendar.state.glob("config-damaged-*.db"))) == 1


@pytest.mark.parametrize(
    ("when", "damage"),
    [*(("upload", damage) for damage in DAMAGES), ("status", random_pages), ("status", nothing)],
)
def test_damaged_while_it_runs_the_post_is_up_once_in_the_end(
    calendar: Calendar,
    server: StandIn,
    when: str,
    damage: Callable[[Path], None],
) -> None:
    def harm() -> None:
        moved_into(calendar.store)
        damage(calendar.store)

    server.on[when] = harm
    daemon = calendar.daemon()
    daemon.until_it_says(
        f"{calendar.store}: it is damaged; stop termbell, then bring back the newest backup: termbell restore"
    )
    assert server.texts == (UP if when == "status" else [])
    refused = calendar.termbell("restore", "--yes")
    assert (refused.returncode, "stop that one, then restore" in refused.stderr) == (1, True)
    daemon.kill()

    restored_and_started(calendar)

    calendar.until_published()
    assert server.texts == UP


# A file that is not there any more


def test_moved_away_while_it_runs_nothing_leaves_until_it_is_put_back(
    calendar: Calendar, server: StandIn
) -> None:
    elsewhere = calendar.folder / "elsewhere.db"
    server.on["upload"] = lambda: calendar.store.rename(elsewhere)
    daemon = calendar.daemon()

    daemon.until_it_says(
        "nothing is published until this is mended",
        f"{calendar.store}: it was moved, deleted or replaced",
    )
    assert server.posts == []
    assert not calendar.store.exists()

    elsewhere.rename(calendar.store)
    calendar.until_published()
    assert server.texts == UP


def test_deleted_while_it_runs_it_is_not_begun_anew_and_a_restore_brings_it_back(
    calendar: Calendar, server: StandIn
) -> None:
    server.on["upload"] = lambda: calendar.store.unlink()
    daemon = calendar.daemon()
    daemon.until_it_says(
        "nothing is published until this is mended",
        f"{calendar.store}: it was moved, deleted or replaced",
    )
    daemon.stop()
    again = calendar.daemon()
    assert again.until_it_ends() == 1
    assert f"{calendar.store}: it is gone" in again.said

    restored_and_started(calendar)

    calendar.until_published()
    assert server.texts == UP


def test_replaced_while_it_runs_nothing_leaves_until_it_is_started_anew(
    calendar: Calendar, server: StandIn
) -> None:
    def replace() -> None:
        copy = calendar.folder / "copy.db"
        shutil.copy(calendar.store, copy)
        copy.replace(calendar.store)

    server.on["upload"] = replace
    daemon = calendar.daemon()
    daemon.until_it_says("nothing is published until this is mended", "start termbell anew")
    assert server.posts == []
    daemon.stop()

    calendar.daemon()

    calendar.until_published()
    assert server.texts == UP
