"""Meta, not there: a Page, an Instagram and a Threads account that keep what they are sent and enforce what the documentation says.

Where the documentation is silent on a second publishing of the same thing, they show it twice: an adapter must not rely on more.
"""

import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from platforms.base import Response
from tests.platforms.standing_in import Arrived, Refusal, StandIn, route
from tests.support import ok

GRAPH, VIDEOS, INSTAGRAM, THREADS = (
    re.escape(f"https://{host}")
    for host in (
        "graph.facebook.com/v26.0",
        "graph-video.facebook.com/v26.0",
        "graph.instagram.com/v26.0",
        "graph.threads.net/v1.0",
    )
)
MADE_AT = "2026-09-07T08:30:05+0000"
PIECE = 400  # bytes of a video that are asked for at once
QUOTA, MOST_CONTAINERS, MOST_REELS = 50, 400, 30


def no(
    code: int, message: str, subcode: int | None = None, transient: bool = False, status: int = 400
) -> Refusal:
    error = {
        "message": message,
        "type": "OAuthException",
        "code": code,
        "error_subcode": subcode,
        "is_transient": transient,
        "fbtrace_id": "A",
    }
    return Refusal(status, {"error": error})


def must(holds: object, message: str) -> None:
    if not holds:
        raise no(100, f"Invalid parameter: {message}")


def takes(arrived: Arrived, *names: str) -> dict[str, str]:
    """The form; a parameter that the endpoint does not document is refused."""
    unknown = set(arrived.form) - {*names, "access_token", "fields"}
    must(not unknown, f"unknown {sorted(unknown)}")
    return arrived.form


@dataclass
class Graph(StandIn):
    hosted: dict[str, bytes] = field(default_factory=dict)  # address -> file

    def check(self, arrived: Arrived) -> None:
        if arrived.url.startswith("host:"):
            return
        given = arrived.headers.get("authorization", "").partition(" ")[2]
        if not given:
            given = arrived.query.get("access_token") or arrived.form.get("access_token", "")
        if given != self.token:
            raise no(
                190,
                "Error validating access token: Session has expired",
                463,
                status=401 if "threads" in arrived.url else 400,
            )

    @route("PUT", "host:.*")
    def host(self, arrived: Arrived) -> Response:
        address = f"https://media.test/{arrived.url.removeprefix('host:')}"
        self.hosted[address] = arrived.body
        return ok(url=address)

    def listed(self, *kinds: str, text: str) -> Response:
        """What is up, the newest first."""
        return ok(
            data=[
                {
                    "id": key,
                    text: one["text"],
                    "timestamp": MADE_AT,
                    "created_time": MADE_AT,
                    "permalink": f"https://x.test/{key}",
                    "permalink_url": f"https://x.test/{key}",
                    "from": {"id": "1234", "username": "hillschool"},
                    "username": "hillschool",
                    **one.get("shows", {}),
                }
                for key, one in reversed(self.up.items())
                if one["kind"] in kinds
            ],
            summary={"total_count": len(self.up)},
        )

    def show(self, key: str, kind: str, text: str, files: Iterable[Any] = (), **more: Any) -> str:
        key = key if key not in self.up else f"{key}{len(self.up)}"
        self.up[key] = {"kind": kind, "text": text, "files": list(files), **more}
        return key


def attached(photos: list[Any]) -> dict[str, Any]:
    """As a post is listed with it: one picture as it is, several within what holds them, and nothing not at all."""
    shown = [{"media_type": "photo", "target": {"id": one["id"]}} for one in photos]
    album = [{"media_type": "album", "target": {"id": "888001"}, "subattachments": {"data": shown}}]
    return {"attachments": {"data": album if len(shown) > 1 else shown}} if shown else {}


def linked(address: str) -> dict[str, Any]:
    """As a post is listed with a card."""
    card = {"media_type": "link", "type": "share", "unshimmed_url": address}
    return {"attachments": {"data": [card]}}


