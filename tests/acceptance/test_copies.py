"""Stores that are copied, put back, lost, or belong to a configuration with another name."""

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.acceptance.stand_in import StandIn
from tests.acceptance.support import Place, entry, soon

MINUTE, HOUR, DAY = 60, 3600, 86400
Once = Callable[[float], int]


def planned(blind: Place) -> None:
    """One post is published before a copy is made, three after it, and one has time."""
    after = soon(-HOUR)
    blind.write(
        entry("before", soon(-3 * HOUR)),
        entry("looks", after),
        entry("blind", after, to="blind"),
        entry("page", after, to="site", title="Page"),
        entry("later", soon(DAY)),
    )


AFTER_LOOKING = {
    "before": "published",
    "looks": "published",
    "blind": "in doubt",
    "page": "published",
    "later": "scheduled",
}


def copied(place: Place, folder: Path) -> Place:
    """The whole folder, as a file manager copies it."""
    shutil.copytree(place.folder, folder, ignore=shutil.ignore_patterns("machine", "packages"))
    return replace(place, folder=folder, started=[])


# At the same time


def test_of_two_copies_only_one_publishes_and_the_other_names_it(
    place: Place, server: StandIn, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place.write(entry("a", soon(DAY)))
    daemon = place.daemon()
    copy = copied(place, tmp_path_factory.mktemp("copies") / "copy")
    copy.write(entry("a", soon(-1)))

    refused = copy.asked("run", "--once")

    assert (refused.returncode, server.texts) == (75, [])
    assert f"{copy.store}: a copy of this store is in use: {place.store}" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert daemon.stopped() == 0
    assert copy.once() == 0
    assert server.texts == ["a"]


# One after the other


def test_an_older_copy_that_is_put_back_is_looked_after(
    blind: Place, server: StandIn, once_at: Once, tmp_path: Path
) -> None:
    server.keeps_keys = False
    planned(blind)
    once_at(-2 * HOUR)
    older = shutil.copy(blind.store, tmp_path / "older.db")
    assert once_at(-HOUR + MINUTE) == 0
    assert sorted(server.texts) == ["before", "blind", "looks"]

    shutil.copy(older, blind.store)

    assert once_at(0) == 3
    assert sorted(server.texts) == ["before", "blind", "looks"]
    assert blind.rows() == AFTER_LOOKING
    assert blind.notices() == ["in doubt"]


def test_a_backup_that_is_put_back_by_hand_is_such_a_copy(
    blind: Place, server: StandIn, once_at: Once
) -> None:
    """The daily backup is made before anything leaves."""
    server.keeps_keys = False
    planned(blind)
    once_at(-2 * HOUR)
    once_at(-HOUR + MINUTE)
    (backup,) = (blind.store.parent / "backups").glob("config-daily-*.db")

    shutil.copy(backup, blind.store)

    assert once_at(0) == 3
    assert sorted(server.texts) == ["before", "blind", "looks"]
    assert blind.rows() == AFTER_LOOKING


def test_a_copy_of_the_folder_that_is_used_later_publishes_nothing_again_and_neither_does_the_first(
    blind: Place, server: StandIn, once_at: Once, tmp_path_factory: pytest.TempPathFactory
) -> None:
    server.keeps_keys = False
    planned(blind)
    once_at(-2 * HOUR)
    copy = copied(blind, tmp_path_factory.mktemp("copies") / "copy")
    once_at(-HOUR + MINUTE)

    copy.environment |= blind.environment
    assert copy.once() == 3

    assert copy.rows() == AFTER_LOOKING
    assert once_at(MINUTE) == 0
    assert sorted(server.texts) == ["before", "blind", "looks"]
    assert set(blind.rows().values()) == {"published", "scheduled"}


def test_a_store_that_was_deleted_is_not_begun_anew_while_backups_say_that_there_was_one(
    place: Place, server: StandIn
) -> None:
    place.write(entry("a", soon(-1)))
    assert place.once() == 0
    place.store.unlink()

    refused = place.asked("run", "--once")

    assert refused.returncode == 1
    assert "termbell restore" in refused.stderr
    assert place.asked("restore", "--yes").returncode == 0
    assert place.once() == 0
    assert (server.texts, place.rows()) == (["a"], {"a": "published"})


# The witness


@pytest.mark.parametrize("state", ["is deleted", "cannot be written"])
def test_without_a_witness_everything_goes_on(
    place: Place, server: StandIn, tmp_path: Path, state: str
) -> None:
    folder = tmp_path / "state"
    place.environment["TERMBELL_STATE"] = str(folder)
    place.write(entry("a", soon(-1)))
    assert place.once() == 0
    assert list((folder / "stores").iterdir())

    shutil.rmtree(folder)
    if state == "cannot be written":
        folder.write_text("a file stands in its place")
    place.write(entry("a", soon(-1)), entry("b", soon(-1)))

    assert place.once() == 0
    assert server.texts == ["a", "b"]
    assert place.notices() == []


def test_two_users_who_take_turns_on_one_store_publish_once_and_hold_nothing(
    place: Place, server: StandIn, tmp_path: Path
) -> None:
    server.keeps_keys = False
    posts = []

    for user in ("ada", "grace", "ada"):
        place.environment["TERMBELL_STATE"] = str(tmp_path / f"home of {user}")
        posts.append(entry(f"post-{len(posts)}", soon(-1)))
        place.write(*posts)
        assert place.once() == 0

    assert server.texts == ["post-0", "post-1", "post-2"]
    assert place.notices() == []


def test_two_users_at_once_are_refused_as_one_is(
    place: Place, server: StandIn, tmp_path: Path
) -> None:
    place.write(entry("a", soon(DAY)))
    place.daemon(TERMBELL_STATE=str(tmp_path / "home of ada"))
    place.environment["TERMBELL_STATE"] = str(tmp_path / "home of grace")

    assert place.once() == 75


# Another name


def test_a_renamed_configuration_names_the_command_that_brings_its_store_along(
    place: Place, server: StandIn
) -> None:
    server.keeps_keys = False
    place.write(entry("a", soon(-1)), entry("b", soon(DAY)))
    daemon = place.daemon()
    place.became(a="published")
    daemon.process.kill()  # what was written last stands beside the store
    daemon.ended()
    renamed = replace(place, name="school year", started=[])
    place.config.rename(renamed.config)

    refused = renamed.asked("run", "--once")

    assert refused.returncode == 1
    assert f"{place.store} belongs to config.yaml, which is gone" in refused.stderr
    command = re.search(r"mv .+(?=; if not)", refused.stderr)
    assert command
    subprocess.run(command[0], shell=True, check=True)
    renamed.write(entry("a", soon(-1)), entry("b", soon(-1)))
    assert renamed.once() == 0
    assert server.texts == ["a", "b"]
    assert (renamed.notices(), renamed.rows()) == ([], {"a": "published", "b": "published"})
