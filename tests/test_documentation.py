"""What the pages show is true: calendars are read, commands are parsed, the adapter publishes, links lead somewhere."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from platforms.base import Account, Platform
from platforms.registry import names
from scheduler.checks import CHECKS
from scheduler.cli import main
from scheduler.engine.planning import Plan, plan
from scheduler.store.status import MAY_BECOME
from tests import support

HERE = Path(__file__).parent.parent
PAGES = sorted([HERE / "README.md", HERE / "CONTRIBUTING.md", *(HERE / "docs").rglob("*.md")])
EXAMPLE = HERE / "config.example.yaml"
SHIPPED = {
    "announcement",
    "resource",
    "question",
    "event_reminder",
    "event_follow_up",
    "reflection",
    "recommended_reading",
    "thank_you",
}
BLOCK = re.compile(
    r"(?:<!-- (?P<mark>[^>]*) -->\n)?```(?P<language>\w*)\n(?P<body>.*?)```", re.DOTALL
)
HEAD = """
timezone: Europe/London
accounts:
  class-site: {platform: site, folder: public}
  fediverse: {platform: mastodon, server: "https://mastodon.social"}
  bluesky: {platform: bluesky, handle: example.bsky.social}
"""

RIGHT = "posts: [{id: first, when: 2026-01-05 09:00, to: class-site, text: Hello, late: publish}]"
HELD = """
posts:
  - {id: first, when: 2026-01-05 09:00, to: class-site, text: Hello, late: publish}
  - {id: third, when: 2026-01-05 09:00, to: fediverse, text: Without a token, late: publish}
"""
WRONG = f"""
posts:
  - {{id: right, when: 2026-12-01 09:00, to: bluesky, text: Hello}}
  - id: long
    when: 2026-12-01 09:00
    to: bluesky
    text: {"x" * 400}
    media: [{{file: examples/images/door.png, alt: A door}}]
"""


def blocks(page: Path, *languages: str) -> list[re.Match[str]]:
    return [block for block in BLOCK.finditer(page.read_text()) if block["language"] in languages]


def calendars() -> list[Any]:
    return [
        pytest.param(block["mark"], block["body"], id=f"{page.name}-{number}")
        for page in PAGES
        for number, block in enumerate(blocks(page, "yaml"), 1)
    ]


def planned(folder: Path, mark: str | None, body: str) -> Plan:
    """A block as the person who copies it would use it: whole, as entries, or as a calendar file of its own."""
    shutil.copytree(HERE / "examples", folder / "examples")
    config = folder / "config.yaml"
    match mark:
        case "checked":
            config.write_text(body)
        case "checked: posts":
            config.write_text(HEAD + "posts:\n" + body)
        case "checked: calendar":
            config.write_text(HEAD + "calendar: march.yaml\n")
            (folder / "march.yaml").write_text(body)
        case _:
            pytest.fail(
                "every yaml block is preceded by <!-- checked -->, <!-- checked: posts --> or <!-- checked: calendar -->"
            )
    return plan(config)


@pytest.mark.parametrize(("mark", "body"), calendars())
def test_a_calendar_in_a_page_has_nothing_wrong_with_it(
    mark: str | None, body: str, tmp_path: Path
):
    found = planned(tmp_path, mark, body)

    assert [str(problem) for problem in found.problems] == []
    assert bool(found.deliveries) == ("- id" in body or "- {id" in body)


def test_a_calendar_in_a_page_that_is_wrong_would_be_noticed(tmp_path: Path):
    found = planned(
        tmp_path,
        "checked: posts",
        "- {id: long, when: 2026-12-01, to: bluesky, text: " + "x" * 400 + "}",
    )

    assert [problem.severity for problem in found.problems] == ["error"]


def test_the_example_calendar_has_nothing_wrong_with_it_and_uses_what_is_shipped():
    found = plan(EXAMPLE)

    assert [str(problem) for problem in found.problems] == []
    assert set(re.findall(r"^ +template: (\w+)", EXAMPLE.read_text(), re.MULTILINE)) == SHIPPED
    assert {delivery.platform for delivery in found.deliveries} == {
        "site",
        "mastodon",
        "bluesky",
        "linkedin",
        "email",
    }


def test_every_key_there_is_stands_in_the_example_and_on_the_page_about_keys():
    schema = json.loads(CliRunner().invoke(main, ["schema", "config", "-c", str(EXAMPLE)]).stdout)
    keys = set(schema["properties"]) - {"secrets"}
    example, page = EXAMPLE.read_text(), (HERE / "docs" / "calendar.md").read_text()

    assert keys >= {"timezone", "accounts", "posts", "grace"}
    assert [key for key in keys if not re.search(rf"^(# )?{key}:", example, re.MULTILINE)] == []
    assert [key for key in keys if f"`{key}`" not in page] == []


def test_the_checks_on_their_page_are_those_there_are():
    page = (HERE / "docs" / "checks.md").read_text()
    rows = [
        (
            f"`{one.code}`",
            one.severity + ", fixed" * one.fixed,
            one.meaning + (f" (`{one.setting}`: {one.default})" if one.setting else ""),
            one.remedy,
        )
        for one in CHECKS.values()
    ]

    listed = [
        tuple(cell.strip() for cell in line.strip("|").split(" | "))
        for line in page.splitlines()
        if line.startswith("| `")
    ]

    assert listed == rows


def test_the_shipped_templates_are_on_their_page_with_what_they_require():
    page = (HERE / "docs" / "templates.md").read_text()

    shown = {
        name: set(re.findall(r"`(\w+)`", required))
        for name, required in re.findall(r"^\| `(\w+)` \|[^|]*\|([^|]*)\|", page, re.MULTILINE)
        if name in SHIPPED
    }

    assert shown == {
        name: set(
            re.findall(
                r"^  (\w+) +required", (HERE / "templates" / f"{name}.j2").read_text(), re.MULTILINE
            )
        )
        for name in SHIPPED
    }


def commands() -> Iterator[Any]:
    """Every line in a block that starts the program, as words."""
    for page in PAGES:
        for block in blocks(page, "sh", ""):
            for line in block["body"].splitlines():
                for part in line.split("&&"):
                    called = re.search(r"(?:^|/)termbell (?P<words>.*?)( >> .*)?$", part.strip())
                    if called:
                        yield pytest.param(
                            shlex.split(called["words"], comments=True),
                            id=f"{page.name}: {called['words'].strip()}",
                        )


@pytest.mark.parametrize("words", list(commands()))
def test_a_command_in_a_page_is_one_that_exists(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    for name in ("config.yaml", EXAMPLE.name):
        (tmp_path / name).touch()

    command = main.get_command(click.Context(main), words[0])

    assert command, f"no command called {words[0]}"
    command.make_context(words[0], words[1:])


def test_the_readme_shows_two_commands_that_work_in_a_fresh_clone():
    shown = [
        line
        for line in (HERE / "README.md").read_text().splitlines()
        if line.startswith("python3 -m venv")
    ]

    job, tests = shown
    assert all(
        line.startswith("python3 -m venv .venv && .venv/bin/pip install -q ") for line in shown
    )
    assert "termbell preview -c config.example.yaml" in job
    assert "termbell run --once -c config.example.yaml" in job
    assert tests.endswith(".venv/bin/pytest")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_within_the_documentation_leads_somewhere(page: Path):
    links = re.findall(r"\]\((?!https?:)([^)#\s]*)(#[^)\s]*)?\)", page.read_text())
    for path, anchor in links:
        target = page.parent / path if path else page

        assert target.exists(), path
        assert not anchor or anchor[1:] in headings(target), path + anchor


def headings(page: Path) -> set[str]:
    """The anchors that a web page of `page` has."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_statuses_on_the_page_are_those_there_are():
    page = (HERE / "docs" / "running.md").read_text()

    listed = re.findall(
        r"^\| ([a-z ]+) \|",
        page.partition("## What became of a post")[2].partition("\n## ")[0],
        re.MULTILINE,
    )

    assert set(listed) - {"status"} == set(MAY_BECOME)


