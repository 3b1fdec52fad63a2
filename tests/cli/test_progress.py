"""The line on a terminal while a large file is on its way."""

from dataclasses import replace
from io import StringIO
from pathlib import Path

from platforms.base import Media
from scheduler.cli.progress import progress
from scheduler.engine.network import unseen
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
        "school: 20 of 200 MB (10 %)", "school: 150 of 200 MB (75 %)", "school: 200 of 200 MB (100 %)", ""]
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
