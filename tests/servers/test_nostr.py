"""A real relay: what is sent is there, with what the picture shows; what is too long for it is refused in its words; killed between the
steps it is there once. The media server is a stand-in that wants a permission signed for each file."""

import hashlib
import json
import threading
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

from platforms.base import Account, Lost, Request, Response
from platforms.nostr import PLATFORM, said
from platforms.nostr_events import written
from platforms.recent import Found, Look, look
from scheduler.engine.relays import answer
from tests.platforms.test_nostr import is_signed
from tests.servers.support import Calendar
from tests.servers.test_killed import killed_and_started_again
from tests.serving import Silent, serving
from tests.support import a_post

pytestmark = pytest.mark.xdist_group("nostr")
NOWHERE = "ws://127.0.0.1:9"
MEDIA = [{"file": "door.png", "alt": "The school door"}]


class Between:
    """Passes messages on to the relay, and is the media server; calls `before` and `after` around each that changes something."""

    def __init__(self, relay: str, stack: ExitStack) -> None:
        self.relay, self.files, self.lines = relay, dict[str, bytes](), list[str]()
        self.before: Callable[[int, str], None] = lambda n, line: None
        self.after: Callable[[int, str], None] = lambda n, line: None
        server = stack.enter_context(serve(self.passed_on, "127.0.0.1", 0, close_timeout=0.1))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        self.media = stack.enter_context(serving(type("MediaOf", (MediaServer,), {"of": self})))

    def passed_on(self, line: ServerConnection) -> None:
        try:
            with connect(self.relay) as to:
                for message in line:
                    kind = json.loads(message)[0]
                    self.noted(kind, lambda message=message: to.send(message))  # type: ignore[misc]
                    last = "EOSE" if kind == "REQ" else "OK"
                    while True:
                        reply = to.recv(timeout=10)
                        line.send(reply)
                        if json.loads(reply)[0] == last:
                            break
        except (ConnectionClosed, OSError):
            return

    def noted(self, line: str, act: Callable[[], None]) -> None:
        self.lines.append(line)
        number = len(self.lines)
        self.before(number, line)
        act()
        self.after(number, line)


class MediaServer(Silent):
    of: Between

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        digest = hashlib.sha256(body).hexdigest()
        token = self.headers["Authorization"].removeprefix("Nostr ")
        permission = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        allowed = (
            is_signed(permission)
            and ["x", digest] in permission["tags"]
            and permission["kind"] == 24242
        )
        self.of.noted(
            "PUT /upload", lambda: self.of.files.__setitem__(digest, body) if allowed else None
        )
        self.send_response(201 if allowed else 401)
        self.end_headers()
        self.wfile.write(
            json.dumps(
                {"url": f"{self.of.media}/{digest}", "sha256": digest, "size": len(body)}
            ).encode()
        )


@pytest.fixture
def between(nostr: dict[str, Any]) -> Iterator[Between]:
    with ExitStack() as stack:
        yield Between(nostr["base_url"], stack)


def a_calendar(
    folder: Path, nostr: dict[str, Any], relays: list[str], media: str, *posts: dict[str, Any]
) -> Calendar:
    """Due a minute ago: relays take no event that is old."""
    when = f"{datetime.now(UTC) - timedelta(minutes=1):%Y-%m-%d %H:%M}"
    account = {
        "platform": "nostr",
        "npub": written("npub", bytes.fromhex(nostr["public_key"])),
        "relays": relays,
        "media_server": media,
        "nsec": "${NSEC}",
    }
    calendar = Calendar(
        folder,
        {"class": account},
        [{"to": ["class"], "when": when, "late": "publish", **post} for post in posts],
        {"NSEC": nostr["secret_key"]},
        timeout=6,
    )
    calendar.write()
    return calendar


def events(nostr: dict[str, Any]) -> list[dict[str, Any]]:
    with connect(nostr["base_url"]) as line:
        line.send(json.dumps(["REQ", "all", {"authors": [nostr["public_key"]], "kinds": [1]}]))
        found = []
        while (said := json.loads(line.recv(timeout=10)))[0] != "EOSE":
            found.append(said[2])
    return found


