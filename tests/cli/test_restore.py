import os
import stat
from pathlib import Path

from filelock import FileLock

from tests.cli.support import a_calendar, termbell

SITE = "- {id: hello, when: 2026-09-07 08:30, to: class-site, text: Good morning, late: publish}\n"


def published(folder: Path) -> Path:
    """A calendar whose one entry is up."""
    config = a_calendar(folder, SITE)
    assert termbell("run", "--once", "-c", config).exit_code == 0
    return config


def test_a_backup_says_where_it_is_and_is_the_persons_alone(tmp_path: Path) -> None:
    ended = termbell("backup", "-c", published(tmp_path))

    made = Path(ended.stdout.strip())
    assert made.parent == tmp_path / ".termbell" / "backups"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600


def test_a_backup_overwrites_nothing(tmp_path: Path) -> None:
    config = published(tmp_path)
    there = tmp_path / "mine.db"
    there.write_text("mine")

    ended = termbell("backup", there, "-c", config)

    assert (ended.exit_code, there.read_text()) == (1, "mine")
    assert f"{there}: is there already" in ended.stderr


def test_a_backup_to_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    ended = termbell("backup", tmp_path / "none" / "mine.db", "-c", published(tmp_path))

    assert ended.exit_code == 1
    assert "No such file or directory" in ended.stderr


def test_without_a_store_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    ended = termbell("backup", "-c", a_calendar(tmp_path))

    assert ended.exit_code == 1
    assert "nothing has been planned yet" in ended.stderr
    assert not (tmp_path / ".termbell" / "config.db").exists()


def test_nothing_is_restored_without_a_word_of_the_person(tmp_path: Path) -> None:
    config = published(tmp_path)

    ended = termbell("restore", "-c", config)

    assert ended.exit_code == 2
    assert "say --yes" in ended.stderr


def test_without_a_backup_there_is_nothing_to_restore(tmp_path: Path) -> None:
    ended = termbell("restore", "--yes", "-c", a_calendar(tmp_path))

    assert ended.exit_code == 1
    assert "no backup in" in ended.stderr


def test_a_restore_says_what_it_did(tmp_path: Path) -> None:
    config = published(tmp_path)
    (tmp_path / ".termbell" / "config.db").write_text("something else")

    ended = termbell("restore", "--yes", "-c", config)

    assert ended.exit_code == 0, ended.stderr
    said = ended.stdout.splitlines()
    assert said[0].startswith("1 deliveries brought back from ")
    assert said[1] == "0 kept as the present store had them"
    assert said[2].startswith("1 were due since and may be up: each is looked for before it leaves")
    assert said[3].startswith(
        f"the damaged store is now {tmp_path / '.termbell' / 'config-damaged-'}"
    )
    assert termbell("run", "--once", "-c", config).exit_code == 0
    assert len(list((tmp_path / "public" / "posts").iterdir())) == 1
    assert "published" in termbell("status", "--all", "-c", config).stdout


def test_with_a_daemon_on_a_damaged_store_it_says_to_stop_it_first(tmp_path: Path) -> None:
    config = published(tmp_path)
    store = tmp_path / ".termbell" / "config.db"
    store.write_text("something else")

    with FileLock(store.with_suffix(".lock")):
        ended = termbell("restore", "--yes", "-c", config)

    assert ended.exit_code == 1
    assert "stop that one, then restore" in ended.stderr
    assert store.read_text() == "something else"


def test_a_calendar_with_errors_does_not_keep_a_backup_from_coming_back(tmp_path: Path) -> None:
    config = published(tmp_path)
    a_calendar(tmp_path, "- {id: hello, when: never, to: class-site, text: Good morning}\n")

    ended = termbell("restore", "--yes", "-c", config)

    assert ended.exit_code == 0
    assert "the calendar has errors" in ended.stderr
    assert "1 kept" in ended.stdout


def test_doctor_names_the_newest_backup_and_the_remedy(tmp_path: Path) -> None:
    config = published(tmp_path)
    backup = termbell("backup", "-c", config).stdout.strip()
    os.truncate(tmp_path / ".termbell" / "config.db", 5000)

    ended = termbell("doctor", "-c", config)

    assert ended.exit_code == 1
    assert f"the newest backup is {backup}" in ended.stdout
    assert "termbell restore" in ended.stdout
