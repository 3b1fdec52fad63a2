"""A calendar against real servers, and the real command as a process."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
import yaml
from PIL import Image
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from platforms.base import Ask, Platform, Request, Response
from scheduler.engine.judging import judged
from scheduler.engine.wire import wire
from scheduler.store import Store

PATIENCE = 90.0  # seconds that a test waits for the daemon


@dataclass
class Calendar:
    """A folder with a config.yaml; the timeout is short, because a killed request may be looked for only after it."""

    folder: Path
    accounts: dict[str, dict[str, Any]]
    posts: list[dict[str, Any]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    timeout: int = 2  # seconds

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    def write(self) -> None:
        Image.new("RGB", (80, 60), "teal").save(self.folder / "door.png")
        self.config.write_text(
            yaml.safe_dump(
                {
                    "timezone": "UTC",
                    "timeout": self.timeout,
                    "edit_delay": 0,
                    "accounts": self.accounts,
                    "posts": self.posts,
                },
                allow_unicode=True,
                sort_keys=False,
            )
        )

    def with_an_old_store(self) -> "Calendar":
        """Gives it a store that was made before its entries were due."""
        state = self.folder / ".termbell"
        state.mkdir(mode=0o700)
        Store(state / f"{self.config.stem}.db", datetime(2026, 1, 1, tzinfo=UTC)).close()
        return self

    def command(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "scheduler", *words, "-c", str(self.config)],
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **self.environment},
        )

    def run_until_published(self, count: int) -> str:
        """`run --once` until so many are: a busy server resets a connection now and then, and is asked again some seconds later. What it said."""
        said, deadline = "", time.monotonic() + PATIENCE
        while [row["status"] for row in self.status()].count("published") < count:
            assert time.monotonic() < deadline, f"not published within {PATIENCE:.0f} s:\n{said}"
            said += self.command("run", "--once").communicate(timeout=180)[0]
            time.sleep(1)
        return said

    def status(self) -> list[dict[str, Any]]:
        said = subprocess.run(
            [sys.executable, "-m", "scheduler", "status", "--json", "-c", str(self.config)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **self.environment},
        )
        assert said.returncode in (0, 1, 3), said.stderr
        deliveries: list[dict[str, Any]] = (
            json.loads(said.stdout)["deliveries"] if said.stdout else []
        )
        return deliveries  # none before the daemon has taken up the calendar

    def is_published(self) -> bool:
        return {row["status"] for row in self.status()} == {"published"}


def until(holds: Callable[[], bool], what: str, pause: float = 0.3) -> None:
    """Looks every `pause` seconds."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"not within {PATIENCE:.0f} s: {what}"
        time.sleep(pause)


def ended_well(daemon: "subprocess.Popen[str]") -> str:
    """Stops a daemon as systemd does; what it said."""
    daemon.send_signal(signal.SIGTERM)
    said, _ = daemon.communicate(timeout=30)
    assert daemon.returncode == 0, said
    return said


def read_from(url: str, token: str = "") -> requests.Response:
    """What is at the address; asked again where the server resets the connection."""
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=Retry(total=5, backoff_factor=0.5)))
        return session.get(
            url, headers={"Authorization": f"Bearer {token}"} if token else {}, timeout=60
        )


def mastodon_texts(server: str, token: str) -> list[dict[str, Any]]:
    """The account's posts, the newest first."""
    me = read_from(f"{server}/api/v1/accounts/verify_credentials", token).json()["id"]
    found: list[dict[str, Any]] = read_from(
        f"{server}/api/v1/accounts/{me}/statuses?limit=40", token
    ).json()
    return found


def bluesky_records(server: str, handle: str) -> list[dict[str, Any]]:
    """The account's records, the newest first."""
    found: list[dict[str, Any]] = requests.get(
        f"{server}/xrpc/com.atproto.repo.listRecords",
        timeout=10,
        params={"repo": handle, "collection": "app.bsky.feed.post", "limit": 100},
    ).json()["records"]
    return found


def named(texts: Iterable[str], word: str) -> list[str]:
    return [text for text in texts if word in text]


def asking(platform: Platform, secrets: dict[str, str]) -> Ask:
    """The adapter's network, without the engine."""

    def ask(request: Request) -> Response:
        signed = request if request.anonymous else platform.sign(request, secrets)
        leaves = wire(signed, request)
        answer = requests.request(
            leaves.method, leaves.url, headers=leaves.headers, data=leaves.body, timeout=60
        )
        headers = {name.lower(): value for name, value in answer.headers.items()}
        response = Response(
            status=answer.status_code, headers=headers, body=answer.content, url=answer.url
        )
        return judged(response, request, platform, "main", datetime.now(UTC))

    return ask
