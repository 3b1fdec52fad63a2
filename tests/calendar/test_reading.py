"""What a picture without alt is, as the config and the entry say; which files are the calendar."""

from pathlib import Path

import pytest

from scheduler.calendar.reading import read_calendar
from scheduler.config import read_config
from tests.support import an_image

HEAD = "timezone: UTC\naccounts: {site: {platform: site}}\n"
ENTRY = "posts:\n- {id: a, when: 2026-09-07, to: site, text: Hi, media: [door.png], link: {url: 'https://example.org', image: door.png}%s}\n"


@pytest.mark.parametrize(
    ("config", "entry", "severities"),
    [
        ("", "", ["error", "error"]),
        ("checks: {no-alt: warning}\n", "", ["warning", "warning"]),
        ("checks: {no-alt: off}\n", "", []),
        ("require_alt: false\n", "", []),
        ("", ", ignore: no-alt", []),
        ("", ", ignore: [capitals]", ["error", "error"]),
    ],
)
def test_a_picture_without_alt_is_as_bad_as_the_config_says_unless_the_entry_ignores_it(
    tmp_path: Path,
    config: str,
    entry: str,
    severities: list[str],
):
    an_image(tmp_path)
    (tmp_path / "config.yaml").write_text(config + HEAD + ENTRY % entry)

    found = read_calendar(read_config(tmp_path / "config.yaml")).problems

    assert [(problem.code, problem.severity) for problem in found] == [
        ("no-alt", severity) for severity in severities
    ]


# Which files are the calendar


def read_from(folder: Path, calendar: str, *names: str) -> tuple[set[str], list[tuple[str, str]]]:
    """The files whose entries are read, and those that are named as left out, with the message."""
    (folder / "config.yaml").write_text(HEAD + f"calendar: {calendar}\n")
    for number, name in enumerate(names):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"- {{id: entry-{number}, when: 2026-09-07, to: site, text: Hi}}\n")
    calendar_read = read_calendar(read_config(folder / "config.yaml"))
    left_out = [
        (problem.place.file, problem.message)
        for problem in calendar_read.problems
        if problem.code == "file-ignored"
    ]
    return {entry.place.file for entry in calendar_read.entries}, left_out


@pytest.mark.parametrize(
    "hidden", ["calendar/._a.yaml", "calendar/.x.yaml", "calendar/.trash/a.yaml"]
)
def test_a_hidden_file_is_no_calendar_file_and_stops_nothing(tmp_path: Path, hidden: str) -> None:
    (tmp_path / "calendar").mkdir()
    (tmp_path / "calendar/._b.yaml").write_bytes(b"\x00\x05\x16\x07\xff")

    read, left_out = read_from(tmp_path, "calendar/**/*.yaml", "calendar/may.yaml", hidden)

    assert (read, left_out) == ({"calendar/may.yaml"}, [])


def test_a_hidden_file_that_the_pattern_names_is_read(tmp_path: Path) -> None:
    read, _ = read_from(tmp_path, ".private/*.yaml", ".private/may.yaml")

    assert read == {".private/may.yaml"}


@pytest.mark.parametrize(
    "missed", ["dec.yml", "dec.YAML", "dec.yaml.txt", "dec.yaml~", "dec.yaml.bak"]
)
def test_a_file_that_the_pattern_narrowly_misses_is_named(tmp_path: Path, missed: str) -> None:
    read, left_out = read_from(
        tmp_path, "calendar/*.yaml", "calendar/may.yaml", f"calendar/{missed}"
    )

    assert read == {"calendar/may.yaml"}
    assert left_out == [
        (
            f"calendar/{missed}",
            "is not read: `calendar: calendar/*.yaml` does not fit it; "
            "rename it to dec.yaml, or name it in `calendar`",
        )
    ]


def test_a_file_of_one_name_is_missed_by_a_file_of_the_same_name_only(tmp_path: Path) -> None:
    _, left_out = read_from(tmp_path, "may.yaml", "may.yml", "compose.yml")

    assert [file for file, _ in left_out] == ["may.yml"]


@pytest.mark.parametrize(
    "beside", ["may.yaml~", "may.yaml.bak", "notes.txt", "door.png", "may.md", "config.yaml~"]
)
def test_what_is_no_calendar_and_what_an_editor_keeps_is_not_named(
    tmp_path: Path, beside: str
) -> None:
    _, left_out = read_from(tmp_path, "'*.yaml'", "may.yaml", "june.yaml")
    (tmp_path / beside).write_text("")

    assert (left_out, read_from(tmp_path, "'*.yaml'")[1]) == ([], [])


def test_a_file_that_another_pattern_takes_is_not_named(tmp_path: Path) -> None:
    read, left_out = read_from(tmp_path, "['*.yaml', '*.yml']", "may.yaml", "dec.yml")

    assert (read, left_out) == ({"may.yaml", "dec.yml"}, [])
