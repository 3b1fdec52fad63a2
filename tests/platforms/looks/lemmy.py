"""Lemmy 0.19, `GET /api/v3/user` (lemmy_v3.schema.json: PostView, PersonView): a link with a text."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from platforms.base import Account, Link, Request, Response
from platforms.recent import Found
from tests.platforms.looks.shelf import ME, Items, Shelf, Shown
from tests.support import a_post

LINK = "https://example.org/week-2"
NUMBERS = {ME: 2}


class Lemmy(Shelf):
    def id(self, shown: Shown) -> str:
        return f"https://lemmy.test/post/{shown.id}"

    def item(self, shown: Shown) -> Any:
        post = {
            "id": int(shown.id),
            "name": f"Filler {shown.id}" if shown.is_filler else self.post.title,
            "url": "https://example.org/week-3" if shown.other_link else LINK,
            "body": self.post.markup,
            "creator_id": NUMBERS.get(shown.author, 3),
            "community_id": 7,
            "removed": False,
            "deleted": False,
            "locked": False,
            "published": f"{shown.made:%Y-%m-%dT%H:%M:%S.%f}Z",
            "nsfw": not shown.other_visibility,
            "ap_id": self.id(shown),
            "local": True,
            "language_id": 37,
            "featured_community": False,
            "featured_local": False,
        }
        return {"post": post, "creator": {"id": post["creator_id"]}, "community": {"id": 7}}

    def answer(self, request: Request, items: Items) -> Response:
        url = urlsplit(request.url)
        query = {name: value[0] for name, value in parse_qs(url.query).items()}
        if url.path == "/api/v3/site":
            view = {
                "person": {"id": NUMBERS[ME], "name": "ada"},
                "counts": {"post_count": self.count, "comment_count": 0},
            }
            languages = [{"id": 0, "code": "und"}, {"id": 37, "code": "en"}]
            return Response.of({"my_user": {"local_user_view": view}, "all_languages": languages})
        if url.path == "/api/v3/community":
            return Response.of({"community_view": {"community": {"id": 7}}})
        size = min(int(query.get("limit", 10)), 50)
        start = (int(query.get("page", 1)) - 1) * size
        return Response.of({"posts": items.page(start, size), "comments": []})


def shelf(folder: Path) -> Shelf:
    return Lemmy(
        name="lemmy",
        account=Account(
            name="main",
            platform="lemmy",
            settings={"server": "https://lemmy.test", "community": "teaching"},
        ),
        post=a_post(
            title="Worksheets", markup="Enjoy", link=Link(url=LINK), options={"nsfw": True}
        ),
        right={"another file": (Found.OURS, "a link has no files")},
    )
