"""What `status` and `doctor` show, and that the commands that publish tell what went wrong before they end."""

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from platforms.base import Published
from scheduler.engine.daemon import utc_now
from scheduler.engine.reporting import UNPINGED
from scheduler.store import Store
from tests.cli.support import a_calendar, lines, termbell
from tests.engine.stand_in import a_stand_in
from tests.engine.support import a_delivery

NOW = utc_now()
HEAD = """\
timezone: UTC
accounts:
  main: {platform: site, folder: public}
posts:
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return a_calendar(
        tmp_path, "- {id: launch, when: 2099-01-01 09:00, to: main, text: Hello}\n", HEAD
    )


@pytest.fixture
def store(config: Path) -> Store:
    return Store(config.parent / ".termbell" / "config.db", NOW)


def due(store: Store, key: str = "k1", **changes: Any) -> None:
    """A delivery that is due in this moment."""
    store.plan(
        [a_delivery(key, **{"due": NOW, "late": "publish", **changes})], NOW - timedelta(days=1)
    )


def doctor(config: Path) -> list[tuple[bool, str]]:
    return [
        (one["ok"], one["message"])
        for one in json.loads(termbell("doctor", "-c", config, "--json").stdout)["findings"]
    ]


def wrong(config: Path) -> list[str]:
    return [what for well, what in doctor(config) if not well]


def test_status_says_when_the_daemon_was_last_alive_and_what_is_overdue(config: Path, store: Store):
    due(store, due=NOW - timedelta(minutes=5))
    store.beat("here", 1, NOW, utc_now() - timedelta(minutes=3))

    shown = termbell("status", "-c", config)

    assert "launch -> main  [overdue]" in lines(shown)
    assert "daemon: not running, last alive 3 minutes ago" in lines(shown)


def test_a_daemon_that_gave_a_sign_of_life_just_now_is_alive(config: Path, store: Store):
    store.beat("here", 1, NOW, utc_now())

    assert "daemon: alive, last alive " in lines(termbell("status", "-c", config))


def test_status_names_held_accounts_and_a_notifier_that_fails(config: Path, store: Store):
    due(store)
    claimed = store.claim("main", "a daemon", NOW)
    assert claimed
    store.login_needed(claimed, "the token is refused", NOW)
    store.notices.failing("notifier 1 of 1 (json): it answered 500")

    shown = termbell("status", "-c", config)
    plain = json.loads(termbell("status", "-c", config, "--json").stdout)

    assert "main waits for you: the token is refused" in lines(shown)
    assert "you cannot be told: notifier 1 of 1 (json): it answered 500" in lines(shown)
    assert plain["notifier"] == {"ok": False, "error": "notifier 1 of 1 (json): it answered 500"}
    assert plain["held"] == [{"account": "main", "error": "the token is refused"}]


def test_status_says_for_which_part_the_rest_of_a_thread_waits(config: Path, store: Store):
    parts = [
        a_delivery(
            f"k{part}", part=part, after=f"k{part - 1}" if part else None, due=NOW, late="publish"
        )
        for part in range(3)
    ]
    store.plan(parts, NOW - timedelta(days=1))
    first = store.claim("main", "test", NOW)
    assert first
    store.failed(first, "Forbidden", NOW)

    shown = lines(termbell("status", "-c", config))
    plain = json.loads(termbell("status", "-c", config, "--json").stdout)

    assert shown.count("[waits for part 1, which is failed]") == 2
    assert [one["waits"] for one in plain["deliveries"]] == [
        None,
        *["waits for part 1, which is failed"] * 2,
    ]


def test_parts_that_wait_for_their_turn_are_not_remarked(config: Path, store: Store):
    store.plan(
        [a_delivery("k0", due=NOW), a_delivery("k1", part=1, after="k0", due=NOW)],
        NOW - timedelta(days=1),
    )

    assert "waits" not in lines(termbell("status", "-c", config))


def test_doctor_finds_nothing_where_nothing_is_wrong(config: Path, store: Store):
    store.beat("here", 1, NOW, utc_now())

    found = doctor(config)

    assert [what for well, what in found if not well] == []
    assert any(what.startswith("sqlalchemy ") or ", sqlalchemy " in what for _, what in found)
    assert any(what.startswith("the clock says ") for _, what in found)
    assert any("nobody is told when something fails" in what for _, what in found)


def test_doctor_finds_what_is_due_and_not_claimed_and_the_daemon_that_should_have(
    config: Path, store: Store
):
    due(store, due=NOW - timedelta(minutes=5))

    found = wrong(config)

    assert (
        "the daemon is not running, never seen alive, and 1 deliveries wait; start it: termbell run"
        in found
    )
    assert "1 deliveries are due and not taken up; see `termbell status`" in found


def test_doctor_finds_a_clock_that_was_set_back(config: Path, store: Store):
    due(store)
    row = store.claim("main", "test", NOW)
    assert row
    store.published(row, Published(id="1"), NOW + timedelta(hours=3))
    assert any("which is to come: the clock was set back" in one for one in wrong(config))

    store.beat("here", 1, NOW, NOW + timedelta(hours=3))
    assert (
        "the daemon was seen in the future: the clock was set back; check the machine's time"
        in wrong(config)
    )


@pytest.fixture
def forbidden(store: Store) -> Iterator[Path]:
    """A file that may not be written; root may write whatever is not immutable."""
    file = store.file.with_suffix(".lock")
    file.touch(0o000)
    if os.geteuid() == 0:
        subprocess.run(["chattr", "+i", file], check=True)
    yield file
    if os.geteuid() == 0:
        subprocess.run(["chattr", "-i", file], check=True)


@pytest.mark.skipif(os.name != "posix", reason="there are no such modes")
def test_doctor_finds_a_file_that_cannot_be_read(config: Path, forbidden: Path):
    assert any(
        f"{forbidden.name} cannot be read and written by you" in one for one in wrong(config)
    )


@pytest.mark.skipif(os.name != "posix", reason="there are no such modes")
def test_doctor_finds_what_others_could_read(config: Path, store: Store):
    store.file.chmod(0o644)

    assert f"{store.file} is open to others: chmod go= {store.file}" in wrong(config)


def test_doctor_finds_a_store_of_a_later_version(config: Path, store: Store):
    with store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert any("9999" in one for one in wrong(config))


def test_doctor_finds_a_store_that_is_damaged(config: Path, store: Store):
    store.close()
    store.file.write_bytes(b"this is no database, and long enough to be looked at" * 100)
    assert any("it is damaged" in one for one in wrong(config))


def test_doctor_finds_who_does_not_tell_and_a_ping_that_does_not_get_through(
    config: Path, store: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("HOOK", raising=False)
    config.write_text(
        "notify:\n- ${HOOK}\n- !secret chat\nhealthcheck_url: ${HOOK}\n" + config.read_text()
    )
    store.notices.add(NOW, "failed", "launch on main: Forbidden")
    store.notices.failing("notifier 1 of 2 (json): it answered 500")
    store.keep_fact(UNPINGED, "it was answered with 500")

    found = wrong(config)

    assert "config.yaml:2: notify: the environment variable HOOK is not set" in found
    assert any(
        one.startswith("config.yaml:3: notify: no secret is kept under the name 'chat'")
        for one in found
    )
    assert "config.yaml:4: healthcheck_url: the environment variable HOOK is not set" in found
    assert (
        "1 notices cannot be told: notifier 1 of 2 (json): it answered 500; look at `notify` in config.yaml"
        in found
    )
    assert "the ping of healthcheck_url does not get through: it was answered with 500" in found


def test_doctor_looks_at_the_rest_where_the_calendar_cannot_be_used(config: Path, store: Store):
    config.write_text(
        config.read_text() + "- {id: launch, when: 2099-01-01 09:00, to: main, text: Hello}\n"
    )
    due(store, due=NOW - timedelta(minutes=5))

    found = wrong(config)

    assert any("launch" in one and one.startswith("config.yaml:6") for one in found)
    assert any("not taken up" in one for one in found)


@pytest.mark.parametrize("command", [("run", "--once"), ("publish", "launch")])
def test_a_command_that_publishes_tells_what_went_wrong_before_it_ends(
    command: tuple[str, ...], tmp_path: Path
):
    with a_stand_in() as server:
        config = a_calendar(
            tmp_path,
            f"- {{id: launch, when: '{NOW:%Y-%m-%d %H:%M}', to: main, text: Hello, late: publish}}\n",
            f"notify: json://127.0.0.1:{server.port}/hook\n"
            + HEAD.replace("site, folder: public", "mastodon, server: https://x.test"),
        )
        termbell(*command, "-c", config)

    assert [one["title"] for one in server.told] == ["Termbell: 1 held"]
    assert "main has no token yet: termbell login main" in server.told[0]["message"]


def test_a_dry_run_tells_nobody(tmp_path: Path, store: Store, config: Path):
    store.notices.add(NOW, "failed", "launch on main: Forbidden")
    with a_stand_in() as server:
        config.write_text(f"notify: json://127.0.0.1:{server.port}/hook\n{config.read_text()}")
        termbell("run", "--once", "--dry-run", "-c", config)

    assert server.asked == []


def test_a_round_with_a_broken_calendar_publishes_the_plan_from_before_and_ends_with_1(
    config: Path, store: Store
):
    broken = HEAD + "- {id: launch, nope: 1}\n"
    with a_stand_in() as server:
        notify = f"notify: json://127.0.0.1:{server.port}/hook\n"
        later = "- {id: later, when: 2099-01-02 09:00, to: main, text: Goodbye}\n"
        config.write_text(notify + config.read_text() + later)
        termbell("run", "--once", "-c", config)
        store.retry(store.rows(entry="launch")[0].key, NOW)

        config.write_text(notify + broken)
        ended = [termbell("run", "--once", "-c", config) for _ in range(2)]

    assert [one.exit_code for one in ended] == [1, 1]
    assert ["1 published" in lines(one) for one in ended] == [True, False]
    assert [row.status for row in store.rows()] == ["published", "scheduled"]
    assert [one["title"] for one in server.told] == ["Termbell: calendar invalid"]
    assert "the plan from before stays in force" in server.told[0]["message"]


def test_a_config_that_cannot_be_read_is_refused_whatever_is_planned(config: Path, store: Store):
    termbell("run", "--once", "-c", config)
    store.retry(store.rows()[0].key, NOW)

    config.write_text(config.read_text() + "accounts: [\n")
    ended = termbell("run", "--once", "-c", config)

    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "YAML cannot be read here" in ended.stderr
    assert [row.status for row in store.rows()] == ["scheduled"]


def test_status_and_doctor_say_that_the_calendar_is_broken_and_until_when(
    config: Path, store: Store
):
    termbell("run", "--once", "-c", config)
    store.beat("here", 1, NOW, utc_now())
    usable = config.read_text()
    config.write_text(usable + "- {id: second, nope: 1}\n")
    termbell("run", "--once", "-c", config)

    shown = termbell("status", "-c", config)
    told = json.loads(termbell("status", "-c", config, "--json").stdout)

    assert "the calendar cannot be used since " in lines(shown)
    assert "\n  config.yaml:6: second: no key is called 'nope'" in lines(shown)
    assert (told["calendar"]["ok"], told["health"]["ok"]) == (False, False)
    assert "config.yaml:6: second: no key is called 'nope'" in told["calendar"]["error"]
    assert any("the calendar cannot be used since" in one for one in told["health"]["problems"])
    assert any("found the calendar broken at" in one for one in wrong(config))

    config.write_text(usable)
    termbell("run", "--once", "-c", config)
    told = json.loads(termbell("status", "-c", config, "--json").stdout)

    assert told["calendar"] == {"ok": True, "since": None, "error": None}
    assert (told["health"]["ok"], told["health"]["problems"]) == (True, [])
    assert not any("calendar broken" in one for one in wrong(config))


def test_a_calendar_that_cannot_be_used_at_the_start_is_told_once_a_day_and_not_at_each_start(
    config: Path, store: Store
):
    with a_stand_in() as server:
        config.write_text(
            f"notify: json://127.0.0.1:{server.port}/hook\n{config.read_text()}- {{id: second, nope: 1}}\n"
        )
        ended = [termbell("run", "--once", "-c", config).exit_code for _ in range(2)]

    assert ended == [1, 1]
    assert [one["title"] for one in server.told] == ["Termbell: calendar invalid"]
    assert (
        "nothing is published until it can be used:\n  config.yaml:7: second"
        in server.told[0]["message"]
    )
