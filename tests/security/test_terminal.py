"""Nothing that came from elsewhere steers the terminal: not a server's words, nor a file's name, nor what a calendar's author wrote.

The real commands run on a pseudo-terminal, where colours of ours are allowed and nothing else: no C0 but line breaks and tabs, no
C1, nothing that turns the order of letters.
"""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.serving import Silent, serving
from tests.support import an_image

HOSTILE = "x\x1b]52;c;cm0gLXJm\x07\x1b[2J\x1b[1;1H\x1bP+q\x1b\\\x9b31m\x9d0;t\x9c\x90\x85\r\b\x00\x7f\u202egnihton\u2066\u2069\u200f\u061c\ufeff"
STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
CONFIG = """\
timezone: UTC
timeout: 2
accounts:
  fediverse: {{platform: mastodon, server: "{http}", token: tok-5ecret}}
  linkedin: {{platform: linkedin, server: "{http}", token: tok-5ecret}}
  site: {{platform: site}}
posts:
  - {{id: now, when: "{due}", to: [fediverse, linkedin], text: {said}, media: [{{file: {file}, alt: {said}}}]}}
  - {{id: other, when: 2099-01-01, to: site, title: {said}, text: {said}, link: {{url: "https://x.test/", title: {said}, description: {said}}}}}
"""


class Server(Silent):
    """Says hostile words wherever an adapter takes words from."""

    mood = ""

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer()

    def answer(self) -> None:
        words = HOSTILE + "\n" + HOSTILE
        told = {
            "id": words,
            "acct": words,
            "name": words,
            "sub": words,
            "url": "https://x.test/" + words,
            "visibility": words,
            "value": {"uploadUrl": "http://x\x1b[2J.test/", "image": words},
        }
        good = json.dumps(told, ensure_ascii=type(self).mood == "escaped").encode()
        bad = json.dumps({"error": words}).encode() if type(self).mood == "json" else words.encode()
        is_good = type(self).mood in ("raw", "escaped")
        body = good if is_good else bad
        self.send_response(200 if is_good else 403, "No" if is_good else "N\x1b[2Jo")
        self.send_header("X-Restli-Id", "urn\x1b[2J\x9b")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(params=["raw", "escaped", "json", "text"])
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    Server.mood = request.param
    with serving(Server) as url:
        yield url


def seen(folder: Path, *words: str, given: bytes = b"") -> str:
    """What a person sees who runs the command in a terminal; with the error stream."""
    ours, theirs = pty.openpty()
    environment = {
        name: value
        for name, value in os.environ.items()
        if name != "NO_COLOR" and not name.lower().endswith("_proxy")
    }
    with subprocess.Popen(
        [sys.executable, "-m", "scheduler", *words],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=theirs,
        stderr=theirs,
        env={**environment, "TERM": "xterm", "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as process:
        os.close(theirs)
        assert process.stdin
        process.stdin.write(given)
        process.stdin.close()
        shown = b""
        try:
            while piece := os.read(ours, 65_536):
                shown += piece
        except OSError:
            pass  # how Linux says that nobody writes there any more
        finally:
            os.close(ours)
    return shown.decode().replace("\r\n", "\n")


def steering(shown: str) -> list[str]:
    return STEERS.findall(COLOURS.sub("", shown))


def a_calendar(folder: Path, http: str) -> None:
    file = "do\x1b[2J\u202eor.png"
    (folder / file).write_bytes(an_image(folder).file.read_bytes())
    due = datetime.now(UTC) - timedelta(minutes=5)
    written = json.dumps(HOSTILE.replace("\0", ""))
    (folder / "config.yaml").write_text(
        CONFIG.format(http=http, due=f"{due:%Y-%m-%d %H:%M}", said=written, file=json.dumps(file))
    )


def test_a_servers_words_are_words(tmp_path: Path, server: str):
    a_calendar(tmp_path, server)

    shown = {
        words: seen(tmp_path, *words.split(), given=b"tok-5ecret\n")
        for words in (
            "run --once",
            "status --all",
            "doctor",
            "accounts --verify",
            "login fediverse",
        )
    }

    assert [(words, steering(text)) for words, text in shown.items() if steering(text)] == []
    assert "gnihton" in shown["run --once"] + shown["accounts --verify"]


def test_a_calendars_words_and_a_files_name_are_words(tmp_path: Path):
    a_calendar(tmp_path, "http://127.0.0.1:1")

    for words in (
        "check",
        "preview",
        "preview --requests",
        "preview --json --requests",
        "check --json",
        "preview --html page.html",
    ):
        assert steering(seen(tmp_path, *words.split())) == [], words


@pytest.mark.parametrize(
    "wrong",
    [
        'posts: [{id: "a\\e[2J", when: 2026-09-07, to: site, text: a}]',
        'posts: [{id: a, when: "\\e[2J", to: site, text: a}]',
        'posts: [{id: a, when: 2026-09-07, to: "\\e]52;c;x\\a", text: a}]',
        'posts: [{id: a, when: 2026-09-07, to: site, text: a, "\\e[2J\\u202e": b}]',
        'posts: [{id: a, when: 2026-09-07, to: site, template: "\\e[2J"}]',
        'posts: [{id: a, when: 2026-09-07, to: site, text: a, media: ["\\e[2J\\u202e"]}]',
        'posts: [{id: a, when: 2026-09-07, to: site, text: a, media: [{file: "https://x.test/\\e[2J", alt: a}]}]',
        'posts: [{id: a, when: 2026-09-07, to: site, template: t, with: {"\\e[2J": "\\e[2J"}}]',
        'calendar: "\\e[2J*.yaml"',
        '"\\e[2J": 1',
        "posts: [*\u202enobody]",
        "\x1b[2J",
        "posts: !\u202e{}",
        "posts: [{\u202ea: \u202e}, ]]",
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_words(tmp_path: Path, wrong: str):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "t.j2").write_text("{{ '\x1b[2J' + 1 }}{% \x9b %}")
    (tmp_path / "config.yaml").write_text(
        "timezone: UTC\naccounts: {site: {platform: site}}\n" + wrong + "\n"
    )

    shown = seen(tmp_path, "check") + seen(tmp_path, "run", "--once")

    assert shown
    assert steering(shown) == []