@dataclass
class Page(Graph):
    """The Page 1234."""

    photos: dict[str, dict[str, Any]] = field(default_factory=dict)
    videos: dict[str, dict[str, Any]] = field(default_factory=dict)
    reels: int = 0  # of the last 24 hours
    processes: int = 0  # looks for which Facebook works on a video that is published

    @route("GET", f"{GRAPH}/1234")
    def page(self, arrived: Arrived) -> Response:
        return ok(id="1234", name="Hill School")

    @route("POST", f"{GRAPH}/1234/photos")
    def photo(self, arrived: Arrived) -> Response:
        image = arrived.parts["source"].get_payload(decode=True)
        must(isinstance(image, bytes) and image.startswith((b"\x89PNG", b"\xff\xd8")), "source")
        must(arrived.text("published") == "false", "it would be seen by itself")
        key = str(555000 + len(self.photos))
        self.photos[key] = {
            "id": key,
            "alt": arrived.text("alt_text_custom") if "alt_text_custom" in arrived.parts else "",
            "file": image,
        }
        return ok(id=key)

    @route("POST", f"{GRAPH}/1234/feed")
    def feed(self, arrived: Arrived) -> Response:
        form = takes(arrived, "message", "link", "attached_media")
        photos = [
            self.photos.get(one["media_fbid"])
            for one in json.loads(form.get("attached_media", "[]"))
        ]
        must(form.get("message") or form.get("link") or photos, "nothing to post")
        must(
            len(form.get("message", "")) <= 63_206
            and len(photos) <= 10
            and not (photos and "link" in form),
            "too much",
        )
        must(all(photos), "no such photo")
        if "://www.facebook.com" in form.get("link", ""):
            raise no(100, "Links to facebook.com are not supported", 1609008)
        latest = [one for one in self.up.values() if one["kind"] == "post"][-1:]
        if latest and latest[0]["asked"] == form:
            raise no(506, "Duplicate status message")
        key = self.show(
            "1234_5678",
            "post",
            form.get("message", ""),
            photos,
            asked=form,
            link=form.get("link"),
            shows=linked(form["link"]) if "link" in form else attached(photos),
        )
        return ok(id=key, permalink_url=f"https://www.facebook.com/1234/posts/{key}")

    @route("GET", f"{GRAPH}/1234/published_posts")
    def published(self, arrived: Arrived) -> Response:
        assert "since" not in arrived.query, "an empty answer would prove nothing"
        return self.listed("post", text="message")

    @route("POST", f"{GRAPH}/1234/video_reels")
    def reel(self, arrived: Arrived) -> Response:
        form = takes(arrived, "upload_phase", "video_id", "video_state", "description")
        if form["upload_phase"] == "start":
            key = self.begun("reel")
            return ok(
                video_id=key, upload_url=f"https://rupload.facebook.com/video-upload/v26.0/{key}"
            )
        if self.reels >= MOST_REELS:
            raise no(613, "Calls to this api have exceeded the rate limit")
        must(
            form["upload_phase"] == "finish" and form["video_state"] == "PUBLISHED",
            "upload_phase or video_state",
        )
        return self.finished(form["video_id"], form.get("description", ""))

    def begun(self, kind: str, size: int = 0) -> str:
        key = str(777001 + len(self.videos))
        self.videos[key] = {"kind": kind, "size": size, "file": b"", "looks": 1, "published": False}
        return key

    def finished(self, key: str, text: str) -> Response:
        video = self.videos[key]
        must(video["size"] and len(video["file"]) == video["size"], "the file has not arrived")
        video["published"] = True
        self.show(key, video["kind"], text, [video["file"]])
        return ok(success=True)

    @route("POST", r"https://rupload\.facebook\.com/video-upload/v26\.0/(\d+)")
    def upload(self, arrived: Arrived, key: str) -> Response:
        must(
            arrived.headers["authorization"].startswith("OAuth ")
            and arrived.headers["offset"] == "0",
            "headers",
        )
        must(int(arrived.headers["file_size"]) == len(arrived.body), "file_size")
        self.videos[key].update(size=len(arrived.body), file=arrived.body)
        return ok(success=True)

    @route("GET", f"{GRAPH}/(7770\\d\\d)")
    def status(self, arrived: Arrived, key: str) -> Response:
        video = self.videos[key]
        video["looks"] -= 1
        works = video["published"] and self.processes > 0
        self.processes -= works
        phases = {
            "uploading": "in_progress" if video["looks"] >= 0 else "complete",
            "processing": "in_progress"
            if works
            else "complete"
            if video["published"]
            else "not_started",
            "publishing": "complete" if video["published"] and not works else "not_started",
        }
        status = {
            "video_status": "processing",
            **{f"{name}_phase": {"status": said} for name, said in phases.items()},
        }
        return Response.of({"status": status, "permalink_url": f"/reel/{key}/"})

    @route("POST", f"{VIDEOS}/1234/videos")
    def video(self, arrived: Arrived) -> Response:
        if arrived.headers["content-type"].startswith("multipart/"):
            return self.transferred(arrived)
        form = takes(arrived, "upload_phase", "file_size", "upload_session_id", "description")
        if form["upload_phase"] == "start":
            key = self.begun("video", int(form["file_size"]))
            return ok(video_id=key, upload_session_id=f"s{key}", **self.wanted(key))
        must(form["upload_phase"] == "finish", "upload_phase")
        return self.finished(
            form["upload_session_id"].removeprefix("s"), form.get("description", "")
        )

    def transferred(self, arrived: Arrived) -> Response:
        key = arrived.text("upload_session_id").removeprefix("s")
        video, piece = self.videos[key], arrived.parts["video_file_chunk"].get_payload(decode=True)
        must(
            arrived.text("upload_phase") == "transfer" and isinstance(piece, bytes), "upload_phase"
        )
        start = int(arrived.text("start_offset"))
        must(start <= len(video["file"]) and len(piece) <= PIECE, "start_offset")
        video["file"] = video["file"][:start] + bytes(piece)
        return ok(**self.wanted(key))

    def wanted(self, key: str) -> dict[str, str]:
        start, size = len(self.videos[key]["file"]), self.videos[key]["size"]
        return {"start_offset": str(start), "end_offset": str(min(start + PIECE, size))}

    @route("POST", f"{GRAPH}/(\\d+_?\\d*)/comments")
    def comment(self, arrived: Arrived, on: str) -> Response:
        form = takes(arrived, "message")
        must(form.get("message"), "message")
        key = self.show("5678_9012", "comment", form["message"], on=on)
        return ok(id=key)

    @route("GET", f"{GRAPH}/(\\d+_?\\d*)/comments")
    def comments(self, arrived: Arrived, on: str) -> Response:
        return self.listed("comment", text="message")


