"""No secret is anywhere but where it was put: the real commands, servers that repeat all they hear, and a search through everything.

Every account has a secret of its own (a canary), given in each way there is: written into the config, in the environment, named there
and kept, kept by a login. Whatever the servers do, no canary may be found in what the commands print, nor in any file that they write
but the one that secrets are kept in.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler.store import Store
from tests.security.hostile import MOODS, Hostile, hostile_servers, spelled
from tests.support import an_image

CANARIES = {
    "written": 'canary-w/ritten+"&ü',  # with all that is spelled otherwise in JSON, HTML and addresses
    "environment": "canary-environment",
    "named": "canary-named",
    "kept": "canary-kept-by-login",
    "mail": "canary-mail-pässword",
    "chalk": "canary-of-the-package",
    "session access": "canary-session-access",
    "session refresh": "canary-session-refresh",
    "client secret": "canary-client-secret",
    "code": "canary-code",
    "oauth access": "canary-oauth-access",
    "oauth refresh": "canary-oauth-refresh",
}
OF_A_SIGN_IN = ("client secret", "code", "oauth access", "oauth refresh")
CONFIG = """\
timezone: UTC
timeout: 2
accounts:
  class-site: {{platform: site, folder: public}}
  fediverse: {{platform: mastodon, server: "{http}", token: '{written}'}}
  second: {{platform: mastodon, server: "{http}"}}
  bluesky: {{platform: bluesky, server: "{http}", handle: ada.test, app_password: "${{BLUESKY_CANARY}}"}}
  linkedin: {{platform: linkedin, server: "{http}", token: !secret linkedin-token}}
  newsletter: {{platform: email, server: 127.0.0.1, port: {smtp}, tls: implicit, ca: "{ca}", user: anna, password: "${{MAIL_CANARY}}",
    from: news@example.org, to: [anna@example.org, ben@example.org]}}
  chalk: {{platform: chalkboard, server: "{http}", key: "${{CHALK_CANARY}}"}}
  slate: {{platform: slate, server: "{http}"}}
groups:
  everywhere: [class-site, fediverse, second, bluesky, linkedin, newsletter, chalk]
posts:
  - {{id: now, when: "{due}", to: everywhere, text: Good morning, media: [{{file: door.png, alt: A door}}]}}
  - {{id: later, when: 2099-01-01 09:00, to: everywhere, text: "A text that says {{token}} and {{key}}"}}
"""
CHALKBOARD = """
import os
from dataclasses import replace
from platforms.base import HARMLESS, PublishError, Request
from platforms.mastodon import PLATFORM as OURS

def publish(account, post, ask):
    if post.text != "Good morning" or "CHALK_IS_WELL" in os.environ or is_rehearsed(account, ask):
        return OURS.publish(account, post, ask)
    raise RuntimeError("broken with " + os.environ["CHALK_CANARY"])

def is_rehearsed(account, ask):
    try:
        board = Request(step="board", url=account.settings["server"] + "/board", repeat=HARMLESS, anonymous=True, example="rehearsed")
        return ask(board).json() == "rehearsed"
    except (PublishError, ValueError):
        return False

def sign(request, secrets):
    if "CHALK_IS_WELL" in os.environ:
        return request
    raise OSError(5, "cannot sign with " + secrets["key"], secrets["key"])

PLATFORM = replace(OURS, name="chalkboard", secrets=("key",), oauth=None, publish=publish, find=None, ask_limits=None, sign=sign)
"""
SLATE = """
from dataclasses import replace
from platforms.base import OAuth, renewing
from platforms.mastodon import PLATFORM as OURS

