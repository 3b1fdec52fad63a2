"""Signing in with the real command at real servers: oauth2-mock-server (PKCE, refresh) and snac (Mastodon's API, its own login form).

What neither does is done to their answers on the way: a person who says no, and a page that sends somebody else's code.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests

from tests.authorizing import Person, a_person
from tests.serving import Silent, serving

pytestmark = pytest.mark.xdist_group("oauth2_mock")
OAUTH = """OAUTH = OAuth(authorize="{authorize}", token="{server}/token", scopes=("dummy",))"""  # the one scope that it grants
APP = "an-app\napp-5ecret\n"
HELD = 4.0  # seconds for which a renewal is held, while another process wants one as well
# Fills in snac's form as the person does, and goes where that leads.
SNAC_BROWSER = """
import re, sys, requests
page = requests.get(sys.argv[1], timeout=10).text
form = dict(re.findall(r'type="hidden" name="(\\w+)" value="([^"]*)"', page))
answer = requests.post("{base_url}/oauth/x-snac-login", data=form | {{"login": "{user}", "passwd": "{password}"}}, allow_redirects=False, timeout=10)
requests.get(answer.headers["Location"], timeout=10)
"""


@contextmanager
def relay(to: str, hold: float = 0) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Hands requests for tokens on to the real server; its address, and the forms that came by. /me says who has the newest token."""
    forms: list[dict[str, str]] = []
    known: list[str] = []

    class Relay(Silent):
        def do_POST(self) -> None:
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            forms.append(form)
            if form["grant_type"] == "refresh_token":
                Event().wait(hold)
            answer = requests.post(to, data=form, timeout=10)
            known[:] = [answer.json().get("access_token", "")]
            self.says(answer.status_code, answer.content)

        def do_GET(self) -> None:
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            self.says(200 if token in known else 401, b'{"name": "John"}')

        def says(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    handler: type[BaseHTTPRequestHandler] = Relay
    with serving(handler) as url:
        yield url, forms


def somebody(folder: Path, url: str, mock: dict[str, Any]) -> Person:
    return a_person(folder, url, OAUTH.replace("{authorize}", mock["authorize"]))


def sent_to(address: str) -> str:
    """Where the real server sends the browser."""
    return requests.get(address, allow_redirects=False, timeout=10).headers["Location"]


def page_of(command: Any) -> str:
    """The address that the command prints, once it knows the app."""
    command.stdin.write(APP)
    command.stdin.flush()
    return next(line.strip() for line in command.stderr if line.strip().startswith("http"))


def test_a_yes_becomes_a_token_that_is_renewed(tmp_path: Path, oauth2_mock: dict[str, Any]) -> None:
    with relay(oauth2_mock["token"]) as (url, forms):
        person = somebody(tmp_path, url, oauth2_mock)
        ended = person.login("--redirect", "http://127.0.0.1:{port}/", given=APP)

        assert ended.returncode == 0, ended.stderr
        assert ended.stdout.startswith("board: these are the credentials of John\n")
        assert "they are renewed by themselves" in ended.stdout
        assert [form["grant_type"] for form in forms] == ["authorization_code"]
        session = person.kept["sessions"]["board"]
        assert session["refresh"] not in ended.stdout + ended.stderr

        make_it_end(person)
        verified = person.termbell("accounts", "--verify")

        assert "John" in verified.stdout, verified.stderr
        assert forms[-1] == {
            "grant_type": "refresh_token",
            "refresh_token": session["refresh"],
            "client_id": "an-app",
            "client_secret": "app-5ecret",
        }
        assert person.kept["sessions"]["board"]["refresh"] != session["refresh"]


def test_a_wrong_state_is_refused_and_the_right_one_awaited(
    tmp_path: Path, oauth2_mock: dict[str, Any]
) -> None:
    with (
        relay(oauth2_mock["token"]) as (url, forms),
        somebody(tmp_path, url, oauth2_mock).started("login", "board", "--no-browser") as command,
    ):
        where = sent_to(page_of(command))
        evil = requests.get(re.sub("state=[^&]*", "state=another", where), timeout=10)
        good = requests.get(where, timeout=10)
        command.communicate(timeout=30)

        assert (evil.status_code, good.status_code, command.returncode, len(forms)) == (
            400,
            200,
            0,
            1,
        )


def test_a_no_is_said(tmp_path: Path, oauth2_mock: dict[str, Any]) -> None:
    with (
        relay(oauth2_mock["token"]) as (url, forms),
        somebody(tmp_path, url, oauth2_mock).started("login", "board", "--no-browser") as command,
    ):
        address = urlsplit(sent_to(page_of(command)))
        state = dict(parse_qsl(address.query))["state"]
        requests.get(
            address._replace(query=urlencode({"error": "access_denied", "state": state})).geturl(),
            timeout=10,
        )
        _, said = command.communicate(timeout=30)

        assert (command.returncode, forms) == (1, [])
        assert said.endswith("error: slate did not sign you in: it was not allowed\n")


def test_a_code_that_is_spent_or_of_another_sign_in_is_said(
    tmp_path: Path, oauth2_mock: dict[str, Any]
) -> None:
    with relay(oauth2_mock["token"]) as (url, _):
        person = somebody(tmp_path, url, oauth2_mock)
        said = [failure(person, code, url) for code in (spent, of_another_sign_in)]

    assert said == [
        "error: slate did not sign you in; it says: code_challenge required",
        "error: slate did not sign you in; it says: code_verifier provided does not match code_challenge",
    ]
    assert person.kept == {}


def spent(address: str, url: str) -> str:
    """A code that somebody was quicker with."""
    code = code_of(address)
    requests.post(
        f"{url}/token",
        data={"grant_type": "authorization_code", "code": code, "code_verifier": "x" * 43},
        timeout=10,
    )
    return code


def of_another_sign_in(address: str, url: str) -> str:
    return code_of(re.sub("code_challenge=[^&]*", "code_challenge=x", address))


def code_of(address: str) -> str:
    return dict(parse_qsl(urlsplit(sent_to(address)).query))["code"]


def failure(person: Person, code: Callable[[str, str], str], url: str) -> str:
    """What is said last when the code is pasted."""
    with person.started("login", "board", "--paste") as command:
        _, said = command.communicate(code(page_of(command), url) + "\n", timeout=30)
    assert command.returncode == 1
    return said.splitlines()[-1]


def test_two_processes_that_find_the_token_ended_renew_it_once(
    tmp_path: Path, oauth2_mock: dict[str, Any]
) -> None:
    with relay(oauth2_mock["token"], hold=HELD) as (url, forms):
        person = somebody(tmp_path, url, oauth2_mock)
        assert person.login("--redirect", "http://127.0.0.1:{port}/", given=APP).returncode == 0
        make_it_end(person)
        with (
            person.started("accounts", "--verify") as one,
            person.started("accounts", "--verify") as other,
        ):
            said = [process.communicate(timeout=60)[0] for process in (one, other)]

    assert all("John" in words for words in said), said
    assert [form["grant_type"] for form in forms] == ["authorization_code", "refresh_token"]


def test_snac_signs_a_person_in_by_an_app_of_our_own(tmp_path: Path, snac: dict[str, Any]) -> None:
    person = a_person(tmp_path, snac["base_url"])
    (tmp_path / "config.yaml").write_text(
        f'timezone: UTC\naccounts: {{board: {{platform: mastodon, server: "{snac["base_url"]}/"}}}}\nposts: []\n'
    )
    (tmp_path / "browser.py").write_text(SNAC_BROWSER.format(**snac))

    ended = person.login("--redirect", "http://127.0.0.1:{port}/")

    assert ended.returncode == 0, ended.stderr
    assert re.match(r"board: these are the credentials of @alice", ended.stdout)
    token = person.kept["accounts"]["board"]["token"]
    assert set(person.kept["accounts"]["board"]) == {"token"}
    assert token not in ended.stdout + ended.stderr
    assert "@alice" in person.termbell("accounts", "--verify").stdout


def test_snac_refuses_an_app_that_it_does_not_know(tmp_path: Path, snac: dict[str, Any]) -> None:
    """Its 401 has no body."""
    oauth = 'OAUTH = OAuth(authorize="{server}/oauth/authorize", token="{server}/oauth/token", scopes=("write",))'
    ended = a_person(tmp_path, snac["base_url"], oauth).login("--paste", given=APP + "a-code\n")

    assert ended.returncode == 1
    assert (
        ended.stderr.splitlines()[-1]
        == "error: slate did not sign you in: it knows no app with this client id and client secret"
    )


def make_it_end(person: Person) -> None:
    """The token's end is now; whoever looks, renews it."""
    file = person.folder / ".termbell" / "secrets.json"
    file.write_text(
        re.sub(r'"ends": "[^"]*"', '"ends": "2026-01-01T00:00:00+00:00"', file.read_text())
    )