@dataclass
class Containers(Graph):
    """What Instagram and Threads have in common."""

    containers: dict[str, dict[str, Any]] = field(default_factory=dict)
    looks: int = 1  # for which a container is in progress
    used: int = 0  # of the quota

    def contain(self, form: dict[str, str], fails: str = "") -> Response:
        if len(self.containers) >= MOST_CONTAINERS:
            raise no(9, "Application request limit reached", 2207042)
        key = str(17900 + len(self.containers))
        self.containers[key] = {
            "form": form,
            "looks": self.looks,
            "state": f"ERROR {fails}" if fails else "FINISHED",
        }
        return ok(id=key)

    def state(self, key: str) -> str:
        one = self.containers[key]
        one["looks"] -= 1
        return str("IN_PROGRESS" if one["looks"] >= 0 else one["state"])

    def publish(self, key: str, kind: str, text: str) -> Response:
        one = self.containers[key]
        if one["looks"] >= 0:
            raise no(9007, "Media ID is not available", 2207027)
        must(one["state"] in ("FINISHED", "PUBLISHED"), f"the container is {one['state']}")
        if self.used >= QUOTA:
            raise no(9, "The posting limit is reached", 2207042)
        one["state"] = "PUBLISHED"
        self.used += 1
        children = one["form"].get("children", key).split(",")
        return ok(
            id=self.show(
                f"1{key}",
                kind,
                one["form"].get(text, ""),
                [self.containers[child]["form"] for child in children],
                shows=self.shown(one["form"], children),
            )
        )

    def shown(self, form: dict[str, str], children: list[str]) -> dict[str, Any]:
        """What a list tells of it beside its text."""
        told: dict[str, Any] = {"media_type": f"{form.get('media_type', 'IMAGE')}"}
        if len(children) > 1:
            told = {"media_type": "CAROUSEL_ALBUM"}
            told["children"] = {"data": [{"id": child} for child in children]}
        if told["media_type"] == "TEXT":
            told["media_type"] = "TEXT_POST"
        if "alt_text" in form:
            told["alt_text"] = form["alt_text"]
        if "link_attachment" in form:
            told["link_attachment_url"] = form["link_attachment"]
        if "reply_to_id" in form:
            told["replied_to"] = {"id": form["reply_to_id"]}
        return told

    def check_children(self, form: dict[str, str], most: int) -> None:
        children = form["children"].split(",")
        if not 2 <= len(children) <= most:
            raise no(100, "Carousel count", 2207028)
        for child in children:
            must(
                self.containers[child]["form"].get("is_carousel_item") == "true",
                "a child is no carousel item",
            )
            must(
                self.containers[child]["looks"] < 0
                and self.containers[child]["state"] == "FINISHED",
                "a child is not FINISHED",
            )

    def fetched(self, form: dict[str, str]) -> bytes:
        """What Meta finds at the address; nothing where that is not public."""
        return self.hosted.get(form.get("image_url") or form["video_url"], b"")


