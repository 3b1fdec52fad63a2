"""At a terminal, `run` asks once about all that an earlier store may have published."""

import os
import pty
import subprocess

import pytest

from tests.acceptance.stand_in import StandIn
from tests.acceptance.support import PATIENCE, Place, entry, soon

QUESTION = "2 posts may be published already. Publish them now?"


def at_a_terminal(place: Place, answer: str, *words: str) -> "subprocess.CompletedProcess[str]":
    """The command, with a person who types `answer`."""
    keyboard, terminal = pty.openpty()
    try:
        os.write(keyboard, f"{answer}\n".encode())
        return subprocess.run(
            place.words(*words),
            stdin=terminal,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
            env={**os.environ, **place.environment},
        )
    finally:
        os.close(keyboard)
        os.close(terminal)


@pytest.fixture
def waiting(blind: Place) -> Place:
    """Two posts that were due before the store is made."""
    due = soon(-600)
    blind.write(*(entry(name, due, to="blind") for name in ("a", "b")), entry("c", soon(86400)))
    return blind


@pytest.mark.parametrize(
    ("answer", "published", "status"), [("y", ["a", "b"], "published"), ("n", [], "held")]
)
def test_it_publishes_on_yes_and_leaves_everything_on_no(
    waiting: Place, server: StandIn, answer: str, published: list[str], status: str
) -> None:
    ended = at_a_terminal(waiting, answer, "run", "--once")

    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.count(QUESTION) == 1
    assert server.texts == published
    assert waiting.rows() == {"a": status, "b": status, "c": "scheduled"}


def test_a_dry_run_does_not_ask(waiting: Place, server: StandIn) -> None:
    ended = at_a_terminal(waiting, "y", "run", "--once", "--dry-run")

    assert ended.returncode == 0, ended.stderr
    assert QUESTION not in ended.stderr
    assert server.arrived == []


def test_without_a_terminal_nobody_is_asked(waiting: Place, server: StandIn) -> None:
    ended = waiting.asked("run", "--once", given="y\n")

    assert QUESTION not in ended.stderr
    assert (server.texts, waiting.notices()) == ([], ["new store"])