def test_text_thread_and_picture_are_on_the_relay_and_one_that_is_away_keeps_nothing_back(
    tmp_path: Path,
    nostr: dict[str, Any],
    between: Between,
) -> None:
    calendar = a_calendar(
        tmp_path,
        nostr,
        [NOWHERE, nostr["base_url"]],
        between.media,
        {
            "id": "thread",
            "text": "The “term” begins 🎒 #NewTerm",
            "thread": ["Bring a pen.", "And paper."],
        },
        {"id": "picture", "text": "Our door", "media": MEDIA},
    )

    said = calendar.run_until_published(4)

    found = {event["content"].partition("\n")[0]: event for event in events(nostr)}
    first, second, third = (
        found["The “term” begins 🎒 #NewTerm"],
        found["Bring a pen."],
        found["And paper."],
    )
    assert ["t", "newterm"] in first["tags"]
    assert [tag[1::2] for tag in third["tags"] if tag[0] == "e"] == [
        [first["id"], "root"],
        [second["id"], "reply"],
    ]
    attached = next(tag for tag in found["Our door"]["tags"] if tag[0] == "imeta")
    assert "alt The school door" in attached
    assert hashlib.sha256(between.files[attached[-1].removeprefix("x ")]).hexdigest() == attached[
        -1
    ].removeprefix("x ")
    assert f"not on {NOWHERE}: cannot be reached" in said


def test_a_text_at_the_limit_is_taken_one_more_is_refused_by_us_and_what_the_relay_refuses_is_said_in_its_words(
    tmp_path: Path,
    nostr: dict[str, Any],
    between: Between,
) -> None:
    """Ours is 4,000 characters, for want of a figure of the relay's: it tells none, and takes 4,096 (whatever its words say)."""
    posts = {"at": "y" * 4000, "more": "y" * 4001, "with-files": "y" * 4000}
    calendar = a_calendar(
        tmp_path,
        nostr,
        [nostr["base_url"]],
        between.media,
        *(
            {"id": name, "text": text, **({"media": MEDIA * 2} if name == "with-files" else {})}
            for name, text in posts.items()
        ),
    )

    said = calendar.run_until_published(1)

    assert [len(event["content"]) for event in events(nostr) if "yy" in event["content"]] == [4000]
    assert "more: 4001 of 4000 characters on nostr (class); shorten it by 1" in said
    refused = {row["entry"]: row for row in calendar.status()}["with-files"]
    assert (
        refused["status"],
        "280 characters should be enough for anybody" in refused["error"],
    ) == ("failed", True)


def test_a_key_that_is_not_the_accounts_is_noticed_before_anything_is_sent(
    tmp_path: Path, nostr: dict[str, Any]
) -> None:
    calendar = a_calendar(
        tmp_path,
        {**nostr, "secret_key": "01" * 32},
        [nostr["base_url"]],
        "http://127.0.0.1:9",
        {"id": "key", "text": "Wrong key"},
    )

    said = calendar.command("run", "--once").communicate(timeout=60)[0]

    assert "which is not the account's `npub`" in said
    assert [event for event in events(nostr) if event["content"] == "Wrong key"] == []


@pytest.mark.parametrize(
    ("step", "when"), [(step, when) for step in (1, 2) for when in ("before", "after")]
)
def test_an_event_with_a_picture_is_there_once(
    tmp_path: Path, nostr: dict[str, Any], between: Between, step: int, when: str
) -> None:
    """Its steps that change something: to upload, to publish."""
    word = f"Killed {when} step {step}"
    calendar = a_calendar(
        tmp_path,
        nostr,
        [between.url],
        between.media,
        {"id": f"killed-{when}-{step}", "text": word, "media": MEDIA},
    )

    killed_and_started_again(calendar, between, ("PUT", "EVENT"), step, when)

    assert [
        event["content"].partition("\n")[0] for event in events(nostr) if word in event["content"]
    ] == [word]
    assert between.lines.count("PUT /upload") <= (2 if step == 1 else 1)


def test_an_event_that_its_author_deleted_is_removed_and_not_absent(
    nostr: dict[str, Any],
) -> None:
    account = Account(
        name="main",
        platform="nostr",
        settings={
            "npub": written("npub", bytes.fromhex(nostr["public_key"])),
            "relays": [nostr["base_url"]],
            "media_server": "https://media.example.org",
        },
    )
    post = a_post(due=datetime.now(UTC).replace(microsecond=0), text="Soon deleted")

    def ask(request: Request) -> Response:
        return answer(PLATFORM.sign(request, {"nsec": nostr["secret_key"]}), timeout=30)

    def looked() -> Look:
        return look(PLATFORM, account, post, Lost(left_at=post.due), ask)

    before = looked()
    done = PLATFORM.publish(account, post, ask)
    after = looked()
    deletion = {
        "pubkey": nostr["public_key"],
        "created_at": int(post.due.timestamp()) + 1,
        "kind": 5,
        "tags": [["e", done.id]],
        "content": "",
    }
    ask(said(account, "delete", ["EVENT", deletion], {}))

    assert before == Look(found=Found.ABSENT)
    assert after == Look(found=Found.OURS, post=done)
    assert looked() == Look(found=Found.REMOVED, post=done)
