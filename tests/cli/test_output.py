import json
from collections.abc import Callable
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from scheduler.cli.output import emit, fail, joined, paint, problems, say
from scheduler.problems import Place, Problem

HOSTILE = "fine\x1b]0;taken over\x07\x1b[2J \u202egnihton\x9b31m"


def printed(
    function: Callable[..., Any], *arguments: object, color: bool = False, no_color: str = ""
) -> Result:
    """What a command prints that calls `function`; `color`: on a terminal."""
    return CliRunner().invoke(
        click.Command("x", callback=lambda: function(*arguments)),
        color=color,
        env={"NO_COLOR": no_color},
    )


def test_text_from_elsewhere_cannot_steer_the_terminal():
    said = printed(say, HOSTILE, color=True).stdout

    assert said == "fine]0;taken over[2J gnihton31m\n"


def test_text_from_elsewhere_stays_harmless_when_it_is_painted_or_joined():
    said = printed(say, joined(paint(HOSTILE, "red"), HOSTILE), color=True).stdout

    assert click.unstyle(said) == "fine]0;taken over[2J gnihton31m" * 2 + "\n"
    assert said.startswith("\x1b[31mfine")


def test_what_readers_see_is_left_as_it_is():
    text = "Żółć 👩‍👩‍👧 l’été\u00a0!\n\tindented"

    assert printed(say, text).stdout == text + "\n"


def test_colours_are_for_terminals_that_want_them():
    assert printed(say, paint("x", "red"), color=True).stdout == "\x1b[31mx\x1b[0m\n"
    assert printed(say, paint("x", "red"), color=False).stdout == "x\n"
    assert printed(say, paint("x", "red"), color=True, no_color="1").stdout == "x\n"


def test_json_begins_with_its_version_and_escapes_what_steers():
    said = printed(emit, {"text": HOSTILE + "ä"}).stdout

    assert list(json.loads(said)) == ["version", "text"]
    assert json.loads(said) == {"version": 1, "text": HOSTILE + "ä"}
    assert not {"\x1b", "\x9b", "\u202e"} & set(said)
    assert "ä" in said


def test_a_failure_is_said_on_standard_error_and_ends_with_its_code():
    ended = printed(fail, "no such thing", 3)

    assert (ended.exit_code, ended.stdout, ended.stderr) == (3, "", "error: no such thing\n")


@pytest.mark.parametrize(
    ("severity", "line"),
    [
        ("error", "march.yaml:14: launch: too long\n"),
        ("warning", "march.yaml:14: warning: launch: too long\n"),
    ],
)
def test_a_problem_is_one_line_with_its_place(severity, line):
    ended = printed(
        problems, [Problem("too-long", "launch: too long", Place("march.yaml", 14), severity)]
    )

    assert ended.stderr == line
