import json
from pathlib import Path

import pytest

from tests.cli.support import lines, termbell


def test_what_init_writes_passes_check_and_publishes(tmp_path: Path):
    folder = tmp_path / "mine"
    config = folder / "config.yaml"

    made = termbell("init", folder, "--timezone", "Europe/London")

    assert made.exit_code == 0
    assert termbell("check", "-c", config).stdout == "2 entries, 2 deliveries, no problems\n"
    preview = termbell("preview", "-c", config)
    assert preview.exit_code == 0
    assert "images/network.png" in lines(preview)
    assert "1. Stand where you can see the room" in lines(preview)


def test_its_files_tell_editors_where_their_schema_is(tmp_path: Path):
    termbell("init", tmp_path)

    for file in (tmp_path / "config.yaml", tmp_path / "calendar" / "first.yaml"):
        mode, _, schema = file.read_text().splitlines()[0].partition("$schema=")
        assert mode == "# yaml-language-server: "
        assert json.loads((file.parent / schema).read_text())["$schema"]


def test_the_folder_of_secrets_is_kept_out_of_repositories_and_from_others(tmp_path: Path):
    termbell("init", tmp_path)

    assert (tmp_path / ".termbell" / ".gitignore").read_text() == "*\n"
    assert (tmp_path / ".termbell").stat().st_mode & 0o077 == 0


def test_nothing_is_overwritten(tmp_path: Path):
    (tmp_path / "config.yaml").write_text("mine")

    ended = termbell("init", tmp_path)

    assert ended.exit_code == 1
    assert "nothing was written" in ended.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["config.yaml"]
    assert (tmp_path / "config.yaml").read_text() == "mine"


def test_it_says_what_to_do_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    assert "\nnext:\n  cd mine\n  termbell preview " in termbell("init", "mine").stdout


def test_the_zone_is_that_of_the_machine_unless_one_is_named(tmp_path: Path):
    termbell("init", tmp_path / "here", env={"TZ": "America/Bogota"})
    termbell("init", tmp_path / "there", "--timezone", "Asia/Tokyo")

    assert "timezone: America/Bogota" in (tmp_path / "here" / "config.yaml").read_text()
    assert "timezone: Asia/Tokyo" in (tmp_path / "there" / "config.yaml").read_text()


def test_a_zone_that_does_not_exist_is_wrong_usage(tmp_path: Path):
    ended = termbell("init", tmp_path, "--timezone", "Mars/Olympus")

    assert ended.exit_code == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("which", ["config", "calendar"])
def test_a_schema_is_printed_without_a_config(
    which: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)

    assert json.loads(termbell("schema", which).stdout)["$schema"].startswith(
        "https://json-schema.org/"
    )


def test_schemas_are_written_where_the_files_look_for_them(tmp_path: Path):
    termbell("init", tmp_path)
    written = tmp_path / ".termbell" / "config.schema.json"
    written.unlink()

    ended = termbell("schema", "--write", "-c", tmp_path / "config.yaml")

    assert str(written) in ended.stdout.splitlines()
    assert written.exists()
