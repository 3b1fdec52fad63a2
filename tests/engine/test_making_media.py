"""Media are made ready before the time they are due, and never keep the daemon from anything else."""

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from scheduler.cli.run import rounds
from scheduler.config import read_config
from scheduler.engine.daemon import Daemon
from scheduler.engine.delivering import Desk
from scheduler.engine.replanning import make_media_apart, replan_apart
from scheduler.engine.reporting import Reporting
from scheduler.rendering.cards import cards_folder
from scheduler.rendering.media.cache import cache_folder
from scheduler.store import Store
from tests.cli.support import a_calendar
from tests.support import scripted

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
DOOR = "- {id: door, when: 2099-09-07 08:30, to: class-site, text: Look, media: [{file: door.png, alt: The school door}]}\n"
PLAIN = "- {id: plain, when: 2099-09-07 08:30, to: class-site, text: No picture}\n"
SITE = "timezone: UTC\naccounts: {class-site: {platform: site, folder: public}}\nposts:\n"
PUBLISH = """
import sys
from scheduler.cli import main

try:
    main(["run", "--once", "-c", sys.argv[1]])
except SystemExit as ended:
    print("ended with", ended.code)
print("picture libraries:", sorted({name.partition(".")[0] for name in sys.modules} & {"PIL", "pi_heif"}))
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    Image.new("RGB", (400, 300), "navy").save(tmp_path / "door.png")
    return a_calendar(tmp_path, DOOR + PLAIN)


@contextmanager
def a_store(folder: Path) -> Iterator[Store]:
    store = Store(folder / "store.db", NOW)
    try:
        yield store
    finally:
        store.close()


def statuses(store: Store) -> dict[str, str]:
    return {row.entry: f"{row.status} {row.error or ''}".strip() for row in store.rows()}


def test_a_reading_without_time_for_a_picture_holds_its_post_alone_until_the_picture_is_made(
    tmp_path: Path, config: Path
) -> None:
    with a_store(tmp_path) as store:
        hurried = replan_apart(config, lambda _: store.file, NOW, making=0.0)

        assert statuses(store) == {
            "door": "held door: door.png is not ready to leave yet; it is being made so, and the calendar is read again then",
            "plain": "scheduled",
        }
        assert len(hurried.unready) == 1

        assert make_media_apart(config) == ()
        again = replan_apart(config, lambda _: store.file, NOW, making=0.0)

        assert statuses(store) == {"door": "scheduled", "plain": "scheduled"}
        assert again.unready == ()


def test_the_daemon_makes_beside_its_other_work_what_it_had_no_time_for_and_reads_again(
    tmp_path: Path, config: Path
) -> None:
    with a_store(tmp_path) as store:
        first = replan_apart(config, lambda _: store.file, NOW, making=0.0)
        daemon = a_daemon(config, store, unready=first.unready)

        threading.Thread(target=stop_when_scheduled, args=(daemon, store), daemon=True).start()
        daemon.run(for_at_most=30.0)

        assert statuses(store)["door"] == "scheduled"


def test_a_reading_deletes_what_nobody_has_needed_for_two_months_and_keeps_what_it_needs(
    tmp_path: Path, config: Path
) -> None:
    with a_store(tmp_path) as store:
        replan_apart(config, lambda _: store.file, NOW)
        unneeded = [folder / "unneeded.json" for folder in (cache_folder(), cards_folder())]
        for file in unneeded:
            file.parent.mkdir(exist_ok=True)
            file.write_text("{}")
        needed = {file for file in cache_folder().iterdir() if file not in unneeded}
        for file in (*unneeded, *needed):
            os.utime(file, (0, 0))

        replan_apart(config, lambda _: store.file, NOW)

    assert len(needed) == 2  # the picture and its note
    assert needed == set(cache_folder().iterdir())
    assert [file for file in unneeded if file.exists()] == []


def test_what_cannot_be_made_ready_is_not_tried_for_ever(
    tmp_path: Path, config: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with a_store(tmp_path) as store:
        daemon = a_daemon(config, store)

        for _ in range(3):
            daemon._make_ready(("door: door.png is not ready",))
            assert daemon._making.wait(60)

    assert [record.message for record in caplog.records if "made ready" in record.message] == [
        "media are made ready: door: door.png is not ready"
    ]


def test_run_once_publishes_what_is_ready_before_it_makes_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (400, 300), "navy").save(tmp_path / "door.png")
    config = a_calendar(
        tmp_path,
        (DOOR + PLAIN).replace(
            "2099-09-07 08:30", f"{datetime.now():%Y-%m-%d} 00:00, late: publish"
        ),
        head=SITE,
    )

    assert rounds(config, making=0.0) == 0

    said = capsys.readouterr().out
    assert said.index("plain -> class-site") < said.index("door -> class-site")
    assert said.count("1 published") == 2


def test_publishing_opens_no_picture(tmp_path: Path) -> None:
    Image.new("RGB", (400, 300), "navy").save(tmp_path / "door.png")
    posts = DOOR.replace("2099-09-07 08:30", f"{datetime.now():%Y-%m-%d} 00:00, late: publish")
    config = a_calendar(tmp_path, posts, head=SITE)

    done = subprocess.run(
        [sys.executable, "-c", PUBLISH, str(config)], capture_output=True, text=True, timeout=60
    )

    assert "1 published" in done.stdout
    assert "ended with 0" in done.stdout
    assert "picture libraries: []" in done.stdout
    assert len(list((tmp_path / "public").rglob("*.png"))) == 1


def test_a_picture_whose_copy_was_deleted_is_made_again_with_the_next_reading(
    tmp_path: Path, config: Path
) -> None:
    with a_store(tmp_path) as store:
        replan_apart(config, lambda _: store.file, NOW)
        kept = {file: file.read_bytes() for file in cache_folder().iterdir()}
        for file in kept:
            file.unlink()

        replan_apart(config, lambda _: store.file, NOW)

        assert {file: file.read_bytes() for file in cache_folder().iterdir()} == kept
        assert statuses(store)["door"] == "scheduled"


def a_daemon(config: Path, store: Store, **more: object) -> Daemon:
    accounts = read_config(config).accounts
    desk = Desk(
        store=store,
        accounts=accounts,
        answerer=lambda _: scripted(),
        by="here:1:a",
        now=lambda: NOW,
        timeout=5.0,
    )
    return Daemon(
        config=config,
        store=store,
        desk=desk,
        now=lambda: NOW,
        ask_limits=lambda accounts, now: False,
        reporting=Reporting(store=store, now=lambda: NOW),
        making=0.0,
        **more,
    )  # type: ignore[arg-type]


def stop_when_scheduled(daemon: Daemon, store: Store) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and statuses(store)["door"] != "scheduled":
        time.sleep(0.05)
    daemon.stop()