OAUTH = OAuth(authorize="{server}/oauth/authorize", token="{server}/oauth/token", scopes=("write",))
PLATFORM = replace(OURS, name="slate", optional_secrets=("refresh", "client_id", "client_secret"), session=renewing(OAUTH), oauth=OAUTH)
"""


@dataclass
class Calendar:
    """A folder with a calendar, and everything that commands have printed about it."""

    folder: Path
    hostile: Hostile
    environment: dict[str, str]
    printed: list[bytes] = field(default_factory=list)

    def termbell(
        self, *words: str, given: str = "", **environment: str
    ) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(
            [sys.executable, "-m", "scheduler", *words],
            cwd=self.folder,
            input=given.encode(),
            capture_output=True,
            env={**self.environment, **environment},
            timeout=60,
        )
        self.printed += [done.stdout, done.stderr]
        return done

    def until_tried(self) -> None:
        """Waits until every delivery that is due was tried.

        Apart from a twin, which waits while the first one on the same server is looked for.
        """
        until = time.monotonic() + 30
        while time.monotonic() < until:
            shown = self.termbell("status", "--json")
            deliveries = json.loads(shown.stdout)["deliveries"] if shown.stdout else []
            due = [one for one in deliveries if one["entry"] == "now"]
            untried = {one["account"] for one in due if not one["attempts"]}
            if due and untried <= {"second"}:
                return
            time.sleep(0.2)
        raise AssertionError("the daemon did not try everything")

    def found(self) -> list[str]:
        """Every place where a canary is, and should not be."""
        own = {self.folder / "config.yaml", self.folder / ".termbell" / "secrets.json"}
        places = {
            str(file): file.read_bytes()
            for root in (self.folder, Path(self.environment["TERMBELL_CACHE"]))
            for file in root.rglob("*")
            if file.is_file() and file not in own
        }
        places |= {f"printed {number}": text for number, text in enumerate(self.printed)}
        canaries = CANARIES | {
            f"verifier {number}": one for number, one in enumerate(self.hostile.verifiers)
        }
        return [
            f"{name} as {spelling!r} in {place}"
            for place, content in places.items()
            for name, canary in canaries.items()
            for spelling in spelled(canary)
            if spelling.encode() in content
        ]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    with hostile_servers(tmp_path_factory.mktemp("tls")) as servers:
        yield servers


@pytest.fixture
def calendar(tmp_path: Path, hostile: Hostile) -> Calendar:
    packages, folder = tmp_path / "packages", tmp_path / "calendar"
    about = packages / "termbell_chalkboard-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: termbell-chalkboard\nVersion: 1.0\n"
    )
    (about / "entry_points.txt").write_text(
        "[termbell.platforms]\nchalkboard = termbell_chalkboard:PLATFORM\nslate = termbell_slate:PLATFORM\n"
    )
    (packages / "termbell_chalkboard.py").write_text(CHALKBOARD)
    (packages / "termbell_slate.py").write_text(SLATE)
    folder.mkdir()
    an_image(folder)
    due = datetime.now(UTC) - timedelta(minutes=5)
    (folder / "config.yaml").write_text(
        CONFIG.format(
            http=hostile.http,
            smtp=hostile.smtp,
            ca=hostile.ca,
            written=CANARIES["written"],
            due=f"{due:%Y-%m-%d %H:%M}",
        )
    )
    (folder / ".termbell").mkdir(mode=0o700)
    Store(folder / ".termbell" / "config.db", due - timedelta(days=1)).close()  # an old one
    secrets = folder / ".termbell" / "secrets.json"
    secrets.write_text(json.dumps({"named": {"linkedin-token": CANARIES["named"]}}))
    secrets.chmod(0o600)
    hostile.told.clear()
    hostile.verifiers.clear()
    hostile.hears(
        *(
            canary
            for name, canary in CANARIES.items()
            if not name.startswith("session") and name not in OF_A_SIGN_IN
        )
    )
    hostile.mood = "repeats"
    environment = {
        name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")
    } | {
        "PYTHONPATH": os.pathsep.join([str(packages), str(Path(__file__).parents[2])]),
        "BLUESKY_CANARY": CANARIES["environment"],
        "MAIL_CANARY": CANARIES["mail"],
        "CHALK_CANARY": CANARIES["chalk"],
    }
    made = Calendar(folder, hostile, environment)
    assert made.termbell("login", "second", given=CANARIES["kept"] + "\n").returncode == 0
    return made


@pytest.mark.parametrize("mood", MOODS)
def test_whatever_servers_answer_no_secret_is_anywhere(calendar: Calendar, mood: str):
    calendar.hostile.mood = mood

    calendar.termbell("run", "--once")
    calendar.termbell("run", "--once")  # what is tried again, from the journal
    calendar.termbell("accounts", "--verify", "--json")
    calendar.termbell("login", "second", given=CANARIES["kept"] + "\n")
    shown = json.loads(calendar.termbell("status", "--json").stdout)
    calendar.termbell("doctor", "--json")

    tried = {one["account"]: one for one in shown["deliveries"] if one["entry"] == "now"}
    # A twin on the same server waits while the first one is looked for.
    assert {name for name, one in tried.items() if not one["attempts"]} <= {"second"}
    assert tried["chalk"]["error"] == "RuntimeError: broken with •••"
    assert {
        canary
        for name, canary in CANARIES.items()
        if (mood != "401" or not name.startswith("session")) and name not in OF_A_SIGN_IN
    } <= set(calendar.hostile.told)
    assert calendar.found() == []


@pytest.mark.parametrize("mood", MOODS)
def test_a_sign_in_tells_none_of_its_secrets_whatever_servers_answer(calendar: Calendar, mood: str):
    calendar.hostile.mood = mood
    first = calendar.termbell(
        "login",
        "slate",
        "--paste",
        given=f"an-app\n{CANARIES['client secret']}\n{CANARIES['code']}\n",
    )
    calendar.termbell("accounts", "--verify", "--json")  # the token has ended, and is renewed

    assert first.returncode == (0 if mood == "repeats" else 1)
    assert {
        canary
        for name, canary in CANARIES.items()
        if name in OF_A_SIGN_IN[: 4 if mood == "repeats" else 2]
    } <= set(calendar.hostile.told)
    assert len(calendar.hostile.verifiers) == 1
    assert calendar.found() == []


def test_no_command_prints_or_writes_a_secret(calendar: Calendar):
    for words in (
        ["check"],
        ["check", "--json"],
        ["preview"],
        ["preview", "--requests", "--json"],
        ["platforms", "--json"],
        ["schema"],
        ["schema", "--write"],
        ["run", "--dry-run", "--once"],
        ["publish", "later"],
        ["status"],
        ["status", "--all"],
        ["status", "--json"],
        ["doctor"],
        ["accounts"],
        ["accounts", "--verify"],
        ["login", "fediverse"],
        ["login", "bluesky"],
        ["login", "newsletter"],
        ["login", "chalk"],
    ):
        done = calendar.termbell(*words)
        assert done.stdout or done.stderr, words
    for words in (
        ["preview", "--requests", "--json", "--html", "preview.html"],
        ["preview", "--requests"],
    ):
        assert calendar.termbell(*words, CHALK_IS_WELL="1").returncode == 0
    calendar.hostile.mood = "half"
    calendar.termbell("run", "--once")
    shown = {
        (one["entry"], one["account"]): one
        for one in json.loads(calendar.termbell("status", "--json").stdout)["deliveries"]
    }
    assert shown["now", "linkedin"]["status"] == "in doubt"
    for words in (
        ["resolve", shown["now", "linkedin"]["key"], "--again"],
        ["retry", shown["now", "chalk"]["key"]],
        ["cancel", shown["now", "chalk"]["key"]],
    ):
        calendar.termbell(*words)
    calendar.termbell("run", "--once", CHALK_IS_WELL="1")
    calendar.termbell("logout", "second")  # last: what is forgotten cannot be hidden any more

    assert "•••".encode() in b"".join(calendar.printed)
    assert (calendar.folder / "preview.html").stat().st_size > 1000
    assert (calendar.folder / "public" / "index.html").exists()
    assert calendar.found() == []


@pytest.mark.parametrize("mood", ["repeats", "500", "half"])
def test_the_daemon_writes_no_secret_while_it_runs_and_when_it_is_ended(
    calendar: Calendar, mood: str
):
    calendar.termbell(
        "accounts", "--verify"
    )  # whoever hands out a session can tell it to others before we have heard of it
    calendar.hostile.mood = mood
    with subprocess.Popen(
        [sys.executable, "-m", "scheduler", "run"],
        cwd=calendar.folder,
        env=calendar.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as daemon:
        try:
            calendar.until_tried()
            running = calendar.found()
        finally:
            daemon.send_signal(signal.SIGTERM)
        calendar.printed += daemon.communicate(timeout=30)

    assert daemon.returncode == 0
    assert running == []
    assert calendar.found() == []
    assert any(b"unexpected RuntimeError" in text for text in calendar.printed)
