"""An OAuth 2 server on 127.0.0.1 that enforces the rules (RFC 6749, 7636, 8628), a platform that signs in there, and a browser.

Codes work once, for their client, redirect address and verifier; refresh tokens work once and are replaced; whoever says yes
is asked nothing. On demand it denies, leaves a scope out, forgets its codes. What it was asked is in `asked`.
"""

import hashlib
import json
import os
import subprocess
import sys
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tests.serving import Silent, serving

HERE = Path(__file__).parent.parent
SLATE = """
from dataclasses import replace
from datetime import date
from platforms.base import HARMLESS, Limits, OAuth, Platform, Published, Request, Setting, renewing

{oauth}

def whoami(account, ask):
    return ask(Request(step="me", url=account.settings["server"] + "/me", repeat=HARMLESS, example={{"name": "x"}})).json()["name"]

PLATFORM = Platform(
    name="slate", limits=Limits(source="https://x.test", checked=date(2026, 9, 1)), publish=lambda account, post, ask: Published(id="1"),
    settings=(Setting(name="server", meaning="where it is", required=True),),
    secrets=("token",), optional_secrets=("refresh", "client_id", "client_secret"), session=renewing(OAUTH), oauth=OAUTH, whoami=whoami)
"""
OAUTH = """OAUTH = OAuth(authorize="{server}/authorize", token="{server}/token", scopes=("read", "write"))"""
# A browser: goes where it is sent, and writes down what it is shown.
BROWSER = """
import pathlib, sys, requests
answer = requests.get(sys.argv[1], timeout=10)
pathlib.Path(sys.argv[0]).with_suffix(".shown").write_text(answer.text)
"""


@dataclass
class Code:
    redirect: str
    challenge: str
    scope: str


class No(Exception):
    """A refusal, as RFC 6749 words it."""

    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.status = error, status


@dataclass
class Authority:
    """The state of the server, and the rules."""

    client_id: str = "an-app"
    client_secret: str = "app-5ecret"
    redirect: str = (
        ""  # the one that the app has registered; empty: any on loopback, as RFC 8252 has it
    )
    challenge: str = "S256"  # or "hex", or none
    unticked: frozenset[str] = frozenset()
    denies: bool = False
    lasts: int | None = 3600  # seconds
    renews: bool = True
    says_pending: list[str] = field(default_factory=list)  # what a device is told first
    url: str = ""
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    refreshes: dict[str, str] = field(default_factory=dict)  # to their scope
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)

    def forms(self, path: str) -> list[dict[str, str]]:
        return [form for at, form in self.asked if at == path]

    def authorize(self, said: dict[str, str]) -> str:
        """Where the browser is sent to."""
        if (
            said["client_id"] != self.client_id
            or (self.redirect and said["redirect_uri"] != self.redirect)
            or said["response_type"] != "code"
        ):
            raise No("invalid_request")
        if self.challenge and (
            said.get("code_challenge_method") != "S256" or not said.get("code_challenge")
        ):
            raise No("invalid_request")
        if self.denies:
            return (
                said["redirect_uri"]
                + "?"
                + urlencode({"error": "access_denied", "state": said["state"]})
            )
        code = f"code/{next(self.numbers)}=&"
        scope = " ".join(one for one in said["scope"].split() if one not in self.unticked)
        self.codes[code] = Code(said["redirect_uri"], said.get("code_challenge", ""), scope)
        return said["redirect_uri"] + "?" + urlencode({"code": code, "state": said["state"]})

    def token(self, said: dict[str, str], basic: str) -> dict[str, Any]:
        client = (
            b64decode(basic).decode()
            if basic
            else f"{said.get('client_id')}:{said.get('client_secret', '')}"
        )
        if client != f"{self.client_id}:{self.client_secret}":
            raise No("invalid_client", 401)
        match said["grant_type"]:
            case "authorization_code":
                return self.given(self.scope_of(said))
            case "refresh_token":
                if said["refresh_token"] not in self.refreshes:
                    raise No("invalid_grant")
                return self.given(self.refreshes.pop(said["refresh_token"]))
            case "urn:ietf:params:oauth:grant-type:device_code":
                if self.says_pending:
                    raise No(self.says_pending.pop(0))
                return self.given("read write")
        raise No("unsupported_grant_type")

    def scope_of(self, said: dict[str, str]) -> str:
        """What the code is for. It works once, whatever comes of it."""
        code = self.codes.pop(said["code"], None)
        if code is None or code.redirect != said["redirect_uri"]:
            raise No("invalid_grant")
        digest = hashlib.sha256(said.get("code_verifier", "").encode())
        proofs = {
            "S256": urlsafe_b64encode(digest.digest()).decode().rstrip("="),
            "hex": digest.hexdigest(),
            "": code.challenge,
        }
        if proofs[self.challenge] != code.challenge:
            raise No("invalid_grant")
        return code.scope

    def given(self, scope: str) -> dict[str, Any]:
        number = next(self.numbers)
        self.tokens = {f"token-5ecret-{number}"}
        answer: dict[str, Any] = {
            "access_token": f"token-5ecret-{number}",
            "token_type": "bearer",
            "scope": scope,
        }
        if self.lasts is not None:
            answer["expires_in"] = self.lasts
        if self.renews:
            self.refreshes[f"refresh-5ecret-{number}"] = scope
            answer["refresh_token"] = f"refresh-5ecret-{number}"
        return answer

    def app(self, said: dict[str, str]) -> dict[str, Any]:
        self.redirect = said["redirect_uris"]
        return {"client_id": self.client_id, "client_secret": self.client_secret}

    def device(self, said: dict[str, str]) -> dict[str, Any]:
        return {
            "device_code": "device-5ecret",
            "user_code": "WDJB-MJHT",
            "verification_uri": f"{self.url}/device",
            "expires_in": 60,
            "interval": 0,
        }


