"""A store that is not where the configuration says, or another machine's; and posts of the past."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from scheduler.store import Store
from scheduler.store.identity import HOST, MACHINE
from scheduler.store.tables import facts
from tests.cli.support import lines, termbell

SITE = """\
timezone: Europe/London
accounts: {class-site: {platform: site, folder: public, late: publish}}
posts: [{id: hello, when: 2026-01-05 09:00, to: class-site, text: Hello}]
"""
PAST = """\
timezone: Europe/London
accounts: {staffroom: {platform: teams}}
posts:
""" + "".join(
    f"  - {{id: day-{n}, when: 2026-01-0{n} 09:00, to: staffroom, text: Day {n}}}\n"
    for n in range(1, 6)
)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    config = tmp_path / "config.yaml"
    config.write_text(SITE)
    assert termbell("run", "--once", "-c", config).exit_code == 0
    return config


def test_a_renamed_config_begins_no_second_store(site: Path):
    renamed = site.rename(site.with_name("calendar.yaml"))

    refused = termbell("run", "--once", "-c", renamed)

    assert refused.exit_code == 1
    assert "config.yaml, which is gone" in refused.stderr
    assert f"mv {site.parent / '.termbell' / 'config.db'}" in refused.stderr
    assert not (site.parent / ".termbell" / "calendar.db").exists()


def test_a_renamed_config_goes_on_with_the_store_that_was_renamed_too(site: Path):
    renamed = site.rename(site.with_name("calendar.yaml"))
    state = site.parent / ".termbell"
    (state / "config.db").rename(state / "calendar.db")

    done = termbell("run", "--once", "-c", renamed)

    assert done.exit_code == 0
    assert lines(done).startswith("0 published")


def test_a_second_config_in_the_folder_has_a_store_of_its_own(site: Path):
    second = site.with_name("second.yaml")
    second.write_text(SITE.replace("folder: public", "folder: second"))

    assert termbell("run", "--once", "-c", second).exit_code == 0
    assert (site.parent / ".termbell" / "second.db").exists()


def test_another_machines_store_publishes_after_a_take_over_only(site: Path):
    with (
        closing(Store(site.parent / ".termbell" / "config.db", datetime.now(UTC))) as store,
        store.database.writing() as connection,
    ):
        for name, value in ((MACHINE, "another"), (HOST, "old-laptop")):
            connection.execute(update(facts).where(facts.c.name == name).values(value=value))

    refused = termbell("run", "--once", "-c", site)
    taken = termbell("run", "--once", "--take-over", "-c", site)
    again = termbell("run", "--once", "-c", site)

    assert refused.exit_code == 1
    assert "old-laptop" in refused.stderr
    assert (taken.exit_code, again.exit_code) == (0, 0)


def test_held_posts_of_the_past_are_dropped_by_one_command(tmp_path: Path):
    config = tmp_path / "config.yaml"
    config.write_text(PAST)
    termbell("run", "--once", "-c", config)

    held = lines(termbell("status", "-c", config))
    dropped = lines(termbell("release", "--drop", "-c", config))

    assert held.count("held") >= 5
    assert dropped.count("cancelled") == 5


@pytest.mark.parametrize("words", [(), ("--all", "--drop")])
def test_release_wants_one_decision(site: Path, words: tuple[str, ...]):
    assert termbell("release", *words, "-c", site).exit_code == 2
