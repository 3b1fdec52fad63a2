"""What `status` shows of deliveries that are looked for, and of those that are held."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from platforms.base import Request
from scheduler.engine.daemon import utc_now
from scheduler.store import Store
from scheduler.store.journal import seek
from tests.cli.support import a_calendar, lines, termbell
from tests.engine.support import a_delivery

NOW = utc_now().replace(microsecond=0)
HEAD = """\
timezone: UTC
patience: 20 min
accounts:
  fediverse: {platform: mastodon, server: "https://mastodon.social"}
  newsletter: {platform: email, server: x.test, from: a@x.test, to: b@x.test}
  bluesky: {platform: bluesky, handle: example.bsky.social}
posts: []
"""
SENT = Request(step="status", method="POST", url="https://x.test/statuses", json={"status": "Hi"})
PLATFORMS = {"fediverse": "mastodon", "newsletter": "email", "bluesky": "bluesky"}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return a_calendar(tmp_path, "", HEAD)


@pytest.fixture
def store(config: Path) -> Store:
    return Store(config.parent / ".termbell" / "config.db", NOW)


def planned(store: Store, *accounts: str) -> None:
    """A delivery of each account that is due now."""
    posts = [
        a_delivery(f"k-{name}", account=name, platform=PLATFORMS[name], due=NOW)
        for name in accounts
    ]
    store.plan(posts, NOW - timedelta(days=1))


def lost(store: Store, account: str, timeout: float | None = 30) -> None:
    """Its request left now, and no answer came."""
    row = store.claim(account, "test", NOW)
    assert row
    store.journal.left(row.key, SENT, row.claim, NOW, timeout)
    store.again(row, NOW + timedelta(seconds=32), "sent")


def delivery(config: Path, account: str) -> dict[str, Any]:
    shown = termbell("status", "--json", "--account", account, "-c", config)
    (found,) = json.loads(shown.stdout)["deliveries"]
    return dict(found)


def at(seconds: float) -> str:
    return (NOW + timedelta(seconds=seconds)).isoformat()


def test_what_is_looked_for_says_since_when_and_until_when(config: Path, store: Store):
    planned(store, "fediverse")
    lost(store, "fediverse")

    shown = delivery(config, "fediverse")

    assert shown["looking"] == {"sent_at": at(0), "until": at(20 * 60)}
    assert (shown["status"], shown["reason"]) == ("scheduled", None)


def test_a_request_that_may_be_under_way_for_longer_is_looked_for_until_then(
    config: Path, store: Store
):
    planned(store, "fediverse")
    lost(store, "fediverse", timeout=3600)

    assert delivery(config, "fediverse")["looking"]["until"] == at(
        3600 + 2 + 5
    )  # a moment, and what Mastodon takes to list it


def test_what_waits_for_its_time_or_only_may_be_published_is_not_looked_for(
    config: Path, store: Store
):
    planned(store, "fediverse", "bluesky")
    with store.database.writing() as connection:
        seek(connection, {"k-bluesky": 1})

    assert delivery(config, "fediverse")["looking"] is None
    assert delivery(config, "bluesky")["looking"] is None


def test_what_cannot_be_looked_for_is_not(config: Path, store: Store):
    planned(store, "newsletter")
    lost(store, "newsletter")

    assert delivery(config, "newsletter")["looking"] is None


def test_of_an_account_that_is_gone_nothing_is_looked_for(config: Path, store: Store):
    planned(store, "fediverse")
    lost(store, "fediverse")
    config.write_text(HEAD.replace("fediverse", "elsewhere"))

    assert delivery(config, "fediverse")["looking"] is None


def test_many_that_are_looked_for_are_read_together(config: Path, store: Store):
    planned(store, "fediverse", "bluesky")
    lost(store, "fediverse")
    lost(store, "bluesky", timeout=None)

    found = store.journal.all_unanswered()

    assert {key: request.timeout for key, request in found.items()} == {
        "k-fediverse": 30,
        "k-bluesky": None,
    }
    assert found["k-fediverse"] == store.journal.unanswered("k-fediverse")


def test_what_was_resolved_is_looked_for_no_longer(config: Path, store: Store):
    planned(store, "fediverse")
    lost(store, "fediverse")
    row = store.claim("fediverse", "test", NOW + timedelta(minutes=1))
    assert row
    store.in_doubt(row, "not found", NOW)

    store.resolve("k-fediverse", again=True, now=NOW)

    assert store.journal.all_unanswered() == {}
    assert delivery(config, "fediverse")["looking"] is None


def test_what_is_held_says_why_in_a_word_for_scripts_and_in_a_sentence(config: Path, store: Store):
    over = [
        a_delivery(f"k{n}", entry=f"e{n}", account="fediverse", due=NOW - timedelta(days=n))
        for n in range(1, 5)
    ]
    store.plan(over, NOW)

    shown = lines(termbell("status", "-c", config))
    rows = json.loads(termbell("status", "--json", "-c", config).stdout)["deliveries"]

    assert {row["reason"] for row in rows} == {"past"}
    assert shown.count("termbell release --all") == 4
