"""A platform that fetches pictures from a public address, as Instagram does: a container with the address first, then the post."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date

import requests

from platforms.base import (
    HARMLESS,
    Account,
    Ask,
    Limits,
    Platform,
    Post,
    Published,
    Request,
    Setting,
    hosted,
)
from tests.serving import Silent, serving


def publish(account: Account, post: Post, ask: Ask) -> Published:
    server = account.settings["server"]
    containers = [
        ask(
            Request(
                step=f"container {number}",
                method="POST",
                url=f"{server}/containers",
                json={"url": hosted(one, number, ask), "alt": one.alt},
                repeat=HARMLESS,
                example={"id": "1"},
            )
        ).json()["id"]
        for number, one in enumerate(post.media, 1)
    ]
    answer = ask(
        Request(
            step="post",
            method="POST",
            url=f"{server}/posts",
            json={"text": post.text, "containers": containers},
            example={"id": "1"},
        )
    )
    return Published(id=str(answer.json()["id"]))


PLATFORM = Platform(
    name="fetching",
    settings=(
        Setting(
            name="server", meaning="where it is", required=True, example="http://127.0.0.1:8000"
        ),
    ),
    limits=Limits(
        text=1000,
        images=4,
        alt=1000,
        fetches_media=True,
        source="tests/servers/fetching.py",
        checked=date(2026, 11, 25),
    ),
    publish=publish,
)


@dataclass
class Seen:
    """What the platform has."""

    url: str = ""
    addresses: list[str] = field(default_factory=list)
    files: list[bytes] = field(default_factory=list)  # as fetched, by nobody in particular
    posts: list[str] = field(default_factory=list)


@contextmanager
def a_platform_that_fetches() -> Iterator[Seen]:
    seen = Seen()

    class Handler(Silent):
        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path == "/containers":
                seen.addresses.append(said["url"])
                fetched = requests.get(said["url"], timeout=30, allow_redirects=False)
                seen.files.append(fetched.content if fetched.status_code == 200 else b"")
            else:
                seen.posts.append(said["text"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"id": str(len(seen.addresses))}).encode())

    with serving(Handler) as seen.url:
        yield seen
