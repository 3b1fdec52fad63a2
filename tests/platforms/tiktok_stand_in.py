"""TikTok, not there: one creator's account that keeps what it is sent and enforces what the documentation says.

A chunk that comes twice after the upload is whole is refused; a second upload, or a second asking for photos, is a second post.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from platforms.base import Response
from tests.platforms.standing_in import Arrived, Refusal, StandIn, route
from tests.support import ok

API = re.escape("https://open.tiktokapis.com/v2")
CREATED_AT = 1_788_769_805  # 2026-09-07 08:30:05 UTC
MB = 1_000_000
MOST_INITS, MOST_POSTS, MOST_PENDING = 6, 15, 5
PRIVACY = ("PUBLIC_TO_EVERYONE", "FOLLOWER_OF_CREATOR", "SELF_ONLY")


def said(**data: Any) -> Response:
    return ok(data=data, error={"code": "ok", "message": "", "log_id": "2"})


def no(status: int, code: str) -> Refusal:
    return Refusal(
        status, {"data": {}, "error": {"code": code, "message": f"It is {code}", "log_id": "2"}}
    )


@dataclass
class TikTok(StandIn):
    audited: bool = False
    small: int = (
        5 * MB
    )  # up to which a video has to be one chunk, and the least that a chunk has; the tests send small files
    large: int = 64 * MB  # the most that a chunk has, but for the last
    uploads: dict[str, dict[str, Any]] = field(default_factory=dict)
    hosted: set[str] = field(default_factory=set)
    inits: int = 0  # of the last minute
    asked_about_the_creator: bool = False
    creator: dict[str, Any] = field(
        default_factory=lambda: {
            "privacy_level_options": PRIVACY,
            "comment_disabled": True,
            "duet_disabled": False,
            "stitch_disabled": False,
            "max_video_post_duration_sec": 600,
        }
    )
    processes: int = 0  # looks for which TikTok works on what it has
    fails: str = ""  # why it makes nothing of it
    ended: bool = False  # the address of the upload

    def check(self, arrived: Arrived) -> None:
        if arrived.url.startswith(("host:", "https://open-upload.")):
            assert "authorization" not in arrived.headers or arrived.url.startswith("host:"), (
                "the token is nobody else's"
            )
        elif arrived.headers.get("authorization") != f"Bearer {self.token}":
            raise no(401, "access_token_invalid")

    @route("PUT", "host:.*")
    def host(self, arrived: Arrived) -> Response:
        address = f"https://media.test/{arrived.url.removeprefix('host:')}"
        self.hosted.add(address)
        return ok(url=address)

    @route("GET", f"{API}/user/info/")
    def user(self, arrived: Arrived) -> Response:
        return said(user={"open_id": "1", "display_name": "Hill School"})

    @route("POST", f"{API}/post/publish/creator_info/query/")
    def creator_info(self, arrived: Arrived) -> Response:
        assert arrived.json == {}
        self.asked_about_the_creator = True
        return said(creator_username="hillschool", **self.creator)

    def begin(self, info: dict[str, Any] | None) -> None:
        """What holds for every post, and for a direct one."""
        self.inits += 1
        if self.inits > MOST_INITS:
            raise no(429, "rate_limit_exceeded")
        if info is None and sum(one["kind"] == "inbox" for one in self.up.values()) >= MOST_PENDING:
            raise no(403, "spam_risk_too_many_pending_share")
        if len(self.up) >= MOST_POSTS:
            raise no(403, "spam_risk_too_many_posts")
        if info is not None:
            self.check_direct(info)

    def check_direct(self, info: dict[str, Any]) -> None:
        assert self.asked_about_the_creator, "the creator has to be asked about before each post"
        self.asked_about_the_creator = False
        if info["privacy_level"] not in self.creator["privacy_level_options"]:
            raise no(403, "privacy_level_option_mismatch")
        if info["privacy_level"] != "SELF_ONLY" and not self.audited:
            raise no(403, "unaudited_client_can_only_post_to_private_accounts")
        if self.creator["comment_disabled"] and not info["disable_comment"]:
            raise no(400, "invalid_params")

    @route("POST", f"{API}/post/publish/(?:inbox/)?video/init/")
    def video(self, arrived: Arrived) -> Response:
        is_inbox = "/inbox/" in arrived.url
        assert arrived.json.keys() == (
            {"source_info"} if is_inbox else {"source_info", "post_info"}
        )
        info = arrived.json.get("post_info")
        self.begin(info)
        if info and len(info["title"].encode("utf-16-le")) > 2 * 2200:
            raise no(400, "invalid_params")
        self.check_chunks(**arrived.json["source_info"])
        key = f"v_pub_file~v2-1.{len(self.uploads)}"
        self.uploads[key] = {
            **arrived.json["source_info"],
            "kind": "inbox" if is_inbox else info["privacy_level"],
            "info": info,
            "body": b"",
        }
        return said(
            publish_id=key,
            upload_url=f"https://open-upload.tiktokapis.com/video/?upload_id={len(self.uploads) - 1}&upload_token=x",
        )

    def check_chunks(
        self, source: str, video_size: int, chunk_size: int, total_chunk_count: int
    ) -> None:
        fits = (
            chunk_size == video_size and total_chunk_count == 1
            if video_size < self.small
            else self.small <= chunk_size <= self.large
            and total_chunk_count == max(1, video_size // chunk_size) <= 1000
        )
        if source != "FILE_UPLOAD" or not fits:
            raise no(400, "invalid_params")

    @route("PUT", r"https://open-upload\.tiktokapis\.com/video/")
    def upload(self, arrived: Arrived) -> Response:
        key = list(self.uploads)[int(arrived.query["upload_id"])]
        upload = self.uploads[key]
        first, last, total = map(int, re.findall(r"\d+", arrived.headers["content-range"]))
        if self.ended or arrived.query["upload_token"] != "x":
            raise Refusal(403)
        if (
            first != len(upload["body"])
            or total != upload["video_size"]
            or last - first + 1 != len(arrived.body)
        ):
            raise Refusal(416)
        assert arrived.headers["content-type"] == "video/mp4"
        upload["body"] += arrived.body
        if len(upload["body"]) < total:
            assert len(arrived.body) == upload["chunk_size"]
            return Response(status=206, headers={"content-range": f"bytes 0-{last}/{total}"})
        self.up[key] = {
            "kind": upload["kind"],
            "text": (upload["info"] or {}).get("title", ""),
            "body": upload["body"],
        }
        return Response(status=201)

    @route("POST", f"{API}/post/publish/content/init/")
    def content(self, arrived: Arrived) -> Response:
        asked, is_direct = arrived.json, arrived.json["post_mode"] == "DIRECT_POST"
        info, urls = asked["post_info"], asked["source_info"]["photo_images"]
        self.begin(info if is_direct else None)
        assert (asked["media_type"], asked["source_info"]["source"]) == ("PHOTO", "PULL_FROM_URL")
        too_long = [
            name
            for name, most in (("title", 90), ("description", 4000))
            if len(info.get(name, "").encode("utf-16-le")) > 2 * most
        ]
        if too_long or not 1 <= len(urls) <= 35:
            raise no(400, "invalid_params")
        if not set(urls) <= self.hosted:
            raise no(403, "url_ownership_unverified")
        key = f"p_pub_url~v2.{len(self.up)}"
        self.up[key] = {
            "kind": info["privacy_level"] if is_direct else "inbox",
            "text": info.get("description", ""),
            "body": urls,
        }
        return said(publish_id=key)

    @route("POST", f"{API}/post/publish/status/fetch/")
    def status(self, arrived: Arrived) -> Response:
        key = arrived.json["publish_id"]
        upload, works = self.uploads.get(key), self.processes > 0
        if upload is None and key not in self.up:
            raise no(400, "invalid_publish_id")
        if key not in self.up or works:
            self.processes -= works
            return (
                said(status="PROCESSING_UPLOAD", uploaded_bytes=len(upload["body"]))
                if upload
                else said(status="PROCESSING_DOWNLOAD")
            )
        if self.fails:
            return said(status="FAILED", fail_reason=self.fails)
        if self.up[key]["kind"] == "inbox":
            return said(status="SEND_TO_USER_INBOX")
        public = (
            {"publicaly_available_post_id": [7300]}
            if self.up[key]["kind"] == "PUBLIC_TO_EVERYONE"
            else {}
        )
        return said(status="PUBLISH_COMPLETE", **public)

    @route("POST", f"{API}/video/list/")
    def videos(self, arrived: Arrived) -> Response:
        assert set(arrived.query["fields"].split(",")) == {
            "id",
            "create_time",
            "title",
            "video_description",
            "share_url",
        }
        public = {
            key: one["text"] for key, one in self.up.items() if one["kind"] == "PUBLIC_TO_EVERYONE"
        }
        return said(
            videos=[
                {
                    "id": key,
                    "create_time": CREATED_AT,
                    "title": "",
                    "video_description": text,
                    "share_url": f"https://x.test/{key}",
                }
                for key, text in public.items()
            ],
            cursor=CREATED_AT * 1000,
            has_more=False,
        )
