"""Simulated servers: each has what readers see, and answers requests by their method and address.

A server knows nothing of the store, nor of how an adapter looks for a post. A further endpoint is a
further row in `routes`, a further platform a further class in `SERVERS`. What a server has can be
written to YAML and read back (`state`).
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from platforms.base import InDoubt, Request, Response, TryLater
from scheduler.config import ConfiguredAccount
from scheduler.engine import files
from scheduler.engine.judging import judged
from tests.engine.support import Clock, Crash

TIMEOUT = 30.0  # seconds a request may be under way
KEY_KNOWN_FOR = timedelta(hours=1)  # that Mastodon recalls an Idempotency-Key
Record = dict[str, Any]
Answer = Any  # JSON, or a Response where the status matters
Route = tuple[str, str, Callable[..., Answer]]


class NoEndpoint(BaseException):
    """A request that no row of `routes` answers; the test ends, instead of the delivery."""


@dataclass
class Server:
    """What one account's server has. A record is a post as it is kept here: `id`, `text`, `at`, more."""

    clock: Clock
    posts: list[Record] = field(default_factory=list)
    files: list[Record] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)  # the texts of all visible requests that left

    @property
    def routes(self) -> tuple[Route, ...]:
        """Method, pattern of the address, and who answers."""
        raise NotImplementedError

    def text_of(self, request: Request) -> str:
        """The text that a visible request would show."""
        raise NotImplementedError

    def answer(self, request: Request) -> Response:
        for method, pattern, handle in self.routes:
            match = re.search(pattern, request.url)
            if method == request.method and match:
                answer = handle(request, *match.groups())
                return self._dated(answer if isinstance(answer, Response) else Response.of(answer))
        raise NoEndpoint(f"{type(self).__name__} has no {request.method} {request.url}")

    def texts(self) -> list[str]:
        """What readers see."""
        return [post["text"] for post in self.posts]

    def state(self) -> Record:
        return {"posts": self.posts, "files": self.files, "sent": self.sent}

    def add(self, **record: Any) -> Record:
        self.posts.append({**record, "at": self.clock().isoformat()})
        return self.posts[-1]

    def next_id(self) -> str:
        return str(1001 + len(self.posts) + len(self.files))

    def _dated(self, answer: Response) -> Response:
        date = format_datetime(self.clock().astimezone(UTC), usegmt=True)
        return replace(answer, headers={**answer.headers, "date": date})


def not_found(code: str) -> Response:
    return Response.of({"error": code, "message": code}, 400)


@dataclass
class GoToSocial(Server):
    """Mastodon's API on a server that ignores the Idempotency-Key."""

    recalls: timedelta = timedelta(0)

    @property
    def routes(self) -> tuple[Route, ...]:
        return (
            ("GET", r"/api/v1/accounts/verify_credentials$", self._me),
            ("GET", r"/api/v1/accounts/\d+/statuses\?", self._list),
            ("GET", r"/api/v1/timelines/home\?", self._list),
            ("GET", r"/api/v1/statuses/(\d+)/source$", self._source),
            ("POST", r"/api/v2/media$", self._upload),
            ("POST", r"/api/v1/statuses$", self._create),
        )

    def text_of(self, request: Request) -> str:
        return str(request.json["status"])

    def _me(self, request: Request) -> Answer:
        return {**self._author, "statuses_count": len(self.posts), "source": {"privacy": "public"}}

    @property
    def _author(self) -> Record:
        return {"id": "109", "acct": "ada", "url": "https://social.example.org/@ada"}

    def _list(self, request: Request) -> Answer:
        asked = parse_qs(urlsplit(request.url).query)
        before = int(asked.get("max_id", ["999999"])[0])
        most = int(asked.get("limit", ["20"])[0])
        found = [post for post in self.posts if int(post["id"]) < before]
        return [self._status(post) for post in reversed(found)][:most]

    def _source(self, request: Request, identifier: str) -> Answer:
        post = next(post for post in self.posts if post["id"] == identifier)
        return {"id": identifier, "text": post["text"], "spoiler_text": post["warning"]}

    def _upload(self, request: Request) -> Answer:
        identifier = self.next_id()
        address = f"https://social.example.org/files/{identifier}.png"
        description = (request.form or {}).get("description", "")
        self.files.append({"id": identifier, "url": address, "description": description})
        return self.files[-1]

    def _create(self, request: Request) -> Answer:
        told, key = request.json, request.headers["Idempotency-Key"]
        known = next((post for post in self.posts if self._recalled(post, key)), None)
        return self._status(
            known
            or self.add(
                id=self.next_id(),
                text=told["status"],
                key=key,
                reply_to=told.get("in_reply_to_id"),
                warning=told.get("spoiler_text", ""),
                visibility=told.get("visibility", "public"),
                sensitive=told.get("sensitive", False),
                language=told.get("language"),
                media=told.get("media_ids", []),
            )
        )

    def _recalled(self, post: Record, key: str) -> bool:
        age = self.clock() - datetime.fromisoformat(post["at"])
        return bool(post["key"] == key and age < self.recalls)

    def _status(self, post: Record) -> Record:
        address = f"https://social.example.org/@ada/{post['id']}"
        paragraphs = escape(post["text"]).split("\n\n")
        shown = "".join(f"<p>{one}</p>" for one in paragraphs).replace("\n", "<br>")
        return {
            "id": post["id"],
            "url": address,
            "uri": address,
            "created_at": post["at"],
            "content": shown,
            "account": self._author,
            "in_reply_to_id": post["reply_to"],
            "spoiler_text": post["warning"],
            "visibility": post["visibility"],
            "sensitive": post["sensitive"],
            "language": post["language"],
            "media_attachments": [file for file in self.files if file["id"] in post["media"]],
            "reblog": None,
            "poll": None,
        }