class Pages(Silent):
    authority: Authority

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        said = dict(parse_qsl(query))
        self.authority.asked.append((path, said))
        if path == "/me":
            known = (
                self.headers.get("Authorization", "").removeprefix("Bearer ")
                in self.authority.tokens
            )
            return self.says(
                {"name": "Ada"} if known else {"error": "invalid_token"}, 200 if known else 401
            )
        try:
            to = self.authority.authorize(said)
        except No as refused:
            return self.says({"error": refused.error}, refused.status)
        return self.says({}, 302, Location=to)

    def do_POST(self) -> None:
        said = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self.authority.asked.append((self.path, said))
        try:
            match self.path:
                case "/token":
                    answer = self.authority.token(
                        said, self.headers.get("Authorization", "").removeprefix("Basic ")
                    )
                case "/apps":
                    answer = self.authority.app(said)
                case "/device":
                    answer = self.authority.device(said)
        except No as refused:
            return self.says(
                {"error": refused.error, "error_description": f"no: {urlencode(said)}"},
                refused.status,
            )
        return self.says(answer)

    def says(self, answer: object, status: int = 200, **headers: str) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(content)),
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def authorizing(authority: Authority) -> Iterator[Authority]:
    handler: type[BaseHTTPRequestHandler] = type("Handler", (Pages,), {"authority": authority})
    with serving(handler) as authority.url:
        yield authority


@dataclass
class Person:
    """A folder with a calendar, a browser, and the command as a process of its own."""

    folder: Path
    environment: dict[str, str]

    def login(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return self.termbell("login", "board", *words, given=given)

    def termbell(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "scheduler", *words],
            cwd=self.folder,
            input=given,
            text=True,
            capture_output=True,
            env=self.environment,
            timeout=60,
        )

    @contextmanager
    def started(
        self, *words: str, stdin: int = subprocess.PIPE
    ) -> "Iterator[subprocess.Popen[str]]":
        """Not for longer than the test needs it, and with no terminal but the one that it is given."""
        with subprocess.Popen(
            [sys.executable, "-m", "scheduler", *words],
            cwd=self.folder,
            text=True,
            stdin=stdin,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as command:
            try:
                yield command
            finally:
                command.kill()

    @property
    def shown(self) -> str:
        """What the browser shows."""
        return (self.folder / "browser.shown").read_text()

    @property
    def kept(self) -> dict[str, Any]:
        file = self.folder / ".termbell" / "secrets.json"
        found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
        return found


def a_person(folder: Path, server: str, oauth: str = OAUTH) -> Person:
    """With an account `board` on a platform `slate` of another package, which signs in at `server`."""
    packages = folder / "packages"
    about = packages / "termbell_slate-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: termbell-slate\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[termbell.platforms]\nslate = termbell_slate:PLATFORM\n"
    )
    (packages / "termbell_slate.py").write_text(SLATE.format(oauth=oauth))
    (folder / "browser.py").write_text(BROWSER)
    (folder / "config.yaml").write_text(
        f'timezone: UTC\naccounts:\n  board: {{platform: slate, server: "{server}"}}\nposts: []\n'
    )
    return Person(
        folder,
        {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(packages), str(HERE)]),
            "BROWSER": f"{sys.executable} {folder / 'browser.py'} %s",
        },
    )