@dataclass
class Instagram(Containers):
    """The account 17841405822304914."""

    @route("GET", f"{INSTAGRAM}/me")
    def me(self, arrived: Arrived) -> Response:
        return ok(user_id="17841405822304914", username="hillschool", media_count=len(self.up))

    @route("GET", f"{INSTAGRAM}/17841405822304914/content_publishing_limit")
    def limit(self, arrived: Arrived) -> Response:
        return ok(
            data=[
                {
                    "quota_usage": self.used,
                    "config": {"quota_total": QUOTA, "quota_duration": 86_400},
                }
            ]
        )

    @route("POST", f"{INSTAGRAM}/17841405822304914/media")
    def media(self, arrived: Arrived) -> Response:
        form = takes(
            arrived,
            "image_url",
            "video_url",
            "caption",
            "alt_text",
            "media_type",
            "is_carousel_item",
            "children",
        )
        if len(form.get("caption", "").encode("utf-16-le")) > 2 * 2200:
            raise no(36004, "The caption is too long", 2207010)
        kind = form.get("media_type", "")
        if kind == "CAROUSEL":
            self.check_children(form, 10)
            return self.contain(form)
        must(
            kind in (("VIDEO", "") if "is_carousel_item" in form else ("REELS", "STORIES", "")),
            "media_type",
        )
        must(
            len(form.get("alt_text", "")) <= 1000
            and not ("alt_text" in form and ("video_url" in form or kind == "STORIES")),
            "alt_text",
        )
        file = self.fetched(form)
        if "image_url" in form and file:
            self.check_image(file, kind)
        return self.contain(form, "" if file else "2207052: Media download has failed")

    def check_image(self, file: bytes, kind: str) -> None:
        image = Image.open(io.BytesIO(file))
        if image.format != "JPEG":
            raise no(36001, "The image format is not supported", 2207005)
        if kind != "STORIES" and not 0.8 <= image.width / image.height <= 1.91:
            raise no(36003, "The aspect ratio is not supported", 2207009)

    @route("GET", f"{INSTAGRAM}/(179\\d\\d)")
    def container(self, arrived: Arrived, key: str) -> Response:
        state, _, why = self.state(key).partition(" ")
        return Response.of({"status_code": state, "status": why or state})

    @route("POST", f"{INSTAGRAM}/17841405822304914/media_publish")
    def media_publish(self, arrived: Arrived) -> Response:
        key = takes(arrived, "creation_id")["creation_id"]
        story = self.containers[key]["form"].get("media_type") == "STORIES"
        return self.publish(key, "story" if story else "media", "caption")

    @route("GET", f"{INSTAGRAM}/17841405822304914/(media|stories)")
    def medias(self, arrived: Arrived, edge: str) -> Response:
        return self.listed("story" if edge == "stories" else "media", text="caption")

    @route("POST", f"{INSTAGRAM}/(\\d+)/comments")
    def comment(self, arrived: Arrived, on: str) -> Response:
        return ok(id=self.show("178700", "comment", takes(arrived, "message")["message"], on=on))

    @route("GET", f"{INSTAGRAM}/(18000)")
    def one_media(self, arrived: Arrived, key: str) -> Response:
        return ok(id=key, comments_count=len(self.up))

    @route("GET", f"{INSTAGRAM}/(\\d+)/comments")
    def comments(self, arrived: Arrived, on: str) -> Response:
        return self.listed("comment", text="text")