@dataclass
class Mastodon(GoToSocial):
    """Recalls an Idempotency-Key for an hour after the status was made."""

    recalls: timedelta = KEY_KNOWN_FOR


@dataclass
class Bluesky(Server):
    """A personal data server: a record has its key, and nothing else may stand under it."""

    @property
    def routes(self) -> tuple[Route, ...]:
        return (
            ("GET", r"com\.atproto\.repo\.getRecord\?.*rkey=(\w+)", self._record),
            ("GET", r"com\.atproto\.repo\.listRecords\?", self._list),
            ("POST", r"com\.atproto\.repo\.putRecord$", self._put),
        )

    def text_of(self, request: Request) -> str:
        return str(request.json["record"]["text"])

    def _record(self, request: Request, key: str) -> Answer:
        post = next((post for post in self.posts if post["key"] == key), None)
        return self._told(post) if post else not_found("RecordNotFound")

    def _list(self, request: Request) -> Answer:
        return {"records": [self._told(post) for post in reversed(self.posts)]}

    def _put(self, request: Request) -> Answer:
        key, record = request.json["rkey"], request.json["record"]
        known = next((post for post in self.posts if post["key"] == key), None)
        if known and known["record"] != record:
            return not_found("InvalidSwap")
        address = f"at://did:plc:ada/app.bsky.feed.post/{key}"
        return self._told(
            known or self.add(id=address, text=record["text"], key=key, record=record)
        )

    def _told(self, post: Record) -> Record:
        return {"uri": post["id"], "cid": f"bafy{post['key']}", "value": post["record"]}


@dataclass
class Nostr(Server):
    """A relay: an event that it has is dropped."""

    @property
    def routes(self) -> tuple[Route, ...]:
        return (("EVENT", "^wss:", self._event), ("REQ", "^wss:", self._found))

    def text_of(self, request: Request) -> str:
        return str(request.json[1]["content"])

    def _event(self, request: Request) -> Answer:
        event = request.json[1]
        if all(post["id"] != event["id"] for post in self.posts):
            self.add(id=event["id"], text=event["content"], event=event)
        return {"taken": json.loads(request.headers["relays"]), "missing": {}}

    def _found(self, request: Request) -> Answer:
        wanted = request.json[2]
        ids, authors = wanted.get("ids"), wanted.get("authors")
        events = [post["event"] for post in self.posts]
        return {
            "events": [
                event
                for event in events
                if (ids is None or event["id"] in ids)
                and (authors is None or event["pubkey"] in authors)
            ]
        }


@dataclass
class WordPress(Server):
    """A blog. A draft is seen by nobody."""

    @property
    def routes(self) -> tuple[Route, ...]:
        return (
            ("GET", r"/users/me\?", lambda request: {"id": 1, "name": "Ada", "slug": "ada"}),
            ("GET", r"/tags\?", lambda request: [{"id": 3, "name": "school"}]),
            ("GET", r"/posts\?(.*)$", self._list),
            ("POST", r"/posts$", self._create),
            ("POST", r"/posts/(\d+)$", self._change),
        )

    def texts(self) -> list[str]:
        return [post["text"] for post in self.posts if post["status"] == "publish"]

    def text_of(self, request: Request) -> str:
        return str(self._post(request.url.rpartition("/")[2])["text"])

    def _post(self, identifier: str) -> Record:
        return next(post for post in self.posts if post["id"] == identifier)

    def _list(self, request: Request, query: str) -> Answer:
        slugs = parse_qs(query).get("slug")
        found = [post for post in self.posts if slugs is None or post["slug"] in slugs]
        return [self._told(post) for post in reversed(found)]

    def _create(self, request: Request) -> Answer:
        told = request.json
        record = {"id": self.next_id(), "text": told["content"], "title": told.get("title", "")}
        return self._told(self.add(**record, slug=told["slug"], status=told["status"]))

    def _change(self, request: Request, identifier: str) -> Answer:
        post, told = self._post(identifier), request.json
        post["status"] = told.get("status") or post["status"]
        post["text"] = told.get("content") or post["text"]
        return self._told(post)

    def _told(self, post: Record) -> Record:
        return {
            "id": int(post["id"]),
            "slug": post["slug"],
            "status": post["status"],
            "link": f"https://blog.example.org/{post['slug']}/",
            "date_gmt": post["at"][:19],
            "title": {"raw": post["title"], "rendered": escape(post["title"])},
            "content": {"raw": post["text"], "rendered": post["text"]},
            "author": 1,
            "tags": [],
            "categories": [],
            "featured_media": 0,
        }


