"""What Termbell writes for itself is closed to others, even where the umask would let everybody in; what is for readers is not."""

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

CONFIG = """\
timezone: UTC
timeout: 1
accounts:
  class-site: {{platform: site, folder: public}}
  fediverse: {{platform: mastodon, server: "http://127.0.0.1:1", token: tok-5ecret}}
posts:
  - {{id: now, when: "{due}", to: [class-site, fediverse], text: Good morning}}
"""
KEEP = (
    "import sys; from pathlib import Path; from scheduler.engine.credentials import Credentials; "
    "Credentials({}, Path(sys.argv[1])).keep('fediverse', {'token': 'tok-5ecret'})"
)


def open_to_others(folder: Path) -> list[str]:
    return [
        f"{one.relative_to(folder.parent)} {one.stat().st_mode & 0o777:o}"
        for one in (folder, *folder.rglob("*"))
        if one.stat().st_mode & 0o077
    ]


@pytest.fixture
def calendar(tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text(
        CONFIG.format(due=f"{datetime.now(UTC) - timedelta(minutes=5):%Y-%m-%d %H:%M}")
    )
    return tmp_path


def test_everything_in_the_state_folder_is_the_persons_only(calendar: Path):
    state = calendar / ".termbell"

    for words in (
        ["-c", KEEP, str(state)],
        ["-m", "scheduler", "schema", "--write"],
        ["-m", "scheduler", "run", "--once"],
        ["-m", "scheduler", "backup"],
    ):
        subprocess.run(
            [sys.executable, *words], cwd=calendar, umask=0, capture_output=True, timeout=60
        )

    there = {one.name for one in state.rglob("*")}
    assert {
        "config.db",
        "limits.json",
        "secrets.json",
        "secrets.lock",
        "config.lock",
        "config.pid",
        ".gitignore",
        "backups",
        "config.schema.json",
    } <= there
    assert (
        len(list((state / "backups").glob("config-*.db"))) == 2
    )  # that of the day, and the one that was asked for
    assert open_to_others(state) == []
    assert (calendar / "public" / "index.html").stat().st_mode & 0o044 == 0o044


def test_a_running_daemons_files_are_the_persons_only(calendar: Path):
    state = calendar / ".termbell"
    with subprocess.Popen(
        [sys.executable, "-m", "scheduler", "run"], cwd=calendar, umask=0, stderr=subprocess.DEVNULL
    ) as daemon:
        until = time.monotonic() + 30
        while not (calendar / "public" / "posts.json").exists() and time.monotonic() < until:
            time.sleep(0.05)
        there, found = {one.name for one in state.rglob("*")}, open_to_others(state)
        daemon.terminate()

    assert {"config.db-wal", "config.db-shm", "config.pid", "config.lock"} <= there
    assert found == []
