import json
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from scheduler.engine.planning import plan
from scheduler.store import Store, status
from tests.cli.support import HELLO, a_calendar, lines, termbell


class Instance(BaseHTTPRequestHandler):
    """Knows one token, and whose it is."""

    def do_GET(self) -> None:
        known = self.headers["Authorization"] == "Bearer right-token"
        body = json.dumps({"id": "1", "acct": "ada"} if known else {"error": "The access token is invalid"}).encode()
        self.send_response(200 if known else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Instance) as listening:
        thread = Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


@pytest.fixture
def config(tmp_path: Path, server: str) -> Path:
    return a_calendar(tmp_path, HELLO, f"""\
timezone: Europe/London
accounts:
  class-site: {{platform: site, folder: public}}
  fediverse: {{platform: mastodon, server: "{server}"}}
posts:
""")


def test_accounts_say_which_secrets_are_missing_and_how_to_give_them(config: Path):
    ended = termbell("accounts", "-c", config)

    assert ended.exit_code == 1
    assert lines(ended) == ("✓ class-site  site        needs no credentials\n"
                            "✗ fediverse   mastodon    token missing\n"
                            "  fediverse has no token yet: termbell login fediverse\n")


def test_login_says_where_the_token_is_to_be_had_tries_it_and_keeps_it_where_only_the_person_reads(config: Path, server: str):
    ended = termbell("login", "fediverse", "-c", config, input="right-token\n")

    kept = config.parent / ".termbell" / "secrets.json"
    assert ended.exit_code == 0
    assert f"{server}/settings/applications" in ended.stderr
    assert ended.stdout == f"fediverse: these are the credentials of @ada\nkept in {kept} (readable by you only)\n"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "right-token" not in ended.output


def test_what_the_platform_refuses_is_not_kept(config: Path):
    ended = termbell("login", "fediverse", "-c", config, input="wrong-token\n")

    assert ended.exit_code == 1
    assert "The access token is invalid" in ended.stderr
    assert "wrong-token" not in ended.output
    assert not (config.parent / ".termbell" / "secrets.json").exists()


def test_accounts_are_verified_with_the_platform_and_no_secret_is_shown(config: Path):
    termbell("login", "fediverse", "-c", config, input="right-token\n")

    ended = termbell("accounts", "--verify", "--json", "-c", config)

    site, fediverse = json.loads(ended.stdout)["accounts"]
    assert (ended.exit_code, site["ready"]) == (0, True)
    assert fediverse == {"account": "fediverse", "platform": "mastodon", "secrets": [{"name": "token", "present": True}],
                         "ready": True, "who": "@ada", "error": None}
    assert "right-token" not in ended.output


def test_a_token_that_is_refused_later_is_said_by_verify(config: Path):
    config.write_text(config.read_text().replace('"}', '", token: old-token}'))

    assert termbell("accounts", "-c", config).exit_code == 0
    ended = termbell("accounts", "--verify", "-c", config)

    assert ended.exit_code == 1
    assert "The access token is invalid" in lines(ended)
    assert "old-token" not in ended.output


def test_a_secret_that_the_config_names_is_tried_and_not_asked_for(config: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CLASS_TOKEN", "right-token")
    config.write_text(config.read_text().replace('"}', '", token: "${CLASS_TOKEN}"}'))

    ended = termbell("login", "fediverse", "-c", config, input="")

    assert (ended.exit_code, ended.stdout) == (0, "fediverse: these are the credentials of @ada\n")


def test_login_lets_go_what_waited_for_it(config: Path):
    config.write_text(config.read_text().replace("2026", "2099"))
    now, planned = datetime.now(UTC), plan(config)
    planned.config.state.mkdir()
    store = Store(planned.config.store, now)
    store.plan(planned.deliveries, now)
    claimed = store.claim("fediverse", "a daemon", planned.deliveries[0].due)
    assert claimed
    store.login_needed(claimed, "the token has expired", now)
    store.close()

    ended = termbell("login", "fediverse", "-c", config, input="right-token\n")

    store = Store(planned.config.store, now)
    held, rows = store.accounts.held(), store.rows()
    store.close()
    assert ended.stdout.endswith("\n1 delivery that waited for this will go out\n")
    assert held == {}
    assert {row.status for row in rows} == {status.SCHEDULED}


def test_logout_forgets(config: Path):
    termbell("login", "fediverse", "-c", config, input="right-token\n")

    assert termbell("logout", "fediverse", "-c", config).stdout == "fediverse: nothing is kept any more\n"

    assert "token missing" in lines(termbell("accounts", "-c", config))


@pytest.mark.parametrize("command", ["login", "logout"])
def test_an_account_that_does_not_exist_is_said_with_the_near_one(config: Path, command: str):
    ended = termbell(command, "fedivers", "-c", config)

    assert (ended.exit_code, ended.stderr) == (1, "error: no account called 'fedivers'; did you mean 'fediverse'?\n")


def test_an_account_that_needs_nothing_is_told_so(config: Path):
    assert termbell("login", "class-site", "-c", config).stdout == "class-site needs no credentials\n"


def test_nothing_given_is_nothing_kept(config: Path):
    ended = termbell("login", "fediverse", "-c", config, input="\n")

    assert ended.exit_code == 1
    assert ended.stderr.endswith("error: fediverse: no token was given\n")


def test_platforms_say_what_they_take_and_need():
    shown = lines(termbell("platforms", "mastodon"))

    assert "500 " in shown
    assert "needs    token\n" in shown
    assert "server" in shown
    assert "https://docs.joinmastodon.org" in shown


def test_platforms_as_json_have_the_agreed_keys():
    found = json.loads(termbell("platforms", "--json").stdout)

    assert {"site", "mastodon", "bluesky", "linkedin", "email"} <= {one["name"] for one in found["platforms"]}
    assert all({"name", "limits", "settings", "secrets", "features"} <= set(one) for one in found["platforms"])


def test_a_platform_that_does_not_exist_is_wrong_usage():
    ended = termbell("platforms", "myspace")

    assert ended.exit_code == 2
    assert "no platform called 'myspace'" in ended.stderr
