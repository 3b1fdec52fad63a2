"""A Mastodon on 127.0.0.1 that remembers nothing of idempotency keys: what arrives twice is up twice, and is seen here.

`on` has what happens before a request is answered, once: "upload" when a file arrives, "status" when a post has. A calendar
with one post, and the real command as a process that talks to it.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

from tests.serving import Silent, serving

PATIENCE = 60.0  # seconds
POST = {
    "id": "welcome",
    "when": "2026-09-07 08:30",
    "to": ["fediverse"],
    "text": "Welcome back",
    "late": "publish",
    "media": [{"file": "door.png", "alt": "The school door"}],
}


@dataclass
class StandIn:
    url: str = ""
    posts: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    on: dict[str, Callable[[], object]] = field(default_factory=dict)

    @property
    def texts(self) -> list[str]:
        return [post["text"] for post in self.posts]

    @property
    def file(self) -> dict[str, str]:
        return {"id": "7", "url": f"{self.url}/7", "description": "The school door"}

    def happens(self, what: str) -> None:
        self.on.pop(what, lambda: None)()

    def answer(self, line: str, body: bytes) -> tuple[int, object]:
        self.asked.append(line)
        match line.partition("?")[0]:
            case "GET /api/v1/accounts/verify_credentials":
                return 200, {"id": "1", "acct": "ada", "statuses_count": len(self.posts)}
            case "GET /api/v1/accounts/1/statuses":
                return 200, [] if "max_id" in line else self.posts[::-1]
            case "POST /api/v2/media":
                self.happens("upload")
                return 200, self.file
            case "POST /api/v1/statuses":
                self.posts.append(self.shown(json.loads(body)))
                self.happens("status")
                return 200, self.posts[-1]
            case _:
                return 404, {"error": "Record not found"}

    def shown(self, said: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": f"{len(self.posts) + 1}",
            "url": f"{self.url}/@ada/{len(self.posts) + 1}",
            "text": said["status"],
            "content": said["status"],
            "created_at": datetime.now(UTC).isoformat(),
            "account": {"id": "1"},
            "media_attachments": [self.file] * len(said.get("media_ids", [])),
        }


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """Serves on a free port."""
    here = StandIn()
    with serving(_answering(here)) as here.url:
        yield here


def _answering(here: StandIn) -> type[BaseHTTPRequestHandler]:
    class Answering(Silent):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, value = here.answer(f"{self.command} {self.path}", body)
            content = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = answer

    return Answering


@dataclass
class Calendar:
    """A folder with a config.yaml; its state may stand elsewhere. A killed request is looked for only after the timeout."""

    folder: Path
    server: str
    state: Path
    posts: list[dict[str, Any]] = field(default_factory=lambda: [POST])
    timeout: float = 2  # seconds that the daemon waits for the server
    before: tuple[str, ...] = ()  # words before each command
    started: "list[Running]" = field(default_factory=list)

    @property
    def store(self) -> Path:
        return self.state / "config.db"

    def write(self) -> None:
        Image.new("RGB", (80, 60), "teal").save(self.folder / "door.png")
        (self.folder / "config.yaml").write_text(
            yaml.safe_dump(
                {
                    "timezone": "UTC",
                    "timeout": self.timeout,
                    "edit_delay": 0,
                    "state": str(self.state),
                    "posts": self.posts,
                    "accounts": {
                        "fediverse": {
                            "platform": "mastodon",
                            "server": self.server,
                            "token": "${TOKEN}",
                        }
                    },
                },
                sort_keys=False,
            )
        )

    def words(self, *words: str) -> list[str]:
        return [
            *self.before,
            sys.executable,
            "-m",
            "scheduler",
            *words,
            "-c",
            str(self.folder / "config.yaml"),
        ]

    def daemon(self) -> "Running":
        """`termbell run`, started."""
        self.write()
        log = self.folder / f"log-{len(self.started)}"
        with log.open("w") as out:
            process = subprocess.Popen(
                self.words("run"),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**os.environ, "TOKEN": "t"},
            )
        self.started.append(Running(process, log))
        return self.started[-1]

    def termbell(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.words(*words),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            env={**os.environ, "TOKEN": "t"},
        )

    def statuses(self) -> list[str]:
        """Of the deliveries in the store, read beside the daemon; none where it cannot be read."""
        try:
            with closing(sqlite3.connect(f"{self.store.as_uri()}?mode=ro", uri=True)) as connection:
                return [
                    row[0]
                    for row in connection.execute("SELECT status FROM deliveries ORDER BY due")
                ]
        except sqlite3.Error:
            return []

    def until_published(self, *others: str) -> None:
        until(
            lambda: self.statuses() == ["published", *others], f"published: {self.started[-1].said}"
        )

    def end(self) -> None:
        for one in self.started:
            one.process.kill()
            one.process.wait()


@dataclass
class Running:
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text()

    def until_it_says(self, *words: str) -> None:
        """Waits for one line that has all these words in it."""
        until(
            lambda: any(all(word in line for word in words) for line in self.said.splitlines()),
            f"{words}, but: {self.said}",
        )

    def until_it_ends(self) -> int:
        return self.process.wait(PATIENCE)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.until_it_ends() == 0, self.said

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"not within {PATIENCE:.0f} s: {what}"
        time.sleep(0.1)
