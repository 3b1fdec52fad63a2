"""What you preview is what is sent: the requests of `preview --requests` against those that arrive from a real run.

Both are real processes. The preview has neither network (nothing arrives meanwhile) nor credentials (the variable that the
config names is not set) nor the pictures that the run makes (each has a cache of its own). The stand-in answers each request
with the answer its platform documents, as the rehearsal does, because ids in answers stand in later requests.

Compared are, in the order of arrival: method, URL, every header by name and value, and the sha256 of the body; texts also
as they are shown. Three headers are the HTTP library's own, `ADDED`; there is no other. What is secret stands as `•••`, and the
time of sending, which a preview cannot know, as `‹time›`. A login or a server's limits are asked once for many deliveries and
belong to none of them: `ASIDE`.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from platforms.base import Response
from platforms.bluesky import SESSION
from scheduler.engine.logs import HIDDEN
from scheduler.engine.planning import plan
from tests.acceptance.recording import Received, Recording, a_recording
from tests.support import an_image

HERE = Path(__file__).parents[2]
ADDED = {"Host", "Accept-Encoding", "Content-Length"}  # the last one where there is a body
ASIDE = ("/api/v1/instance", "/api/v2/instance", "/xrpc/com.atproto.server.createSession")
LINKEDINS_UPLOADS = "https://www.linkedin.com"  # where its documented answer sends a picture; the stand-in sends it to itself
SECRET = "s3cret-of-the-account"
CREATED_AT = r'(?<="createdAt":")[^"]+'  # Bluesky's
# In the site's pages, its feeds and its list of posts.
PUBLISHED = "|".join(
    (
        r'(?<="dt-published" datetime=")[^<]+(<a[^>]*>[^<]+)?',
        "(?<=<pubDate>)[^<]+",
        "(?<=<lastBuildDate>)[^<]+",
        r'(?<="date_published": ")[^"]+',
        r'(?<="published": ")[^"]+',
        r"(?<=<h2>)\d{4}",
    )
)

MASTODON = """\
timezone: UTC
accounts: {main: {platform: mastodon, server: "SERVER", token: "${SECRET}"}}
posts:
- id: door
  when: 2099-01-05 09:00
  to: main
  text: "Grüße aus dem Lehrerzimmer 👩‍🏫, see https://example.org/term #Teaching @ada@example.social"
  media:
  - {file: door.png, alt: 'The "blue" door, höher als gedacht', focus: [0.25, -0.5]}
  - {file: window.png, alt: A window, focus: [0, 1]}
  thread: ["And what comes next: patience\\u202f!"]
  mastodon: {content_warning: "School, on a Sunday", visibility: unlisted, sensitive: true}
