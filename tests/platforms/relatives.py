"""A server that speaks Mastodon's API, for the tests of Mastodon's relatives: each says what is different there."""

from dataclasses import dataclass, field
from typing import Any

from platforms.base import Account, Ask, Lost, Platform, Post, Response
from platforms.recent import Look, look
from tests.platforms.standing_in import Arrived, Refusal, StandIn, route
from tests.support import DUE, ok

SECRETS = {"token": "good"}
API = r"https://example\.social/api"


def account(platform: str) -> Account:
    return Account(name="main", platform=platform, settings={"server": "https://example.social"})


@dataclass
class Fediverse(StandIn):
    """One account. A key is recognised where `keeps_keys`; files are ready at once."""

    keeps_keys: bool = False
    needs_media: bool = False
    lists_replies: bool = True  # among what the account posted
    longest: int = 500
    visibilities: tuple[str, ...] = ("public", "unlisted", "private", "direct")
    files: dict[str, str] = field(default_factory=dict)  # id -> alt
    keys: dict[str, str] = field(default_factory=dict)

    def check(self, arrived: Arrived) -> None:
        if arrived.headers.get("authorization") != f"Bearer {self.token}":
            raise Refusal(401, {"error": "The access token is invalid"})

    @route("GET", f"{API}/v1/accounts/verify_credentials")
    def me(self, arrived: Arrived) -> Response:
        return ok(id="1", acct="ada", source={"privacy": "public"}, statuses_count=len(self.up))

    @route("POST", f"{API}/v2/media")
    def upload(self, arrived: Arrived) -> Response:
        identifier = str(len(self.files) + 1)
        self.files[identifier] = (
            arrived.text("description") if "description" in arrived.parts else ""
        )
        self.check_file(arrived)
        return ok(id=identifier, url=f"https://example.social/{identifier}.png")

    def check_file(self, arrived: Arrived) -> None:
        """What else the server wants of a file."""

    @route("POST", f"{API}/v1/statuses")
    def post(self, arrived: Arrived) -> Response:
        asked, key = arrived.json, arrived.headers.get("idempotency-key", "")
        if self.keeps_keys and key in self.keys:
            return Response.of(self.up[self.keys[key]])
        if (
            len(asked["status"]) > self.longest
            or asked.get("visibility", "public") not in self.visibilities
        ):
            raise Refusal(422, {"error": "Validation failed"})
        if self.needs_media and not asked.get("media_ids") and not asked.get("in_reply_to_id"):
            raise Refusal(403, {"error": "Empty statuses are not allowed"})
        identifier = str(len(self.up) + 100)
        self.keys[key] = identifier
        self.up[identifier] = {
            "id": identifier,
            "url": f"https://example.social/@ada/{identifier}",
            "content": self.shown(asked["status"]),
            "asked": asked,
            "created_at": "2026-09-07T08:30:02.000Z",
            "account": {"id": "1"},
            "in_reply_to_id": asked.get("in_reply_to_id"),
            "spoiler_text": asked.get("spoiler_text", ""),
            "visibility": asked.get("visibility", "public"),
            "language": asked["language"],
            "poll": None,
            "media_attachments": [self.attached(one) for one in asked.get("media_ids", ())],
        }
        return Response.of(self.up[identifier])

    def shown(self, text: str) -> str:
        return f"<p>{text}</p>"

    def attached(self, file: str) -> dict[str, str]:
        return {"id": file, "description": self.files[file]}

    @route("GET", f"{API}/v1/accounts/1/statuses")
    def listed(self, arrived: Arrived) -> Response:
        return Response.of(
            []
            if "max_id" in arrived.query
            else [
                one
                for one in reversed(self.up.values())
                if self.lists_replies or not one["in_reply_to_id"]
            ]
        )

    @route("GET", f"{API}/v1/statuses/([^/]+)")
    def status(self, arrived: Arrived, identifier: str) -> Response:
        return ok(id=identifier, replies_count=len(self.below(identifier)))

    def below(self, identifier: str) -> list[Any]:
        return [one for one in self.up.values() if one["in_reply_to_id"] == identifier]

    @route("GET", f"{API}/v1/statuses/([^/]+)/context")
    def context(self, arrived: Arrived, of: str) -> Response:
        return ok(ancestors=[], descendants=self.below(of))


def a_status(**changes: Any) -> dict[str, Any]:
    """One of ours, as a server lists it."""
    return {
        "id": "100",
        "url": "https://example.social/@ada/100",
        "content": "<p>Welcome back</p>",
        "created_at": "2026-09-07T08:30:02.000Z",
        "account": {"id": "1"},
        "in_reply_to_id": None,
        "spoiler_text": "",
        "visibility": "public",
        "language": "en",
        "poll": None,
        "media_attachments": [],
        **changes,
    }


ME = ok(id="1", acct="ada", source={"privacy": "public"}, statuses_count=1)
END = Response.of([])  # the page after the last


def looked(platform: Platform, post: Post, server: Ask, **known: Any) -> Look:
    return look(platform, account(platform.name), post, Lost(left_at=DUE, **known), server)


def asked_for(stand_in: Fediverse) -> Any:
    """What the one status that is up was asked for with."""
    (status,) = stand_in.up.values()
    return status["asked"]
