"""A LinkedIn that keeps what it is sent and enforces what is known of the real one, as a member's token sees it or an organisation's.

Versions, author and owner, upload before post, videos in the parts that were asked for, little text (a reserved sign that is not escaped
cuts the text silently), lengths, exact repeats within ten minutes, the day's quota. A video's parts are taken without a token only.
It is asked directly, or on 127.0.0.1 (`linkedin_stand_in`), where it can lose the answer to a post.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from platforms.base import Response
from tests.platforms.standing_in import Arrived, Refusal, StandIn, route
from tests.serving import Silent, serving
from tests.support import ok

TOKEN = "AQV-test-token"
VERSIONS = {"202511", *(f"2026{month:02}" for month in range(1, 10))}
LONGEST_TEXT, LONGEST_ALT, LONGEST_TITLE, LONGEST_COMMENT = 3000, 4086, 400, 1250
MOST_PICTURES, SMALLEST_VIDEO, PART = 20, 75_000, 4_194_304
REPEATS_KNOWN = 600  # seconds
DAILY_REQUESTS = 150
PICTURE_STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8")
REQUIRED = {"author", "commentary", "visibility", "distribution", "lifecycleState"}
LITTLE_TEXT = re.compile(
    r"\\(?P<escaped>[\\|{}@\[\]()<>#*_~])"
    r"|(?P<url>https?://\S+)"
    r"|\{hashtag\|\\#\|(?P<tag>(?:\\.|[^\\|}])+)\}"
    r"|@\[(?P<name>(?:\\.|[^\\\]])+)\]\(urn:li:(?:organization:\d+|person:[\w-]+)\)"
    r"|(?P<hashtag>#[^\W_]+)(?![\w])"
    r"|(?P<plain>[^\\|{}@\[\]()<>#*_~])"
)
REST, USERINFO = r"https?://[^/]+/rest/", r"https?://[^/]+/v2/userinfo"


def refusal(status: int, code: str, message: str) -> Refusal:
    return Refusal(
        status,
        {"status": status, "code": code, "message": message},
        {"content-type": "application/json"},
    )


@dataclass
class File:
    """Something that is uploaded, in parts if it is a video."""

    size: int | None = None  # of a video
    bodies: dict[int, bytes] = field(default_factory=dict)  # part -> what was uploaded
    is_finished: bool = False  # of a video
    looks: int = 0

    @property
    def body(self) -> bytes:
        return b"".join(self.bodies[number] for number in sorted(self.bodies))


@dataclass
class Member(StandIn):
    """One member's LinkedIn. What readers see is in `up`: the posts by URN, and the comments by their numbers."""

    token: str = TOKEN
    now: Callable[[], float] = lambda: 0.0  # seconds
    url: str = "https://api.linkedin.com"
    files: dict[str, File] = field(default_factory=dict)  # by URN
    requests: int = 0  # of today
    quota: int = DAILY_REQUESTS
    repeats_known: float = REPEATS_KNOWN  # seconds
    loses_the_next_answer: bool = False  # to a post, on 127.0.0.1
    still_processing: int = 0  # how many attempts to post a picture come too early
    looks_before_ready: int = 1  # at a video
    me: str = "urn:li:person:782bbtaQ"

    @property
    def posts(self) -> dict[str, dict[str, Any]]:
        return self.up

    # ---- Every request

    def check(self, arrived: Arrived) -> None:
        wanted = None if "/dms-uploads/urn:li:video:" in arrived.url else f"Bearer {self.token}"
        if arrived.headers.get("authorization") != wanted:
            raise refusal(401, "INVALID_ACCESS_TOKEN", "Invalid access token")
        if "/dms-uploads/" in arrived.url:
            return
        self.requests += 1
        if self.requests > self.quota:
            raise refusal(
                429, "TOO_MANY_REQUESTS", "Resource level throttle MEMBER DAY limit reached"
            )
        if "/rest/" in arrived.url:
            self.check_version(arrived)

    def check_version(self, arrived: Arrived) -> None:
        if not arrived.headers.get("linkedin-version"):
            raise refusal(400, "VERSION_MISSING", "A version must be present")
        if arrived.headers["linkedin-version"] not in VERSIONS:
            raise refusal(426, "NONEXISTENT_VERSION", "Requested version is not active")
        if arrived.headers.get("x-restli-protocol-version") != "2.0.0":
            raise refusal(400, "INVALID_VALUE_FOR_FIELD", "X-Restli-Protocol-Version")

    # ---- Who it is, and what it has posted

    @route("GET", USERINFO)
    def userinfo(self, arrived: Arrived) -> Response:
        return ok(sub=self.me.rpartition(":")[2], name="Ada Lovelace")

    @route("GET", f"{REST}posts")
    def listed(self, arrived: Arrived) -> Response:
        raise refusal(403, "ACCESS_DENIED", "Not enough permissions to access: posts.FINDER-author")

    # ---- Files

    @route("POST", f"{REST}(images|documents)")
    def initialize(self, arrived: Arrived, what: str) -> Response:
        self.check_action(arrived, "initializeUpload")
        kind = what.removesuffix("s")
        urn = self.begun(kind, arrived.json["initializeUploadRequest"], File())
        return ok(
            value={
                "uploadUrl": f"{self.url}/dms-uploads/{urn}/0",
                kind: urn,
                "uploadUrlExpiresAt": 1787800000000,
            }
        )

    @route("POST", f"{REST}videos")
    def initialize_or_finalize_video(self, arrived: Arrived) -> Response:
        if arrived.query.get("action") == "finalizeUpload":
            return self.finalize(arrived.json["finalizeUploadRequest"])
        self.check_action(arrived, "initializeUpload")
        wanted = arrived.json["initializeUploadRequest"]
        if (
            wanted["fileSizeBytes"] < SMALLEST_VIDEO
            or wanted["uploadCaptions"]
            or wanted["uploadThumbnail"]
        ):
            raise refusal(400, "INVALID_VALUE_FOR_FIELD", "fileSizeBytes")
        size = wanted["fileSizeBytes"]
        urn = self.begun("video", wanted, File(size=size))
        wanted_parts = [
            {
                "uploadUrl": f"{self.url}/dms-uploads/{urn}/{number}",
                "firstByte": start,
                "lastByte": min(start + PART, size) - 1,
            }
            for number, start in enumerate(range(0, size, PART))
        ]
        return ok(
            value={
                "video": urn,
                "uploadToken": f"token-of-{urn}",
                "uploadInstructions": wanted_parts,
                "uploadUrlsExpireAt": 1787800000000,
            }
        )

    def check_action(self, arrived: Arrived, action: str) -> None:
        if arrived.query.get("action") != action:
            raise refusal(400, "INVALID_VALUE_FOR_FIELD", "action")

    def begun(self, kind: str, wanted: dict[str, Any], file: File) -> str:
        if wanted["owner"] != self.me:
            raise refusal(403, "ACCESS_DENIED", "Not the owner")
        urn = f"urn:li:{kind}:C4E10AQ{len(self.files)}"
        self.files[urn] = file
        return urn

    @route("PUT", r"https?://[^/]+/dms-uploads/(urn:li:\w+:\w+)/(\d+)")
    def upload(self, arrived: Arrived, urn: str, number: str) -> Response:
        file = self.files[urn]
        if urn.startswith("urn:li:image:") and not arrived.body.startswith(PICTURE_STARTS):
            raise refusal(400, "INVALID_IMAGE_ID", "Not a picture")
        if file.size is not None:
            start = int(number) * PART
            assert arrived.headers["content-type"] == "application/octet-stream"
            assert len(arrived.body) == min(start + PART, file.size) - start, (
                "a part is not what was asked for"
            )
        file.bodies[int(number)] = arrived.body
        return Response(status=201, headers={"etag": f'"etag-{urn}-{number}"'})

    def finalize(self, asked: dict[str, Any]) -> Response:
        urn = asked["video"]
        marks = [f"etag-{urn}-{number}" for number in sorted(self.files[urn].bodies)]
        if (
            asked["uploadToken"] != f"token-of-{urn}"
            or asked["uploadedPartIds"] != marks
            or len(self.files[urn].body) != self.files[urn].size
        ):
            raise refusal(400, "INVALID_VALUE_FOR_FIELD", "uploadedPartIds")
        self.files[urn].is_finished = True
        return Response(status=200)

    @route("GET", f"{REST}videos/([^/]+)")
    def look(self, arrived: Arrived, urn: str) -> Response:
        self.files[urn].looks += 1
        return Response.of(
            {"id": urn, "status": "AVAILABLE" if self.is_ready(self.files[urn]) else "PROCESSING"}
        )

    def is_ready(self, file: File) -> bool:
        """Whether it may be posted: a video has to be finished, and looked at until it is processed."""
        return bool(file.bodies) and (
            file.size is None or (file.is_finished and file.looks > self.looks_before_ready)
        )

    # ---- Posts

    @route("POST", f"{REST}posts")
    def post(self, arrived: Arrived) -> Response:
        asked = arrived.json
        self.check_post(asked)
        for urn, known in self.up.items():
            if self.now() - known["at"] < self.repeats_known and known["asked"] == asked:
                raise refusal(422, "UNPROCESSABLE_ENTITY", f"Content is a duplicate of {urn}")
        urn = f"urn:li:share:{7300000000000000000 + len(self.up)}"
        self.up[urn] = {
            "text": shown_text(asked["commentary"]),
            "visibility": asked["visibility"],
            "content": asked.get("content"),
            "at": self.now(),
            "asked": asked,
        }
        return Response(status=201, headers={"x-restli-id": urn})

    def check_post(self, asked: dict[str, Any]) -> None:
        missing = REQUIRED - asked.keys()
        if missing:
            raise refusal(400, "MISSING_FIELD", ", ".join(sorted(missing)))
        if asked["author"] != self.me:
            raise refusal(403, "ACCESS_DENIED", "Not the author")
        if not asked["commentary"].strip():
            raise refusal(400, "INVALID_VALUE_BLANK_FIELD", "commentary")
        if len(re.sub(r"\\(.)", r"\1", asked["commentary"])) > LONGEST_TEXT:
            raise refusal(400, "FIELD_LENGTH_TOO_LONG", "commentary")
        if asked["visibility"] not in self.visibilities() or asked["lifecycleState"] != "PUBLISHED":
            raise refusal(400, "INVALID_VALUE_FOR_FIELD", "visibility or lifecycleState")
        if "reshareContext" in asked and not re.fullmatch(
            r"urn:li:(share|ugcPost):\d+", asked["reshareContext"]["parent"]
        ):
            raise refusal(400, "INVALID_URN_TYPE", "parent")
        self.check_content(asked.get("content"))

    def visibilities(self) -> set[str]:
        return {"PUBLIC", "CONNECTIONS", "LOGGED_IN"}

    def check_content(self, content: dict[str, Any] | None) -> None:
        if content is None:
            return
        if len(content) != 1:
            raise refusal(400, "INVALID_VALUE_FOR_FIELD", "content is one of its variants")
        ((variant, said),) = content.items()
        {
            "media": self.check_media,
            "multiImage": self.check_pictures,
            "article": self.check_article,
            "poll": self.check_poll,
        }[variant](said)

    def check_media(self, media: dict[str, Any]) -> None:
        self.check_file(media["id"])
        if len(media.get("altText", "")) > LONGEST_ALT:
            raise refusal(400, "FIELD_LENGTH_TOO_LONG", "altText")
        if media["id"].startswith("urn:li:document:") and not media.get("title"):
            raise refusal(400, "MISSING_FIELD", "title")

    def check_pictures(self, several: dict[str, Any]) -> None:
        if not 2 <= len(several["images"]) <= MOST_PICTURES or not all(
            one["id"].startswith("urn:li:image:") for one in several["images"]
        ):
            raise refusal(400, "INVALID_VALUE_FOR_FIELD", "multiImage")
        for one in several["images"]:
            self.check_media(one)

    def check_article(self, article: dict[str, Any]) -> None:
        if (
            not article.get("source")
            or not article.get("title")
            or len(article["title"]) > LONGEST_TITLE
        ):
            raise refusal(400, "MISSING_FIELD", "source and title")
        if "thumbnail" in article:
            self.check_file(article["thumbnail"])

    def check_poll(self, poll: dict[str, Any]) -> None:
        answers = [one["text"] for one in poll["options"]]
        if (
            not 0 < len(poll["question"]) <= 140
            or not 2 <= len(answers) <= 4
            or max(map(len, answers)) > 30
        ):
            raise refusal(400, "FIELD_LENGTH_TOO_LONG", "poll")
        if poll["settings"]["duration"] not in (
            "ONE_DAY",
            "THREE_DAYS",
            "SEVEN_DAYS",
            "FOURTEEN_DAYS",
        ):
            raise refusal(400, "INVALID_VALUE_FOR_FIELD", "duration")

    def check_file(self, urn: str) -> None:
        if urn not in self.files:
            raise refusal(400, "INVALID_IMAGE_ID", f"No file {urn}")
        self.still_processing -= 1
        if not self.is_ready(self.files[urn]) or self.still_processing >= 0:
            raise refusal(400, "MEDIA_ASSET_WAITING_UPLOAD", f"{urn} is waiting for its upload")

    # ---- Comments

    @route("POST", f"{REST}socialActions/([^/]+)/comments")
    def comment(self, arrived: Arrived, on: str) -> Response:
        asked = arrived.json
        if asked["actor"] != self.me:
            raise refusal(403, "ACCESS_DENIED", "Not the actor")
        if asked["object"] != on or not re.fullmatch(r"urn:li:(share|ugcPost|activity):\d+", on):
            raise refusal(400, "INVALID_URN_TYPE", "object")
        if not 0 < len(asked["message"]["text"]) <= LONGEST_COMMENT:
            raise refusal(400, "FIELD_LENGTH_TOO_LONG", "message")
        number = str(7400000000000000000 + len(self.up))
        self.up[number] = {
            "text": asked["message"]["text"],
            "on": on,
            "at": self.now(),
            "asked": asked,
        }
        return Response(status=201, headers={"x-restli-id": number})