@dataclass
class Threads(Containers):
    """One account."""

    @route("GET", f"{THREADS}/me")
    def me(self, arrived: Arrived) -> Response:
        return ok(id="1", username="hillschool")

    @route("POST", f"{THREADS}/me/threads")
    def thread(self, arrived: Arrived) -> Response:
        form = takes(
            arrived,
            "media_type",
            "text",
            "image_url",
            "video_url",
            "alt_text",
            "is_carousel_item",
            "children",
            "reply_to_id",
            "reply_control",
            "topic_tag",
            "link_attachment",
        )
        kind, text = form["media_type"], form.get("text", "")
        must(length(text) <= 500 and len(form.get("alt_text", "")) <= 1000, "too long")
        must(re.fullmatch("[^.&]{0,50}", form.get("topic_tag", "")), "topic_tag")
        must("link_attachment" not in form or kind == "TEXT", "link_attachment")
        if (
            len({*re.findall(r"https?://\S+", text), *filter(None, [form.get("link_attachment")])})
            > 5
        ):
            raise no(100, "THREADS_API__LINK_LIMIT_EXCEEDED")
        must(form.get("reply_to_id", "first") in ("first", *self.up), "reply_to_id")
        if kind == "CAROUSEL":
            self.check_children(form, 20)
            return self.contain(form)
        must(text if kind == "TEXT" else f"{kind.lower()}_url" in form, "media_type")
        return self.contain(
            form, "" if kind == "TEXT" or self.fetched(form) else "FAILED_DOWNLOADING_VIDEO"
        )

    @route("GET", f"{THREADS}/(179\\d\\d)")
    def container(self, arrived: Arrived, key: str) -> Response:
        state, _, why = self.state(key).partition(" ")
        return Response.of({"status": state, **({"error_message": why} if why else {})})

    @route("POST", f"{THREADS}/me/threads_publish")
    def threads_publish(self, arrived: Arrived) -> Response:
        key = takes(arrived, "creation_id")["creation_id"]
        return self.publish(
            key, "reply" if "reply_to_id" in self.containers[key]["form"] else "thread", "text"
        )

    @route("GET", f"{THREADS}/me/(threads|replies)")
    def listed_threads(self, arrived: Arrived, edge: str) -> Response:
        return self.listed("reply" if edge == "replies" else "thread", text="text")


def length(text: str) -> int:
    """Characters, with what lies beyond the Basic Multilingual Plane as its UTF-8: that holds for the emoji of the tests."""
    return sum(len(one.encode()) if ord(one) > 0xFFFF else 1 for one in text)
