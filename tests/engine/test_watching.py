import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scheduler.config import read_config
from scheduler.engine.watching import Watching, fingerprint, watched


@contextmanager
def watching(*folders: Path) -> Iterator[tuple[Watching, threading.Event]]:
    changed = threading.Event()
    one = Watching(changed=changed.set, folders=folders)
    one.start()
    try:
        yield one, changed
    finally:
        one.stop()


def test_the_folders_of_files_templates_and_of_calendar_files_to_come_are_watched(
    tmp_path: Path,
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        "timezone: UTC\naccounts: {class-site: {platform: site}}\ncalendar: [terms/2026/*.yaml, 'more/**/x.yaml', '*.yml']\n"
    )

    folders = watched(read_config(config), [tmp_path / "images" / "door.png"])

    assert folders == tuple(
        sorted(
            [tmp_path, *(tmp_path / name for name in ("images", "more", "templates", "terms/2026"))]
        )
    )


def test_a_file_that_takes_the_place_of_another_is_a_change(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("before")
    with watching(tmp_path) as (_, changed):
        new = tmp_path / "config.yaml.new"
        new.write_text("after!")
        new.replace(file)

        assert changed.wait(10)


def test_other_folders_can_be_followed_while_it_runs(tmp_path: Path) -> None:
    other = tmp_path / "calendar"
    other.mkdir()
    with watching(tmp_path) as (one, changed):
        one.follow((tmp_path, other))
        changed.clear()
        (other / "may.yaml").write_text("[]")

        assert changed.wait(10)


def test_a_folder_that_comes_to_be_is_a_change_and_what_happens_below_it_is_not(
    tmp_path: Path,
) -> None:
    before = fingerprint([tmp_path])
    (tmp_path / "calendar").mkdir()
    after = fingerprint([tmp_path])
    (tmp_path / "calendar" / "may.yaml").write_text("[]")

    assert before != after == fingerprint([tmp_path])


def test_another_text_of_the_same_size_and_time_is_a_change(tmp_path: Path) -> None:
    file = tmp_path / "may.yaml"
    file.write_text("when: 2026-05-01")
    written = file.stat()
    before = fingerprint([tmp_path])

    file.write_text("when: 2026-05-02")
    os.utime(file, ns=(written.st_atime_ns, written.st_mtime_ns))
    in_place = fingerprint([tmp_path])
    copy = tmp_path / "copy"
    copy.write_text("when: 2026-05-03")
    os.utime(copy, ns=(written.st_atime_ns, written.st_mtime_ns))
    copy.replace(file)
    renamed = fingerprint([tmp_path])

    assert file.stat().st_mtime_ns == written.st_mtime_ns
    assert len({str(before), str(in_place), str(renamed)}) == 3


def test_a_folder_or_a_file_that_goes_ends_no_look(tmp_path: Path) -> None:
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")

    assert fingerprint([tmp_path, tmp_path / "never"]) == {tmp_path: (), tmp_path / "never": ()}


def test_without_a_folder_to_watch_it_goes_on_looking(tmp_path: Path) -> None:
    with watching(tmp_path / "later") as (_, changed):
        (tmp_path / "later").mkdir()
        (tmp_path / "later" / "may.yaml").write_text("[]")

        assert changed.wait(15)


def test_a_log_that_grows_in_the_folder_is_no_change(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("timezone: UTC")
    before = fingerprint([tmp_path])

    (tmp_path / "termbell.log").write_text("one line")
    with (tmp_path / "today.txt").open("w") as ours:
        kept = os.dup(2)
        os.dup2(ours.fileno(), 2)
        try:
            print("a line of ours", file=ours, flush=True)
            assert fingerprint([tmp_path]) == before
        finally:
            os.dup2(kept, 2)
            os.close(kept)

    assert fingerprint([tmp_path]) != before