TOLD = ("author", "visibility", "content", "reshareContext")


@dataclass
class Organization(Member):
    """The LinkedIn of a token that may post for an organisation and list its posts, but not ask who the member is."""

    me: str = "urn:li:organization:5515715"

    @route("GET", USERINFO)
    def userinfo(self, arrived: Arrived) -> Response:
        raise refusal(403, "ACCESS_DENIED", "Not enough permissions to access: userinfo")

    @route("GET", f"{REST}posts")
    def listed(self, arrived: Arrived) -> Response:
        """As LinkedIn lists them: with hashtags in the long form, the last first."""
        if (
            arrived.headers.get("x-restli-method") != "FINDER"
            or arrived.query["q"] != "author"
            or arrived.query["author"] != self.me
        ):
            raise refusal(400, "INVALID_VALUE_FOR_FIELD", "q, author or X-RestLi-Method")
        found = [
            {
                "id": urn,
                "commentary": re.sub(
                    r"(?<![\w\\|{])#(\w+)", r"{hashtag|\\#|\1}", one["asked"]["commentary"]
                ),
                "createdAt": one["at"] * 1000,
                "lastModifiedAt": one["at"] * 1000,
                "lifecycleState": "PUBLISHED",
                **{name: one["asked"][name] for name in TOLD if name in one["asked"]},
            }
            for urn, one in reversed(self.up.items())
            if "asked" in one and "commentary" in one["asked"]
        ]
        start, count = int(arrived.query.get("start", 0)), int(arrived.query["count"])
        return ok(elements=found[start : start + count], paging={"start": start, "count": count})

    def visibilities(self) -> set[str]:
        return {"PUBLIC", "LOGGED_IN"}


def shown_text(commentary: str) -> str:
    """What readers see: up to the first reserved sign that is neither escaped nor part of a URL, hashtag or mention."""
    shown, at = "", 0
    while found := LITTLE_TEXT.match(commentary, at):
        within = found["tag"] or found["name"]
        shown += (
            ("#" if found["tag"] else "") + re.sub(r"\\(.)", r"\1", within)
            if within
            else found[found.lastgroup or 0]
        )
        at = found.end()
    return shown


class Answering(Silent):
    """HTTP to the stand-in."""

    protocol_version = "HTTP/1.1"
    member: Member

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.member.answer(
            Arrived(self.command, self.member.url + self.path, headers, body)
        )
        if self.member.loses_the_next_answer and self.path == "/rest/posts":
            self.member.loses_the_next_answer = False
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in {**answer.headers, "content-length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    do_POST = do_PUT = do_GET


@contextmanager
def linkedin_stand_in(member: Member) -> Iterator[Member]:
    """Serves the member on a free port, told in `member.url`."""
    with serving(type("AnsweringFor", (Answering,), {"member": member})) as member.url:
        yield member
