"""`termbell login` on a platform's page: the real command, a browser, and a server that enforces the rules."""

import json
import os
import pty
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from scheduler.cli import signing_in
from tests.authorizing import OAUTH, Authority, Person, a_person, authorizing
from tests.servers.starting import free_ports

AT_A_FREE_PORT = ("--redirect", "http://127.0.0.1:{port}/")  # in the browser although it is a pipe
APP = "an-app\napp-5ecret\n"
MADE_FOR_US = OAUTH.replace("scopes", 'register="{server}/apps", scopes')
A_PAGE = OAUTH.replace("scopes", 'redirect="https://localhost/", scopes')
BY_CODE = OAUTH.replace("scopes", 'device="{server}/device", scopes')


@pytest.fixture
def authority() -> Iterator[Authority]:
    with authorizing(Authority()) as served:
        yield served


@pytest.fixture
def person(tmp_path: Path, authority: Authority) -> Person:
    return a_person(tmp_path, authority.url)


def another(person: Person, authority: Authority, oauth: str) -> Person:
    folder = person.folder / "another"
    folder.mkdir()
    return a_person(folder, authority.url, oauth)


def test_a_person_says_yes_in_the_browser_and_what_comes_of_it_is_tried_and_kept(
    person: Person, authority: Authority
):
    before, port = datetime.now(UTC), str(free_ports(1))
    ended = person.login("--port", port, given=APP)

    file = person.folder / ".termbell" / "secrets.json"
    assert ended.returncode == 0, ended.stderr
    assert (
        ended.stdout
        == f"board: these are the credentials of Ada\nkept in {file} (readable by you only)\n"
        "they are renewed by themselves\n"
    )
    assert (
        f"Your app on slate has to have this redirect address: http://127.0.0.1:{port}/"
        in ended.stderr
    )
    assert "Termbell has the answer" in person.shown
    assert person.kept["accounts"]["board"] == {
        "token": "token-5ecret-1",
        "refresh": "refresh-5ecret-1",
        "client_id": "an-app",
        "client_secret": "app-5ecret",
    }
    session = person.kept["sessions"]["board"]
    assert (session["token"], session["refresh"]) == ("token-5ecret-1", "refresh-5ecret-1")
    assert (
        timedelta(minutes=59)
        < datetime.fromisoformat(session["ends"]) - before
        < timedelta(minutes=61)
    )
    assert [form["grant_type"] for form in authority.forms("/token")] == ["authorization_code"]
    assert "5ecret" not in ended.stdout + ended.stderr


def test_a_token_that_cannot_be_renewed_is_kept_with_its_end(person: Person, authority: Authority):
    authority.renews, authority.lasts = False, 60 * 86400
    ended = person.login(*AT_A_FREE_PORT, given=APP)

    ends = datetime.now(UTC) + timedelta(days=60)
    assert f"they end on {ends:%d %B %Y}; you are warned before" in ended.stdout
    assert abs(datetime.fromisoformat(person.kept["ends"]["board"]) - ends) < timedelta(minutes=1)
    assert "sessions" not in person.kept


def test_a_token_without_an_end_is_said_to_have_none_by_saying_nothing(
    person: Person, authority: Authority
):
    authority.renews, authority.lasts = False, None
    ended = person.login(*AT_A_FREE_PORT, given=APP)

    assert len(ended.stdout.splitlines()) == 2
    assert "ends" not in person.kept


def test_the_app_of_last_time_is_used_again(person: Person, authority: Authority):
    person.login(*AT_A_FREE_PORT, given=APP)
    ended = person.login(*AT_A_FREE_PORT, given="\n\n")

    assert ended.returncode == 0, ended.stderr
    assert person.kept["accounts"]["board"]["client_secret"] == "app-5ecret"


def test_a_server_that_makes_an_app_for_whoever_asks_needs_no_more_than_a_yes(
    person: Person, authority: Authority
):
    somebody = another(person, authority, MADE_FOR_US)
    ended = somebody.login(*AT_A_FREE_PORT)

    assert ended.returncode == 0, ended.stderr
    (app,), (asked,) = authority.forms("/apps"), authority.forms("/authorize")
    assert app["redirect_uris"] == asked["redirect_uri"]