"""
LINKEDIN = """\
timezone: UTC
accounts: {main: {platform: linkedin, server: "SERVER", token: "${SECRET}"}}
posts:
- {id: door, when: 2099-01-05 09:00, to: main, text: "Grüße (aus) #Teaching_now", media: [{file: door.png, alt: The door}]}
- {id: card, when: 2099-01-05 09:01, to: main, text: Look, link: {url: https://example.org, title: Term, image: {file: window.png, alt: A window}}}
"""
BLUESKY = """\
timezone: UTC
accounts: {main: {platform: bluesky, server: "SERVER", handle: ada.example.org, app_password: "${SECRET}"}}
posts:
- id: door
  when: 2099-01-05 09:00
  to: main
  text: "Grüße 👩‍🏫 to @bob.example.org, see https://example.org/term #Teaching"
  media: [{file: door.png, alt: The door}]
  thread: [And what comes next.]
"""


@pytest.fixture
def server() -> Iterator[Recording]:
    with a_recording() as recording:
        yield recording


def program(config: Path, cache: str, *words: str, **environment: str) -> str:
    """What the program prints; it has to end well."""
    known = {
        **os.environ,
        "PYTHONPATH": str(HERE),
        "TERMBELL_CACHE": str(config.parent / cache),
        **environment,
    }
    ended = subprocess.run(
        [sys.executable, "-m", "scheduler", *words, "-c", str(config)],
        env=known,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr + ended.stdout
    return ended.stdout


def previewed(config: Path) -> list[dict[str, Any]]:
    """Every request that the preview shows, in the order they leave."""
    shown = json.loads(program(config, "cache of the preview", "preview", "--requests", "--json"))
    return [request for delivery in shown["deliveries"] for request in delivery["requests"]]


def a_calendar(folder: Path, written: str, server: Recording) -> Path:
    an_image(folder, "door.png", size=(320, 200))
    an_image(folder, "window.png", size=(90, 60), colour="olive")
    config = folder / "config.yaml"
    config.write_text(written.replace("SERVER", server.url))
    return config


def documented(config: Path, server: Recording) -> dict[tuple[str, str], list[Response]]:
    """(method, URL) -> the documented answers, in order, to the requests that the calendar's posts make."""
    planned = plan(config)
    answers = {
        ("POST", f"{server.url}/xrpc/com.atproto.server.createSession"): [Response.of(SESSION)]
    }
    for request in (
        request for one in planned.deliveries for request in planned.rehearsals.of(one).asked
    ):
        told = request.documented()
        at_home = replace(told, body=here(told.body.decode(), server).encode())
        answers.setdefault((request.method, here(request.url, server)), []).append(at_home)
    return answers


def here(text: str, server: Recording) -> str:
    return text.replace(LINKEDINS_UPLOADS, server.url)


def sent(config: Path, server: Recording) -> list[Received]:
    """What arrives from a real run, the requests that belong to no delivery left out."""
    server.answers = documented(config, server)
    for entry in dict.fromkeys(
        one.entry for one in plan(config).deliveries
    ):  # not due yet, so that nothing is looked for first
        program(config, "cache of the run", "publish", entry, SECRET=SECRET)
    return [one for one in server.received if not one.url.endswith(ASIDE)]


def without_secret(text: str) -> str:
    for secret in (SECRET, SESSION["accessJwt"]):
        text = text.replace(secret, HIDDEN)
    return text


def without_time(text: str, said_by: str = CREATED_AT) -> str:
    return re.sub(said_by, "‹time›", text)


def digest(body: bytes) -> str:
    return hashlib.sha256(re.sub(CREATED_AT.encode(), b"", body)).hexdigest()


def digest_shown(one: Mapping[str, Any]) -> str:
    """The preview's own; of a text that it shows whole, that of the text without the time."""
    if hashlib.sha256(one["body"].encode()).hexdigest() == one["sha256"]:
        return digest(one["body"].encode())
    return str(one["sha256"])


def plain(one: Received) -> dict[str, Any]:
    """What arrived, as the preview shows a request."""
    names = [name for name, _ in one.headers]
    own = ADDED if one.body else ADDED - {"Content-Length"}
    assert len(names) == len(set(names))
    assert own <= set(names)
    assert dict(one.headers).get("Content-Length", "0") == str(len(one.body))
    headers = {name: without_secret(value) for name, value in one.headers if name not in own}
    return {
        "method": one.method,
        "url": without_secret(one.url),
        "headers": headers,
        "sha256": digest(one.body),
    }


def expected(shown: Iterable[Mapping[str, Any]], server: Recording) -> list[dict[str, Any]]:
    return [
        {
            **{name: one[name] for name in ("method", "headers")},
            "sha256": digest_shown(one),
            "url": here(one["url"], server),
        }
        for one in shown
    ]


@pytest.mark.parametrize(
    ("written", "steps"),
    [
        (MASTODON, ["upload 1", "upload 2", "status", "status"]),
        (
            LINKEDIN,
            ["member", "image 1", "upload 1", "post", "member", "image 1", "upload 1", "post"],
        ),
        (BLUESKY, ["mention bob.example.org", "upload 1", "post", "post"]),
    ],
    ids=["mastodon", "linkedin", "bluesky"],
)
def test_what_a_preview_shows_is_byte_for_byte_what_a_run_sends(
    tmp_path: Path, server: Recording, written: str, steps: list[str]
):
    config = a_calendar(tmp_path, written, server)

    shown = previewed(config)
    before = list(server.received)
    received = sent(config, server)

    assert before == []
    assert [one["step"] for one in shown] == steps
    assert list(map(plain, received)) == expected(shown, server)
    texts = [
        (without_time(one["body"]), without_time(arrived.body.decode()))
        for one, arrived in zip(shown, received, strict=True)
        if "‹" not in one["body"]
    ]
    assert len(texts) >= 2
    assert [text for text, _ in texts] == [text for _, text in texts]


SITE = """\
timezone: UTC
accounts: {site: {platform: site, folder: public, late: publish}}
posts:
- {id: door, when: 2026-01-05 09:00, to: site, title: Door, text: "**Grüße** #Teaching", media: [{file: door.png, alt: The door}]}
"""


def test_what_a_preview_shows_is_byte_for_byte_what_stands_in_the_sites_folder(
    tmp_path: Path, server: Recording
):
    config = a_calendar(tmp_path, SITE, server)

    *_, picture, site = previewed(config)
    program(config, "cache of the run", "run", "--once")

    texts = json.loads(site["body"])
    public = tmp_path / "public"
    brought = Path(picture["url"].removeprefix("file://"))
    written = {name: without_time((public / name).read_text(), PUBLISHED) for name in texts}
    assert written == {name: without_time(text, PUBLISHED) for name, text in texts.items()}
    assert sum(text.count("‹time›") for text in written.values()) == 10
    assert hashlib.sha256(brought.read_bytes()).hexdigest() == picture["sha256"]
    assert {
        file for file in public.rglob("*") if file.is_file() and file.name != ".termbell.lock"
    } == {*(public / name for name in texts), brought}
