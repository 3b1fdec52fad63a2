"""A small Mastodon on loopback that writes down what arrives and when, and behaves as a test wants.

`behave(text)` is asked before a status is taken up, from the thread that answers it, so it may wait. It answers what is to
become of the request: "" to take it up, a number to refuse it with that status, "lost" to take it up and never answer.
"""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.serving import Server, Silent

ME = {"id": "1", "acct": "ada", "url": "http://stand-in/@ada", "source": {"privacy": "public"}}


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """A request to publish, whatever became of it."""

    text: str
    at: float  # by the true clock
    token: str
    key: str
    reply_to: str | None
    media: int
    taken: bool


@dataclass
class StandIn:
    """Publishes for the token "good"; `keeps_keys`: whether it recognises an Idempotency-Key."""

    keeps_keys: bool = True
    behave: Callable[[str], str | int] = lambda text: ""
    behave_uploads: Callable[[str], object] = lambda text: ""  # the same of a file: it may wait
    takes_at_once: bool = (
        False  # before `behave` is asked, which then decides about the answer alone
    )
    good: str = "good"
    guests: dict[str, str] = field(default_factory=dict)  # tokens of others here -> their ids
    arrived: list[Arrived] = field(default_factory=list)
    up: list[dict[str, Any]] = field(
        default_factory=list
    )  # the newest first, as a list of statuses has them
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.server = Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def texts(self) -> list[str]:
        """What readers see, the oldest first."""
        return [str(one["content"]) for one in reversed(self.up)]

    def asked(self, text: str) -> list[Arrived]:
        return [one for one in self.arrived if one.text == text]

    def post(self, said: dict[str, Any], token: str, key: str) -> tuple[int, dict[str, Any]]:
        at, text = time.time(), str(said["status"])
        person = self.person(token)
        if self.takes_at_once:
            status = self._taken(said, key, person or ME)
        wish = 401 if person is None else self.behave(text)
        taken = wish in ("", "lost")
        with self._guard:
            self.arrived.append(
                Arrived(
                    text=text,
                    at=at,
                    token=token,
                    key=key,
                    reply_to=said.get("in_reply_to_id"),
                    media=len(said.get("media_ids") or ()),
                    taken=taken,
                )
            )
        if not taken:
            return int(wish), {"error": f"the stand-in says {wish}"}
        if not self.takes_at_once:
            status = self._taken(said, key, person or ME)
        return (0 if wish == "lost" else 200), status

    def person(self, token: str) -> dict[str, Any] | None:
        """Whose token it is."""
        if token == self.good:
            return ME
        guest = self.guests.get(token)
        return {**ME, "id": guest, "acct": f"guest-{guest}"} if guest else None

    def statuses(self, account: str, below: int | None = None) -> list[dict[str, Any]]:
        """What the account published, the newest first; with `below`, what is older."""
        own = [one for one in self.up if one["account"]["id"] == account]
        return [one for one in own if below is None or int(one["id"]) < below]

    def _taken(self, said: dict[str, Any], key: str, person: dict[str, Any]) -> dict[str, Any]:
        with self._guard:
            known = [one for one in self.up if one["key"] == key] if self.keeps_keys and key else []
            return known[0] if known else self._made(said, key, person)

    def _made(self, said: dict[str, Any], key: str, person: dict[str, Any]) -> dict[str, Any]:
        number = str(len(self.up) + 1)
        status = {
            "id": number,
            "url": f"{self.url}/@ada/{number}",
            "content": said["status"],
            "account": person,
            "key": key,
            "created_at": datetime.now(UTC).isoformat(),
            "in_reply_to_id": said.get("in_reply_to_id"),
            "media_attachments": [
                {"id": identifier, "url": "http://stand-in/file", "description": "A door"}
                for identifier in said.get("media_ids") or ()
            ],
        }
        self.up.insert(0, status)
        return status


def _handler(stand_in: StandIn) -> type[Silent]:
    class Handler(Silent):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            person, address = stand_in.person(self.token), urlsplit(self.path)
            if address.path.endswith("/verify_credentials") and person is None:
                self.answer(401, {"error": "The access token is invalid"})
            elif address.path.endswith("/verify_credentials"):
                count = len(stand_in.statuses(person["id"]))
                self.answer(200, {**person, "statuses_count": count})
            elif address.path.endswith("/statuses"):
                (below,) = parse_qs(address.query).get("max_id", [None])
                whose = address.path.split("/")[-2]
                self.answer(200, stand_in.statuses(whose, int(below) if below else None))
            else:
                self.answer(404, {"error": "Record not found"})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if self.path.endswith("/media"):
                stand_in.behave_uploads("")
                return self.answer(200, {"id": str(len(body)), "url": "http://stand-in/file"})
            status, said = stand_in.post(
                json.loads(body), self.token, self.headers.get("idempotency-key") or ""
            )
            if status:
                return self.answer(status, said)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return None

        @property
        def token(self) -> str:
            return (self.headers.get("authorization") or "").removeprefix("Bearer ")

        def answer(self, status: int, said: Any) -> None:
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