@dataclass
class Mail(Server):
    """Takes every message, the same one again as well."""

    @property
    def routes(self) -> tuple[Route, ...]:
        return (("SEND", "^smtp:", self._take),)

    def text_of(self, request: Request) -> str:
        message = message_from_bytes(_bytes(request), policy=SMTP)
        return str(message.get_body(("plain",)).get_content())

    def _take(self, request: Request) -> Answer:
        message = message_from_bytes(_bytes(request), policy=SMTP)
        self.add(id=str(message["Message-ID"]), text=self.text_of(request))
        return {"refused": {}, "reply": "250 2.0.0 Ok"}


def _bytes(request: Request) -> bytes:
    assert isinstance(request.body, bytes)
    return request.body


@dataclass
class Webhook(Server):
    """A Discord channel's: takes every message, and lists none."""

    @property
    def routes(self) -> tuple[Route, ...]:
        return (
            ("GET", r"^\{webhook\}$", lambda request: {"channel_id": "11", "guild_id": "10"}),
            ("POST", r"^\{webhook\}\?wait=true$", self._create),
        )

    def text_of(self, request: Request) -> str:
        return str(request.json["content"])

    def _create(self, request: Request) -> Answer:
        message = self.add(id=self.next_id(), text=self.text_of(request))
        return {"id": message["id"], "channel_id": "11", "content": message["text"]}


@dataclass
class Site(Server):
    """The built-in site's folder, which is really written; what is in it is no part of `state`."""

    folder: Path = Path()

    def answer(self, request: Request) -> Response:
        return files.answer(replace(request, fence=lambda: None), {}, TIMEOUT)

    def texts(self) -> list[str]:
        listed = self.folder / "posts.json"
        posts = json.loads(listed.read_text())["posts"] if listed.exists() else []
        return [post["excerpt"] for post in posts]

    def text_of(self, request: Request) -> str:
        shown = self.texts()
        posts = json.loads(request.json["posts.json"])["posts"]
        return "".join(post["excerpt"] for post in posts if post["excerpt"] not in shown)


@dataclass
class Person(Server):
    """A person, to whom posts are handed over; nothing is published by that."""

    def answer(self, request: Request) -> Response:
        return request.documented()

    def text_of(self, request: Request) -> str:
        return str((request.form or {})["text"])


SERVERS: Mapping[str, type[Server]] = {
    "mastodon": Mastodon,
    "gotosocial": GoToSocial,
    "bluesky": Bluesky,
    "nostr": Nostr,
    "wordpress": WordPress,
    "email": Mail,
    "discord": Webhook,
    "site": Site,
    "handoff": Person,
}


@dataclass
class Servers:
    """The servers of a calendar's accounts, and what shall go wrong with their next visible requests.

    A fault is a status ("401", "422"), "unreachable", or an event with what became of the post:
    "killed before it left", "killed, up", "killed, not up", "lost, up", "lost, not up". `at_answer`
    is called once a visible request was carried out.
    """

    clock: Clock
    folder: Path
    known: dict[str, Server] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)  # account -> what happens, in order
    at_answer: Callable[[str], object] = lambda account: None

    def of(self, account: str, platform: str, state: Mapping[str, Any] | None = None) -> Server:
        if account not in self.known:
            more = {"folder": self.folder / "public"} if platform == "site" else {}
            self.known[account] = SERVERS[platform](clock=self.clock, **(state or {}), **more)
        return self.known[account]

    def answerer(self, configured: ConfiguredAccount) -> Callable[[Request], Response]:
        return lambda request: self._answer(configured, request)

    def _answer(self, configured: ConfiguredAccount, request: Request) -> Response:
        name = configured.name
        server = self.of(name, configured.platform.name)
        self.clock.pass_(0.25)
        if not request.is_visible:
            return self._judged(configured, request, server.answer(request))
        faults = self.faults.get(name)
        fault = faults.pop(0) if faults else "none"
        return self._faulty(configured, request, server, fault)

    def _faulty(
        self, configured: ConfiguredAccount, request: Request, server: Server, fault: str
    ) -> Response:
        if fault == "killed before it left":
            raise Crash
        if fault == "unreachable":
            raise TryLater(f"{configured.name} was not reached")
        request.fence()
        if fault.isdigit():
            headers = {"retry-after": "3600"} if fault == "429" else {}
            answer = replace(Response.of({"error": "refused"}, int(fault)), headers=headers)
            return self._judged(configured, request, answer)
        server.sent.append(server.text_of(request))
        answer = Response() if fault.endswith("not up") else server.answer(request)
        if fault.startswith("killed"):
            raise Crash
        if fault.startswith("lost"):
            self.clock.pass_(TIMEOUT)
            raise InDoubt(f"{configured.name} was sent and never answered")
        self.at_answer(configured.name)
        return self._judged(configured, request, answer)

    def _judged(
        self, configured: ConfiguredAccount, request: Request, answer: Response
    ) -> Response:
        return judged(answer, request, configured.platform, configured.name, self.clock())
