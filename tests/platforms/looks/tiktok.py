"""https://developers.tiktok.com/doc/tiktok-api-v2-video-list: public posts, the newest first."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from platforms.base import Account, Request, Response
from platforms.recent import Found
from tests.platforms.looks.shelf import ME, Items, Shelf, Shown
from tests.support import a_post, an_image

NEVER_ABSENT = "it stands in no list before TikTok has looked it through"
OK = {"code": "ok", "message": "", "log_id": "2026112509301234"}


class TikTok(Shelf):
    def item(self, shown: Shown) -> Any:
        return {
            "id": shown.id,
            "create_time": int(shown.made.timestamp()),
            "title": "",
            "video_description": f"Filler {shown.id}" if shown.is_filler else self.post.text,
            "share_url": f"https://www.tiktok.com/@{shown.author}/video/{shown.id}?utm_source=x",
        }

    def answer(self, request: Request, items: Items) -> Response:
        """The cursor is a time; a page may be empty though there are more."""
        assert "/v2/video/list/" in request.url
        own = [post for post in items.posts if post.author == ME]
        start, size = request.json.get("cursor", 0), request.json["max_count"]
        is_filtered = start == size
        end = start + 1 if is_filtered else start + size
        page = [] if is_filtered else replace(items, posts=own).page(start - (start > size), size)
        told = {"videos": page, "cursor": end, "has_more": end < len(own)}
        return Response.of({"data": told, "error": OK})


def shelf(folder: Path) -> Shelf:
    public = {"mode": "direct", "privacy": "PUBLIC_TO_EVERYONE"}
    return TikTok(
        name="tiktok",
        account=Account(name="main", platform="tiktok", settings={"audited": True}),
        post=a_post(media=(an_image(folder, "a.jpg"),), options=public),
        right={
            "another visibility": (Found.OURS, "its lists hold public posts alone"),
            "another file": (Found.OURS, "its list tells nothing of a post's files"),
            "another link": (Found.OURS, "a post has no card: its links stand in its text"),
            "a twin by hand before": (Found.FAILED, NEVER_ABSENT),
            "a twin of another account": (Found.FAILED, NEVER_ABSENT),
            "another author": (Found.FAILED, NEVER_ABSENT),
        },
        hidden=a_post(
            media=(an_image(folder, "a.jpg"),), options={**public, "privacy": "SELF_ONLY"}
        ),
    )