def test_the_platforms_in_the_readme_are_those_there_are():
    readme = (HERE / "README.md").read_text()

    listed = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", readme, re.MULTILINE)
    assert {name for row in listed for name in re.findall(r"\w+", row)} == set(names())
    assert {page.stem for page in (HERE / "docs" / "platforms").glob("*.md")} == set(names())


@pytest.mark.parametrize(
    ("command", "options", "written"),
    [
        ("preview", ["--requests"], WRONG),
        ("check", [], WRONG),
        ("status", [], HELD),
        ("platforms", [], RIGHT),
        ("doctor", [], RIGHT),
        ("accounts", [], RIGHT),
    ],
    ids=lambda one: one if isinstance(one, str) and one.isalpha() else "",
)
def test_the_json_on_the_page_has_the_keys_of_the_real_one(
    command: str, options: list[str], written: str, tmp_path: Path
):
    (tmp_path / "config.yaml").write_text(HEAD + written)
    shutil.copytree(HERE / "examples", tmp_path / "examples")
    if command == "status":
        program(tmp_path, "run", "--once")
    page = (HERE / "docs" / "commands-json.md").read_text()

    shown = json.loads(
        re.findall(rf"^## {command}\n+```json\n(.*?)```", page, re.MULTILINE | re.DOTALL)[0]
    )
    answered = json.loads(program(tmp_path, command, "--json", *options))

    assert shown["version"] == answered["version"]
    assert keys_in(shown) - keys_in(answered) == set()


def program(folder: Path, *words: str) -> str:
    """What the program prints to standard output, run in `folder`."""
    return subprocess.run(
        [sys.executable, "-m", "scheduler", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(HERE)},
        capture_output=True,
        text=True,
        check=False,
    ).stdout


def keys_in(value: Any, before: str = "") -> set[str]:
    """The paths of all keys; the entries of a list count as one."""
    if isinstance(value, dict):
        return set(
            chain.from_iterable(
                {before + key} | keys_in(inner, f"{before}{key}.") for key, inner in value.items()
            )
        )
    return (
        set(chain.from_iterable(keys_in(one, before) for one in value))
        if isinstance(value, list)
        else set()
    )


def test_the_adapter_in_the_contributing_page_publishes_and_passes_the_test_beside_it():
    adapter, its_test = (block["body"] for block in blocks(HERE / "CONTRIBUTING.md", "python"))
    room: dict[str, Any] = {**vars(support), "ACCOUNT": Account(name="class", platform="discord")}
    exec(compile(adapter, "discord.py", "exec"), room)
    exec(compile(its_test, "test_discord.py", "exec"), room)

    published = room["publish"](room["ACCOUNT"], support.a_post(), support.documented)
    room["test_a_message_carries_the_text_and_waits_for_its_id"]()

    assert isinstance(room["PLATFORM"], Platform)
    assert published.id == "1152394561238794240"
