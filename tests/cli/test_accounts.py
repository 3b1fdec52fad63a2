import json
import stat
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from scheduler.engine.planning import plan
from scheduler.store import Store, status
from tests.cli.support import HELLO, a_calendar, lines, termbell
from tests.serving import Silent, serving


class Instance(Silent):
    """Knows one token, and whose it is."""

    KNOWN: ClassVar = {"id": "1", "acct": "ada"}

    def do_GET(self) -> None:
        known = self.headers["Authorization"] == "Bearer right-token"
        body = json.dumps(
            self.KNOWN if known else {"error": "The access token is invalid"}
        ).encode()
        self.send_response(200 if known else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server() -> Iterator[str]:
    with serving(Instance) as url:
        yield url


@pytest.fixture
def config(tmp_path: Path, server: str) -> Path:
    return a_calendar(
        tmp_path,
        HELLO,
        f"""\
timezone: Europe/London
accounts:
  class-site: {{platform: site, folder: public}}
  fediverse: {{platform: mastodon, server: "{server}"}}
posts:
""",
    )


def test_accounts_say_which_secrets_are_missing_and_how_to_give_them(config: Path):
    ended = termbell("accounts", "-c", config)

    assert ended.exit_code == 1
    assert lines(ended) == (
        "✓ class-site  site        needs no credentials\n"
        "✗ fediverse   mastodon    token missing\n"
        "  fediverse has no token yet: termbell login fediverse\n"
    )


def test_login_says_where_the_token_is_to_be_had_tries_it_and_keeps_it_where_only_the_person_reads(
    config: Path, server: str
):
    ended = termbell("login", "fediverse", "-c", config, input="right-token\n")

    kept = config.parent / ".termbell" / "secrets.json"
    assert ended.exit_code == 0
    assert f"{server}/settings/applications" in ended.stderr
    assert (
        ended.stdout
        == f"fediverse: these are the credentials of @ada\nkept in {kept} (readable by you only)\n"
    )
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
    assert fediverse == {
        "account": "fediverse",
        "platform": "mastodon",
        "secrets": [{"name": "token", "present": True}],
        "ready": True,
        "who": "@ada",
        "error": None,
    }
    assert "right-token" not in ended.output


def test_a_token_that_is_refused_later_is_said_by_verify(config: Path):
    config.write_text(config.read_text().replace('"}', '", token: old-token}'))

    assert termbell("accounts", "-c", config).exit_code == 0
    ended = termbell("accounts", "--verify", "-c", config)

    assert ended.exit_code == 1
    assert "The access token is invalid" in lines(ended)
    assert "old-token" not in ended.output


def test_a_server_that_answers_nonsense_is_said_and_the_other_accounts_too(
    config: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Instance, "KNOWN", {"no": "account"})
    config.write_text(config.read_text().replace('"}', '", token: right-token}'))

    ended = termbell("accounts", "--verify", "-c", config)

    assert ended.exit_code == 1
    assert "✓ class-site" in lines(ended)
    assert "mastodon answered what is not documented (KeyError); is this the server?" in lines(
        ended
    )


def test_a_secret_that_the_config_names_is_tried_and_not_asked_for(
    config: Path, monkeypatch: pytest.MonkeyPatch
):
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

    assert (
        termbell("logout", "fediverse", "-c", config).stdout
        == "fediverse: nothing is kept any more\n"
    )

    assert "token missing" in lines(termbell("accounts", "-c", config))


@pytest.mark.parametrize("command", ["login", "logout"])
def test_an_account_that_does_not_exist_is_said_with_the_near_one(config: Path, command: str):
    ended = termbell(command, "fedivers", "-c", config)

    assert (ended.exit_code, ended.stderr) == (
        1,
        "error: no account called 'fedivers'; did you mean 'fediverse'?\n",
    )


def test_an_account_that_needs_nothing_is_told_so(config: Path):
    assert (
        termbell("login", "class-site", "-c", config).stdout == "class-site needs no credentials\n"
    )


def test_nothing_given_is_nothing_kept(config: Path):
    ended = termbell("login", "fediverse", "-c", config, input="\n")

    assert ended.exit_code == 1
    assert ended.stderr.endswith("error: no token of fediverse was given\n")


SLATE = """
from dataclasses import replace
from platforms.linkedin import PLATFORM as OURS

PLATFORM = replace(OURS, name="slate", secrets=("token",), optional_secrets=("client_id", "client_secret"), whoami=None, last=None)
"""


@pytest.fixture
def slate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A calendar with an account on a platform of another package, which has optional secrets."""
    package = tmp_path / "package"
    about = package / "termbell_slate-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: termbell-slate\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[termbell.platforms]\nslate = termbell_slate:PLATFORM\n"
    )
    (package / "termbell_slate.py").write_text(SLATE)
    monkeypatch.syspath_prepend(package)
    return a_calendar(
        tmp_path, "[]\n", "timezone: UTC\naccounts:\n  board: {platform: slate}\nposts: "
    )


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("t\nc\ns\n", {"token": "t", "client_id": "c", "client_secret": "s"}),
        ("t\n\ns\n", {"token": "t", "client_secret": "s"}),
        ("t\n", {"token": "t"}),
    ],
)
def test_optional_secrets_are_asked_for_too_and_an_empty_answer_is_none(
    slate: Path, typed: str, kept: dict[str, str]
):
    ended = termbell("login", "board", "-c", slate, input=typed)

    assert ended.exit_code == 0
    assert json.loads((slate.parent / ".termbell" / "secrets.json").read_text()) == {
        "accounts": {"board": kept}
    }


def test_an_end_that_is_known_is_said(slate: Path):
    package = slate.parent / "package" / "termbell_slate.py"
    package.write_text(package.read_text().replace("last=None", "last=60"))
    sys.modules.pop("termbell_slate", None)

    ended = termbell("login", "board", "-c", slate, input="t\n\n\n")

    assert (
        f"they end on {datetime.now(UTC) + timedelta(days=60):%d %B %Y}; you are warned before"
        in ended.stdout
    )


def test_an_optional_secret_that_is_not_given_again_is_forgotten(slate: Path):
    termbell("login", "board", "-c", slate, input="t\nc\n\n")
    termbell("login", "board", "-c", slate, input="t\n\n\n")

    assert '"c"' not in (slate.parent / ".termbell" / "secrets.json").read_text()


def test_a_required_secret_is_asked_for_before_the_optional_ones(slate: Path):
    ended = termbell("login", "board", "-c", slate, input="\nc\ns\n")

    assert (ended.exit_code, ended.stderr.splitlines()[-1]) == (
        1,
        "error: no token of board was given",
    )
    assert not (slate.parent / ".termbell").exists()


@pytest.fixture
def named(config: Path) -> Path:
    """A calendar whose account names its secret."""
    config.write_text(config.read_text().replace('"}', '", token: !secret class token}'))
    return config


def test_a_named_secret_is_kept_and_then_tried_by_the_login_of_the_account(named: Path):
    missing = termbell("login", "fediverse", "-c", named)
    kept = termbell("login", "--secret", "class token", "-c", named, input="right-token\n")
    tried = termbell("login", "fediverse", "-c", named)

    file = named.parent / ".termbell" / "secrets.json"
    assert missing.exit_code == 1
    assert missing.stderr.endswith(
        "no secret is kept under the name 'class token'; termbell login --secret 'class token'\n"
    )
    assert (kept.exit_code, kept.stdout) == (
        0,
        f"class token: kept in {file} (readable by you only)\n",
    )
    assert kept.stderr == "fediverse uses it; to try it: termbell login fediverse\n"
    assert "right-token" not in kept.output
    assert (tried.exit_code, tried.stdout) == (0, "fediverse: these are the credentials of @ada\n")


def test_a_named_secret_is_forgotten(named: Path):
    termbell("login", "--secret", "class token", "-c", named, input="right-token\n")

    ended = termbell("logout", "--secret", "class token", "-c", named)

    assert (ended.exit_code, ended.stdout) == (0, "class token: nothing is kept any more\n")
    assert ended.stderr == "fediverse uses it, and cannot publish until it is kept again\n"
    assert "right-token" not in (named.parent / ".termbell" / "secrets.json").read_text()
    assert "token missing" in lines(termbell("accounts", "-c", named))


def test_a_named_secret_that_no_account_uses_is_said_to_be_one(named: Path):
    ended = termbell("login", "--secret", "other", "-c", named, input="x\n")

    assert (
        ended.stderr
        == "no account in config.yaml uses it yet; there it is written `!secret other`\n"
    )


def test_a_named_secret_that_is_empty_is_not_kept(named: Path):
    ended = termbell("login", "--secret", "class token", "-c", named, input="\n")

    assert (ended.exit_code, ended.stderr) == (1, "error: no class token was given\n")
    assert not (named.parent / ".termbell").exists()


@pytest.mark.parametrize("command", ["login", "logout"])
@pytest.mark.parametrize("words", [(), ("fediverse", "--secret", "class token")])
def test_an_account_and_a_named_secret_exclude_each_other(
    named: Path, command: str, words: tuple[str, ...]
):
    ended = termbell(command, *words, "-c", named)

    assert ended.exit_code == 2
    assert "one of them is needed: the name of an ACCOUNT, or --secret NAME" in ended.stderr


def test_platforms_say_what_they_take_and_need():
    shown = lines(termbell("platforms", "mastodon"))

    assert "takes    500 graphemes, 4 pictures or 1 video\n" in shown
    assert "needs    token\n" in shown
    assert "server" in shown
    assert "https://docs.joinmastodon.org" in shown


def test_platforms_as_json_have_the_agreed_keys():
    found = json.loads(termbell("platforms", "--json").stdout)

    assert {"site", "mastodon", "bluesky", "linkedin", "email"} <= {
        one["name"] for one in found["platforms"]
    }
    assert all(
        {"name", "limits", "settings", "secrets", "features"} <= set(one)
        for one in found["platforms"]
    )


def test_a_platform_that_does_not_exist_is_wrong_usage():
    ended = termbell("platforms", "myspace")

    assert ended.exit_code == 2
    assert "no platform called 'myspace'" in ended.stderr