def test_on_a_terminal_the_browser_is_opened_unasked(person: Person, authority: Authority):
    somebody = another(person, authority, MADE_FOR_US)
    ours, its = pty.openpty()
    with somebody.started("login", "board", stdin=its) as command:
        said, _ = command.communicate(timeout=30)
    os.close(ours)
    os.close(its)

    assert command.returncode == 0
    assert said.startswith("board: these are the credentials of Ada\n")
    assert "Termbell has the answer" in somebody.shown


def test_on_a_terminal_a_token_is_asked_for_where_that_is_said(
    person: Person, authority: Authority
):
    authority.tokens = {"typed"}
    ours, its = pty.openpty()
    with person.started("login", "board", "--token", stdin=its) as command:
        assert command.stderr
        prompt = ""
        for sign in iter(
            lambda: command.stderr.read(1), ""
        ):  # what is typed before it is there is thrown away
            prompt += sign
            if prompt.endswith("token of board: "):
                break
        os.write(ours, b"typed\n")
        command.communicate(timeout=30)
    os.close(ours)
    os.close(its)

    assert command.returncode == 0
    assert person.kept == {"accounts": {"board": {"token": "typed"}}}


def test_without_a_browser_the_address_is_printed_and_the_answer_awaited(
    person: Person, authority: Authority
):
    with person.started("login", "board", "--no-browser") as command:
        assert command.stdin
        assert command.stderr
        command.stdin.write(APP)
        command.stdin.flush()
        address = next(line.strip() for line in command.stderr if line.strip().startswith("http"))
        requests.get(address, timeout=5)
        said, _ = command.communicate(timeout=30)

    assert command.returncode == 0
    assert said.startswith("board: these are the credentials of Ada\n")
    assert not (person.folder / "browser.shown").exists()


@pytest.mark.parametrize("oauth", [OAUTH, A_PAGE])
def test_where_nothing_can_listen_the_person_pastes_where_the_browser_was_sent_to(
    person: Person, authority: Authority, oauth: str
):
    somebody = another(person, authority, oauth)
    with somebody.started("login", "board", "--paste") as command:
        assert command.stdin
        assert command.stderr
        command.stdin.write(APP)
        command.stdin.flush()
        address = next(line.strip() for line in command.stderr if line.strip().startswith("http"))
        sent_to = requests.get(address, timeout=5, allow_redirects=False).headers["Location"]
        said, _ = command.communicate(sent_to + "\n", timeout=30)

    assert command.returncode == 0
    assert said.startswith("board: these are the credentials of Ada\n")
    assert sent_to.startswith(
        "https://localhost/?" if oauth == A_PAGE else "http://127.0.0.1:8400/?"
    )


def test_a_device_needs_no_page_of_its_own(person: Person, authority: Authority):
    somebody = another(person, authority, BY_CODE)
    ended = somebody.login("--device", given=APP)

    assert ended.returncode == 0, ended.stderr
    assert (
        f"Open {authority.url}/device in a browser, on any machine, and enter WDJB-MJHT"
        in ended.stderr
    )
    assert "board: these are the credentials of Ada" in ended.stdout
    assert "device-5ecret" not in ended.stderr


def test_from_a_pipe_a_token_is_read_as_ever(person: Person, authority: Authority):
    authority.tokens = {"pasted"}
    ended = person.login(given="pasted\n")

    assert ended.returncode == 0, ended.stderr
    assert person.kept == {"accounts": {"board": {"token": "pasted"}}}
    assert authority.forms("/authorize") == []


def test_a_pasted_refresh_is_used_at_once(person: Person, authority: Authority):
    authority.refreshes["r0"] = "read write"
    ended = person.login("--token", given=f"old\nr0\n{APP}")

    assert ended.returncode == 0, ended.stderr
    assert "they are renewed by themselves" in ended.stdout
    assert person.kept["sessions"]["board"]["token"] == "token-5ecret-0"


