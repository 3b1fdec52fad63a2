"""A running daemon takes up every key of config.yaml, or says that it needs a restart."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from platforms.base import Account, Ask, Secrets
from scheduler.cli.run import daemon_of
from scheduler.cli.working import Working, working
from scheduler.config import KEYS, read_config
from scheduler.engine.credentials import Credentials
from scheduler.engine.daemon import Daemon, utc_now
from scheduler.engine.network import Network
from scheduler.store import Row
from tests.support import an_image

POSTS = """\
posts:
  - {id: wall-clock, when: 2096-09-07 08:30, to: main, text: "*Hello*"}
  - {id: bare, when: 2096-09-08, to: everyone, text: Hi}
  - {id: dear, when: 2096-09-09 12:00, to: main, text: Write to anna@example.org}
  - {id: night, when: 2096-09-10 23:30, to: main, text: Late}
  - {id: long, when: 2096-09-11 12:00, to: fedi, text: LONG}
  - {id: picture, when: 2096-09-12 12:00, to: main, text: Look, media: [door.png]}
  - {id: made, when: 2096-09-13 12:00, to: main, template: mine}
  - {id: loud, when: 2096-09-14 12:00, to: main, text: NOW IS THE TIME TO COME}
"""
BEFORE = """\
timezone: Europe/London
timeout: 30
checks: {no-alt: warning}
calendar: before/*.yaml
templates: templates-before
accounts:
  main: {platform: site, folder: public}
  fedi: {platform: mastodon, server: "https://m.test", token: first-token}
groups: {everyone: [main]}
"""
AFTER = """\
timezone: Asia/Tokyo
language: de
markdown: false
fit: shorten
at: "17:45"
grace: 5 h
late: ask
timeout: 7
patience: 20 min
edit_delay: 5 min
store_travels: true
require_alt: false
checks: {no-alt: warning, capitals: off}
quiet: {night: ["22:00", "06:00"]}
guard: {patterns: email}
fetch_from: 10.1.2.3
templates: templates-after
calendar: after/*.yaml
state: elsewhere
notify: json://127.0.0.1:9/hook
health: 9377
healthcheck_url: http://127.0.0.1:9/ping
media_host: {kind: folder, folder: www, url: "https://school.test/media"}
accounts:
  main: {platform: site, folder: public}
  fedi: {platform: mastodon, server: "https://other.test", token: second-token}
groups: {everyone: [main, fedi]}
"""
NEW_POST = "  - {id: new, when: 2096-09-15 12:00, to: main, text: Hi}\n"


@dataclass
class Running:
    """A daemon at work, and what it said."""

    daemon: Daemon
    work: Working
    lines: str = ""

    def row(self, entry: str, account: str = "main") -> Row:
        (row,) = self.work.store.rows(entry=entry, account=account)
        return row

    def has(self, entry: str, account: str = "main") -> bool:
        return bool(self.work.store.rows(entry=entry, account=account))

    def network(self, account: str) -> Network:
        found = self.daemon.desk.answerer(self.daemon.desk.accounts[account])
        assert isinstance(found, Network)
        return found

    def says(self, words: str) -> bool:
        return words in self.lines

    @property
    def config(self) -> Any:
        assert self.daemon.reporting.config
        return self.daemon.reporting.config

    @property
    def assembled(self) -> Any:
        return self.daemon.assembled


# What is seen of each key, and how that is before and afterwards
SEEN: dict[str, tuple[Callable[[Running], object], object, object]] = {
    "timezone": (lambda it: f"{it.row('wall-clock').due:%H:%M %z}", "08:30 +0100", "08:30 +0900"),
    "language": (lambda it: it.row("bare").post.language, "en", "de"),
    "markdown": (lambda it: it.row("wall-clock").post.text, "Hello", "*Hello*"),
    "fit": (lambda it: it.row("long", "fedi").status, "held", "scheduled"),
    "at": (lambda it: f"{it.row('bare').due:%H:%M}", "09:00", "17:45"),
    "grace": (lambda it: it.row("bare").grace, 7200.0, 18_000.0),
    "late": (lambda it: it.row("bare").late, "skip", "ask"),
    "timeout": (
        lambda it: (
            it.daemon.desk.timeout,
            it.network("fedi").timeout,
            it.assembled.hosting.timeout,
            it.assembled.config.timeout,
        ),
        (30, 30, 30, 30),
        (7, 7, 7, 7),
    ),
    "patience": (lambda it: it.daemon.desk.patience, 900, 1200),
    "edit_delay": (lambda it: it.assembled.config.edit_delay, 60, 300),
    "store_travels": (lambda it: it.assembled.config.store_travels, False, True),
    "require_alt": (lambda it: it.says("`alt` is missing"), True, False),
    "checks": (lambda it: it.says("loud: "), True, False),
    "quiet": (lambda it: it.says("night: "), False, True),
    "guard": (lambda it: it.row("dear").status, "scheduled", "held"),
    "fetch_from": (lambda it: it.config.fetch_from, (), ("10.1.2.3",)),
    "templates": (lambda it: it.row("made").post.text, "before", "after"),
    "calendar": (lambda it: (it.has("before"), it.has("after")), (True, False), (True, True)),
    "state": (lambda it: it.says("restart termbell to use it"), False, True),
    "notify": (lambda it: len(it.daemon.reporting.teller.notifiers()), 0, 1),
    "health": (lambda it: it.says("restart termbell to serve the health page"), False, True),
    "healthcheck_url": (lambda it: bool(it.config.healthcheck), False, True),
    "media_host": (lambda it: it.assembled.hosting.host is not None, False, True),
    "accounts": (
        lambda it: (
            it.network("fedi").account.settings["server"],
            it.network("fedi").credentials.of("fedi")["token"],
        ),
        ("https://m.test", "first-token"),
        ("https://other.test", "second-token"),
    ),
    "groups": (lambda it: it.has("bare", "fedi"), False, True),
    "posts": (lambda it: it.has("new"), False, True),
}


def written(folder: Path, config: str, *more: str) -> Path:
    file = folder / "config.yaml"
    file.write_text(config + POSTS.replace("LONG", "word " * 150) + "".join(more))
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    an_image(tmp_path)
    for name in ("before", "after"):
        (tmp_path / f"templates-{name}").mkdir()
        template = "{% block text %}" + name + "{% endblock %}"
        (tmp_path / f"templates-{name}" / "mine.j2").write_text(template)
        (tmp_path / name).mkdir()
        entry = f"- {{id: {name}, when: 2096-09-20 12:00, to: main, text: Hi}}\n"
        (tmp_path / name / "may.yaml").write_text(entry)
    return tmp_path


def seen(running: Running, half: int) -> dict[str, tuple[object, object]]:
    """Of each key what is seen, and what should be."""
    return {key: (row[0](running), row[half]) for key, row in SEEN.items()}


def test_a_running_daemon_takes_up_each_key_or_says_that_it_needs_a_restart(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = written(folder, BEFORE)
    with working(config) as work:
        running = Running(daemon_of(work, config), work)
        running.lines = capsys.readouterr().err
        before = seen(running, 1)
        under_way = running.network("fedi")

        written(folder, AFTER, NEW_POST)
        running.daemon.read_again()
        running.lines = capsys.readouterr().err
        after = seen(running, 2)

    assert set(SEEN) == set(KEYS)
    assert {key: found for key, (found, _) in before.items()} == {
        key: right for key, (_, right) in before.items()
    }
    assert {key: found for key, (found, _) in after.items()} == {
        key: right for key, (_, right) in after.items()
    }
    assert (under_way.timeout, under_way.account.settings["server"]) == (30, "https://m.test")
    assert under_way.credentials.of("fedi")["token"] == "first-token"


def test_an_account_that_is_gone_is_forgotten_and_its_secrets_stay_hidden(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = written(folder, BEFORE)
    with working(config) as work:
        running = Running(daemon_of(work, config), work)
        long = "  - {id: long"
        kept = POSTS[: POSTS.index(long)] + POSTS[POSTS.index("  - {id: picture") :]
        accounts = "accounts: {main: {platform: site, folder: public}}\n"
        config.write_text(
            BEFORE[: BEFORE.index("accounts:")] + accounts + "groups: {everyone: [main]}\n" + kept
        )
        running.daemon.read_again()

        assert set(running.daemon.desk.accounts) == {"main"}
        assert set(running.assembled.credentials.accounts) == {"main"}
        assert "first-token" in running.assembled.credentials.all_values()


def test_what_needs_a_restart_is_said_once_and_again_when_it_changes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = written(folder, BEFORE)
    said = []
    with working(config) as work:
        daemon = daemon_of(work, config)
        capsys.readouterr()
        for health in ("9377", "9377", "9378", "9378"):
            written(folder, BEFORE + f"health: {health}\n")
            daemon.read_again()
            said.append(capsys.readouterr().err.count("restart termbell to serve"))

    assert said == [1, 0, 1, 0]


def test_a_session_is_renewed_once_by_what_is_under_way_and_what_begins(folder: Path) -> None:
    config = read_config(written(folder, BEFORE.replace(", token: first-token", "")))
    renewals: list[str] = []
    both = threading.Barrier(2)

    def renewed(account: Account, secrets: Secrets, ask: Ask) -> dict[str, str]:
        renewals.append(secrets["refresh"])
        return {"token": f"new-{len(renewals)}", "refresh": f"r{len(renewals)}"}

    before = Credentials(config.accounts, config.state)
    before.keep("fedi", {"token": "t"})
    ended = (utc_now() - timedelta(days=2)).isoformat()
    before.keep_session("fedi", {"token": "old", "refresh": "r0", "ends": ended})

    def renew(credentials: Credentials) -> None:
        configured = config.accounts["fedi"]
        platform = replace(configured.platform, session=renewed)
        network = Network(configured.account, platform, credentials, 5.0)
        session = credentials.session("fedi")
        both.wait(10)
        network._renewed(session)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(renew, (before, before.for_accounts(config.accounts))))

    assert renewals == ["r0"]
    assert before.session("fedi")["refresh"] == "r1"
