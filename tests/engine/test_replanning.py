"""The daemon's other processes: when the daemon is killed, they end without a word in the log."""

import subprocess
import sys
from pathlib import Path

import pytest

VALID = """\
timezone: UTC
accounts:
  site: {platform: site, folder: www, url: "https://example.org", title: School}
posts:
- {id: hello, when: 2099-09-07 08:30, to: site, text: Hello}
"""
INVALID = "timezone: UTC\naccounts: [nobody]\n"
ABANDONED = """
import sys
from datetime import UTC, datetime
from multiprocessing import Pipe
from pathlib import Path

from scheduler.engine import replanning

if __name__ == "__main__":
    work, config = sys.argv[1], Path(sys.argv[2])
    given = {
        "_replan": (datetime.now(UTC), False, 1.0, False),
        "_make_media": (False,),
        "_ask_limits": (),
    }
    daemons_end, ours = Pipe()
    daemons_end.close()
    getattr(replanning, work)(ours, config, *given[work])
"""


@pytest.mark.parametrize("work", ["_replan", "_make_media", "_ask_limits"])
@pytest.mark.parametrize("calendar", [VALID, INVALID])
def test_a_process_whose_daemon_was_killed_ends_quietly(
    tmp_path: Path, work: str, calendar: str
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(calendar)

    ended = subprocess.run(
        [sys.executable, "-c", ABANDONED, work, str(config)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ended.returncode, ended.stderr) == (0, "")