def test_a_no_is_said_and_nothing_is_kept(person: Person, authority: Authority):
    authority.denies = True
    ended = person.login(*AT_A_FREE_PORT, given=APP)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.endswith("error: slate did not sign you in: it was not allowed\n")
    assert person.kept == {}


def test_an_answer_to_another_question_is_refused_and_the_wait_goes_on(
    person: Person, authority: Authority
):
    port = str(free_ports(1))
    with person.started("login", "board", "--no-browser", "--port", port) as command:
        assert command.stdin
        assert command.stderr
        command.stdin.write(APP)
        command.stdin.flush()
        address = next(line.strip() for line in command.stderr if line.strip().startswith("http"))
        refused = requests.get(f"http://127.0.0.1:{port}/?code=evil&state=guessed", timeout=5)
        requests.get(address, timeout=5)
        command.communicate(timeout=30)

    assert refused.status_code == 400
    assert command.returncode == 0
    assert len(authority.forms("/token")) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"unticked": frozenset({"write"})},
            "slate granted less than was asked for: write is missing; sign in again and allow all of it",
        ),
        (
            {"client_secret": "another"},
            "slate did not sign you in: it knows no app with this client id and client secret",
        ),
        ({"challenge": "hex"}, "slate did not sign you in: the code is spent or too old"),
    ],
)
def test_what_goes_wrong_is_said_in_words_and_the_old_credentials_stay(
    person: Person,
    authority: Authority,
    change: dict[str, object],
    words: str,
):
    person.login(*AT_A_FREE_PORT, given=APP)
    kept = person.kept
    for name, value in change.items():
        setattr(authority, name, value)

    ended = person.login(*AT_A_FREE_PORT, given=APP)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert f"error: {words}" in ended.stderr
    assert "5ecret" not in ended.stderr
    assert person.kept == kept


def test_a_token_that_the_platform_refuses_is_not_kept(
    person: Person, authority: Authority, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        authority, "given", lambda scope: {"access_token": "good for nothing", "scope": scope}
    )
    ended = person.login(*AT_A_FREE_PORT, given=APP)

    assert ended.returncode == 1
    assert "slate answered 'me' with 401: invalid_token" in ended.stderr
    assert person.kept == {}


def test_a_refused_renewal_is_a_login_that_is_needed(person: Person, authority: Authority):
    person.login(*AT_A_FREE_PORT, given=APP)
    authority.tokens.clear()
    authority.refreshes.clear()

    ended = person.termbell("accounts", "--verify", "--json")

    (board,) = json.loads(ended.stdout)["accounts"]
    assert board["error"].startswith("slate answered 'refresh' with 400: no: ")
    assert board["error"].endswith("; log in again: termbell login board")
    assert "5ecret" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--token", "--paste"],
            "--token is for a token that you have; leave out the options for signing in",
        ),
        (["--device"], "error: slate signs in no devices; leave out --device"),
    ],
)
def test_options_that_do_not_fit_are_said(person: Person, words: list[str], said: str):
    ended = person.login(*words)

    assert ended.returncode in (1, 2)
    assert said in " ".join(ended.stderr.split())


def test_a_token_that_the_config_names_is_not_signed_in_for(person: Person, authority: Authority):
    config = person.folder / "config.yaml"
    config.write_text(config.read_text().replace('"}', '", token: written}'))

    ended = person.login("--paste")

    assert (
        ended.stderr
        == "error: config.yaml:3: accounts.board.token is named here; take it out to sign in on the page\n"
    )


@pytest.mark.parametrize(
    ("system", "environment", "is_one"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"BROWSER": "firefox"}, True),
        ("darwin", {}, True),
        ("darwin", {"SSH_CONNECTION": "x"}, False),
        ("win32", {}, True),
    ],
)
def test_a_browser_is_opened_only_where_the_person_sees_it(
    monkeypatch: pytest.MonkeyPatch, system: str, environment: dict[str, str], is_one: bool
):
    for name in (*signing_in.DESKTOPS, "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", system)

    assert signing_in.is_desktop() is is_one
