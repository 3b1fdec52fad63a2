"""The command of the campaign dies at the commit that it is given, and hurries."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.proof.command import KILL
from tests.cli.support import a_calendar

HEAD = (
    "timezone: UTC\npatience: 15 s\naccounts:\n  site: {platform: site, folder: public}\nposts:\n"
)
POST = "- {id: hello, when: 2026-09-07 08:30, to: site, late: publish, text: Hello}\n"


def run(folder: Path, **settings: str) -> int:
    config = a_calendar(folder, POST, HEAD)
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.proof.command", "run", "--once", "-c", str(config)],
        env={**os.environ, **settings, "TERMBELL_STATE": str(folder / "state")},
        capture_output=True,
        check=False,
    ).returncode


def statuses(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / ".termbell" / "config.db")) as store:
        return [status for (status,) in store.execute("SELECT status FROM deliveries")]


def test_a_patience_below_the_least_is_taken(tmp_path: Path):
    assert run(tmp_path) == 0
    assert statuses(tmp_path) == ["published"]


@pytest.mark.parametrize("when", ["before:2", "after:2"])
def test_it_kills_itself_at_a_commit_and_goes_on_afterwards(tmp_path: Path, when: str):
    assert run(tmp_path, **{KILL: when}) == -signal.SIGKILL

    assert run(tmp_path) == 0
    assert statuses(tmp_path) == ["published"]
