"""A wrong year is seen before it publishes, or silently drops, a post."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from platforms.base import Published
from scheduler.engine.past import past_entries
from scheduler.engine.planning import plan
from scheduler.engine.replanning import replan_apart
from scheduler.problems import Problem
from scheduler.store import Store
from tests.cli.support import a_calendar, termbell

NOW = datetime(2026, 9, 7, 12, tzinfo=UTC)
HEAD = """\
timezone: UTC
grace: 2 h
accounts:
  class-site: {platform: site, folder: public}
  second: {platform: site, folder: other}
"""
ENTRY = "  - {id: winter, when: 2025-12-08 08:30, to: class-site, text: Hi%s}\n"


@pytest.fixture
def store(tmp_path: Path):
    store = Store(tmp_path / "store.db", NOW)
    yield store
    store.close()


def found(folder: Path, store: Store, posts: str, head: str = "") -> list[Problem]:
    planned = plan(a_calendar(folder, f"posts:\n{posts}", HEAD + head))
    known = {row.key: row for row in store.rows()}
    return list(past_entries(planned.drafts, known, planned.config.checks, NOW))


@pytest.mark.parametrize(
    ("late", "what"),
    [
        ("skip", "it will not be published on class-site"),
        ("publish", "it will be published at once on class-site"),
        ("ask", "it will be held until you retry or cancel it on class-site"),
    ],
)
def test_an_entry_of_last_year_is_a_warning_at_its_time_with_what_will_happen(
    tmp_path: Path, store: Store, late: str, what: str
) -> None:
    (problem,) = found(tmp_path, store, ENTRY % f", late: {late}")

    assert (problem.code, problem.severity) == ("past", "warning")
    assert str(problem) == (
        "config.yaml:7: winter: 2025-12-08 08:30 is over; "
        f"with `late: {late}` {what}; look at the year"
    )


def test_an_entry_for_several_accounts_is_one_warning(tmp_path: Path, store: Store) -> None:
    posts = "  - {id: winter, when: 2025-12-08 08:30, to: [class-site, second], text: Hi}\n"

    (problem,) = found(tmp_path, store, posts)

    assert "on class-site, second" in problem.message


@pytest.mark.parametrize("when", ["2026-12-08 08:30", "2026-09-07 12:01", "2026-09-07 10:00"])
def test_what_is_to_come_or_in_time_is_no_warning(tmp_path: Path, store: Store, when: str) -> None:
    assert found(tmp_path, store, ENTRY.replace("2025-12-08 08:30", when) % "") == []


def test_it_can_be_ignored_and_switched_off(tmp_path: Path, store: Store) -> None:
    assert found(tmp_path, store, ENTRY % ", ignore: past") == []
    assert found(tmp_path, store, ENTRY % "", "checks: {past: off}\n") == []


@pytest.mark.parametrize("became", ["scheduled", "missed", "cancelled", "published"])
def test_what_the_store_knows_at_this_time_is_no_news(
    tmp_path: Path, store: Store, became: str
) -> None:
    late = ", late: publish" if became in ("scheduled", "published") else ""
    config = a_calendar(tmp_path, "posts:\n" + ENTRY % late, HEAD)
    store.plan(plan(config).deliveries, NOW)
    (row,) = store.rows()
    if became == "cancelled":
        store.cancel(row.key)
    if became == "published":
        claimed = store.claim("class-site", "me", NOW)
        assert claimed
        store.published(claimed, Published(id="1"), NOW)
    assert [row.status for row in store.rows()] == [became]

    assert found(tmp_path, store, ENTRY % late) == []


def test_an_entry_that_is_moved_to_a_wrong_year_is_news(tmp_path: Path, store: Store) -> None:
    config = a_calendar(tmp_path, "posts:\n" + ENTRY.replace("2025", "2026") % "", HEAD)
    store.plan(plan(config).deliveries, NOW)

    assert [problem.code for problem in found(tmp_path, store, ENTRY % "")] == ["past"]


def test_the_reading_of_the_daemon_warns_when_it_takes_it_up_and_not_again(
    tmp_path: Path, store: Store
) -> None:
    config = a_calendar(tmp_path, "posts:\n" + ENTRY % "", HEAD)

    first = replan_apart(config, lambda _: store.file, NOW)
    second = replan_apart(config, lambda _: store.file, NOW)

    assert [problem.code for problem in first.problems] == ["past"]
    assert second.problems == ()


def test_check_warns_before_there_is_a_store_and_no_more_when_it_is_missed(tmp_path: Path) -> None:
    config = a_calendar(tmp_path, "posts:\n" + ENTRY % "", HEAD)

    before = termbell("check", "-c", config, "--json")
    termbell("run", "--once", "-c", config)
    after = termbell("check", "-c", config, "--json")

    assert [one["code"] for one in json.loads(before.stdout)["problems"]] == ["past"]
    assert (before.exit_code, json.loads(after.stdout)["problems"]) == (0, [])
