"""A LinkedIn on 127.0.0.1 that keeps what it is sent and enforces what is known of the real one.

Bearer token, versions, author and owner, upload before post, little text (a reserved sign that is not escaped cuts the text
silently), length, exact repeats within ten minutes, the day's quota. On demand it loses an answer after having stored the
post, and is slow to process an image. What it shows to readers is in `posts`.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.serving import Silent, serving

TOKEN = "AQV-test-token"
ME = "urn:li:person:782bbtaQ"
VERSIONS = {"202511", *(f"2026{month:02}" for month in range(1, 10))}
LONGEST_TEXT, LONGEST_ALT, LONGEST_TITLE = 3000, 4086, 400
REPEATS_KNOWN = 600  # seconds
DAILY_REQUESTS = 150
PICTURE_STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8")
REQUIRED = {"author", "commentary", "visibility", "distribution", "lifecycleState"}
LITTLE_TEXT = re.compile(
    r"\\(?P<escaped>[\\|{}@\[\]()<>#*_~])"
    r"|(?P<url>https?://\S+)"
    r"|\{hashtag\|\\#\|(?P<tag>(?:\\.|[^\\|}])+)\}"
    r"|(?P<hashtag>#[^\W_]+)(?![\w])"
    r"|(?P<plain>[^\\|{}@\[\]()<>#*_~])"
)


class Refusal(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.body = status, {"status": status, "code": code, "message": message}


@dataclass(kw_only=True)
class Member:
    """The state of one member's LinkedIn, and the rules."""

    now: Callable[[], float] = lambda: 0.0  # seconds
    url: str = ""
    posts: dict[str, dict[str, Any]] = field(default_factory=dict)  # URN -> text as readers see it, visibility, content, at, asked
    images: dict[str, bytes | None] = field(default_factory=dict)  # URN -> what was uploaded
    requests: int = 0  # of today
    quota: int = DAILY_REQUESTS
    loses_the_next_answer: bool = False
    still_processing: int = 0  # how many attempts to post an image come too early

    def initialize_upload(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["initializeUploadRequest"]["owner"] != ME:
            raise Refusal(403, "ACCESS_DENIED", "Not the owner")
        urn = f"urn:li:image:C4E10AQ{len(self.images)}"
        self.images[urn] = None
        return {"value": {"uploadUrl": f"{self.url}/dms-uploads/{urn}", "image": urn, "uploadUrlExpiresAt": 1787800000000}}

    def upload(self, urn: str, body: bytes) -> None:
        if urn not in self.images or not body.startswith(PICTURE_STARTS):
            raise Refusal(400, "INVALID_IMAGE_ID", "No such upload, or not a picture")
        self.images[urn] = body

    def post(self, asked: dict[str, Any]) -> str:
        self.check(asked)
        for urn, known in self.posts.items():
            if self.now() - known["at"] < REPEATS_KNOWN and known["asked"] == asked:
                raise Refusal(422, "UNPROCESSABLE_ENTITY", f"Content is a duplicate of {urn}")
        urn = f"urn:li:share:{7300000000000000000 + len(self.posts)}"
        self.posts[urn] = {"text": shown_text(asked["commentary"]), "visibility": asked["visibility"], "content": asked.get("content"),
                           "at": self.now(), "asked": asked}
        return urn

    def check(self, asked: dict[str, Any]) -> None:
        missing = REQUIRED - asked.keys()
        if missing:
            raise Refusal(400, "MISSING_FIELD", ", ".join(sorted(missing)))
        if asked["author"] != ME:
            raise Refusal(403, "ACCESS_DENIED", "Not the author")
        if not asked["commentary"].strip():
            raise Refusal(400, "INVALID_VALUE_BLANK_FIELD", "commentary")
        if len(re.sub(r"\\(.)", r"\1", asked["commentary"])) > LONGEST_TEXT:
            raise Refusal(400, "FIELD_LENGTH_TOO_LONG", "commentary")
        if asked["visibility"] not in ("PUBLIC", "CONNECTIONS", "LOGGED_IN") or asked["lifecycleState"] != "PUBLISHED":
            raise Refusal(400, "INVALID_VALUE_FOR_FIELD", "visibility or lifecycleState")
        self.check_content(asked.get("content"))

    def check_content(self, content: dict[str, Any] | None) -> None:
        if content is None:
            return
        if len(content) != 1:
            raise Refusal(400, "INVALID_VALUE_FOR_FIELD", "content is one of its variants")
        if "media" in content:
            self.check_image(content["media"]["id"])
            if len(content["media"].get("altText", "")) > LONGEST_ALT:
                raise Refusal(400, "FIELD_LENGTH_TOO_LONG", "altText")
        if "article" in content:
            article = content["article"]
            if not article.get("source") or not article.get("title") or len(article["title"]) > LONGEST_TITLE:
                raise Refusal(400, "MISSING_FIELD", "source and title")
            if "thumbnail" in article:
                self.check_image(article["thumbnail"])

    def check_image(self, urn: str) -> None:
        if urn not in self.images:
            raise Refusal(400, "INVALID_IMAGE_ID", f"No image {urn}")
        self.still_processing -= 1
        if self.images[urn] is None or self.still_processing >= 0:
            raise Refusal(400, "MEDIA_ASSET_WAITING_UPLOAD", f"{urn} is waiting for its upload")


def shown_text(commentary: str) -> str:
    """What readers see: up to the first reserved sign that is neither escaped nor part of a URL or hashtag."""
    shown, at = "", 0
    while found := LITTLE_TEXT.match(commentary, at):
        tag = found["tag"]
        shown += "#" + re.sub(r"\\(.)", r"\1", tag) if tag else found[found.lastgroup or 0]
        at = found.end()
    return shown


class Answering(Silent):
    """HTTP to the member's state."""

    protocol_version = "HTTP/1.1"
    member: Member

    def do_GET(self) -> None:
        self.answered(self.read)

    def do_POST(self) -> None:
        self.answered(self.create)

    def do_PUT(self) -> None:
        self.answered(self.put)

    def answered(self, answer: Callable[[bytes], None]) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            self.check_headers()
            answer(body)
        except Refusal as refusal:
            self.reply(refusal.status, refusal.body)

    def check_headers(self) -> None:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise Refusal(401, "INVALID_ACCESS_TOKEN", "Invalid access token")
        self.member.requests += 1
        if self.member.requests > self.member.quota:
            raise Refusal(429, "TOO_MANY_REQUESTS", "Resource level throttle MEMBER DAY limit reached")
        if self.path.startswith("/rest/"):
            if not self.headers.get("LinkedIn-Version"):
                raise Refusal(400, "VERSION_MISSING", "A version must be present")
            if self.headers["LinkedIn-Version"] not in VERSIONS:
                raise Refusal(426, "NONEXISTENT_VERSION", "Requested version is not active")
            if self.headers.get("X-Restli-Protocol-Version") != "2.0.0":
                raise Refusal(400, "INVALID_VALUE_FOR_FIELD", "X-Restli-Protocol-Version")

    def read(self, body: bytes) -> None:
        if self.path != "/v2/userinfo":
            raise Refusal(403, "ACCESS_DENIED", "A member may not read this")
        self.reply(200, {"sub": ME.rpartition(":")[2], "name": "Ada Lovelace"})

    def create(self, body: bytes) -> None:
        asked = json.loads(body)
        if self.path == "/rest/images?action=initializeUpload":
            self.reply(200, self.member.initialize_upload(asked))
        elif self.path == "/rest/posts":
            self.reply(201, None, {"x-restli-id": self.member.post(asked)})
        else:
            raise Refusal(404, "RESOURCE_NOT_FOUND", self.path)

    def put(self, body: bytes) -> None:
        self.member.upload(self.path.removeprefix("/dms-uploads/"), body)
        self.reply(201, None)

    def reply(self, status: int, value: object, headers: dict[str, str] | None = None) -> None:
        if self.member.loses_the_next_answer and self.path == "/rest/posts":
            self.member.loses_the_next_answer = False
            self.close_connection = True
            return
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        for name, header in {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, header)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def linkedin_stand_in(member: Member) -> Iterator[Member]:
    """Serves the member on a free port, told in `member.url`."""
    with serving(type("AnsweringFor", (Answering,), {"member": member})) as member.url:
        yield member
