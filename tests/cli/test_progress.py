"""The line on a terminal while a large file is on its way."""

import os
import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from PIL import Image

from platforms.base import Media
from scheduler.cli.progress import progress
from scheduler.engine.network import unseen
from tests.acceptance.stand_in import StandIn
from tests.cli.support import a_calendar
from tests.support import a_video


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def a_large_video(folder: Path) -> Media:
    return replace(a_video(folder), size=200_000_000)


def test_a_line_says_how_much_of_a_large_file_has_left(tmp_path: Path):
    terminal, video = Terminal(), a_large_video(tmp_path)
    gone = progress(terminal)

    for position in (20_000_000, 20_065_536, 150_000_000, 200_000_000):
        gone("school", video, position)

    assert [line.rstrip() for line in terminal.getvalue().replace("\n", "\r").split("\r")] == [
        "school: 20 of 200 MB (10 %)",
        "school: 150 of 200 MB (75 %)",
        "school: 200 of 200 MB (100 %)",
        "",
    ]
    assert terminal.getvalue().endswith("\n")


def test_a_file_that_is_sent_once_more_is_told_from_its_beginning(tmp_path: Path):
    terminal, video = Terminal(), a_large_video(tmp_path)
    gone = progress(terminal)

    for position in (200_000_000, 2_000_000):
        gone("school", video, position)

    assert "school: 2 of 200 MB (1 %)" in terminal.getvalue()


def test_of_a_small_file_nothing_is_said(tmp_path: Path):
    terminal = Terminal()

    progress(terminal)("school", a_video(tmp_path, size=1000), 1000)

    assert terminal.getvalue() == ""


def test_in_a_pipe_nothing_is_said():
    assert progress(StringIO()) is unseen


@pytest.mark.skipif(
    not hasattr(os, "openpty"), reason="this system has no terminals that a test could open"
)
@pytest.mark.parametrize("looks", [True, False])
def test_a_command_that_publishes_says_it_to_who_looks(looks: bool, tmp_path: Path):
    server = StandIn()
    Image.effect_noise((2600, 2600), 90).save(tmp_path / "noise.png")
    config = a_calendar(
        tmp_path,
        "- {id: hello, when: 2026-09-07, to: fediverse, text: Hi, media: [{file: noise.png, alt: Noise}]}\n",
        (
            f"timezone: UTC\naccounts: {{fediverse: {{platform: mastodon, server: '{server.url}', token: good}}}}\nposts:\n"
        ),
    )
    ours, theirs = os.openpty()
    words = [sys.executable, "-m", "scheduler", "publish", "hello", "-c", str(config)]

    done = subprocess.run(
        words, stdout=subprocess.PIPE, stderr=theirs if looks else subprocess.PIPE, check=False
    )
    os.close(theirs)
    said = from_terminal(ours) if looks else done.stderr.decode()
    server.close()

    assert server.texts == ["Hi"]
    assert (re.search(r"fediverse: \d of \d MB \(\d+ %\)", said) is not None) == looks
    assert ("(100 %)" in said) == looks
    assert "%)" not in done.stdout.decode()


def from_terminal(handle: int) -> str:
    """All that was written to the other end, which is closed."""
    found = b""
    with suppress(OSError):  # how Linux says that nobody writes any more
        while piece := os.read(handle, 65_536):
            found += piece
    os.close(handle)
    return found.decode()
