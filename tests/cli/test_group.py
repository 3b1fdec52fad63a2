import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from platforms.base import LoginNeeded
from scheduler.cli import COMMANDS, Commands, main
from tests.cli.support import HELLO, a_calendar, termbell

HEAVY = {
    "sqlalchemy",
    "alembic",
    "requests",
    "PIL",
    "pydantic",
    "jinja2",
    "yaml",
    "babel",
    "apscheduler",
    "apprise",
    "prometheus_client",
}


def loaded_by(*lines: str) -> set[str]:
    """The packages that a Python of its own has loaded after these lines."""
    code = "\n".join(
        (
            *lines,
            "import sys, json",
            "print(json.dumps([name.partition('.')[0] for name in sys.modules]))",
        )
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    return set(json.loads(ended.stdout.splitlines()[-1]))


def test_help_loads_no_library_that_it_does_not_need():
    loaded = loaded_by(
        "from click.testing import CliRunner",
        "from scheduler.cli import main",
        "CliRunner().invoke(main, ['--help'])",
    )

    assert loaded & HEAVY == set()


def test_a_preview_opens_neither_the_database_nor_the_network(tmp_path: Path):
    config = a_calendar(tmp_path)

    loaded = loaded_by(
        "from click.testing import CliRunner",
        "from scheduler.cli import main",
        f"CliRunner().invoke(main, ['preview', '-c', {str(config)!r}])",
    )

    assert "yaml" in loaded
    assert (
        loaded
        & {"sqlalchemy", "requests", "apscheduler", "keyring", "apprise", "prometheus_client"}
        == set()
    )
    assert not (tmp_path / ".termbell").exists()


def test_publishing_to_a_folder_loads_no_library_for_the_network(tmp_path: Path):
    config = a_calendar(
        tmp_path,
        '- {id: hello, when: 2026-09-07 08:30, to: class-site, text: "Good morning."}\n',
        head="timezone: UTC\nlate: publish\naccounts: {class-site: {platform: site, folder: public}}\nposts:\n",
    )

    loaded = loaded_by(
        "from click.testing import CliRunner",
        "from scheduler.cli import main",
        f"CliRunner().invoke(main, ['run', '--once', '-c', {str(config)!r}])",
    )

    assert (tmp_path / "public" / "index.html").exists()
    assert loaded & {"requests", "urllib3", "smtplib", "apprise", "prometheus_client"} == set()


def test_help_lists_every_command_in_one_line():
    shown = termbell("--help").stdout

    assert [
        name for name, what in COMMANDS.items() if f"  {name.ljust(9)}  {what}\n" not in shown
    ] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_shows_examples_and_says_what_the_list_says(name: str):
    command = main.get_command(click.Context(main), name)

    assert command
    assert "Examples:\n" in termbell(name, "--help").stdout
    assert command.short_help == COMMANDS[name]


def test_every_command_has_its_file():
    commands = {
        file.stem
        for file in (Path(__file__).parents[2] / "scheduler" / "cli").glob("*.py")
        if "\ndef command(" in file.read_text()
    }

    assert commands == set(COMMANDS)


def test_a_command_that_does_not_exist_is_wrong_usage():
    ended = termbell("chek")

    assert ended.exit_code == 2
    assert "No such command 'chek'" in ended.stderr


def test_a_missing_config_is_wrong_usage_and_says_what_to_do(tmp_path: Path):
    ended = termbell("check", "-c", tmp_path / "none.yaml")

    assert ended.exit_code == 2
    assert "`termbell init` makes one" in ended.stderr


def test_the_environment_names_the_config(tmp_path: Path):
    config = a_calendar(tmp_path, HELLO.replace("2026", "2996"))

    ended = termbell("check", env={"TERMBELL_CONFIG": str(config)})

    assert (ended.exit_code, ended.stdout) == (0, "1 entry, 1 delivery, no problems\n")


def test_a_terminal_that_lacks_our_signs_gets_question_marks(tmp_path: Path):
    config = a_calendar(tmp_path)

    ended = subprocess.run(
        [sys.executable, "-m", "scheduler", "preview", "-c", str(config)],
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
    )

    assert b"  ? Good morning, colleagues." in ended.stdout


def test_completion_knows_the_commands():
    found = main.shell_complete(click.Context(main), "p")

    assert [one.value for one in found] == ["preview", "publish", "platforms"]


class Broken(Commands):
    """A group whose one command ends as it is told."""

    def __init__(self, fault: Exception) -> None:
        super().__init__("broken")
        self.fault = fault

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        def end() -> Iterator[None]:
            raise self.fault

        return click.Command(cmd_name, callback=end)


def ended_with(fault: Exception) -> tuple[int, str]:
    ended = CliRunner().invoke(Broken(fault), ["run"])
    return ended.exit_code, ended.stderr


def test_what_nobody_expected_is_logged_whole_as_a_fault_of_ours(caplog: pytest.LogCaptureFixture):
    fault = ZeroDivisionError("of all things")

    code, _ = ended_with(fault)

    assert code == 1
    assert [(one.levelname, one.exc_info and one.exc_info[1]) for one in caplog.records] == [
        ("CRITICAL", fault)
    ]
    assert "this is a fault of termbell" in caplog.text


def test_a_file_that_cannot_be_used_is_named_without_a_traceback():
    assert ended_with(PermissionError(13, "Permission denied", "calendar.yaml")) == (
        1,
        "error: calendar.yaml: Permission denied\n",
    )


def test_an_error_of_ours_says_what_it_says():
    assert ended_with(LoginNeeded("fediverse has no token yet")) == (
        1,
        "error: fediverse has no token yet\n",
    )
