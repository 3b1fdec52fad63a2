"""What commands print, all of it: results on standard output, everything else on standard error.

Text that comes from elsewhere (a server's answer, a calendar) is never trusted with the terminal: `say` takes out what
would steer it. Only what went through `paint` keeps its colours, and only where a terminal shows them.
"""

import json
import os
import re
from collections.abc import Iterable
from typing import NoReturn

import click

from scheduler.problems import Problem

STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)  # all but line breaks and tabs
VERSION = 1  # of the JSON: keys are added to it, none is renamed or removed


class Painted(str):
    """Text that is fit for the terminal as it is: clean, with colours of ours."""


def harmless(text: str) -> str:
    """`text` without what steers a terminal or turns the order of its letters."""
    return text if isinstance(text, Painted) else STEERING.sub("", text.replace("\r\n", "\n"))


def paint(
    text: str, colour: str | None = None, *, bold: bool | None = None, dim: bool | None = None
) -> Painted:
    return Painted(click.style(harmless(text), fg=colour, bold=bold, dim=dim))


def joined(*pieces: str, by: str = "") -> Painted:
    """The pieces in one; those that are not painted are cleaned."""
    return Painted(by.join(harmless(piece) for piece in pieces))


def plain(text: Painted) -> str:
    """The text without its colours."""
    return click.unstyle(text)


def say(text: str = "", *, err: bool = False) -> None:
    colourless = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    click.echo(harmless(text), err=err, color=False if colourless else None)


def emit(plain: dict[str, object]) -> None:
    """Prints one JSON object. What steers a terminal stands escaped in it."""
    text = json.dumps({"version": VERSION, **plain}, ensure_ascii=False, indent=2)
    click.echo(STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def problems(problems: Iterable[Problem], err: bool = True) -> None:
    """One line for each problem: file, line, what is wrong, what would be right."""
    for problem in problems:
        say(as_line(problem), err=err)


def as_line(problem: Problem) -> Painted:
    kind = [] if problem.severity == "error" else [paint(f"{problem.severity}: ", "yellow")]
    return joined(paint(f"{problem.place}: ", bold=True), *kind, problem.message)


def fail(message: str, code: int = 1) -> NoReturn:
    say(joined(paint("error: ", "red", bold=True), message), err=True)
    raise SystemExit(code)
