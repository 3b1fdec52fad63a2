"""`release` and `retry --now`: what a person decides about posts that are held, or due later."""

import json
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.engine.circumstances import circumstances
from scheduler.engine.daemon import utc_now
from scheduler.engine.planning import plan
from scheduler.store import Store
from tests.cli.support import a_calendar, lines, termbell

HEAD = """\
timezone: UTC
accounts:
  newsletter: {platform: email, server: "127.0.0.1", port: 9, from: a@x.test, to: b@x.test}
  club: {platform: email, server: "127.0.0.1", port: 9, from: c@x.test, to: d@x.test}
  class-site: {platform: site, folder: public}
posts:
"""
LATER = "- {id: later, when: 2099-01-05 09:00, to: class-site, title: Later, text: Hi}\n"


def taken_up(config: Path) -> Path:
    """Its store is made now, and has the plan."""
    planned = plan(config)
    with closing(Store(planned.config.store, utc_now())) as store:
        store.plan(planned.deliveries, utc_now(), circumstances(planned))
    return config


@pytest.fixture
def held(tmp_path: Path) -> Path:
    """A new store: two mails that an earlier one may have sent, and a page that is due later."""
    minutes_ago = f"{utc_now() - timedelta(minutes=10):%Y-%m-%d %H:%M}"
    mail = f"- {{id: mail, when: '{minutes_ago}', to: [newsletter, club], title: Hi, text: Hi}}\n"
    return taken_up(a_calendar(tmp_path, mail + LATER, HEAD))


@pytest.fixture
def past(tmp_path: Path) -> Path:
    """Four mails that are over and new."""
    days = [utc_now() - timedelta(days=n) for n in range(1, 5)]
    mails = [
        f"- {{id: e{n}, when: '{day:%Y-%m-%d %H:%M}', to: club, title: Hi, text: Hi {n}}}\n"
        for n, day in enumerate(days)
    ]
    return taken_up(a_calendar(tmp_path, "".join(mails), HEAD))


def rows(config: Path) -> dict[str, tuple[str, str | None]]:
    """Entry and account -> status and why it is held."""
    shown = json.loads(termbell("status", "--json", "-c", config).stdout)
    return {
        f"{row['entry']} {row['account']}": (row["status"], row["reason"])
        for row in shown["deliveries"]
    }


def key(config: Path, entry: str) -> str:
    shown = json.loads(termbell("status", "--json", "--entry", entry, "-c", config).stdout)
    return str(shown["deliveries"][0]["key"])


def test_what_is_held_is_released_together(held: Path):
    assert rows(held) == {
        "mail newsletter": ("held", "new store"),
        "mail club": ("held", "new store"),
        "later class-site": ("scheduled", None),
    }

    ended = termbell("release", "--all", "-c", held)

    assert ended.exit_code == 0
    assert [line.split()[0] for line in lines(ended).splitlines()] == ["scheduled", "scheduled"]
    assert {status for status, _ in rows(held).values()} == {"scheduled"}


def test_what_is_dropped_stays_so(held: Path):
    assert termbell("release", "--drop", "-c", held).exit_code == 0

    assert termbell("run", "--once", "-c", held).exit_code == 0

    assert rows(held)["mail club"] == rows(held)["mail newsletter"] == ("cancelled", None)
    assert rows(held)["later class-site"] == ("scheduled", None)


@pytest.mark.parametrize(("word", "status"), [("--all", "scheduled"), ("--drop", "cancelled")])
def test_one_account_can_be_decided_about_alone(held: Path, word: str, status: str):
    ended = termbell("release", word, "--account", "club", "-c", held)

    assert (ended.exit_code, lines(ended).count("mail -> club")) == (0, 1)
    assert rows(held)["mail club"] == (status, None)
    assert rows(held)["mail newsletter"] == ("held", "new store")


@pytest.mark.parametrize(("word", "status"), [("--all", "scheduled"), ("--drop", "cancelled")])
def test_many_of_the_past_are_decided_about_together(past: Path, word: str, status: str):
    assert set(rows(past).values()) == {("held", "past")}

    ended = termbell("release", word, "-c", past)

    assert ended.exit_code == 0
    assert set(rows(past).values()) == {(status, None)}


@pytest.mark.parametrize("words", [(), ("--all", "--drop")])
def test_release_wants_one_word(held: Path, words: tuple[str, ...]):
    ended = termbell("release", *words, "-c", held)

    assert ended.exit_code == 2
    assert "one of --all and --drop is needed" in ended.output
    assert rows(held)["mail club"] == ("held", "new store")


@pytest.mark.parametrize("words", [("--account", "nobody"), ("--account", "class-site")])
def test_where_nothing_is_held_release_says_so(held: Path, words: tuple[str, ...]):
    ended = termbell("release", "--all", *words, "-c", held)

    assert (ended.exit_code, ended.stdout) == (0, "")
    assert "nothing is held as past or new" in ended.stderr


def test_before_the_first_run_there_is_nothing_to_release(tmp_path: Path):
    config = a_calendar(tmp_path, LATER, HEAD)

    ended = termbell("release", "--all", "-c", config)

    assert ended.exit_code == 1
    assert "nothing has been planned yet" in ended.stderr


def test_a_retry_leaves_what_is_due_later_to_its_time_unless_it_is_for_now(held: Path):
    later = key(held, "later")
    termbell("cancel", later, "-c", held)

    back = termbell("retry", later[:8], "-c", held)
    waits = termbell("run", "--once", "-c", held)
    now = termbell("retry", later[:8], "--now", "-c", held)
    goes = termbell("run", "--once", "-c", held)

    assert [ended.exit_code for ended in (back, waits, now, goes)] == [0, 0, 0, 0]
    assert "0 published" in lines(waits)
    assert "1 published" in lines(goes)
    assert rows(held)["later class-site"] == ("published", None)


def test_what_is_published_cannot_be_retried_for_now_either(held: Path):
    later = key(held, "later")
    termbell("retry", later, "--now", "-c", held)
    termbell("run", "--once", "-c", held)

    ended = termbell("retry", later, "--now", "-c", held)

    assert ended.exit_code == 1
    assert "is published" in ended.stderr


@pytest.mark.parametrize("words", [("retry",), ("retry", "--now"), ("retry", "a", "b")])
def test_retry_wants_one_key(held: Path, words: tuple[str, ...]):
    assert termbell(*words, "-c", held).exit_code == 2
