"""The daemon's other processes: when the daemon is killed, they end without a word in the log."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduler.engine.replanning import TOO_LONG, end_after, replan_apart

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
from datetime import UTC, datetime, timedelta
from multiprocessing import Pipe
from pathlib import Path

from scheduler.engine import replanning

if __name__ == "__main__":
    work, config = sys.argv[1], Path(sys.argv[2])
    given = {
        "_replan": (datetime.now(UTC), False, 1.0, False, 60.0),
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


LOOPING = """\
timezone: UTC
accounts: {site: {platform: site, folder: www}}
posts: [{id: a, when: 2026-09-07, to: site, template: endless}]
"""
ENDLESS = (
    "{% for a in range(100000) %}{% for b in range(100000) %}{% for c in range(100000) %}"
    "{% endfor %}{% endfor %}{% endfor %}"
)


@pytest.mark.parametrize(
    ("processors", "waits"),
    [(0.5, [3.0, 1.5, 0.75, 0.375, 0.1875]), (1.0, [3.0]), (8.0, [3.0])],
)
def test_a_process_is_ended_by_its_processor_time_and_never_sooner_than_by_the_clock(
    processors: float, waits: list[float]
):
    """A busy machine lets it have half a processor, an idle one may let it have eight."""
    at, slept, ended = 100.0, [], []

    def sleep(seconds: float) -> None:
        nonlocal at
        slept.append(seconds)
        at += seconds

    def used() -> float:
        return (at - 100.0) * processors

    def end(code: int) -> None:
        ended.append((code, at))

    end_after(3.0, used, lambda: at, sleep, end)

    assert slept[: len(waits)] == waits
    assert ended == [(TOO_LONG, pytest.approx(100.0 + 3.0 / min(processors, 1.0)))]


def test_a_reading_that_uses_up_its_processor_time_is_ended(tmp_path: Path):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "endless.j2").write_text(ENDLESS)
    (tmp_path / "config.yaml").write_text(LOOPING)

    read = replan_apart(
        tmp_path / "config.yaml",
        lambda config: tmp_path / "store.db",
        datetime.now(UTC),
        longest=3.0,
        patience=3600.0,
    )

    (problem,) = read.problems
    assert (read.config, problem.code) == (None, "too-slow")
    assert "longer than 3 s" in problem.message


def test_a_reading_that_does_not_answer_is_not_waited_for_for_ever(tmp_path: Path):
    (tmp_path / "config.yaml").write_text(VALID)

    read = replan_apart(
        tmp_path / "config.yaml",
        lambda config: tmp_path / "store.db",
        datetime.now(UTC),
        patience=0.0,
    )

    assert [problem.code for problem in read.problems] == ["too-slow"]
